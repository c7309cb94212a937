// Numbers, moments and ages. A sign is never colour alone: what is above nothing has a plus and a triangle up, what is below a
// minus and a triangle down. Ages run on by themselves, written straight into the document: a second that passes draws nothing.
import { memo, useEffect, useRef } from "react";
import { type Look, show, sign } from "../decimal";
import { useSettings } from "../settings";
import { type Detail, show_moment, show_span, span_ms } from "../time";

export const Num = memo(function Num({ value, unit, ...look }: { value: string | undefined; unit?: string | undefined } & Look) {
  return (
    <span className="num">
      {show(value, look)}
      {unit ? <span className="unit"> {unit}</span> : null}
    </span>
  );
});

export const Signed = memo(function Signed({
  value,
  unit,
  mark = true,
  ...look
}: { value: string | undefined; unit?: string | undefined; mark?: boolean } & Look) {
  const side = sign(value);
  const name = side > 0 ? "up" : side < 0 ? "down" : "flat";
  return (
    <span className={`num signed ${name}`}>
      {mark && side !== 0 ? <span aria-hidden="true" className="mark" /> : null}
      {show(value, { ...look, signed: true })}
      {unit ? <span className="unit"> {unit}</span> : null}
    </span>
  );
});

export function Moment({ at, detail = "full" }: { at: string | number | undefined; detail?: Detail }) {
  const { zone } = useSettings();
  return <span className="num moment">{show_moment(at, zone, detail)}</span>;
}

const running = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

export function useTick(tick: () => void) {
  const latest = useRef(tick);
  latest.current = tick;
  useEffect(() => {
    const run = () => latest.current();
    running.add(run);
    run();
    ticking ??= setInterval(() => {
      if (!document.hidden) for (const one of running) one();
    }, 250);
    return () => {
      running.delete(run);
      if (running.size === 0) {
        clearInterval(ticking);
        ticking = undefined;
      }
    };
  }, []);
}

// `span` is as of `from` (the page's clock when it was told), and grows from then; `down` for what runs out.
export const Age = memo(function Age({
  span,
  from,
  down = false,
}: {
  span: string | undefined;
  from: number | undefined;
  down?: boolean;
}) {
  const element = useRef<HTMLSpanElement>(null);
  useTick(() => {
    const node = element.current;
    if (!node) return;
    const then = span_ms(span);
    const passed = Date.now() - (from ?? Date.now());
    const text = then === undefined ? "–" : show_span(down ? then - passed : then + passed);
    if (node.textContent !== text) node.textContent = text;
  });
  return <span className="num age" ref={element} />;
});

export const Clock = memo(function Clock() {
  const { zone } = useSettings();
  const element = useRef<HTMLSpanElement>(null);
  useTick(() => {
    const text = show_moment(Date.now(), zone, "time");
    if (element.current && element.current.textContent !== text) element.current.textContent = text;
  });
  return <span className="num clock" ref={element} />;
});
