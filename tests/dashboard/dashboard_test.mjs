// The dashboard of a running process in a real browser: who gets in and may do what, a halt that two people lift, and a stream
// that is cut, has holes and ends with its session.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  banner, browser, button, call, check, expect, field, finish, go, home, set_up, start, stop, visitor, words,
} from "./support.mjs";

// Something to play: Kraken bids 101.00 for what Binance asks 100.00 for (Tardis' book_snapshot_2).
const recordings = join(home, "recordings");
mkdirSync(recordings);
const begin = 1_723_100_000_000_000; // µs
const calm = (at) => [at, "99.95", "1.00", "100.05", "1.00"];
for (const [name, venue, symbol, rows] of [
  ["binance.csv", "binance", "BTCUSDT", [0, 15, 25, 35].map((at) => [at, "99.90", "2.01", "100.00", "1.01"])],
  ["kraken.csv", "kraken", "XBT/USDT", [calm(1), [10, "101.00", "0.50", "101.10", "1.00"], calm(10.005), calm(20), calm(30), calm(36)]],
]) {
  const head = ["exchange", "symbol", "timestamp", "local_timestamp"];
  for (const n of [0, 1]) head.push(`asks[${n}].price`, `asks[${n}].amount`, `bids[${n}].price`, `bids[${n}].amount`);
  const lines = rows.map(([at, bid, had, ask, offered]) =>
    [venue, symbol, begin + at * 1e6, begin + at * 1e6, ask, offered, bid, had, "", "", "", ""].join());
  writeFileSync(join(recordings, name), [head.join(), ...lines].join("\n") + "\n");
}

const ats = await start("main", { ATS_ACCESS_FOUR_EYES: "resume", ATS_BACKTEST_DATA: recordings });
const ada = await visitor();
let code_of_ada;

const alive = (page) => page.locator('[data-link="live"]').waitFor();
const state_is = (page, state) => page.locator(".top-bar .badge", { hasText: state }).first().waitFor();

await check("the first page is alive within a second of its own time", async () => {
  // Of the page's thread: what passes on the wall is told, and on a machine that is busy with other things says nothing of the page.
  const walls = [];
  const owns = [];
  for (let n = 0; n < 3; ++n) {
    const page = await visitor();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    const began = Date.now();
    await page.goto(ats.url);
    await field(page, "name").waitFor();
    walls.push(Date.now() - began);
    const { metrics } = await devtools.send("Performance.getMetrics");
    owns.push(Math.round(metrics.find((one) => one.name === "ThreadTime").value * 1000));
    await page.context().close();
  }
  console.log(`        ${walls.join(", ")} ms from the address to the form, nothing of it cached; ${owns.join(", ")} ms of the page's thread`);
  expect(Math.min(...owns) < 1000, `it took ${owns} ms`);
  await ada.goto(ats.url);
}, ada);

await check("without an account it says where the link is", async () => {
  await ada.getByText("one-time link").waitFor();
});

await check("the one-time link makes the first admin, who enrols an authenticator", async () => {
  code_of_ada = await set_up(ada, ats.link, "ada");
  expect(code_of_ada !== undefined, "no authenticator was asked for");
  expect(ada.backup_codes.length >= 8, "fewer than eight backup codes");
  await alive(ada);
  expect(!ada.url().includes("token"), `the token is still in the address: ${ada.url()}`);
});

await check("the link works once", async () => {
  const page = await visitor();
  await page.goto(ats.link);
  await field(page, "name").fill("eve");
  await field(page, "password").fill(words);
  await field(page, "again").fill(words);
  await button(page, "Set up").click();
  await page.locator(".problem").waitFor();
  expect((await page.locator(".top-bar").count()) === 0, "it let somebody in");
  await page.context().close();
});

await check("the overview shows what the engine does", async () => {
  await go(ada, "overview");
  await ada.locator(".venue-line").nth(4).waitFor();
  await ada.locator(".at-latest .tape li").first().waitFor();
  const profit = await ada.locator(".tile-value").first().innerText();
  expect(/\d/.test(profit), `no profit: ${profit}`);
});

// ---- people

const people = {};

await check("an admin invites, and the link is shown once", async () => {
  await go(ada, "users");
  await button(ada, "Invite").click();
  const dialog = ada.getByRole("dialog");
  await dialog.locator('input[name="name"]').fill("tom");
  await dialog.getByText("trader:").click();
  await dialog.getByText("viewer:").click();
  await dialog.getByRole("button", { name: "Invite" }).click();
  const link = await ada.getByRole("dialog").locator(".secret").innerText();
  expect(link.startsWith(`${ats.url}/#/setup?token=`), link);
  await ada.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  people.tom = link;
});

