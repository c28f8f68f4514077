# SPDX-License-Identifier: ISC
"""Lists of feeds: imported without fear, exported, and the round trip."""
import json, os, xml.etree.ElementTree as et
from pathlib import Path

import pytest

from daemon import Daemon
from receivers import Nginx, WebhookReceiver, wait_until

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("MONITORD_CORPUS", ROOT.parent / "shared/corpus")) / "opml"

LIST = """<?xml version="1.0"?>
<opml version="2.0"><head><title>mine</title></head><body>
  <outline text="News &amp; Press">
    <outline text="France"><outline type="rss" text="Le Phare" xmlUrl="{0}/a.xml" category="/ai,/boats"/></outline>
    <outline type="rss" text="Le Phare" xmlUrl="{0}/b.xml"/>
  </outline>
  <outline type="rss" text="No &lt;title&gt; &quot;x&quot;" xmlUrl="{0}/c.xml"/>
  <outline type="rss" text="again" xmlUrl="{0}/a.xml"/>
  <outline type="rss" text="command" xmlUrl="|rm -rf /"/>
  <outline type="rss" text="exec" xmlUrl="exec:/bin/sh"/>
  <outline type="rss" text="file" xmlUrl="file:///etc/passwd"/>
  <outline type="rss" text="filtered" xmlUrl="{0}/d.xml" filtercmd="/bin/sh"/>
</body></opml>
"""


@pytest.fixture
def web():
    with Nginx() as nginx:
        for name in "abc":
            nginx.put(f"{name}.xml", f"<rss version='2.0'><channel><title>{name}</title><item><guid>{name}</guid>"
                                     "<title>Sutskever</title></item></channel></rss>")
        yield nginx


def sources(daemon):
    return {s["name"]: (s["url"].rpartition("/")[2], s["tags"]) for s in daemon.ask("GET", "/v1/sources")["sources"]}


def test_a_list_is_imported_once_and_without_what_it_would_run(web):
    with Daemon() as daemon:
        text = LIST.format(web.url().rstrip("/"))
        dry = daemon.ctl("import-opml", "--dry-run", "--allow-private", "-", stdin=text)
        assert dry.returncode == 1 and "3 would be added, 1 followed already, 4 refused" in dry.stderr, dry
        assert sources(daemon) == {}
        run = daemon.ctl("import-opml", "--allow-private", "-", stdin=text)
        assert run.returncode == 1 and "3 added" in run.stderr, run
        for line in ("|rm -rf /", "exec:/bin/sh", "file:///etc/passwd", "d.xml"):
            assert any(line in row and ("only http" in row or "run a command" in row) for row in run.stdout.splitlines()), run.stdout
        want = {"le-phare": ("a.xml", ["News & Press", "France", "ai", "boats"]), "le-phare-2": ("b.xml", ["News & Press"]),
                "no-title-x": ("c.xml", [])}
        assert sources(daemon) == want
        again = daemon.ctl("import-opml", "--allow-private", "-", stdin=text)
        assert "0 added, 4 followed already" in again.stderr
        wait_until(lambda: len(daemon.events("poll.done")) == 3, 30, "the first polls")
        daemon.restart()
        assert sources(daemon) == want


def test_what_is_exported_can_be_imported(web):
    with Daemon() as daemon, Daemon() as other:
        text = LIST.format(web.url().rstrip("/"))
        daemon.ctl("import-opml", "--allow-private", "-", stdin=text)
        exported = daemon.do("export-opml")
        assert et.fromstring(exported.encode()).tag == "opml"
        other.do("import-opml", "--allow-private", "-", stdin=exported)
        assert sources(other) == sources(daemon)
        assert other.do("export-opml").count("<outline") == 3


def test_a_watch_looks_in_what_is_tagged(web):
    with WebhookReceiver() as hook, Daemon() as daemon:
        daemon.do("add-channel", "webhook", hook.url, "--allow-private")
        daemon.do("add-watch", "Sutskever", "--source", "#boats")
        daemon.ctl("import-opml", "--allow-private", "--backfill", "all", "-", stdin=LIST.format(web.url().rstrip("/")))
        wait_until(lambda: len(daemon.events("poll.done")) == 3, 30, "the first polls")
        assert [r.json()["post"]["id"] for r in hook.wait(1)] == ["a"]
        run = daemon.ctl("add-watch", "Altman", "--source", "#nothing")
        assert 'source "#nothing" does not exist' in run.stderr + run.stdout


def test_what_is_no_opml_is_said(web):
    with Daemon() as daemon:
        for text, why in (("<rss/>", "no OPML"), ("<opml version='1.0'><head/></opml>", "without <body>"), ("", "stdin")):
            run = daemon.ctl("import-opml", "-", stdin=text)
            assert run.returncode not in (0, 1), run
            assert why in run.stderr or run.stderr.startswith("monitorctl: "), run


def test_other_projects_lists_are_read():
    if not CORPUS.exists():
        pytest.skip(f"no {CORPUS}")
    with Daemon() as daemon:
        for file in sorted(CORPUS.glob("*.*ml")):
            run = daemon.ctl("--json", "import-opml", "--dry-run", file)
            if "missing" in file.name:
                assert run.returncode not in (0, 1), (file, run)
                continue
            assert run.returncode in (0, 1), (file, run)
            root = et.parse(file).getroot()
            want = [o.get("xmlUrl").strip() for o in root.iter("outline") if (o.get("xmlUrl") or "").strip()]
            assert [json.loads(line)["url"] for line in run.stdout.splitlines()] == want, file
