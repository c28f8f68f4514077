# SPDX-License-Identifier: ISC
"""WebSub against a small hub on loopback: subscribe, verify, push, renew, deny, fall back, and what strangers try."""
import hashlib, hmac, http.client, json, os, re, socket, threading, time

import pytest
from daemon import SANITIZED, Daemon
from hub import Hub
from receivers import PATIENCE, WebhookReceiver, free_port, wait_until

FEED = """<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Feed</title>
<atom:link rel="hub" href="{hub}"/><atom:link rel="self" href="{url}"/>{items}</channel></rss>"""


def items(*titles):
    return "".join(f"<item><guid isPermaLink='false'>{t}</guid><title>Sutskever {t}</title></item>" for t in reversed(titles))


class Setup:
    """A feed, its hub, a hook, and a monitord between them."""

    def __init__(self, every="60m", start=True, **hub):
        self.hub, self.hook = Hub(**hub), WebhookReceiver()
        self.feed = WebhookReceiver(then=self.serve)
        self.url = self.feed.url.replace("/hook", "/feed.xml")
        self.port = free_port()
        self.titles = ["one"]
        self.headers = {}
        self.every = every
        self.d = Daemon(self.yaml())
        if start:
            self.d.start()

    def yaml(self, sources=True):
        source = f'  - {{name: a, url: "{self.url}", every: {self.every}, allow_private: [127.0.0.1]}}\n' if sources else "  []\n"
        return (f'ca_file: "{self.hub.certificate}"\nwebsub_callback: "http://127.0.0.1:{self.port}/some/where"\n'
                f'websub_listen: "127.0.0.1:{self.port}"\nsources:\n{source}'
                f'channels:\n  - {{name: desk, type: webhook, url: "{self.hook.url}"}}\n'
                "watches:\n  - {name: w, query: Sutskever}\n")

    def document(self, *titles):
        return FEED.format(hub=self.hub.url, url=self.url, items=items(*titles)).encode()

    def serve(self, _):
        return 200, {"Content-Type": "application/rss+xml", **self.headers}, self.document(*self.titles).decode()

    def polls(self):
        return len(self.feed.requests)

    def source(self):
        return self.d.ask("GET", "/v1/sources/a")

    def state(self):
        websub = self.source()["websub"]
        return websub and websub["state"]

    def wait_state(self, state):
        wait_until(lambda: self.state() == state, 30, lambda: f"state {state}: {self.source()}\n{self.d.log()}")

    def told(self):
        return [r.json()["post"]["title"].removeprefix("Sutskever ") for r in self.hook.requests]

    def wait_told(self, *titles):
        wait_until(lambda: sorted(self.told()) == sorted(titles), 30, lambda: f"{titles}, but {self.told()}\n{self.d.log()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for x in (self.d, self.hub, self.feed, self.hook):
            x.__exit__(None, None, None)


def test_a_push_arrives_and_no_secret_shows():
    with Setup() as s:
        s.wait_state("active")
        request = s.hub.requests[0]
        assert request.form["hub.mode"] == "subscribe" and request.form["hub.topic"] == s.url
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert len(request.form["hub.secret"]) == 64 and "authorization" not in request.headers
        assert re.fullmatch(rf"http://127\.0\.0\.1:{s.port}/some/where/[0-9a-f]{{48}}", request.form["hub.callback"])
        for i, algorithm in enumerate(("sha1", "sha256", "sha384", "sha512")):
            assert s.hub.push(s.document("one", f"pushed {i}"), algorithm) == 202
        s.wait_told(*(f"pushed {i}" for i in range(4)))
        # the same posts come again by a poll, and are told no more
        s.titles = ["one"] + [f"pushed {i}" for i in range(4)]
        assert s.d.ask("POST", "/v1/sources/a/poll")["new"] == 0
        source = s.source()
        assert source["websub"]["pushes"] and source["websub"]["signed"] and "hub pushes" in source["next_why"]
        assert len(s.told()) == 4
        shown = s.d.do("show-source", "a")
        said = s.d.do("--json", "status") + s.d.log() + shown + json.dumps(source)
        for secret in (request.form["hub.secret"], request.form["hub.callback"].rsplit("/", 1)[1]):
            assert secret not in said
        assert "active" in shown


def test_a_bad_signature_is_swallowed():
    with Setup() as s:
        s.wait_state("active")
        body = s.document("one", "forged")
        for signature in (None, "sha256=" + "0" * 64, "md5=" + hashlib.md5(body).hexdigest(), "nonsense",
                          "sha256=" + hmac.new(b"guess", body, "sha256").hexdigest()):
            assert s.hub.post(body, signature) == 202
        assert s.hub.push(s.document("one", "true")) == 202
        s.wait_told("true")
        assert len(s.d.wait_event("websub.refused")) == 1
        assert not s.source()["websub"]["last_error"]


def test_the_hub_denies():
    with Setup(answer="deny") as s:
        s.wait_state("denied")
        assert "members only" in s.source()["websub"]["last_error"]
        assert s.hub.push(s.document("one", "anyway")) == 410
        assert s.told() == []


def test_a_lease_is_renewed():
    with Setup(lease=8) as s:
        s.wait_state("active")
        s.hub.wait(3)
        callbacks = {r.form["hub.callback"] for r in s.hub.requests}
        assert len(callbacks) == 1 and all(r.form["hub.mode"] == "subscribe" for r in s.hub.requests)
        s.d.wait_event("websub.renewed")
        assert s.hub.push(s.document("one", "still here")) == 202
        s.wait_told("still here")


def test_a_silent_hub_is_made_up_for_by_polls():
    with Setup(every="2s", lease=10) as s:
        s.wait_state("active")
        s.titles.append("polled")  # no push brings it
        s.wait_told("polled")
        # two pushes, and polls are rare (the safety poll is hours away)
        assert s.hub.push(s.document("one", "polled", "pushed")) == 202
        for n in range(4):
            s.hub.push(s.document("one", "polled", "pushed"))
        s.titles.append("pushed")
        wait_until(lambda: s.source()["websub"]["pushes"], 30, "pushes")
        # the hub dies: its lease is not renewed, and polls are as frequent as before
        s.hub.answer = 500
        s.titles.append("after the hub")
        s.wait_told("polled", "pushed", "after the hub")
        assert "websub.failed" in s.d.log() or "websub.lapsed" in s.d.log()
        # and it comes back to life
        assert not s.source()["websub"]["pushes"]


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_the_subscription_outlives_the_daemon(how):
    with Setup() as s:
        s.wait_state("active")
        assert s.hub.push(s.document("one", "before")) == 202
        s.wait_told("before")
        s.d.wait_event("delivery.done")  # else it would be told again, as it must
        if how == "kill":
            s.d.kill()
        else:
            s.d.stop()
        with pytest.raises(OSError):
            s.hub.push(s.document("one", "while it is down"))
        s.d.start()
        assert s.state() == "active" and s.source()["websub"]["pushes"]
        assert s.hub.push(s.document("one", "before", "after")) == 202
        s.wait_told("before", "after")
        assert len(s.hub.requests) == 1 and s.polls() == 1  # nobody was asked anew


def test_kill_amid_pushes_loses_none():
    with Setup() as s:
        s.wait_state("active")
        stop, taken, lock = threading.Event(), [], threading.Lock()

        def pusher():
            for n in range(40):
                while not stop.is_set():
                    try:
                        if s.hub.push(s.document("one", f"p{n}")) == 202:
                            taken.append(f"p{n}")
                            break
                    except (OSError, http.client.HTTPException):
                        time.sleep(0.02)  # a hub tries again

        thread = threading.Thread(target=pusher)
        thread.start()
        try:
            for n in (8, 20, 30):
                wait_until(lambda: len(taken) >= n, 60, f"{n} pushes")
                s.d.kill()
                s.d.start()
            thread.join(60 * PATIENCE)
            assert not thread.is_alive() and len(taken) == 40
        finally:
            stop.set()
            thread.join()
        wait_until(lambda: set(s.told()) == set(taken), 60, lambda: f"{set(taken) - set(s.told())} are missing\n{s.d.log()}")
        # told twice at most where a kill came between the hook's answer and its note
        alerts = s.d.rows("list-alerts", "--limit", "100")
        assert len(alerts) == 40


def test_leaving():
    with Setup() as s:
        s.wait_state("active")
        callback = s.hub.requests[0].form["hub.callback"]
        s.d.config.write_text(s.yaml(sources=False))
        s.d.do("reload")
        s.hub.wait(2)
        assert s.hub.requests[1].form["hub.mode"] == "unsubscribe" and s.hub.requests[1].form["hub.callback"] == callback
        s.d.wait_event("websub.left")
        wait_until(lambda: s.hub.push(s.document("one", "late"), callback=callback) == 410, 10, "410")


def test_a_hub_that_moved():
    with Hub() as other, Setup(start=False, answer=(308, {"Location": other.url})) as s:
        s.d.config.write_text(s.yaml().replace(str(s.hub.certificate), both(s, other)))
        s.d.start()
        s.wait_state("active")
        assert other.requests[0].form == s.hub.requests[-1].form
        assert other.push(s.document("one", "moved")) == 202
        s.wait_told("moved")


def both(s, other):
    path = s.d.folder / "authorities.pem"
    path.write_text(s.hub.certificate.read_text() + other.certificate.read_text())
    return str(path)


def test_links_in_headers_go_first():
    with Setup(start=False) as s, Hub() as decoy:
        s.headers = {"Link": f'<{decoy.url}>; rel="hub", <{s.url}?canonical>; rel=self'}
        s.d.config.write_text(s.yaml().replace(str(s.hub.certificate), both(s, decoy)))
        s.d.start()
        decoy.wait(1)
        assert decoy.requests[0].form["hub.topic"] == s.url + "?canonical" and s.hub.requests == []


def test_the_guard_holds_for_hubs():
    """A public feed must not make us talk to what is behind our firewall."""
    with Setup(start=False) as s:
        # the feed is at 127.0.0.1, which its source may reach; the hub is at 127.0.0.2, which it may not
        s.headers = {"Link": f'<https://127.0.0.2:{s.hub.port}/>; rel=hub'}
        s.d.start()
        s.d.wait_event("websub.failed")
        assert s.hub.requests == [] and "127.0.0.2" in s.source()["websub"]["last_error"]


def raw(port, data, reads=True):
    with socket.create_connection(("127.0.0.1", port), 10) as c:
        try:
            c.sendall(data)
            c.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it hung up already
        answer = b""
        while reads and len(answer) < 10000:
            try:
                piece = c.recv(4096)
            except OSError:
                break
            if not piece:
                break
            answer += piece
        return answer


def test_strangers_learn_nothing():
    with Setup() as s:
        s.wait_state("active")
        token = s.hub.callback.rsplit("/", 1)[1]
        guess = "0" * 48
        flipped = token[:-1] + ("1" if token[-1] == "0" else "0")
        answers = set()
        for path in ("/", "/v1/status", "/v1/events", "/metrics", "/v1/sources", "/some/where", "/some/where/", f"/some/where/{guess}",
                     f"/{flipped}", "/some/where/" + "a" * 5000, "/%00", f"/{token}/x", f"/{token}%2f"):
            for method in ("GET", "POST", "DELETE"):
                answer = raw(s.port, f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
                assert answer.startswith(b"HTTP/1.1 404 "), (method, path, answer)
                answers.add(answer)
        assert len(answers) == 1 and b"monitord" not in answers.pop().lower()
        # with the token, but not what was asked for
        for query in ("", "?hub.mode=subscribe", "?hub.mode=unsubscribe&hub.challenge=x&hub.topic=" + s.url,
                      "?hub.mode=subscribe&hub.challenge=x&hub.topic=http://other.example/", "?%ff%=&&&=&hub.topic=%"):
            answer = raw(s.port, f"GET /{token}{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 404 ") and answer.endswith(b"\r\n\r\n"), (query, answer)
        assert raw(s.port, f"PUT /{token} HTTP/1.1\r\nContent-Length: 0\r\n\r\n".encode()).startswith(b"HTTP/1.1 405 ")
        assert raw(s.port, f"POST /{token} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()).startswith(b"HTTP/1.1 411 ")
        assert raw(s.port, f"POST /{token} HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n".encode()).startswith(b"HTTP/1.1 413 ")
        assert raw(s.port, f"POST /{token} HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n".encode()) \
            .startswith(b"HTTP/1.1 415 ")
        assert b"nosniff" in raw(s.port, f"GET /{token} HTTP/1.1\r\n\r\n".encode())


def test_a_flood_of_garbage_is_harmless():
    with Setup() as s:
        s.wait_state("active")
        token = s.hub.callback.rsplit("/", 1)[1].encode()
        garbage = [b"\0" * 100000, b"GET " + b"/" * 40000, b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                   b"POST /" + token + b" HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + os.urandom(1000),
                   b"POST /" + token + b" HTTP/1.1\r\nContent-Length: 8000000\r\n\r\nbegun",
                   b"GET /" + token + b"?hub.challenge=" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", b"\r\n" * 1000,
                   b"GET /x HTTP/1.1\r\n" * 500, os.urandom(20000)]
        stop = threading.Event()

        def flood(n):
            while not stop.is_set():
                try:
                    raw(s.port, garbage[n % len(garbage)], reads=n % 2 == 0)
                except OSError:
                    pass
                n += 1

        idle = [socket.create_connection(("127.0.0.1", s.port), 10) for _ in range(20)]  # and some that say nothing
        threads = [threading.Thread(target=flood, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        try:
            def pushed():
                try:
                    return s.hub.push(s.document("one", "through the flood")) == 202
                except (OSError, http.client.HTTPException):
                    return False
            wait_until(pushed, 60, "a push amid the flood")
            s.wait_told("through the flood")
            assert s.d.request("GET", "/v1/status")[0] == 200  # the API is another door
        finally:
            stop.set()
            for t in threads:
                t.join()
            for c in idle:
                c.close()
        assert s.d.process.poll() is None
        assert SANITIZED or s.d.ask("GET", "/v1/status")["memory_bytes"] < 256 << 20
        assert s.d.stop() == 0
