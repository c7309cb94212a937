// One's own account: password, authenticator, sessions, tokens for machines.
import { useCallback, useEffect, useMemo, useState } from "react";
import { api } from "../api";
import type { Token } from "../messages";
import { error_text, useSession } from "../session";
import { Actions, Button, Checks, Dialog, Field } from "../ui/controls";
import { Moment } from "../ui/numbers";
import { Badge, Facts, Panel, Problem } from "../ui/panel";
import { SessionList } from "../ui/session_list";
import { type Column, Table } from "../ui/table";
import { useWords } from "../words";
import { TotpSteps } from "./totp";

function Me() {
  const t = useWords();
  const { session, refresh } = useSession();
  const [enrolling, set_enrolling] = useState(false);
  const scopes = session?.scopes ?? [];
  return (
    <Panel title={session?.name ?? ""} name="me">
      <Facts
        facts={[
          [t("roles"), (session?.roles ?? []).join(", ")],
          [t("permissions"), (session?.permissions ?? []).join(", ")],
          [t("scopes"), scopes.length === 0 ? t("everywhere") : scopes.map((one) => `${one.venue ?? ""} ${one.pair ?? ""}`.trim()).join(", ")],
          [t("session.until"), <Moment key="u" at={session?.expires} />],
          [t("session.idle_until"), <Moment key="i" at={session?.idleExpires} />],
          [
            t("totp"),
            <Badge key="t" mood={session?.totp === "enrolled" ? "good" : "warn"}>
              {session?.totp === "enrolled" ? t("totp.enrolled") : t("totp.none")}
            </Badge>,
          ],
        ]}
      />
      <Actions>
        <Button onPress={() => set_enrolling(true)}>{session?.totp === "enrolled" ? t("totp.again") : t("totp.enrol")}</Button>
      </Actions>
      {enrolling ? (
        <Dialog title={t("totp.enrol")} onClose={() => set_enrolling(false)}>
          <TotpSteps
            done={() => {
              set_enrolling(false);
              void refresh();
            }}
          />
        </Dialog>
      ) : null}
    </Panel>
  );
}

function Password() {
  const t = useWords();
  const [old, set_old] = useState("");
  const [next, set_next] = useState("");
  const [again, set_again] = useState("");
  const [problem, set_problem] = useState("");
  const [done, set_done] = useState(false);
  const [busy, set_busy] = useState(false);
  const submit = async () => {
    set_done(false);
    if (next !== again) {
      set_problem(t("password.differ"));
      return;
    }
    set_busy(true);
    set_problem("");
    try {
      await api.post("/session/password", { old, new: next });
      set_done(true);
      set_old("");
      set_next("");
      set_again("");
    } catch (error) {
      set_problem(error_text(t, error));
    } finally {
      set_busy(false);
    }
  };
  return (
    <Panel title={t("password.change")} name="password">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field label={t("password.old")} type="password" value={old} onChange={set_old} autoComplete="current-password" required />
        <Field label={t("password.new")} type="password" value={next} onChange={set_next} autoComplete="new-password" hint={t("password.hint")} required />
        <Field label={t("password.again")} type="password" value={again} onChange={set_again} autoComplete="new-password" required />
        {problem ? <Problem>{problem}</Problem> : null}
        {done ? <p role="status">{t("password.changed")}</p> : null}
        <Actions>
          <Button type="submit" busy={busy}>
            {t("password.change")}
          </Button>
        </Actions>
      </form>
    </Panel>
  );
}

function Tokens() {
  const t = useWords();
  const { session } = useSession();
  const [tokens, set_tokens] = useState<Token[]>();
  const [making, set_making] = useState(false);
  const [label, set_label] = useState("");
  const [days, set_days] = useState("90");
  const [permissions, set_permissions] = useState<string[]>(["view"]);
  const [made, set_made] = useState("");
  const [problem, set_problem] = useState("");
  const load = useCallback(() => {
    api.get<{ tokens: Token[] }>("/tokens").then(
      (got) => set_tokens(got.tokens),
      (error: unknown) => set_problem(error_text(t, error)),
    );
  }, [t]);
  useEffect(load, [load]);
  const columns = useMemo<Column<Token>[]>(() => {
    const end = async (one: Token) => {
      try {
        await api.remove(`/tokens/${encodeURIComponent(one.id)}`);
        load();
      } catch (error) {
        set_problem(error_text(t, error));
      }
    };
    return [
      { id: "label", head: t("token.label"), header: true, cell: (one) => one.label },
      { id: "permissions", head: t("permissions"), cell: (one) => one.permissions.join(", ") },
      { id: "created", head: t("users.created"), cell: (one) => <Moment at={one.created} /> },
      { id: "expires", head: t("token.expires"), cell: (one) => <Moment at={one.expires} /> },
      { id: "used", head: t("token.used"), cell: (one) => <Moment at={one.lastUsed} /> },
      {
        id: "end",
        head: t("change"),
        cell: (one) => (
          <Button tone="quiet" onPress={() => void end(one)} label={t("token.revoke_of", { label: one.label })}>
            {t("token.revoke")}
          </Button>
        ),
      },
    ];
  }, [t, load]);
  const submit = async () => {
    set_problem("");
    try {
      const got = await api.post<{ token: string }>("/tokens", { label: label.trim(), permissions, days: Number(days) });
      set_made(got.token);
      load();
    } catch (error) {
      set_problem(error_text(t, error));
    }
  };
  const close = () => {
    set_making(false);
    set_made("");
    set_label("");
  };
  return (
    <Panel title={t("tokens")} name="tokens" flush wide tools={<Button onPress={() => set_making(true)}>{t("token.make")}</Button>}>
      {problem && !making ? <Problem>{problem}</Problem> : null}
      <Table
        label={t("tokens")}
        columns={columns}
        lines={(tokens ?? []).map((row) => ({ key: row.id, row }))}
        empty={tokens ? t("tokens.none") : t("loading")}
      />
      {making ? (
        <Dialog title={t("token.make")} onClose={close}>
          {made ? (
            <>
              <p>{t("token.once")}</p>
              <p>
                <code className="secret">{made}</code>
              </p>
              <Actions>
                <Button onPress={() => void navigator.clipboard?.writeText(made)}>{t("copy")}</Button>
                <Button tone="primary" onPress={close}>
                  {t("close")}
                </Button>
              </Actions>
            </>
          ) : (
            <form
              onSubmit={(event) => {
                event.preventDefault();
                void submit();
              }}
            >
              <Field label={t("token.label")} value={label} onChange={set_label} required autoFocus maxLength={64} />
              <Field label={t("token.days")} value={days} onChange={set_days} inputMode="numeric" required />
              <Checks
                label={t("permissions")}
                value={permissions}
                onChange={set_permissions}
                options={(session?.permissions ?? []).map((value) => ({ value, text: value }))}
              />
              {problem ? <Problem>{problem}</Problem> : null}
              <Actions>
                <Button onPress={close}>{t("cancel")}</Button>
                <Button type="submit" tone="primary">
                  {t("token.make")}
                </Button>
              </Actions>
            </form>
          )}
        </Dialog>
      ) : null}
    </Panel>
  );
}

export default function Account() {
  const t = useWords();
  return (
    <div className="page account">
      <Me />
      <Password />
      <Panel title={t("sessions")} name="sessions" flush wide>
        <SessionList />
      </Panel>
      <Tokens />
    </div>
  );
}
