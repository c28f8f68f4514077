# SPDX-License-Identifier: ISC
"""How a poll behaves, by a real web server's own log: the ten points that publishers ask of a feed reader (Rachel by the
bay's feed reader score, Damon Hart-Davis' notes at earth.org.uk, openrss.org), over restarts and kill -9 too."""
import email.utils, gzip, re, time
from datetime import datetime

import pytest

from daemon import Daemon
from receivers import Nginx, wait_until

CLOCKS_S = 0.02  # nginx's log and the daemon's timers count in milliseconds of two clocks
PATIENCE_S = 30


def rss(*texts, head=""):
    items = "".join(f"<item><guid isPermaLink='false'>{n}</guid><title>{text}</title></item>" for n, text in enumerate(texts))
    return f"<rss version='2.0'><channel><title>News</title>{head}{items}</channel></rss>"


class Scene:
    """nginx with these locations and /news.xml; a monitord with one source of each path, `keys` in each."""

    def __init__(self, *paths, keys="every: 1s", locations="", more="", web=None):
        self.web = web or Nginx(locations)
        self.web.put("news.xml", rss("one", "two"))
        host = self.web.url().rstrip("/")
        sources = "" if not paths else "sources:\n" + "".join(f'  - {{name: "s{n}", type: feed, url: "{host}{path}", {keys}, allow_private: true}}\n'
                          for n, path in enumerate(paths))
        self.daemon = Daemon(f"{more}\n{sources}")

    def __enter__(self):
        self.daemon.__enter__()
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()
        self.web.close()

    def asked(self, n, *paths):
        """At least n requests of these paths (of any, if none is given)."""
        wait_until(lambda: len(self.web.asked(*paths)) >= n, PATIENCE_S, lambda: f"{n} requests, log:\n{self.daemon.log()}")
        return self.web.asked(*paths)

    def restart(self, how):
        """Once nothing is under way: an answer that nobody could keep before the end is asked for again."""
        wait_until(lambda: not any(r["polling"] for r in self.daemon.ask("GET", "/v1/sources")["sources"]), PATIENCE_S,
                   "all answers")
        if how == "kill":
            self.daemon.kill()
            self.daemon.start()
        else:
            self.daemon.restart()

    def source(self, n=0):
        return self.daemon.ask("GET", f"/v1/sources/s{n}")

    def due_s(self, n=0):
        """From the last poll to the next."""
        row = wait_until(lambda: (r := self.source(n))["last_poll"] and not r["polling"] and r, PATIENCE_S, "the first poll")
        return (moment(row["next_poll"]) - moment(row["last_poll"])).total_seconds()


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def pauses(rows):
    return [b["began"] - a["ended"] for a, b in zip(rows, rows[1:])]


def check_pauses(rows, at_least):
    assert all(p >= want - CLOCKS_S for p, want in zip(pauses(rows), at_least)), (pauses(rows), at_least)


