# SPDX-License-Identifier: ISC
"""Social networks over loopback: monitord reads a stand-in of each network's API as it would the real one."""
import http.server, json, os, queue, subprocess, threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from daemon import BUILD, Daemon
from receivers import WebhookReceiver, wait_until

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MONITORD_CORPUS", ROOT.parent / "shared/corpus")).parent
SEED = SHARED / "seed/x-users-tweets.json"


class Api:
    """Answers GETs and POSTs by `answer(path, parameters)`: JSON, (status, JSON), or a queue that it streams; what was asked is kept in `requests`."""

    def __init__(self, answer):
        self.requests, self.bodies = [], []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                url = urlsplit(self.path)
                params = {k: v[0] for k, v in parse_qs(url.query).items()}
                api.requests.append((url.path, params, self.headers.get("Authorization")))
                got = answer(url.path, params)
                if hasattr(got, "get_nowait"):  # a queue of pieces of a stream; None ends it
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.send_header("Connection", "close")
                    self.end_headers()
                    self.close_connection = True
                    while (piece := got.get()) is not None:
                        self.wfile.write(piece.encode())
                    return
                status, body = got if isinstance(got, tuple) else (200, got)
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def x_config(api, hook, query, token):
    return f"""
accounts:
  - {{name: x, type: x, token: {{file: {token}}}, api: "{api.url}"}}
sources:
  - {{name: musk, type: x, account: x, handle: elonmusk, every: 2m, backfill: all, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: w, query: '{query}'}}
"""


def seed_answer(path, params):
    if path == "/2/users/by/username/elonmusk":
        return {"data": {"id": "44196397", "name": "Elon Musk", "username": "elonmusk"}}
    if path == "/2/users/44196397/tweets":
        return {"meta": {"result_count": 0}} if "since_id" in params else SEED.read_bytes()
    return 404, {"title": "Not Found Error"}


@pytest.mark.skipif(not SEED.exists(), reason=f"no {SEED}")
def test_the_reply_that_names_nobody_comes_with_what_it_answers(tmp_path):
    token = tmp_path / "x-token"
    token.write_text("app-token\n")
    with Api(seed_answer) as api, WebhookReceiver() as hook, \
            Daemon(x_config(api, hook, "from:@elonmusk context:(Sutskever)", token)) as d:
        hook.wait()
        wait_until(lambda: d.rows("list-deliveries")[0]["state"] == "delivered", 30, "the delivery")
        post = hook.requests[0].json()["post"]
        assert post["text"].endswith("Or xAI") and post["author"]["handle"] == "elonmusk"
        [parent] = [c["post"] for c in post["context"] if c["relation"] == "parent"]
        assert "Sutskever" in parent["text"] and parent["author"]["handle"] == "somebody"
        assert {r[2] for r in api.requests} == {"Bearer app-token"}
        assert len(d.rows("list-alerts")) == 1
        row = d.rows("poll-source", "musk")[0]
        assert row["outcome"] == "ok" and row["new"] == 0
        assert [r[0] for r in api.requests].count("/2/users/by/username/elonmusk") == 1
        assert api.requests[-1][1]["since_id"] == "1733500000000000002"
        assert len(hook.requests) == 1


def test_a_refused_token_says_what_to_do(tmp_path):
    token = tmp_path / "x-token"
    token.write_text("stale\n")
    with Api(lambda *_: (401, {"title": "Unauthorized", "detail": "Unauthorized"})) as api, WebhookReceiver() as hook, \
            Daemon(x_config(api, hook, "xAI", token)) as d:
        row = wait_until(lambda: (r := d.rows("list-sources")[0])["state"] == "failing" and r, 30, "the refusal")
        assert "401" in row["last_error"] and "monitorctl login x" in row["last_error"] and "stale" not in d.log()


def status(n, text, host):
    return {"id": str(n), "uri": f"https://social.example/s/{n}", "url": f"https://social.example/@ada/{n}", "content": f"<p>{text}</p>",
            "created_at": "2025-12-30T12:00:00.000Z", "account": {"acct": "ada", "display_name": "Ada", "url": f"{host}/@ada"}}


