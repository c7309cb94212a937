#!/usr/bin/env python3
"""Measures the recorded books that the simulated market is calibrated to.

Prints the table of docs/simulation.md ("Calibration") and fails when the table in the document is not
what the recordings say. Skips (77) where the recordings are absent.
"""
import collections
import csv
import gzip
import json
import math
import os
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ.get("ATS_SHARED", ROOT.parent / "shared")) / "data"
DOCUMENT = ROOT / "docs" / "simulation.md"
LEVELS = 10


class Book:
    """Both sides as price -> quantity; prices in ticks."""

    def __init__(self, tick):
        self.tick = tick
        self.sides = ({}, {})

    def apply(self, bids, asks):
        for side, levels in zip(self.sides, (bids, asks)):
            for price, quantity in levels:
                ticks = round(float(price) / self.tick)
                if float(quantity) == 0:
                    side.pop(ticks, None)
                else:
                    side[ticks] = float(quantity)

    def cut(self, depth):
        for side, best_first in zip(self.sides, (True, False)):
            for ticks in sorted(side, reverse=best_first)[depth:]:
                del side[ticks]

    def clear(self):
        for side in self.sides:
            side.clear()

    def top(self):
        return max(self.sides[0]), min(self.sides[1])


class Measures:
    """What one book stream shows."""

    def __init__(self, tick):
        self.tick = tick
        self.times, self.mids, self.spreads = [], [], []
        self.messages = self.changes = 0
        self.quantity = [[] for _ in range(LEVELS)]
        self.gap = [[] for _ in range(LEVELS)]
        self.within = {bps: [] for bps in (1, 5, 10)}
        self.trade_times, self.trade_sizes = [], []

    def see(self, seconds, book, sample):
        bid, ask = book.top()
        self.times.append(seconds)
        self.mids.append((bid + ask) / 2)
        self.spreads.append(ask - bid)
        if not sample:
            return
        for side, sign in zip(book.sides, (-1, 1)):
            best = bid if sign < 0 else ask
            reach = best * 12e-4
            prices = sorted((p for p in side if abs(p - best) <= reach), key=lambda p: sign * p)
            for n, price in enumerate(prices[:LEVELS]):
                self.quantity[n].append(side[price])
                if n:
                    self.gap[n].append(abs(price - prices[n - 1]))
            for bps, sums in self.within.items():
                sums.append(sum(side[p] for p in prices if abs(p - best) <= best * bps * 1e-4))

    def seconds(self):
        return self.times[-1] - self.times[0]

    def grid(self, step):
        """Mid at each multiple of `step` seconds."""
        out, at = [], 0
        t = self.times[0]
        while t <= self.times[-1]:
            while at + 1 < len(self.times) and self.times[at + 1] <= t:
                at += 1
            out.append(self.mids[at])
            t += step
        return out

    def volatility(self, step):
        mids = self.grid(step)
        moves = [1e4 * math.log(b / a) for a, b in zip(mids, mids[1:])]
        return statistics.pstdev(moves), moves


def kurtosis(moves):
    sd = statistics.pstdev(moves)
    mean = statistics.fmean(moves)
    return statistics.fmean([((m - mean) / sd) ** 4 for m in moves]) if sd else 0.0


def clustering(times, window):
    """Variance of the number of events per window over its mean; 1 when they come independently."""
    counts = collections.Counter(int((t - times[0]) / window) for t in times)
    all_counts = [counts.get(n, 0) for n in range(int((times[-1] - times[0]) / window))]
    return statistics.pvariance(all_counts) / statistics.fmean(all_counts)


def binance():
    book, m = Book(0.01), Measures(0.01)
    snapshot, waiting = None, []
    path = DATA / "raw/binance/20240808_spot_BTCUSDT.ns_json.gz"
    change_times = []
    for line in gzip.open(path, "rt"):
        stamp, text = line.split(" ", 1)
        frame = json.loads(text)
        seconds = int(stamp) / 1e9
        if "stream" not in frame:
            snapshot = frame["lastUpdateId"]
            book.apply(frame["bids"], frame["asks"])
            pending, waiting = waiting, []
        elif frame["stream"].endswith("@bookTicker"):
            change_times.append(seconds)
            continue
        elif frame["stream"].endswith("@trade"):
            m.trade_times.append(seconds)
            m.trade_sizes.append(float(frame["data"]["q"]))
            continue
        elif "@depth" in frame["stream"]:
            pending = [(seconds, frame["data"])]
            if snapshot is None:
                waiting += pending
                continue
        else:
            continue
        for at, data in pending:
            if data["u"] <= snapshot:
                continue
            book.apply(data["b"], data["a"])
            m.messages += 1
            m.changes += len(data["b"]) + len(data["a"])
            m.see(at, book, m.messages % 10 == 0)
    return m, change_times


def kraken(name, symbol, depth, tick):
    book, m = Book(tick), Measures(tick)
    change_times = []
    for line in gzip.open(DATA / "raw/kraken" / name, "rt"):
        record = json.loads(line)
        if record["t"] != "recv":
            continue
        frame = json.loads(record["data"])
        if frame.get("channel") != "book":
            continue
        data = frame["data"][0]
        assert data["symbol"] == symbol
        if frame["type"] == "snapshot":
            book.clear()
        else:
            m.messages += 1
            m.changes += len(data["bids"]) + len(data["asks"])
            change_times.append(record["ts_ns"] / 1e9)
        book.apply([(l["price"], l["qty"]) for l in data["bids"]],
                   [(l["price"], l["qty"]) for l in data["asks"]])
        book.cut(depth)
        m.see(record["ts_ns"] / 1e9, book, True)
    return m, change_times


