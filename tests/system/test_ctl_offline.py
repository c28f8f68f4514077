# SPDX-License-Identifier: ISC
"""monitorctl without a daemon: parse, match, check-config, help, mistakes, and what is generated from its tables."""
import grp, json, os, shutil, socket, subprocess, tempfile
from pathlib import Path

import pytest

from receivers import stop, wait_until

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MONITORD_BUILD", "build")).resolve()
CTL = str(BUILD / "monitorctl")
POST_KEYS = ["id", "url", "title", "text", "summary", "author", "authors", "published", "updated", "language", "tags", "links",
             "enclosures", "reply_to", "quote_of", "repost_of", "thread", "content_warning", "source", "platform"]
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Le Carnet</title><link>https://carnet.example/</link><language>fr</language>
<item><guid>tag:carnet.example,1</guid><title>L’avenir d’Ilya Sutskever</title><link>/1</link>
<pubDate>Mon, 11 Dec 2023 09:14:00 +0100</pubDate>
<description><![CDATA[<p>Que fera d’Ilya Sutskever ?</p><script>no()</script>]]></description></item>
<item><guid>tag:carnet.example,2</guid><title>Rien</title><description>La pluie.</description></item>
</channel></rss>
"""
LINES = "\n".join(json.dumps(p) for p in [
    {"id": "1", "title": "Où va Sutskever", "text": "d’Ilya Sutskever", "tags": ["x", "sutskever"]},
    {"id": "2", "title": "Sutskeverian", "text": "no"},
    {"id": "3", "title": None, "text": "SUTSKEVER's way"}]) + "\n"


def run(*args, stdin=None, env=None, **kw):
    env = {**{k: v for k, v in os.environ.items() if k not in ("MONITORD_SOCKET", "XDG_RUNTIME_DIR")}, "LC_ALL": "C.UTF-8",
           **(env or {})}
    return subprocess.run([CTL, *args], input=stdin, capture_output=True, text=True, env=env, timeout=20, **kw)


def commands():
    lines = run("--help").stdout.splitlines()
    return [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("  --")]


# --- command lines ---

def test_help():
    names = commands()
    assert len(names) > 35
    assert run("help", "tail").stdout.startswith("usage: monitorctl tail [OPTIONS]\n")
    assert run("help", "tail").stdout == run("tail", "-h").stdout == run("tail", "--help").stdout
    assert run("help").stdout == run("--help").stdout
    assert run("--version").stdout.startswith("monitorctl ")


@pytest.mark.parametrize("args,said", [
    (["add-wach", "x"], "did you mean add-watch?"),
    (["add-watch", "--nam", "x", "y"], "did you mean --name?"),
    (["help", "statsu"], "did you mean status?"),
    (["list-watches", "x"], "is too much; usage: monitorctl list-watches\n"),
    (["watch"], "did you mean add-watch, list-watches, show-watch, "),
    (["show-watch"], "show-watch NAME"),
    ([], "which command?"),
    (["tail", "--kind", "post,alerts"], "expected post, deleted, alert, delivery, source"),
    (["completion", "csh"], "bash, zsh or fish"),
])
def test_mistakes_are_answered(args, said):
    r = run(*args)
    assert (r.returncode, r.stdout) == (64, "") and said in r.stderr and r.stderr.count("\n") == 1


def test_no_daemon(tmp_path):
    r = run("status", "--socket", str(tmp_path / "none"))
    assert r.returncode == 69 and "is it running?" in r.stderr and r.stderr.count("\n") == 1
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "stale"))
    assert run("tail", env={"MONITORD_SOCKET": str(tmp_path / "stale")}).returncode == 69
    r = run("list-watches", env={"XDG_RUNTIME_DIR": str(tmp_path)})
    if r.returncode == 69:  # unless the system's own daemon runs here
        assert f"{tmp_path}/monitord/control.sock" in r.stderr and "/run/monitord/control.sock" in r.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="not root: no other user to be")
def test_a_users_own_daemon_is_found_without_a_log_in():
    """Nobody sets XDG_RUNTIME_DIR in a cron job or a container: the socket is in the state folder then, for both."""
    with tempfile.TemporaryDirectory() as home:
        for name in ("monitord", "monitorctl"):
            shutil.copy(BUILD / name, home)
        shutil.chown(home, "nobody")
        who = {"user": 65534, "group": 65534, "extra_groups": [], "env": {"HOME": home, "PATH": "/usr/bin:/bin"}, "text": True}
        daemon = subprocess.Popen([home + "/monitord"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, **who)
        try:
            ask = lambda: subprocess.run([home + "/monitorctl", "status"], capture_output=True, **who)
            assert "no source yet" in wait_until(lambda: (r := ask()).returncode == 0 and r.stdout, 30, lambda: ask().stderr)
        finally:
            stop(daemon)


def test_no_permission():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(CTL, folder + "/monitorctl")
        path = folder + "/control.sock"
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen(1)
            os.chmod(path, 0)
            who = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
            r = subprocess.run([folder + "/monitorctl", "--socket", path, "status"], capture_output=True, text=True, **who)
        assert r.returncode == 77 and f"you may not use {path}" in r.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="not root: no other user to be")
def test_no_permission_names_the_group():
    """As the service has it: the folder of the socket is closed to everybody outside the group."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(CTL, folder + "/monitorctl")
        os.mkdir(folder + "/run")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(folder + "/run/control.sock")
            os.chown(folder + "/run", 0, grp.getgrnam("daemon").gr_gid)
            os.chmod(folder + "/run", 0o750)
            r = subprocess.run([folder + "/monitorctl", "--socket", folder + "/run/control.sock", "status"], capture_output=True,
                               text=True, user=65534, group=65534, extra_groups=[])
        assert r.returncode == 77 and "only the group daemon may (as root: usermod -aG daemon YOU" in r.stderr


