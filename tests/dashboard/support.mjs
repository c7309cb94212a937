// What the tests of the dashboard share: a running process, a browser with the people in it, an authenticator, and how a check
// is told.
import { chromium } from "playwright-core";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";

export const home = mkdtempSync(join(tmpdir(), "ats-dashboard-"));
export const screens = join(process.cwd(), "build", "dashboard-screens");
mkdirSync(screens, { recursive: true });
const failure = (n) => join(screens, `failed-${basename(process.argv[1], ".mjs")}-${n}.png`);
for (let n = 1; n < 40; ++n) rmSync(failure(n), { force: true });
const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(program)) {
  console.log(`skipped: there is no ${program}`);
  process.exit(77);
}

let passed = 0;
let failed = 0;

export function expect(condition, what) {
  if (!condition) throw new Error(typeof what === "string" ? what : JSON.stringify(what));
}

export function within(seconds, promise, what = "no answer") {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What a failed check was looking at is kept beside the screens.
let looking_at;
export async function check(name, body, page) {
  looking_at = page ?? looking_at;
  try {
    await within(60, body());
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${String(error.message).split("\n").slice(0, 6).join(" | ")}`);
    await looking_at?.screenshot({ path: failure(failed) }).catch(() => undefined);
  }
}

// ---- a process

const processes = new Set();

export async function start(name, settings = {}) {
  const env = {
    ...process.env,
    ATS_RISK_LISTEN: "127.0.0.1:0",
    ATS_DASHBOARD_LISTEN: "127.0.0.1:0",
    ...settings,
  };
  const words = ["run", "--no-screen", "--seed", "11", "--data", join(home, name)];
  const child = spawn(process.argv[2], words, { env, stdio: ["ignore", "pipe", "inherit"] });
  processes.add(child);
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  let exchanges = "";
  const link = await within(
    60,
    new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        exchanges ||= /simulated exchanges: (\S+)\/venues/.exec(line)?.[1] ?? "";
        const found = /(https?:\/\/\S+\/#\/setup\?token=\S+)/.exec(line);
        if (found) resolve(found[1]);
      });
      ended.then((code) => reject(new Error(`it ended with ${code}`)));
    }),
    "no link for the first administrator",
  );
  return { child, link, url: new URL(link).origin, exchanges, ended };
}

export async function stop(started) {
  started.child.kill("SIGTERM");
  const code = await within(60, started.ended, "it did not end");
  processes.delete(started.child);
  return code;
}

// ---- an authenticator (RFC 6238): no code is given twice, since none is taken twice

export function authenticator(secret) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of secret.replace(/[\s=]/g, "")) bits += letters.indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  let used = 0;
  const code_at = (counter) => {
    const message = Buffer.alloc(8);
    message.writeBigUInt64BE(BigInt(counter));
    const mac = createHmac("sha1", key).update(message).digest();
    const at = mac[19] & 15;
    return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  };
  // The one before, of now, or the next: what a server lets pass for clocks that differ.
  return async function code() {
    for (;;) {
      const now = Math.floor(Date.now() / 30_000);
      const next = Math.max(used + 1, now - 1);
      if (next <= now + 1) {
        used = next;
        return code_at(next);
      }
      await rest(500);
    }
  };
}

// ---- a browser

export const browser = await chromium.launch({
  executablePath: program,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});

// Somebody at a machine of their own. What the browser itself complains about is collected: a refused script or style is a fault.
export async function visitor(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource|WebSocket/.test(message.text())) page.complaints.push(message.text());
  });
  return page;
}

export const field = (page, name) => page.locator(`input[name="${name}"]`);
export const button = (page, name) => page.getByRole("button", { name, exact: true });
export const banner = (page, name) => page.locator(`[data-banner="${name}"]`);

export const words = "correct horse battery staple";

// Through a one-time link: a name, a password, and an authenticator where the roles need one.
export async function set_up(page, link, name) {
  await page.goto(link);
  await field(page, "name").fill(name);
  await field(page, "password").fill(words);
  await field(page, "again").fill(words);
  await button(page, "Set up").click();
  await page.locator(".qr, .top-bar").first().waitFor();
  if ((await page.locator(".qr").count()) === 0) return undefined;
  return enrol(page);
}

export async function enrol(page) {
  const secret = await page.locator(".secret").innerText();
  const code = authenticator(secret);
  await field(page, "code").fill(await code());
  await button(page, "Confirm").click();
  await page.locator(".backup-codes li").first().waitFor();
  page.backup_codes = await page.locator(".backup-codes li").allInnerTexts();
  await button(page, "I have kept them").click();
  await page.locator(".top-bar").waitFor();
  return code;
}

// What the page itself would send, with its cookie and its CSRF token.
export function call(page, method, path, body, headers = {}) {
  return page.evaluate(
    async ([method, path, body, headers]) => {
      const session = await (await fetch("/api/v1/session")).json();
      const answer = await fetch(`/api/v1${path}`, {
        method,
        headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf ?? "", ...headers },
        body: method === "GET" ? null : JSON.stringify(body ?? {}),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? {} : JSON.parse(text) };
    },
    [method, path, body, headers],
  );
}

export async function go(page, name) {
  await page.evaluate((hash) => (location.hash = hash), `#/${name}`);
  await page.locator(`main .page.${name.split("/")[0]}`).waitFor();
}

// The last lines of a test: only what it started is ended.
export async function finish() {
  await browser.close();
  for (const child of processes) {
    child.kill("SIGTERM");
    await within(20, new Promise((resolve) => child.on("exit", resolve)), "it did not end").catch(() => child.kill("SIGKILL"));
  }
  rmSync(home, { recursive: true, force: true });
  console.log(`${passed} checks passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
