// Backtests: what there is to play, a run from its start to its report, and runs beside each other.
import { useEffect, useMemo, useState } from "react";
import { api, new_key } from "../api";
import { compare } from "../decimal";
import { path_at } from "../engine";
import { useTopic } from "../live";
import type { Backtest, BacktestState, Recording } from "../messages";
import { go, link_to, useRoute } from "../route";
import { error_text, useSession } from "../session";
import { show_span, span_ms } from "../time";
import { ActDialog } from "../ui/act";
import { Actions, Button, Checks, Field, Toggle } from "../ui/controls";
import { Moment, Num, Signed } from "../ui/numbers";
import { Badge, Bar, Empty, Facts, type Mood, Panel, Problem } from "../ui/panel";
import { by_text, type Column, lines_of, Table } from "../ui/table";
import { useWords, type Words } from "../words";

const state_mood = (state: BacktestState): Mood =>
  state === "BACKTEST_STATE_DONE"
    ? "good"
    : state === "BACKTEST_STATE_FAILED"
      ? "bad"
      : state === "BACKTEST_STATE_CANCELLED"
        ? "none"
        : "info";

const moving = (one: Backtest) => one.state === "BACKTEST_STATE_RUNNING" || one.state === "BACKTEST_STATE_QUEUED";
const done_percent = (one: Backtest) => String((one.progress?.doneBps ?? 0) / 100);
const statistic = (value: number | undefined, places = 2) => (value === undefined ? "–" : value.toFixed(places));
const percent = (value: number | undefined) => (value === undefined ? "–" : `${(value * 100).toFixed(1)} %`);
const report_path = (id: string) => `/api/v1${path_at(`/backtests/${encodeURIComponent(id)}/report`)}`;

const columns_of = (t: Words): Column<Backtest>[] => [
  {
    id: "name",
    head: t("backtest.name"),
    header: true,
    order: by_text((one) => one.plan?.name || one.id),
    cell: (one) => <a href={link_to("backtests", one.id)}>{one.plan?.name || one.id}</a>,
  },
  { id: "asked", head: t("backtest.asked"), order: by_text((one) => one.asked ?? ""), cell: (one) => <Moment at={one.asked} /> },
  { id: "who", head: t("who"), cell: (one) => one.who },
  {
    id: "state",
    head: t("state"),
    order: by_text((one) => one.state),
    cell: (one) =>
      one.state === "BACKTEST_STATE_RUNNING" ? (
        <Bar percent={done_percent(one)} />
      ) : (
        <Badge mood={state_mood(one.state)} title={one.error}>
          {t(`backtest.${one.state}`)}
        </Badge>
      ),
  },
  { id: "trades", head: t("page.trades"), number: true, cell: (one) => <Num value={one.summary?.trades} /> },
  {
    id: "profit",
    head: t("profit"),
    number: true,
    order: (a, b) => compare(a.summary?.profit ?? "0", b.summary?.profit ?? "0"),
    cell: (one) => <Signed value={one.summary?.profit} unit={one.summary?.reportingAsset} places={2} />,
  },
  { id: "win", head: t("backtest.win_rate"), number: true, cell: (one) => percent(one.summary?.winRate) },
  { id: "factor", head: t("backtest.profit_factor"), number: true, cell: (one) => statistic(one.summary?.profitFactor) },
  { id: "sharpe", head: "Sharpe", number: true, cell: (one) => statistic(one.summary?.sharpe) },
  {
    id: "drawdown",
    head: t("backtest.deepest"),
    number: true,
    cell: (one) => percent(one.summary?.deepestDrawdown),
  },
  {
    id: "report",
    head: t("backtest.report"),
    cell: (one) =>
      one.state === "BACKTEST_STATE_DONE" ? (
        <a href={report_path(one.id)} target="_blank" rel="noopener noreferrer">
          {t("open")}
        </a>
      ) : (
        ""
      ),
  },
];

