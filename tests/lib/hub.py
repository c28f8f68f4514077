# SPDX-License-Identifier: ISC
"""A small WebSub hub on loopback, over TLS: it verifies whoever subscribes and pushes when a test says so."""
import hmac, http.client, http.server, shutil, ssl, tempfile, threading, urllib.parse
from pathlib import Path

from receivers import PATIENCE, Request, make_certificate, wait_until


class Hub:
    """`answer`: "verify", "deny", a status, or (status, {header: value}); it may be changed.  `lease`: granted, in seconds.

    `requests` are Request objects with what was asked as `form`, `verified` says of each whether it was meant; `callback`
    and `secret` are those of the last one."""

    def __init__(self, answer="verify", lease=864000):
        self.answer, self.lease = answer, lease
        self.requests, self.verified, self.callback, self.secret = [], [], None, None
        self.folder = Path(tempfile.mkdtemp(prefix="monitord-hub-"))
        self.certificate, key = make_certificate(self.folder)
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                hub._asked(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}/hub"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self, n, seconds=60):
        """Until it was asked `n` times."""
        wait_until(lambda: len(self.requests) >= n, seconds, lambda: f"{n} requests to the hub: {[r.form for r in self.requests]}")

    def _asked(self, handler):
        headers = {k.lower(): v for k, v in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", 0))).decode()
        request = Request("POST", handler.path, headers, body, 0)
        request.form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        answer = self.answer
        status, more = answer if isinstance(answer, tuple) else (answer if isinstance(answer, int) else 202, {})
        handler.send_response(status)
        for name, value in more.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        self.requests.append(request)
        if status == 202:  # later and elsewhere, as a hub does it
            threading.Thread(target=self._verify, args=(request.form, answer == "deny"), daemon=True).start()

    def _verify(self, form, deny):
        query = {"hub.mode": "denied", "hub.reason": "members only"} if deny else \
            {"hub.mode": form["hub.mode"], "hub.challenge": "c<h>allenge & 1", "hub.lease_seconds": str(self.lease)}
        self.callback, self.secret = form["hub.callback"], form.get("hub.secret", self.secret)
        status, text = self.call("GET", f"{self.callback}?{urllib.parse.urlencode({'hub.topic': form['hub.topic'], **query})}")
        self.verified.append(status == 200 and text == query.get("hub.challenge", "").encode())

    def call(self, method, url, body=None, headers={}):
        parts = urllib.parse.urlsplit(url)
        c = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30 * PATIENCE)
        try:
            c.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers)
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def post(self, body, signature, callback=None):
        """The status that a content distribution request is answered."""
        headers = {"Content-Type": "application/rss+xml", "Link": f'<{self.url}>; rel="hub"'}
        if signature is not None:
            headers["X-Hub-Signature"] = signature
        return self.call("POST", callback or self.callback, body, headers)[0]

    def push(self, body, algorithm="sha256", callback=None):
        mac = hmac.new((self.secret or "").encode(), body, algorithm).hexdigest()
        return self.post(body, f"{algorithm}={mac}", callback)
