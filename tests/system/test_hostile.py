# SPDX-License-Identifier: ISC
"""A hostile world, each trick its own test: monitord lives, says in one clear line what it cannot read, and the other
sources and channels go on."""
import gzip, json, re, time
from datetime import datetime, timezone

import pytest

from daemon import SANITIZED, Daemon
from receivers import OddServer, WebhookReceiver, wait_until

MEMORY_MAX = 256 << 20  # whatever the servers send
CONFIG = """
total_timeout: {timeout}
body_max: {body_max}
sources:
  - {{name: good, url: "{web}/good", every: 1h, allow_private: true}}
  - {{name: bad, url: "{web}/bad", every: 1h, backfill: all, allow_private: {allowed}}}
channels:
  - {{name: chat, type: webhook, url: "{chat}", default: true}}
  - {{name: bad-chat, type: webhook, url: "{bad_chat}", default: {bad_chat_used}}}
watches:
  - {{name: ilya, query: Sutskever}}
"""


def answer(body=b"", status="200 OK", kind="application/rss+xml", length=True, **headers):
    """A whole answer in bytes."""
    body = body.encode() if isinstance(body, str) else body
    head = {"Content-Type": kind, "Connection": "close", **{k.replace("_", "-"): v for k, v in headers.items()}}
    if length:
        head["Content-Length"] = len(body)
    return f"HTTP/1.1 {status}\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in head.items()) + b"\r\n" + body


def item(n, text="nothing", **more):
    fields = {"title": f"News {n}", "guid": f"item-{n}", "link": f"https://example.org/{n}", "description": text, **more}
    return "<item>" + "".join(f"<{k}>{v}</{k}>" for k, v in fields.items()) + "</item>\n"


def rss(*items, prolog='<?xml version="1.0"?>\n'):
    return f'{prolog}<rss version="2.0"><channel><title>Feed</title>\n{"".join(items)}</channel></rss>'


HEALTHY = rss(item(1, "Ilya Sutskever speaks"), item(2))


class Scene:
    """A source `good` and a channel `chat` that are well; a source `bad` and a channel `bad-chat` that need not be."""

    def __init__(self, bad=answer(HEALTHY), bad_chat=None, timeout="2s", body_max="1MiB", allowed="true"):
        self.web = OddServer({"/good": answer(rss()), "/bad": bad})
        self.chat, self.bad_chat = WebhookReceiver(), WebhookReceiver(then=bad_chat or 200)
        web = self.web.url("")
        self.daemon = Daemon(CONFIG.format(web=web, timeout=timeout, body_max=body_max, chat=self.chat.url, allowed=allowed,
                                           bad_chat=self.bad_chat.url, bad_chat_used="true" if bad_chat else "false"))
        self.news = 0
        self.parts = [self.web, self.chat, self.bad_chat, self.daemon]

    def __enter__(self):
        self.daemon.__enter__()
        return self

    def __exit__(self, kind, *_):
        status = self.daemon.stop()
        for part in reversed(self.parts):
            part.__exit__(None, None, None)
        assert kind or status == 0, f"monitord ended with {status}"

    def row(self, what, name):
        return next(r for r in self.daemon.rows(f"list-{what}s") if r["name"] == name)

    def polled(self, seconds=30):
        """What list-sources says of the bad source once its first poll is over."""
        return wait_until(lambda: (r := self.row("source", "bad"))["state"] != "new" and r, seconds, "the first poll")

    def told(self, n, where=None):
        """The texts of the posts that a receiver took, at least n."""
        receiver = where or self.chat
        wait_until(lambda: len(receiver.delivered()) >= n, 30, lambda: f"{n} deliveries, log:\n{self.daemon.log()}")
        return [r.json()["post"]["text"] for r in receiver.delivered()]

    def publish(self, text):
        """One more item of the good source, polled."""
        self.news += 1
        self.web.answers["/good"] = answer(rss(item(self.news, text)))
        poll = self.daemon.rows("poll-source", "good")[0]
        assert (poll["outcome"], poll["alerts"]) == ("ok", 1), poll

    def still_works(self):
        """The good source is read, and what it holds is told."""
        text = f"Sutskever, still here after {self.news}"
        self.publish(text)
        wait_until(lambda: text in self.told(0), 30, lambda: f"{text}, log:\n{self.daemon.log()}")
        memory = self.daemon.rows("status")[0]["memory_bytes"]
        assert SANITIZED or memory < MEMORY_MAX, f"{memory >> 20} MiB"

    def fails(self, expected):
        """The bad source is failing for that reason, which one line of the log says, and status names it."""
        row = self.polled()
        assert row["state"] == "failing" and re.search(expected, row["last_error"]), row
        lines = self.daemon.events("poll.failed")
        assert len(lines) == 1 and re.search(expected, lines[0]) and len(lines[0]) < 400, lines
        check = self.daemon.ctl("status", "--check")
        assert check.returncode == 1 and "bad" in check.stdout, check.stdout
        self.still_works()
        assert self.daemon.events("poll.failed") == lines

    def reads(self, *texts):
        """The bad source is read after all, and exactly these texts are told."""
        row = self.polled()
        assert row["state"] == "ok", row
        assert sorted(self.told(len(texts))) == sorted(texts), self.daemon.log()
        assert not self.daemon.events("poll.failed")
        self.still_works()