for (const [name, role] of [["vic", "viewer"], ["mia", "risk-manager"], ["max", "risk-manager"]]) {
  const answer = await call(ada, "POST", "/users", { name, roles: [role], scopes: [] });
  people[name] = new URL(answer.body.link, ats.url).href;
}

const page_of = {};
const code_of = {};
await check("each sets up an account of their own through it", async () => {
  await Promise.all(
    ["vic", "tom", "mia", "max"].map(async (name) => {
      page_of[name] = await visitor();
      code_of[name] = await set_up(page_of[name], people[name], name);
      await alive(page_of[name]);
    }),
  );
  expect(code_of.vic === undefined, "a viewer was made to enrol");
  expect(code_of.tom !== undefined, "a trader was not made to enrol");
});

await check("a viewer looks at everything and may do nothing", async () => {
  const page = page_of.vic;
  expect((await page.locator("nav a", { hasText: "Users & audit" }).count()) === 0, "the page of users is there");
  await page.locator(".top-bar .button.danger.off").waitFor();
  await button(page, "Halt").first().click({ force: true });
  expect((await page.getByRole("alertdialog").count()) === 0, "the dialog opened");
  await page.goto(`${ats.url}/#/users`);
  await page.getByText("There is no such page").waitFor();
  for (const [path, body] of [["/halt", { mode: "RESOLVE" }], ["/resume", {}], ["/limits", { name: "order_notional", hard: "1" }], ["/users", { name: "eve", roles: ["admin"] }]]) {
    const answer = await call(page, "POST", path, { ...body, caller: { reason: "test" } });
    expect(answer.status === 403, `${path} answered ${answer.status}`);
  }
  await go(page, "risk");
  await page.locator(".at-limits tbody tr").first().waitFor();
}, page_of.vic);

await check("a trader halts with a reason, and is told what the engine says", async () => {
  const page = page_of.tom;
  await button(page, "Halt").first().click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: "Halt" }).click();
  await dialog.getByText("Say why.").or(dialog.locator(":invalid")).first().waitFor();
  await dialog.locator('input[name="reason"]').fill("looks <b>odd</b>");
  await dialog.getByRole("button", { name: "Halt" }).click();
  await page.getByRole("dialog").getByText("Done").waitFor();
  expect((await page.locator(".told li").count()) > 0, "nothing was told back");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  for (const one of [page, page_of.vic, ada]) await state_is(one, "halted");
  await banner(ada, "held").waitFor();
}, page_of.tom);

await check("a trader does not resume", async () => {
  await go(page_of.tom, "risk");
  const resume = page_of.tom.locator(".at-holds").getByRole("button", { name: /^Resume/ }).first();
  await resume.waitFor();
  expect((await resume.getAttribute("aria-disabled")) === "true", "the button may be used");
  const answer = await call(page_of.tom, "POST", "/resume", { caller: { reason: "test" } });
  expect(answer.status === 403, `it answered ${answer.status}`);
});

await check("resuming takes a code that is fresh, and then a second person", async () => {
  const page = page_of.mia;
  await go(page, "risk");
  await page.locator(".at-holds").getByRole("button", { name: "Resume" }).first().click();
  const dialog = page.getByRole("alertdialog");
  await dialog.locator('input[name="reason"]').fill("it was nothing");
  await dialog.getByRole("button", { name: "Resume" }).click();
  const outcome = page.getByText("Waits for a second person");
  const step_up = page.getByRole("alertdialog").locator('input[name="code"]');
  await outcome.or(step_up).first().waitFor();
  if (await step_up.isVisible()) {
    await step_up.fill(await code_of.mia());
    await page.getByRole("alertdialog").getByRole("button", { name: "Confirm" }).click();
  }
  await outcome.waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  await state_is(page, "halted");
  await banner(page_of.max, "approval").waitFor();
}, page_of.mia);

await check("who asked does not approve, a second risk manager does, and trading goes on", async () => {
  const own = page_of.mia.locator(".at-approvals").getByRole("button", { name: /^Approve/ }).first();
  await own.waitFor();
  expect((await own.getAttribute("aria-disabled")) === "true", "who asked may approve");
  const page = page_of.max;
  await go(page, "risk");
  await page.locator(".at-approvals").getByRole("button", { name: "Approve" }).first().click();
  const dialog = page.getByRole("alertdialog");
  await dialog.locator('input[name="reason"]').fill("agreed");
  await dialog.getByRole("button", { name: "Approve" }).click();
  const step_up = page.getByRole("alertdialog").locator('input[name="code"]');
  const done = page.getByRole("dialog").getByText("Done");
  await done.or(step_up).first().waitFor();
  if (await step_up.isVisible()) {
    await step_up.fill(await code_of.max());
    await page.getByRole("alertdialog").getByRole("button", { name: "Confirm" }).click();
  }
  await done.waitFor();
  for (const one of [page, page_of.vic]) await state_is(one, "active");
}, page_of.max);

