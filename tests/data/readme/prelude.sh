# SPDX-License-Identifier: ISC
# What test_readme.py puts before the commands of README.md: those that would touch the system run aside.
# $ROOT is the repository, $BUILT its build folder, $DESTDIR where things are installed; the shell stands in a folder that
# looks like a clone.

sudo() { "$@"; }

make() {
	case $1 in
	run)
		sh tests/lib/quickstart.sh >run.log 2>&1 </dev/null &
		echo $! >run.pid
		for _ in $(seq 600); do
			grep -qs delivery.done run.log && break
			sleep 0.1
		done
		cat run.log
		;;
	install) command make --no-print-directory -C "$ROOT" install BUILD="$BUILT" DESTDIR="$DESTDIR" ;;
	*) echo "make $1: not in the README" >&2; return 1 ;;
	esac
}

# The unit must be there under the name that is asked for; what systemd would do with it is systemd's business.
systemctl() {
	case $1 in
	daemon-reload) ;;
	enable) test -e "$DESTDIR/usr/lib/systemd/system/$3.service" ;;
	*) return 1 ;;
	esac
}

systemd-sysusers() { command systemd-sysusers --root="$DESTDIR"; }
# It wants to be root, and to know the users of this machine.
systemd-tmpfiles() { test -e "$DESTDIR/usr/lib/tmpfiles.d/monitord.conf"; }
usermod() { grep -q "^$2:" "$DESTDIR/etc/group"; }
