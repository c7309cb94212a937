// A standard gRPC client (npm @grpc/grpc-js, nothing but proto/) drives every method of ats.v1.Backtests of `ats run` on
// simulated exchanges: what there is to play, one that is played to its end, its files, one that is cancelled, a restart.
// usage: node backtest_test.mjs ATS        prints one line per check; exits 1 when any fails
import grpc from "@grpc/grpc-js";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backtests_of, call, caller, check, decimal, expect, finish, home, refused, start, stop, until, within } from "./support.mjs";

const { INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, UNAVAILABLE } = grpc.status;
const recordings = join(home, "recordings");
mkdirSync(join(recordings, "day"), { recursive: true });

// Tardis' book_snapshot_2: seconds after the start, best bid and ask with their quantities.
const begin = 1_723_100_000_000_000; // µs: 2024-08-08T06:53:20Z
function table(name, exchange, symbol, rows) {
  const head = ["exchange", "symbol", "timestamp", "local_timestamp"];
  for (const n of [0, 1]) head.push(`asks[${n}].price`, `asks[${n}].amount`, `bids[${n}].price`, `bids[${n}].amount`);
  const lines = rows.map(([at, bid, had, ask, offered]) =>
    [exchange, symbol, begin + at * 1e6, begin + at * 1e6, ask, offered, bid, had, "", "", "", ""].join());
  writeFileSync(join(recordings, "day", name), [head.join(), ...lines].join("\n") + "\n");
}
// Kraken bids 101.00 for 0.5 of what Binance asks 100.00 for: 0.5 bought and sold, less 10 and 20 bps of fees.
table("binance.csv", "binance", "BTCUSDT", [0, 15, 25, 35].map((at) => [at, "99.90", "2.01", "100.00", "1.01"]));
const calm = (at) => [at, "99.95", "1.00", "100.05", "1.00"];
table("kraken.csv", "kraken", "XBT/USDT",
  [calm(1), [10, "101.00", "0.50", "101.10", "1.00"], calm(10.005), calm(20), calm(30), calm(36)]);
writeFileSync(join(recordings, "notes.txt"), "no recording\n");
// One that takes a while: a day of quiet books.
table("long.csv", "binance", "BTCUSDT",
  Array.from({ length: 400_000 }, (_, n) => [n / 10, "99.90", String(1 + (n % 7)), "100.00", "1.01"]));

const settings = { ATS_BACKTEST_DATA: recordings };
let run = await start("backtests", settings);
let backtests = backtests_of(run.address);

const plan = {
  name: "by hand",
  recordings: ["day/binance.csv", "day/kraken.csv"],
  fees: ["binance=10", "kraken=20"],
  overrides: {
    "paper.balances": "binance USDT 1000,binance BTC 5,kraken USDT 1000,kraken BTC 5",
    "paper.latency": "1ms",
  },
};
const begun = async (more = {}) =>
  (await call(backtests, "StartBacktest", { caller: caller("to see"), plan: { ...plan, ...more } })).backtest;
const is_over = (state) => !["BACKTEST_STATE_QUEUED", "BACKTEST_STATE_RUNNING"].includes(state);
async function over(id) {
  const stream = backtests.WatchBacktests({ id });
  const seen = await within(30, until(stream, (m) => m.backtests.some((b) => is_over(b.state))));
  stream.on("error", () => {});
  stream.cancel();
  seen.forEach((message, n) => expect(message.sequence === n + 1, `a hole before ${message.sequence}`));
  return seen[seen.length - 1].backtests[0];
}
async function fetched(id, file) {
  const stream = backtests.FetchBacktest({ id, file });
  const pieces = [];
  await within(20, new Promise((resolve, reject) => {
    stream.on("data", (piece) => pieces.push(piece));
    stream.on("end", resolve);
    stream.on("error", reject);
  }));
  const whole = Buffer.concat(pieces.map((piece) => piece.content));
  expect(whole.length === pieces[0].size, `${whole.length} bytes of ${pieces[0].size}`);
  return { text: whole.toString(), type: pieces[0].media_type };
}

await check("the recordings are listed, and nothing else", async () => {
  const told = await call(backtests, "ListRecordings");
  expect(told.recordings.map((r) => r.name).join() === "day/binance.csv,day/kraken.csv,day/long.csv", told.recordings);
  for (const one of told.recordings) expect(one.form && one.bytes > 0 && one.changed.seconds > 0, one);
  expect(!told.more, told.more);
});

let done;
await check("one is carried out; its figures are those that are counted by hand", async () => {
  const asked = await begun();
  expect(asked.id && asked.who === "ada" && asked.reason === "to see" && asked.plan.name === "by hand", asked);
  done = await over(asked.id);
  expect(done.state === "BACKTEST_STATE_DONE" && !done.error, done);
  expect(done.progress.done_bps === 10_000 && done.started && done.ended, done);
  const { summary } = done;
  // 50.5 - 0.101 - 50 - 0.05
  expect(Number(summary.profit) === 0.349 && decimal.test(summary.profit), summary);
  expect(summary.completed === 1 && summary.trades === 1 && summary.won === 1 && summary.win_rate === 1, summary);
  expect(summary.violations.length === 0 && summary.stopped_in_order && summary.reporting_asset === "USDT", summary);
});

await check("its files are fetched whole", async () => {
  const result = await fetched(done.id, "RESULT");
  expect(result.type === "application/json", result.type);
  expect(JSON.parse(result.text).profit.total === done.summary.profit, "the same figures");
  const report = await fetched(done.id, "REPORT");
  expect(report.type === "text/html" && report.text.includes("</html>"), report.text.slice(0, 80));
  const { text } = await fetched(done.id, "CONFIGURATION");
  expect(text.includes('latency = "1ms"'), "the effective configuration");
  await refused(FAILED_PRECONDITION, "log.txt", fetched(done.id, "LOG"));
  await refused(INVALID_ARGUMENT, "REPORT", fetched(done.id, "FILE_UNSPECIFIED"));
  await refused(NOT_FOUND, "'17'", fetched("17", "REPORT"));
});

