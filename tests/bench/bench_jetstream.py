#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Jetstream from loopback: how many events a second monitord takes through parse, match and commit, and how soon it tells.

Throughput: a replay as fast as it is taken, 1,000 watches, everything on one core; CPU time counts, because the machine
is others' too.  Its peer is a bare loop that reads the same frames and parses their JSON with jansson.  Latency: 1,000
events a second, of which every 25th is told, from the write of its frame to the first byte of the webhook's request.
"""
import base64, hashlib, json, os, re, selectors, socket, subprocess, sys, time
from bench_latency import Peer, whole
from daemon import BUILD, Daemon
from figures import case, quantile, write
from receivers import stop, wait_until

TOOL = BUILD / "tests/bench/bench_jetstream"
EVENTS, ROUNDS, WATCHES = 100_000, 5, 1000
POSTS = EVENTS * 8 // 10 // 8 * 8
RATE, SECONDS, EVERY = 1000, 12, 25
CORE = {max(os.sched_getaffinity(0))}


def tool(*args):
    return subprocess.run([TOOL, *map(str, args)], check=True, capture_output=True, text=True).stdout


def config(port, hook, watches):
    lines = "".join(f"  - {{name: w{i}, query: {json.dumps(q, ensure_ascii=False)}}}\n" for i, q in enumerate(watches))
    return f"""
log_level: warning
sources:
  - {{name: net, type: jetstream, url: "http://127.0.0.1:{port}", compress: false, allow_private: true}}
channels:
  - {{name: hook, type: webhook, url: "http://127.0.0.1:{hook}/"}}
watches:
{lines}"""


def cpu_s(pid):
    """What all threads of a process have used."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def on_one_core(start):
    """What start() gives, with the processes and threads that it begins on one core."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORE)
    try:
        return start()
    finally:
        os.sched_setaffinity(0, all_cores)


def replay(port, watches):
    """(CPU, wall) seconds of one replay, from a daemon that has taken nothing to one that has committed all."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # few alerts, and they wait for an answer
        d = Daemon(config(port, nobody.getsockname()[1], watches))
        try:
            begun = time.monotonic()
            on_one_core(d.spawn)
            wait_until(d.answers, 60, "monitord")
            wait_until(lambda: taken(d) >= POSTS, 300, lambda: f"all posts: {taken(d)} of {POSTS}\n{d.log()[-3000:]}")
            return cpu_s(d.process.pid), time.monotonic() - begun
        finally:
            d.__exit__()


def taken(d):
    time.sleep(0.05)
    return d.ask("GET", "/v1/status")["posts"]


def throughput():
    server = subprocess.Popen([TOOL, "serve", str(EVENTS)], stdout=subprocess.PIPE, text=True)
    try:
        port, size = map(int, server.stdout.readline().split())
        watches = tool("watches", WATCHES).splitlines()
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(replay(port, watches))
            bare.append([int(ns) / 1e9 for ns in on_one_core(lambda: tool("bare", port, EVENTS)).split()])
    finally:
        stop(server)
    for what, i in (("CPU", 0), ("wall", 1)):
        a, b = (EVENTS / quantile([r[i] for r in rounds], 0.5) for rounds in (ours, bare))
        yield case(f"{EVENTS} events of {size} bytes, {WATCHES} watches, {what}", a, "events/s", f"frames + jansson, {what}", b)


# --- latency ---

def post(n, text):
    record = {"$type": "app.bsky.feed.post", "createdAt": "2026-05-28T20:26:40.000Z", "langs": ["en"], "text": text}
    return {"did": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "time_us": time.time_ns() // 1000, "kind": "commit", "commit": {
        "rev": "3mmoojpaqkn2z", "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3m{n:011d}", "record": record,
        "cid": "bafyreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}


def frame(event):
    text = json.dumps(event, separators=(",", ":")).encode()
    return b"\x81" + (bytes([len(text)]) if len(text) < 126 else b"\x7e" + len(text).to_bytes(2, "big")) + text


class Stage:
    """Jetstream and webhook on one selector: one clock, and nobody waits for an interpreter lock."""

    def __init__(self):
        self.selector, self.stream = selectors.DefaultSelector(), None
        self.sent, self.told = {}, {}
        self.ports = []
        for role in ("stream", "hook"):
            s = socket.create_server(("127.0.0.1", 0))
            self.ports.append(s.getsockname()[1])
            self.selector.register(s, selectors.EVENT_READ, (role, None, None))

    def turn(self, until_ns):
        for key, _ in self.selector.select(max(0.0, (until_ns - time.perf_counter_ns()) / 1e9)):
            now = time.perf_counter_ns()
            role, data, _ = key.data
            if data is None:
                peer = key.fileobj.accept()[0]
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.selector.register(peer, selectors.EVENT_READ, (role, bytearray(), [0]))
            else:
                self.read(key, now)

    def read(self, key, now):
        role, data, first = key.data
        got = key.fileobj.recv(1 << 16)
        if not got:
            self.selector.unregister(key.fileobj)
            key.fileobj.close()
            return
        first[0] = now if not data else first[0]
        data += got
        if role == "stream":
            self.upgrade(key.fileobj, data)
        while role == "hook" and (n := whole(data)):
            for number in re.findall(rb"/app\.bsky\.feed\.post/3m(\d{11})", bytes(data[:n]))[:1]:
                self.told[int(number)] = first[0]
            del data[:n]
            key.fileobj.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def upgrade(self, peer, data):
        if self.stream is not None or b"\r\n\r\n" not in data:
            return
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", data)[1]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept.encode())
        self.stream = peer

    def play(self):
        """A second to warm up, then the events; ms of each that was told."""
        start, n = time.perf_counter_ns(), RATE * (SECONDS + 1)
        for i in range(n):
            due = start + i * 1_000_000_000 // RATE
            while time.perf_counter_ns() < due:
                self.turn(due)
            told = i % EVERY == 0
            data = frame(post(i, "What Sutskever said today, in some words" if told else "Nothing of any interest, in some words"))
            if told:
                self.sent[i] = time.perf_counter_ns()
            self.stream.sendall(data)
        end = time.perf_counter_ns() + 30_000_000_000
        while len(self.told) < len(self.sent) and time.perf_counter_ns() < end:
            self.turn(end)
        if len(self.told) < len(self.sent):
            raise SystemExit(f"bench_jetstream: {len(self.told)} of {len(self.sent)} were told")
        return [(self.told[i] - t) / 1e6 for i, t in self.sent.items() if i >= RATE]


def latency():
    stage = Stage()
    watches = ["Sutskever", *tool("watches", WATCHES - 1).splitlines()]
    with Daemon(config(*stage.ports, watches)) as daemon:
        end = time.monotonic() + 30
        while stage.stream is None and time.monotonic() < end:
            stage.turn(time.perf_counter_ns() + 100_000_000)
        ours = stage.play()
        peer = Peer(daemon.folder)
        theirs = [peer.round_trip() for _ in range(len(ours))]
        peer.close()
    for q in (50, 99):
        yield case(f"{RATE} events/s, frame to first byte of webhook, p{q}", quantile(ours, q / 100), "ms",
                   f"bare SQLite commit + loopback POST, p{q}", quantile(theirs, q / 100))


def main():
    write(sys.argv[1], "jetstream", [*throughput(), *latency()])


main()
