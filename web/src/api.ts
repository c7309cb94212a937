// REST calls: JSON in, JSON out, errors as one class with the server's own words. What needs a fresh code asks for it once
// through `on_step_up` and tries again under the same idempotency key, so that it is done once.

import { path_at } from "./engine";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly reason: string,
    message: string,
    readonly retry_after_s: number,
  ) {
    super(message);
  }
}

interface ErrorBody {
  error?: { code?: string; reason?: string; message?: string; retryAfterSeconds?: number };
}

let csrf = "";
let on_step_up: () => Promise<boolean> = () => Promise.resolve(false);
let on_signed_out: () => void = () => undefined;

export function connect_api(hooks: { step_up: () => Promise<boolean>; signed_out: () => void }) {
  on_step_up = hooks.step_up;
  on_signed_out = hooks.signed_out;
}

export function set_csrf(token: string | undefined) {
  csrf = token ?? "";
}

export const new_key = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

async function once<T>(method: string, path: string, body: unknown, key: string | undefined): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (key) headers["Idempotency-Key"] = key;
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path_at(path)}`, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "UNAVAILABLE", "network", "", 0);
  }
  const text = await answer.text();
  let read: unknown = {};
  if (text !== "") {
    try {
      read = JSON.parse(text);
    } catch {
      read = {};
    }
  }
  if (answer.ok) return read as T;
  const error = (read as ErrorBody).error ?? {};
  throw new ApiError(
    answer.status,
    error.code ?? `HTTP_${answer.status}`,
    error.reason ?? "",
    error.message ?? answer.statusText,
    error.retryAfterSeconds ?? 0,
  );
}

async function call<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
  try {
    return await once<T>(method, path, body, key);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === "step_up" && (await on_step_up())) return once<T>(method, path, body, key);
    const signing_in = path.startsWith("/session") || path === "/setup";
    if (error.status === 401 && !signing_in) on_signed_out();
    throw error;
  }
}

const query = (values: Record<string, string | number | boolean | undefined>) => {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return set.length === 0 ? "" : "?" + new URLSearchParams(set.map(([name, value]) => [name, String(value)]));
};

export const api = {
  get: <T>(path: string, values: Record<string, string | number | boolean | undefined> = {}) =>
    call<T>("GET", path + query(values)),
  post: <T>(path: string, body: unknown = {}) => call<T>("POST", path, body),
  put: <T>(path: string, body: unknown) => call<T>("PUT", path, body),
  patch: <T>(path: string, body: unknown) => call<T>("PATCH", path, body),
  remove: <T>(path: string) => call<T>("DELETE", path),
  // What changes the engine: said with a reason, done once however often it is sent.
  act: <T>(path: string, reason: string, body: Record<string, unknown>, key: string, method: "POST" | "DELETE" = "POST") =>
    call<T>(method, path, { ...body, caller: { reason } }, key),
};
