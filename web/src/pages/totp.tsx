// Enrolling an authenticator: the QR code and the secret, a code that proves it, the backup codes once.
import { useEffect, useState } from "react";
import { api } from "../api";
import { error_text, useSession } from "../session";
import { Actions, Button, Field } from "../ui/controls";
import { Problem } from "../ui/panel";
import { Looks } from "../ui/top_bar";
import { useWords } from "../words";

interface Offer {
  secret: string;
  uri: string;
  svg: string;
}

export function TotpSteps({ done }: { done: () => void }) {
  const t = useWords();
  const [offer, set_offer] = useState<Offer>();
  const [code, set_code] = useState("");
  const [backup, set_backup] = useState<string[]>();
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);

  useEffect(() => {
    let gone = false;
    api.post<Offer>("/session/totp").then(
      (got) => !gone && set_offer(got),
      (error: unknown) => !gone && set_problem(error_text(t, error)),
    );
    return () => {
      gone = true;
    };
  }, [t]);

  const confirm = async () => {
    set_busy(true);
    set_problem("");
    try {
      const answer = await api.post<{ backupCodes: string[] }>("/session/totp/confirm", { code: code.replace(/\s/g, "") });
      set_backup(answer.backupCodes);
    } catch (error) {
      set_problem(error_text(t, error));
      set_code("");
    } finally {
      set_busy(false);
    }
  };

  if (backup) {
    return (
      <div className="totp">
        <p>{t("totp.backup")}</p>
        <ul className="backup-codes">
          {backup.map((one) => (
            <li key={one}>
              <code>{one}</code>
            </li>
          ))}
        </ul>
        <Actions>
          <Button onPress={() => void navigator.clipboard?.writeText(backup.join("\n"))}>{t("copy")}</Button>
          <Button tone="primary" onPress={done}>
            {t("totp.kept")}
          </Button>
        </Actions>
      </div>
    );
  }
  return (
    <form
      className="totp"
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      <p>{t("totp.scan")}</p>
      {offer ? (
        <>
          <img
            className="qr"
            alt={t("totp.qr")}
            src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(offer.svg)}`}
            width="192"
            height="192"
          />
          <p>
            {t("totp.or_type")} <code className="secret">{offer.secret}</code>
          </p>
        </>
      ) : null}
      <Field
        label={t("code")}
        name="code"
        value={code}
        onChange={set_code}
        inputMode="numeric"
        autoComplete="one-time-code"
        required
      />
      {problem ? <Problem>{problem}</Problem> : null}
      <Actions>
        <Button type="submit" tone="primary" busy={busy}>
          {t("totp.confirm")}
        </Button>
      </Actions>
    </form>
  );
}

// Of a user who may do nothing else before.
export function EnrolTotp() {
  const t = useWords();
  const { refresh, sign_out } = useSession();
  return (
    <main className="alone">
      <div className="card">
        <h1>ATS</h1>
        <p className="sub">{t("totp.required")}</p>
        <TotpSteps done={() => void refresh()} />
        <Button tone="quiet" onPress={() => void sign_out()}>
          {t("sign_out")}
        </Button>
      </div>
      <Looks />
    </main>
  );
}
