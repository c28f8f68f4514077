# SPDX-License-Identifier: ISC
"""The API under bad clients: it answers in problem JSON, bounds what it takes, and the monitor goes on."""
import json, random, re, socket, threading
from contextlib import suppress

import pytest

from daemon import Daemon, UnixConnection
from receivers import Nginx, wait_until

FEED = "<rss version='2.0'><channel><title>t</title><item><guid>1</guid><title>Sutskever</title></item></channel></rss>"


@pytest.fixture(scope="module")
def daemon():
    with Nginx() as web:
        url = web.put("feed.xml", FEED)
        with Daemon(f"sources:\n  - {{name: feed, url: '{url}', every: 1s, allow_private: true}}\n") as d:
            d.web = web
            d.wait_event("poll.done")
            yield d


def goes_on(daemon):
    """It still polls, and answers others."""
    before = len(daemon.web.requests())
    assert daemon.ask("GET", "/v1/status")["ready"]
    wait_until(lambda: len(daemon.web.requests()) > before, 20, "another poll")


def raw(daemon, data, shut=True):
    """What comes back for these bytes."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(daemon.socket)
        s.sendall(data)
        if shut:
            s.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := s.recv(65536):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


def problem(daemon, method, path, body=None, headers=None):
    c = UnixConnection(daemon.socket)
    c.request(method, path, body, headers or {})
    r = c.getresponse()
    text = r.read()
    c.close()
    assert r.headers["Content-Type"] == "application/problem+json", (r.status, text)
    answer = json.loads(text)
    assert answer["status"] == r.status and answer["title"] and answer["detail"]
    return r.status, answer["detail"]


@pytest.mark.parametrize("method, path, body, status", [
    ("GET", "/v1/nothing", None, 404),
    ("GET", "/v1/watches/nobody", None, 404),
    ("DELETE", "/v1/status", None, 405),
    ("POST", "/v1/watches", "{", 400),
    ("POST", "/v1/watches", "[]", 400),
    ("POST", "/v1/watches", '{"query": 7}', 400),
    ("POST", "/v1/watches", '{"query": "a OR"}', 400),
    ("POST", "/v1/watches", '{"query": "a", "nonsense": 1}', 400),
    ("POST", "/v1/sources", '{"url": "file:///etc/passwd"}', 400),
    ("POST", "/v1/channels", '{"type": "pigeon"}', 400),
    ("POST", "/v1/watches", "[" * 100000, 400),
    ("GET", "/v1/alerts?limit=-1", None, 400),
    ("GET", "/v1/search?q=(", None, 400),
])
def test_mistakes_are_problems(daemon, method, path, body, status):
    got, detail = problem(daemon, method, path, body)
    assert got == status, detail


def test_a_body_beyond_the_limit_is_refused(daemon):
    assert b"413" in raw(daemon, b"POST /v1/watches HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n").split(b"\r\n")[0]
    assert b" 2" not in raw(daemon, b"POST /v1/watches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                            b"fffff\r\n" + b"x" * 0xfffff + b"\r\n" + b"fffff\r\n" + b"x" * 0xfffff + b"\r\n").split(b"\r\n")[0]
    goes_on(daemon)


GARBAGE = {
    "nul": b"\0" * 4096, "line": b"GET\r\n\r\n", "letters": b"A" * 100000, "tls": b"\x16\x03\x01\x02\x00\x01\x00",
    "headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000, "path": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    "version": b"POST /v1/watches HTTP/9.9\r\n\r\n", "length": b"POST /v1/watches HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "lengths": b"POST /v1/watches HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "latin": "GET /v1/watches/é HTTP/1.1\r\n\r\n".encode("latin-1"), "fold": b"GET /v1/status HTTP/1.1\r\n x\r\n\r\n",
}


def test_garbage_ends_only_its_own_connection(daemon):
    rng = random.Random(1)
    garbage = {**GARBAGE, **{f"random {i}": rng.randbytes(rng.randrange(1, 2000)) for i in range(50)}}
    for name, data in garbage.items():
        answer = raw(daemon, data)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), (name, answer)
    goes_on(daemon)


def test_pipelined_requests_are_answered_in_order(daemon):
    answers = raw(daemon, b"".join(b"GET /v1/watches/w%d HTTP/1.1\r\n\r\n" % i for i in range(300)))
    assert re.findall(rb'there is no watch \\"w(\d+)', answers) == [b"%d" % i for i in range(300)]


def test_a_client_that_asks_and_never_reads_takes_no_memory(daemon):
    before = daemon.ask("GET", "/v1/status")["memory_bytes"]
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(1)
        s.connect(daemon.socket)
        with pytest.raises(TimeoutError):  # in the end it does not even take more questions
            for _ in range(40):
                s.sendall(b"GET /v1/openapi.json HTTP/1.1\r\n\r\n" * 1000)
        assert daemon.ask("GET", "/v1/status")["memory_bytes"] - before < 16 << 20
        goes_on(daemon)


def test_clients_that_say_nothing_leave_room_for_others(daemon):
    idle = []
    try:
        for _ in range(300):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(5)
            try:
                s.connect(daemon.socket)
            except (BlockingIOError, TimeoutError, ConnectionRefusedError):
                s.close()
                break
            idle.append(s)
            with suppress(OSError):  # too many are closed at once
                if len(idle) % 2:
                    s.sendall(b"POST /v1/watches HTTP/1.1\r\nContent-Le")  # never ends its sentence
        assert len(idle) > 10
    finally:
        for s in idle:
            s.close()
    wait_until(daemon.answers, 20, "an answer")
    goes_on(daemon)


def test_many_clients_at_once_all_get_an_answer(daemon):
    answers = []

    def ask():
        try:
            answers.append(daemon.request("GET", "/v1/sources")[0])
        except OSError:
            answers.append(503)  # hung up on: there are too many
    threads = [threading.Thread(target=ask) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == 40 and set(answers) <= {200, 503} and 200 in answers


def test_a_client_that_hangs_up_early_harms_nobody(daemon):
    for _ in range(50):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(daemon.socket)
            s.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    goes_on(daemon)
