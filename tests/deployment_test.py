#!/usr/bin/env python3
"""What deploy/ says of containers is true: the Dockerfile, compose and the Kubernetes manifests are looked at for what may not be in
them and what has to, and the commands, configurations and secrets that they name are started as processes here, with the real Redis
and InfluxDB; `ats doctor` has to find nothing wrong.

usage: deployment_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import glob, json, os, re, shutil, ssl, subprocess, sys, tempfile, tomllib, urllib.error, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, problems, wait_for
from console import Console
from debian_yaml import yaml
from distributed import System
from kustomize import containers_of, load, pod_of, render

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEPLOY = os.path.join(ROOT, "deploy")
ATS = os.path.abspath(sys.argv[1])
ROLES = {"collector", "dashboard", "engine", "notifier", "risk"}  # those that are processes of a deployment; `run` is all of them
# Who may talk to whom (ARCHITECTURE.md: engines to all they stand on, alerts by Redis to the notifier, the dashboard to whom it shows, Prometheus
# to all that have pages, nobody else).
FLOWS = {("engine", "risk", "leases"), ("engine", "redis", "redis"), ("engine", "influx", "influx"), ("influx-setup", "influx", "influx"),
         ("prometheus", "engine", "pages"), ("prometheus", "engine", "east-pages"), ("prometheus", "engine", "west-pages"),
         ("prometheus", "risk", "pages"), ("risk", "redis", "redis"), ("notifier", "redis", "redis"), ("prometheus", "notifier", "pages"),
         ("dashboard", "engine", "calls"), ("dashboard", "notifier", "calls"), ("dashboard", "risk", "leases"), ("prometheus", "dashboard", "pages")}


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, **more)
    return done.returncode, done.stdout + done.stderr


def of_file(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


def accepted(what, file, settings=None):
    code, said = run(ATS, "config", file, env={**os.environ, **(settings or {})})
    expect(code == 0, f"{what}: {said}")


def port_of(config, settings=None):
    """Where a role has its pages."""
    return int((settings or {}).get("ATS_MONITORING_LISTEN", config["monitoring"]["listen"]).rsplit(":", 1)[1])


def same_roles(what, commands):
    """Of each command of our image: there is such a role, and it takes those words."""
    for words in commands:
        code, said = run(ATS, *words[:1 if words[1].startswith("--") else 2], "--help")
        expect(code == 0, f"{what}: {words[0]}")
        for word in words:
            expect(not word.startswith("--") or word in said, f"{what}: {words[0]} takes {word}")
    expect(ROLES <= {words[0] for words in commands}, f"{what}: each role is there: {commands}")


# ---- Dockerfile

with open(os.path.join(DEPLOY, "Dockerfile")) as file:
    docker = file.read()
stages = re.findall(r"^FROM (\S+) AS (\w+)\n(.*?)(?=^FROM |\Z)", docker, re.M | re.S)
names = [name for _, name, _ in stages]
for parent, name, body in stages:
    pinned = re.fullmatch(r"debian:bookworm-\d{8}-slim", parent)
    expect(pinned or parent in names, f"{name}: from a pinned image or a stage: {parent}")
    if name in ("ats", "servers"):
        expect(re.findall(r"^USER (.*)$", body, re.M) == ["10001:10001"], f"{name}: its user is a number, and not root")
        expect("apt/lists" in body, f"{name}: nothing of apt is left behind")
    for source in re.findall(r"^COPY (?:--chmod=\d+ )?(\S+) ", body, re.M):
        expect(os.path.exists(os.path.join(ROOT, source)), f"{name}: copies {source}")
expect(not re.search(r"password|secret|token", docker, re.I), "no secret is built in")
code, said = run(os.path.join(ROOT, "dev"), "help")
expect("setup [build]" in said and "dev package" in said, "what the Dockerfile runs is there")
with open(os.path.join(ROOT, "CMakeLists.txt")) as file:
    version = re.search(r"project\(ats VERSION (\S+)", file.read())[1]

# ---- configuration of the containers

for path in sorted(glob.glob(os.path.join(DEPLOY, "containers/*.toml"))):
    accepted(path, path)
    with open(path) as file:
        expect(not re.search(r"^(secret|password|key) *=", file.read(), re.M), f"{path}: no secret in it")

# ---- compose

compose = load(os.path.join(DEPLOY, "compose.yaml"))[0]
services = compose["services"]
same_roles("compose", [one["command"] for one in services.values() if one["image"].startswith("ats:")])
for name, one in services.items():
    expect(one["user"] == "10001:10001" and one["read_only"] is True and one["cap_drop"] == ["ALL"], f"{name}: no root, nothing writable")
    expect("no-new-privileges:true" in one["security_opt"] and "privileged" not in one, f"{name}: no way to more")
    image, tag = one["image"].rsplit(":", 1)
    expect(re.fullmatch(r"\d+\.\d+\.\d+", tag) and (not image.startswith("ats") or tag == version), f"{name}: {one['image']} is pinned")
    expect(one["restart"] == ("on-failure" if name == "influx-setup" else "unless-stopped"), f"{name}: comes back, a job only when it failed")
    expect("build" not in one or one["build"]["target"] in names, f"{name}: a stage of the Dockerfile")
    for volume in one["volumes"]:
        source, only_read = volume.split(":")[0], volume.endswith(":ro")
        if source.startswith("./secrets/"):
            expect(source == "./secrets/" + name and only_read, f"{name}: its own secrets, and reads them only: {volume}")
        elif source.startswith("./"):
            expect(os.path.exists(os.path.join(DEPLOY, source)) and only_read, f"{name}: {volume}")
        else:
            expect(source in compose["volumes"], f"{name}: volume {source}")
    expect(not re.search(r"password|secret", str({k: v for k, v in one.get("environment", {}).items() if not k.endswith("__FILE")}), re.I),
           f"{name}: no secret in its environment")
    for port in one.get("ports", []):
        expect(port.startswith("127.0.0.1:"), f"{name}: {port} is of this machine alone")
    for network in one["networks"]:
        expect(network in compose["networks"], f"{name}: network {network}")
roles = {name: one for name, one in services.items() if one.get("command", [""])[0] in ROLES}
served = {f"{name}:{port_of(of_file(os.path.join(DEPLOY, 'containers', os.path.basename(one['command'][2]))), one.get('environment'))}"
          for name, one in roles.items()}
scraped = load(os.path.join(DEPLOY, "containers/prometheus.yaml"))[0]["scrape_configs"][0]
expect({t for s in scraped["static_configs"] for t in s["targets"]} == served, f"Prometheus asks each role where its pages are: {served}")
reach = lambda a, b: set(services[a]["networks"]) & set(services[b]["networks"])
for a, b in (("engine", "risk"), ("engine", "redis"), ("engine", "influx"), ("influx-setup", "influx"), ("prometheus", "engine"),
             ("prometheus", "risk"), ("prometheus", "collector-east"), ("prometheus", "collector-west"), ("grafana", "prometheus"),
             ("risk", "redis"), ("notifier", "redis"), ("prometheus", "notifier"), ("dashboard", "engine"), ("dashboard", "risk"), ("dashboard", "notifier"),
             ("prometheus", "dashboard")):
    expect(reach(a, b), f"compose: {a} reaches {b}")
for a, b in (("grafana", "redis"), ("prometheus", "redis"), ("collector-east", "redis"), ("collector-east", "influx"), ("grafana", "influx"),
             ("notifier", "influx"), ("dashboard", "redis"), ("dashboard", "influx")):
    expect(not reach(a, b), f"compose: {a} does not reach {b}")
inner = {name for name, network in compose["networks"].items() if network.get("internal")}
expect({name for name in roles if set(services[name]["networks"]) - inner} == {"engine", "collector-east", "collector-west", "notifier", "dashboard"},
       "compose: the risk role has no way out")
expect(services["dashboard"]["ports"] == ["127.0.0.1:8420:8420"] and {name for name, one in services.items() if "ports" in one} ==
       {"dashboard", "grafana"}, "compose: what people see is published, and nothing else")
expect(compose["networks"]["inner"]["internal"] and compose["networks"]["watching"]["internal"], "and neither is reached from outside")

# ---- Kubernetes


def plain(manifests):
    """To be compared: by kind and name, lists of things with names by these."""
    def sort(node):
        if isinstance(node, dict):
            return {key: sort(value) for key, value in node.items()}
        if isinstance(node, list):
            node = [sort(item) for item in node]
            return sorted(node, key=lambda item: item["name"]) if all(isinstance(i, dict) and "name" in i for i in node) else node
        return node
    return {(m["kind"], m["metadata"]["name"]): sort(m) for m in manifests}


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", selector).items())


def check_pod(manifest, overlay):
    name, pod = manifest["metadata"]["name"], pod_of(manifest)
    spec = pod["spec"]
    security = spec["securityContext"]
    expect(security["runAsNonRoot"] and security["runAsUser"] == 10001 and security["seccompProfile"]["type"] == "RuntimeDefault",
           f"{name}: not root")
    expect(name == "prometheus" or spec["automountServiceAccountToken"] is False, f"{name}: no token of the cluster's")
    volumes = {volume["name"]: volume for volume in [*spec["volumes"], *({"name": claim["metadata"]["name"]} for claim in
                                                                          manifest["spec"].get("volumeClaimTemplates", []))]}
    ports = [port for container in spec["containers"] for port in container.get("ports", [])]
    expect(len({port["containerPort"] for port in ports}) == len(ports), f"{name}: one port, one listener: {ports}")
    expect(all(len(port["name"]) <= 15 for port in ports), f"{name}: names of ports have 15 letters at most")
    for container in containers_of(manifest):
        of = f"{overlay} {name}/{container['name']}"
        locked = container["securityContext"]
        expect(locked["readOnlyRootFilesystem"] and not locked["allowPrivilegeEscalation"] and locked["capabilities"]["drop"] == ["ALL"],
               f"{of}: locked")
        expect("memory" in container["resources"]["limits"] and "cpu" in container["resources"]["requests"], f"{of}: says what it needs")
        expect(container["image"].endswith(":" + version), f"{of}: {container['image']} is pinned")
        for mount in container["volumeMounts"]:
            expect(mount["name"] in volumes, f"{of}: mounts {mount['name']}")
        if container in spec.get("initContainers", []) or manifest["kind"] == "Job":
            continue
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            where = container[probe].get("httpGet") or container[probe]["tcpSocket"]
            expect(where["port"] in [port["name"] for port in container["ports"]], f"{of}: {probe} asks a port that it has")
            if container["image"].split(":")[0].endswith("/ats") or container["image"].startswith("ats:"):
                page = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}[probe]
                expect(where["path"] == page and where["scheme"] == "HTTPS", f"{of}: {probe} asks {page} over TLS")


def settings_of(container, manifests):
    said = {variable["name"]: variable["value"] for variable in container.get("env", [])}
    for source in container.get("envFrom", []):
        said.update(manifests["ConfigMap", source["configMapRef"]["name"]]["data"])
    return said


def check_flows(manifests, overlay):
    """Which pod may talk to which, by every policy together; both ends have to allow it."""
    policies = [m["spec"] for (kind, _), m in manifests.items() if kind == "NetworkPolicy"]
    pods = {m["metadata"]["name"]: pod_of(m)["metadata"]["labels"] for m in manifests.values() if pod_of(m)}
    ports = {m["metadata"]["name"]: {p["name"] for c in containers_of(m) for p in c.get("ports", [])} for m in manifests.values() if pod_of(m)}
    expect(any(p["podSelector"] == {} and set(p["policyTypes"]) == {"Ingress", "Egress"} and "ingress" not in p and "egress" not in p
               for p in policies), f"{overlay}: what is not said is denied")

    def allowed(direction, end, mine, other, port):
        return any(selects(policy["podSelector"], mine) and port in [p["port"] for p in rule["ports"]] and
                   any(selects(peer["podSelector"], other) for peer in rule.get(end, []) if "podSelector" in peer)
                   for policy in policies for rule in policy.get(direction, []))

    flows = {(pods[a]["app"], pods[b]["app"], port) for a in pods for b in pods for port in ports[b]
             if allowed("egress", "to", pods[a], pods[b], port) and allowed("ingress", "from", pods[b], pods[a], port)}
    expect(flows == FLOWS, f"{overlay}: who talks to whom: {flows ^ FLOWS}")
    out = [(policy["podSelector"], rule) for policy in policies for rule in policy.get("egress", []) if any("ipBlock" in to for to in rule.get("to", []))]
    expect([selector["matchLabels"]["app"] for selector, _ in out] == ["engine", "notifier"], f"{overlay}: only engines and the notifier talk to the world")


def check_overlay(overlay, paper):
    folder = os.path.join(DEPLOY, "kubernetes/overlays", overlay)
    manifests = plain(render(folder))
    # Older ones do not know all of it.
    if shutil.which("kubectl") and '"kustomizeVersion": "v5' in run("kubectl", "version", "--client", "--output", "json")[1]:
        code, said = run("kubectl", "kustomize", folder)
        expect(code == 0 and plain(yaml.safe_load_all(said)) == manifests, f"{overlay}: kubectl makes the same of it")
    expect(not any(kind == "Secret" for kind, _ in manifests), f"{overlay}: secrets are named, not given")
    workloads = [m for m in manifests.values() if pod_of(m)]
    commands, pairs, secrets, engines, said = [], [], set(), set(), {}
    for manifest in workloads:
        check_pod(manifest, overlay)
        name, labels = manifest["metadata"]["name"], pod_of(manifest)["metadata"]["labels"]
        volumes = {volume["name"]: volume for volume in pod_of(manifest)["spec"]["volumes"]}
        secrets |= {volume["secret"]["secretName"] for volume in volumes.values() if "secret" in volume}
        for volume in volumes.values():
            expect("configMap" not in volume or ("ConfigMap", volume["configMap"]["name"]) in manifests, f"{name}: {volume}")
        if manifest["kind"] == "Job":
            continue
        expect(selects(manifest["spec"]["selector"], labels), f"{name} finds its own pods")
        service = manifests["Service", manifest["spec"]["serviceName"]]["spec"]
        expect(selects(service["selector"], labels), f"service of {name} finds its pods")
        budgets = [m for (kind, _), m in manifests.items() if kind == "PodDisruptionBudget" and selects(m["spec"]["selector"], labels)]
        expect(len(budgets) == 1, f"{overlay} {name}: one budget is of it: {len(budgets)}")
        for container in pod_of(manifest)["spec"]["containers"]:
            if "args" not in container:
                continue
            commands.append(container["args"])
            settings = said[container["args"][0]] = settings_of(container, manifests)
            file = os.path.join(DEPLOY, "containers", os.path.basename(container["args"][2]))
            expect(os.path.basename(file) in manifests["ConfigMap", "configuration"]["data"], f"{container['name']}: {file} is mounted")
            accepted(f"{overlay} {name}/{container['name']}: its configuration", file, settings)
            config = of_file(file)
            expect(port_of(config, settings) in [port["containerPort"] for port in container["ports"]], f"{name}/{container['name']}: its pages")
            if container["args"][0] == "engine":
                engines.add(settings["ATS_RISK_ENGINE"])
                pairs += settings["ATS_GENERAL_PAIRS"].split(",")
                feeds = {c["args"][c["args"].index("--feed") + 1] for c in pod_of(manifest)["spec"]["containers"] if c["args"][0] == "collector"}
                expect(feeds == set(config["market"]["from"]), f"{name}: it listens to the collectors beside it: {feeds}")
                expect((settings.get("ATS_PAPER_ENABLED") != "false") == paper, f"{name}: on paper, or not")
                expect(volumes["given"]["secret"]["secretName"] == settings["ATS_RISK_ENGINE"], f"{name}: its secret is of its name")
    same_roles(overlay, commands)
    expect(set(said["notifier"]["ATS_NOTIFIER_SOURCES"].split(",")) == engines | {"risk"}, f"{overlay}: the notifier hears each engine and the risk role")
    expect(set(said["dashboard"]["ATS_DASHBOARD_ENGINES"].split(",")) == {f"{name}={name}:7400" for name in engines} and
           all(("Service", name) in manifests for name in engines), f"{overlay}: the dashboard shows each engine, by its service")
    expect(len(pairs) == len(set(pairs)), f"{overlay}: no pair is of two shards: {pairs}")
    if not paper:
        expect(len(engines) > 1, f"{overlay}: shards: {engines}")
    check_flows(manifests, overlay)
    return secrets, engines


with tempfile.TemporaryDirectory(prefix="ats-dep-") as home:
    for overlay, paper in (("paper", True), ("production", False)):
        used, engines = check_overlay(overlay, paper)
        shards = ",".join(sorted(e.removeprefix("engine-") for e in engines if e != "engine"))
        code, said = run(os.path.join(DEPLOY, "make_secrets.py"), os.path.join(home, overlay), "--engines", shards, "--kubectl")
        expect(code == 0 and used <= set(re.findall(r"secret generic (\S+)", said)), f"{overlay}: each secret is made: {used} {said[-300:]}")

    # ---- the same commands, configurations and secrets as processes: names of hosts and folders are this machine's

    given = os.path.join(home, "secrets")
    code, said = run(os.path.join(DEPLOY, "make_secrets.py"), given)
    expect(code == 0, said)
    for name in services:
        expect(os.path.isdir(os.path.join(given, name)), f"compose: secrets of {name} are made")
    open_to = [path for path in glob.glob(given + "/*/*") if os.stat(path).st_mode & 0o077]
    expect(not open_to, f"nobody else reads them: {open_to}")
    run("chown", "-R", f"{os.getuid()}:{os.getgid()}", given)  # here they are this user's
    # 7499: the engine's calls, which are at 7400 as the risk role's are, where each has a network name of its own.
    ports = {port: free_port() for port in (6379, 8086, 7400, 7401, 7499, 9464, 9465, 9466, 9467, 9468, 9469, 8088, 8420)}
    os.makedirs(os.path.join(home, "feeds"))
    os.makedirs(os.path.join(home, "sim-home"))
    system = System(ATS, os.path.join(home, "sim-home"))

    def here(text, process):
        """The words of a container as words of a process."""
        text = re.sub(r"\b(redis|risk|influx|notifier):(\d+)", r"localhost:\2", text).replace("engine:7400", "localhost:7499")
        text = text.replace('"0.0.0.0:7400"', '"0.0.0.0:7499"') if process == "engine" else text
        text = text.replace('bind-address = ":', 'bind-address = "127.0.0.1:')
        text = text.replace("/run/secrets/ats", f"{given}/{process}").replace("/run/ats", f"{home}/feeds").replace("/var/lib/ats", f"{home}/{process}")
        text = text.replace("/data", f"{home}/{process}").replace("/etc/ats", f"{home}/etc-{process}")
        return re.sub(r"\b(\d{4})\b", lambda port: str(ports.get(int(port[1]), port[1])), text)

    def prepare(process):
        """Its command here, with its files where the command names them."""
        one = services[process]
        os.makedirs(f"{home}/{process}", mode=0o750, exist_ok=True)
        os.makedirs(f"{home}/etc-{process}", exist_ok=True)
        for volume in one["volumes"]:
            source, inside = volume.split(":")[:2]
            if inside.startswith("/etc/ats/"):
                with open(os.path.join(DEPLOY, source)) as file, open(here(inside, process), "w") as out:
                    out.write(here(file.read(), process))
        return [here(word, process) for word in one["command"]]

    def start(process, settings=None):
        words = prepare(process)
        ours = services[process]["image"].startswith("ats:")
        if words[0] == "influx.sh":
            words = [os.path.join(DEPLOY, "containers/influx.sh"), f"{home}/etc-influx/influx.conf", f"{given}/influx", str(ports[8086])]
        environment = {key: here(value, process) for key, value in services[process].get("environment", {}).items()}
        system.spawn(process, [ATS, *words] if ours else words, {**environment, **(settings or {})})

    def asked(port, path):
        context = ssl.create_default_context(cafile=f"{given}/prometheus/ca.pem")
        return urllib.request.urlopen(f"https://localhost:{ports[port]}{path}", timeout=3, context=context)

    def page(process, port, path):
        try:
            return asked(port, path).status
        except urllib.error.HTTPError as refused:
            return refused.code

    def text(port, path):
        return asked(port, path).read().decode()

    def log_of(process):
        with open(system.at(process + ".log")) as log:
            return log.read()

    try:
        system.start("sim")
        addresses = {}
        for venue, section in of_file(system.at("sim/ats.toml"))["venue"].items():
            addresses.update({f"ATS_VENUE_{venue.upper()}_{key.upper()}": section[key] for key in ("rest_url", "market_url", "trading_url")})
        for process in ("redis", "influx", "risk", "collector-east", "collector-west"):
            start(process, addresses)
        wait_for("InfluxDB is set up as the job says", lambda: run(ATS, *prepare("influx-setup"))[0] == 0, 60)
        for process, port in (("risk", 9465), ("collector-east", 9466), ("collector-west", 9467)):
            wait_for(f"{process} is ready, and says so over TLS", lambda process=process, port=port: page(process, port, "/readyz") == 200)
        start("engine", {**addresses, "ATS_GENERAL_CA_FILE": ""})
        wait_for("the engine is ready", lambda: page("engine", 9464, "/readyz") == 200, 60)
        expect(page("engine", 9464, "/metrics") == 200, "and has metrics")
        status = lambda: json.loads(run(ATS, "status", "--json", "--data", f"{home}/engine")[1])
        wait_for("the risk role gives it leases: its certificate has the role of an engine", lambda: status()["lease"]["live"])
        wait_for("it trades on paper", lambda: status()["executions"]["completed"] > 0)
        code, said = run(ATS, "doctor", "--config", f"{home}/etc-engine/engine.toml", "--json", env={**os.environ, **addresses})
        checks = {check["what"]: check for check in json.loads(said)["checks"]}
        failed = {what: check["said"] for what, check in checks.items() if check["health"] == "FAILED"}
        expect(code == 0 and not failed, f"ats doctor: {failed}")
        for what in ("redis ", "influx ", "risk role ", "collector ", "monitoring.listen", "risk.tls_cert", "influx.secret_file", "version"):
            expect(any(name.startswith(what) for name in checks), f"ats doctor looked at {what}: {list(checks)}")

        # People are told, and see.
        start("notifier", {"ATS_NOTIFIER_CHANNEL_PEOPLE_URL": f"http://127.0.0.1:{system.people.server_address[1]}/"})
        start("dashboard")
        for process, port in (("notifier", 9468), ("dashboard", 9469)):
            wait_for(f"{process} is ready, and says so over TLS", lambda process=process, port=port: page(process, port, "/readyz") == 200)
        told = lambda what: any(n["source"] == what[0] and n["category"] == what[1] for n in system.people.notices())
        wait_for("the notifier hears Redis as its user", lambda: "ats_notifier_redis_up 1" in text(9468, "/metrics"))
        for source, data in (("engine", f"{home}/engine"), ("risk", f"{home}/risk")):
            code, said = run(ATS, "halt", "--reason", "staged", "--data", data, *(["--role"] if source == "risk" else []))
            expect(code == 0, f"{source} is halted: {said}")
            wait_for(f"people are told of {source}'s halt", lambda source=source: told((source, "halt")))
        redis = lambda *words: run("redis-cli", "-h", "localhost", "-p", str(ports[6379]), "--tls", "--cacert", f"{given}/redis/ca.pem", "--user", "notifier",
                                   "--pass", open(f"{given}/notifier/redis.password").read().strip(), "--no-auth-warning", *words, errors="replace")[1]
        expect("NOPERM" not in redis("XRANGE", "ats.v1.alert.engine", "-", "+", "COUNT", "1"), "the notifier may read alerts")
        for words in (("XRANGE", "ats.v1.fill.engine", "-", "+"), ("GET", "ats.v1.alert.kraken.BTC/USDT"), ("XADD", "ats.v1.alert.engine", "*", "m", "x")):
            expect("NOPERM" in redis(*words), f"and may not {words}")
        wait_for("engine, risk role and notifier answer the dashboard",
                 lambda: all(f"dashboard: {name} answers" in log_of("dashboard") for name in ("engine", "risk", "notifier")))
        wait_for("nobody is away", lambda: "ats_dashboard_sources_away 0" in text(9469, "/metrics"))
        code, said = run(ATS, "doctor", "--config", f"{home}/etc-dashboard/dashboard.toml", "--json")
        checks = {check["what"]: check for check in json.loads(said)["checks"]}
        expect({checks[what]["health"] for what in ("dashboard.listen", "dashboard.tls_cert", "monitoring.listen", "risk.tls_cert")} == {"ok"},
               f"ats doctor of the dashboard: {checks}")
        # Over TLS by a certificate of this authority; what is refused to a certificate without the role of a dashboard is answered.
        alice = Console(f"https://localhost:{ports[8420]}", authority=f"{given}/dashboard/ca.pem")
        expect(alice.get("/api/v1/engine").status == 401, "nobody gets in without a name")
        expect(alice.set_up(re.search(r"first sign-in .*: (\S+)", log_of("dashboard"))[1], "alice", "correct horse battery 9").status == 200 and
               alice.enrol().status == 200, "but by the first link")
        for path in ("engine", "risk", "notifications"):
            expect((answer := alice.get("/api/v1/" + path)).status == 200, f"the dashboard asks {path}: {answer}")
        for process in ("dashboard", "notifier", "engine", "collector-east", "collector-west", "risk"):
            expect(system.end(process) == 0, f"{process} ends in order")
    finally:
        system.end_all()
        if problems:
            for log in glob.glob(system.at("*.log")):
                with open(log, errors="replace") as file:
                    print(f"--- {os.path.basename(log)}: {file.read()[-600:]}")

finish()
