// Moments and spans of time as people read them: local time or UTC, and the ages that run on between two messages.

export type Zone = "local" | "utc";

// "1.5s" → milliseconds.
export function span_ms(span: string | undefined): number | undefined {
  if (span === undefined || !/^-?\d+(\.\d+)?s$/.test(span)) return undefined;
  return Number(span.slice(0, -1)) * 1000;
}

// Short, of fixed width for what changes fast: 340 ms, 12.4 s, 3m 05s, 4h 12m, 3d 4h.
export function show_span(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return "–";
  if (ms < 0) ms = 0;
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (n: number) => String(n).padStart(2, "0");
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

// Since a decision, where microseconds count: 84.2 µs, 4.731 ms, 1.204 s.
export function show_offset(us: number | undefined): string {
  if (us === undefined || Number.isNaN(us)) return "–";
  if (us < 1000) return `${us < 100 ? us.toFixed(1) : Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e5 ? 3 : 1)} ms`;
  return us < 6e7 ? `${(us / 1e6).toFixed(3)} s` : show_span(us / 1000);
}

const two = (n: number) => String(n).padStart(2, "0");

function fields(at: Date, zone: Zone) {
  return zone === "utc"
    ? [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
    : [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()];
}

export type Detail = "full" | "time" | "millis";

export function show_moment(moment: string | number | undefined, zone: Zone, detail: Detail = "full"): string {
  if (moment === undefined || moment === "") return "–";
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return String(moment);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields(at, zone);
  const time = `${two(hour)}:${two(minute)}:${two(second)}`;
  if (detail === "time") return time;
  if (detail === "millis") return `${time}.${String(at.getUTCMilliseconds()).padStart(3, "0")}`;
  return `${year}-${two(month)}-${two(day)} ${time}`;
}

export function zone_name(zone: Zone): string {
  if (zone === "utc") return "UTC";
  const minutes = -new Date().getTimezoneOffset();
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
