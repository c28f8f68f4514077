# SPDX-License-Identifier: ISC
"""The form of the benchmarks' results."""
import json
from pathlib import Path


def case(name, value, unit, peer, peer_value):
    ratio = round(value / peer_value, 3) if peer_value else 1.0 if value == 0 else None
    return {"case": name, "value": round(value, 4), "unit": unit, "peer": peer, "peer_value": round(peer_value, 4), "ratio": ratio}


def write(path, name, cases):
    Path(path).write_text(json.dumps({"name": name, "cases": cases}, indent=1) + "\n")
    for c in cases:
        print(f"{name:<10} {c['case']:<42} {c['value']:>10} {c['unit']:<6} {c['peer']}: {c['peer_value']}  ratio {c['ratio']}")


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
