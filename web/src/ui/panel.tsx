// Panels and the small marks in them: badges with a shape of their own, bars, key and value, how fresh a topic is.
import type { ReactNode } from "react";
import { for_plot, show } from "../decimal";
import type { View } from "../replica";
import { useWords } from "../words";

export type Mood = "good" | "warn" | "bad" | "info" | "none";

// A shape for each mood, so that it is told without colour.
export function Badge({ mood, children, title }: { mood: Mood; children: ReactNode; title?: string | undefined }) {
  return (
    <span className={`badge ${mood}`} title={title}>
      <span aria-hidden="true" className="shape" />
      {children}
    </span>
  );
}

export function Freshness({ view }: { view: View }) {
  const t = useWords();
  if (view.freshness === "live") return null;
  const mood: Mood = view.freshness === "waiting" ? "info" : view.freshness === "doubted" ? "warn" : "bad";
  return (
    <Badge mood={mood} title={view.problem}>
      {t(`fresh.${view.freshness}`)}
    </Badge>
  );
}

export function Panel({
  title,
  tools,
  view,
  children,
  wide = false,
  flush = false,
  name,
}: {
  title: string;
  tools?: ReactNode;
  view?: View;
  children: ReactNode;
  wide?: boolean;
  flush?: boolean;
  name?: string;
}) {
  const stale = view !== undefined && view.freshness !== "live" && view.freshness !== "waiting";
  return (
    <section
      className={`panel${wide ? " wide" : ""}${flush ? " flush" : ""}${stale ? " not-fresh" : ""}${name ? ` at-${name}` : ""}`}
      aria-label={title}
    >
      <header>
        <h2>{title}</h2>
        {view ? <Freshness view={view} /> : null}
        <div className="tools">{tools}</div>
      </header>
      <div className="body">{children}</div>
    </section>
  );
}

export const Empty = ({ children }: { children: ReactNode }) => <p className="empty">{children}</p>;

export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode] | null)[] }) {
  return (
    <dl className="facts">
      {facts.map((fact) =>
        fact === null ? null : (
          <div key={fact[0]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

export function Tile({ name, children, below }: { name: string; children: ReactNode; below?: ReactNode }) {
  return (
    <div className="tile">
      <div className="tile-name">{name}</div>
      <div className="tile-value">{children}</div>
      {below ? <div className="tile-below">{below}</div> : null}
    </div>
  );
}

// So much of the whole, 0 to 100 percent; the number stands beside it.
export function Bar({ percent, mood = "info", label }: { percent: string | undefined; mood?: Mood; label?: string }) {
  const width = Math.max(0, Math.min(100, for_plot(percent) || 0));
  return (
    <span className={`bar ${mood}`}>
      <span className="bar-fill" style={{ width: `${width}%` }} />
      <span className="bar-text num">{label ?? (percent === undefined ? "–" : `${show(percent, { places: 1 })} %`)}</span>
    </span>
  );
}

export function Problem({ children }: { children: ReactNode }) {
  return (
    <p className="problem" role="alert">
      <span aria-hidden="true" className="shape" />
      {children}
    </p>
  );
}

export const book_mood = (state: string): Mood =>
  state === "valid" ? "good" : state === "polled" || state === "resyncing" ? "warn" : "bad";

export const outcome_mood = (outcome: string): Mood =>
  outcome === "completed"
    ? "good"
    : outcome === "unwound" || outcome === "residual" || outcome === "handed_over"
      ? "warn"
      : outcome === "missed" || outcome === "unfilled"
        ? "none"
        : "info";
