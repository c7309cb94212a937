#!/usr/bin/env python3
"""Every role a process of its own, on this machine: simulated exchanges, Redis and InfluxDB over TLS, two collectors, the risk role
over mutual TLS, a notifier, an engine, the dashboard; each role with /metrics. It trades on paper money until it is stopped, in order, and says what came of it.

usage: distributed.py ATS [--for 60s] [--summary FILE] [--data DIR] [--seed N] [--pairs A/B,C/D]
  ./dev run --distributed --for 60s --summary out.json
"""
import argparse, base64, http.server, json, os, random, re, secrets, shutil, signal, socket, ssl, subprocess, sys, tempfile, threading, time
import urllib.error, urllib.parse, urllib.request
from decimal import Decimal

EAST, WEST = ["binance", "kraken"], ["upbit", "coinbase", "bitfinex"]
ROLES = ("risk", "east", "west", "notifier", "engine", "dashboard")


def free_port():
    """Below those that the system takes for connections, so that none takes it before it is listened on."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def make_certificates(folder, names):
    """An authority of our own, and a key and a certificate for localhost by each name, in the role of an engine, or of the dashboard (OU)."""
    at = lambda name: os.path.join(folder, name)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def openssl(*words):
        done = subprocess.run(["openssl", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {words[0]}: {done.stderr}")

    openssl("req", "-x509", *curve, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-days", "30", "-subj", "/CN=ats")
    with open(at("names"), "w") as out:
        out.write("subjectAltName=DNS:localhost")
    for name in names:
        openssl("req", *curve, "-keyout", at(name + ".key"), "-out", at(name + ".csr"), "-subj", f"/CN={name}/OU={'dashboard' if name == 'dashboard' else 'engine'}")
        openssl("x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-days", "30",
                "-CAcreateserial", "-out", at(name + ".pem"), "-extfile", at("names"))


def influx_config(folder, port, rpc_port):
    """Of an InfluxDB 1.x that keeps what it has below `folder`; its last section is [http], for who has more to say of that."""
    return f"""reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  auth-enabled = true
  log-enabled = false
"""


class People(http.server.ThreadingHTTPServer):
    """Those whom the notifier tells: a webhook that keeps what it is sent."""

    def __init__(self):
        self.told = []
        people = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                people.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a notifier that was killed

    def notices(self):
        """Each once: what was sent twice has the same id."""
        return [n for letter in {letter["id"]: letter for letter in self.told}.values() for n in letter["notices"]]


class System:
    """The processes by name: redis, influx, sim, risk, east and west (collectors), notifier, engine, dashboard. Each can be started and ended alone.

    redis_at, influx_at and risk_at are where the engine finds them (localhost:PORT): to be changed by who puts something between.
    """

    def __init__(self, ats, home, seed=1, pairs="BTC/USDT,ETH/USDT,SOL/USDT"):
        self.ats, self.home, self.seed, self.pairs = os.path.abspath(ats), home, seed, pairs
        self.processes = {}
        self.ports = {name: free_port() for name in (*ROLES, "redis", "influx", "influx-rpc", "leases", "engine-rpc", "notifier-rpc", "page")}
        self.redis_at, self.influx_at, self.risk_at = (f"localhost:{self.ports[name]}" for name in ("redis", "influx", "leases"))
        make_certificates(home, ("redis", "influx", "role", "engine", "dashboard"))
        self.password = secrets.token_hex(16)
        self.people = People()
        with open(os.open(self.at("password"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(self.password + "\n")

    def at(self, name):
        return os.path.join(self.home, name)

    def spawn(self, name, words, settings=None):
        with open(self.at(name + ".log"), "ab") as log:
            self.processes[name] = subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, **(settings or {})},
                                                    start_new_session=True)

    def spawn_ats(self, name, words, settings):
        self.spawn(name, [self.ats, *words], {"ATS_MONITORING_LISTEN": f"127.0.0.1:{self.ports[name]}", **settings})

    def tls_of(self, name):
        return {"ATS_RISK_TLS_CERT": self.at(name + ".pem"), "ATS_RISK_TLS_KEY": self.at(name + ".key"),
                "ATS_RISK_TLS_CA": self.at("ca.pem")}

    def start_redis(self):
        os.makedirs(self.at("redis"), exist_ok=True)
        self.spawn("redis", ["redis-server", "--port", "0", "--tls-port", str(self.ports["redis"]), "--bind", "127.0.0.1",
                             "--tls-cert-file", self.at("redis.pem"), "--tls-key-file", self.at("redis.key"),
                             "--tls-ca-cert-file", self.at("ca.pem"), "--tls-auth-clients", "no",
                             "--dir", self.at("redis"), "--save", "", "--appendonly", "yes",
                             "--user", "ats", "on", ">" + self.password, "~ats.v1.*", "allchannels", "+@all",
                             "--user", "default", "off"])

    def redis(self, *words):
        """What the server answers; asked where it is, whatever stands between it and the engine."""
        done = subprocess.run(["redis-cli", "-h", "localhost", "-p", str(self.ports["redis"]), "--tls", "--cacert", self.at("ca.pem"),
                               "--user", "ats", "--pass", self.password, "--no-auth-warning", *words],
                              capture_output=True, text=True, errors="replace", timeout=20)
        return done.stdout

    def start_influx(self):
        os.makedirs(self.at("influx"), exist_ok=True)
        with open(self.at("influx.conf"), "w") as out:
            out.write(influx_config(self.at("influx"), self.ports["influx"], self.ports["influx-rpc"]) + f"""  https-enabled = true
  https-certificate = "{self.at('influx.pem')}"
  https-private-key = "{self.at('influx.key')}"
