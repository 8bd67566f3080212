#!/usr/bin/env bats
# T19, T21, T25: strings that must not mean what they seem to: sysctl names and values, user and
# group numbers, ids of containers.
# where: native vm-full

load ../cli/helpers
load ../cli/tools
load attack

setup_file() {
	need_attack
}

setup() {
	test_setup
	make_bundle
}

# Values of the host that no container may change.
host_values() {
	cat /proc/sys/kernel/{core_pattern,hostname,modprobe,shmmni,msgmax,sem} \
		/proc/sys/vm/overcommit_memory /proc/sys/fs/file-max \
		/proc/sys/net/ipv4/ip_forward 2>/dev/null || true
}

bad_sysctls=(
	kernel.core_pattern kernel/core_pattern kernel.modprobe kernel.hotplug kernel.sysrq
	kernel.panic vm.overcommit_memory vm.drop_caches fs.file-max fs.suid_dumpable dev.tty.ldisc_autoload
	kernel.hostname kernel/hostname kernel.yama.ptrace_scope kernel.randomize_va_space kernel.pid_max
	kernel.ns_last_pid kernel.unprivileged_bpf_disabled kernel.perf_event_paranoid debug.kprobes
	abi.vsyscall32 sunrpc.udp_slot_table_entries crypto.fips_enabled
	'' . / .. ../kernel/core_pattern net../kernel.core_pattern net/../kernel/core_pattern
	net/ipv4/../../kernel/core_pattern net.ipv4...kernel.core_pattern net//ipv4/ip_forward net.
	.net.ipv4.ip_forward /net/ipv4/ip_forward /proc/sys/net/ipv4/ip_forward net.ipv4.ip_forward/
	net/./ipv4/ip_forward net 'net.ipv4.ip_forward ' ' net.ipv4.ip_forward' $'net.ipv4.ip_forward\n'
	'net.ipv4.ip_forward=1' 'net.ipv4.ip_forward+kernel.core_pattern' 'net.ipv4.*' 'net.ipv4.ip_forwar?'
	$'net.ipv4.ip_forward\tx' 'net.ipv4.é' 'NET.IPV4.IP_FORWARD' kernel.shmmni.x kernel.shm kernel.shmmnix
	fs.mqueue fs.mqueuex.msg_max fs/mqueue/../file-max kernel.msg kernel.sem_next_id kernel.auto_msgmni
	user user/../kernel/core_pattern 'net\..\kernel' 'kernel.shm*' 'net/ipv4/ip_forward,kernel/sysrq'
)

