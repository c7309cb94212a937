// Orders that are not over, and what is held where: by our ledger, by the venue, and how it lies between the venues.
import { useMemo, useState } from "react";
import { add, compare, for_plot, ratio, sign, subtract, sum } from "../decimal";
import { rows_of, useTopic } from "../live";
import type { Balance, Order } from "../messages";
import { Toggle } from "../ui/controls";
import { Age, Num, Signed } from "../ui/numbers";
import { Badge, Empty, type Mood, Panel } from "../ui/panel";
import { by_text, type Column, lines_of, Table } from "../ui/table";
import { useWords, type Words } from "../words";

const order_mood = (state: string): Mood => (state === "unknown" ? "bad" : state === "rejected" ? "warn" : "info");

const order_columns = (t: Words): Column<Order>[] => [
  {
    id: "id",
    head: t("order"),
    header: true,
    cell: (one) => (
      <>
        <code>{one.orderId}</code> <span className="note">{one.venueOrderId}</span>
      </>
    ),
  },
  { id: "venue", head: t("venue"), order: by_text((one) => one.venue), cell: (one) => one.venue },
  { id: "pair", head: t("pair"), order: by_text((one) => one.pair), cell: (one) => one.pair },
  { id: "side", head: t("side"), cell: (one) => <span className={one.side === "buy" ? "bid" : "ask"}>{one.side}</span> },
  { id: "price", head: t("price"), number: true, cell: (one) => <Num value={one.price} /> },
  { id: "quantity", head: t("quantity"), number: true, cell: (one) => <Num value={one.quantity} /> },
  { id: "filled", head: t("filled"), number: true, cell: (one) => <Num value={one.filled} /> },
  { id: "state", head: t("state"), cell: (one) => <Badge mood={order_mood(one.state)}>{one.state}</Badge> },
  { id: "tif", head: t("time_in_force"), cell: (one) => one.timeInForce },
  { id: "age", head: t("age"), number: true, cell: (one, told) => <Age span={one.placed} from={told} /> },
];

const difference = (one: Balance) => (one.reported === undefined ? undefined : subtract(one.reported, one.total));

const balance_columns = (t: Words): Column<Balance>[] => [
  {
    id: "where",
    head: t("venue"),
    header: true,
    order: by_text((one) => `${one.venue} ${one.asset}`),
    cell: (one) => one.venue,
  },
  { id: "asset", head: t("asset"), order: by_text((one) => `${one.asset} ${one.venue}`), cell: (one) => one.asset },
  { id: "total", head: t("balance.total"), number: true, cell: (one) => <Num value={one.total} most={8} /> },
  { id: "reserved", head: t("balance.reserved"), number: true, cell: (one) => <Num value={one.reserved} most={8} /> },
  {
    id: "free",
    head: t("balance.free"),
    number: true,
    cell: (one) => <Num value={subtract(subtract(one.total, one.reserved) ?? one.total, one.foreign || "0")} most={8} />,
  },
  { id: "foreign", head: t("balance.foreign"), number: true, hint: t("balance.foreign.hint"), cell: (one) => <Num value={one.foreign} most={8} /> },
  { id: "reported", head: t("balance.reported"), number: true, cell: (one) => <Num value={one.reported} most={8} /> },
  {
    id: "difference",
    head: t("balance.difference"),
    number: true,
    hint: t("balance.difference.hint"),
    cell: (one) => {
      const off = difference(one);
      return off === undefined ? "–" : sign(off) === 0 ? <span className="note">0</span> : <Signed value={off} most={8} />;
    },
  },
];

// How an asset lies between the venues: where one is empty, a direction is shut.
function Shares({ balances }: { balances: Balance[] }) {
  const t = useWords();
  const assets = useMemo(() => {
    const by = new Map<string, Balance[]>();
    for (const one of balances) by.set(one.asset, [...(by.get(one.asset) ?? []), one]);
    return [...by.entries()].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  }, [balances]);
  if (assets.length === 0) return <Empty>{t("balances.none")}</Empty>;
  return (
    <div className="shares">
      {assets.map(([asset, all]) => {
        const total = sum(all.map((one) => one.total));
        return (
          <div key={asset} className="share-line">
            <strong>{asset}</strong>
            <Num value={total} most={6} />
            <ul>
              {all
                .sort((a, b) => (a.venue < b.venue ? -1 : 1))
                .map((one) => {
                  const percent = ratio(one.total, total, 100n, 1);
                  return (
                    <li key={one.venue}>
                      <span>{one.venue}</span>
                      <span className="share-bar">
                        <span className="share-fill" style={{ width: `${Math.max(0, Math.min(100, for_plot(percent) || 0))}%` }} />
                      </span>
                      <Num value={percent} places={1} unit="%" />
                    </li>
                  );
                })}
            </ul>
          </div>
        );
      })}
    </div>
  );
}

export default function Orders() {
  const t = useWords();
  const orders = useTopic("orders");
  const balances = useTopic("balances");
  const columns = useMemo(() => [order_columns(t), balance_columns(t)] as const, [t]);
  const order_lines = useMemo(() => lines_of<Order>(orders), [orders]);
  const [empty_too, set_empty_too] = useState(false);
  const balance_lines = useMemo(
    () => lines_of<Balance>(balances, (one) => empty_too || [one.total, one.reserved, one.reported, one.foreign].some((amount) => sign(amount) !== 0)),
    [balances, empty_too],
  );
  const all = useMemo(
    () => rows_of<Balance>(balances).filter((one) => compare(add(one.total, one.reserved) ?? "0", "0") !== 0),
    [balances],
  );
  return (
    <div className="page orders">
      <Panel title={t("orders.title", { count: orders.rows.size })} view={orders} name="orders" flush>
        <Table
          label={t("orders.title", { count: orders.rows.size })}
          columns={columns[0]}
          lines={order_lines}
          empty={orders.freshness === "waiting" ? t("loading") : t("orders.none")}
        />
      </Panel>
      <Panel
        title={t("balances")}
        view={balances}
        name="balances"
        flush
        tools={
          <Toggle on={empty_too} onChange={set_empty_too}>
            {t("balances.empty_too")}
          </Toggle>
        }
      >
        <Table
          label={t("balances")}
          columns={columns[1]}
          lines={balance_lines}
          first_order={{ by: "asset", down: false }}
          empty={balances.freshness === "waiting" ? t("loading") : t("balances.none")}
        />
      </Panel>
      <Panel title={t("inventory")} view={balances} name="inventory" tools={<span className="note">{t("inventory.hint")}</span>}>
        <Shares balances={all} />
      </Panel>
    </div>
  );
}
