// Everything at a glance: what was earned, whether it runs, why it does not trade, what just happened.
import { useMemo } from "react";
import { compare, for_plot, sign, subtract } from "../decimal";
import { useEngine } from "../engine";
import { rows_of, useRow, useTopic } from "../live";
import type { Alert, Book, EquityPoint, ExecutionMessage, Exposure, Limit, ProfitPeriod } from "../messages";
import { link_to } from "../route";
import { show_span, span_ms } from "../time";
import { LinePlot } from "../ui/line_plot";
import { Age, Moment, Num, Signed } from "../ui/numbers";
import { Badge, Bar, Empty, outcome_mood, Panel, Tile } from "../ui/panel";
import { severity_mood } from "../ui/severity";
import { useWords } from "../words";

const period_of = (periods: ProfitPeriod[] | undefined, kind: ProfitPeriod["kind"]) =>
  periods?.find((period) => period.kind === kind);

// The dashboard keeps the past of the first engine; of another one there is none.
function useEquity() {
  const engine = useEngine();
  const view = useTopic("equity");
  const { row: system } = useRow("system");
  const first = system?.services.find((one) => one.kind === "engine")?.name;
  const kept = engine === "" || engine === first;
  return { view, kept, first: first ?? "" };
}

function Tiles() {
  const t = useWords();
  const { row: pnl } = useRow("pnl");
  const { row: engine, view: engine_view } = useRow("engine");
  const { row: risk } = useRow("risk");
  const exposures = rows_of<Exposure>(useTopic("exposures"));
  const { view: equity_view, kept } = useEquity();
  const equity = kept ? rows_of<EquityPoint>(equity_view) : [];
  const asset = pnl?.reportingAsset ?? engine?.reportingAsset;
  const day = period_of(pnl?.periods, "DAY");
  const ever = period_of(pnl?.periods, "EVER");
  const last = equity.reduce<EquityPoint | undefined>((a, b) => (!a || a.at < b.at ? b : a), undefined);
  // What trading has changed of the reporting asset itself is money, and open to nothing.
  const largest = exposures.filter((one) => one.asset !== asset).reduce<Exposure | undefined>((a, b) => {
    const size = (one: Exposure) => (one.changeWorth ?? "0").replace(/^-/, "");
    return !a || compare(size(b), size(a)) > 0 ? b : a;
  }, undefined);
  return (
    <div className="tiles">
      <Tile name={t("pnl.today")} below={<>{t("trades.count", { count: day?.profit?.trades ?? "–" })}</>}>
        <Signed value={day?.profit?.total} unit={asset} places={2} />
      </Tile>
      <Tile
        name={t("pnl.ever")}
        below={
          <>
            {t("pnl.realised")} <Signed value={ever?.profit?.realised} places={2} mark={false} />
          </>
        }
      >
        <Signed value={ever?.profit?.total} unit={asset} places={2} />
      </Tile>
      <Tile name={t("equity")} below={last ? <Moment at={last.at} detail="time" /> : null}>
        <Num value={last?.equity} unit={asset} places={2} />
      </Tile>
      <Tile
        name={t("drawdown")}
        below={
          <>
            {t("peak")} <Num value={pnl?.peak} places={2} />
          </>
        }
      >
        <Num value={pnl?.drawdown} unit={asset} places={2} />
      </Tile>
      <Tile name={t("trades.open")} below={<>{t("orders.open", { count: risk?.openOrders ?? "–" })}</>}>
        <span className="num">{risk?.openTrades ?? "–"}</span>
      </Tile>
      <Tile name={t("exposure.largest")} below={largest ? <Signed value={largest.change} unit={largest.asset} most={8} mark={false} /> : null}>
        <Signed value={largest?.changeWorth} unit={asset} places={2} />
      </Tile>
      <Tile name={t("latency.decision")} below={<>p99 {show_span(span_ms(engine?.decision?.p99))}</>}>
        <span className="num">{show_span(span_ms(engine?.decision?.p50))}</span>
      </Tile>
      <Tile
        name={t("running")}
        below={engine ? <>{t("incarnation", { number: engine.incarnation })}</> : null}
      >
        <Age span={engine?.running} from={engine_view.arrived.get("engine")} />
      </Tile>
    </div>
  );
}

