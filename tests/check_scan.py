#!/usr/bin/env python3
"""Holds `ats scan` to an account of its own: every figure that it prints of the recorded files is computed
here again, from the files, in exact arithmetic, and compared. Skipped (77) without the recordings."""

import bisect
import gzip
import json
import os
import subprocess
import sys
import zlib
from fractions import Fraction
from itertools import permutations
from pathlib import Path

ATS = os.environ.get("ATS_BIN", "build/release/ats")
BPS = (0, 5, 10, 20)
FEES = {"binance": 10, "binance_usdm": 5, "binance_coinm": 5,
        "bitfinex": 20, "bittrex": 25, "bitstamp": 25, "coinbase": 30}
checked = 0


def shared_data():
    named = os.environ.get("ATS_SHARED")
    places = [Path(named)] if named else [p / "shared" for p in Path.cwd().resolve().parents]
    for place in places:
        if (place / "data").is_dir():
            return place / "data"
    print("shared data not found: set ATS_SHARED or put it beside the repository")
    sys.exit(77)


def scan(*words):
    outputs = [subprocess.run([ATS, "scan", *map(str, words), "--json"], check=True,
                              capture_output=True, text=True).stdout for _ in range(2)]
    same("two runs of " + str(words), outputs[0] == outputs[1], True)
    return json.loads(outputs[0])


def same(what, got, expected):
    global checked
    checked += 1
    if got != expected:
        sys.exit(f"{what}: ats says {got!r}, the recording says {expected!r}")


def floor_text(value, decimals, trim=False):
    """A fraction rounded down to so many decimals."""
    units = (value * 10**decimals).__floor__()
    sign, units = ("-", -units) if units < 0 else ("", units)
    text = f"{sign}{units // 10**decimals}.{units % 10**decimals:0{decimals}d}"
    return text.rstrip("0").rstrip(".") if trim else text


def plain(value):
    """An exact decimal in its shortest form."""
    text = floor_text(value, 30, trim=True)
    assert Fraction(text) == value, value
    return text


def lines(path):
    with gzip.open(path, "rt") as file:
        yield from file


# ---- edges over time -------------------------------------------------------------------------------

def edge_times(changes, end, buy, sell, buy_fee, sell_fee):
    """changes: (ns, {venue: (bid, ask)}) with all that changed at that time, in integers of one scale."""
    factor = (10_000 - sell_fee, 10_000 + buy_fee)
    tops, since, best = {}, None, None
    observed, above = 0, [False] * len(BPS)
    time, episodes = [0] * len(BPS), [0] * len(BPS)
    for ns, changed in changes + [(end, {})]:
        if since is not None:
            observed += ns - since
            time = [t + (ns - since if a else 0) for t, a in zip(time, above)]
            since = ns
        if ns == end or not (buy in changed or sell in changed):
            continue
        tops.update({v: changed[v] for v in (buy, sell) if v in changed})
        if len(tops) < 2:
            continue
        since = ns
        bid, ask = tops[sell][0] * factor[0], tops[buy][1] * factor[1]
        now = [bid * 10_000 > ask * (10_000 + bps) for bps in BPS]
        episodes = [e + (n and not a) for e, n, a in zip(episodes, now, above)]
        above = now
        if best is None or bid * best[1] > best[0] * ask:
            best = (bid, ask)
    return observed, time, episodes, (Fraction(*best) - 1) * 10_000


def check_quotes(path):
    changes, rows, end = [], {}, 0
    for row in list(lines(path))[1:]:
        ns, venue, _, bid, _, ask, _ = row.strip().split(",")
        rows[venue] = rows.get(venue, 0) + 1
        top = tuple(int(Fraction(x) * 10**8) for x in (bid, ask))
        end = int(ns)
        if changes and changes[-1][0] == end:
            changes[-1][1][venue] = top
        else:
            changes.append((end, {venue: top}))
    report = scan("--from", path)
    same("rows", {i["venue"]: i["rows"] for i in report["quotes"][0]["instruments"]}, rows)
    edges = {(e["buy"]["venue"], e["sell"]["venue"]): e for e in report["edges"]}
    same("venue pairs", sorted(edges), sorted(permutations(rows, 2)))
    for (buy, sell), edge in edges.items():
        for kind, fees in (("gross", (0, 0)), ("net", (FEES[buy], FEES[sell]))):
            what = f"{kind} {buy} to {sell}"
            observed, time, episodes, best = edge_times(changes, end, buy, sell, *fees)
            told = edge[kind]
            same(what + " observed", edge["observed_ns"], observed)
            same(what + " time", [a["time_ns"] for a in told["above"]], time)
            same(what + " share", [a["share"] for a in told["above"]],
                 [floor_text(Fraction(t, observed), 9) for t in time])
            same(what + " episodes", [a["episodes"] for a in told["above"]], episodes)
            same(what + " max", told["max_bps"], floor_text(best, 5, trim=True))


