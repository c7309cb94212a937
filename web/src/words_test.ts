import { describe, expect, it } from "vitest";
import { en } from "./words/en";
import { ko } from "./words/ko";

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

describe("the dictionaries", () => {
  it("have the same keys", () => {
    expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
  });
  it("have the same places to fill in, and no empty text", () => {
    for (const [key, text] of Object.entries(en)) {
      const other = ko[key as keyof typeof en];
      expect(places(other), key).toEqual(places(text));
      expect(text.trim(), key).not.toBe("");
      expect(other.trim(), key).not.toBe("");
    }
  });
});
