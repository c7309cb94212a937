// How this person wants to see the page: theme, language, zone. Kept in this browser at once and with the user on the server,
// so that it is the same on the next machine.
import { useSyncExternalStore } from "react";
import { api } from "./api";
import type { Zone } from "./time";

export type Theme = "system" | "dark" | "light";
export type Language = "en" | "ko";

export interface Settings {
  theme: Theme;
  language: Language;
  zone: Zone;
}

const kept_under = "ats.settings";
const listeners = new Set<() => void>();
let settings = read();

function sane(value: unknown): Settings {
  const said = (typeof value === "object" && value !== null ? value : {}) as Partial<Settings>;
  const spoken: Language = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
  return {
    theme: said.theme === "dark" || said.theme === "light" ? said.theme : "system",
    language: said.language === "en" || said.language === "ko" ? said.language : spoken,
    zone: said.zone === "utc" ? "utc" : "local",
  };
}

function read(): Settings {
  try {
    return sane(JSON.parse(localStorage.getItem(kept_under) ?? "{}"));
  } catch {
    return sane({});
  }
}

const wants_light = matchMedia("(prefers-color-scheme: light)");

export const shown_theme = (): "dark" | "light" =>
  settings.theme !== "system" ? settings.theme : wants_light.matches ? "light" : "dark";

function show() {
  document.documentElement.dataset.theme = shown_theme();
  document.documentElement.lang = settings.language;
  for (const listener of listeners) listener();
}

export function start_settings() {
  wants_light.addEventListener("change", show);
  show();
}

function set(next: Settings) {
  settings = next;
  try {
    localStorage.setItem(kept_under, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing shows it right all the same, until it is closed.
  }
  show();
}

export function change_settings(change: Partial<Settings>, signed_in: boolean) {
  set({ ...settings, ...change });
  if (signed_in) void api.put("/preferences", settings).catch(() => undefined);
}

export async function load_settings() {
  const kept = await api.get<Record<string, unknown>>("/preferences").catch(() => ({}));
  if (Object.keys(kept).length > 0) set(sane({ ...settings, ...kept }));
}

const listen = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useSettings = (): Settings => useSyncExternalStore(listen, () => settings);
export const useShownTheme = (): "dark" | "light" => useSyncExternalStore(listen, shown_theme);
