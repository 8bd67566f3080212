#!/usr/bin/env bats
# Where errors and warnings go: standard error, --log, --log-format json, --debug; and documents
# that need no container: spec, features.
# where: native vm-full

load helpers
load tools

@test "an error is one line on standard error: bawn VERB ID: ..." {
	run_bawn start nobody
	assert_status 1
	assert_stdout ""
	assert_stderr 'bawn start nobody: container "nobody" does not exist'
}

@test "--log: appended, with time and level; standard error as well; mode 0600" {
	for _ in 1 2; do
		run_bawn --log log start nobody
		assert_status 1
		assert_stderr 'bawn start nobody: container "nobody" does not exist'
	done
	assert_equal "$(wc -l <log)" 2
	[[ $(tail -n 1 log) =~ ^'time="20'[0-9TZ:-]+'" level=error bawn start nobody: container "nobody" does not exist'$ ]]
	assert_equal "$(stat -c %a log)" 600
	run_bawn --log no/such/log start nobody
	assert_status 1
	assert_output_has "open log file no/such/log: no such file or directory"
}

@test "--log-format json: one object for each line, podman and containerd can read it" {
	make_bundle
	set_args nosuchprogram
	edit_config '.process.capabilities.bounding += ["CAP_NONSENSE"] | .unknownThing = 1'
	run_bawn --log log.json --log-format json create --bundle "$BUNDLE" "$ID"
	assert_status 1
	# One line only, even though there were warnings.
	assert_equal "$(wc -l <log.json)" 1
	assert_equal "$(jq -r '[.level, .msg, .code, .verb, .id] | join("|")' log.json)" \
		"error|exec: \"nosuchprogram\": executable file not found in \$PATH|command-not-found|create|$ID"
	[[ $(jq -r .time log.json) =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$ ]]
	assert_equal "$(jq -r keys_unsorted[] log.json | head -3 | xargs)" "level msg time"
	# On standard error it stays text, for conmon and people.
	assert_output_has 'executable file not found in $PATH'
	run_bawn --log-format=json start nobody
	assert_equal "$(jq -r .code <<<"$stderr")" not-found
	run_bawn --log-format xml start nobody
	assert_status 2
}

@test "codes of errors are stable" {
	make_bundle
	bawn create --bundle "$BUNDLE" "$ID"
	code_of start nobody not-found
	code_of create --bundle "$BUNDLE" "$ID" exists
	code_of resume "$ID" state
	code_of kill "$ID" NOSUCH usage
	code_of create --bundle /no/such new system
	echo '{' >"$BUNDLE/config.json"
	code_of create --bundle "$BUNDLE" new config
}

# code_of ARG... CODE
code_of() {
	local want=${*: -1}
	run_bawn --log-format json "${@:1:$#-1}"
	assert_equal "$(tail -n 1 <<<"$stderr" | jq -r .code)" "$want"
}

@test "warnings: unknown properties and capabilities do not stop anything" {
	make_bundle
	set_args true
	edit_config '.unknownThing = {a: [1]} | .process.alsoUnknown = true
		| .linux.resources.memory = {noSuchLimit: 5}
		| .process.capabilities.bounding += ["CAP_NONSENSE"]'
	run_in_container
	assert_status 0
	assert_output_has "unknownThing"
	assert_output_has "process.alsoUnknown"
	assert_output_has "CAP_NONSENSE"
	assert_output_has "linux.resources.memory.noSuchLimit"
	assert_equal "$(grep -vc 'warning: ' <<<"$stderr")" 0
	# Once, not at every use.
	set_args sleep 1000
	start_container
	run_bawn exec "$ID" true
	assert_status 0
	assert_stderr ""
}

@test "--debug says more, and breaks nothing" {
	make_bundle
	set_args echo x
	run_bawn --debug --log log run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_stdout x
	assert_stderr ""
	assert_file_has log " level=debug bawn run $ID: debug: nsexec container setup: "
	assert_file_has log "child process in init(): pid "
	assert_file_has log "init: closing the pipe to signal completion"
	set_args sleep 1000
	start_container
	run_bawn --debug exec "$ID" true
	assert_status 0
	assert_output_has " level=debug bawn exec $ID: debug: nsexec container setup: "
	assert_output_has "setns_init: about to exec"
	run_bawn exec "$ID" true
	assert_stderr ""
	run_bawn --debug=false list -q
	assert_status 0
}

@test "a newline in an object's name does not forge a second line" {
	make_bundle
	set_args $'/no\nbawn start x: all is well'
	run_bawn create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_equal "$(wc -l <"$TMP/stderr")" 1
	run_bawn --log log --log-format json create --bundle "$BUNDLE" "$ID"
	assert_equal "$(wc -l <log)" 1
	jq -e . log
}

