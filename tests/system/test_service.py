# SPDX-License-Identifier: ISC
"""monitord as a service: what it tells the service manager, how it starts, stops, and refuses to start."""
import os, random, re, signal, socket, sqlite3, subprocess, threading, time
from contextlib import contextmanager, suppress

import pytest

from daemon import BUILD, Daemon
from receivers import Nginx, WebhookReceiver, wait_until

FEED = "<rss version='2.0'><channel><title>t</title><item><guid>1</guid><title>Sutskever</title></item></channel></rss>"


class Manager:
    """The service manager's end of sd_notify(3)."""

    def __init__(self, path):
        self.path, self.seen = str(path), []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.05)

    def read(self):
        """All fields that came, in order."""
        try:
            while True:
                self.seen += self.socket.recv(65536).decode().split("\n")
        except TimeoutError:
            return self.seen

    def wait(self, field, seconds=20):
        wait_until(lambda: any(f.startswith(field) for f in self.read()), seconds, lambda: f"{field} among {self.seen}")

    def forget(self):
        self.read()
        self.seen.clear()


@contextmanager
def managed(tmp_path, config="", **env):
    manager = Manager(tmp_path / "notify")
    with Daemon(config, env={"NOTIFY_SOCKET": manager.path, **env}) as daemon:
        yield manager, daemon


def test_the_service_manager_hears_of_every_state(tmp_path):
    with managed(tmp_path) as (manager, daemon):
        manager.wait("READY=1")
        manager.wait("STATUS=sources: 0")
        manager.forget()
        daemon.signal(signal.SIGHUP)
        manager.wait("RELOADING=1")
        manager.wait("MONOTONIC_USEC=")
        manager.wait("READY=1")
        daemon.signal(signal.SIGTERM)
        manager.wait("STOPPING=1")
        assert daemon.process.wait(10) == 0


def test_the_watchdog_is_fed(tmp_path):
    with managed(tmp_path, WATCHDOG_USEC="400000") as (manager, _):
        manager.wait("WATCHDOG=1")
        manager.forget()
        manager.wait("WATCHDOG=1")


