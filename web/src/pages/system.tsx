// The machinery: services, feeds, latencies, how this page itself is doing, the configuration in force, who made what it uses.
import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "../api";
import { compare } from "../decimal";
import { rows_of, useLink, useRow, useTopic } from "../live";
import type { Book, Latency, LeasingEngine, VenueLine } from "../messages";
import { error_text, useSession } from "../session";
import { stream } from "../stream";
import { show_span, span_ms } from "../time";
import { ActDialog } from "../ui/act";
import { Button } from "../ui/controls";
import { Age, Moment, Num, Signed, useTick } from "../ui/numbers";
import { Badge, Empty, Facts, type Mood, Panel, Problem } from "../ui/panel";
import { by_text, type Column, Table } from "../ui/table";
import { useWords, type Words } from "../words";

const circuit_mood = (rest: string): Mood => (rest === "closed" ? "good" : rest === "open" ? "bad" : "warn");

const feed_columns = (t: Words): Column<VenueLine>[] => [
  { id: "venue", head: t("venue"), header: true, order: by_text((one) => one.venue), cell: (one) => one.venue },
  {
    id: "market",
    head: t("feed.market"),
    cell: (one) => <Badge mood={one.marketUp ? "good" : "bad"}>{one.marketUp ? t("up") : t("down")}</Badge>,
  },
  {
    id: "trading",
    head: t("feed.trading"),
    cell: (one) => <Badge mood={one.tradingUp ? "good" : "bad"}>{one.tradingUp ? t("up") : t("down")}</Badge>,
  },
  { id: "rest", head: "REST", cell: (one) => <Badge mood={circuit_mood(one.rest)}>{one.rest || "–"}</Badge> },
  { id: "connections", head: t("feed.connections"), number: true, cell: (one) => <Num value={one.connections} /> },
  { id: "rate", head: t("per_second"), number: true, cell: (one) => <Num value={one.perSecond} /> },
  { id: "messages", head: t("feed.messages"), number: true, cell: (one) => <Num value={one.messages} /> },
  {
    id: "reconnects",
    head: t("feed.reconnects"),
    number: true,
    order: (a, b) => compare(a.reconnects, b.reconnects),
    cell: (one) => <Num value={one.reconnects} />,
  },
  { id: "refused", head: t("feed.refused"), number: true, cell: (one) => <Num value={one.refusedFrames} /> },
  { id: "loss", head: t("feed.last_loss"), cell: (one) => <span className="note">{one.lastLoss || "–"}</span> },
];

