// The notifier: rules in force, channels with a test, deliveries with each attempt and the answer to it.
import { type ReactNode, useMemo, useState } from "react";
import { compare, sign } from "../decimal";
import type { Delivery, DeliveryDetail, DeliveryState, NoticeChannel, NoticeRule, NotifierState } from "../messages";
import { useSession } from "../session";
import { show_span, span_ms } from "../time";
import { useWords, type Words } from "../words";
import { ActDialog } from "./act";
import { useAsked } from "./asked";
import { Actions, Button, Choice, Dialog } from "./controls";
import { Moment, Num } from "./numbers";
import { Badge, Empty, type Mood, Panel, Problem } from "./panel";
import { severity_mood } from "./severity";
import { by_text, type Column, Table } from "./table";

const listed = (t: Words, all: string[]) => (all.length === 0 ? t("filter.all") : all.join(", "));

const when_of = (t: Words, rule: NoticeRule): ReactNode => {
  const digest = rule.digest === "daily" ? `${t("rule.daily")} ${rule.dailyAt} ${rule.zone}` : t.named("rule", rule.digest);
  const quiet = rule.quiet ? ` · ${t("rule.quiet", { hours: rule.quiet, zone: rule.zone })}` : "";
  return digest + quiet;
};

const rule_columns = (t: Words): Column<NoticeRule>[] => [
  { id: "name", head: t("rule"), header: true, order: by_text((one) => one.name), cell: (one) => one.name },
  {
    id: "which",
    head: t("rule.which"),
    cell: (one) => (
      <>
        <Badge mood={severity_mood(one.atLeast)}>≥ {t(`severity.${one.atLeast}`)}</Badge>{" "}
        <span className="long note">
          {listed(t, one.categories)} · {listed(t, one.scopes)} · {listed(t, one.sources)}
        </span>
      </>
    ),
  },
  { id: "who", head: t("rule.channels"), cell: (one) => one.channels.join(", ") },
  { id: "when", head: t("rule.when"), cell: (one) => <span className="long">{when_of(t, one)}</span> },
  {
    id: "escalate",
    head: t("rule.escalate"),
    cell: (one) =>
      one.escalateAfter ? `${show_span(span_ms(one.escalateAfter))} → ${[...one.channels, ...one.escalateTo].join(", ")}` : t("rule.never"),
  },
  { id: "clear", head: t("rule.all_clear"), cell: (one) => (one.allClear ? t("yes") : t("no")) },
];

const channel_columns = (t: Words, test: (name: string) => void, why: string | undefined): Column<NoticeChannel>[] => [
  { id: "name", head: t("channel"), header: true, order: by_text((one) => one.name), cell: (one) => one.name },
  { id: "kind", head: t("channel.kind"), cell: (one) => one.kind },
  {
    id: "state",
    head: t("state"),
    cell: (one) => <Badge mood={one.breaker === "closed" ? "good" : "bad"}>{one.breaker === "closed" ? t("up") : one.breaker}</Badge>,
  },
  { id: "waiting", head: t("channel.waiting"), number: true, cell: (one) => <Num value={one.waiting} /> },
  { id: "delivered", head: t("channel.delivered"), number: true, cell: (one) => <Num value={one.delivered} /> },
  {
    id: "dead",
    head: t("channel.dead"),
    number: true,
    cell: (one) => (sign(one.dead) > 0 ? <Badge mood="bad">{one.dead}</Badge> : <Num value={one.dead} />),
  },
  { id: "failure", head: t("channel.last_failure"), cell: (one) => <span className="long note">{one.lastFailure || "–"}</span> },
  {
    id: "test",
    head: t("channel.test"),
    cell: (one) => (
      <Button tone="quiet" why_not={why} onPress={() => test(one.name)} label={t("channel.test_of", { name: one.name })}>
        {t("channel.test")}
      </Button>
    ),
  },
];

const state_mood = (state: DeliveryState): Mood =>
  state === "DELIVERY_STATE_DELIVERED" ? "good" : state === "DELIVERY_STATE_DEAD" ? "bad" : "info";

const delivery_columns = (t: Words, look: (number: string) => void): Column<Delivery>[] => [
  {
    id: "number",
    head: "#",
    header: true,
    number: true,
    order: (a, b) => compare(a.number, b.number),
    cell: (one) => (
      <button type="button" className="link" onClick={() => look(one.number)}>
        {one.number}
      </button>
    ),
  },
  { id: "made", head: t("when"), cell: (one) => <Moment at={one.made} /> },
  { id: "channel", head: t("channel"), order: by_text((one) => one.channel), cell: (one) => one.channel },
  { id: "rule", head: t("rule"), order: by_text((one) => one.rule), cell: (one) => one.rule },
  { id: "severity", head: t("severity"), cell: (one) => <Badge mood={severity_mood(one.severity)}>{t(`severity.${one.severity}`)}</Badge> },
  { id: "title", head: t("alert.message"), cell: (one) => <span className="long">{one.title}</span> },
  { id: "state", head: t("state"), cell: (one) => <Badge mood={state_mood(one.state)}>{t(`delivery.${one.state}`)}</Badge> },
  { id: "attempts", head: t("delivery.attempts"), number: true, cell: (one) => one.attempts },
  { id: "reason", head: t("reason"), cell: (one) => <span className="long note">{one.reason}</span> },
];

