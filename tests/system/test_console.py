# SPDX-License-Identifier: ISC
"""Alerts on the daemon's own output: in colours where that is a terminal, between asterisks elsewhere."""
import os, pty, select, subprocess, tempfile, time
from pathlib import Path

import pytest

from daemon import BUILD
from receivers import stop

ROOT = Path(__file__).resolve().parents[2]
PLAIN, HIT = "Ilya *Sutskever* au tableau noir", "Ilya \x1b[1;33mSutskever\x1b[0m au tableau noir"
CONFIG = f"""sources: [{{name: sample, url: "file:{ROOT}/config/sample-feed.xml", backfill: all}}]
channels: [{{name: terminal, type: console%s}}]
watches: [{{name: ilya, query: Sutskever}}]
"""


def printed(output, setting="", **env):
    """What monitord prints of its first alert to a terminal or a pipe."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "m.yaml").write_text(CONFIG % setting)
        ours, its = pty.openpty() if output == "terminal" else os.pipe()
        env = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **env}
        p = subprocess.Popen([BUILD / "monitord", "--config", folder + "/m.yaml", "--state", folder, "--socket", folder + "/s"],
                             stdin=subprocess.DEVNULL, stdout=its, stderr=subprocess.DEVNULL, env=env)
        os.close(its)
        text, deadline = b"", time.monotonic() + 30
        try:
            while b"https://" not in text and select.select([ours], [], [], max(deadline - time.monotonic(), 0))[0]:
                text += os.read(ours, 4096)
        finally:
            stop(p)
            os.close(ours)
        return text.decode()


@pytest.mark.parametrize("output,setting,env,want", [
    ("terminal", "", {}, HIT),
    ("terminal", "", {"NO_COLOR": "1"}, PLAIN),
    ("terminal", "", {"TERM": "dumb"}, PLAIN),
    ("terminal", ", color: never", {}, PLAIN),
    ("pipe", "", {}, PLAIN),
    ("pipe", ", color: always", {}, HIT),
])
def test_colours(output, setting, env, want):
    assert want in printed(output, setting, **env)
