#!/usr/bin/env python3
"""What follows when a part of the distributed system fails, under load: each of Redis, InfluxDB, the two collectors, the risk
role, the notifier, the dashboard and the engine is killed and started again, stands still (SIGSTOP) and goes on, and, where a network lies between, is cut off. For
each: what stopped, what went on, how long it took to be whole again; and in all, what was lost, told or done twice.

usage: failure_table.py ATS [--for SECONDS]     how long each failure lasts; exits 1 when anything was wrong
"""
import os, select, signal, socket, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, wait_for
from console import Console
from distributed import EAST, WEST, System

LASTS = float(sys.argv[sys.argv.index("--for") + 1]) if "--for" in sys.argv else 4.0


class Proxy:
    """Between two processes: passes bytes on, until it is cut; then nobody is connected, and nobody can be."""

    def __init__(self, to_port):
        self.to, self.port, self.whole, self.pairs = to_port, free_port(), True, []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            waiting = [self.listener, *(s for pair in self.pairs for s in pair)]
            for ready in select.select(waiting, [], [], 0.05)[0]:
                if ready is self.listener:
                    self.take()
                else:
                    self.pass_on(ready)
            if not self.whole:
                self.drop(list(self.pairs))

    def take(self):
        near, _ = self.listener.accept()
        try:
            if not self.whole:
                raise OSError
            self.pairs.append((near, socket.create_connection(("127.0.0.1", self.to), timeout=2)))
        except OSError:
            near.close()

    def pass_on(self, source):
        pair = next((p for p in self.pairs if source in p), None)
        if pair is None:
            return
        try:
            data = source.recv(65536)
            if not data:
                raise OSError
            pair[1 - pair.index(source)].sendall(data)
        except OSError:
            self.drop([pair])

    def drop(self, pairs):
        for pair in pairs:
            self.pairs.remove(pair)
            for s in pair:
                s.close()


# What can be seen to work or not, of one status of the engine.
def books(venues):
    return lambda s: all(b["state"] == "valid" for b in s["books"] if b["venue"] in venues)


WORKS = {
    "the engine answers": lambda s: True,
    "books of east": books(EAST),
    "books of west": books(WEST),
    "leases": lambda s: s["lease"]["live"],
}

