# SPDX-License-Identifier: ISC
"""The service under a real systemd: a container boots this machine's own systemd on an empty root, with what `make install`
puts beside /usr, and runs README.md's way to install it."""
import os, re, shutil, subprocess
from pathlib import Path

import pytest

from daemon import BUILD
from receivers import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """sources: [{name: sample, url: "file:sample-feed.xml", backfill: all}]
channels: [{name: journal, type: console, default: true}]
watches: [{name: ilya, query: Sutskever}]
"""
TARGET = "[Unit]\nRequires=basic.target probe.service\nAfter=basic.target\n"
PROBE = """[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/usr/lib/probe.sh
StandardOutput=file:/etc/monitord/result
StandardError=inherit
"""
SCRIPT = """#!/bin/bash
sudo() { "$@"; }
as_ann() { setpriv --reuid=ann --regid="$(id -g ann)" --init-groups "$@"; }
until_up() { for _ in $(seq 100); do monitorctl status >/dev/null 2>&1 && return; sleep 0.2; done; }
say() { echo "== $1"; }
USER=ann
useradd ann
%s
say started; systemctl is-active monitord; systemctl show -P StatusText monitord
say member; as_ann monitorctl add-watch OpenAI
say stranger; setpriv --reuid=nobody --regid=nogroup --clear-groups monitorctl status; echo $?
say bad; cp /etc/monitord/monitord.yaml /tmp/good; echo 'nonsense: 1' >> /etc/monitord/monitord.yaml
systemctl reload monitord 2>/dev/null; echo $?; systemctl is-active monitord
say good; cp /tmp/good /etc/monitord/monitord.yaml; systemctl reload monitord; echo $?
say killed; systemctl kill -s KILL --kill-whom=main monitord; sleep 0.5; until_up; monitorctl list-watches
monitorctl list-alerts --json | wc -l
say stopped; systemctl stop monitord; systemctl show -P Result monitord
say journal; journalctl -u monitord -o cat --no-pager
systemctl poweroff
"""
CGROUPS = [p for p in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup/systemd")) if p.is_dir()] or [Path("/sys/fs/cgroup")]


def commands():
    """The console block below README.md's "As a service", but for `make install`, which this machine does."""
    block = (ROOT / "README.md").read_text().split("\n## As a service\n")[1].split("```console\n")[1].split("```")[0]
    return [line[2:] for line in block.splitlines() if line.startswith("$ ") and "make install" not in line]


def stage(folder):
    """What the container finds beside this machine's /usr."""
    run = subprocess.run(["make", "-s", "install-files", f"BUILD={BUILD}", f"DESTDIR={folder}"], cwd=ROOT, capture_output=True,
                         text=True, env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")})
    assert run.returncode == 0, run.stderr
    units = folder / "usr/lib/systemd/system"
    for name, text in (("probe.target", TARGET), ("probe.service", PROBE)):
        (units / name).write_text(text)
    (folder / "usr/lib/probe.sh").write_text(SCRIPT % "\n".join(commands()))
    (folder / "usr/lib/probe.sh").chmod(0o755)
    (folder / "etc/monitord/monitord.yaml").write_text(CONFIG)
    shutil.copy(ROOT / "config/sample-feed.xml", folder / "etc/monitord")


def boot(folder):
    """Runs the container until it powers off; what it and systemd-nspawn print."""
    groups = [g / f"monitord-test-{os.getpid()}" for g in CGROUPS]
    masks = [f"systemd.mask={unit}" for unit in ("systemd-networkd.service", "systemd-networkd-wait-online.service",
                                                 "systemd-resolved.service", "systemd-timesyncd.service",
                                                 "systemd-firstboot.service")]
    command = ["systemd-nspawn", "-q", "-D", "/", "--volatile=yes", "--register=no", "--keep-unit", "--private-network",
               f"--machine=monitord-{os.getpid()}", "--console=read-only", f"--overlay-ro=/usr:{folder}/usr:/usr",
               f"--bind={folder}/etc/monitord:/etc/monitord", "--resolv-conf=off", "--timezone=off", "--link-journal=no", "-b",
               "systemd.unit=probe.target", "systemd.firstboot=off", "systemd.show_status=0", *masks]
    try:
        for group in groups:
            group.mkdir()
        enter = "for g; do [ \"$g\" = -- ] && break; echo $$ > $g/cgroup.procs; shift; done; shift; exec \"$@\""
        run = subprocess.run(["sh", "-c", enter, "-", *map(str, groups), "--", *command], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=90 * PATIENCE,
                             env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        return run.stdout + run.stderr
    finally:
        for group in groups:
            for inner in sorted((p for p in group.rglob("*") if p.is_dir()), reverse=True):
                inner.rmdir()
            if group.is_dir():
                group.rmdir()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("systemd-nspawn"), reason="needs root and systemd-nspawn")
@pytest.mark.skipif(PATIENCE > 1, reason="a sanitizer needs more than the unit permits")
def test_the_service(tmp_path):
    tmp_path.chmod(0o755)
    stage(tmp_path)
    try:
        said = boot(tmp_path)
    except (OSError, subprocess.TimeoutExpired) as e:
        pytest.skip(f"no container here: {e}")
    result = tmp_path / "etc/monitord/result"
    if not result.exists():
        pytest.skip(f"the container did not boot here: {said[-300:]}")
    parts = dict(re.findall(r"^== (\w+)\n(.*?)(?=^== |\Z)", result.read_text(), re.M | re.S))
    assert parts["started"] == "active\nsources: 1 (0 failing), watches: 1, channels: 1\n", result.read_text()
    assert parts["member"].startswith("added watch openai: OpenAI\n")
    assert "only the group monitorctl may" in parts["stranger"] and parts["stranger"].endswith("\n77\n")
    assert parts["bad"] == "1\nactive\n" and parts["good"] == "0\n"
    assert re.search(r"^openai .* api$", parts["killed"], re.M) and parts["killed"].endswith("\n1\n")
    assert parts["stopped"] == "success\n"
    assert "Ilya *Sutskever* au tableau noir" in parts["journal"] and "unknown key \"nonsense\"" in parts["journal"]
