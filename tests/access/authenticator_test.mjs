// A standard authenticator library (otplib) and ats user agree: on the secret, on the URI that the QR code holds, on the code of this
// moment; and a code that was shown is good once.
// usage: node authenticator_test.mjs ATS        prints one line per check; exits 1 when any fails
import otplib from "otplib";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { authenticator, hotp } = otplib;
const data = mkdtempSync(join(tmpdir(), "ats-access-"));
let failed = 0;

function check(what, holds, told = "") {
  if (!holds) failed += 1;
  console.log(`${holds ? "ok     " : "FAILED "} ${what}${holds ? "" : ` ${told}`}`);
}

function user(words, input = "") {
  const done = spawnSync(process.argv[2], ["user", ...words, "--data", data, "--json"], { input, encoding: "utf8" });
  return { code: done.status, error: done.stderr, said: done.status === 0 ? JSON.parse(done.stdout) : null };
}

// RFC 4226's own values, so that the library is known to be one.
const rfc = Buffer.from("12345678901234567890").toString("ascii");
check("the library knows RFC 4226", hotp.generate(rfc, 0) === "755224" && hotp.generate(rfc, 9) === "520489");

check("a user is added", user(["add", "alice", "--role", "trader"], "four plain words here\n").code === 0);
const begun = user(["totp", "alice"]).said;
const uri = new URL(begun.uri);
check("the URI is one of an authenticator", uri.protocol === "otpauth:" && begun.uri.startsWith("otpauth://totp/ATS:alice?"));
check("and holds the secret", uri.searchParams.get("secret") === begun.secret);
check("and what the library takes for granted", uri.searchParams.get("digits") === "6" && uri.searchParams.get("period") === "30" &&
  uri.searchParams.get("algorithm") === "SHA1" && uri.searchParams.get("issuer") === "ATS");
check("the secret has 160 bits of base32", /^[A-Z2-7]{32}$/.test(begun.secret));

const code = authenticator.generate(begun.secret);
const other = String((Number(code) + 1) % 1000000).padStart(6, "0");
check("another code is refused", user(["totp", "alice", "--confirm", other]).code === 1);
const confirmed = user(["totp", "alice", "--confirm", code]);
check("the library's code is taken", confirmed.code === 0, confirmed.error);
check("there are ten backup codes", new Set(confirmed.said?.backupCodes).size === 10);
check("the code does not confirm again", user(["totp", "alice", "--confirm", code]).code === 1);
check("the user has an authenticator", user(["list"]).said[0].totp === true);

rmSync(data, { recursive: true });
process.exit(failed === 0 ? 0 : 1);
