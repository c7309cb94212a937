"""What test scripts share: things that have to hold, now or within a while, counted and told."""
import os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy"))
from distributed import free_port  # noqa: for those who import this

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


def finish():
    """Prints the count; the exit status says whether all held."""
    print(f"{passed} checks passed, {len(problems)} failed")
    sys.exit(1 if problems else 0)
