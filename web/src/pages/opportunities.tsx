// What it sees and why it does not take it: the funnel by reason, every direction with its own reason, and a tape of changes.
import { useEffect, useMemo, useRef, useState } from "react";
import { compare, sign } from "../decimal";
import { rows_of, useRow, useTopic } from "../live";
import type { Opportunity } from "../messages";
import { Choice, Dialog, Field } from "../ui/controls";
import { Moment, Num, Signed } from "../ui/numbers";
import { Badge, Bar, Empty, Facts, Panel } from "../ui/panel";
import { by_text, type Column, lines_of, Table } from "../ui/table";
import { useWords, type Words } from "../words";

const tape_most = 200;

export const route_of = (one: Opportunity) =>
  one.legs.map((leg) => (one.pair ? leg.venue : `${leg.venue || "rate"} ${leg.pair}`)).join(" → ");

function Funnel() {
  const t = useWords();
  const { row: engine, view } = useRow("engine");
  const counts = engine?.counts;
  const refused = Object.entries(counts?.refused ?? {})
    .filter(([, count]) => sign(count) > 0)
    .sort((a, b) => compare(b[1], a[1]));
  const all = refused.reduce((sum, [, count]) => sum + Number(count), 0);
  const share = (count: string | undefined, of: number) => ((Number(count ?? 0) / Math.max(of, 1)) * 100).toFixed(1);
  const seen = Number(counts?.opportunities ?? 0);
  const sent = Number(counts?.sent ?? 0);
  const ends = [
    ["completed", counts?.completed],
    ["unwound", counts?.unwound],
    ["residual", counts?.residual],
    ["missed", counts?.missed],
    ["handed_over", counts?.handedOver],
  ] as const;
  return (
    <Panel title={t("funnel")} view={view} name="funnel">
      <div className="funnel">
        <div className="stage">
          <span>{t("funnel.seen")}</span>
          <Bar percent={seen > 0 ? "100" : "0"} />
          <Num value={counts?.opportunities} />
        </div>
        <div className="stage">
          <span>{t("funnel.sent")}</span>
          <Bar percent={share(counts?.sent, seen)} mood="good" />
          <Num value={counts?.sent} />
        </div>
        {ends.map(([name, count]) => (
          <div className="stage under" key={name}>
            <span>{name}</span>
            <Bar percent={share(count, sent)} mood={name === "completed" ? "good" : "warn"} />
            <Num value={count} />
          </div>
        ))}
        <h3>{t("funnel.refused")}</h3>
        {refused.length === 0 ? <Empty>{t("why_not.nothing")}</Empty> : null}
        {refused.map(([reason, count]) => (
          <div className="stage refused" key={reason}>
            <span>
              <code>{reason}</code>
              <span className="note">{t.named("why", reason) === reason ? "" : t.named("why", reason)}</span>
            </span>
            <Bar percent={share(count, all)} mood="none" />
            <Num value={count} />
          </div>
        ))}
      </div>
    </Panel>
  );
}

const columns_of = (t: Words, look: (key: string) => void): Column<Opportunity>[] => [
  {
    id: "what",
    head: t("pair"),
    header: true,
    order: by_text((one) => one.pair || route_of(one)),
    cell: (one) => one.pair || t("cycle"),
  },
  { id: "strategy", head: t("strategy"), minor: true, order: by_text((one) => one.strategy), cell: (one) => one.strategy },
  { id: "route", head: t("route"), order: by_text(route_of), cell: (one) => route_of(one) },
  {
    id: "gross",
    head: t("edge.gross"),
    number: true,
    order: (a, b) => compare(a.grossBps, b.grossBps),
    cell: (one) => <Signed value={one.grossBps} places={2} mark={false} />,
  },
  {
    id: "net",
    head: t("edge.net"),
    number: true,
    order: (a, b) => compare(a.netBps, b.netBps),
    cell: (one) => <Signed value={one.netBps} places={2} />,
  },
  {
    id: "refused",
    head: t("why_not"),
    order: by_text((one) => one.refused),
    cell: (one, _told, key) =>
      one.refused ? (
        <button type="button" className="link" onClick={() => look(key)}>
          {one.refused}
        </button>
      ) : (
        <Badge mood="good">{t("edge.free")}</Badge>
      ),
  },
];

