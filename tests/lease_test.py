#!/usr/bin/env python3
"""Two engines under one risk role, as processes over gRPC with certificates; each engine trades on simulated exchanges
of its own. The role comes late, is killed under load, is stopped with its connections open, halts, and is killed with
an engine: without its word nothing is opened, what is open is resolved, and with it the engines go on by themselves.

usage: lease_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import json, os, signal, subprocess, sys, tempfile, time, urllib.request
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, problems, wait_for
from distributed import make_certificates

ats_bin = os.path.abspath(sys.argv[1])
LEASE = 3.0   # seconds: risk.lease_for
SLACK = 6.0   # for a loaded machine to show what has happened: the engine's own clock ends the lease in time
VENUES, PAIRS = "binance,kraken", ["BTC/USDT", "ETH/USDT"]


def certificates_of(name):
    at = lambda ending: os.path.join(home, ending)
    return {"ATS_RISK_TLS_CERT": at(name + ".pem"), "ATS_RISK_TLS_KEY": at(name + ".key"), "ATS_RISK_TLS_CA": at("ca.pem")}


class Process:
    """One of ours, whose output goes to a file."""

    def __init__(self, name, words, settings):
        self.name, self.words = name, words
        self.settings = {**os.environ, **settings}
        self.log = os.path.join(home, name + ".log")
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([ats_bin, *self.words], stdout=log, stderr=log, env=self.settings)

    def said(self, what):
        with open(self.log, errors="replace") as log:
            return [line for line in log if what in line]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def signal(self, which):
        self.process.send_signal(which)

    def end(self):
        self.process.terminate()
        expect(self.process.wait(60) == 0, f"{self.name} ends in order")


class Role(Process):
    def __init__(self, address):
        self.data = os.path.join(home, "role")
        config = os.path.join(home, "role.toml")
        with open(config, "w") as out:
            out.write(f'[general]\npairs = {json.dumps(PAIRS)}\n')
            for venue in VENUES.split(","):
                out.write(f"[venue.{venue}]\nenabled = true\n")
        super().__init__("role", ["risk", "--config", config, "--data", self.data],
                         {"ATS_RISK_LISTEN": address, "ATS_RISK_MAX_OPEN_EXECUTIONS": "4", **certificates_of("role")})

    def ask(self, *words):
        done = subprocess.run([ats_bin, *words, "--data", self.data, "--role"], capture_output=True, text=True, timeout=30)
        return done.stdout if done.returncode == 0 else None

    def told(self):
        out = self.ask("risk", "engines", "--json")
        return json.loads(out) if out else None

    def engine(self, name):
        return next((e for e in self.told()["engines"] if e["engine"] == name), None)


class Engine(Process):
    """With the exchanges it trades on."""

    def __init__(self, name, seed, role):
        folder = os.path.join(home, name)
        os.mkdir(folder)
        self.sim = subprocess.Popen([ats_bin, "sim", "--seed", str(seed), "--venues", VENUES, "--pairs", ",".join(PAIRS),
                                     "--write-config", folder], stdout=subprocess.PIPE, text=True)
        self.control = self.sim.stdout.readline().split()[1]
        self.data = os.path.join(folder, "data")
        super().__init__(name, ["run", "--config", os.path.join(folder, "ats.toml"), "--no-screen", "--data", self.data],
                         {"ATS_RISK_ROLE": role, "ATS_RISK_ENGINE": name, "ATS_RISK_LEASE_FOR": f"{LEASE:.0f}s",
                          "ATS_RISK_MAX_OPEN_EXECUTIONS": "4", **certificates_of(name)})

    def status(self):
        done = subprocess.run([ats_bin, "status", "--json", "--data", self.data], capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def live(self):
        return self.status()["lease"]["live"]

    def opened(self):
        """Trades so far."""
        return self.status()["opportunities"]["sent"]

    def flat(self):
        s = self.status()
        return s["executions"]["open"] == 0 and s["orders"]["open"] == 0

    def compare(self):
        """The ledger and its exchanges, unit for unit."""
        for _ in range(100):
            with urllib.request.urlopen(self.control + "/state", timeout=30) as answer:
                told = json.loads(answer.read())["venues"]
            differences = []
            for b in self.status()["balances"]:
                theirs = told[b["venue"]]["accounts"][0]["balances"].get(b["asset"], {}).get("total", "0")
                if Decimal(theirs) != Decimal(b["total"]):
                    differences.append(f'{self.name} {b["venue"]} {b["asset"]}: {b["total"]}, the exchange {theirs}')
            if not differences:
                break
            time.sleep(0.1)
        expect(not differences, f"ledger: {differences}")


def all_trade(what):
    for engine in engines:
        wait_for(f"{what}: {engine.name} has a lease", engine.live)
        before = engine.opened()
        wait_for(f"{what}: {engine.name} trades", lambda: engine.opened() > before, 60)


def nothing_is_opened_without_the_role(what, silenced_at):
    for engine in engines:
        wait_for(f"{what}: {engine.name} has no lease any more", lambda: not engine.live(),
                 LEASE + SLACK - (time.monotonic() - silenced_at))
    before = [engine.opened() for engine in engines]
    for engine in engines:
        wait_for(f"{what}: {engine.name} resolves what is open", engine.flat, 30)
    time.sleep(2)
    expect([engine.opened() for engine in engines] == before, f"{what}: nothing is opened")
    for engine in engines:
        holds = engine.status()["holds"]
        expect(any(h["by"] == "no_lease" and h["scope"] == "all" for h in holds), f"{what}: {engine.name} says why: {holds}")


def check_holdings():
    """While nothing moves: what the role shows is what the engines show, added up."""

    def held_by(told):
        return {(p["venue"], p["asset"]): Decimal(p["held"]) for p in told["positions"]}

    def both():
        sums = {}
        for engine in engines:
            out = subprocess.run([ats_bin, "risk", "status", "--json", "--data", engine.data], capture_output=True, text=True)
            for where, held in held_by(json.loads(out.stdout)).items():
                sums[where] = sums.get(where, Decimal(0)) + held
        return sums

    wait_for("positions of all engines at the role",
             lambda: held_by(json.loads(role.ask("risk", "status", "--json"))) == both(), 30)
    stress = json.loads(role.ask("risk", "stress", "--json"))
    expect({"freeze-kraken", "fall-20"} <= {s["scenario"] for s in stress["scenarios"]}, f"stress of all: {stress}")
    expect("east" in role.ask("risk", "status"), "what each engine made is shown")


def check_promises(what):
    told = role.told()
    for limit in told["limits"]:
        if limit["promised"] is not None:
            # What an engine holds is valued anew with every price, so its use may pass the share it was given: no new
            # share makes it more, but a price does. What is counted, not valued, is exact.
            room = Decimal(limit["hard"]) * (Decimal("0.01") if limit["unit"] == "money" else 0)
            expect(Decimal(limit["promised"]) <= Decimal(limit["hard"]) + room, f"{what}: promised of {limit}")
    trades = next(l for l in told["limits"] if l["limit"] == "open_trades")
    expect(Decimal(trades["hard"]) == 4 and Decimal(trades["promised"]) >= 1, f"{what}: {trades}")


with tempfile.TemporaryDirectory(prefix="ats-lease-") as home:
    make_certificates(home, ("role", "east", "west"))
    role = Role("localhost:0")
    role.start()
    wait_for("the role listens", lambda: role.said("gRPC ats.v1.Risk on"))
    address = role.said("gRPC ats.v1.Risk on")[-1].split()[-1]
    role.end()
    role = Role(address)  # again where it was, each time it starts
    engines = [Engine("east", 3, address), Engine("west", 4, address)]
    try:
        for engine in engines:
            engine.start()
        for engine in engines:
            wait_for(f"{engine.name} says that the role is not there", lambda: engine.said(f"risk role {address}: not reached"))
            wait_for(f"{engine.name} is reconciled", lambda: engine.status()["reconciled"])
            expect(not engine.live() and engine.opened() == 0, f"{engine.name} opens nothing before the role has come")

        role.start()
        all_trade("the role has come")
        expect({e["engine"] for e in role.told()["engines"]} == {"east", "west"}, "the role knows both")
        check_promises("both trade")
        expect("east" in role.ask("status") and "west" in role.ask("risk", "engines"), "shown to people")
        expect("promised" in role.ask("risk", "limits"), "what is promised is shown")

        killed = time.monotonic()
        role.kill()
        nothing_is_opened_without_the_role("the role was killed", killed)
        role.start()
        all_trade("the role is there again")
        expect(role.told()["role"]["incarnation"] >= 3, "each life is another")

        stopped = time.monotonic()
        role.signal(signal.SIGSTOP)
        nothing_is_opened_without_the_role("the role stands still, its connections open", stopped)
        role.signal(signal.SIGCONT)
        all_trade("the role goes on")
        check_promises("after it stood still")

        halted = time.monotonic()
        expect(role.ask("halt", "--reason", "drill"), "a halt at the role")
        for engine in engines:
            wait_for(f"{engine.name} is halted by it",
                     lambda: any(h["by"] == "risk_role" for h in engine.status()["holds"]), 15)
        print(f"halted everywhere {time.monotonic() - halted:.2f} s after the command was given, as seen from outside")
        for engine in engines:
            wait_for(f"{engine.name} is flat", engine.flat, 60)
        check_holdings()
        before = [engine.opened() for engine in engines]
        west = engines[1]
        role.kill(), west.kill()
        west.start(), role.start()
        wait_for("west is reconciled", lambda: west.status()["reconciled"])
        for engine in engines:
            wait_for(f"{engine.name} has a lease while it is halted", engine.live)
        time.sleep(2)
        for engine, was in zip(engines, before):
            expect(any(h["by"] == "risk_role" for h in engine.status()["holds"]), f"{engine.name} stays halted")
            expect(engine.opened() <= was, f"{engine.name} opens nothing while it is halted")
        expect(role.ask("resume", "--reason", "drill over"), "a resume at the role")
        all_trade("the halt is over")

        expect(role.ask("risk", "write-off", "west", "--reason", "too early") is None, "west is heard of, and not written off")
        west.kill()
        wait_for("the role tells that west is silent", lambda: role.engine("west")["silent"])
        alerts = json.loads(role.ask("risk", "alerts", "--json"))["alerts"]
        silent = next((a for a in alerts if a["code"] == "lease" and "west is silent" in a["message"]), None)
        expect(silent and silent["open"], f"as an alert: {alerts}")
        check_promises("what west was promised stays counted")
        expect(role.ask("risk", "ack", str(silent["alert"]), "--reason", "being started again"), "acknowledged at the role")
        west.start()
        all_trade("west is there again")
        over = {a["alert"]: a for a in json.loads(role.ask("risk", "alerts", "--all", "--json"))["alerts"]}
        expect(not over[silent["alert"]]["open"], "the alert is over")

        # A certificate of another name is not let in as west.
        impostor = Process("impostor", west.words, {**west.settings, **certificates_of("east")})
        west.end()
        wait_for("west is silent", lambda: role.engine("west")["silent"])
        expect(role.ask("risk", "write-off", "west", "--reason", "its accounts are flat"), "west is written off")
        expect(role.engine("west") is None, "and known no more, until it asks again")
        impostor.start()
        wait_for("whose certificate has another name is told so", lambda: impostor.said("they have to be the same"))
        impostor.kill()
        west.start()
        all_trade("west itself")

        for engine in engines:
            subprocess.run([ats_bin, "halt", "--reason", "to compare", "--data", engine.data], capture_output=True)
            wait_for(f"{engine.name} is flat", engine.flat, 60)
            engine.compare()
        for process in (*engines, role):
            process.end()
        for engine in engines:
            replay = subprocess.run([ats_bin, "replay", os.path.join(engine.data, "journal")], capture_output=True, text=True)
            expect(replay.returncode == 0, f"{engine.name}'s journal replays: {replay.stdout}{replay.stderr}")
    finally:
        for process in (role, *engines):
            if process.process and process.process.poll() is None:
                process.signal(signal.SIGCONT)
                process.kill()
            if problems:
                print(f"--- {process.name}, the last of it:", "".join(open(process.log, errors="replace").readlines()[-15:]), sep="\n")
        for engine in engines:
            engine.sim.terminate()
            engine.sim.wait(30)

finish()