await check("the same again is the same result, byte for byte", async () => {
  const again = await over((await begun()).id);
  const without = async (id) => (await fetched(id, "RESULT")).text.replaceAll(id, "ID");
  expect((await without(again.id)) === (await without(done.id)), "two results");
});

await check("the same request id again starts nothing", async () => {
  const request = { caller: caller("once"), plan };
  const first = await call(backtests, "StartBacktest", request);
  const second = await call(backtests, "StartBacktest", request);
  expect(first.backtest.id === second.backtest.id, [first.backtest.id, second.backtest.id]);
  await over(first.backtest.id);
});

await check("what makes no sense is refused, with the code and what would", async () => {
  const list = async () => (await call(backtests, "ListBacktests")).backtests.length;
  const before = await list();
  await refused(INVALID_ARGUMENT, "request_id", call(backtests, "StartBacktest", { caller: { who: "ada" }, plan }));
  await refused(INVALID_ARGUMENT, "plan.recordings", begun({ recordings: [] }));
  await refused(NOT_FOUND, "'../backtests'", begun({ recordings: ["../backtests"] }));
  await refused(NOT_FOUND, "/etc/passwd", begun({ recordings: ["/etc/passwd"] }));
  await refused(INVALID_ARGUMENT, "unknown key", begun({ overrides: { "strategy.nothing": "1" } }));
  await refused(INVALID_ARGUMENT, "paper.balances", begun({ overrides: {} }));
  await refused(INVALID_ARGUMENT, "before plan.to", begun({ from: { seconds: 2 }, to: { seconds: 1 } }));
  await refused(NOT_FOUND, "'17'", call(backtests, "GetBacktest", { id: "17" }));
  await refused(NOT_FOUND, "'17'", call(backtests, "CancelBacktest", { caller: caller("x"), id: "17" }));
  expect((await list()) === before, "and nothing was started");
});

await check("one that fails says why", async () => {
  const failed = await over((await begun({ from: { seconds: 4_000_000_000 } })).id);
  expect(failed.state === "BACKTEST_STATE_FAILED" && failed.error.includes("--from"), failed);
  const { text } = await fetched(failed.id, "LOG");
  expect(text.includes("--from"), text);
});

await check("one is cancelled while it runs, and while it waits; its progress is told", async () => {
  const long = await begun({ recordings: ["day/long.csv", "day/kraken.csv"], accept_faults: true });
  const waits = await begun();
  expect(waits.state === "BACKTEST_STATE_QUEUED", waits);
  const stream = backtests.WatchBacktests({});
  stream.on("error", () => {});
  const seen = await within(30, until(stream, (m) =>
    m.backtests.some((b) => b.id === long.id && b.progress.playing && b.progress.done_bps > 0)));
  expect(seen[0].snapshot && seen[0].backtests.length >= 5, seen[0]);
  const { progress } = seen[seen.length - 1].backtests.find((b) => b.id === long.id);
  expect(progress.records > 0 && progress.events_per_second > 0 && progress.at.seconds > begin / 1e6 - 1, progress);
  for (const id of [waits.id, long.id]) {
    const { backtest } = await call(backtests, "CancelBacktest", { caller: caller("enough"), id });
    expect(backtest.state === "BACKTEST_STATE_CANCELLED", backtest);
  }
  stream.cancel();
  await refused(FAILED_PRECONDITION, "cancelled", call(backtests, "CancelBacktest", { caller: caller("x"), id: long.id }));
  await refused(FAILED_PRECONDITION, "report.html", fetched(long.id, "REPORT"));
});

const children = (pid) => {
  try {
    return execFileSync("pgrep", ["-P", String(pid)]).toString().trim().split("\n");
  } catch {
    return []; // pgrep found none
  }
};
const alive = (pid) => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
};

await check("an engine that is killed takes the one that ran with it; the list is there again", async () => {
  const long = await begun({ recordings: ["day/long.csv", "day/kraken.csv"], accept_faults: true });
  const waits = await begun({ name: "after the restart" });
  let ran = [];
  while (ran.length === 0) ran = children(run.child.pid);
  run.child.kill("SIGKILL");
  await run.ended;
  backtests.close();
  await within(10, (async () => {
    while (ran.some(alive)) await new Promise((resolve) => setTimeout(resolve, 20));
  })());
  run = await start("backtests", settings);
  backtests = backtests_of(run.address);
  const { backtest } = await call(backtests, "GetBacktest", { id: long.id });
  expect(backtest.state === "BACKTEST_STATE_FAILED" && backtest.error.includes("ended while it ran"), backtest);
  const then = await over(waits.id);
  expect(then.state === "BACKTEST_STATE_DONE" && then.summary.profit === done.summary.profit, then);
  const { backtests: all } = await call(backtests, "ListBacktests");
  expect(all[all.length - 1].id === done.id && all[0].id === waits.id, all.map((b) => b.id));
});

await check("a stop ends the streams, and the one that runs, in order", async () => {
  await begun({ recordings: ["day/long.csv", "day/kraken.csv"], accept_faults: true });
  const stream = backtests.WatchBacktests({});
  const ended = within(20, new Promise((resolve) => stream.on("error", resolve)));
  await until(stream, (m) => m.backtests.some((b) => b.state === "BACKTEST_STATE_RUNNING"));
  expect((await stop(run)) === 0, "it ends in order");
  expect((await ended).code === UNAVAILABLE, await ended);
});

backtests.close();
finish();
