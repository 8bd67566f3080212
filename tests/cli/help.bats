#!/usr/bin/env bats
# --help, the man pages and the completion are made apart and must say the same. Needs no
# container.
# where: native vm-full

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
	BAWN=${BAWN:-$top/build/bawn}
	[[ $BAWN == /* ]] || BAWN=$PWD/$BAWN
}

verbs() {
	"$BAWN" --help | awk '/^Verbs:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }'
}

# The options in the help of VERB, or the global ones for '': one "-x" or "--name" per line.
help_options() {
	"$BAWN" ${1:+"$1"} --help | sed -nE '
		s/^  (-[a-z]), (--[a-z0-9-]+).*/\1\n\2/p
		s/^      (--[a-z0-9-]+).*/\1/p' | sort
}

# The options that a man page describes.
man_options() {
	sed -nE '/^\.It Fl /{s/^\.It //;p}' "$(man_page "$1")" |
		grep -oE 'Fl -?[a-z][a-z0-9-]*' | sed 's/^Fl /-/' | sort
}

man_page() {
	echo "$top/man/bawn${1:+-$1}.8"
}

completion_options() {
	bash -c '. "$1" && _bawn_options "$2"' - "$top/config/completion/bawn.bash" "$1" |
		tr -s ' \t' '\n' | sed '/^$/d' | sort
}

# same WHAT EXPECTED FOUND: two lists of lines.
same() {
	diff <(echo "$2") <(echo "$3") || {
		echo "# differs: $1 (< --help, > the other)"
		return 1
	}
}

@test "help: every verb is listed, has a help and a manual page" {
	[ "$(verbs | wc -l)" -ge 15 ]
	for verb in $(verbs); do
		run "$BAWN" "$verb" --help
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == NAME: && ${lines[1]} == "   bawn $verb - "* ]]
		[[ $output == *"Usage: bawn [global options] $verb [options]"* ]]
		[[ $output == *"Options:"*"--help"*"Examples:"*"bawn $verb"* ]]
		[ -f "$(man_page "$verb")" ]
	done
}

@test "help: all three ways to ask give the same, on standard output only" {
	for verb in $(verbs); do
		"$BAWN" "$verb" --help >"$BATS_TEST_TMPDIR/1" 2>"$BATS_TEST_TMPDIR/err"
		"$BAWN" "$verb" -h >"$BATS_TEST_TMPDIR/2" 2>>"$BATS_TEST_TMPDIR/err"
		"$BAWN" help "$verb" >"$BATS_TEST_TMPDIR/3" 2>>"$BATS_TEST_TMPDIR/err"
		cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/2"
		cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/3"
		[ ! -s "$BATS_TEST_TMPDIR/err" ]
	done
	[ "$("$BAWN" --help)" = "$("$BAWN" help)" ]
	[ "$("$BAWN" --help)" = "$("$BAWN" -h)" ]
}

@test "help: --help works although other arguments are missing or follow" {
	run "$BAWN" --root /nonexistent exec --user 1 --help
	[ "$status" -eq 0 ]
	run "$BAWN" kill id --help
	[ "$status" -eq 0 ]
	run "$BAWN" create -help
	[ "$status" -eq 0 ]
}

@test "help: the program's name is the one it was called by; --version too" {
	ln -s "$BAWN" "$BATS_TEST_TMPDIR/runc"
	run "$BATS_TEST_TMPDIR/runc" --version
	[ "${lines[0]}" = "runc version $("$BAWN" --version | sed -n 's/^bawn version //p')" ]
	[[ ${lines[1]} == "commit: "* && ${lines[2]} == "spec: "* ]]
	run "$BATS_TEST_TMPDIR/runc" --help
	[[ ${lines[1]} == "   runc - Open Container Initiative runtime" && $output == *"Usage: runc [global"* ]]
	run "$BATS_TEST_TMPDIR/runc" list -h
	[[ ${lines[1]} == "   runc list - "* ]]
}

@test "help: of a verb that is none" {
	run "$BAWN" foo -h
	[ "$status" -eq 2 ]
	[[ $output == "bawn: No help topic for 'foo': unknown verb \"foo\""* ]]
}

@test "help: no line is wider than a terminal" {
	for verb in '' $(verbs); do
		"$BAWN" ${verb:+"$verb"} --help | awk 'length($0) > 80 { print; bad = 1 } END { exit bad }'
	done
}

