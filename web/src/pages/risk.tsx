// What may be lost, what is held up and by whom, and what people may do about it.
import { useMemo, useState } from "react";
import { compare, for_plot } from "../decimal";
import { rows_of, useRow, useTopic } from "../live";
import type { Approval, Exposure, Hold, Limit, LimitEffect, Position, Positions, ProfitPeriod, Scope } from "../messages";
import { useSession } from "../session";
import { ActDialog } from "../ui/act";
import { useAsked } from "../ui/asked";
import { Button, Choice, Field, Toggle } from "../ui/controls";
import { HaltDialog, ResumeDialog, scope_text } from "../ui/halt";
import { Age, Moment, Num, Signed } from "../ui/numbers";
import { Badge, Bar, Empty, Facts, type Mood, Panel, Tile } from "../ui/panel";
import { by_text, type Column, lines_of, Table } from "../ui/table";
import { state_mood } from "../ui/top_bar";
import { useWords, type Words } from "../words";

const level_mood = (level: Limit["level"]): Mood =>
  level === "LIMIT_LEVEL_HARD" ? "bad" : level === "LIMIT_LEVEL_WARNING" ? "warn" : level === "LIMIT_LEVEL_WELL" ? "good" : "none";

function Holds() {
  const t = useWords();
  const { why_not } = useSession();
  const { row: risk, view } = useRow("risk");
  const [halting, set_halting] = useState(false);
  const [resuming, set_resuming] = useState<Scope>();
  return (
    <Panel
      title={t("holds")}
      view={view}
      name="holds"
      tools={
        <Button tone="danger" why_not={why_not("halt")} onPress={() => set_halting(true)}>
          <span aria-hidden="true" className="stop" />
          {t("halt.go")}
        </Button>
      }
    >
      {risk ? (
        <Facts
          facts={[
            [t("state"), <Badge key="s" mood={state_mood(risk.state)}>{t(`state.${risk.state}`)}</Badge>],
            [t("reconciled"), risk.reconciled ? t("yes") : t("no")],
            risk.lease
              ? [
                  t("lease"),
                  <span key="l">
                    <Badge mood={risk.lease.live ? "good" : "bad"}>{risk.lease.live ? t("lease.live") : t("lease.over")}</Badge>{" "}
                    <Age span={risk.lease.left} from={view.arrived.get("risk")} down />
                  </span>,
                ]
              : null,
          ]}
        />
      ) : null}
      {risk && risk.holds.length === 0 ? <Empty>{t("holds.none")}</Empty> : null}
      <ul className="hold-list">
        {(risk?.holds ?? []).map((hold: Hold, n) => (
          <li key={n}>
            <Badge mood={state_mood(hold.state)}>{t(`state.${hold.state}`)}</Badge>
            <span className="hold-what">
              <strong>{scope_text(hold.scope, t("everywhere"))}</strong>
              <span className="note">
                {hold.limit ? t("hold.limit", { limit: hold.limit }) : t("hold.by", { by: t.named("by", hold.by) })}
                {hold.resolving ? ` · ${t("hold.resolving")}` : ""}
                {hold.flatten ? ` · ${t("hold.flatten")}` : ""}
              </span>
            </span>
            <Button why_not={why_not("resume")} onPress={() => set_resuming(hold.scope ?? {})}>
              {t("resume.go")}
            </Button>
          </li>
        ))}
      </ul>
      {halting ? <HaltDialog onClose={() => set_halting(false)} /> : null}
      {resuming ? <ResumeDialog scope={resuming} onClose={() => set_resuming(undefined)} /> : null}
    </Panel>
  );
}

