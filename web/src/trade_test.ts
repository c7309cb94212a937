import { describe, expect, it } from "vitest";
import { read_trade } from "./trade";

const told = {
  id: "4294967297",
  pair: "BTC/USDT",
  buy: "kraken",
  sell: "binance",
  net_bps: "3.5",
  ended_us: "15000.250",
  books: { buy: { venue: "kraken", state: "valid", age_us: "1200.000", levels: [["60000", "0.5"]] } },
  orders: [{ order: "a1", venue: "kraken", side: "buy", unwind: false, placed_us: "0.000", acked_us: null, fills: [] }],
  steps: [{ at_us: "0.000", step: "placed", order: "a1", quantity: "0.1" }],
  changed: { BTC: "0.1" },
  quoted_edge: "2.1",
  fees: "0.4",
  realised: "1.7",
  in: "USDT",
  fees_paid: { USDT: "0.4" },
};

describe("a trade's timeline", () => {
  it("is read from what the command line prints", () => {
    const trade = read_trade(told);
    expect(trade?.id).toBe("4294967297");
    expect(trade?.endedUs).toBe(15000.25);
    expect(trade?.books.buy?.levels).toEqual([["60000", "0.5"]]);
    expect(trade?.books.sell).toBeUndefined();
    expect(trade?.orders[0]?.moments).toEqual([{ name: "placed", us: 0 }]);
    expect(trade?.terms).toEqual([
      { name: "quoted_edge", value: "2.1", minus: false },
      { name: "fees", value: "0.4", minus: true },
    ]);
    expect(trade?.steps).toEqual([{ us: 0, step: "placed", order: "a1", detail: "", quantity: "0.1", price: "" }]);
    expect(trade?.changed).toEqual([["BTC", "0.1"]]);
    expect(trade?.fees).toEqual([["USDT", "0.4"]]);
  });

  it("is nothing when it is no trade", () => {
    expect(read_trade(null)).toBeUndefined();
    expect(read_trade({})).toBeUndefined();
    expect(read_trade("null")).toBeUndefined();
  });
});
