#!/usr/bin/env python3
"""The dashboard's server, as programs meet it: every method of the OpenAPI document as each role, as a token and as nobody; halt and
resume, also with a second person; the stream; and what somebody could try who should not get in. Argument: ats."""
import json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, wait_for
from console import Console, Stream

ATS = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="ats-dashboard-")
PASSWORD = "correct horse battery 9"


class Run:
    """`ats run` on simulated exchanges."""

    def __init__(self, name, environment=None):
        self.data = os.path.join(FOLDER, name)
        self.out = open(os.path.join(FOLDER, name + ".log"), "w+")
        self.process = subprocess.Popen(
            [ATS, "run", "--no-screen", "--data", self.data, "--venues", "binance,kraken"],
            stdout=self.out, stderr=subprocess.STDOUT, env={**os.environ, "ATS_DASHBOARD_LISTEN": "127.0.0.1:0", **(environment or {})})
        self.url = wait_for("the dashboard's address is told", lambda: self.said(r"dashboard: (http://\S+)"))
        self.link = self.said(r"first sign-in \(once, within a day\): (\S+)")

    def said(self, pattern):
        with open(self.out.name) as text:
            found = re.search(pattern, text.read())
        return found and found.group(1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None


def invited(run, admin, name, roles):
    made = admin.post("/api/v1/users", {"name": name, "roles": roles, "scopes": []})
    expect(made.status == 200, f"{name} is invited: {made}")
    user = Console(run.url)
    expect(user.set_up(made.json["link"], name, PASSWORD).status == 200, f"{name} sets a password")
    if roles != ["viewer"]:
        expect(user.enrol().status == 200, f"{name} sets up an authenticator")
    return user


def first_sign_in(run):
    nobody = Console(run.url)
    told = nobody.get("/api/v1/session").json
    expect(told == {"signedIn": False, "setup": True}, f"nobody is there yet: {told}")
    admin = Console(run.url)
    weak = admin.set_up(run.link, "alice", "short")
    expect(weak.status == 400, f"a weak password is refused: {weak}")
    made = admin.set_up(run.link, "alice", PASSWORD)
    expect(made.status == 200 and made.json["totp"] == "required", f"the link makes the first admin: {made}")
    expect(admin.get("/api/v1/engine").reason == "totp_required", "who may act sets up an authenticator before anything else")
    expect(len(admin.enrol().json["backupCodes"]) >= 8, "backup codes are given")
    expect(admin.get("/api/v1/session").json["totp"] == "enrolled", "the authenticator is known")
    again = Console(run.url).set_up(run.link, "mallory", PASSWORD)
    expect(again.status in (400, 401, 403, 404, 409), f"the link is good once: {again}")
    expect(admin.step_up().status == 200, "a fresh code steps up")
    return admin


def everything_by_everybody(run, admin, users):
    document = admin.get("/api/openapi.json").json
    expect(document["openapi"] == "3.1.0" and len(document["paths"]) > 25, f"the document: {len(document['paths'])} paths")
    granted = {name: set(console.get("/api/v1/session").json["permissions"]) for name, console in users.items()}
    tried = 0
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            need = operation["x-ats-permission"]
            if need in ("nobody", "session", "somebody") or path == "/api/v1/stream":
                continue
            # What is asked for makes no sense, so that whoever may, changes nothing.
            at = re.sub(r"\{[^}]*\}", "0", path)
            body = None if verb in ("get", "delete") else {}
            for name, console in users.items():
                answer = console.ask(verb.upper(), at, body)
                may = need in granted[name]
                refused = answer.status in (401, 403)
                tried += 1
                expect(refused != may, f"{verb} {path} as {name}: {'allowed' if may else 'refused'}, and it answers {answer}")
            nobody = Console(run.url).ask(verb.upper(), at, body)
            expect(nobody.status == 401, f"{verb} {path} as nobody: {nobody}")
    print(f"{tried} calls by {len(users)} callers")


def looking(admin):
    engine = admin.get("/api/v1/engine").json
    expect(engine.get("engine") or engine.get("name") or engine, "the engine tells of itself")
    books = wait_for("books are Valid", lambda: [b for b in admin.get("/api/v1/books?depth=3").json["books"] if b["state"] == "valid"])
    expect(all(len(b["bids"]) == 3 for b in books), "with as many levels as were asked for")
    expect(admin.get("/api/v1/books?colour=red").status == 400, "a parameter that there is not")
    expect(admin.get("/api/v1/nothing").status == 404, "a path that there is not")
    wrong = admin.ask("DELETE", "/api/v1/books")
    expect(wrong.status == 405 and wrong.headers["Allow"] == "GET", f"a verb that there is not: {wrong}")
    points = wait_for("the equity curve has a point", lambda: admin.get("/api/v1/equity?points=10").json["points"], within=20)
    expect(points and re.fullmatch(r"-?\d+(\.\d+)?", points[0]["equity"]), f"exact: {points}")
    expect(admin.get("/api/v1/system").json["services"][0]["up"], "the engine is there")


def halt_and_resume(run, admin, trader):
    def halted():
        return admin.get("/api/v1/risk").json["state"] == "RISK_STATE_HALTED"

    refused = trader.post("/api/v1/halt", {"scope": {}})
    expect(refused.status == 400 and "reason" in refused.body, f"without a reason nothing is halted: {refused}")
    key = {"Idempotency-Key": "the-only-one"}
    done = trader.post("/api/v1/halt", {"caller": {"reason": "looks odd", "who": "somebody else"}}, headers=key)
    expect(done.status == 200 and done.json["told"], f"a trader halts: {done}")
    same = trader.post("/api/v1/halt", {"caller": {"reason": "looks odd"}}, headers=key)
    expect(same.json == done.json, "sent again, it is answered the same")
    wait_for("it is halted", halted)
    expect(trader.post("/api/v1/resume", {"caller": {"reason": "fine"}}).status == 403, "a trader does not resume")
    back = admin.post("/api/v1/resume", {"caller": {"reason": "looked at it"}})
    expect(back.status == 200, f"an admin resumes: {back}")
    wait_for("it goes on", lambda: not halted())
    entries = admin.get("/api/v1/audit?count=100").json
    expect(entries["intact"], "the audit log is intact")
    by = [(e["who"], e["what"], e["outcome"]) for e in entries["entries"] if e["what"] in ("halt", "resume")]
    expect(("tom", "halt", "done") in by and ("alice", "resume", "done") in by, f"it is written down with who and what: {by}")
    resumed = [e for e in entries["entries"] if e["what"] == "resume" and e["outcome"] == "done"][0]
    expect("looked at it" in resumed["after"] and "HALTED" in resumed["before"], f"and what was before: {resumed}")
    limits = {l["name"]: l for l in admin.get("/api/v1/limits").json["limits"] if not any(l["scope"].values())}
    name, limit = next((n, l) for n, l in limits.items() if n == "open_trades" or n == "order_rate")
    lower = str(int(float(limit["hard"])) - 1)
    set_ = admin.post("/api/v1/limits", {"name": name, "hard": lower, "caller": {"reason": "test"}})
    expect(set_.status == 200, f"a limit is set: {set_}")
    now = {l["name"]: l for l in admin.get("/api/v1/limits").json["limits"] if not any(l["scope"].values())}
    wait_for("and in force", lambda: [l for l in admin.get("/api/v1/limits").json["limits"] if l["name"] == name and l["hard"] == lower])


def second_person(run, admin, manager):
    """access.four_eyes = resume, limits."""
    def waiting():
        return [a for a in admin.get("/api/v1/approvals").json["approvals"] if a["state"] == "waiting"]

    expect(admin.post("/api/v1/halt", {"caller": {"reason": "drill"}}).status == 200, "one person halts")
    asked = admin.post("/api/v1/resume", {"caller": {"reason": "drill over"}})
    expect(asked.status == 202 and asked.json["approval"]["what"] == "resume", f"resuming takes two: {asked}")
    expect(admin.get("/api/v1/risk").json["state"] == "RISK_STATE_HALTED", "and nothing has happened")
    [approval] = waiting()
    own = admin.post(f"/api/v1/approvals/{approval['id']}/approve", {"reason": "me too"})
    expect(own.status == 403, f"nobody is the second person of themselves: {own}")
    expect(manager.step_up().status == 200, "the second person steps up")
    agreed = manager.post(f"/api/v1/approvals/{approval['id']}/approve", {"reason": "agreed"})
    expect(agreed.status == 200, f"a second person agrees: {agreed}")
    wait_for("and it goes on", lambda: admin.get("/api/v1/risk").json["state"] == "RISK_STATE_ACTIVE")
    late = manager.post(f"/api/v1/approvals/{approval['id']}/approve", {"reason": "again"})
    expect(late.status == 409, f"once: {late}")
    limits = {l["name"]: l for l in admin.get("/api/v1/limits").json["limits"] if not any(l["scope"].values())}
    limit = limits["open_trades"] if "open_trades" in limits else limits["order_rate"]
    rise = admin.post("/api/v1/limits", {"name": limit["name"], "hard": str(int(float(limit["hard"])) + 1), "caller": {"reason": "more"}})
    expect(rise.status == 202, f"a limit that rises takes two: {rise}")
    fall = admin.post("/api/v1/limits", {"name": limit["name"], "hard": str(int(float(limit["hard"])) - 1), "caller": {"reason": "less"}})
    expect(fall.status == 200, f"one that falls takes one: {fall}")
    [approval] = waiting()
    refused = manager.post(f"/api/v1/approvals/{approval['id']}/refuse", {"reason": "no"})
    expect(refused.status == 200 and not waiting(), f"and may be refused: {refused}")


def streaming(run, admin):
    stream = Stream(admin)
    expect(stream.status == 101, "the stream opens")
    for topic in ("books", "engine", "risk", "opportunities", "balances", "limits", "positions", "exposures", "orders", "trades",
                  "executions", "alerts", "pnl", "system", "equity", "approvals"):
        stream.subscribe(topic)
    wait_for("it says who it is for", lambda: stream.heard and (stream.heard[0]["type"], stream.heard[0]["name"]) == ("hello", "alice"))
    for topic in ("books", "engine", "risk", "balances", "limits", "positions", "system", "equity"):
        wait_for(f"there are rows of {topic}", lambda: stream.rows(topic), within=20)
    book = sorted(stream.rows("books"))[0]
    venue, pair = book.split(" ")
    stream.subscribe(f"ladder/{venue}/{pair}")
    wait_for("a ladder has levels", lambda: len(stream.rows(f"ladder/{venue}/{pair}")[book]["bids"]) > 3)
    stream.subscribe("no/such")
    wait_for("a topic that there is not is told", lambda: [m for m in stream.heard if m["type"] == "error" and m["topic"] == "no/such" and m["code"] == "NOT_FOUND"])
    before = len(stream.updates())
    wait_for("updates go on", lambda: len(stream.updates()) > before + 20)
    numbers = [m["n"] for m in stream.updates()]
    expect(numbers == list(range(1, len(numbers) + 1)), "numbered from 1 without a hole")
    stream.say({"type": "snapshot", "topic": "books"})
    many = len([m for m in stream.updates("books") if m["snapshot"]])
    wait_for("a snapshot is given when asked for", lambda: len([m for m in stream.updates("books") if m["snapshot"]]) > many - 1 and many >= 1)
    stream.say({"type": "unsubscribe", "topic": "books"})
    time.sleep(0.6)
    quiet = len(stream.updates("books"))
    time.sleep(0.8)
    expect(len(stream.updates("books")) == quiet, "what is not watched any more is not sent")
    stream.write(1, b"not json")
    wait_for("what is no message ends it", lambda: stream.closed == 1008)

    slow = Stream(admin)
    for topic in ("books", "opportunities", f"ladder/{venue}/{pair}"):
        slow.subscribe(topic)
    wait_for("a page that will be slow", lambda: slow.updates())
    slow.reading = False
    time.sleep(3)
    slow.reading = True
    rest = admin.get("/api/v1/books").json["books"]
    wait_for("a slow page comes to what is so", lambda: len(slow.rows("books")) == len(rest))
    numbers = [m["n"] for m in slow.updates()]
    expect(numbers == list(range(1, len(numbers) + 1)), "and its updates have no hole either")
    slow.close()


def raw(run, text, wait=3.0):
    """Bytes as they are; what comes back until the end, or for a while."""
    host, port = run.url[7:].split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as s:
        s.sendall(text if isinstance(text, bytes) else text.encode())
        out = b""
        try:
            while chunk := s.recv(65536):
                out += chunk
        except OSError:
            pass
        return out.decode("utf-8", "replace")


def attacks(run, admin, users):
    host = run.url[7:]
    # Foreign pages.
    other = admin.ask("POST", "/api/v1/halt", {"caller": {"reason": "x"}}, headers={"X-CSRF-Token": None})
    expect(other.status == 403 and other.reason == "csrf", f"CSRF: without the token: {other}")
    other = admin.ask("POST", "/api/v1/halt", {"caller": {"reason": "x"}}, headers={"Origin": "http://evil.example"})
    expect(other.status == 403, f"CSRF: from another origin: {other}")
    expect(Stream(admin, origin="http://evil.example").status == 403, "a WebSocket of a foreign page")
    expect(Stream(admin, origin=False).status == 403, "a WebSocket with a cookie and no origin")
    expect(Stream(Console(run.url)).status == 401, "a WebSocket of nobody")
    rebound = admin.ask("GET", "/api/v1/engine", headers={"Host": "evil.example"})
    expect(rebound.status == 403 and rebound.reason == "host", f"DNS rebinding: {rebound}")
    # Sessions.
    fixed = Console(run.url)
    fixed.cookie = "ats=" + "A" * 43
    expect(fixed.get("/api/v1/engine").status == 401, "a made-up session")
    fixed.name, fixed.password, fixed.secret, fixed.step = "vera", PASSWORD, None, 0
    expect(fixed.sign_in().status == 200 and "A" * 43 not in fixed.cookie, "session fixation: signing in gives a session of its own")
    kept = fixed.cookie
    expect(fixed.ask("DELETE", "/api/v1/session").status == 200, "signing out")
    fixed.cookie = kept
    expect(fixed.get("/api/v1/engine").status == 401, "ends the session at the server")
    attributes = [v for k, v in Console(run.url).ask("POST", "/api/v1/session", {"name": "vera", "password": PASSWORD}).headers.items() if k == "Set-Cookie"][0]
    expect("HttpOnly" in attributes and "SameSite=Strict" in attributes, f"what the cookie says: {attributes}")
    # Codes and passwords.
    thief = Console(run.url)
    thief.name, thief.password = "tom", PASSWORD
    expect(thief.sign_in().reason == "code_required", "a password alone is not enough")
    used = {"name": "tom", "password": PASSWORD, "code": users["trader"].code()}
    expect(thief.post("/api/v1/session", used).status == 200, "with a code it is")
    expect(Console(run.url).post("/api/v1/session", used).status in (401, 429), "the same code again is not")
    answers = [Console(run.url).post("/api/v1/session", {"name": "rita", "password": "wrong" + str(n)}) for n in range(12)]
    expect(any(a.reason == "locked" or a.status == 429 for a in answers), f"guessing is slowed down: {answers[-1]}")
    # Scripts.
    page = Console(run.url).get("/")
    policy = page.headers["Content-Security-Policy"]
    expect("default-src 'none'" in policy and "unsafe" not in policy and page.headers["X-Content-Type-Options"] == "nosniff", f"XSS: {policy}")
    expect("<script>" not in page.body and "<style" not in page.body and " onload=" not in page.body, "nothing of the page is inline")
    bad = admin.get("/api/v1/books?venue=%3Cscript%3Ealert(1)%3C/script%3E")
    expect(bad.headers["Content-Type"].startswith("application/json"), f"what is sent back is no page: {bad}")
    # Paths, headers, sizes, time.
    for path in ("/../../../../etc/passwd", "/assets/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc%2fpasswd"):
        answer = raw(run, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        expect("root:" not in answer and (" 404 " in answer or " 400 " in answer), f"path traversal {path}: {answer[:80]!r}")
    split = admin.get("/api/v1/books?venue=x%0d%0aSet-Cookie:%20a=b")
    expect("a=b" not in split.headers.get("Set-Cookie", ""), f"header injection: {split}")
    big = raw(run, f"POST /api/v1/session HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999\r\n\r\n" + "x" * 1000, 2)
    expect(" 413 " in big, f"an oversized request: {big[:60]!r}")
    long = raw(run, f"GET /{'a' * 70000} HTTP/1.1\r\nHost: {host}\r\n\r\n")
    expect(" 413 " in long or " 400 " in long or " 431 " in long or long == "", f"an endless line: {long[:60]!r}")
    began = time.monotonic()
    slow = raw(run, f"GET / HTTP/1.1\r\nHost: {host}\r\nX-", 20)
    expect(" 408 " in slow and time.monotonic() - began < 15, f"a request that never ends: {slow[:60]!r}")
    smuggled = raw(run, f"POST /api/v1/session HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/engine HTTP/1.1\r\n\r\n")
    expect(" 200 " not in smuggled, f"a request within a request: {smuggled[:80]!r}")
    expect(admin.ask("POST", "/api/v1/halt", raw="{" * 100000, headers={"Content-Type": "application/json"}).status in (400, 413), "deeply nested JSON")
    # Tokens.
    made = admin.post("/api/v1/tokens", {"label": "prometheus", "permissions": ["view"], "days": 1})
    expect(made.status == 200, f"a token is made: {made}")
    program = Console(run.url)
    program.token = made.json["token"]
    expect(program.get("/api/v1/engine").status == 200, "it looks")
    expect(program.post("/api/v1/halt", {"caller": {"reason": "x"}}).status == 403, "and does no more than its scope")
    expect(Stream(program, origin=False).status == 101, "it may listen to the stream")
    expect(admin.ask("DELETE", f"/api/v1/tokens/{made.json['id']}").status == 200 and program.get("/api/v1/engine").status == 401, "taken back, it is nothing")


def who_is_gone(run, admin, users):
    stream = Stream(users["viewer"])
    stream.subscribe("engine")
    wait_for("a viewer watches", lambda: stream.rows("engine"))
    expect(admin.ask("PATCH", "/api/v1/users/vera", {"disabled": True}).status == 200, "a user is disabled")
    expect(users["viewer"].get("/api/v1/engine").status == 401, "the next request is refused")
    wait_for("and the stream is shut", lambda: stream.closed == 4401, within=15)


def without_a_page():
    """A store that cannot be made, a port that is taken: an engine trades all the same, and says so."""
    data = os.path.join(FOLDER, "none")
    os.makedirs(data)
    open(os.path.join(data, "dashboard"), "w").close()  # where a folder has to be
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for where, settings in ((data, {"ATS_DASHBOARD_LISTEN": "127.0.0.1:0"}),
                                (os.path.join(FOLDER, "taken"), {"ATS_DASHBOARD_LISTEN": f"127.0.0.1:{taken.getsockname()[1]}"})):
            done = subprocess.run([ATS, "run", "--no-screen", "--data", where, "--venues", "binance,kraken", "--for", "3s"], capture_output=True, text=True,
                                  env={**os.environ, **settings})
            expect(done.returncode == 0 and "there is no dashboard: " in done.stdout and "trades completed" in done.stdout, f"it runs without a page: {done.stdout[-300:]}")
    wrong = subprocess.run([ATS, "run", "--no-screen", "--data", os.path.join(FOLDER, "tls"), "--for", "1s"], capture_output=True, text=True,
                           env={**os.environ, "ATS_DASHBOARD_LISTEN": "0.0.0.0:0"})
    expect(wrong.returncode == 1 and "dashboard.tls_cert" in wrong.stderr, f"what is wrong in the configuration is said at the start: {wrong}")


def main():
    without_a_page()
    run = Run("one")
    try:
        admin = first_sign_in(run)
        users = {"viewer": invited(run, admin, "vera", ["viewer"]), "trader": invited(run, admin, "tom", ["trader"]),
                 "risk-manager": invited(run, admin, "rita", ["risk-manager"]), "admin": admin}
        expect(users["risk-manager"].step_up().status == 200, "the risk manager steps up")
        token = Console(run.url)
        token.token = admin.post("/api/v1/tokens", {"label": "t", "permissions": ["view"], "days": 1}).json["token"]
        looking(admin)
        everything_by_everybody(run, admin, users)
        expect(token.get("/api/v1/books").status == 200, "a token looks")
        halt_and_resume(run, admin, users["trader"])
        streaming(run, admin)
        attacks(run, admin, users)
        who_is_gone(run, admin, users)
        for word in (PASSWORD, admin.secret, admin.cookie.split("=")[1], token.token):
            with open(run.out.name) as text:
                expect(word not in text.read(), "no secret is in the log")
    finally:
        expect(run.stop() == 0, "it ends in order")
    run = Run("two", {"ATS_ACCESS_FOUR_EYES": "resume,limits"})
    try:
        admin = first_sign_in(run)
        manager = invited(run, admin, "rita", ["risk-manager"])
        second_person(run, admin, manager)
    finally:
        expect(run.stop() == 0, "it ends in order")
    shutil.rmtree(FOLDER)
    finish()


main()
