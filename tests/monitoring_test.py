#!/usr/bin/env python3
"""An engine and a risk role, watched as they are in production: by Prometheus (the real one), by a service manager, by
probes. Every expression of the rules and of the dashboard has data; a staged halt and a process that stands still fire
their alerts; the units and the dashboard are what they should be.

usage: monitoring_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, tomllib, urllib.error, urllib.parse, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, wait_for

ats_bin = os.path.abspath(sys.argv[1])
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
deploy = os.path.join(root, "deploy")
ENGINE_PAIRS = ["BTC/USDT", "ETH/USDT"]


def get(address, path):
    """Status and body."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def run_tool(what, *words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, **more)
    expect(done.returncode == 0, f"{what}: {done.stdout}{done.stderr}")


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.told = []

    def read(self):
        """All that was told; and what is new of it."""
        new = []
        while True:
            try:
                new += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                break
        self.told += new
        return new

    def heard(self, line):
        self.read()
        return line in self.told

    def beats(self, seconds):
        self.read()
        time.sleep(seconds)
        return self.read().count("WATCHDOG=1")


class Prometheus:
    def __init__(self, folder, targets):
        self.address = f"127.0.0.1:{free_port()}"
        shutil.copy(os.path.join(deploy, "prometheus", "ats.rules.yaml"), folder)
        config = os.path.join(folder, "prometheus.yaml")
        with open(config, "w") as out:
            json.dump({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                       "rule_files": ["ats.rules.yaml"],
                       "scrape_configs": [{"job_name": "ats", "static_configs": [{"targets": targets}]}]}, out)
        self.log = open(os.path.join(folder, "prometheus.log"), "w")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address={self.address}", "--log.level=warn"], stdout=self.log, stderr=self.log)

    def ask(self, path, **words):
        status, body = get(self.address, path + ("?" + urllib.parse.urlencode(words) if words else ""))
        return json.loads(body)["data"] if status == 200 else None

    def query(self, expression):
        told = self.ask("/api/v1/query", query=expression)
        return told["result"] if told else None

    def firing(self, name, **labels):
        return [a for a in self.ask("/api/v1/alerts")["alerts"]
                if a["labels"]["alertname"] == name and a["state"] == "firing" and labels.items() <= a["labels"].items()]

    def end(self):
        self.process.terminate()
        expect(self.process.wait(30) == 0, "prometheus ends in order")
        self.log.close()


def metric_names(expression):
    return set(re.findall(r"\b(?:ats|process)_[a-z_]+\b", expression))


def told_names(page):
    """Of a page; a histogram goes by three names."""
    return {re.split(r"[{ ]", line)[0] for line in page.splitlines() if line and line[0] != "#"}


def check_files(home):
    run_tool("the rules are valid", "promtool", "check", "rules", os.path.join(deploy, "prometheus/ats.rules.yaml"))
    run_tool("the configuration is valid", "promtool", "check", "config", os.path.join(deploy, "prometheus/prometheus.yaml"))
    run_tool("the rules do what their tests say", "promtool", "test", "rules",
             os.path.join(deploy, "prometheus/ats.rules.test.yaml"))
    run_tool("the dashboard is what its table makes", os.path.join(deploy, "grafana/make.py"), "--check")
    if shutil.which("systemd-analyze") is None:
        print("systemd-analyze is not here: units are not verified")
        return
    places = {}
    with open(os.path.join(deploy, "prometheus/prometheus.yaml")) as file:
        scraped = file.read()
    for unit in ("ats-engine.service", "ats-risk.service", "ats-collector.service", "ats-notifier.service",
                 "ats-dashboard.service"):
        with open(os.path.join(deploy, "systemd", unit)) as file:
            text = file.read()
        words = re.search(r"^ExecStart=/usr/bin/ats (.*)$", text, re.M).group(1).split()
        help_of = [w for w in words if not w.startswith("-") and "/" not in w]
        told = subprocess.run([ats_bin, *help_of, "--help"], capture_output=True, text=True).stdout
        # Units that read the same file have their pages at places of their own.
        named = words[words.index("--config") + 1]
        if os.path.exists(os.path.join(deploy, "config", os.path.basename(named))):
            with open(os.path.join(deploy, "config", os.path.basename(named)), "rb") as file:
                listens = tomllib.load(file)["monitoring"]["listen"]
            pages = re.search(r"^Environment=ATS_MONITORING_LISTEN=(\S+)$", text, re.M)
            at = pages[1] if pages else listens
            expect(at not in places, f"{unit}: {at} is of {places.get(at)}")
            places[at] = unit
            expect(f'"{at}"' in scraped, f"{unit}: Prometheus asks {at}")
        for flag in (w for w in words if w.startswith("--")):
            expect(flag in told, f"{unit}: ats {help_of} knows {flag}")
        here = os.path.join(home, unit)
        with open(here, "w") as file:
            file.write(text.replace("/usr/bin/ats", ats_bin))
        run_tool(f"{unit} is valid", "systemd-analyze", "verify", "--man=no", here)


