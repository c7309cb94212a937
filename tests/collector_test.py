#!/usr/bin/env python3
"""An engine that has its market data from two collectors: whoever comes first waits, one that is killed loses its own books and
no others and comes back, a second engine joins, a capture is kept, and the journal replays without them. (What stands still:
failure_table.py.)

usage: collector_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import json, os, signal, subprocess, sys, tempfile, time, urllib.error, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, wait_for

ats_bin = os.path.abspath(sys.argv[1])
EAST, WEST = ["binance", "kraken"], ["upbit", "coinbase", "bitfinex"]


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def value(port, series):
    """Of a series of /metrics, named with its labels as they are printed."""
    for line in page(port, "/metrics")[1].splitlines():
        if line.startswith(series + " "):
            return float(line.split()[-1])
    return None


with tempfile.TemporaryDirectory(prefix="ats-col-") as home:
    at = lambda name: os.path.join(home, name)
    sim = subprocess.Popen([ats_bin, "sim", "--seed", "5", "--pairs", "BTC/USDT,ETH/USDT", "--write-config", home],
                           stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    processes = {}
    ports = {name: free_port() for name in ("east", "west", "engine")}

    def start(name, *words, **settings):
        with open(at(name + ".log"), "ab") as out:
            processes[name] = subprocess.Popen(
                [ats_bin, *words, "--config", at("ats.toml")], stdout=out, stderr=out,
                env={**os.environ, "ATS_MONITORING_LISTEN": f"127.0.0.1:{ports[name]}", **settings})

    def collect(name, venues, *more):
        start(name, "collector", "--venues", ",".join(venues), "--feed", at(name + ".sock"), *more)

    def trade():
        start("engine", "engine", "--no-screen", "--data", at("data"), "--summary", at("out.json"),
              ATS_MARKET_FROM=f"{at('east.sock')},{at('west.sock')}")

    def kill(name):
        processes[name].kill()
        processes[name].wait()

    def status():
        done = subprocess.run([ats_bin, "status", "--json", "--data", at("data")], capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def books(venues, state):
        told = [book for book in status()["books"] if book["venue"] in venues]
        return len(told) == 2 * len(venues) and all(book["state"] == state for book in told)

    def all_valid(what):
        return wait_for(f"{what}: every book is valid", lambda: books(EAST + WEST, "valid"))

    def trades_on(what, more=2):
        before = status()["executions"]["completed"]
        wait_for(f"{what}: it trades", lambda: status()["executions"]["completed"] >= before + more, within=120)

    def not_valid(venues):
        told = [book for book in status()["books"] if book["venue"] in venues]
        return len(told) == 2 * len(venues) and not any(book["state"] == "valid" for book in told)

    try:
        # Whoever comes first waits for the others.
        trade()
        wait_for("the engine says that nobody collects", lambda: "collector " + at("east.sock") in page(ports["engine"], "/readyz")[1])
        expect(not_valid(EAST + WEST), "no book before there is a collector")
        collect("east", EAST, "--capture", at("capture"))
        wait_for("the first collector's books", lambda: books(EAST, "valid"))
        expect(not_valid(WEST), "of the other's, none")
        collect("west", WEST)
        all_valid("from the start")
        trades_on("from the start")
        expect(value(ports["east"], "ats_feed_readers") == 1, "the collector knows its reader")
        expect(value(ports["east"], 'ats_books{venue="binance",state="valid"}') == 2, "and its books")
        expect(value(ports["engine"], f'ats_collector_up{{collector="{at("east.sock")}"}}') == 1, "the engine its collector")
        expect(page(ports["west"], "/readyz")[0] == 200, "the collector is ready")

        # One is killed: its books go at once, the other's stay.
        kill("east")
        wait_for("killed: its books are lost", lambda: not_valid(EAST), within=5)
        expect(books(WEST, "valid"), "killed: the other's stay")
        trades_on("killed: between the venues that are left", more=1)
        collect("east", EAST, "--capture", at("capture"))
        all_valid("killed and back")
        trades_on("killed and back")

        # A second engine, on paper, joins the same feeds.
        ports["second"] = free_port()
        start("second", "engine", "--no-screen", "--paper", "--data", at("second"), ATS_PAPER_BALANCES="binance USDT 90000,kraken BTC 3",
              ATS_MARKET_FROM=f"{at('east.sock')},{at('west.sock')}")
        wait_for("two readers", lambda: value(ports["east"], "ats_feed_readers") == 2)
        kill("second")

        # In order.
        processes["engine"].terminate()
        expect(processes["engine"].wait(timeout=60) == 0, "the engine ends in order")
        with open(at("out.json")) as told:
            summary = json.load(told)
        expect(summary["invariant_violations"] == 0, f"no invariant was broken: {summary['violations']}")
        expect(summary["executions"]["open"] == 0, "nothing is open")
        replay = subprocess.run([ats_bin, "replay", os.path.join(at("data"), "journal")], capture_output=True, text=True, timeout=120)
        expect(replay.returncode == 0, f"the journal replays to the same: {replay.stdout}{replay.stderr}")
        for name in ("east", "west"):
            processes[name].terminate()
            expect(processes[name].wait(timeout=30) == 0, f"{name} ends in order")
        expect(not os.path.exists(at("east.sock")), "and takes its socket along")
        scan = subprocess.run([ats_bin, "scan", "--from", at("capture"), "--json"], capture_output=True, text=True, timeout=120)
        expect(scan.returncode == 0 and "binance" in scan.stdout, f"its capture is whole: {scan.stderr}")

        # What is wrong is said before anything begins.
        for words, said in [(["collector", "--venues", "mtgox"], "mtgox"), (["collector", "--pairs", "X/Y"], "X/Y")]:
            done = subprocess.run([ats_bin, *words, "--config", at("ats.toml")], capture_output=True, text=True, timeout=30)
            expect(done.returncode == 2 and said in done.stderr, f"{words}: {done.stderr}")
    finally:
        for process in [sim, *processes.values()]:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()

finish()