function EquityCurve() {
  const t = useWords();
  const { view, kept, first: kept_of } = useEquity();
  const { row: pnl } = useRow("pnl");
  const points = useMemo(() => {
    const all = (kept ? rows_of<EquityPoint>(view) : []).filter((point) => !Number.isNaN(Date.parse(point.at)));
    return all.sort((a, b) => (a.at < b.at ? -1 : 1));
  }, [view, kept]);
  const times = useMemo(() => points.map((point) => Date.parse(point.at) / 1000), [points]);
  const series = useMemo(
    () => [
      {
        name: t("profit"),
        colour: "line-1" as const,
        fill: true,
        values: points.map((point) => (point.profit ? for_plot(point.profit) : null)),
      },
    ],
    [points, t],
  );
  const first = points[0];
  const last = points.at(-1);
  return (
    <Panel
      title={t("equity.curve", { asset: pnl?.reportingAsset ?? "" })}
      view={view}
      name="equity"
      tools={
        first && last ? (
          <span className="note">
            {t("equity.over")} <Signed value={subtract(last.profit, first.profit)} places={2} />
          </span>
        ) : null
      }
    >
      {points.length > 1 ? (
        <LinePlot label={t("equity.curve", { asset: pnl?.reportingAsset ?? "" })} times={times} series={series} height={230} />
      ) : (
        <Empty>{kept ? t("equity.none") : t("equity.other", { engine: kept_of })}</Empty>
      )}
    </Panel>
  );
}

function Venues() {
  const t = useWords();
  const { row: engine, view } = useRow("engine");
  const books = rows_of<Book>(useTopic("books"));
  return (
    <Panel title={t("venues")} view={view} name="venues" flush>
      <div className="venue-list">
        {(engine?.venues ?? []).map((venue) => {
          const here = books.filter((book) => book.venue === venue.venue);
          const valid = here.filter((book) => book.state === "valid").length;
          const all_well = venue.marketUp && venue.tradingUp && valid === here.length;
          return (
            <div className="venue-line" key={venue.venue}>
              <strong>{venue.venue}</strong>
              <Badge mood={all_well ? "good" : venue.marketUp ? "warn" : "bad"}>
                {venue.marketUp ? (venue.tradingUp ? t("venue.up") : t("venue.no_trading")) : t("venue.no_market")}
              </Badge>
              <span className="num">{t("venue.books", { valid, all: here.length })}</span>
              <span className="num">{t("venue.rate", { count: venue.perSecond })}</span>
              <span className="note">{venue.lastLoss}</span>
            </div>
          );
        })}
      </div>
    </Panel>
  );
}

function Health() {
  const t = useWords();
  const { row: system, view } = useRow("system");
  const { row: risk } = useRow("risk");
  const limits = rows_of<Limit>(useTopic("limits"));
  const near = limits
    .filter((limit) => limit.level === "LIMIT_LEVEL_WARNING" || limit.level === "LIMIT_LEVEL_HARD")
    .slice(0, 4);
  return (
    <Panel title={t("health")} view={view} name="health">
      <ul className="checks-list">
        {(system?.services ?? []).map((service) => (
          <li key={`${service.kind} ${service.name}`}>
            <Badge mood={service.up ? "good" : "bad"}>{service.up ? t("up") : t("down")}</Badge>
            <span>
              {service.kind} {service.name}
            </span>
            <span className="note">{service.error}</span>
          </li>
        ))}
        {risk ? (
          <li>
            <Badge mood={risk.reconciled ? "good" : "warn"}>{risk.reconciled ? t("yes") : t("no")}</Badge>
            <span>{t("reconciled")}</span>
          </li>
        ) : null}
        {risk?.lease ? (
          <li>
            <Badge mood={risk.lease.live ? "good" : "bad"}>{risk.lease.live ? t("yes") : t("no")}</Badge>
            <span>{t("lease")}</span>
          </li>
        ) : null}
        {near.map((limit) => (
          <li key={limit.name + JSON.stringify(limit.scope)}>
            <Badge mood={limit.level === "LIMIT_LEVEL_HARD" ? "bad" : "warn"}>{t(`level.${limit.level}`)}</Badge>
            <a href={link_to("risk")}>{limit.name}</a>
            <Num value={limit.usedPercent} unit="%" places={1} />
          </li>
        ))}
        {near.length === 0 && limits.length > 0 ? (
          <li>
            <Badge mood="good">{t("level.LIMIT_LEVEL_WELL")}</Badge>
            <span>{t("limits.all_well", { count: limits.length })}</span>
          </li>
        ) : null}
      </ul>
    </Panel>
  );
}

