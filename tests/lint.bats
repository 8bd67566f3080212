#!/usr/bin/env bats
# Every rule of tools/lint catches a bad sample and lets a good one pass: a check that cannot fail
# is a defect. Needs no root and no bawn.
# where: host

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	cd "$BATS_TEST_TMPDIR"
	mkdir -p src/base src/path src/cgroups src/runtime src/cli
}

# sample FILE: its text comes on stdin.
sample() {
	mkdir -p "$(dirname "$1")"
	cat >"$1"
}

lint() {
	"$top/tools/lint" -C "$BATS_TEST_TMPDIR" "$@"
}

# finds RULE FILE:LINE TEXT: lint must complain there, and only there.
finds() {
	run lint "$1"
	echo "$output"
	[[ $status == 1 ]]
	[[ ${lines[0]} == "$2: $1: "*"$3"* ]]
	[[ ${lines[1]} == "tools/lint: 1 findings" ]]
}

accepts() {
	run lint "$1"
	echo "$output"
	[[ $status == 0 && -z $output ]]
}

# call_is_bad TEXT-OF-LINE MESSAGE
call_is_bad() {
	printf 'void f(void)\n{\n\t%s\n}\n' "$1" | sample src/path/x.c
	finds calls src/path/x.c:3 "$2"
}

call_is_good() {
	printf 'void f(void)\n{\n\t%s\n}\n' "$1" | sample src/path/x.c
	accepts calls
}

@test "arrows: the public header of a lower directory is right" {
	sample src/path/x.c <<<'#include "base/base.h"'
	sample src/runtime/x.c <<<'#include "cgroups/cgroups.h"'
	sample src/cli/x.c <<<'#include "runtime/spec.h"'
	accepts arrows
}

@test "arrows: a higher directory is caught" {
	sample src/path/x.c <<<'#include "runtime/runtime.h"'
	finds arrows src/path/x.c:1 'path/ must not know runtime/'
}

@test "arrows: a private header of a lower directory is caught" {
	sample src/runtime/x.c <<<'#include "path/walk.h"'
	finds arrows src/runtime/x.c:1 'private to path/'
}

@test "arrows: base's parts are private too" {
	sample src/path/x.c <<<'#include "base/fd.h"'
	finds arrows src/path/x.c:1 'private to base/'
}

@test "arrows: siblings do not know each other" {
	sample src/cgroups/x.c <<<'#include "netns/netns.h"'
	finds arrows src/cgroups/x.c:1 'must not know netns/'
}

@test "arrows: an own header must be there" {
	sample src/path/x.c <<<'#include "fd.h"'
	finds arrows src/path/x.c:1 'is not in src/path'
}

@test "arrows: a generated header has one owner" {
	sample src/runtime/x.c <<<'#include "syscall_table.h"'
	accepts arrows
	mv src/runtime/x.c src/cli/x.c
	finds arrows src/cli/x.c:1 'is for runtime/ only'
}

@test "arrows: sys/mount.h is caught, and yajl outside base" {
	sample src/path/x.c <<<'#include <sys/mount.h>'
	finds arrows src/path/x.c:1 'has no place here'
	sample src/path/x.c <<<'#include <yajl/yajl_gen.h>'
	finds arrows src/path/x.c:1 'is for base/ only'
}

@test "arrows: a new directory needs an entry in the table" {
	sample src/extra/x.c <<<'int x;'
	finds arrows src/extra/x.c:1 'not in the table'
}

@test "arrows: an exception needs its comment" {
	sample src/path/x.c <<<'#include <seccomp.h> /* lint-ok: arrows, an example */'
	accepts arrows
}

@test "calls: each forbidden function is caught" {
	local name
	for name in mount umount strcpy strcat sprintf vsprintf gets system popen atoi atol strtol \
		alloca setjmp mktemp mkstemp usleep pipe dup accept realpath; do
		call_is_bad "$name(a, b);" "$name(): "
	done
}

@test "calls: longer names, members, comments and strings are not meant" {
	call_is_good 'my_strcpy(a, b);'
	call_is_good 'ops->mount(a); ops.dup(b);'
	call_is_good '/* strcpy(a, b); */'
	call_is_good 'log_debug("mount(2) \" system(x)");'
	call_is_good 'x = 1; // system(x)'
}

@test "calls: a comment over several lines is not meant" {
	printf '/* one\n * system(x);\n */\nint x;\n' | sample src/path/x.c
	accepts calls
}

@test "calls: str.c may use strtoul" {
	sample src/base/str.c <<<'int f(void) { return strtoul(a, b, 10); }'
	accepts calls
}

@test "calls: each call that makes an fd wants its flag" {
	call_is_bad 'open(path, O_RDONLY);' 'open() without O_CLOEXEC'
	call_is_bad 'openat(dir, path, O_PATH);' 'openat() without O_CLOEXEC'
	call_is_bad 'socket(AF_UNIX, SOCK_STREAM, 0);' 'socket() without SOCK_CLOEXEC'
	call_is_bad 'socketpair(AF_UNIX, SOCK_STREAM, 0, fds);' 'socketpair() without SOCK_CLOEXEC'
	call_is_bad 'pipe2(fds, O_NONBLOCK);' 'pipe2() without O_CLOEXEC'
	call_is_bad 'accept4(fd, NULL, NULL, 0);' 'accept4() without SOCK_CLOEXEC'
	call_is_bad 'dup3(a, b, 0);' 'dup3() without O_CLOEXEC'
	call_is_bad 'memfd_create("x", 0);' 'memfd_create() without MFD_CLOEXEC'
	call_is_bad 'sys_memfd_create("x", 0);' 'sys_memfd_create() without MFD_CLOEXEC'
	call_is_bad 'eventfd(0, 0);' 'eventfd() without EFD_CLOEXEC'
	call_is_bad 'epoll_create1(0);' 'epoll_create1() without EPOLL_CLOEXEC'
	call_is_bad 'recvmsg(fd, &m, 0);' 'recvmsg() without MSG_CMSG_CLOEXEC'
	call_is_bad 'fsmount(fd, 0, 0);' 'fsmount() without FSMOUNT_CLOEXEC'
	call_is_bad 'fcntl(fd, F_DUPFD, 3);' 'F_DUPFD'
	call_is_bad 'fopen(path, "r");' 'fopen() without'
}

