# SPDX-License-Identifier: ISC
"""Jetstream over loopback: a WebSocket server of python3-websockets tells what the network's would."""
import asyncio, http, json, ssl, subprocess, threading, time
from urllib.parse import parse_qs, urlsplit

import pytest

from daemon import Daemon
from receivers import WebhookReceiver, make_certificate, wait_until
from test_social import Api

websockets = pytest.importorskip("websockets")

POSTS = "app.bsky.feed.post"


class Jetstream:
    """`say(event)` goes to whoever listens; `asked` has (path, parameters, first message) of each connection."""

    def __init__(self, tls=None, dictionary=None, compress=None):
        self.asked, self.clients, self.pages = [], [], []
        self.dictionary, self.compress = dictionary, compress
        self.loop, started = asyncio.new_event_loop(), threading.Event()

        async def serve():
            self.stopping = asyncio.Event()
            async with websockets.serve(self.connection, "127.0.0.1", 0, ssl=tls, process_request=self.page,
                                        subprotocols=["xrpc.v1.json"], compression=None, max_size=2**24) as server:
                self.port = server.sockets[0].getsockname()[1]
                started.set()
                await self.stopping.wait()

        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(serve()), daemon=True)
        self.thread.start()
        started.wait(10)
        self.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{self.port}"

    async def page(self, path, headers):
        if "getZstdDictionary" not in path:
            return None
        self.pages.append(path)
        return (http.HTTPStatus.OK, [], self.dictionary) if self.dictionary else (http.HTTPStatus.NOT_FOUND, [], b'{"error":"MethodNotImplemented"}')

    async def connection(self, ws, path):
        url = urlsplit(path)
        parameters = parse_qs(url.query)
        hello = json.loads(await ws.recv()) if "requireHello" in parameters else None
        self.asked.append((url.path, parameters, hello))
        self.clients.append(ws)
        await ws.wait_closed()
        self.clients.remove(ws)

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def say(self, event):
        text = event if isinstance(event, (str, bytes, list)) else json.dumps(event)
        self.run(self.clients[0].send(self.compress(text.encode()) if self.compress else text))

    def hang_up(self, rudely=False):
        ws = self.clients[0]
        self.loop.call_soon_threadsafe(ws.transport.abort) if rudely else self.run(ws.close(1001, "going away"))
        wait_until(lambda: ws not in self.clients, 10, "the end of a connection")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)


def now_us():
    return time.time_ns() // 1000


def commit(n, text=None, operation="create", did="did:plc:ada", at_us=None, **record):
    event = {"did": did, "time_us": at_us or now_us(), "kind": "commit",
             "commit": {"rev": "3a", "operation": operation, "collection": POSTS, "rkey": f"3k{n}"}}
    if text is not None:
        event["commit"]["record"] = {"$type": POSTS, "createdAt": "2026-01-01T00:00:00Z", "text": text, **record}
    return event


def config(jet, hook, more="", watch="{name: ilya, query: Sutskever, on: [new, edit, delete]}"):
    return (f"sources:\n  - {{name: net, type: jetstream, url: '{jet.url}', allow_private: [127.0.0.0/8]{more}}}\n"
            f"channels:\n  - {{name: desk, type: webhook, url: '{hook.url}'}}\nwatches:\n  - {watch}\n")


def texts(hook):
    return [r.json()["post"]["text"] for r in hook.requests]


