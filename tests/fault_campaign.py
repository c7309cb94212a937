#!/usr/bin/env python3
"""Every kind of fault on every venue, over real sockets: `ats run` against `ats sim`.

Faults of market data are injected on one venue at a time while the system trades: the fault must be noticed, every
book of that venue must be Valid again within the stated bound, and the books of the other venues must not have been
thrown away meanwhile. Faults of orders are injected on all venues at once: each must show, and after it every order
must have ended and every trade be flat within the stated bound. At the end of each seed the ledger must be the
exchanges' to the last unit, no exchange may have made or lost money, the journal must replay to the same actions, and
no order may have been priced from a book that was not Valid, by plain books that read the journal beside the core's.

usage: fault_campaign.py ATS [--seeds 1..20] [--venues a,b] [--kinds x,y|books|orders|all] [--jobs N]
Prints a table: seconds until healed, median / worst, beside the stated bound; exit status 0 when nothing failed.
The whole campaign is --seeds 1..20 --kinds all; without options it is one seed of the kinds that touch books.
"""
import argparse, json, os, subprocess, sys, tempfile, time, urllib.request
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from statistics import median

BOOK_KINDS = ["disconnect", "mute", "gap", "bad_checksum", "crossed_book", "malformed_frame"]
# Faults that last; the others show once, at their next occasion.
LASTING_MS = {"mute": 3000, "maintenance": 2000, "clock_skew": 2000, "rate_limit": 1000, "ban": 1000, "slow": 2000,
              "crossed_book": 700, "stream_down": 3000}
# Seconds from the fault to its end. Of a book: the longest pause between two requests for it (32 s) and the answer
# (10 s). A lost or silent connection comes before that. Of an order: it is asked for until the venue has said what
# became of it, and what is open is closed.
BOOK_BOUND, CONNECTION_BOUND, ORDER_BOUND = 45, 60, 60
CONNECTION_KINDS = ["disconnect", "mute", "stream_down"]
OCCASION = 120  # seconds within which a fault finds an occasion to show
# Seconds that books must stay Valid: some faults show with the venue's next message only, and what REST said of a
# book while its stream was mute may cost that book, once, as late as the second comparison ends (twice 2 s).
SETTLED = {"mute": 5}


def settled(kind):
    return SETTLED.get(kind, 1)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ats")
parser.add_argument("--seeds", default="1..1", help="a seed or a range such as 1..20")
parser.add_argument("--venues", default="", help="with commas; all simulated ones by default")
parser.add_argument("--kinds", default="books", help="books, orders, all, or names with commas")
parser.add_argument("--jobs", type=int, default=1, help="seeds run at the same time")
args = parser.parse_args()
first, _, last = args.seeds.partition("..")
seeds = range(int(first), int(last or first) + 1)