def test_a_mastodon_account_is_followed_over_a_restart():
    posts = [status(100, "Nothing", "https://social.example")]

    def answer(path, params):
        if path == "/api/v1/accounts/lookup":
            return {"id": "7", "acct": "ada", "display_name": "Ada"} if params["acct"] == "ada@social.example" else (404, {})
        return posts if path == "/api/v1/accounts/7/statuses" else (404, {"error": "Record not found"})

    with Api(answer) as api, WebhookReceiver() as hook, Daemon(f"""
sources:
  - {{name: ada, type: mastodon, url: "{api.url}", handle: "@ada@social.example", every: 1h, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: w, query: Sutskever}}
""") as d:
        wait_until(lambda: d.rows("list-sources")[0]["state"] == "ok", 30, "the first poll")
        d.restart()
        posts.insert(0, status(101, "Ilya <b>Sutskever</b> &amp; others", "https://social.example"))
        row = d.rows("poll-source", "ada")[0]
        assert (row["new"], row["alerts"]) == (1, 1)
        hook.wait()
        post = hook.requests[0].json()["post"]
        assert post["text"] == "Ilya Sutskever & others" and post["author"]["handle"] == "ada@social.example"
        assert [r[0] for r in api.requests].count("/api/v1/accounts/lookup") == 1


def test_a_bluesky_login_is_kept_and_refreshed(tmp_path):
    password = tmp_path / "password"
    password.write_text("app-password\n")
    valid = ["access1"]
    did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
    posts = []

    def answer(path, params):
        if path.endswith("createSession"):
            return {"did": did, "accessJwt": "access1", "refreshJwt": "refresh1"}
        if path.endswith("refreshSession"):
            return {"did": did, "accessJwt": "access2", "refreshJwt": "refresh2"}
        if api.requests[-1][2] != f"Bearer {valid[0]}":
            return 400, {"error": "ExpiredToken", "message": "Token has expired"}
        return {"posts": posts}

    def view(key, text):
        return {"uri": f"at://{did}/app.bsky.feed.post/{key}", "author": {"did": did, "handle": "ada.example"},
                "record": {"text": text, "createdAt": "2026-01-01T00:00:00Z"}, "indexedAt": "2026-01-01T00:00:00Z"}

    with Api(answer) as api, WebhookReceiver() as hook, Daemon(f"""
accounts:
  - {{name: b, type: bluesky, username: me.example, token: {{file: {password}}}, api: "{api.url}"}}
sources:
  - {{name: s, type: bluesky, account: b, query: sutskever, every: 1h, backfill: all, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: w, query: Sutskever}}
""") as d:
        wait_until(lambda: d.rows("list-sources")[0]["state"] == "ok", 30, "the first poll")
        d.restart()
        valid[0] = "access2"
        posts.append(view("3kaa", "Sutskever is free"))
        row = d.rows("poll-source", "s")[0]
        assert (row["new"], row["alerts"]) == (1, 1)
        hook.wait()
        assert hook.requests[0].json()["post"]["url"] == f"https://bsky.app/profile/{did}/post/3kaa"
        asked = [r[0].rsplit(".", 1)[1] for r in api.requests]
        assert asked == ["createSession", "searchPosts", "searchPosts", "refreshSession", "searchPosts"]
        assert "app-password" not in d.log() and "access1" not in d.log()


def test_a_login_is_kept_over_restarts_and_never_shown(tmp_path):
    token = tmp_path / "token"
    token.write_text("good-token\n")

    def answer(path, params):
        if api.requests[-1][2] != "Bearer good-token":
            return 401, {"error": "The access token is invalid"}
        return {"name": "app"} if path.endswith("verify_credentials") else [status(1, "Sutskever", api.url)]

    with Api(answer) as api, Daemon() as d:
        bad = d.ctl("login", "m", "--type", "mastodon", "--api", api.url, "--allow-private", "--token-file", "-", stdin="other\n")
        assert bad.returncode != 0 and "The access token is invalid" in bad.stderr
        d.do("login", "m", "--type", "mastodon", "--api", api.url, "--allow-private", "--token-file", token)
        d.config.write_text(f"""
sources:
  - {{name: home, type: mastodon, account: m, timeline: home, allow_private: [127.0.0.0/8]}}
""")
        assert "unknown account" in d.ctl("reload").stderr  # the file speaks only of what stands in files
        d.config.write_text(f"""
accounts:
  - {{name: m, type: mastodon, api: "{api.url}"}}
sources:
  - {{name: home, type: mastodon, account: m, timeline: home, allow_private: [127.0.0.0/8]}}
""")
        d.restart()
        wait_until(lambda: d.rows("list-sources")[0]["state"] == "ok", 30, "the first poll")
        assert [(a["name"], a["token"]) for a in d.rows("list-accounts")] == [("m", "***")]
        d.do("logout", "m")
        refused = d.ctl("poll-source", "home")
        assert refused.returncode != 0 and "monitorctl login m" in refused.stdout + refused.stderr
        assert "good-token" not in d.log() + d.do("list-accounts") + d.do("show-source", "home")


