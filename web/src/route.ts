// Hash routes: "#/markets/kraken/BTC/USDT" → page and the rest. Nothing about a page is anywhere else than in its address.
import { useSyncExternalStore } from "react";

export interface Route {
  page: string;
  rest: string[];
  query: URLSearchParams;
}

export function parse_route(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...rest] = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { page: page || "overview", rest: rest.filter((part) => part !== ""), query: new URLSearchParams(query) };
}

export const link_to = (page: string, ...rest: string[]) => `#/${[page, ...rest.map(encodeURIComponent)].join("/")}`;

export function go(page: string, ...rest: string[]) {
  location.hash = link_to(page, ...rest);
}

let known = { hash: "", route: parse_route("") };
function current(): Route {
  if (known.hash !== location.hash) known = { hash: location.hash, route: parse_route(location.hash) };
  return known.route;
}

const listen = (listener: () => void) => {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
};

export const useRoute = (): Route => useSyncExternalStore(listen, current);
