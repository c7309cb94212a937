#!/usr/bin/env python3
"""Writes the Grafana dashboard beside it from the table below: one line a panel.

  deploy/grafana/make.py            writes ats.json
  deploy/grafana/make.py --check    says whether ats.json is what would be written

tests/monitoring_test.py asks a running Prometheus for every expression here.
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
OUT = HERE / "ats.json"

# Row, then its panels: title, kind, unit, [(expression, legend), …], what it tells.
ROWS = [
    ("At a glance", [
        ("P&L", "stat", "none", [("ats_pnl", "{{instance}}")], "In the reporting currency, since the journal began."),
        ("Held up", "stat", "none", [("count(ats_hold) or vector(0)", "scopes")], "Scopes that are halted or reduced."),
        ("Ready", "stat", "none", [("ats_ready", "{{instance}}")], "1: past its start-up and not on its way out."),
        ("Open alerts", "stat", "none", [("sum by (severity) (ats_alerts_open) or vector(0)", "{{severity}}")],
         "What the core has told a person of, and nothing has ended."),
        ("P&L over time", "timeseries", "none", [("ats_pnl", "{{instance}}")], "Marked at valid mids."),
        ("Trades by how they ended", "timeseries", "ops",
         [("sum by (outcome) (rate(ats_executions_total[$__rate_interval]))", "{{outcome}}")],
         "Completed: both legs equal. Handed over: a person has to look."),
    ]),
    ("Why it does not trade", [
        ("Opportunities", "timeseries", "ops", [("rate(ats_opportunities_total[$__rate_interval])", "{{instance}}")],
         "Episodes with a net edge over the threshold."),
        ("Refused, by reason", "timeseries", "ops",
         [("sum by (reason) (rate(ats_opportunities_refused_total[$__rate_interval]))", "{{reason}}")],
         "The first rule that said no."),
        ("Limits, used", "timeseries", "percentunit", [("ats_limit_used_ratio", "{{limit}} {{scope}}")],
         "1 is the hard level."),
    ]),
    ("Books and feeds", [
        ("Books valid", "timeseries", "percentunit", [("ats:books_valid:ratio", "{{venue}}")],
         "Only a valid book prices an order."),
        ("Books by state", "timeseries", "none", [("sum by (state) (ats_books)", "{{state}}")], ""),
        ("Messages", "timeseries", "ops", [("rate(ats_feed_messages_total[$__rate_interval])", "{{venue}}")], ""),
        ("Oldest book", "timeseries", "s", [("max by (venue) (ats_book_age_seconds)", "{{venue}}")],
         "A quiet pair is old as well: see the feed's messages beside it."),
        ("Gaps and wrong checksums", "timeseries", "ops",
         [("sum by (venue) (rate(ats_book_gaps_total[$__rate_interval]))", "{{venue}} gaps"),
          ("sum by (venue) (rate(ats_book_checksums_wrong_total[$__rate_interval]))", "{{venue}} checksums")], ""),
        ("Connections", "timeseries", "none", [("ats_connection_up", "{{venue}} {{channel}}")], "1: up."),
        ("Clock skew", "timeseries", "s", [("ats_clock_skew_seconds", "{{venue}} {{bound}}")],
         "The venue's clock less ours lies between the two."),
    ]),
    ("Orders", [
        ("Open orders", "timeseries", "none", [("ats_orders_open", "{{state}}")],
         "Unknown: the venue has not said; what it may do is held."),
        ("Orders and fills", "timeseries", "ops",
         [("rate(ats_orders_placed_total[$__rate_interval])", "orders"),
          ("rate(ats_fills_booked_total[$__rate_interval])", "fills")], ""),
        ("Legs that fall short", "timeseries", "percentunit", [("ats:legs_fell_short:ratio", "{{venue}}")],
         "Of the legs of the last hour."),
        ("Each step of an order, p99", "timeseries", "s",
         [('ats_order_stage_seconds{quantile="0.99"}', "{{venue}} {{route}} {{stage}}")], ""),
    ]),
    ("Money", [
        ("Exposure", "timeseries", "none", [("ats_exposure", "{{asset}}")], "In the reporting currency."),
        ("Balances", "timeseries", "none", [("ats_balance", "{{venue}} {{asset}}")], "By the ledger."),
        ("Venue less ledger", "timeseries", "none", [("ats_balance_difference", "{{venue}} {{asset}}")],
         "While something is under way it differs; what stays is a break."),
    ]),
    ("The process", [
        ("Frame to decision, p99", "timeseries", "s", [("ats:stage_seconds:p99", "{{stage}}")], ""),
        ("Loop lag, p99", "timeseries", "s", [("ats:loop_lag_seconds:p99", "{{instance}}")], ""),
        ("Processor", "timeseries", "percentunit",
         [('rate(process_cpu_seconds_total{job="ats"}[$__rate_interval])', "{{instance}}")], "1 is one core."),
        ("Memory", "timeseries", "bytes", [('process_resident_memory_bytes{job="ats"}', "{{instance}}")], ""),
        ("Descriptors", "timeseries", "none", [('process_open_fds{job="ats"}', "{{instance}}")], ""),
        ("Journal", "timeseries", "Bps", [("rate(ats_journal_bytes_total[$__rate_interval])", "{{instance}}")], ""),
        ("History that waits", "timeseries", "bytes", [("ats_influx_waiting_bytes", "{{instance}}")],
         "On disk, while InfluxDB is away; beyond influx.queue_limit the oldest goes."),
    ]),
]


def panel(number, kind, title, unit, targets, told, place):
    return {
        "id": number,
        "type": kind,
        "title": title,
        "description": told,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": [{"refId": chr(ord("A") + n), "expr": expr, "legendFormat": legend}
                    for n, (expr, legend) in enumerate(targets)],
    }


def dashboard():
    panels, y, number = [], 0, 1
    for row, content in ROWS:
        panels.append({"id": number, "type": "row", "title": row, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}})
        number, y, x, high = number + 1, y + 1, 0, 0
        for title, kind, unit, targets, told in content:
            wide, tall = (6, 4) if kind == "stat" else (12, 8)
            if x + wide > 24:
                x, y, high = 0, y + high, 0
            panels.append(panel(number, kind, title, unit, targets, told, {"x": x, "y": y, "w": wide, "h": tall}))
            number, x, high = number + 1, x + wide, max(high, tall)
        y += high
    return {
        "uid": "ats", "title": "ATS", "schemaVersion": 38, "editable": False, "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"}, "tags": ["ats"],
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }


def main():
    text = json.dumps(dashboard(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        if OUT.read_text() != text:
            sys.exit("ats.json is not what make.py writes: run deploy/grafana/make.py")
        return
    if sys.argv[1:]:
        sys.exit(__doc__)
    OUT.write_text(text)


if __name__ == "__main__":
    main()
