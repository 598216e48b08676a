#!/usr/bin/env bash
# test/bench/measuring.bash, sourced by the measures: a database of one's own,
# latencies by pgbench, rows of the table.
#
# A row has the fields what, median, min, max, number of values, unit, wanted,
# between tabs. wanted is "", or "at most N", "at least N" (run tells whether
# it is reached), or words.
set -euo pipefail
: "${BENCH_SCALE:?started by test/bench/run}" "${BENCH_OUT:?started by test/bench/run}"

database() {	# NAME: a new database, the default from now on; dropped at the end
	run_in postgres -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1"
	export PGDATABASE=$1
	# shellcheck disable=SC2064 # this name
	trap "run_in postgres -c 'DROP DATABASE IF EXISTS $1 WITH (FORCE)'" EXIT
}
run_in() { local name=$1; shift; PGOPTIONS=--client-min-messages=warning psql -XAtq -v ON_ERROR_STOP=1 -d "$name" "$@"; }
run() { PGOPTIONS=--client-min-messages=warning psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

median() { tr ' ' '\n' | grep . | sort -g | awk '{ a[NR] = $1 } END { if (NR) print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

row() {	# WHAT VALUES UNIT [WANTED]: the median of values between blanks
	local m
	m=$(median <<<"$2")
	awk -v what="$1" -v m="$m" -v values="$2" -v unit="$3" -v wanted="${4:-}" '
		function nice(x) { return x == int(x) && x < 1e9 ? sprintf("%d", x) : x >= 1000 ? sprintf("%.0f", x) : x >= 100 ? sprintf("%.1f", x) : x >= 0.1 || x <= 0 ? sprintf("%.2f", x) : sprintf("%.4f", x) }
		BEGIN {
			n = split(values, v, " "); min = max = v[1] + 0
			for (i = 2; i <= n; i++) { if (v[i] + 0 < min) min = v[i] + 0; if (v[i] + 0 > max) max = v[i] + 0 }
			printf "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", what, nice(m + 0), nice(min), nice(max), n, unit, wanted
		}'
}

ratio() {	# WHAT VALUES BASE [WANTED]: ratio of the medians; min and max of the turns' own ratios
	awk -v what="$1" -v a="$2" -v b="$3" -v ma="$(median <<<"$2")" -v mb="$(median <<<"$3")" -v wanted="${4:-}" '
		function nice(x) { return x >= 100 ? sprintf("%.0f", x) : x >= 10 ? sprintf("%.1f", x) : x >= 0.1 ? sprintf("%.2f", x) : sprintf("%.5f", x) }
		BEGIN {
			n = split(a, x, " "); k = split(b, y, " "); if (k < n) n = k
			min = max = ma / mb
			if (n > 1) { min = max = x[1] / y[1]; for (i = 2; i <= n; i++) { r = x[i] / y[i]; if (r < min) min = r; if (r > max) max = r } }
			printf "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", what, nice(ma / mb), nice(min), nice(max), n, "x", wanted
		}'
}

note() { printf '%s\t\t\t\t\t\t%s\n' "$1" "${2:-}"; }	# WHAT [WORDS]: a row without a figure

at_full() { [ "$BENCH_SCALE" != full ] || printf '%s' "$1"; }	# a bound that holds at full scale only

# Run a client so that it and the backends which serve it share one core: waking
# the other core up takes longer than a short query, or not, as it happens.
one_core() {	# COMMAND...; BENCH_CORES=2: let them have both
	local server status=0
	[ "${BENCH_CORES:-1}" = 1 ] || { "$@"; return; }
	server=$(head -n 1 "$TJ_SCRATCH/data/postmaster.pid")
	taskset -c -p 0 "$server" >/dev/null
	taskset -c 0 "$@" || status=$?
	taskset -c -p "0-$(($(nproc --all) - 1))" "$server" >/dev/null
	return $status
}

# Transactions of one connection, by the times at which pgbench's log says they
# ended (its latencies are 0 where an answer was there at once): the first tenth
# and at least 6 are left out (connection, first plans), the others cut into at
# most 20 windows. Microseconds a transaction, one line a window.
transactions() {	# ROLE FILE NUMBER [PGBENCH OPTION]...
	local role=$1 file=$2 number=$3
	shift 3
	rm -f "$TMPDIR"/latency.*
	(cd "$TMPDIR" && PGOPTIONS='' one_core pgbench -n -c 1 -U "$role" -t "$number" -f "$file" -l --log-prefix=latency "$@") >"$TMPDIR/pgbench.out" 2>&1 || {
		cat "$TMPDIR/pgbench.out" >&2
		return 1
	}
	awk -v n="$number" '
		{ at[NR] = ($5 - base) * 1e6 + $6; if (NR == 1) { base = $5; at[1] = $6 } }
		END {
			from = n / 10 > 6 ? int(n / 10) : n > 12 ? 6 : n > 3 ? 2 : 1
			if (n == 1) { print $3; exit }
			size = int((n - from) / 20); if (size < 1) size = 1
			for (i = from; i + size <= n; i += size) print (at[i + size] - at[i]) / size
		}' "$TMPDIR"/latency.*
}
# One number for many lines: the first quartile, since what else the machine does
# only ever makes a thing take longer.
quartile() { sort -g | awk '{ a[NR] = $1 } END { if (NR) print a[int((NR + 3) / 4)] }'; }
latency() { transactions "$@" | quartile; }

noop() {	# ARGUMENTS: noop_true and noop_false in the database, for these argument types
	[ -f "$TMPDIR/noop.so" ] || cc -O2 -fPIC -shared -I"$("$PG_CONFIG" --includedir-server)" -o "$TMPDIR/noop.so" test/bench/noop.c
	run -c "CREATE FUNCTION noop_true($1) RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE COST 1 AS '$TMPDIR/noop.so'" \
		-c "CREATE FUNCTION noop_false($1) RETURNS boolean LANGUAGE c STABLE PARALLEL SAFE COST 1 AS '$TMPDIR/noop.so'"
}
