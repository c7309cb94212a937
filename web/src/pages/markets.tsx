// Every pair on every venue, and of the one that is looked at: the ladder, the edges between the venues, their past minutes.
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { compare, for_plot, ratio, subtract } from "../decimal";
import { rows_of, useTopic, useTopicNamed } from "../live";
import type { Book, BookLevel, Opportunity } from "../messages";
import { go, link_to, useRoute } from "../route";
import { Choice, Field } from "../ui/controls";
import { Age, Num, Signed } from "../ui/numbers";
import { Badge, book_mood, Empty, Panel } from "../ui/panel";
import { SpreadChart, type SpreadPoint } from "../ui/spread_chart";
import { by_text, type Column, lines_of, Table } from "../ui/table";
import { useWords, type Words } from "../words";

const points_most = 1800;

const best = (levels: BookLevel[] | undefined) => levels?.[0];
const spread_bps = (book: Book) => {
  const bid = best(book.bids)?.price;
  const ask = best(book.asks)?.price;
  const wide = bid && ask ? subtract(ask, bid) : undefined;
  return wide && bid ? ratio(wide, bid, 10000n, 2) : undefined;
};

const book_columns = (t: Words): Column<Book>[] => [
  {
    id: "pair",
    head: t("pair"),
    header: true,
    order: by_text((book) => `${book.pair} ${book.venue}`),
    cell: (book) => <a href={link_to("markets", book.venue, ...book.pair.split("/"))}>{book.pair}</a>,
  },
  { id: "venue", head: t("venue"), order: by_text((book) => book.venue), cell: (book) => book.venue },
  {
    id: "state",
    head: t("state"),
    order: by_text((book) => book.state),
    cell: (book) => (
      <Badge mood={book_mood(book.state)} title={t.named("book", book.reason || book.state)}>
        {book.state}
        {book.reason && book.reason !== "none" ? ` · ${book.reason}` : ""}
      </Badge>
    ),
  },
  { id: "bid_quantity", head: t("quantity"), number: true, minor: true, cell: (book) => <Num value={best(book.bids)?.quantity} most={6} /> },
  { id: "bid", head: t("bid"), number: true, cell: (book) => <span className="bid"><Num value={best(book.bids)?.price} /></span> },
  { id: "ask", head: t("ask"), number: true, cell: (book) => <span className="ask"><Num value={best(book.asks)?.price} /></span> },
  { id: "ask_quantity", head: t("quantity"), number: true, minor: true, cell: (book) => <Num value={best(book.asks)?.quantity} most={6} /> },
  {
    id: "spread",
    head: t("spread.bps"),
    number: true,
    minor: true,
    order: (a, b) => compare(spread_bps(a) ?? "-1", spread_bps(b) ?? "-1"),
    cell: (book) => <Num value={spread_bps(book)} places={2} />,
  },
  { id: "age", head: t("age"), number: true, cell: (book, told) => <Age span={book.age} from={told} /> },
  {
    id: "gaps",
    head: t("gaps"),
    number: true,
    minor: true,
    hint: t("gaps.hint"),
    order: (a, b) => compare(a.gaps, b.gaps),
    cell: (book) => <Num value={book.gaps} />,
  },
];

function Books({ current }: { current: string }) {
  const t = useWords();
  const view = useTopic("books");
  const [wanted, set_wanted] = useState("");
  const [state, set_state] = useState("all");
  const columns = useMemo(() => book_columns(t), [t]);
  const lines = useMemo(() => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (book: Book) => {
      const text = `${book.pair} ${book.venue}`.toLowerCase();
      return words.every((word) => text.includes(word)) && (state === "all" || (state === "valid") === (book.state === "valid"));
    };
    return lines_of<Book>(view, fits);
  }, [view, wanted, state]);
  const valid = rows_of<Book>(view).filter((book) => book.state === "valid").length;
  return (
    <Panel
      title={t("books")}
      view={view}
      name="books"
      flush
      tools={
        <>
          <span className="note num">{t("books.valid", { valid, all: view.rows.size })}</span>
          <div className="filter">
            <Field label={t("filter")} value={wanted} onChange={set_wanted} />
          </div>
          <Choice
            quiet
            label={t("state")}
            value={state}
            options={[
              { value: "all", text: t("filter.all") },
              { value: "valid", text: t("filter.valid") },
              { value: "other", text: t("filter.not_valid") },
            ]}
            onChange={set_state}
          />
        </>
      }
    >
      <Table
        label={t("books")}
        columns={columns}
        lines={lines}
        current={current}
        first_order={{ by: "pair", down: false }}
        row_px={27}
        empty={view.freshness === "waiting" ? t("loading") : t("books.none")}
      />
    </Panel>
  );
}