def test_posts_are_told_as_they_come_and_after_every_break():
    with Jetstream() as jet, WebhookReceiver() as hook, Daemon(config(jet, hook)) as daemon:
        wait_until(lambda: jet.clients, 30, "the stream")
        path, parameters, hello = jet.asked[0]
        assert path == "/subscribe" and parameters == {"wantedCollections": [POSTS]} and hello is None
        assert jet.pages == ["/xrpc/network.bsky.jetstream.getZstdDictionary?id=1612007021"]
        first = commit(1, "Илья Суцкевер, Ilya Sutskever 🚀")
        jet.say(first)
        jet.say(commit(2, "Nothing"))
        jet.say("garbage")
        jet.say(commit(3, "x" * 1_000_000 + " Sutskever"))
        wait_until(lambda: len(hook.requests) == 2, 30, "two alerts")
        jet.hang_up()
        wait_until(lambda: jet.clients, 30, "the stream again")
        assert int(jet.asked[1][1]["cursor"][0]) < now_us() - 4_000_000
        jet.say(first)  # told again
        jet.say(commit(1, operation="delete"))
        wait_until(lambda: len(hook.requests) == 3, 30, "the deletion")
        jet.hang_up(rudely=True)
        wait_until(lambda: jet.clients, 30, "the stream once more")
        jet.say(["in ", "pieces: {"])  # a fragmented message that is no event
        jet.say([json.dumps(commit(4, "Sutskever in"))[:40], json.dumps(commit(4, "Sutskever in"))[40:]])
        wait_until(lambda: len(hook.requests) == 4, 30, "a fragmented one")
        daemon.kill()
        wait_until(lambda: not jet.clients, 30, "the end of the connection")
        daemon.spawn()
        wait_until(lambda: jet.clients, 30, "the stream after a crash")
        jet.say(first)
        jet.say(commit(5, "Sutskever after all"))
        wait_until(lambda: len(hook.requests) == 5, 30, "what came after the crash")
        assert texts(hook)[0] == "Илья Суцкевер, Ilya Sutskever 🚀" and texts(hook)[-1] == "Sutskever after all"


def test_accounts_are_filtered_by_the_server_over_tls(tmp_path):
    certificate, key = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    profiles = {"profiles": [{"did": "did:plc:ada", "handle": "ada.example", "displayName": "Ada"}]}
    with Jetstream(tls) as jet, WebhookReceiver() as hook, Api(lambda path, q: profiles) as api:
        jet.url = jet.url.replace("127.0.0.1", "localhost")
        more = f", handles: [ada.example], api: '{api.url}', version: v1"
        text = config(jet, hook, more, "{name: ada, query: 'from:@ada.example'}")
        with Daemon(f"ca_file: {certificate}\n" + text):
            wait_until(lambda: jet.clients, 30, "the stream")
            hello = jet.asked[0][2]
            assert hello == {"type": "options_update", "payload": {"wantedCollections": [POSTS], "wantedDids": ["did:plc:ada"]}}
            jet.say(commit(1, "Hello"))
            wait_until(lambda: len(hook.requests) == 1, 30, "the alert")
            author = hook.requests[0].json()["post"]["author"]
            assert (author["handle"], author["name"]) == ("ada.example", "Ada")


def test_compressed_events_are_read_and_bad_ones_end_the_stream(tmp_path):
    for i in range(200):
        (tmp_path / f"sample{i}").write_text(json.dumps(commit(i * 7919, f"word{i} and the like")) * 2)
    dictionary = tmp_path / "dictionary"
    subprocess.run(["zstd", "-q", "--train", *map(str, sorted(tmp_path.glob("sample*"))), "--dictID=4711", "-o", dictionary], check=True)

    def compress(text):
        if text == b"garbage":
            return text
        return subprocess.run(["zstd", "-q", "-c", "-D", dictionary], input=text, stdout=subprocess.PIPE, check=True).stdout

    with Jetstream(dictionary=dictionary.read_bytes(), compress=compress) as jet, WebhookReceiver() as hook:
        with Daemon(config(jet, hook, ", version: v2")) as daemon:
            wait_until(lambda: jet.clients, 30, "the stream")
            path, parameters, _ = jet.asked[0]
            assert path == "/xrpc/network.bsky.jetstream.subscribeEvents"
            assert parameters == {"collections": [POSTS], "zstdDictionary": ["4711"]}

            def second(n, text):
                v1 = commit(n, text)
                return {"$type": "message", "payload": {
                    "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": n, "did": v1["did"],
                    "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **v1["commit"]}}

            jet.say(second(1, "Sutskever, compressed"))
            wait_until(lambda: len(hook.requests) == 1, 30, "the alert")
            jet.say("garbage")
            wait_until(lambda: len(jet.asked) == 2 and jet.clients, 30, "a new stream")
            wait_until(lambda: len(jet.clients) == 1, 30, "the end of the old one")
            assert "cannot be decompressed" in daemon.log()
            jet.say(second(2, "Sutskever again"))
            wait_until(lambda: len(hook.requests) == 2, 30, "the next alert")
