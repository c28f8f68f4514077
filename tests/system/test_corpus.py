# SPDX-License-Identifier: ISC
"""Other projects' test data, where it is at hand: the codecs must agree with their peers as far as they once did."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_agreement_has_not_fallen():
    run = subprocess.run([sys.executable, "tests/corpus/run.py", "--quick", "--build", os.environ.get("MONITORD_BUILD", "build")],
                         cwd=ROOT, capture_output=True, text=True, timeout=600)
    if run.stdout.startswith("skipped"):
        pytest.skip(run.stdout.strip())
    assert run.returncode == 0, run.stdout + run.stderr