const Cell = memo(function Cell({ edge }: { edge: Opportunity | undefined }) {
  const t = useWords();
  if (!edge) return <td className="number none">–</td>;
  return (
    <td className={`number edge${edge.refused ? "" : " taken"}`} title={edge.refused ? t.named("why", edge.refused) : t("edge.free")}>
      <span className="edge-gross">
        <Signed value={edge.grossBps} places={2} mark={false} />
      </span>
      <Signed value={edge.netBps} places={2} />
      <span className="edge-why">{edge.refused || t("edge.free")}</span>
    </td>
  );
});

function Edges({ pair }: { pair: string }) {
  const t = useWords();
  const view = useTopic("opportunities");
  const books = useTopic("books");
  const venues = useMemo(
    () => [...new Set(rows_of<Book>(books).filter((book) => book.pair === pair).map((book) => book.venue))].sort(),
    [books, pair],
  );
  const edges = useMemo(() => {
    const found = new Map<string, Opportunity>();
    for (const one of rows_of<Opportunity>(view)) {
      if (one.pair !== pair || one.legs.length !== 2) continue;
      const key = `${one.legs[0]?.venue} ${one.legs[1]?.venue}`;
      const known = found.get(key);
      if (!known || compare(one.netBps, known.netBps) > 0) found.set(key, one);
    }
    return found;
  }, [view, pair]);
  return (
    <Panel title={t("edges", { pair })} view={view} name="edges" flush tools={<span className="note">{t("edges.hint")}</span>}>
      <div className="table-scroll" role="region" aria-label={t("edges", { pair })} tabIndex={0}>
        <table className="matrix">
          <thead>
            <tr>
              <th scope="col">{t("edges.corner")}</th>
              {venues.map((venue) => (
                <th scope="col" key={venue} className="number">
                  {venue}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {venues.map((buy) => (
              <tr key={buy}>
                <th scope="row">{buy}</th>
                {venues.map((sell) =>
                  buy === sell ? <td key={sell} className="same" /> : <Cell key={sell} edge={edges.get(`${buy} ${sell}`)} />,
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Side({ levels, side, most }: { levels: BookLevel[]; side: "bid" | "ask"; most: number }) {
  return (
    <>
      {levels.map((level) => (
        <tr key={level.price} className={side}>
          <td className="number">
            <span className="depth" style={{ width: `${Math.min(100, (for_plot(level.quantity) / most) * 100 || 0)}%` }} />
            <Num value={level.quantity} most={8} />
          </td>
          <td className="number price">
            <Num value={level.price} />
          </td>
        </tr>
      ))}
    </>
  );
}

function Ladder({ venue, pair }: { venue: string; pair: string }) {
  const t = useWords();
  const view = useTopicNamed(`ladder/${venue}/${pair}`);
  const book = rows_of<Book>(view)[0];
  const levels = 12;
  const bids = book?.bids.slice(0, levels) ?? [];
  const asks = book?.asks.slice(0, levels) ?? [];
  const most = Math.max(...[...bids, ...asks].map((level) => for_plot(level.quantity) || 0), 0);
  const wide = bids[0] && asks[0] ? subtract(asks[0].price, bids[0].price) : undefined;
  return (
    <Panel
      title={t("ladder", { venue, pair })}
      view={view}
      name="ladder"
      flush
      tools={book ? <Badge mood={book_mood(book.state)}>{book.state}</Badge> : null}
    >
      {book ? (
        <div className="table-scroll" role="region" aria-label={t("ladder", { venue, pair })} tabIndex={0}>
          <table className="ladder">
            <thead>
              <tr>
                <th scope="col" className="number">
                  {t("quantity")} {pair.split("/")[0]}
                </th>
                <th scope="col" className="number">
                  {t("price")} {pair.split("/")[1]}
                </th>
              </tr>
            </thead>
            <tbody>
              <Side levels={[...asks].reverse()} side="ask" most={most} />
              <tr className="middle">
                <td className="number">
                  {t("spread")} <Num value={wide} />
                </td>
                <td className="number">
                  <Num value={spread_bps(book)} places={2} unit="bps" />
                </td>
              </tr>
              <Side levels={bids} side="bid" most={most} />
            </tbody>
          </table>
        </div>
      ) : (
        <Empty>{view.problem || t("loading")}</Empty>
      )}
    </Panel>
  );
}

// The best edge of the pair, a point a second at most, from when the page was opened.
function Spread({ pair }: { pair: string }) {
  const t = useWords();
  const view = useTopic("opportunities");
  const kept = useRef<{ pair: string; points: SpreadPoint[] }>({ pair: "", points: [] });
  const [points, set_points] = useState<SpreadPoint[]>([]);
  useEffect(() => {
    if (kept.current.pair !== pair) kept.current = { pair, points: [] };
    if (view.freshness !== "live") return;
    let top: Opportunity | undefined;
    for (const one of rows_of<Opportunity>(view)) {
      if (one.pair === pair && one.legs.length === 2 && (!top || compare(one.netBps, top.netBps) > 0)) top = one;
    }
    const at = Math.floor((view.at ?? Date.now()) / 1000);
    const before = kept.current.points.at(-1);
    if (!top || (before && before.at >= at)) return;
    const point = { at, gross: for_plot(top.grossBps), net: for_plot(top.netBps) };
    kept.current.points = [...kept.current.points, point].slice(-points_most);
    set_points(kept.current.points);
  }, [view, pair]);
  const shown = kept.current.pair === pair ? points : [];
  const last = shown.at(-1);
  return (
    <Panel
      title={t("spread.chart", { pair })}
      view={view}
      name="spread"
      tools={
        <span className="legend">
          <span className="key dashed" aria-hidden="true" /> {t("edge.gross")}{" "}
          <Signed value={last?.gross.toFixed(2)} places={2} mark={false} />
          <span className="key" aria-hidden="true" /> {t("edge.net")} <Signed value={last?.net.toFixed(2)} places={2} mark={false} />
        </span>
      }
    >
      <SpreadChart label={t("spread.chart", { pair })} points={shown} />
    </Panel>
  );
}

export default function Markets() {
  const t = useWords();
  const { rest } = useRoute();
  const books = useTopic("books");
  const first = useMemo(() => rows_of<Book>(books).sort((a, b) => (a.pair + a.venue < b.pair + b.venue ? -1 : 1))[0], [books]);
  const [venue, base, quote] = rest.length >= 3 ? rest : [first?.venue, ...(first?.pair.split("/") ?? [])];
  const pair = base && quote ? `${base}/${quote}` : "";
  const pairs = useMemo(() => [...new Set(rows_of<Book>(books).map((book) => book.pair))].sort(), [books]);
  const venues = useMemo(
    () => [...new Set(rows_of<Book>(books).filter((book) => book.pair === pair).map((book) => book.venue))].sort(),
    [books, pair],
  );
  const look_at = (next_pair: string, next_venue: string | undefined) => {
    const here = rows_of<Book>(books).filter((book) => book.pair === next_pair);
    const where = here.find((book) => book.venue === next_venue) ?? here[0];
    if (where) go("markets", where.venue, ...where.pair.split("/"));
  };
  return (
    <div className="page markets">
      <Books current={venue && pair ? `${venue} ${pair}` : ""} />
      {venue && pair ? (
        <>
          <div className="aside">
            <div className="looked-at">
              <Choice
                label={t("pair")}
                value={pair}
                options={pairs.map((value) => ({ value, text: value }))}
                onChange={(value) => look_at(value, venue)}
              />
              <Choice
                label={t("venue")}
                value={venue}
                options={venues.map((value) => ({ value, text: value }))}
                onChange={(value) => look_at(pair, value)}
              />
            </div>
            <Ladder venue={venue} pair={pair} />
          </div>
          <Edges pair={pair} />
          <Spread pair={pair} />
        </>
      ) : null}
    </div>
  );
}
