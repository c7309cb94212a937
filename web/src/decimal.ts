// Exact decimals as strings: shown, compared, added and related without ever being binary floating point. What is no
// decimal is shown as it is, since a number that nobody understands is better seen than hidden.

interface Parts {
  minus: boolean;
  whole: string;
  fraction: string;
}

const shape = /^([+-]?)(\d+)(?:\.(\d+))?$/;

function parts(text: string): Parts | null {
  const found = shape.exec(text.trim());
  if (!found) return null;
  return { minus: found[1] === "-", whole: (found[2] ?? "0").replace(/^0+(?=\d)/, ""), fraction: found[3] ?? "" };
}

// An integer of the given number of decimal places, cut towards zero beyond them.
function scaled(p: Parts, places: number): bigint {
  const digits = BigInt(p.whole + p.fraction.slice(0, places).padEnd(places, "0"));
  return p.minus ? -digits : digits;
}

function text_of(value: bigint, places: number): string {
  const minus = value < 0n;
  const digits = (minus ? -value : value).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = places > 0 ? "." + digits.slice(digits.length - places) : "";
  return (minus ? "-" : "") + whole + fraction;
}

export const is_decimal = (text: string | undefined): text is string => text !== undefined && parts(text) !== null;

export function sign(text: string | undefined): -1 | 0 | 1 {
  const p = text === undefined ? null : parts(text);
  if (!p || /^0*$/.test(p.whole + p.fraction)) return 0;
  return p.minus ? -1 : 1;
}

export function compare(a: string, b: string): number {
  const left = parts(a);
  const right = parts(b);
  if (!left || !right) return a < b ? -1 : a > b ? 1 : 0;
  const places = Math.max(left.fraction.length, right.fraction.length);
  const difference = scaled(left, places) - scaled(right, places);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function combine(a: string, b: string, how: (x: bigint, y: bigint) => bigint): string | undefined {
  const left = parts(a);
  const right = parts(b);
  if (!left || !right) return undefined;
  const places = Math.max(left.fraction.length, right.fraction.length);
  return text_of(how(scaled(left, places), scaled(right, places)), places);
}

export const add = (a: string, b: string) => combine(a, b, (x, y) => x + y);
export const subtract = (a: string, b: string) => combine(a, b, (x, y) => x - y);

export function sum(all: Iterable<string | undefined>): string {
  let total = "0";
  for (const one of all) total = (one !== undefined && add(total, one)) || total;
  return total;
}

// numerator / denominator × factor, rounded half away from zero; undefined when there is no quotient.
export function ratio(numerator: string, denominator: string, factor: bigint, places: number): string | undefined {
  const top = parts(numerator);
  const bottom = parts(denominator);
  if (!top || !bottom || sign(denominator) === 0) return undefined;
  const common = Math.max(top.fraction.length, bottom.fraction.length);
  const up = scaled(top, common) * factor * 10n ** BigInt(places) * 2n;
  const down = scaled(bottom, common);
  const minus = up < 0n !== down < 0n;
  const twice = (up < 0n ? -up : up) / (down < 0n ? -down : down);
  const rounded = (twice + 1n) / 2n;
  return text_of(minus ? -rounded : rounded, places);
}

// Rounded half away from zero to so many places; unchanged when it has no more than them.
export function round(text: string, places: number): string {
  const p = parts(text);
  if (!p || p.fraction.length <= places) return text;
  const cut = scaled(p, places);
  const up = p.fraction.charCodeAt(places) >= 53 ? 1n : 0n;
  return text_of(p.minus ? cut - up : cut + up, places);
}

export interface Look {
  places?: number; // exactly so many; else all there are
  most?: number; // no more than so many, trailing zeros dropped
  signed?: boolean; // a plus before what is above nothing
}

// "-1234567.5" → "−1,234,567.5": grouped by thin means that are the same in both languages, with a true minus.
export function show(text: string | undefined, look: Look = {}): string {
  if (text === undefined || text === "") return "–";
  let p = parts(text);
  if (!p) return text;
  const limit = look.places ?? look.most;
  if (limit !== undefined) p = parts(round(text, limit)) ?? p;
  let fraction = p.fraction;
  if (look.places !== undefined) fraction = fraction.padEnd(look.places, "0");
  else if (look.most !== undefined) fraction = fraction.replace(/0+$/, "");
  const whole = p.whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const nothing = /^0*$/.test(p.whole + fraction);
  const before = nothing ? "" : p.minus ? "−" : look.signed ? "+" : "";
  return before + whole + (fraction === "" ? "" : "." + fraction);
}

// For pixels only: where a point stands on a plot, how long a bar is. Never shown as a number, never sent.
export const for_plot = (text: string | undefined): number => (is_decimal(text) ? Number(text) : Number.NaN);
