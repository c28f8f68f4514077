# SPDX-License-Identifier: ISC
"""monitorctl against a stand-in of the API: what each command asks for, and how it prints the answer."""
import fcntl, json, os, pty, socketserver, struct, subprocess, termios, threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

CTL = str(Path(os.environ.get("MONITORD_BUILD", "build")).resolve() / "monitorctl")

WATCH = {"name": "ilya", "query": "Sutskever", "channels": [], "sources": ["news"], "paused": False, "origin": "api",
         "where": None, "warning": None}
SOURCE = {"name": "news", "type": "feed", "url": "https://news.example/feed", "every": None, "backfill": "0s",
          "allow_private": False, "paused": False, "origin": "api", "where": None, "title": "The News", "state": "failing",
          "polling": False, "last_success": None, "last_poll": None, "next_poll": None, "next_why": None, "failures": 3, "last_error": "connection refused"}
CHANNEL = {"name": "hook", "type": "webhook", "url": "https://chat.example/***", "secret": "***", "default": True,
           "spacing": None, "allow_private": False, "paused": False, "origin": "config", "where": "a.yaml:3:5",
           "state": "broken", "last_error": "401", "waiting": 7}
POST = {"id": "p1", "url": "https://news.example/1", "title": "Where is Sutskever?", "text": "Nobody saw \x1b[31mIlya Sutskever.",
        "summary": None, "author": {"name": "Ann", "handle": None, "url": None},
        "authors": [{"name": "Ann", "handle": None, "url": None}], "published": "2023-12-11T08:14:00Z", "updated": None,
        "language": "en", "tags": [], "links": [], "enclosures": [], "reply_to": None, "quote_of": None, "repost_of": None,
        "thread": None, "content_warning": None, "source": "news", "platform": "feed"}
SPANS = [{"field": "title", "index": 0, "start": 9, "end": 18, "term": "Sutskever"}]
ALERT = {"id": "alr_1", "watch": "ilya", "query": "Sutskever", "created": "2023-12-11T08:15:00Z", "reason": "matched Sutskever",
         "words": ["Sutskever"], "spans": SPANS, "post": POST, "test": False}
DELIVERY = {"id": "dlv_1", "alert": "alr_1", "channel": "hook", "state": "dead", "attempts": 9, "next": None,
            "created": "2023-12-11T08:15:00Z", "changed": "2023-12-14T08:15:00Z", "error": "gone"}
STATUS = {"version": "0.1.0", "started": "2023-12-11T08:00:00Z", "now": "2023-12-11T09:00:00Z", "ready": True,
          "config": "/etc/monitord/monitord.yaml", "store": {"ok": True, "error": None},
          "sources": {"total": 4, "ok": 3, "failing": 1, "stopped": 0, "paused": 0, "new": 0},
          "watches": {"total": 2, "paused": 1}, "channels": {"total": 1, "broken": 0, "paused": 0}, "posts": 10, "alerts": 2,
          "deliveries": {"waiting": 0, "delivered": 2, "dead": 0},
          "blind": [{"source": "news", "since": None, "error": "connection refused", "next_poll": None}],
          "mute": [], "untold": [], "memory_bytes": 8 << 20}
