// Who may do what over gRPC: every method of every service of an engine, a notifier and a collector, called with a
// certificate of each role, of none, and of an authority or a time that is not believed. What is right is written down here once more, on purpose.
// usage: node roles_test.mjs ATS        prints one line per check; exits 1 when any fails
import grpc from "@grpc/grpc-js";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  backtests_of, call, caller, check, collector_of, credentials_of, engine_of, expect, finish, home, launch, make_authority,
  make_certificate, notifications_of, proto, refused, risk_of, start, stop, tls_settings, within,
} from "./support.mjs";

const { PERMISSION_DENIED, UNAVAILABLE } = grpc.status;
const may = {
  viewer: ["look"],
  trader: ["look", "hold", "notify", "study"],
  "risk-manager": ["look", "hold", "command", "notify", "study"],
  admin: ["look", "hold", "command", "notify", "study"],
  engine: ["look", "lease"],
  dashboard: ["look", "hold", "command", "notify", "study"],
  nobody: [],
  stranger: [],
};
const takes = {
  Halt: "hold", AcknowledgeAlert: "hold", Resume: "command", SetLimit: "command", WriteOffEngine: "command", Lease: "lease",
  StartBacktest: "study", CancelBacktest: "study", TestChannel: "notify", RetryDeliveries: "notify", AcknowledgeNotice: "notify",
};

make_authority();
make_certificate("server");
for (const role of Object.keys(may)) make_certificate(`a ${role}`, role === "nobody" ? [] : [role]);
make_certificate("both", ["viewer", "engine"]);
make_certificate("expired", ["admin"], "-1");
const run = await start("roles", tls_settings("server"));
const settings = tls_settings("server");
// Nobody has to be told of anything.
const rules = join(home, "notifier.toml");
writeFileSync(rules, `
[redis]
server = "127.0.0.1:1"
[notifier.channel.room]
kind = "discord"
url = "http://127.0.0.1:1/room"
[notifier.rule.all]
channels = ["room"]
`);
const notifier = await launch(["notifier", "--config", rules, "--data", join(home, "notifier"), "--grpc", "127.0.0.1:0"], settings,
  /gRPC ats\.v1\.Notifications on (\S+)/);
const sim = await launch(["sim", "--seed", "5", "--pairs", "BTC/USDT", "--write-config", home], {}, /(\S+)/);
const collector = await launch(["collector", "--config", join(home, "ats.toml"), "--data", join(home, "collector"), "--grpc", "127.0.0.1:0"], settings,
  /gRPC ats\.v1\.Collector on (\S+)/);

// Every method there is, by the files that say so.
const services = [
  ["risk", risk_of, run], ["engine", engine_of, run], ["backtest", backtests_of, run],
  ["notification", notifications_of, notifier], ["collector", collector_of, collector],
];
const methods = [];
for (const [name, of, { address }] of services) {
  const text = readFileSync(join(proto, `ats/v1/${name}.proto`), "utf8");
  for (const [, method, stream] of text.matchAll(/rpc (\w+)\([^)]*\) returns \((stream )?/g)) {
    methods.push({ method, of, address, streams: Boolean(stream) });
  }
}

// The code it was refused with; 0: it was answered, or its stream began.
async function code_of(client, { method, streams }) {
  const request = { caller: caller("to see") };
  if (!streams) {
    try {
      await call(client, method, takes[method] ? request : {});
      return 0;
    } catch (error) {
      return error.code;
    }
  }
  const stream = method === "Lease" ? client.Lease() : client[method]({});
  const code = await within(10, new Promise((resolve) => {
    stream.on("error", (error) => resolve(error.code));
    stream.on("data", () => resolve(0));
    // Nothing has to come of a stream that was let in.
    setTimeout(() => resolve(0), 500);
  }));
  stream.cancel();
  return code;
}

for (const [role, rights] of Object.entries(may)) {
  await check(`${role}: ${methods.length} methods, each as it should be`, async () => {
    for (const one of methods) {
      const client = one.of(one.address, ...credentials_of(`a ${role}`));
      const code = await code_of(client, one);
      client.close();
      const right = takes[one.method] ?? "look";
      expect((code === PERMISSION_DENIED) === !rights.includes(right), `${one.method} was answered with ${code}`);
    }
  });
}

await check("who has two roles may do what either may", async () => {
  const client = risk_of(run.address, ...credentials_of("both"));
  for (const one of methods.filter((m) => m.of === risk_of)) {
    const right = takes[one.method] ?? "look";
    expect(((await code_of(client, one)) === PERMISSION_DENIED) === !["look", "lease"].includes(right), one.method);
  }
  client.close();
});

await check("who acts is whom the certificate names, and with the dashboard's whom the call names", async () => {
  for (const [role, who] of [["trader", "a trader"], ["dashboard", "alice"]]) {
    const client = risk_of(run.address, ...credentials_of(`a ${role}`));
    const { told } = await call(client, "Halt", { caller: { ...caller("to see who"), who: "alice" }, scope: { venue: "kraken" } });
    client.close();
    expect(told.some((line) => line.includes(who)), told);
  }
});

await check("a refusal says what it takes, does nothing, and is in the log", async () => {
  const client = risk_of(run.address, ...credentials_of("a viewer"));
  await refused(PERMISSION_DENIED, "risk-manager", call(client, "Resume", { caller: caller("please") }));
  const limit = { caller: caller("please"), name: "order_notional", hard: "1" };
  await refused(PERMISSION_DENIED, "'a viewer' (viewer)", call(client, "SetLimit", limit));
  const { limits } = await call(client, "ListLimits");
  expect(!limits.some((l) => l.changed), limits.filter((l) => l.changed));
  client.close();
  expect(run.lines.some((line) => line.includes("gRPC refused")), run.lines.slice(-5));
});

await check("a certificate that is over is not let in, anywhere", async () => {
  for (const [of, method, { address }] of [
    [risk_of, "GetStatus", run], [notifications_of, "ListRules", notifier], [collector_of, "GetCollector", collector],
  ]) {
    const client = of(address, ...credentials_of("expired"));
    await refused(UNAVAILABLE, "", call(client, method, {}, 5));
    client.close();
  }
});

for (const one of [run, notifier, collector]) expect((await stop(one)) === 0, "it ends in order");
await stop(sim);
finish();
