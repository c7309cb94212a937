// Acts that change the engine: a dialog that asks for the reason, sends it once however often it is tried, and shows what was
// told back. Everything that halts, resumes, limits, acknowledges or approves goes through here.
import { type ReactNode, useRef, useState } from "react";
import { api, new_key } from "../api";
import type { Told } from "../messages";
import { error_text } from "../session";
import { useWords } from "../words";
import { Actions, Button, Dialog, Field } from "./controls";
import { Badge, Problem } from "./panel";

export function ActDialog({
  title,
  go,
  danger = false,
  path,
  body,
  children,
  onClose,
  ready = true,
  before,
  not_ready,
  reason_outside = false,
  method = "POST",
}: {
  title: string;
  go: string;
  danger?: boolean;
  path: string;
  body?: () => Record<string, unknown>;
  children?: ReactNode;
  onClose: (done: boolean) => void;
  ready?: boolean;
  before?: string;
  not_ready?: string;
  reason_outside?: boolean; // the reason stands in the body itself, not in a Caller
  method?: "POST" | "DELETE";
}) {
  const t = useWords();
  const key = useRef(new_key());
  const [reason, set_reason] = useState("");
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);
  const [answer, set_answer] = useState<Told>();

  const submit = async () => {
    if (reason.trim() === "" || !ready) {
      set_problem(ready ? t("act.reason_needed") : (not_ready ?? t("act.reason_needed")));
      return;
    }
    set_busy(true);
    set_problem("");
    try {
      const said = reason.trim();
      if (reason_outside) {
        const { response } = await api.post<{ response?: Told }>(path, { reason: said });
        set_answer(response ?? {});
      } else {
        set_answer(await api.act<Told>(path, said, body?.() ?? {}, key.current, method));
      }
    } catch (error) {
      set_problem(error_text(t, error));
    } finally {
      set_busy(false);
    }
  };

  if (answer) {
    return (
      <Dialog title={title} onClose={() => onClose(true)}>
        <div role="status">
          {answer.approval ? (
            <>
              <Badge mood="warn">{t("approval.waits")}</Badge>
              <p>{t("approval.explained", { id: answer.approval.id })}</p>
            </>
          ) : (
            <Badge mood="good">{t("act.done")}</Badge>
          )}
          {(answer.told ?? []).length > 0 ? (
            <ul className="told">
              {(answer.told ?? []).map((line, n) => (
                <li key={n}>{line}</li>
              ))}
            </ul>
          ) : null}
        </div>
        <Actions>
          <Button tone="primary" onPress={() => onClose(true)}>
            {t("close")}
          </Button>
        </Actions>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} onClose={() => onClose(false)} alert={danger}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {before ? <p>{before}</p> : null}
        {children}
        <Field
          label={t("reason")}
          name="reason"
          value={reason}
          onChange={set_reason}
          required
          autoFocus
          maxLength={63}
          hint={t("act.reason_hint")}
        />
        {problem ? <Problem>{problem}</Problem> : null}
        <Actions>
          <Button onPress={() => onClose(false)}>{t("cancel")}</Button>
          <Button type="submit" tone={danger ? "danger" : "primary"} busy={busy}>
            {go}
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
