# SPDX-License-Identifier: ISC
"""monitord as a service: what it tells the service manager, how it starts, stops, and refuses to start."""
import os, re, signal, socket, sqlite3, subprocess, threading, time
from contextlib import contextmanager

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
        wait_until(lambda: any(f.startswith(field) for f in self.read()), seconds, f"{field} among {self.seen}")

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
        manager.wait("STATUS=0 sources")
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


def test_sigterm_ends_within_ten_seconds_whatever_hangs():
    with Nginx("location /slow { limit_rate 1; }") as web, WebhookReceiver(then="hang") as hook:
        web.put("feed.xml", FEED)
        web.put("slow", FEED * 50)
        config = (f"sources:\n  - {{name: feed, url: '{web.url('feed.xml')}', backfill: all, allow_private: true}}\n"
                  f"  - {{name: slow, url: '{web.url('slow')}', allow_private: true}}\n"
                  f"channels:\n  - {{name: hook, type: webhook, url: '{hook.url}'}}\nwatches:\n  - {{name: w, query: Sutskever}}\n")
        with Daemon(config) as daemon:
            hook.wait(1)
            began = time.monotonic()
            assert daemon.stop() == 0
            assert time.monotonic() - began < 10
            daemon.start()
            wait_until(lambda: len(hook.requests) > 1, 30, "the delivery that hung, again")
            assert len(set(hook.ids())) == 1


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


def test_an_ordinary_user_has_folders_of_his_own(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    tmp_path.chmod(0o777)
    env = {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "PATH": os.environ["PATH"]}
    for folder in env["HOME"], env["XDG_RUNTIME_DIR"]:
        os.mkdir(folder)
        os.chown(folder, 65534, 65534)
    parents = tmp_path
    while parents != parents.parent:  # pytest keeps its folders from others
        if parents.stat().st_uid == 0 and not parents.stat().st_mode & 0o005:
            parents.chmod(parents.stat().st_mode | 0o005)
        parents = parents.parent
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("monitord", "monitorctl"):
        (programs / name).write_bytes((BUILD / name).read_bytes())
        (programs / name).chmod(0o755)
    daemon = subprocess.Popen([programs / "monitord"], env=env, user=65534, group=65534, extra_groups=[], cwd="/",
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        socket_path = tmp_path / "run/monitord/control.sock"
        wait_until(lambda: socket_path.exists() or daemon.poll() is not None, 20, "the socket")
        run = subprocess.run([programs / "monitorctl", "status"], env=env, user=65534, group=65534, extra_groups=[],
                             capture_output=True, text=True, timeout=20)
        assert run.returncode == 0, run
        assert (tmp_path / "home/.local/state/monitord/monitord.db").exists()
    finally:
        daemon.terminate()
        assert daemon.wait(20) == 0, daemon.stderr.read()


def test_a_database_that_is_none_is_named(tmp_path):
    (tmp_path / "monitord.db").write_bytes(b"this is no database, but it is long enough to look like a file\n" * 100)
    (tmp_path / "none.yaml").write_text("")
    error = refused("--state", tmp_path, "--socket", tmp_path / "s", "--config", tmp_path / "none.yaml", code=78)
    assert "monitord.db" in error and "not a database: restore" in error


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
