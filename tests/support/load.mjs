// node load.mjs URL TOKEN PAGES REQUESTS_PER_SECOND SECONDS: so many pages that watch, and so many requests a second over kept
// connections. Prints one JSON object: what was asked, what came back, and how long it took.
import http from "node:http";
import { randomBytes } from "node:crypto";

const [url, token, pages, rate, seconds] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const topics = ["books", "engine", "risk", "opportunities", "balances", "limits", "system", "equity"];
const paths = ["/api/v1/books", "/api/v1/engine", "/api/v1/opportunities", "/api/v1/balances", "/api/v1/limits", "/api/v1/risk"];
const out = { pages: 0, updates: 0, rows: 0, holes: 0, closed: 0, requests: 0, good: 0, bad: {} };

const TEXT = 1, PING = 9, PONG = 10;

// A masked frame, as clients send them; short ones alone.
function frame(kind, content) {
  const payload = Buffer.from(content), mask = randomBytes(4);
  return Buffer.concat([Buffer.from([0x80 | kind, 0x80 | payload.length]), mask, payload.map((byte, n) => byte ^ mask[n % 4])]);
}

// Each whole frame of what has come; the rest is given back.
function messages(bytes, each) {
  for (;;) {
    if (bytes.length < 2) return bytes;
    let size = bytes[1] & 127, head = 2;
    if (size === 126 && bytes.length >= 4) [size, head] = [bytes.readUInt16BE(2), 4];
    else if (size === 127 && bytes.length >= 10) [size, head] = [Number(bytes.readBigUInt64BE(2)), 10];
    else if (size >= 126) return bytes;
    if (bytes.length < head + size) return bytes;
    each(bytes[0] & 15, bytes.subarray(head, head + size));
    bytes = bytes.subarray(head + size);
  }
}

const open = () => new Promise((resolve) => {
  const request = http.get(url + "/api/v1/stream", {
    headers: { ...headers, Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": randomBytes(16).toString("base64") },
  });
  request.on("upgrade", (_, socket, first) => {
    out.pages += 1;
    let expected = 1, rest = Buffer.alloc(0);
    const take = (bytes) => {
      rest = messages(Buffer.concat([rest, bytes]), (kind, payload) => {
        if (kind === PING) socket.write(frame(PONG, payload));
        if (kind !== TEXT) return;
        const told = JSON.parse(payload.toString());
        if (told.type !== "update") return;
        if (told.n !== expected) out.holes += 1;
        expected = told.n + 1;
        out.updates += 1;
        out.rows += Object.keys(told.rows).length;
      });
    };
    take(first);
    socket.on("data", take);
    socket.on("close", () => { out.closed += 1; });
    for (const topic of topics) socket.write(frame(TEXT, JSON.stringify({ type: "subscribe", topic })));
    resolve();
  });
  request.on("response", (answer) => { answer.resume(); resolve(); });
  request.on("error", () => resolve());
});

for (let n = 0; n < Number(pages); n += 1) await open();

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
