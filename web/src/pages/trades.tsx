// Trades that are open and that are over; one of them as a timeline, from the books it saw to where its money went.
import { useEffect, useMemo, useState } from "react";
import { api } from "../api";
import { compare } from "../decimal";
import { useTopic } from "../live";
import type { ExecutionMessage, OpenTrade } from "../messages";
import { link_to, useRoute } from "../route";
import { error_text } from "../session";
import { show_offset } from "../time";
import { read_trade, type Trade, type TradeSide } from "../trade";
import { Choice, Field } from "../ui/controls";
import { Age, Moment, Num, Signed } from "../ui/numbers";
import { Badge, book_mood, Empty, Facts, outcome_mood, Panel, Problem } from "../ui/panel";
import { by_text, type Column, lines_of, Table } from "../ui/table";
import { Gantt, Waterfall } from "../ui/trade_plots";
import { useWords, type Words } from "../words";

const base_of = (pair: string) => pair.split("/")[0];
const quote_of = (pair: string | undefined) => pair?.split("/")[1];

const open_columns = (t: Words): Column<OpenTrade>[] => [
  {
    id: "trade",
    head: t("trade"),
    header: true,
    cell: (one) => <a href={link_to("trades", one.trade)}>{one.trade}</a>,
  },
  { id: "pair", head: t("pair"), cell: (one) => one.pair },
  { id: "route", head: t("route"), cell: (one) => `${one.buyVenue || "–"} → ${one.sellVenue || "–"}` },
  { id: "quantity", head: t("quantity"), number: true, cell: (one) => <Num value={one.quantity} unit={base_of(one.pair)} /> },
  { id: "net", head: t("trade.net_base"), number: true, cell: (one) => <Signed value={one.netBase} unit={base_of(one.pair)} /> },
  { id: "unwinds", head: t("trade.unwinds"), number: true, cell: (one) => one.unwindAttempts },
  { id: "age", head: t("age"), number: true, cell: (one, told) => <Age span={one.opened} from={told} /> },
];

const over_columns = (t: Words): Column<ExecutionMessage>[] => [
  {
    id: "number",
    head: t("trade"),
    header: true,
    order: (a, b) => compare(a.number, b.number),
    cell: (one) => <a href={link_to("trades", one.execution?.execution ?? "")}>{one.execution?.execution}</a>,
  },
  { id: "pair", head: t("pair"), order: by_text((one) => one.execution?.pair ?? ""), cell: (one) => one.execution?.pair },
  {
    id: "outcome",
    head: t("outcome"),
    order: by_text((one) => one.execution?.outcome ?? ""),
    cell: (one) => (
      <Badge mood={outcome_mood(one.execution?.outcome ?? "")} title={t.named("outcome", one.execution?.outcome ?? "")}>
        {one.execution?.outcome}
      </Badge>
    ),
  },
  { id: "at", head: t("trade.over"), minor: true, cell: (one) => <Moment at={one.at} /> },
  { id: "bought", head: t("bought"), number: true, minor: true, cell: (one) => <Num value={one.execution?.bought} /> },
  { id: "sold", head: t("sold"), number: true, minor: true, cell: (one) => <Num value={one.execution?.sold} /> },
  { id: "residual", head: t("residual"), number: true, minor: true, cell: (one) => <Signed value={one.execution?.residual} mark={false} /> },
  {
    id: "realised",
    head: t("pnl.realised"),
    number: true,
    order: (a, b) => compare(a.execution?.realised ?? "0", b.execution?.realised ?? "0"),
    cell: (one) => <Signed value={one.execution?.realised} unit={quote_of(one.execution?.pair)} most={8} />,
  },
];

function List({ current }: { current: string | undefined }) {
  const t = useWords();
  const open = useTopic("trades");
  const over = useTopic("executions");
  const [wanted, set_wanted] = useState("");
  const [outcome, set_outcome] = useState("all");
  const columns = useMemo(() => [open_columns(t), over_columns(t)] as const, [t]);
  const open_lines = useMemo(() => lines_of<OpenTrade>(open), [open]);
  const over_lines = useMemo(
    () =>
      lines_of<ExecutionMessage>(over, (one) => {
        const text = `${one.execution?.pair} ${one.execution?.execution}`.toLowerCase();
        return text.includes(wanted.trim().toLowerCase()) && (outcome === "all" || one.execution?.outcome === outcome);
      }).map((line) => ({ ...line, key: line.row.execution?.execution ?? line.key })),
    [over, wanted, outcome],
  );
  const outcomes = ["completed", "unwound", "residual", "missed", "handed_over"];
  return (
    <>
      <Panel title={t("trades.open")} view={open} name="open" flush>
        <Table label={t("trades.open")} columns={columns[0]} lines={open_lines} current={current} empty={t("trades.none_open")} />
      </Panel>
      <Panel
        title={t("trades.over")}
        view={over}
        name="over"
        flush
        tools={
          <>
            <div className="filter">
              <Field label={t("filter")} value={wanted} onChange={set_wanted} />
            </div>
            <Choice
              quiet
              label={t("outcome")}
              value={outcome}
              options={[{ value: "all", text: t("filter.all") }, ...outcomes.map((value) => ({ value, text: value }))]}
              onChange={set_outcome}
            />
          </>
        }
      >
        <Table
          label={t("trades.over")}
          columns={columns[1]}
          lines={over_lines}
          current={current}
          first_order={{ by: "number", down: true }}
          row_px={27}
          empty={over.freshness === "waiting" ? t("loading") : t("trades.none")}
        />
      </Panel>
    </>
  );
}