await check("a limit is changed with a reason, and everybody sees it", async () => {
  const page = page_of.mia;
  await page.keyboard.press("Escape");
  await go(page, "risk");
  await page.getByRole("button", { name: "Change order_rate" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Hard/).fill("77");
  await dialog.locator('input[name="reason"]').fill("quieter");
  await dialog.getByRole("button", { name: "Set" }).click();
  const step_up = page.getByRole("alertdialog").locator('input[name="code"]');
  const done = page.getByRole("dialog").getByText("Done");
  await done.or(step_up).first().waitFor();
  if (await step_up.isVisible()) {
    await step_up.fill(await code_of.mia());
    await page.getByRole("alertdialog").getByRole("button", { name: "Confirm" }).click();
  }
  await done.waitFor();
  await go(page_of.vic, "risk");
  await page_of.vic.locator(".at-limits tr", { hasText: "order_rate" }).getByText("77 count").waitFor();
}, page_of.mia);

await check("the audit log has who did it, why, and is intact", async () => {
  await go(ada, "users");
  await ada.locator(".at-audit").getByRole("button", { name: "Refresh" }).click();
  await ada.locator(".at-audit").getByText("chain intact").waitFor();
  await ada.locator(".at-audit tbody").getByText("max").first().waitFor();
  const log = await ada.locator(".at-audit tbody").innerText();
  for (const part of ["tom", "mia", "max", "halt", "resume"]) expect(log.includes(part), `no ${part} in ${log.slice(0, 300)}`);
}, ada);

// ---- one trade

await check("a trade is followed from the list to its timeline, books and attribution", async () => {
  const page = page_of.vic;
  await go(page, "trades");
  await page.locator(".at-over tbody a").first().click();
  await page.locator(".at-trade .facts").waitFor();
  await page.locator(".gantt .life").first().waitFor();
  await page.locator(".waterfall rect").first().waitFor();
  expect((await page.locator(".seen-side").count()) === 2, "not both books");
  expect((await page.locator(".at-steps tbody tr").count()) > 4, "hardly a step");
}, page_of.vic);

await check("a leg that fails is followed from the list to the trade that took the other one back", async () => {
  const page = page_of.vic;
  await go(page, "trades");
  const before = await page.locator(".at-over tbody a").first().innerText();
  await page.locator(".at-over .tools .select").click();
  await page.getByRole("option", { name: "unwound" }).click();
  const row = page.locator(".at-over tbody a").filter({ hasText: /^\d+$/ }).first();
  // Whether a venue that rejects for some seconds meets a trade's second leg is the market's to say: it is tried again until one does.
  let found = false;
  for (let n = 0; n < 10 && !found; n += 1) {
    for (const venue of ["kraken", "bitfinex", "upbit"]) {
      const answer = await fetch(`${ats.exchanges}/faults`, { method: "POST", body: JSON.stringify({ venue, kind: "reject", for_ms: 4000 }) });
      expect(answer.ok, `${venue}: ${answer.status} ${await answer.text()}`);
    }
    found = await page.waitForFunction(
      (before) => Number(document.querySelector(".at-over tbody a")?.textContent ?? 0) > Number(before),
      before,
      { timeout: 6_000 },
    ).then(() => true, () => false);
  }
  expect(found, "no leg failed in a minute");
  await row.click();
  await page.locator(".at-trade .badge", { hasText: "unwound" }).waitFor();
  await page.locator(".gantt").getByText("unwind").first().waitFor();
  const legs = await page.locator(".at-legs tbody").innerText();
  expect(/rejected|cancelled|filled/.test(legs), legs);
  await page.locator(".waterfall").getByText("leg cost").waitFor();
}, page_of.vic);

await check("a backtest is started in the page and followed to its report", async () => {
  const page = page_of.mia;
  await page.keyboard.press("Escape");
  await go(page, "backtests");
  const form = page.locator(".at-start");
  await form.getByText("binance.csv").click();
  await form.getByText("kraken.csv").click();
  await form.getByLabel("Name").fill("by hand");
  await form.getByLabel(/^Settings/).fill(
    "paper.balances = binance USDT 1000,binance BTC 5,kraken USDT 1000,kraken BTC 5\npaper.latency = 1ms",
  );
  await form.locator('input[name="reason"]').fill("to see");
  await form.getByRole("button", { name: "Start" }).click();
  const one = page.locator(".at-one");
  await one.getByText("by hand").first().waitFor();
  await one.locator(".badge", { hasText: /done|failed/ }).waitFor({ timeout: 40_000 });
  const problem = one.locator(".problem");
  expect((await problem.count()) === 0, `it says ${(await problem.count()) > 0 ? await problem.first().innerText() : ""}`);
  const [report] = await Promise.all([
    page.context().waitForEvent("page"),
    one.getByRole("link", { name: "Open the report in a tab" }).click(),
  ]);
  await report.waitForLoadState();
  const text = await report.locator("body").innerText();
  expect(/kraken/.test(text) && text.length > 500, `the report says: ${text.slice(0, 200)}`);
  await report.close();
}, page_of.mia);

// ---- the stream

// A stream that the test can make a hole in, or cut.
async function with_stream(page) {
  const control = { drop: 0, asked: [], sockets: 0, socket: undefined };
  await page.routeWebSocket(/\/api\/v1\/stream/, (socket) => {
    control.sockets += 1;
    control.socket = socket;
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      control.asked.push(JSON.parse(text));
      server.send(text);
    });
    server.onMessage((text) => {
      if (control.drop > 0 && JSON.parse(text).type === "update") control.drop -= 1;
      else socket.send(text);
    });
  });
  return control;
}

