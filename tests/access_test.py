#!/usr/bin/env python3
"""Users, the audit log and certificates through the real binary.

Passwords come from a line, a file or a terminal and are found nowhere afterwards; what one command changes the next one sees; the audit log,
tampered with in each way, is found to be; certificates are believed by openssl, and nothing is written over.

usage: access_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import argparse, json, os, pty, select, shutil, sqlite3, stat, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish

parser = argparse.ArgumentParser()
parser.add_argument("ats")
args = parser.parse_args()
args.ats = os.path.abspath(args.ats)
home = tempfile.mkdtemp(prefix="ats-access-")
PASSWORD = "four plain words here"
said = []


def ats(*words, typed="", where=None):
    """Runs a command to its end: (exit code, standard output, standard error)."""
    done = subprocess.run([args.ats, *words], input=typed, capture_output=True, text=True, timeout=120, cwd=where or home)
    said.append(done.stdout + done.stderr)
    return done.returncode, done.stdout, done.stderr


def told(*words, **more):
    """What it prints as JSON."""
    code, out, err = ats(*words, "--json", **more)
    expect(code == 0, f"{' '.join(words)}: {err}")
    return json.loads(out) if code == 0 else {}


def at_a_terminal(words, answers):
    """Runs a command on a terminal of its own, answering each question; (exit code, all that was on the screen)."""
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execv(args.ats, [args.ats, *words])
    seen, answers, until = b"", list(answers), time.monotonic() + 60
    while time.monotonic() < until:
        ready, _, _ = select.select([screen], [], [], 0.2)
        if ready:
            try:
                part = os.read(screen, 4096)
            except OSError:
                break
            if not part:
                break
            seen += part
        elif answers and seen.rstrip().endswith(b":"):
            os.write(screen, answers.pop(0).encode() + b"\n")
            seen += b" "
            time.sleep(0.1)
    _, status = os.waitpid(pid, 0)
    said.append(seen.decode())
    return os.waitstatus_to_exitcode(status), seen.decode()


# ---- users

code, _, err = ats("user", "list")
expect(code == 1 and "ats user add" in err, f"without users it says what to do: {err}")
code, _, err = ats("user", "add", "alice", "--role", "admin", typed="short\n")
expect(code == 1 and "12 characters" in err, f"a short password is not taken: {err}")
code, _, err = ats("user", "add", "Alice", "--role", "admin", typed=PASSWORD + "\n")
expect(code == 2 and "small letters" in err, f"a name that is none is a usage error: {err}")
code, _, err = ats("user", "add", "alice", "--role", "root", typed=PASSWORD + "\n")
expect(code == 2 and "risk-manager" in err, f"a role that is none is a usage error: {err}")
made = told("user", "add", "alice", "--role", "admin", typed=PASSWORD + "\n")
expect(made.get("roles") == ["admin"] and made.get("totp") is False, f"the first user: {made}")
expect(ats("user", "add", "alice", "--role", "viewer", typed=PASSWORD + "\n")[0] == 1, "a name is taken once")

secret_file = os.path.join(home, "password")
with open(secret_file, "w") as file:
    file.write("other plain words\nnot this\n")
os.chmod(secret_file, 0o644)
code, _, err = ats("user", "add", "bob", "--role", "trader", "--password-file", secret_file)
expect(code == 1 and "chmod 600" in err, f"a password that others can read is not taken: {err}")
os.chmod(secret_file, 0o600)
bob = told("user", "add", "bob", "--role", "trader", "--scope", "kraken", "--scope", "binance BTC/USDT", "--password-file", secret_file)
expect(bob.get("scopes") == [{"venue": "kraken"}, {"venue": "binance", "pair": "BTC/USDT"}], f"scopes: {bob}")

code, screen = at_a_terminal(["user", "add", "carol", "--role", "viewer"], ["third plain words", "third plain words"])
expect(code == 0 and "third plain" not in screen, f"a password is typed unseen: {screen}")
code, screen = at_a_terminal(["user", "add", "dora", "--role", "viewer"], ["third plain words", "third plain swords"])
expect(code == 1 and "differ" in screen, f"and twice: {screen}")

invited = told("user", "add", "erin", "--role", "viewer", "--invite")
expect(invited.get("link", "").startswith("/#/setup?token="), f"an invitation: {invited}")
reset = told("user", "reset", "bob")
expect(reset.get("link", "").startswith("/#/setup?token="), f"a reset: {reset}")
expect(told("user", "roles", "bob", "--role", "risk-manager", "--everywhere").get("scopes") == [], "roles and scopes change")
expect(told("user", "disable", "bob").get("disabled") is True, "a user is disabled")
expect(told("user", "enable", "bob").get("disabled") is False, "and enabled")
code, _, err = ats("user", "disable", "alice")
expect(code == 1 and "another admin" in err, f"the last admin stays: {err}")
expect(ats("user", "disable", "nobody")[0] == 1, "nobody is disabled who is not there")
users = {user["name"]: user for user in told("user", "list")}
expect(sorted(users) == ["alice", "bob", "carol", "erin"], f"all of them: {sorted(users)}")
expect(users["erin"]["password"] is False and users["bob"]["password"] is False, "who was invited or reset has no password")
expect(told("user", "sessions") == [], "nobody is signed in")
code, out, _ = ats("user", "totp", "carol")
expect(code == 0 and "█" in out and "otpauth://totp/ATS:carol?" in out and "--confirm" in out, "a QR code for the terminal")

# ---- the store

folder = os.path.join(home, "ats-data", "dashboard")
for name, mode in (("users.db", 0o600), ("store.key", 0o600), ("", 0o700)):
    found = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
    expect(found == mode, f"mode of {name or 'the folder'}: {found:o}")
kept = b"".join(open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder))
tokens = [link["link"].split("=")[1] for link in (invited, reset)]
for secret in (PASSWORD, "other plain words", "third plain words", *tokens):
    expect(secret.encode() not in kept, f"{secret[:6]}… is in the store")
for secret in (PASSWORD, "other plain words", "third plain words"):
    expect(all(secret not in text for text in said), f"{secret[:6]}… was printed")

# ---- the audit log

log = told("audit", "show")
expect([entry["what"] for entry in log][:3] == ["user.enable", "user.disable", "user.change"], f"the latest first: {log[:3]}")
expect(all(entry["who"].startswith("os:") and entry["from"] == "terminal" for entry in log), "who did it, from where")
expect(told("audit", "verify") == {"entries": len(log), "intact": True, "problem": ""}, "it is as it was written")
expect(len(told("audit", "show", "--count", "2")) == 2, "as many as asked for")
expect(told("audit", "show", "--who", "mallory") == [], "nothing of whoever did nothing")

TAMPERED = {
    "one entry is changed": ("UPDATE audit SET who = 'mallory' WHERE number = 3", "entry 3 is not as it was written"),
    "one in the middle is removed": ("DELETE FROM audit WHERE number = 3", "entry 3 is missing"),
    "one is removed and the others move up": (
        "DELETE FROM audit WHERE number = 3; UPDATE audit SET number = number - 1 WHERE number > 3;"
        "UPDATE fact SET value = value - 1 WHERE name = 'audit_count'", "entry 3 is not as it was written"),
    "the end is cut off": ("DELETE FROM audit WHERE number > 4", "the end is cut off"),
    "the end is cut off, with the count": (
        "DELETE FROM audit WHERE number > 4; UPDATE fact SET value = '4' WHERE name = 'audit_count'",
        "where the log ends is not as it was written"),
    "all of it is gone": ("DELETE FROM audit; UPDATE fact SET value = '0' WHERE name = 'audit_count'", "where the log ends"),
    "two change places": (
        "UPDATE audit SET number = 1000 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 4;"
        "UPDATE audit SET number = 4 WHERE number = 1000", "entry 3 is not as it was written"),
    "one is added without the key": (
        f"INSERT INTO audit SELECT {len(log) + 1}, at, who, from_address, what, target, before, after, outcome, mark FROM audit "
        f"WHERE number = {len(log)}; UPDATE fact SET value = '{len(log) + 1}' WHERE name = 'audit_count'",
        f"entry {len(log) + 1} is not as it was written"),
}
for what, (statements, problem) in TAMPERED.items():
    copy = os.path.join(home, "copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(os.path.join(home, "ats-data"), copy)
    database = sqlite3.connect(os.path.join(copy, "dashboard", "users.db"))
    database.executescript(statements)
    database.commit()
    database.close()
    code, out, err = ats("audit", "verify", "--data", copy)
    expect(code == 1 and problem in err, f"{what}: {code} {err}")
    # It goes on, and what was found stays found.
    expect(ats("user", "disable", "carol", "--data", copy)[0] == 0, f"{what}: users are still seen to")
    expect(ats("audit", "verify", "--data", copy)[0] == 1, f"{what}: it is found after the next entry too")
expect(ats("audit", "verify")[0] == 0, "the log itself is as it was written")

# ---- certificates

code, _, err = ats("tls", "init")
expect(code == 2 and "--host" in err, f"a server without a name is a usage error: {err}")
rows = told("tls", "init", "--host", "localhost", "--host", "127.0.0.1", "--days", "10")
expect([row["kind"] for row in rows] == ["authority", "server"], f"an authority and a server: {rows}")
code, _, err = ats("tls", "init", "--host", "localhost")
expect(code == 1 and "nothing is written over" in err, f"nothing is written over: {err}")
client = told("tls", "add", "alice", "--role", "trader", "--role", "viewer")
expect(client[0]["roles"] == ["trader", "viewer"] and client[0]["kind"] == "client", f"a client: {client}")
expect(ats("tls", "add", "alice", "--role", "admin")[0] == 1, "a client's certificate is not written over")
expect(ats("tls", "add", "../x")[0] == 2, "a name is no path")
tls = os.path.join(home, "tls")
for name in os.listdir(tls):
    expect(stat.S_IMODE(os.stat(os.path.join(tls, name)).st_mode) == 0o600, f"mode of {name}")


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, cwd=tls)
    return done.returncode, done.stdout + done.stderr


for name, purpose in (("server", "sslserver"), ("server", "sslclient"), ("alice", "sslclient")):
    code, out = openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.crt", f"{name}.crt")
    expect(code == 0, f"openssl believes {name} as {purpose}: {out}")
expect(openssl("verify", "-purpose", "sslserver", "-CAfile", "ca.crt", "alice.crt")[0] != 0, "a client is no server")
expect("OU = trader, OU = viewer" in openssl("x509", "-in", "alice.crt", "-noout", "-subject")[1], "name and roles are the subject's")
code, out, err = ats("tls", "show")
expect(code == 0 and "server.crt" in out and "expires in" in err, f"it says what ends soon: {err}")
before = open(os.path.join(tls, "server.key")).read(), open(os.path.join(tls, "ca.crt")).read()
fresh = told("tls", "renew", "server", "--days", "300")
expect(fresh[0]["daysLeft"] in (299, 300) and fresh[0]["hosts"] == ["localhost", "127.0.0.1"], f"renewed: {fresh}")
expect(before == (open(os.path.join(tls, "server.key")).read(), open(os.path.join(tls, "ca.crt")).read()), "key and authority stay")
expect(openssl("verify", "-CAfile", "ca.crt", "server.crt")[0] == 0, "the renewed one is believed")
os.chmod(os.path.join(tls, "ca.key"), 0o644)
code, _, err = ats("tls", "renew")
expect(code == 1 and "chmod 600" in err, f"an authority's key that others can read is not used: {err}")

shutil.rmtree(home)
finish()
