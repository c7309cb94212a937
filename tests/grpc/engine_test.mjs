// A standard gRPC client (npm @grpc/grpc-js, nothing but proto/ and reflection) drives every method of ats.v1.Engine of
// `ats run` on simulated exchanges.
// usage: node engine_test.mjs ATS        prints one line per check; exits 1 when any fails
import grpc from "@grpc/grpc-js";
import { call, check, decimal, engine_of, expect, finish, refused, start, stop, until, within } from "./support.mjs";

const { INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OUT_OF_RANGE, UNAVAILABLE } = grpc.status;
const run = await start("engine", {});
const engine = engine_of(run.address);

const until_so = async (ask, is) => {
  for (;;) {
    const answer = await ask();
    if (is(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const watch = (method, request) => {
  const stream = engine[method](request);
  stream.on("error", () => {});
  return stream;
};
const ended = (stream) => within(20, new Promise((resolve) => stream.on("error", resolve)));

await check("the engine tells what it is, and what it has done", async () => {
  const told = await until_so(() => call(engine, "GetEngine"), (e) => e.reconciled && e.counts.completed >= 2);
  expect(told.incarnation === 1 && !told.paper && !told.stopping && told.journal > 0, told);
  expect(told.venues.map((v) => v.venue).sort().join() === "binance,bitfinex,coinbase,kraken,upbit", told.venues);
  expect(told.venues.every((v) => v.market_up && v.trading_up && v.messages > 0 && v.rest === "closed"), told.venues);
  expect(told.counts.opportunities > 0 && told.counts.orders_placed >= 4, told.counts);
  expect(told.decision.count > 0 && (told.decision.p50.nanos > 0 || told.decision.p50.seconds > 0), told.decision);
  expect(told.last_trade >= 2 && told.last_fill >= 4 && decimal.test(told.profit) && told.reporting_asset === "USDT", told);
});

await check("books are told with state, counts and as many levels as asked for", async () => {
  const { books } = await call(engine, "ListBooks");
  expect(books.length >= 4 && books.some((b) => b.state === "valid"), books);
  for (const book of books) {
    expect(book.bids.length <= 1 && book.asks.length <= 1, book);
    expect(book.state !== "valid" || (decimal.test(book.bids[0].price) && book.age), book);
  }
  const some = { venue: "kraken", pair: "BTC/USDT", depth: 5 };
  const deep = await until_so(() => call(engine, "ListBooks", some), (d) => d.books[0].state === "valid");
  expect(deep.books.length === 1 && deep.books[0].checksums_right > 0, deep.books);
  const [{ bids, asks }] = deep.books;
  expect(bids.length === 5 && asks.length === 5, deep.books[0]);
  for (let n = 1; n < 5; ++n) {
    expect(Number(bids[n].price) < Number(bids[n - 1].price), bids);
    expect(Number(asks[n].price) > Number(asks[n - 1].price), asks);
  }
  await refused(NOT_FOUND, "elsewhere", call(engine, "ListBooks", { venue: "elsewhere" }));
  await refused(INVALID_ARGUMENT, "depth", call(engine, "ListBooks", { depth: 51 }));
});

await check("books are streamed: all of them, then those that change, numbered", async () => {
  const stream = watch("WatchBooks", { pair: "BTC/USDT" });
  let updates = 0;
  const seen = await until(stream, (m) => !m.snapshot && ++updates === 5);
  stream.cancel();
  expect(seen[0].snapshot && seen[0].books.length === 5, seen[0]);
  seen.forEach((message, n) => expect(message.sequence === n + 1, `a hole before ${message.sequence}`));
  expect(seen.every((m) => m.books.every((b) => b.pair === "BTC/USDT")), "none of another pair");
  const error = ended(watch("WatchBooks", { venue: "elsewhere" }));
  expect((await error).code === NOT_FOUND, await error);
});

await check("opportunities have their legs, gross and net, and what stands against them", async () => {
  const { opportunities } = await call(engine, "ListOpportunities", { refused_too: true });
  expect(opportunities.length >= 4, opportunities.length);
  for (const one of opportunities) {
    expect(decimal.test(one.gross_bps) && decimal.test(one.net_bps) && one.legs.length >= 2, one);
  }
  const net = opportunities.map((o) => Number(o.net_bps));
  expect(net.every((rate, n) => n === 0 || rate <= net[n - 1]), net);
  expect(opportunities.some((o) => o.refused), "most of them do not pay");
  const of = await call(engine, "ListOpportunities", { refused_too: true, pair: "ETH/USDT" });
  expect(of.opportunities.length >= 2 && of.opportunities.every((o) => o.pair === "ETH/USDT"), of);
});

await check("orders, trades, balances and the configuration are told", async () => {
  const open = await until_so(() => call(engine, "ListOrders"), (o) => o.orders.length > 0);
  for (const order of open.orders) {
    expect(order.order_id.startsWith("ats-") && decimal.test(order.price) && order.state, order);
  }
  const trades = await call(engine, "ListTrades", { last: 2 });
  expect(trades.over.length === 2 && trades.over[0].number === trades.over[1].number + 1, trades.over);
  expect(trades.over[0].execution.outcome && decimal.test(trades.over[0].execution.realised), trades.over[0]);
  await refused(INVALID_ARGUMENT, "last", call(engine, "ListTrades", { last: 1001 }));
  const { timeline } = await call(engine, "GetTrade", { trade: trades.over[0].execution.execution });
  expect(timeline.fields.outcome.stringValue === trades.over[0].execution.outcome, timeline.fields);
  expect(timeline.fields.orders.listValue.values.length >= 2 && timeline.fields.books, Object.keys(timeline.fields));
  await refused(NOT_FOUND, "no trade 77", call(engine, "GetTrade", { trade: 77 }));
  const all = await call(engine, "ListBalances");
  const one = await call(engine, "ListBalances", { venue: "kraken" });
  expect(all.balances.length > one.balances.length && one.balances.length > 0, all);
  expect(one.balances.every((b) => b.venue === "kraken" && decimal.test(b.total) && decimal.test(b.reported)), one);
  await refused(NOT_FOUND, "elsewhere", call(engine, "ListBalances", { venue: "elsewhere" }));
  const { toml } = await call(engine, "GetConfiguration");
  expect(toml.includes("[risk]") && toml.includes("lease_for"), toml.slice(0, 200));
});

// One stream read to a number; then another that goes on after it.
async function follow(method, kind) {
  const first = watch(method, {});
  const seen = await until(first, (m) => m.number >= 3);
  first.cancel();
  const last = seen[seen.length - 1];
  const second = watch(method, { after: last.number, journal: last.journal });
  const more = await until(second, (m) => m.number >= last.number + 2);
  second.cancel();
  seen.push(...more);
  seen.forEach((message, n) => expect(message.number === n + 1 && message[kind], `number ${n + 1}: ${message.number}`));
  return seen;
}

await check("fills and trades are streamed by number, none left out, from wherever one stopped", async () => {
  const fills = await follow("WatchFills", "fill");
  expect(fills.every((m) => decimal.test(m.fill.price) && decimal.test(m.fill.fee)), fills[0]);
  const trades = await follow("WatchTrades", "execution");
  expect(trades.every((m) => m.execution.outcome), trades[0]);
  const beyond = await ended(watch("WatchTrades", { after: 1_000_000 }));
  expect(beyond.code === OUT_OF_RANGE && beyond.details.includes("1000000"), beyond);
  const another = await ended(watch("WatchTrades", { after: 1, journal: 17 }));
  expect(another.code === FAILED_PRECONDITION && another.details.includes("numbers anew"), another);
});

await check("a stop ends the streams in order", async () => {
  const over = [watch("WatchBooks", {}), watch("WatchTrades", {})].map(ended);
  await call(engine, "GetEngine");
  expect((await stop(run)) === 0, "it ends in order");
  for (const error of await Promise.all(over)) expect(error.code === UNAVAILABLE, error);
});

engine.close();
finish();
