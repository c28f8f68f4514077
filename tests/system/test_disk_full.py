# SPDX-License-Identifier: ISC
"""A full disk: monitord says so once, goes on, and when there is room again nothing is lost and nothing told twice."""
import os, subprocess

import pytest

from daemon import Daemon
from receivers import Nginx, WebhookReceiver, wait_until


def feed(n):
    items = "".join(f"<item><guid>{i}</guid><title>Sutskever, item {i}</title><description>{'words ' * 2000}</description></item>"
                    for i in range(n, 0, -1))
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB of which the test can take and give back what is left."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk]).returncode != 0:
        pytest.skip("needs root and tmpfs")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk):
    with open(disk / "ballast", "ab", buffering=0) as f:
        try:
            while True:
                f.write(b"\0" * 4096)
        except OSError:
            pass


def delivered(daemon, n):
    def done():
        status, answer = daemon.request("GET", "/v1/status")
        return status == 200 and answer["deliveries"]["delivered"] == n
    wait_until(done, 60, f"{n} deliveries")


def test_a_full_disk_loses_and_doubles_nothing(small_disk):
    with Nginx() as web, WebhookReceiver() as hook:
        url = web.put("feed.xml", feed(2))
        config = (f"sources:\n  - {{name: feed, url: '{url}', every: 1s, backfill: all, allow_private: true}}\n"
                  f"channels:\n  - {{name: hook, type: webhook, url: '{hook.url}'}}\nwatches:\n  - {{name: w, query: Sutskever}}\n")
        daemon = Daemon(config)
        daemon.state = small_disk
        with daemon:
            delivered(daemon, 2)
            fill(small_disk)
            web.put("feed.xml", feed(30))
            daemon.wait_event("store.failed")
            status, answer = daemon.request("POST", "/v1/watches", {"query": "Altman"})
            assert status == 503 and "disk is full" in answer["detail"], answer
            run = daemon.ctl("status")
            assert run.returncode != 0 and "disk is full" in run.stderr
            assert daemon.process.poll() is None and len(hook.requests) == 2
            os.remove(small_disk / "ballast")
            daemon.wait_event("store.recovered", seconds=90)
            delivered(daemon, 30)
            assert daemon.ask("GET", "/v1/status")["store"] == {"ok": True, "error": None}
            assert len(daemon.events("store.failed")) <= 3, daemon.events("store.failed")
            daemon.restart()
            assert daemon.ask("GET", "/v1/status")["deliveries"] == {"waiting": 0, "delivered": 30, "dead": 0}
            assert len(hook.requests) == len(set(hook.ids())) == 30
