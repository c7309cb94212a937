// The page's table: a row is drawn again only when its own row object is another, so that two hundred instruments that change
// several times a second cost what changed. The order is looked at again twice a second at most, so that rows do not jump
// under the pointer. What is beyond `most` is counted and not drawn.
import { memo, type ReactNode, useId, useMemo, useRef, useState } from "react";
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

const TableRow = memo(function TableRow({ line_key, row, told, columns, current }: LineProps) {
  return (
    <tr aria-current={current ? "true" : undefined}>
      {columns.map((column) => {
        const content = column.cell(row as never, told, line_key);
        const kind = column.number ? "number" : undefined;
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

export function Table<Row>({
  label,
  columns,
  lines,
  empty,
  current,
  most = 500,
  first_order,
}: {
  label: string;
  columns: readonly Column<Row>[];
  lines: readonly Line<Row>[];
  empty: ReactNode;
  current?: string | undefined;
  most?: number;
  first_order?: { by: string; down: boolean };
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

  if (lines.length === 0) return <p className="empty">{empty}</p>;
  const press = (id: string) =>
    set_order((was) => (was?.by !== id ? { by: id, down: false } : was.down ? undefined : { by: id, down: true }));
  return (
    <div className="table-scroll" role="region" aria-labelledby={title} tabIndex={0}>
      <table>
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
                  className={column.number ? "number" : undefined}
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
          {shown.map((line) => (
            <TableRow
              key={line.key}
              line_key={line.key}
              row={line.row}
              told={line.told}
              columns={columns as readonly Column<never>[]}
              current={line.key === current}
            />
          ))}
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
