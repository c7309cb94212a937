"""A client of the dashboard's API, as a script of a user's would be: sessions with authenticator, tokens, the stream. Standard library only."""
import base64, hashlib, hmac, http.client, json, os, socket, ssl, struct, threading, time, urllib.parse


def totp(secret, step):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    @property
    def reason(self):
        return ((self.json or {}).get("error") or {}).get("reason", "") if isinstance(self.json, dict) else ""

    @property
    def code(self):
        return ((self.json or {}).get("error") or {}).get("code", "") if isinstance(self.json, dict) else ""

    def __repr__(self):
        return f"{self.status} {self.body[:200]!r}"


class Console:
    """`url`: "http://127.0.0.1:8420"; "https://localhost:8420" with an authority's file. One user's, or nobody's."""

    def __init__(self, url, timeout=15, authority=None):
        self.url, self.timeout, self.authority = url, timeout, authority
        self.host = urllib.parse.urlparse(url).netloc
        self.cookie = self.csrf = self.token = self.secret = None
        self.name, self.step = "", 0

    def ask(self, method, path, body=None, headers=None, raw=None):
        connection = (http.client.HTTPSConnection(self.host, timeout=self.timeout, context=ssl.create_default_context(cafile=self.authority))
                      if self.authority else http.client.HTTPConnection(self.host, timeout=self.timeout))
        sent = {"Host": self.host}
        if self.cookie:
            sent["Cookie"] = self.cookie
            if method != "GET":
                sent["X-CSRF-Token"] = self.csrf or ""
                sent["Origin"] = self.url
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        data = raw
        if body is not None:
            data = json.dumps(body)
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        try:
            connection.request(method, path, body=data, headers=sent)
            answer = connection.getresponse()
            out = Answer(answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()
        cookie = out.headers.get("Set-Cookie")
        if cookie:
            self.cookie = cookie.split(";")[0]
        if isinstance(out.json, dict) and out.json.get("csrf"):
            self.csrf = out.json["csrf"]
        return out

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, {} if body is None else body, **more)

    def code(self):
        """One that was not used: a step's code is good once, and those of the steps beside the present one are taken."""
        step = max(self.step + 1, int(time.time()) // 30 - 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.5)
        self.step = step
        return totp(self.secret, step)

    def set_up(self, link, name, password):
        token = urllib.parse.parse_qs(urllib.parse.urlparse(link.replace("/#", "")).query)["token"][0]
        self.name, self.password = name, password
        return self.post("/api/v1/setup", {"token": token, "name": name, "password": password})

    def enrol(self):
        made = self.post("/api/v1/session/totp")
        self.secret = made.json["secret"]
        return self.post("/api/v1/session/totp/confirm", {"code": self.code()})

    def sign_in(self, code=True):
        body = {"name": self.name, "password": self.password}
        if code and self.secret:
            body["code"] = self.code()
        return self.post("/api/v1/session", body)

    def step_up(self):
        return self.post("/api/v1/session/step-up", {"code": self.code()})


class Stream:
    """The WebSocket: messages in `heard`, until it is cut; `closed` says with which code."""

    def __init__(self, console, origin=True, headers=None):
        host, port = console.host.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=15)
        lines = [f"GET /api/v1/stream HTTP/1.1", f"Host: {console.host}", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
        if console.cookie:
            lines.append("Cookie: " + console.cookie)
        if console.token:
            lines.append("Authorization: Bearer " + console.token)
        if origin:
            lines.append("Origin: " + (console.url if origin is True else origin))
        self.socket.sendall(("\r\n".join(lines + (headers or [])) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            got = self.socket.recv(1)
            if not got:
                break
            head += got
        self.status = int(head.split(b" ")[1]) if head else 0
        self.heard, self.closed, self.reading = [], None, True
        if self.status == 101:
            self.thread = threading.Thread(target=self.read, daemon=True)
            self.thread.start()

    def take(self, n):
        out = b""
        while len(out) < n:
            got = self.socket.recv(n - len(out))
            if not got:
                raise OSError("cut")
            out += got
        return out

    def read(self):
        try:
            while True:
                while not self.reading:
                    time.sleep(0.01)
                first, second = self.take(2)
                size = second & 127
                if size == 126:
                    size = struct.unpack(">H", self.take(2))[0]
                elif size == 127:
                    size = struct.unpack(">Q", self.take(8))[0]
                payload = self.take(size)
                if first & 15 == 1:
                    self.heard.append(json.loads(payload))
                elif first & 15 == 9:
                    self.write(10, payload)
                elif first & 15 == 8:
                    self.closed = struct.unpack(">H", payload[:2])[0] if len(payload) > 1 else 1005
                    return
        except OSError:
            self.closed = self.closed or 1006

    def write(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([128 | opcode]) + (bytes([128 | size]) if size < 126 else bytes([254]) + struct.pack(">H", size))
        self.socket.sendall(head + mask + bytes(b ^ mask[n % 4] for n, b in enumerate(payload)))

    def say(self, message):
        self.write(1, json.dumps(message).encode())

    def subscribe(self, topic):
        self.say({"type": "subscribe", "topic": topic})

    def updates(self, topic=None):
        return [m for m in list(self.heard) if m["type"] == "update" and (topic is None or m["topic"] == topic)]

    def rows(self, topic):
        """What a page holds after all that was told."""
        rows = {}
        for update in self.updates(topic):
            rows = {**({} if update["snapshot"] else rows), **update["rows"]}
            for key in update["gone"]:
                rows.pop(key, None)
        return rows

    def close(self):
        self.socket.close()
