// Who may do what over gRPC: every method of ats.v1.Risk, ats.v1.Engine and ats.v1.Backtests, called with a certificate of
// each role, of none, and of an authority or a time that is not believed. What is right is written down here once more, on purpose.
// usage: node roles_test.mjs ATS        prints one line per check; exits 1 when any fails
import grpc from "@grpc/grpc-js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  backtests_of, call, caller, check, credentials_of, engine_of, expect, finish, make_authority, make_certificate, proto,
  refused, risk_of, start, stop, tls_settings, within,
} from "./support.mjs";

const { PERMISSION_DENIED, UNAVAILABLE } = grpc.status;
const may = {
  viewer: ["look"],
  trader: ["look", "hold", "study"],
  "risk-manager": ["look", "hold", "command", "study"],
  admin: ["look", "hold", "command", "study"],
  engine: ["look", "lease"],
  dashboard: ["look", "hold", "command", "study"],
  nobody: [],
  stranger: [],
};
const takes = {
  Halt: "hold", AcknowledgeAlert: "hold", Resume: "command", SetLimit: "command", WriteOffEngine: "command", Lease: "lease",
  StartBacktest: "study", CancelBacktest: "study",
};

make_authority();
make_certificate("server");
for (const role of Object.keys(may)) make_certificate(`a ${role}`, role === "nobody" ? [] : [role]);
make_certificate("both", ["viewer", "engine"]);
make_certificate("expired", ["admin"], "-1");
const run = await start("roles", tls_settings("server"));

// Every method there is, by the files that say so.
const methods = [];
for (const [name, of] of [["risk", risk_of], ["engine", engine_of], ["backtest", backtests_of]]) {
  const text = readFileSync(join(proto, `ats/v1/${name}.proto`), "utf8");
  for (const [, method, stream] of text.matchAll(/rpc (\w+)\([^)]*\) returns \((stream )?/g)) {
    methods.push({ method, of, streams: Boolean(stream) });
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
      const client = one.of(run.address, ...credentials_of(`a ${role}`));
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

await check("a certificate that is over is not let in", async () => {
  const client = risk_of(run.address, ...credentials_of("expired"));
  await refused(UNAVAILABLE, "", call(client, "GetStatus", {}, 5));
  client.close();
});

expect((await stop(run)) === 0, "it ends in order");
finish();
