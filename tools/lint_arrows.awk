# lint_arrows - checks the #include lines of src/: see the table. A directory sees
# those below it, and of them only the public header, DIR/DIR.h.

BEGIN {
	below["base"] = ""
	below["path"] = "base"
	below["cgroups"] = "base path"
	below["netns"] = "base path"
	below["systemd"] = "base"
	below["criu"] = "base"
	below["virt"] = "base path"
	below["runtime"] = "base path cgroups netns"
	below["checkpoint"] = "base path cgroups netns runtime"
	below["cli"] = "base path cgroups netns runtime checkpoint"
	public["runtime/spec.h"] = 1	# runtime's API is a pair: spec.h and runtime.h
	generated["syscall_table.h"] = "runtime"
	generated["default_seccomp.h"] = "runtime"
	generated["rpc.pb-c.h"] = "criu"
	# checkpoint/ is a second caller of what create, run and delete are made of.
	private_of["runtime/helper.h"] = "checkpoint"
	# Other people's headers that only some may see; "" is nobody. System calls for mounts
	# take fds, so nobody needs <sys/mount.h>.
	system_of["sys/mount.h"] = ""
	system_of["seccomp.h"] = ""
	system_of["sys/capability.h"] = ""
	system_of["yajl/"] = "base"
	system_of["libmnl/"] = "netns"
	system_of["systemd/"] = "systemd"
	system_of["protobuf-c/"] = "criu"
}

function bad(what)
{
	if (line ~ /lint-ok: arrows/ || before ~ /lint-ok: arrows/)
		return
	printf "%s:%d: arrows: %s\n", FILENAME, FNR, what
}

function check_system(name, key)
{
	key = name
	if (name ~ /^(yajl|libmnl|systemd|protobuf-c)\//)
		sub(/\/.*/, "/", key)
	if (key in system_of && system_of[key] != dir)
		bad("<" name "> " (system_of[key] == "" ? "has no place here" : \
			"is for " system_of[key] "/ only"))
}

function check_own(name, path)
{
	path = "src/" dir "/" name
	if (name in generated) {
		if (generated[name] != dir)
			bad("\"" name "\" is for " generated[name] "/ only")
	} else if ((getline unused < path) < 0) {
		bad("\"" name "\" is not in src/" dir "; write DIR/DIR.h")
	}
	close(path)
}

function check_other(name, part)
{
	split(name, part, "/")
	if (part[1] == dir)
		return
	if (index(" " below[dir] " ", " " part[1] " ") == 0)
		bad(dir "/ must not know " part[1] "/: \"" name "\"")
	else if (name != part[1] "/" part[1] ".h" && !(name in public) && private_of[name] != dir)
		bad("\"" name "\" is private to " part[1] "/")
}

FNR == 1 {
	split(FILENAME, p, "/")
	dir = p[2]
	line = ""
	if (!(dir in below))
		bad("directory src/" dir " is not in the table of lint_arrows.awk")
}

{
	before = line
	line = $0
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	name = $0
	sub(/^[^<"]*[<"]/, "", name)
	sub(/[>"].*/, "", name)
	if ($0 ~ /include[ \t]*</)
		check_system(name)
	else if (name ~ /\//)
		check_other(name)
	else
		check_own(name)
}