# --- documents ---------------------------------------------------------------------------------------------------------


def json_feed(*texts):
    items = [{"id": str(n), "content_text": text} for n, text in enumerate(texts)]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Feed", "items": items})


@pytest.mark.parametrize("form", [lambda *texts: rss(*(item(n, text) for n, text in enumerate(texts))), json_feed],
                         ids=["rss", "json"])
def test_cut_document(form):
    """What came whole is read; the rest may come under the same validator, so the next poll asks for all of it again."""
    whole = form("Sutskever, first", "Sutskever, cut", "Sutskever, last")
    cut = whole[:whole.index(", cut")]
    with Scene(answer(cut, ETag='"same"')) as s:
        s.reads("Sutskever, first")
        s.web.answers["/bad"] = answer(whole, ETag='"same"')
        poll = s.daemon.rows("poll-source", "bad")[0]
        assert "if-none-match" not in s.web.asked("/bad")[-1].headers
        assert poll["outcome"] == "ok"
        assert sorted(s.told(4)) == ["Sutskever, cut", "Sutskever, first", "Sutskever, last", "Sutskever, still here after 0"]


def test_cut_transfer():
    """Fewer bytes than announced: nothing of it counts."""
    def cut(send, _):
        send(answer(HEALTHY)[:-40])
    with Scene(cut) as s:
        s.fails("transfer closed with 40 bytes remaining")
        assert s.daemon.ctl("search", "speaks").returncode == 1


@pytest.mark.parametrize("poison", ["<b>never closed", "a & b && c &amp", "</description></item></nope>", "<![CDATA[ open",
                                    "&undefined;&#0;&#xffffffff;", "<x a=1 b='2' b=\"3\" <y>", "<!-- -- -->", "<?php echo 1 ?>"])
def test_malformed_item(poison):
    with Scene(answer(rss(item(1, "Sutskever, before"), item(2, poison), item(3, "Sutskever, after")))) as s:
        s.reads("Sutskever, before", "Sutskever, after")


def test_entity_bomb():
    bomb = '<?xml version="1.0"?>\n<!DOCTYPE rss [<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + '<!ENTITY file SYSTEM "file:///etc/passwd">]>\n'
    with Scene(answer(rss(item(1, "&a11; &file;"), item(2, "Sutskever, unharmed"), prolog=bomb))) as s:
        s.reads("Sutskever, unharmed")
        other = str(s.daemon.rows("search", "News", "-Sutskever"))
        assert "item-1" in other and "haha" not in other and "root:" not in other


def test_gzip_bomb():
    bomb = gzip.compress(b" " * (64 << 20))
    with Scene(answer(bomb, Content_Encoding="gzip")) as s:
        s.fails("larger than 1048576 bytes")


def test_gzip_twice():
    bomb = gzip.compress(gzip.compress(b" " * (64 << 20)))
    with Scene(answer(bomb, Content_Encoding="gzip, gzip")) as s:
        s.fails("more than one content coding")


def test_endless_body():
    def endless(send, _):
        send(answer(length=False))
        while True:
            send(b"<item>" + b"x" * 65536)
    with Scene(endless, timeout="30s") as s:
        s.fails("larger than 1048576 bytes")