# --- parse ---

def test_parse_json(tmp_path):
    (tmp_path / "f.xml").write_text(FEED)
    r = run("parse", "--json", "--base-url", "https://carnet.example/feed", str(tmp_path / "f.xml"))
    assert r.returncode == 0 and r.stdout.count("\n") == 1, r.stderr
    found = json.loads(r.stdout)
    assert list(found) == ["feed", "posts"]
    assert found["feed"] == {"title": "Le Carnet", "url": "https://carnet.example/", "language": "fr", "updated": None}
    first = found["posts"][0]
    assert [list(p) for p in found["posts"]] == [POST_KEYS] * 2
    assert first["id"] == "tag:carnet.example,1" and first["url"] == "https://carnet.example/1"
    assert first["published"] == "2023-12-11T08:14:00Z" and first["text"] == "Que fera d’Ilya Sutskever ?"


def test_parse_for_people_and_stdin():
    r = run("parse", "-", stdin=FEED)
    assert r.returncode == 0
    assert r.stdout.startswith("Le Carnet  https://carnet.example/\n2 posts\n\nL’avenir d’Ilya Sutskever\n")


def test_parse_says_what_is_wrong(tmp_path):
    page = "<html><head><link rel=alternate type='application/rss+xml' href='/f.rss' title=T></head><body>x</body></html>"
    r = run("parse", "-", stdin=page)
    assert r.returncode == 65 and "/f.rss" in r.stderr and r.stdout == ""
    assert run("parse", str(tmp_path / "none")).returncode == 66
    assert run("parse", "--type", "jsonfeed", "-", stdin="{").returncode == 65
    r = run("parse", "--type", "jsonfed", "-", stdin=FEED)
    assert r.returncode == 64 and "did you mean jsonfeed?" in r.stderr
    latin = FEED.replace("UTF-8", "ISO-8859-1").replace("’", "'").replace("Rien", "été").encode("latin-1")
    r = subprocess.run([CTL, "parse", "--json", "-"], input=latin, capture_output=True)
    assert json.loads(r.stdout)["posts"][1]["title"] == "été"


# --- match ---

def test_match_json():
    r = run("match", "--json", "Sutskever", stdin=LINES)
    found = [json.loads(line) for line in r.stdout.splitlines()]
    assert r.returncode == 0 and [p["id"] for p in found] == ["1", "3"]
    assert list(found[0]) == POST_KEYS + ["spans"]
    title, text = found[0]["spans"][:2]
    assert title == {"field": "title", "index": 0, "start": 7, "end": 16, "term": "Sutskever"}
    assert text["field"] == "text"
    assert found[0]["text"].encode()[text["start"]:text["end"]] == b"Sutskever"
    assert found[1]["title"] is None


def test_match_reads_what_parse_prints(tmp_path):
    posts = run("parse", "--json", "-", stdin=FEED).stdout
    (tmp_path / "posts").write_text(posts)
    r = run("match", "ilya", str(tmp_path / "posts"), "--json")
    assert [json.loads(line)["id"] for line in r.stdout.splitlines()] == ["tag:carnet.example,1"]
    wrapped = json.dumps({"post": json.loads(posts)["posts"][1], "spans": [], "came": None})
    assert run("match", "pluie", "-", stdin=wrapped).stdout.startswith("Rien\n  La pluie.\n")


