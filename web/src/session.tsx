// Who is signed in and what they may do. The server decides; the page only leaves out what would be refused, and says why.
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { api, ApiError, connect_api, set_csrf } from "./api";
import type { Permission, Session } from "./messages";
import { load_settings } from "./settings";
import { stream } from "./stream";
import { Actions, Button, Dialog, Field } from "./ui/controls";
import { useWords, type Words } from "./words";

interface Held {
  session: Session | undefined; // undefined: not asked so far
  problem: string; // the server could not be asked
  ended: boolean; // was signed in on this page, and is no more
  take: (session: Session) => void;
  refresh: () => Promise<Session | undefined>;
  sign_out: () => Promise<void>;
  may: (permission: Permission) => boolean;
  // Why a button may not be used; undefined when it may.
  why_not: (permission: Permission) => string | undefined;
}

const SessionContext = createContext<Held | null>(null);

export function useSession(): Held {
  const held = useContext(SessionContext);
  if (!held) throw new Error("no session around this page");
  return held;
}

// An error in words: the server's own line, or what this page knows of it.
export function error_text(t: Words, error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.reason === "network") return t("error.network");
  const known = t.named("error", error.reason);
  const line = error.reason !== "" && known !== error.reason ? known : error.message || error.code;
  return error.retry_after_s > 0 ? `${line} ${t("error.again_in", { seconds: error.retry_after_s })}` : line;
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const t = useWords();
  const [session, set_session] = useState<Session>();
  const [problem, set_problem] = useState("");
  const [ended, set_ended] = useState(false);
  const [stepping, set_stepping] = useState<((done: boolean) => void) | undefined>();
  const was_in = useRef(false);

  const take = useCallback((next: Session) => {
    set_csrf(next.csrf);
    set_ended(!next.signedIn && was_in.current);
    if (next.signedIn && !was_in.current) void load_settings();
    was_in.current = next.signedIn;
    set_problem("");
    set_session(next);
  }, []);

  const refresh = useCallback(async () => {
    try {
      const next = await api.get<Session>("/session");
      take(next);
      return next;
    } catch (error) {
      set_problem(error instanceof ApiError ? error.code : String(error));
      return undefined;
    }
  }, [take]);

  const sign_out = useCallback(async () => {
    await api.remove("/session").catch(() => undefined);
    was_in.current = false;
    await refresh();
  }, [refresh]);

  useEffect(() => {
    let asking: Promise<boolean> | undefined;
    connect_api({
      // Several acts at once ask for one code.
      step_up: () =>
        (asking ??= new Promise<boolean>((resolve) => set_stepping(() => resolve)).finally(() => {
          asking = undefined;
          set_stepping(undefined);
        })),
      signed_out: () => void refresh(),
    });
    stream.on_refused = async () => {
      const now = await refresh();
      return now === undefined || now.signedIn;
    };
    void refresh();
  }, [refresh]);

  const live = session?.signedIn === true && session.totp !== "required";
  useEffect(() => {
    if (!live) return;
    stream.start();
    return () => stream.stop();
  }, [live]);

  // A server that cannot be asked at the start is asked again.
  useEffect(() => {
    if (session || !problem) return;
    const again = setTimeout(() => void refresh(), 2000);
    return () => clearTimeout(again);
  }, [session, problem, refresh]);

  const held = useMemo<Held>(() => {
    const may = (permission: Permission) => session?.permissions?.includes(permission) ?? false;
    return {
      session,
      problem,
      ended,
      take,
      refresh,
      sign_out,
      may,
      why_not: (permission) => (may(permission) ? undefined : t("may.not", { permission })),
    };
  }, [session, problem, ended, take, refresh, sign_out, t]);

  return (
    <SessionContext.Provider value={held}>
      {children}
      {stepping ? <StepUp totp={session?.totp} done={stepping} take={take} /> : null}
    </SessionContext.Provider>
  );
}

function StepUp({
  totp,
  done,
  take,
}: {
  totp: Session["totp"];
  done: (stepped_up: boolean) => void;
  take: (session: Session) => void;
}) {
  const t = useWords();
  const [code, set_code] = useState("");
  const [problem, set_problem] = useState("");
  const [busy, set_busy] = useState(false);
  const submit = async () => {
    set_busy(true);
    try {
      take(await api.post<Session>("/session/step-up", { code: code.replace(/\s/g, "") }));
      done(true);
    } catch (error) {
      set_problem(error_text(t, error));
      set_code("");
    } finally {
      set_busy(false);
    }
  };
  if (totp !== "enrolled") {
    return (
      <Dialog title={t("step_up.title")} onClose={() => done(false)} alert>
        <p>{t("step_up.enrol_first")}</p>
        <Actions>
          <Button
            tone="primary"
            onPress={() => {
              done(false);
              location.hash = "#/account";
            }}
          >
            {t("step_up.to_account")}
          </Button>
        </Actions>
      </Dialog>
    );
  }
  return (
    <Dialog title={t("step_up.title")} onClose={() => done(false)} alert>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <p>{t("step_up.text")}</p>
        <Field
          label={t("code")}
          name="code"
          value={code}
          onChange={set_code}
          autoFocus
          required
          inputMode="numeric"
          autoComplete="one-time-code"
          error={problem}
        />
        <Actions>
          <Button onPress={() => done(false)}>{t("cancel")}</Button>
          <Button type="submit" tone="primary" busy={busy}>
            {t("step_up.go")}
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
