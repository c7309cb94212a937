// The page's copy of what the server has: per topic one snapshot, then numbered updates. It knows no socket and no clock, so
// that every way in which a copy can go wrong is tried in a test. What it promises:
//  - a hole in the numbers is noticed with the first update behind it, every topic is doubted until its new snapshot is here;
//  - a lost socket makes everything stale and keeps what was known, with the time it is of;
//  - no topic grows without bound: those that only ever add rows are cut to their newest.
import type { ClientMessage, ServerMessage } from "./messages";

// waiting: nothing so far. live: as the server has it. doubted: something was missed, a snapshot is asked for.
// away: the server cannot reach the source. stale: the socket is gone.
export type Freshness = "waiting" | "live" | "doubted" | "away" | "stale";

// What a page sees of a topic. A new object whenever something has changed; rows that did not change are the same objects.
export interface View {
  readonly rows: ReadonlyMap<string, unknown>;
  readonly at: number | undefined; // ms; what runs on (ages) is of then
  readonly freshness: Freshness;
  readonly problem: string;
  readonly version: number;
  readonly arrived: ReadonlyMap<string, number>; // when each row was told of, on the page's clock
}

interface Topic {
  rows: Map<string, unknown>;
  arrived: Map<string, number>;
  at: number | undefined;
  freshness: Freshness;
  problem: string;
  version: number;
}

export interface GapSeen {
  at: number;
  expected: number;
  got: number;
  closed: number | undefined; // when everything had come again
}

const bounds: Record<string, number> = { executions: 500, equity: 4000, alerts: 1000, backtests: 500, approvals: 200 };
const bound_elsewhere = 20000;

export const empty_view: View = {
  rows: new Map(),
  at: undefined,
  freshness: "waiting",
  problem: "",
  version: 0,
  arrived: new Map(),
};

export class Replica {
  private readonly topics = new Map<string, Topic>();
  private readonly views = new Map<string, View>();
  private next = 1;
  gaps = 0;
  updates = 0;
  last_gap: GapSeen | undefined;

  // What to send for a topic that somebody now looks at; nothing before the socket is open, see opened().
  subscribe(name: string): ClientMessage {
    if (!this.topics.has(name)) {
      this.topics.set(name, {
        rows: new Map(),
        arrived: new Map(),
        at: undefined,
        freshness: "waiting",
        problem: "",
        version: 1,
      });
    }
    return { type: "subscribe", topic: name };
  }

  unsubscribe(name: string): ClientMessage {
    this.topics.delete(name);
    this.views.delete(name);
    return { type: "unsubscribe", topic: name };
  }

  // A new connection counts from 1, and everything is asked for again.
  opened(): ClientMessage[] {
    this.next = 1;
    return [...this.topics.keys()].map((topic) => ({ type: "subscribe", topic }));
  }

  // The socket is gone; the names of the topics whose view changed.
  lost(): string[] {
    for (const topic of this.topics.values()) this.mark(topic, "stale", topic.problem);
    return [...this.topics.keys()];
  }

  // Nobody is signed in any more: whoever is next sees nothing of it. The names of the topics.
  forget(): string[] {
    for (const topic of this.topics.values()) {
      topic.rows = new Map();
      topic.arrived = new Map();
      topic.at = undefined;
      this.mark(topic, "waiting", "");
    }
    this.last_gap = undefined;
    return [...this.topics.keys()];
  }

  // True while something that was missed has not come again.
  get doubted(): boolean {
    return [...this.topics.values()].some((topic) => topic.freshness === "doubted");
  }

  // What a message changes, and what to send because of it.
  take(message: ServerMessage, now: number): { changed: string[]; send: ClientMessage[] } {
    if (message.type === "error") return this.told(message);
    if (message.type !== "update") return { changed: [], send: [] };
    this.updates += 1;
    const send: ClientMessage[] = [];
    const changed: string[] = [];
    if (message.n !== this.next) {
      this.gaps += 1;
      this.last_gap = { at: now, expected: this.next, got: message.n, closed: undefined };
      for (const [name, topic] of this.topics) {
        if (topic.freshness === "waiting") continue;
        this.mark(topic, "doubted", "");
        changed.push(name);
        send.push({ type: "snapshot", topic: name });
      }
    }
    this.next = message.n + 1;
    const topic = this.topics.get(message.topic);
    if (topic) {
      this.apply(topic, message, now);
      if (!changed.includes(message.topic)) changed.push(message.topic);
    }
    if (this.last_gap && this.last_gap.closed === undefined && !this.doubted) this.last_gap.closed = now;
    return { changed, send: send.filter((one) => !(message.snapshot && one.topic === message.topic)) };
  }

  view(name: string): View {
    const topic = this.topics.get(name);
    if (!topic) return empty_view;
    const known = this.views.get(name);
    if (known && known.version === topic.version) return known;
    const view: View = { ...topic };
    this.views.set(name, view);
    return view;
  }

  private apply(topic: Topic, message: Extract<ServerMessage, { type: "update" }>, now: number) {
    if (message.snapshot) {
      topic.rows = new Map();
      topic.arrived = new Map();
    }
    const bound = bounds[message.topic.split("@", 1)[0] ?? ""];
    const appends = bound !== undefined;
    for (const [key, row] of Object.entries(message.rows ?? {})) {
      if (appends) topic.rows.delete(key);
      topic.rows.set(key, row);
      topic.arrived.set(key, now);
    }
    for (const key of message.gone ?? []) {
      topic.rows.delete(key);
      topic.arrived.delete(key);
    }
    for (const key of topic.rows.keys()) {
      if (topic.rows.size <= (bound ?? bound_elsewhere)) break;
      topic.rows.delete(key);
      topic.arrived.delete(key);
    }
    const at = message.at === undefined ? Number.NaN : Date.parse(message.at);
    topic.at = Number.isNaN(at) ? now : at;
    // Rows come whole, but which are missing only a snapshot can say.
    const sure = message.snapshot || topic.freshness === "live" || topic.freshness === "away";
    this.mark(topic, sure ? "live" : topic.freshness, "");
  }

  private told(message: Extract<ServerMessage, { type: "error" }>) {
    const topic = message.topic === undefined ? undefined : this.topics.get(message.topic);
    if (!topic || message.topic === undefined) return { changed: [], send: [] };
    this.mark(topic, "away", message.message || message.code);
    return { changed: [message.topic], send: [] };
  }

  private mark(topic: Topic, freshness: Freshness, problem: string) {
    topic.freshness = freshness;
    topic.problem = problem;
    topic.version += 1;
  }
}