def one_clock():
    """Mids of three order books of BTC on one clock, every 50 ms."""
    latest, start, grids, n = {}, None, collections.defaultdict(list), 0
    step = 0.05
    with gzip.open(DATA / "quotes/20240808_BTC_binance_spot_usdm_coinm.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            seconds = int(row["ts_ns"]) / 1e9
            if row["symbol"] not in ("BTCUSDT", "BTCUSD_PERP"):
                continue
            if len(latest) == 3:
                start = start or seconds
                while start + n * step < seconds:
                    for key, mid in latest.items():
                        grids[key].append(mid)
                    n += 1
            latest[row["venue"]] = math.log((float(row["bid"]) + float(row["ask"])) / 2) * 1e4
    return grids, step


def basis(a, b, step):
    """Mean and spread of a-b in bps, and the half-life in seconds of what is not the mean."""
    difference = [x - y for x, y in zip(a, b)]
    mean = statistics.fmean(difference)
    off = [d - mean for d in difference]
    lag = int(1 / step)
    again = sum(x * y for x, y in zip(off, off[lag:])) / sum(x * x for x in off)
    return mean, statistics.pstdev(off), math.log(0.5) / math.log(again)


def lead(a, b, step):
    """By how many ms moves of `a` come before those of `b`: where their correlation is highest."""
    moves = [[y - x for x, y in zip(g, g[2:])] for g in (a, b)]
    best = max(range(-10, 11), key=lambda k: sum(
        x * y for x, y in zip(moves[0][max(0, -k):], moves[1][max(0, k):])))
    return best * step * 1000


def six_venues():
    polls = collections.defaultdict(dict)
    with gzip.open(DATA / "quotes/20250423_BTCUSDT_6venues_last.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            polls[row["ts_ms"]][row["venue"]] = float(row["last"])
    off = [1e4 * math.log(p["kraken"] / p["binance"]) for p in polls.values()
           if {"kraken", "binance"} <= p.keys()]
    return statistics.fmean(off), statistics.pstdev(off), max(abs(o) for o in off)


def median(values):
    return statistics.median(values) if values else float("nan")


def table():
    rows = []
    books = (("Binance spot BTCUSDT, 2024-08-08", *binance()),
             ("Kraken v2 BTC/USD, 2026-08-01", *kraken(
                 "20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz", "BTC/USD", 10, 0.1)),
             ("Kraken v2 ETH/USD, 2026-08-02", *kraken(
                 "20260802_v2_ETHUSD_d25.jsonl.gz", "ETH/USD", 25, 0.01)))
    names = [name for name, _, _ in books]

    def row(what, values):
        rows.append("| " + " | ".join([what] + [v if isinstance(v, str) else f"{v:.3g}"
                                                for v in values]) + " |")

    measures = [m for _, m, _ in books]
    row("", names)
    rows.append("|---|" + "---:|" * len(books))
    row("recorded, s", [m.seconds() for m in measures])
    row("book messages per s", [m.messages / m.seconds() for m in measures])
    row("level changes per message", [m.changes / m.messages for m in measures])
    row("clustering in 1 s of book messages (Binance: of best quotes)", [clustering(t, 1) for _, _, t in books])
    row("spread, ticks: median", [median(m.spreads) for m in measures])
    row("spread, ticks: mean", [statistics.fmean(m.spreads) for m in measures])
    row("spread, bps: mean", [1e4 * statistics.fmean(m.spreads) / m.mids[0] for m in measures])
    for n in (0, 1, 2, 4, 9):
        row(f"quantity at level {n + 1}: median", [median(m.quantity[n]) for m in measures])
    for n in (1, 4, 9):
        row(f"ticks from level {n} to {n + 1}: median", [median(m.gap[n]) for m in measures])
    for bps in (1, 5, 10):
        row(f"quantity within {bps} bps: median", [median(m.within[bps]) for m in measures])
    row("volatility of the mid in 1 s, bps", [m.volatility(1)[0] for m in measures])
    row("volatility of the mid in 10 s, bps", [m.volatility(10)[0] for m in measures])
    row("kurtosis of 1 s moves", [kurtosis(m.volatility(1)[1]) for m in measures])
    spot = measures[0]
    row("trades per s", [len(spot.trade_times) / spot.seconds(), "", ""])
    row("clustering of trades, 1 s", [clustering(spot.trade_times, 1), "", ""])
    row("trade size: median", [median(spot.trade_sizes), "", ""])
    row("trade size: mean", [statistics.fmean(spot.trade_sizes), "", ""])
    rows.append("")
    rows.append("| BTC on two venues | mean basis, bps | spread of the basis, bps |"
                " half-life, s | first leads by, ms |")
    rows.append("|---|---:|---:|---:|---:|")
    grids, step = one_clock()
    for a, b in (("binance_usdm", "binance"), ("binance_usdm", "binance_coinm"),
                 ("binance", "binance_coinm")):
        row(f"{a}, {b}", [*basis(grids[a], grids[b], step), lead(grids[a], grids[b], step)])
    mean, spread, most = six_venues()
    row("kraken, binance (last trades, polled)", [mean, spread, f"(at most {most:.3g} bps)", ""])
    return "\n".join(rows)


def main():
    if not (DATA / "raw").is_dir():
        print(f"SKIP: no recordings at {DATA}")
        return 77
    measured = table()
    print(measured)
    if measured not in DOCUMENT.read_text():
        print(f"FAIL: the table in {DOCUMENT.relative_to(ROOT)} is not what the recordings say")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
