# SPDX-License-Identifier: ISC
"""make install puts everything under DESTDIR, keeps a configuration that is there, and names the prefix in the unit."""
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("MONITORD_BUILD", str(ROOT / "build"))
MAINS = sorted(p.stem for p in (ROOT / "daemon").glob("monitor*.c"))


def install(dest, **variables):
    args = [f"{k}={v}" for k, v in variables.items()]
    run = subprocess.run(["make", "-s", "install-files", f"BUILD={BUILD}", f"DESTDIR={dest}", *args], cwd=ROOT,
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_files(tmp_path):
    install(tmp_path)
    for name in MAINS:
        assert mode(tmp_path / "usr/bin" / name) == 0o755
    unit = (tmp_path / "usr/lib/systemd/system/monitord.service").read_text()
    assert unit == (ROOT / "systemd/monitord.service").read_text()
    assert (tmp_path / "usr/lib/sysusers.d/monitord.conf").exists()
    assert (tmp_path / "usr/lib/tmpfiles.d/monitord.conf").exists()
    config = tmp_path / "etc/monitord/monitord.yaml"
    assert mode(config) == 0o640 and mode(config.parent) == 0o750
    assert config.read_text() == (ROOT / "config/monitord.yaml").read_text()
    doc = tmp_path / "usr/share/doc/monitord"
    assert {"quickstart.yaml", "sample-feed.xml", "webhook.yaml.example", "LICENSE"} <= {p.name for p in doc.iterdir()}
    for page in (ROOT / "daemon/man").glob("*.[1578]"):
        assert (tmp_path / f"usr/share/man/man{page.suffix[1:]}" / page.name).exists()


def test_configuration_is_kept(tmp_path):
    config = tmp_path / "etc/monitord/monitord.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("contact: ops@example.org\n")
    install(tmp_path)
    assert config.read_text() == "contact: ops@example.org\n"


def make(*args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(["make", "--no-print-directory", *args], cwd=ROOT, env=env, capture_output=True, text=True)


def test_what_is_installed_runs(tmp_path):
    """Twice, as on an update; the programs start, the sample configuration is good, the pages are found by man."""
    for _ in range(2):
        run = make("install", f"BUILD={BUILD}", f"DESTDIR={tmp_path}")
        assert run.returncode == 0, run.stderr
    for name in MAINS:
        assert subprocess.run([tmp_path / "usr/bin" / name, "--version"], capture_output=True, text=True).stdout.startswith(name)
    config = tmp_path / "etc/monitord/monitord.yaml"
    run = subprocess.run([tmp_path / "usr/bin/monitorctl", "check-config", config], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "") and ": ok: " in run.stdout
    for page in (ROOT / "daemon/man").glob("*.[1578]"):
        run = subprocess.run(["mandoc", "-Tascii", tmp_path / f"usr/share/man/man{page.suffix[1:]}" / page.name],
                             capture_output=True, text=True)
        assert run.returncode == 0 and page.stem.upper() in run.stdout


def test_help_lists_every_target_that_texts_name():
    shown = re.findall(r"^  make (\S+) +\S", make("help").stdout, re.M)
    assert {"run", "test", "check", "install", "clean", "help"} <= set(shown)
    for text in [ROOT / "README.md", ROOT / "daemon/README.md", *(ROOT / "daemon/man").iterdir(), ROOT / ".ci/run"]:
        for target in re.findall(r"(?:^| {4}|`|\()make ([a-z][a-z-]*)", text.read_text(), re.M):
            assert target in shown, f"{text.name}: make {target}"


def test_clean_takes_the_build_folder_and_nothing_else(tmp_path):
    (tmp_path / "b/daemon").mkdir(parents=True)
    (tmp_path / "keep").write_text("x")
    assert make("clean", f"BUILD={tmp_path}/b").returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["keep"]


def test_prefix(tmp_path):
    install(tmp_path, PREFIX="/opt/m", SYSCONFDIR="/opt/m/etc")
    unit = (tmp_path / "opt/m/lib/systemd/system/monitord.service").read_text()
    assert re.search(r"^ExecStart=/opt/m/bin/monitord --config /opt/m/etc/monitord/monitord.yaml ", unit, re.M)
    assert not re.search(r"/usr/bin/monitord|/etc/monitord(?<!/opt/m/etc/monitord)", unit)
    assert not (tmp_path / "usr").exists() and not (tmp_path / "etc").exists()


@pytest.mark.skipif("monitorctl" not in MAINS, reason="no monitorctl in this tree")
def test_completions(tmp_path):
    install(tmp_path)
    share = tmp_path / "usr/share"
    for path in ("bash-completion/completions/monitorctl", "zsh/vendor-completions/_monitorctl",
                 "fish/vendor_completions.d/monitorctl.fish"):
        assert "add-watch" in (share / path).read_text()


def test_quickstart_starts_monitord(tmp_path):
    """`make run` ends in this script: it must execute monitord with the flags that it has, and say how to go on."""
    build = tmp_path / "b"
    build.mkdir()
    for name in ("monitord", "monitorctl"):
        (build / name).write_text('#!/bin/sh\necho "$0 $*"\n')
        (build / name).chmod(0o755)
    env = dict(os.environ, BUILD=str(build))
    run = subprocess.run(["sh", "tests/lib/quickstart.sh"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == (f"{build}/monitord --config config/quickstart.yaml --state {build}/run "
                                           f"--socket {build}/run/control.sock")
    assert f'{build}/monitorctl --socket {build}/run/control.sock add-watch "OpenAI"' in run.stdout
    assert mode(build / "run") == 0o700


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck")
def test_shell_scripts():
    scripts = sorted(ROOT.glob("tests/lib/*.sh"))
    run = subprocess.run(["shellcheck", "-x", *scripts], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
