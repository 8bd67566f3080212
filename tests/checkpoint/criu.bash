# criu.bash - a fake CRIU for suites: `load criu` after `load ../cli/helpers`.

# fake_criu STEP...: makes $CRIU, a program that does what the plan says: tests/checkpoint/fakecriu.
fake_criu() {
	CRIU=$TMP/criu
	printf '%s\n' "$@" >"$TMP/plan"
	rm -f "$TMP/plan.requests"
	printf '#!/bin/sh\nexec %s/tests/checkpoint/fakecriu %s/plan "$@"\n' "$top" "$TMP" >"$CRIU"
	chmod 755 "$CRIU"
}

# option NUMBER: its values in the last request, one a line; numbers as in rpc.proto.
option() {
	tail -n1 "$TMP/plan.requests" | jq -r --arg n "$1" '.opts[$n] // [] | .[]'
}

# bawn-criu beside the bawn under test.
helper_program() {
	echo "$(dirname "$(realpath "$BAWN")")/bawn-criu"
}
