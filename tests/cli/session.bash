# session.bash - an ordinary user's login session and user manager, for suites on a machine that its
# systemd has booted ("# machine: --systemd"): `load session` after `load helpers`, and
#
#	setup_file() { log_in; }
#	teardown_file() { log_out; }
#
# as-user COMMAND... then runs COMMAND in the session.

session_user=bawnuser
session_uid=1000
session_home=/tmp/home
# What systemd delegates to the user.
# shellcheck disable=SC2034 # for the suites
session_cgroup=/sys/fs/cgroup/user.slice/user-$session_uid.slice/user@$session_uid.service

make_session_user() {
	[[ $(id -u "$session_user" 2>/dev/null) == "$session_uid" ]] ||
		useradd -d "$session_home" -u "$session_uid" -s /bin/bash "$session_user"
	echo "$session_user:300000:65536" | tee /etc/subuid >/etc/subgid
	mkdir -p "$session_home"
	chown "$session_uid:$session_uid" "$session_home"
}

# The user manager stays (linger), and one session, whose first process sleeps.
log_in() {
	local cgroup
	make_session_user
	loginctl enable-linger "$session_user"
	wait_for 30 test -S "/run/user/$session_uid/bus"
	runuser -l "$session_user" -c 'echo $$ >~/session; exec sleep infinity' \
		</dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 30 test -s "$session_home/session"
	cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(<"$session_home/session")/cgroup")
	[[ $cgroup == */user-$session_uid.slice/session-*.scope ]] || fail "no session: $cgroup"
	cat >/usr/local/bin/as-user <<-END
		#!/bin/bash
		echo 0 >$cgroup/cgroup.procs
		exec setpriv --reuid $session_uid --regid $session_uid --init-groups env -i \\
			HOME=$session_home USER=$session_user PATH=$PATH XDG_RUNTIME_DIR=/run/user/$session_uid \\
			DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$session_uid/bus "\$@"
	END
	chmod 755 /usr/local/bin/as-user
}

log_out() {
	loginctl disable-linger "$session_user"
	loginctl terminate-user "$session_user"
	rm "$session_home/session"
}

# show_unit UNIT PROPERTY: its value, of the user's systemd.
show_unit() {
	as-user systemctl --user show --value -p "$2" "$1"
}

unit_is_gone() {
	[[ $(show_unit "$1" LoadState) == not-found ]]
}
