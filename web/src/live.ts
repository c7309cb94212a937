// React's side of the stream: a topic as a view that changes once a frame, and the words for how fresh it is.
import { useCallback, useSyncExternalStore } from "react";
import { topic_at, useEngine } from "./engine";
import type { Topics } from "./messages";
import { empty_view, type View } from "./replica";
import { type LinkState, stream } from "./stream";

const nothing = () => () => undefined;

// An empty name is no topic: nothing is asked for.
export function useTopicNamed(name: string): View {
  const topic = topic_at(name, useEngine());
  const listen = useCallback((listener: () => void) => (topic ? stream.listen(topic, listener) : nothing()), [topic]);
  return useSyncExternalStore(listen, () => (topic ? stream.view(topic) : empty_view));
}

export const useTopic = (topic: keyof Topics): View => useTopicNamed(topic);

export const rows_of = <T>(view: View): T[] => [...view.rows.values()] as T[];

export function useRow<K extends "engine" | "risk" | "pnl" | "system">(topic: K): { row: Topics[K] | undefined; view: View } {
  const view = useTopicNamed(topic);
  return { row: view.rows.get(topic) as Topics[K] | undefined, view };
}

export const useLink = (): LinkState => useSyncExternalStore(stream.listen_link, () => stream.link);