function Start() {
  const t = useWords();
  const { why_not } = useSession();
  const [recordings, set_recordings] = useState<Recording[]>();
  const [chosen, set_chosen] = useState<string[]>([]);
  const [name, set_name] = useState("");
  const [pairs, set_pairs] = useState("");
  const [venues, set_venues] = useState("");
  const [fees, set_fees] = useState("");
  const [overrides, set_overrides] = useState("");
  const [faults, set_faults] = useState(false);
  const [reason, set_reason] = useState("");
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);

  useEffect(() => {
    let gone = false;
    api.get<{ recordings: Recording[] }>("/recordings").then(
      (got) => !gone && set_recordings(got.recordings),
      (error: unknown) => {
        if (gone) return;
        set_recordings([]);
        set_problem(error_text(t, error));
      },
    );
    return () => {
      gone = true;
    };
  }, [t]);

  const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);
  const submit = async () => {
    if (chosen.length === 0 || reason.trim() === "") {
      set_problem(t(chosen.length === 0 ? "backtest.choose" : "act.reason_needed"));
      return;
    }
    const set = overrides
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")).trim(), line.slice(line.indexOf("=") + 1).trim()]);
    set_busy(true);
    set_problem("");
    try {
      const plan = {
        name: name.trim() || (chosen[0] ?? ""),
        recordings: chosen,
        pairs: words(pairs),
        venues: words(venues),
        fees: words(fees),
        acceptFaults: faults,
        overrides: Object.fromEntries(set) as Record<string, string>,
      };
      const answer = await api.act<{ backtest?: Backtest }>("/backtests", reason.trim(), { plan }, new_key());
      if (answer.backtest) go("backtests", answer.backtest.id);
    } catch (error) {
      set_problem(error_text(t, error));
    } finally {
      set_busy(false);
    }
  };

  return (
    <Panel title={t("backtest.start")} name="start">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {recordings === undefined ? <Empty>{t("loading")}</Empty> : null}
        {recordings && recordings.length === 0 && !problem ? <Empty>{t("backtest.no_recordings")}</Empty> : null}
        {recordings && recordings.length > 0 ? (
          <Checks
            label={t("backtest.recordings")}
            value={chosen}
            onChange={set_chosen}
            options={recordings.map((one) => ({ value: one.name, text: `${one.name} (${one.form}, ${Math.ceil(Number(one.bytes) / 1024)} KiB)` }))}
          />
        ) : null}
        <div className="row">
          <Field label={t("backtest.name")} value={name} onChange={set_name} maxLength={64} />
          <Field label={t("pairs")} value={pairs} onChange={set_pairs} hint={t("backtest.empty_all")} />
        </div>
        <div className="row">
          <Field label={t("venues")} value={venues} onChange={set_venues} hint={t("backtest.empty_all")} />
          <Field label={t("backtest.fees")} value={fees} onChange={set_fees} hint="kraken=26" />
        </div>
        <Field label={t("backtest.overrides")} value={overrides} onChange={set_overrides} lines={3} hint="strategy.min_edge_bps = 5" />
        <Toggle on={faults} onChange={set_faults}>
          {t("backtest.accept_faults")}
        </Toggle>
        <Field label={t("reason")} name="reason" value={reason} onChange={set_reason} maxLength={63} required />
        {problem ? <Problem>{problem}</Problem> : null}
        <Actions>
          <Button type="submit" tone="primary" busy={busy} why_not={why_not("backtest")}>
            {t("backtest.go")}
          </Button>
        </Actions>
      </form>
    </Panel>
  );
}