function DeliveryDialog({ number, onClose }: { number: string; onClose: () => void }) {
  const t = useWords();
  const { why_not } = useSession();
  const [retrying, set_retrying] = useState(false);
  const path = `/notifications/deliveries/${encodeURIComponent(number)}`;
  const { got, problem } = useAsked<DeliveryDetail>(path);
  if (retrying) {
    return <ActDialog title={t("delivery.retry_of", { number })} go={t("delivery.retry")} path={`${path}/retry`} onClose={onClose} />;
  }
  return (
    <Dialog title={t("delivery.of", { number })} onClose={onClose} wide>
      {problem ? <Problem>{problem}</Problem> : null}
      <ul className="checks-list">
        {(got?.hits ?? []).map((hit) => (
          <li key={hit.key}>
            <Badge mood="info">{hit.kind}</Badge>
            <span className="alert-text">{hit.message}</span>
          </li>
        ))}
      </ul>
      <ul className="checks-list">
        {(got?.tried ?? []).map((attempt) => (
          <li key={attempt.number}>
            <Moment at={attempt.began} />
            <Badge mood={attempt.outcome === "accepted" ? "good" : "warn"}>{attempt.outcome}</Badge>
            <span className="alert-text">{attempt.answer}</span>
          </li>
        ))}
      </ul>
      {got?.delivery?.state === "DELIVERY_STATE_DEAD" ? (
        <Actions>
          <Button why_not={why_not("notify")} onPress={() => set_retrying(true)}>
            {t("delivery.retry")}
          </Button>
        </Actions>
      ) : null}
    </Dialog>
  );
}

const states: DeliveryState[] = ["DELIVERY_STATE_WAITING", "DELIVERY_STATE_TRYING", "DELIVERY_STATE_DELIVERED", "DELIVERY_STATE_DEAD"];

function Deliveries() {
  const t = useWords();
  const [state, set_state] = useState("");
  const [looked_at, set_looked_at] = useState<string>();
  const { got, problem } = useAsked<{ deliveries: Delivery[] }>("/notifications/deliveries", { last: 200, ...(state ? { state } : {}) });
  const columns = useMemo(() => delivery_columns(t, set_looked_at), [t]);
  const lines = useMemo(() => (got?.deliveries ?? []).map((row) => ({ key: row.number, row })), [got]);
  return (
    <Panel
      title={t("deliveries")}
      name="deliveries"
      flush
      wide
      tools={
        <Choice
          quiet
          label={t("state")}
          value={state || "all"}
          options={[{ value: "all", text: t("filter.all") }, ...states.map((value) => ({ value, text: t(`delivery.${value}`) }))]}
          onChange={(value) => set_state(value === "all" ? "" : value)}
        />
      }
    >
      {problem ? <Problem>{problem}</Problem> : null}
      <Table label={t("deliveries")} columns={columns} lines={lines} empty={t("deliveries.none")} />
      {looked_at === undefined ? null : <DeliveryDialog number={looked_at} onClose={() => set_looked_at(undefined)} />}
    </Panel>
  );
}

export function Notifier() {
  const t = useWords();
  const { why_not } = useSession();
  const { got: notifier, problem } = useAsked<NotifierState>("/notifications");
  const { got: rules } = useAsked<{ rules: NoticeRule[] }>("/notifications/rules");
  const { got: channels, again } = useAsked<{ channels: NoticeChannel[] }>("/notifications/channels");
  const [testing, set_testing] = useState<string>();
  const why = why_not("notify");
  const columns = useMemo(() => [rule_columns(t), channel_columns(t, set_testing, why)] as const, [t, why]);
  const rule_lines = useMemo(() => (rules?.rules ?? []).map((row) => ({ key: row.name, row })), [rules]);
  const channel_lines = useMemo(() => (channels?.channels ?? []).map((row) => ({ key: row.name, row })), [channels]);
  if (!notifier) {
    return (
      <Panel title={t("notifier")} name="notifier" wide>
        <Empty>{problem ? `${t("notifier.away")} ${problem}` : t("loading")}</Empty>
      </Panel>
    );
  }
  return (
    <>
      {notifier.redisUp ? null : <Problem>{t("notifier.deaf")}</Problem>}
      <Panel title={t("rules")} name="rules" flush wide tools={<span className="note">{t("rules.hint")}</span>}>
        <Table label={t("rules")} columns={columns[0]} lines={rule_lines} empty={t("rules.none")} />
      </Panel>
      <Panel title={t("channels")} name="channels" flush wide>
        <Table label={t("channels")} columns={columns[1]} lines={channel_lines} empty={t("channels.none")} />
        {testing === undefined ? null : (
          <ActDialog
            title={t("channel.test_of", { name: testing })}
            go={t("channel.test")}
            path={`/notifications/channels/${encodeURIComponent(testing)}/test`}
            onClose={() => {
              set_testing(undefined);
              again();
            }}
          />
        )}
      </Panel>
      <Deliveries />
    </>
  );
}
