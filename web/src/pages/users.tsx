// Who may do what, and who did what: users with their roles, and the audit log with its chain checked.
import { useCallback, useEffect, useMemo, useState } from "react";
import { api } from "../api";
import type { AuditEntry, User } from "../messages";
import { error_text, useSession } from "../session";
import { Actions, Button, Checks, Dialog, Field, Toggle } from "../ui/controls";
import { scope_of } from "../ui/halt";
import { Moment } from "../ui/numbers";
import { Badge, Empty, Panel, Problem } from "../ui/panel";
import { SessionList } from "../ui/session_list";
import { by_text, type Column, Table } from "../ui/table";
import { useWords, type Words } from "../words";

export const roles = ["viewer", "trader", "risk-manager", "admin"] as const;

const scopes_text = (t: Words, scopes: User["scopes"]) =>
  (scopes ?? []).length === 0
    ? t("everywhere")
    : (scopes ?? []).map((one) => [one.venue, one.pair].filter(Boolean).join(" ")).join(", ");

// "kraken BTC/USDT, binance" → scopes; a word with a slash is a pair.
function scopes_of(text: string) {
  return text
    .split(",")
    .map((one) => one.trim().split(/\s+/).filter(Boolean))
    .filter((one) => one.length > 0)
    .map((words) => scope_of(words.find((word) => !word.includes("/")) ?? "", words.find((word) => word.includes("/")) ?? ""));
}

function LinkDialog({ name, link: path, onClose }: { name: string; link: string; onClose: () => void }) {
  const t = useWords();
  const link = new URL(path, location.origin).href;
  return (
    <Dialog title={t("users.link", { name })} onClose={onClose}>
      <p>{t("users.link.text")}</p>
      <p>
        <code className="secret">{link}</code>
      </p>
      <Actions>
        <Button onPress={() => void navigator.clipboard?.writeText(link)}>{t("copy")}</Button>
        <Button tone="primary" onPress={onClose}>
          {t("close")}
        </Button>
      </Actions>
    </Dialog>
  );
}

function UserDialog({ user, onClose }: { user: User | undefined; onClose: (link?: { name: string; link: string }) => void }) {
  const t = useWords();
  const [name, set_name] = useState(user?.name ?? "");
  const [held, set_held] = useState<string[]>(user?.roles ?? ["viewer"]);
  const [scopes, set_scopes] = useState(user ? (user.scopes ?? []).map((one) => [one.venue, one.pair].filter(Boolean).join(" ")).join(", ") : "");
  const [disabled, set_disabled] = useState(user?.disabled ?? false);
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);
  const submit = async () => {
    set_busy(true);
    set_problem("");
    try {
      const what = { roles: held, scopes: scopes_of(scopes) };
      if (user) {
        await api.patch(`/users/${encodeURIComponent(user.name)}`, { ...what, disabled });
        onClose();
      } else {
        onClose(await api.post<{ name: string; link: string }>("/users", { name: name.trim(), ...what }));
      }
    } catch (error) {
      set_problem(error_text(t, error));
    } finally {
      set_busy(false);
    }
  };
  return (
    <Dialog title={user ? t("users.change", { name: user.name }) : t("users.invite")} onClose={() => onClose()}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {user ? null : <Field label={t("name")} name="name" value={name} onChange={set_name} autoFocus required maxLength={31} />}
        <Checks label={t("roles")} value={held} onChange={set_held} options={roles.map((role) => ({ value: role, text: `${role}: ${t(`role.${role}`)}` }))} />
        <Field label={t("scopes")} value={scopes} onChange={set_scopes} hint={t("scopes.hint")} />
        {user ? (
          <Toggle on={disabled} onChange={set_disabled}>
            {t("users.disabled")}
          </Toggle>
        ) : null}
        {problem ? <Problem>{problem}</Problem> : null}
        <Actions>
          <Button onPress={() => onClose()}>{t("cancel")}</Button>
          <Button type="submit" tone="primary" busy={busy}>
            {user ? t("save") : t("users.invite")}
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}

