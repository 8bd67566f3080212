#!/usr/bin/env bats
# Wrong command lines: exit status 2, one line on standard error that says what is wrong and where
# help is, nothing on standard output. And right ones, as far as no container is needed.
# shellcheck disable=SC2154 # bats sets stderr_lines
# shellcheck disable=SC2016 # for bash -c
# where: native vm-full

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
	BAWN=${BAWN:-$top/build/bawn}
	[[ $BAWN == /* ]] || BAWN=$PWD/$BAWN
	cd "$BATS_TEST_TMPDIR"
	mkdir -m 700 root
}

# bawn ARG...: with a state root of its own.
bawn() {
	"$BAWN" --root "$BATS_TEST_TMPDIR/root" "$@"
}

# wrong MESSAGE ARG...: fails as wrong usage does, with MESSAGE.
wrong() {
	local message=$1
	shift
	run --separate-stderr "$BAWN" "$@"
	[ "$status" -eq 2 ] || { echo "bawn $*: status $status, stderr: $stderr"; return 1; }
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"$message"* ]] || { echo "bawn $*: $stderr"; return 1; }
	[[ $stderr == "bawn"*" try 'bawn"*"--help'" ]] || { echo "bawn $*: $stderr"; return 1; }
}

id_verbs="create run start state kill delete exec ps events update pause resume"
other_verbs="list spec features gc help stats"

@test "usage: no verb, or none that bawn knows" {
	wrong "no verb given"
	wrong "no verb given" --debug --
	wrong 'unknown verb "nosuchverb"' nosuchverb
	wrong 'unknown verb "nosuchverb"' help nosuchverb
	wrong "did you mean create?" creat
	wrong "did you mean delete?" delte web
	wrong "did you mean state?" stat
	wrong 'unknown verb ""' ""
}

@test "usage: global options" {
	wrong "unknown option --nosuchoption" --nosuchoption state web
	wrong "unknown option --rot; did you mean --root?" --rot /x state web
	wrong "unknown option --criu" --criu /usr/sbin/criu state web
	wrong "flag needs an argument: --root" --root
	wrong "flag needs an argument: --log" --debug --log
	wrong "--root: the value is empty" --root= state web
	wrong '--log-format: "xml" is none of text, json' --log-format xml state web
	wrong '--rootless: "maybe" is none of' --rootless=maybe state web
	wrong '--cgroup-manager: "cgroupfs2" is none of' --cgroup-manager cgroupfs2 state web
	wrong '--debug: "perhaps" is neither true nor false' --debug=perhaps state web
}

@test "usage: global options come before the verb" {
	wrong "unknown option --root" state --root /x web
	wrong "unknown option --log" create --log /x web
}

@test "usage: every verb refuses options it does not know" {
	for verb in $id_verbs; do
		wrong "bawn $verb: unknown option --nosuchoption" "$verb" --nosuchoption web
		wrong "unknown option -Z" "$verb" -Z web
		wrong "unknown option ---" "$verb" --- web
	done
	for verb in $other_verbs; do
		wrong "bawn $verb: unknown option --nosuchoption" "$verb" --nosuchoption
	done
	wrong "did you mean --bundle?" create --budnle /b web
	wrong "did you mean --console-socket?" exec --console web sh
}

@test "usage: the container ID is missing" {
	for verb in $id_verbs; do
		wrong "bawn $verb: no container ID given" "$verb"
		wrong "bawn $verb: no container ID given" "$verb" --
	done
}

@test "usage: a container ID that cannot be one" {
	for verb in $id_verbs; do
		for id in '' . .. a/b ../x 'a b' $'a\nb' .hidden "$(printf '%0200d' 1)"; do
			wrong "bawn $verb: " "$verb" "$id"
		done
	done
	[ -z "$(find root -mindepth 1)" ]
}

@test "usage: stats wants IDs or --all" {
	wrong "bawn stats: no container ID given" stats
	wrong "--all and a container ID exclude each other" stats --all web
	wrong "invalid container id" stats web ../web
	wrong '--format: "xml" is none of table, json' stats --format xml web
	wrong "flag needs an argument: --format" stats web -f
}

@test "usage: durations" {
	wrong "flag needs an argument: --interval" events web --interval
	local bad
	for bad in 0 0s -5s 5 s 1x 1.s.s '5 s' ' 5s' 5s5 1e3s . .s 0.0000001ns \
		9223372036854775808ns 99999999999999999999h 2562048h 1h-5m; do
		wrong '" is no duration above 0' events --interval "$bad" web
	done
	local good
	for good in 5s 1m30s 1.5h .5s 5.s +5s 100ms 1us 1µs 1μs 1ns 2562047h 1h1m1s1ms1us1ns; do
		run --separate-stderr bawn events --interval "$good" nosuch
		[ "$status" -eq 1 ] || { echo "$good: $stderr"; return 1; }
	done
}

@test "usage: too many arguments" {
	for verb in create run start state delete pause resume events; do
		wrong "bawn $verb web: unexpected argument more" "$verb" web more
	done
	for verb in list spec features gc; do
		wrong "bawn $verb: unexpected argument more" "$verb" more
	done
	wrong "unexpected argument 15" kill web 9 15
	wrong "unexpected argument ps" help exec ps
}

@test "usage: the value of an option is missing" {
	for option in bundle config pid-file console-socket pidfd-socket preserve-fds; do
		wrong "bawn create: flag needs an argument: --$option" create "--$option"
		wrong "bawn run: flag needs an argument: --$option" run "--$option"
	done
	for option in process user additional-gids cwd env cap apparmor process-label cgroup \
		pid-file console-socket pidfd-socket preserve-fds; do
		wrong "bawn exec: flag needs an argument: --$option" exec "--$option"
	done
	wrong "flag needs an argument: --format" list -f
	wrong "flag needs an argument: --format" ps -format
	wrong "flag needs an argument: --bundle" spec -b
}

@test "usage: values that make no sense" {
	wrong '--format: "xml" is none of table, json' list --format xml
	wrong '--format: "" is none of table, json' ps --format= web
	wrong '--preserve-fds: "many" is no number' create --preserve-fds many web
	wrong '--preserve-fds: "-1" is no number' run --preserve-fds -1 web
	wrong '--preserve-fds: "4294967296" is no number' exec --preserve-fds=4294967296 web sh
	wrong '--preserve-fds: " 1" is no number' create --preserve-fds " 1" web
	wrong '--preserve-fds: "" is no number' create --preserve-fds "" web
	wrong "--bundle: the value is empty" create --bundle "" web
	wrong "--pid-file: the value is empty" run --pid-file= web
	wrong "--process: the value is empty" exec --process "" web
	wrong '--force: "yes" is neither true nor false' delete --force=yes web
	wrong '--no-subreaper: "no" is neither true nor false' run --no-subreaper=no web
}

@test "usage: --preserve-fds wants fds that are open" {
	run --separate-stderr bash -c 'exec 3>&- 4>&-; exec "$1" create --preserve-fds 1 web' - "$BAWN"
	[ "$status" -eq 2 ]
	[[ $stderr == *"--preserve-fds 1: fd 3 is not open"* ]]
	run --separate-stderr bash -c 'exec 3</dev/null 4>&-
		exec "$1" exec --preserve-fds 4294967295 web sh' - "$BAWN"
	[ "$status" -eq 2 ]
	[[ $stderr == *"fd 4 is not open"* ]]
}

@test "usage: a signal that does not exist" {
	for signal in FOO SIGFOO 65 1000000 9x '' +9 TERMINATE; do
		run --separate-stderr bawn kill web "$signal"
		[ "$status" -eq 2 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[ -z "$output" ]
	done
	wrong "unknown option -9" kill web -9
}

@test "usage: exec wants a command or --process, and not both" {
	wrong "bawn exec web: no command given" exec web
	wrong "bawn exec web: no command given" exec --tty web --
	wrong "both --process and a command (ls)" exec --process p.json web ls
}

@test "usage: letters are joined only when none of them takes a value" {
	wrong "unknown option -tu" exec -tu 1000 web sh
	wrong "unknown option -fq" list -fq
	run bawn list -qq
	[ "$status" -eq 0 ]
}

@test "usage: options may be written in all of Go's ways, and follow the ID" {
	for args in '--force web' '-force web' '-f web' '--f web' '--force=true web' '-force=1 web' \
		'-f=T web' 'web --force' '--force -- web' '--force=false --force web'; do
		# shellcheck disable=SC2086 # split into words
		run bawn delete $args
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
	for args in '--format json' '--format=json' '-format json' '-format=json' '-f json' '-f=json' \
		'--format table --format json'; do
		# shellcheck disable=SC2086 # split into words
		run bawn list $args
		[ "$status" -eq 0 ]
		[ "$output" = "[]" ]
	done
}

@test "usage: past the ID of exec and ps nothing is an option of bawn" {
	run --separate-stderr bawn exec web --help
	[ "$status" -eq 125 ]
	[[ $stderr == *"does not exist"* ]]
	run --separate-stderr bawn ps web --nosuchoption
	[ "$status" -eq 1 ]
	[[ $stderr == *"does not exist"* ]]
}

@test "usage: an unknown container is a failure, not wrong usage" {
	for verb in start state kill delete ps pause resume; do
		run --separate-stderr bawn "$verb" web
		[ "$status" -eq 1 ]
		[[ $stderr == "bawn $verb web: "*"does not exist"* ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
		[ -z "$output" ]
	done
	run bawn delete --force web
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "usage: no containers" {
	run bawn list
	[ "$status" -eq 0 ]
	[[ $output =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
	for root in root missing; do
		run "$BAWN" --root "$root" list --quiet
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		run "$BAWN" --root "$root" list --format json
		[ "$status" -eq 0 ]
		[ "$output" = "[]" ]
		run "$BAWN" --root "$root" gc
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
	[ ! -e missing ]
}

@test "log: errors go to the file and to standard error" {
	run --separate-stderr bawn --log log state web
	[ "$status" -eq 1 ]
	[[ $stderr == "bawn state web: "* ]]
	[ "$(wc -l <log)" -eq 1 ]
	grep -q 'level=error .*does not exist' log
	[ "$(stat -c %a log)" = 600 ]
	run bawn --log=log state web
	[ "$(wc -l <log)" -eq 2 ]
}

@test "log: JSON is one object in the file, and text on standard error" {
	run --separate-stderr bawn --log-format=json --log log state web
	[ "$status" -eq 1 ]
	[[ $stderr == "bawn state web: "* ]]
	[ "$(jq -s length log)" -eq 1 ]
	[ "$(jq -r .level log)" = error ]
	[ "$(jq -r .code log)" = not-found ]
	[ "$(jq -r .id log)" = web ]
	jq -r .msg log | grep -q 'does not exist'
	jq -r .time log | grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}'
}

@test "log: wrong usage is there as well" {
	run bawn --log log --log-format json create --nosuchoption web
	[ "$status" -eq 2 ]
	[ "$(jq -r .code log)" = usage ]
	[ "$(jq -r .verb log)" = create ]
}

@test "log: without a file, JSON goes to standard error, once" {
	run --separate-stderr bawn --log-format json state web
	[ "$status" -eq 1 ]
	[ "$(jq -s length <<<"$stderr")" -eq 1 ]
	run --separate-stderr bawn --log /dev/stderr state web
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "log: a file that cannot be opened is named" {
	run --separate-stderr bawn --log /nonexistent/log state web
	[ "$status" -eq 1 ]
	[[ $stderr == *"/nonexistent/log: no such file or directory"* ]]
}

@test "log: bytes that control a terminal do not reach it" {
	run --separate-stderr bawn state $'a\033[2Jb\n'
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr != *$'\033'* ]]
	run --separate-stderr bawn $'nosuch\033[2J\nverb'
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr != *$'\033'* ]]
}

@test "fds: closed standard fds are no harm" {
	run bash -c '"$1" list <&- >&- 2>&-' - "$BAWN"
	[ "$status" -eq 0 ]
	# The log must not end up as fd 0, 1 or 2: then the table would be in it.
	run bash -c '"$1" --root root --log log list <&- >&- 2>&-' - "$BAWN"
	[ "$status" -eq 0 ]
	[ ! -s log ]
}

@test "spec: writes a config.json once" {
	umask 022
	mkdir b
	run --separate-stderr bawn spec --bundle b
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	jq -e '.ociVersion and .process.args and .root.path' b/config.json
	[ "$(stat -c %a b/config.json)" = 644 ]
	echo mine >b/config.json
	run --separate-stderr bawn spec --bundle b
	[ "$status" -eq 1 ]
	[[ $stderr == *"b/config.json: it exists already"* ]]
	[ "$(cat b/config.json)" = mine ]
	run --separate-stderr bawn spec --bundle nosuchdir
	[ "$status" -eq 1 ]
	[[ $stderr == *"nosuchdir: no such file or directory"* ]]
}

@test "spec: a link in the place of config.json is not followed" {
	ln -s elsewhere config.json
	run bawn spec
	[ "$status" -eq 1 ]
	[ ! -e elsewhere ]
}

@test "features: JSON and nothing on standard error" {
	run --separate-stderr bawn --log log features
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ ! -s log ]
	jq -e .ociVersionMax <<<"$output"
}
