# attack.bash - for the suites in this directory: `load attack` after helpers and tools, and
# setup_file() { need_attack; }.
#
# $HOST is a directory of the host that no container may see or change: attacks aim at it. It is
# made by make_canary; assert_canary fails when anything in it is not as it was, or when something
# is mounted there.

# shellcheck disable=SC2034,SC2154 # variables of helpers.bash

need_attack() {
	need_tools
	compile_attack payload "$top/build/test/payload" -static
}

# compile_attack SOURCE PROGRAM OPTION...: when it is missing or older than its source.
compile_attack() {
	local dir=$top/tests/security source=$1 program=$2
	shift 2
	[[ $program -nt $dir/$source.c && $program -nt $dir/syscalls.h ]] ||
		{ gcc -std=gnu17 -O1 -Wall -Wextra -D_GNU_SOURCE "$@" "$dir/$source.c" \
			-o "$program.$$" && mv "$program.$$" "$program"; }
}

with_payload() {
	cp "$top/build/test/payload" "$BUNDLE/rootfs/bin/payload"
}

# rounds NATIVE VM: how often to try what needs luck. BAWN_TEST_ROUNDS says another number.
rounds() {
	if in_vm; then
		echo "${BAWN_TEST_ROUNDS:-$2}"
	else
		echo "${BAWN_TEST_ROUNDS:-$1}"
	fi
}

# ---- the host's canary -------------------------------------------------------------------------

make_canary() {
	HOST=$TMP/host
	mkdir -p "$HOST/dir/sub"
	echo CANARY >"$HOST/dir/canary"
	echo CANARY >"$HOST/file"
	chmod 700 "$HOST/dir/sub"
	canary=$(show_canary)
}

show_canary() {
	find "$HOST" -printf '%P %y %m %U %G %i %s %T@\n' | sort
	cat "$HOST/dir/canary" "$HOST/file"
}

assert_canary() {
	local now
	now=$(show_canary)
	# "set -e" is off where somebody looks at our status.
	[[ $now == "$canary" ]] || {
		fail "the host was changed${1:+ ($1)}:" "$(diff <(echo "$canary") <(echo "$now"))"
		return 1
	}
	! grep -q " $HOST" /proc/self/mountinfo || fail "a mount on the host: $(grep " $HOST" \
		/proc/self/mountinfo)"
}

# ---- containers --------------------------------------------------------------------------------

all_caps() {
	edit_config '.process.noNewPrivileges = false
		| .process.capabilities |= ($all | {bounding: ., effective: ., permitted: .})' \
		--argjson all "$(capability_names | jq -Rnc '[inputs]')"
}

# Those that we hold ourselves; in the order of their numbers.
capability_names() {
	local name own bit=0
	own=$((16#$(awk '/^CapPrm/ { print $2 }' /proc/self/status)))
	for name in CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP \
		LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER \
		SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE \
		SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP \
		MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF \
		CHECKPOINT_RESTORE; do
		((!(own >> bit++ & 1))) || echo "CAP_$name"
	done
}

# no_mount DESTINATION...: takes these mounts out of the config.
no_mount() {
	local gone
	gone=$(jq -cn '$ARGS.positional' --args -- "$@")
	edit_config ".mounts |= map(select(.destination | IN(${gone}[]) | not))"
}

# swap A B: exchanges two names all the time, in the background. stop_swap ends it.
swap() {
	"$top/build/test/payload" swap "$1" "$2" >"$TMP/swap" 2>&1 </dev/null 3>&- 4>&- &
	swapper=$!
	wait_for 5 test -s "$TMP/swap"
}

stop_swap() {
	kill -0 "$swapper" || fail "the swapper has ended: $(cat "$TMP/swap")"
	kill -KILL "$swapper"
	wait "$swapper" 2>/dev/null || true
}

# assert_refused: with an error of its own, not by a signal or a time limit.
assert_refused() {
	[[ $status =~ ^(125|1)$ && $stderr == "bawn "* ]] || {
		fail "want a refusal${1:+ ($1)}" "$(show_last)"
		return 1
	}
	[[ ! -e $ROOT/$ID ]] || fail "the container is there${1:+ ($1)}"
}