def test_a_stuck_engine_starves_the_watchdog(tmp_path):
    """Somebody else's lock on the database holds the engine in the middle of a batch, as a dead disk would."""
    with managed(tmp_path, WATCHDOG_USEC="400000") as (manager, daemon):
        manager.wait("WATCHDOG=1")
        db = sqlite3.connect(daemon.state / "monitord.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        asked = threading.Thread(target=daemon.ask, args=("GET", "/v1/status"))
        asked.start()
        time.sleep(0.6)  # what was sent before it stuck
        manager.forget()
        time.sleep(1.2)  # three times what systemd waits
        starved = "WATCHDOG=1" not in manager.read()
        db.execute("ROLLBACK")
        db.close()
        asked.join()
        assert starved, manager.seen
        manager.forget()
        manager.wait("WATCHDOG=1")


@contextmanager
def hanging():
    """A daemon whose hook and whose second source hang, and its hook."""
    with Nginx("location /slow { limit_rate 1; }") as web, WebhookReceiver(then="hang") as hook:
        web.put("feed.xml", FEED)
        web.put("slow", FEED * 50)
        config = (f"sources:\n  - {{name: feed, url: '{web.url('feed.xml')}', backfill: all, allow_private: true}}\n"
                  f"  - {{name: slow, url: '{web.url('slow')}', allow_private: true}}\n"
                  f"channels:\n  - {{name: hook, type: webhook, url: '{hook.url}'}}\nwatches:\n  - {{name: w, query: Sutskever}}\n")
        with Daemon(config) as daemon:
            hook.wait(1)
            yield daemon, hook
            daemon.kill()


def test_sigterm_ends_within_ten_seconds_whatever_hangs():
    with hanging() as (daemon, hook):
        answers = []
        asked = threading.Thread(target=lambda: answers.append(daemon.request("POST", "/v1/sources/slow/poll")))
        asked.start()
        wait_until(lambda: daemon.ask("GET", "/v1/status")["ready"], 20, "a status behind the poll")
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 10
        asked.join()
        assert answers[0][0] == 503 and "detail" in answers[0][1]
        daemon.start()
        wait_until(lambda: len(hook.requests) > 1, 30, "the delivery that hung, again")
        assert len(set(hook.ids())) == 1


def test_a_second_sigterm_ends_at_once():
    with hanging() as (daemon, _):
        daemon.signal(signal.SIGTERM)
        daemon.wait_event("engine.stopping")
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.process.wait(20) == 1
        assert time.monotonic() - began < 3  # without it there are five seconds of patience


def refused(*args, code, **options):
    run = subprocess.run([BUILD / "monitord", *map(str, args)], capture_output=True, text=True, timeout=20, **options)
    assert run.returncode == code, run
    return run.stderr


def test_a_second_daemon_on_the_same_folder_is_refused():
    with Daemon() as daemon:
        error = refused("--config", daemon.config, "--state", daemon.state, "--socket", daemon.folder / "other.sock", code=78)
        assert f"another monitord uses {daemon.state} already" in error and "--state" in error
        assert len(error.splitlines()) <= 2
        assert daemon.ask("GET", "/v1/status")["ready"]


def test_a_second_daemon_on_the_same_socket_is_refused(tmp_path):
    with Daemon() as daemon:
        error = refused("--config", daemon.config, "--state", tmp_path, "--socket", daemon.socket, code=78)
        assert daemon.socket in error
        assert daemon.ask("GET", "/v1/status")["ready"]


def test_the_socket_of_a_killed_daemon_is_taken_over():
    with Daemon() as daemon:
        daemon.kill()
        assert os.path.exists(daemon.socket)
        daemon.start()
        assert oct(os.stat(daemon.socket).st_mode & 0o777) == "0o660"
        daemon.stop()
        assert not os.path.exists(daemon.socket)


def test_check_config_says_where_and_ends_with_78(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("every: soon\nwatches:\n  - {name: w, query: 'a OR'}\n")
    error = refused("--check-config", "--config", bad, code=78)
    assert re.search(r"bad\.yaml:1:8: every: got \"soon\", expected a duration", error) and "bad.yaml:3:" in error
    refused("--config", bad, "--state", tmp_path / "state", "--socket", tmp_path / "s", code=78)
    assert not (tmp_path / "state").exists()
    bad.write_text("every: 30m\n")
    refused("--check-config", "--config", bad, code=0)
    assert "nowhere.yaml" in refused("--check-config", "--config", tmp_path / "nowhere.yaml", code=78)


def test_flags(tmp_path):
    assert "unexpected argument \"x\"" in refused("x", code=64)
    assert "--nonsense" in refused("--nonsense", code=64)
    for flag, word in (("--version", "monitord "), ("--help", "--check-config")):
        run = subprocess.run([BUILD / "monitord", flag], capture_output=True, text=True, check=True)
        assert word in run.stdout


@pytest.fixture
def nobody(tmp_path):
    """A way to run the programs as nobody, in a folder that is nobody's."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    for folder in [tmp_path, *tmp_path.parents]:  # pytest keeps its folders from others
        if folder.stat().st_uid == 0 and folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o005)
    os.chown(tmp_path, 65534, 65534)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("monitord", "monitorctl"):
        (programs / name).write_bytes((BUILD / name).read_bytes())
        (programs / name).chmod(0o755)

    def spawn(name, *args, **env):
        return subprocess.Popen([programs / name, *map(str, args)], user=65534, group=65534, extra_groups=[], cwd="/", text=True,
                                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **env}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return spawn


def serve_as_nobody(nobody, socket_path, database, **env):
    """It starts, answers at this socket, keeps that database, and stops."""
    daemon = nobody("monitord", **env)
    try:
        wait_until(lambda: socket_path.exists() or daemon.poll() is not None, 20, "the socket")
        ctl = nobody("monitorctl", "--socket", socket_path, "status")
        out, err = ctl.communicate(timeout=20)
        assert ctl.returncode == 0, (out, err)
        assert database.exists() and oct(database.parent.stat().st_mode & 0o777) == "0o700"
    finally:
        daemon.terminate()
        _, err = daemon.communicate(timeout=20)
    assert daemon.returncode == 0, err


def test_an_ordinary_user_has_folders_of_his_own(nobody, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    os.chown(run, 65534, 65534)
    serve_as_nobody(nobody, run / "monitord/control.sock", tmp_path / ".local/state/monitord/monitord.db",
                    XDG_RUNTIME_DIR=str(run))
    serve_as_nobody(nobody, run / "monitord/control.sock", tmp_path / "other/monitord/monitord.db",
                    XDG_RUNTIME_DIR=str(run), XDG_STATE_HOME=str(tmp_path / "other"))


def test_the_service_manager_s_folders_go_before_the_user_s(nobody, tmp_path):
    for folder in ("state", "run"):
        (tmp_path / folder).mkdir(mode=0o700)
        os.chown(tmp_path / folder, 65534, 65534)
    serve_as_nobody(nobody, tmp_path / "run/control.sock", tmp_path / "state/monitord.db",
                    STATE_DIRECTORY=str(tmp_path / "state"), RUNTIME_DIRECTORY=str(tmp_path / "run"))


@pytest.mark.parametrize("what, mode, said", [
    ("", 0o500, "cannot write to"),
    ("monitord.db", 0o400, "attempt to write a readonly database"),
    ("monitord.db", 0o000, "unable to open database file"),
], ids=["folder", "read-only", "unreadable"])
def test_a_state_that_may_not_be_used_is_named(nobody, tmp_path, what, mode, said):
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    if what:
        sqlite3.connect(state / what).execute("CREATE TABLE t (a)").connection.close()
        os.chown(state / what, 65534, 65534)
    (state / what).chmod(mode)
    daemon = nobody("monitord", "--state", state, "--socket", tmp_path / "s")
    _, error = daemon.communicate(timeout=20)
    assert daemon.returncode == 1 and said in error and str(state) in error, error


def test_a_database_that_is_none_is_named(tmp_path):
    (tmp_path / "monitord.db").write_bytes(b"this is no database, but it is long enough to look like a file\n" * 100)
    (tmp_path / "none.yaml").write_text("")
    error = refused("--state", tmp_path, "--socket", tmp_path / "s", "--config", tmp_path / "none.yaml", code=78)
    assert "monitord.db" in error and "not a database: stop monitord, then restore a copy" in error


def test_a_database_of_a_newer_program_is_left_alone(tmp_path):
    with Daemon(folder=tmp_path) as daemon:
        daemon.stop()
        with sqlite3.connect(daemon.state / "monitord.db") as db:
            db.execute("PRAGMA user_version=99999")
        error = refused("--state", daemon.state, "--socket", daemon.socket, "--config", daemon.config, code=78)
        assert "newer than this program" in error


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "none.yaml").write_text("")
    error = refused("--state", tmp_path / "file/state", "--socket", tmp_path / "s", "--config", tmp_path / "none.yaml", code=1)
    assert "cannot make folder" in error and "file" in error


def test_a_damaged_database_never_kills(tmp_path):
    """It says what to do and ends with 78, or it runs on what is whole and says what is not."""
    rng = random.Random(1)
    with Nginx() as web, WebhookReceiver() as hook:
        items = "".join(f"<item><guid>{i}</guid><title>Sutskever {i}</title><description>{f'w{i} ' * 100}</description></item>"
                        for i in range(2, 42))
        url = web.put("feed.xml", FEED.replace("<item>", items + "<item>", 1))
        config = (f"sources:\n  - {{name: feed, url: '{url}', every: 1s, backfill: all, allow_private: true}}\n"
                  f"channels:\n  - {{name: hook, type: webhook, url: '{hook.url}'}}\nwatches:\n  - {{name: w, query: Sutskever}}\n")
        with Daemon(config) as daemon:
            wait_until(lambda: daemon.ask("GET", "/v1/status")["deliveries"]["delivered"] == 41, 30, "the deliveries")
            daemon.stop()
            path = daemon.state / "monitord.db"
            sound = path.read_bytes()
            ends, found_at_start = [], 0
            for i in range(24):
                damaged = bytearray(sound)
                page = rng.randrange(len(sound) // 4096) * 4096
                if i % 3 == 0:
                    del damaged[page + rng.randrange(4096) + 1:]
                elif i % 3 == 1:
                    damaged[page:page + 4096] = rng.randbytes(4096)
                else:
                    damaged[page + rng.randrange(100)] ^= 1 << rng.randrange(8)
                for f in daemon.state.iterdir():
                    f.unlink()
                path.write_bytes(damaged)
                daemon.log_path.write_text("")
                daemon.spawn()
                wait_until(lambda: daemon.process.poll() is not None or os.path.exists(daemon.socket), 30, "a socket, or an end")
                with suppress(OSError):  # it is ending
                    daemon.request("POST", "/v1/sources/feed/poll")
                ends.append(daemon.stop())
                assert ends[-1] == 0 or (ends[-1] == 78 and "restore a copy of it" in daemon.log()), (i, daemon.log())
                found_at_start += "database: damaged: " in daemon.log()
                assert "malformed" not in daemon.log() or "restore a copy of it" in daemon.log()
            assert 0 in ends and 78 in ends and found_at_start > 0
