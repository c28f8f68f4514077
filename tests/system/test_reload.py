# SPDX-License-Identifier: ISC
"""A reload builds a new world or keeps the old one, and says which and why; what did not change is left in peace."""
import signal

import pytest

from daemon import Daemon
from receivers import Nginx, WebhookReceiver

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
