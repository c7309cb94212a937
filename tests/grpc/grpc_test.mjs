// A standard gRPC client (npm @grpc/grpc-js, nothing but proto/ and reflection) drives every method of ats.v1.Risk of
// `ats run` on simulated exchanges: without TLS on loopback, and with client certificates.
// usage: node grpc_test.mjs ATS        prints one line per check; exits 1 when any fails
import grpc from "@grpc/grpc-js";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  call, caller, check, credentials_of, decimal, expect, finish, health_of, here, home, make_authority, make_certificate, proto,
  refused, risk_of, service, start, stop, tls_settings, until, within,
} from "./support.mjs";

const { INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, UNAVAILABLE, DEADLINE_EXCEEDED } = grpc.status;

// ---- on loopback

const plain = await start("plain", {});
const risk = risk_of(plain.address);

await check("the standard health service says that it serves", async () => {
  const health = health_of(plain.address);
  for (const name of ["", "ats.v1.Risk", "ats.v1.Engine", "ats.v1.Backtests"]) {
    const answer = await call(health, "Check", { service: name });
    expect(answer.status === "SERVING", answer);
  }
  await refused(NOT_FOUND, "", call(health, "Check", { service: "ats.v1.Nothing" }));
  health.close();
});

await check("reflection lists the services and describes them as proto/ does", async () => {
  const client = service(join(here, "reflection.proto"), "grpc.reflection.v1alpha.ServerReflection", plain.address);
  const stream = client.ServerReflectionInfo();
  stream.write({ list_services: "" });
  const [listed] = await until(stream, () => true);
  const names = listed.list_services_response.service.map((one) => one.name);
  expect(names.includes("grpc.health.v1.Health"), names);
  const files = { "ats.v1.Risk": "risk", "ats.v1.Engine": "engine", "ats.v1.Backtests": "backtest" };
  for (const [name, stem] of Object.entries(files)) {
    const path = `ats/v1/${stem}.proto`;
    expect(names.includes(name), names);
    stream.write({ file_containing_symbol: name });
    const [found] = await until(stream, () => true);
    const file = found.file_descriptor_response.file_descriptor_proto.find((bytes) => bytes.includes(path));
    expect(file, "the file of the service");
    const text = readFileSync(join(proto, path), "utf8");
    for (const [, method] of text.matchAll(/rpc (\w+)/g)) expect(file.includes(method), method);
  }
  stream.end();
  client.close();
});

await check("the status tells that everything is active and reconciled", async () => {
  let status;
  do {
    status = await call(risk, "GetStatus");
  } while (!status.reconciled);
  expect(status.state === "RISK_STATE_ACTIVE" && !status.stopping && !status.paper, status);
  expect(status.incarnation === 1 && status.holds.length === 0, status);
  expect(Math.abs(status.as_of.seconds - Date.now() / 1000) < 10, status.as_of);
});

await check("positions are exact decimals, and equity is the sum of their worths", async () => {
  let told;
  do {
    told = await call(risk, "ListPositions");
  } while (!told.as_of || told.positions.some((p) => p.worth === undefined || p.worth === null || p.worth === ""));
  expect(told.reporting_asset === "USDT" && told.positions.length >= 10, told.positions.length);
  for (const p of told.positions) expect(decimal.test(p.held) && decimal.test(p.mark) && p.mark_age, p);
  const scaled = (text) => {
    const [whole, part = ""] = text.replace("-", "").split(".");
    const value = BigInt(whole + part.padEnd(18, "0").slice(0, 18));
    return text.startsWith("-") ? -value : value;
  };
  const sum = told.exposures.reduce((all, one) => all + scaled(one.worth), 0n);
  expect(sum === scaled(told.equity), `${sum} beside ${told.equity}`);
});

await check("profit and loss is told for the day, the week, the month and ever", async () => {
  let told;
  do {
    told = await call(risk, "GetProfitAndLoss");
  } while (told.periods.length === 0 || told.periods[3].profit.trades < 3);
  expect(told.periods.map((p) => p.kind).join() === "DAY,WEEK,MONTH,EVER", told.periods.map((p) => p.kind));
  const [day] = told.periods;
  expect(/^\d{4}-\d\d-\d\d$/.test(day.label) && day.since, day.label);
  for (const period of told.periods) {
    expect(decimal.test(period.profit.total) && period.profit.trades >= 3, period.profit);
    expect(period.venues.length >= 2 && period.strategies.length >= 1, period);
  }
  expect(decimal.test(told.peak) && decimal.test(told.drawdown), told);
});

