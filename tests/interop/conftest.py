# SPDX-License-Identifier: ISC
"""These tests share tests/lib with the system tests."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
