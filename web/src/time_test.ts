import { describe, expect, it } from "vitest";
import { show_moment, show_offset, show_span, span_ms } from "./time";

describe("spans of time", () => {
  it("are read from proto3's JSON, and from nothing else", () => {
    expect(span_ms("1.5s")).toBe(1500);
    expect(span_ms("0.000012s")).toBeCloseTo(0.012);
    expect(span_ms("12")).toBeUndefined();
    expect(span_ms(undefined)).toBeUndefined();
  });
  it("are told in the unit that suits them", () => {
    expect(show_span(0.012)).toBe("12 µs");
    expect(show_span(340)).toBe("340 ms");
    expect(show_span(12_449)).toBe("12.4 s");
    expect(show_span(185_000)).toBe("3m 05s");
    expect(show_span(4 * 3600_000 + 12 * 60_000)).toBe("4h 12m");
    expect(show_span(76 * 3600_000)).toBe("3d 4h");
    expect(show_span(undefined)).toBe("–");
    expect(show_span(-5)).toBe("0 µs");
  });
  it("since a decision are told to the microsecond", () => {
    expect(show_offset(0)).toBe("0.0 µs");
    expect(show_offset(84.21)).toBe("84.2 µs");
    expect(show_offset(4731.2)).toBe("4.731 ms");
    expect(show_offset(270_120)).toBe("270.1 ms");
    expect(show_offset(1_204_300)).toBe("1.204 s");
    expect(show_offset(185e6)).toBe("3m 05s");
    expect(show_offset(undefined)).toBe("–");
  });
});

describe("moments", () => {
  it("are told in UTC when that is asked for", () => {
    expect(show_moment("2026-11-28T01:02:03.456Z", "utc")).toBe("2026-11-28 01:02:03");
    expect(show_moment("2026-11-28T01:02:03.456Z", "utc", "millis")).toBe("01:02:03.456");
  });
  it("that are none are shown as they are", () => {
    expect(show_moment("soon", "utc")).toBe("soon");
    expect(show_moment(undefined, "utc")).toBe("–");
  });
});
