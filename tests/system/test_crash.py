# SPDX-License-Identifier: ISC
"""kill -9 at random instants, while feeds grow and deliveries fail: no matching post goes untold, none is told twice under
different ids.  MONITORD_KILLS sets how often, MONITORD_SEED which instants; `make crash` kills 200 times."""
import os, random, sqlite3, time

from daemon import Daemon
from receivers import GrowingFeeds, WebhookReceiver, wait_until

KILLS = int(os.environ.get("MONITORD_KILLS", "40"))
SEED = int(os.environ.get("MONITORD_SEED", str(random.randrange(1 << 32))))
IN_FLIGHT = 4  # deliveries that one channel has under way at once: what a kill can repeat


def config(feeds, hook):
    sources = "".join(f"  - {{name: f{n}, url: '{feeds.feed(n)}', every: 1s, backfill: all, allow_private: true}}\n"
                      for n in feeds.items)
    return (f"sources:\n{sources}channels:\n  - {{name: hook, type: webhook, url: '{hook.url}', default: true}}\n"
            "watches:\n  - {name: ilya, query: Sutskever}\nmax_per_host: 16\n")


def pages(daemon, path, name, cursor):
    """All objects of a paged list."""
    found, after = [], ""
    while True:
        answer = daemon.ask("GET", f"{path}?limit=1000{after}")
        found += answer[name]
        if not answer[name] or answer.get("next") is None:
            return found
        after = f"&{cursor}={answer['next']}"


def drain(daemon, feeds, hook):
    """No more growth, no more trouble: everything that was served arrives."""
    feeds.growing = False
    hook.script(then=200)
    daemon.kill()  # what hangs would hang until its deadline
    daemon.start()
    for n in feeds.items:
        daemon.ask("POST", f"/v1/sources/f{n}/poll")

    def nothing_waits():
        waiting = pages(daemon, "/v1/deliveries", "deliveries", "after")
        late = [d for d in waiting if d["state"] != "delivered"]
        for d in late:
            daemon.request("POST", f"/v1/deliveries/{d['id']}/retry")
        return not late
    wait_until(nothing_waits, 120, "the last delivery")


def judge(daemon, feeds, hook, kills):
    """What was to be told was told, under one id each; a second time only what a kill hid from us."""
    drain(daemon, feeds, hook)
    alerts = pages(daemon, "/v1/alerts", "alerts", "before")
    deliveries = pages(daemon, "/v1/deliveries", "deliveries", "after")
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.state / "monitord.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    want = feeds.matching()
    assert want and sorted(a["post"]["id"] for a in alerts) == sorted(want)
    assert len(deliveries) == len(want)
    ids, repeats = {}, 0
    for request in hook.requests:
        post = request.json()["post"]["id"]
        repeats += post in ids
        assert ids.setdefault(post, request.id) == request.id, f"{post} was told under two ids"
    assert len(set(ids.values())) == len(ids)
    assert {r.json()["post"]["id"] for r in hook.delivered()} == want
    doubled = len(hook.delivered()) - len(want)
    assert doubled <= (kills + 1) * IN_FLIGHT
    print(f"{kills} kills: {len(want)} alerts of {sum(map(len, feeds.items.values()))} posts; {repeats} attempts repeated an id, "
          f"{doubled} of them because the answer was lost")


def test_kill_at_any_instant_loses_and_doubles_nothing():
    print(f"MONITORD_SEED={SEED} MONITORD_KILLS={KILLS}")
    rng = random.Random(SEED)
    trouble = random.Random(SEED + 1)
    answers = [200, 200, 200, 500, 503, "drop", "hang", (429, {"Retry-After": "1"}, "slow down")]
    kills = 0
    with GrowingFeeds(SEED + 2) as feeds, WebhookReceiver(then=lambda _: trouble.choice(answers)) as hook:
        with Daemon(config(feeds, hook)) as daemon:
            while kills < KILLS:
                time.sleep(rng.random() * 0.25)  # the instant: what is tested, not a wait for something
                daemon.kill()
                kills += 1
                if rng.random() < 0.2:  # also while it is still starting
                    daemon.spawn()
                    time.sleep(rng.random() * 0.02)
                    daemon.kill()
                    kills += 1
                daemon.start()
            judge(daemon, feeds, hook, kills)


def test_kill_between_the_answer_and_the_mark():
    """The hook takes the alert, and monitord dies before it can note that: told again, under the same id."""
    print(f"MONITORD_SEED={SEED}")
    dies = random.Random(SEED)
    kills = 0

    def take_and_kill(_):
        nonlocal kills
        if daemon.process.poll() is None and dies.random() < 0.2:
            daemon.process.kill()
            kills += 1
        return 200

    with GrowingFeeds(SEED + 2) as feeds, WebhookReceiver() as hook:
        with Daemon(config(feeds, hook)) as daemon:
            hook.script(then=take_and_kill)
            while kills < KILLS // 4:
                wait_until(lambda: daemon.process.poll() is not None, 30, "a kill")
                daemon.spawn()
            judge(daemon, feeds, hook, kills)
