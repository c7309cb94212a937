#!/usr/bin/env python3
"""The attack table of docs/security.md against a real `ats run`, over its own sockets.

The first admin comes by the link that was printed. Then passwords and codes are guessed and replayed, sessions planted, requests forged, oversized
and bent, tokens used for what they may not; what `ats user` does beside the running server holds for the next request, and the
audit log has all of it. At the end the same over TLS with certificates of `ats tls`.

usage: access_attack_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import argparse, base64, hashlib, hmac, http.client, json, os, re, shutil, signal, socket, ssl, struct, subprocess, sys, tempfile, time, warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, wait_for

parser = argparse.ArgumentParser()
parser.add_argument("ats")
args = parser.parse_args()
args.ats = os.path.abspath(args.ats)
home = tempfile.mkdtemp(prefix="ats-attack-")
PASSWORD = "four plain words here"


def cli(*words, typed=""):
    done = subprocess.run([args.ats, *words], input=typed, capture_output=True, text=True, timeout=60, cwd=home)
    return done.returncode, done.stdout, done.stderr


class Server:
    """`ats run` on a port of its own."""

    def __init__(self, **settings):
        env = {**os.environ, "ATS_DASHBOARD_LISTEN": "127.0.0.1:0", **settings}
        self.log = open(os.path.join(home, f"log-{time.monotonic_ns()}"), "w+")
        self.process = subprocess.Popen([args.ats, "run", "--no-screen", "--seed", "11", "--data", "data"], cwd=home, env=env,
                                        stdout=self.log, stderr=subprocess.STDOUT)
        found = wait_for("the server tells its address", lambda: re.search(r"dashboard: (https?)://[^:]+:(\d+)", self.said()))
        self.tls, self.port = found[1] == "https", int(found[2])

    def said(self):
        with open(self.log.name) as text:
            return text.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Browser:
    """Keeps its cookie and sends the CSRF value of its session."""

    def __init__(self, server):
        self.server, self.cookie, self.csrf = server, "", ""

    def ask(self, method, path, body=None, **headers):
        context = ssl.create_default_context(cafile=os.path.join(home, "tls", "ca.crt")) if self.server.tls else None
        line = (http.client.HTTPSConnection("localhost", self.server.port, timeout=20, context=context) if context
                else http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20))
        sent = {"X-CSRF-Token": self.csrf, "Cookie": self.cookie, "Content-Type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        data = body if isinstance(body, (bytes, str)) or body is None else json.dumps(body)
        line.request(method, path, data, {name: value for name, value in sent.items() if value})
        answer = line.getresponse()
        text = answer.read()
        line.close()
        self.headers = answer.headers
        try:
            told = json.loads(text)
        except ValueError:
            told = {}
        return answer.status, told

    def api(self, method, what, body=None, **headers):
        return self.ask(method, "/api/v1/" + what, body, **headers)

    def keep(self, told):
        """A session that was begun: its cookie, and its CSRF value."""
        status, session = told
        if status == 200 and self.headers["Set-Cookie"]:
            self.cookie, self.csrf = self.headers["Set-Cookie"].split(";")[0], session["csrf"]
        return told


def reason(told):
    return (told[0], told[1].get("error", {}).get("reason"))


def code(secret, step=0):
    """RFC 6238, from the standard library."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def raw(server, bytes_):
    """The first line of what comes back on a plain connection; empty when it is cut."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        try:
            line.sendall(bytes_)
            return line.recv(4096).split(b"\r\n")[0].decode("latin-1")
        except OSError:
            return ""


server = Server()
token = re.search(r"setup\?token=([\w-]+)", server.said())
nobody = Browser(server)

# ---- nobody

expect(nobody.api("GET", "session") == (200, {"signedIn": False, "setup": True}), "nobody is signed in, and there is no user")
for method, what in (("GET", "engine"), ("GET", "books"), ("GET", "configuration"), ("POST", "halt"), ("POST", "resume"), ("POST", "limits"),
                     ("GET", "users"), ("GET", "audit"), ("GET", "preferences"), ("GET", "system"), ("GET", "tokens")):
    expect(nobody.api(method, what, "{}" if method == "POST" else None)[0] == 401, f"nobody may not {method} {what}")

# ---- the first admin

admin = Browser(server)
setup = {"token": token[1], "name": "root", "password": PASSWORD}
expect(admin.api("POST", "setup", {**setup, "password": "password1234"})[0] == 400, "a password that is tried first is not taken")
expect(admin.api("POST", "setup", {**setup, "token": "x"})[0] == 403, "another link is none")
status, session = admin.keep(admin.api("POST", "setup", setup))
expect(status == 200 and session["totp"] == "required", f"the link makes the first admin: {session}")
expect("HttpOnly" in admin.headers["Set-Cookie"] and "SameSite=Strict" in admin.headers["Set-Cookie"], admin.headers["Set-Cookie"])
expect(nobody.api("POST", "setup", setup)[0] == 403, "and is good once")
expect(reason(admin.api("GET", "engine")) == (403, "totp_required"), "without an authenticator nothing is seen")
secret = admin.api("POST", "session/totp", {})[1]["secret"]
used = code(secret, -1)
status, codes = admin.api("POST", "session/totp/confirm", {"code": used})
expect(status == 200 and len(codes["backupCodes"]) == 10, f"an authenticator is set up: {codes}")
backup = codes["backupCodes"]
expect(admin.api("GET", "engine")[0] == 200, "then everything is")

# ---- replay, planting, forging

thief = Browser(server)
sign_in = {"name": "root", "password": PASSWORD}
expect(reason(thief.api("POST", "session", sign_in)) == (401, "code_required"), "the password alone does not do")
expect(reason(thief.api("POST", "session", {**sign_in, "code": used})) == (401, "code_wrong"), "a code that was used does not do")
planted = Browser(server)
planted.cookie = "ats=" + "p" * 43
planted.keep(planted.api("POST", "session", {**sign_in, "code": backup[0]}))
expect(planted.cookie != "ats=" + "p" * 43 and planted.api("GET", "engine")[0] == 200, "a planted session is not the one signed in to")
expect(reason(thief.api("POST", "session", {**sign_in, "code": backup[0]})) == (401, "code_wrong"), "a backup code is good once")

forged = Browser(server)
forged.cookie = admin.cookie
expect(reason(forged.api("POST", "halt", {})) == (403, "csrf"), "without the CSRF value nothing is done")
forged.csrf = admin.csrf
here = f"http://127.0.0.1:{server.port}"
for origin in ("http://evil.example", "null", f"https://127.0.0.1:{server.port}", here + ".evil.example"):
    expect(reason(forged.api("POST", "halt", {}, Origin=origin)) == (403, "csrf"), f"nor from {origin}")
upgrade = (f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: {admin.cookie}\r\n")
for origin, wanted in (("Origin: http://evil.example\r\n", " 403"), ("", " 403"), (f"Origin: {here}\r\n", " 101")):
    line = raw(server, (upgrade + origin + "\r\n").encode())
    expect(wanted in line, f"a WebSocket of {origin.strip() or 'no origin'}: {line}")

# ---- bent and oversized

for path in ("/../../../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/assets/../../users.db", "/%00", "/api/v1/users/..%2f..%2fx"):
    line = raw(server, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {admin.cookie}\r\nConnection: close\r\n\r\n".encode())
    expect(not line.startswith("HTTP/1.1 2"), f"{path}: {line}")
for name in ("<img src=x onerror=alert(1)>", "a\r\nSet-Cookie: ats=x", "../root", "", "x" * 33):
    expect(admin.api("POST", "users", {"name": name, "roles": ["viewer"]})[0] == 400, f"{name[:20]!r} is no name")
expect(admin.api("PUT", "preferences", {"x": "y" * 17000})[0] == 400, "preferences are bounded")
expect(admin.api("PUT", "preferences", b"x" * 3_000_000)[0] in (400, 413), "a huge body is refused")
expect(admin.api("PUT", "preferences", "[" * 15000)[0] == 400, "a deep one too")
line = raw(server, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 300_000 + b"\r\n\r\n")
expect(not line.startswith("HTTP/1.1 2"), f"a huge header too: {line}")
nobody.api("POST", "session", {"name": "root", "password": "x" * 300}, User_Agent="<script>alert(1)</script>")
expect(admin.api("GET", "session")[0] == 200, "and it is still there")

# ---- tokens and roles

status, made = admin.api("POST", "tokens", {"label": "eye", "permissions": ["view"], "days": 1})
eye = {"Authorization": "Bearer " + made.get("token", "")}
expect(nobody.api("GET", "engine", **eye)[0] == 200, "a token does what it was given")
for method, what in (("POST", "halt"), ("POST", "resume"), ("POST", "limits"), ("GET", "users"), ("GET", "audit"), ("GET", "configuration"), ("POST", "tokens")):
    expect(nobody.api(method, what, {} if method == "POST" else None, **eye)[0] == 403, f"and not {method} {what}")
expect(nobody.api("GET", "engine", Authorization="Bearer ats_" + "x" * 43)[0] == 401, "another is none")

for name, role in (("vera", "viewer"), ("tom", "trader")):
    expect(cli("user", "add", name, "--role", role, "--data", "data", typed=PASSWORD + "\n")[0] == 0, f"{name} is added beside the server")
vera = Browser(server)
vera.keep(vera.api("POST", "session", {"name": "vera", "password": PASSWORD}))
expect(vera.api("GET", "engine")[0] == 200 and vera.api("POST", "halt", {})[0] == 403, "a viewer looks and does not halt")
expect(vera.api("GET", "users")[0] == 403 and vera.api("GET", "audit")[0] == 403, "and sees no users and no log")
expect(cli("user", "disable", "vera", "--data", "data")[0] == 0 and vera.api("GET", "engine")[0] == 401, "who is disabled beside the server is out at once")

# ---- guessing

for _ in range(5):
    expect(reason(thief.api("POST", "session", {"name": "tom", "password": "wrong words for it"})) == (401, "credentials"), "a guess")
expect(reason(thief.api("POST", "session", {"name": "tom", "password": PASSWORD})) == (401, "locked"), "then even the right one waits")
server.stop()
server = Server()
for browser in (nobody, admin, thief):
    browser.server = server
expect("setup?token" not in server.said(), "with users there is no link")
told = thief.api("POST", "session", {"name": "tom", "password": PASSWORD})
expect(reason(told) == (401, "locked") and told[1]["error"]["retryAfterSeconds"] <= 10, f"also after a restart: {told}")
expect(admin.api("GET", "engine")[0] == 200, "sessions outlive it")

# ---- what was done is known

expect(admin.api("POST", "halt", {"caller": {"reason": "a test"}, "scope": {}}, Idempotency_Key="k1")[0] == 200, "the admin halts")
entries = admin.api("GET", "audit?count=100")[1]
expect(entries["intact"] is True, f"the log is whole: {entries['problem']}")
what = {(entry["what"], entry["who"], entry["outcome"]) for entry in entries["entries"]}
expect(any(entry["who"] == "root" and "halt" in entry["what"].lower() for entry in entries["entries"]), f"the halt is in it: {sorted(what)}")
expect(("sign-in", "", "refused: name or password") in what and ("first-admin", "root", "done") in what, f"and who came and who did not: {sorted(what)}")
expect(cli("audit", "verify", "--data", "data")[0] == 0, "and `ats audit verify` says the same")
text = json.dumps(entries)
expect(all(one not in text for one in (PASSWORD, secret, made["token"], admin.cookie[4:])), "no secret is in it")
expect(all(one not in server.said() for one in (PASSWORD, secret, made["token"], admin.cookie[4:])), "nor in what the server says")
server.stop()

# ---- TLS

refused = subprocess.run([args.ats, "run", "--no-screen", "--data", "data"], cwd=home, capture_output=True, text=True, timeout=60,
                         env={**os.environ, "ATS_DASHBOARD_LISTEN": "0.0.0.0:0"})
expect(refused.returncode in (1, 2) and "tls" in (refused.stdout + refused.stderr).lower(), f"off loopback it takes TLS: {refused.stderr[-200:]}")
expect(cli("tls", "init", "--host", "localhost", "--host", "127.0.0.1")[0] == 0, "certificates")
server = Server(ATS_DASHBOARD_TLS_CERT="tls/server.crt", ATS_DASHBOARD_TLS_KEY="tls/server.key")
expect(server.tls, "it is reached over TLS")
over_tls = Browser(server)
over_tls.keep(over_tls.api("POST", "session", {**sign_in, "code": backup[1]}))
expect(over_tls.cookie.startswith("__Host-ats=") and over_tls.headers["Set-Cookie"].endswith("; Secure"), "the cookie is bound to host and TLS")
expect("max-age" in (over_tls.headers["Strict-Transport-Security"] or ""), "and the browser told to stay")
expect(over_tls.api("GET", "engine")[0] == 200, "it works")
over_tls.cookie = over_tls.cookie.replace("__Host-", "")
expect(over_tls.api("GET", "engine")[0] == 401, "under its name of plain HTTP it does not")
expect(not raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith("HTTP/1.1 2"), "plain HTTP gets nothing")
warnings.simplefilter("ignore")  # that this is old is the point
old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
old.set_ciphers("DEFAULT:@SECLEVEL=0")
old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
try:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        old.wrap_socket(line)
    expect(False, "TLS 1.1 is taken")
except OSError:
    expect(True, "TLS 1.1 is not taken")
server.stop()

shutil.rmtree(home)
finish()
