#!/usr/bin/env bats
# tests/run itself: no failure gets lost. It runs in a tree of its own with suites made here.
# where: host

setup() {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"/tests/{native,vm,cli,unit} "$tree/build/test/unit"
	cp "$BATS_TEST_DIRNAME/run" "$tree/tests/run"
	printf '#!/bin/bash\nexec "$@"\n' >"$tree/tests/native/run"
	# Options end where the path of tests/run begins.
	printf '#!/bin/bash\nwhile [[ $1 != /* ]]; do shift; done\nBAWN_TEST_VM=1 exec "$@"\n' \
		>"$tree/tests/vm/run"
	chmod +x "$tree"/tests/*/run
}

# suite NAME: tests/cli/NAME.bats, its text comes on stdin, with TEST for what bats would find here.
suite() {
	sed 's/^TEST /@test /' >"$tree/tests/cli/$1.bats"
}

# program NAME: a unit test, here and in the VM; a shell script on stdin.
program() {
	printf '/*\n * where: native vm\n */\n' >"$tree/tests/unit/$1_test.c"
	{ echo '#!/bin/bash'; cat; } >"$tree/build/test/unit/$1_test"
	chmod +x "$tree/build/test/unit/$1_test"
}

# last STATUS LINE PART...: what tests/run says at last.
last() {
	local want=$1 line=$2
	shift 2
	run "$tree/tests/run" "$@" 3>&-
	echo "$output"
	[[ $status == "$want" && ${lines[-1]} == "$line" ]]
}

@test "passed, failed and skipped tests are counted, with reason and output" {
	suite a <<<'TEST "good" { true; }
TEST "bad" { echo "the reason"; false; }
TEST "absent" { skip "no such thing"; }'
	last 1 "1 passed, 1 failed, 1 skipped" native
	[[ $output == *"cli/a: absent: no such thing"* ]]
	[[ $output == *"failed:"*"[native] cli/a: bad"*"the reason"* ]]
}

@test "all is well: status 0" {
	suite a <<<'TEST "good" { true; }'
	last 0 "1 passed, 0 failed, 0 skipped" native
}

@test "nothing ran: status 1" {
	last 1 "0 passed, 0 failed, 0 skipped" native
}

@test "a test skipped here that passes in the VM is no skip" {
	suite a <<<'TEST "there" { [[ -n ${BAWN_TEST_VM:-} ]] || skip "not here"; }'
	last 0 "1 passed, 0 failed, 0 skipped" native vm
}

@test "where: a suite runs only where it wants to" {
	suite a <<<'# where: vm
TEST "there" { [[ -n $BAWN_TEST_VM ]]; }'
	last 1 "0 passed, 0 failed, 0 skipped" native
	last 0 "1 passed, 0 failed, 0 skipped" vm
}

@test "a suite without a plan has failed" {
	program x <<<'echo hello; exit 0'
	last 1 "0 passed, 1 failed, 0 skipped" native
	[[ $output == *"no plan"*"hello"* ]]
}

@test "a suite that dies in the middle has failed" {
	program x <<<'echo 1..3; echo ok 1 - a; kill -SEGV $$'
	last 1 "1 passed, 1 failed, 0 skipped" native
	[[ $output == *"1 results where 3 were planned"* ]]
}

@test "a suite that says ok and ends with an error has failed" {
	program x <<<'echo 1..1; echo ok 1 - a; exit 3'
	last 1 "1 passed, 1 failed, 0 skipped" native
}

@test "a suite that cannot be parsed has failed" {
	suite a <<<'TEST "x" { if; }'
	run "$tree/tests/run" native
	[[ $status == 1 && ${lines[-1]} == "0 passed, "[1-9]" failed, 0 skipped" ]]
}

@test "a unit test's explanation comes before its line" {
	program x <<<'echo 1..2; echo "# why"; echo not ok 1 - a; echo ok 2 - b; exit 1'
	last 1 "1 passed, 1 failed, 0 skipped" native
	[[ $output == *"failed:"*"unit/x_test: a"*"# why"* ]]
}

@test "a VM that dies: that suite has failed, the rest runs in the next one" {
	program a <<<'echo 1..1; echo ok 1 - a'
	# tests/run --raw first: it goes on as soon as timeout has died.
	program b <<<'echo 1..1; kill -KILL $(ps -o ppid= $PPID) $PPID'
	program c <<<'echo 1..1; echo ok 1 - c'
	last 1 "2 passed, 1 failed, 0 skipped" vm
	[[ $output == *"unit/b_test: the suite did not end"* ]]
}

@test "a VM that does not come up has failed" {
	program a <<<'echo 1..1; echo ok 1 - a'
	printf '#!/bin/bash\necho "no kernel"; exit 125\n' >"$tree/tests/vm/run"
	last 1 "0 passed, 1 failed, 0 skipped" vm
	[[ $output == *"ran no suite"*"no kernel"* ]]
}

@test "-t takes some suites" {
	program a <<<'echo 1..1; echo ok 1 - a'
	program b <<<'echo 1..1; echo not ok 1 - b; exit 1'
	last 0 "1 passed, 0 failed, 0 skipped" -t 'unit/a' native
}

@test "an unknown part is an error" {
	run "$tree/tests/run" nowhere
	[[ $status == 2 ]]
}

@test "images that a suite names are made before it runs" {
	mkdir "$tree/tests/engines"
	printf '#!/bin/bash\necho "$@" >"%s/images-made"\n' "$tree" >"$tree/tests/engines/images"
	chmod +x "$tree/tests/engines/images"
	suite a <<<"# images: one two
TEST \"they are there\" { [[ \$(cat '$tree/images-made') == 'one two' ]]; }"
	last 0 "1 passed, 0 failed, 0 skipped" native
}

@test "the suites of an engine are counted together" {
	mkdir "$tree/tests/engines"
	printf '# where: native\n@test "one" { true; }\n' >"$tree/tests/engines/this.bats"
	printf '# where: native\n@test "two" { false; }\n' >"$tree/tests/engines/this_more.bats"
	printf '# where: native\n@test "three" { skip "so"; }\n' >"$tree/tests/engines/that.bats"
	last 1 "1 passed, 1 failed, 1 skipped" native
	[[ ${lines[-3]} == "that: 0 passed, 0 failed, 1 skipped" ]]
	[[ ${lines[-2]} == "this: 1 passed, 1 failed, 0 skipped" ]]
}
