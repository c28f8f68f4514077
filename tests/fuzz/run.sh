#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs fuzz targets one after another: run.sh BUILD SECONDS FUZZER…
# Seeds: tests/data, and BUILD/corpus/NAME, where finds stay.  A crash is kept beside it, and its file named.
set -u
build=$1 seconds=$2
shift 2
bad=0
for fuzzer; do
	name=$(basename "$fuzzer")
	corpus=$build/corpus/$name log=$build/$name.log dict=tests/fuzz/${name#fuzz_}.dict
	mkdir -p "$corpus"
	set -- "$corpus"
	[ -d tests/data ] && set -- "$@" tests/data
	[ -f "$dict" ] && set -- "-dict=$dict" "$@"
	if "$fuzzer" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="$build/$name-" "$@" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "ok   $name $runs runs"
	else
		echo "FAIL $name"
		tail -n 60 "$log"
		bad=1
	fi
done
exit $bad
