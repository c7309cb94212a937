#!/usr/bin/env python3
"""`ats backtest`: a scenario whose every figure is counted by hand, the same result whatever the order of the files, what is
refused, and the five venues of the recorded session.
usage: backtest_test.py ATS [--runs N]        prints what failed; exits 1 when anything did. N: live runs that are compared (2)"""
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.sax
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish  # noqa: E402

ats = os.path.abspath(sys.argv[1])
runs = int(sys.argv[3]) if sys.argv[2:3] == ["--runs"] else 2
shared = os.path.join("..", "shared", "data", "raw")
START = 1_723_100_000_000_000  # µs: 2024-08-08T06:53:20Z


def table(path, exchange, symbol, rows):
    """Tardis' book_snapshot_2: rows of (seconds after the start, [(bid, quantity), …], [(ask, quantity), …])."""
    head = ["exchange", "symbol", "timestamp", "local_timestamp"]
    for n in range(2):
        head += [f"asks[{n}].price", f"asks[{n}].amount", f"bids[{n}].price", f"bids[{n}].amount"]
    with open(path, "w", newline="") as out:
        rows_out = csv.writer(out)
        rows_out.writerow(head)
        for at, bids, asks in rows:
            time = START + round(at * 1e6)
            row = [exchange, symbol, time, time]
            for n in range(2):
                row += [*(asks[n] if n < len(asks) else ("", "")), *(bids[n] if n < len(bids) else ("", ""))]
            rows_out.writerow(row)
    return path


def run(*words):
    done = subprocess.run([ats, "backtest", *words], capture_output=True, text=True, timeout=600)
    return done


def result(*words):
    done = run(*words, "--json")
    if done.returncode != 0:
        raise RuntimeError(f"ats backtest {' '.join(words)}: {done.returncode}: {done.stderr}{done.stdout[-500:]}")
    return json.loads(done.stdout)


def digest(journal):
    whole = hashlib.sha256()
    for name in sorted(os.listdir(journal)):
        if name.endswith(".ats"):
            with open(os.path.join(journal, name), "rb") as segment:
                whole.update(segment.read())
    return whole.hexdigest()


