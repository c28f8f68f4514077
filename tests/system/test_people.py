# SPDX-License-Identifier: ISC
"""People: their accounts and names in queries, over a real daemon."""
import json, re
from pathlib import Path

import pytest

from daemon import Daemon
from receivers import WebhookReceiver, wait_until
from test_readme import ROOT, examples
from test_social import SEED, Api, seed_answer, x_config

ARTICLE = ROOT / "tests/data/system/article.xml"
PAGE = ROOT / "daemon/man/monitord-query.7"
PEOPLE = """
people:
  - name: Ilya Sutskever
    aliases: [Илья Суцкевер]
  - name: Elon Musk
    accounts: [x:elonmusk]
    aliases: [Musk]
"""


def delivered(d, n):
    wait_until(lambda: [r["state"] for r in d.rows("list-deliveries")] == ["delivered"] * n, 60, f"{n} deliveries")


@pytest.mark.skipif(not SEED.exists(), reason=f"no {SEED}")
def test_the_seed_reply_is_found_once_by_people(tmp_path):
    token = tmp_path / "x-token"
    token.write_text("app-token\n")
    query = 'from:@@elon-musk context:(about:"Ilya Sutskever")'
    with Api(seed_answer) as api, WebhookReceiver() as hook, Daemon(PEOPLE + x_config(api, hook, query, token)) as d:
        hook.wait()
        delivered(d, 1)
        alert = hook.requests[0].json()
        assert alert["post"]["text"].endswith("Or xAI")
        assert alert["reason"].startswith("matched x:elonmusk in handle; Ilya Sutskever in the post that it answers"), alert["reason"]
        assert d.rows("poll-source", "musk")[0]["new"] == 0
        assert len(hook.requests) == 1 and len(d.rows("list-alerts")) == 1
        # the post told the account's id
        [known] = d.rows("show-person", "elon-musk")[0]["known"]
        assert (known["handle"], known["id"], known["before"]) == ("elonmusk", "44196397", None)
        assert d.wait_event("person.identified") and "elonmusk" in d.do("show-person", "Elon Musk")
        explained = d.ctl("explain", "w", alert["id"])
        assert explained.returncode == 0 and 'any of from:@@elon-musk' in explained.stdout, explained.stdout + explained.stderr


def test_the_french_article_is_about_the_person():
    with Api(lambda *_: ARTICLE.read_bytes()) as web, WebhookReceiver() as hook, Daemon(PEOPLE + f"""
sources:
  - {{name: quotidien, type: feed, url: "{web.url}/feed.xml", backfill: all, allow_private: [127.0.0.0/8]}}
channels:
  - {{name: desk, type: webhook, url: "{hook.url}"}}
watches:
  - {{name: ilya, query: 'about:"Ilya Sutskever"'}}
""") as d:
        hook.wait()
        delivered(d, 1)
        alert = hook.requests[0].json()
        assert "Ilya Sutskever" in alert["post"]["title"] and alert["words"] == ["Ilya Sutskever"]
        assert "1 alert on 1 day" in d.do("test-watch", 'about:"Илья Суцкевер"')
        assert len(d.rows("search", "about:@@ilya-sutskever")) == 1


def test_examples_of_the_manual_are_true():
    blocks = examples(PAGE)
    [people] = [b for b in blocks if b.startswith("people:")]
    lines = [line for b in blocks for line in b.splitlines() if re.match(r'.*(about:|@@).*  (finds|misses)  ', line)]
    with Daemon(people) as d:
        for line in lines:
            query, what, text = re.split(r"  +", line)
            run = d.ctl("match", query, stdin=json.dumps({"text": text}))
            assert (run.returncode, run.stderr) == ({"finds": 0, "misses": 1}[what], ""), line
        shown = re.findall(r"^\.Ql (\S*(?:@@|about:)\S*|\".*(?:@@|about:).*\") \.$", PAGE.read_text(), re.M)
        for example in shown:
            assert d.ctl("lint", example.strip('"').replace("\\(dq", '"')).returncode == 0, example
        assert len(lines) >= 6 and len(shown) >= 2


