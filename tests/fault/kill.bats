#!/usr/bin/env bats
# SIGKILL at every system call: whatever is left, one `delete --force` takes away.
# where: native vm-full
# limit: 3600
#
# For each verb the process is killed at the entry of its Nth system call, N = 1, 1 + STEP, ...
# BAWN_FAULT_STEP=1 is the full sweep (make fault); make check takes every tenth position, from an
# offset that BAWN_FAULT_FIRST sets.

load ../cli/helpers
load sweep

setup() {
	test_setup
	make_bundle
	set_args sleep 1000
}

@test "create, killed" { sweep_verb main create; }
@test "create, its child killed" { sweep_verb child create; }
@test "run -d, killed" { sweep_verb main run; }
@test "run -d, its child killed" { sweep_verb child run; }
@test "start, killed" { sweep_verb main start; }
@test "exec, killed" { sweep_verb main exec; }
@test "exec, its child killed" { sweep_verb child exec; }
@test "kill, killed" { sweep_verb main kill; }
@test "update, killed" { sweep_verb main update; }
# A process that cgroup.kill misses is killed while its cgroup is frozen. A kill that is killed there
# leaves nothing that looks paused, and the next one ends it.
prepare_stubborn() {
	cp "$top/build/test/unkillable" "$BUNDLE/rootfs/bin/unkillable"
	set_args unkillable init
	: >"$OUT"
	bawn run -d --bundle "$BUNDLE" "$ID"
	wait_for 5 grep -q ready "$OUT"
}

@test "kill --all that freezes, killed" {
	local n total left=0
	gcc -std=gnu17 -O1 -D_GNU_SOURCE -static -pthread "$top/tests/security/unkillable.c" \
		-o "$top/build/test/unkillable"
	at main 0 stubborn
	total=$calls
	clear_up "kill --all, not killed"
	for ((n = BAWN_FAULT_FIRST; n <= total; n += BAWN_FAULT_STEP > 3 ? 3 : BAWN_FAULT_STEP)); do
		at main "$n" stubborn
		left=$((left + $(cat "/sys/fs/cgroup/bawn-$ID/cgroup.freeze")))
		! status_is "$ID" paused || fail "paused, killed at call $n of $total"
		bawn kill --all "$ID" KILL
		wait_for 5 status_is "$ID" stopped
		clear_up "kill --all killed at call $n of $total"
	done
	echo "# kill --all: $total system calls, left frozen $left times" >&3
	((left > 0))
}

@test "delete, killed" { sweep_verb main delete; }
@test "delete --force, killed" { sweep_verb main force; }
