#!/usr/bin/env python3
"""An engine that tells a real Redis what it does, while Redis is killed, stands still and comes back, and the engine is
killed: each fill and each trade is in its stream once, in order, without a hole; quotes go on.

usage: bus_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import json, os, signal, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, problems, wait_for
from distributed import make_certificates

ats_bin = os.path.abspath(sys.argv[1])
PASSWORD = "not-a-real-one"


class Redis:
    """The real server, that keeps what it is told on disk."""

    def __init__(self, folder, tls=None):
        """`tls`: where redis.key, redis.pem and ca.pem are."""
        self.folder, self.port, self.process, self.tls = folder, free_port(), None, tls
        self.address = f"{'localhost' if tls else '127.0.0.1'}:{self.port}"

    def start(self):
        port = ["--port", str(self.port)]
        if self.tls:
            at = lambda name: os.path.join(self.tls, name)
            port = ["--port", "0", "--tls-port", str(self.port), "--tls-cert-file", at("redis.pem"), "--tls-key-file",
                    at("redis.key"), "--tls-ca-cert-file", at("ca.pem"), "--tls-auth-clients", "no"]
        self.process = subprocess.Popen(
            ["redis-server", *port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
             "--appendonly", "yes", "--appendfsync", "always",
             "--user", "ats", "on", f">{PASSWORD}", "~ats.v1.*", "allchannels", "+@all", "--user", "default", "off"],
            stdout=open(os.path.join(self.folder, "redis.log"), "ab"), stderr=subprocess.STDOUT)
        wait_for("redis answers", lambda: "PONG" in self.ask("PING"))

    def ask(self, *words):
        tls = ["--tls", "--cacert", os.path.join(self.tls, "ca.pem")] if self.tls else []
        done = subprocess.run(["redis-cli", "-h", self.address.split(":")[0], "-p", str(self.port), *tls, "--user", "ats",
                               "--pass", PASSWORD, "--no-auth-warning", *words], capture_output=True, text=True, errors="replace", timeout=20)
        return done.stdout

    def kill(self):
        self.process.kill()
        self.process.wait()


def start(words, settings, log):
    with open(log, "ab") as out:
        return subprocess.Popen([ats_bin, *words], stdout=out, stderr=out, env={**os.environ, **settings})


def said(log, what):
    with open(log, errors="replace") as file:
        return [line for line in file if what in line]


def listen(settings, *words, seconds):
    """What `ats bus` prints in that time, and what it complains of."""
    done = subprocess.run([ats_bin, "bus", *words, "--for", f"{seconds}s"], capture_output=True, text=True,
                          env={**os.environ, **settings}, timeout=seconds + 30)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


with tempfile.TemporaryDirectory(prefix="ats-bus-") as home:
    redis = Redis(home)
    secret = os.path.join(home, "password")
    with open(secret, "w") as out:
        out.write(PASSWORD + "\n")
    os.chmod(secret, 0o600)
    settings = {"ATS_REDIS_SERVER": redis.address, "ATS_REDIS_USER": "ats", "ATS_REDIS_PASSWORD_FILE": secret}

    sim = subprocess.Popen([ats_bin, "sim", "--seed", "3", "--pairs", "BTC/USDT,ETH/USDT", "--write-config", home],
                           stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    data, log = os.path.join(home, "data"), os.path.join(home, "engine.log")
    words = ["run", "--config", os.path.join(home, "ats.toml"), "--no-screen", "--data", data]

    def status():
        done = subprocess.run([ats_bin, "status", "--json", "--data", data], capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def entries(stream):
        """Numbers in the stream, in its order, and its journals."""
        ids = [line.strip() for line in redis.ask("XRANGE", f"ats.v1.{stream}.engine", "-", "+").splitlines()]
        ids = [i for i in ids if i.count("-") == 1 and i.replace("-", "").isdigit() and len(i.split("-")[0]) == 13]
        return [int(i.split("-")[1]) for i in ids], {i.split("-")[0] for i in ids}

    def traded(at_least):
        return wait_for(f"{at_least} fills", lambda: status()["orders"]["fills_booked"] >= at_least and status(), within=90)

    def all_told(what):
        """Halted, so that nothing more comes: the streams are the ledger's, each number once."""
        subprocess.run([ats_bin, "halt", "--reason", "bus test", "--data", data], capture_output=True)
        wait_for(f"{what}: nothing is open",
                 lambda: status()["executions"]["open"] == 0 and status()["orders"]["open"] == 0)
        booked = status()["orders"]["fills_booked"]
        wait_for(f"{what}: all {booked} fills are told", lambda: entries("fill")[0] == list(range(1, booked + 1)))
        trades = [line for line in said(log, " trade ")]
        wait_for(f"{what}: all {len(trades)} trades are told",
                 lambda: entries("execution")[0] == list(range(1, len(trades) + 1)))
        expect(len(entries("fill")[1]) == 1, f"{what}: under the name of one journal")
        subprocess.run([ats_bin, "resume", "--reason", "bus test", "--data", data], capture_output=True)

    engine = sealed = None
    try:
        # Redis is late.
        engine = start(words, settings, log)
        traded(4)
        expect(said(log, f"redis {redis.address}"), "that Redis is away is told")
        redis.start()
        all_told("redis late")

        # Quotes, as they change; a reader that comes late has the latest at once.
        quotes, complaints = listen(settings, "ats.v1.quote.*", seconds=3)
        seen = {(q["quote"]["venue"], q["quote"]["pair"]) for q in quotes}
        expect(len(seen) == 10, f"quotes of all books: {sorted(seen)}")
        expect(complaints == "", f"nothing is missed: {complaints}")
        late, _ = listen(settings, "ats.v1.quote.kraken.BTC/USDT", seconds=1)
        expect(late and late[0]["quote"]["state"] == "valid", "the first is there at once")
        numbers = [int(q["number"]) for q in late]
        expect(numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"numbered without a hole: {numbers}")

        # The log is read from any entry on, and followed.
        fills, _ = listen(settings, "--log", "ats.v1.fill.engine", seconds=2)
        expect([int(f["number"]) for f in fills[:4]] == [1, 2, 3, 4], "the log from its beginning")
        journal = entries("fill")[1].pop()
        rest, _ = listen(settings, "--log", "ats.v1.fill.engine", "--after", f"{journal}-3", seconds=1)
        expect(int(rest[0]["number"]) == 4 and rest[0]["fill"]["price"] == fills[3]["fill"]["price"], "and from any entry")

        # Killed under load, twice, and held up.
        for round in range(2):
            redis.kill()
            traded(status()["orders"]["fills_booked"] + 4)
            redis.start()
            traded(status()["orders"]["fills_booked"] + 2)
        redis.process.send_signal(signal.SIGSTOP)
        traded(status()["orders"]["fills_booked"] + 4)
        time.sleep(6)
        redis.process.send_signal(signal.SIGCONT)
        all_told("redis killed twice and held up")

        # It takes nothing, now and then.
        for limit in ("1", "0", "1", "0"):
            expect("OK" in redis.ask("CONFIG", "SET", "maxmemory", limit), "redis is full, or no longer")
            traded(status()["orders"]["fills_booked"] + 2)
        expect(said(log, "OOM"), "what Redis said is told")
        all_told("redis full now and then")

        # The engine dies, with Redis away.
        redis.kill()
        traded(status()["orders"]["fills_booked"] + 2)
        engine.kill()
        engine.wait()
        engine = start(words, settings, log)
        wait_for("it is back", lambda: status()["reconciled"], within=60)
        redis.start()
        traded(status()["orders"]["fills_booked"] + 2)
        booked = status()["orders"]["fills_booked"]
        wait_for("each fill of both lives once", lambda: (lambda n: len(n) >= booked and n == list(range(1, len(n) + 1)))(
            entries("fill")[0]))

        # Who may not.
        engine.terminate()
        expect(engine.wait(60) == 0, "the engine ends in order")
        booked = entries("fill")[0]
        expect(booked == list(range(1, len(booked) + 1)), "what was under way at the end is told as well")
        with open(secret, "w") as out:
            out.write("wrong\n")
        engine = start(words, settings, log)
        wait_for("a wrong password is told", lambda: said(log, "it does not take us"))
        traded(len(booked) + 2)
        expect(not said(log, "wrong"), "and is not shown")
        os.chmod(secret, 0o644)
        refused = subprocess.run([ats_bin, "bus"], capture_output=True, text=True, env={**os.environ, **settings})
        expect(refused.returncode == 2 and "redis.password_file" in refused.stderr, f"others may not read it: {refused.stderr}")
        away = subprocess.run([ats_bin, "bus", "--server", "192.0.2.1:6379"], capture_output=True, text=True)
        expect(away.returncode == 2 and "redis.tls_ca" in away.stderr, f"no plain line to another machine: {away.stderr}")
        engine.terminate()
        expect(engine.wait(60) == 0, "and again")

        # Over TLS, to a server whose certificate is of the authority that is named, and to no other.
        os.chmod(secret, 0o600)
        with open(secret, "w") as out:
            out.write(PASSWORD + "\n")
        folders = [os.path.join(home, name) for name in ("ours", "others")]
        for folder in folders:
            os.mkdir(folder)
            make_certificates(folder, ("redis",))
        sealed = Redis(folders[0], tls=folders[0])
        sealed.start()
        secure = {**settings, "ATS_REDIS_SERVER": sealed.address, "ATS_REDIS_TLS_CA": os.path.join(folders[0], "ca.pem")}
        engine = start(words, secure, log)
        quotes, complaints = listen(secure, "ats.v1.quote.*", seconds=6)
        expect(quotes and complaints == "", f"quotes over TLS: {len(quotes)}, {complaints}")
        booked = status()["orders"]["fills_booked"]
        wait_for("an empty server is told all of the journal", lambda: "ats.v1.fill.engine" in sealed.ask("KEYS", "ats.v1.fill.*")
                 and int(sealed.ask("XLEN", "ats.v1.fill.engine")) >= booked)
        quotes, complaints = listen({**secure, "ATS_REDIS_TLS_CA": os.path.join(folders[1], "ca.pem")}, seconds=2)
        expect(not quotes and "certificate" in complaints, f"another authority is not believed: {complaints}")
        engine.terminate()
        expect(engine.wait(60) == 0, "the engine ends in order, over TLS")
    finally:
        for process in (engine, sim, redis.process, sealed.process if sealed else None):
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(60)
        if problems:
            print("--- the engine, the last of it:", "".join(open(log, errors="replace").readlines()[-20:]), sep="\n")
finish()
