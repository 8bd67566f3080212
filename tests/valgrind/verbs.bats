#!/usr/bin/env bats
# Each verb once under valgrind, parent and children: no error, no block of memory definitely lost.
# where: native
# limit: 600
#
# bawn is build/test/bawn, dynamic with glibc. valgrind 3.19 lacks half of bawn's system calls, and
# follows no second run from a sealed image: inject.c and preload.c help. What a child executes is
# not valgrind's any more; what it did until then is checked, and fails the test with status 99.

# shellcheck disable=SC2034 # variables are for the helpers

load ../cli/helpers

bawn_vg=$top/build/test/bawn

setup_file() {
	local dir=$top/tests/valgrind
	type -P valgrind >/dev/null || skip "no valgrind here"
	[[ $(uname -m) == x86_64 ]] || skip "inject.c knows the registers of x86_64 only"
	gcc -std=gnu17 -O1 -Wall -Wextra -D_GNU_SOURCE "$dir/inject.c" -o "$BATS_FILE_TMPDIR/inject"
	gcc -std=gnu17 -O1 -Wall -Wextra -D_GNU_SOURCE -fPIC -shared "$dir/preload.c" \
		-o "$BATS_FILE_TMPDIR/preload.so"
}

# valgrind has no file descriptors to spare for RLIMIT_NOFILE.
make_vg_bundle() {
	make_bundle
	edit_config 'del(.process.rlimits)'
}

# under_valgrind PROGRAM ARG...: sets status and the rest as run_bawn does.
under_valgrind() {
	last_command="valgrind $*"
	status=0
	timeout -k 5 200 "$BATS_FILE_TMPDIR/inject" \
		env LD_PRELOAD="$BATS_FILE_TMPDIR/preload.so" \
		valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99 \
		"$@" </dev/null >"$TMP/stdout" 2>"$TMP/stderr" 3>&- 4>&- || status=$?
	stdout=$(<"$TMP/stdout")
	stderr=$(<"$TMP/stderr")
	output=$stdout${stdout:+${stderr:+$'\n'}}$stderr
}

# vg ARG...: a verb that shall work; valgrind has nothing to say, in no process.
vg() {
	under_valgrind "$bawn_vg" --root "$ROOT" "$@"
	assert_status 0
	[[ $stderr != *==[0-9]*==* ]] || fail "valgrind complains" "$(show_last)"
}

@test "a lost block is found" {
	echo 'void *malloc(unsigned long); void *volatile p;
		int main(void) { p = malloc(9); p = 0; return 0; }' |
		gcc -g -fno-builtin -x c - -o "$TMP/leaky"
	under_valgrind "$TMP/leaky"
	assert_status 99
	assert_output_has "9 bytes in 1 blocks are definitely lost"
}

@test "create, start, state, list, ps, pause, resume, exec, kill, delete" {
	make_vg_bundle
	vg create --bundle "$BUNDLE" "$ID"
	vg state "$ID"
	assert_equal "$(jq -r .status <<<"$stdout")" created
	vg start "$ID"
	vg list
	assert_output_has running
	vg ps "$ID"
	assert_output_has sleep
	vg pause "$ID"
	vg resume "$ID"
	vg exec "$ID" echo hi
	assert_stdout hi
	vg exec --detach "$ID" sleep 1000
	vg kill "$ID" KILL
	wait_for 5 status_is "$ID" stopped
	vg delete "$ID"
}

@test "run, in the foreground and detached, delete --force, gc" {
	make_vg_bundle
	vg run --detach --bundle "$BUNDLE" "$ID"
	vg delete --force "$ID"
	set_args echo hi
	vg run --bundle "$BUNDLE" "$ID"
	assert_stdout hi
	mkdir "$ROOT/$ID" # as a create that was killed leaves it
	vg gc
	[[ ! -e $ROOT/$ID ]]
}

@test "spec, features, help, --version" {
	vg spec --bundle "$TMP"
	jq -e .ociVersion "$TMP/config.json"
	vg features
	vg help
	vg --version
}

@test "verbs that fail: no container, a bad config, no such program" {
	make_vg_bundle
	set_args /nosuch
	under_valgrind "$bawn_vg" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	assert_status 127
	edit_config '.mounts[0].options = ["nosuch", 1]'
	under_valgrind "$bawn_vg" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	assert_status 1
	under_valgrind "$bawn_vg" --root "$ROOT" start "$ID"
	assert_status 1
}
