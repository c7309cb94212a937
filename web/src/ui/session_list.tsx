// Sessions that are signed in, one's own or everybody's, and the end of one.
import { useMemo, useState } from "react";
import { api } from "../api";
import type { SignedInSession } from "../messages";
import { error_text, useSession } from "../session";
import { useWords } from "../words";
import { useAsked } from "./asked";
import { Button } from "./controls";
import { Moment } from "./numbers";
import { Badge, Problem } from "./panel";
import { by_text, type Column, Table } from "./table";

export function SessionList({ all = false }: { all?: boolean }) {
  const t = useWords();
  const { refresh } = useSession();
  const { got, problem, again } = useAsked<{ sessions: SignedInSession[] }>("/sessions", all ? { all: "true" } : {});
  const [failed, set_failed] = useState("");
  const columns = useMemo<Column<SignedInSession>[]>(() => {
    const end = async (one: SignedInSession) => {
      try {
        await api.remove(`/sessions/${encodeURIComponent(one.id)}`);
        if (one.current) await refresh();
        else again();
      } catch (error) {
        set_failed(error_text(t, error));
      }
    };
    return [
      {
        id: "who",
        head: t("name"),
        header: true,
        order: by_text((one) => one.name),
        cell: (one) => (
          <>
            {one.name} {one.current ? <Badge mood="info">{t("session.this")}</Badge> : null}
          </>
        ),
      },
      { id: "from", head: t("from"), cell: (one) => <code>{one.from}</code> },
      { id: "agent", head: t("session.agent"), cell: (one) => <span className="long">{one.agent}</span> },
      { id: "started", head: t("started"), cell: (one) => <Moment at={one.started} /> },
      { id: "seen", head: t("session.seen"), order: by_text((one) => one.seen ?? ""), cell: (one) => <Moment at={one.seen} /> },
      {
        id: "end",
        head: t("change"),
        cell: (one) => (
          <Button tone="quiet" onPress={() => void end(one)} label={t("session.end_of", { name: one.name, from: one.from })}>
            {t("session.end")}
          </Button>
        ),
      },
    ];
  }, [t, again, refresh]);
  return (
    <>
      {failed || problem ? <Problem>{failed || problem}</Problem> : null}
      <Table label={t("sessions")} columns={columns} lines={(got?.sessions ?? []).map((row) => ({ key: row.id, row }))} empty={t("loading")} />
    </>
  );
}