await check("a hole in the stream is said, and everything is asked for anew", async () => {
  const page = await page_of.vic.context().newPage();
  const control = await with_stream(page);
  await page.goto(`${ats.url}/#/markets`);
  await page.locator(".at-books tbody tr").nth(5).waitFor();
  control.asked = [];
  control.drop = 2;
  await banner(page, "gap").waitFor();
  await page.getByText("complete again").waitFor();
  const again = control.asked.filter((message) => message.type === "snapshot").map((message) => message.topic);
  expect(again.includes("books") && again.includes("engine"), `asked for ${again}`);
  await alive(page);
  await page.close();
}, page_of.vic);

await check("a socket that is cut is said, what is shown is stale, and the page comes back by itself", async () => {
  const page = await page_of.vic.context().newPage();
  const control = await with_stream(page);
  await page.goto(`${ats.url}/#/markets`);
  await page.locator(".at-books tbody tr").nth(5).waitFor();
  await page.context().setOffline(true);
  await control.socket.close();
  await banner(page, "lost").waitFor();
  await page.locator(".at-books.not-fresh").waitFor();
  expect((await page.locator(".at-books tbody tr").count()) > 5, "what was known is gone");
  await page.context().setOffline(false);
  await banner(page, "lost").waitFor({ state: "detached" });
  await page.locator(".at-books:not(.not-fresh)").waitFor();
  expect(control.sockets >= 2, "no second socket");
  await page.close();
}, page_of.vic);

await check("a session that an admin ends is over on its page, too", async () => {
  await go(ada, "overview");
  await go(ada, "users");
  await ada.getByRole("button", { name: /^End the session of tom/ }).first().click();
  await page_of.tom.getByText("Your session is over").waitFor({ timeout: 30_000 });
}, ada);

await check("signing in again takes name, password and a code, and no code twice", async () => {
  const page = page_of.tom;
  const sign_in = async (code) => {
    await field(page, "name").fill("tom");
    await field(page, "password").fill(words);
    if (code && (await field(page, "code").count()) > 0) await field(page, "code").fill(code);
    await button(page, "Sign in").click();
  };
  await sign_in();
  await field(page, "code").waitFor();
  const code = await code_of.tom();
  await sign_in(code);
  await alive(page);
  await page.getByRole("button", { name: "tom" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await field(page, "name").waitFor();
  await sign_in();
  await field(page, "code").waitFor();
  await sign_in(code);
  await page.locator(".problem").waitFor();
  expect((await page.locator(".top-bar").count()) === 0, "the same code let in twice");
}, page_of.tom);

await check("nothing was refused by the browser's policy, and no page fell over", async () => {
  const all = [ada, ...Object.values(page_of)].flatMap((page) => page.complaints);
  expect(all.length === 0, all.slice(0, 3).join(" | "));
});

await check("the process ends in order with pages connected", async () => {
  const code = await stop(ats);
  expect(code === 0, `it ended with ${code}`);
  await banner(ada, "lost").waitFor();
}, ada);

for (const context of browser.contexts()) await context.close();

await check("a session is over after its life, and the page says so", async () => {
  const short = await start("short", { ATS_ACCESS_SESSION_LIFE: "10s", ATS_ACCESS_REQUIRE_TOTP: "false" });
  const page = await visitor();
  const began = Date.now();
  await set_up(page, short.link, "sue");
  await alive(page);
  await page.getByText("Your session is over").waitFor({ timeout: 25_000 });
  const after = (Date.now() - began) / 1000;
  expect(after > 8, `after ${after} s already`);
  expect((await page.locator(".top-bar").count()) === 0, "the page is still there");
  await stop(short);
});

await finish();
