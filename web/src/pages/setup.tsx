// The one-time link: the first administrator, and whoever was invited or reset.
import { useState } from "react";
import { api } from "../api";
import type { Session } from "../messages";
import { go, useRoute } from "../route";
import { error_text, useSession } from "../session";
import { Actions, Button, Field } from "../ui/controls";
import { Problem } from "../ui/panel";
import { Looks } from "../ui/top_bar";
import { useWords } from "../words";

export function Setup() {
  const t = useWords();
  const { session, take } = useSession();
  const token = useRoute().query.get("token") ?? "";
  const [name, set_name] = useState("");
  const [password, set_password] = useState("");
  const [again, set_again] = useState("");
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);

  const submit = async () => {
    if (password !== again) {
      set_problem(t("password.differ"));
      return;
    }
    set_busy(true);
    set_problem("");
    try {
      const next = await api.post<Session>("/setup", { token, name, password });
      // The token is spent; it has no business in the address or the history.
      history.replaceState(null, "", location.pathname);
      take(next);
      go("overview");
    } catch (error) {
      set_problem(error_text(t, error));
    } finally {
      set_busy(false);
    }
  };

  return (
    <main className="alone">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>ATS</h1>
        <p className="sub">{session?.setup ? t("setup.first") : t("setup.invited")}</p>
        {token === "" ? <Problem>{t("setup.no_token")}</Problem> : null}
        <Field label={t("name")} name="name" value={name} onChange={set_name} autoFocus autoComplete="username" required />
        <Field
          label={t("password.new")}
          name="password"
          type="password"
          value={password}
          onChange={set_password}
          autoComplete="new-password"
          hint={t("password.hint")}
          required
        />
        <Field
          label={t("password.again")}
          name="again"
          type="password"
          value={again}
          onChange={set_again}
          autoComplete="new-password"
          required
        />
        {problem ? <Problem>{problem}</Problem> : null}
        <Actions>
          <Button type="submit" tone="primary" busy={busy}>
            {t("setup.go")}
          </Button>
        </Actions>
      </form>
      <Looks />
    </main>
  );
}
