# SPDX-License-Identifier: ISC
"""Bluesky's own servers on loopback: what people post there through the API is seen by monitord and told."""
import json, sqlite3

import pytest

from atproto import Network, User, call, expired
from daemon import Daemon
from receivers import WebhookReceiver, wait_until


@pytest.fixture(scope="module")
def network():
    with Network() as n:
        yield n


@pytest.fixture
def people(network, request):
    """Two accounts that no other test has."""
    serial = request.node.name.removeprefix("test_").replace("_", "")[:12]
    return User(network, f"ada-{serial}"), User(network, f"bob-{serial}")


def config(source, hook, query, accounts=""):
    return f"""{accounts}
sources:
  - {{name: s, type: bluesky, {source}, every: 1h, backfill: all, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: w, query: '{query}'}}
"""


def seen(network, *refs):
    """Waits until the AppView shows the posts."""
    def shown(ref):
        return call(network.appview, "app.bsky.feed.getPosts", uris=ref["uri"])["posts"]
    wait_until(lambda: all(map(shown, refs)), 60, lambda: f"the AppView's posts\n{network.log()[-2000:]}")


def told(hook, n):
    """The posts of the first `n` alerts by their texts."""
    hook.wait(n, 60)
    return {r.json()["post"]["text"]: r.json()["post"] for r in hook.requests}


def related(post):
    return {c["relation"]: c["post"]["text"] for c in post["context"]}


def test_an_account_is_followed(network, people):
    ada, bob = people
    asked, link = bob.post("What did Ilya see?"), "https://lab.example/a-very-long-address"
    text = "Grüße: lab.example/a-very…"
    at = len("Grüße: ".encode())
    posts = [
        ada.post(text, langs=["de"], facets=[{"index": {"byteStart": at, "byteEnd": len(text.encode())}, "features": [
            {"$type": "app.bsky.richtext.facet#link", "uri": link}]}]),
        ada.reply("Or xAI", asked),
        ada.quote("This one", asked),
        ada.post("Nothing of interest"),
    ]
    ada.repost(asked)
    seen(network, *posts)
    wanted = "context:(Ilya) OR url:lab.example"
    with WebhookReceiver() as hook, Daemon(config(f'handle: {ada.handle}, url: "{network.appview}"', hook, wanted)) as d:
        found = told(hook, 4)
        assert set(found) == {text, "Or xAI", "This one", "What did Ilya see?"}
        assert [(p["author"]["handle"], p["author"]["id"]) for p in found.values()] == [(ada.handle, ada.did)] * 4
        assert link in found[text]["links"] and found[text]["language"] == "de"
        assert related(found["Or xAI"]) == {"parent": "What did Ilya see?"}
        assert related(found["This one"]) == {"quoted": "What did Ilya see?"}
        assert related(found["What did Ilya see?"]) == {"reposted": "What did Ilya see?"}
        rkey = posts[1]["uri"].rsplit("/", 1)[1]
        assert found["Or xAI"]["url"] == f"https://bsky.app/profile/{ada.did}/post/{rkey}"

        seen(network, ada.reply("He saw this", posts[1], asked))
        assert d.rows("poll-source", "s")[0]["new"] == 1
        found = told(hook, 5)
        assert related(found["He saw this"]) == {"parent": "Or xAI", "root": "What did Ilya see?"}

        bob.delete(asked)  # what was told of it stays, and nothing is told again
        seen(network, ada.post("What did Ilya say?", tags=["ilya"]), ada.post("See #lab", embed={
            "$type": "app.bsky.embed.external", "external": {"uri": link, "title": "A lab", "description": ""}}))
        assert d.rows("poll-source", "s")[0]["new"] == 2
        assert set(told(hook, 7)) == {*found, "What did Ilya say?", "See #lab"}
        assert len(d.rows("list-alerts")) == 7


def test_a_search_keeps_its_login(network, people, tmp_path):
    ada, bob = people
    password = tmp_path / "password"
    password.write_text(bob.app_password())
    seen(network, ada.post("Sutskever spoke at noon"), ada.post("Nobody spoke"))
    accounts = f'''accounts:
  - {{name: b, type: bluesky, username: {bob.handle}, token: {{file: {password}}}, api: "{network.pds}"}}'''
    with WebhookReceiver() as hook, Daemon(config("account: b, query: Sutskever", hook, "Sutskever", accounts)) as d:
        assert set(told(hook, 1)) == {"Sutskever spoke at noon"}
        d.stop()
        first = age_session(d)
        d.start()
        seen(network, ada.post("Sutskever spoke at one"))
        assert d.rows("poll-source", "s")[0]["new"] == 1
        assert set(told(hook, 2)) == {"Sutskever spoke at noon", "Sutskever spoke at one"}
        d.stop()
        assert session(d)["refresh"] != first["refresh"]
        assert not any(secret in d.log() for secret in (password.read_text(), first["access"], first["refresh"]))


def database(d):
    return sqlite3.connect(next(d.state.glob("*.db")))


def session(d):
    with database(d) as db:
        return json.loads(db.execute("SELECT session FROM account").fetchone()[0])


def age_session(d):
    """Makes the stopped daemon's access token one that has expired; returns the session as it was."""
    s = session(d)
    with database(d) as db:
        db.execute("UPDATE account SET session=?", [json.dumps({**s, "access": expired(s["access"])})])
    return s