function WhyNot() {
  const t = useWords();
  const { row: engine, view } = useRow("engine");
  const refused = Object.entries(engine?.counts?.refused ?? {})
    .filter(([, count]) => sign(count) > 0)
    .sort((a, b) => compare(b[1], a[1]))
    .slice(0, 7);
  const all = Object.values(engine?.counts?.refused ?? {}).reduce((sum, count) => sum + Number(count), 0);
  return (
    <Panel title={t("why_not.title")} view={view} name="why" tools={<a href={link_to("opportunities")}>{t("page.opportunities")}</a>}>
      {refused.length === 0 ? (
        <Empty>{t("why_not.nothing")}</Empty>
      ) : (
        <ul className="reason-list">
          {refused.map(([reason, count]) => (
            <li key={reason}>
              <span className="reason-name" title={t.named("why", reason)}>
                {reason}
              </span>
              <Bar percent={((Number(count) / Math.max(all, 1)) * 100).toFixed(1)} />
              <Num value={count} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Latest() {
  const t = useWords();
  const view = useTopic("executions");
  const last = useMemo(
    () =>
      rows_of<ExecutionMessage>(view)
        .sort((a, b) => compare(b.number, a.number))
        .slice(0, 9),
    [view],
  );
  return (
    <Panel title={t("trades.latest")} view={view} name="latest" flush tools={<a href={link_to("trades")}>{t("page.trades")}</a>}>
      {last.length === 0 ? (
        <Empty>{t("trades.none")}</Empty>
      ) : (
        <ul className="tape">
          {last.map((message) => (
            <li key={message.number}>
              <Moment at={message.at} detail="time" />
              <a href={link_to("trades", message.execution?.execution ?? "")}>{message.execution?.pair}</a>
              <Badge mood={outcome_mood(message.execution?.outcome ?? "")}>{message.execution?.outcome}</Badge>
              <Signed value={message.execution?.realised} unit={message.execution?.pair.split("/")[1]} most={4} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function OpenAlerts() {
  const t = useWords();
  const view = useTopic("alerts");
  const open = rows_of<Alert>(view)
    .filter((alert) => alert.open)
    .sort((a, b) => compare(b.number, a.number));
  return (
    <Panel title={t("alerts.open", { count: open.length })} view={view} name="alerts" tools={<a href={link_to("notifications")}>{t("page.notifications")}</a>}>
      {open.length === 0 ? (
        <Empty>{t("alerts.none")}</Empty>
      ) : (
        <ul className="alert-list">
          {open.slice(0, 6).map((alert) => (
            <li key={alert.number}>
              <Badge mood={severity_mood(alert.severity)}>{t(`severity.${alert.severity}`)}</Badge>
              <span className="alert-text">
                {alert.code} {alert.subject}: {alert.message}
              </span>
              <Moment at={alert.last} detail="time" />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export default function Overview() {
  return (
    <div className="page overview">
      <Tiles />
      <EquityCurve />
      <Venues />
      <Health />
      <WhyNot />
      <Latest />
      <OpenAlerts />
    </div>
  );
}