# ---- walks through full books ----------------------------------------------------------------------

def walk(asks, bids, buy_fee, sell_fee):
    buy, sell = 1 + Fraction(buy_fee, 10_000), 1 - Fraction(sell_fee, 10_000)
    asks, bids = [list(level) for level in asks], [list(level) for level in bids]
    quantity = paid = received = Fraction(0)
    while asks and bids and bids[0][0] * sell > asks[0][0] * buy:
        taken = min(asks[0][1], bids[0][1])
        quantity += taken
        paid += asks[0][0] * taken * buy
        received += bids[0][0] * taken * sell
        for side in (asks, bids):
            side[0][1] -= taken
            if side[0][1] == 0:
                side.pop(0)
    return {"quantity": plain(quantity), "paid": plain(paid), "received": plain(received),
            "profit": plain(received - paid)}


def check_books(path):
    with gzip.open(path, "rt") as file:
        books = json.load(file)
    for book in books:
        for side in ("bids", "asks"):
            book[side] = [(Fraction(p), Fraction(q)) for p, q in book[side]]
    told = {(w["base"], w["quote"], w["buy"]["venue"], w["sell"]["venue"]): w
            for w in scan("--from", path)["walks"]}
    wanted = {(b["base"], b["quote"], b["venue"], s["venue"]): (b, s) for b in books for s in books
              if b["venue"] != s["venue"] and (b["base"], b["quote"]) == (s["base"], s["quote"])}
    same("walks", sorted(told), sorted(wanted))
    for key, (buy, sell) in wanted.items():
        fees = FEES[buy["venue"]], FEES[sell["venue"]]
        for kind, charged in (("without_fees", (0, 0)), ("with_fees", fees)):
            expected = walk(buy["asks"], sell["bids"], *charged)
            same(f"{key} {kind}", {k: told[key][kind][k] for k in expected}, expected)


# ---- books rebuilt from recorded frames ------------------------------------------------------------

SCALE = 12


def units(text):
    """A decimal number as an integer of 10^-SCALE."""
    whole, _, fraction = text.partition(".")
    assert len(fraction) <= SCALE, text
    return int(whole + fraction.ljust(SCALE, "0"))


class Side:
    """One side of a book: price to (price text, quantity text), and the prices in order."""

    def __init__(self):
        self.levels = {}
        self.prices = []

    def apply(self, levels):
        for price, quantity in levels:
            key = units(price)
            if units(quantity) != 0:
                if key not in self.levels:
                    bisect.insort(self.prices, key)
                self.levels[key] = (price, quantity)
            elif self.levels.pop(key, None):
                del self.prices[bisect.bisect_left(self.prices, key)]

    def keep(self, prices):
        self.levels = {price: self.levels[price] for price in prices}
        self.prices = sorted(prices)


class Book:
    def __init__(self):
        self.bids, self.asks = Side(), Side()
        self.waiting, self.last, self.linked = [], 0, False
        self.snapshots = self.seen = self.applied = self.trades = self.quotes = 0

    def best(self):
        return [dict(zip(("price", "quantity"), side.levels[side.prices[at]]))
                for side, at in ((self.bids, -1), (self.asks, 0))]

    def snapshot(self, answer, futures):
        self.snapshots += 1
        self.bids.apply(answer["bids"])
        self.asks.apply(answer["asks"])
        self.last = answer["lastUpdateId"]
        waiting, self.waiting = self.waiting, None
        for diff in waiting:
            self.apply(diff, futures)

    def diff(self, diff, futures):
        self.seen += 1
        if self.waiting is None:
            self.apply(diff, futures)
        else:
            self.waiting.append(diff)

    def apply(self, diff, futures):
        if diff["u"] < self.last + (0 if futures else 1):
            return
        follows = diff["pu"] == self.last if futures and self.linked else \
            diff["U"] <= self.last + (0 if futures else 1)
        assert follows, diff
        self.bids.apply(diff["b"])
        self.asks.apply(diff["a"])
        self.last, self.linked = diff["u"], True
        self.applied += 1
        assert self.bids.prices[-1] < self.asks.prices[0], diff


