// A standard gRPC client (npm @grpc/grpc-js, nothing but proto/) drives every method of ats.v1.Notifications of `ats notifier`,
// which hears of alerts from a real Redis and tells them to web servers of this test.
// usage: node notifications_test.mjs ATS        prints one line per check; exits 1 when any fails, 77 without redis-server
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as listen } from "node:net";
import { join } from "node:path";
import { call, caller, check, expect, finish, health_of, home, launch, notifications_of, proto, refused, stop, within } from "./support.mjs";

const { INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION } = grpc.status;
try {
  execFileSync("redis-server", ["--version"]);
} catch {
  console.log("redis-server is not installed");
  process.exit(77);
}

const free_port = () =>
  new Promise((resolve) => {
    const server = listen().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
const until_so = async (ask, is) =>
  within(20, (async () => {
    for (;;) {
      const answer = await ask();
      if (is(answer)) return answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })());

// ---- Redis, two web servers (one refuses for good), and the notifier

const port = await free_port();
const redis = spawn("redis-server", ["--port", port, "--bind", "127.0.0.1", "--dir", home, "--save", ""], { stdio: "ignore" });
const redis_says = (words, input) => execFileSync("redis-cli", ["-p", String(port), ...words], { input, stdio: ["pipe", "pipe", "ignore"] }).toString();
await until_so(
  () => {
    try {
      return redis_says(["PING"]);
    } catch {
      return ""; // not yet
    }
  },
  (said) => said.includes("PONG"),
);
const posts = [];
const answering = (status) =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", () => {
        posts.push({ status, key: request.headers["idempotency-key"], body: JSON.parse(body) });
        response.writeHead(status).end(status === 200 ? "fine" : "no such hook");
      });
    }).listen(0, "127.0.0.1", () => resolve(server));
  });
const pager = await answering(200);
const broken = await answering(400);
const data = join(home, "notifier");
mkdirSync(data);
const config = join(data, "ats.toml");
writeFileSync(config, `
[general]
data_dir = "${data}"
[redis]
server = "127.0.0.1:${port}"
[notifier.channel.pager]
kind = "webhook"
url = "http://127.0.0.1:${pager.address().port}/"
[notifier.channel.broken]
kind = "webhook"
url = "http://127.0.0.1:${broken.address().port}/"
[notifier.rule.all]
channels = ["pager"]
quiet = "02:00-03:00"
escalate_after = "1h"
escalate_to = ["broken"]
[notifier.rule.daily]
channels = ["broken"]
at_least = "emergency"
digest = "daily"
daily_at = "07:30"
`);
const run = await launch(["notifier", "--config", config, "--grpc", "127.0.0.1:0"], {}, /gRPC ats\.v1\.Notifications on (\S+)/);
const notifier = notifications_of(run.address);

// As an engine puts it into its stream.
const bus = loader.loadSync("ats/v1/engine.proto", { keepCase: true, longs: String, enums: String, includeDirs: [proto] });
const journal = Date.now();
let number = 0;
function tell(alert) {
  number += 1;
  const at = { seconds: Math.floor(Date.now() / 1000), nanos: 0 };
  const message = { source: "engine", journal, life: 1, number, at, alert: { times: 1, scope: "all", open: true, ...alert } };
  const bytes = bus["ats.v1.Engine"].WatchFills.responseSerialize(message);
  redis_says(["-x", "XADD", "ats.v1.alert.engine", `${journal}-${number}`, "m"], bytes);
}

// ---- the checks

await check("it says what it is, and that it hears", async () => {
  const told = await until_so(() => call(notifier, "GetNotifier"), (n) => n.redis_up);
  expect(told.rules === 2 && told.open_matters === 0 && told.running && told.as_of, told);
  expect(told.streams.some((s) => s.key === "ats.v1.alert.engine"), told.streams);
  const health = health_of(run.address);
  expect((await call(health, "Check", { service: "ats.v1.Notifications" })).status === "SERVING", "it serves");
  health.close();
});

await check("rules and channels are those of the configuration", async () => {
  const { rules } = await call(notifier, "ListRules");
  const all = rules.find((rule) => rule.name === "all");
  expect(all.channels.join() === "pager" && all.at_least === "SEVERITY_WARNING" && all.digest === "immediate", all);
  expect(all.quiet === "02:00-03:00" && all.quiet_passes === "SEVERITY_CRITICAL" && all.all_clear, all);
  expect(all.escalate_after.seconds === 3600 && all.escalate_to.join() === "broken", all);
  const daily = rules.find((rule) => rule.name === "daily");
  expect(daily.digest === "daily" && daily.daily_at === "07:30" && !daily.quiet && !daily.escalate_after, daily);
  const { channels } = await call(notifier, "ListChannels");
  expect(channels.map((c) => c.name).sort().join() === "broken,pager", channels);
  expect(channels.every((c) => c.kind === "webhook" && c.breaker === "closed" && !c.last_failure), channels);
});

