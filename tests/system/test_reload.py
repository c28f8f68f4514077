# SPDX-License-Identifier: ISC
"""A reload builds a new world or keeps the old one, and says which and why; what did not change is left in peace."""
import random, signal, time

import pytest

from daemon import Daemon
from receivers import GrowingFeeds, Nginx, WebhookReceiver, wait_until

FEED = "<rss version='2.0'><channel><title>{0}</title><item><guid>{0}-1</guid><title>Nobody</title></item></channel></rss>"


@pytest.fixture
def web():
    with Nginx() as nginx:
        for name in ("a", "b"):
            nginx.put(f"{name}.xml", FEED.format(name))
        yield nginx


def config(web, more="", watch="Sutskever"):
    return (f"sources:\n  - {{name: a, url: '{web.url('a.xml')}', every: 20m, allow_private: true}}\n{more}"
            f"channels:\n  - {{name: desk, type: console}}\nwatches:\n  - {{name: ilya, query: {watch}}}\n")


def polls(web, path):
    return sum(p == path for _, _, _, p in web.requests())


def test_sighup_and_reload_change_what_changed_and_poll_nothing_else(web):
    with Daemon(config(web)) as d:
        d.wait_event("poll.done")
        d.config.write_text(config(web, f"  - {{name: b, url: '{web.url('b.xml')}', allow_private: true}}\n"))
        answer = d.ask("POST", "/v1/reload")
        assert answer["sources"] == {"added": 1, "changed": 0, "removed": 0, "kept": 1}
        assert answer["watches"]["kept"] == 1
        d.wait_event("poll.done", 2)
        d.config.write_text(config(web, watch="Altman"))
        d.signal(signal.SIGHUP)
        d.wait_event("reload.done", 2)
        assert d.ask("GET", "/v1/watches/ilya")["query"] == "Altman"
        assert [s["name"] for s in d.ask("GET", "/v1/sources")["sources"]] == ["a"]
        d.ask("POST", "/v1/sources/a/poll")
        assert (polls(web, "/a.xml"), polls(web, "/b.xml")) == (2, 1)
        assert web.requests()[-1][1] == 304  # its validators outlived both reloads


@pytest.mark.parametrize("broken, where", [
    ("watches:\n  - {name: ilya, query: '(Sutskever'}\n", "monitord.yaml:2:25: query: column 11"),
    ("sources: [\n", "monitord.yaml:2:1"),
    ("sorces: []\n", "monitord.yaml:1:1: unknown key"),
    ("watches:\n  - {name: x, query: a, channels: [nowhere]}\n", "monitord.yaml:2:36: unknown channel"),
], ids=["query", "yaml", "key", "reference"])
def test_a_broken_configuration_changes_nothing_and_is_named(web, broken, where):
    with Daemon(config(web)) as d:
        d.wait_event("poll.done")
        d.config.write_text(broken)
        run = d.ctl("reload")
        assert run.returncode == 78 and where in run.stderr, run
        d.signal(signal.SIGHUP)
        d.wait_event("reload.refused", 2)
        assert where in d.log()
        assert d.ask("GET", "/v1/watches/ilya")["query"] == "Sutskever"
        assert polls(web, "/a.xml") == 1


def test_objects_of_the_api_outlive_restarts_and_those_of_the_file_are_read_only(web):
    with WebhookReceiver() as hook, Daemon(config(web)) as d:
        d.do("add-watch", "--name", "sam", "Altman", "--channel", "desk")
        d.do("add-channel", "webhook", hook.url, "--name", "hook", "--allow-private")
        d.do("add-source", web.url("b.xml"), "--name", "b", "--allow-private")
        d.restart()
        origins = {o["name"]: o["origin"] for kind in ("watches", "channels", "sources")
                   for o in d.ask("GET", f"/v1/{kind}")[kind]}
        assert origins == {"ilya": "config", "sam": "api", "desk": "config", "hook": "api", "a": "config", "b": "api"}
        assert polls(web, "/b.xml") == 1
        for method, path in (("DELETE", "/v1/watches/ilya"), ("PATCH", "/v1/sources/a"), ("POST", "/v1/channels/desk/pause")):
            status, answer = d.request(method, path, {} if method == "PATCH" else None)
            assert status == 403 and "monitord.yaml" in answer["detail"], answer
        run = d.ctl("remove-watch", "ilya")
        assert run.returncode == 1 and "monitord.yaml" in run.stderr


def test_a_name_of_the_api_that_the_file_takes_is_an_error(web):
    with Daemon(config(web)) as d:
        run = d.ctl("add-watch", "--name", "ilya", "Altman")
        assert run.returncode == 1 and "exists already" in run.stderr and "monitord.yaml" in run.stderr
        d.do("add-watch", "--name", "sam", "Altman")
        d.config.write_text(config(web) + "  - {name: sam, query: Nadella}\n")
        run = d.ctl("reload")
        assert run.returncode == 78 and '"sam"' in run.stderr
        assert d.ask("GET", "/v1/watches/sam")["query"] == "Altman"


