#!/usr/bin/env python3
"""The notifier with real servers: alerts of a running engine become mails over STARTTLS with a password and signed posts; what is not
acknowledged escalates, what is over is told so; Redis and the notifier are killed. Then a campaign: thousands of alerts,
channels that fail at random, a process that is killed at random, and every hit of a rule is delivered under one key or is
a dead letter with its reason.

usage: notifier_test.py ATS [--alerts 10000] [--seed 1] [--only campaign]     prints what was wrong; exits 1 when anything was
"""
import argparse, collections, json, os, random, re, signal, sqlite3, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, problems, wait_for
from distributed import make_certificates
from receivers import Hooks, SmtpServer, faults, signed

parser = argparse.ArgumentParser()
parser.add_argument("ats")
parser.add_argument("--alerts", type=int, default=2000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--only", choices=("staged", "engine", "campaign"))
arguments = parser.parse_args()
ats_bin = os.path.abspath(arguments.ats)
PASSWORD, HOOK_SECRET, TOKEN = "mail-pass-word", "hook-sign-key", "123:bot-token"


def varint(n):
    out = b""
    while True:
        out, n = out + bytes([n & 127 | (128 if n > 127 else 0)]), n >> 7
        if n == 0:
            return out


def field(number, value):
    """One field of a protobuf message: a number, a text, or bytes of another message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def alert_message(source, journal, number, severity, code, subject, text, open=True, what="new", alert=None, ends=()):
    """As an engine puts it into its stream (proto/ats/v1/bus.proto)."""
    now = time.time_ns()
    alert = b"".join([field(1, what), field(2, number if alert is None else alert), field(3, severity), field(4, code),
                      field(5, "all"), field(6, subject), field(7, text), field(8, 1),
                      *[field(9, varint(e)) for e in ends], field(10, int(open))])
    at = field(1, now // 10**9) + field(2, now % 10**9)
    return field(1, source) + field(2, journal) + field(3, 1) + field(4, number) + field(5, at) + field(13, alert)


class Redis:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.address = f"127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
             "--appendonly", "yes", "--appendfsync", "always"], stdout=subprocess.DEVNULL)
        wait_for("redis answers", lambda: b"PONG" in self.ask(b"PING"))

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, timeout=60).stdout

    def add(self, source, entries):
        """(journal, number, message) each, in one go."""
        command = b""
        for journal, number, message in entries:
            words = [b"XADD", f"ats.v1.alert.{source}".encode(), f"{journal}-{number}".encode(), b"m", message]
            command += b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
        done = subprocess.run(["redis-cli", "-p", str(self.port), "--pipe"], input=command, capture_output=True, timeout=60)
        return b"errors: 0" in done.stdout

    def kill(self):
        self.process.kill()
        self.process.wait()


def secret_file(folder, name, text):
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        out.write(text + "\n")
    return path


class Notifier:
    def __init__(self, folder, config):
        self.config, self.data, self.log = os.path.join(folder, "notifier.toml"), os.path.join(folder, "data"), os.path.join(folder, "notifier.log")
        with open(self.config, "w") as out:
            out.write(config)
        self.process = None

    def start(self):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen([ats_bin, "notifier", "--config", self.config, "--data", self.data], stdout=out, stderr=out)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)

    def ask(self, *words):
        return subprocess.run([ats_bin, "notify", *words, "--data", self.data], capture_output=True, text=True, timeout=180)

    def told(self, *words):
        done = self.ask(*words, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def said(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def store(self):
        return sqlite3.connect(os.path.join(self.data, "notifier", "notices.db"))


class Engine:
    """What an engine puts into its stream of alerts."""

    def __init__(self, redis, name):
        self.redis, self.name, self.journal, self.number, self.alert = redis, name, int(time.time() * 1000), 0, 0

    def tell(self, what, text, severity="warning", code="halt", subject="", alert=0, ends=(), open=True):
        self.number += 1
        message = alert_message(self.name, self.journal, self.number, severity, code, subject, text, open, what, alert, ends)
        expect(self.redis.add(self.name, [(self.journal, self.number, message)]), f"the stream takes {text}")

    def new(self, text, **more):
        self.alert += 1
        self.tell("new", text, alert=self.alert, **more)
        return self.alert


def staged(home):
    """From the stream to people, whoever is killed on the way."""
    make_certificates(home, ("mail",))
    at = lambda name: os.path.join(home, name)
    password, signing, token = (secret_file(home, n, t) for n, t in (("mail.password", PASSWORD), ("hook.secret", HOOK_SECRET), ("bot.token", TOKEN)))
    smtp_port = free_port()
    smtp = SmtpServer(smtp_port, "ats", PASSWORD, at("mail.pem"), at("mail.key"))
    hooks = Hooks()
    chat_url = secret_file(home, "chat.url", f"http://127.0.0.1:{hooks.port}/services/T0/B0/secret-path")
    redis = Redis(home)
    quiet_ends = (int(time.time()) // 60 + 2) * 60  # a full minute, more than one from now
    notifier = Notifier(home, f"""
[redis]
server = "{redis.address}"
[monitoring]
listen = "127.0.0.1:{(pages := free_port())}"
[notifier]
zone = "Europe/Berlin"
retry_first = "200ms"
[notifier.channel.mail]
kind = "email"
server = "smtp://localhost:{smtp_port}"
within = "3s"
user = "ats"
password_file = "{password}"
tls_ca = "{at('ca.pem')}"
from = "ATS <ats@example.org>"
to = ["Ops <ops@example.org>"]
[notifier.channel.pager]
kind = "webhook"
url = "http://127.0.0.1:{hooks.port}/pager"
secret_file = "{signing}"
[notifier.channel.chat]
kind = "slack"
url_file = "{chat_url}"
[notifier.channel.bot]
kind = "telegram"
url = "http://127.0.0.1:{hooks.port}"
token_file = "{token}"
chat = "42"
[notifier.channel.room]
kind = "discord"
url = "http://127.0.0.1:{hooks.port}/room"
[notifier.rule.all]
channels = ["mail"]
escalate_after = "3s"
escalate_most = "3s"
escalate_to = ["pager"]
[notifier.rule.night]
channels = ["chat"]
zone = "UTC"
quiet = "{time.strftime('%H:%M', time.gmtime(time.time() - 3600))}-{time.strftime('%H:%M', time.gmtime(quiet_ends))}"
quiet_passes = "emergency"
""")

    def mails(part):
        return [m for m in smtp.mails if part in m.subject + m.text]

    def last_call():
        return hooks.at("/pager")[-1].body["notices"][0]["kind"]

    redis.start()
    engine = Engine(redis, "engine")
    notifier.start()
    try:
        # Told by mail, over STARTTLS, with a login; in Korean as well.
        first = engine.new("first of all <정지>")
        if wait_for("a mail of it", lambda: mails("first of all"), within=20):
            mail = mails("first of all")[0]
            expect(mail.subject == "[ATS] warning halt: first of all <정지>" and mail.id == f"<{mail.key}@example.org>", f"{mail.subject} {mail.id}")
            expect("Europe/Berlin" in mail.text and "<b>warning halt: first of all &lt;정지&gt;</b>" in mail.html, "as text and as HTML")
            expect(smtp.logins >= 1, "with a login")

        # Nobody has seen it: it escalates, also to the pager, signed; then somebody has, and then it is over.
        if wait_for("the pager is called", lambda: len(hooks.at("/pager")) >= 2, within=30):
            post = hooks.at("/pager")[0]
            expect(signed(post, HOOK_SECRET), "signed")
            expect(post.body["notices"][0]["kind"] == "escalated" and post.body["id"] == post.key, f"{post.body}")
        engine.tell("acknowledged", "acknowledged by ada: seen", alert=first)
        wait_for("the pager hears that it was seen", lambda: last_call() == "acknowledged")
        calls = len(hooks.at("/pager"))
        time.sleep(4)
        expect(len(hooks.at("/pager")) == calls, "and is called no more")
        engine.tell("over", "resumed by ada: well again", code="resume", severity="info", ends=[first], open=False)
        wait_for("that it is over is told to both", lambda: mails("over: ") and last_call() == "all_clear")

        # The notifier is killed (with no attempt under way, so that nothing may come twice), Redis is killed, both come back.
        wait_for("all answers are kept", lambda: all(c["waiting"] == 0 for c in notifier.told("status")["channels"]))
        notifier.kill()
        second = engine.new("second of all", subject="b")
        redis.kill()
        notifier.start()
        time.sleep(1)
        redis.start()
        wait_for("what happened meanwhile is told", lambda: mails("second of all"), within=30)
        done = notifier.ask("ack", "engine", str(second), "--reason", "its machine is gone")
        expect(done.returncode == 0 and "escalated no more" in done.stdout, f"{done.stdout}{done.stderr}")
        expect(len({m.key for m in smtp.mails}) == len(smtp.mails), "nothing twice")

        # Each kind of channel, by its test; and one that does not work.
        hooks.answer = b'{"ok":true}'
        for channel in ("mail", "pager", "chat", "bot", "room"):
            done = notifier.ask("test", channel)
            expect(done.returncode == 0 and "delivered" in done.stdout, f"{channel}: {done.stdout} {done.stderr}")
        expect([p.body["chat_id"] for p in hooks.at(f"/bot{TOKEN}/sendMessage")] == ["42"], "Telegram's form")
        expect("content" in hooks.at("/room")[0].body, "Discord's form")
        smtp.stop()
        done = notifier.ask("test", "mail")
        expect(done.returncode == 1 and "later" in done.stdout, f"nobody is there: {done.stdout}")
        smtp = SmtpServer(smtp_port, "ats", "another", at("mail.pem"), at("mail.key"))
        wait_for("a wrong password is said so, and waits", lambda: any(
            "535" in d["reason"] for d in notifier.told("history", "--channel", "mail", "--state", "waiting")["deliveries"]), within=30)
        smtp.stop()
        smtp = SmtpServer(smtp_port, "ats", PASSWORD, at("mail.pem"), at("mail.key"))
        wait_for("the right one again", lambda: [c["waiting"] for c in notifier.told("status")["channels"] if c["channel"] == "mail"] == [0], within=90)

        # A letter that is refused is dead, its reason is told, and it may rise.
        hooks.fault = lambda path: "refuse" if path == "/room" else None
        expect(notifier.ask("test", "room").returncode == 1, "refused")
        dead = notifier.told("dead")["deliveries"]
        expect(len(dead) == 1 and dead[0]["reason"] == "refused: 400 no", f"{dead}")
        wait_for("a dead letter is told", lambda: mails("dead_letter"), within=20)
        hooks.fault = lambda path: None
        done = notifier.ask("dead", "--retry", str(dead[0]["delivery"]))
        expect(done.returncode == 0, done.stderr)
        wait_for("it rose, under its key", lambda: hooks.at("/room")[-1].key == dead[0]["key"])

        # A stream that was cut off before it was read.
        notifier.stop()
        engine.number += 4
        engine.tell("new", "after the hole", code="late_fill", open=False)
        notifier.start()
        wait_for("a hole is told", lambda: mails("were not heard"), within=20)
        wait_for("and what comes after it", lambda: mails("after the hole"), within=20)

        # What the night held back comes at its end.
        posts = wait_for("at the end of quiet hours", lambda: [
            p for p in hooks.at("/services/T0/B0/secret-path") if "a test that" not in p.body["text"]], within=150)
        if posts:
            expect(posts[0].at >= quiet_ends - 1, "and not before")
            expect("first of all" in posts[0].body["text"], f"{posts[0].body}")

        # What others see.
        shown = notifier.ask("rules").stdout
        expect("all: warning and worse -> mail, immediate" in shown and "escalated after 3s to pager" in shown, shown)
        page = subprocess.run(["curl", "-s", f"http://127.0.0.1:{pages}/metrics"], capture_output=True, text=True).stdout
        expect(re.search(r'ats_deliveries\{channel="mail",state="delivered"\} [1-9]', page), "metrics")
        ready = json.loads(subprocess.run(["curl", "-s", f"http://127.0.0.1:{pages}/readyz"], capture_output=True, text=True).stdout)
        expect(ready["ready"] and ready["role"] == "notifier", f"{ready}")
        kept = notifier.said() + shown + page
        history = notifier.told("history", "--most", "1000")
        kept += json.dumps(history)
        for delivery in history["deliveries"]:
            kept += notifier.ask("history", str(delivery["delivery"])).stdout
        expect(notifier.stop() == 0, "it ends in order")
        with open(os.path.join(notifier.data, "notifier", "notices.db"), "rb") as file:
            kept += file.read().decode(errors="replace")
        kept += "".join(m.text + m.html for m in smtp.mails)
        for secret in (PASSWORD, HOOK_SECRET, TOKEN, "secret-path"):
            expect(secret not in kept, f"a secret is nowhere to be seen: {secret}")
        os.chmod(password, 0o644)
        refused = subprocess.run([ats_bin, "notifier", "--config", notifier.config, "--data", notifier.data], capture_output=True, text=True)
        expect(refused.returncode == 1 and "notifier.channel.mail.password_file" in refused.stderr, f"others may not read it: {refused.stderr}")
    finally:
        for process in (redis.process, notifier.process):
            if process and process.poll() is None:
                process.terminate()
                process.wait(60)
        smtp.stop()
        if problems:
            print("--- the notifier, the last of it:", notifier.said()[-4000:], sep="\n")


def running_engine(home):
    """An engine that trades: what a person does to it, and what it says of itself, reaches people; also after it was killed."""
    hooks, redis = Hooks(), Redis(home)
    notifier = Notifier(home, f"""
[redis]
server = "{redis.address}"
[monitoring]
listen = ""
[notifier.channel.pager]
kind = "webhook"
url = "http://127.0.0.1:{hooks.port}/pager"
[notifier.rule.all]
channels = ["pager"]
""")
    sim = subprocess.Popen([ats_bin, "sim", "--seed", "3", "--pairs", "BTC/USDT", "--write-config", home], stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    data = os.path.join(home, "engine")

    def start():
        with open(os.path.join(home, "engine.log"), "ab") as out:
            process = subprocess.Popen([ats_bin, "run", "--config", os.path.join(home, "ats.toml"), "--no-screen", "--data", data],
                                       stdout=out, stderr=out, env={**os.environ, "ATS_REDIS_SERVER": redis.address})
        wait_for("the engine trades", lambda: json.loads(subprocess.run(
            [ats_bin, "status", "--json", "--data", data], capture_output=True, text=True).stdout or "null")["reconciled"], within=60)
        return process

    def on_engine(*words):
        done = subprocess.run([ats_bin, *words, "--data", data], capture_output=True, text=True, timeout=60)
        expect(done.returncode == 0, f"ats {words}: {done.stderr}")
        return done.stdout

    def notices(part):
        return [n for post in hooks.posts for n in post.body["notices"] if part in n["message"]]

    redis.start()
    notifier.start()
    engine = None
    try:
        engine = start()
        on_engine("halt", "--reason", "one of all")
        if wait_for("a person's halt is told", lambda: notices("one of all"), within=30):
            told = notices("one of all")[0]
            listed = [a["alert"] for a in json.loads(on_engine("risk", "alerts", "--json"))["alerts"] if "one of all" in a["message"]]
            expect((told["category"], told["severity"], told["source"]) == ("halt", "warning", "engine"), f"{told}")
            expect(told["alerts"] == listed, f"under the number that the engine has it by: {told['alerts']} {listed}")
        on_engine("resume", "--reason", "well again")
        wait_for("and that it is over", lambda: any(n["kind"] == "all_clear" for n in notices("well again")), within=30)
        redis.kill()
        on_engine("halt", "kraken", "--reason", "two of all")
        engine.kill()
        engine.wait()
        redis.start()
        engine = start()
        on_engine("halt", "upbit", "--reason", "three of all")
        wait_for("what Redis was not there for, and what came after", lambda: notices("two of all") and notices("three of all"), within=30)
        for part in ("one of all", "two of all", "three of all"):
            expect(len([n for n in notices(part) if n["kind"] == "told"]) == 1, f"{part}: once")
    finally:
        for process in (engine, sim, redis.process, notifier.process):
            if process and process.poll() is None:
                process.terminate()
                process.wait(60)


def campaign(home, alerts, seed):
    """Every hit of a rule is delivered under one key, or is a dead letter with its reason."""
    draw = random.Random(seed)
    smtp_port = free_port()
    smtp, hooks, redis = SmtpServer(smtp_port), Hooks(), Redis(home)
    smtp.fault = faults(seed, {"busy": 12, "refuse": 40, "cut": 40})
    hooks.fault = faults(seed + 1, {"busy": 20, "refuse": 60, "silent": 300, "cut": 60, "slow_down": 600})
    notifier = Notifier(home, f"""
[redis]
server = "{redis.address}"
[monitoring]
listen = ""
[notifier]
sources = ["west", "east"]
retry_first = "20ms"
retry_most = "200ms"
[notifier.channel.mail]
kind = "email"
server = "smtp://127.0.0.1:{smtp_port}"
starttls = false
from = "ats@example.org"
to = ["ops@example.org"]
within = "300ms"
[notifier.channel.one]
kind = "webhook"
url = "http://127.0.0.1:{hooks.port}/one"
within = "300ms"
[notifier.channel.two]
kind = "webhook"
url = "http://127.0.0.1:{hooks.port}/two"
within = "300ms"
[notifier.rule.all]
channels = ["one"]
[notifier.rule.critical]
channels = ["two", "mail"]
at_least = "critical"
""")
    began = time.monotonic()
    redis.start()
    notifier.start()
    expected, sent, kills, redis_kills = set(), collections.Counter(), 0, 0
    journal = int(time.time() * 1000)
    try:
        left = alerts
        while left > 0:
            some = min(left, draw.randrange(alerts // 20, alerts // 10 + 2))
            for source, many in (("west", some // 2), ("east", some - some // 2)):
                entries = []
                for _ in range(many):
                    sent[source] += 1
                    number = sent[source]
                    critical = draw.randrange(5) == 0
                    event = f"{source}/{journal}-{number}"
                    entries.append((journal, number, alert_message(source, journal, number, "critical" if critical else "warning",
                                                                   "ledger_break", str(number), f"event {event} differs", open=False)))
                    expected.add(f"{event}/all/told/one")
                    if critical:
                        expected |= {f"{event}/critical/told/two", f"{event}/critical/told/mail"}
                wait_for("the stream takes them", lambda: redis.add(source, entries))
            left -= some
            time.sleep(draw.random() * 0.6)
            if draw.randrange(4) == 0:
                redis.kill()
                redis_kills += 1
                redis.start()
            if draw.randrange(3) > 0:
                notifier.kill()
                kills += 1
                notifier.start()

        def settled():
            told = notifier.told("status")
            return told and all(c["waiting"] == 0 for c in told["channels"]) and told["held"] == 0 and sum(
                c["delivered"] + c["dead"] for c in told["channels"]) >= len(expected)
        while not (done := settled()) and time.monotonic() - began < 1200:
            time.sleep(0.3 + draw.random())
            if draw.randrange(3) == 0:
                notifier.kill()
                kills += 1
                notifier.start()
                time.sleep(0.7)
        expect(done, f"everything ends as delivered or dead: {notifier.told('status')}")
        took = time.monotonic() - began
        expect(notifier.stop() == 0, "it ends in order")
    finally:
        for process in (redis.process, notifier.process):
            if process.poll() is None:
                process.kill()
                process.wait()

    # By the store: each hit is in one delivery, and each delivery has ended.
    store = notifier.store()
    hits = {key: (delivery, channel, category) for key, delivery, channel, category in
            store.execute("SELECT key, delivery, channel, category FROM hit")}
    ends = {i: (state, reason) for i, state, reason in store.execute("SELECT id, state, reason FROM delivery")}
    identity, = store.execute("SELECT value FROM fact WHERE name = 'identity'").fetchone()
    ours = {key for key, (_, _, category) in hits.items() if category == "ledger_break"}
    expect(ours == expected, f"hits: {len(expected - ours)} are missing, {len(ours - expected)} are too many")
    delivered = {key for key in expected & ours if ends[hits[key][0]][0] == 2}
    dead = {key for key in expected & ours if ends[hits[key][0]][0] == 3}
    expect(delivered | dead == expected, f"{len(expected - delivered - dead)} neither delivered nor dead")
    expect(all(ends[hits[key][0]][1] for key in dead), "each dead letter has a reason")

    # By those who took them: each key is one delivery, whatever was lost on the way.
    took_hits = collections.defaultdict(set)
    copies = collections.Counter()
    for post in hooks.posts:
        copies[(post.path, post.key)] += 1
        for notice in post.body["notices"]:
            took_hits[notice["hit"]].add(post.key)
    mail_keys = {f"ats-{identity}-{hits[key][0]}": key for key in ours if hits[key][1] == "mail"}
    for mail in smtp.mails:
        copies[("mail", mail.key)] += 1
        expect(mail.key in mail_keys or "dead_letter" in mail.subject, f"a mail of no hit: {mail.subject}") if mail.key not in mail_keys else None
        if mail.key in mail_keys:
            took_hits[mail_keys[mail.key]].add(mail.key)
            event = mail_keys[mail.key].split("/critical/")[0]
            if event not in mail.text:
                expect(False, f"a mail with another's text: {mail.subject}")
    lost = [key for key in delivered if len(took_hits[key]) != 1]
    expect(not lost, f"delivered, and not under one key: {len(lost)}: {lost[:3]}")
    twice = sum(1 for n in copies.values() if n > 1)
    unanswered = store.execute("SELECT count(DISTINCT delivery) FROM attempt WHERE outcome IN ('later', 'unknown')").fetchone()[0]
    interrupted = store.execute("SELECT count(*) FROM attempt WHERE outcome = 'unknown'").fetchone()[0]
    expect(twice <= unanswered, f"{twice} came twice, and only {unanswered} had an attempt without a clear answer")
    # A delivery whose first answer was clear came once.
    clear = {f"ats-{identity}-{d}" for d, in store.execute("SELECT delivery FROM attempt GROUP BY delivery HAVING count(*) = 1 AND max(outcome) = 'accepted'")}
    expect(all(n == 1 for (_, key), n in copies.items() if key in clear), "one attempt that was answered is one copy")
    attempts = store.execute("SELECT count(*) FROM attempt").fetchone()[0]
    reasons = collections.Counter(ends[hits[key][0]][1][:12] for key in dead)
    print(f"campaign: {alerts} alerts, {len(expected)} hits in {took:.0f} s; notifier killed {kills} times, redis {redis_kills}; "
          f"{attempts} attempts; {len(delivered)} delivered, {len(dead)} dead {dict(reasons)}; lost 0, under two keys 0; "
          f"{twice} came twice under one key ({interrupted} attempts were cut off by a kill)" if not problems else "campaign: see above")
    smtp.stop()


parts = {"staged": staged, "engine": running_engine, "campaign": lambda home: campaign(home, arguments.alerts, arguments.seed)}
for part in [parts[arguments.only]] if arguments.only else parts.values():
    with tempfile.TemporaryDirectory(prefix="ats-notifier-") as home:
        part(home)
finish()
