import { describe, expect, it } from "vitest";
import type { ServerMessage } from "./messages";
import { Replica } from "./replica";

const snapshot = (n: number, topic: string, rows: Record<string, unknown>): ServerMessage => ({
  type: "update",
  n,
  topic,
  snapshot: true,
  at: "2026-11-28T12:00:00Z",
  rows,
});
const update = (n: number, topic: string, rows: Record<string, unknown>, gone: string[] = []): ServerMessage => ({
  type: "update",
  n,
  topic,
  at: "2026-11-28T12:00:01Z",
  rows,
  gone,
});

function started(...topics: string[]) {
  const replica = new Replica();
  for (const topic of topics) replica.subscribe(topic);
  replica.opened();
  return replica;
}

describe("a replica", () => {
  it("asks for every topic when the socket opens, and waits", () => {
    const replica = new Replica();
    replica.subscribe("books");
    replica.subscribe("risk");
    expect(replica.opened()).toEqual([
      { type: "subscribe", topic: "books" },
      { type: "subscribe", topic: "risk" },
    ]);
    expect(replica.view("books").freshness).toBe("waiting");
  });

  it("holds the snapshot, then what the updates make of it", () => {
    const replica = started("books");
    replica.take(snapshot(1, "books", { a: { v: 1 }, b: { v: 1 } }), 10);
    const before = replica.view("books");
    replica.take(update(2, "books", { a: { v: 2 } }, ["b"]), 20);
    const view = replica.view("books");
    expect([...view.rows]).toEqual([["a", { v: 2 }]]);
    expect(view.freshness).toBe("live");
    expect(view).not.toBe(before);
    expect(view.arrived.get("a")).toBe(20);
    expect(view.at).toBe(Date.parse("2026-11-28T12:00:01Z"));
  });

  it("keeps the object of a row that did not change, so that it is not drawn again", () => {
    const replica = started("books");
    replica.take(snapshot(1, "books", { a: { v: 1 }, b: { v: 1 } }), 0);
    const a = replica.view("books").rows.get("a");
    replica.take(update(2, "books", { b: { v: 2 } }), 0);
    expect(replica.view("books").rows.get("a")).toBe(a);
    expect(replica.view("books")).toBe(replica.view("books"));
  });

  it("notices a hole, doubts everything, asks for all of it, and believes each again with its snapshot", () => {
    const replica = started("books", "risk", "pnl");
    replica.take(snapshot(1, "books", { a: {} }), 0);
    replica.take(snapshot(2, "risk", { risk: {} }), 0);
    const { changed, send } = replica.take(update(4, "books", { b: {} }), 7);
    expect(replica.gaps).toBe(1);
    expect(replica.last_gap).toEqual({ at: 7, expected: 3, got: 4, closed: undefined });
    expect(changed.sort()).toEqual(["books", "risk"]);
    expect(send).toEqual([
      { type: "snapshot", topic: "books" },
      { type: "snapshot", topic: "risk" },
    ]);
    expect(replica.view("books").freshness).toBe("doubted");
    replica.take(update(5, "books", { c: {} }), 8);
    expect(replica.view("books").freshness).toBe("doubted");
    replica.take(snapshot(6, "books", { b: {}, c: {} }), 9);
    expect(replica.view("books").freshness).toBe("live");
    expect(replica.doubted).toBe(true);
    replica.take(snapshot(7, "risk", { risk: {} }), 9);
    expect(replica.doubted).toBe(false);
    expect(replica.last_gap?.closed).toBe(9);
    expect(replica.gaps).toBe(1);
  });

  it("does not ask again for the topic whose snapshot showed the hole", () => {
    const replica = started("books", "risk");
    replica.take(snapshot(1, "books", {}), 0);
    replica.take(snapshot(2, "risk", {}), 0);
    const { send } = replica.take(snapshot(9, "books", {}), 0);
    expect(send).toEqual([{ type: "snapshot", topic: "risk" }]);
    expect(replica.view("books").freshness).toBe("live");
  });

  it("keeps what it knew when the socket is lost, marked as stale, and counts from 1 on the next one", () => {
    const replica = started("books");
    replica.take(snapshot(1, "books", { a: {} }), 0);
    expect(replica.lost()).toEqual(["books"]);
    expect(replica.view("books").freshness).toBe("stale");
    expect(replica.view("books").rows.size).toBe(1);
    replica.opened();
    replica.take(snapshot(1, "books", { b: {} }), 0);
    expect(replica.gaps).toBe(0);
    expect([...replica.view("books").rows.keys()]).toEqual(["b"]);
    expect(replica.view("books").freshness).toBe("live");
  });

  it("does not believe an update on a new socket before the snapshot", () => {
    const replica = started("books");
    replica.take(snapshot(1, "books", { a: {} }), 0);
    replica.lost();
    replica.opened();
    replica.take(update(1, "books", { b: {} }), 0);
    expect(replica.view("books").freshness).toBe("stale");
  });

  it("forgets everything when nobody is signed in, and still knows what is looked at", () => {
    const replica = started("books");
    replica.take(snapshot(1, "books", { a: {} }), 0);
    expect(replica.forget()).toEqual(["books"]);
    expect(replica.view("books").rows.size).toBe(0);
    expect(replica.view("books").freshness).toBe("waiting");
    expect(replica.opened()).toEqual([{ type: "subscribe", topic: "books" }]);
  });

  it("shows a source that is away with what it said, until the next update", () => {
    const replica = started("books");
    replica.take(snapshot(1, "books", { a: {} }), 0);
    replica.take({ type: "error", topic: "books", code: "UNAVAILABLE", message: "engine one is away" }, 0);
    expect(replica.view("books").freshness).toBe("away");
    expect(replica.view("books").problem).toBe("engine one is away");
    expect(replica.view("books").rows.size).toBe(1);
    replica.take(update(2, "books", { a: {} }), 0);
    expect(replica.view("books").freshness).toBe("live");
    expect(replica.view("books").problem).toBe("");
  });

  it("does not grow without bound where rows are only ever added", () => {
    const replica = started("executions");
    replica.take(snapshot(1, "executions", {}), 0);
    for (let n = 0; n < 2000; ++n) replica.take(update(n + 2, "executions", { [`e${n}`]: { n } }), n);
    const view = replica.view("executions");
    expect(view.rows.size).toBe(500);
    expect(view.arrived.size).toBe(500);
    expect(view.rows.has("e1999")).toBe(true);
    expect(view.rows.has("e1499")).toBe(false);
  });

  it("counts updates of a topic that nobody looks at any more, and keeps none of it", () => {
    const replica = started("books", "risk");
    replica.take(snapshot(1, "books", { a: {} }), 0);
    expect(replica.unsubscribe("books")).toEqual({ type: "unsubscribe", topic: "books" });
    replica.take(update(2, "books", { a: {} }), 0);
    replica.take(snapshot(3, "risk", {}), 0);
    expect(replica.gaps).toBe(0);
    expect(replica.view("books").rows.size).toBe(0);
  });
});
