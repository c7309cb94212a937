// A standard gRPC client (npm @grpc/grpc-js, nothing but proto/) drives every method of ats.v1.Collector of `ats collector` on
// simulated exchanges.
// usage: node collector_test.mjs ATS        prints one line per check; exits 1 when any fails
import grpc from "@grpc/grpc-js";
import { join } from "node:path";
import { call, check, collector_of, decimal, expect, finish, health_of, home, launch, refused, stop } from "./support.mjs";

const { INVALID_ARGUMENT, NOT_FOUND } = grpc.status;
const sim = await launch(["sim", "--seed", "5", "--pairs", "BTC/USDT,ETH/USDT", "--write-config", home], {}, /(\S+)/);
const capture = join(home, "capture");
const words = ["collector", "--config", join(home, "ats.toml"), "--data", join(home, "data"), "--capture", capture, "--grpc", "127.0.0.1:0"];
const run = await launch(words, {}, /gRPC ats\.v1\.Collector on (\S+)/);
const collector = collector_of(run.address);

const until_so = async (ask, is) => {
  for (;;) {
    const answer = await ask();
    if (is(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

await check("it says what it has of whom, and who has it from here", async () => {
  const told = await until_so(() => call(collector, "GetCollector"), (c) => c.books.valid === 10);
  expect(told.venues.length === 5 && told.venues.every((v) => v.market_up && v.messages > 0), told.venues);
  expect(told.feed.socket.endsWith("feed.sock") && told.feed.readers === 0 && told.feed.records > 0, told.feed);
  expect(told.capture.folder === capture && told.capture.records > 0 && told.capture.lost === 0, told.capture);
  expect(told.running && told.as_of, told);
  const health = health_of(run.address);
  expect((await call(health, "Check", { service: "ats.v1.Collector" })).status === "SERVING", "it serves");
  health.close();
});

await check("books are told as an engine tells them, with as many levels as asked for", async () => {
  const { books } = await call(collector, "ListBooks");
  expect(books.length === 10 && books.every((b) => b.age && b.snapshots > 0), books);
  const some = { venue: "kraken", pair: "BTC/USDT", depth: 5 };
  const deep = await until_so(() => call(collector, "ListBooks", some), (d) => d.books[0].state === "valid");
  const [{ bids, asks }] = deep.books;
  expect(deep.books.length === 1 && bids.length === 5 && asks.length === 5, deep.books);
  expect(bids.every((l) => decimal.test(l.price)) && Number(bids[0].price) < Number(asks[0].price), deep.books);
  for (let n = 1; n < 5; ++n) expect(Number(bids[n].price) < Number(bids[n - 1].price), bids);
});

await check("what makes no sense is refused", async () => {
  await refused(INVALID_ARGUMENT, "depth", call(collector, "ListBooks", { depth: 51 }));
  await refused(NOT_FOUND, "elsewhere", call(collector, "ListBooks", { venue: "elsewhere" }));
});

expect((await stop(run)) === 0, "it ends in order");
collector.close();
await stop(sim);
finish();
