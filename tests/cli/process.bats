#!/usr/bin/env bats
# The `process` object of config.json, and root, hostname, domainname: one container checks many.
# where: native vm-full

load helpers
load tools

setup_file() {
	need_tools
}

@test "args, env, cwd, user, umask, groups, limits, oom score" {
	make_bundle
	edit_config '.process += {
		args: ["sh", "-c", "echo \"[$0][$1][$2]\"; env | sort; pwd; id -u; id -g; id -G; umask
			cat /proc/self/oom_score_adj; cat /proc/self/limits; touch /tmp/made; stat -c %a:%u:%g /tmp/made",
			"zero", "", "two words"],
		env: ["PATH=/bin", "EMPTY=", "A=b=c", "UMLAUT=ä", "A=second"],
		cwd: "/var/../usr",
		user: {uid: 1001, gid: 1002, umask: 23, additionalGids: [5, 1003]},
		oomScoreAdj: 250,
		rlimits: [{type: "RLIMIT_NOFILE", soft: 512, hard: 600}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
			{type: "RLIMIT_FSIZE", soft: "INFINITY", hard: "INFINITY"},
			{type: "RLIMIT_MEMLOCK", soft: 65536, hard: 131072}]}'
	# jq cannot write this number.
	sed -i 's/"INFINITY"/18446744073709551615/' "$BUNDLE/config.json"
	chmod 1777 "$BUNDLE/rootfs/tmp"
	run_in_container
	assert_status 0
	assert_equal "$(head -n 1 <<<"$stdout")" "[zero][][two words]"
	local line
	for line in EMPTY= A=second HOME=/ PATH=/bin UMLAUT=ä /usr 1001 1002 "1002 5 1003" 0027 250 \
		640:1001:1002; do
		assert_line "$line"
	done
	limit_is "Max open files" 512 600
	limit_is "Max core file size" 0 0
	limit_is "Max file size" unlimited unlimited
	limit_is "Max locked memory" 65536 131072
}

limit_is() {
	grep -qE "^$1 +$2 +$3 " <<<"$stdout" || fail "want: $1 $2 $3" "$(show_last)"
}

@test "every rlimit" {
	make_bundle
	# Values that need no CAP_SYS_RESOURCE: not every host gives it to its root.
	edit_config '.process.rlimits = ({
		AS: 1073741824, CORE: 1001, CPU: 1002, DATA: 1073741825, FSIZE: 500000, LOCKS: 1004,
		MEMLOCK: 1005, MSGQUEUE: 1006, NICE: 0, NOFILE: 107, NPROC: 1008, RSS: 1009, RTPRIO: 0,
		RTTIME: 1011, SIGPENDING: 1012, STACK: 1048576}
		| to_entries | map({type: "RLIMIT_\(.key)", soft: .value, hard: (.value + (if .value > 0 then 1 else 0 end))}))'
	set_args cat /proc/self/limits
	run_in_container
	assert_status 0
	assert_equal "$(sed 1d <<<"$stdout" | cut -c 27-68 | awk '{ print $1, $2 }' | sort -n | xargs)" \
		"0 0 0 0 107 108 1001 1002 1002 1003 1004 1005 1005 1006 1006 1007 1008 1009 1009 1010 1011 1012 1012 1013 500000 500001 1048576 1048577 1073741824 1073741825 1073741825 1073741826"
	edit_config '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
	run_in_container
	assert_status 125
	assert_output_has "process.rlimits[0].soft"
	edit_config '.process.rlimits = [{type: "RLIMIT_X", soft: 2, hard: 2}]'
	run_in_container
	assert_status 125
	assert_output_has "process.rlimits[0].type"
}