def test_people_of_the_file_and_of_the_api():
    with Daemon(PEOPLE) as d:
        assert [(p["key"], p["origin"]) for p in d.rows("list-people")] == [("ilya-sutskever", "config"), ("elon-musk", "config")]
        assert d.do("add-person", "Sam", "Altman", "--account", "x:sama", "--alias", "Сэм Альтман") == \
            "added person Sam Altman, in queries @@sam-altman\n"
        d.do("add-watch", "--name", "sam", "from:@@sam-altman OR about:\"Ilya Sutskever\"")
        run = d.ctl("add-watch", "from:@@sam-altmann")
        assert run.returncode != 0 and 'did you mean "sam-altman"?' in run.stderr and "      ^" in run.stderr
        assert "comes from the configuration" in d.ctl("remove-person", "elon-musk").stderr
        assert 'asked for by watch "sam"' in d.ctl("remove-person", "sam-altman").stderr
        d.do("edit-person", "sam-altman", "--add-alias", "sama")
        assert d.rows("show-person", "sam-altman")[0]["aliases"] == ["Сэм Альтман", "sama"]
        d.restart()
        assert d.rows("show-person", "Sam Altman")[0]["watches"] == ["sam"]
        # a reload that leaves a watch without its person changes nothing
        d.config.write_text("people: []\n")
        refused = d.ctl("reload")
        assert refused.returncode != 0 and 'no person is called "Ilya Sutskever"' in refused.stderr, refused.stderr
        assert len(d.rows("list-people")) == 3
        d.config.write_text(PEOPLE.replace("[Musk]", "[Musk, Muskrat]"))
        d.do("reload")
        assert d.ctl("match", "about:@@elon-musk", stdin='{"text":"a muskrat"}').returncode == 0
        d.do("edit-watch", "sam", "--query", "nobody")
        assert d.do("remove-person", "sam-altman") == "removed person sam-altman\n"


def test_what_the_offline_check_says_of_people(tmp_path):
    file = tmp_path / "monitord.yaml"
    with Daemon() as d:
        file.write_text(PEOPLE + "watches:\n  - {name: a, query: 'from:@@elon-musk about:Ilya-Sutskever watch:b'}\n"
                        "  - {name: b, query: 'about:Nobody'}\n")
        run = d.ctl("check-config", file)
        assert run.returncode == 0 and 'monitord.yaml:10:5: query: no person is called "Nobody"' in run.stderr, run.stderr
        file.write_text(PEOPLE + "  - {name: B, accounts: 'https://x.com/ElonMusk'}\n  - {name: C, accounts: elonmusk}\n")
        run = d.ctl("check-config", file)
        assert run.returncode != 0 and "expected platform:handle" in run.stderr
        file.write_text(PEOPLE + "  - {name: B, accounts: 'https://x.com/ElonMusk'}\n")
        run = d.ctl("check-config", file)
        assert run.returncode != 0 and "account x:ElonMusk is Elon Musk's already" in run.stderr


def test_accounts_become_sources_in_one_step(tmp_path):
    token = tmp_path / "x-token"
    token.write_text("app-token\n")

    def answer(path, params):
        if path == "/feed.xml":
            return ARTICLE.read_bytes()
        if path.startswith("/2/users/by/username/"):
            return {"data": {"id": "1", "name": "Ann", "username": "ann"}}
        return {"meta": {"result_count": 0}}

    with Api(answer) as api, Daemon() as d:
        accounts = ["--account", "x:ann", "--account", f"{api.url}/feed.xml", "--follow", "--allow-private"]
        run = d.ctl("add-person", "Ann", *accounts)
        assert run.returncode != 0 and "added person Ann" in run.stdout and "added source le-quotidien-du-réseau" in run.stdout, run
        assert "log in first, monitorctl login x --type x" in run.stderr and "x:ann is not followed" in run.stderr
        d.config.write_text(f'accounts:\n  - {{name: x, type: x, token: {{file: {token}}}, api: "{api.url}"}}\n')
        d.do("reload")
        run = d.ctl("edit-person", "Ann", "--follow", "--allow-private")
        assert (run.returncode, run.stdout) == (0, "added source ann: x:ann, read as x\n"), run
        assert "is followed already, by source le-quotidien-du-réseau" in run.stderr
