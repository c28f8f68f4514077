#!/bin/sh
# SPDX-License-Identifier: ISC
# Every public header compiles alone and twice.
set -u
bad=0
flags=$(pkg-config --cflags libxml-2.0)
for h in include/*/*.h; do
	n=${h#include/}
	[ "$n" = base/banned.h ] && continue
	# shellcheck disable=SC2086 # $flags is several words
	printf '#include "%s"\n#include "%s"\n' "$n" "$n" |
		gcc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude $flags -fsyntax-only -x c - || bad=1
done
exit $bad
