#!/usr/bin/env python3
"""Two hundred pages that watch and a thousand requests a second: everything is answered, no page misses an update, and the engine goes on as before, as the
figures of before and of meanwhile say that it prints. Argument: ats. Further: [PAGES [REQUESTS_PER_SECOND [SECONDS]]]."""
import json, os, re, shutil, signal, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, wait_for
from console import Console

ATS = os.path.abspath(sys.argv[1])
PAGES, RATE, SECONDS = (list(map(int, sys.argv[2:5])) + [200, 1000, 10][len(sys.argv[2:5]):])
HERE = os.path.dirname(os.path.abspath(__file__))


def phase(folder, loaded):
    data = os.path.join(folder, "loaded" if loaded else "alone")
    log = open(data + ".log", "w+")
    run = subprocess.Popen([ATS, "run", "--no-screen", "--busy-poll", "--data", data, "--seed", "3"], stdout=log, stderr=subprocess.STDOUT,
                           env={**os.environ, "ATS_DASHBOARD_LISTEN": "127.0.0.1:0"})
    told = {}
    try:
        def said(pattern):
            with open(log.name) as text:
                found = re.search(pattern, text.read())
            return found and found.group(1)
        url = wait_for("the dashboard's address is told", lambda: said(r"dashboard: (http://\S+)"))
        admin = Console(url)
        admin.set_up(said(r"within a day\): (\S+)"), "alice", "correct horse battery 9")
        admin.enrol()
        admin.step_up()
        token = admin.post("/api/v1/tokens", {"label": "load", "permissions": ["view"], "days": 1}).json["token"]
        wait_for("it trades", lambda: admin.get("/api/v1/trades?last=5").json["over"])
        if loaded:
            ended = subprocess.run(["node", "--no-warnings", "--experimental-websocket", os.path.join(HERE, "support/load.mjs"), url, token, str(PAGES), str(RATE), str(SECONDS)],
                                   capture_output=True, text=True, timeout=SECONDS * 4 + 120)
            told = json.loads(ended.stdout or "{}")
            expect(told.get("pages") == PAGES, f"every page was let in: {told} {ended.stderr[-300:]}")
            expect(told.get("holes") == 0 and told.get("closed_while_watching") == 0, f"no page missed an update or was cut: {told}")
            expect(told.get("updates", 0) > PAGES * len("books engine".split()), f"all were told: {told}")
            expect(told.get("good") == told.get("requests") and told.get("requests", 0) > 0, f"every request was answered: {told}")
        else:
            time.sleep(SECONDS)
        engine = admin.get("/api/v1/engine").json
        return told, engine
    finally:
        run.send_signal(signal.SIGTERM)
        expect(run.wait(30) == 0, "it ends in order, with no invariant broken")


def microseconds(engine, what, quantile):
    return float(engine[what][quantile].rstrip("s")) * 1e6


def main():
    folder = tempfile.mkdtemp(prefix="ats-load-")
    _, alone = phase(folder, False)
    told, loaded = phase(folder, True)
    print(json.dumps({name: round(value, 2) if isinstance(value, float) else value for name, value in told.items()}))
    for what, words in (("decision", "frame to decision"), ("order", "frame to both orders written")):
        for quantile in ("p50", "p99"):
            before, meanwhile = (microseconds(engine, what, quantile) for engine in (alone, loaded))
            print(f"{words} {quantile}: {before:.1f} us alone, {meanwhile:.1f} us loaded, ratio {meanwhile / max(before, 0.001):.2f}")
    shutil.rmtree(folder)
    finish()


main()
