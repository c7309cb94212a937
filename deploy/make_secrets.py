#!/usr/bin/env python3
"""What the containers of a deployment have to know and nobody else may: an authority of its own, a certificate and key for each process,
passwords of Redis, InfluxDB and Grafana. A folder for each process, as compose mounts it and Kubernetes is given it:

  deploy/make_secrets.py deploy/secrets                       # compose; as root, so that they belong to the containers' user
  deploy/make_secrets.py secrets --engines btc,alts --kubectl  # and prints the commands that hand them over

What is there is kept: run again it makes what is missing. To replace one, remove its folder (all of them: the authority's too).
"""
import argparse, hashlib, os, secrets, shutil, subprocess, sys

USER = 10001  # of the images


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr}")


CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def authority(folder):
    if not os.path.exists(os.path.join(folder, "ca.pem")):
        openssl("req", "-x509", *CURVE, "-keyout", os.path.join(folder, "ca.key"), "-out", os.path.join(folder, "ca.pem"), "-days", "3650",
                "-subj", "/CN=ats")


def certificate(ca, folder, name, days, role, hosts=(), of=""):
    """Its common name is who it is to the risk role, its OU what it may there (docs/grpc.md); it is found by that name, and by `ats`
    where all are asked alike."""
    at = lambda file: os.path.join(folder, file)
    if os.path.exists(at(of + "cert.pem")):
        return
    with open(at("names"), "w") as out:
        out.write("subjectAltName=" + ",".join([f"DNS:{host}" for host in (name, "ats", "localhost", *hosts)] + ["IP:127.0.0.1"] * bool(of)))
    openssl("req", *CURVE, "-keyout", at(of + "key.pem"), "-out", at("csr"), "-subj", f"/CN={name}" + (f"/OU={role}" if role else ""))
    openssl("x509", "-req", "-in", at("csr"), "-CA", os.path.join(ca, "ca.pem"), "-CAkey", os.path.join(ca, "ca.key"), "-CAcreateserial",
            "-days", str(days), "-out", at(of + "cert.pem"), "-extfile", at("names"))
    os.remove(at("names"))
    os.remove(at("csr"))
    shutil.copy(os.path.join(ca, "ca.pem"), at("ca.pem"))


def write(path, text):
    if not os.path.exists(path):
        with open(path, "w") as out:
            out.write(text)


def users(path, lines):
    """Redis' list, with those that are not in it yet: whoever was added or changed by hand stays."""
    write(path, "")
    with open(path) as file:
        there = file.read().strip("\n")
    known = {line.split()[1] for line in there.splitlines() if line.startswith("user ")}
    with open(path, "w") as out:
        out.write("\n".join([*there.splitlines(), *(line for line in lines if line.split()[1] not in known)]) + "\n")


def password(folder, name):
    write(os.path.join(folder, name), secrets.token_hex(24) + "\n")
    with open(os.path.join(folder, name)) as file:
        return file.read().strip()


def make(folder, engines, collectors, days, page_hosts):
    os.umask(0o077)
    at = lambda *words: os.path.join(folder, *words)
    engines = [f"engine-{name}" for name in engines] or ["engine"]
    processes = ["redis", "influx", "risk", "notifier", "dashboard", "prometheus", "grafana", "influx-setup", *collectors, *engines]
    for name in ["authority", *processes]:
        os.makedirs(at(name), exist_ok=True)
    authority(at("authority"))
    for name in processes:
        if name != "grafana":
            certificate(at("authority"), at(name), name, days, "engine" if name in engines else "dashboard" if name == "dashboard" else "")
    # What browsers see says nothing of a role.
    certificate(at("authority"), at("dashboard"), "dashboard", days, "", page_hosts, "page-")
    redis, reader, notifier, influx = (password(at("authority"), name + ".password") for name in ("redis", "reader", "notifier", "influx"))
    write(at("notifier", "redis.password"), notifier + "\n")
    password(at("notifier"), "hook.secret")
    password(at("grafana"), "admin.password")
    for name in [*engines, "risk"]:
        write(at(name, "redis.password"), redis + "\n")
    for name in [*engines, "influx", "influx-setup"]:
        write(at(name, "influx.password"), influx + "\n")
    # Of passwords Redis keeps the hashes. docs/bus.md and docs/notifications.md say what each may do.
    digest = lambda word: "#" + hashlib.sha256(word.encode()).hexdigest()
    users(at("redis", "users.acl"), [
        "user default off", f"user ats on {digest(redis)} ~ats.v1.* &ats.v1.* +ping +set +publish +xadd +xrevrange",
        f"user reader on {digest(reader)} %R~ats.v1.* allchannels +ping +get +psubscribe +xrange",
        f"user notifier on {digest(notifier)} %R~ats.v1.alert.* %R~ats.v1.notice.* resetchannels +ping +xrange"])
    return processes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--engines", default="", help="names of shards, for a certificate each; none: one engine")
    parser.add_argument("--collectors", default="collector-east,collector-west")
    parser.add_argument("--page-hosts", default="", help="names that the dashboard is called by, beside localhost")
    parser.add_argument("--days", type=int, default=365, help="how long certificates are good for")
    parser.add_argument("--kubectl", action="store_true", help="print how Kubernetes is given them")
    options = parser.parse_args()
    split = lambda text: [word for word in text.split(",") if word]
    try:
        processes = make(options.folder, split(options.engines), split(options.collectors), options.days,
                         split(options.page_hosts))
    except (RuntimeError, OSError) as wrong:
        sys.exit(f"make_secrets: {wrong}")
    if options.kubectl:
        for name in processes:
            print(f"kubectl --namespace ats create secret generic {name} --from-file={os.path.join(options.folder, name)}")
    elif os.geteuid() == 0:
        for name in processes:
            for path in [name, *(os.path.join(name, file) for file in os.listdir(os.path.join(options.folder, name)))]:
                os.chown(os.path.join(options.folder, path), USER, USER)
    else:
        print(f"containers run as user {USER}, and read only what is theirs: sudo chown -R {USER}:{USER} {options.folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
