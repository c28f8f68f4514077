#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes what is made from the tables (manual pages, completions), or with --check says what is stale."""
import argparse, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHOLE = {"daemon/completions/monitorctl.bash": ["completion", "bash"], "daemon/completions/_monitorctl": ["completion", "zsh"],
         "daemon/completions/monitorctl.fish": ["completion", "fish"]}
SPLICED = {"daemon/man/monitorctl.1": ["manual", "commands"], "daemon/man/monitord.yaml.5": ["manual", "config"]}
BEGIN, END = '.\\" made by "make docs" from the tables: begin\n', '.\\" made by "make docs" from the tables: end\n'


def made(ctl):
    """(path, text as it should be) of each file."""
    for name, args in WHOLE.items():
        yield ROOT / name, run(ctl, args)
    for name, args in SPLICED.items():
        head, rest = (ROOT / name).read_text().split(BEGIN)
        yield ROOT / name, head + BEGIN + run(ctl, args) + END + rest.split(END)[1]


def run(ctl, args):
    return subprocess.run([ctl, *args], check=True, capture_output=True, text=True).stdout


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--check", action="store_true")
    args = ap.parse_args()
    stale = 0
    for path, text in made((ROOT / args.build / "monitorctl").resolve()):
        if path.exists() and path.read_text() == text:
            continue
        if args.check:
            print(f"{path.relative_to(ROOT)} is stale: make docs")
            stale = 1
        else:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return stale


sys.exit(main())