function Approvals() {
  const t = useWords();
  const { session } = useSession();
  const view = useTopic("approvals");
  const [deciding, set_deciding] = useState<{ approval: Approval; how: "approve" | "refuse" }>();
  const all = rows_of<Approval>(view).sort((a, b) => ((a.at ?? "") < (b.at ?? "") ? 1 : -1));
  return (
    <Panel title={t("approvals")} view={view} name="approvals">
      {all.length === 0 ? <Empty>{t("approvals.none")}</Empty> : null}
      <ul className="hold-list">
        {all.slice(0, 20).map((one) => (
          <li key={one.id}>
            <Badge mood={one.state === "waiting" ? "warn" : one.state === "done" ? "good" : "none"}>{t(`approval.${one.state}`)}</Badge>
            <span className="hold-what">
              <strong>{one.summary || one.what}</strong>
              <span className="note">
                {t("approval.asked", { by: one.by, reason: one.reason })} <Moment at={one.at} />
                {one.decidedBy ? ` · ${t("approval.decided", { by: one.decidedBy })}` : ""}
              </span>
            </span>
            {one.state === "waiting" ? (
              <span className="row">
                <Button
                  why_not={one.by === session?.name ? t("approval.own") : undefined}
                  onPress={() => set_deciding({ approval: one, how: "approve" })}
                >
                  {t("approve")}
                </Button>
                <Button onPress={() => set_deciding({ approval: one, how: "refuse" })}>{t("refuse")}</Button>
              </span>
            ) : null}
          </li>
        ))}
      </ul>
      {deciding ? (
        <ApprovalDialog approval={deciding.approval} how={deciding.how} onClose={() => set_deciding(undefined)} />
      ) : null}
    </Panel>
  );
}

function ApprovalDialog({ approval, how, onClose }: { approval: Approval; how: "approve" | "refuse"; onClose: () => void }) {
  const t = useWords();
  return (
    <ActDialog
      title={t(how === "approve" ? "approval.approve" : "approval.refuse")}
      go={t(how)}
      danger={how === "approve"}
      path={`/approvals/${encodeURIComponent(approval.id)}/${how}`}
      reason_outside
      before={`${approval.summary || approval.what}. ${t("approval.asked", { by: approval.by, reason: approval.reason })}`}
      onClose={onClose}
    />
  );
}

const limit_columns = (t: Words, change: ((limit: Limit) => void) | undefined, why: string | undefined): Column<Limit>[] => [
  {
    id: "name",
    head: t("limit"),
    header: true,
    order: by_text((one) => one.name),
    cell: (one) => (
      <span title={t.named("limit", one.name)}>
        {one.name}
        {one.changed ? <span className="note"> · {t("limit.changed")}</span> : null}
      </span>
    ),
  },
  { id: "scope", head: t("scope"), cell: (one) => scope_text(one.scope, t("everywhere")) },
  {
    id: "level",
    head: t("level"),
    order: by_text((one) => one.level),
    cell: (one) => <Badge mood={level_mood(one.level)}>{t(`level.${one.level}`)}</Badge>,
  },
  {
    id: "used",
    head: t("limit.used"),
    order: (a, b) => compare(a.usedPercent ?? "-1", b.usedPercent ?? "-1"),
    cell: (one) => <Bar percent={one.usedPercent} mood={level_mood(one.level)} />,
  },
  { id: "value", head: t("limit.now"), number: true, cell: (one) => <Num value={one.value} most={4} /> },
  { id: "warn", head: t("limit.warn"), number: true, cell: (one) => <Num value={one.warn} most={4} /> },
  { id: "hard", head: t("limit.hard"), number: true, cell: (one) => <Num value={one.hard} most={4} unit={one.unit} /> },
  { id: "effect", head: t("limit.effect"), cell: (one) => t(`effect.${one.effect}`) },
  {
    id: "share",
    head: t("limit.share"),
    number: true,
    hint: t("limit.share.hint"),
    cell: (one) => <Num value={one.share ?? one.promised} most={4} />,
  },
  {
    id: "change",
    head: t("change"),
    cell: (one) => (
      <Button tone="quiet" why_not={why} onPress={() => change?.(one)} label={t("limit.change", { name: one.name })}>
        {t("change")}
      </Button>
    ),
  },
];

const effects: LimitEffect[] = ["LIMIT_EFFECT_UNSPECIFIED", "LIMIT_EFFECT_REFUSES", "LIMIT_EFFECT_REDUCE_ONLY", "LIMIT_EFFECT_HALTS"];

