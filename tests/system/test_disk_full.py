# SPDX-License-Identifier: ISC
"""A full disk: monitord says so once, goes on, and when there is room again nothing is lost and nothing told twice."""
import os, random, resource, subprocess, threading

import pytest

from daemon import Daemon
from receivers import Nginx, WebhookReceiver, wait_until

MEBIBYTE = 1 << 20


class SmallDisk:
    """A file system of which the test takes and gives back what is left; monitord has its reserve there."""

    has_reserve = True

    def __init__(self, folder):
        self.folder = folder / "disk"
        self.folder.mkdir()
        run = ["mount", "-t", "tmpfs", "-o", "size=32m", "none", self.folder]
        if os.geteuid() != 0 or subprocess.run(run, stderr=subprocess.DEVNULL).returncode != 0:
            pytest.skip("a file system of its own needs root")

    def fill(self, _, leave=0):
        with open(self.folder / "filler", "ab", buffering=0) as f:
            try:
                while True:
                    f.write(b"\0" * 4096)
            except OSError:
                f.truncate(max(0, f.tell() - leave))

    def free(self, _):
        os.remove(self.folder / "filler")

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


class LimitedFiles:
    """No file of the daemon may grow: needs no root, and letting the reserve go does not help."""

    has_reserve = False

    def __init__(self, folder):
        self.folder = folder / "state"

    def fill(self, daemon, leave=0):
        limit = max(f.stat().st_size for f in self.folder.iterdir() if not f.name.endswith(".reserve"))
        assert daemon.log_path.stat().st_size < limit // 2  # it still has to say so
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (limit + leave, resource.RLIM_INFINITY))

    def free(self, daemon):
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self):
        pass


@pytest.fixture(params=[SmallDisk, LimitedFiles])
def disk(request, tmp_path):
    d = request.param(tmp_path)
    yield d
    d.close()


class Stage:
    """A daemon on that disk, between a feed and a hook."""

    def __init__(self, disk):
        self.disk, self.posts = disk, 0

    def __enter__(self):
        self.web, self.hook = Nginx().__enter__(), WebhookReceiver()
        self.publish(3)
        self.daemon = Daemon(f"sources:\n  - {{name: feed, url: '{self.web.url('feed.xml')}', every: 1s, backfill: all,"
                             f" allow_private: true}}\nchannels:\n  - {{name: hook, type: webhook, url: '{self.hook.url}'}}\n"
                             "watches:\n  - {name: w, query: Sutskever}\n")
        self.daemon.state = self.disk.folder
        self.daemon.__enter__()
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()
        self.hook.close()
        self.web.__exit__(None, None, None)

    def publish(self, n):
        self.posts += n
        self.web.put("feed.xml", "<rss version='2.0'><channel><title>t</title>" + "".join(
            f"<item><guid>{i}</guid><title>Sutskever, item {i}</title><description>{'words ' * 2000}</description></item>"
            for i in range(self.posts, 0, -1)) + "</channel></rss>")

    def status(self):
        return self.daemon.ask("GET", "/v1/status")

    def wait_down(self):
        wait_until(lambda: not self.status()["store"]["ok"], 30, "a status that says it")

    def wait_delivered(self):
        wait_until(lambda: self.status()["deliveries"] == {"waiting": 0, "delivered": self.posts, "dead": 0}, 60,
                   f"{self.posts} deliveries of {self.status()}")
        assert len(self.hook.requests) == len(set(self.hook.ids())) == self.posts


def test_a_full_disk_is_said_once_and_doubles_nothing(disk):
    with Stage(disk) as stage:
        daemon, hook = stage.daemon, stage.hook
        stage.wait_delivered()
        came, room = threading.Semaphore(0), threading.Event()
        hook.script(then=lambda _: came.release() or room.wait(60) and 200)
        stage.publish(2)
        assert came.acquire(timeout=30) and came.acquire(timeout=30)  # two are under way
        disk.fill(daemon)
        stage.publish(30)
        stage.wait_down()
        room.set()
        wait_until(lambda: len(hook.delivered()) == 5, 30, "answers although the disk is full")
        status, answer = daemon.request("POST", "/v1/watches", {"name": "sam", "query": "Altman"})
        run = daemon.ctl("status", "--check")
        assert run.returncode == 1 and "DOWN: the database cannot be written" in run.stdout, run
        if disk.has_reserve:  # what was sent is noted, what people ask for is done, and nothing is polled
            wait_until(lambda: stage.status()["deliveries"]["delivered"] == 5, 30, "marks in the reserve's room")
            assert status == 201 and "the disk is full: nothing is polled" in run.stdout
            assert daemon.request("POST", "/v1/sources/feed/poll")[0] == 503
            assert len(daemon.events("store.tight")) == 1
        else:
            assert status == 503 and "database: " in answer["detail"], answer
        assert len(hook.requests) == 5
        disk.free(daemon)
        stage.wait_delivered()
        assert len(daemon.ask("GET", "/v1/watches")["watches"]) == 1 + (status == 201)
        assert len(daemon.events("store.failed")) == len(daemon.events("store.recovered")) == 1, daemon.log()
        daemon.restart()
        stage.wait_delivered()


def test_whatever_room_is_left_nothing_is_lost(disk):
    rng = random.Random(1)
    with Stage(disk) as stage:
        stage.wait_delivered()
        for leave in (4096, 5 * 4096, 16 * 4096, 64 * 4096, MEBIBYTE):
            disk.fill(stage.daemon, leave)
            stage.publish(1 + rng.randrange(20))
            wait_until(lambda: not stage.status()["store"]["ok"] or len(stage.hook.delivered()) == stage.posts, 30, "either")
            disk.free(stage.daemon)
            stage.daemon.restart()
        stage.wait_delivered()


def test_it_lives_when_it_starts_on_a_full_disk(tmp_path):
    disk = SmallDisk(tmp_path)
    try:
        with Stage(disk) as stage:
            stage.wait_delivered()
            stage.daemon.kill()
            disk.fill(None)
            stage.publish(20)
            stage.daemon.start()
            stage.wait_down()
            disk.free(None)
            stage.wait_delivered()
    finally:
        disk.close()
