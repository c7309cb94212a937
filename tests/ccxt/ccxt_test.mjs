// A standard client of the exchanges (npm ccxt, REST and WebSocket), pointed at `ats sim`: loads markets, fetches
// and watches books, places, queries and cancels orders, reads balances and fills.
// usage: node ccxt_test.mjs ATS        prints one line per check; exits 1 when any fails
import ccxt from "ccxt";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const venues = "binance,kraken,coinbase,upbit,bitfinex";
const sim = spawn(process.argv[2], ["sim", "--seed", "7", "--venues", venues], { stdio: ["ignore", "pipe", "inherit"] });
let passed = 0;
let failed = 0;

async function check(name, body) {
  try {
    await within(30, body());
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.constructor.name}: ${error.message}`);
  }
}

function expect(condition, what) {
  if (!condition) throw new Error(what);
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function sound(book) {
  expect(book.bids.length > 0 && book.asks.length > 0, "a side of the book is empty");
  expect(book.bids[0][0] < book.asks[0][0], `crossed: ${book.bids[0][0]} ${book.asks[0][0]}`);
  for (let i = 1; i < book.bids.length; ++i) expect(book.bids[i - 1][0] > book.bids[i][0], "bids are not sorted");
  for (let i = 1; i < book.asks.length; ++i) expect(book.asks[i - 1][0] < book.asks[i][0], "asks are not sorted");
}

function binance(told) {
  const exchange = new ccxt.pro.binance({
    apiKey: told.key,
    secret: told.secret,
    options: { defaultType: "spot", fetchMarkets: { types: ["spot"] }, fetchCurrencies: false, fetchMargins: false },
  });
  const http = told.rest;
  const ws = http.replace("http:", "ws:");
  Object.assign(exchange.urls.api, { public: `${http}/api/v3`, private: `${http}/api/v3`, v1: `${http}/api/v1` });
  exchange.urls.api.ws.spot = `${ws}/ws`;
  exchange.urls.api.ws["ws-api"].spot = `${ws}/ws-api/v3`;
  return exchange;
}

function kraken(told) {
  const exchange = new ccxt.pro.kraken({ apiKey: told.key, secret: told.secret });
  const http = told.rest;
  const ws = http.replace("http:", "ws:");
  exchange.urls.api = {
    ...exchange.urls.api,
    public: http,
    private: http,
    ws: { ...exchange.urls.api.ws, publicV2: `${ws}/v2`, privateV2: `${ws}/v2`, beta: `${ws}/v2` },
  };
  return exchange;
}

function coinbase(told) {
  const exchange = new ccxt.pro.coinbase({
    apiKey: told.key,
    secret: told.secret,
    options: { fetchBalance: "v3PrivateGetBrokerageAccounts" }, // v2 tells nothing of what is held
  });
  exchange.urls.api = { ...exchange.urls.api, rest: told.rest, ws: told.rest.replace("http:", "ws:") };
  return exchange;
}

function upbit(told) {
  const exchange = new ccxt.pro.upbit({ apiKey: told.key, secret: told.secret });
  const http = told.rest;
  const ws = http.replace("http:", "ws:");
  exchange.urls.api = { public: http, private: http, ws: `${ws}/websocket/v1` };
  // It takes every pair to have eight decimals; the venue's steps in USDT markets from 10 on are cents.
  exchange.priceToPrecision = (symbol, price) => price.toFixed(2);
  return exchange;
}

function bitfinex(told) {
  const exchange = new ccxt.pro.bitfinex({ apiKey: told.key, secret: told.secret });
  const http = told.rest;
  const ws = http.replace("http:", "ws:");
  exchange.urls.api = {
    ...exchange.urls.api,
    public: http,
    private: http,
    ws: { ...exchange.urls.api.ws, public: `${ws}/ws/2`, private: `${ws}/ws/2` },
  };
  // The venue has open and closed orders in two lists, and ccxt's fetchOrder looks into the first.
  exchange.fetchOrder = async (id, symbol) => {
    const open = await exchange.fetchOpenOrders(symbol);
    return open.find((o) => o.id === id) ?? exchange.fetchClosedOrder(id, symbol);
  };
  return exchange;
}

async function run(name, exchange) {
  await exchange.loadHttpProxyAgent(); // ccxt wants it before it opens a plain ws:// URL
  const symbol = "BTC/USDT";
  await check(`${name} loads markets`, async () => {
    const markets = await exchange.loadMarkets();
    expect(markets[symbol]?.active, `${symbol} is not an active market`);
    expect(markets["ETH/USDT"], "ETH/USDT is missing");
  });
  let touch;
  await check(`${name} fetches a book`, async () => {
    const book = await exchange.fetchOrderBook(symbol, 20);
    sound(book);
    touch = { bid: book.bids[0][0], ask: book.asks[0][0] };
  });
  await check(`${name} fetches trades and a ticker`, async () => {
    const ticker = await exchange.fetchTicker(symbol);
    if (name === "upbit") expect(ticker.last > 0, "the ticker has no last price"); // it tells no quote
    else expect(ticker.bid > 0 && ticker.ask > ticker.bid, "the ticker has no sound quote");
    await exchange.fetchTrades(symbol, undefined, 10);
  });
  await check(`${name} watches a book for 20 updates`, async () => {
    for (let i = 0; i < 20; ++i) sound(await exchange.watchOrderBook(symbol));
  });
  await check(`${name} watches trades`, async () => {
    const trades = await exchange.watchTrades(symbol);
    expect(trades.length > 0 && trades[0].price > 0, "no trade came");
  });
  let before;
  await check(`${name} reads balances`, async () => {
    before = await exchange.fetchBalance();
    expect(before.BTC.total > 0 && before.USDT.free > 0, "the account is empty");
  });
  await check(`${name} places, queries and cancels a resting order`, async () => {
    const price = Number(exchange.priceToPrecision(symbol, touch.bid * 0.9));
    const order = await exchange.createOrder(symbol, "limit", "buy", 0.01, price);
    expect(order.id, "no order id");
    const open = await exchange.fetchOpenOrders(symbol);
    expect(open.some((o) => o.id === order.id), "the order is not among the open ones");
    const held = await exchange.fetchBalance();
    expect(held.USDT.used > 0, "nothing is held for the order");
    const found = await exchange.fetchOrder(order.id, symbol);
    expect(found.status === "open", `status is ${found.status}`);
    await exchange.cancelOrder(order.id, symbol);
    const gone = await exchange.fetchOrder(order.id, symbol);
    expect(gone.status === "canceled", `after the cancel it is ${gone.status}`);
    const after = await exchange.fetchOpenOrders(symbol);
    expect(!after.some((o) => o.id === order.id), "it is still open");
  });
  await check(`${name} fills an order at once and shows it in balance and fills`, async () => {
    const price = Number(exchange.priceToPrecision(symbol, touch.ask * 1.02));
    const order = await exchange.createOrder(symbol, "limit", "buy", 0.01, price);
    const found = await exchange.fetchOrder(order.id, symbol);
    expect(found.status === "closed" && found.filled === 0.01, `${found.status}, filled ${found.filled}`);
    const after = await exchange.fetchBalance();
    expect(after.BTC.total > before.BTC.total, "the balance did not grow");
    if (!exchange.has.fetchMyTrades) return expect(found.trades.length > 0, "the order tells no fill");
    const fills = await exchange.fetchMyTrades(symbol);
    expect(fills.some((f) => f.order === order.id), "the fill is not in the history");
  });
  await check(`${name} streams its own orders`, async () => {
    const news = exchange.watchOrders(symbol);
    news.catch(() => {});  // told below
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const price = Number(exchange.priceToPrecision(symbol, touch.bid * 0.8));
    const order = await exchange.createOrder(symbol, "limit", "buy", 0.01, price);
    const told = await news;
    expect(told.some((o) => o.id === order.id), "the stream told of another order");
    await exchange.cancelOrder(order.id, symbol);
  });
  await check(`${name} refuses what it must`, async () => {
    try {
      await exchange.createOrder(symbol, "limit", "buy", 1000, touch.bid);
    } catch (error) {
      expect(error instanceof ccxt.InsufficientFunds, `${error.constructor.name}: ${error.message}`);
      return;
    }
    throw new Error("an order beyond the balance was taken");
  });
  await check(`${name} refuses a wrong secret`, async () => {
    const secret = exchange.secret;
    const at = Math.floor(secret.length / 4);
    exchange.secret = secret.slice(0, at) + (secret[at] === "A" ? "B" : "A") + secret.slice(at + 1);
    try {
      await exchange.fetchBalance();
    } catch (error) {
      expect(error instanceof ccxt.AuthenticationError || error instanceof ccxt.ExchangeError, error.message);
      return;
    } finally {
      exchange.secret = secret;
    }
    throw new Error("a wrong signature was taken");
  });
  await exchange.close();
}

const lines = createInterface({ input: sim.stdout });
const control = await new Promise((resolve) => lines.once("line", (line) => resolve(line.split(/\s+/)[1])));
const told = await (await fetch(`${control}/venues`)).json();
await run("binance", binance(told.binance));
await run("kraken", kraken(told.kraken));
await run("coinbase", coinbase(told.coinbase));
await run("upbit", upbit(told.upbit));
await run("bitfinex", bitfinex(told.bitfinex));
sim.kill("SIGTERM");
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