@test "spec writes a config that runs as it is, and never replaces one" {
	make_bundle
	rm "$BUNDLE/config.json"
	run_bawn spec --bundle "$BUNDLE"
	assert_status 0
	assert_equal "$output" ""
	assert_equal "$(jq -c '[.ociVersion, .process.terminal, .root]' "$BUNDLE/config.json")" \
		'["1.3.0",true,{"path":"rootfs","readonly":true}]'
	edit_config '.process.terminal = false'
	set_args id
	run_in_container
	assert_status 0
	cp "$BUNDLE/config.json" kept
	run_bawn spec -b "$BUNDLE"
	assert_status 1
	assert_output_has "exists already"
	cmp kept "$BUNDLE/config.json"
	mkdir empty
	cd empty
	run_bawn spec
	assert_status 0
	test -s config.json
	run_bawn spec --bundle /no/such
	assert_status 1
	assert_output_has "/no/such: no such file or directory"
}

@test "spec --rootless" {
	make_bundle
	rm "$BUNDLE/config.json"
	run_bawn spec --rootless --bundle "$BUNDLE"
	assert_status 0
	assert_equal "$(jq -c '[.linux.uidMappings, .linux.gidMappings]' "$BUNDLE/config.json")" \
		'[[{"containerID":0,"hostID":0,"size":1}],[{"containerID":0,"hostID":0,"size":1}]]'
	edit_config '.process.terminal = false'
	set_args sh -c 'id -u; cat /proc/self/uid_map | xargs'
	run_in_container
	assert_status 0
	assert_stdout $'0\n0 0 1'
}

@test "features: the document that engines read; nothing on standard error" {
	run_bawn features
	assert_status 0
	assert_stderr ""
	assert_equal "$(jq -c '[.ociVersionMin, .ociVersionMax, (.hooks | length),
		(.mountOptions | index("rro") != null), .linux.mountExtensions.idmap.enabled,
		.linux.cgroup.v2, .linux.cgroup.v1, .linux.seccomp.enabled]' <<<"$stdout")" \
		'["1.0.0","1.3.0",6,true,true,true,false,true]'
	assert_equal "$(jq -c '.linux.namespaces | sort' <<<"$stdout")" \
		'["cgroup","ipc","mount","network","pid","time","user","uts"]'
	assert_equal "$(jq '.linux.capabilities | index("CAP_CHECKPOINT_RESTORE")' <<<"$stdout")" 40
	assert_equal "$(jq -c '.linux.seccomp.actions | index("SCMP_ACT_NOTIFY") != null' <<<"$stdout")" true
	run_bawn features x
	assert_status 2
}

# claims PATH [MINUS]: the list in the features document, as JSON, without what MINUS matches
claims() {
	"$BAWN" features | jq -c "$1 | map(select(test(\"${2:-^\$}\") | not))"
}

@test "every hook, namespace, seccomp action, operator, architecture and flag that features names is accepted" {
	make_bundle
	set_args true
	edit_config '.linux.namespaces = ($ns | map({type: .}))
		| .hooks = ($hooks | map({key: ., value: [{path: "/bin/sh", args: ["sh", "-c", "echo \(.) >>\($tmp)/hooks"]}]})
			| from_entries | .startContainer[0].args[2] = "true")' \
		--arg tmp "$TMP" --argjson hooks "$(claims .hooks)" --argjson ns "$(claims .linux.namespaces user)"
	run_in_container
	assert_status 0
	assert_equal "$output" ""
	assert_equal "$(sort hooks | xargs)" "$(claims .hooks startContainer | jq -r '.[]' | sort | xargs)"
	edit_config 'del(.hooks) | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: $archs,
		flags: $flags, syscalls: (
			[{names: ["swapon"], action: $actions[], errnoRet: 1} | if .action != "SCMP_ACT_ERRNO" then del(.errnoRet) else . end]
			+ [{names: ["swapoff"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, valueTwo: 1, op: $ops[]}]}])}' \
		--argjson archs "$(claims .linux.seccomp.archs)" --argjson ops "$(claims .linux.seccomp.operators)" \
		--argjson actions "$(claims .linux.seccomp.actions NOTIFY)" \
		--argjson flags "$(claims .linux.seccomp.supportedFlags WAIT_KILLABLE)"
	run_in_container
	assert_status 0
	assert_equal "$output" ""
	assert_equal "$(claims .linux.seccomp.knownFlags)" "$(claims .linux.seccomp.supportedFlags)"
}

@test "memory policies that features names are known, others are not" {
	make_bundle
	set_args true
	local mode
	for mode in $(claims .linux.memoryPolicy.modes | jq -r '.[]') MPOL_MAX; do
		edit_config '.linux.memoryPolicy = {mode: $m, nodes: "0"}
			| if $m | test("DEFAULT|LOCAL") then del(.linux.memoryPolicy.nodes) else . end' --arg m "$mode"
		run_in_container
		# An older kernel may know fewer.
		[[ $status == 0 && $mode != MPOL_MAX ]] || assert_output_has linux.memoryPolicy
	done
	assert_output_has 'MPOL_MAX'
}