function WhyDialog({ one, onClose }: { one: Opportunity; onClose: () => void }) {
  const t = useWords();
  return (
    <Dialog title={t("why_not.of", { what: one.pair || t("cycle") })} onClose={onClose}>
      <p className="why-text">
        <strong>{one.refused}</strong>: {t.named("why", one.refused)}
      </p>
      <Facts
        facts={[
          [t("route"), route_of(one)],
          [t("strategy"), one.strategy],
          [t("edge.gross"), <Signed key="g" value={one.grossBps} unit="bps" />],
          [t("edge.net"), <Signed key="n" value={one.netBps} unit="bps" />],
        ]}
      />
      <p className="note">{t("why_not.net")}</p>
    </Dialog>
  );
}

interface TapeLine {
  id: number;
  at: number;
  what: string;
  net: string;
  before: string | undefined;
  now: string;
}

// Only what changes its answer is a line: a net edge that moves is in the table.
function useTape(): TapeLine[] {
  const view = useTopic("opportunities");
  const known = useRef<Map<string, string> | null>(null);
  const number = useRef(0);
  const [tape, set_tape] = useState<TapeLine[]>([]);
  useEffect(() => {
    if (view.freshness !== "live") return;
    const before = known.current;
    const now = new Map<string, string>();
    const fresh: TapeLine[] = [];
    for (const [key, row] of view.rows) {
      const one = row as Opportunity;
      now.set(key, one.refused);
      if (!before || before.get(key) === one.refused) continue;
      fresh.push({
        id: ++number.current,
        at: view.at ?? Date.now(),
        what: `${one.pair} ${route_of(one)}`,
        net: one.netBps,
        before: before.get(key),
        now: one.refused,
      });
    }
    known.current = now;
    if (fresh.length > 0) set_tape((was) => [...fresh.reverse(), ...was].slice(0, tape_most));
  }, [view]);
  return tape;
}

function Tape() {
  const t = useWords();
  const tape = useTape();
  return (
    <Panel title={t("tape")} name="tape" flush tools={<span className="note">{t("tape.hint")}</span>}>
      {tape.length === 0 ? (
        <Empty>{t("tape.none")}</Empty>
      ) : (
        <div className="table-scroll short" role="region" aria-label={t("tape")} tabIndex={0}>
          <ol className="tape">
            {tape.map((line) => (
              <li key={line.id}>
                <Moment at={line.at} detail="millis" />
                <span>{line.what}</span>
                <Signed value={line.net} places={2} unit="bps" />
                <span className="note">
                  {line.before === undefined ? t("tape.new") : line.before || t("edge.free")} → {line.now || t("edge.free")}
                </span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </Panel>
  );
}

export default function Opportunities() {
  const t = useWords();
  const view = useTopic("opportunities");
  const [wanted, set_wanted] = useState("");
  const [reason, set_reason] = useState("all");
  const [looked_at, set_looked_at] = useState<string>();
  const columns = useMemo(() => columns_of(t, set_looked_at), [t]);
  const reasons = useMemo(
    () => [...new Set(rows_of<Opportunity>(view).map((one) => one.refused))].filter(Boolean).sort(),
    [view],
  );
  const lines = useMemo(() => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    return lines_of<Opportunity>(view, (one) => {
      const text = `${one.pair} ${one.strategy} ${route_of(one)}`.toLowerCase();
      const fits = reason === "all" || (reason === "free" ? one.refused === "" : one.refused === reason);
      return fits && words.every((word) => text.includes(word));
    });
  }, [view, wanted, reason]);
  const one = looked_at === undefined ? undefined : (view.rows.get(looked_at) as Opportunity | undefined);
  return (
    <div className="page opportunities">
      <Panel
        title={t("opportunities.now")}
        view={view}
        name="now"
        flush
        tools={
          <>
            <div className="filter">
              <Field label={t("filter")} value={wanted} onChange={set_wanted} />
            </div>
            <Choice
              quiet
              label={t("why_not")}
              value={reason}
              options={[
                { value: "all", text: t("filter.all") },
                { value: "free", text: t("edge.free") },
                ...reasons.map((value) => ({ value, text: value })),
              ]}
              onChange={set_reason}
            />
          </>
        }
      >
        <Table
          label={t("opportunities.now")}
          columns={columns}
          lines={lines}
          first_order={{ by: "net", down: true }}
          most={2000}
          row_px={27}
          empty={view.freshness === "waiting" ? t("loading") : t("opportunities.none")}
        />
      </Panel>
      <Funnel />
      <Tape />
      {one ? <WhyDialog one={one} onClose={() => set_looked_at(undefined)} /> : null}
    </div>
  );
}
