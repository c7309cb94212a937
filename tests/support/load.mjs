// node --experimental-websocket load.mjs URL TOKEN PAGES REQUESTS_PER_SECOND SECONDS: so many pages that watch, and so many requests a second over kept
// connections. Prints one JSON object: what was asked, what came back, and how long it took.
import http from "node:http";

const [url, token, pages, rate, seconds] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const topics = ["books", "engine", "risk", "opportunities", "balances", "limits", "system", "equity"];
const paths = ["/api/v1/books", "/api/v1/engine", "/api/v1/opportunities", "/api/v1/balances", "/api/v1/limits", "/api/v1/risk"];
const out = { pages: 0, updates: 0, rows: 0, holes: 0, closed: 0, requests: 0, good: 0, bad: {} };

const open = (n) => new Promise((resolve) => {
  const page = new WebSocket(url.replace("http", "ws") + "/api/v1/stream", { headers });
  let expected = 1;
  page.onopen = () => {
    out.pages += 1;
    for (const topic of topics) page.send(JSON.stringify({ type: "subscribe", topic }));
    resolve(page);
  };
  page.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    if (told.type !== "update") return;
    if (told.n !== expected) out.holes += 1;
    expected = told.n + 1;
    out.updates += 1;
    out.rows += Object.keys(told.rows).length;
  };
  page.onclose = () => { out.closed += 1; };
  page.onerror = () => resolve(null);
});

const opened = [];
for (let n = 0; n < Number(pages); n += 1) opened.push(await open(n));

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const took = [];
const ask = (path) => new Promise((resolve) => {
  const began = performance.now();
  out.requests += 1;
  const request = http.get(url + path, { agent, headers }, (answer) => {
    answer.resume();
    answer.on("end", () => {
      took.push(performance.now() - began);
      if (answer.statusCode === 200) out.good += 1;
      else out.bad[answer.statusCode] = (out.bad[answer.statusCode] ?? 0) + 1;
      resolve();
    });
  });
  request.on("error", (error) => {
    out.bad[error.code] = (out.bad[error.code] ?? 0) + 1;
    resolve();
  });
});

const began = performance.now();
const waiting = [];
await new Promise((resolve) => {
  const timer = setInterval(() => {
    const passed = (performance.now() - began) / 1000;
    while (out.requests < Math.min(passed, Number(seconds)) * Number(rate)) waiting.push(ask(paths[out.requests % paths.length]));
    if (passed >= Number(seconds)) { clearInterval(timer); resolve(); }
  }, 5);
});
await Promise.all(waiting);
took.sort((a, b) => a - b);
out.seconds = (performance.now() - began) / 1000;
out.p50_ms = took[Math.floor(took.length / 2)];
out.p99_ms = took[Math.floor(took.length * 0.99)];
console.log(JSON.stringify(out));
process.exit(0);
