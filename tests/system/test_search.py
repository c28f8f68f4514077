# SPDX-License-Identifier: ISC
"""The archive through monitorctl: search over several answers, and what a watch would have told."""
import pytest

from daemon import Daemon
from receivers import Nginx

N = 1500  # more than one answer of the API holds


@pytest.fixture(scope="module")
def daemon():
    items = "".join(f"<item><guid>{i}</guid><title>{'Sutskever' if i % 3 else 'Nobody'}, item {i}</title></item>" for i in range(N))
    with Nginx() as web, Daemon() as d:
        web.put("busy.xml", f"<rss version='2.0'><channel><title>busy</title>{items}</channel></rss>")
        web.put("quiet.xml", "<rss version='2.0'><channel><title>quiet</title><item><guid>q</guid>"
                             "<title>Ilya Sutskever</title></item></channel></rss>")
        for name in ("busy", "quiet"):
            d.do("add-source", web.url(f"{name}.xml"), "--name", name, "--allow-private")
        yield d


def test_search_goes_on_where_an_answer_ends(daemon):
    assert len(daemon.rows("search", "Sutskever", "--limit", "5000")) == 1001
    assert len(daemon.rows("search", "Sutskever", "--limit", "1001")) == 1001
    assert len(daemon.rows("search", "Sutskever", "--limit", "7")) == 7
    few = daemon.ctl("search", "Sutskever")
    assert few.returncode == 0 and few.stdout.count("Sutskever") == 50 and "there may be older ones" in few.stderr
    none = daemon.ctl("search", "Altman")
    assert none.returncode == 1 and none.stdout == "" and "nothing in the archive" in none.stderr


def test_a_watch_is_tried_on_the_archive(daemon):
    tally, = daemon.rows("test-watch", "Sutskever", "--since", "7d")
    assert tally["alerts"] == 1001 and sum(d["alerts"] for d in tally["days"]) == 1001
    assert tally["sources"] == [{"source": "busy", "alerts": 1000}, {"source": "quiet", "alerts": 1}]
    assert len(tally["samples"]) == 5 and tally["samples"][0]["post"]["title"] == "Ilya Sutskever"
    shown = daemon.do("test-watch", "Sutskever")
    assert "1001 alerts on" in shown and "busy" in shown and "█" in shown
    assert daemon.ask("GET", "/v1/status")["alerts"] == 0
    assert daemon.ctl("test-watch", "Altman").returncode == 1
    wrong = daemon.ctl("test-watch", "(Altman")
    assert wrong.returncode == 64 and "expected )" in wrong.stderr