@test "T19: sysctls that are not the container's own, and names that are none" {
	local name before config
	before=$(host_values)
	((${#bad_sysctls[@]} >= 60)) || fail "${#bad_sysctls[@]} names"
	cp "$BUNDLE/config.json" "$TMP/config.json"
	edit_config '.linux.sysctl = {"@": "1"}'
	config=$(<"$BUNDLE/config.json")
	for name in "${bad_sysctls[@]}"; do
		name=${name//\\/\\\\}
		name=${name//$'\n'/\\n}
		name=${name//$'\t'/\\t}
		printf '%s\n' "${config//@/"$name"}" >"$BUNDLE/config.json"
		run_in_container
		assert_refused "sysctl \"$name\""
		assert_output_has sysctl
		assert_equal "$(host_values)" "$before"
	done
}

@test "T19: one sysctl's value sets one sysctl (CVE-2022-0811)" {
	local value before
	before=$(host_values)
	set_args cat /proc/sys/net/ipv4/ip_forward
	for value in '1+kernel.core_pattern=|/x' '1\nkernel.core_pattern=|/x' '1;x' '1 kernel.shm_rmid_forced=1'; do
		edit_config ".linux.sysctl = {\"net.ipv4.ip_forward\": \"$value\"}"
		run_in_container
		[[ $status == 125 || $stdout == [01] ]] || fail "$value" "$(show_last)"
		assert_equal "$(host_values)" "$before"
	done
}

@test "T19: the namespaced ones work, in both spellings" {
	local before
	before=$(host_values)
	edit_config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/forwarding": "1",
		"kernel.shmmni": "111", "kernel.msgmax": "4444", "fs.mqueue.msg_max": "9",
		"net.ipv4.ping_group_range": "0 7", "kernel.sem": "32000 1024000000 500 7",
		"kernel.shm_rmid_forced": "1", "kernel.domainname": "example"}'
	set_args sh -c 'cd /proc/sys && cat net/ipv4/ip_forward net/ipv4/conf/lo/forwarding kernel/shmmni \
		kernel/msgmax fs/mqueue/msg_max net/ipv4/ping_group_range kernel/sem kernel/domainname'
	run_in_container
	assert_status 0
	assert_equal "$(xargs <<<"$stdout")" "1 1 111 4444 9 0 7 32000 1024000000 500 7 example"
	assert_equal "$(host_values)" "$before"
}

@test "T19: without a namespace of the container's own none is set" {
	local ns file before
	before=$(host_values)
	for ns in network:net.ipv4.ip_forward ipc:kernel.shmmni uts:kernel.domainname; do
		make_bundle "$TMP/${ns%:*}"
		edit_config '.linux.namespaces |= map(select(.type != $ns)) | .linux.sysctl = {($name): "1"}' \
			--arg ns "${ns%:*}" --arg name "${ns#*:}"
		run_in_container
		assert_refused "$ns"
		file=${ns%:*}
		file=${file/network/net}
		edit_config '.linux.namespaces += [{type: $ns, path: ("/proc/self/ns/" + $file)}]' \
			--arg ns "${ns%:*}" --arg file "$file"
		run_in_container
		assert_refused "$ns, joined"
		assert_equal "$(host_values)" "$before"
	done
}

# 32-bit overflows, signs, spaces, other bases and digits, names of the image's passwd.
# shellcheck disable=SC2054,SC2016 # commas and all
bad_users=(
	'' root nobody 1000x x1000 0x0 0x1 -0 -1 +0 +1 ' 1' '1 ' '1 2' $'1\n' $'\t1' 1.0 1e0 1e3 0b1 0o7
	4294967295 4294967296 4294967297 8589934592 18446744073709551615 18446744073709551616
	99999999999999999999999999 -4294967296 -4294967295 2147483648x : :: :: 1: :1 1:: ::1 1:2:3 1:2: 1:x
	x:1 1:-1 1:4294967295 1:4294967296 4294967296:1 1:root root:1 root:root 1:1,2 '1:1 ' '1 :1' 1,1 1/1
	'1;1' '*' '$((1))' '%d' '1%00' ١ １ '①' '½' '∞' NaN inf null true '[1]' '{"uid":1}' '"1"' "'1'"
	--user -u= '=' '1=' .1 1. 0.0 00x 1_000 "1'000" 1,000 ~ '~1' '#1' 'u1' '@1' '!1' '^1' '&1' '|1'
)

@test "T21: exec --user takes numbers and nothing else (CVE-2016-3697, CVE-2026-30892)" {
	local user n=0
	rm "$BUNDLE/rootfs/etc/passwd"
	printf '%s\n' 1000x:x:0:0::/:/bin/sh 5:x:0:0::/:/bin/sh nobody:x:0:0::/:/bin/sh \
		root:x:0:0::/:/bin/sh >"$BUNDLE/rootfs/etc/passwd"
	edit_config '.process.user = {uid: 5, gid: 6}'
	start_container
	((${#bad_users[@]} >= 80)) || fail "${#bad_users[@]} strings"
	for user in "${bad_users[@]}"; do
		run_bawn exec "--user=$user" "$ID" id
		[[ $status == 2 && -z $stdout ]] || fail "--user '$user'" "$(show_last)"
		n=$((n + 1))
	done
	for user in 0 1 5 00 007 1000 65534 65535 2147483647 2147483648 4294967294; do
		run_bawn exec --user "$user" "$ID" grep '^[UG]id' /proc/self/status
		assert_equal "$(xargs <<<"$stdout")" "Uid: $(ids "$user") Gid: $(ids 6)"
		run_bawn exec --user "$user:$user" "$ID" grep '^[UG]id' /proc/self/status
		assert_equal "$(xargs <<<"$stdout")" "Uid: $(ids "$user") Gid: $(ids "$user")"
	done
}

ids() {
	local n=$((10#$1))
	echo "$n $n $n $n"
}

@test "T21: uid and gid of config.json (CVE-2024-40635)" {
	local value member config
	edit_config '.process.user = {uid: 7, gid: 7} | .process.user["@M"] = "@V"'
	config=$(<"$BUNDLE/config.json")
	for member in uid gid additionalGids; do
		for value in -1 4294967295 4294967296 18446744073709551616 1.5 1e1 '"0"' '""' true '[0]' \
			'{}' 99999999999999999999 -4294967296; do
			[[ $member != additionalGids ]] || value=[$value]
			[[ $value != '[[0]]' ]] || value='[[0]]'
			printf '%s\n' "$config" | sed "s/\"@M\"/\"$member\"/; s/\"@V\"/$value/;
				/\"$member\": 7,/d" >"$BUNDLE/config.json"
			run_in_container
			assert_refused "$member: $value"
			assert_output_has "process.user.$member"
		done
	done
	set_args grep -E '^(Uid|Gid|Groups)' /proc/self/status
	for value in 2147483648 4294967294; do
		edit_config ".process.user = {uid: $value, gid: $value, additionalGids: [$value]}"
		run_in_container
		assert_equal "$(xargs <<<"$stdout")" \
			"Uid: $(ids "$value") Gid: $(ids "$value") Groups: $value"
	done
}

# shellcheck disable=SC2054,SC2016 # commas and all
bad_ids=(
	'' . .. ... .a a/b /a a/ ../a ../../etc a/../b 'a b' ' a' 'a ' $'a\n' $'a\nb' $'a\tb' a:b a,b a\;b
	'a|b' 'a&b' 'a$b' '$(id)' '`id`' 'a*' 'a?' '[a]' '{a}' '~' '~root' 'a=b' 'a@b' 'a#b' 'a!b' 'a%b'
	'a^b' '(a)' '<a>' "a'b" 'a"b' 'a\b' 'é' $'\xff' $'a\x01' $'a\x7f' $'a\xe2\x80\xae'
	"$(printf 'a%.0s' {1..129})" "$(printf 'a%.0s' {1..5000})"
)

@test "T25: ids of containers that are none" {
	local id verb other=$TMP/outside
	mkdir -p "$other" "$ROOT"
	chmod 700 "$ROOT"
	for id in "${bad_ids[@]}"; do
		run_bawn create --bundle "$BUNDLE" -- "$id"
		[[ $status == 2 ]] || fail "id '$id'" "$(show_last)"
		assert_equal "$(ls -A "$ROOT")" ""
	done
	for id in ../outside .. . "$other" 'a/b' ''; do
		for verb in state delete "delete --force" start pause resume "kill" ps "exec"; do
			# shellcheck disable=SC2086 # two words
			run_bawn $verb "$id" KILL
			[[ $status == 2 ]] || fail "$verb '$id'" "$(show_last)"
		done
	done
	[[ -d $other ]]
}

@test "T25: ids that are allowed work" {
	local id
	for id in a 0 _ + A-1_2.3+4 -- "$(printf 'a%.0s' {1..128})" a..b; do
		bawn create --bundle "$BUNDLE" -- "$id" || fail "id '$id'"
		run_bawn delete --force -- "$id"
		assert_status 0
	done
}
