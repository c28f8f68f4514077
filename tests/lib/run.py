#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs the test programs, prints one line each, the failures with their values, and the closing count."""
import argparse, os, re, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tap(path, build):
    """A binary that prints TAP: (name, passed, failed, skipped, failure text, seconds)."""
    name = str(path.relative_to(build / "tests"))
    start = time.monotonic()
    try:
        run = subprocess.run([path], cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=1800,
                             stdin=subprocess.DEVNULL)
        out, err, code = run.stdout, run.stderr, run.returncode
    except subprocess.TimeoutExpired as e:
        out, err, code = str(e.stdout or ""), "timed out", 1
    passed = failed = skipped = 0
    for line in out.splitlines():
        if re.match(r"(not )?ok \d+ (.*)# SKIP", line):  # cmocka says "not ok" to a skip
            skipped += 1
        elif line.startswith("not ok"):
            failed += 1
        elif line.startswith("ok"):
            passed += 1
    if code != 0 and failed == 0:
        failed += 1
    if passed + failed + skipped == 0:
        failed = 1
        err += "printed no test result"
    return name, passed, failed, skipped, (out + err) if failed else "", time.monotonic() - start


def system(build):
    """The system tests, by pytest."""
    start = time.monotonic()
    report = build / "system.xml"
    env = dict(os.environ, MONITORD_BUILD=str(build), PYTHONDONTWRITEBYTECODE="1")
    run = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "junit_family=legacy",
                          f"--junitxml={report}", "tests/system"], cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    import xml.etree.ElementTree as et
    failed = passed = skipped = 0
    if report.exists():
        suite = et.parse(report).getroot().find("testsuite")
        total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        passed = total - skipped - failed
    if run.returncode != 0 and failed == 0:
        failed = 1
    return "system", passed, failed, skipped, run.stdout + run.stderr if failed else "", time.monotonic() - start


def watch_sanitizers(build):
    """What a sanitizer of any process says goes to files: a daemon's own report would end in a log that nobody reads."""
    for old in build.glob("sanitizer.*"):
        old.unlink()
    options = {"ASAN_OPTIONS": "", "UBSAN_OPTIONS": ":print_stacktrace=1",
               "TSAN_OPTIONS": f":suppressions={ROOT}/tests/lib/tsan.supp:second_deadlock_stack=1"}
    for name, more in options.items():
        os.environ[name] = f"log_path={build}/sanitizer{more}:{os.environ.get(name, '')}"


def sanitizers(build):
    """Each report is a failure, also of a process that went on."""
    reports = sorted(build.glob("sanitizer.*"))
    text = "\n".join(f"{p}:\n{p.read_text(errors='replace')[:6000]}" for p in reports[:10])
    return "sanitizers", 0, len(reports), 0, text, 0.0


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("what", choices=["quick", "system", "all"])
    args = ap.parse_args()
    build = (ROOT / args.build).resolve()
    results = []
    began = time.monotonic()
    watch_sanitizers(build)
    if args.what != "system":
        sources = sorted(p for d in ("unit", "golden", "query", "sim") for p in (ROOT / "tests" / d).glob("*.c"))
        programs = [build / p.relative_to(ROOT).with_suffix("") for p in sources]
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for r in pool.map(lambda p: tap(p, build), programs):
                results.append(r)
                report(r)
    if args.what != "quick" and any((ROOT / "tests" / "system").glob("test_*.py")):
        r = system(build)
        results.append(r)
        report(r)
    if any(build.glob("sanitizer.*")):
        results.append(sanitizers(build))
        report(results[-1])
    for r in results:
        if r[2]:
            print(f"\n--- {r[0]}\n{r[4]}")
    passed, failed, skipped = (sum(r[i] for r in results) for i in (1, 2, 3))
    print(f"in {time.monotonic() - began:.1f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


def report(r):
    name, passed, failed, skipped, _, seconds = r
    note = f"  {failed} failed" if failed else f"  {skipped} skipped" if skipped else ""
    print(f"{'FAIL' if failed else 'ok  '} {name:<28} {passed:5} tests {seconds:7.2f}s{note}", flush=True)


sys.exit(main())
