#!/usr/bin/env python3
"""The key vault through the real binary, against `ats sim`.

Keys are added, listed, checked, rotated and removed; `ats run` trades with them; and after all of it no secret and no
passphrase is found in any command line, environment, log, status, journal, core file or other file that was written.

usage: keys_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import argparse, json, os, pty, re, resource, select, signal, stat, subprocess, sys, tempfile, time, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish

parser = argparse.ArgumentParser()
parser.add_argument("ats")
args = parser.parse_args()
args.ats = os.path.abspath(args.ats)
said = []


def line_of(text):
    """A file descriptor whose next line is the text, for a child to inherit."""
    reading, writing = os.pipe()
    os.write(writing, (text + "\n").encode())
    os.close(writing)
    return reading


def ats(*words, typed="", passphrase=None, new_passphrase=None, config=True):
    """Runs a command to its end: (exit code, standard output, standard error)."""
    words, inherited = list(words), []
    for flag, text in (("--passphrase-fd", passphrase), ("--new-passphrase-fd", new_passphrase)):
        if text is not None:
            inherited.append(line_of(text))
            words += [flag, str(inherited[-1])]
    if config:
        words += ["--config", toml]
    done = subprocess.run([args.ats, *words], input=typed, capture_output=True, text=True, timeout=120,
                          pass_fds=inherited, cwd=home)
    for descriptor in inherited:
        os.close(descriptor)
    said.append(done.stdout + done.stderr)
    return done.returncode, done.stdout, done.stderr


def keys(*words, **more):
    return ats("keys", *words, **more)


def at_a_terminal(words, answers):
    """Runs a command on a terminal of its own, answering each question; (exit code, all that was on the screen)."""
    pid, screen_fd = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execv(args.ats, [args.ats, *words])
    screen = b""
    answers = list(answers)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        ready, _, _ = select.select([screen_fd], [], [], 0.2)
        if ready:
            try:
                part = os.read(screen_fd, 4096)
            except OSError:
                break
            if not part:
                break
            screen += part
        if answers and re.search(answers[0][0].encode(), screen):
            os.write(screen_fd, answers.pop(0)[1].encode() + b"\r")
    _, status = os.waitpid(pid, 0)
    os.close(screen_fd)
    text = screen.decode(errors="replace")
    said.append(text)
    return os.waitstatus_to_exitcode(status), text


def found_in(place, data):
    for name, text in hidden.items():
        expect(text.encode() not in data, f"{name} stands in {place}")


def look_through(folder, but):
    """Every file under the folder is searched for secrets."""
    count = 0
    for here, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(here, name)
            if path in but or not stat.S_ISREG(os.lstat(path).st_mode):
                continue
            with open(path, "rb") as file:
                found_in(path, file.read())
            count += 1
    return count


def look_at_process(pid):
    for name in ("cmdline", "environ", "status"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                found_in(f"/proc/PID/{name}", file.read())
        except PermissionError:  # the process is not dumpable: nobody but root may look
            expect(os.geteuid() != 0, f"/proc/PID/{name} can be read by root")
    with open(f"/proc/{pid}/limits") as file:
        core = next(line.split() for line in file if line.startswith("Max core file size"))
    expect(core[4:6] == ["0", "0"], f"core files are forbidden: {core}")


def start_run(*words, passphrase=None):
    inherited = []
    words = list(words)
    if passphrase is not None:
        inherited = [line_of(passphrase)]
        words += ["--passphrase-fd", str(inherited[0])]
    log = open(os.path.join(home, "run.log"), "ab")
    run = subprocess.Popen([args.ats, "run", "--config", toml, "--no-screen", *words], stdout=log, stderr=log,
                           stdin=subprocess.DEVNULL, pass_fds=inherited, cwd=home)
    for descriptor in inherited:
        os.close(descriptor)
    return run


def status():
    code, out, _ = ats("status", "--json", "--data", os.path.join(home, "data"), config=False)
    return json.loads(out) if code == 0 else None


def wait_until_trading(run):
    until = time.monotonic() + 60
    while time.monotonic() < until and run.poll() is None:
        now = status()
        if now and now["reconciled"] and now["executions"]["completed"] > 0:
            return now
        time.sleep(0.1)
    return None


def edit(name, value):
    with open(toml) as file:
        text = file.read()
    text, count = re.subn(rf'(?m)^{name} = .*$', f'{name} = "{value}"', text)
    assert count == 1, name
    with open(toml, "w") as file:
        file.write(text)


resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY if
                   resource.getrlimit(resource.RLIMIT_CORE)[1] == resource.RLIM_INFINITY else
                   resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
first_phrase, second_phrase = "a passphrase nobody guesses", "another one, quite as good"
with tempfile.TemporaryDirectory(prefix="ats-keys-") as home:
    toml, vault, key_file = (os.path.join(home, name) for name in ("ats.toml", "keys.vault", "vault.key"))
    sim = subprocess.Popen([args.ats, "sim", "--seed", "3", "--write-config", home, "--withdrawal-rights", "kraken",
                            "--key-life", "241h"], stdout=subprocess.PIPE, text=True)
    run = None
    try:
        control = sim.stdout.readline().split()[1]
        with urllib.request.urlopen(control + "/venues", timeout=10) as answer:
            accounts = json.loads(answer.read())
        os.remove(os.path.join(home, "keys.toml"))
        edit("credentials_file", "")
        edit("vault", vault)
        hidden = {"the first passphrase": first_phrase, "the second passphrase": second_phrase}
        for name, account in accounts.items():
            # Of PEM a line from its middle.
            lines = account["secret"].replace("\\n", "\n").split("\n")
            hidden[f"the secret of {name}"] = max(lines, key=len)

        def given(name):
            return accounts[name]["key"] + "\n" + accounts[name]["secret"].replace("\\n", "\n") + "\n"

        # --- adding ---
        code, out, err = keys("add", "binance", "--label", "trading", typed=given("binance"), passphrase="too short")
        expect(code == 1 and "at least 12" in err and not os.path.exists(vault), f"a short passphrase: {code} {err}")
        code, out, err = keys("add", "binance", "--label", "trading", typed=given("binance"), passphrase=first_phrase)
        expect(code == 0 and "new vault" in out and "sound" in out, f"the first key: {code} {out}{err}")
        mode = os.stat(vault)
        expect(stat.S_IMODE(mode.st_mode) == 0o600, "the vault is for its owner alone")
        code, out, err = keys("add", "binance", typed=given("binance"), passphrase=first_phrase)
        expect(code == 1 and "rotate" in err, f"a key twice: {code} {err}")
        for name in ("coinbase", "bitfinex"):
            code, out, err = keys("add", name, typed=given(name), passphrase=first_phrase)
            expect(code == 0 and "sound" in out, f"{name}: {code} {out}{err}")
        code, out, err = keys("add", "upbit", typed=given("upbit"), passphrase=first_phrase)
        expect(code == 0 and "expires on" in err and "in 10 days" in err, f"an end in ten days: {code} {err}")
        code, out, err = keys("add", "kraken", typed=given("kraken"), passphrase=first_phrase)
        expect(code == 1 and "can withdraw" in err and "--accept-withdrawal-rights" in err and "nothing was added" in err,
               f"a key that can withdraw: {code} {err}")
        code, out, err = keys("add", "binance2", typed=given("binance"), passphrase=first_phrase)
        expect(code == 2 and "no venue" in err, f"an unknown venue: {code} {err}")
        code, out, err = keys("list", "--vault", os.path.join(home, "none"), config=False, passphrase=first_phrase)
        expect(code == 1 and "no vault there" in err, f"no vault: {code} {err}")
        code, out, err = keys("list", config=False, passphrase=first_phrase)
        expect(code == 2 and "--vault" in err, f"no vault named: {code} {err}")
        wrong = accounts["binance"]["key"] + "\n" + "0" * 64 + "\n"
        code, out, err = keys("rotate", "binance", typed=wrong, passphrase=first_phrase)
        expect(code == 1 and "refuses the key" in err and "old key was kept" in err, f"a wrong secret: {code} {err}")

        # --- listing ---
        code, out, err = keys("list", "--json", passphrase=first_phrase)
        rows = {row["venue"]: row for row in json.loads(out)}
        expect(code == 0 and sorted(rows) == ["binance", "bitfinex", "coinbase", "upbit"], f"the list: {out}")
        expect(all(row["rights"]["withdraw"] == "no" and row["rights"]["trade"] == "yes" and not row["refused"]
                   for row in rows.values()), f"all keys trade and none withdraws: {out}")
        expect(rows["binance"]["label"] == "trading" and rows["binance"]["checked"], f"label and time: {out}")
        for name, row in rows.items():
            expect(accounts[name]["key"] not in out, f"{name}: the whole key is listed")

        # --- what does not open ---
        with open(vault, "rb") as file:
            sound = file.read()
        code, out, err = keys("list", passphrase=second_phrase)
        expect(code == 1 and "wrong passphrase" in err, f"a wrong passphrase: {code} {err}")
        code, out, err = keys("add", "kraken", "--no-check", typed=given("kraken"), passphrase=second_phrase)
        expect(code == 1 and open(vault, "rb").read() == sound, "a wrong passphrase changes nothing")
        for at in (0, 9, 12, 30, 45, 70, 100, len(sound) - 1):
            with open(vault, "wb") as file:
                file.write(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1:])
            code, out, err = keys("list", passphrase=first_phrase)
            expect(code == 1 and err.startswith("ats: ") and err.count("\n") == 1, f"byte {at} changed: {code} {err}")
        with open(vault, "wb") as file:
            file.write(sound[:50])
        code, out, err = keys("list", passphrase=first_phrase)
        expect(code == 1 and "beginning of a vault" in err, f"a vault cut short: {code} {err}")
        with open(vault, "wb") as file:
            file.write(sound)
        os.chmod(vault, 0o640)
        code, out, err = keys("list", passphrase=first_phrase)
        expect(code == 1 and "chmod 600" in err, f"a vault that others may read: {code} {err}")
        os.chmod(vault, 0o600)
        phrase_file = os.path.join(home, "phrase")
        with open(phrase_file, "w") as file:
            file.write(first_phrase + "\n")
        os.chmod(phrase_file, 0o644)
        code, out, err = keys("list", "--passphrase-file", phrase_file)
        expect(code == 1 and "chmod 600" in err, f"a passphrase file that others may read: {code} {err}")
        os.chmod(phrase_file, 0o600)
        code, out, err = keys("list", "--passphrase-file", phrase_file)
        expect(code == 0, f"a passphrase file: {code} {err}")
        os.remove(phrase_file)

        # --- at a terminal ---
        code, screen = at_a_terminal(["keys", "list", "--config", toml], [("Passphrase for .*: ", first_phrase)])
        expect(code == 0 and "binance" in screen, f"a passphrase typed: {code} {screen}")
        code, screen = at_a_terminal(["keys", "list", "--config", toml], [("Passphrase for .*: ", "\x03")])
        expect(code == 1 and "cancelled" in screen, f"Ctrl-C at the question: {code} {screen}")
        code, screen = at_a_terminal(["keys", "remove", "bitfinex", "--config", toml],
                                     [("Passphrase for .*: ", first_phrase), ("venue's name to do it: ", "no")])
        expect(code == 1 and "nothing was removed" in screen, f"not confirmed: {code} {screen}")
        code, screen = at_a_terminal(["keys", "remove", "bitfinex", "--config", toml],
                                     [("Passphrase for .*: ", first_phrase), ("venue's name to do it: ", "bitfinex")])
        expect(code == 0 and "removed" in screen, f"confirmed: {code} {screen}")
        code, screen = at_a_terminal(
            ["keys", "add", "bitfinex", "--config", toml],
            [("Passphrase for .*: ", first_phrase), ("API key for .*: ", accounts["bitfinex"]["key"]),
             ("Secret for .*: ", accounts["bitfinex"]["secret"])])
        expect(code == 0 and "sound" in screen, f"a key typed: {code} {screen}")

        # --- trading with a key nobody has checked, then refused, then accepted ---
        code, out, err = keys("add", "kraken", "--no-check", typed=given("kraken"), passphrase=first_phrase)
        expect(code == 0 and "unchecked" in out, f"unchecked: {code} {out}{err}")
        run = start_run(passphrase=first_phrase)
        now = wait_until_trading(run)
        expect(now is not None, "ats run trades with the vault's keys")
        look_at_process(run.pid)
        found_in("ats status", json.dumps(now).encode())
        run.send_signal(signal.SIGTERM)
        expect(run.wait(timeout=60) == 0, "ats run ends in order")
        log = open(os.path.join(home, "run.log")).read()
        expect("kraken: nobody has asked" in log, "ats run says which key is unchecked")
        expect("upbit: the key expires on" in log, "ats run says which key ends soon")
        code, out, err = keys("check", passphrase=first_phrase)
        expect(code == 1 and "kraken: the key can withdraw" in err, f"checking all: {code} {out}{err}")
        run = start_run(passphrase=first_phrase)
        expect(run.wait(timeout=60) == 2, "ats run refuses a key that can withdraw")
        log = open(os.path.join(home, "run.log")).read()
        expect("kraken: the key can withdraw" in log and "keys rotate kraken" in log, "and says what to do")
        code, out, err = keys("check", "--accept-withdrawal-rights", passphrase=first_phrase)
        expect(code == 2 and "name its venue" in err, f"accepting everything at once: {code} {err}")
        code, out, err = keys("check", "kraken", "--accept-withdrawal-rights", "--json", passphrase=first_phrase)
        row = json.loads(out)[0]
        expect(code == 0 and row["verdict"] == "accepted" and row["withdrawal_accepted"], f"accepted: {code} {out}{err}")

        # --- another lock: a key file, and nobody needs to be asked ---
        code, out, err = keys("rotate", "--new-key-file", key_file, passphrase=first_phrase)
        expect(code == 0 and stat.S_IMODE(os.stat(key_file).st_mode) == 0o600, f"to a key file: {code} {err}")
        with open(key_file) as file:
            hidden["the key file"] = file.read().split()[1]
        code, out, err = keys("list", passphrase=first_phrase)
        expect(code == 1 and "opened by a key file" in err, f"the old passphrase: {code} {err}")
        edit("vault_key_file", key_file)
        code, out, err = keys("list", "--json")
        expect(code == 0 and len(json.loads(out)) == 5, f"by the key file of the configuration: {code} {err}")
        code, out, err = keys("remove", "kraken")
        expect(code == 2 and "--yes" in err, f"removing unasked: {code} {err}")
        run = start_run()
        expect(wait_until_trading(run) is not None, "ats run opens the vault by its key file")
        look_at_process(run.pid)
        run.send_signal(signal.SIGABRT)
        _, how = os.waitpid(run.pid, 0)
        run.returncode = -signal.SIGABRT
        expect(os.WIFSIGNALED(how) and not os.WCOREDUMP(how), "a crash of ats run leaves no core file")
        expect(not [name for name in os.listdir(home) if name.startswith("core")], "no core file in the folder")
        os.chmod(key_file, 0o604)
        code, out, err = keys("list")
        expect(code == 1 and "chmod 600" in err, f"a key file that others may read: {code} {err}")
        os.chmod(key_file, 0o600)
        code, out, err = keys("rotate", "--key-file", key_file, new_passphrase=second_phrase)
        expect(code == 0, f"back to a passphrase: {code} {err}")
        edit("vault_key_file", "")
        code, out, err = keys("remove", "kraken", "--yes", passphrase=second_phrase)
        expect(code == 0 and "delete the key at the venue" in out, f"removed: {code} {err}")
        code, out, err = keys("list", "--json", passphrase=second_phrase)
        expect(code == 0 and len(json.loads(out)) == 4, f"the others stay: {code} {out}{err}")

        # --- nothing has leaked ---
        found_in("what was printed", "".join(said).encode())
        searched = look_through(home, but={key_file})
        expect(searched >= 4, f"only {searched} files were searched")
        with open(vault, "rb") as file:
            sealed = file.read()
        for name, account in accounts.items():
            expect(account["key"].encode() not in sealed, f"the key of {name} stands in the vault in plain")
        leftovers = [name for name in os.listdir(home) if name.startswith("keys.vault") and
                     name not in ("keys.vault", "keys.vault.lock")]
        expect(not leftovers, f"left beside the vault: {leftovers}")
    finally:
        for process in (run, sim):
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()

finish()
