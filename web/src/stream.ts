// The one connection to /api/v1/stream: it feeds the replica, tells the page once per frame what has changed, comes back by
// itself when it is lost, and lets nobody believe a silent socket: without a message for a while it asks for a snapshot, and
// without an answer to that it gives the socket up.
import type { ClientMessage, ServerMessage } from "./messages";
import { Replica, type View } from "./replica";

export interface LinkState {
  state: "idle" | "connecting" | "open" | "lost";
  since: number;
  tries: number;
  retry_at: number; // when the next try is made; 0: none is planned
  doubted: boolean;
  gaps: number;
  reconnects: number;
}

const quiet_ms = 10_000;
const answer_ms = 10_000;
const first_wait_ms = 400;
const longest_wait_ms = 15_000;
const keep_topic_ms = 5_000;

type Listener = () => void;

class Stream {
  readonly replica = new Replica();
  link: LinkState = { state: "idle", since: Date.now(), tries: 0, retry_at: 0, doubted: false, gaps: 0, reconnects: 0 };
  // Whether we may be here at all is asked when a connection was refused: the page shows the sign-in then.
  on_refused: () => Promise<boolean> = () => Promise.resolve(true);

  private socket: WebSocket | undefined;
  private wanted = false;
  private readonly users = new Map<string, number>();
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly link_listeners = new Set<Listener>();
  private readonly dirty = new Set<string>();
  private link_dirty = false;
  private scheduled = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private heard = 0;
  private asked = 0;

  start() {
    if (this.wanted) return;
    this.wanted = true;
    this.watch = setInterval(() => this.look(), 1000);
    this.connect();
  }

  stop() {
    this.wanted = false;
    clearTimeout(this.retry);
    clearInterval(this.watch);
    this.socket?.close();
    this.socket = undefined;
    for (const topic of this.replica.forget()) this.dirty.add(topic);
    this.set_link({ state: "idle", tries: 0, retry_at: 0 });
  }

  // The banner's button: does not wait for the next try.
  now() {
    if (!this.wanted || this.link.state !== "lost") return;
    clearTimeout(this.retry);
    this.connect();
  }

  view = (topic: string): View => this.replica.view(topic);

  listen(topic: string, listener: Listener): () => void {
    const count = this.users.get(topic) ?? 0;
    this.users.set(topic, count + 1);
    const set = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, set.add(listener));
    if (count === 0) this.send(this.replica.subscribe(topic));
    return () => {
      set.delete(listener);
      this.users.set(topic, (this.users.get(topic) ?? 1) - 1);
      // A page that is left and entered again finds its rows still here.
      setTimeout(() => {
        if ((this.users.get(topic) ?? 0) > 0 || !this.users.has(topic)) return;
        this.users.delete(topic);
        this.listeners.delete(topic);
        this.send(this.replica.unsubscribe(topic));
      }, keep_topic_ms);
    };
  }

  listen_link = (listener: Listener): (() => void) => {
    this.link_listeners.add(listener);
    return () => this.link_listeners.delete(listener);
  };

  private connect() {
    if (!this.wanted) return;
    this.set_link({ state: "connecting", retry_at: 0 });
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/stream`);
    let opened = false;
    this.socket = socket;
    socket.onopen = () => {
      opened = true;
      this.heard = Date.now();
      this.asked = 0;
      this.set_link({ state: "open", since: Date.now(), tries: 0 });
      for (const message of this.replica.opened()) this.send(message);
    };
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.heard = Date.now();
      this.asked = 0;
      this.take(JSON.parse(String(event.data)) as ServerMessage);
    };
    socket.onclose = () => {
      if (socket === this.socket) void this.lost(opened);
    };
  }

  private async lost(opened: boolean) {
    this.socket = undefined;
    if (!this.wanted) return;
    for (const topic of this.replica.lost()) this.dirty.add(topic);
    const tries = this.link.tries + 1;
    // Between half and all of a wait that doubles, so that many pages do not come back at once.
    const longest = Math.min(longest_wait_ms, first_wait_ms * 2 ** Math.min(tries, 10));
    const wait = longest / 2 + Math.random() * (longest / 2);
    this.set_link({
      state: "lost",
      since: this.link.state === "lost" || !opened ? this.link.since : Date.now(),
      tries,
      retry_at: Date.now() + wait,
      reconnects: this.link.reconnects + (opened ? 1 : 0),
    });
    this.retry = setTimeout(() => this.connect(), wait);
    if (!(await this.on_refused())) this.stop();
  }

  private take(message: ServerMessage) {
    const { changed, send } = this.replica.take(message, Date.now());
    for (const topic of changed) this.dirty.add(topic);
    for (const one of send) this.send(one);
    if (this.replica.doubted !== this.link.doubted || this.replica.gaps !== this.link.gaps) {
      this.set_link({ doubted: this.replica.doubted, gaps: this.replica.gaps });
    }
    this.schedule();
  }

  private look() {
    if (this.link.state !== "open") return;
    const now = Date.now();
    const topic = [...this.users.keys()][0];
    if (topic === undefined) return;
    if (this.asked > 0 && now - this.asked > answer_ms) {
      const socket = this.socket;
      this.socket = undefined;
      socket?.close();
      void this.lost(true);
    } else if (this.asked === 0 && now - this.heard > quiet_ms) {
      this.asked = now;
      this.send({ type: "snapshot", topic });
    }
  }

  private send(message: ClientMessage) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private set_link(change: Partial<LinkState>) {
    this.link = { ...this.link, ...change };
    this.link_dirty = true;
    this.schedule();
  }

  // However many messages came, the page is drawn once a frame; a page in the background four times a second at most.
  private schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    if (document.hidden) setTimeout(() => this.tell(), 250);
    else requestAnimationFrame(() => this.tell());
  }

  private tell() {
    this.scheduled = false;
    const topics = [...this.dirty];
    this.dirty.clear();
    if (this.link_dirty) {
      this.link_dirty = false;
      for (const listener of this.link_listeners) listener();
    }
    for (const topic of topics) for (const listener of this.listeners.get(topic) ?? []) listener();
  }
}

export const stream = new Stream();