def test_a_name_that_the_file_took_while_monitord_was_down_is_the_file_s(web):
    """It starts all the same and says which object of the API waits; when the file lets go of the name, that one is back."""
    with Daemon(config(web)) as d:
        d.do("add-watch", "--name", "sam", "Altman")
        d.stop()
        d.config.write_text(config(web) + "  - {name: sam, query: Nadella}\n")
        d.start()
        assert (d.ask("GET", "/v1/watches/sam")["query"], d.ask("GET", "/v1/watches/sam")["origin"]) == ("Nadella", "config")
        skipped, = d.events("object.skipped")
        assert 'watch \\"sam\\" of the database' in skipped and "monitord.yaml" in skipped
        d.config.write_text(config(web))
        d.do("reload")
        assert (d.ask("GET", "/v1/watches/sam")["query"], d.ask("GET", "/v1/watches/sam")["origin"]) == ("Altman", "api")


def test_conf_d_is_read_with_the_file_and_named_in_errors(web):
    with Daemon(config(web)) as d:
        more = d.folder / "conf.d"
        more.mkdir()
        (more / "10-more.yaml").write_text(f"sources:\n  - {{name: b, url: '{web.url('b.xml')}', allow_private: true}}\n")
        assert "sources   1 added, 0 changed, 0 removed, 1 kept" in d.do("reload")
        (more / "20-bad.yaml").write_text("watches:\n  - {name: x, query: a, chanels: [desk]}\n")
        run = d.ctl("reload")
        assert run.returncode == 78 and "20-bad.yaml:2:25: " in run.stderr and 'did you mean "channels"' in run.stderr, run.stderr
        (more / "20-bad.yaml").unlink()
        d.config.unlink()
        run = d.ctl("reload")
        assert run.returncode == 78 and str(d.config) in run.stderr
        assert [s["name"] for s in d.ask("GET", "/v1/sources")["sources"]] == ["a", "b"]


def test_a_secret_in_a_file_is_read_again(web):
    with WebhookReceiver(secret="new") as hook, Daemon(config(web)) as d:
        secret = d.folder / "secret"
        secret.write_text("old\n")
        d.config.write_text(config(web).replace(
            "{name: desk, type: console}", f"{{name: desk, type: webhook, url: '{hook.url}', secret: {{file: {secret}}}}}"))
        d.do("reload")
        assert d.ask("POST", "/v1/channels/desk/test")["status"] == 401
        secret.write_text("new\n")
        assert d.ask("POST", "/v1/reload")["channels"]["changed"] == 1
        assert d.ask("POST", "/v1/channels/desk/test")["status"] == 200


def test_what_waits_for_a_channel_that_is_gone_is_a_dead_letter_and_can_be_retried(web):
    with WebhookReceiver(then=503) as hook:
        there = config(web, watch="Nobody").replace("every: 20m", "every: 20m, backfill: all").replace(
            "{name: desk, type: console}", f"{{name: desk, type: webhook, url: '{hook.url}'}}")
        with Daemon(there) as d:
            hook.wait(1)
            d.config.write_text(there.replace("name: desk", "name: other"))
            d.do("reload")
            letter, = d.ask("GET", "/v1/deliveries?state=dead")["deliveries"]
            assert letter["channel"] == "desk" and "does not exist any more" in letter["error"]
            d.config.write_text(there)
            d.do("reload")
            hook.script(then=200)
            d.do("retry-delivery", letter["id"])
            wait_until(lambda: len(hook.delivered()) == 1, 20, "the letter")
            assert set(hook.ids()) == {letter["id"]}


def test_reloads_without_end_lose_and_double_nothing():
    """Sources come and go, the hook's settings change and the file breaks, while posts come and deliveries fail."""
    rng, trouble = random.Random(1), random.Random(2)
    answers = [200, 200, 200, 500, (429, {"Retry-After": "1"}, "slow down")]
    with GrowingFeeds(3, n=8) as feeds, WebhookReceiver(then=lambda _: trouble.choice(answers)) as hook:
        def world(sources, header):
            listed = "".join(f"  - {{name: f{n}, url: '{feeds.feed(n)}', every: 1s, backfill: all, allow_private: true}}\n"
                             for n in sources)
            return (f"sources:\n{listed}channels:\n  - {{name: hook, type: webhook, url: '{hook.url}',"
                    f" headers: {{X-Version: '{header}'}}}}\nwatches:\n  - {{name: ilya, query: Sutskever}}\nmax_per_host: 16\n")
        with Daemon(world(feeds.items, 0)) as d:
            for i in range(50):
                broken = rng.random() < 0.2
                sources = [n for n in feeds.items if rng.random() < 0.8]
                d.config.write_text("sorces: []\n" if broken else world(sources, rng.randrange(3)))
                assert d.request("POST", "/v1/reload")[0] == (422 if broken else 200)
                time.sleep(rng.random() * 0.1)  # what happens between two reloads
            feeds.growing = False
            hook.script(then=200)
            d.config.write_text(world(feeds.items, 9))
            d.do("reload")
            for n in feeds.items:
                d.ask("POST", f"/v1/sources/f{n}/poll")
            for delivery in d.ask("GET", "/v1/deliveries?state=waiting&limit=1000")["deliveries"]:
                d.request("POST", f"/v1/deliveries/{delivery['id']}/retry")
            wait_until(lambda: d.ask("GET", "/v1/status")["deliveries"]["waiting"] == 0, 60, "the last delivery")
            assert d.ask("GET", "/v1/status")["deliveries"]["dead"] == 0
    told = [r.json()["post"]["id"] for r in hook.delivered()]
    assert len(told) > 20 and sorted(told) == sorted(feeds.matching())
    assert len(set(hook.ids())) == len(told)
