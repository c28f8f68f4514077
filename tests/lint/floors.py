#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Floors and fences: who may include whom, which library belongs to which folder, how long a line may be
(daemon/README.md)."""
import re, sys
from pathlib import Path

FLOOR = {"base": 0, "model": 1, "config": 1, "source": 2, "match": 2, "story": 2, "alert": 2, "channel": 2, "store": 2,
         "io": 2, "engine": 3, "control": 4}
# siblings on floor 2 never meet, but for what an alert is made of
MAY = {("alert", "match"), ("channel", "alert"), ("channel", "match"), ("config", "model")}
FENCE = {"sqlite3.h": {"store"}, "curl/": {"io"}, "event2/": {"io"}, "libxml/": {"base"}, "jansson.h": None, "yaml.h": {"config"},
         "systemd/": {"io"}, "zlib.h": {"io"}, "openssl/": {"base"}, "uthash.h": {"base"}, "xxhash.h": {"base"}, "utf8proc.h": {"match"}, "re2/": {"match"}, "libstemmer.h": {"match"},
         "wslay/": {"io"}, "zstd.h": {"io"},
         "curl/curl.h": {"io", "base"}}
bad = 0
for path in sorted(Path(".").glob("daemon/*/*.[ch]")) + sorted(Path(".").glob("daemon/*/*.cc")) + sorted(Path(".").glob("include/*/*.h")):
    here = path.parts[1]
    for n, line in enumerate(path.read_text().splitlines(), 1):
        if len(line.expandtabs(8)) > 132:
            print(f"{path}:{n}: line of {len(line.expandtabs(8))} columns"); bad = 1
        if m := re.match(r'#include "([a-z]+)/', line):
            there = m[1]
            if there != here and FLOOR.get(there, 0) >= FLOOR[here] and (here, there) not in MAY:
                print(f"{path}:{n}: {here}/ may not include {there}/"); bad = 1
        if m := re.match(r"#include <([^>]+)>", line):
            for lib, where in FENCE.items():
                best = max((k for k in FENCE if m[1].startswith(k)), key=len, default=None)
                if lib == best and where is not None and here not in where:
                    print(f"{path}:{n}: <{m[1]}> belongs to {', '.join(sorted(where))}/"); bad = 1
sys.exit(bad)
