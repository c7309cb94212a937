#!/usr/bin/env python3
"""Two engines of which one leads, on a real Redis, with certificates, against one set of simulated exchanges. The leader is killed
in the middle of trading, again and again, and comes back as the follower; it is stopped for longer than its lead and goes on; Redis
is stopped, and loses all it knew; the leader ends in order. What the exchanges themselves have: of each venue no order of an
earlier leader after the first of a later one, no order id twice, nothing open, and what the ledger says.

usage: standby_test.py ATS [--kills N] [--seed S]     prints the times and what was wrong; exits 1 when anything was
"""
import argparse, json, os, random, signal, subprocess, sys, tempfile, time, urllib.request
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, problems, wait_for
from distributed import make_certificates

parser = argparse.ArgumentParser()
parser.add_argument("ats")
parser.add_argument("--kills", type=int, default=4)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()
ats_bin, rng = os.path.abspath(args.ats), random.Random(args.seed)
LEAD = 3.0  # seconds: standby.lead_for
VENUES, PAIRS = "binance,kraken,bitfinex", "BTC/USDT,ETH/USDT"
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


class Redis:
    """The real server. What it is told stays in memory: killed, it has forgotten all."""

    def __init__(self):
        self.port, self.process = free_port(), None

    def start(self):
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                                         "--dir", home], stdout=subprocess.DEVNULL)
        wait_for("redis answers", lambda: "PONG" in self.ask("PING"))

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=20).stdout

    def kill(self):
        self.process.kill()
        self.process.wait()


class Engine:
    def __init__(self, name, certificate=None):
        certificate = certificate or name
        self.name, self.data, self.log = name, os.path.join(home, name), os.path.join(home, name + ".log")
        at = lambda ending: os.path.join(home, ending)
        self.settings = {**os.environ, "ATS_STANDBY_NAME": name, "ATS_STANDBY_ENGINES": engines_at,
                         "ATS_STANDBY_LEAD_FOR": f"{LEAD:.0f}s", "ATS_REDIS_SERVER": f"127.0.0.1:{redis.port}",
                         "ATS_RISK_TLS_CERT": at(certificate + ".pem"), "ATS_RISK_TLS_KEY": at(certificate + ".key"),
                         "ATS_RISK_TLS_CA": at("ca.pem")}
        self.process = None

    def start(self):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen([ats_bin, "engine", "--config", os.path.join(home, "ats.toml"), "--no-screen",
                                             "--data", self.data], stdout=out, stderr=out, env=self.settings)

    def ask(self, *words):
        try:
            done = subprocess.run([ats_bin, *words, "--data", self.data], capture_output=True, text=True, timeout=10)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout if done.returncode == 0 else None

    def status(self):
        out = self.ask("status", "--json")
        return json.loads(out) if out else None

    def standby(self):
        return (self.status() or {}).get("standby") or {}

    def leads(self):
        return self.standby().get("standing") == "leads" and "books" in (self.status() or {})

    def follows(self):
        told = self.standby()
        return told.get("following") and told["behind_records"] < 5000 and told["records"] > 0

    def opened(self):
        return self.status()["opportunities"]["sent"]

    def said(self, what):
        with open(self.log, errors="replace") as log:
            return [line for line in log if what in line]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def alive(self):
        return self.process is not None and self.process.poll() is None


def exchange_state():
    with urllib.request.urlopen(control + "/state", timeout=30) as answer:
        return json.loads(answer.read())["venues"]


def term_of(client_order_id):
    """The life that an order id is of."""
    if client_order_id.startswith("ats-"):
        value = 0
        for digit in client_order_id[4:]:
            value = value * 32 + DIGITS.index(digit)
        return value >> 32
    return int(client_order_id.split("@")[0]) >> 25  # Bitfinex: number@group


def check_orders(what):
    """The exchanges' own lists, in the order they took them."""
    seen, count = set(), 0
    for venue, told in exchange_state().items():
        for account in told["accounts"]:
            orders = sorted(account["orders"] + account["open_orders"], key=lambda o: int(o["id"]))
            terms = [term_of(o["client_order_id"]) for o in orders]
            late = [o["client_order_id"] for o, term, before in zip(orders[1:], terms[1:], terms) if term < before]
            expect(not late, f"{what}: {venue}: orders of an earlier leader after one of a later: {late}")
            ids = [o["client_order_id"] for o in orders]
            expect(len(set(ids)) == len(ids), f"{what}: {venue}: an order id was used twice")
            count += len(ids)
            seen |= set(terms)
        expect(told["conserved"], f"{what}: {venue}: the exchange itself lost count")
    return count, sorted(seen)


