# SPDX-License-Identifier: ISC
"""No secret shows anywhere: not in the log at its chattiest, not in an answer of the API, an error line, the metrics or the
process list, neither as it is nor as base64 or percent-encoded, whether things work or fail."""
import base64, stat, subprocess, urllib.parse

import pytest

from daemon import BUILD, Daemon
from receivers import WITH_US, MailReceiver, OddServer, WebhookReceiver, wait_until
from test_hostile import answer, item, rss

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
# Each with characters that change when they are encoded.
NAMES = ("hook-key", "hook-path", "hook-query", "hook-header", "slack-path", "mail-password", "mail-env", "mail-credential",
         "feed-password", "feed-query", "feed-user", "api-feed-query", "api-feed-password", "api-hook-path", "api-hook-key",
         "api-hook-header", "bad-key", "bad-url", "proxy-password")
CANARY = {name: f"s3cret~{name}+/é" for name in NAMES}
ASCII = {name: f"s3cret-{name}" for name in NAMES}  # where a URL or a header holds it


def forms():
    for name in NAMES:
        for text in (CANARY[name], ASCII[name]):
            raw = text.encode()
            yield name, text
            yield name, urllib.parse.quote(text, safe="")
            for before in range(3):  # base64 of a text that stands anywhere in a longer one
                encoded = base64.b64encode(b"\0" * before + raw).decode()
                yield name, encoded[(0, 2, 3)[before]:-4]


CONFIG = """
log_level: debug
sources:
  - {{name: feed, url: "{web}/feed?token={a[feed-query]}", allow_private: true, backfill: all, username: me,
      password: {{file: feed-password}}}}
  - {{name: broken, url: "{web}/broken?key={a[feed-query]}", allow_private: true}}
  - {{name: nowhere, url: "http://127.0.0.1:1/x?key={a[feed-query]}", allow_private: true}}
channels:
  - {{name: hook, type: webhook, url: "{hook}/{a[hook-path]}?token={a[hook-query]}", secret: "{c[hook-key]}", default: true,
      headers: {{Authorization: "Bearer {a[hook-header]}"}}}}
  - {{name: failing, type: webhook, url: "{bad}/{a[hook-path]}?token={a[hook-query]}", secret: {{file: hook-key}}, default: true}}
  - {{name: closed, type: webhook, url: "http://127.0.0.1:1/{a[hook-path]}?token={a[hook-query]}", default: true}}
  - {{name: slack, type: slack, url: "{hook}/services/{a[slack-path]}", default: true}}
  - {{name: mail, type: email, url: "{mail}", from: m@example.org, to: [me@example.org], tls: none, username: me,
      secret: {{env: MAIL_PASSWORD}}, default: true}}
  - {{name: mail2, type: email, url: "{mail}", from: m@example.org, to: [me@example.org], tls: none, username: me,
      secret: {{credential: mail-password}}, default: true}}
watches:
  - {{name: ilya, query: Sutskever}}
"""
CHANNELS = ["hook", "failing", "closed", "slack", "mail", "mail2", "api-hook"]


