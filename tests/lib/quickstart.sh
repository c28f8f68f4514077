#!/bin/sh
# SPDX-License-Identifier: ISC
# What `make run` executes after building: monitord in the foreground with config/quickstart.yaml, on a state folder of
# its own below build/.  BUILD names another build folder.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
state=$build/run
# relative to this folder: a socket's path may have 107 bytes, and a clone may lie deeper than that
socket=$state/control.sock

for program in monitord monitorctl; do
	if [ ! -x "$build/$program" ]; then
		echo "quickstart: $build/$program is not built, run make first" >&2
		exit 1
	fi
done
known=
[ -z "$(ls -A "$state" 2>/dev/null)" ] || known=yes
mkdir -p "$state"
chmod 700 "$state"

here=$(pwd)
case $build in
/*) from= ;;
*) from=$here/ ;;
esac
echo "monitord reads config/quickstart.yaml and keeps its state in $from$state; Ctrl-C ends it."
[ -z "$known" ] || echo "It goes on where it was left: old posts do not alert again.  rm -r $from$state starts afresh."
echo "To add a watch, in another terminal:"
echo
case $from$build in
*[!A-Za-z0-9/_.,+@-]*) quote=\' ;;
*) quote= ;;
esac
if [ -z "$quote" ] && [ "${#from}" -le 70 ]; then
	echo "    $from$build/monitorctl --socket $from$socket add-watch \"OpenAI\""
else
	echo "    cd $quote$(printf %s "$here" | sed "s/'/'\\\\''/g")$quote && $build/monitorctl --socket $socket add-watch \"OpenAI\""
fi
echo
exec "$build/monitord" --config config/quickstart.yaml --state "$state" --socket "$socket"
