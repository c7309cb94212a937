// ats traces, before a receiver that reads what it is sent by OpenTelemetry's own definitions: every trade of a run is one trace, whole and once, whatever
// becomes of the receiver meanwhile.
// usage: node traces_test.mjs ATS        prints one line per check; exits 1 when any fails
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const { opentelemetry } = createRequire(import.meta.url)("@opentelemetry/otlp-transformer/build/src/generated/root");
const Request = opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
const ats = resolve(process.argv[2]);
const home = mkdtempSync(join(tmpdir(), "ats-traces-"));
let passed = 0, failed = 0;

function expect(truth, what) {
  if (truth) passed += 1;
  else failed += 1;
  console.log(`${truth ? "ok      " : "FAILED  "}${what}`);
}
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
async function until(what, truth, seconds = 40) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(50)) if (truth()) return expect(true, what);
  return expect(false, `${what}: not within ${seconds} s`);
}

// What of it is not in OpenTelemetry's definitions; empty: nothing. (Its JSON has 64-bit numbers as strings, and ids in hexadecimal.)
function problem_of(object) {
  const known = Request.toObject(Request.fromObject(object), { longs: String, bytes: String, defaults: true });
  const strange = [];
  const look = (ours, theirs, at) => {
    for (const [key, value] of Object.entries(ours)) {
      if (theirs === null || typeof theirs !== "object" || !(key in theirs)) strange.push(`${at}.${key}`);
      else if (typeof value === "object") look(value, theirs[key], `${at}.${key}`);
      else if (!/Id$/.test(key) && String(value) !== String(theirs[key])) strange.push(`${at}.${key}: ${value} is read as ${theirs[key]}`);
    }
  };
  look(object, known, "");
  return strange.slice(0, 3).join(", ");
}

// What a receiver was sent, by trace.
function receiver() {
  const told = { traces: new Map(), requests: 0, wrong: [], answer: 200, authorization: new Set() };
  told.server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => { text += piece; });
    request.on("end", () => {
      told.requests += 1;
      told.authorization.add(request.headers.authorization ?? "");
      if (told.answer === 200) take(told, request, text);
      response.writeHead(told.answer, { "Content-Type": "application/json" }).end("{}");
    });
  });
  return new Promise((ready) => told.server.listen(0, "127.0.0.1", () => ready(Object.assign(told, { url: `http://127.0.0.1:${told.server.address().port}` }))));
}

function take(told, request, text) {
  if (request.method !== "POST" || request.url !== "/v1/traces") told.wrong.push(request.url);
  const object = JSON.parse(text);
  const problem = problem_of(object);
  if (problem) told.wrong.push(problem);
  for (const { resource, scopeSpans } of object.resourceSpans) {
    if (!resource.attributes.some((a) => a.key === "service.name")) told.wrong.push("no service.name");
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      if (!/^[0-9a-f]{32}$/.test(span.traceId) || !/^[0-9a-f]{16}$/.test(span.spanId) || /^0+$/.test(span.spanId)) told.wrong.push(span.spanId);
      const spans = told.traces.get(span.traceId) ?? [];
      told.traces.set(span.traceId, [...spans, span]);
    }
  }
}

function start(name, words, settings = {}) {
  const process_ = spawn(ats, words, { env: { ...process.env, ATS_DASHBOARD_LISTEN: "", ...settings }, stdio: ["ignore", "pipe", "pipe"] });
  const one = { process: process_, said: "" };
  for (const stream of [process_.stdout, process_.stderr]) stream.on("data", (piece) => { one.said += piece; });
  one.ended = new Promise((end) => process_.on("exit", (code) => end(code)));
  return one;
}
const stop = (one) => { one.process.kill("SIGTERM"); return one.ended; };

const attribute = (span, key) => span.attributes.find((a) => a.key === key)?.value.stringValue;
const root = (spans) => spans.find((span) => !span.parentSpanId);

