import type { Severity } from "../messages";
import type { Mood } from "./panel";

export const severity_mood = (severity: Severity): Mood =>
  severity === "SEVERITY_CRITICAL" || severity === "SEVERITY_EMERGENCY"
    ? "bad"
    : severity === "SEVERITY_WARNING"
      ? "warn"
      : "info";