def differences(engine):
    told, out = exchange_state(), []
    for b in engine.status()["balances"]:
        theirs = told[b["venue"]]["accounts"][0]["balances"].get(b["asset"], {}).get("total", "0")
        if Decimal(theirs) != Decimal(b["total"]):
            out.append(f'{b["venue"]} {b["asset"]}: ledger {b["total"]}, exchange {theirs}')
    return out


def settle(engine, what):
    """Halted, what is open is resolved; then the ledger is what the exchanges say."""
    engine.ask("halt", "--reason", "to compare")
    wait_for(f"{what}: open legs are resolved",
             lambda: engine.status()["executions"]["open"] == 0 and engine.status()["orders"]["open"] == 0, 40)
    left = ["?"]
    for _ in range(60):
        left = differences(engine)
        if not left:
            break
        time.sleep(0.1)
    expect(not left, f"{what}: {left}")
    expect(all(not told["accounts"][0]["open_orders"] for told in exchange_state().values()), f"{what}: nothing is open there")
    engine.ask("resume", "--reason", "compared")


def make_roleless(folder):
    """A certificate of the same authority, of the name b, that names no role (OU)."""
    at = lambda name: os.path.join(folder, name)
    openssl = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("roleless.key"),
            "-out", at("roleless.csr"), "-subj", "/CN=b")
    openssl("x509", "-req", "-in", at("roleless.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-days", "30",
            "-CAcreateserial", "-out", at("roleless.pem"), "-extfile", at("names"))


def has_traded(engine):
    """By the exchanges' word, in this life: what an engine counts has all earlier lives in it."""
    term = engine.standby()["term"]
    return any(term_of(order["client_order_id"]) == term for told in exchange_state().values() for account in told["accounts"]
               for order in account["orders"] + account["open_orders"])


def taken_over(engine, since, what):
    """Times until it leads, is reconciled, and has opened its first trade."""
    times = []
    for step, truth in (("leads", engine.leads), ("is reconciled", lambda: engine.status()["reconciled"]),
                        ("trades", lambda: has_traded(engine))):
        wait_for(f"{what}: {engine.name} {step}", truth, 60)
        times.append(time.monotonic() - since)
    print(f"{what}: {engine.name} leads after {times[0]:.1f} s, reconciled after {times[1]:.1f} s, "
          f"first trade after {times[2]:.1f} s, as seen from outside", flush=True)


with tempfile.TemporaryDirectory(prefix="ats-standby-") as home:
    make_certificates(home, ("a", "b", "stranger"))
    redis = Redis()
    redis.start()
    engines_at = f"a=localhost:{free_port()},b=localhost:{free_port()}"
    sim = subprocess.Popen([ats_bin, "sim", "--seed", str(args.seed), "--venues", VENUES, "--pairs", PAIRS, "--write-config", home],
                           stdout=subprocess.PIPE, text=True)
    control = sim.stdout.readline().split()[1]
    a, b = Engine("a"), Engine("b")
    try:
        begun = time.monotonic()
        a.start()
        taken_over(a, begun, "the first")
        stranger = Engine("b", "stranger")
        stranger.start()
        wait_for("a certificate of another name does not get the journal", lambda: stranger.said("neither risk.engine"))
        stranger.kill()
        make_roleless(home)
        roleless = Engine("b", "roleless")
        roleless.start()
        wait_for("one of the right name and no role does not either", lambda: roleless.said("takes a certificate of the role engine"))
        roleless.kill()
        b.start()
        wait_for("b follows", b.follows, 30)
        expect(b.ask("halt", "--reason", "drill") is None, "who follows takes no command")
        expect("follows a" in (b.ask("status") or ""), "who follows says whom")
        expect(a.standby()["followers"] == 1, "who leads knows that it is followed")

        leader, follower = a, b
        for n in range(args.kills):
            time.sleep(rng.uniform(0.5, 2.5))
            killed = time.monotonic()
            leader.kill()
            leader, follower = follower, leader
            follower.start()
            taken_over(leader, killed, f"kill {n + 1}")
            settle(leader, f"kill {n + 1}")
            if not follower.alive():
                expect(follower.said("was not heard by"), f"kill {n + 1}: {follower.name} says why it ended")
                follower.start()
            wait_for(f"kill {n + 1}: {follower.name} follows", follower.follows, 60)

        # It stands still, with its connections open, and wakes when another leads.
        before = leader.opened()
        wait_for("it trades", lambda: leader.opened() > before, 60)
        stopped = time.monotonic()
        leader.process.send_signal(signal.SIGSTOP)
        taken_over(follower, stopped, "stopped")
        leader.process.send_signal(signal.SIGCONT)
        expect(leader.process.wait(60) == 1, "who was replaced ends with 1")
        expect(leader.said("leads no more"), "and says so")
        time.sleep(2)
        check_orders("stopped")
        leader, follower = follower, leader
        settle(leader, "stopped")
        follower.start()
        wait_for("the replaced one follows", follower.follows, 60)

        # Redis stands still for longer than a lead: nobody leads, nothing is sent; then the same one goes on.
        term, sent = leader.standby()["term"], None
        redis.process.send_signal(signal.SIGSTOP)
        wait_for("without Redis its time is over", lambda: leader.standby()["standing"] == "lapsed", LEAD * 2 + 8)
        time.sleep(0.5)
        sent = check_orders("redis stopped")[0]
        time.sleep(LEAD * 2)
        expect(check_orders("redis stopped")[0] == sent, "without Redis nothing is sent")
        expect(follower.standby()["standing"] == "follows", "without Redis nobody takes over")
        back = time.monotonic()
        redis.process.send_signal(signal.SIGCONT)
        wait_for("with Redis the same one leads again", lambda: leader.leads() and leader.standby()["term"] == term, 30)
        before = leader.opened()
        wait_for("and trades", lambda: leader.opened() > before, 60)
        print(f"redis stood still: it trades again {time.monotonic() - back:.1f} s after Redis goes on", flush=True)
        settle(leader, "redis stopped")

        # Redis loses all it knew, in less than a lead: who leads says it again. In more: terms still only grow.
        redis.kill(), redis.start()
        wait_for("the lead is said again", lambda: redis.ask("GET", "ats.v1.leader.engine").split()[1:3] == [str(term), leader.name], 20)
        time.sleep(LEAD)
        expect(leader.leads() and leader.standby()["term"] == term, "who leads goes on")
        redis.kill()
        wait_for("its time is over", lambda: leader.standby()["standing"] == "lapsed", LEAD * 2 + 8)
        lost = time.monotonic()
        redis.start()
        wait_for("who does not know who led meanwhile ends", lambda: not leader.alive(), 30)
        taken_over(follower, lost, "redis lost everything")
        expect(follower.standby()["term"] > term, "with a later term")
        leader, follower = follower, leader
        settle(leader, "redis lost everything")
        follower.start()
        wait_for("the other follows", follower.follows, 60)

        ended = time.monotonic()
        leader.process.terminate()
        taken_over(follower, ended, "ended in order")
        expect(leader.process.wait(60) == 0, "it ends in order")
        settle(follower, "ended in order")
        follower.process.terminate()
        expect(follower.process.wait(60) == 0, "the last ends in order")
        orders, terms = check_orders("the end")
        print(f"{orders} orders of {len(terms)} leaders: {terms}", flush=True)
        expect(len(terms) >= args.kills + 3, "each leader has traded")
        replay = subprocess.run([ats_bin, "replay", os.path.join(follower.data, "journal")], capture_output=True, text=True)
        expect(replay.returncode == 0, f"the journal, of all their lives, replays: {replay.stdout}{replay.stderr}")
    finally:
        for engine in (a, b):
            if engine.alive():
                engine.process.send_signal(signal.SIGCONT)
                engine.kill()
            if problems:
                print(f"--- {engine.name}, the last of it:", "".join(open(engine.log, errors="replace").readlines()[-40:]), sep="\n")
        sim.terminate()
        sim.wait(30)
        redis.process.send_signal(signal.SIGCONT)
        redis.kill()

finish()