const run = start("run", ["run", "--no-screen", "--data", join(home, "data"), "--seed", "5"]);
await until("it trades", () => spawnSync(ats, ["trades", join(home, "data"), "--json"], { encoding: "utf8" }).stdout.includes('"trade"') || run.said.includes("trade"));
const first = await receiver();
const follower = start("traces", ["traces", join(home, "data"), "--to", first.url, "--all"]);
await until("traces come", () => first.traces.size >= 10);
first.answer = 503;
await until("a receiver that is busy is asked again later", () => follower.said.includes("takes nothing now"));
await pause(1500);
first.answer = 200;
await until("and what waited comes then", () => follower.said.includes("takes traces again"));
await pause(1500);
expect((await stop(run)) === 0, "the engine never knew of it, and ends in order");
await pause(1500);
expect((await stop(follower)) === 0, `it ends in order: ${follower.said.trim().split("\n").pop()}`);

// The risk role's journal, beside the engine's, may have been written last; it is not the one that is meant.
const role = join(home, "data", readdirSync(join(home, "data")).find((name) => name.endsWith("-risk")));
for (const segment of readdirSync(role)) utimesSync(join(role, segment), Date.now() / 1000, Date.now() / 1000 + 60);
const listed = JSON.parse(spawnSync(ats, ["trades", join(home, "data"), "--json"], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout).trades.filter((t) => t.outcome !== "open");
expect(first.wrong.length === 0, `every request is one by OpenTelemetry's definitions: ${first.wrong.slice(0, 3)}`);
const numbers = [...first.traces.values()].map((spans) => attribute(root(spans), "ats.trade"));
expect(listed.length > 20 && new Set(numbers).size === numbers.length && listed.length === numbers.length, `${listed.length} trades, ${numbers.length} traces, each once`);
let whole = 0;
for (const [id, spans] of first.traces) {
  const top = root(spans), ids = new Set(spans.map((span) => span.spanId));
  const within = spans.every((span) => BigInt(span.startTimeUnixNano) >= BigInt(top.startTimeUnixNano) && BigInt(span.endTimeUnixNano) <= BigInt(top.endTimeUnixNano) &&
    BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano));
  const tree = ids.size === spans.length && spans.every((span) => span === top || ids.has(span.parentSpanId));
  if (within && tree && BigInt("0x" + id.slice(16)) === BigInt(attribute(top, "ats.trade"))) whole += 1;
}
expect(whole === first.traces.size, `each a tree within its root, under the id that follows from its number: ${whole}`);
const names = new Set([...first.traces.values()].flat().map((span) => span.name.split(" ")[0]));
expect(["trade", "book", "order", "encode", "write", "venue"].every((name) => names.has(name)), `from the book to the venue: ${[...names]}`);
const fills = [...first.traces.values()].flat().flatMap((span) => span.events).filter((event) => event.name.startsWith("fill "));
expect(fills.length >= listed.length, `and every fill: ${fills.length}`);

const second = await receiver();
const sampled = spawnSync(ats, ["traces", join(home, "data"), "--all", "--for", "1s", "--sample", "25"], { encoding: "utf8", maxBuffer: 1 << 28 });
const lines = sampled.stdout.trim().split("\n").filter(Boolean);
expect(lines.length > 0 && lines.length < listed.length / 2 && lines.every((line) => !problem_of(JSON.parse(line))), `of every hundred 25: ${lines.length} of ${listed.length}`);
second.answer = 400;
const refused = start("refused", ["traces", join(home, "data"), "--to", second.url, "--all", "--for", "1s"]);
expect((await refused.ended) === 1 && refused.said.includes("refused"), "what is refused for good is said, and not sent again");
for (const [words, code] of [[["--to", "nowhere"], 2], [["--sample", "0"], 2], [["--sample", "101"], 2]]) {
  expect(spawnSync(ats, ["traces", join(home, "data"), ...words]).status === code, `bad words: ${words.join(" ")}`);
}
first.server.close();
second.server.close();
rmSync(home, { recursive: true });
console.log(`${passed} checks passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