COUNTS = {"added": 1, "changed": 0, "removed": 2, "kept": 3}


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers from a table {(method, path without query): (status, JSON)} and remembers what it was asked."""
    daemon_threads = True

    def __init__(self, path):
        self.path, self.answers, self.asked, self.events = path, {}, [], []
        super().__init__(path, Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def run(self, *args, env=None, stdin=None):
        env = {**{k: v for k, v in os.environ.items() if k not in ("XDG_RUNTIME_DIR", "NO_COLOR")},
               "MONITORD_SOCKET": self.path, "LC_ALL": "C.UTF-8", **(env or {})}
        return subprocess.run([CTL, *args], capture_output=True, text=True, env=env, timeout=20,
                              **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass

    def answer(self):
        n = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(n)
        self.server.asked.append((self.command, self.path, json.loads(body) if body else None))
        path = self.path.split("?")[0]
        if path == "/v1/events" and ("GET", path) not in self.server.answers:
            return self.stream()
        status, value = self.server.answers.get((self.command, path), (404, {"title": "Not Found", "detail": f"no {path}"}))
        value = value(self.path) if callable(value) else value
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for name, data in self.server.events.pop(0) if self.server.events else []:
            self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    do_GET = do_POST = do_PATCH = do_DELETE = answer


@pytest.fixture
def daemon(tmp_path):
    d = Daemon(str(tmp_path / "control.sock"))
    yield d
    d.shutdown()
    d.server_close()


CREATED = [
    (["add-watch", "Sutskever"], "/v1/watches", WATCH, {"query": "Sutskever"}),
    (["add-watch", "Ilya", "Sutskever"], "/v1/watches", WATCH, {"query": "Ilya Sutskever"}),
    (["add-watch", "--name", "n", "--channel=a", "--channel", "b", "--source", "s", "--paused", "--", "-x y"], "/v1/watches",
     WATCH, {"query": "-x y", "name": "n", "channels": ["a", "b"], "sources": ["s"], "paused": True}),
    (["add-source", "https://x.example/"], "/v1/sources", SOURCE, {"url": "https://x.example/"}),
    (["add-source", "--name", "n", "--type", "feed", "--every", "5m", "--backfill", "24h", "--allow-private", "--set", "a=2",
      "--username", "u", "http://[::1]/"], "/v1/sources", SOURCE,
     {"url": "http://[::1]/", "name": "n", "type": "feed", "every": "5m", "backfill": "24h", "allow_private": True, "a": 2,
      "username": "u"}),
    (["add-channel", "console"], "/v1/channels", CHANNEL, {"type": "console"}),
    (["add-channel", "--default", "--name", "n", "--spacing", "2s", "webhook", "https://h.example/", "--set", "a=true", "--set",
      "b=text=more", "--set", "c=[1,\"x\"]", "--set", "d=1.5", "--set", "e=null", "--set", "f=\"q\"", "--set",
      "headers.X-A=1", "--set", "headers.X-B=b"], "/v1/channels", CHANNEL,
     {"type": "webhook", "url": "https://h.example/", "name": "n", "default": True, "spacing": "2s", "a": True, "b": "text=more",
      "c": [1, "x"], "d": 1.5, "e": "null", "f": "\"q\"", "headers": {"X-A": "1", "X-B": "b"}}),
]


@pytest.mark.parametrize("args,path,answer,body", CREATED, ids=lambda v: v[0] if isinstance(v, list) else "")
def test_add(daemon, args, path, answer, body):
    daemon.answers["POST", path] = (201, answer)
    r = daemon.run(*args)
    assert r.returncode == 0, r.stderr
    assert daemon.asked == [("POST", path, body)]
    assert answer["name"] in r.stdout
    r = daemon.run("--json", *args)
    assert json.loads(r.stdout) == answer


def test_add_source_says_what_it_found(daemon):
    daemon.answers["POST", "/v1/sources"] = (201, {**SOURCE, "found": "https://x.example/atom", "note": "every 30m as it asks"})
    out = daemon.run("add-source", "https://x.example/").stdout
    assert "has a feed: https://x.example/atom" in out and "(feed): The News" in out and "every 30m" in out


EDITS = [
    (["edit-watch", "a b/c", "--query", "x", "--name", "n"], "/v1/watches/a%20b%2Fc", WATCH, {"query": "x", "name": "n"}),
    (["edit-watch", "w", "--default-channels", "--all-sources"], "/v1/watches/w", WATCH, {"channels": [], "sources": []}),
    (["edit-source", "é", "--every", "auto", "--no-allow-private"], "/v1/sources/%C3%A9", SOURCE,
     {"every": None, "allow_private": False}),
    (["edit-source", "s", "--url", "https://y.example/", "--backfill", "all"], "/v1/sources/s", SOURCE,
     {"url": "https://y.example/", "backfill": "all"}),
    (["edit-channel", "c", "--no-default", "--spacing", "auto", "--set", "x=y"], "/v1/channels/c", CHANNEL,
     {"default": False, "spacing": None, "x": "y"}),
]


@pytest.mark.parametrize("args,path,answer,body", EDITS, ids=lambda v: v[0] if isinstance(v, list) else "")
def test_edit(daemon, args, path, answer, body):
    daemon.answers["PATCH", path] = (200, answer)
    r = daemon.run(*args)
    assert r.returncode == 0, r.stderr
    assert daemon.asked == [("PATCH", path, body)]
    assert daemon.run(*args[:2]).returncode == 64, "nothing to change"


@pytest.mark.parametrize("noun,path", [("watch", "watches"), ("source", "sources"), ("channel", "channels")])
def test_verbs_try_every_name(daemon, noun, path):
    for verb in ("pause", "resume"):
        daemon.answers["POST", f"/v1/{path}/b/{verb}"] = (200, WATCH)
        daemon.asked.clear()
        r = daemon.run(f"{verb}-{noun}", "a", "b")
        assert r.returncode == 1
        assert [a[:2] for a in daemon.asked] == [("POST", f"/v1/{path}/a/{verb}"), ("POST", f"/v1/{path}/b/{verb}")]
        assert r.stdout == f"{verb}d {noun} b\n" and f"no /v1/{path}/a" in r.stderr
    daemon.answers["DELETE", f"/v1/{path}/b"] = (204, None)
    r = daemon.run(f"remove-{noun}", "b")
    assert (r.returncode, r.stdout) == (0, f"removed {noun} b\n")
    assert daemon.asked[-1] == ("DELETE", f"/v1/{path}/b", None)


def test_lists(daemon):
    daemon.answers["GET", "/v1/watches"] = (200, {"watches": [WATCH, {**WATCH, "name": "日本語", "paused": True}]})
    daemon.answers["GET", "/v1/sources"] = (200, {"sources": [SOURCE]})
    daemon.answers["GET", "/v1/channels"] = (200, {"channels": [CHANNEL]})
    lines = daemon.run("list-watches").stdout.splitlines()
    assert lines[0].split() == ["NAME", "QUERY", "CHANNELS", "SOURCES", "STATE", "ORIGIN"]
    assert lines[1] == "ilya    Sutskever  default   news     active  api"
    assert lines[2] == "日本語  Sutskever  default   news     paused  api"
    assert "connection refused" in daemon.run("list-sources").stdout
    assert daemon.run("list-channels").stdout.splitlines()[1].split() == \
        ["hook", "webhook", "broken", "yes", "7", "config", "https://chat.example/***", "401"]
    assert [json.loads(x)["name"] for x in daemon.run("list-watches", "--json").stdout.splitlines()] == ["ilya", "日本語"]
    assert daemon.run("__names", "watch").stdout == "ilya\n日本語\n"
    daemon.answers["GET", "/v1/watches"] = (200, {"watches": []})
    r = daemon.run("list-watches")
    assert (r.returncode, r.stdout) == (0, "") and "no watches yet" in r.stderr


def test_show(daemon):
    daemon.answers["GET", "/v1/sources/news"] = (200, {**SOURCE, "last_success": "2023-12-11T08:14:00Z",
                                                      "last_poll": "2023-12-11T09:14:00Z", "next_why": "every 1h"})
    out = daemon.run("show-source", "news", env={"TZ": "Europe/Paris"}).stdout
    rows = dict(line.split("  ", 1) for line in out.splitlines())
    assert rows["last success"].strip() == "2023-12-11 09:14 CET"
    assert rows["last poll"].strip() == "2023-12-11 10:14 CET" and rows["next why"].strip() == "every 1h"
    assert rows["every"].strip() == "-" and rows["allow private"].strip() == "no"
    assert daemon.run("show-source", "gone").returncode == 1


def test_poll_source(daemon):
    polled = {"source": "s", "outcome": "ok", "posts": 3, "new": 2, "edited": 0, "alerts": 1, "error": None}
    daemon.answers["POST", "/v1/sources/s/poll"] = (200, polled)
    r = daemon.run("poll-source", "s")
    assert (r.returncode, r.stdout) == (0, "s: 3 posts, 2 new, 0 edited, 1 alert\n")
    daemon.answers["POST", "/v1/sources/s/poll"] = (200, {**polled, "outcome": "not-modified"})
    assert "not modified" in daemon.run("poll-source", "s").stdout
    daemon.answers["POST", "/v1/sources/s/poll"] = (200, {**polled, "outcome": "failed", "error": "no route"})
    r = daemon.run("poll-source", "s")
    assert (r.returncode, r.stdout) == (1, "s: failed: no route\n")
    assert daemon.run("--json", "poll-source", "s").returncode == 1


def test_test_channel(daemon):
    tested = {"channel": "hook", "verdict": "delivered", "status": 200, "answer": "ok\x1b]0;evil", "error": None, "elapsed_ms": 12}
    daemon.answers["POST", "/v1/channels/hook/test"] = (200, tested)
    r = daemon.run("test-channel", "hook")
    assert (r.returncode, r.stdout) == (0, "delivered, status 200, in 12 ms\nthe answer:\n  ok\\x1b]0;evil\n")
    daemon.answers["POST", "/v1/channels/hook/test"] = (200, {**tested, "verdict": "broken", "status": 401, "error": "refused"})
    r = daemon.run("test-channel", "hook")
    assert r.returncode == 1 and "broken, status 401" in r.stdout and "refused" in r.stdout


def test_secrets_come_from_files(daemon, tmp_path):
    daemon.answers["POST", "/v1/channels"] = (201, CHANNEL)
    secret = tmp_path / "secret"
    secret.write_text("whsec_abc\n")
    assert daemon.run("add-channel", "webhook", "https://h.example/", "--secret-file", str(secret)).returncode == 0
    assert daemon.asked[-1][2]["secret"] == "whsec_abc"
    assert daemon.run("add-channel", "webhook", "https://h.example/", "--secret-file", "-", stdin="from stdin\r\n").returncode == 0
    assert daemon.asked[-1][2]["secret"] == "from stdin"
    asked = len(daemon.asked)
    assert daemon.run("add-channel", "webhook", "--secret-file", str(tmp_path / "none")).returncode == 66
    assert daemon.run("add-channel", "webhook", "--secret-file", "/dev/null").returncode == 65
    assert daemon.run("add-channel", "webhook", "--set", "novalue").returncode == 64
    assert len(daemon.asked) == asked


def test_errors_show_the_column(daemon):
    daemon.answers["POST", "/v1/watches"] = (400, {"title": "Bad Request", "status": 400, "detail": "expected a word", "column": 4})
    r = daemon.run("add-watch", "é (")
    assert r.returncode == 64
    assert r.stderr == "monitorctl: expected a word\n  é (\n     ^\n"
    daemon.answers["POST", "/v1/reload"] = (422, {"title": "Unprocessable", "detail": "kept the old one", "errors": ["f:1:2: bad"]})
    r = daemon.run("reload")
    assert (r.returncode, r.stderr) == (78, "monitorctl: kept the old one\nf:1:2: bad\n")


def test_reload(daemon):
    daemon.answers["POST", "/v1/reload"] = (200, {"reloaded": True, "sources": COUNTS, "channels": COUNTS, "watches": COUNTS,
                                                 "warnings": ["f:3:1: below 15m"]})
    r = daemon.run("reload")
    assert r.returncode == 0 and "sources   1 added, 0 changed, 2 removed, 3 kept\n" in r.stdout
    assert r.stderr == "warning: f:3:1: below 15m\n"


def test_status_says_first_what_is_blind(daemon):
    daemon.answers["GET", "/v1/status"] = (200, STATUS)
    r = daemon.run("status")
    lines = r.stdout.splitlines()
    assert r.returncode == 0
    assert lines[0] == "BLIND: 1 of 4 sources cannot be read"
    assert lines[1] == "  news: connection refused"
    assert "4: 3 ok, 1 failing" in r.stdout and "8 MiB" in r.stdout
    assert daemon.run("status", "--check").returncode == 1
    daemon.answers["GET", "/v1/status"] = (200, {**STATUS, "store": {"ok": False, "error": "disk full"}})
    assert daemon.run("status").stdout.startswith("DOWN: the database cannot be written: disk full\nBLIND")
    daemon.answers["GET", "/v1/status"] = (200, {**STATUS, "blind": []})
    r = daemon.run("status", "--check")
    assert r.returncode == 0 and r.stdout.startswith("all well")
    daemon.answers["GET", "/v1/status"] = (200, {**STATUS, "blind": [], "untold": [f"w{i}" for i in range(7)],
                                                 "mute": [{"channel": "hook", "error": "401", "waiting": 7}]})
    r = daemon.run("status", "--check")
    assert r.returncode == 1 and r.stdout.startswith(
        "MUTE: 1 of 1 channels cannot be used\n  hook, 7 waiting: 401\n"
        "UNTOLD: the alerts of 7 watches go nowhere; name a channel in them, or make one the default\n"
        "  w0, w1, w2, w3, w4 and others\n"), r.stdout
    daemon.answers["GET", "/v1/status"] = (200, {**STATUS, "blind": []})
    assert json.loads(daemon.run("status", "--json").stdout)["posts"] == 10


def test_alerts(daemon):
    def page(path):
        n = int(path.split("limit=")[1].split("&")[0])
        first = "before" not in path
        return {"alerts": [{**ALERT, "id": f"alr_{i}"} for i in range(min(n, 1000 if first else 3))],
                "next": "alr_x y" if first else None}
    daemon.answers["GET", "/v1/alerts"] = (200, page)
    lines = daemon.run("list-alerts", "--watch", "a&b", "--since", "7d").stdout.splitlines()
    assert len(lines) == 51 and lines[1].endswith("ilya   Sutskever  news    Where is Sutskever?")
    assert daemon.asked == [("GET", "/v1/alerts?watch=a%26b&since=7d&limit=50", None)]
    daemon.asked.clear()
    assert len(daemon.run("list-alerts", "--limit", "5000", "--json").stdout.splitlines()) == 1003
    assert [a[1] for a in daemon.asked] == ["/v1/alerts?limit=1000", "/v1/alerts?limit=1000&before=alr_x%20y"]


def test_show_alert(daemon):
    daemon.answers["GET", "/v1/alerts/alr_1"] = (200, {**ALERT, "deliveries": [DELIVERY]})
    out = daemon.run("show-alert", "alr_1").stdout
    assert out.startswith("alert ilya: Sutskever, ") and "Where is Sutskever?\n" in out and "Ann · news" in out
    assert "Ilya Sutskever" in out and "\x1b" not in out, "a post steers no terminal"
    assert "https://news.example/1\n" in out and "dlv_1" in out and "gone" in out


def test_deliveries(daemon):
    daemon.answers["GET", "/v1/deliveries"] = (200, {"deliveries": [DELIVERY], "next": None})
    out = daemon.run("list-deliveries", "--state", "dead", "--channel", "hook").stdout
    assert daemon.asked == [("GET", "/v1/deliveries?state=dead&channel=hook&limit=50", None)]
    assert out.splitlines()[1].split()[:4] == ["dlv_1", "hook", "dead", "9"]
    assert daemon.run("list-deliveries", "--state", "deaf").returncode == 64
    daemon.answers["POST", "/v1/deliveries/dlv_1/retry"] = (200, {**DELIVERY, "state": "waiting"})
    r = daemon.run("retry-delivery", "dlv_1", "dlv_2")
    assert r.returncode == 1 and r.stdout == "trying dlv_1 again now, to hook\n"


def test_explain_asks_for_watches_and_posts(daemon):
    daemon.answers["GET", "/v1/watches/rivals"] = (200, {"name": "rivals", "query": "altman OR Sutskever"})
    daemon.answers["GET", "/v1/posts/p1"] = (200, {"post": POST, "came": "2023-12-11T08:15:00Z"})
    r = daemon.run("explain", "rivals", "p1")
    assert r.returncode == 0 and "watch rivals: altman OR Sutskever" in r.stderr and "any of" in r.stdout
    r = daemon.run("explain", "-watch:rivals", "p1", "--json")
    assert r.returncode == 1 and json.loads(r.stdout)["clauses"][0]["clause"] == "not"
    daemon.answers["GET", "/v1/alerts/alr_1"] = (200, {"id": "alr_1", "post": POST})
    assert daemon.run("explain", "Sutskever", "alr_1").returncode == 0
    assert daemon.run("lint", "watch:rivals").returncode == 0


def test_search(daemon):
    daemon.answers["GET", "/v1/search"] = (200, {"posts": [{"post": POST, "spans": SPANS, "came": "2023-12-11T08:15:00Z"}],
                                                 "complete": False, "next": "pst_1"})
    r = daemon.run("search", "Sutskever", "OR", "évincer", "--since", "7d", "--limit", "2")
    first = "/v1/search?q=Sutskever%20OR%20%C3%A9vincer&since=7d&limit="
    assert daemon.asked == [("GET", first + "2", None), ("GET", first + "1&before=pst_1", None)]
    assert r.returncode == 0 and r.stdout.count("Where is Sutskever?\n") == 2 and "there may be older ones" in r.stderr
    daemon.answers["GET", "/v1/search"][1]["next"] = None
    assert json.loads(daemon.run("search", "x", "--json").stdout)["post"]["id"] == "p1"
    daemon.answers["GET", "/v1/search"] = (200, {"posts": [], "complete": True})
    assert daemon.run("search", "x").returncode == 1


def test_tail(daemon):
    daemon.events = [[("post", POST), ("alert", ALERT)]]
    r = daemon.run("tail", "--count", "2")
    assert daemon.asked == [("GET", "/v1/events?kind=post%2Calert", None)]
    assert r.returncode == 0 and r.stdout.count("Where is Sutskever?") == 2 and "alert ilya: Sutskever" in r.stdout
    daemon.events = [[("post", POST), ("alert", {**ALERT, "watch": "other"}), ("alert", ALERT)]]
    r = daemon.run("tail", "--count", "1", "--watch", "ilya", "--json")
    assert [json.loads(x)["data"]["watch"] for x in r.stdout.splitlines()] == ["ilya"]


def test_tail_outlives_a_restart(daemon):
    daemon.events = [[("post", POST)], [("source", {"source": "news", "state": "failing", "error": "refused"})]]
    r = daemon.run("tail", "--count", "2", "--kind", "post,source")
    assert r.returncode == 0 and "source news: failing, refused\n" in r.stdout
    assert "has gone away" in r.stderr and "is back" in r.stderr


def test_tail_ends_when_it_is_refused(daemon):
    daemon.answers["GET", "/v1/events"] = (503, {"title": "Service Unavailable", "detail": "too many listen"})
    r = daemon.run("tail")
    assert r.returncode == 1 and "too many listen" in r.stderr and len(daemon.asked) == 1


def test_terminal_shows_the_hit(daemon):
    daemon.answers["GET", "/v1/search"] = (200, {"posts": [{"post": POST, "spans": SPANS, "came": None}], "complete": True})
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    env = {**os.environ, "MONITORD_SOCKET": daemon.path, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    env.pop("NO_COLOR", None)
    assert subprocess.run([CTL, "search", "x"], stdout=side, env=env, stdin=subprocess.DEVNULL).returncode == 0
    assert b"\x1b[30;43mSutskever\x1b[0m" in os.read(main, 65536)
    env["NO_COLOR"] = "1"
    assert subprocess.run([CTL, "search", "x"], stdout=side, env=env, stdin=subprocess.DEVNULL).returncode == 0
    assert b"\x1b" not in os.read(main, 65536)
    daemon.answers["GET", "/v1/watches"] = (200, {"watches": [{**WATCH, "query": "word " * 40}]})
    assert subprocess.run([CTL, "list-watches"], stdout=side, env=env, stdin=subprocess.DEVNULL).returncode == 0
    lines = os.read(main, 65536).decode().split("\r\n")
    assert max(map(len, lines)) == 60 and "…" in lines[1]
    os.close(main), os.close(side)


def test_the_option_wins_over_the_environment(daemon):
    daemon.answers["GET", "/v1/status"] = (200, STATUS)
    assert daemon.run("status", "--socket", daemon.path, env={"MONITORD_SOCKET": "/nowhere"}).returncode == 0
    assert daemon.run("status", "--socket", "/nowhere").returncode == 69
    runtime = Path(daemon.path).parent / "run"
    (runtime / "monitord").mkdir(parents=True)
    (runtime / "monitord" / "control.sock").symlink_to(daemon.path)
    assert daemon.run("status", env={"MONITORD_SOCKET": "", "XDG_RUNTIME_DIR": str(runtime)}).returncode == 0
