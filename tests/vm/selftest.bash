# selftest.bash - for the tests of the test VM: `load selftest`.
# shellcheck shell=bash disable=SC2034,SC2154 # variables are for the suites

bats_require_minimum_version 1.5.0

setup_file() {
	export here repo vm
	here=$(cd "$BATS_TEST_DIRNAME" && pwd -P)
	repo=$(cd "$here/../.." && pwd -P)
	vm=$here/run
	"$here/build" >/dev/null # so that no test waits for it
}

setup() {
	cd "$repo"
	mark=$(leftovers | sort)
}

# A new directory that nobody has locked was left over. (Other people's VMs may
# come and go meanwhile: theirs are locked.)
teardown() {
	local dir
	for dir in $(new_leftovers); do
		if flock -n "$dir" true 2>/dev/null; then
			echo "left over: $dir"
			return 1
		fi
	done
}

new_leftovers() {
	leftovers | sort | comm -13 <(echo "$mark") -
}

leftovers() {
	find /tmp -maxdepth 1 -name 'bawn-vm.??????' 2>/dev/null
}
