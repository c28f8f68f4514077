# SPDX-License-Identifier: ISC
"""Every example of README.md, the manual pages and config/ is run, and does what the text beside it says.

In README.md, ```console blocks hold commands ("$ ", continued by "> ") and what they print, ```yaml blocks whole
configurations, ```json blocks the body of a webhook.  "…" stands for anything in a line, as a line for any lines, as a key
of JSON for other keys.  Names below example.org are served from here; tests/data/readme/ has the files and the commands
that must run aside.
"""
import json, os, re, shutil, subprocess, tempfile, time
from pathlib import Path

import pytest

from daemon import BUILD
from receivers import MailReceiver, Nginx, WebhookReceiver, signature, stop, wait_until

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data/readme"
README = (ROOT / "README.md").read_text()
MANUALS = sorted((ROOT / "daemon/man").glob("*.[1578]"))
PASSWORD = "the password of the mail account"


def blocks(language):
    """(line, text) of each fenced block of README.md."""
    return [(README[:m.start()].count("\n") + 2, m[1]) for m in re.finditer(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)]


def steps(block):
    """(command, what it prints) of a console block."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif line.startswith("> "):
            found[-1][0] += "\n" + line[2:]
        else:
            found[-1][1] += line + "\n"
    return found


def fits(shown, text):
    lines = "".join("(?s:.*?)" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + "\n"
                    for line in shown.splitlines())
    return re.fullmatch(lines, text) is not None


def fits_json(shown, value):
    if isinstance(shown, dict):
        keys = [k for k in shown if k != "…"]
        return (isinstance(value, dict) and all(k in value and fits_json(shown[k], value[k]) for k in keys)
                and (len(keys) == len(value) or "…" in shown))
    if isinstance(shown, list):
        return isinstance(value, list) and len(shown) == len(value) and all(map(fits_json, shown, value))
    if isinstance(shown, str) and isinstance(value, str):
        return fits(shown + "\n", value + "\n")
    return shown == value and type(shown) is type(value)


def ctl(*args, stdin=None, cwd=None):
    return subprocess.run([BUILD / "monitorctl", *args], input=stdin, capture_output=True, text=True, cwd=cwd, timeout=60)


class Clone:
    """A shell in a folder like a clone, with somebody behind each address of README.md."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="readme-"))
        self.hook, self.mail, self.web = WebhookReceiver(), MailReceiver(users={"you": PASSWORD}), Nginx()
        for name in ("config", "tests", "daemon", "systemd", "Makefile"):
            (self.folder / name).symlink_to(ROOT / name)
        (self.folder / "build").mkdir()
        for name in ("monitord", "monitorctl"):
            (self.folder / "build" / name).symlink_to(BUILD / name)
        for name in ("index.html", "feed.xml"):
            self.web.put(name, (DATA / name).read_text())
        (self.folder / "monitord.yaml").write_text(blocks("yaml")[0][1])
        # what README.md writes: what stands for it here; what is printed is read the other way
        self.addresses = {"https://hooks.example.org/monitord": self.hook.url,
                          "https://hooks.example.org/": self.hook.url.rsplit("/", 1)[0] + "/",
                          "smtp://mail.example.org:587": self.mail.url, "https://news.example.org/": self.web.url()}
        outer = ("BUILD", "OPT", "SAN", "WERROR", "MONITORD_SOCKET")  # of the make that runs the tests: its variables are not ours
        env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k not in outer}
        env.update(LC_ALL="C.UTF-8", TZ="UTC", NO_COLOR="1", ROOT=str(ROOT), BUILT=str(BUILD), DESTDIR=str(self.folder / "root"),
                   USER=env.get("USER", "you"))
        self.shell = subprocess.Popen(["bash"], cwd=self.folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
        self.run(". tests/data/readme/prelude.sh")

    def run(self, command):
        """(exit status, what it printed)."""
        self.shell.stdin.write(f"{command}\nprintf '\\n<%d>\\n' $?\n")
        self.shell.stdin.flush()
        text = ""
        while not (end := re.search(r"\n<(\d+)>\n\Z", text)):
            line = self.shell.stdout.readline()
            assert line, f"the shell ended: {text}"
            text += line
        return int(end[1]), text[:end.start()]

    def localize(self, command):
        """Channels and sources on loopback must be allowed to, and the mail server here has no certificate."""
        for shown, real in self.addresses.items():
            command = command.replace(shown, real)
        if re.match(r"monitorctl add-(channel|source) ", command):
            command += " --allow-private"
        return command + (" --set tls=none" if "add-channel email" in command else "")

    def globalize(self, text):
        for shown, real in self.addresses.items():
            text = text.replace(real, shown)
        return text

    def step(self, command, shown):
        """Reading commands are repeated until they say what README.md shows."""
        patient = re.match(r"monitorctl (list|show|search|status)", command)
        deadline = time.monotonic() + 30
        while True:
            code, text = self.run(self.localize(command))
            text = self.globalize(text)
            if code == 0 and fits(shown, text) or not patient or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert code == 0 and fits(shown, text), f"$ {command}\n[{code}] {text}\ninstead of\n{shown}"

    def signed(self, request):
        secret = (self.folder / "secret.txt").read_text().strip()
        said = request.headers["webhook-signature"].split()
        return signature(secret, request.id, request.headers["webhook-timestamp"], request.body) in said

    def close(self):
        try:
            self.run("kill $(cat run.pid); wait")
            self.shell.stdin.close()
            self.shell.wait(30)
        finally:
            stop(self.shell)
            self.shell.stdout.close()
            for server in (self.hook, self.mail, self.web):
                server.close()
            shutil.rmtree(self.folder, ignore_errors=True)


def test_the_readme_is_true():
    clone = Clone()
    try:
        for line, block in blocks("console"):
            for command, shown in steps(block):
                try:
                    clone.step(command, shown)
                except AssertionError as e:
                    raise AssertionError(f"README.md, block of line {line}: {e}") from None
        (_, text), = blocks("json")
        wait_until(lambda: [r for r in clone.hook.requests if fits_json(json.loads(text), r.json()) and clone.signed(r)], 30,
                   lambda: "a webhook request like the one shown; there came "
                           + "\n".join(r.body.decode() for r in clone.hook.requests))
    finally:
        clone.close()


def test_configurations_of_the_readme_load(tmp_path):
    (tmp_path / "secret.txt").write_text("whsec_" + "A" * 32)
    (tmp_path / "secret.txt").chmod(0o600)
    for line, text in blocks("yaml"):
        file = tmp_path / f"line-{line}.yaml"
        file.write_text(text)
        r = subprocess.run([BUILD / "monitord", "--check-config", "--config", file], capture_output=True, text=True)
        assert (r.returncode, r.stderr) == (0, ""), f"README.md:{line}: {r.stderr}"


def test_the_readme_names_every_type():
    assert ctl("manual", "readme").stdout in README, "stale: make docs"


def test_queries_of_the_readme_are_queries():
    table = README.split("\n| query | finds |\n")[1].split("\n\n")[0]
    queries = re.findall(r"^\| `(.+?)` \|", table, re.M)
    assert len(queries) >= 5
    for query in queries:
        match(query, {"text": "it must be a query"})


def test_links_of_the_readme_lead_somewhere():
    for name in re.findall(r"\]\((?!https?:)([^)#]+)\)", README + (ROOT / "daemon/README.md").read_text()):
        assert (ROOT / name).exists() or (ROOT / "daemon" / name).exists(), name


# --- config/ ---

@pytest.mark.parametrize("name", sorted(str(p.relative_to(ROOT)) for p in [*(ROOT / "config").glob("*.yaml"),
                                                                           *(ROOT / "config/conf.d").iterdir()]))
def test_configurations_load(name, tmp_path):
    """As they are, in a folder like theirs; an example of conf.d as the file that it says it is to be."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    main = tmp_path / "config" / ("quickstart.yaml" if "conf.d" in name else Path(name).name)
    if name.endswith(".example"):
        (tmp_path / name).rename((tmp_path / name).with_suffix(""))
    r = subprocess.run([BUILD / "monitord", "--check-config", "--config", main], capture_output=True, text=True,
                       env={**os.environ, "MONITORD_WEBHOOK_SECRET": "whsec_" + "A" * 32})
    assert (r.returncode, r.stderr) == (0, "")
    assert ("3 channels, 2 watches" in r.stdout) == ("conf.d" in name)


# --- manual pages ---

def examples(page):
    """The literal displays of a manual page, unescaped."""
    text = page.read_text().replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")
    return re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", text, re.M | re.S)


def test_commands_of_the_manuals_run():
    """Commands that an example shows, in order, over a daemon; what they say is the other tests' business."""
    commands = [line for page in MANUALS for text in examples(page) for line in text.splitlines() if line.startswith("monitorctl ")]
    assert len(commands) >= 5
    clone = Clone()
    clone.addresses["https://example.org/"] = clone.web.url()
    try:
        for line in ['export PATH="$PWD/build:$PATH" MONITORD_SOCKET="$PWD/build/run/control.sock"', "make run >/dev/null",
                     "cp tests/data/readme/feed.xml ."]:
            clone.step(line, "")
        for command in commands:
            clone.step(command, "…")
    finally:
        clone.close()


def match(query, post):
    """Whether the query finds the post."""
    r = ctl("match", query, stdin=json.dumps(post))
    assert r.returncode in (0, 1), f"{query}: {r.stderr}"
    return r.returncode == 0


def test_the_manual_of_the_query_language_is_true():
    page = ROOT / "daemon/man/monitord-query.7"
    tried = 0
    *words, post, found, missed = examples(page)
    for line in "".join(w for w in words if not w.startswith("people:")).splitlines():
        if re.search("@@|about:", line):
            continue  # only a daemon knows people: test_people.py
        query, what, text = re.split(r"  +", line)
        assert match(query, {"text": text}) == {"finds": True, "misses": False}[what], line
        tried += 1
    for queries, want in ((found, True), (missed, False)):
        for query in queries.splitlines():
            assert match(query, json.loads(post)) == want, query
            tried += 1
    for example in re.findall(r"^\.Ql (\S+|\".*\") \.$", page.read_text(), re.M):
        if re.search("watch:|@@|about:", example):
            continue  # only a daemon knows its watches and people: tests/sim/api_sim.c, test_people.py
        match(example.strip('"').replace("\\(dq", '"').replace("\\e", "\\"), {"text": "it must be a query"})
        tried += 1
    assert tried > 35


@pytest.mark.parametrize("page", MANUALS, ids=lambda p: p.name)
def test_configurations_of_the_manuals_load(page, tmp_path):
    for text in examples(page):
        if not re.search(r"^(sources|channels|people|watches):$", text, re.M):
            continue
        (tmp_path / "monitord.yaml").write_text(text)
        r = ctl("check-config", str(tmp_path / "monitord.yaml"))
        assert (r.returncode, r.stderr) == (0, ""), text

def test_manuals_name_pages_that_exist():
    """monitor*(N) in texts, help and manual pages; foreign pages are others' business."""
    ours = {p.name for p in MANUALS}
    sources = [*MANUALS, ROOT / "README.md", ROOT / "config/monitord.yaml", *(ROOT / "daemon").rglob("*.[ch]"),
               ROOT / "daemon/control/openapi.json", *(ROOT / "systemd").iterdir()]
    for path in sources:
        for name, section in re.findall(r"\b(monitor[\w.-]*)(?: |\()([1578])\b\)?", path.read_text()):
            assert f"{name}.{section}" in ours, f"{path.relative_to(ROOT)} names {name}({section})"


def test_the_manual_names_every_event_of_the_log():
    page = (ROOT / "daemon/man/monitord.8").read_text()
    events = {m for path in (ROOT / "daemon").rglob("*.c") for m in re.findall(r'\blog_\w+\(\s*"([a-z]+\.[a-z_]+)"', path.read_text())}
    assert len(events) > 30 and [e for e in sorted(events) if not re.search(rf"\b{re.escape(e)}\b", page)] == []
    named = set(re.findall(r"\b([a-z]+\.[a-z_]+)\b", " ".join(re.findall(r"^\.(?:It )?Cm (.*)$", page, re.M))))
    assert named - events == set()
