#!/usr/bin/env python3
"""A copy of the data directory that was taken while the engine ran is a backup: it folds to the same decisions, byte for byte, its trades are
those of the engine up to then. A copy of the dashboard's store has its users and its audit log whole, and opens with its key alone.

usage: backup_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import glob, json, os, shutil, sqlite3, subprocess, sys, tarfile, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, wait_for

ATS = os.path.abspath(sys.argv[1])


def ask(*words):
    done = subprocess.run([ATS, *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def journal_in(folder):
    """The engine's; beside it are the risk role's and what others wrote."""
    [journal] = [d for d in glob.glob(os.path.join(folder, "sim-*")) if os.path.isdir(d) and not d.endswith(("-risk", "-halts", "-influx"))]
    return journal


def trades(journal):
    code, said = ask("trades", journal, "--json")
    expect(code == 0, f"trades of {journal}: {said[-300:]}")
    return json.loads(said)["trades"] if code == 0 else []


with tempfile.TemporaryDirectory(prefix="ats-back-") as home:
    data, copy = os.path.join(home, "data"), os.path.join(home, "copy")
    engine = subprocess.Popen([ATS, "run", "--data", data, "--no-screen", "--seed", "3"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def traded():
            code, said = ask("status", "--json", "--data", data)
            return code == 0 and json.loads(said)["executions"]["completed"] >= 3
        wait_for("some trades are done", traded, 90)
        # The store, by SQLite's own copy, as docs/operating.md says; its key beside it.
        for name, role in (("alice", "admin"), ("bob", "viewer")):
            code, said = ask("user", "add", name, "--role", role, "--invite", "--data", data)
            expect(code == 0, f"{name} is invited while it runs: {said}")
        store = os.path.join(home, "store", "dashboard")
        os.makedirs(store, mode=0o700)
        with sqlite3.connect(os.path.join(data, "dashboard", "users.db")) as of, sqlite3.connect(os.path.join(store, "users.db")) as to:
            of.backup(to)
        os.chmod(os.path.join(store, "users.db"), 0o600)
        expect(ask("user", "list", "--data", os.path.join(home, "store"))[0] == 1, "without its key it does not open")
        shutil.copy(os.path.join(data, "dashboard", "store.key"), store)
        with tarfile.open(os.path.join(home, "backup.tar"), "w") as tar:
            tar.add(data, "data")
        with tarfile.open(os.path.join(home, "backup.tar")) as tar:
            tar.extractall(copy, filter="fully_trusted") if hasattr(tarfile, "fully_trusted_filter") else tar.extractall(copy)
        journal = journal_in(os.path.join(copy, "data"))
        time.sleep(2)
        engine.terminate()
        expect(engine.wait(60) == 0, "the engine ends in order, whatever was read beside it")
    finally:
        engine.kill()
        engine.wait()
    code, said = ask("user", "list", "--data", os.path.join(home, "store"), "--json")
    expect(code == 0 and [user["name"] for user in json.loads(said)] == ["alice", "bob"], f"the store's copy has the users: {said}")
    code, said = ask("audit", "verify", "--data", os.path.join(home, "store"))
    expect(code == 0, f"and the audit log, whole: {said}")
    code, said = ask("replay", journal)
    expect(code == 0 and "identical, byte for byte" in said, f"the copy folds to the same: {said}")
    code, said = ask("pnl", journal, "--json")
    expect(code == 0 and json.loads(said), f"and has profit and loss: {said[:300]}")
    of_copy, of_all = trades(journal), trades(journal_in(data))
    expect(len(of_copy) >= 3, f"its trades: {len(of_copy)}")
    ended = [trade for trade in of_copy if trade["ended"]]
    expect([t for t in of_all if t["id"] in {e["id"] for e in ended}] == ended, "those that were over are the engine's own, to the last digit")
    expect(len(of_all) >= len(of_copy), "and the engine went on")

finish()