@test "calls: the flag may stand on a later line" {
	call_is_good $'openat(dir, name(a, b),\n\t       O_RDONLY | O_CLOEXEC);'
	call_is_good 'open(path, O_RDONLY | O_CLOEXEC);'
	call_is_good 'fopen(path, "re");'
	call_is_good 'fcntl(fd, F_DUPFD_CLOEXEC, 3);'
}

@test "calls: the flag of the next call does not count" {
	printf 'int f(void)\n{\n\topen(a, 0);\n\topen(b, O_CLOEXEC);\n}\n' | sample src/path/x.c
	finds calls src/path/x.c:3 'open() without O_CLOEXEC'
}

@test "calls: a prototype is no call" {
	sample src/base/sys.h <<<'int sys_memfd_create(const char *name, unsigned int flags);'
	accepts calls
}

@test "calls: the library is silent, cli is not" {
	call_is_bad 'printf("x");' 'the library prints nothing'
	call_is_bad 'exit(1);' 'the library prints nothing'
	call_is_good '_exit(1);'
	rm src/path/x.c
	sample src/cli/x.c <<<'int f(void) { printf("x"); exit(1); }'
	accepts calls
}

@test "calls: constructors and weak symbols are caught" {
	sample src/path/x.c <<<'static __attribute__((constructor)) void f(void);'
	finds calls src/path/x.c:1 'hidden control flow'
}

@test "calls: an exception needs its comment" {
	call_is_good 'pipe(fds); /* lint-ok: calls, an example */'
	call_is_good $'/* lint-ok: calls, an example */\n\tpipe(fds);'
	call_is_bad 'pipe(fds); /* lint-ok: arrows, the wrong rule */' 'pipe()'
}

@test "size: a file of 601 lines is caught, 600 are right" {
	yes 'int x;' | head -600 | sample src/base/x.c
	accepts size
	yes 'int x;' | head -601 | sample src/base/x.c
	finds size src/base/x.c:601 'more than 600 lines'
}

@test "size: a Makefile of 251 lines is caught" {
	yes '#' | head -251 | sample Makefile
	finds size Makefile:251 'more than 250 lines'
}

# function_of LINES
function_of() {
	printf 'static int f(void)\n{\n'
	yes '	x++;' | head -$(($1 - 3))
	echo '}'
}

@test "size: a function of 81 lines is caught, 80 are right, tables are exempt" {
	function_of 80 | sample src/base/x.c
	accepts size
	function_of 81 | sample src/base/x.c
	finds size src/base/x.c:1 'function f has 81 lines'
	{
		echo 'static const int table[] = {'
		yes '	1,' | head -200
		echo '};'
	} | sample src/base/x.c
	accepts size
}

@test "columns: a tab counts eight, a long string may stay" {
	printf '\t/* %089d */\n' 0 | sample src/base/x.c
	finds columns src/base/x.c:1 '103 columns'
	printf '\tx("%0100d");\n' 0 | sample src/base/x.c
	accepts columns
}

@test "blanks: trailing ones and a missing last newline are caught" {
	printf 'x \n' | sample README.md
	finds blanks README.md:1 'trailing blanks'
	printf 'x' | sample README.md
	finds blanks README.md:1 'no newline at the end'
}

@test "todo: wants an issue number" {
	sample src/base/x.c <<<'/* TODO: more */'
	finds todo src/base/x.c:1 'no issue number'
	sample src/base/x.c <<<'/* TODO(#7): more */'
	accepts todo
}

@test "links: a document's link must lead somewhere" {
	sample README.md <<<'[a](docs/none.md)'
	finds links README.md:1 'no file docs/none.md'
	sample README.md <<<'[a](README.md#x) [b](https://example.org) [c](#here)'
	accepts links
}

@test "format: spaces for a tab are caught, hand-aligned comments are not" {
	printf 'int f(void)\n{\n        return 1;\n}\n' | sample src/base/x.c
	finds format src/base/x.c:3 'not as clang-format'
	printf 'struct s {\n\tint a;\t\t/* one */\n\tint longer;\t/* two */\n};\n' | sample src/base/x.c
	accepts format
}

@test "shell: shellcheck runs on scripts without a suffix and on bats files" {
	# shellcheck disable=SC2016 # not to be expanded
	printf '#!/bin/bash\necho $1\n' | sample tools/x
	finds shell tools/x:2 'Double quote'
	rm tools/x
	# shellcheck disable=SC2016 # not to be expanded
	printf '#!/usr/bin/env bats\n@test "x" {\n\techo $1\n}\n' | sample tests/x.bats
	finds shell tests/x.bats:3 'Double quote'
}

@test "an unknown rule is an error, not silence" {
	run lint no-such-rule
	[[ $status == 2 ]]
}