with tempfile.TemporaryDirectory(prefix="ats-fail-") as home:
    system = System(sys.argv[1], home, seed=11, pairs="BTC/USDT,ETH/USDT")
    proxies = {"redis": Proxy(system.ports["redis"]), "influx": Proxy(system.ports["influx"]), "risk": Proxy(system.ports["leases"])}
    system.redis_at, system.influx_at, system.risk_at = (f"localhost:{proxies[name].port}" for name in ("redis", "influx", "risk"))

    def metric(role, name):
        for line in system.page(role, "/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return None

    def seen():
        """Whether a page would get the engine's figures."""
        try:
            return people.get("/api/v1/engine").status == 200
        except OSError:
            return False

    def look():
        """What works now, by name."""
        try:
            status = system.status()
        except subprocess.TimeoutExpired:
            status = None
        if status is None:
            return {name: False for name in (*WORKS, "redis is told", "influx takes", "people are told", "people see")}, None
        works = {name: bool(status["books"]) and truth(status) for name, truth in WORKS.items()}
        # A fill that is on its way waits for a moment.
        global waits_since
        if metric("engine", "ats_bus_waiting") == 0:
            waits_since = None
        elif waits_since is None:
            waits_since = time.monotonic()
        works["people are told"] = system.ready("notifier")
        works["people see"] = seen()
        works["redis is told"] = (metric("engine", "ats_bus_up") == 1 and
                                  (waits_since is None or time.monotonic() - waits_since < 2))
        # It is told something every second.
        written = metric("engine", "ats_influx_points_written_total")
        if written != taken["points"]:
            taken.update(points=written, at=time.monotonic())
        works["influx takes"] = metric("engine", "ats_influx_up") == 1 and time.monotonic() - taken["at"] < 3
        return works, status

    def whole():
        works, status = look()
        return (status is not None and all(works.values()) and waits_since is None and status["reconciled"] and
                not status["holds"] and status)

    def fail(component, how):
        if how == "cut":
            proxies[component].whole = False
        elif how == "stopped":
            system.signal(component, signal.SIGSTOP)
        else:
            system.kill(component)

    def mend(component, how):
        if how == "cut":
            proxies[component].whole = True
        elif how == "stopped":
            system.signal(component, signal.SIGCONT)
        else:
            system.start(component)

    table, waits_since, taken = [], None, {"points": None, "at": 0.0}

    def row(component, how, stops):
        """`stops`: what has to stop meanwhile; all else has to go on."""
        what = f"{component} {how}"
        before = wait_for(f"{what}: the system is whole before", whole, within=60)
        if not before:
            return
        fail(component, how)
        stopped, end = set(), time.monotonic() + LASTS
        opened = before["opportunities"]["sent"]
        last = before
        while time.monotonic() < end:
            works, status = look()
            stopped |= {name for name, fine in works.items() if not fine}
            last = status or last
            time.sleep(0.1)
        mended = time.monotonic()
        mend(component, how)
        wait_for(f"{what}: it is whole again", whole, within=60)
        took = time.monotonic() - mended
        expect(stopped == set(stops), f"{what}: stopped {sorted(stopped)}, expected {sorted(stops)}")
        traded = last["opportunities"]["sent"] - opened
        wait_for(f"{what}: it trades again", lambda: (system.status() or last)["opportunities"]["sent"] > last["opportunities"]["sent"] or
                 component == "engine", within=60)
        table.append((component, how, ", ".join(sorted(stopped)) or "nothing", traded, took))

    try:
        system.start_all()
        wait_for("the dashboard tells how to get in", system.first_sign_in)
        people = Console(f"http://127.0.0.1:{system.ports['page']}", timeout=2)
        people.set_up(system.first_sign_in(), "alice", "correct horse battery 9")
        people.enrol()
        people.step_up()
        tried = wait_for("the notifier is asked through the dashboard",
                         lambda: (a := people.post("/api/v1/notifications/channels/people/test", {"caller": {"reason": "table"}})).status == 200 and a)
        wait_for("a test of its channel is delivered", lambda: tried and people.get(
            f"/api/v1/notifications/deliveries/{tried.json['delivery']}").json["delivery"]["state"] == "DELIVERY_STATE_DELIVERED")
        people.token = people.post("/api/v1/tokens", {"label": "table", "permissions": ["view"], "days": 1}).json["token"]
        people.cookie = None
        engine = {"the engine answers", "books of east", "books of west", "leases", "redis is told", "influx takes", "people are told", "people see"}
        row("redis", "killed", {"redis is told"})
        row("redis", "stopped", {"redis is told"})
        row("redis", "cut", {"redis is told"})
        row("influx", "killed", {"influx takes"})
        row("influx", "stopped", {"influx takes"})
        row("influx", "cut", {"influx takes"})
        row("east", "killed", {"books of east"})
        row("east", "stopped", {"books of east"})
        row("west", "killed", {"books of west"})
        row("west", "stopped", {"books of west"})
        row("risk", "killed", {"leases"})
        row("risk", "stopped", {"leases"})
        row("risk", "cut", {"leases"})
        row("notifier", "killed", {"people are told"})
        row("notifier", "stopped", {"people are told"})
        row("dashboard", "killed", {"people see"})
        row("dashboard", "stopped", {"people see"})
        row("engine", "killed", engine)
        row("engine", "stopped", engine)

        # Nothing more is opened; what there is, is the same everywhere.
        subprocess.run([system.ats, "halt", "--reason", "the end of the table", "--data", system.at("data")], capture_output=True)
        wait_for("nothing is open", lambda: (s := system.status()) and s["executions"]["open"] == 0 and s["orders"]["open"] == 0 and s)
        status = system.status()
        booked = status["orders"]["fills_booked"]
        wait_for(f"all {booked} fills are told, each once and in order", lambda: system.told_fills() == list(range(1, booked + 1)))
        told = system.told_fills()
        lost, twice = len(set(range(1, booked + 1)) - set(told)), len(told) - len(set(told))
        wait_for(f"history has all {booked} fills, each once", lambda: system.history_fills() == booked)
        wait_for("the ledger is the exchanges', unit for unit", lambda: not system.differences(system.status()["balances"]))
        sent = [order["client_order_id"] for account in system.accounts().values() for order in account["orders"]]
        doubled = len(sent) - len(set(sent))
        expect(len(sent) > 20 and doubled == 0, f"of {len(sent)} orders that the exchanges have seen {doubled} came twice")
        raised = len(system.raised())
        wait_for(f"people were told of all {raised} alerts, each once", lambda: system.told_of() == raised)
        expect(system.end("engine") == 0, "the engine ends in order")
        replay = subprocess.run([system.ats, "replay", os.path.join(system.at("data"), "journal")], capture_output=True, text=True)
        expect(replay.returncode == 0, f"one process, given the same events, decides the same: {replay.stdout}{replay.stderr}")

        print(f"{'part':9} {'failure':8} {'what stopped':78} {'opened meanwhile':>16} {'whole after':>12}")
        for component, how, stopped, traded, took in table:
            print(f"{component:9} {how:8} {stopped:78} {traded:16} {took:10.1f} s")
        print(f"{raised} alerts raised, told of {system.told_of()}; {len(system.people.told)} messages to people")
        print(f"{booked} fills booked, lost {lost}, told twice {twice}; {len(sent)} orders, sent twice {doubled}")
    finally:
        system.end_all()

finish()
