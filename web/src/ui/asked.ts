// What is no topic of the stream is asked for again and again, but only while somebody is there: a page that is left open must
// not keep its session alive for ever.
import { useCallback, useEffect, useState } from "react";
import { api } from "../api";
import { useEngine } from "../engine";
import { error_text } from "../session";
import { useWords } from "../words";

const every_ms = 5000;
const away_after_ms = 90_000;

let touched = Date.now();
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
  addEventListener(kind, () => (touched = Date.now()), { passive: true });
}

export interface Asked<T> {
  got: T | undefined;
  problem: string;
  again: () => void;
}

export function useAsked<T>(path: string, values: Record<string, string | number> = {}): Asked<T> {
  const t = useWords();
  const [got, set_got] = useState<T>();
  const [problem, set_problem] = useState("");
  const asked = JSON.stringify(values);
  const engine = useEngine();
  const again = useCallback(() => {
    api.get<T>(path, JSON.parse(asked) as Record<string, string | number>).then(
      (answer) => {
        set_got(answer);
        set_problem("");
      },
      (error: unknown) => set_problem(error_text(t, error)),
    );
  }, [path, asked, engine, t]);
  useEffect(() => {
    again();
    const timer = setInterval(() => {
      if (!document.hidden && Date.now() - touched < away_after_ms) again();
    }, every_ms);
    return () => clearInterval(timer);
  }, [again]);
  return { got, problem, again };
}
