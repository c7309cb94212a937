// What people are told: alerts, seen or not, and the notifier's rules, channels and deliveries.
import { useMemo, useState } from "react";
import { compare } from "../decimal";
import { useTopic } from "../live";
import type { Alert } from "../messages";
import { useSession } from "../session";
import { ActDialog } from "../ui/act";
import { Button, Choice } from "../ui/controls";
import { scope_text } from "../ui/halt";
import { Moment } from "../ui/numbers";
import { Notifier } from "../ui/notifier";
import { Badge, Panel } from "../ui/panel";
import { severity_mood } from "../ui/severity";
import { by_text, type Column, lines_of, Table } from "../ui/table";
import { useWords, type Words } from "../words";

const severities = ["SEVERITY_INFO", "SEVERITY_WARNING", "SEVERITY_CRITICAL", "SEVERITY_EMERGENCY"];

const columns_of = (t: Words, see: (alert: Alert) => void, why: string | undefined): Column<Alert>[] => [
  { id: "number", head: "#", header: true, number: true, order: (a, b) => compare(a.number, b.number), cell: (one) => one.number },
  {
    id: "severity",
    head: t("severity"),
    order: (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
    cell: (one) => <Badge mood={severity_mood(one.severity)}>{t(`severity.${one.severity}`)}</Badge>,
  },
  { id: "code", head: t("alert.code"), order: by_text((one) => one.code), cell: (one) => one.code },
  { id: "scope", head: t("scope"), cell: (one) => scope_text(one.scope, t("everywhere")) },
  { id: "subject", head: t("alert.subject"), cell: (one) => one.subject },
  { id: "message", head: t("alert.message"), cell: (one) => <span className="long">{one.message}</span> },
  { id: "first", head: t("alert.first"), cell: (one) => <Moment at={one.first} /> },
  { id: "times", head: t("alert.times"), number: true, cell: (one) => one.times },
  {
    id: "state",
    head: t("state"),
    cell: (one) =>
      !one.open ? (
        <span className="note">
          {t("alert.over")} {one.endedBy}
        </span>
      ) : one.acknowledged?.at ? (
        <Badge mood="info" title={one.acknowledged.reason}>
          {t("alert.seen", { who: one.acknowledged.who })}
        </Badge>
      ) : (
        <Button tone="quiet" why_not={why} onPress={() => see(one)} label={t("alert.see_of", { number: one.number })}>
          {t("alert.see")}
        </Button>
      ),
  },
];

function Alerts() {
  const t = useWords();
  const { why_not } = useSession();
  const view = useTopic("alerts");
  const [which, set_which] = useState("open");
  const [seeing, set_seeing] = useState<Alert>();
  const why = why_not("acknowledge");
  const columns = useMemo(() => columns_of(t, set_seeing, why), [t, why]);
  const lines = useMemo(() => lines_of<Alert>(view, (one) => which === "all" || one.open), [view, which]);
  return (
    <Panel
      title={t("alerts")}
      view={view}
      name="alerts"
      flush
      wide
      tools={
        <Choice
          quiet
          label={t("alerts.which")}
          value={which}
          options={[
            { value: "open", text: t("alerts.open_only") },
            { value: "all", text: t("filter.all") },
          ]}
          onChange={set_which}
        />
      }
    >
      <Table
        label={t("alerts")}
        columns={columns}
        lines={lines}
        first_order={{ by: "number", down: true }}
        empty={view.freshness === "waiting" ? t("loading") : t("alerts.none")}
      />
      {seeing ? (
        <ActDialog
          title={t("alert.see_of", { number: seeing.number })}
          go={t("alert.see")}
          path={`/alerts/${encodeURIComponent(seeing.number)}/acknowledge`}
          before={`${seeing.code} ${seeing.subject}: ${seeing.message}`}
          onClose={() => set_seeing(undefined)}
        />
      ) : null}
    </Panel>
  );
}

export default function Notifications() {
  return (
    <div className="page notifications">
      <Alerts />
      <Notifier />
    </div>
  );
}