function Users() {
  const t = useWords();
  const { session } = useSession();
  const [users, set_users] = useState<User[]>();
  const [problem, set_problem] = useState("");
  const [changing, set_changing] = useState<User | "new">();
  const [link, set_link] = useState<{ name: string; link: string }>();
  const load = useCallback(() => {
    api.get<{ users: User[] }>("/users").then(
      (got) => {
        set_users(got.users);
        set_problem("");
      },
      (error: unknown) => set_problem(error_text(t, error)),
    );
  }, [t]);
  useEffect(load, [load]);
  const columns = useMemo<Column<User>[]>(() => {
    const reset = async (name: string) => {
      try {
        const got = await api.post<{ link: string }>(`/users/${encodeURIComponent(name)}/reset`);
        set_link({ name, link: got.link });
        load();
      } catch (error) {
        set_problem(error_text(t, error));
      }
    };
    return [
      { id: "name", head: t("name"), header: true, order: by_text((one) => one.name), cell: (one) => one.name },
      { id: "roles", head: t("roles"), cell: (one) => one.roles.join(", ") },
      { id: "scopes", head: t("scopes"), cell: (one) => scopes_text(t, one.scopes) },
      {
        id: "state",
        head: t("state"),
        cell: (one) => (
          <Badge mood={one.disabled ? "bad" : "good"}>{one.disabled ? t("users.disabled") : t("users.enabled")}</Badge>
        ),
      },
      { id: "totp", head: "TOTP", cell: (one) => (one.totp ? t("yes") : t("no")) },
      { id: "created", head: t("users.created"), cell: (one) => <Moment at={one.created} /> },
      { id: "last", head: t("users.last"), cell: (one) => <Moment at={one.lastSignIn} /> },
      {
        id: "acts",
        head: t("change"),
        cell: (one) => (
          <span className="row tight">
            <Button tone="quiet" onPress={() => set_changing(one)} label={t("users.change", { name: one.name })}>
              {t("change")}
            </Button>
            <Button
              tone="quiet"
              why_not={one.name === session?.name ? t("users.not_own") : undefined}
              onPress={() => void reset(one.name)}
              label={t("users.reset_of", { name: one.name })}
            >
              {t("users.reset")}
            </Button>
          </span>
        ),
      },
    ];
  }, [t, load, session?.name]);
  return (
    <Panel
      title={t("users")}
      name="users"
      flush
      wide
      tools={
        <Button tone="primary" onPress={() => set_changing("new")}>
          {t("users.invite")}
        </Button>
      }
    >
      {problem ? <Problem>{problem}</Problem> : null}
      <Table label={t("users")} columns={columns} lines={(users ?? []).map((row) => ({ key: row.name, row }))} empty={t("loading")} />
      {changing ? (
        <UserDialog
          user={changing === "new" ? undefined : changing}
          onClose={(got) => {
            set_changing(undefined);
            if (got) set_link(got);
            load();
          }}
        />
      ) : null}
      {link ? <LinkDialog name={link.name} link={link.link} onClose={() => set_link(undefined)} /> : null}
    </Panel>
  );
}

const said = (value: unknown): string =>
  value === undefined || value === null || value === "" ? "" : typeof value === "string" ? value : JSON.stringify(value);

const page_size = 100;

function Audit() {
  const t = useWords();
  const [entries, set_entries] = useState<AuditEntry[]>([]);
  const [intact, set_intact] = useState<boolean>();
  const [chain_problem, set_chain_problem] = useState("");
  const [problem, set_problem] = useState("");
  const [more, set_more] = useState(false);
  const load = useCallback(
    (before?: number | string) => {
      api.get<{ entries: AuditEntry[]; intact: boolean; problem: string }>("/audit", { before, count: page_size }).then(
        (got) => {
          const newest_first = [...got.entries].sort((a, b) => Number(b.number) - Number(a.number));
          set_entries((was) => (before === undefined ? newest_first : [...was, ...newest_first]));
          set_more(got.entries.length === page_size);
          set_intact(got.intact);
          set_chain_problem(got.problem);
          set_problem("");
        },
        (error: unknown) => set_problem(error_text(t, error)),
      );
    },
    [t],
  );
  useEffect(() => load(), [load]);
  const columns = useMemo<Column<AuditEntry>[]>(
    () => [
      { id: "number", head: "#", header: true, number: true, cell: (one) => String(one.number) },
      { id: "at", head: t("when"), cell: (one) => <Moment at={one.at} /> },
      { id: "who", head: t("who"), order: by_text((one) => one.who), cell: (one) => one.who },
      { id: "from", head: t("from"), cell: (one) => <code>{one.from}</code> },
      { id: "what", head: t("what"), order: by_text((one) => one.what), cell: (one) => one.what },
      { id: "target", head: t("target"), cell: (one) => one.target },
      { id: "before", head: t("before"), cell: (one) => <span className="long">{said(one.before)}</span> },
      { id: "after", head: t("after"), cell: (one) => <span className="long">{said(one.after)}</span> },
      { id: "outcome", head: t("outcome"), cell: (one) => one.outcome },
    ],
    [t],
  );
  const last = entries.at(-1);
  return (
    <Panel
      title={t("audit")}
      name="audit"
      flush
      wide
      tools={
        <>
          {intact === undefined ? null : <Badge mood={intact ? "good" : "bad"}>{intact ? t("audit.intact") : t("audit.broken")}</Badge>}
          <Button onPress={() => load()}>{t("refresh")}</Button>
        </>
      }
    >
      {chain_problem ? <Problem>{chain_problem}</Problem> : null}
      {problem ? <Problem>{problem}</Problem> : null}
      <Table label={t("audit")} columns={columns} lines={entries.map((row) => ({ key: String(row.number), row }))} most={5000} empty={t("audit.none")} />
      {more && last ? (
        <Actions>
          <Button onPress={() => load(last.number)}>{t("more")}</Button>
        </Actions>
      ) : null}
    </Panel>
  );
}

export default function UsersAndAudit() {
  const t = useWords();
  const { may } = useSession();
  return (
    <div className="page users">
      {may("users") ? <Users /> : null}
      {may("users") ? (
        <Panel title={t("sessions.all")} name="sessions" flush wide>
          <SessionList all />
        </Panel>
      ) : null}
      {may("audit") ? <Audit /> : null}
      {!may("users") && !may("audit") ? <Empty>{t("page.none.text")}</Empty> : null}
    </div>
  );
}
