import { describe, expect, it } from "vitest";
import { add, compare, is_decimal, ratio, round, show, sign, subtract, sum } from "./decimal";

describe("amounts are shown exactly", () => {
  it("groups thousands and keeps every digit that binary floating point would lose", () => {
    expect(show("123456789012345678.123456789012345678")).toBe("123,456,789,012,345,678.123456789012345678");
    expect(show("0.1")).toBe("0.1");
    expect(show("0.000000000000000001")).toBe("0.000000000000000001");
    expect(show("1000")).toBe("1,000");
    expect(show("999")).toBe("999");
  });
  it("has a true minus, and a plus where signs are asked for, but none for nothing", () => {
    expect(show("-1234.5")).toBe("−1,234.5");
    expect(show("1.5", { signed: true })).toBe("+1.5");
    expect(show("0.00", { signed: true })).toBe("0.00");
    expect(show("-0.001", { places: 2 })).toBe("0.00");
  });
  it("rounds half away from zero, carries, and pads", () => {
    expect(round("1.005", 2)).toBe("1.01");
    expect(round("-1.005", 2)).toBe("-1.01");
    expect(round("999.995", 2)).toBe("1000.00");
    expect(show("0.5", { places: 3 })).toBe("0.500");
    expect(show("2.50000000", { most: 4 })).toBe("2.5");
    expect(show("9007199254740993.5", { places: 0 })).toBe("9,007,199,254,740,994");
  });
  it("shows what is no decimal as it is, and what is absent as a dash", () => {
    expect(show("NaN?")).toBe("NaN?");
    expect(show("<b>1</b>")).toBe("<b>1</b>");
    expect(show(undefined)).toBe("–");
    expect(show("")).toBe("–");
    expect(is_decimal("1e5")).toBe(false);
  });
});

describe("amounts are related exactly", () => {
  it("adds and subtracts without a rest", () => {
    expect(add("0.1", "0.2")).toBe("0.3");
    expect(subtract("1", "0.999999999999999999")).toBe("0.000000000000000001");
    expect(subtract("0.1", "0.3")).toBe("-0.2");
    expect(sum(["0.1", "0.1", "0.1", undefined, "?"])).toBe("0.3");
    expect(add("1", "x")).toBeUndefined();
  });
  it("compares by value, not by spelling", () => {
    expect(compare("10", "9.99")).toBe(1);
    expect(compare("1.0", "1")).toBe(0);
    expect(compare("-2", "-1.5")).toBe(-1);
    expect(sign("-0.000")).toBe(0);
    expect(sign("-0.0001")).toBe(-1);
    expect(sign(undefined)).toBe(0);
  });
  it("divides to so many places, rounded half away from zero, and never by nothing", () => {
    expect(ratio("1", "3", 100n, 2)).toBe("33.33");
    expect(ratio("2", "3", 100n, 2)).toBe("66.67");
    expect(ratio("-1", "8", 1n, 2)).toBe("-0.13");
    expect(ratio("0.01", "60000", 10000n, 6)).toBe("0.001667");
    expect(ratio("1", "0.00", 1n, 2)).toBeUndefined();
  });
});
