#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every file of ours: no notes to self, scripts that parse, shell that shellcheck likes, an SPDX line in code."""
import re, subprocess, sys
from pathlib import Path

NOTE = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")  # in two pieces, or this file would find itself
tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                         capture_output=True, text=True).stdout.split("\0")
bad = 0


def complain(path, line, what):
    global bad
    bad = 1
    print(f"{path}:{line}: {what}")


code_map = Path("daemon/README.md").read_text()
shell = []
for path in sorted(Path(name) for name in tracked if name and Path(name).is_file()):
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        continue  # test data in other charsets
    if path.parts[:2] == ("tests", "data"):
        continue
    for n, line in enumerate(text.splitlines(), 1):
        if NOTE.search(line):
            complain(path, n, "an unfinished thing belongs into an issue")
    first = text.split("\n", 1)[0]
    if path.suffix == ".sh" or re.match(r"#!.*\b(ba)?sh\b", first):
        shell.append(path)
    if path.suffix == ".py" or re.match(r"#!.*\bpython3?\b", first):
        try:
            compile(text, str(path), "exec")
        except SyntaxError as e:
            complain(path, e.lineno or 1, e.msg)
    if path.parts[0] == "daemon" and path.suffix in (".c", ".cc") and f"`{path.name}`" not in code_map:
        complain(path, 2, "not in daemon/README.md: make docs takes its first sentence there")
    if path.suffix in (".c", ".cc", ".h", ".py", ".sh") and "SPDX-License-Identifier: ISC" not in text[:200]:
        complain(path, 1, "no SPDX-License-Identifier: ISC at the top")
if shell and subprocess.run(["shellcheck", *map(str, shell)]).returncode:
    bad = 1
sys.exit(bad)
