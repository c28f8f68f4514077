# SPDX-License-Identifier: ISC
"""The main job, end to end: an article that a real web server serves arrives in a chat webhook, as a mail and in the
terminal, at once, once, and with the words that matched, whatever happens to monitord in between."""
import os, re, shutil, signal, subprocess, time
from pathlib import Path

import pytest

from daemon import BUILD, Daemon
from receivers import MailReceiver, Nginx, WebhookReceiver, unix_time, wait_until

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MONITORD_CORPUS", ROOT.parent / "shared/corpus")).parent
FEEDS = {"own": ROOT / "tests/data/system/article.xml", "seed": SHARED / "seed/trading-insider.xml"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE_S = 5  # the goal is 1 s after the poll; the figure is printed, and other work on the machine must not fail the test


def feed(name):
    if not FEEDS[name].exists():
        pytest.skip(f"no {FEEDS[name]}")
    return FEEDS[name].read_text()


def without_article(xml):
    """The feed as it was before its newest item, the article, came."""
    return re.sub(r"<item>.*?</item>\s*", "", xml, count=1, flags=re.S)


class Stage:
    """nginx, a webhook receiver, a mail server, and a monitord that monitorctl has told of the last two."""

    def __init__(self, web, hook, mail, daemon):
        self.web, self.hook, self.mail, self.daemon = web, hook, mail, daemon
        secret = daemon.folder / "secret"
        secret.write_text(SECRET + "\n")
        daemon.do("add-channel", "webhook", hook.url, "--secret-file", secret, "--default", "--allow-private")
        daemon.do("add-channel", "email", mail.url, "--default", "--allow-private", "--set", 'to=["me@example.org"]',
                  "--set", "from=monitord@example.org", "--set", "tls=none")
        daemon.do("add-channel", "console", "--default")

    def poll(self):
        return self.daemon.rows("poll-source", "news")[0]

    def all_told(self, n, seconds=30):
        """Waits until every one of `n` deliveries is done, and returns them: there are no others."""
        def done():
            rows = self.daemon.rows("list-deliveries")
            return len(rows) >= n and all(r["state"] == "delivered" for r in rows) and rows
        rows = wait_until(done, seconds, lambda: f"{n} deliveries, log:\n{self.daemon.log()}")
        assert len(rows) == n, rows
        return rows


@pytest.fixture
def stage():
    with Nginx() as web, WebhookReceiver(secret=SECRET) as hook, MailReceiver() as mail, \
            Daemon("time_zone: Europe/Paris\n") as daemon:
        yield Stage(web, hook, mail, daemon)


def baseline_then_article(stage, xml):
    """The source is followed first; the article comes later."""
    url = stage.web.put("news.xml", without_article(xml))
    stage.daemon.do("add-source", url, "--name", "news", "--allow-private", "--backfill", "all")
    stage.daemon.do("add-watch", "Sutskever")
    stage.web.put("news.xml", xml)
    assert stage.poll()["alerts"] == 1


def article_is_there_already(stage, xml):
    """The watch stands first; the article is in the first document of the source."""
    url = stage.web.put("news.xml", xml)
    stage.daemon.do("add-watch", "Sutskever")
    stage.daemon.do("add-source", url, "--name", "news", "--allow-private", "--backfill", "all")


def watch_comes_last(stage, xml):
    """The source has been read before anybody watches: `backfill` reaches back for a new watch, too."""
    url = stage.web.put("news.xml", xml)
    stage.daemon.do("add-source", url, "--name", "news", "--allow-private", "--backfill", "all")
    stage.daemon.do("add-watch", "Sutskever")


def check_webhook(request):
    body = request.json()
    assert request.signature_ok and request.id == body["delivery_id"]
    assert (body["watch"], body["words"]) == ("sutskever", ["Sutskever"]) and "Sutskever" in body["reason"]
    assert body["post"]["source"] == "news" and body["post"]["language"] == "fr-FR"
    fields = set()
    for span in body["spans"]:
        hit = body["post"][span["field"]].encode()[span["start"]:span["end"]].decode()
        assert hit.casefold() == "sutskever"
        fields.add(span["field"])
    assert {"title", "text"} <= fields
    assert "d’Ilya Sutskever" in body["post"]["text"]


def check_mail(mail, post):
    assert mail.rcpt_to == "me@example.org" and mail.message["Auto-Submitted"] == "auto-generated"
    assert post["title"] in mail.message["Subject"]
    text = mail.part("plain")
    for part in ("*Sutskever*", "watch sutskever", post["url"], post["author"]["name"], "news"):
        assert part in text, text
    assert re.search(r"L’avenir d’Ilya \*Sutskever\*", text), text
    assert re.search(r"0[79]:[13][04] CET", text), text  # in the user's time zone
    assert "<mark>Sutskever</mark>" in mail.part("html")


@pytest.mark.parametrize("order", [baseline_then_article, article_is_there_already, watch_comes_last], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", FEEDS)
def test_article_is_told_at_once_and_once(stage, name, order, record_property):
    xml = feed(name)
    order(stage, xml)
    stage.all_told(3)
    request, mail = stage.hook.requests[0], stage.mail.wait(1)[0]
    polled = [t for t, status, _, path in stage.web.requests() if status == 200 and path == "/news.xml"][-1]
    late = {"webhook": unix_time(request.arrived) - polled, "mail": unix_time(mail.arrived) - polled}
    for channel, seconds in late.items():
        print(f"{channel}: {seconds * 1000:.0f} ms after the poll")
        record_property(f"{channel}_s", round(seconds, 3))
        assert seconds < PATIENCE_S
    check_webhook(request)
    check_mail(mail, request.json()["post"])
    assert re.search(r"^ .*d['’]Ilya \*Sutskever\*", stage.daemon.log(), re.M), stage.daemon.log()

    daemon = stage.daemon
    assert stage.poll()["outcome"] == "not-modified"
    stage.web.put("news.xml", xml.replace("<title>", "<title>Mise à jour : ", 2).replace("L’avenir", "Le bel avenir"))
    edited = stage.poll()
    assert (edited["new"], edited["alerts"]) == (0, 0) and edited["edited"] >= 1, edited
    daemon.restart()
    assert stage.poll()["outcome"] == "not-modified"
    daemon.do("reload")
    stage.web.put("news.xml", xml)
    assert stage.poll()["alerts"] == 0
    stage.all_told(3)
    assert len(stage.hook.requests) == 1 and len(stage.mail.mails) == 1


@pytest.mark.parametrize("answer", ["hang", 500])
def test_kill_between_poll_and_delivery(stage, answer):
    """No alert is missing after kill -9, and what the hook saw before comes again under the same id."""
    stage.hook.script(then=answer)
    article_is_there_already(stage, feed("own"))
    first = stage.hook.wait(1)[0]
    if answer == 500:
        stage.daemon.wait_event("delivery.failed")
    stage.daemon.kill()
    stage.hook.script(then=200)
    stage.daemon.start()
    stage.all_told(3)
    last = stage.hook.requests[-1]
    assert len(stage.hook.delivered()) == 1 and stage.hook.ids() == [first.id, first.id]
    assert last.signature_ok and last.json()["post"] == first.json()["post"]
    assert len({m.id for m in stage.mail.wait(1)}) == 1
    assert stage.poll()["alerts"] == 0
    stage.all_told(3)


def offline():
    """How a command is run without any network, [] if that cannot be had here."""
    command = ["unshare", "--net", "--map-root-user"]
    alone = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if alone else []


def test_quickstart_without_internet(tmp_path, record_property):
    """What `make run` starts: the sample alerts in the terminal; each feed that cannot be reached is one clear line."""
    alone = offline()
    if not alone:
        pytest.skip("unshare --net is not permitted here: the public feeds might be reached")
    build, log = tmp_path / "b", tmp_path / "log"
    build.mkdir()
    for name in ("monitord", "monitorctl"):
        (build / name).symlink_to(BUILD / name)
    env = {**os.environ, "BUILD": str(build), "LC_ALL": "C.UTF-8"}
    started = time.monotonic()
    with open(log, "wb") as out:
        run = subprocess.Popen([*alone, "sh", "tests/lib/quickstart.sh"], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                               stdout=out, stderr=out)
    try:
        wait_until(lambda: "*Sutskever*" in log.read_text(), 15, "the sample's alert")
        seconds = time.monotonic() - started
        print(f"the sample alerts after {seconds:.2f} s")
        record_property("seconds", round(seconds, 3))
        assert seconds < PATIENCE_S
        urls = re.findall(r"url: https://(\S+)", (ROOT / "config/quickstart.yaml").read_text())
        assert len(urls) >= 3
        wait_until(lambda: len(re.findall(" poll.failed ", log.read_text())) >= len(urls), 60, "a line for each feed")
    finally:
        run.send_signal(signal.SIGTERM)
        status = run.wait(30)
    text = log.read_text()
    lines = [line for line in text.splitlines() if " poll.failed " in line]
    names = re.findall(r"name: (\S+)\n    url: https:", (ROOT / "config/quickstart.yaml").read_text())
    assert sorted(re.search(r'source="([^"]+)"', line)[1] for line in lines) == sorted(names), text
    assert all(re.search(r'error="[^"]{8,}', line) and len(line) < 250 for line in lines), text
    assert len(text.splitlines()) < len(names) + 30, text  # and no flood of any other kind
    assert 'add-watch "OpenAI"' in text and status == 0, text