ODD = 'W/"odd, one "'  # as the log shows it: byte-exact
CONDITIONAL = f"""
location = /odd {{
  etag off; if_modified_since off; add_header ETag 'W/"odd, one "'; add_header Last-Modified "Thu, 01 Jan 1970 00:00:01 GMT";
  if ($http_if_none_match = 'W/"odd, one "') {{ return 304; }}
  try_files /news.xml =404; }}
location = /bare {{
  etag off; if_modified_since off; add_header ETag '"kept"'; add_header Last-Modified "Fri, 02 Jan 1970 00:00:00 GMT";
  if ($http_if_none_match = '"kept"') {{ add_header X-Nothing else; return 304; }}
  try_files /news.xml =404; }}
location = /none {{ etag off; if_modified_since off; add_header Last-Modified ""; try_files /news.xml =404; }}
"""


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_1_2_first_unconditional_then_what_the_server_gave(how):
    """1: the first request asks for all, every later one sends the validators byte-exact, and no date is invented.
    2: they outlive a restart.  8: a 304 without validators takes none away."""
    with Scene("/odd", "/bare", "/none", locations=CONDITIONAL) as s:
        for path in ("/odd", "/bare", "/none"):
            s.asked(3, path)
        s.restart(how)
        before = len(s.web.asked())
        for path in ("/odd", "/bare", "/none"):
            s.asked(before // 3 + 4, path)
        odd, bare, none = (s.web.asked(path) for path in ("/odd", "/bare", "/none"))
        for rows in (odd, bare):
            assert [r["status"] for r in rows] == [200] + [304] * (len(rows) - 1)
        assert [r["headers"].get("if_none_match") for r in odd] == [None] + [ODD] * (len(odd) - 1)
        assert {r["headers"].get("if_modified_since") for r in odd[1:]} == {"Thu, 01 Jan 1970 00:00:01 GMT"}
        assert {r["headers"].get("if_none_match") for r in bare[1:]} == {'"kept"'}
        assert {r["headers"].get("if_modified_since") for r in bare[1:]} == {"Fri, 02 Jan 1970 00:00:00 GMT"}
        assert not any({"if_none_match", "if_modified_since"} & r["headers"].keys() for r in [odd[0], bare[0], *none])


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_2_the_next_poll_outlives_a_restart(how):
    with Scene("/news.xml", keys="every: 6s") as s:
        s.asked(1)
        s.daemon.wait_event("poll.done")
        s.restart(how)
        s.asked(2)
        s.restart(how)
        rows = s.asked(3)
        check_pauses(rows, [6, 6])
        assert max(pauses(rows)) < 6 + PATIENCE_S


def test_3_never_sooner_than_the_interval():
    with Scene("/news.xml", keys="every: 1s") as s:
        check_pauses(s.asked(6), [1] * 5)
        assert "every: more often than 15m" in s.source()["warning"]


HINTS = """
location /age { add_header Cache-Control "public, max-age=7200"; try_files /news.xml =404; }
location /expires { add_header Date "Sat, 01 Jan 2000 00:00:00 GMT"; add_header Expires "Sat, 01 Jan 2000 03:00:00 GMT";
  try_files /news.xml =404; }
"""


def test_3_an_hour_by_default_and_longer_where_asked():
    ttl, period = "<ttl>300</ttl>", "<sy:updatePeriod xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>daily</sy:updatePeriod>"
    now = datetime.utcnow()
    hours = "".join(f"<hour>{(now.hour + n) % 24}</hour>" for n in range(1, 5))
    web = Nginx(HINTS)
    for name, head in (("ttl", ttl), ("period", period), ("skip", f"<skipHours>{hours}</skipHours>")):
        web.put(f"{name}.xml", rss("one", head=head))
    paths = ["/news.xml", "/age", "/expires", "/ttl.xml", "/period.xml", "/skip.xml"]
    with Scene(*paths, keys="tags: []", web=web) as s:
        hour = 3600
        for n, (least, most, words) in enumerate([
                (hour, hour, "every 1h"), (2 * hour, 2 * hour, "lengthened to 2h by Cache-Control max-age=7200"),
                (hour, 3 * hour, "every 1h"), (5 * hour, 5 * hour, "lengthened to 5h by its own ttl"),
                (24 * hour, 24 * hour, "lengthened to 1d by its own ttl or updatePeriod"),
                (hour, 5 * hour, "moved on by its skipHours")]):
            assert least <= s.due_s(n) <= most * 1.05 + most / 4, paths[n]  # jitter, and to spread the sources of one host
            assert words in s.source(n)["next_why"], paths[n]
        assert moment(s.source(5)["next_poll"]).hour not in [(now.hour + n) % 24 for n in range(1, 5)]
        due = [s.source(n)["next_poll"] for n in range(6)]
        s.restart("kill")
        later = [s.source(n)["next_poll"] for n in range(6)]
        assert all(abs((moment(a) - moment(b)).total_seconds()) < 5 for a, b in zip(due, later)), (due, later)
        assert len(s.web.asked()) == 6
        shown = s.daemon.do("show-source", "s1")
        assert re.search(r"last status +200\n", shown) and re.search(r"last posts +2\n", shown), shown
        assert re.search(r"next why +every 1h, lengthened to 2h by Cache-Control max-age=7200", shown), shown


COOKIES = 'location = /jar { add_header Set-Cookie "id=17; Path=/"; try_files /news.xml =404; }'


def test_4_what_a_request_says():
    with Scene("/jar", locations=COOKIES, more="contact: https://example.org/me") as s:
        for row in s.asked(3):
            headers = row["headers"]
            assert re.fullmatch(r"application/\S*(, \S+)*, \*/\*;q=0\.\d", headers.pop("accept"))  # feeds, else anything
            assert "gzip" in headers.pop("accept_encoding")
            assert re.fullmatch(r"monitord/[\d.]+\S* \(\+https://example\.org/me\)", headers.pop("user_agent"))
            headers.pop("if_none_match", None), headers.pop("if_modified_since", None), headers.pop("a_im", None)
            assert (headers, row["method"], row["path"]) == ({}, "GET", "/jar")
    with Scene("/news.xml") as s:
        assert re.fullmatch(r"monitord/[\d.]+\S* \(.+\)", s.asked(1)[0]["headers"]["user_agent"])


def busy(demand):
    return f"location = /busy {{ add_header Retry-After {demand} always; return 429; }}\n" \
           f"location = /closed {{ add_header Retry-After {demand} always; return 503; }}"


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_5_retry_after_is_obeyed(how):
    with Scene("/busy", "/closed", locations=busy("4")) as s:
        for path in ("/busy", "/closed"):
            s.asked(1, path)
        s.daemon.wait_event("poll.failed", 2)
        s.restart(how)
        for path in ("/busy", "/closed"):
            check_pauses(s.asked(2, path), [4])


def test_5_retry_after_may_be_a_date():
    until = time.time() + 8
    with Scene("/busy", locations=busy(f'"{email.utils.formatdate(until, usegmt=True)}"')) as s:
        rows = s.asked(2)
        assert rows[1]["began"] >= int(until) - CLOCKS_S, rows


def test_5_without_a_demand_it_doubles():
    with Scene("/busy", locations="location = /busy { return 429; }") as s:
        check_pauses(s.asked(4), [1, 2, 4])


MOVES = """
location = /for-good { return 301 /news.xml; }
location = /for-good-too { return 308 /news.xml?too; }
location = /for-now { return 302 /news.xml?now; }
location = /for-now-too { return 307 /news.xml?then; }
"""


def test_6_a_permanent_move_is_learnt_at_the_third_sighting_a_temporary_one_never():
    with Scene("/for-good", "/for-good-too", "/for-now", "/for-now-too", locations=MOVES) as s:
        for path in ("/news.xml", "/news.xml?too"):
            s.asked(5, path)
        s.restart("kill")
        for path in ("/news.xml", "/news.xml?too", "/for-now", "/for-now-too"):
            s.asked(len(s.web.asked(path)) + 2, path)
        assert len(s.web.asked("/for-good")) == 3 and len(s.web.asked("/for-good-too")) == 3
        assert len(s.web.asked("/for-now")) >= 5 and len(s.web.asked("/for-now-too")) >= 5
        assert s.source(0)["moved_to"].endswith("/news.xml") and "moved_to" not in s.source(2)
        assert len(s.daemon.events("source.moved")) == 2


def test_6_no_way_leads_from_https_to_http():
    with Nginx() as plain:
        plain.put("news.xml", rss("one"))
        web = Nginx(f"location = /down {{ return 301 {plain.url('news.xml')}; }}", tls=True)
        with Scene("/down", web=web, more=f"ca_file: {web.certificate}") as s:
            s.asked(4)
            assert plain.asked() == [] and "https to http" in s.source()["last_error"] and "moved_to" not in s.source()


def test_7_gone_is_gone_and_missing_is_asked_for_ever_less():
    locations = "location = /gone { return 410; } location = /missing { return 404; } location = /mine { return 403; }"
    with Scene("/gone", "/missing", "/mine", locations=locations) as s:
        for path in ("/missing", "/mine"):
            check_pauses(s.asked(3, path), [1, 2])
        s.restart("stop")
        for n, path in ((1, "/missing"), (2, "/mine")):
            assert pauses(s.asked(4, path))[2] >= 4 - CLOCKS_S
            assert s.source(n)["state"] == "failing"
        assert s.source(0)["state"] == "stopped" and len(s.web.asked("/gone")) == 1
        told = s.daemon.ctl("status", "--check")  # a channel with operator: true hears it within a minute
        assert told.returncode == 1 and all(f"s{n}" in told.stdout for n in range(3)), told.stdout


def test_9_one_request_of_a_host_at_a_time():
    slow = "location /slow { limit_rate 3000; try_files /big.xml =404; }"
    web = Nginx(slow)
    web.put("big.xml", rss(*("much " * 100 for _ in range(8))))
    with Scene(*(f"/slow/{n}" for n in range(6)), "/news.xml", keys="every: 2s", web=web) as s:
        s.asked(14)
        s.restart("stop")
        rows = sorted(s.asked(21), key=lambda r: r["began"])
        assert any(r["took"] > 0.3 for r in rows)
        stop = [b["began"] - a["ended"] for a, b in zip(rows, rows[1:])]
        assert min(stop) >= -CLOCKS_S, stop
        assert len({r["path"] for r in rows}) == 7


def test_9_many_sources_of_a_host_do_not_come_in_a_burst():
    with Scene(*(f"/news.xml?{n}" for n in range(12)), keys="tags: []") as s:
        rows = s.asked(12)
        assert rows[-1]["began"] - rows[0]["began"] >= 11 * 0.4
        assert min(pauses(rows)) >= 0.4
        due = sorted(moment(s.source(n)["next_poll"]) for n in range(12))
        assert (due[-1] - due[0]).total_seconds() > 60  # and the next time they are spread
        assert len({(d.hour, d.minute) for d in due}) >= 4


def test_10_a_failure_waits_for_the_next_regular_poll():
    locations = "location = /broken { return 500; } location = /endless { limit_rate 200; try_files /big.xml =404; }"
    web = Nginx(locations)
    web.put("big.xml", rss("much " * 10000))
    with Scene("/broken", "/endless", keys="every: 3s", web=web, more="total_timeout: 1s") as s:
        for path in ("/broken", "/endless"):
            s.asked(1, path)
        s.daemon.wait_event("poll.failed", 2)
        s.restart("kill")
        for path in ("/broken", "/endless"):
            check_pauses(s.asked(2, path), [3])


# --- and what spares both sides bytes ------------------------------------------------------------------------------------


def test_http2_where_it_is_offered():
    web = Nginx(tls=True)
    with Scene("/news.xml", web=web, more=f"ca_file: {web.certificate}") as s:
        assert {r["protocol"] for r in s.asked(2)} == {"HTTP/2.0"}
    with Scene("/news.xml") as s:
        assert {r["protocol"] for r in s.asked(2)} == {"HTTP/1.1"}


def test_compressed_bodies():
    """By Content-Encoding, or a gzip file as it lies on the disk, whatever type the server takes it for."""
    text = rss(*("much " * 100 for _ in range(50)))
    web = Nginx("gzip on; gzip_types *; gzip_http_version 1.0;")
    web.put("big.xml", text)
    for name in ("big.xml.gz", "big.bin"):
        web.put(name, gzip.compress(text.encode()))
    with Scene("/big.xml", "/big.xml.gz", "/big.bin", keys="every: 1h", web=web) as s:
        for n in range(3):
            row = wait_until(lambda: (r := s.source(n))["last_poll"] and r, PATIENCE_S, "the first poll")
            assert (row["state"], row["last_posts"], row["last_new"]) == ("ok", 50, 50), row
            assert row["last_bytes"] < len(text) / 10, row


def test_what_is_new_alone():
    """RFC 3229 with feeds: asked for where there is a version to begin from, and understood."""
    one = rss("three").replace("<guid isPermaLink='false'>0", "<guid isPermaLink='false'>3")
    delta = f"""location = /delta {{
      etag off; if_modified_since off; add_header ETag '"1"'; set $new "$http_a_im$http_if_none_match";
      if ($new = 'feed"1"') {{ add_header IM feed always; add_header ETag '"2"' always; return 226 "{one}"; }}
      if ($new = 'feed"2"') {{ add_header ETag '"2"'; return 304; }}
      try_files /news.xml =404; }}"""
    with Scene("/delta", locations=delta) as s:
        rows = s.asked(4)
        assert [r["status"] for r in rows[:4]] == [200, 226, 304, 304], rows
        assert [r["headers"].get("a_im") for r in rows] == [None] + ["feed"] * (len(rows) - 1)
        done = s.daemon.wait_event("poll.done", 2)
        assert "posts=2 new=2" in done[0] and "posts=1 new=1" in done[1], done


def test_the_usual_places_are_tried_one_after_another():
    with Scene(locations="location /nothing { return 404; }") as s:
        s.web.put("index.html", "<!doctype html><html><title>Blog</title><body>No word of a feed.</body></html>")
        s.web.put("index.xml", rss("one"))
        told = s.daemon.do("add-source", s.web.url(), "--allow-private")
        assert "index.xml" in told and "usual place" in told, told
        rows = wait_until(lambda: [r for r in s.web.asked() if r["path"] == "/index.xml"] and s.web.asked(), PATIENCE_S, "the log")
        assert [r["path"] for r in rows] == ["/", "/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml"]
        assert min(pauses(rows)) >= -CLOCKS_S and {r["method"] for r in rows} == {"GET"}
