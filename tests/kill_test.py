#!/usr/bin/env python3
"""kill -9 of `ats run` against `ats sim`, again and again.

Each round: start, wait until reconciled; every other round, halt, wait until no leg is open and compare
the ledger with the exchanges' own balances, unit for unit; trade on for a random moment; kill -9. At the
end: every order id seen by an exchange once, no open order left, the journal replays to the same actions.

usage: kill_test.py ATS [--rounds N] [--seed S]     prints the counts; exits 1 when anything is wrong
"""
import argparse, json, os, random, signal, subprocess, sys, tempfile, time, urllib.request
from decimal import Decimal

parser = argparse.ArgumentParser()
parser.add_argument("ats")
parser.add_argument("--rounds", type=int, default=20)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()
rng = random.Random(args.seed)
problems = []


def ask(*words):
    done = subprocess.run([args.ats, *words, "--data", data], capture_output=True, text=True, timeout=20)
    return done.stdout if done.returncode == 0 else None


def status():
    out = ask("status", "--json")
    return json.loads(out) if out else None


def wait_for(what, condition, seconds, process):
    """The status for which the condition holds, or None."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            problems.append(f"{what}: ats run ended by itself with {process.returncode}")
            return None
        now = status()
        if now and condition(now):
            return now
        time.sleep(0.05)
    problems.append(f"{what}: not within {seconds} s: {json.dumps(status())[:2000]}")
    return None


def exchange_state():
    with urllib.request.urlopen(control + "/state", timeout=10) as answer:
        return json.loads(answer.read())


def same_balances():
    """Differences between ledger and exchanges, as text."""
    told, now = exchange_state(), status()
    out = []
    for b in (now or {}).get("balances", []):
        account = told["venues"][b["venue"]]["accounts"][0]["balances"]
        theirs = Decimal(account.get(b["asset"], {}).get("total", "0"))
        if theirs != Decimal(b["total"]):
            out.append(f'{b["venue"]} {b["asset"]}: ledger {b["total"]}, exchange {theirs}')
    return out


def settled():
    """Halts, waits for open legs, compares, resumes."""
    ask("halt", "--reason", "kill test")
    wait_for("settling", lambda s: s["executions"]["open"] == 0 and s["orders"]["open"] == 0, 30, run)
    differences = ["?"]
    for _ in range(40):  # a fill's message may still be on its way
        differences = same_balances()
        if not differences:
            break
        time.sleep(0.05)
    problems.extend(differences)
    ask("resume", "--reason", "kill test")
    return not differences


with tempfile.TemporaryDirectory(prefix="ats-kill-") as home:
    data = os.path.join(home, "data")
    sim = subprocess.Popen([args.ats, "sim", "--seed", str(args.seed), "--write-config", home],
                           stdout=subprocess.PIPE, text=True)
    control = sim.stdout.readline().split()[1]
    run = None
    kills = compared = 0
    slowest = 0.0
    trades = 0
    try:
        for round_number in range(args.rounds + 1):
            log = open(os.path.join(home, "run.log"), "ab")
            run = subprocess.Popen([args.ats, "run", "--config", os.path.join(home, "ats.toml"), "--no-screen"],
                                   stdout=log, stderr=log)
            begun = time.monotonic()
            ready = wait_for(f"round {round_number}: reconciling", lambda s: s["reconciled"], 40, run)
            if not ready:
                break
            slowest = max(slowest, time.monotonic() - begun)
            last = round_number == args.rounds
            if last or round_number % 2 == 0:
                compared += settled()
            if last:
                break
            time.sleep(rng.uniform(0.0, 1.0))
            run.send_signal(signal.SIGKILL)
            run.wait()
            kills += 1
        if run.poll() is None:
            run.send_signal(signal.SIGTERM)
            if run.wait(timeout=40) != 0:
                problems.append(f"the last run ended with {run.returncode}")
        state = exchange_state()
        ids = set()
        for venue, told in state["venues"].items():
            for account in told["accounts"]:
                for order in account["orders"] + account["open_orders"]:
                    if order["client_order_id"] in ids:
                        problems.append(f'{venue}: order id {order["client_order_id"]} was used twice')
                    ids.add(order["client_order_id"])
                for order in account["open_orders"]:
                    problems.append(f'{venue}: order {order["client_order_id"]} is still open')
                trades += len(account["fills"])
            if not told["conserved"]:
                problems.append(f"{venue}: the exchange itself lost count")
        replay = subprocess.run([args.ats, "replay", os.path.join(data, "journal")], capture_output=True, text=True)
        if replay.returncode != 0:
            problems.append("replay: " + replay.stdout + replay.stderr)
        # The accounts read from the journal, all lives together: sound, and what the exchanges hold.
        pnl = subprocess.run([args.ats, "pnl", os.path.join(data, "journal"), "--json"],
                             capture_output=True, text=True)
        if pnl.returncode != 0:
            problems.append("pnl: " + pnl.stderr)
        for line in json.loads(pnl.stdout)["assets"] if pnl.stdout else []:
            theirs = sum(Decimal(told["accounts"][0]["balances"].get(line["asset"], {}).get("total", "0"))
                         for told in state["venues"].values())
            if Decimal(line["ledger"]) != theirs:
                problems.append(f'pnl: {line["asset"]} {line["ledger"]}, the exchanges {theirs}')
        if problems:
            with open(os.path.join(home, "run.log"), errors="replace") as log:
                sys.stdout.write("".join(log.readlines()[-40:]))
    finally:
        for process in (run, sim):
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()

print(f"{kills} kills, {compared} settled comparisons, {len(ids)} orders, {trades} fills, "
      f"slowest reconciliation {slowest:.2f} s, {len(problems)} problems")
for problem in problems:
    print("problem:", problem)
print(f"{kills + compared} passed, {len(problems)} failed")
sys.exit(1 if problems or kills < args.rounds else 0)