def test_match_goes_on_after_a_bad_line():
    r = run("match", "--json", "Sutskever", stdin=LINES.replace("\n", "\n{broken\n\n", 1) + "[1]\n")
    assert r.returncode == 65 and len(r.stdout.splitlines()) == 2
    errors = r.stderr.splitlines()
    assert len(errors) == 2 and "line 2:" in errors[0] and "line 6:" in errors[1]


def test_match_exit_codes():
    assert run("match", "nothing", stdin=LINES).returncode == 1
    assert run("match", "nothing", stdin="").returncode == 1
    assert run("match", "x", "/does/not/exist").returncode == 66
    r = run("match", "é (ilya", stdin=LINES)
    assert r.returncode == 64 and "column" in r.stderr and r.stderr.splitlines()[1] == "  é (ilya"
    assert "^" in r.stderr.splitlines()[2]


def test_match_explains_both():
    r = run("match", "--explain", "Sutskever -ilya", stdin=LINES)
    assert r.returncode == 0
    assert r.stdout.count("does not match:") == 2 and r.stdout.count("  matches:") == 1
    r = run("match", "--explain", "--json", "Sutskever -ilya", stdin=LINES)
    assert ["sutskever" in json.loads(line)["explain"].lower() for line in r.stdout.splitlines()] == [True]


def test_explain_says_why_and_why_not(tmp_path):
    posts = tmp_path / "posts.jsonl"
    posts.write_text(LINES)
    r = run("explain", "Sutskever -ilya", posts)
    assert r.returncode == 0
    assert r.stdout.count("does not match:") == 2 and r.stdout.count("  matches:") == 1
    assert run("explain", "nothing", posts).returncode == 1
    tree = [json.loads(line) for line in run("explain", "--json", "Sutskever -ilya", stdin=LINES).stdout.splitlines()]
    assert [t["matches"] for t in tree].count(True) == 1 and all(t["post"]["id"] for t in tree)
    root = tree[0]["clauses"][0]
    assert root["clause"] == "all of" and root["decides"] and root["holds"] == tree[0]["matches"]
    assert [c["clause"] for c in root["clauses"]] == ["Sutskever", "not"]
    assert run("explain", "x (", posts).returncode == 64


def test_an_impossible_date_is_left_out_and_said(tmp_path):
    feed = tmp_path / "feed.xml"
    feed.write_text("<rss><channel><item><title>Sutskever</title><pubDate>31 Apr 2026</pubDate></item></channel></rss>")
    note = 'date: "31 Apr 2026" impossible, left out'
    post = json.loads(run("parse", "--json", feed).stdout)["posts"][0]
    assert post["published"] is None and post["notes"] == [note]
    assert note in run("parse", feed).stdout
    posts = json.dumps(post) + "\n"
    assert note in run("explain", "sutskever", stdin=posts).stdout
    assert json.loads(run("explain", "--json", "sutskever", stdin=posts).stdout)["post"]["notes"] == [note]


def test_lint():
    r = run("lint", "sutskever")
    assert (r.returncode, r.stdout, r.stderr) == (0, "cost: least: examined for posts with rare words\n", "")
    r = run("lint", "musk", "-Musk")
    assert r.returncode == 1 and "warning: can never match: musk is both asked for and excluded" in r.stderr
    said = json.loads(run("lint", "--json", "-musk OR *fix").stdout)
    assert said["query"] == "-musk OR *fix" and len(said["warnings"]) == 1 and said["cost"].startswith("high")
    r = run("lint", "watch:other")
    assert r.returncode == 64 and 'no watch is called "other"' in r.stderr


# --- check-config ---

GOOD = """sources:
  - name: carnet
    url: https://carnet.example/feed
channels:
  - name: out
    type: console
    default: true
watches:
  - name: ilya
    query: Sutskever
"""


def test_check_config(tmp_path):
    file = tmp_path / "monitord.yaml"
    file.write_text(GOOD)
    r = run("check-config", str(file))
    assert (r.returncode, r.stdout) == (0, f"{file}: ok: 1 source, 1 channel, 1 watch\n"), r.stderr
    file.write_text(GOOD.replace("query: Sutskever", "query: (Sutskever").replace("defaul", "defalu"))
    r = run("check-config", str(file))
    assert r.returncode == 78 and r.stdout == ""
    assert f"{file}:7:5: " in r.stderr and "default" in r.stderr and f"{file}:10:" in r.stderr
    said = json.loads(run("check-config", "--json", str(file)).stdout)
    assert said["ok"] is False and len(said["errors"]) == 2
    assert run("check-config", str(tmp_path / "none.yaml")).returncode == 78
    (tmp_path / "monitord").mkdir()
    (tmp_path / "monitord" / "monitord.yaml").write_text(GOOD)
    if os.getuid() != 0:
        assert run("check-config", env={"XDG_CONFIG_HOME": str(tmp_path)}).returncode == 0


