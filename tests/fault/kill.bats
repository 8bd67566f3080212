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
@test "delete, killed" { sweep_verb main delete; }
@test "delete --force, killed" { sweep_verb main force; }
