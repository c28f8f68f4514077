#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs the benchmarks, programs (bench_*.c, built) and scripts (bench_*.py) alike; each writes BUILD/bench/NAME.json.

run.py --build BUILD [NAME]: all of them, or one.  A benchmark gets the path of its JSON as its only argument and the
build folder as $MONITORD_BUILD; it prints its own lines for people.
"""
import argparse, json, os, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"case", "value", "unit", "peer", "peer_value", "ratio"}


def commands(build):
    """name: command line, scripts after programs."""
    found = {}
    for p in sorted((ROOT / "tests/bench").glob("bench_*.c")):
        found[p.stem.removeprefix("bench_")] = [build / "tests/bench" / p.stem]
    for p in sorted((ROOT / "tests/bench").glob("bench_*.py")):
        found[p.stem.removeprefix("bench_")] = ["/usr/bin/python3", p]
    return found


def well_formed(path, name):
    """What is wrong with a result, None if nothing."""
    try:
        result = json.loads(path.read_text())
    except (OSError, ValueError) as e:
        return str(e)
    if result.get("name") != name or not result.get("cases"):
        return "it has not its name, or no cases"
    return next((f"a case has the keys {', '.join(c)}" for c in result["cases"] if set(c) != KEYS), None)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("name", nargs="?")
    args = ap.parse_args()
    build = (ROOT / args.build).resolve()
    found = commands(build)
    if args.name and args.name not in found:
        sys.exit(f"there is no benchmark {args.name}: there are {', '.join(found)}")
    (build / "bench").mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, MONITORD_BUILD=str(build), PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(ROOT / "tests/lib"))
    failed = []
    for name in [args.name] if args.name else found:
        path = build / "bench" / f"{name}.json"
        path.unlink(missing_ok=True)
        code = subprocess.run([*found[name], path], cwd=ROOT, env=env, stdin=subprocess.DEVNULL).returncode
        wrong = f"it ended with {code}" if code else well_formed(path, name)
        if wrong:
            print(f"{name}: {wrong}", file=sys.stderr)
            failed.append(name)
    sys.exit(1 if failed else 0)


main()
