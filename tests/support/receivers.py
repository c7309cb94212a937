"""Real servers that people are told over: SMTP with STARTTLS and a password (aiosmtpd), and HTTP for webhooks and chats. Each fails
as it is asked to, and keeps what it took."""
import hashlib, hmac, http.server, json, logging, random, socket, socketserver, ssl, sys, threading, time
from email import message_from_bytes
from email.header import decode_header, make_header

sys.path.append("/usr/lib/python3/dist-packages")  # where Debian has it, whichever python3 runs this
from aiosmtpd.controller import Controller  # noqa: E402
from aiosmtpd.smtp import AuthResult, LoginPassword

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # what it says of clients that were killed


class Mail:
    def __init__(self, raw):
        parsed = message_from_bytes(raw)
        self.key = parsed["X-ATS-Delivery"]
        self.id, self.sender, self.to = parsed["Message-ID"], parsed["From"], parsed["To"]
        self.subject = str(make_header(decode_header(parsed["Subject"])))
        parts = {p.get_content_type(): p.get_payload(decode=True).decode() for p in parsed.walk() if not p.is_multipart()}
        self.text, self.html = parts.get("text/plain", ""), parts.get("text/html", "")


class SmtpServer:
    """`certificate`, `key`: with them nothing is taken before STARTTLS and a login."""

    def __init__(self, port, user=None, password=None, certificate=None, key=None):
        self.mails, self.refusals, self.logins = [], 0, 0
        self.fault = lambda: None  # "busy", "refuse", "cut": of the next mail
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)

        def authenticate(server, session, envelope, mechanism, data):
            self.logins += 1
            right = isinstance(data, LoginPassword) and data.login == user.encode() and data.password == password.encode()
            return AuthResult(success=right, handled=False)  # the server says so itself

        options = dict(server_hostname="localhost", enable_SMTPUTF8=True)
        if context:
            options.update(tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)
        self.controller = Controller(self, hostname="127.0.0.1", port=port, **options)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        fault = self.fault()
        if fault == "busy":
            self.refusals += 1
            return "451 not now"
        if fault == "refuse":
            self.refusals += 1
            return "554 not this one"
        self.mails.append(Mail(envelope.content))
        if fault == "cut":  # taken, and nobody is told
            server.transport.abort()
            return "250 taken"
        return "250 taken"

    def stop(self):
        self.controller.stop()


class Post:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.raw, self.at = path, headers, body, time.time()
        self.key, self.body = headers.get("Idempotency-Key"), json.loads(body)


class Hooks(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port=0, context=None):
        self.posts, self.refused = [], []
        self.fault = lambda path: None  # (kind, …): of the next post
        self.answer = b"ok"
        hooks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                post = Post(self.path, dict(self.headers), body)
                fault = hooks.fault(self.path)
                if fault in ("busy", "refuse", "slow_down"):
                    status = {"busy": 503, "refuse": 400, "slow_down": 429}[fault]
                    hooks.refused.append((fault, post))
                    return self.reply(status, b"no", {"Retry-After": "1"} if fault == "slow_down" else {})
                if fault == "silent":  # neither taken nor answered
                    time.sleep(1)
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                hooks.posts.append(post)
                if fault == "cut":  # taken, and nobody is told
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                self.reply(200, hooks.answer)

            def reply(self, status, body, headers={}):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", port), Handler)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def handle_error(self, request, client_address):
        pass  # a client that was killed

    def at(self, path):
        return [post for post in self.posts if post.path == path]


def signed(post, secret, within=300):
    """By the secret, of now, and of what was posted."""
    stamp = post.headers["X-ATS-Timestamp"]
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + post.raw, hashlib.sha256).hexdigest()
    return post.headers["X-ATS-Signature"] == "sha256=" + mac and abs(time.time() - int(stamp)) < within


def faults(seed, chances):
    """Draws one of `chances` ({kind: one in so many}) or None, the same way for the same seed."""
    draw = random.Random(seed)

    def next_fault(*_):
        for kind, one_in in chances.items():
            if draw.randrange(one_in) == 0:
                return kind
        return None
    return next_fault