""")
        self.spawn("influx", ["influxd", "run", "-config", self.at("influx.conf")])
        self.wait("influxd answers", lambda: self.ask_influx("SHOW DATABASES") is not None)
        if not self.ask_influx("SHOW DATABASES"):  # the first start: whoever is made first may do everything
            self.ask_influx(f"CREATE USER ats WITH PASSWORD '{self.password}' WITH ALL PRIVILEGES", anybody=True)
            done = subprocess.run([self.ats, "influx", "setup"], capture_output=True, text=True, timeout=60,
                                  env={**os.environ, **self.influx_settings(f"localhost:{self.ports['influx']}")})
            if done.returncode != 0:
                raise RuntimeError("ats influx setup: " + done.stderr)

    def influx_settings(self, address):
        return {"ATS_INFLUX_SERVER": f"https://{address}", "ATS_INFLUX_USER": "ats", "ATS_INFLUX_SECRET_FILE": self.at("password"),
                "ATS_INFLUX_TLS_CA": self.at("ca.pem")}

    def ask_influx(self, question, anybody=False):
        """Rows of the answer's first series, asked where the server is; [] when it will not say, nothing when it is not there."""
        form = urllib.parse.urlencode({"q": question, "db": "ats"}).encode()
        request = urllib.request.Request(f"https://localhost:{self.ports['influx']}/query", form)
        if not anybody:
            request.add_header("Authorization", "Basic " + base64.b64encode(f"ats:{self.password}".encode()).decode())
        try:
            answer = urllib.request.urlopen(request, timeout=20, context=ssl.create_default_context(cafile=self.at("ca.pem")))
            return json.load(answer)["results"][0].get("series", [{}])[0].get("values", [])
        except urllib.error.HTTPError:
            return []
        except OSError:
            return None

    def history_fills(self):
        """How many fills InfluxDB has."""
        rows = self.ask_influx('SELECT COUNT("fill_id") FROM "events"."fill"')
        return rows[0][1] if rows else 0

    def start_sim(self):
        os.makedirs(self.at("sim"), exist_ok=True)
        self.spawn("sim", [self.ats, "sim", "--seed", str(self.seed), "--pairs", self.pairs, "--write-config", self.at("sim")])

        def told():
            with open(self.at("sim.log")) as log:
                return re.match(r"control +(\S+) .*\n", log.readline())

        self.wait("the simulated exchanges are up", lambda: os.path.exists(self.at("sim/keys.toml")) and told())
        self.sim_control = told()[1]

    def start_risk(self):
        config = self.at("risk.toml")
        with open(config, "w") as out:
            out.write(f'[general]\npairs = {json.dumps(self.pairs.split(","))}\n')
            for venue in EAST + WEST:
                out.write(f"[venue.{venue}]\nenabled = true\n")
        self.spawn_ats("risk", ["risk", "--config", config, "--data", self.at("risk-data")],
                       {"ATS_RISK_LISTEN": f"localhost:{self.ports['leases']}", **self.tls_of("role"), **self.redis_settings()})

    def redis_settings(self):
        return {"ATS_REDIS_SERVER": self.redis_at, "ATS_REDIS_USER": "ats", "ATS_REDIS_PASSWORD_FILE": self.at("password"),
                "ATS_REDIS_TLS_CA": self.at("ca.pem")}

    def start_notifier(self):
        config = self.at("notifier.toml")
        with open(config, "w") as out:
            out.write(f"""[notifier.channel.people]
kind = "webhook"
url = "http://127.0.0.1:{self.people.server_address[1]}/"
[notifier.rule.everything]
channels = ["people"]
at_least = "info"
again_after = "5s"
again_most = "5s"
""")
        self.spawn_ats("notifier", ["notifier", "--config", config, "--data", self.at("notifier-data"), "--grpc", f"localhost:{self.ports['notifier-rpc']}"],
                       {**self.tls_of("role"), **self.redis_settings()})

    def start_collector(self, name):
        venues = EAST if name == "east" else WEST
        self.spawn_ats(name, ["collector", "--config", self.at("sim/ats.toml"), "--venues", ",".join(venues),
                              "--feed", self.at(name + ".sock")], {})

    def start_engine(self, *more):
        self.spawn_ats("engine", ["engine", "--config", self.at("sim/ats.toml"), "--no-screen", "--data", self.at("data"),
                                  "--summary", self.at("summary.json"), *more],
                       {"ATS_MARKET_FROM": f"{self.at('east.sock')},{self.at('west.sock')}",
                        "ATS_RISK_ROLE": self.risk_at, "ATS_RISK_ENGINE": "engine", **self.tls_of("engine"),
                        "ATS_RISK_LISTEN": f"localhost:{self.ports['engine-rpc']}",
                        **self.redis_settings(), **self.influx_settings(self.influx_at)})

    def start_dashboard(self):
        config = self.at("dashboard.toml")
        with open(config, "w") as out:
            out.write(f"""[dashboard]
listen = "127.0.0.1:{self.ports['page']}"
engines = ["engine=localhost:{self.ports['engine-rpc']}"]
notifier = "localhost:{self.ports['notifier-rpc']}"
""")
        self.spawn_ats("dashboard", ["dashboard", "--config", config, "--data", self.at("dashboard-data")],
                       {"ATS_RISK_ROLE": f"localhost:{self.ports['leases']}", **self.tls_of("dashboard")})

    def first_sign_in(self):
        """The link that makes the first user of the dashboard; nothing when there is one."""
        with open(self.at("dashboard.log")) as log:
            found = re.search(r"first sign-in .*: (\S+)", log.read())
        return found and found[1]

    def raised(self):
        """What engine and risk role told in their streams of alerts that came up."""
        found = []
        for source in ("engine", "risk"):
            done = subprocess.run([self.ats, "bus", "--log", f"ats.v1.alert.{source}", "--for", "1s"], capture_output=True, text=True,
                                  timeout=60, env={**os.environ, **self.redis_settings()})
            found += [json.loads(line) for line in done.stdout.splitlines()]
        return [a for a in found if a["alert"]["what"] in ("new", "again", "worse")]

    def told_of(self):
        """How many of these people were told of; a test of a channel is none."""
        return sum(n["times"] for n in self.people.notices() if n["kind"] in ("told", "summed", "all_clear") and n["category"] != "test")

    def start(self, name):
        if name in ("east", "west"):
            self.start_collector(name)
        else:
            getattr(self, "start_" + name)()

    def start_all(self):
        for name in ("redis", "influx", "sim", *ROLES):
            self.start(name)

    def wait(self, what, truth, within=60.0):
        end = time.monotonic() + within
        while time.monotonic() < end:
            if truth():
                return
            for name, process in self.processes.items():
                if process.poll() not in (None, 0):
                    raise RuntimeError(f"{name} has ended: see {self.at(name + '.log')}")
            time.sleep(0.1)
        raise RuntimeError(f"{what}: not within {within:.0f} s")

    def page(self, role, path):
        """Status and text of a page of /metrics, /healthz or /readyz; nothing when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[role]}{path}", timeout=3) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return None, ""

    def ready(self, role):
        return self.page(role, "/readyz")[0] == 200

    def status(self):
        done = subprocess.run([self.ats, "status", "--json", "--data", self.at("data")], capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def told_fills(self):
        """Numbers of the fills in Redis' stream, in its order."""
        ids = [line.strip() for line in self.redis("XRANGE", "ats.v1.fill.engine", "-", "+").splitlines()]
        return [int(i.split("-")[1]) for i in ids if re.fullmatch(r"\d{13}-\d+", i)]

    def accounts(self):
        """By venue, as the exchanges have them."""
        with urllib.request.urlopen(self.sim_control + "/state", timeout=30) as answer:
            told = json.loads(answer.read())["venues"]
        return {venue: state["accounts"][0] for venue, state in told.items()}

    def differences(self, balances):
        """Between balances of a status or summary and the exchanges' own."""
        told, found = self.accounts(), []
        for b in balances:
            theirs = told[b["venue"]]["balances"].get(b["asset"], {}).get("total", "0")
            if Decimal(theirs) != Decimal(b["total"]):
                found.append(f"ledger: {b['venue']} {b['asset']} is {b['total']}, the exchange says {theirs}")
        return found

    def kill(self, name):
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def signal(self, name, which):
        self.processes[name].send_signal(which)

    def end(self, name, within=60):
        """In order; its exit status."""
        process = self.processes.pop(name)
        process.terminate()
        try:
            return process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def end_all(self):
        """Whatever still runs, the last first."""
        for name in reversed(list(self.processes)):
            self.processes[name].send_signal(signal.SIGCONT)
            self.end(name, within=20)


