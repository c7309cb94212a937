// What the tests of gRPC share: a running process, a standard client of it, certificates, and how a check is told.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));
export const proto = join(here, "..", "..", "proto");
const options = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true };
export const home = mkdtempSync(join(tmpdir(), "ats-grpc-"));
let passed = 0;
let failed = 0;
let asked = 0;

export function expect(condition, what) {
  if (!condition) throw new Error(typeof what === "string" ? what : JSON.stringify(what));
}

export function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function check(name, body) {
  try {
    await within(40, body());
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.message}`);
  }
}

// ---- a process, and its client

// Until it prints a line with the address in it.
export async function launch(words, settings, says) {
  const child = spawn(process.argv[2], words, { env: { ...process.env, ...settings }, stdio: ["ignore", "pipe", "inherit"] });
  const lines = [];
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const address = await within(
    60,
    new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        lines.push(line);
        const found = says.exec(line);
        if (found) resolve(found[1]);
      });
      ended.then((code) => reject(new Error(`it ended with ${code}`)));
    }),
  );
  return { child, address, lines, ended };
}

export const start = (name, settings) =>
  launch(
    ["run", "--no-screen", "--seed", "11", "--data", join(home, name)],
    { ATS_RISK_LISTEN: "127.0.0.1:0", ...settings },
    /gRPC ats\.v1\.Risk, .* on (\S+)/,
  );

export async function stop(started) {
  started.child.kill("SIGTERM");
  return within(60, started.ended);
}

export function service(file, name, address, credentials = grpc.credentials.createInsecure(), more = {}) {
  const definition = loader.loadSync(file, { ...options, includeDirs: [proto] });
  const of = name.split(".").reduce((at, part) => at[part], grpc.loadPackageDefinition(definition));
  return new of(address, credentials, more);
}

export const risk_of = (address, ...more) => service("ats/v1/risk.proto", "ats.v1.Risk", address, ...more);
export const backtests_of = (address, ...more) => service("ats/v1/backtest.proto", "ats.v1.Backtests", address, ...more);
export const notifications_of = (address, ...more) =>
  service("ats/v1/notification.proto", "ats.v1.Notifications", address, ...more);
export const collector_of = (address, ...more) => service("ats/v1/collector.proto", "ats.v1.Collector", address, ...more);
export const health_of = (address) => service(join(here, "health.proto"), "grpc.health.v1.Health", address);
export const engine_of = (address, ...more) => service("ats/v1/engine.proto", "ats.v1.Engine", address, ...more);

export function call(client, method, request = {}, seconds = 10) {
  return new Promise((resolve, reject) => {
    client[method](request, { deadline: Date.now() + seconds * 1000 }, (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

export async function refused(code, says, promise) {
  try {
    await promise;
  } catch (error) {
    expect(error.code === code, `refused with ${error.code} ${error.details}, not ${code}`);
    expect(error.details.includes(says), `it says "${error.details}", not "${says}"`);
    return;
  }
  throw new Error(`it was not refused with ${code}`);
}

export const caller = (reason, who = "ada") => ({ request_id: `test-${++asked}`, who, reason });

// Messages of a stream until one of them is it.
export function until(stream, is) {
  return new Promise((resolve, reject) => {
    const seen = [];
    const look = (message) => {
      seen.push(message);
      if (!is(message)) return;
      stream.off("data", look);
      resolve(seen);
    };
    stream.on("data", look);
    stream.on("error", reject);
  });
}

export const decimal = /^-?\d+(\.\d+)?$/;

// ---- certificates

const openssl = (...words) => execFileSync("openssl", words, { stdio: "ignore" });
const file = (name) => join(home, name);
const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

// An authority in the home directory; certificates of it, for localhost, with these organisational units.
export function make_authority() {
  openssl("req", "-x509", ...curve, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-subj", "/CN=test ca");
  writeFileSync(file("names"), "subjectAltName=DNS:localhost");
}

export function make_certificate(name, units = [], days = "30") {
  const subject = `/CN=${name}` + units.map((unit) => `/OU=${unit}`).join("");
  openssl("req", ...curve, "-keyout", file(`${name}.key`), "-out", file(`${name}.csr`), "-subj", subject);
  openssl("x509", "-req", "-in", file(`${name}.csr`), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-days", days,
    "-CAcreateserial", "-out", file(`${name}.pem`), "-extfile", file("names"));
}

// What a client of that certificate hands to service(), risk_of(), engine_of().
export function credentials_of(name) {
  const read = (one) => readFileSync(file(one));
  return [
    grpc.credentials.createSsl(read("ca.pem"), read(`${name}.key`), read(`${name}.pem`)),
    { "grpc.ssl_target_name_override": "localhost" },
  ];
}

export const tls_settings = (name) => ({
  ATS_RISK_TLS_CERT: file(`${name}.pem`),
  ATS_RISK_TLS_KEY: file(`${name}.key`),
  ATS_RISK_TLS_CA: file("ca.pem"),
});

// The last line of a test.
export function finish() {
  rmSync(home, { recursive: true, force: true });
  console.log(`${passed} checks passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