def test_endless_headers():
    def endless(send, _):
        send(b"HTTP/1.1 200 OK\r\n")
        while True:
            send(b"X-More: " + b"x" * 8192 + b"\r\n")
    with Scene(endless, timeout="30s") as s:
        s.fails("header")


def test_one_byte_a_second():
    def drip(send, wait):
        send(answer(length=False))
        for byte in HEALTHY.encode():
            send(bytes([byte]))
            wait(1)
    with Scene(drip) as s:
        s.fails("timeout: no whole answer within 2s")


def test_hundred_thousand_items(record_property):
    items = [item(n, "nothing to see here") for n in range(100_000)]
    items[50_000] = item(50_000, "Sutskever among the many")
    with Scene(answer(rss(*items)), timeout="60s", body_max="64MiB") as s:
        started = time.monotonic()
        row = s.polled(seconds=120)
        seconds = time.monotonic() - started
        print(f"100,000 items in {seconds:.1f} s")
        record_property("seconds", round(seconds, 2))
        assert row["state"] == "ok", row
        assert s.told(1) == ["Sutskever among the many"]
        s.still_works()
        s.web.answers["/bad"] = answer(rss(*items).replace("<guid>item", "<guid>renamed"))
        again = s.daemon.rows("poll-source", "bad")[0]
        assert (again["outcome"], again["new"], again["alerts"]) == ("ok", 0, 0), again
        s.still_works()


def test_invalid_utf8():
    body = rss(item(1, "Sutskever \udcff\udcfe one"), item(2, "été, \udc80\udcc3( là-bas, où ça ?"), item(3, "Sutskever two"))
    with Scene(answer(body.encode("utf-8", "surrogateescape"))) as s:
        s.reads("Sutskever \ufffd\ufffd one", "Sutskever two")


def test_nul_bytes():
    with Scene(answer(rss(item(1, "Sutskever\0 one"), item(2, "\0\0"), item(3, "Sutskever two")))) as s:
        row = s.polled()
        assert row["state"] == "ok", row
        texts = s.told(2)
        assert len(texts) == 2 and "\0" not in "".join(texts) and {t.split()[-1] for t in texts} == {"one", "two"}
        s.still_works()


WRONG_CHARSETS = {
    "says UTF-8, is windows-1252": ("windows-1252", '<?xml version="1.0" encoding="utf-8"?>', "application/rss+xml; charset=utf-8"),
    "says UTF-16, is UTF-8": ("utf-8", '<?xml version="1.0" encoding="utf-16"?>', "application/rss+xml"),
    "says what nobody knows": ("utf-8", '<?xml version="1.0" encoding="klingon-1"?>', "text/xml; charset=x-unknown"),
    "says two different ones": ("iso-8859-15", '<?xml version="1.0" encoding="utf-8"?>', "text/xml; charset=iso-8859-15"),
}


@pytest.mark.parametrize("case", WRONG_CHARSETS)
def test_wrong_charset(case):
    charset, prolog, kind = WRONG_CHARSETS[case]
    body = rss(item(1, "à l’été d’Ilya Sutskever".replace("’", "'")), prolog=prolog).encode(charset)
    with Scene(answer(body, kind=kind)) as s:
        s.reads("à l'été d'Ilya Sutskever")


# --- servers -----------------------------------------------------------------------------------------------------------


def moved(to, status="302 Found"):
    return answer(status=status, Location=to)


def test_redirect_loop():
    with Scene(moved("/bad")) as s:
        s.fails("redirect refused: more than 5")
        assert len(s.web.asked("/bad")) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/x", "smtp://127.0.0.1/"])
def test_redirect_to_another_scheme(to):
    with Scene(moved(to)) as s:
        s.fails("redirect refused")
        assert "root:" not in s.daemon.log()


def test_redirect_to_a_private_address():
    with OddServer({"/secret": answer(HEALTHY)}, host="127.0.0.2") as inner:
        with Scene(moved(inner.url("/secret")), allowed='["127.0.0.1/32"]') as s:
            s.fails(r"address 127\.0\.0\.2 is not allowed")
            assert inner.requests == []


def test_private_address():
    with Scene(allowed="false") as s:
        s.fails(r"address 127\.0\.0\.1 is not allowed.*allow_private")
        assert s.web.asked("/bad") == []


def test_web_page():
    with Scene(answer("<!DOCTYPE html><html><head><title>Oops</title></head><body>Log in</body></html>", kind="text/html")) as s:
        s.fails("web page.*no feed")


