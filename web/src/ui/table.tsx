// The page's table: a row is drawn again only when its own row object is another, so that two hundred instruments that change
// several times a second cost what changed. The order is looked at again twice a second at most, so that rows do not jump
// under the pointer. What is beyond `most` is counted and not drawn. A table whose rows are all of one height (`row_px`) draws
// those that are in sight and a few around them; its filter finds the others.
import { memo, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { useWords } from "../words";

export interface Column<Row> {
  id: string;
  head: string;
  // `told` is when the row was told of, on the page's clock.
  cell: (row: Row, told: number | undefined, key: string) => ReactNode;
  number?: boolean;
  order?: (a: Row, b: Row) => number;
  header?: boolean; // names the row
  hint?: string;
  minor?: boolean; // left out where the screen is narrow
}

export interface Line<Row> {
  key: string;
  row: Row;
  told?: number | undefined;
}

const reorder_ms = 500;

interface LineProps {
  line_key: string;
  row: unknown;
  told: number | undefined;
  columns: readonly Column<never>[];
  current: boolean;
}

const kind_of = (column: { number?: boolean; minor?: boolean }) =>
  [column.number ? "number" : "", column.minor ? "minor" : ""].join(" ").trim() || undefined;

const TableRow = memo(function TableRow({ line_key, row, told, columns, current }: LineProps) {
  return (
    <tr aria-current={current ? "true" : undefined}>
      {columns.map((column) => {
        const content = column.cell(row as never, told, line_key);
        const kind = kind_of(column);
        return column.header ? (
          <th scope="row" key={column.id} className={kind}>
            {content}
          </th>
        ) : (
          <td key={column.id} className={kind}>
            {content}
          </td>
        );
      })}
    </tr>
  );
});

const around = 12;

// From which row on, and how many, for the part of a scrolled table that is in sight. Steps of a few rows, so that scrolling
// draws seldom.
function useInSight(row_px: number | undefined, rows: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const [sight, set_sight] = useState({ first: 0, count: 60 });
  const windowed = row_px !== undefined && rows > 60;
  useEffect(() => {
    const element = scroller.current;
    if (!windowed || !element) return;
    const look = () => {
      const first = Math.max(0, Math.floor(element.scrollTop / row_px / 6) * 6 - around);
      const count = Math.ceil(element.clientHeight / row_px) + 2 * around + 6;
      set_sight((was) => (was.first === first && was.count === count ? was : { first, count }));
    };
    look();
    const watch = new ResizeObserver(look);
    watch.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [windowed, row_px]);
  const first = windowed ? Math.min(sight.first, Math.max(0, rows - 1)) : 0;
  return { scroller, first, last: windowed ? Math.min(rows, first + sight.count) : rows, windowed };
}

const Space = ({ rows, row_px, columns }: { rows: number; row_px: number; columns: number }) =>
  rows > 0 ? (
    <tr aria-hidden="true" className="space">
      <td colSpan={columns} style={{ height: `${rows * row_px}px` }} />
    </tr>
  ) : null;

export function Table<Row>({
  label,
  columns,
  lines,
  empty,
  current,
  most = 500,
  first_order,
  row_px,
}: {
  label: string;
  columns: readonly Column<Row>[];
  lines: readonly Line<Row>[];
  empty: ReactNode;
  current?: string | undefined;
  most?: number;
  first_order?: { by: string; down: boolean };
  row_px?: number;
}) {
  const t = useWords();
  const title = useId();
  const [order, set_order] = useState<{ by: string; down: boolean } | undefined>(first_order);
  const ordered = useRef({ at: 0, keys: new Map<string, number>(), by: "", size: -1 });

  const shown = useMemo(() => {
    const column = columns.find((one) => one.id === order?.by);
    const how = column?.order;
    if (!how || !order) return lines.slice(0, most);
    const now = Date.now();
    const kept = ordered.current;
    const by = `${order.by} ${order.down}`;
    const fresh = kept.by === by && kept.size === lines.length && now - kept.at < reorder_ms;
    const known = fresh && lines.every((line) => kept.keys.has(line.key));
    const all = [...lines];
    if (known) {
      all.sort((a, b) => (kept.keys.get(a.key) ?? 0) - (kept.keys.get(b.key) ?? 0));
    } else {
      all.sort((a, b) => (order.down ? how(b.row, a.row) : how(a.row, b.row)) || (a.key < b.key ? -1 : 1));
      ordered.current = { at: now, by, size: all.length, keys: new Map(all.map((line, n) => [line.key, n])) };
    }
    return all.slice(0, most);
  }, [lines, columns, order, most]);

  const { scroller, first, last, windowed } = useInSight(row_px, shown.length);

  if (lines.length === 0) return <p className="empty">{empty}</p>;
  const press = (id: string) =>
    set_order((was) => (was?.by !== id ? { by: id, down: false } : was.down ? undefined : { by: id, down: true }));
  return (
    <div className="table-scroll" role="region" aria-labelledby={title} tabIndex={0} ref={scroller}>
      <table className={windowed ? "windowed" : undefined} aria-rowcount={windowed ? shown.length + 1 : undefined}>
        <caption id={title} className="hidden">
          {label}
        </caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const sorted = order?.by === column.id;
              return (
                <th
                  scope="col"
                  key={column.id}
                  className={kind_of(column)}
                  title={column.hint}
                  aria-sort={sorted ? (order.down ? "descending" : "ascending") : undefined}
                >
                  {column.order ? (
                    <button type="button" className="sort" onClick={() => press(column.id)}>
                      {column.head}
                      <span aria-hidden="true" className="arrow">
                        {sorted ? (order.down ? "▾" : "▴") : ""}
                      </span>
                    </button>
                  ) : (
                    column.head
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {windowed ? <Space rows={first} row_px={row_px ?? 0} columns={columns.length} /> : null}
          {shown.slice(first, last).map((line) => (
            <TableRow
              key={line.key}
              line_key={line.key}
              row={line.row}
              told={line.told}
              columns={columns as readonly Column<never>[]}
              current={line.key === current}
            />
          ))}
          {windowed ? <Space rows={shown.length - last} row_px={row_px ?? 0} columns={columns.length} /> : null}
        </tbody>
      </table>
      {shown.length < lines.length ? (
        <p className="more">{t("table.more", { shown: shown.length, all: lines.length })}</p>
      ) : null}
    </div>
  );
}

export function lines_of<Row>(
  view: { rows: ReadonlyMap<string, unknown>; arrived: ReadonlyMap<string, number> },
  wanted?: (row: Row) => boolean,
): Line<Row>[] {
  const lines: Line<Row>[] = [];
  for (const [key, row] of view.rows) {
    if (!wanted || wanted(row as Row)) lines.push({ key, row: row as Row, told: view.arrived.get(key) });
  }
  return lines;
}

export const by_text =
  <Row,>(text: (row: Row) => string) =>
  (a: Row, b: Row) =>
    text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0;
