# SPDX-License-Identifier: ISC
"""What system tests talk to: a webhook receiver, a real mail server and a real web server, each on a port of its own.

All are context managers and record what reaches them with the monotonic time of its arrival.  `wait(n)` blocks
until n things have come (no test sleeps by guess).
"""
import base64, email, email.policy, fcntl, glob, hashlib, hmac, http.client, http.server, json, os, pwd, random, shutil, socket
import socketserver, ssl, subprocess, tempfile, threading, time
from pathlib import Path

PATIENCE = int(os.environ.get("MONITORD_PATIENCE", "1"))  # a daemon under a sanitizer is slower by that much
SMTPD = shutil.which("smtpd", path="/usr/sbin:/usr/bin")
WITH_US = ["setpriv", "--pdeathsig", "TERM"]  # a test that is killed leaves no server behind
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, seconds=10, what="condition"):
    """Polls `condition` until it is true and returns its value.  `what` may be a function: asked when it was in vain."""
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what() if callable(what) else what}: not within {seconds} s")
        time.sleep(0.005)


def unix_time(arrived):
    """The wall time of a moment of the monotonic clock, to compare it with a server's log."""
    return time.time() - (time.monotonic() - arrived)


def wait_for_port(port, process=None, seconds=10):
    def open_():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False
    wait_until(open_, seconds, f"port {port}")


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Request:
    """One request as it came."""

    def __init__(self, method, path, headers, body, arrived):
        self.method, self.path, self.headers, self.body, self.arrived = method, path, headers, body, arrived
        self.status = None     # what it was answered; None if it was left hanging
        self.signature_ok = None  # None if the receiver has no secret

    @property
    def id(self):
        return self.headers.get("webhook-id")

    def json(self):
        return json.loads(self.body)


