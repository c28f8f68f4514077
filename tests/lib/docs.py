#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes what is made from the tables (manual pages, completions, the sample configuration) and from the files' first
sentences (the code map), or with --check says what is stale."""
import argparse, re, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHOLE = {"daemon/completions/monitorctl.bash": ["completion", "bash"], "daemon/completions/_monitorctl": ["completion", "zsh"],
         "daemon/completions/monitorctl.fish": ["completion", "fish"], "config/monitord.yaml": ["manual", "sample"]}
SPLICED = {"daemon/man/monitorctl.1": ["manual", "commands"], "daemon/man/monitord.yaml.5": ["manual", "config"],
           "daemon/man/monitord-query.7": ["manual", "query"]}
MAP = "daemon/README.md"
FLOORS = ["engine", "control", "source", "match", "alert", "channel", "store", "io", "model", "config", "base"]
MAP_BEGIN, MAP_END = '<!-- made by "make docs": begin -->\n', '<!-- made by "make docs": end -->\n'
BEGIN, END = '.\\" made by "make docs" from the tables: begin\n', '.\\" made by "make docs" from the tables: end\n'


def made(ctl):
    """(path, text as it should be) of each file."""
    for name, args in WHOLE.items():
        yield ROOT / name, run(ctl, args)
    for name, args in SPLICED.items():
        yield ROOT / name, spliced(name, BEGIN, run(ctl, args), END)
    yield ROOT / MAP, spliced(MAP, MAP_BEGIN, code_map(), MAP_END)
    yield ROOT / "README.md", spliced("README.md", MAP_BEGIN, run(ctl, ["manual", "readme"]), MAP_END)


def spliced(name, begin, text, end):
    head, rest = (ROOT / name).read_text().split(begin)
    return head + begin + text + end + rest.split(end)[1]


def first_sentence(path):
    """Of the comment below the SPDX line; it ends before what is indented."""
    comment = re.search(r"/\*\s(?:\* )?(.*?)(?:\n \*(?: {2}|\t)|\*/)", path.read_text().split("\n", 1)[1], re.S)[1]
    text = re.sub(r"[\s*]*\n \*\s*", " ", comment).strip(" *\n")
    return re.split(r"(?<=[.?]) +(?=[A-Z])", text)[0].removesuffix(":").removesuffix(".")


def code_map():
    """Each folder's files and tables, in the order in which they explain themselves."""
    folders = {path.parent.name for path in (ROOT / "daemon").glob("*/*.c")}
    out = ""
    for folder in FLOORS + sorted(folders - set(FLOORS)):
        out += f"\n## {folder}/\n\n"
        for path in sorted((ROOT / "daemon" / folder).iterdir()):
            if path.suffix in (".c", ".cc", ".def"):
                out += f"* `{path.name}` {first_sentence(path)}\n"
    return out + "\n"


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
