// The timeline of one trade as the server tells it, in a shape the page can rely on: what is missing is empty, names may be
// spelled in either way of JSON (net_bps, netBps).

export interface TradeFill {
  price: string;
  quantity: string;
  fee: string;
  feeAsset: string;
  bookedUs?: string;
}

export interface TradeOrder {
  order: string;
  venueOrderId: string;
  venue: string;
  side: string;
  unwind: boolean;
  limit: string;
  quantity: string;
  filled: string;
  state: string;
  rejected: string;
  route: string;
  moments: { name: "placed" | "encoded" | "written" | "acked" | "first_fill" | "ended"; us: number }[];
  fills: TradeFill[];
}

export interface TradeSide {
  venue: string;
  quote: string;
  state: string;
  ageUs: string;
  quantity: string;
  notional: string;
  levels: [string, string][];
}

export interface TradeStep {
  us: number;
  step: string;
  order: string;
  detail: string;
  quantity: string;
  price: string;
}

export interface Trade {
  id: string;
  opened: string;
  ended: string;
  endedUs: number | undefined;
  pair: string;
  strategy: string;
  buy: string;
  sell: string;
  quantity: string;
  quotedEdgeBps: string;
  netBps: string;
  outcome: string;
  in: string;
  promised: string;
  made: string;
  terms: { name: string; value: string; minus: boolean }[];
  realised: string;
  unmarked: boolean;
  books: { buy?: TradeSide; sell?: TradeSide };
  orders: TradeOrder[];
  steps: TradeStep[];
  changed: [string, string][];
  fees: [string, string][];
  marks: [string, string][];
}

type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";

// A field by its name in the proto file, or by the name it has in proto3's JSON.
function pick(of: Fields, name: string): unknown {
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return camel in of ? of[camel] : of[name];
}

// Microseconds: a number as text, or a Duration.
function micros(value: unknown): number | undefined {
  const said = text(value);
  if (/^-?\d+(\.\d+)?s$/.test(said)) return Number(said.slice(0, -1)) * 1e6;
  return said !== "" && !Number.isNaN(Number(said)) ? Number(said) : undefined;
}

const offset = (of: Fields, name: string): number | undefined => micros(pick(of, `${name}_us`)) ?? micros(pick(of, name));

function amounts(value: unknown): [string, string][] {
  if (Array.isArray(value)) return value.map((one) => [text(pick(fields(one), "asset")), text(pick(fields(one), "amount"))]);
  return Object.entries(fields(value)).map(([asset, amount]) => [asset, text(amount)]);
}

function side(value: unknown): TradeSide | undefined {
  const of = fields(value);
  if (Object.keys(of).length === 0) return undefined;
  const levels = list(pick(of, "levels")).map((level): [string, string] =>
    Array.isArray(level) ? [text(level[0]), text(level[1])] : [text(fields(level).price), text(fields(level).quantity)],
  );
  const age = offset(of, "age");
  return {
    venue: text(pick(of, "venue")),
    quote: text(pick(of, "quote")),
    state: text(pick(of, "state")),
    ageUs: age === undefined ? "" : String(age),
    quantity: text(pick(of, "quantity")),
    notional: text(pick(of, "notional")),
    levels,
  };
}

const moment_names = ["placed", "encoded", "written", "acked", "first_fill", "ended"] as const;

function order(value: unknown): TradeOrder {
  const of = fields(value);
  return {
    order: text(pick(of, "order")) || text(pick(of, "order_id")),
    venueOrderId: text(pick(of, "venue_order_id")),
    venue: text(pick(of, "venue")),
    side: text(pick(of, "side")),
    unwind: pick(of, "unwind") === true,
    limit: text(pick(of, "limit")) || text(pick(of, "price")),
    quantity: text(pick(of, "quantity")),
    filled: text(pick(of, "filled")),
    state: text(pick(of, "state")),
    rejected: text(pick(of, "rejected")),
    route: text(pick(of, "route")),
    moments: moment_names.flatMap((name) => {
      const us = offset(of, name);
      return us === undefined ? [] : [{ name, us }];
    }),
    fills: list(pick(of, "fills")).map((fill) => {
      const one = fields(fill);
      const booked = offset(one, "booked");
      return {
        price: text(pick(one, "price")),
        quantity: text(pick(one, "quantity")),
        fee: text(pick(one, "fee")),
        feeAsset: text(pick(one, "fee_asset")),
        ...(booked === undefined ? {} : { bookedUs: String(booked) }),
      };
    }),
  };
}

const term_names = [
  ["quoted_edge", false],
  ["fees", true],
  ["slippage", true],
  ["leg_cost", true],
  ["conversion", false],
  ["revaluation", false],
] as const;

export function read_trade(answer: unknown): Trade | undefined {
  const outer = fields(answer);
  const of = "trade" in outer && typeof outer.trade === "object" ? fields(outer.trade) : outer;
  const id = text(pick(of, "id")) || text(pick(of, "trade")) || text(pick(of, "execution"));
  if (id === "") return undefined;
  const attribution = fields(pick(of, "attribution"));
  const money = Object.keys(attribution).length > 0 ? attribution : of;
  const books = fields(pick(of, "books"));
  const buy = side(pick(books, "buy") ?? pick(of, "buy_side"));
  const sell = side(pick(books, "sell") ?? pick(of, "sell_side"));
  const route = (name: string) => text(pick(of, name)) || text(pick(of, `${name}_venue`));
  return {
    id,
    opened: text(pick(of, "opened")),
    ended: text(pick(of, "ended")),
    endedUs: micros(pick(of, "ended_us")),
    pair: text(pick(of, "pair")),
    strategy: text(pick(of, "strategy")),
    buy: route("buy") || buy?.venue || "",
    sell: route("sell") || sell?.venue || "",
    quantity: text(pick(of, "quantity")),
    quotedEdgeBps: text(pick(of, "quoted_edge_bps")),
    netBps: text(pick(of, "net_bps")),
    outcome: text(pick(of, "outcome")),
    in: text(pick(money, "in")) || text(pick(money, "asset")),
    promised: text(pick(money, "promised")),
    made: text(pick(money, "made")),
    terms: term_names.flatMap(([name, minus]) => {
      const value = text(pick(money, name));
      return value === "" ? [] : [{ name, value, minus }];
    }),
    realised: text(pick(money, "realised")),
    unmarked: pick(money, "unmarked") === true,
    books: { ...(buy ? { buy } : {}), ...(sell ? { sell } : {}) },
    orders: (list(pick(of, "orders")).length > 0 ? list(pick(of, "orders")) : list(pick(of, "legs"))).map(order),
    steps: list(pick(of, "steps")).map((value) => {
      const one = fields(value);
      return {
        us: offset(one, "at") ?? 0,
        step: text(pick(one, "step")),
        order: text(pick(one, "order")),
        detail: text(pick(one, "detail")),
        quantity: text(pick(one, "quantity")),
        price: text(pick(one, "price")),
      };
    }),
    changed: amounts(pick(of, "changed")),
    fees: amounts(pick(money, "fees_paid") ?? pick(of, "fees_paid")),
    marks: amounts(pick(of, "marks")),
  };
}
