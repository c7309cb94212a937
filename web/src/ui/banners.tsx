// What must not be missed: a lost connection, a hole in the stream, a source that is away, a halt, an approval that waits.
import { useEffect, useState } from "react";
import type { Approval } from "../messages";
import { rows_of, useLink, useRow, useTopic } from "../live";
import { link_to } from "../route";
import { stream } from "../stream";
import { useSession } from "../session";
import { useWords } from "../words";
import { Button } from "./controls";
import { scope_text } from "./halt";
import { Age, Moment } from "./numbers";

function useNow(running: boolean): number {
  const [now, set_now] = useState(Date.now());
  useEffect(() => {
    if (!running) return;
    set_now(Date.now());
    const timer = setInterval(() => set_now(Date.now()), 500);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

const gap_shown_ms = 8000;

function Link() {
  const t = useWords();
  const link = useLink();
  const lost = link.state === "lost" || (link.state === "connecting" && link.tries > 0);
  const gap = stream.replica.last_gap;
  const now = useNow(lost || gap !== undefined);
  if (lost) {
    const wait = Math.max(0, Math.ceil((link.retry_at - now) / 1000));
    return (
      <div className="banner bad" role="alert" data-banner="lost">
        <span aria-hidden="true" className="shape" />
        <p>
          <strong>{t("banner.lost")}</strong> {t("banner.lost.since")} <Age span="0s" from={link.since} />.{" "}
          {link.state === "connecting" ? t("banner.trying") : t("banner.retry_in", { seconds: wait })}
        </p>
        <Button onPress={() => stream.now()}>{t("banner.retry")}</Button>
      </div>
    );
  }
  if (gap && (gap.closed === undefined || now - gap.closed < gap_shown_ms)) {
    return (
      <div className="banner warn" role="status" data-banner="gap">
        <span aria-hidden="true" className="shape" />
        <p>
          <strong>{t("banner.gap")}</strong> {t("banner.gap.numbers", { expected: gap.expected, got: gap.got })}{" "}
          {gap.closed === undefined ? t("banner.gap.asked") : t("banner.gap.closed")} <Moment at={gap.at} detail="time" />
        </p>
      </div>
    );
  }
  return null;
}

export function Banners() {
  const t = useWords();
  const { may } = useSession();
  const { row: risk, view } = useRow("risk");
  const approvals = rows_of<Approval>(useTopic("approvals")).filter((one) => one.state === "waiting");
  const halted = risk?.state === "RISK_STATE_HALTED" || risk?.state === "RISK_STATE_REDUCE_ONLY";
  return (
    <div className="banners">
      <Link />
      {view.freshness === "away" ? (
        <div className="banner bad" role="alert" data-banner="away">
          <span aria-hidden="true" className="shape" />
          <p>
            <strong>{t("banner.away")}</strong> {view.problem}
          </p>
        </div>
      ) : null}
      {risk && (halted || risk.holds.length > 0) ? (
        <div className={`banner ${halted ? "bad" : "warn"}`} role="status" data-banner="held">
          <span aria-hidden="true" className="shape" />
          <p>
            <strong>{halted ? t(`state.${risk.state}`) : t("banner.holds")}</strong>{" "}
            {risk.holds
              .slice(0, 4)
              .map((hold) => `${scope_text(hold.scope, t("everywhere"))}: ${hold.limit || t.named("by", hold.by)}`)
              .join(" · ")}
          </p>
          <a href={link_to("risk")}>{t("page.risk")}</a>
        </div>
      ) : null}
      {may("view") && approvals.length > 0 ? (
        <div className="banner info" role="status" data-banner="approval">
          <span aria-hidden="true" className="shape" />
          <p>
            <strong>{t("banner.approvals", { count: approvals.length })}</strong> {approvals[0]?.summary}
          </p>
          <a href={link_to("risk")}>{t("approval.look")}</a>
        </div>
      ) : null}
    </div>
  );
}
