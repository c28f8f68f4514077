#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""From the last byte of a feed to the first byte of the webhook request: fetch, parse, match, commit, compose, connect.

One thread plays the feed's server, the webhook's receiver and the client of the API, so that all times are of one clock
and nobody waits for an interpreter lock.  Beside it, round by round: one bare SQLite commit on the same disk and one
POST over an open loopback connection, the least that a durable alert can cost.
"""
import os, selectors, signal, socket, sqlite3, sys, time
from daemon import Daemon
from figures import case, quantile, write

ROUNDS, WARM_UP, PATIENCE_S = 300, 20, 10

CONFIG = """
log_level: warning
sources:
  - {{name: feed, url: "http://127.0.0.1:{feed}/rss", every: 1h, allow_private: true}}
channels:
  - {{name: hook, type: webhook, url: "http://127.0.0.1:{hook}/"}}
watches:
  - {{name: ilya, query: Sutskever}}
"""


def feed_reply(newest):
    items = "".join(f"<item><guid>item-{n}</guid><title>News {n}</title><link>https://example.org/{n}</link><description>"
                    f"What Ilya Sutskever said at {n} o'clock. {'Filling words of a usual teaser. ' * 8}</description></item>"
                    for n in range(newest, max(newest - 20, 0), -1))
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Bench</title>{items}</channel></rss>'.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def whole(data):
    """The length of the first HTTP request in `data`, 0 if it is not all there."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return 0
    length = 0
    for line in data[:end].split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-length":
            length = int(value)
    return end + 4 + length if len(data) >= end + 4 + length else 0


class World:
    """The feed's server and the webhook's receiver on one selector."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.ports = {}
        for role in ("feed", "hook"):
            s = socket.create_server(("127.0.0.1", 0))
            self.ports[role] = s.getsockname()[1]
            self.selector.register(s, selectors.EVENT_READ, ("listen", role, None))
        self.newest = 0
        self.sent_ns = self.hook_ns = None
        self.hooks = 0

    def turn(self, timeout):
        for key, _ in self.selector.select(timeout):
            now = time.perf_counter_ns()
            what, role, data = key.data
            if what == "listen":
                c = key.fileobj.accept()[0]
                c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.selector.register(c, selectors.EVENT_READ, ("peer", role, bytearray()))
            elif what == "peer":
                self.read(key.fileobj, role, data, now)

    def read(self, peer, role, data, now):
        try:
            got = peer.recv(1 << 16)
        except ConnectionError:
            got = b""
        if not got:
            self.selector.unregister(peer)
            peer.close()
            return
        if role == "hook" and not data:
            self.hook_ns = now
        data += got
        while n := whole(data):
            del data[:n]
            if role == "feed":
                peer.sendall(feed_reply(self.newest))
                self.sent_ns = time.perf_counter_ns()
            else:
                self.hooks += 1
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def until(self, condition, what):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.turn(0.5)
            if time.monotonic() > deadline:
                raise SystemExit(f"bench_latency: {what} did not come within {PATIENCE_S} s")


def round_trip(world, daemon):
    """One poll with one new item; ms from the last byte of the feed to the first of the alert."""
    world.newest += 1
    world.sent_ns = world.hook_ns = None
    before = world.hooks
    api = socket.socket(socket.AF_UNIX)
    api.connect(daemon.socket)
    api.sendall(b"POST /v1/sources/feed/poll HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    world.until(lambda: world.hooks > before, "the alert")
    answer = b""
    while got := api.recv(65536):
        answer += got
    api.close()
    if b" 200 " not in answer.split(b"\r\n", 1)[0]:
        raise SystemExit(f"bench_latency: {answer.decode(errors='replace')}")
    return (world.hook_ns - world.sent_ns) / 1e6


class Peer:
    """A bare commit and a bare POST."""

    def __init__(self, folder):
        self.db = sqlite3.connect(folder / "peer.db", isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
        server = socket.create_server(("127.0.0.1", 0))
        self.child = os.fork()
        if self.child == 0:
            self.serve(server)
        self.socket = socket.create_connection(server.getsockname())
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.close()

    @staticmethod
    def serve(server):
        c = server.accept()[0]
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = bytearray()
        while got := c.recv(65536):
            data += got
            while n := whole(data):
                del data[:n]
                c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        os._exit(0)

    def round_trip(self):
        body = b"x" * 1500
        start = time.perf_counter_ns()
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO t (b) VALUES (?)", (body.decode(),))
        self.db.execute("COMMIT")
        self.socket.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        while not self.socket.recv(4096).endswith(b"\r\n\r\n"):
            pass
        return (time.perf_counter_ns() - start) / 1e6

    def close(self):
        self.socket.close()
        self.db.close()
        os.waitpid(self.child, 0)


def main():
    world = World()
    world.newest = 1
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with Daemon(CONFIG.format(**world.ports)) as daemon:
        world.until(lambda: world.sent_ns is not None, "the first poll")
        deadline = time.monotonic() + PATIENCE_S
        while daemon.ask("GET", "/v1/sources/feed")["state"] != "ok" and time.monotonic() < deadline:
            world.turn(0.05)
        peer = Peer(daemon.folder)
        ours, theirs = [], []
        for i in range(WARM_UP + ROUNDS):
            a, b = round_trip(world, daemon), peer.round_trip()
            if i >= WARM_UP:
                ours.append(a)
                theirs.append(b)
        peer.close()
    name = "bare SQLite commit + loopback POST"
    write(sys.argv[1], "latency", [case(f"end of feed to first byte of webhook, p{q}", quantile(ours, q / 100), "ms",
                                        f"{name}, p{q}", quantile(theirs, q / 100)) for q in (50, 99)])


if __name__ == "__main__":
    main()
