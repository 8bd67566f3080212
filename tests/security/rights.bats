#!/usr/bin/env bats
# T22: capability sets, groups and ids are what the config says, for run and for exec
# (CVE-2022-24769, CVE-2022-29162, CVE-2022-27650, CVE-2022-2989). T26: who can reach the state.
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

# ---- T22 ----

# pseudo_random N: sets r to 0..N-1, the same sequence each time.
seed=1
pseudo_random() {
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	r=$(((seed >> 8) % $1))
}

random_mask() { # WITHIN
	local bit
	mask=0
	for bit in {0..40}; do
		pseudo_random 3
		((r != 0)) || mask=$((mask | 1 << bit))
	done
	mask=$((mask & $1))
}

names_of() { # MASK
	local bit list=()
	for bit in {0..40}; do
		((!($1 >> bit & 1))) || list+=("\"${all_names[bit]}\"")
	done
	local IFS=,
	echo "[${list[*]}]"
}

# A process document with sets of its own, and in $want what /proc/self/status must show then,
# after the rules of execve in capabilities(7).
random_process() { # NUMBER
	local bnd prm inh amb eff uid gid nnp groups=() new own=$((16#$own_mask))
	pseudo_random 3
	uid=$((r * 500))
	pseudo_random 3
	gid=$((r * 700))
	pseudo_random 2
	nnp=$r
	random_mask "$own"; bnd=$mask
	random_mask "$bnd"; prm=$mask
	random_mask "$prm"; eff=$mask
	random_mask "$prm"; inh=$mask
	random_mask $((prm & inh)); amb=$mask
	(($1 % 4)) || inh=0 amb=0
	pseudo_random 5
	for ((; r > 0; r--)); do
		groups+=($((r * 111 + $1)))
	done
	[[ $nnp == 1 ]] && nnp=true || nnp=false
	process=$(jq -c --argjson bnd "$(names_of $bnd)" --argjson prm "$(names_of $prm)" \
		--argjson eff "$(names_of $eff)" --argjson inh "$(names_of $inh)" \
		--argjson amb "$(names_of $amb)" --argjson nnp "$nnp" \
		--argjson groups "[$(IFS=,; echo "${groups[*]}")]" \
		'.process | .capabilities = {bounding: $bnd, permitted: $prm, effective: $eff,
			inheritable: $inh, ambient: $amb}
		| .noNewPrivileges = $nnp
		| .user = {uid: '$uid', gid: '$gid', additionalGids: $groups}
		| .args = ["grep", "-E", "^(Cap|Groups|Uid|Gid|NoNewPrivs)", "/proc/self/status"]' \
		"$BATS_FILE_TMPDIR/config.json")
	if ((uid == 0)); then
		new=$((inh | bnd))
		[[ $nnp == false ]] || new=$((new & prm))
		eff=$new
	else
		new=$amb
		eff=$amb
	fi
	want=$(printf 'Uid: %d %d %d %d Gid: %d %d %d %d Groups: %s' $uid $uid $uid $uid \
		$gid $gid $gid $gid "$(printf '%s\n' "${groups[@]}" | sort -n | xargs)")
	want=${want% }
	want+=$(printf ' CapInh: %016x CapPrm: %016x CapEff: %016x CapBnd: %016x CapAmb: %016x' \
		$inh $new $eff $bnd $amb)
	[[ $nnp == true ]] && want+=' NoNewPrivs: 1' || want+=' NoNewPrivs: 0'
}

setup_caps() {
	local name bit=0
	own_mask=$(awk '/^CapPrm/ { print $2 }' /proc/self/status)
	for name in CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP \
		LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER \
		SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE \
		SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP \
		MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF \
		CHECKPOINT_RESTORE; do
		all_names[bit++]=CAP_$name
	done
}

@test "T22: sets, groups and ids of run: 20 configs" {
	local i all_names=()
	setup_caps
	for ((i = 0; i < $(rounds 20 4); i++)); do
		random_process "$i"
		edit_config '.process = $process' --argjson process "$process"
		run_in_container
		assert_status 0
		assert_equal "config $i: $(xargs <<<"$stdout")" "config $i: $want"
	done
}

@test "T22: the same for exec --process: 20 more, in one container" {
	local i all_names=()
	setup_caps
	start_container
	seed=77
	for ((i = 0; i < $(rounds 20 4); i++)); do
		random_process "$i"
		echo "$process" >"$TMP/process.json"
		run_bawn exec --process "$TMP/process.json" "$ID"
		assert_status 0
		assert_equal "config $i: $(xargs <<<"$stdout")" "config $i: $want"
	done
}

@test "T22: what bawn's caller has does not come along" {
	need_command setpriv
	set_args grep -E '^(CapInh|CapAmb|Groups)' /proc/self/status
	edit_config '.process.noNewPrivileges = false'
	status=0
	setpriv --inh-caps +chown,+kill,+sys_admin --ambient-caps +chown,+kill --groups 3,4,27 \
		"$BAWN" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >out 2>err 3>&- 4>&- ||
		status=$?
	assert_equal "$status $(xargs <out)" "0 Groups: CapInh: 0000000000000000 CapAmb: 0000000000000000"
	set_args sleep 1000
	start_container
	setpriv --inh-caps +chown,+kill,+sys_admin --ambient-caps +chown,+kill --groups 3,4,27 \
		"$BAWN" --root "$ROOT" exec "$ID" grep -E '^(CapInh|CapAmb|Groups)' /proc/self/status \
		</dev/null >out 2>err 3>&- 4>&-
	assert_equal "$(xargs <out)" "Groups: CapInh: 0000000000000000 CapAmb: 0000000000000000"
	# --cap of exec adds to no set that outlives an execve of another user.
	run_bawn exec --cap CAP_SYS_ADMIN --user 7:7 "$ID" grep -E '^(CapInh|CapAmb|CapPrm|CapEff)' \
		/proc/self/status
	assert_equal "$(awk '{ print $2 }' <<<"$stdout" | sort -u)" 0000000000000000
}

# ---- T26 ----

# Anything that another user could read, write or enter.
assert_private() {
	local found
	found=$(find "$ROOT" -perm /077 ! -type l ! -type s)
	[[ -z $found ]] || fail "others may use: $found"
	assert_equal "$(stat -c '%a %U:%G' "$ROOT")" "700 root:root"
}

@test "T26: the state is private, whatever the umask, and there are no abstract sockets" {
	local mask before
	before=$(grep -c ' @' /proc/net/unix || true)
	for mask in 0000 0022 0077; do
		(
			umask "$mask"
			bawn create --bundle "$BUNDLE" "$ID"
		)
		assert_private
		assert_equal "$(stat -c %a "$ROOT/$ID")" 700
		assert_equal "$(grep -c ' @' /proc/net/unix || true)" "$before"
		bawn start "$ID"
		assert_private
		bawn delete --force "$ID"
	done
}

@test "T26: nobody else can start, see or stop a container" {
	local verb
	need_command setpriv
	bawn create --bundle "$BUNDLE" "$ID"
	chmod 755 "$TMP"
	for verb in state start kill delete ps pause; do
		status=0
		setpriv --reuid 65534 --regid 65534 --clear-groups "$BAWN" --root "$ROOT" "$verb" "$ID" \
			</dev/null >out 2>&1 3>&- 4>&- || status=$?
		((status != 0)) || fail "$verb worked: $(cat out)"
	done
	# The gate of `start` is a socket: not for a process that cannot enter its directory.
	status=0
	find "$ROOT/$ID" -type s >sockets
	[[ -s sockets ]]
	while read -r socket; do
		! setpriv --reuid 65534 --regid 65534 --clear-groups test -e "$socket" || fail "$socket"
	done <sockets
	status_is "$ID" created
}

@test "T26: a state root that others can write to is refused" {
	local mode
	for mode in 777 1777 770 720 702; do
		mkdir -m "$mode" "$TMP/root-$mode"
		ROOT=$TMP/root-$mode run_bawn create --bundle "$BUNDLE" "$ID"
		[[ $status != 0 ]] || fail "mode $mode" "$(show_last)"
		assert_equal "$(ls -A "$TMP/root-$mode")" ""
	done
	mkdir -m 700 "$TMP/foreign"
	chown 65534 "$TMP/foreign"
	ROOT=$TMP/foreign run_bawn create --bundle "$BUNDLE" "$ID"
	[[ $status != 0 ]]
	assert_equal "$(ls -A "$TMP/foreign")" ""
}

@test "T26: links in the state root are not followed" {
	mkdir -p "$TMP/outside"
	mkdir -m 700 "$ROOT"
	echo text >"$TMP/outside/file"
	ln -s "$TMP/outside" "$ROOT/$ID"
	run_bawn create --bundle "$BUNDLE" "$ID"
	[[ $status != 0 ]]
	run_bawn delete --force "$ID"
	[[ -e $TMP/outside/file ]]
	assert_equal "$(ls "$TMP/outside")" file
	run_bawn list
	rm -f "$ROOT/$ID"
}
