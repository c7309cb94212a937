#!/usr/bin/env python3
"""ats doctor on a deployment that is whole, and on the same with each part broken in turn: it finds that part, and says so.

usage: doctor_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import json, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish, free_port, wait_for
from distributed import System, make_certificates

with tempfile.TemporaryDirectory(prefix="ats-doc-") as home:
    system = System(sys.argv[1], home, pairs="BTC/USDT,ETH/USDT")
    at = system.at
    os.makedirs(at("data"), mode=0o750)
    whole = {**system.tls_of("engine"), "ATS_MARKET_FROM": at("east.sock"), "ATS_RISK_ROLE": system.risk_at,
             "ATS_REDIS_SERVER": system.redis_at, "ATS_REDIS_USER": "ats", "ATS_REDIS_PASSWORD_FILE": at("password"),
             "ATS_REDIS_TLS_CA": at("ca.pem"), **system.influx_settings(system.influx_at)}

    def examine(**changed):
        done = subprocess.run([system.ats, "doctor", "--config", at("sim/ats.toml"), "--data", at("data"), "--json"], capture_output=True,
                              text=True, timeout=120, env={**os.environ, **whole, **changed})
        told = json.loads(done.stdout)
        expect(done.returncode == (1 if told["failed"] else 0), f"exit code {done.returncode}: {told['failed']} failed {done.stderr}")
        return {check["what"]: check for check in told["checks"]}

    def finds(part, said, **changed):
        """That part is what fails, with these words; nothing else does."""
        told = examine(**changed)
        failed = [what for what, check in told.items() if check["health"] == "FAILED"]
        found = [what for what in failed if what.startswith(part)]
        expect(len(found) == 1 and failed == found, f"{part}: {failed}")
        expect(found and said in told[found[0]]["said"], f"{part}: expected '{said}': {told.get(found[0] if found else part)}")

    try:
        for name in ("redis", "influx", "sim", "risk", "east"):
            system.start(name)
        wait_for("the collector is ready", lambda: system.ready("east"))
        wait_for("the risk role is ready", lambda: system.ready("risk"))
        told = examine()
        failed = {what: check["said"] for what, check in told.items() if check["health"] == "FAILED"}
        expect(not failed, f"whole: {failed}")
        for part in ("clock", "disk", "journal", "general.credentials_file", "redis.tls_ca", "risk.tls_cert", "venue kraken", "venue upbit",
                     f"redis {system.redis_at}",
                     f"influx https://{system.influx_at}", "influx.secret_file", "influx.tls_ca", "monitoring.listen", "version",
                     f"risk role {system.risk_at}", f"collector {at('east.sock')}"):
            expect(part in told, f"{part} is looked at: {sorted(told)}")
        expect("lists 2 of 2 pairs" in told["venue kraken"]["said"], told["venue kraken"]["said"])

        make_certificates(os.makedirs(at("other")) or at("other"), ("engine",))
        with open(os.open(at("open"), os.O_WRONLY | os.O_CREAT, 0o644), "w") as out:
            out.write("x")
        with open(os.open(at("wrong"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write("wrong")
        nowhere = f"127.0.0.1:{free_port()}"
        finds("redis ", "connection refused", ATS_REDIS_SERVER=nowhere)
        finds("redis ", "WRONGPASS", ATS_REDIS_PASSWORD_FILE=at("wrong"))
        finds("redis ", "", ATS_REDIS_TLS_CA=at("other/ca.pem"))
        finds("influx ", "does not answer", ATS_INFLUX_SERVER=f"https://{nowhere.replace('127.0.0.1', 'localhost')}")
        finds("influx ", "another machine", ATS_INFLUX_SERVER="http://influx.desk:8086")
        finds("influx ", "401", ATS_INFLUX_SECRET_FILE=at("wrong"))
        finds("influx ", "", ATS_INFLUX_TLS_CA=at("other/ca.pem"))
        finds("influx ", "ats influx setup", ATS_INFLUX_DATABASE="none")
        expect(system.history_fills() == 0 and not system.ask_influx('SELECT * FROM "events"./.*/'), "and has written nothing there")
        finds("dashboard.listen", "ats tls init", ATS_DASHBOARD_LISTEN="0.0.0.0:8420")
        finds("monitoring.listen", "risk.tls_cert", ATS_MONITORING_LISTEN="0.0.0.0:9464", ATS_RISK_TLS_CERT="", ATS_RISK_TLS_KEY="",
              ATS_RISK_TLS_CA="", ATS_RISK_ROLE="")
        finds("risk role ", "no connection", ATS_RISK_ROLE=nowhere.replace("127.0.0.1", "localhost"))
        finds("risk role ", "certificate", ATS_RISK_TLS_CERT=at("other/engine.pem"), ATS_RISK_TLS_KEY=at("other/engine.key"))
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("idle.key"), "-out",
                        at("idle.csr"), "-subj", "/CN=engine"], check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-in", at("idle.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial",
                        "-out", at("idle.pem")], check=True, capture_output=True)
        finds("risk role ", "OU=engine", ATS_RISK_TLS_CERT=at("idle.pem"), ATS_RISK_TLS_KEY=at("idle.key"))
        finds("collector ", "nobody answers", ATS_MARKET_FROM=at("none.sock"))
        finds("venue kraken", "", ATS_VENUE_KRAKEN_REST_URL=f"http://{nowhere}")
        finds("general.vault_key_file", "others may read", ATS_GENERAL_VAULT_KEY_FILE=at("open"))

        # Those that need their own call: a folder that is a file, a journal that is none, an end that has come.
        done = subprocess.run([system.ats, "doctor", "--config", at("sim/ats.toml"), "--data", at("open")], capture_output=True, text=True,
                              timeout=120, env={**os.environ, **whole})
        expect(done.returncode == 1 and "is no folder" in done.stdout, done.stdout)
        os.makedirs(at("data/journal"))
        with open(at("data/journal/journal-000001.ats"), "wb") as out:
            out.write(b"nonsense" * 100)
        finds("journal", "journal-000001")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3", "-keyout",
                        at("soon.key"), "-out", at("soon.pem"), "-subj", "/CN=engine"], check=True, capture_output=True)
        os.remove(at("data/journal/journal-000001.ats"))
        told = examine(ATS_GENERAL_CA_FILE=at("soon.pem"))
        expect(told["general.ca_file"]["health"] == "warning" and "replace it" in told["general.ca_file"]["said"], str(told["general.ca_file"]))
    finally:
        system.end_all()

finish()