@test "what features denies is refused; what acts on the host by annotation is named" {
	make_bundle
	set_args true
	run_bawn features
	assert_equal "$(jq -c '[.linux.intelRdt.enabled, .linux.cgroup.v1, .linux.cgroup.rdma, .linux.netDevices.enabled,
		.linux.apparmor.enabled, .linux.selinux.enabled, .potentiallyUnsafeConfigAnnotations]' <<<"$stdout")" \
		'[false,false,true,true,true,true,["org.systemd.property."]]'
	cp "$BUNDLE/config.json" plain.json
	edit_config '.linux.intelRdt = {closID: "x"}'
	run_in_container
	assert_status 125
	assert_output_has linux.intelRdt
	cp plain.json "$BUNDLE/config.json"
	edit_config '.hooks.noSuchHook = [{path: "/bin/false"}]'
	run_in_container
	assert_output_has noSuchHook
	cp plain.json "$BUNDLE/config.json"
	edit_config '.linux.resources.rdma = {mlx5_1: {hcaHandles: 3}}'
	run_in_container
	[[ $status == 0 ]] || assert_output_has rdma
	cp plain.json "$BUNDLE/config.json"
	edit_config '.linux.netDevices = {"no-such-link": {}}'
	run_in_container
	assert_status 125
	assert_output_has no-such-link
}

@test "every mount option that features names is accepted" {
	make_bundle
	set_args true
	run_bawn features
	edit_config '.mounts += ($f.mountOptions - ["idmap", "ridmap", "copy-symlink", "bind", "rbind",
		"remount", "mand", "src-nofollow", "dest-nofollow", "tmpcopyup", "iversion", "shared", "rshared"]
		| to_entries | map({destination: "/o/\(.key)", type: "tmpfs", source: "x", options: [.value]}))' \
		--argjson f "$stdout"
	run_in_container
	assert_status 0
	assert_equal "$output" ""
}

@test "--version" {
	run_bawn --version
	assert_status 0
	[[ ${lines[0]} == "bawn version "* ]]
	assert_equal "$(grep -c version <<<"$stdout")" 1
	assert_line "spec: 1.3.0"
	run_bawn -v
	assert_status 0
}

@test "gc: removes what was never finished and nothing else" {
	make_bundle
	start_container
	bawn create --bundle "$BUNDLE" "$ID-created"
	edit_config '.hooks.prestart = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
	"$BAWN" --root "$ROOT" create --bundle "$BUNDLE" "$ID-killed" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 5 hook_runs
	run_bawn gc
	assert_status 0
	assert_equal "$output" ""
	kill -KILL $!
	wait $! || true
	run_bawn list -q
	assert_equal "${#lines[@]}" 3
	status_is "$ID-killed" creating
	run_bawn gc
	assert_status 0
	assert_stdout "$ID-killed"
	run_bawn gc
	assert_stdout ""
	run_bawn list -q
	assert_equal "${#lines[@]}" 2
	status_is "$ID" running
	status_is "$ID-created" created
}

hook_runs() {
	local procs=/sys/fs/cgroup/bawn-$ID-killed:hooks/cgroup.procs
	[[ -e $ROOT/$ID-killed && -s $procs ]] 2>/dev/null || grep -q . "$procs" 2>/dev/null
}

@test "delete --force clears up after a bawn that was killed in a hook" {
	make_bundle
	edit_config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "touch in-hook; exec sleep 1000"]}]'
	"$BAWN" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 5 test -e "$BUNDLE/in-hook"
	kill -KILL $!
	wait $! || true
	run_bawn delete "$ID"
	assert_status 1
	assert_output_has "use --force"
	run_bawn start "$ID"
	assert_status 1
	assert_output_has "bawn delete --force"
	run_bawn delete --force "$ID"
	assert_status 0
	[[ ! -e $ROOT/$ID ]]
	edit_config 'del(.hooks)'
	bawn create --bundle "$BUNDLE" "$ID"
}

@test "--log to a FIFO: lines go to its reader; without one an error, no waiting" {
	mkfifo fifo
	run_bawn --log fifo start nobody
	assert_status 1
	assert_output_has "open log file fifo: nobody reads it: no such device or address"
	cat fifo >received 3>&- 4>&- &
	# The shell opens it first: then cat has it open too.
	: >fifo
	wait $!
	cat fifo >received 3>&- 4>&- &
	exec 9>fifo
	run_bawn --log fifo start nobody
	exec 9>&-
	wait $!
	assert_status 1
	assert_file_has received 'level=error bawn start nobody: container "nobody" does not exist'
}

@test "a reader of the messages that has gone does not end a create half way" {
	make_bundle
	edit_config '.nonsense = 1'
	mkfifo fifo
	# shellcheck disable=SC2094 # a write end without a reader is what is wanted
	exec 9<>fifo 8>fifo 9<&-
	status=0
	timeout -k 5 "$BAWN_TEST_LIMIT" "$BAWN" --root "$ROOT" create --bundle "$BUNDLE" "$ID" \
		</dev/null >/dev/null 2>&8 3>&- 4>&- || status=$?
	exec 8>&-
	assert_equal "$status" 0
	status_is "$ID" created
}