with tempfile.TemporaryDirectory(prefix="ats-backtest-") as home:
    at = lambda name: os.path.join(home, name)

    # ---- by hand: three trades. Binance takes 10 bps, Kraken 20, of the quote.
    #  10 s  Kraken bids 101.00 for 0.5, Binance asks 100.00:  0.5 bought and sold: 50.5 - 0.101 - 50 - 0.05         = 0.349
    #  20 s  Kraken asks 99.00 for 0.4, Binance bids 99.90:    0.4 bought and sold: 39.96 - 0.03996 - 39.6 - 0.0792   = 0.24084
    #  30 s  Kraken bids 101.00 for 0.3 and 100.90 for 0.2:    0.5: 30.3 + 20.18 - 0.10096 - 50 - 0.05                = 0.32904
    calm = ([("99.95", "1.00")], [("100.05", "1.00")])
    quiet = [(t, [("99.90", "2.01")], [("100.00", "1.01")]) for t in (0, 15, 25, 35)]
    binance = table(at("binance.csv"), "binance", "BTCUSDT", quiet)
    kraken = table(at("kraken.csv"), "kraken", "XBT/USDT", [
        (1, *calm),
        (10, [("101.00", "0.50")], [("101.10", "1.00")]), (10.005, *calm),
        (20, [("98.90", "1.00")], [("99.00", "0.40")]), (20.005, *calm),
        (30, [("101.00", "0.30"), ("100.90", "0.20")], [("101.10", "1.00")]), (30.005, *calm),
        (36, *calm)])
    accounts = ["--balance", "binance USDT 1000", "--balance", "binance BTC 5", "--balance", "kraken USDT 1000",
                "--balance", "kraken BTC 5", "--fee", "binance=10", "kraken=20"]
    base = [*accounts, "--latency", "1ms"]
    told = result("--data", binance, kraken, "--out", at("one"), *base)
    funnel, profit, trades = told["funnel"], told["profit"], told["profit"]["trades"]
    expect((funnel["sent"], funnel["completed"], funnel["unwound"], funnel["missed"]) == (3, 3, 0, 0), f"three trades: {funnel}")
    expect(funnel["orders"] == 6 and funnel["fills"] == 7, f"one of them over two levels: {funnel}")
    expect(Decimal(profit["total"]) == Decimal("0.91888"), f"profit: {profit['total']}")
    expect(Decimal(trades["realised"]) == Decimal("0.91888"), f"realised: {trades}")
    expect(Decimal(trades["fees"]) == Decimal("0.101") + Decimal("0.05") + Decimal("0.03996") + Decimal("0.0792")
           + Decimal("0.10096") + Decimal("0.05"), f"fees: {trades}")
    assets = {line["asset"]: line for line in profit["assets"]}
    expect(set(assets) == {"USDT"} and Decimal(assets["USDT"]["change"]) == Decimal("0.91888"), f"by asset: {assets}")
    venues = {line["venue"]: line for line in profit["venues"]}
    expect(Decimal(venues["kraken"]["volume"]) == Decimal("50.5") + Decimal("39.6") + Decimal("50.48"), f"{venues}")
    expect(told["stopped_in_order"] and not told["violations"], f"{told['violations']}")
    # 2,000 USDT and 10 BTC, in the middle of one of the two books.
    capital = Decimal(told["equity"]["capital"])
    expect(capital in (Decimal("2999.5"), Decimal("3000")), f"capital {capital}")

    # ---- what reads a journal reads this one
    for words in (["replay", at("one")], ["pnl", at("one"), "--json"], ["trades", at("one"), "--json"]):
        done = subprocess.run([ats, *words], capture_output=True, text=True, timeout=120)
        expect(done.returncode == 0, f"ats {words}: {done.stdout[-300:]}{done.stderr}")
        if words[0] == "pnl":
            expect(Decimal(json.loads(done.stdout)["total"]["realised"]) == Decimal("0.91888"), "ats pnl says the same")

    # ---- the same again, and in another order of the files
    again = result("--data", binance, kraken, "--out", at("two"), *base)
    other = result("--data", kraken, binance, "--out", at("three"), *base)
    expect(digest(at("one")) == digest(at("two")) == digest(at("three")), "the journal is the same byte for byte")
    for one in (again, other):
        for part in ("funnel", "profit", "equity"):
            expect(one[part] == told[part], f"{part} is the same")

    # ---- physics
    free = result("--data", binance, kraken, "--out", at("free"), *accounts[:8], "--fee", "binance=0", "kraken=0", "--latency", "0ms")
    expect(Decimal(free["profit"]["total"]) > Decimal(profit["total"]), "without fees and latency it earns more")
    late = result("--data", binance, kraken, "--out", at("late"), *accounts, "--latency", "20ms")
    expect(late["funnel"]["completed"] == 0 and Decimal(late["profit"]["total"]) <= 0,
           f"an edge of five milliseconds is not had twenty later: {late['funnel']}")
    part = result("--data", binance, kraken, "--out", at("part"), *base, "--from", "2024-08-08T06:53:35Z", "--to", "2024-08-08T06:53:45Z")
    expect(part["funnel"]["completed"] == 1, f"of 15 s to 25 s there is one: {part['funnel']}")
    expect(Decimal(part["profit"]["total"]) == Decimal("0.24084"), part["profit"]["total"])

    # ---- for who starts it as a process of its own
    done = run("--data", binance, kraken, "--out", at("watched"), *base, "--progress", "json")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    summary = lines[-1].get("summary", {})
    expect(done.returncode == 0 and Decimal(summary["profit"]) == Decimal("0.91888") and summary["count"] == 3, f"{lines}")
    orphan = run("--data", binance, kraken, "--out", at("orphan"), *base, "--parent", "1")
    expect(orphan.returncode == 1 and "gone" in orphan.stderr, f"it ends with who began it: {orphan.stderr}")

    # ---- the page
    page = at("page.html")
    result("--data", binance, kraken, "--out", at("paged"), *base, "--report", page)
    with open(page, encoding="utf-8") as html:
        shown = html.read()
    well = xml.sax.parseString  # the page is well-formed but for the two tags that HTML leaves open
    well(re.sub(r"<(meta[^>]*)>", r"<\1/>", shown.replace("<!doctype html>", "")).encode(), xml.sax.ContentHandler())
    expect("0.9189" in shown and shown.count("<svg") >= 2 and "<script" not in shown and "http" not in shown, "it has the profit and plots")
    expect(shown.count("completed</td>") == 3, "and every trade")
    told_trades = told["trades"]
    expect((told_trades["count"], told_trades["won"], told_trades["lost"]) == (3, 3, 0), f"{told_trades}")
    expect(Decimal(told_trades["best"]) == Decimal("0.349") and told_trades["profit_factor"] is None, f"{told_trades}")
    expect([Decimal(t["realised"]) for t in told_trades["list"]] == [Decimal("0.349"), Decimal("0.24084"), Decimal("0.32904")], "each trade")

    # ---- what is refused
    def refused(says, *words, code=1):
        done = run(*words)
        expect(done.returncode == code and says in done.stderr, f"{words[-4:]}: {done.returncode} {done.stderr!r} has no {says!r}")

    refused("has something in it", "--data", binance, kraken, "--out", at("one"), *base)
    refused("paper.balances", "--data", binance, kraken, "--out", at("none"), "--latency", "1ms")
    refused("no recording has it", "--data", binance, "--out", at("nothing"), "--balance", "kraken USDT 5")
    refused("--from", "--data", binance, kraken, "--out", at("x"), *base, "--from", "yesterday", code=2)
    refused("after the last record", "--data", binance, kraken, "--out", at("y"), *base, "--from", "2024-08-09T00:00:00Z")
    refused("nothing in these recordings", "--data", binance, "--out", at("z"), *base, "--pairs", "DOGE/USDT")
    hole = table(at("hole.csv"), "binance", "BTCUSDT", [*quiet, (200, [("99.90", "2.01")], [("100.00", "1.01")])])
    refused("1 silences over a minute", "--data", hole, kraken, "--out", at("held"), *base)
    taken = result("--data", hole, kraken, "--out", at("taken"), *base, "--accept-faults")
    expect(taken["recordings"][0]["silences"] == 1 and taken["funnel"]["completed"] == 3, f"{taken['recordings']}")

    # ---- a capture of simulated exchanges: five protocols, and edges to trade
    done = subprocess.run([ats, "record", "--from-sim", "--seed", "5", "--out", at("capture"), "--for", "8s"], capture_output=True,
                          text=True, timeout=120)
    expect(done.returncode == 0, f"ats record: {done.stderr}")
    names = ("binance", "bitfinex", "coinbase", "kraken", "upbit")
    money = [word for venue in names for asset, amount in (("USDT", 50000), ("BTC", 1), ("ETH", 10), ("SOL", 100))
             for word in ("--balance", f"{venue} {asset} {amount}")]
    seen = result("--data", at("capture"), "--out", at("captured"), *money)
    result("--data", at("capture"), "--out", at("captured2"), *money)
    expect(digest(at("captured")) == digest(at("captured2")), "of a capture the journal is the same byte for byte")
    expect({s["venue"] for s in seen["recordings"]} == set(names) and seen["funnel"]["sent"] > 0, f"{seen['funnel']}")
    expect(not seen["violations"], f"{seen['violations']}")
    done = subprocess.run([ats, "replay", at("captured")], capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0 and "identical" in done.stdout, f"ats replay: {done.stdout[-300:]}{done.stderr}")
    print(f"capture: {seen['records']} records, {seen['funnel']['seen']} opportunities seen, {seen['funnel']['sent']} sent, "
          f"{seen['funnel']['completed']} completed, {seen['funnel']['unwound']} unwound; profit {seen['profit']['total']} {seen['profit']['in']}")

    # ---- a live run beside its own replay and its own backtest
    for seed in range(1, runs + 1):
        data = at(f"live{seed}")
        done = subprocess.run([ats, "run", "--no-screen", "--for", "8s", "--seed", str(seed), "--data", data], capture_output=True, text=True,
                              timeout=180)
        expect(done.returncode == 0, f"ats run --seed {seed}: {done.stdout[-300:]}{done.stderr}")
        done = subprocess.run([ats, "compare", data, "--json", "--most-unexplained", "100"], capture_output=True, text=True, timeout=180)
        expect(done.returncode == 0, f"ats compare of seed {seed}: {done.stderr}")
        both = json.loads(done.stdout)
        expect(both["decisions"] == "identical", f"seed {seed}: {both['decisions']}")
        d = both["difference"]
        expect(Decimal(d["realised"]) == Decimal(d["of_matched"]["realised"]) + Decimal(d["only_live"]) - Decimal(d["only_backtest"])
               == Decimal(both["live"]["realised"]) - Decimal(both["backtest"]["realised"]), f"seed {seed}: the difference adds up: {d}")
        expect(len(both["matched"]) > 0, f"seed {seed}: something is the same")
        print(f"live, seed {seed}: {both['live']['trades']} trades, {both['backtest']['trades']} in the backtest, {len(both['matched'])} the same, "
              f"{both['unexplained']} unexplained")

    # ---- the recorded session of five venues, one after the other
    session = [os.path.join(shared, venue, name) for venue, name in (
        ("binance", "20210417_spot_10sym.jsonl.gz"), ("bitfinex", "20210417_7sym.jsonl.gz"),
        ("coinbase", "20210417_exchange_10sym.jsonl.gz"), ("kraken", "20210417_v1_10sym.jsonl.gz"),
        ("upbit", "20210417_simple_10sym.jsonl.gz"))]
    if not all(os.path.exists(path) for path in session):
        print(f"SKIPPED: the recorded session is not at {shared}")
    else:
        money = [word for venue, quote in (("binance", "USDT"), ("bitfinex", "USD"), ("coinbase", "USD"), ("kraken", "USD"))
                 for word in ("--balance", f"{venue} {quote} 50000")]
        words = ["--accept-faults", "--latency", "20ms", *money]
        first = result("--data", *session, "--out", at("session"), *words)
        second = result("--data", *reversed(session), "--out", at("session2"), *words)
        expect(digest(at("session")) == digest(at("session2")), "the session's journal is the same byte for byte")
        expect(first["funnel"] == second["funnel"] and not first["violations"], f"{first['violations']}")
        expect(len({source["venue"] for source in first["recordings"]}) == 5, f"{first['recordings']}")
        print(f"recorded session: {first['records']} records, {first['funnel']['seen']} opportunities seen, "
              f"{first['funnel']['sent']} sent, {first['funnel']['completed']} completed; profit {first['profit']['total']}")

finish()