@test "help: standard output that is full is an error" {
	run bash -c '"$1" --help 2>&1 >/dev/full' - "$BAWN"
	[ "$status" -eq 1 ]
	[[ $output == *"standard output: no space left on device"* ]]
}

@test "man: the options of every page are those of --help" {
	for verb in '' $(verbs); do
		same "man page of bawn $verb" "$(help_options "$verb")" "$(man_options "$verb")"
	done
}

@test "man: bawn(8) lists the verbs of --help, and no page is left over" {
	same "bawn(8)" "$(verbs | sort)" \
		"$(sed -nE 's/^\.It Xr bawn-([a-z]+) 8$/\1/p' "$(man_page '')" | sort)"
	same "man/" "$(verbs | sort)" \
		"$(find "$top/man" -name 'bawn-*.8' -printf '%f\n' | sed -E 's/^bawn-(.*)\.8$/\1/' | sort)"
}

@test "man: the references between pages lead somewhere" {
	while read -r name; do
		[ -f "$top/man/$name.8" ] || { echo "no $name(8)"; return 1; }
	done < <(sed -nE 's/^\.(It )?Xr (bawn[a-z0-9-]*) 8.*/\2/p' "$top"/man/*.8 | sort -u)
}

@test "man: the formatter has no warnings" {
	command -v man groff >/dev/null || skip "no man(1) and groff(1)"
	for page in "$top"/man/*.8; do
		run bash -c 'man --warnings -E UTF-8 -Tutf8 -Z -l "$1" 2>&1 >/dev/null' - "$page"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
}

@test "completion: knows the verbs and options of --help and no others" {
	same "verbs" "$(verbs | sort)" "$(bash -c '. "$1"; echo $_bawn_verbs' - \
		"$top/config/completion/bawn.bash" | tr ' ' '\n' | sort)"
	for verb in '' $(verbs); do
		same "completion of bawn $verb" "$(help_options "$verb")" "$(completion_options "$verb")"
	done
}

# What <TAB> offers after WORD...; the last word is the one being typed.
tab() {
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bawn
		printf "%s\n" "${COMPREPLY[@]}"' - "$top/config/completion/bawn.bash" "$@"
}

@test "completion: offers what fits the place" {
	same "verb" "state
stats" "$(tab bawn --root /tmp sta | grep -v start)"
	same "global option" "--root
--rootless" "$(tab bawn --roo)"
	same "value" "json" "$(tab bawn --log-format j)"
	same "value after =" "json" "$(tab bawn --log-format = j)"
	same "option of a verb" "--force" "$(tab bawn --debug delete --fo)"
	same "format" "table
json" "$(tab bawn list -f '')"
	same "signal" "KILL" "$(tab bawn kill web K)"
	same "an option takes its value" "--detach" "$(tab bawn run --bundle delete --det)"
	same "exec: past the ID nothing is bawn's" "" "$(tab bawn exec web --nosuchfile)"
}

# An option without a value must not swallow the next word, and the other way round.
@test "completion: knows which options take a value" {
	for verb in '' $(verbs); do
		while read -r option takes; do
			kind=$(bash -c '. "$1" && _bawn_value "$2" "$3"' - \
				"$top/config/completion/bawn.bash" "$verb" "$option")
			[[ -n $kind ]] && found=yes || found=no
			[ "$takes" = "$found" ] || {
				echo "bawn $verb $option: takes a value: $takes, completion: $found"
				return 1
			}
		done < <("$BAWN" ${verb:+"$verb"} --help | sed -nE '
			s/^(  (-[a-z]),|     ) (--[a-z0-9-]+) [A-Z].*/\2 yes\n\3 yes/p; t
			s/^(  (-[a-z]),|     ) (--[a-z0-9-]+).*/\2 no\n\3 no/p' | sed '/^ /d')
	done
}

@test "version: what engines read" {
	run --separate-stderr "$BAWN" --version
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ ${lines[0]} =~ ^bawn\ version\ [0-9]+\.[0-9]+\.[0-9]+ ]]
	# docker takes the last line that holds the word.
	[ "$(grep -c version <<<"$output")" -eq 1 ]
	grep -qx 'spec: 1\.[0-9]*\.[0-9]*' <<<"$output"
	[ "$output" = "$("$BAWN" -v)" ]
	[ "$output" = "$("$BAWN" --log-format json --version)" ]
}