function LimitDialog({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const t = useWords();
  const [hard, set_hard] = useState(limit.hard);
  const [warn, set_warn] = useState(limit.warn ?? "");
  const [effect, set_effect] = useState<LimitEffect>(limit.effect);
  const [back, set_back] = useState(false);
  const amount = /^\d+(\.\d+)?$/;
  const ready = back || (amount.test(hard.trim()) && (warn.trim() === "" || amount.test(warn.trim())));
  return (
    <ActDialog
      title={t("limit.change", { name: limit.name })}
      go={t("limit.set")}
      path="/limits"
      ready={ready}
      not_ready={t("limit.not_amount")}
      before={`${t.named("limit", limit.name)} (${scope_text(limit.scope, t("everywhere"))})`}
      body={() =>
        back
          ? { name: limit.name, scope: limit.scope ?? {}, takeBack: true }
          : {
              name: limit.name,
              scope: limit.scope ?? {},
              hard: hard.trim(),
              ...(warn.trim() ? { warn: warn.trim() } : {}),
              effect,
            }
      }
      onClose={onClose}
    >
      <div className="row">
        <Field label={`${t("limit.hard")} (${limit.unit})`} value={hard} onChange={set_hard} inputMode="decimal" />
        <Field label={t("limit.warn")} value={warn} onChange={set_warn} inputMode="decimal" />
      </div>
      <Choice
        label={t("limit.effect")}
        value={effect}
        options={effects.map((value) => ({ value, text: t(`effect.${value}`) }))}
        onChange={(value) => set_effect(value as LimitEffect)}
      />
      <Toggle on={back} onChange={set_back}>
        {t("limit.back")}
      </Toggle>
    </ActDialog>
  );
}

function Limits() {
  const t = useWords();
  const { why_not } = useSession();
  const view = useTopic("limits");
  const [changing, set_changing] = useState<Limit>();
  const why = why_not("limits");
  const columns = useMemo(() => limit_columns(t, set_changing, why), [t, why]);
  const lines = useMemo(() => lines_of<Limit>(view), [view]);
  return (
    <Panel title={t("limits")} view={view} name="limits" flush wide>
      <Table
        label={t("limits")}
        columns={columns}
        lines={lines}
        first_order={{ by: "name", down: false }}
        empty={view.freshness === "waiting" ? t("loading") : t("limits.none")}
      />
      {changing ? <LimitDialog limit={changing} onClose={() => set_changing(undefined)} /> : null}
    </Panel>
  );
}

const exposure_columns = (t: Words): Column<Exposure>[] => [
  { id: "asset", head: t("asset"), header: true, order: by_text((one) => one.asset), cell: (one) => one.asset },
  { id: "held", head: t("exposure.held"), number: true, cell: (one) => <Num value={one.held} most={6} /> },
  { id: "worth", head: t("worth"), number: true, cell: (one) => <Num value={one.worth} places={2} /> },
  { id: "change", head: t("exposure.change"), number: true, cell: (one) => <Signed value={one.change} most={8} mark={false} /> },
  {
    id: "change_worth",
    head: t("exposure.change_worth"),
    number: true,
    order: (a, b) => compare(a.changeWorth ?? "0", b.changeWorth ?? "0"),
    cell: (one) => <Signed value={one.changeWorth} places={2} />,
  },
];

const position_columns = (t: Words): Column<Position>[] => [
  { id: "where", head: t("venue"), header: true, order: by_text((one) => one.venue + one.asset), cell: (one) => one.venue },
  { id: "asset", head: t("asset"), order: by_text((one) => one.asset + one.venue), cell: (one) => one.asset },
  { id: "held", head: t("exposure.held"), number: true, cell: (one) => <Num value={one.held} most={8} /> },
  { id: "mark", head: t("mark"), number: true, cell: (one) => <Num value={one.mark} most={6} /> },
  { id: "worth", head: t("worth"), number: true, cell: (one) => <Num value={one.worth} places={2} /> },
  {
    id: "fresh",
    head: t("mark.age"),
    number: true,
    cell: (one, told) => (one.fresh ? t("mark.fresh") : <Age span={one.markAge} from={told} />),
  },
];

function Measures() {
  const t = useWords();
  const { got: positions } = useAsked<Positions>("/positions");
  const limits = rows_of<Limit>(useTopic("limits"));
  const { row: pnl } = useRow("pnl");
  const asset = positions?.reportingAsset ?? pnl?.reportingAsset;
  const at_risk = limits.filter((one) => one.name === "value_at_risk");
  return (
    <div className="tiles">
      <Tile name={t("equity")}>
        <Num value={positions?.equity} unit={asset} places={2} />
      </Tile>
      <Tile name={t("exposure.gross")}>
        <Num value={positions?.gross} unit={asset} places={2} />
      </Tile>
      <Tile name={t("exposure.net")}>
        <Signed value={positions?.net} unit={asset} places={2} />
      </Tile>
      <Tile name={t("drawdown")}>
        <Num value={pnl?.drawdown} unit={asset} places={2} />
      </Tile>
      {at_risk.map((one) => (
        <Tile key="var" name={t("value_at_risk")} below={<>{t("limit.hard")} <Num value={one.hard} places={0} /></>}>
          <Num value={one.value} unit={asset} places={2} />
        </Tile>
      ))}
      {positions && positions.unmarked > 0 ? (
        <Tile name={t("exposure.unmarked")}>
          <span className="num">{positions.unmarked}</span>
        </Tile>
      ) : null}
    </div>
  );
}

const kinds = ["DAY", "WEEK", "MONTH", "EVER"] as const;

function Periods() {
  const t = useWords();
  const { row: pnl, view } = useRow("pnl");
  const periods = kinds
    .map((kind) => pnl?.periods.find((period) => period.kind === kind))
    .filter((period): period is ProfitPeriod => period !== undefined);
  const names = (pick: "venues" | "assets" | "strategies") => [
    ...new Set(periods.flatMap((period) => period[pick].map((line) => line.name))),
  ];
  const line = (name: string, value: (period: ProfitPeriod) => string | undefined, strong = false) => (
    <tr key={name} className={strong ? "strong" : undefined}>
      <th scope="row">{name}</th>
      {periods.map((period) => (
        <td key={period.kind} className="number">
          <Signed value={value(period)} places={2} mark={strong} />
        </td>
      ))}
    </tr>
  );
  return (
    <Panel title={t("pnl.periods", { asset: pnl?.reportingAsset ?? "" })} view={view} name="periods" flush>
      {periods.length === 0 ? (
        <Empty>{t("loading")}</Empty>
      ) : (
        <div className="table-scroll" role="region" aria-label={t("pnl.periods", { asset: "" })} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">UTC</th>
                {periods.map((period) => (
                  <th scope="col" className="number" key={period.kind}>
                    {t(`period.${period.kind as (typeof kinds)[number]}`)} {period.label}
                    {period.complete ? "" : ` (${t("pnl.incomplete")})`}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {line(t("pnl.total"), (period) => period.profit?.total, true)}
              {line(t("pnl.realised"), (period) => period.profit?.realised)}
              {line(t("pnl.unrealised"), (period) => period.profit?.unrealised)}
              <tr>
                <th scope="row">{t("page.trades")}</th>
                {periods.map((period) => (
                  <td key={period.kind} className="number">
                    <Num value={period.profit?.trades} />
                  </td>
                ))}
              </tr>
              {(["venues", "assets", "strategies"] as const).flatMap((group) =>
                names(group).map((name) =>
                  line(`${t(`pnl.by.${group}`)} ${name}`, (period) => period[group].find((one) => one.name === name)?.profit?.total),
                ),
              )}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

export default function Risk() {
  const t = useWords();
  const exposures = useTopic("exposures");
  const positions = useTopic("positions");
  const columns = useMemo(() => [exposure_columns(t), position_columns(t)] as const, [t]);
  const exposure_lines = useMemo(() => lines_of<Exposure>(exposures), [exposures]);
  const position_lines = useMemo(() => lines_of<Position>(positions, (one) => for_plot(one.held) !== 0), [positions]);
  return (
    <div className="page risk">
      <Measures />
      <Holds />
      <Approvals />
      <Limits />
      <Periods />
      <Panel title={t("exposures")} view={exposures} name="exposures" flush>
        <Table label={t("exposures")} columns={columns[0]} lines={exposure_lines} empty={t("loading")} first_order={{ by: "asset", down: false }} />
      </Panel>
      <Panel title={t("positions")} view={positions} name="positions" flush>
        <Table label={t("positions")} columns={columns[1]} lines={position_lines} empty={t("loading")} first_order={{ by: "asset", down: false }} />
      </Panel>
    </div>
  );
}
