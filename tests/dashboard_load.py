#!/usr/bin/env python3
"""Two hundred pages that watch and a thousand requests a second: everything is answered, and no page misses an update. What it does to the engine is printed: its
figures beside those it has while another process of the same machine is loaded as much, so that what the machine lacks is in both. Argument: ats. Further:
[PAGES [REQUESTS_PER_SECOND [SECONDS]]]."""
import json, os, re, shutil, signal, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, wait_for
from console import Console

ATS = os.path.abspath(sys.argv[1])
PAGES, RATE, SECONDS = (list(map(int, sys.argv[2:5])) + [200, 1000, 10][len(sys.argv[2:5]):])
HERE = os.path.dirname(os.path.abspath(__file__))


class Run:
    def __init__(self, folder, name, seed):
        self.log = open(os.path.join(folder, name + ".log"), "w+")
        self.process = subprocess.Popen(
            [ATS, "run", "--no-screen", "--data", os.path.join(folder, name), "--seed", str(seed), "--venues", "binance,kraken"],
            stdout=self.log, stderr=subprocess.STDOUT, env={**os.environ, "ATS_DASHBOARD_LISTEN": "127.0.0.1:0"})

        def said(pattern):
            with open(self.log.name) as text:
                found = re.search(pattern, text.read())
            return found and found.group(1)
        self.url = wait_for("the dashboard's address is told", lambda: said(r"dashboard: (http://\S+)"))
        self.admin = Console(self.url)
        self.admin.set_up(said(r"within a day\): (\S+)"), "alice", "correct horse battery 9")
        self.admin.enrol()
        self.admin.step_up()
        self.token = self.admin.post("/api/v1/tokens", {"label": "load", "permissions": ["view"], "days": 1}).json["token"]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        expect(self.process.wait(30) == 0, "it ends in order, with no invariant broken")


def phase(folder, name, on_itself):
    """What one engine's figures are while its dashboard is loaded, or, for comparison, while that of another process of this machine is."""
    measured, other = Run(folder, name, 3), Run(folder, name + "-other", 4)
    try:
        for run in (measured, other):
            wait_for("it trades", lambda: run.admin.get("/api/v1/trades?last=5").json["over"])
        loaded = measured if on_itself else other
        words = [os.path.join(HERE, "support/load.mjs"), loaded.url, loaded.token, str(PAGES), str(RATE), str(SECONDS)]
        ended = subprocess.run(["node", *words], capture_output=True, text=True, timeout=SECONDS * 4 + 120)
        told = json.loads(ended.stdout or "{}")
        expect(told.get("pages") == PAGES, f"every page was let in: {told} {ended.stderr[-300:]}")
        expect(told.get("holes") == 0 and told.get("closed") == 0, f"no page missed an update or was cut: {told}")
        expect(told.get("updates", 0) > 2 * PAGES, f"all were told: {told}")
        expect(told.get("good") == told.get("requests") and told.get("requests", 0) > 0, f"every request was answered: {told}")
        return told, measured.admin.get("/api/v1/engine").json
    finally:
        measured.end()
        other.end()


def microseconds(engine, what, quantile):
    return float(engine[what][quantile].rstrip("s")) * 1e6


def main():
    folder = tempfile.mkdtemp(prefix="ats-load-")
    _, before = phase(folder, "other", False)
    told, meanwhile = phase(folder, "itself", True)
    print(json.dumps({name: round(value, 2) if isinstance(value, float) else value for name, value in told.items()}))
    for what, words in (("decision", "frame to decision"), ("order", "frame to both orders written")):
        for quantile in ("p50", "p99"):
            other, itself = (microseconds(engine, what, quantile) for engine in (before, meanwhile))
            print(f"{words} {quantile}: {other:.1f} us with another process loaded as much, {itself:.1f} us with itself, ratio {itself / max(other, 0.001):.2f}")
    shutil.rmtree(folder)
    finish()


main()