def signature(secret, msg_id, timestamp, body):
    """The value of webhook-signature that Standard Webhooks prescribes."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    mac = hmac.new(key, f"{msg_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


class WebhookReceiver:
    """An HTTP server that answers by a script: `answers` holds what the next requests get, `then` what all later ones.

    An answer is a status, "hang" (the request stays open until close), "drop" (the connection is cut), a tuple
    (status, {header: value}, body), or a function of the Request that gives one of these.
    """

    def __init__(self, secret=None, answers=(), then=200):
        self.secret, self.then = secret, then
        self._answers = list(answers)
        self._requests = []
        self._changed = threading.Condition()
        self._closing = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver._handle(self)
            do_PUT = do_PATCH = do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass  # a client that is killed in the middle is what some tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def script(self, *answers, then=None):
        """Replaces what is left of the script."""
        with self._changed:
            self._answers = list(answers)
            if then is not None:
                self.then = then

    @property
    def requests(self):
        with self._changed:
            return list(self._requests)

    def ids(self):
        return [r.id for r in self.requests]

    def delivered(self):
        """The requests that were answered with 2xx."""
        return [r for r in self.requests if r.status is not None and 200 <= r.status < 300]

    def wait(self, n=1, seconds=10):
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= n, seconds):
                raise AssertionError(f"webhook: {len(self._requests)} of {n} requests within {seconds} s")
            return list(self._requests)

    def _verify(self, request):
        if self.secret is None:
            return None
        h = request.headers
        stamp = h.get("webhook-timestamp", "")
        fresh = stamp.isdigit() and abs(time.time() - int(stamp)) < 300
        want = signature(self.secret, h.get("webhook-id", ""), stamp, request.body)
        return fresh and any(hmac.compare_digest(want, s) for s in h.get("webhook-signature", "").split())

    def _handle(self, handler):
        arrived = time.monotonic()
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        request = Request(handler.command, handler.path, {k.lower(): v for k, v in handler.headers.items()}, body, arrived)
        request.signature_ok = self._verify(request)
        with self._changed:
            answer = self._answers.pop(0) if self._answers else self.then
        if callable(answer):
            answer = answer(request)
        if request.signature_ok is False:
            answer = 401
        status, headers, text = answer if isinstance(answer, tuple) else (answer, {}, "ok")
        request.status = None if status in ("hang", "drop") else status
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
        self._answer(handler, status, headers, text.encode())

    def _answer(self, handler, status, headers, text):
        if status == "hang":
            self._closing.wait()
        if status in ("hang", "drop"):
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)


class GrowingFeeds(WebhookReceiver):
    """A server of `n` feeds: at each request a few more items, one in three of which says Sutskever."""

    WINDOW = 200  # items of a document; more than can come between two polls

    def __init__(self, seed, n=16):
        super().__init__(then=self._document)
        self.lock, self.rng, self.growing = threading.Lock(), random.Random(seed), True
        self.items = {i: [] for i in range(n)}

    def feed(self, n):
        """The address of the n-th."""
        return f"http://127.0.0.1:{self.port}/{n}"

    def matching(self):
        """The ids of all items so far that say it."""
        with self.lock:
            return {i for items in self.items.values() for i in items if "Sutskever" in self._title(i)}

    def _document(self, request):
        n = int(request.path.strip("/"))
        with self.lock:
            items = self.items[n]
            for _ in range(self.rng.randrange(8) if self.growing else 0):
                items.append(f"{n}-{len(items)}")
            shown = items[:-self.WINDOW - 1:-1]
        entries = "".join(f"<item><guid isPermaLink='false'>{i}</guid><title>{self._title(i)}</title></item>" for i in shown)
        return 200, {"Content-Type": "application/rss+xml"}, \
            f"<rss version='2.0'><channel><title>feed {n}</title>{entries}</channel></rss>"

    @staticmethod
    def _title(item):
        return f"Sutskever, item {item}" if sum(map(int, item.split("-"))) % 3 == 0 else f"Nobody, item {item}"


def make_certificate(folder):
    """A certificate for 127.0.0.1 and localhost that vouches for itself: (certificate, key)."""
    cert, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


class OddServer:
    """A web server for what no honest one sends: `answers[path]` is the whole answer in bytes, or a function that gets
    a `send(bytes)` and a `wait(seconds)`, both of which end it when the client or the test has gone.

    An unknown path is answered 404.  `requests` are Request objects.
    """

    class Gone(Exception):
        pass

    def __init__(self, answers=None, host="127.0.0.1"):
        self.answers = dict(answers or {})
        self.requests = []
        self._closing = threading.Event()
        odd = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                line = self.rfile.readline().decode("latin-1").split()
                if len(line) != 3:
                    return
                headers = {k.lower(): v for k, v in http.client.parse_headers(self.rfile).items()}
                odd.requests.append(Request(line[0], line[1], headers, b"", time.monotonic()))
                answer = odd.answers.get(line[1], b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                try:
                    if callable(answer):
                        answer(self.send, self.wait)
                    else:
                        self.send(answer)
                except odd.Gone:
                    pass

            def send(self, data):
                try:
                    self.request.sendall(data)
                except OSError:
                    raise odd.Gone from None
                if odd._closing.is_set():
                    raise odd.Gone

            def wait(self, seconds):
                if odd._closing.wait(seconds):
                    raise odd.Gone

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server((host, 0), Handler)
        self.port = self._server.server_address[1]
        self._host = host
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def url(self, path):
        return f"http://{self._host}:{self.port}{path}"

    def asked(self, path):
        return [r for r in list(self.requests) if r.path == path]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Mail:
    """One mail of one recipient, parsed: `message` is an email.message.EmailMessage."""

    def __init__(self, raw, arrived, mail_from=None, rcpt_to=None):
        self.raw, self.arrived, self.mail_from, self.rcpt_to = raw, arrived, mail_from, rcpt_to
        self.message = email.message_from_bytes(raw, policy=email.policy.default)

    @property
    def id(self):
        return self.message["Message-ID"]

    def part(self, kind):
        """The decoded text of the "plain" or "html" part."""
        return self.message.get_body((kind,)).get_content()


class _OpenSmtpd:
    """The real smtpd, delivering every recipient to one maildir.  It has one queue for a machine: one at a time."""

    def __init__(self, folder):
        # the second one of a machine listens for a moment before it ends
        with socket.socket(socket.AF_UNIX) as control:
            assert control.connect_ex("/run/smtpd.sock") != 0, "another smtpd runs on this machine"
        self.folder, self.maildir, self.port = folder, folder / "mail", free_port()
        nobody = pwd.getpwnam("nobody")
        self.maildir.mkdir()
        os.chown(self.maildir, nobody.pw_uid, nobody.pw_gid)
        lines = ['table everyone { "@" = "nobody" }',
                 f"listen on 127.0.0.1 port {self.port} hostname mail.test",
                 f'action "keep" maildir "{self.maildir}" virtual <everyone>',
                 'match from any for any action "keep"']
        conf = folder / "smtpd.conf"
        conf.write_text("\n".join(lines) + "\n")
        conf.chmod(0o600)
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen([*WITH_US, SMTPD, "-d", "-f", conf], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)
        self.seen = {}

    def mails(self):
        for path in glob.glob(f"{self.maildir}/new/*"):
            if path not in self.seen:
                status = os.stat(path)
                ago = max(0.0, time.time() - status.st_mtime)
                raw = Path(path).read_bytes()
                mail = Mail(raw, time.monotonic() - ago)
                mail.rcpt_to = mail.message["Delivered-To"]
                mail.mail_from = (mail.message["Return-Path"] or "").strip("<> ")
                self.seen[path] = mail
        return sorted(self.seen.values(), key=lambda m: m.arrived)

    def close(self):
        stop(self.process)
        self.log.close()


class _Aiosmtpd:
    """A mail server in this process: for those who are not root, and for scripted refusals."""

    def __init__(self, folder, tls, users, refusals):
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult
        self.list, self.lock, self.refusals = [], threading.Lock(), refusals
        options = {}
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*make_certificate(folder))
            options.update(tls_context=context, require_starttls=True)
        if users:
            def check(server, session, envelope, mechanism, data):
                login, password = data.login.decode(), data.password.decode()
                return AuthResult(success=users.get(login) == password, handled=False)
            options.update(authenticator=check, auth_required=True, auth_require_tls=tls)
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        with self.lock:
            if self.refusals:
                return self.refusals.pop(0)
            for rcpt in envelope.rcpt_tos:
                self.list.append(Mail(envelope.content, time.monotonic(), envelope.mail_from, rcpt))
        return "250 OK"

    def mails(self):
        with self.lock:
            return list(self.list)

    def close(self):
        self.controller.stop()


class MailReceiver:
    """A mail server: the real OpenSMTPD where that can run (root, nothing special wanted), else aiosmtpd; `real` says.

    The special is aiosmtpd's, because Debian 12's OpenSMTPD breaks off every TLS handshake over loopback
    ("tlsv1 alert internal error").  `tls`: STARTTLS is offered and required; `certificate` is then the
    CA file.  `users`: {name: password}.  `refusals`: replies to the first mails instead of 250.
    """

    LOCK = Path(tempfile.gettempdir()) / "monitord-test-smtpd.lock"

    def __init__(self, tls=False, users=None, refusals=None):
        self.folder = Path(tempfile.mkdtemp(prefix="monitord-mail-"))
        self.folder.chmod(0o755)  # smtpd delivers as nobody
        self._lock = None
        plain = refusals is None and not tls and not users
        self.real = bool(SMTPD) and os.geteuid() == 0 and plain and self._take_lock()
        try:
            self._server = _OpenSmtpd(self.folder) if self.real else self._fallback(tls, users, refusals)
        except AssertionError:
            # another smtpd of this machine, none of ours, holds the queue
            self.real = False
            self._server = self._fallback(tls, users, refusals)
        self.port = self._server.port
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.certificate = self.folder / "cert.pem" if tls else None

    def _fallback(self, tls, users, refusals):
        return _Aiosmtpd(self.folder, tls, users, list(refusals or []))

    def _take_lock(self):
        self._lock = open(self.LOCK, "w")
        try:
            wait_until(self._try_lock, 10, "smtpd of another test")
            return True
        except AssertionError:
            return False

    def _try_lock(self):
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._server.close()
        if self._lock is not None:
            self._lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def mails(self):
        return self._server.mails()

    def wait(self, n=1, seconds=10):
        try:
            wait_until(lambda: len(self.mails) >= n, seconds)
        except AssertionError:
            raise AssertionError(f"mail: {len(self.mails)} of {n} within {seconds} s") from None
        return self.mails


LOGGED_HEADERS = ("accept", "accept_charset", "accept_encoding", "accept_language", "a_im", "authorization", "cache_control",
                  "cookie", "from", "if_modified_since", "if_none_match", "pragma", "range", "referer", "user_agent")


class Nginx:
    """The real nginx serving a folder: `root` is where to put files, `url("feed.xml")` their address.

    `locations` is nginx configuration for the server block, such as 'location /old { return 301 /new; }'.
    """

    def __init__(self, locations="", tls=False):
        self.folder = Path(tempfile.mkdtemp(prefix="monitord-nginx-"))
        self.folder.chmod(0o755)  # the workers are nobody
        self.root = self.folder / "root"
        self.root.mkdir()
        self.port = free_port()
        self.scheme = "https" if tls else "http"
        secure = ""
        if tls:
            self.certificate, key = make_certificate(self.folder)
            secure = f"ssl_certificate {self.certificate}; ssl_certificate_key {key};"
        conf = self.folder / "nginx.conf"
        temporary = "\n".join(f"  {kind}_temp_path {self.folder}/tmp;" for kind in
                              ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user nobody nogroup;" if os.geteuid() == 0 else ""
        logged = ",".join(f'"{name}":"$http_{name}"' for name in LOGGED_HEADERS)
        conf.write_text(f"""{user}
daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 1024; }}
http {{
{temporary}
  log_format exact escape=json '{{"ended":$msec,"took":$request_time,"status":$status,"protocol":"$server_protocol",'
    '"method":"$request_method","path":"$request_uri","headers":{{{logged}}}}}';
  access_log {self.folder}/access.log exact;
  types {{ application/rss+xml rss xml; application/atom+xml atom; application/feed+json json; text/html html; }}
  server {{
    listen 127.0.0.1:{self.port}{" ssl http2" if tls else ""};
    {secure}
    root {self.root};
    {locations}
  }}
}}
""")
        self.process = subprocess.Popen([*WITH_US, NGINX, "-c", conf, "-e", self.folder / "error.log"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, path=""):
        return f"{self.scheme}://127.0.0.1:{self.port}/{path}"

    def put(self, name, content):
        """Writes a file so that no request sees half of it; returns its URL."""
        temporary = self.folder / "put.tmp"
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.chmod(0o644)
        temporary.replace(self.root / name)
        return self.url(name)

    def asked(self, *paths):
        """What nginx logged of each request that it answered, in the order of their ends: began, ended (unix time), status,
        protocol, method, path, headers (those that came of LOGGED_HEADERS).  Of these paths only, if any are given."""
        log = self.folder / "access.log"
        rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        for row in rows:
            row["began"] = row["ended"] - row["took"]
            row["headers"] = {name: value for name, value in row["headers"].items() if value}
        return [row for row in rows if not paths or row["path"] in paths]

    def requests(self):
        """(unix time, status, method, path) of each request that was answered."""
        return [(r["ended"], r["status"], r["method"], r["path"]) for r in self.asked()]
