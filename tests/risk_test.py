#!/usr/bin/env python3
"""`ats risk` of a running process, held to an account of its own: sums, worths and losses in exact arithmetic, and
the value at risk by closes of a file computed here again.

usage: risk_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import json, math, os, random, resource, signal, subprocess, sys, tempfile, time
from decimal import Decimal, getcontext

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, wait_for

getcontext().prec = 60
ats_bin = os.path.abspath(sys.argv[1])


def risk(*words, data, code=0):
    done = subprocess.run([ats_bin, "risk", *words, "--data", data], capture_output=True, text=True)
    expect(done.returncode == code, f"{words} ends with {code}, not {done.returncode}: {done.stderr}")
    return done.stdout


def told(*words, data, code=0):
    out = risk(*words, "--json", data=data, code=code)
    return json.loads(out) if out else {}


def near(a, b, what):
    expect(abs(a - b) <= 1e-6 * max(1.0, abs(b)), f"{what}: {a} beside {b}")


def check_status(t):
    equity = Decimal(0)
    by_asset = {}
    for p in t["positions"]:
        exact = Decimal(p["held"]) * Decimal(p["mark"])
        expect(0 <= exact - Decimal(p["worth"]) < Decimal("1e-18"), f"worth of {p}")
        by_asset[p["asset"]] = by_asset.get(p["asset"], Decimal(0)) + Decimal(p["held"])
    for e in t["exposures"]:
        expect(by_asset.get(e["asset"], Decimal(0)) == Decimal(e["held"]), f"held of {e['asset']}")
        equity += Decimal(e["worth"])
    expect(equity == Decimal(t["equity"]), "equity is the sum of worths")
    profit = t["profit"]
    change = sum(Decimal(e["change_worth"]) for e in t["exposures"])
    expect(change == Decimal(profit["ever"]["total"]), "the total is what the ledger changed")
    for period in ("day", "week", "month", "ever"):
        of = profit[period]
        expect(Decimal(of["total"]) - Decimal(of["realised"]) == Decimal(of["unrealised"]), period)
        for lines in ("venues", "assets", "strategies"):
            realised = sum((Decimal(l["realised"]) for l in of[lines]), Decimal(0))
            total = sum((Decimal(l["total"]) for l in of[lines]), Decimal(0))
            expect(realised == Decimal(of["realised"]), f"{period}: realised by {lines}")
            residue = Decimal(of["residue"][lines])
            expect(total + residue == Decimal(of["total"]), f"{period}: total by {lines}")
            expect(abs(residue) < Decimal("1e-15"), f"{period}: residue by {lines} is {residue}")
    expect(Decimal(profit["drawdown"]) >= 0, "drawdown")


def check_stress(t):
    for s in t["scenarios"]:
        for lines in ("assets", "venues"):
            losses = [Decimal(l["loss"]) for l in s[lines]]
            expect(sum(losses, Decimal(0)) == Decimal(s["loss"]), f"{s['scenario']} by {lines}")
            expect(losses == sorted(losses, reverse=True), f"{s['scenario']}: worst first")
    losses = [Decimal(s["loss"]) for s in t["scenarios"]]
    expect(losses == sorted(losses, reverse=True), "worst scenario first")
    names = {s["scenario"] for s in t["scenarios"]}
    expect({"fall-20", "rise-20", "slip-usdt", "freeze-kraken"} <= names, f"scenarios: {names}")


def check_var(data, folder):
    """Closes made up here; the same value at risk computed twice."""
    draw = random.Random(1)
    assets, days = ["BTC", "ETH", "SOL"], 400
    closes = [[100.0] * 3]
    for _ in range(days):
        common = draw.gauss(0, 0.03)
        closes.append([c * (1 + common + draw.gauss(0, 0.02)) for c in closes[-1]])
    file = os.path.join(folder, "closes.csv")
    with open(file, "w") as out:
        out.write("date," + ",".join(assets) + "\n")
        for n, row in enumerate(closes):
            stamp = time.strftime("%Y-%m-%d", time.gmtime(1_700_006_400 + n * 86_400))
            out.write(stamp + "," + ",".join(f"{c:.10f}" for c in row) + "\n")
    closes = [[float(f"{c:.10f}") for c in row] for row in closes]

    t = told("var", "--history", file, "--horizon", "4d", "--backtest", data=data)
    worth = {p["asset"]: p["worth"] for p in t["assets"]}
    expect(set(worth) == set(assets), f"assets: {worth}")
    losses = []
    for before, after in zip(closes, closes[1:]):
        losses.append(-sum(worth[a] * (after[n] / before[n] - 1) for n, a in enumerate(assets)))
    expect(t["observations"] == days, "observations")
    weights = [0.94 ** (days - 1 - n) for n in range(days)]
    sigma = math.sqrt(sum(w * l * l for w, l in zip(weights, losses)) / sum(weights)) * 2
    near(t["volatility"], sigma, "volatility")
    for measure, z, mean_beyond in ((t["measures"][0], 1.6448536270, 2.0627128075),
                                    (t["measures"][1], 2.3263478740, 2.6652142203)):
        ordered = sorted(losses)
        rank = math.ceil(days * float(measure["confidence"]) - 1e-9)
        tail = ordered[rank:]
        near(measure["historical"]["var"], 2 * ordered[rank - 1], "historical VaR")
        near(measure["historical"]["es"], 2 * sum(tail) / len(tail), "historical ES")
        near(measure["ewma"]["var"], z * sigma, "ewma VaR")
        near(measure["ewma"]["es"], mean_beyond * sigma, "ewma ES")
    for n in range(2):
        for method in ("historical", "ewma", "student"):
            for kind in ("var", "es"):
                whole = t["measures"][n][method][kind]
                for parts in ("assets", "venues"):
                    near(sum(p["measures"][n][method][kind] for p in t[parts]), whole,
                         f"{method} {kind} by {parts}")
    expect(all(b["observations"] == days - 250 for b in t["backtest"]), "back-test")
    text = risk("var", "--history", file, "--confidence", "97.5", data=data)
    expect("97.5 %" in text and "Student's t" in text, text)


with tempfile.TemporaryDirectory() as folder:
    data = os.path.join(folder, "d")
    none = subprocess.run([ats_bin, "risk", "status", "--data", data], capture_output=True, text=True)
    expect(none.returncode == 1 and "no ats process answers" in none.stderr, "nobody is there: " + none.stderr)
    with open(os.path.join(folder, "log"), "w") as log:
        process = subprocess.Popen([ats_bin, "run", "--no-screen", "--data", data, "--for", "60s"],
                                   stdout=log, stderr=log)
        try:
            until = time.time() + 40
            while time.time() < until:
                time.sleep(0.5)
                seen = subprocess.run([ats_bin, "risk", "status", "--json", "--data", data],
                                      capture_output=True, text=True)
                if seen.returncode == 0 and json.loads(seen.stdout)["profit"]["ever"]["trades"] >= 5:
                    break
            else:
                expect(False, "five trades within forty seconds")
            for _ in range(3):
                check_status(told("status", data=data))
                check_stress(told("stress", data=data))
                time.sleep(1)
            expect("profit and loss in USDT" in risk("status", data=data), "status for people")
            one = told("stress", "--scenario", "x coins -0.1 binance -0.5", data=data)
            expect(len(one["scenarios"]) == 1 and Decimal(one["scenarios"][0]["loss"]) > 0, "spelt out")
            risk("stress", "--scenario", "nowhere", data=data, code=2)
            refused = told("var", data=data, code=1)
            expect(all("refused" in m for m in refused["measures"]), "no past, no measure")
            check_var(data, folder)
            expect(risk("closes", "--bar", "1m", data=data).startswith("time"), "closes")
            risk("var", "--horizon", "soon", data=data, code=2)
        finally:
            process.terminate()
            process.wait(30)


def profit_of(data):
    done = subprocess.run([ats_bin, "risk", "status", "--json", "--data", data], capture_output=True, text=True)
    return json.loads(done.stdout)["profit"]["ever"] if done.returncode == 0 else None


# A process that is killed and started again knows what it has earned, as `ats pnl` reads it from the journal.
with tempfile.TemporaryDirectory() as home:
    data = os.path.join(home, "data")
    start = [ats_bin, "run", "--config", os.path.join(home, "ats.toml"), "--no-screen", "--data", data]
    sim = subprocess.Popen([ats_bin, "sim", "--seed", "5", "--write-config", home], stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    log = open(os.path.join(home, "log"), "w")
    run = subprocess.Popen(start, stdout=log, stderr=log)
    try:
        wait_for("five trades", lambda: profit_of(data)["trades"] >= 5)
        halt = subprocess.run([ats_bin, "halt", "--reason", "to compare", "--data", data], capture_output=True)
        expect(halt.returncode == 0, "halt")
        risk("halt", "kraken", "--reason", "to see it end", data=data)
        time.sleep(3)
        raised = {a["scope"]: a for a in told("alerts", data=data)["alerts"] if a["code"] == "halt"}
        expect("to compare" in raised["all"]["message"] and "to see it end" in raised["kraken"]["message"], raised)
        number = raised["all"]["alert"]
        expect("to compare" in risk("alerts", data=data), "alerts for people")
        expect("acknowledged" in risk("ack", str(number), "--reason", "it is me", data=data), "ack")
        risk("ack", str(number), "--reason", "again", data=data, code=2)
        risk("ack", "999", "--reason", "none", data=data, code=2)
        kept = told("alerts", "--all", data=data)
        before = profit_of(data)
        run.kill()
        run.wait()
        run = subprocess.Popen(start, stdout=log, stderr=log)
        wait_for("the second life answers", lambda: profit_of(data) is not None)
        after = profit_of(data)
        for figure in ("realised", "trades", "from"):
            expect(before[figure] == after[figure], f"{figure}: {before[figure]}, after a restart {after[figure]}")
        again = {a["alert"]: a for a in told("alerts", "--all", data=data)["alerts"]}
        for alert in kept["alerts"]:
            same = again.get(alert["alert"], {})
            for part in ("code", "scope", "subject", "first", "acknowledged"):
                expect(same.get(part) == alert[part], f"after a restart alert {alert} is {same}")
        expect(again[number]["acknowledged"]["reason"] == "it is me", "who has seen it outlives the process")
        log.flush()
        expect(f"alert {number} is open: warning halt all" in open(log.name).read(), "told at the start")
        risk("resume", "kraken", "--reason", "seen", data=data)  # and all else stays halted
        now = {a["alert"]: a for a in told("alerts", "--all", data=data)["alerts"]}
        ended = now[raised["kraken"]["alert"]]["ended"]
        expect(ended and "seen" in ended["by"] and now[number]["open"], f"a resume ends what held up its scope: {ended}")
        run.terminate()
        expect(run.wait(40) == 0, "the second life ends in order")
        pnl = subprocess.run([ats_bin, "pnl", os.path.join(data, "journal"), "--json"], capture_output=True, text=True)
        realised = Decimal(json.loads(pnl.stdout)["total"]["realised"])
        expect(abs(realised - Decimal(after["realised"])) < Decimal("1e-15"), f"ats pnl says {realised}")
    finally:
        for process in (run, sim):
            process.terminate()
            process.wait(40)
        log.close()

# Limits of the file, read again while the process runs: by a command and by SIGHUP.
def say_limits(path, limits, confirm_for="1s"):
    lines = open(path).read().splitlines()
    for n, line in enumerate(lines):
        if line.startswith("limits = "):
            lines[n] = f"limits = {json.dumps(limits)}"
        if line.startswith("confirm_for = "):
            lines[n] = f'confirm_for = "{confirm_for}"'
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")


def limit_of(name, data):
    return {l["scope"]: l for l in told("limits", data=data)["limits"] if l["limit"] == name}


with tempfile.TemporaryDirectory() as home:
    data, path = os.path.join(home, "data"), os.path.join(home, "ats.toml")
    sim = subprocess.Popen([ats_bin, "sim", "--seed", "5", "--write-config", home], stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    log = open(os.path.join(home, "log"), "w")
    run = None
    try:
        say_limits(path, ["order_rate 50", "open_legs 9"])
        run = subprocess.Popen([ats_bin, "run", "--no-screen", "--config", path, "--data", data], stdout=log, stderr=log)
        wait_for("it answers", lambda: subprocess.run([ats_bin, "status", "--data", data], capture_output=True).returncode == 0)
        say_limits(path, ["order_rate 40 warn 20", "position BTC 5000000"])
        said = risk("reload", "--reason", "quarter's end", data=data)
        for line in ("order_rate 40 warn 20, was order_rate 50", "no open_legs everywhere, was open_legs 9", "position BTC 5000000, was none"):
            expect(line in said, f"'{line}' is told: {said}")
        expect("file: " in said and "quarter's end" in said, f"who and why: {said}")
        expect(limit_of("order_rate", data)["everywhere"]["hard"] == "40", "it holds at once")
        expect(not limit_of("open_legs", data), "what the file has no more is gone")

        risk("set", "order_rate", "30", "--reason", "a person", data=data)
        say_limits(path, ["order_rate 35"], "5s")
        said = risk("reload", "--reason", "again", data=data)
        expect("what a person set stays" in said, f"a person's stays: {said}")
        expect("risk.confirm_for is another one: it is taken at the next start" in said, f"and what waits: {said}")
        expect(limit_of("order_rate", data)["everywhere"]["hard"] == "30", "a person's holds")
        expect(limit_of("position", data).get("BTC") is None, "and the rest of the file is taken")

        say_limits(path, ["order_rate 35", "patience 7"])
        bad = subprocess.run([ats_bin, "risk", "reload", "--reason", "bad", "--data", data], capture_output=True, text=True)
        line = 1 + open(path).read().splitlines().index('limits = ["order_rate 35", "patience 7"]')
        expect(bad.returncode != 0 and f"ats.toml:{line}: risk.limits must be" in bad.stderr + bad.stdout, f"the line of an error: {bad}")
        expect("nothing was changed" in bad.stderr + bad.stdout, f"and that nothing changed: {bad}")

        risk("set", "order_rate", "30", "--default", "--reason", "over", data=data)
        expect(limit_of("order_rate", data)["everywhere"]["hard"] == "35", "put back, the file's of now holds")
        say_limits(path, ["order_rate 36"])
        run.send_signal(signal.SIGHUP)
        wait_for("SIGHUP is heard", lambda: limit_of("order_rate", data)["everywhere"]["hard"] == "36")
        risk("reload", "--reason", "the same", data=data)

        run.kill()
        run.wait()
        run = subprocess.Popen([ats_bin, "run", "--no-screen", "--config", path, "--data", data], stdout=log, stderr=log)
        wait_for("the second life answers", lambda: subprocess.run([ats_bin, "status", "--data", data], capture_output=True).returncode == 0)
        expect(limit_of("order_rate", data)["everywhere"]["hard"] == "36", "the next start reads the same file")
        run.terminate()
        expect(run.wait(40) == 0, "and ends in order")
        replay = subprocess.run([ats_bin, "replay", os.path.join(data, "journal")], capture_output=True, text=True)
        expect(replay.returncode == 0, f"a replay decides the same: {replay.stdout} {replay.stderr}")
    finally:
        for process in (run, sim):
            if process is not None:
                process.terminate()
                process.wait(40)
        log.close()

# A disk that is full takes no order and no alert any more: it is told of all the same, and at once.
def little_room():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9 << 20, 9 << 20))  # one window of the journal, and not two


with tempfile.TemporaryDirectory() as data:
    full = subprocess.run([ats_bin, "run", "--no-screen", "--data", data, "--pairs", "20", "--for", "90s"],
                          preexec_fn=little_room, capture_output=True, text=True)
    lines = full.stdout.splitlines()
    said = [n for n, line in enumerate(lines) if "emergency journal_failed: the journal cannot be written" in line]
    expect(len(said) == 1 and full.returncode != 0, f"a full disk is told once: {said}, exit {full.returncode}")
    expect(not any(" trade " in line for line in lines[said[0]:] if said), "and nothing is traded after it")

finish()
