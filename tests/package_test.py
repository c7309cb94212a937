#!/usr/bin/env python3
"""The Debian package, of the program that is built already: made, looked into, installed into a root of its own with its scripts, its
program and configuration tried there, upgraded, removed and purged.

usage: package_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import glob, os, re, shutil, subprocess, sys, tempfile, tomllib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.dirname(os.path.abspath(sys.argv[1]))
UNITS = sorted(os.path.basename(unit) for unit in glob.glob(os.path.join(ROOT, "deploy/systemd/*.service")))
CONFIGS = sorted(os.path.basename(config) for config in glob.glob(os.path.join(ROOT, "deploy/config/*.toml")))


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, **more)
    return done.returncode, done.stdout + done.stderr


def works(what, *words, **more):
    code, said = run(*words, **more)
    expect(code == 0, f"{what}: {said[-800:]}")
    return said


# Under fakeroot, whoever runs this: owners and modes come out as an installation by root would have them.
LIFE = r"""
set -e
dpkg_in() { dpkg --root="$1" --force-not-root --force-depends --force-script-chrootless --no-triggers --log=/dev/null "${@:2}" >/dev/null; }
state() { (cd "$1" && stat -c '%A %U:%u %g %n' etc/ats etc/ats/*.toml var/lib/ats usr/bin/ats 2>&1); }
mkdir -p "$1/var/lib/dpkg/info" "$1/var/lib/dpkg/updates" "$1/etc"
touch "$1/var/lib/dpkg/status"
printf 'root:x:0:0::/root:/bin/sh\n' >"$1/etc/passwd"
printf 'root:x:0:\n' >"$1/etc/group"
dpkg_in "$1" --install "$2"
echo "== installed"; state "$1"; grep '^ats:' "$1/etc/passwd" "$1/etc/group"
echo '# mine' >>"$1/etc/ats/ats.toml"; chmod 600 "$1/etc/ats/risk.toml"; echo journal >"$1/var/lib/ats/journal"
dpkg_in "$1" --install "$2"
echo "== again"; state "$1"; tail -n 1 "$1/etc/ats/ats.toml"
dpkg_in "$1" --remove ats
echo "== removed"; state "$1" || true
dpkg_in "$1" --purge ats
echo "== purged"; state "$1" || true; cat "$1/var/lib/ats/journal"
"""

with tempfile.TemporaryDirectory(prefix="ats-pack-") as home:
    works("cpack makes it", "cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", home)
    package = (glob.glob(os.path.join(home, "*.deb")) or [""])[0]
    version = works("the program says its version", sys.argv[1], "--version").split()[1]
    expect(os.path.basename(package).startswith(f"ats_{version}_"), f"named after version and machine: {package}")

    control = works("its control file", "dpkg-deb", "--field", package)
    depends = re.search(r"^Depends: (.*)$", control, re.M)[1]
    # Each library that the program is linked with comes with one of them: dpkg-shlibdeps has found it.
    for library in ("libc6 (>=", "libstdc++6", "libssl3", "libgrpc++1.51", "libprotobuf32", "libsodium23", "libhiredis0.14", "libsqlite3-0", "libzstd1", "libqrencode4"):
        if library == "libsqlite3-0" and "libsqlite3" not in works("what it is linked with", "ldd", sys.argv[1]):
            continue
        expect(library in depends, f"depends on {library}: {depends}")
    expect("systemd-standalone-sysusers" in depends, "and on what makes its user, also where systemd is not")

    listed = {line.split()[5]: line for line in works("its content", "dpkg-deb", "--contents", package).splitlines()}
    for name in ["./usr/bin/ats", "./usr/lib/sysusers.d/ats.conf", "./usr/share/man/man1/ats.1.gz", "./usr/share/doc/ats/operating.md",
                 "./usr/share/ats/prometheus/ats.rules.yaml", "./usr/share/ats/grafana/ats.json",
                 *("./lib/systemd/system/" + unit for unit in UNITS), *("./etc/ats/" + config for config in CONFIGS)]:
        expect(name in listed, f"{name} is in it")
    expect(all("root/root" in line for line in listed.values()), "all of it is root's")
    expect(not any(line[8] == "w" for line in listed.values() if line[0] != "l"), "nobody else may write it")
    for config in CONFIGS:
        expect(listed["./etc/ats/" + config].startswith("-rw-r-----"), f"{config}: not for everybody: {listed['./etc/ats/' + config]}")
    conffiles = works("its conffiles", "dpkg-deb", "--info", package, "conffiles").split()
    expect(sorted(conffiles) == ["/etc/ats/" + config for config in CONFIGS], f"what an administrator changes is kept: {conffiles}")

    # Its maintainer has no address yet.
    code, said = run("lintian", "--fail-on", "error", "--suppress-tags", "bogus-mail-host,bogus-mail-host-in-debian-changelog", package)
    expect(code == 0, f"lintian: {said}")

    # As it would lie there: the program runs, reads the configuration beside it, and the units name what is there.
    there = os.path.join(home, "there")
    works("it is unpacked", "dpkg-deb", "--extract", package, there)
    expect(works("the installed program", there + "/usr/bin/ats", "--version").split()[1] == version, "is the one that was built")
    for config in CONFIGS:
        works(f"{config} is accepted", there + "/usr/bin/ats", "config", f"{there}/etc/ats/{config}")
    with open(f"{there}/etc/ats/ats.toml", "rb") as file:
        expect(tomllib.load(file)["paper"]["enabled"] is True, "as it comes it trades on paper")
    for unit in UNITS:
        text = open(f"{there}/lib/systemd/system/{unit}").read()
        command = re.search(r"^ExecStart=(/usr/bin/ats) (\w+) .*--config (\S+)", text, re.M)
        expect(command and os.path.exists(there + command[1]) and os.path.exists(there + command[3]), f"{unit} starts what is there")
        expect(run(there + command[1], command[2], "--help")[0] == 0, f"{unit}: there is a role {command[2]}")
        for line in ("User=ats", "NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectory=ats"):
            expect(line in text, f"{unit}: {line}")
    works("the manual page is one", "sh", "-c", f"gzip -t {there}/usr/share/man/man1/ats.1.gz")
    if shutil.which("systemd-analyze"):
        # It looks for the program that a unit names, which is not installed on this machine.
        copies = [os.path.join(home, unit) for unit in UNITS]
        for copy in copies:
            with open(f"{there}/lib/systemd/system/{os.path.basename(copy)}") as unit, open(copy, "w") as out:
                out.write(unit.read().replace("ExecStart=/usr/bin/ats", f"ExecStart={there}/usr/bin/ats"))
        said = works("systemd accepts the units", "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *copies)
        expect("nknown" not in said, f"and knows all of their lines: {said}")

    with open(os.path.join(home, "life.sh"), "w") as out:
        out.write(LIFE)
    life = works("installed, upgraded, removed, purged", "fakeroot", "bash", os.path.join(home, "life.sh"), os.path.join(home, "root"), package)
    stage = dict(re.findall(r"== (\w+)\n(.*?)(?=== |\Z)", life, re.S))
    if expect(set(stage) == {"installed", "again", "removed", "purged"}, life):
        ids = dict(re.findall(r"/etc/(passwd|group):ats:[^:]*:(\d+)", stage["installed"]))
        user, group = ids["passwd"], ids["group"]
        expect("/usr/sbin/nologin" in stage["installed"] and "/var/lib/ats" in stage["installed"], "its user cannot log in")
        for owned in (f"drwxr-x--- root:0 {group} etc/ats\n", f"-rw-r----- root:0 {group} etc/ats/ats.toml", "-rwxr-xr-x root:0 0 usr/bin/ats"):
            expect(owned in stage["installed"], f"{owned}: {stage['installed']}")
        expect(re.search(rf"drwxr-x--- \S+:{user} {group} var/lib/ats", stage["installed"]), f"data are its user's: {stage['installed']}")
        expect("# mine" in stage["again"], "an upgrade leaves what was changed in a configuration")
        expect("-rw------- root:0" in stage["again"], "and who may read it")
        expect("etc/ats/ats.toml" in stage["removed"] and "cannot stat" in stage["removed"], "removed: the configuration stays, the program goes")
        expect("etc/ats/ats.toml" not in re.sub(r"stat: .*", "", stage["purged"]), "purged: the configuration goes")
        expect("\njournal\n" in stage["purged"], f"and the journal stays: {stage['purged']}")
        expect("stay in /var/lib/ats" in life, "which is said")

finish()