await check("a limit is set, shown as changed, and taken back", async () => {
  const limit = { name: "order_notional", scope: { venue: "kraken" } };
  const find = async () =>
    (await call(risk, "ListLimits")).limits.find((l) => l.name === limit.name && l.scope.venue === "kraken");
  expect(!(await find()), "there is none yet");
  const told = await call(risk, "SetLimit", {
    caller: caller("thin books"),
    ...limit,
    hard: "5000.5",
    warn: "4000",
    effect: "LIMIT_EFFECT_REFUSES",
  });
  expect(told.told.some((line) => line.includes("ada: thin books")), told);
  const set = await find();
  expect(set.hard === "5000.5" && set.warn === "4000" && set.changed, set);
  expect(set.effect === "LIMIT_EFFECT_REFUSES" && set.level && set.unit, set);
  await call(risk, "SetLimit", { caller: caller("over"), ...limit, take_back: true });
  expect(!(await find()), "it is back to what the configuration says");
});

await check("what makes no sense is refused, with the code and what would", async () => {
  const ok = { caller: caller("x"), name: "order_notional", hard: "1" };
  await refused(INVALID_ARGUMENT, "request_id", call(risk, "Halt", { caller: { who: "ada", reason: "x" } }));
  await refused(INVALID_ARGUMENT, "who", call(risk, "Halt", { caller: caller("x", "") }));
  await refused(INVALID_ARGUMENT, "reason", call(risk, "Halt", { caller: caller("") }));
  await refused(INVALID_ARGUMENT, "reason", call(risk, "Halt", { caller: caller("x".repeat(64)) }));
  await refused(INVALID_ARGUMENT, "'nowhere'", call(risk, "Halt", { caller: caller("x"), scope: { venue: "nowhere" } }));
  const two = { venue: "kraken", strategy: "maker" };
  await refused(INVALID_ARGUMENT, "more than one", call(risk, "Resume", { caller: caller("x"), scope: two }));
  await refused(INVALID_ARGUMENT, "not a limit", call(risk, "SetLimit", { ...ok, caller: caller("x"), name: "nothing" }));
  await refused(INVALID_ARGUMENT, "not a limit", call(risk, "SetLimit", { ...ok, caller: caller("x"), hard: "many" }));
  await refused(INVALID_ARGUMENT, "hard", call(risk, "SetLimit", { ...ok, caller: caller("x"), hard: "" }));
  const elsewhere = { ...ok, caller: caller("x"), scope: { venue: "elsewhere" } };
  await refused(NOT_FOUND, "elsewhere", call(risk, "SetLimit", elsewhere));
  await refused(NOT_FOUND, "999", call(risk, "AcknowledgeAlert", { caller: caller("x"), number: 999 }));
  expect((await call(risk, "GetStatus")).holds.length === 0, "and nothing was done");
});

await check("an alert is streamed when it is raised, acknowledged, and over", async () => {
  const stream = risk.WatchAlerts({});
  stream.on("error", () => {});
  let last = 0;
  const whole = (seen) => {
    for (const message of seen) expect(message.sequence === ++last, `a hole before ${message.sequence}`);
    return seen[seen.length - 1].alert;
  };
  const raised = until(stream, (m) => m.alert.code === "halt" && m.alert.scope.venue === "kraken");
  const halted = await call(risk, "Halt", { caller: caller("it looks odd"), scope: { venue: "kraken" } });
  expect(halted.holds.some((h) => h.scope.venue === "kraken" && h.state === "RISK_STATE_HALTED"), halted);
  const alert = whole(await raised);
  expect(alert.open && alert.severity === "SEVERITY_WARNING" && alert.message.includes("it looks odd"), alert);
  const status = await call(risk, "GetStatus");
  expect(status.state === "RISK_STATE_ACTIVE" && status.holds[0].scope.venue === "kraken", status);
  expect(status.open_alerts >= 1, status);

  // Another who begins to watch sees it first.
  const later = risk.WatchAlerts({});
  later.on("error", () => {});
  const [before] = await until(later, () => true);
  expect(before.open_before && before.sequence === 1, before);
  later.cancel();

  const acknowledged = until(stream, (m) => m.alert.number === alert.number && m.alert.acknowledged);
  const answer = await call(risk, "AcknowledgeAlert", { caller: caller("on it", "grace"), number: alert.number });
  expect(answer.alert.acknowledged.who === "grace" && answer.alert.open, answer);
  expect(whole(await acknowledged).acknowledged.reason === "on it", "streamed with the reason");
  await refused(
    FAILED_PRECONDITION,
    "grace",
    call(risk, "AcknowledgeAlert", { caller: caller("again"), number: alert.number }),
  );
  const over = until(stream, (m) => m.alert.number === alert.number && !m.alert.open);
  const resumed = await call(risk, "Resume", { caller: caller("all fine"), scope: { venue: "kraken" } });
  expect(resumed.holds.length === 0 && resumed.told.some((line) => line.includes("all fine")), resumed);
  expect(whole(await over).ended_by.includes("all fine"), "and says who ended it");
  stream.cancel();
  const all = await call(risk, "ListAlerts", { all: true });
  const open = await call(risk, "ListAlerts", {});
  expect(all.alerts.some((a) => a.number === alert.number), "it is in the list of all");
  expect(!open.alerts.some((a) => a.number === alert.number), "and not among the open ones");
});

