#!/usr/bin/env python3
"""`ats sweep`: trials whose profits are counted by hand, the same results whatever --jobs, one that is killed and goes on, shards
that are merged, walk-forward, and what is refused.
usage: sweep_test.py ATS        prints what failed; exits 1 when anything did"""
import csv, json, os, signal, subprocess, sys, tempfile, time
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, wait_for  # noqa: E402

ats = os.path.abspath(sys.argv[1])
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
            when = START + round(at * 1e6)
            row = [exchange, symbol, when, when]
            for n in range(2):
                row += [*(asks[n] if n < len(asks) else ("", "")), *(bids[n] if n < len(bids) else ("", ""))]
            rows_out.writerow(row)
    return path


def run(*words):
    return subprocess.run([ats, "sweep", *words], capture_output=True, text=True, timeout=600)


with tempfile.TemporaryDirectory(prefix="ats-sweep-") as home:
    at = lambda name: os.path.join(home, name)

    def spec(name, text):
        with open(at(name), "w") as out:
            out.write(text)
        return at(name)

    def told(*words):
        done = run(*words, "--json")
        if done.returncode != 0:
            raise RuntimeError(f"ats sweep {' '.join(words)}: {done.returncode}: {done.stderr}{done.stdout[-500:]}")
        return json.loads(done.stdout)

    def lines(folder):
        """Its head, and its runs by their numbers."""
        with open(os.path.join(at(folder), "results.jsonl")) as file:
            head, *rest = [json.loads(line) for line in file]
        return head, sorted(rest, key=lambda one: one["run"])

    # ---- by hand, as in backtest_test.py: three trades. Binance takes 10 bps, Kraken 20. Net of them and of what they pay for:
    #  10 s  0.349   of 50    69.8 bps
    #  20 s  0.24084 of 39.6  60.8 bps
    #  30 s  0.32904 of 50    65.8 bps; 0.3 of it at 101.00: 30.3 - 0.0606 - 30 - 0.03 = 0.2094, 69.8 bps; 0.2 at 100.90: 59.8 bps
    calm = ([("99.95", "1.00")], [("100.05", "1.00")])
    quiet = [(t, [("99.90", "2.01")], [("100.00", "1.01")]) for t in (0, 15, 25, 35)]
    binance = table(at("binance.csv"), "binance", "BTCUSDT", quiet)
    kraken = table(at("kraken.csv"), "kraken", "XBT/USDT", [
        (1, *calm),
        (10, [("101.00", "0.50")], [("101.10", "1.00")]), (10.005, *calm),
        (20, [("98.90", "1.00")], [("99.00", "0.40")]), (20.005, *calm),
        (30, [("101.00", "0.30"), ("100.90", "0.20")], [("101.10", "1.00")]), (30.005, *calm),
        (36, *calm)])
    ground = ["--data", binance, kraken, "--latency", "1ms", "--fee", "binance=10", "kraken=20"]
    for account in ("binance USDT 1000", "binance BTC 5", "kraken USDT 1000", "kraken BTC 5"):
        ground += ["--balance", account]
    edges = spec("edges.toml", """
objective = "profit"
returns_every = "1s"
[grid]
"strategy.min_edge_bps" = ["1", "62", "80"]
"paper.seed" = ["1", "2"]
""")
    one = told("--spec", edges, *ground, "--out", at("one"), "--jobs", "1", "--csv", at("one.csv"))
    profits = {(row["values"]["strategy.min_edge_bps"], row["values"]["paper.seed"]): Decimal(row["profit"]) for row in one["list"]}
    for seed in ("1", "2"):
        expect(profits["1", seed] == Decimal("0.91888"), f"all three trades: {profits}")
        expect(profits["62", seed] == Decimal("0.349") + Decimal("0.2094"), f"the first, and of the third what pays: {profits}")
        expect(profits["80", seed] == 0, f"none: {profits}")
    expect(one["best"]["trial"] in (0, 1) and one["failed"] == one["missing"] == 0 and one["trials"] == 6, f"{one['best']}")
    by_key = {line["key"]: {v["value"]: v for v in line["values"]} for line in one["stability"]}
    expect(by_key["strategy.min_edge_bps"]["62"]["trials"] == 2 and by_key["paper.seed"]["1"]["above_zero"] == 2, f"{by_key}")
    expect(one["neighbours"]["count"] == 2, f"{one['neighbours']}")
    with open(at("one.csv")) as file:
        rows = list(csv.DictReader(file))
    expect(len(rows) == 6 and Decimal(rows[0]["profit"]) == Decimal("0.91888"), f"{rows[:1]}")
    # What a trial makes is what the backtest with the same values makes.
    with open(at("seed.toml"), "w") as out:
        out.write('[strategy]\nmin_edge_bps = "62"\n')
    done = subprocess.run([ats, "backtest", *ground, "--config", at("seed.toml"), "--out", at("journal"), "--json"],
                          capture_output=True, text=True, timeout=120)
    expect(Decimal(json.loads(done.stdout)["profit"]["total"]) == profits["62", "1"], "as the backtest says")

    # ---- whatever runs beside it
    two = told("--spec", edges, *ground, "--out", at("two"), "--jobs", "4")
    expect(two == one, "with four at a time the report is the same")
    expect(lines("two") == lines("one"), "and each figure, to the last bit")
    again = told("--spec", edges, *ground, "--out", at("two"))
    expect(again == one, "what has been tried is not tried again")

    # ---- shards
    for n in (1, 2, 3):
        part = told("--spec", edges, *ground, "--out", at(f"part{n}"), "--shard", f"{n}/3")
        expect(part["missing"] == 4, f"a third of them: {part['missing']}")
    merged = told("merge", at("part2"), at("part3"), at("part1"), "--out", at("merged"))
    expect(merged == one and lines("merged") == lines("one"), "merged they are what one machine makes")

    # ---- killed, and gone on with: a day's worth of quiet books
    long = table(at("long.csv"), "binance", "BTCUSDT", [(n / 10, [("99.90", str(1 + n % 7))], [("100.00", "1.01")]) for n in range(60_000)])
    many = spec("many.toml", 'objective = "profit"\n[grid]\n"paper.seed" = { from = 1, to = 30, step = 1 }\n')
    slow = ["--spec", many, "--data", long, kraken, *ground[3:]]
    with open(at("killed.log"), "w") as log:
        killed = subprocess.Popen([ats, "sweep", *slow, "--out", at("killed"), "--jobs", "2"], stdout=log, stderr=log)
        results = os.path.join(at("killed"), "results.jsonl")
        wait_for("some runs are over", lambda: os.path.exists(results) and open(results).read().count("\n") > 4, within=120)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    before = lines("killed")[1] if open(results).read().endswith("\n") else None
    with open(results, "a") as file:
        file.write('{"run":29,"val')  # as if it had been killed in the middle of a line
    resumed = told(*slow, "--out", at("killed"), "--jobs", "2")
    expect(resumed["missing"] == 0 and len(lines("killed")[1]) == 30, f"it goes on: {resumed['missing']}")
    expect(before is None or 4 <= len(before) < 30, f"it had been killed in between: {len(before or [])}")
    whole = told(*slow, "--out", at("whole"), "--jobs", "1")
    expect(whole == resumed and lines("whole") == lines("killed"), "and is what one that was not killed makes")

    # ---- walk-forward, by hand: [0 s, 13 s) has the first trade and [13 s, 23 s) the second; [10 s, 23 s) both, [23 s, 33 s) the third
    forward = spec("forward.toml", """
objective = "profit"
[grid]
"strategy.min_edge_bps" = ["1", "62", "80"]
[walk_forward]
train = "13s"
test = "10s"
""")
    w = told("--spec", forward, *ground, "--out", at("forward"))["walk_forward"]
    expect([x["values"]["strategy.min_edge_bps"] for x in w["windows"]] == ["1", "1"], f"{w}")
    expect([Decimal(x["profit"]) for x in w["windows"]] == [Decimal("0.24084"), Decimal("0.32904")], f"{w}")
    expect(Decimal(w["profit"]) == Decimal("0.56988"), f"{w['profit']}")
    expect(w["windows"][0]["test_from"].startswith("2024-08-08T06:53:33"), f"{w['windows'][0]}")

    # ---- draws
    drawn = spec("drawn.toml", """
objective = "profit"
[random]
draws = 12
seed = 3
"strategy.min_edge_bps" = { from = "1", to = "100", step = "0.5" }
""")
    d = told("--spec", drawn, *ground, "--out", at("drawn"))
    expect(d["trials"] == 12 and len({row["values"]["strategy.min_edge_bps"] for row in d["list"]}) > 6, f"{d['list'][:2]}")

    # ---- a trial whose values do not go together is one that failed
    wrong = spec("wrong.toml", '[grid]\n"strategy.min_edge_bps" = ["1", "9999"]\n')
    failed = told("--spec", wrong, *ground, "--out", at("wrong"))
    expect(failed["failed"] == 1 and "max_edge_bps" in failed["first_error"], f"{failed['first_error']}")

    # ---- the text
    text = run("merge", at("one")).stdout
    expect("SWEEP of 6 trials by profit" in text and "strategy.min_edge_bps" in text and "0.91888" in text, text[:400])

    # ---- what is refused
    def refused(says, *words, code=2):
        done = run(*words)
        expect(done.returncode == code and says in done.stderr, f"{words}: {done.returncode} {done.stderr}")

    refused("'spec' differs", "--spec", many, *ground, "--out", at("one"), code=1)
    refused("unknown key 'strategy.nothing'", "--spec", spec("a.toml", '[grid]\n"strategy.nothing" = ["1"]\n'), *ground, "--out", at("x"))
    refused("strategy.min_edge_bps must be", "--spec", spec("b.toml", '[grid]\n"strategy.min_edge_bps" = ["much"]\n'), *ground, "--out", at("x"))
    refused("--shard", "--spec", edges, *ground, "--out", at("x"), "--shard", "3/2")
    refused("do not fit", "--spec", spec("c.toml", '[grid]\n"paper.seed" = [1]\n[walk_forward]\ntrain = "1h"\ntest = "1h"\n'), *ground, "--out", at("x"))
    gap = table(at("gap.csv"), "kraken", "XBT/USDT", [(1, *calm), (100, *calm)])
    refused("--accept-faults", "--spec", edges, "--data", binance, gap, *ground[3:], "--out", at("faulty"), code=1)
    refused("another sweep", "merge", at("one"), at("killed"), code=1)
    expect(not os.path.exists(at("x")), "and nothing was begun")

finish()
