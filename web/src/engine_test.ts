import { beforeAll, describe, expect, it, vi } from "vitest";

describe("which engine is asked", () => {
  let topic_at: (topic: string, engine: string) => string;
  let path_at: (path: string, engine?: string) => string;
  beforeAll(async () => {
    vi.stubGlobal("sessionStorage", { getItem: () => null });
    ({ topic_at, path_at } = await import("./engine"));
  });
  it("is said with a topic, but for the dashboard's own", () => {
    expect(topic_at("books", "west")).toBe("books@west");
    expect(topic_at("ladder/kraken/BTC/USDT", "west")).toBe("ladder/kraken/BTC/USDT@west");
    expect(topic_at("system", "west")).toBe("system");
    expect(topic_at("books", "")).toBe("books");
    expect(topic_at("", "west")).toBe("");
  });
  it("is said with a request, but for those about people and the dashboard", () => {
    expect(path_at("/halt", "west")).toBe("/halt?engine=west");
    expect(path_at("/trades/7", "a b")).toBe("/trades/7?engine=a%20b");
    expect(path_at("/books?depth=5", "west")).toBe("/books?depth=5&engine=west");
    expect(path_at("/users", "west")).toBe("/users");
    expect(path_at("/engines/east/write-off", "west")).toBe("/engines/east/write-off");
    expect(path_at("/halt", "")).toBe("/halt");
  });
});