def test_a_mastodon_stream_tells_at_once_and_comes_back(tmp_path):
    streams = []

    def answer(path, params):
        if path == "/api/v1/streaming/hashtag":
            streams.append(queue.Queue())
            return streams[-1]
        if path == "/api/v2/instance":
            return {"configuration": {"urls": {"streaming": api.url.replace("http", "ws")}}}
        return [status(1, "first", api.url)] if path == "/api/v1/timelines/tag/labs" else (404, {})

    with Api(answer) as api, WebhookReceiver() as hook, Daemon(f"""
accounts:
  - {{name: m, type: mastodon, token: t, api: "{api.url}"}}
sources:
  - {{name: labs, type: mastodon, account: m, tag: "#labs", stream: true, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: w, query: Sutskever}}
""") as d:
        wait_until(lambda: d.rows("list-sources")[0]["streaming"], 30, f"the stream\n{d.log()}")
        event = json.dumps(status(2, "Sutskever <b>left</b>", api.url))
        streams[0].put(":thump\n\nevent: update\nda")
        streams[0].put(f"ta: {event}\n\n")
        hook.wait()
        assert hook.requests[0].json()["post"]["text"] == "Sutskever left"
        streams[0].put(None)
        wait_until(lambda: len(streams) == 2 and d.rows("list-sources")[0]["streaming"], 30, f"the next stream\n{d.log()}")
        streams[1].put(f"event: update\ndata: {event}\n\nevent: update\ndata: {event.replace('/2', '/3')}\n\n")
        hook.wait(2)
        assert len(hook.requests) == 2
        for s in streams:
            s.put(None)


def test_a_stream_of_x_has_the_rules_of_its_watches_and_misses_nothing(tmp_path):
    token = tmp_path / "x-token"
    token.write_text("app-token\n")
    streams, rules, found = [], [], []

    def answer(path, params):
        if path.endswith("/stream/rules"):
            change = json.loads(api.bodies[-1] or "{}")
            rules.extend({"id": str(len(rules) + i), **r} for i, r in enumerate(change.get("add", [])))
            gone = change.get("delete", {}).get("ids", [])
            rules[:] = [r for r in rules if r["id"] not in gone]
            return {"data": list(rules)}
        if path.endswith("/search/stream"):
            streams.append(queue.Queue())
            return streams[-1]
        return {"data": list(found), "meta": {}}

    def tweet(n, text):
        return {"id": str(1900000000000000000 + n), "text": text, "author_id": "1"}

    with Api(answer) as api, WebhookReceiver() as hook, Daemon(f"""
accounts:
  - {{name: x, type: x, token: {{file: {token}}}, api: "{api.url}"}}
sources:
  - {{name: live, type: x, account: x, watches: true, stream: true, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: w, query: 'Sutskever -likes:..5', sources: [live]}}
""") as d:
        wait_until(lambda: d.rows("list-sources")[0]["streaming"], 30, f"the stream\n{d.log()}")
        assert [(r["value"], r["tag"]) for r in rules] == [("(Sutskever)", "monitord live")]
        streams[0].put("\r\n")  # its sign of life
        streams[0].put(json.dumps({"data": tweet(1, "Sutskever left"), "matching_rules": []}) + "\r\n")
        hook.wait()
        d.do("add-watch", "@sama", "--source", "live")
        wait_until(lambda: [r["value"] for r in rules] == ["(Sutskever OR @sama)"], 30, f"the rule of the new watch\n{d.log()}")
        assert len(streams) == 1
        found.append(tweet(2, "hello @sama"))
        streams[0].put(None)
        hook.wait(2)
        assert [r.json()["post"]["text"] for r in hook.requests] == ["Sutskever left", "hello @sama"]
        wait_until(lambda: len(streams) == 2, 30, f"the next stream\n{d.log()}")
        for s in streams:
            s.put(None)