function One({ one }: { one: Backtest }) {
  const t = useWords();
  const { why_not } = useSession();
  const [cancelling, set_cancelling] = useState(false);
  const s = one.summary;
  return (
    <Panel
      title={one.plan?.name || one.id}
      name="one"
      wide
      tools={
        <>
          {moving(one) ? (
            <Button why_not={why_not("backtest")} onPress={() => set_cancelling(true)}>
              {t("cancel_run")}
            </Button>
          ) : null}
          <a href={link_to("backtests")}>{t("close")}</a>
        </>
      }
    >
      {one.state === "BACKTEST_STATE_RUNNING" ? (
        <div className="progress" role="status">
          <Bar percent={done_percent(one)} />
          <span className="note">
            {one.progress?.playing ? t("backtest.playing") : t("backtest.looking")} <Moment at={one.progress?.at} /> ·{" "}
            <Num value={one.progress?.eventsPerSecond} unit={t("per_second")} /> · {t("backtest.left")}{" "}
            {show_span(span_ms(one.progress?.left))}
          </span>
        </div>
      ) : null}
      {one.error ? <Problem>{one.error}</Problem> : null}
      <Facts
        facts={[
          [t("state"), <Badge key="s" mood={state_mood(one.state)}>{t(`backtest.${one.state}`)}</Badge>],
          [t("who"), `${one.who}: ${one.reason}`],
          [t("backtest.recordings"), (one.plan?.recordings ?? []).join(", ")],
          [t("pairs"), (one.plan?.pairs ?? []).join(", ") || t("filter.all")],
          s ? [t("backtest.period"), <span key="p"><Moment at={s.from} /> – <Moment at={s.to} /></span>] : null,
          s ? [t("profit"), <Signed key="r" value={s.profit} unit={s.reportingAsset} places={2} />] : null,
          s ? [t("backtest.capital"), <Num key="c" value={s.capital} unit={s.reportingAsset} places={2} />] : null,
          s ? [t("backtest.funnel"), `${s.seen} → ${s.sent} → ${s.completed} / ${s.unwound} / ${s.residual} / ${s.missed}`] : null,
          s ? [t("backtest.win_rate"), percent(s.winRate)] : null,
          s ? [t("backtest.profit_factor"), statistic(s.profitFactor)] : null,
          s ? ["Sharpe / Sortino / Calmar", `${statistic(s.sharpe)} / ${statistic(s.sortino)} / ${statistic(s.calmar)}`] : null,
          s ? [t("backtest.deepest"), percent(s.deepestDrawdown)] : null,
          s ? [t("backtest.in_order"), s.stoppedInOrder ? t("yes") : t("no")] : null,
        ]}
      />
      {(s?.violations ?? []).map((line, n) => (
        <Problem key={n}>{line}</Problem>
      ))}
      {one.state === "BACKTEST_STATE_DONE" ? (
        <Actions>
          <a className="button" href={report_path(one.id)} target="_blank" rel="noopener noreferrer">
            {t("backtest.open_report")}
          </a>
        </Actions>
      ) : null}
      {cancelling ? (
        <ActDialog
          title={t("cancel_run")}
          go={t("cancel_run")}
          path={`/backtests/${encodeURIComponent(one.id)}`}
          method="DELETE"
          onClose={() => set_cancelling(false)}
        />
      ) : null}
    </Panel>
  );
}

export default function Backtests() {
  const t = useWords();
  const { rest } = useRoute();
  const { may } = useSession();
  const view = useTopic("backtests");
  const columns = useMemo(() => columns_of(t), [t]);
  const lines = useMemo(() => lines_of<Backtest>(view), [view]);
  const one = rest[0] === undefined ? undefined : (view.rows.get(rest[0]) as Backtest | undefined);
  return (
    <div className="page backtests">
      {one ? <One key={one.id} one={one} /> : null}
      <Panel title={t("page.backtests")} view={view} name="list" flush>
        <Table
          label={t("page.backtests")}
          columns={columns}
          lines={lines}
          current={rest[0]}
          first_order={{ by: "asked", down: true }}
          empty={view.problem || (view.freshness === "waiting" ? t("loading") : t("backtest.none"))}
        />
      </Panel>
      {may("backtest") ? <Start /> : null}
    </div>
  );
}