def seconds_of(text):
    match = re.fullmatch(r"(\d+)(s|m|h)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"expected a duration such as 60s or 5m, not '{text}'")
    return int(match.group(1)) * {"s": 1, "m": 60, "h": 3600}[match.group(2)]


def say(line):
    print(line, flush=True)


def run(options, home):
    system = System(options.ats, home, options.seed, options.pairs)
    stopping = []
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda *_: stopping.append(True))
    try:
        system.start_all()
        for role in ROLES:
            system.wait(f"{role} is ready", lambda role=role: system.ready(role))
            say(f"{role:9} http://127.0.0.1:{system.ports[role]}/metrics   log {system.at(role + '.log')}")
        say(f"page      http://127.0.0.1:{system.ports['page']}   first sign-in (once, within a day): {system.first_sign_in()}")
        say(f"redis     {system.redis_at} (TLS)   influx https://{system.influx_at}   exchanges {system.sim_control}/venues")
        say(f"the engine: {options.ats} status --data {system.at('data')}")
        began = told = time.monotonic()
        while not stopping and (options.seconds is None or time.monotonic() - began < options.seconds):
            time.sleep(0.1)
            for name, process in system.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} has ended: see {system.at(name + '.log')}")
            if time.monotonic() - told >= 5:
                told += 5
                s = system.status()
                if s:
                    say(f"{time.monotonic() - began:5.0f} s: {s['executions']['completed']} trades, {s['executions']['open']} open, "
                        f"P&L {s['pnl_reporting']}")
        code = system.end("engine")
        with open(system.at("summary.json")) as file:
            summary = json.load(file)
        told, booked = system.told_fills(), summary["orders"]["fills_booked"]
        summary["redis_fills"] = len(told)
        if told != list(range(1, booked + 1)):
            summary["violations"].append(f"redis has {len(told)} fills, the ledger {booked}, and they are not the same")
        summary["influx_fills"] = system.history_fills()
        if summary["influx_fills"] != booked:
            summary["violations"].append(f"influx has {summary['influx_fills']} fills, the ledger {booked}")
        summary["violations"] += system.differences(summary["balances"])
        raised = len(system.raised())
        system.wait(f"people are told of {raised} alerts", lambda: system.told_of() >= raised)
        summary["alerts_told"] = system.told_of()
        if summary["alerts_told"] != raised:
            summary["violations"].append(f"{raised} alerts were raised, people were told of {summary['alerts_told']}")
        ends = {name: system.end(name) for name in ("dashboard", "east", "west", "risk", "notifier")}
        with open(system.at("engine.log"), errors="replace") as log:
            say(next((line.rstrip() for line in reversed(log.readlines()) if line.startswith("ran ")), ""))
        summary["violations"] += [f"{name} did not end in order" for name, status in ends.items() if status != 0]
        summary["invariant_violations"] = len(summary["violations"])
        if options.summary:
            with open(options.summary, "w") as out:
                json.dump(summary, out, indent=2)
        for violation in summary["violations"]:
            print("violation:", violation, file=sys.stderr)
        return 3 if summary["violations"] else code or 0
    finally:
        system.end_all()


def main():
    parser = argparse.ArgumentParser(description="Every role a process of its own, on simulated exchanges and paper money.",
                                     epilog="example: ./dev run --distributed --for 60s --summary out.json")
    parser.add_argument("ats", help=argparse.SUPPRESS)
    parser.add_argument("--for", dest="seconds", type=seconds_of, help="stop after this long, e.g. 60s, 5m; else at Ctrl-C")
    parser.add_argument("--summary", help="write a JSON summary at the end, as `ats run` does")
    parser.add_argument("--data", help="keep journals, logs and certificates in this new folder")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated exchanges")
    parser.add_argument("--pairs", default="BTC/USDT,ETH/USDT,SOL/USDT", help="what they list")
    options = parser.parse_args()
    home = os.path.abspath(options.data) if options.data else tempfile.mkdtemp(prefix="ats-")
    try:
        os.makedirs(home, exist_ok=not options.data)
        return run(options, home)
    except (RuntimeError, OSError) as wrong:
        print("ats:", wrong, file=sys.stderr)
        return 1
    finally:
        if not options.data:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