@test "HOME: from env, else /root, else from the image's passwd, else /" {
	make_bundle
	set_args sh -c 'echo $HOME'
	run_in_container
	assert_stdout /root
	home_of 1000 /
	rm "$BUNDLE/rootfs/etc/passwd" # a hard link
	printf '%s\n' root:x:0:0::/elsewhere:/bin/sh '' x 'user:x:1000:1000:a user:/home/user:/bin/sh' \
		second:x:1000:1000::/second: empty:x:1001:1001::: relative:x:1002:1002::home: \
		short:x:1003:1003 sign:x:+1004:1:::/sign: >"$BUNDLE/rootfs/etc/passwd"
	printf 'long:x:1005:1:%3000d:/long:\nlast:x:1006:1::/last' 0 >>"$BUNDLE/rootfs/etc/passwd"
	home_of 0 /root
	home_of 1000 /home/user
	for id in 1001 1002 1003 1004 1005 1007; do
		home_of $id /
	done
	home_of 1006 /last
	edit_config '.process.env += ["HOME=/given"]'
	home_of 1000 /given
}

home_of() { # UID HOME
	edit_config '.process.user = {uid: $uid, gid: 1}' --argjson uid "$1"
	run_in_container
	assert_status 0
	assert_stdout "$2"
}

@test "HOME: a passwd that is no file, is endless or out of reach does no harm" {
	local passwd
	make_bundle
	passwd=$BUNDLE/rootfs/etc/passwd
	set_args sh -c 'echo $HOME'
	rm "$passwd"
	mkfifo "$passwd"
	home_of 1000 /
	rm "$passwd"
	ln -s /dev/zero "$passwd"
	home_of 1000 /
	ln -sf /proc/self/environ "$passwd"
	home_of 1000 /
	ln -sf ../../../../../../etc/other "$passwd"
	echo user:x:1000:1000::/inside: >"$BUNDLE/rootfs/etc/other"
	home_of 1000 /inside
	chmod 600 "$BUNDLE/rootfs/etc/other"
	home_of 1000 /
	rm "$passwd"
	{ head -c 1100000 /dev/zero | tr '\0' '\n'; echo user:x:1000:1000::/far:; } >"$passwd"
	home_of 1000 /
}

@test "HOME: exec as another user" {
	make_bundle
	rm "$BUNDLE/rootfs/etc/passwd" # a hard link
	echo user:x:1000:1000::/home/user: >"$BUNDLE/rootfs/etc/passwd"
	start_container
	run_bawn exec --user 1000:1000 "$ID" sh -c 'echo $HOME'
	assert_stdout /home/user
	run_bawn exec "$ID" sh -c 'echo $HOME'
	assert_stdout /root
}

@test "cwd: made when it is missing, reached as the user, never outside" {
	make_bundle
	set_args pwd
	edit_config '.process.cwd = "/made/for/it"'
	run_in_container
	assert_status 0
	assert_stdout /made/for/it
	# A directory that only the user may enter.
	mkdir "$BUNDLE/rootfs/private"
	chmod 700 "$BUNDLE/rootfs/private"
	chown 1000:1000 "$BUNDLE/rootfs/private"
	edit_config '.process.cwd = "/private" | .process.user = {uid: 1000, gid: 1000}'
	run_in_container
	assert_status 0
	assert_stdout /private
	# One that the user may not enter: he is put there, as other runtimes do.
	chown 0:0 "$BUNDLE/rootfs/private"
	edit_config '.process.capabilities = {}'
	set_args sh -c 'ls . 2>&1'
	run_in_container
	assert_stdout "ls: .: Permission denied"
	set_args pwd
	touch "$BUNDLE/rootfs/file"
	edit_config '.process.cwd = "/file" | .process.user = {}'
	run_in_container
	assert_status 125
	assert_output_has "not a directory"
	edit_config '.process.cwd = "/proc/self/fd/8"'
	run_in_container
	assert_status 125
	edit_config '.process.cwd = "relative"'
	run_in_container
	assert_status 125
	assert_output_has "process.cwd"
	[[ ! -e $ROOT/$ID ]]
}

@test "a relative program is looked for in cwd" {
	make_bundle
	mkdir "$BUNDLE/rootfs/app"
	printf '#!/bin/sh\necho app "$0"\n' >"$BUNDLE/rootfs/app/run.sh"
	chmod 755 "$BUNDLE/rootfs/app/run.sh"
	edit_config '.process.cwd = "/app" | .process.args = ["./run.sh"]'
	run_in_container
	assert_stdout "app ./run.sh"
	# A name without a slash is not, unless PATH says so.
	edit_config '.process.args = ["run.sh"]'
	run_in_container
	assert_status 127
	edit_config '.process.env = ["PATH=/nowhere::/bin"]'
	run_in_container
	assert_status 0
}

