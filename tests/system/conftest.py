# SPDX-License-Identifier: ISC
"""System tests share tests/lib with the benchmarks: the daemon and the servers that it talks to."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