def start(words, settings, log, **more):
    with open(log, "ab") as out:
        return subprocess.Popen([ats_bin, *words], stdout=out, stderr=out, env={**os.environ, **settings}, **more)


def ask_engine(data, *words):
    done = subprocess.run([ats_bin, *words, "--data", data], capture_output=True, text=True, timeout=30)
    return done.stdout if done.returncode == 0 else None


def panels():
    with open(os.path.join(deploy, "grafana/ats.json")) as file:
        return [(p["title"], t["expr"]) for p in json.load(file)["panels"] if p["type"] != "row" for t in p["targets"]]


def rule_expressions():
    with open(os.path.join(deploy, "prometheus/ats.rules.yaml")) as file:
        return re.findall(r"expr: (?:>-\n)?((?:.|\n)*?)(?=\n +(?:for|labels|- |annotations)|\n\n|\Z)", file.read())


with tempfile.TemporaryDirectory(prefix="ats-monitoring-") as home:
    check_files(home)

    role_at, role_pages = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    role_config = os.path.join(home, "risk.toml")
    with open(role_config, "w") as out:
        out.write(f"[general]\npairs = {json.dumps(ENGINE_PAIRS)}\n"
                  "[venue.binance]\nenabled = true\n[venue.kraken]\nenabled = true\n")
    role = start(["risk", "--config", role_config, "--data", os.path.join(home, "role")],
                 {"ATS_RISK_LISTEN": role_at, "ATS_MONITORING_LISTEN": role_pages}, os.path.join(home, "role.log"))
    manager = Manager(home)
    calls_at = f"127.0.0.1:{free_port()}"
    data = os.path.join(home, "engine")
    engine = start(["run", "--no-screen", "--data", data, "--pairs", ",".join(ENGINE_PAIRS)],
                   {"ATS_RISK_ROLE": role_at, "ATS_INFLUX_SERVER": f"http://127.0.0.1:{free_port()}",
                    "ATS_RISK_LISTEN": calls_at, "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "1000000"},
                   os.path.join(home, "engine.log"))

    # The service manager.
    wait_for("the manager is told that it is ready", lambda: manager.heard("READY=1"))
    expect(manager.beats(3) >= 3, "the manager hears twice a second that the loop turns")

    # Probes.
    pages = wait_for("the status tells where the pages are",
                     lambda: json.loads(ask_engine(data, "status", "--json"))["monitoring"])
    expect(get(pages, "/healthz") == (200, "ok\n"), "healthy")
    ready = wait_for("ready once it has compared itself with the venues", lambda: get(pages, "/readyz")[0] == 200)
    expect(get(role_pages, "/readyz")[0] == 200, "the role is ready")
    expect(get(pages, "/secrets")[0] == 404, "no other page")

    # Those who tell people: of them, too, each name is told.
    people_config = os.path.join(home, "people.toml")
    with open(people_config, "w") as out:
        out.write(f"""[redis]
server = "127.0.0.1:{free_port()}"
[notifier.channel.hook]
kind = "webhook"
url = "http://127.0.0.1:{free_port()}/"
[notifier.rule.all]
channels = ["hook"]
[dashboard]
listen = "127.0.0.1:{free_port()}"
engines = ["engine={calls_at}"]
""")
    people = {name: f"127.0.0.1:{free_port()}" for name in ("notifier", "dashboard")}
    processes = [start([name, "--config", people_config, "--data", os.path.join(home, name)],
                       {"ATS_MONITORING_LISTEN": at}, os.path.join(home, name + ".log")) for name, at in people.items()]
    for name, at in people.items():
        wait_for(f"the {name} is ready", lambda at=at: get(at, "/readyz")[0] == 200)
    wait_for("the dashboard reaches the engine", lambda: "ats_dashboard_sources_away 0" in get(people["dashboard"], "/metrics")[1])
    expect("ats_notifier_redis_up 0" in get(people["notifier"], "/metrics")[1], "the notifier says that there is no Redis")

    # Every name that is used is told by somebody.
    told = set().union(*(told_names(get(at, "/metrics")[1]) for at in (pages, role_pages, *people.values())))
    used = set().union(*(metric_names(e) for _, e in panels()), *(metric_names(e) for e in rule_expressions()))
    expect(len(used) > 30, f"the rules and panels name metrics: {sorted(used)}")
    # What has no series before something happens.
    later = {*(name for name in used if name.startswith("ats_standby_")),  # of engines that follow: tests/standby_test.py
             "ats_hold", "ats_alerts_open", "ats_legs_total", "ats_legs_fell_short_total", "ats_order_stage_seconds",
             "ats_clock_skew_seconds", "ats_bus_up", "ats_bus_let_go_total", "ats_collector_up",
             "ats_collector_overruns_total"}
    for name in sorted(used - later):
        expect(name in told, f"{name} is told")

    for process in processes:
        process.terminate()
        expect(process.wait(30) == 0, "who tells people ends in order")

    # Prometheus.
    prometheus = Prometheus(home, [pages, role_pages])
    try:
        wait_for("both are scraped", lambda: len(prometheus.query('up{job="ats"} == 1')) == 2)
        expect(prometheus.ask("/api/v1/rules") is not None, "the rules are loaded")
        for group in prometheus.ask("/api/v1/rules")["groups"]:
            for rule in group["rules"]:
                wait_for(f"rule {rule['name']} is evaluated without an error",
                         lambda: all(r["health"] == "ok" for g in prometheus.ask("/api/v1/rules")["groups"]
                                     for r in g["rules"] if r["name"] == rule["name"]))
        for title, expression in panels():
            if "ats_clock_skew_seconds" in expression:
                continue  # known only from a venue that is asked for its time
            wait_for(f"panel {title} has data ({expression})",
                     lambda: prometheus.query(expression.replace("$__rate_interval", "30s")), within=90)
        traded = prometheus.query("sum(ats_executions_total)")
        expect(traded and float(traded[0]["value"][1]) > 0, "it trades meanwhile")
        expect(not prometheus.firing("AtsHalted"), "nothing is halted")

        # A staged halt.
        ask_engine(data, "halt", "--reason", "staged")
        wait_for("the halt fires", lambda: prometheus.firing("AtsHalted", scope="all"))
        body = json.loads(get(pages, "/readyz")[1])
        expect(body["ready"] and any("halted" in d for d in body["degraded"]), "it is ready, and says that it is halted")
        ask_engine(data, "resume", "--reason", "staged")
        wait_for("the resume ends it", lambda: not prometheus.firing("AtsHalted"))

        # A process that stands still.
        engine.send_signal(signal.SIGSTOP)
        manager.read()
        expect(manager.beats(2) == 0, "a process that stands still tells the manager nothing")
        wait_for("nobody has heard of it", lambda: prometheus.firing("AtsDown", instance=pages), within=60)
        wait_for("the role says that the engine is silent",
                 lambda: float(prometheus.query("ats_engine_silent")[0]["value"][1]) == 1)
        engine.send_signal(signal.SIGCONT)
        wait_for("it is heard of again", lambda: not prometheus.firing("AtsDown"))
        wait_for("the manager hears it again", lambda: manager.beats(1) > 0)
    finally:
        prometheus.end()

    # The end.
    engine.terminate()
    code = engine.wait(60)
    expect(code == 0, f"the engine ends in order, and not with {code}")
    expect(manager.heard("STOPPING=1"), "the manager is told that it stops")
    role.terminate()
    expect(role.wait(30) == 0, "the role ends in order")
finish()