@test "each set of capabilities" {
	make_bundle
	edit_config '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_SYS_TIME"],
		permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
		inheritable: ["CAP_KILL", "CAP_NET_RAW"],
		ambient: ["CAP_NET_RAW"],
		effective: ["CAP_CHOWN"]} | .process.noNewPrivileges = true
		| .process.user = {uid: 1000, gid: 1000}'
	set_args grep -E '^(Cap|NoNewPrivs)' /proc/self/status
	run_in_container
	assert_status 0
	# After an execve of a user other than root only the ambient ones are left.
	assert_stdout $'CapInh:\t0000000000002020\nCapPrm:\t0000000000002000\nCapEff:\t0000000000002000\nCapBnd:\t0000000002002021\nCapAmb:\t0000000000002000\nNoNewPrivs:\t1'
	# root has what is in the bounding and inheritable sets.
	edit_config '.process.user = {} | .process.capabilities.ambient = [] | .process.noNewPrivileges = false'
	run_in_container
	assert_stdout $'CapInh:\t0000000000002020\nCapPrm:\t0000000002002021\nCapEff:\t0000000002002021\nCapBnd:\t0000000002002021\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0'
	# buildah asks for ambient ones that are not inheritable: there is no such thing.
	edit_config '.process.capabilities.ambient = ["CAP_CHOWN", "CAP_KILL", "CAP_SYS_TIME"]
		| .process.user = {uid: 1000, gid: 1000}'
	run_in_container
	assert_status 0
	assert_equal "$(awk '/CapAmb/ { print $2 }' <<<"$stdout")" 0000000000000020
	# None at all.
	edit_config 'del(.process.capabilities) | .process.user = {}'
	run_in_container
	assert_equal "$(grep -c 0000000000000000 <<<"$stdout")" 5
	# More than this kernel or bawn has is cut, not refused.
	edit_config '.process.capabilities = {bounding: $c, permitted: $c, effective: $c}' \
		--argjson c "$("$BAWN" features | jq .linux.capabilities)"
	run_in_container
	assert_status 0
	assert_equal "$(awk '/CapBnd/ { print $2 }' <<<"$stdout")" \
		"$(awk '/CapBnd/ { print $2 }' /proc/self/status)"
}

@test "noNewPrivileges: a set-user-ID program gains nothing" {
	make_bundle
	edit_config '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true'
	with_probe
	chmod 4755 "$BUNDLE/rootfs/bin/probe"
	# geteuid
	set_args probe syscall 107
	run_in_container
	assert_stdout "= 1000"
	edit_config '.process.noNewPrivileges = false'
	run_in_container
	assert_stdout "= 0"
}

@test "scheduler: policy, nice, priority, flags, deadline" {
	make_bundle
	with_probe
	set_args probe sched
	edit_config '.process.scheduler = {policy: "SCHED_BATCH", nice: 7, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	run_in_container
	assert_output_has "sched policy=3 nice=7 priority=0 flags=1 "
	edit_config '.process.scheduler = {policy: "SCHED_IDLE"}'
	run_in_container
	assert_output_has "policy=5"
	edit_config '.process.scheduler = {policy: "SCHED_OTHER", nice: -5}'
	run_in_container
	assert_output_has "policy=0 nice=-5"
	local bad
	for bad in '{policy: "SCHED_FIFO"}' '{policy: "SCHED_OTHER", nice: 40}' '{policy: "SCHED_X"}' \
		'{policy: "SCHED_OTHER", priority: 3}' '{policy: "SCHED_OTHER", flags: ["X"]}' \
		'{policy: "SCHED_OTHER", runtime: 1}' '{}' '{policy: "SCHED_ISO"}'; do
		edit_config ".process.scheduler = $bad"
		run_in_container
		assert_status 125
		assert_output_has process.scheduler
	done
}