@pytest.fixture
def world(tmp_path):
    """A daemon with all kinds of secrets, some of whose peers answer and some of whom do not."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "mail-password").write_text(CANARY["mail-credential"])
    feed = answer(rss(item(1, "Sutskever")))
    pages = {f"/feed?token={ASCII['feed-query']}": feed, f"/broken?key={ASCII['feed-query']}": answer(status="500 No"),
             f"/api?token={ASCII['api-feed-query']}": feed}
    with OddServer(pages) as web, WebhookReceiver() as hook, WebhookReceiver(then=403) as bad, \
            MailReceiver(users={"me": "another"}) as mail:
        daemon = Daemon(CONFIG.format(web=web.url(""), hook=hook.url, bad=bad.url, mail=mail.url, a=ASCII, c=CANARY),
                        env={"MAIL_PASSWORD": CANARY["mail-env"], "CREDENTIALS_DIRECTORY": str(credentials)})
        (daemon.folder / "feed-password").write_text(CANARY["feed-password"])
        (daemon.folder / "hook-key").write_text(CANARY["hook-key"])
        daemon.web, daemon.hook, daemon.bad, daemon.mail = web, hook, bad, mail
        with daemon:
            yield daemon


def use(d):
    """Lets everything happen once, good and bad; returns what was said."""
    said = []

    def ctl(*args, **options):
        for form in ([], ["--json"]):
            run = d.ctl(*form, *args, **options)
            said.append(run.stdout + run.stderr)

    secret, web = d.folder / "given", d.web.url("")
    secret.write_text(CANARY["api-hook-key"])
    hook = f"{d.hook.url}/{ASCII['api-hook-path']}"
    ctl("add-channel", "webhook", hook, "--name", "api-hook", "--secret-file", secret, "--allow-private", "--default",
        "--set", f"headers.X-Key={ASCII['api-hook-header']}")
    secret.write_text(CANARY["api-feed-password"])
    ctl("add-source", f"{web}/api?token={ASCII['api-feed-query']}", "--name", "api-feed", "--allow-private", "--backfill", "all",
        "--username", "me", "--password-file", secret)
    ctl("add-source", f"{web}/gone?token={ASCII['api-feed-query']}", "--allow-private")
    ctl("add-source", f"http://127.0.0.1:1/?token={ASCII['api-feed-query']}", "--allow-private")
    ctl("add-source", f"http://me:{ASCII['feed-user']}@127.0.0.1:1/", "--allow-private")
    ctl("add-channel", "webhook", f"http://me:{ASCII['feed-user']}@127.0.0.1:1/", "--name", "user")
    wait_until(lambda: {r["channel"] for r in d.rows("list-deliveries") if r["attempts"] > 0} == set(CHANNELS), 30,
               "an attempt by each channel")
    for kind, names in {"source": ["feed", "broken", "nowhere", "api-feed"], "watch": ["ilya"],
                        "channel": CHANNELS}.items():
        ctl(f"list-{kind}{'es' if kind == 'watch' else 's'}")
        for name in names:
            ctl(f"show-{kind}", name)
    for name in CHANNELS:
        ctl("test-channel", name)
    for name in ("feed", "broken", "nowhere", "api-feed"):
        ctl("poll-source", name)
    ctl("edit-channel", "api-hook", "--no-default")
    ctl("edit-source", "api-feed", "--every", "1h")
    for args in (["status"], ["list-alerts"], ["list-deliveries"], ["search", "Sutskever"], ["reload"], ["check-config", d.config]):
        ctl(*args)
    for delivery in d.rows("list-deliveries"):
        ctl("retry-delivery", delivery["id"])
        ctl("show-alert", delivery["alert"])
    return said


def mistakes(d):
    """What is said of a configuration whose secrets are themselves the mistake."""
    said = []
    lines = [f'channels: [{{name: x, type: webhook, url: "https://x.example/", secret: "whsec_{CANARY["bad-key"]}"}}]',
             f'channels: [{{name: x, type: webhook, url: "https://x.example/", secret: ["{CANARY["bad-key"]}"]}}]',
             f'channels: [{{name: x, type: webhook, url: "https://x.example/", secret: {{fiel: "{CANARY["bad-key"]}"}}}}]',
             f'channels: [{{name: x, type: webhook, url: "ftp://x.example/{ASCII["bad-url"]}"}}]',
             f'channels: [{{name: x, type: webhook, url: "https://me:{ASCII["bad-url"]}@x.example/"}}]',
             f'channels: [{{name: x, type: webhook, url: "https://x.example/ {ASCII["bad-url"]}"}}]',
             f'channels: [{{name: x, type: webhook, url: "https://x.example/", headers: {{X: "{CANARY["bad-key"]}\\x01"}}}}]',
             f'sources: [{{name: x, url: "htp://x.example/?token={ASCII["bad-url"]}"}}]',
             f'sources: [{{name: x, url: "http://x.example/", password: {{"{CANARY["bad-key"]}": 1}}}}]',
             f'sources: [{{name: x, url: "http://me:{ASCII["bad-url"]}@x.example/"}}]',
             f'proxy: "http://me:{ASCII["proxy-password"]}@[bad"', f'proxy: "ftp://me:{ASCII["proxy-password"]}@x.example/"']
    for line in lines:
        d.config.write_text(line + "\n")
        run = subprocess.run([BUILD / "monitord", "--check-config", "--config", d.config], capture_output=True, text=True, env=d.env)
        said += [run.stdout + run.stderr]
        for args in (["reload"], ["check-config", d.config]):
            for form in ([], ["--json"]):
                run = d.ctl(*form, *args)
                said += [run.stdout + run.stderr]
    assert len(d.events("reload.refused")) >= 4, d.log()
    return said


def raw(d, path):
    import daemon
    c = daemon.UnixConnection(d.socket)
    c.request("GET", path)
    text = c.getresponse().read().decode()
    c.close()
    return text


def test_no_secret_shows(world):
    d = world
    tail = subprocess.Popen([*WITH_US, BUILD / "monitorctl", "tail", "--json", "--kind", "post,alert,delivery,source"],
                            env=d.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = {"monitorctl": "\n".join(use(d))}
    for path in ("/metrics", "/v1/status", "/v1/sources", "/v1/channels", "/v1/watches", "/v1/alerts", "/v1/deliveries"):
        said[path] = raw(d, path)
    for name in ("cmdline", "comm"):
        said[name] = open(f"/proc/{d.process.pid}/{name}").read()
    tail.terminate()
    said["tail"] = tail.communicate()[0]
    said["mistakes"] = "\n".join(mistakes(d))
    assert d.stop() == 0, d.log()
    said["log"] = d.log()
    for what, text in said.items():
        assert text, f"{what} said nothing"
        found = {name: next(line for line in text.splitlines() if form in line)[:300] for name, form in forms() if form in text}
        assert not found, f"{what}: {found}"
    assert "delivery" in said["tail"] and "monitord_" in said["/metrics"]


def test_secrets_reach_their_peers(world):
    """The same secrets do arrive where they belong: the test above looks for what is really used."""
    d = world
    request = next(r for r in d.hook.wait(2) if "services" not in r.path)
    assert ASCII["hook-path"] in request.path and ASCII["hook-header"] in request.headers["authorization"]
    asked = d.web.asked(f"/feed?token={ASCII['feed-query']}")[0]
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(f"me:{CANARY['feed-password']}".encode()).decode()


def test_only_the_user_reads_the_database(world):
    for path in [world.state, *world.state.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
