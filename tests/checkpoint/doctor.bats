#!/usr/bin/env bats
# bawn doctor: the host part, with a fake CRIU for what this host's own one is not.
# where: native

load ../cli/helpers
load criu

setup() {
	test_setup
	need_command python3
}

# check NAME FIELD: of the last `doctor --format json`.
check() {
	jq -r --arg n "$1" ".checks[] | select(.name == \$n).$2" <<<"$stdout"
}

# assert_check NAME STATUS [TEXT]: and TEXT is in its message or remedy.
assert_check() {
	[[ $(check "$1" status) == "$2" ]] || fail "want $1: $2" "$(show_last)"
	[[ "$(check "$1" message) $(check "$1" remedy)" == *"${3:-}"* ]] ||
		fail "want in $1: $3" "$(show_last)"
}

doctor() {
	run_bawn doctor --format json "$@"
}

@test "every line has a status, and a remedy when it is not ok" {
	fake_criu "version 4.2"
	doctor --criu "$CRIU"
	assert_equal "$(jq -c '[.checks[].name]' <<<"$stdout")" \
		'["kernel","cgroup","namespaces","rights","bawn-net","bawn-systemd","bawn-criu","criu","soft-dirty","userfaultfd","pipe-size"]'
	jq -e '[.checks[] | (.status == "ok") != has("remedy")] | all' <<<"$stdout"
	jq -e '[.checks[] | .message != ""] | all' <<<"$stdout"
	assert_status 0
	assert_stderr ""
	assert_check kernel ok "Linux $(uname -r)"
	assert_check bawn-criu ok "$(dirname "$(realpath "$BAWN")")/bawn-criu"
	assert_check criu ok "CRIU 4.2.0 ($CRIU)"
}

@test "the table says the same, remedies below" {
	CRIU=$TMP/none
	run_bawn doctor --criu "$CRIU"
	assert_status 1
	grep -qE "^fail  criu +CRIU: $CRIU: no such file or directory$" <<<"$stdout"
	grep -qxF '      -> for checkpoint and restore: install CRIU, or name it with --criu' <<<"$stdout"
	grep -qE "^ok    kernel +Linux $(uname -r)$" <<<"$stdout"
}

@test "the worst status is the document's, and decides the exit status" {
	fake_criu "version 4.2"
	doctor --criu "$CRIU"
	assert_status 0
	[[ $(jq -r .status <<<"$stdout") != fail ]]
	fake_criu "version 3.16"
	doctor --criu "$CRIU"
	assert_status 1
	assert_equal "$(jq -r .status <<<"$stdout")" fail
}

@test "CRIU too old: for bawn, and for this kernel" {
	fake_criu "version 3.16"
	doctor --criu "$CRIU"
	assert_check criu fail "CRIU 3.16.0 ($CRIU) cannot work on Linux $(uname -r), which needs CRIU"
	fake_criu "version 3.17.1"
	doctor --criu "$CRIU"
	if [[ $(printf '%s\n' 6.13 "$(uname -r)" | sort -V | head -1) == 6.13 ]]; then
		assert_check criu fail "CRIU 3.17.1 ($CRIU) cannot work on Linux $(uname -r), which needs CRIU 4.1 or later"
		assert_check criu fail "upgrade CRIU to 4.1 or later, or boot a kernel up to Linux 6.12"
		assert_status 1
	else
		assert_check criu ok "CRIU 3.17.1"
		assert_status 0
	fi
}

@test "no CRIU: a warning; one that was asked for: a failure" {
	mkdir "$TMP/empty"
	[[ -x /usr/sbin/criu ]] || {
		PATH=$TMP/empty doctor
		assert_check criu warn "there is no program \"criu\" in PATH"
		assert_status 0
	}
	doctor --criu bawn-no-such-criu
	assert_check criu fail "there is no program \"bawn-no-such-criu\" in PATH"
	assert_status 1
}

@test "CRIU is found in PATH, and where Debian has it" {
	fake_criu "version 4.2"
	PATH=$TMP:$PATH doctor
	assert_check criu ok "($TMP/criu)"
	[[ -x /usr/sbin/criu ]] || skip "no CRIU of Debian's here"
	PATH=${PATH//:\/usr\/sbin/} doctor
	[[ $(check criu message) == *"sbin/criu)"* ]]
}

@test "a CRIU that does not answer, dies, or is none" {
	local start=$SECONDS
	fake_criu hang
	doctor --criu "$CRIU"
	assert_status 1
	assert_check criu fail "ask $CRIU for its version: no answer in 5 seconds"
	((SECONDS - start < 20 * (${BAWN_TEST_VM:+4} + 1)))
	fake_criu crash
	doctor --criu "$CRIU"
	assert_check criu fail "ask $CRIU for its version: CRIU was killed by signal 9"
	doctor --criu "$(type -P true)"
	assert_check criu fail "CRIU ended without an answer, exit status 0"
	fake_criu garbage
	doctor --criu "$CRIU"
	assert_check criu fail "no message of its protocol"
}

@test "the configuration files of CRIU are not for it" {
	fake_criu "version 4.2"
	CRIU_CONFIG_FILE=$TMP/x HOME=$TMP doctor --criu "$CRIU"
	assert_check criu ok
}

@test "without privileges" {
	need_command setpriv
	fake_criu "version 4.2"
	chmod 755 "$TMP"
	chmod 666 "$TMP/plan"
	: >"$TMP/plan.requests"
	chmod 666 "$TMP/plan.requests"
	status=0
	stdout=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$BAWN" doctor --format json \
		--criu "$CRIU" 2>"$TMP/stderr" 3>&- 4>&-) || status=$?
	output=$stdout stderr=$(<"$TMP/stderr")
	assert_check rights warn "be root"
	assert_check criu ok
}

@test "no bawn-criu: it says so" {
	mkdir "$TMP/alone"
	cp "$BAWN" "$TMP/alone/bawn"
	fake_criu "version 4.2"
	BAWN=$TMP/alone/bawn doctor --criu "$CRIU"
	[[ ! -e /usr/local/libexec/bawn/bawn-criu ]] || skip "bawn is installed here"
	assert_check bawn-criu warn "the helper program is neither beside bawn nor in"
	assert_check criu fail "bawn-criu: the helper program is neither"
}
