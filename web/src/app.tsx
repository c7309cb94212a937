// The frame around every page: who may see which, the bar that is always there (state, profit, freshness, halt), the banners.
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { useEngine } from "./engine";
import type { Permission } from "./messages";
import { SignIn } from "./pages/sign_in";
import { Setup } from "./pages/setup";
import { EnrolTotp } from "./pages/totp";
import { link_to, useRoute } from "./route";
import { SessionProvider, useSession } from "./session";
import { Banners } from "./ui/banners";
import { Bar, Looks } from "./ui/top_bar";
import { Empty, Panel } from "./ui/panel";
import { useWords, useWordsOfSettings, type Word, WordsProvider } from "./words";

interface Page {
  id: string;
  word: Word;
  needs: Permission[]; // one of them is enough
  show: ComponentType;
  hidden?: boolean; // not in the list of pages
}

const page = (load: () => Promise<{ default: ComponentType }>) => lazy(load);

const pages: Page[] = [
  { id: "overview", word: "page.overview", needs: ["view"], show: page(() => import("./pages/overview")) },
  { id: "markets", word: "page.markets", needs: ["view"], show: page(() => import("./pages/markets")) },
  { id: "opportunities", word: "page.opportunities", needs: ["view"], show: page(() => import("./pages/opportunities")) },
  { id: "trades", word: "page.trades", needs: ["view"], show: page(() => import("./pages/trades")) },
  { id: "orders", word: "page.orders", needs: ["view"], show: page(() => import("./pages/orders")) },
  { id: "risk", word: "page.risk", needs: ["view"], show: page(() => import("./pages/risk")) },
  { id: "backtests", word: "page.backtests", needs: ["view"], show: page(() => import("./pages/backtests")) },
  { id: "notifications", word: "page.notifications", needs: ["view"], show: page(() => import("./pages/notifications")) },
  { id: "system", word: "page.system", needs: ["view"], show: page(() => import("./pages/system")) },
  { id: "users", word: "page.users", needs: ["users", "audit"], show: page(() => import("./pages/users")) },
  { id: "account", word: "page.account", needs: [], show: page(() => import("./pages/account")), hidden: true },
];

function Shell() {
  const t = useWords();
  const route = useRoute();
  const { may } = useSession();
  const engine = useEngine();
  const [open, set_open] = useState(false);
  const allowed = pages.filter((one) => one.needs.length === 0 || one.needs.some(may));
  const shown = allowed.find((one) => one.id === route.page);
  useEffect(() => {
    set_open(false);
    document.title = `${shown ? t(shown.word) : "?"} · ATS`;
  }, [route, shown, t]);
  // "g" and a digit, or "?" as the help says: pages by keyboard from anywhere but a field.
  useEffect(() => {
    let armed = 0;
    const press = (event: KeyboardEvent) => {
      const field = (event.target as HTMLElement).closest("input, textarea, [role=dialog], [role=alertdialog], [role=listbox]");
      if (field || event.ctrlKey || event.metaKey || event.altKey) return;
      const index = "1234567890".indexOf(event.key);
      if (event.key === "g") armed = event.timeStamp;
      else if (index >= 0 && event.timeStamp - armed < 1500) {
        const to = allowed.filter((one) => !one.hidden)[index];
        if (to) location.hash = link_to(to.id);
        armed = 0;
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [allowed]);
  return (
    <div className={`frame${open ? " menu-open" : ""}`}>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {t("skip")}
      </a>
      <Bar open={open} on_menu={() => set_open(!open)} />
      <nav aria-label={t("pages")} className="pages" id="pages">
        <ul>
          {allowed
            .filter((one) => !one.hidden)
            .map((one, n) => (
              <li key={one.id}>
                <a
                  href={link_to(one.id)}
                  aria-current={one.id === route.page ? "page" : undefined}
                  aria-keyshortcuts={`g ${(n + 1) % 10}`}
                  onClick={() => set_open(false)}
                >
                  {t(one.word)}
                </a>
              </li>
            ))}
        </ul>
        <Looks />
        <p className="keys">{t("pages.keys")}</p>
      </nav>
      <main id="main" tabIndex={-1}>
        <Banners />
        <h1 className="hidden">{shown ? t(shown.word) : "ATS"}</h1>
        <Suspense fallback={<Empty>{t("loading")}</Empty>}>
          {shown ? (
            <shown.show key={`${shown.id} ${engine}`} />
          ) : (
            <Panel title={t("page.none")}>
              <Empty>{t("page.none.text")}</Empty>
            </Panel>
          )}
        </Suspense>
      </main>
    </div>
  );
}

function Gate() {
  const t = useWords();
  const route = useRoute();
  const { session, problem } = useSession();
  if (!session) {
    return (
      <main className="alone" aria-busy="true">
        <p role="status">{problem ? t("server.away") : t("loading")}</p>
      </main>
    );
  }
  if (route.page === "setup" && !session.signedIn) return <Setup />;
  if (!session.signedIn) return <SignIn />;
  if (session.totp === "required") return <EnrolTotp />;
  return <Shell />;
}

export function App() {
  const words = useWordsOfSettings();
  return (
    <WordsProvider value={words}>
      <SessionProvider>
        <Gate />
      </SessionProvider>
    </WordsProvider>
  );
}
