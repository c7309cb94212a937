"""What test scripts share: things that have to hold, now or within a while, counted and told."""
import socket, sys, time

passed, problems = 0, []


def expect(truth, what):
    """One check. Returns whether it holds."""
    global passed
    if truth:
        passed += 1
    else:
        problems.append(what)
        print("FAILED:", what, flush=True)
    return bool(truth)


def wait_for(what, truth, within=40.0):
    """What `truth` returned when it first was something; None, and a failed check, when it never was."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            got = truth()
            if got:
                expect(True, what)
                return got
        except (TypeError, KeyError, OSError):
            pass
        time.sleep(0.1)
    expect(False, f"{what}: not within {within} s")
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def finish():
    """Prints the count; the exit status says whether all held."""
    print(f"{passed} checks passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)
