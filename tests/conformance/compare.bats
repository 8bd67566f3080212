#!/usr/bin/env bats
# compare: the verdict of `make conformance`, with results made up.
# where: native

setup() {
	compare=$BATS_TEST_DIRNAME/compare
	results=$BATS_TEST_TMPDIR/results
	list=$BATS_TEST_TMPDIR/list.md
	mkdir -p "$results"/{runc,bawn}
	: >"$list"
	tap runc kill '1..2' 'ok 1 kill all' 'ok 2 kill one in 1 s'
}

tap() { # RUNTIME FILE LINE...
	local file=$results/$1/$2.tap
	shift 2
	printf '%s\n' "$@" >"$file"
}

row() { # FILE TEST
	printf '| file | test | reason |\n|---|---|---|\n| `%s` | `%s` | it is so |\n' "$@" >"$list"
}

compared() {
	run "$compare" "$results" "$list" kill
	echo "$output"
}

@test "compare: as many passes is well, more is noted" {
	tap runc kill '1..2' 'ok 1 kill all' 'not ok 2 kill one in 1 s' '# why'
	tap bawn kill '1..2' 'ok 1 kill all' 'ok 2 kill one in 1 s'
	compared
	[ "$status" -eq 0 ]
	[[ $output == *"bawn passes, runc does not: kill: kill one in 1 s"* ]]
	[[ ${lines[-1]} == "2 tests, 0 skipped by both: runc passes 1, bawn 2; 0 listed differences, 0 others" ]]
}

@test "compare: a difference that is not listed fails" {
	tap bawn kill '1..2' 'not ok 1 kill all' '# why' 'ok 2 kill one in 1 s'
	compared
	[ "$status" -eq 1 ]
	[[ $output == *"runc passes, bawn does not: kill: kill all"* ]]
	[[ ${lines[-1]} == *"0 listed differences, 1 others" ]]
}

@test "compare: a test that bawn alone skips is a difference" {
	tap bawn kill '1..2' 'ok 1 kill all # skip no reason' 'ok 2 kill one in 1 s'
	compared
	[ "$status" -eq 1 ]
}

@test "compare: a listed difference is well, of one test and of a file" {
	tap bawn kill '1..2' 'not ok 1 kill all' 'ok 2 kill one in 1 s'
	row kill 'kill all'
	compared
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == *"1 listed differences, 0 others" ]]
	row kill '*'
	compared
	[ "$status" -eq 0 ]
}

@test "compare: a list that is out of date fails" {
	tap bawn kill '1..2' 'ok 1 kill all' 'ok 2 kill one in 1 s'
	row kill 'kill all'
	compared
	[ "$status" -eq 1 ]
	[[ $output == *"listed, but bawn passes it: kill: kill all"* ]]
	row kill 'kill some'
	compared
	[ "$status" -eq 1 ]
	[[ $output == *"no such test: kill: kill some"* ]]
}

@test "compare: a file that ended early fails" {
	tap bawn kill '1..2' 'ok 1 kill all'
	compared
	[ "$status" -eq 1 ]
	: >"$results/bawn/kill.tap"
	compared
	[ "$status" -eq 1 ]
}