function Services() {
  const t = useWords();
  const { row: system, view } = useRow("system");
  return (
    <Panel title={t("services")} view={view} name="services">
      <Facts
        facts={[
          [t("version"), system?.version ?? "–"],
          [t("started"), <Moment key="s" at={system?.started} />],
          [t("pages.connected"), <span key="c" className="num">{system?.clients ?? "–"}</span>],
        ]}
      />
      <ul className="checks-list">
        {(system?.services ?? []).map((service) => (
          <li key={`${service.kind} ${service.name}`}>
            <Badge mood={service.up ? "good" : "bad"}>{service.up ? t("up") : t("down")}</Badge>
            <span>
              {service.kind} <strong>{service.name}</strong>
            </span>
            <code>{service.address}</code>
            <span className="note">{service.error}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const kinds = ["p50", "p99", "p999"] as const;

function Latencies() {
  const t = useWords();
  const { row: engine, view } = useRow("engine");
  const rows: [string, Latency | undefined][] = [
    [t("latency.decision"), engine?.decision],
    [t("latency.order"), engine?.order],
  ];
  const longest = Math.max(...rows.flatMap(([, one]) => kinds.map((kind) => span_ms(one?.[kind]) ?? 0)), 0.001);
  return (
    <Panel title={t("latencies")} view={view} name="latencies">
      <div className="latencies">
        {rows.map(([name, one]) => (
          <div key={name}>
            <h3>
              {name} <span className="note num">{t("latency.count", { count: one?.count ?? "–" })}</span>
            </h3>
            {kinds.map((kind) => {
              const ms = span_ms(one?.[kind]);
              return (
                <div className="latency-line" key={kind}>
                  <span>{kind === "p999" ? "p99.9" : kind}</span>
                  <span className="share-bar">
                    <span className="share-fill" style={{ width: `${(Math.sqrt((ms ?? 0) / longest) || 0) * 100}%` }} />
                  </span>
                  <span className="num">{show_span(ms)}</span>
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <p className="note">{t("latency.hint")}</p>
    </Panel>
  );
}

function Engine() {
  const t = useWords();
  const { row: engine, view } = useRow("engine");
  const books = rows_of<Book>(useTopic("books"));
  const total = (pick: (book: Book) => string) => books.reduce((sum, book) => sum + Number(pick(book) || 0), 0).toLocaleString("en");
  return (
    <Panel title={t("engine")} view={view} name="engine">
      {engine ? (
        <Facts
          facts={[
            [t("name"), engine.name],
            [t("engine.title"), engine.title],
            [t("running"), <Age key="r" span={engine.running} from={view.arrived.get("engine")} />],
            [t("engine.incarnation"), <span key="i" className="num">{engine.incarnation}</span>],
            [t("engine.journal"), <Num key="j" value={engine.journalBytes} unit="B" />],
            [t("engine.orders"), <Num key="o" value={engine.counts?.ordersPlaced} />],
            [t("engine.fills"), <Num key="f" value={engine.counts?.fillsBooked} />],
            [t("engine.duplicates"), <Num key="d" value={engine.counts?.duplicateFills} />],
            [t("books.gaps"), total((book) => book.gaps)],
            [t("books.resyncs"), total((book) => book.resyncs)],
            [t("books.checksums"), `${total((book) => book.checksumsRight)} / ${total((book) => book.checksumsWrong)}`],
            [t("books.audits"), `${total((book) => book.audits)} / ${total((book) => book.auditsDiffering)}`],
          ]}
        />
      ) : (
        <Empty>{t("loading")}</Empty>
      )}
    </Panel>
  );
}

function Engines() {
  const t = useWords();
  const { why_not } = useSession();
  const { row: risk, view } = useRow("risk");
  const [writing_off, set_writing_off] = useState<string>();
  if (!risk || risk.engines.length === 0) return null;
  return (
    <Panel title={t("engines")} view={view} name="engines">
      <ul className="hold-list">
        {risk.engines.map((one: LeasingEngine) => (
          <li key={one.name}>
            <Badge mood={one.silent ? "bad" : "good"}>{one.silent ? t("engine.silent") : t("engine.heard")}</Badge>
            <span className="hold-what">
              <strong>{one.name}</strong>
              <span className="note">
                <Age span={one.heard} from={view.arrived.get("risk")} /> · {t("profit")} <Signed value={one.profit} places={2} />
              </span>
            </span>
            {one.silent ? (
              <Button why_not={why_not("write-off")} onPress={() => set_writing_off(one.name)}>
                {t("engine.write_off")}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {writing_off !== undefined ? (
        <ActDialog
          title={t("engine.write_off")}
          go={t("engine.write_off")}
          danger
          path={`/engines/${encodeURIComponent(writing_off)}/write-off`}
          before={t("engine.write_off.text", { engine: writing_off })}
          onClose={() => set_writing_off(undefined)}
        />
      ) : null}
    </Panel>
  );
}

// Measured by the browser from when this page was opened: how often it was held up for longer than a person notices.
const long_tasks = { count: 0, longest: 0 };
if (typeof PerformanceObserver !== "undefined" && PerformanceObserver.supportedEntryTypes.includes("longtask")) {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      long_tasks.count += 1;
      long_tasks.longest = Math.max(long_tasks.longest, entry.duration);
    }
  }).observe({ type: "longtask", buffered: true });
}

function ThisPage() {
  const t = useWords();
  const link = useLink();
  const text = useRef<HTMLSpanElement>(null);
  const tasks = useRef<HTMLSpanElement>(null);
  useTick(() => {
    if (text.current) text.current.textContent = stream.replica.updates.toLocaleString("en");
    if (tasks.current) tasks.current.textContent = `${long_tasks.count} · ${Math.round(long_tasks.longest)} ms`;
  });
  return (
    <Panel title={t("this_page")} name="this-page">
      <Facts
        facts={[
          [t("link"), t(link.state === "open" ? "link.live" : link.state === "lost" ? "link.lost" : "link.connecting")],
          [t("link.updates"), <span key="u" className="num" ref={text} />],
          [t("link.gaps"), <span key="g" className="num">{link.gaps}</span>],
          [t("link.reconnects"), <span key="r" className="num">{link.reconnects}</span>],
          [t("long_tasks"), <span key="l" className="num" ref={tasks} />],
        ]}
      />
      <p className="note">
        {t("made_with")}{" "}
        <a href="https://www.tradingview.com/" target="_blank" rel="noopener noreferrer">
          TradingView Lightweight Charts™
        </a>
        , uPlot, React, React Aria, Inter. <a href="/api/openapi.json">OpenAPI</a>
      </p>
    </Panel>
  );
}

function Configuration() {
  const t = useWords();
  const [toml, set_toml] = useState<string>();
  const [problem, set_problem] = useState("");
  const ask = () => {
    set_problem("");
    api.get<{ toml: string }>("/configuration").then(
      (got) => set_toml(got.toml),
      (error: unknown) => set_problem(error_text(t, error)),
    );
  };
  useEffect(ask, [t]);
  return (
    <Panel title={t("configuration")} name="configuration" wide tools={<Button onPress={ask}>{t("refresh")}</Button>}>
      {problem ? <Problem>{problem}</Problem> : null}
      <pre className="toml" tabIndex={0} aria-label={t("configuration")}>
        {toml ?? ""}
      </pre>
    </Panel>
  );
}

export default function System() {
  const t = useWords();
  const { may } = useSession();
  const { row: engine, view } = useRow("engine");
  const columns = useMemo(() => feed_columns(t), [t]);
  const lines = useMemo(
    () => (engine?.venues ?? []).map((venue) => ({ key: venue.venue, row: venue, told: view.arrived.get("engine") })),
    [engine, view],
  );
  return (
    <div className="page system">
      <Services />
      <Engine />
      <Latencies />
      <ThisPage />
      <Engines />
      <Panel title={t("feeds")} view={view} name="feeds" flush wide>
        <Table label={t("feeds")} columns={columns} lines={lines} empty={t("loading")} />
      </Panel>
      {may("configuration") ? <Configuration /> : null}
    </div>
  );
}