await check("an alert is a matter, and a delivery with its attempt and the answer to it", async () => {
  tell({ what: "new", alert: 1, severity: "critical", code: "halt", message: "halted by ada: odd" });
  const { matters } = await until_so(() => call(notifier, "ListMatters"), (m) => m.matters.length === 1);
  const [matter] = matters;
  expect(matter.source === "engine" && matter.category === "halt" && matter.severity === "SEVERITY_CRITICAL", matter);
  expect(matter.open_alerts.join() === "1" && !matter.acknowledged && matter.message.includes("ada"), matter);
  const standing = matter.standings.find((s) => s.rule === "all");
  expect(standing.told && standing.escalates_at && standing.escalations === 0, standing);
  const told = await until_so(
    () => call(notifier, "ListDeliveries", { state: "DELIVERY_STATE_DELIVERED" }),
    (d) => d.deliveries.length === 1,
  );
  const [delivery] = told.deliveries;
  expect(delivery.channel === "pager" && delivery.rule === "all" && delivery.attempts === 1 && delivery.title, delivery);
  const whole = await call(notifier, "GetDelivery", { number: delivery.number });
  expect(whole.delivery.key === delivery.key && posts.some((p) => p.key === delivery.key), whole.delivery);
  expect(whole.hits.length === 1 && whole.hits[0].message.includes("ada") && whole.hits[0].kind, whole.hits);
  expect(whole.tried.length === 1 && whole.tried[0].number === 1 && whole.tried[0].ended, whole.tried);
  expect(whole.tried[0].outcome === "accepted" && whole.tried[0].answer.includes("200"), whole.tried);
});

await check("what somebody has seen is escalated no more", async () => {
  const seen = { source: "engine", alert: 1 };
  await refused(NOT_FOUND, "7", call(notifier, "AcknowledgeNotice", { caller: caller("x"), source: "engine", alert: 7 }));
  await call(notifier, "AcknowledgeNotice", { caller: caller("I look"), ...seen });
  const { matters } = await call(notifier, "ListMatters");
  expect(matters[0].acknowledged && matters[0].standings.every((s) => !s.escalates_at), matters[0]);
});

await check("a matter that is over is no open one, and is known", async () => {
  tell({ what: "over", alert: 1, severity: "critical", code: "halt", message: "resumed", ends: [1], open: false });
  await until_so(() => call(notifier, "ListMatters"), (m) => m.matters.length === 0);
  const { matters } = await call(notifier, "ListMatters", { all: true });
  expect(matters.length === 1 && matters[0].open_alerts.length === 0, matters);
});

await check("a channel is tested once for each request; one that refuses leaves a dead letter, which is tried again", async () => {
  const request = { caller: caller("does it work"), channel: "broken" };
  const first = await call(notifier, "TestChannel", request);
  expect((await call(notifier, "TestChannel", request)).delivery === first.delivery, "the same request, the same delivery");
  const dead = async () => (await call(notifier, "GetDelivery", { number: first.delivery }));
  const letter = await until_so(dead, (d) => d.delivery.state === "DELIVERY_STATE_DEAD");
  expect(letter.delivery.reason.includes("400") && letter.delivery.rule === "test", letter.delivery);
  expect(letter.hits[0].message.includes("ada"), letter.hits);
  const counted = (await call(notifier, "ListChannels")).channels.find((c) => c.name === "broken");
  expect(counted.dead === 1 && counted.attempts === 1 && counted.breaker === "closed", counted);
  const retried = await call(notifier, "RetryDeliveries", { caller: caller("again"), number: first.delivery });
  expect(retried.retried === 1, retried);
  const again = await until_so(dead, (d) => d.delivery.state === "DELIVERY_STATE_DEAD" && d.tried.length === 2);
  expect(again.delivery.key === letter.delivery.key, "under its old key");
  expect((await call(notifier, "RetryDeliveries", { caller: caller("all") })).retried === 1, "all dead letters");
  await refused(FAILED_PRECONDITION, "999", call(notifier, "RetryDeliveries", { caller: caller("x"), number: 999 }));
});

await check("the control socket says the same", async () => {
  const asked = (words) => JSON.parse(execFileSync(process.argv[2], ["notify", ...words, "--data", data, "--json"]).toString());
  const { rules } = await call(notifier, "ListRules");
  expect(asked(["rules"]).rules.map((r) => r.rule).join() === rules.map((r) => r.name).join(), "rules");
  const { deliveries } = await call(notifier, "ListDeliveries");
  expect(asked(["history"]).deliveries.map((d) => d.key).join() === deliveries.map((d) => d.key).join(), "deliveries");
});

await check("what makes no sense is refused, with the code and what would", async () => {
  await refused(INVALID_ARGUMENT, "last", call(notifier, "ListDeliveries", { last: 1001 }));
  await refused(NOT_FOUND, "999", call(notifier, "GetDelivery", { number: 999 }));
  await refused(NOT_FOUND, "nowhere", call(notifier, "TestChannel", { caller: caller("x"), channel: "nowhere" }));
  await refused(INVALID_ARGUMENT, "request_id", call(notifier, "TestChannel", { channel: "pager" }));
});

expect((await stop(run)) === 0, "it ends in order");
notifier.close();
redis.kill("SIGKILL");
for (const server of [pager, broken]) server.close();
finish();