def test_a_parent_is_fetched_where_a_watch_needs_it():
    posts = [status(1, "first", "https://social.example")]
    parent = dict(status(7, "Ilya Sutskever", "https://social.example"))

    def answer(path, params):
        if path == "/api/v1/timelines/tag/labs":
            return posts
        return parent if path == "/api/v1/statuses/7" else (404, {"error": "Record not found"})

    with Api(answer) as api, WebhookReceiver() as hook, Daemon(f"""
sources:
  - {{name: labs, type: mastodon, url: "{api.url}", tag: labs, every: 1h, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: w, query: 'xAI parent:Sutskever'}}
""") as d:
        wait_until(lambda: d.rows("list-sources")[0]["state"] == "ok", 30, "the first poll")
        posts[:0] = [dict(status(n, text, "https://social.example"), in_reply_to_id="7")
                     for n, text in ((3, "or xAI"), (2, "or Tesla"))]
        assert d.rows("poll-source", "labs")[0]["new"] == 2
        hook.wait()
        post = hook.requests[0].json()["post"]
        assert post["text"] == "or xAI" and [c["relation"] for c in post["context"]] == ["parent"]
        assert [r[0] for r in api.requests].count("/api/v1/statuses/7") == 1


def test_what_is_pasted_is_added_and_said_what_it_was_taken_for():
    def answer(path, params):
        if path.endswith("/usage/tweets"):
            return {"data": {}} if api.requests[-1][2] == "Bearer good" else (401, {"title": "Unauthorized"})
        return {"data": [], "meta": {}}

    with Api(answer) as api, Daemon() as d:
        refused = d.ctl("add-source", "#labs")
        assert refused.returncode != 0 and "took it for the hashtag #labs on X" in refused.stderr
        assert "monitorctl login x --type x" in refused.stderr
        login = ["login", "x", "--type", "x", "--api", api.url, "--allow-private", "--token-file", "-"]
        bad = d.ctl(*login, stdin="bad\n")
        assert bad.returncode != 0 and "the token is refused" in bad.stderr
        assert d.ctl(*login, stdin="good\n").returncode == 0
        assert "took it for the hashtag #labs on X" in d.do("add-source", "#labs", "--allow-private")
        assert "took it for the search" in d.do("add-source", "https://x.com/search?q=ilya%20sutskever", "--allow-private")
        assert [s["type"] for s in d.rows("list-sources")] == ["x", "x"]
        assert [r[1]["query"] for r in api.requests if "query" in r[1]] == ["#labs", "ilya sutskever"]


CORPUS = SHARED / "corpus/social"


def corpus_rows(pattern):
    paths = sorted(CORPUS.glob(pattern)) if CORPUS.exists() else []
    return [(p.name, n, json.loads(line)) for p in paths for n, line in enumerate(p.read_text().splitlines(), 1) if line.strip()]


def parsed(kind, text):
    """What monitorctl parse makes of it: the posts, or None if it says that there is nothing of the kind in it."""
    run = subprocess.run([BUILD / "monitorctl", "--json", "parse", "--type", kind, "-"], input=text, capture_output=True, text=True)
    assert run.returncode in (0, 65), run.stderr
    return json.loads(run.stdout)["posts"] if run.returncode == 0 else None


@pytest.mark.skipif(not CORPUS.exists(), reason=f"no {CORPUS}")
def test_every_post_of_the_corpus_from_x_is_read():
    seen = 0
    for name, n, row in corpus_rows("x-v2/*.jsonl"):
        data = row.get("data", [])
        want = [t for t in (data if isinstance(data, list) else [data]) if "id" in t and "text" in t]
        posts = parsed("x", json.dumps(row))
        assert [p["id"] for p in posts or []] == [t.get("edit_history_tweet_ids", [t["id"]])[0] for t in want], (name, n)
        assert all(p["text"] and "https://t.co/" not in p["text"] for p in posts or [] if p["repost_of"] is None), (name, n)
        seen += len(want)
    assert seen >= 200


@pytest.mark.skipif(not CORPUS.exists(), reason=f"no {CORPUS}")
def test_every_post_of_the_corpus_from_mastodon_is_read():
    seen = 0
    for name, n, row in corpus_rows("mastodon/*.jsonl"):
        try:
            body = json.loads(row["body"])
        except ValueError:
            body = None
        statuses = body if isinstance(body, list) else body.get("statuses", [body]) if isinstance(body, dict) else []
        want = [s["uri"] for s in statuses if isinstance(s, dict) and "account" in s and "uri" in s and "content" in s]
        posts = parsed("mastodon", row["body"]) if want or body is None else []
        assert [p["id"] for p in posts or [] if p["id"] in want] == want, (name, n)
        seen += len(want)
    assert seen >= 50