@test "scheduler: real time" {
	make_bundle
	with_probe
	chrt -f 1 true 2>/dev/null || skip "no real time policies in this cgroup"
	set_args probe sched
	edit_config '.process.scheduler = {policy: "SCHED_FIFO", priority: 11}'
	run_in_container
	assert_output_has "policy=1 nice=0 priority=11"
	edit_config '.process.scheduler = {policy: "SCHED_RR", priority: 99}'
	run_in_container
	assert_output_has "policy=2 nice=0 priority=99"
	edit_config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 5000000, period: 10000000}'
	run_in_container
	[[ $stdout == *"policy=6 "*"runtime=1000000 deadline=5000000 period=10000000" || $output == *"process.scheduler: set policy 6: device or resource busy"* ]] ||
		fail "$(show_last)"
}

@test "ioPriority, execCPUAffinity, personality, memoryPolicy" {
	make_bundle
	with_probe
	edit_config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}
		| .process.execCPUAffinity = {initial: "0", final: "1"}
		| .linux.personality = {domain: "LINUX32"}
		| .linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}
		| del(.linux.seccomp)'
	set_args sh -c 'probe ioprio , mempolicy , personality; uname -m'
	run_in_container
	assert_status 0
	assert_stdout $'ioprio class=2 priority=6\nmempolicy mode=32770 nodes=1\npersonality 8\ni686'
	edit_config 'del(.linux.personality) | del(.linux.memoryPolicy)
		| .process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}'
	run_in_container
	assert_stdout $'ioprio class=3 priority=0\nmempolicy mode=0 nodes=0\npersonality 0\nx86_64'
	edit_config '.linux.personality = {domain: "LINUX", flags: ["X"]}'
	run_in_container
	assert_status 125
	assert_output_has linux.personality.flags
	edit_config 'del(.linux.personality) | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	run_in_container
	assert_status 125
	assert_output_has process.ioPriority.priority
	edit_config 'del(.process.ioPriority) | .process.execCPUAffinity.initial = "5-3"'
	run_in_container
	assert_status 125
	assert_output_has process.execCPUAffinity.initial
}

@test "root.readonly, hostname, domainname" {
	make_bundle
	edit_config '.root.readonly = true | .hostname = "my-host" | .domainname = "my.domain"
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	set_args sh -c 'hostname; cat /proc/sys/kernel/domainname; touch /x 2>&1; touch /usr/x 2>&1; touch /tmp/x /dev/x && echo ok
		awk "\$5 == \"/\" { print \$6 }" /proc/self/mountinfo'
	run_in_container
	assert_status 0
	assert_line my-host
	assert_line my.domain
	assert_line "touch: /x: Read-only file system"
	assert_line "touch: /usr/x: Read-only file system"
	assert_line ro,relatime
	assert_line ok
	[[ ! -e $BUNDLE/rootfs/x ]]
	edit_config '.linux.namespaces |= map(select(.type != "uts"))'
	run_in_container
	assert_status 125
	assert_output_has "hostname: needs a uts namespace"
}

@test "the rootfs can be absolute, elsewhere, and a link" {
	make_bundle
	mv "$BUNDLE/rootfs" "$TMP/elsewhere"
	set_args sh -c 'echo here'
	edit_config '.root.path = $p' --arg p "$TMP/elsewhere"
	run_in_container
	assert_stdout here
	ln -s "$TMP/elsewhere" "$BUNDLE/link"
	edit_config '.root.path = "link"'
	run_in_container
	assert_stdout here
	edit_config '.root.path = "../elsewhere"'
	run_in_container
	assert_stdout here
	start_container
	assert_equal "$(state_of "$ID" | jq -r .rootfs)" "$BUNDLE/../elsewhere"
}

@test "a 2 MB environment, and one that is too big" {
	make_bundle
	set_args sh -c 'env | wc -c'
	edit_config '.process.env += [range(0; 100) | "V\(.)=" + ("x" * 10000)]'
	run_in_container
	assert_status 0
	((stdout > 1000000))
	edit_config '.process.env += [range(0; 300) | "W\(.)=" + ("x" * 10000)]'
	run_in_container
	assert_status 125
	assert_output_has process.args
}
