#!/usr/bin/env python3
"""An engine that writes its history to a real InfluxDB 1.x, while that is late, killed, stands still, is away for a while, does not
let it in, has no database, stays away until the disk's bound, and while the engine is killed: each event is there once, as many as
the journal says, none twice, and what was dropped is said.

usage: influx_test.py ATS [--minutes N]    how long the server is away in the middle of it (0.2: about 12 s); prints what
                                           was wrong; exits 1 when anything was
"""
import argparse, base64, json, os, signal, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, problems, wait_for
from distributed import influx_config

options = argparse.ArgumentParser()
options.add_argument("ats")
options.add_argument("--minutes", type=float, default=0.2)
options = options.parse_args()
ats_bin = os.path.abspath(options.ats)
PASSWORD = "not-a-real-one"


class Influx:
    """The real server, on ports and in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.url = f"http://127.0.0.1:{self.port}"
        with open(os.path.join(folder, "influx.conf"), "w") as out:
            out.write(influx_config(folder, self.port, free_port()) + "[continuous_queries]\n  run-interval = \"1s\"\n")

    def start(self):
        self.process = subprocess.Popen(["influxd", "run", "-config", os.path.join(self.folder, "influx.conf")],
                                        stdout=open(os.path.join(self.folder, "influx.log"), "ab"), stderr=subprocess.STDOUT)
        wait_for("influxd answers", self.answers)

    def answers(self):
        try:
            return urllib.request.urlopen(self.url + "/ping", timeout=5).status == 204
        except urllib.error.URLError:
            return False

    def kill(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def ask(self, question, database=True):
        """Rows of the first series, each a dict; [] where there are none."""
        form = {"q": question, "epoch": "ns", **({"db": "ats"} if database else {})}
        request = urllib.request.Request(self.url + "/query", urllib.parse.urlencode(form).encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(f"ats:{PASSWORD}".encode()).decode())
        answer = json.load(urllib.request.urlopen(request, timeout=60))
        result = answer["results"][0]
        expect("error" not in result, f"{question}: {result.get('error')}")
        rows = []
        for series in result.get("series", []):
            rows += [{**series.get("tags", {}), **dict(zip(series["columns"], values))} for values in series.get("values", [])]
        return rows



def start(words, settings, log):
    with open(log, "ab") as out:
        return subprocess.Popen([ats_bin, *words], stdout=out, stderr=out, env={**os.environ, **settings})


def said(log, what):
    with open(log, errors="replace") as file:
        return [line for line in file if what in line]


with tempfile.TemporaryDirectory(prefix="ats-influx-") as home:
    influx = Influx(home)
    secret = os.path.join(home, "password")

    def write_secret(text):
        with open(secret, "w") as out:
            out.write(text + "\n")
        os.chmod(secret, 0o600)

    write_secret(PASSWORD)
    settings = {"ATS_INFLUX_SERVER": influx.url, "ATS_INFLUX_USER": "ats", "ATS_INFLUX_SECRET_FILE": secret,
                "ATS_INFLUX_QUOTES_EVERY": "200ms", "ATS_INFLUX_MEASURES_EVERY": "1s", "ATS_INFLUX_BOOK_LEVELS": "3",
                "ATS_INFLUX_BOOKS_EVERY": "1s", "ATS_INFLUX_TRADES": "true"}
    sim = subprocess.Popen([ats_bin, "sim", "--seed", "3", "--pairs", "BTC/USDT,ETH/USDT", "--write-config", home],
                           stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    data, log = os.path.join(home, "live"), os.path.join(home, "engine.log")
    words = ["run", "--config", os.path.join(home, "ats.toml"), "--no-screen", "--data", data]

    def set_up(*more, **changed):
        """What `ats influx setup` did, by step."""
        done = subprocess.run([ats_bin, "influx", "setup", "--json", *more], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **settings, **changed})
        expect(done.returncode == 0, f"ats influx setup: {done.stderr}")
        return {step["what"]: step["did"] for step in json.loads(done.stdout)}

    def read(what, *more):
        """What `ats influx read` finds."""
        done = subprocess.run([ats_bin, "influx", "read", what, *more, "--config", os.path.join(home, "ats.toml"), "--journal", os.path.join(data, "journal")],
                              capture_output=True, text=True, timeout=120, env={**os.environ, **settings})
        expect(done.returncode == 0, f"ats influx read {what}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def status():
        done = subprocess.run([ats_bin, "status", "--json", "--data", data], capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def metric(name):
        page = urllib.request.urlopen("http://" + status()["monitoring"] + "/metrics", timeout=10).read().decode()
        return next((float(line.split()[-1]) for line in page.splitlines() if line.startswith(name + " ")), None)

    def traded(more):
        at_least = status()["orders"]["fills_booked"] + more
        return wait_for(f"{at_least} fills", lambda: status()["orders"]["fills_booked"] >= at_least and status(), within=120)

    def trades():
        """By the journal: the trades that are over, and how much each brought, exactly."""
        done = subprocess.run([ats_bin, "trades", os.path.join(data, "journal"), "--json"], capture_output=True, text=True, timeout=60)
        expect(done.returncode == 0, f"ats trades: {done.stderr}")
        return json.loads(done.stdout)["trades"]

    def count(measurement, where=""):
        rows = influx.ask(f'SELECT count(execution) FROM "{measurement}" {where}' if measurement == "execution"
                          else f'SELECT count(price) FROM "{measurement}" {where}')
        return rows[0]["count"] if rows else 0

    def halted():
        subprocess.run([ats_bin, "halt", "--reason", "influx test", "--data", data], capture_output=True)
        wait_for("nothing is open", lambda: status()["executions"]["open"] == 0 and status()["orders"]["open"] == 0)

    def resumed():
        subprocess.run([ats_bin, "resume", "--reason", "influx test", "--data", data], capture_output=True)

    def all_written(what, under_way=500):
        """Halted, so that no event comes any more: rows are what the journal says, each once. Samples go on, `under_way` of them."""
        halted()
        orders = status()["orders"]
        booked, placed = orders["fills_booked"], orders["placed"]
        wait_for(f"{what}: all {booked} fills are written", lambda: count("fill") == booked, within=60)
        wait_for(f"{what}: nothing waits", lambda: metric("ats_influx_points_waiting") < under_way)
        expect(count("fill") == booked, f"{what}: {count('fill')} fills, {booked} booked")
        fills = influx.ask('SELECT fill_id, venue::tag, pair::tag FROM "fill"')
        distinct = {(f["fill_id"], f["venue"], f["pair"]) for f in fills}
        expect(len(distinct) == booked, f"{what}: {len(distinct)} different fills of {booked}")
        written = count("order", "WHERE step = 'placed'")
        expect(written == placed, f"{what}: {written} orders placed, {placed} by the engine")
        over = [t for t in trades() if t["outcome"] not in ("open", "unfilled")]
        # A trade is over after its last fill, which may have gone a batch before it.
        told = lambda: influx.ask('SELECT execution, earned_exact, outcome::tag FROM "execution"')
        wait_for(f"{what}: all {len(over)} trades are written", lambda: len(told()) >= len(over), within=60)
        rows = told()
        expect(len(rows) == len(over), f"{what}: {len(rows)} executions, {len(over)} trades")
        expect({r["execution"] for r in rows} == {int(t["id"]) for t in over}, f"{what}: each of them")
        resumed()
        return rows, over

    engine = None
    try:
        # The server is late, and then has no database.
        engine = start(words, settings, log)
        wait_for("the engine answers", lambda: status()["reconciled"], within=60)
        traded(4)
        expect(said(log, f"influx {influx.url}"), "that the server is away is told")
        expect(metric("ats_influx_up") == 0 and metric("ats_influx_points_waiting") > 0, "and its points wait")
        health = json.load(urllib.request.urlopen("http://" + status()["monitoring"] + "/readyz", timeout=10))
        expect(any("influx" in line for line in health["degraded"]), f"readyz says so: {health}")
        influx.start()
        influx.ask(f"CREATE USER ats WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES", database=False)
        wait_for("a missing database is told, and who makes it", lambda: said(log, "ats influx setup"))
        steps = set_up("--dry-run")
        expect(len(steps) == 6 and set(steps.values()) == {"would_be_made_or_changed"}, f"what would be done: {steps}")
        expect("ats" not in {row["name"] for row in influx.ask("SHOW DATABASES", database=False)}, "and is not")
        expect(set(set_up().values()) == {"made"}, "everything is made")
        again = set_up()
        expect(set(again.values()) == {"was_there"}, f"and is there: {again}")
        changed = set_up(ATS_INFLUX_KEEP_SAMPLES="100h")
        expect([what for what, did in changed.items() if did == "changed"] == ["retention policy ats.samples: 100h0m0s"],
               f"what is otherwise is changed: {changed}")
        expect(list(set_up().values()).count("changed") == 1, "and back")
        wait_for("it is up", lambda: metric("ats_influx_up") == 1)
        rows, over = all_written("server late")
        by_id = {int(t["id"]): t for t in over}
        expect(rows and all(r["earned_exact"] == by_id[r["execution"]]["realised"] for r in rows), "what a trade earned is exact")

        # Samples, as they are.
        venues = {r["venue"] for r in influx.ask('SELECT last(bid) FROM "samples"."quote" GROUP BY venue')}
        expect(venues == {"binance", "upbit", "coinbase", "kraken", "bitfinex"}, f"quotes of all venues: {venues}")
        for measurement in ("depth", "trade", "pnl", "asset", "balance", "limit", "process"):
            expect(influx.ask(f'SELECT * FROM "samples"."{measurement}" LIMIT 1'), f"there is {measurement}")
        expect(influx.ask('SELECT * FROM "opportunity" LIMIT 1'), "opportunities that were taken")
        wait_for("how many were refused, every ten seconds", lambda: influx.ask('SELECT sum(count) FROM "refusal"'), within=90)

        # Read back, from the server and from the journal: the same answers.
        last = influx.ask('SELECT last(bid) FROM "samples"."quote"')[0]["time"]
        until = ["--to", str(last - 2_000_000_000)]
        for what in ("quotes", "trades"):
            ours, theirs = read(what, *until), read(what, "--from-journal", *until)
            expect(ours and ours == theirs,
                   f"{what}: {len(ours)} rows, {len(theirs)} by the journal, first difference "
                   f"{next((pair for pair in zip(ours, theirs) if pair[0] != pair[1]), None)}")
        wait_for("minutes of quotes are made", lambda: influx.ask('SELECT count(bid) FROM "minutes"."quote"'), within=150)

        # Killed under load, twice, and held up.
        for _ in range(2):
            influx.kill()
            traded(4)
            influx.start()
            traded(2)
        influx.process.send_signal(signal.SIGSTOP)
        traded(4)
        time.sleep(12)
        influx.process.send_signal(signal.SIGCONT)
        all_written("server killed twice and held up")

        # Away for a while, under load; the engine is killed meanwhile.
        influx.kill()
        until = time.monotonic() + 60 * options.minutes
        before = status()["orders"]["fills_booked"]
        while time.monotonic() < until:
            time.sleep(1)
        traded(2)
        expect(status()["orders"]["fills_booked"] > before, "it trades on")
        expect(metric("ats_influx_points_dropped_total") == 0, "nothing is dropped while there is room")
        engine.kill()
        engine.wait()
        engine = start(words, settings, log)
        wait_for("the engine is back", lambda: status()["reconciled"], within=60)
        expect(said(log, "of an earlier run wait on disk"), "what waits from before is told")
        traded(2)
        influx.start()
        all_written(f"server away for {options.minutes} minutes, engine killed")

        # Killed at any moment, with the server there: no hole, nothing twice.
        for n in range(3):
            traded(1)
            time.sleep(0.17 * n)
            engine.kill()
            engine.wait()
            engine = start(words, settings, log)
            wait_for("the engine is back", lambda: status()["reconciled"], within=60)
        all_written("engine killed three times")

        # Who may not.
        engine.terminate()
        expect(engine.wait(60) == 0, "the engine ends in order")
        write_secret("wrong")
        before = len(said(log, "it does not let us in"))
        engine = start(words, settings, log)
        wait_for("a wrong password is told", lambda: len(said(log, "it does not let us in")) > before)
        traded(2)
        expect(not said(log, "wrong"), "and is not shown")
        engine.terminate()
        expect(engine.wait(60) == 0, "the engine ends in order")
        write_secret(PASSWORD)
        engine = start(words, settings, log)
        wait_for("the engine is back", lambda: status()["reconciled"], within=60)
        all_written("what waited for the right password")
        os.chmod(secret, 0o644)
        other = [*words[:-1], os.path.join(home, "other")]
        refused = subprocess.run([ats_bin, *other], capture_output=True, text=True, env={**os.environ, **settings})
        expect(refused.returncode != 0 and "influx.secret_file" in refused.stderr, f"others may not read it: {refused.stderr}")
        os.chmod(secret, 0o600)
        away = subprocess.run([ats_bin, *other], capture_output=True, text=True,
                              env={**os.environ, **settings, "ATS_INFLUX_SERVER": "http://192.0.2.1:8086"})
        expect(away.returncode != 0 and "https" in away.stderr, f"no plain line to another machine: {away.stderr}")

        # It stays away until there is no more room: the bound is kept, and what was dropped is said.
        engine.terminate()
        expect(engine.wait(60) == 0, "the engine ends in order")
        influx.kill()
        small = {**settings, "ATS_INFLUX_QUEUE_LIMIT": "1M", "ATS_INFLUX_BOOK_LEVELS": "50", "ATS_INFLUX_BOOKS_EVERY": "100ms"}
        engine = start(words, small, log)
        wait_for("the engine is back", lambda: status()["reconciled"], within=60)
        dropped = wait_for("points are dropped", lambda: metric("ats_influx_points_dropped_total"), within=60)
        folders = [os.path.join(folder, name) for folder, _, names in os.walk(home) for name in names if name.endswith(".atq")]
        size = sum(os.path.getsize(path) for path in folders)
        expect(folders and size <= (1 << 20) + (1 << 18), f"what waits is within its bound: {size} bytes")
        wait_for("and it is said", lambda: said(log, "were dropped so far"))
        influx.start()
        wait_for("what was kept is written", lambda: metric("ats_influx_up") == 1)
        all_written("the bound was reached: events had room of their own", under_way=100_000)
        engine.terminate()
        expect(engine.wait(60) == 0, "the engine ends in order")
    finally:
        for process in (engine, sim, influx.process):
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(60)
        if problems:
            print("--- the engine, the last of it:", "".join(open(log, errors="replace").readlines()[-20:]), sep="\n")
finish()