function Side({ title, side, base }: { title: string; side: TradeSide; base: string | undefined }) {
  const t = useWords();
  return (
    <div className="seen-side">
      <h3>
        {title} {side.venue} <Badge mood={book_mood(side.state)}>{side.state}</Badge>
      </h3>
      <p className="note">
        {t("trade.book_age")} {side.ageUs === "" ? "–" : show_offset(Number(side.ageUs))} · {t("trade.takes")}{" "}
        <Num value={side.quantity} unit={base} /> {t("trade.for")} <Num value={side.notional} unit={side.quote} />
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col" className="number">
              {t("price")}
            </th>
            <th scope="col" className="number">
              {t("quantity")}
            </th>
          </tr>
        </thead>
        <tbody>
          {side.levels.map(([price, quantity]) => (
            <tr key={price}>
              <td className="number">
                <Num value={price} />
              </td>
              <td className="number">
                <Num value={quantity} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Orders({ trade }: { trade: Trade }) {
  const t = useWords();
  return (
    <Panel title={t("trade.legs")} name="legs" flush>
      <div className="table-scroll" role="region" aria-label={t("trade.legs")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">{t("venue")}</th>
              <th scope="col">{t("side")}</th>
              <th scope="col">{t("state")}</th>
              <th scope="col" className="number">
                {t("limit.price")}
              </th>
              <th scope="col" className="number">
                {t("quantity")}
              </th>
              <th scope="col" className="number">
                {t("filled")}
              </th>
              {(["written", "acked", "first_fill", "ended"] as const).map((name) => (
                <th scope="col" className="number" key={name}>
                  {t(`moment.${name}`)}
                </th>
              ))}
              <th scope="col">{t("order")}</th>
            </tr>
          </thead>
          <tbody>
            {trade.orders.map((order, n) => (
              <tr key={order.order}>
                <th scope="row">{n + 1}</th>
                <td>{order.venue}</td>
                <td>
                  {order.side}
                  {order.unwind ? ` · ${t("unwind")}` : ""}
                </td>
                <td>
                  {order.state}
                  {order.rejected ? ` · ${order.rejected}` : ""}
                </td>
                <td className="number">
                  <Num value={order.limit} />
                </td>
                <td className="number">
                  <Num value={order.quantity} />
                </td>
                <td className="number">
                  <Num value={order.filled} />
                </td>
                {(["written", "acked", "first_fill", "ended"] as const).map((name) => {
                  const moment = order.moments.find((one) => one.name === name);
                  return (
                    <td className="number" key={name}>
                      {show_offset(moment?.us)}
                    </td>
                  );
                })}
                <td>
                  <code>{order.order}</code> <span className="note">{order.venueOrderId}</span>
                </td>
              </tr>
            ))}
            {trade.orders.flatMap((order, n) =>
              order.fills.map((fill, m) => (
                <tr key={`${order.order} ${m}`} className="fill-line">
                  <td />
                  <td colSpan={3}>{t("trade.fill_of", { number: n + 1 })}</td>
                  <td className="number">
                    <Num value={fill.price} />
                  </td>
                  <td className="number">
                    <Num value={fill.quantity} />
                  </td>
                  <td className="number" colSpan={2}>
                    {t("fee")} <Num value={fill.fee} unit={fill.feeAsset} />
                  </td>
                  <td className="number" colSpan={2}>
                    {show_offset(fill.bookedUs)}
                  </td>
                  <td />
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

const amounts = (all: [string, string][]) =>
  all.length === 0
    ? "–"
    : all.map(([asset, amount]) => (
        <div key={asset}>
          <Num value={amount} most={8} unit={asset} />
        </div>
      ));

const tries_most = 4;

function Detail({ id }: { id: string }) {
  const t = useWords();
  const [trade, set_trade] = useState<Trade>();
  const [problem, set_problem] = useState("");
  useEffect(() => {
    let gone = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    let tries = 0;
    // One that is over since a moment may not be in the journal's file so far.
    const fail = (text: string) => {
      tries += 1;
      if (tries < tries_most) again = setTimeout(() => void ask(), 1000);
      else set_problem(text);
    };
    const ask = () =>
      api.get<{ timeline?: unknown }>(`/trades/${encodeURIComponent(id)}`).then(
        (answer) => {
          if (gone) return;
          const read = read_trade(answer.timeline);
          if (!read) return fail(t("trade.unreadable"));
          set_trade(read);
          if (read.outcome === "open") again = setTimeout(() => void ask(), 2000);
        },
        (error: unknown) => {
          if (!gone) fail(error_text(t, error));
        },
      );
    set_trade(undefined);
    set_problem("");
    void ask();
    return () => {
      gone = true;
      clearTimeout(again);
    };
  }, [id, t]);

  if (problem) return <Panel title={t("trade.of", { id })} name="trade"><Problem>{problem}</Problem></Panel>;
  if (!trade) return <Panel title={t("trade.of", { id })} name="trade"><Empty>{t("loading")}</Empty></Panel>;
  const base = base_of(trade.pair);
  return (
    <>
      <Panel
        title={t("trade.of", { id })}
        name="trade"
        tools={<a href={link_to("trades")}>{t("trade.back")}</a>}
      >
        <Facts
          facts={[
            [t("pair"), trade.pair],
            [t("route"), `${trade.buy || "–"} → ${trade.sell || "–"}`],
            [t("outcome"), <Badge key="o" mood={outcome_mood(trade.outcome)}>{trade.outcome}</Badge>],
            [t("trade.decided"), <Moment key="d" at={trade.opened} />],
            [t("trade.took"), show_offset(trade.endedUs)],
            [t("strategy"), trade.strategy || "–"],
            [t("quantity"), <Num key="q" value={trade.quantity} unit={base} />],
            [t("edge.gross"), <Signed key="g" value={trade.quotedEdgeBps} unit="bps" most={3} />],
            [t("edge.net"), <Signed key="n" value={trade.netBps} unit="bps" most={3} />],
            [t("pnl.realised"), <Signed key="r" value={trade.realised} unit={trade.in} most={8} />],
          ]}
        />
      </Panel>
      <Panel title={t("trade.timeline")} name="timeline">
        <Gantt orders={trade.orders} end={trade.endedUs ?? 0} />
      </Panel>
      {trade.books.buy || trade.books.sell ? (
        <Panel title={t("trade.books")} name="seen">
          <div className="seen">
            {trade.books.buy ? <Side title={t("buys")} side={trade.books.buy} base={base} /> : null}
            {trade.books.sell ? <Side title={t("sells")} side={trade.books.sell} base={base} /> : null}
          </div>
        </Panel>
      ) : null}
      {trade.terms.length > 0 ? (
        <Panel title={t("trade.attribution")} name="attribution" tools={<span className="note">{trade.in}</span>}>
          <Waterfall trade={trade} />
          <Facts
            facts={[
              [t("trade.made"), <Num key="m" value={trade.made} unit={base} />],
              [t("trade.changed"), amounts(trade.changed)],
              [t("trade.fees"), amounts(trade.fees)],
              [t("trade.marks"), amounts(trade.marks)],
              trade.unmarked ? [t("trade.unmarked"), t("yes")] : null,
            ]}
          />
        </Panel>
      ) : null}
      <Orders trade={trade} />
      <Panel title={t("trade.steps")} name="steps" flush>
        <div className="table-scroll short" role="region" aria-label={t("trade.steps")} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col" className="number">{t("trade.after")}</th>
                <th scope="col">{t("trade.step")}</th>
                <th scope="col">{t("trade.leg")}</th>
                <th scope="col" className="number">{t("quantity")}</th>
                <th scope="col" className="number">{t("price")}</th>
              </tr>
            </thead>
            <tbody>
              {trade.steps.map((step, n) => {
                const leg = trade.orders.findIndex((order) => order.order === step.order);
                const order = trade.orders[leg];
                return (
                  <tr key={n}>
                    <td className="number">{show_offset(step.us)}</td>
                    <td>
                      {step.step} <span className="note">{step.detail}</span>
                    </td>
                    <td>{order ? `#${leg + 1} ${order.side} ${order.venue}` : ""}</td>
                    <td className="number">{step.quantity ? <Num value={step.quantity} /> : ""}</td>
                    <td className="number">{step.price ? <Num value={step.price} /> : ""}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      </Panel>
    </>
  );
}

export default function Trades() {
  const { rest } = useRoute();
  const id = rest[0];
  return <div className={`page trades${id ? " one" : ""}`}>{id ? <Detail id={id} key={id} /> : <List current={undefined} />}</div>;
}