def binance_records(path):
    """(symbol or None, frame) of either form of recording."""
    for line in lines(path):
        if not line.startswith('{"t"'):
            frame = json.loads(line.split(" ", 1)[1])
            yield None, frame
            continue
        record = json.loads(line)
        if record["t"] == "recv":
            yield None, json.loads(record["data"])
        elif record["t"] == "http" and "depth?" in record["url"]:
            yield record["url"].split("symbol=")[1].split("&")[0], json.loads(record["data"])


def check_binance(path, venue, futures):
    books, single = {}, None
    for symbol, frame in binance_records(path):
        if "stream" not in frame:
            books.setdefault(symbol or single, Book()).snapshot(frame, futures)
            continue
        data = frame["data"]
        single = data["s"]
        book = books.setdefault(single, Book())
        kind = frame["stream"].split("@")[1]
        if kind == "depth":
            book.diff(data, futures)
        elif kind == "bookTicker":
            book.quotes += 1
        elif kind in ("trade", "aggTrade"):
            book.trades += 1
    report = scan("--from", path)["recordings"][0]
    same(f"{path.name} venue", report["venue"], venue)
    same(f"{path.name} gaps", report["sequence_gaps"], [])
    told = {i["symbol"]: i for i in report["instruments"]}
    same(f"{path.name} symbols", sorted(told), sorted(books))
    for symbol, book in books.items():
        i = told[symbol]
        for side, level in zip(("bid", "ask"), book.best()):
            same(f"{symbol} {side}", {k: units(v) for k, v in i[side].items()},
                 {k: units(v) for k, v in level.items()})
        same(f"{symbol} counts",
             [i[k] for k in ("book", "snapshots", "deltas_seen", "deltas", "gaps", "crossings",
                             "trades", "quotes", "bid_levels", "ask_levels")],
             ["valid", book.snapshots, book.seen, book.applied, 0, 0, book.trades, book.quotes,
              len(book.bids.prices), len(book.asks.prices)])


def check_kraken(path):
    depth, book, snapshots, deltas = 0, None, 0, 0
    for line in lines(path):
        record = json.loads(line)
        if record["t"] != "recv":
            continue
        frame = json.loads(record["data"], parse_float=str)
        if frame.get("method") == "subscribe":
            depth = frame["result"]["depth"]
        for data in frame["data"] if frame.get("channel") == "book" else ():
            if frame["type"] == "snapshot":
                book = Book()
                snapshots += 1
            else:
                deltas += 1
            for side, told in ((book.bids, data["bids"]), (book.asks, data["asks"])):
                side.apply([(level["price"], level["qty"]) for level in told])
            book.bids.keep(book.bids.prices[-depth:])
            book.asks.keep(book.asks.prices[:depth])
            best = [book.asks.levels[p] for p in book.asks.prices[:10]] + \
                [book.bids.levels[p] for p in book.bids.prices[:-11:-1]]
            digits = "".join(n.replace(".", "").lstrip("0") for level in best for n in level)
            assert zlib.crc32(digits.encode()) == data["checksum"], data
    report = scan("--from", path)["recordings"][0]
    same(f"{path.name} venue", report["venue"], "kraken")
    told = report["instruments"][0]
    same(f"{path.name} counts",
         [told[k] for k in ("book", "snapshots", "deltas", "gaps", "checksums_right",
                            "checksums_wrong", "crossings", "bid", "ask")],
         ["valid", snapshots, deltas, 0, snapshots + deltas, 0, 0, *book.best()])


def main():
    data = shared_data()
    check_quotes(data / "quotes/20240808_BTC_binance_spot_usdm_coinm.csv.gz")
    check_books(data / "books/2019_orderbooks_1-ob.json.gz")
    raw = data / "raw"
    check_binance(raw / "binance/20210417_spot_10sym.jsonl.gz", "binance", False)
    check_binance(raw / "binance/20240808_spot_BTCUSDT.ns_json.gz", "binance", False)
    check_binance(raw / "binance_usdm/20240808_usdm_BTCUSDT.ns_json.gz", "binance_usdm", True)
    check_binance(raw / "binance_coinm/20240808_coinm_BTCUSD_PERP.ns_json.gz", "binance_coinm", True)
    check_kraken(raw / "kraken/20260801_v2_BTCUSD_d10_resubscribe.jsonl.gz")
    check_kraken(raw / "kraken/20260802_v2_ETHUSD_d25.jsonl.gz")
    print(f"ats scan agrees with the recordings in {checked} figures")


if __name__ == "__main__":
    main()
