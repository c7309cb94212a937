// Which of several engines is looked at. None chosen: the first one, and the risk role of all of them where there is one.
// Chosen for this tab only: two engines can be looked at side by side.
import { useSyncExternalStore } from "react";

const kept_under = "ats.engine";
const listeners = new Set<() => void>();
let chosen = sessionStorage.getItem(kept_under) ?? "";

// Not of an engine: what the dashboard itself tells.
const own_topics = new Set(["system", "equity", "approvals"]);
const engine_paths = new Set([
  "engine", "books", "opportunities", "orders", "trades", "balances", "configuration", "risk", "positions", "pnl", "limits",
  "alerts", "halt", "resume", "recordings", "backtests",
]);

export function choose_engine(name: string) {
  chosen = name;
  sessionStorage.setItem(kept_under, name);
  for (const listener of listeners) listener();
}

const listen = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useEngine = (): string => useSyncExternalStore(listen, () => chosen);

// "books" → "books@west"
export const topic_at = (topic: string, engine: string): string =>
  topic === "" || engine === "" || own_topics.has(topic) ? topic : `${topic}@${engine}`;

// "/books?depth=5" → "/books?depth=5&engine=west"
export function path_at(path: string, engine: string = chosen): string {
  const first = path.slice(1).split(/[/?]/, 1)[0] ?? "";
  if (engine === "" || !engine_paths.has(first)) return path;
  return `${path}${path.includes("?") ? "&" : "?"}engine=${encodeURIComponent(engine)}`;
}
