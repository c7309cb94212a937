// Halt and resume: which scope, how, and why.
import { useState } from "react";
import type { HaltMode, Scope } from "../messages";
import { useSession } from "../session";
import { useWords } from "../words";
import { ActDialog } from "./act";
import { Choice, Field, Toggle } from "./controls";

const modes: HaltMode[] = ["RESOLVE", "REDUCE_ONLY", "AT_ONCE"];

// Only what is set; nothing: everywhere.
export const scope_of = (venue: string, pair: string): Scope => ({
  ...(venue.trim() ? { venue: venue.trim() } : {}),
  ...(pair.trim() ? { pair: pair.trim().toUpperCase() } : {}),
});

export function scope_text(scope: Scope | undefined, everywhere: string): string {
  const said = [scope?.venue, scope?.pair, scope?.strategy, scope?.asset].filter(Boolean);
  return said.length > 0 ? said.join(" ") : everywhere;
}

export function HaltDialog({ onClose }: { onClose: () => void }) {
  const t = useWords();
  const { session } = useSession();
  const own = session?.scopes?.[0];
  const [venue, set_venue] = useState(own?.venue ?? "");
  const [pair, set_pair] = useState(own?.pair ?? "");
  const [mode, set_mode] = useState<HaltMode>("RESOLVE");
  const [flatten, set_flatten] = useState(false);
  return (
    <ActDialog
      title={t("halt.title")}
      go={t("halt.go")}
      danger
      path="/halt"
      body={() => ({ scope: scope_of(venue, pair), mode, flatten })}
      onClose={onClose}
    >
      <Choice
        label={t("halt.mode")}
        value={mode}
        options={modes.map((value) => ({ value, text: t(`halt.mode.${value}`) }))}
        onChange={(value) => set_mode(value as HaltMode)}
      />
      <div className="row">
        <Field label={t("venue")} value={venue} onChange={set_venue} hint={t("scope.empty_all")} />
        <Field label={t("pair")} value={pair} onChange={set_pair} hint={t("scope.empty_all")} />
      </div>
      <Toggle on={flatten} onChange={set_flatten}>
        {t("halt.flatten")}
      </Toggle>
    </ActDialog>
  );
}

export function ResumeDialog({ scope, onClose }: { scope: Scope; onClose: () => void }) {
  const t = useWords();
  return (
    <ActDialog
      title={t("resume.title", { scope: scope_text(scope, t("everywhere")) })}
      go={t("resume.go")}
      danger
      path="/resume"
      body={() => ({ scope })}
      before={t("resume.text")}
      onClose={onClose}
    />
  );
}
