// The bar that is always there: which engine, paper or not, its state, today's profit, how fresh all of it is, and the halt.
import { useEffect, useState } from "react";
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { choose_engine, useEngine } from "../engine";
import { useLink, useRow } from "../live";
import type { RiskState } from "../messages";
import { go, link_to } from "../route";
import { useSession } from "../session";
import { change_settings, type Language, type Settings, type Theme, useSettings } from "../settings";
import { zone_name } from "../time";
import { useWords } from "../words";
import { Button, Choice } from "./controls";
import { HaltDialog } from "./halt";
import { Clock, Signed } from "./numbers";
import { Badge, type Mood } from "./panel";

export const state_mood = (state: RiskState | undefined): Mood =>
  state === "RISK_STATE_ACTIVE" ? "good" : state === "RISK_STATE_REDUCE_ONLY" ? "warn" : state ? "bad" : "none";

export function Looks() {
  const t = useWords();
  const { session } = useSession();
  const settings = useSettings();
  const change = (what: Partial<Settings>) => change_settings(what, session?.signedIn === true);
  return (
    <div className="looks">
      <Choice
        quiet
        label={t("theme")}
        value={settings.theme}
        options={(["system", "dark", "light"] as const).map((value) => ({ value, text: t(`theme.${value}`) }))}
        onChange={(value) => change({ theme: value as Theme })}
      />
      <Choice
        quiet
        label={t("language")}
        value={settings.language}
        options={[
          { value: "en", text: "English" },
          { value: "ko", text: "한국어" },
        ]}
        onChange={(value) => change({ language: value as Language })}
      />
      <Button
        tone="quiet"
        label={t("zone.switch", { zone: zone_name(settings.zone) })}
        onPress={() => change({ zone: settings.zone === "utc" ? "local" : "utc" })}
      >
        {zone_name(settings.zone)}
      </Button>
    </div>
  );
}

function LinkBadge() {
  const t = useWords();
  const link = useLink();
  const mood: Mood =
    link.state === "open" ? (link.doubted ? "warn" : "good") : link.state === "connecting" && link.tries === 0 ? "info" : "bad";
  const word = mood === "good" ? "link.live" : mood === "warn" ? "link.doubted" : mood === "info" ? "link.connecting" : "link.lost";
  return (
    <span data-link={word.slice("link.".length)}>
      <Badge mood={mood}>{t(word)}</Badge>
    </span>
  );
}

// With several engines: which one is looked at. Where one risk role holds limits for all, they may be looked at as one: its
// limits, holds and positions, beside what the first engine sees.
function EngineChoice() {
  const t = useWords();
  const chosen = useEngine();
  const { row: engine } = useRow("engine");
  const { row: system } = useRow("system");
  const engines = (system?.services ?? []).filter((one) => one.kind === "engine").map((one) => one.name);
  const for_all = system?.services.some((one) => one.kind === "risk") ?? false;
  const gone = system !== undefined && chosen !== "" && !engines.includes(chosen);
  useEffect(() => {
    if (gone) choose_engine("");
  }, [gone]);
  if (engines.length < 2) return <span className="engine-name">{engine ? `${engine.name} · ${engine.title}` : ""}</span>;
  return (
    <Choice
      quiet
      label={t("engine")}
      value={chosen || (for_all ? "*" : (engines[0] ?? "*"))}
      options={[
        ...(for_all ? [{ value: "*", text: t("engines.all") }] : []),
        ...engines.map((value) => ({ value, text: value })),
      ]}
      onChange={(value) => choose_engine(value === "*" ? "" : value)}
    />
  );
}

export function Bar({ open, on_menu }: { open: boolean; on_menu: () => void }) {
  const t = useWords();
  const { session, why_not, sign_out } = useSession();
  const [halting, set_halting] = useState(false);
  const { row: engine } = useRow("engine");
  const { row: risk } = useRow("risk");
  const { row: pnl } = useRow("pnl");
  const today = pnl?.periods.find((period) => period.kind === "DAY");
  return (
    <header className="top-bar">
      <button type="button" className="button quiet menu" aria-expanded={open} aria-controls="pages" onClick={on_menu}>
        <span aria-hidden="true">☰</span>
        <span className="hidden">{t("pages")}</span>
      </button>
      <a className="brand" href={link_to("overview")}>
        ATS
      </a>
      <EngineChoice />
      {risk || engine ? (
        <Badge mood={(risk?.paper ?? engine?.paper) ? "info" : "warn"}>
          {(risk?.paper ?? engine?.paper) ? t("paper") : t("real")}
        </Badge>
      ) : null}
      {risk ? <Badge mood={state_mood(risk.state)}>{t(`state.${risk.state}`)}</Badge> : null}
      <LinkBadge />
      <span className="today">
        <span className="today-name">{t("pnl.today")}</span>
        <Signed value={today?.profit?.total} unit={pnl?.reportingAsset} places={2} />
      </span>
      <span className="spring" />
      {risk && risk.openAlerts > 0 ? (
        <a className="alerts-open" href={link_to("notifications")}>
          <Badge mood="warn">{t("alerts.open", { count: risk.openAlerts })}</Badge>
        </a>
      ) : null}
      <Clock />
      <Looks />
      <MenuTrigger>
        <AriaButton className="button quiet who">
          {session?.name}
          <span aria-hidden="true" className="chevron" />
        </AriaButton>
        <Popover className="popover">
          <Menu className="listbox" aria-label={session?.name ?? ""}>
            <MenuItem className="option" onAction={() => go("account")}>
              {t("page.account")}
            </MenuItem>
            <MenuItem className="option" onAction={() => void sign_out()}>
              {t("sign_out")}
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      <Button tone="danger" why_not={why_not("halt")} onPress={() => set_halting(true)}>
        <span aria-hidden="true" className="stop" />
        {t("halt.button")}
      </Button>
      {halting ? <HaltDialog onClose={() => set_halting(false)} /> : null}
    </header>
  );
}