# --- what is made from the tables ---

def test_nothing_made_from_the_tables_is_stale():
    r = subprocess.run(["python3", ROOT / "tests/lib/docs.py", "--build", BUILD, "--check"], capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, ""), r.stdout + r.stderr


def test_manuals_are_clean():
    pages = sorted((ROOT / "daemon/man").iterdir())
    assert {p.name for p in pages} >= {"monitorctl.1", "monitord.8", "monitord.yaml.5"}
    r = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *pages], capture_output=True, text=True)
    assert (r.returncode, r.stdout) == (0, "")


def test_the_manual_of_the_configuration_shows_one_that_loads(tmp_path):
    page = (ROOT / "daemon/man/monitord.yaml.5").read_text()
    example = page.split(".Sh EXAMPLES")[1].split(".Bd -literal -offset indent\n")[1].split(".Ed")[0]
    (tmp_path / "monitord.yaml").write_text(example)
    r = run("check-config", str(tmp_path / "monitord.yaml"))
    assert (r.returncode, r.stderr) == (0, "") and "ok: 1 source, 1 channel, 1 watch" in r.stdout


@pytest.mark.parametrize("shell,file", [("bash", "monitorctl.bash"), ("zsh", "_monitorctl"), ("fish", "monitorctl.fish")])
def test_completions_parse(shell, file):
    r = subprocess.run([shell, "-n", ROOT / "daemon/completions" / file], capture_output=True, text=True)
    assert (r.returncode, r.stderr) == (0, "")


@pytest.mark.parametrize("words,want", [
    (["edit-w"], ["edit-watch"]),
    (["add-source", "--b"], ["--backfill"]),
    (["add-source", "--backfill", ""], ["24h", "all"]),
    (["list-deliveries", "--state", "d"], ["delivered", "dead"]),
    (["--socket", "/x", "show-watch", "i"], ["ilya"]),
    (["show-watch", ""], ["ilya", "l'$(id)"]),
    (["add-channel", "conso"], ["console"]),
    (["help", "tai"], ["tail"]),
    (["status", "--js"], ["--json"]),
])
def test_bash_completes(words, want):
    script = ('. "$1"; shift; monitorctl() { [ "$*" = "__names watch" ] && printf "%s\\n" ilya "l\'\\$(id)"; }; '
              'COMP_WORDS=(monitorctl "$@"); COMP_CWORD=$#; _monitorctl; printf "%s\\n" "${COMPREPLY[@]}"')
    r = subprocess.run(["bash", "-c", script, "-", ROOT / "daemon/completions/monitorctl.bash", *words], capture_output=True,
                       text=True)
    assert r.stdout.split("\n")[:-1] == want, r.stderr


@pytest.mark.parametrize("line,want", [
    ("monitorctl add-s", ["add-source"]),
    ("monitorctl show-watch ", ["ilya", "l'$(id)"]),
    ("monitorctl list-deliveries --state d", ["dead", "delivered"]),
    ("monitorctl add-watch --channel ", ["ilya", "l'$(id)"]),
])
def test_fish_completes(line, want):
    script = (f"source {ROOT}/daemon/completions/monitorctl.fish; "
              f"function monitorctl; printf '%s\\n' ilya 'l\\'$(id)'; end; complete -C '{line}'")
    with tempfile.TemporaryDirectory() as home:
        r = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, cwd=home,
                           env={**os.environ, "HOME": home})
    assert [found.split("\t")[0] for found in r.stdout.splitlines()] == want, r.stderr


def test_zsh_completes_names():
    """As _arguments calls it: with options of compadd first."""
    script = ('compdef() { :; }; . "$1"; monitorctl() { [ "$*" = "__names watch" ] && printf "%s\n" ilya "l\'\\$(id)"; }; '
              'compadd() { print -rl -- "$@" $names; }; _monitorctl_names -J group -X NAME watch')
    r = subprocess.run(["zsh", "-f", "-c", script, "-", ROOT / "daemon/completions/_monitorctl"], capture_output=True, text=True)
    assert r.stdout.splitlines() == ["-J", "group", "-X", "NAME", "-a", "names", "ilya", "l'$(id)"], r.stderr