def bound(kind):
    if kind in CONNECTION_KINDS:
        return CONNECTION_BOUND
    return BOOK_BOUND if kind in BOOK_KINDS else ORDER_BOUND


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
        done = subprocess.run([args.ats, *words, "--data", self.data], capture_output=True, text=True, timeout=30)
        return done.stdout if done.returncode == 0 else None

    def status(self):
        out = self.ask("status", "--json")
        return json.loads(out) if out else None

    def state(self):
        with urllib.request.urlopen(self.control + "/state", timeout=30) as answer:
            return json.loads(answer.read())["venues"]

    def inject(self, fault):
        request = urllib.request.Request(self.control + "/faults", json.dumps(fault).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def until(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.run.poll() is None:
            now = self.status()
            if now and condition(now):
                return now
            time.sleep(0.05)
        return None

    def last_said(self, what):
        with open(self.log.name, errors="replace") as log:
            return [line.strip() for line in log if what in line][-6:]

    def close(self):
        for process in (self.run, self.sim):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=45)
                except subprocess.TimeoutExpired:
                    process.kill()
        self.log.close()


def books(status, venue):
    return [b for b in status["books"] if b["venue"] == venue]


def total(status, venue, keys):
    return sum(b[key] for b in books(status, venue) for key in keys)


def valid(status, venue):
    return all(b["state"] == "valid" for b in books(status, venue))


def all_valid(status):
    return all(b["state"] == "valid" for b in status["books"])


def flat(status):
    return status["executions"]["open"] == 0 and status["orders"]["open"] == 0


def applies(status, venue, kind):
    """Whether the venue's protocol has what the fault would spoil."""
    proved = status["venues"][venue]["books_proved_by"]
    return proved["checksum"] if kind == "bad_checksum" else True


def noticed(status, venue, kind):
    """What must rise when the fault is noticed; None: nothing need show, such as a gap where every message is a
    whole book."""
    proved = status["venues"][venue]["books_proved_by"]
    if kind == "gap":
        whole = proved["sequence"] == "whole_book"
        return None if whole else total(status, venue, ("gaps", "checksums_wrong"))
    if kind == "bad_checksum":
        return total(status, venue, ("checksums_wrong",))
    if kind == "crossed_book":
        return total(status, venue, ("crossings",))
    if kind == "malformed_frame":
        return status["venues"][venue]["refused_frames"]
    return reconnects(status, venue) if kind == "disconnect" else None


def made_good(before, after, venue):
    """Whether every book of a venue that proves them by checksums alone has been proved whole since: the message
    that was lost changed nothing that the next one did not say again."""
    proved = before["venues"][venue]["books_proved_by"]
    if proved["sequence"] != "none" or proved["connection_sequence"] or not proved["checksum"]:
        return False
    return all(now["checksums_right"] > was["checksums_right"] + 3 and now["checksums_wrong"] == was["checksums_wrong"]
               for was, now in zip(books(before, venue), books(after, venue)))


def reconnects(status, venue):
    return status["venues"][venue]["reconnects"]


class Seed:
    """One seed's campaign: what failed, and how long each fault took to heal."""

    def __init__(self, seed):
        self.seed, self.problems, self.healed, self.checks, self.names, self.kinds = seed, [], {}, 0, [], []
        self.orders = self.unproven = 0

    def problem(self, text):
        self.problems.append(f"seed {self.seed}: {text}")

    def order(self, venue, kind):
        fault = {"venue": venue, "kind": kind}
        fault.update({"for_ms": LASTING_MS[kind]} if kind in LASTING_MS else {"count": 1})
        self.market.inject(fault)

    def book_fault(self, venue, kind):
        """Injects, waits, and notes how long the venue's books were not to be had."""
        market = self.market
        before = market.until(all_valid, CONNECTION_BOUND)
        if before is None:
            return self.problem(f"{venue} {kind}: the books were not Valid beforehand")
        if not applies(before, venue, kind):
            return None
        shown = market.state()[venue]["faults"][kind]["shown"]
        self.order(venue, kind)
        begun = time.monotonic()
        self.checks += 1
        if kind in LASTING_MS:
            time.sleep(LASTING_MS[kind] / 1000)
        else:
            while market.state()[venue]["faults"][kind]["shown"] == shown:
                if time.monotonic() > begun + OCCASION:
                    return self.problem(f"{venue} {kind}: found no occasion to show")
                time.sleep(0.02)
            begun = time.monotonic()

        was, healed_at, tries = noticed(before, venue, kind), None, 0
        while True:
            after = market.until(lambda s: True, bound(kind))
            if after is None:
                return self.problem(f"{venue} {kind}: no status")
            if kind == "gap" and noticed(after, venue, kind) == was and made_good(before, after, venue):
                tries += 1
                if tries == 10:
                    return self.problem(f"{venue} gap: {tries} of them unnoticed")
                before, begun, healed_at = after, time.monotonic(), None
                self.order(venue, kind)
                continue
            if not valid(after, venue) or (was is not None and noticed(after, venue, kind) == was):
                healed_at = None
            elif healed_at is None:
                healed_at = time.monotonic()
            elif time.monotonic() > healed_at + settled(kind):
                break
            if time.monotonic() > begun + bound(kind) + settled(kind):
                shown = [(b["pair"], b["state"], b["reason"]) for b in books(after, venue)]
                return self.problem(f"{venue} {kind}: not noticed, or not Valid again, within {bound(kind)} s: {shown}")
            time.sleep(0.02)
        self.healed.setdefault((kind, venue), []).append(healed_at - begun)
        for other in {b["venue"] for b in after["books"]} - {venue}:
            thrown = total(after, other, ("resyncs",)) - total(before, other, ("resyncs",))
            if thrown and reconnects(after, other) == reconnects(before, other):
                self.problem(f"{venue} {kind}: {thrown} books of {other} were thrown away as well: "
                             f"{market.last_said(f'book {other} ')}")
        return None

    def order_fault(self, kind):
        """On all venues at once: it shows, and what it left open comes to its end."""
        market = self.market
        before = market.state()
        for venue in self.names:
            self.order(venue, kind)
        begun = time.monotonic()
        waiting = set(self.names)
        end = begun + (LASTING_MS[kind] / 1000 if kind in LASTING_MS else OCCASION)
        while waiting and time.monotonic() < end:
            now = market.state()
            for venue in list(waiting):
                if now[venue]["faults"][kind]["shown"] > before[venue]["faults"][kind]["shown"]:
                    waiting.discard(venue)
                    begun = time.monotonic()  # counts from where it shows last
            time.sleep(0.1)
        if kind in LASTING_MS:
            time.sleep(max(0, end - time.monotonic()))
            begun = end
        else:
            for venue in waiting:
                self.problem(f"{venue} {kind}: found no occasion to show")
        done = market.until(lambda s: flat(s) and all_valid(s), bound(kind))
        self.checks += len(self.names)
        if done is None:
            now = market.status() or {}
            return self.problem(f"{kind}: not flat with Valid books within {bound(kind)} s: "
                                f"{now.get('executions')} {now.get('orders')}")
        if done["halts"]:
            self.problem(f"{kind}: ended in a halt: {done['halts']}")
            market.ask("resume")
        for venue in self.names:
            self.healed.setdefault((kind, venue), []).append(time.monotonic() - begun)
        return None

    def settle(self):
        market = self.market
        market.ask("halt", "--reason", "campaign over")
        if market.until(flat, ORDER_BOUND) is None:
            self.problem("legs stay open")
        differences = ["?"]
        for _ in range(200):
            told, now = market.state(), market.status()
            differences = []
            for b in (now or {}).get("balances", []):
                account = told[b["venue"]]["accounts"][0]["balances"]
                theirs = Decimal(account.get(b["asset"], {}).get("total", "0"))
                if theirs != Decimal(b["total"]):
                    differences.append(f'{b["venue"]} {b["asset"]}: ledger {b["total"]}, exchange {theirs}')
            if not differences:
                break
            time.sleep(0.1)
        for difference in differences:
            self.problem(difference)
        for venue, exchange in told.items():
            if not exchange["conserved"]:
                self.problem(f"{venue}: the exchange's own money does not add up")
        market.close()
        replay = subprocess.run([args.ats, "replay", "--check-books", "--json", os.path.join(market.data, "journal")],
                                capture_output=True, text=True)
        if replay.returncode != 0:
            self.problem(f"replay: {replay.stdout}{replay.stderr}")
        pnl = subprocess.run([args.ats, "pnl", "--json", os.path.join(market.data, "journal")],
                             capture_output=True, text=True)
        if pnl.returncode != 0:
            self.problem(f"pnl: {pnl.stderr}")
        for line in json.loads(pnl.stdout)["assets"] if pnl.stdout else []:
            theirs = sum(Decimal(venue["accounts"][0]["balances"].get(line["asset"], {}).get("total", "0"))
                         for venue in told.values())
            if Decimal(line["ledger"]) != theirs:
                self.problem(f'pnl: {line["asset"]} {line["ledger"]}, the exchanges {theirs}')
        if replay.stdout:
            found = json.loads(replay.stdout)
            self.orders, self.unproven = found["orders"], found["orders_unproven"]

    def run(self):
        with tempfile.TemporaryDirectory(prefix="ats-faults-") as home:
            self.market = Market(self.seed, home)
            try:
                if self.market.until(lambda s: s["reconciled"], 90) is None:
                    self.problem("not reconciled within 90 s")
                else:
                    state = self.market.state()
                    self.names = sorted(state)
                    every = list(state[self.names[0]]["faults"])
                    of_books = [k for k in every if k in BOOK_KINDS or k in CONNECTION_KINDS]
                    of_orders = [k for k in every if k not in of_books]
                    named = {"all": of_books + of_orders, "books": of_books, "orders": of_orders}
                    self.kinds = named.get(args.kinds) or args.kinds.split(",")
                    for kind in self.kinds:
                        if kind in of_books:
                            for venue in self.names:
                                self.book_fault(venue, kind)
                        else:
                            self.order_fault(kind)
                    self.settle()
                if self.problems:
                    with open(os.path.join(home, "run.log"), errors="replace") as log:
                        self.problems.append("".join(log.readlines()[-25:]))
            except Exception as failed:  # of one seed; the others' figures are not lost with it
                self.problem(f"{type(failed).__name__}: {failed}")
            finally:
                self.market.close()
        print(f"seed {self.seed}: {self.checks} faults, {len(self.problems)} problems", file=sys.stderr, flush=True)
        return self


with ThreadPoolExecutor(max(1, args.jobs)) as pool:
    done = list(pool.map(lambda seed: Seed(seed).run(), seeds))
names = next((s.names for s in done if s.names), [])
kinds = next((s.kinds for s in done if s.kinds), [])
print(f"{'seconds to healed':<20}{'bound':>7}" + "".join(f"{n:>16}" for n in names))
for kind in kinds:
    row = [[t for s in done for t in s.healed.get((kind, n), [])] for n in names]
    print(f"{kind:<20}{bound(kind):>7}" +
          "".join(f"{f'{median(c):.1f} / {max(c):.1f}' if c else '-':>16}" for c in row))
problems = [p for s in done for p in s.problems]
for problem in problems:
    print("problem:", problem)
checks = sum(s.checks for s in done)
print(f"{sum(s.orders for s in done)} orders, {sum(s.unproven for s in done)} priced from a book that was not Valid")
print(f"{len(seeds)} seeds, {checks} faults, {len(problems)} problems")
sys.exit(1 if problems or not checks else 0)