await check("the same request id answers the same, and acts once", async () => {
  const request = { caller: caller("once only"), mode: "REDUCE_ONLY" };
  const first = await call(risk, "Halt", request);
  expect(first.holds.some((h) => h.state === "RISK_STATE_REDUCE_ONLY"), first);
  await call(risk, "Resume", { caller: caller("go on") });
  const second = await call(risk, "Halt", request);
  expect(JSON.stringify(first) === JSON.stringify(second), second);
  expect((await call(risk, "GetStatus")).holds.length === 0, "it was not halted again");
  const halts = (await call(risk, "ListAlerts", { all: true })).alerts.filter((a) => a.message.includes("once only"));
  expect(halts.length === 1 && halts[0].times === 1, halts);
  const other = { ...request, mode: "AT_ONCE" };
  await refused(INVALID_ARGUMENT, "another request", call(risk, "Halt", other));
});

await check("a call whose deadline is over acts no more", async () => {
  await refused(DEADLINE_EXCEEDED, "", call(risk, "Halt", { caller: caller("too late") }, -1));
  expect((await call(risk, "GetStatus")).holds.length === 0, "nothing is halted");
});

await check("positions are streamed: all of them, then those that change, numbered", async () => {
  const stream = risk.WatchPositions({});
  stream.on("error", () => {});
  let updates = 0;
  const seen = await until(stream, (m) => !m.snapshot && ++updates === 5);
  expect(seen[0].snapshot && seen[0].positions.length >= 10 && seen[0].reporting_asset === "USDT", seen[0]);
  seen.forEach((message, n) => expect(message.sequence === n + 1, `a hole before ${message.sequence}`));
  for (const update of seen.slice(1)) {
    expect(!update.snapshot && update.positions.length >= 1 && decimal.test(update.equity), update);
  }
  stream.cancel();
});

await check("everything is halted at once, and the status says so", async () => {
  await call(risk, "Halt", { caller: caller("the end"), mode: "AT_ONCE" });
  const status = await call(risk, "GetStatus");
  expect(status.state === "RISK_STATE_HALTED", status);
  expect(status.holds.some((h) => h.state === "RISK_STATE_HALTED" && !h.resolving), status.holds);
});

await check("two processes cannot listen at one address", async () => {
  const second = spawn(process.argv[2], ["run", "--no-screen", "--data", join(home, "second")], {
    env: { ...process.env, ATS_RISK_LISTEN: plain.address },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  second.stderr.on("data", (bytes) => (said += bytes));
  const code = await new Promise((resolve) => second.on("exit", resolve));
  expect(code === 1 && said.includes("cannot listen"), `${code}: ${said}`);
});

await check("a stop ends the streams in order, and the process with its checks passed", async () => {
  const stream = risk.WatchAlerts({});
  await until(stream, () => true);
  const ended = new Promise((resolve) => stream.on("error", resolve));
  const code = await stop(plain);
  const error = await within(10, ended);
  expect(error.code === UNAVAILABLE, error);
  expect(code === 0, `it ended with ${code}`);
});
risk.close();

// ---- with certificates

await check("other addresses than loopback need certificates", async () => {
  const child = spawn(process.argv[2], ["run", "--no-screen", "--data", join(home, "open")], {
    env: { ...process.env, ATS_RISK_LISTEN: "0.0.0.0:0" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (bytes) => (said += bytes));
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code === 1 && said.includes("risk.tls_cert"), `${code}: ${said}`);
});

await check("with certificates, who asks is who the certificate names, and nobody without one is let in", async () => {
  make_authority();
  make_certificate("server");
  make_certificate("carol", ["admin"]);
  const sealed = await start("sealed", tls_settings("server"));
  const ca = readFileSync(join(home, "ca.pem"));
  const named = { "grpc.ssl_target_name_override": "localhost" };
  const strangers = [
    risk_of(sealed.address),
    risk_of(sealed.address, grpc.credentials.createSsl(ca), named),
  ];
  for (const stranger of strangers) {
    await refused(UNAVAILABLE, "", call(stranger, "GetStatus", {}, 5));
    stranger.close();
  }
  const carol = risk_of(sealed.address, ...credentials_of("carol"));
  const told = await call(carol, "Halt", { caller: caller("by certificate", "somebody else") });
  expect(told.told.some((line) => line.includes("halted by carol: by certificate")), told);
  carol.close();
  expect((await stop(sealed)) === 0, "it ends in order");
});

finish();
