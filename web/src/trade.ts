// The timeline of one trade as `ats trade --json` and GetTrade tell it, in a shape the page can rely on: what is missing is
// empty, offsets are microseconds from the decision.

export interface TradeFill {
  price: string;
  quantity: string;
  fee: string;
  feeAsset: string;
  bookedUs: number | undefined;
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

function micros(value: unknown): number | undefined {
  const said = text(value);
  return said !== "" && !Number.isNaN(Number(said)) ? Number(said) : undefined;
}

const amounts = (value: unknown): [string, string][] =>
  Object.entries(fields(value)).map(([asset, amount]) => [asset, text(amount)]);

function side(value: unknown): TradeSide | undefined {
  const of = fields(value);
  if (Object.keys(of).length === 0) return undefined;
  const levels = list(of.levels).map((level): [string, string] => [text(list(level)[0]), text(list(level)[1])]);
  return {
    venue: text(of.venue),
    quote: text(of.quote),
    state: text(of.state),
    ageUs: text(of.age_us),
    quantity: text(of.quantity),
    notional: text(of.notional),
    levels,
  };
}

const moment_names = ["placed", "encoded", "written", "acked", "first_fill", "ended"] as const;

function order(value: unknown): TradeOrder {
  const of = fields(value);
  return {
    order: text(of.order),
    venueOrderId: text(of.venue_order_id),
    venue: text(of.venue),
    side: text(of.side),
    unwind: of.unwind === true,
    limit: text(of.limit),
    quantity: text(of.quantity),
    filled: text(of.filled),
    state: text(of.state),
    rejected: text(of.rejected),
    route: text(of.route),
    moments: moment_names.flatMap((name) => {
      const us = micros(of[`${name}_us`]);
      return us === undefined ? [] : [{ name, us }];
    }),
    fills: list(of.fills).map(fields).map((fill) => ({
      price: text(fill.price),
      quantity: text(fill.quantity),
      fee: text(fill.fee),
      feeAsset: text(fill.fee_asset),
      bookedUs: micros(fill.booked_us),
    })),
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

export function read_trade(timeline: unknown): Trade | undefined {
  const of = fields(timeline);
  const id = text(of.id);
  if (id === "") return undefined;
  const books = fields(of.books);
  const buy = side(books.buy);
  const sell = side(books.sell);
  return {
    id,
    opened: text(of.opened),
    ended: text(of.ended),
    endedUs: micros(of.ended_us),
    pair: text(of.pair),
    strategy: text(of.strategy),
    buy: text(of.buy),
    sell: text(of.sell),
    quantity: text(of.quantity),
    quotedEdgeBps: text(of.quoted_edge_bps),
    netBps: text(of.net_bps),
    outcome: text(of.outcome),
    in: text(of.in),
    promised: text(of.promised),
    made: text(of.made),
    terms: term_names.flatMap(([name, minus]) => {
      const value = text(of[name]);
      return value === "" ? [] : [{ name, value, minus }];
    }),
    realised: text(of.realised),
    unmarked: of.unmarked === true,
    books: { ...(buy ? { buy } : {}), ...(sell ? { sell } : {}) },
    orders: list(of.orders).map(order),
    steps: list(of.steps).map(fields).map((step) => ({
      us: micros(step.at_us) ?? 0,
      step: text(step.step),
      order: text(step.order),
      detail: text(step.detail),
      quantity: text(step.quantity),
      price: text(step.price),
    })),
    changed: amounts(of.changed),
    fees: amounts(of.fees_paid),
    marks: amounts(of.marks),
  };
}
