# SPDX-License-Identifier: ISC
"""systemd finds nothing wrong with the unit, and it stays as closed as it was."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")


@pytest.fixture
def unit(tmp_path):
    """The unit with a program that exists, whether monitord is installed or not."""
    text = (ROOT / "systemd/monitord.service").read_text()
    text, n = re.subn(r"^(Exec(?:Start|Reload)=)/usr/bin/monitord ", r"\1/usr/bin/true ", text, flags=re.M)
    assert n == 2
    path = tmp_path / "monitord.service"
    path.write_text(text)
    return path


def analyze(*args):
    return subprocess.run(["systemd-analyze", *args], capture_output=True, text=True)


def test_verify_is_clean(unit):
    run = analyze("verify", "--man=no", str(unit))
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_verify_sees_mistakes(unit):
    unit.write_text(unit.read_text().replace("Type=notify", "Type=notfy"))
    run = analyze("verify", "--man=no", str(unit))
    assert "notfy" in run.stderr


def test_exposure(unit):
    """1.1 was measured on systemd 252; the threshold is in tenths."""
    assert analyze("security", "--offline=true", "--threshold=11", str(unit)).returncode == 0


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers")
def test_users_and_folders(tmp_path):
    (tmp_path / "etc/monitord").mkdir(parents=True)
    config = tmp_path / "etc/monitord/monitord.yaml"
    config.write_text("")
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", ROOT / "systemd/monitord.sysusers"], check=True, capture_output=True)
    passwd = (tmp_path / "etc/passwd").read_text()
    groups = {line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()}
    assert passwd.startswith("monitord:") and {"monitord", "monitorctl"} <= groups
    unit = (ROOT / "systemd/monitord.service").read_text()
    assert "\nUser=monitord\n" in unit and "\nGroup=monitorctl\n" in unit
    lines = [l.split() for l in (ROOT / "systemd/monitord.tmpfiles").read_text().splitlines() if l and l[0] != "#"]
    assert all(len(l) == 6 and l[3] == "root" and l[4] in {"root", *groups} for l in lines)
