#!/usr/bin/env python3
"""Every kind of fault on every venue, over real sockets: `ats run` against `ats sim`.

Each fault is injected on one venue at a time while the system trades. Every book of that venue must be Valid again
within a bound, the books of the other venues must not have been thrown away meanwhile, a lost message must have been
noticed, and at the end the ledger must be the exchanges' to the last unit, nothing open, the journal replaying to the
same actions.

usage: fault_campaign.py ATS [--seeds 1..1] [--venues a,b] [--kinds x,y] [--bound 60]
Prints a table: times in seconds until the venue's books were Valid again, median and worst.
The whole campaign is --seeds 1..20; without options one seed of the kinds that touch books.
"""
import argparse, json, os, subprocess, sys, tempfile, time, urllib.request
from decimal import Decimal
from statistics import median

BOOK_KINDS = ["disconnect", "mute", "gap", "bad_checksum", "crossed_book", "malformed_frame"]
ALL_KINDS = BOOK_KINDS + ["slow", "timeout_then_accept", "timeout_then_reject", "duplicate_fill", "drop_fill",
                          "late_cancel", "partial_fill", "reject", "rate_limit", "ban", "server_error",
                          "maintenance", "clock_skew"]
TIMED = {"mute": 3000, "maintenance": 1000, "clock_skew": 1000, "rate_limit": 500, "ban": 500, "crossed_book": 700}
NOTICED_BY = {"gap": ("gaps", "checksums_wrong"), "bad_checksum": ("checksums_wrong",)}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ats")
parser.add_argument("--seeds", default="1..1", help="a seed or a range such as 1..20")
parser.add_argument("--venues", default="", help="with commas; all simulated ones by default")
parser.add_argument("--kinds", default=",".join(BOOK_KINDS), help="with commas, or all")
parser.add_argument("--bound", type=float, default=60, help="seconds within which books must be Valid again")
args = parser.parse_args()
kinds = ALL_KINDS if args.kinds == "all" else args.kinds.split(",")
first, _, last = args.seeds.partition("..")
seeds = range(int(first), int(last or first) + 1)
problems, cells, checks = [], {}, 0


