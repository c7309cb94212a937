// The two drawings of a trade: its orders on one time axis from the decision, and where its money came from and went.
import { for_plot, show } from "../decimal";
import type { Trade, TradeOrder } from "../trade";
import { show_offset } from "../time";
import { useWords } from "../words";

const left = 150;
const wide = 1100;
const row = 30;

// Time to the power of a half: what happens within microseconds and what takes a second are both seen.
export function Gantt({ orders, end }: { orders: TradeOrder[]; end: number }) {
  const t = useWords();
  const longest = Math.max(end, ...orders.flatMap((order) => order.moments.map((moment) => moment.us)), 1);
  const x = (us: number) => left + Math.sqrt(Math.max(us, 0) / longest) * (wide - left - 60);
  const height = orders.length * row + 26;
  const marks = [0, longest / 100, longest / 16, longest / 4, longest];
  return (
    <div className="table-scroll" role="region" aria-label={t("trade.timeline")} tabIndex={0}>
      <svg className="gantt" viewBox={`0 0 ${wide} ${height}`} role="img" aria-label={t("trade.timeline")}>
        {marks.map((us) => (
          <g key={us}>
            <line x1={x(us)} x2={x(us)} y1="0" y2={height - 20} className="grid" />
            <text x={x(us)} y={height - 6} className="axis" textAnchor="middle">
              {show_offset(us)}
            </text>
          </g>
        ))}
        {orders.map((order, n) => {
          const y = n * row + 16;
          const first = order.moments[0];
          const last = order.moments.at(-1);
          return (
            <g key={order.order} className={order.side === "buy" ? "buys" : "sells"}>
              <text x="0" y={y + 4} className="name">
                {`#${n + 1} ${order.side} ${order.venue}${order.unwind ? ` ${t("unwind")}` : ""}`}
              </text>
              {first && last ? (
                <rect x={x(first.us)} y={y - 6} width={Math.max(x(last.us) - x(first.us), 2)} height="12" rx="2" className="life" />
              ) : null}
              {order.moments.map((moment) => (
                <g key={moment.name}>
                  <title>{`${moment.name} ${show_offset(moment.us)}`}</title>
                  <line x1={x(moment.us)} x2={x(moment.us)} y1={y - 9} y2={y + 9} className={`tick ${moment.name}`} />
                </g>
              ))}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

// Each term from where the one before ended; the last bar is what was realised.
export function Waterfall({ trade }: { trade: Trade }) {
  const t = useWords();
  let at = 0;
  const steps = trade.terms.map((term) => {
    const size = for_plot(term.value) * (term.minus ? -1 : 1);
    const from = at;
    at += Number.isNaN(size) ? 0 : size;
    return { name: term.name, from, to: at, text: `${term.minus ? "− " : ""}${show(term.value, { most: 8 })}` };
  });
  steps.push({ name: "realised", from: 0, to: for_plot(trade.realised) || 0, text: show(trade.realised, { most: 8, signed: true }) });
  const all = steps.flatMap((step) => [step.from, step.to]);
  const low = Math.min(0, ...all);
  const high = Math.max(0, ...all);
  const x = (value: number) => 130 + ((value - low) / (high - low || 1)) * 280;
  return (
    <svg className="waterfall" viewBox={`0 0 580 ${steps.length * 24 + 4}`} role="img" aria-label={t("trade.attribution")}>
      <line x1={x(0)} x2={x(0)} y1="0" y2={steps.length * 24} className="grid" />
      {steps.map((step, n) => (
        <g key={step.name} className={step.name === "realised" ? "total" : step.to >= step.from ? "gain" : "cost"}>
          <text x="0" y={n * 24 + 16} className="name">
            {t.named("term", step.name)}
          </text>
          <rect
            x={Math.min(x(step.from), x(step.to))}
            y={n * 24 + 5}
            width={Math.max(Math.abs(x(step.to) - x(step.from)), 1)}
            height="14"
            rx="2"
          />
          <text x="580" y={n * 24 + 16} textAnchor="end" className="value">
            {step.text}
          </text>
        </g>
      ))}
    </svg>
  );
}
