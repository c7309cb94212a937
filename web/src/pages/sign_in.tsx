// Signing in: name and password, then a code when the user has an authenticator.
import { useState } from "react";
import { api, ApiError } from "../api";
import type { Session } from "../messages";
import { error_text, useSession } from "../session";
import { Actions, Button, Field } from "../ui/controls";
import { Problem } from "../ui/panel";
import { Looks } from "../ui/top_bar";
import { useWords } from "../words";

export function SignIn() {
  const t = useWords();
  const { session, ended, take } = useSession();
  const [name, set_name] = useState("");
  const [password, set_password] = useState("");
  const [code, set_code] = useState("");
  const [asks_code, set_asks_code] = useState(false);
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);

  const submit = async () => {
    set_busy(true);
    set_problem("");
    try {
      const given = code.replace(/\s/g, "");
      take(await api.post<Session>("/session", { name, password, ...(given ? { code: given } : {}) }));
    } catch (error) {
      const asked = error instanceof ApiError && error.reason === "code_required";
      if (asked || (error instanceof ApiError && error.reason === "code_wrong")) set_asks_code(true);
      set_code("");
      if (!asked) set_problem(error_text(t, error));
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
        <p className="sub">{t("sign_in.title")}</p>
        {ended ? <Problem>{t("sign_in.ended")}</Problem> : null}
        {session?.setup ? <p className="note">{t("sign_in.setup")}</p> : null}
        <Field label={t("name")} name="name" value={name} onChange={set_name} autoFocus autoComplete="username" required />
        <Field
          label={t("password")}
          name="password"
          type="password"
          value={password}
          onChange={set_password}
          autoComplete="current-password"
          required
        />
        {asks_code ? (
          <Field
            label={t("code")}
            name="code"
            hint={t("code.hint")}
            value={code}
            onChange={set_code}
            autoFocus
            autoComplete="one-time-code"
            required
          />
        ) : null}
        {problem ? <Problem>{problem}</Problem> : null}
        <Actions>
          <Button type="submit" tone="primary" busy={busy}>
            {t("sign_in.go")}
          </Button>
        </Actions>
      </form>
      <Looks />
    </main>
  );
}