class Market:
    """One simulated market with one system trading on it."""

    def __init__(self, seed, home):
        self.home, self.data = home, os.path.join(home, "data")
        words = [args.ats, "sim", "--seed", str(seed), "--write-config", home]
        if args.venues:
            words += ["--venues", args.venues]
        self.sim = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.control = self.sim.stdout.readline().split()[1]
        self.log = open(os.path.join(home, "run.log"), "ab")
        self.run = subprocess.Popen([args.ats, "run", "--config", os.path.join(home, "ats.toml"), "--no-screen"],
                                    stdout=self.log, stderr=self.log)

    def ask(self, *words):
        done = subprocess.run([args.ats, *words, "--data", self.data], capture_output=True, text=True, timeout=20)
        return done.stdout if done.returncode == 0 else None

    def status(self):
        out = self.ask("status", "--json")
        return json.loads(out) if out else None

    def state(self):
        with urllib.request.urlopen(self.control + "/state", timeout=10) as answer:
            return json.loads(answer.read())

    def inject(self, fault):
        request = urllib.request.Request(self.control + "/faults", json.dumps(fault).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def until(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.run.poll() is None:
            now = self.status()
            if now and condition(now):
                return now
            time.sleep(0.05)
        return None

    def venues(self):
        return sorted(self.state()["venues"])

    def close(self):
        for process in (self.run, self.sim):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=45)
                except subprocess.TimeoutExpired:
                    process.kill()


def books(status, venue):
    return [b for b in status["books"] if b["venue"] == venue]


def total(status, venue, keys):
    return sum(b[key] for b in books(status, venue) for key in keys)


def valid(status, venue):
    return all(b["state"] == "valid" for b in books(status, venue))


def one_fault(market, venue, kind):
    """Injects, waits, and notes how long the venue's books were not to be had."""
    global checks
    before = market.until(lambda s: all(b["state"] == "valid" for b in s["books"]), args.bound)
    if before is None:
        problems.append(f"{venue} {kind}: the books were not Valid beforehand")
        return
    fault = {"venue": venue, "kind": kind}
    fault.update({"for_ms": TIMED[kind]} if kind in TIMED else {"count": 1})
    market.inject(fault)
    begun = time.monotonic()
    noticed = NOTICED_BY.get(kind)
    has_checksums = total(before, venue, ("checksums_right",)) > 0
    expected = noticed and (kind != "bad_checksum" or has_checksums)

    def healed(now):
        if expected and total(now, venue, noticed) == total(before, venue, noticed) and not whole(venue):
            return False
        return valid(now, venue)

    if kind in TIMED:
        time.sleep(TIMED[kind] / 1000)
    after = market.until(healed, args.bound)
    checks += 1
    if after is None:
        now = market.status() or {}
        shown = [(b["pair"], b["state"], b["reason"]) for b in books(now, venue)] if now else "no status"
        problems.append(f"{venue} {kind}: not Valid again, or not noticed, within {args.bound:g} s: {shown}")
        return
    cells.setdefault((kind, venue), []).append(time.monotonic() - begun)
    time.sleep(1)  # a fault waits for its occasion: it must have shown before the next venue's turn
    market.until(lambda s: valid(s, venue), args.bound)
    for other in {b["venue"] for b in after["books"]} - {venue}:
        thrown = total(after, other, ("resyncs",)) - total(before, other, ("resyncs",))
        if thrown and reconnects(after, other) == reconnects(before, other):
            problems.append(f"{venue} {kind}: {thrown} books of {other} were thrown away as well")


def whole(venue):
    """A venue whose every message is a whole book has no gap to notice."""
    return venue == "upbit"


def reconnects(status, venue):
    return status["venues"][venue]["reconnects"]


def settle(market, seed):
    market.ask("halt", "--reason", "campaign over")
    if market.until(lambda s: s["executions"]["open"] == 0 and s["orders"]["open"] == 0, 60) is None:
        problems.append(f"seed {seed}: legs stay open")
    differences = ["?"]
    for _ in range(200):
        told, now = market.state(), market.status()
        differences = []
        for b in (now or {}).get("balances", []):
            account = told["venues"][b["venue"]]["accounts"][0]["balances"]
            theirs = Decimal(account.get(b["asset"], {}).get("total", "0"))
            if theirs != Decimal(b["total"]):
                differences.append(f'{b["venue"]} {b["asset"]}: ledger {b["total"]}, exchange {theirs}')
        if not differences:
            break
        time.sleep(0.1)
    problems.extend(f"seed {seed}: {d}" for d in differences)
    market.close()
    replay = subprocess.run([args.ats, "replay", os.path.join(market.data, "journal")], capture_output=True, text=True)
    if replay.returncode != 0:
        problems.append(f"seed {seed}: replay: {replay.stdout}{replay.stderr}")


names = []
for seed in seeds:
    with tempfile.TemporaryDirectory(prefix="ats-faults-") as home:
        market = Market(seed, home)
        try:
            if market.until(lambda s: s["reconciled"], 90) is None:
                problems.append(f"seed {seed}: not reconciled within 90 s")
            else:
                names = market.venues()
                for kind in kinds:
                    for venue in names:
                        one_fault(market, venue, kind)
                settle(market, seed)
            if problems:
                with open(os.path.join(home, "run.log"), errors="replace") as log:
                    sys.stdout.write("".join(log.readlines()[-25:]))
        finally:
            market.close()
    if sys.stderr.isatty():
        print(f"seed {seed}: {checks} faults, {len(problems)} problems", file=sys.stderr)

print(f"{'seconds to Valid':<20}" + "".join(f"{n:>18}" for n in names))
for kind in kinds:
    row = [cells.get((kind, n), []) for n in names]
    print(f"{kind:<20}" + "".join(f"{f'{median(c):.1f} / {max(c):.1f}' if c else '-':>18}" for c in row))
for problem in problems:
    print("problem:", problem)
print(f"{checks - min(checks, len(problems))} passed, {len(problems)} failed")
sys.exit(1 if problems or not checks else 0)
