# bash completion for bawn(8). tests/cli/help.bats compares the lists with --help.
# shellcheck shell=bash

_bawn_verbs="run create start exec state list ps stats events update kill delete pause resume gc \
	network spec features doctor help"

# The options of a verb; without one, the global options.
_bawn_options()
{
	local launch="--bundle -b --config -f --pid-file --console-socket --pidfd-socket \
		--preserve-fds --network --publish --firewall --network-from \
		--no-pivot --no-new-keyring --no-subreaper"

	case $1 in
	'')
		echo "--root --log --log-format --debug --rootless --cgroup-manager \
			--systemd-cgroup --network-root --version -v"
		;;
	run) echo "$launch --detach -d --keep" ;;
	create) echo "$launch" ;;
	exec)
		echo "--process -p --tty -t --detach -d --user -u --additional-gids -g --cwd \
			--env -e --cap -c --no-new-privs --apparmor --process-label --cgroup \
			--pid-file --console-socket --pidfd-socket --preserve-fds \
			--ignore-paused --no-subreaper"
		;;
	kill) echo "--all -a" ;;
	delete) echo "--force -f" ;;
	list) echo "--format -f --quiet -q" ;;
	ps) echo "--format -f" ;;
	events) echo "--interval --stats" ;;
	stats) echo "--all -a --format -f" ;;
	network)
		echo "--kind --subnet --gateway --dns --mtu --bridge --parent --no-ipv4 --no-ipv6 --isolate --format -f"
		;;
	doctor) echo "--criu --format -f" ;;
	spec) echo "--bundle -b --rootless" ;;
	update)
		echo "--resources -r --memory --memory-reservation --memory-swap --kernel-memory \
			--kernel-memory-tcp --cpu-share --cpu-period --cpu-quota --cpu-burst \
			--cpu-idle --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems \
			--pids-limit --blkio-weight --net-rate --l3-cache-schema --mem-bw-schema"
		;;
	esac
	echo "--help -h"
}

# The kind of value that an option of a verb takes; nothing for an option without one.
_bawn_value()
{
	case $1:$2 in
	:--root | :--network-root | *:--bundle | *:-b) echo dir ;;
	:--log | *:--config | run:-f | create:-f | *:--pid-file | *:--process | exec:-p | \
		*:--criu | *:--console-socket | *:--pidfd-socket) echo file ;;
	:--log-format) echo "text json" ;;
	:--rootless) echo "auto true false" ;;
	:--cgroup-manager) echo "auto cgroupfs systemd disabled" ;;
	list:--format | list:-f | ps:--format | ps:-f | stats:--format | stats:-f | \
		network:--format | network:-f | doctor:--format | doctor:-f) echo "table json" ;;
	network:--kind) echo "bridge guest-lan routed macvlan ipvlan" ;;
	network:--subnet | network:--gateway | network:--dns | network:--mtu | network:--bridge | \
		network:--parent | *:--network | *:--publish | *:--firewall) echo other ;;
	update:--resources | update:-r | *:--network-from) echo file ;;
	update:--help) ;;
	update:--*) echo other ;;
	*:--preserve-fds | events:--interval | exec:--user | exec:-u | exec:--additional-gids | exec:-g | \
		exec:--cwd | exec:--env | exec:-e | exec:--cap | exec:-c | exec:--apparmor | \
		exec:--process-label | exec:--cgroup) echo other ;;
	esac
}

# The words that fit VALUE_KIND and start with WORD.
_bawn_reply()
{
	case $1 in
	dir) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
	file) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
	other) COMPREPLY=() ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2") ;;
	esac
}

_bawn()
{
	local cur=${COMP_WORDS[COMP_CWORD]} verb='' word value='' skip=0 i words=0
	local globals=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((skip)); then
			[[ $word == '=' ]] && continue
			skip=0
			[[ $value != root ]] || globals=(--root "$word")
		elif [[ $word == -* ]]; then
			value=$(_bawn_value "$verb" "$word")
			[[ $verb$word != --root ]] || value=root
			[[ -z $value ]] || skip=1
		elif [[ -z $verb ]]; then
			verb=$word
		else
			words=$((words + 1))
		fi
	done
	COMPREPLY=()
	[[ $cur != '=' ]] || cur=''
	if ((skip)); then
		_bawn_reply "${value/#root/dir}" "$cur"
	elif [[ $verb == exec || $verb == ps ]] && ((words)); then
		[[ $verb == ps ]] || _bawn_reply file "$cur"
	elif [[ $cur == -* ]]; then
		_bawn_reply "$(_bawn_options "$verb")" "$cur"
	elif [[ -z $verb || $verb == help ]]; then
		_bawn_reply "$_bawn_verbs" "$cur"
	elif [[ $verb == kill ]] && ((words == 1)); then
		_bawn_reply "TERM KILL HUP INT QUIT USR1 USR2 STOP CONT WINCH" "$cur"
	elif [[ $verb == stats ]] || { ((!words)) &&
		[[ $verb =~ ^(start|exec|state|ps|events|update|kill|delete|pause|resume)$ ]]; }; then
		_bawn_reply "$("${COMP_WORDS[0]}" "${globals[@]}" list --quiet 2>/dev/null)" "$cur"
	fi
}

complete -o filenames -F _bawn bawn