@pytest.mark.parametrize("status", ["500 Oops", "404 Not Found", "403 Forbidden"])
def test_source_answers_an_error(status):
    with Scene(answer("Sutskever", status=status)) as s:
        s.fails(f"HTTP status {status[:3]}")


def seconds_until(text):
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.now(timezone.utc)).total_seconds()


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_source_says_when_to_come_back(status):
    with Scene(answer(status=status, Retry_After="43200")) as s:
        s.fails(f"HTTP status {status[:3]}")
        assert 43200 - 60 < seconds_until(s.row("source", "bad")["next_poll"]) < 43200 + 60


def test_source_is_gone():
    with Scene(answer(status="410 Gone")) as s:
        row = s.polled()
        assert row["state"] == "stopped" and "410 Gone" in row["last_error"] and row["next_poll"] is None
        assert len(s.daemon.events("source.stopped")) == 1
        s.still_works()
        s.daemon.restart()
        assert s.row("source", "bad")["state"] == "stopped"
        s.still_works()
        assert len(s.web.asked("/bad")) == 1


# --- channels ----------------------------------------------------------------------------------------------------------


def waiting(s):
    return [r for r in s.daemon.rows("list-deliveries", "--channel", "bad-chat") if r["state"] == "waiting"]


def test_webhook_hangs():
    with Scene(bad_chat="hang") as s:
        assert s.told(1) == ["Ilya Sutskever speaks"]
        s.still_works()  # while the other one hangs
        line, = s.daemon.wait_event("delivery.failed")
        assert "timeout" in line and 'channel="bad-chat"' in line
        s.bad_chat.script(then=200)
        assert "Ilya Sutskever speaks" in s.told(2, s.bad_chat)
        ids = s.bad_chat.ids()
        assert len(set(ids)) == 2 and len(ids) >= 3  # the first came again, as itself
        s.daemon.wait_event("channel.recovered")


def test_webhook_answers_500():
    with Scene(bad_chat=500) as s:
        line, = s.daemon.wait_event("delivery.failed")
        assert "500" in line
        s.still_works()
        assert s.row("channel", "bad-chat")["waiting"] == 2 and len(waiting(s)) == 2
        s.bad_chat.script(then=200)
        s.told(2, s.bad_chat)
        ids = s.bad_chat.ids()
        assert len(set(ids)) == 2 and ids[0] in ids[1:]  # the first came again, as itself
        assert len(s.daemon.events("delivery.failed")) == 1


def test_webhook_says_when_to_come_back():
    with Scene(bad_chat=(429, {"Retry-After": "7200"}, "slow down")) as s:
        s.daemon.wait_event("delivery.failed")
        s.still_works()
        first, second = waiting(s)
        assert 7200 - 60 < seconds_until(first["next"]) < 7200 + 60
        assert (first["attempts"], second["attempts"]) == (1, 0) and len(s.bad_chat.requests) == 1


def test_webhook_keeps_to_a_short_retry_after():
    with Scene(bad_chat=(429, {"Retry-After": "7"}, "")) as s:  # without it: after 4 to 6 s
        first = s.bad_chat.wait(1)[0]
        s.bad_chat.script(then=200)
        again = s.bad_chat.wait(2, seconds=60)[1]
        assert again.arrived - first.arrived > 6.99 and again.id == first.id


def test_webhook_is_gone():
    with Scene(bad_chat=410) as s:
        line, = s.daemon.wait_event("channel.broken")
        assert "410" in line
        row = s.row("channel", "bad-chat")
        assert row["state"] == "broken" and "410" in row["last_error"]
        assert s.daemon.ctl("status", "--check").returncode == 1
        s.still_works()
        assert len(waiting(s)) == 2 and len(s.bad_chat.requests) == 1  # what waits is kept, and nothing is sent


def test_webhook_redirects():
    """A redirect of a POST is never followed: the alert would go to somebody else."""
    with Scene(bad_chat=(302, {"Location": "http://127.0.0.1:1/"}, "")) as s:
        line, = s.daemon.wait_event("delivery.dead")
        assert "302" in line
        s.still_works()
        assert [r["state"] for r in s.daemon.rows("list-deliveries", "--channel", "bad-chat")] == ["dead", "dead"]
