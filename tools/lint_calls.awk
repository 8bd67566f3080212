# lint_calls - looks at the function calls of src/: forbidden ones, and calls that
# make an fd without its CLOEXEC flag. Comments and strings do not count.

function forbid(names, why, n, list)
{
	for (n = split(names, list, " "); n; n--)
		forbidden[list[n]] = why
}

function want(names, flag, n, list)
{
	for (n = split(names, list, " "); n; n--)
		wanted[list[n]] = wanted["sys_" list[n]] = flag
}

BEGIN {
	forbid("mount umount", "mounts go by fd through path/")
	forbid("strcpy strncpy strcat strncat stpcpy sprintf vsprintf gets strtok", \
		"no bounds; use snprintf, str_format or struct buf")
	forbid("system popen", "no shell")
	forbid("atoi atol atoll atof strtol strtoul strtoll strtoull", \
		"numbers are parsed by base/str.h")
	forbid("alloca setjmp longjmp sigsetjmp siglongjmp", "not in this house")
	forbid("tmpnam tempnam mktemp mkstemp tmpfile", "make files below an owned directory fd")
	forbid("sleep usleep nanosleep", "wait for the event: poll on a pidfd, a timerfd or a file")
	forbid("pipe dup accept epoll_create inotify_init creat", \
		"leaks its fd; use the one that takes flags")
	forbid("realpath canonicalize_file_name", \
		"paths are resolved by openat2, through path/")
	why_silent = "the library prints nothing and does not exit; only cli/ does"
	split("printf vprintf puts putchar perror fprintf vfprintf fputs fputc exit err errx", s, " ")
	for (i in s)
		silent[s[i]] = 1
	want("open openat pipe2 dup3 mkostemp", "O_CLOEXEC")
	want("socket socketpair accept4", "SOCK_CLOEXEC")
	want("memfd_create", "MFD_CLOEXEC")
	want("eventfd", "EFD_CLOEXEC")
	want("epoll_create1", "EPOLL_CLOEXEC")
	want("timerfd_create", "TFD_CLOEXEC")
	want("signalfd", "SFD_CLOEXEC")
	want("inotify_init1", "IN_CLOEXEC")
	want("recvmsg", "MSG_CMSG_CLOEXEC")
	want("fsopen", "FSOPEN_CLOEXEC")
	want("fspick", "FSPICK_CLOEXEC")
	want("fsmount", "FSMOUNT_CLOEXEC")
	want("open_tree", "OPEN_TREE_CLOEXEC")
}

# Blanks out comments and the insides of strings; knows in_comment from the line before.
function strip(s, out, c, i, n, quote)
{
	n = length(s)
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		if (in_comment) {
			if (c == "*" && substr(s, i + 1, 1) == "/") {
				in_comment = 0
				i++
			}
		} else if (quote != "") {
			if (c == "\\")
				i++
			else if (c == quote) {
				quote = ""
				out = out c
			}
		} else if (c == "/" && substr(s, i + 1, 1) == "*") {
			in_comment = 1
			i++
		} else if (c == "/" && substr(s, i + 1, 1) == "/") {
			break
		} else {
			if (c == "\"" || c == "'")
				quote = c
			out = out c
		}
	}
	return out
}

function report(nr, what)
{
	if (raw[nr] !~ /lint-ok: calls/ && raw[nr - 1] !~ /lint-ok: calls/)
		printf "%s:%d: calls: %s\n", file, nr, what
}

# The arguments of a call whose "(" is at `at` of line nr: up to its ")", over 20 lines.
function arguments(nr, at, depth, text, c, i, last)
{
	for (last = nr + 20; nr <= last && nr <= lines; nr++) {
		for (i = at; i <= length(code[nr]); i++) {
			c = substr(code[nr], i, 1)
			depth += (c == "(") - (c == ")")
			text = text c
			if (depth == 0)
				return text
		}
		text = text " "
		at = 1
	}
	return text
}

# A prototype or a definition says types where a call has values.
function is_declaration(args)
{
	return args ~ /^\((const |struct |int |unsigned |void\)|size_t |pid_t |char )/
}

function check_call(nr, name, at, args)
{
	if (name in forbidden && !(name ~ /^str(to|tok)/ && file ~ /^src\/base\/str\.c$/))
		report(nr, name "(): " forbidden[name])
	if (name in silent && file !~ /^src\/(cli\/|base\/log\.c)/)
		report(nr, name "(): " why_silent)
	if (name in wanted) {
		args = arguments(nr, at)
		if (!is_declaration(args) && index(args, wanted[name]) == 0)
			report(nr, name "() without " wanted[name])
	}
	if (name == "fopen" && raw[nr] !~ /"[rwa][b+]*e/)
		report(nr, "fopen() without the \"e\" of O_CLOEXEC")
}

function check_line(nr, rest, skipped, name)
{
	rest = code[nr]
	skipped = 0
	while (match(rest, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
		name = substr(rest, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		# Not a member's or a struct's function pointer.
		if (substr(rest, 1, RSTART - 1) !~ /(\.|->)$/)
			check_call(nr, name, skipped + RSTART + RLENGTH - 1)
		skipped += RSTART + RLENGTH - 1
		rest = substr(rest, RSTART + RLENGTH)
	}
	if (code[nr] ~ /F_DUPFD([^_]|$)/)
		report(nr, "F_DUPFD: use F_DUPFD_CLOEXEC")
	if (code[nr] ~ /__attribute__.*(constructor|destructor|weak)/)
		report(nr, "hidden control flow: no constructors, no weak symbols")
}

function check_file(nr)
{
	for (nr = 1; nr <= lines; nr++)
		check_line(nr)
}

FNR == 1 {
	check_file()
	file = FILENAME
	in_comment = 0
}

{
	raw[FNR] = $0
	code[FNR] = strip($0)
	lines = FNR
}

END {
	check_file()
}
