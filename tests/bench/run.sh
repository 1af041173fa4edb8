#!/bin/bash
# How fast is srdiag beside other clients? `make bench`. Medians of many runs, side by side in one run, on the
# simulator; read them as proportions. Nothing here passes or fails.
set -eu
srdiag=$1
runs=${RUNS:-40}
export LC_ALL=C

# median milliseconds of a command over $runs runs, its output thrown away
median() {
    python3 - "$runs" "$@" <<'P'
import subprocess, sys, time
runs, command = int(sys.argv[1]), sys.argv[2:]
def once():
    begin = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.monotonic() - begin) * 1000
once()
times = sorted(once() for _ in range(runs))
print(f"{times[len(times) // 2]:.1f}")
P
}

row() {
    printf '%-52s %9s ms\n' "$1" "$(shift; median "$@")"
}

# MB resident at most; a run may be over before it can be looked at, so the most of several
resident() {
    for _ in 1 2 3 4 5; do python3 tests/bench/cost.py --peak "$@"; done | sort -n | tail -1
}

if [ -z "${BENCH_INNER-}" ]; then
echo "no cluster"
row "true" true
row "srdiag --version" "$srdiag" --version
row "mariadb --version" mariadb --version
row "srdiag --demo comprehensive" "$srdiag" --demo comprehensive
printf '%-52s %9s MB\n' "srdiag --demo comprehensive, resident at most" "$(resident "$srdiag" --demo comprehensive)"

    echo
    echo "simulated cluster (disk-full)"
    BENCH_INNER=1 tests/sim/run.sh disk-full -- "$0" "$srdiag"
    echo
    echo "what srdiag comprehensive costs simulated clusters"
    SRDIAG=$srdiag build/venv/bin/python tests/bench/cost.py
    echo
    echo "what an agent adds"
    tests/sim/run.sh disk-full -- build/venv/bin/python tests/bench/agent.py "$srdiag"
    echo
    echo "server"
    exec tests/bench/server.sh "$srdiag"
fi

# Milliseconds of a command beyond what the server took: its time less the union of the statements' times
beyond() {
    python3 - "$runs" "$@" <<'P'
import json, os, subprocess, sys, time, urllib.request
runs, command = int(sys.argv[1]), sys.argv[2:]
control = f"http://{os.environ['SIM_HOST']}:{os.environ['SIM_HTTP_PORT']}/_sim/"
def once():
    urllib.request.urlopen(urllib.request.Request(control + "reset", data=b"{}", method="PUT"), timeout=10).read()
    begin = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    total = (time.monotonic() - begin) * 1000
    log = json.loads(urllib.request.urlopen(control + "log", timeout=10).read())
    busy, until = 0.0, 0.0
    for start, end in sorted((s["time"] * 1000 - s["ms"], s["time"] * 1000) for s in log):
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return total - busy, busy
once()
pairs = sorted(once() for _ in range(runs))
print(f"{pairs[len(pairs) // 2][0]:.1f}")
P
}

connection=(-h "$SIM_HOST" -P "$SIM_PORT" -u root)
row "mariadb -e 'SELECT 1'" mariadb --no-defaults --skip-ssl "${connection[@]}" -e 'SELECT 1'
row "mariadb -e, the five identity statements" mariadb --no-defaults --skip-ssl "${connection[@]}" -e \
    "SHOW FRONTENDS; SELECT UNIX_TIMESTAMP(); ADMIN SHOW FRONTEND CONFIG LIKE 'run_mode'; SHOW BACKENDS; SHOW COMPUTE NODES"
check_mysql=/usr/lib/nagios/plugins/check_mysql
[ -x $check_mysql ] && row "check_mysql" $check_mysql -H "$SIM_HOST" -P "$SIM_PORT" -u root
for view in disks tablets; do
    row "srdiag storage $view" "$srdiag" "${connection[@]}" storage $view
    printf '%-52s %9s ms\n' "  of this beyond the server's time" "$(beyond "$srdiag" "${connection[@]}" storage $view)"
done
row "srdiag storage" "$srdiag" "${connection[@]}" storage
row "srdiag comprehensive" "$srdiag" "${connection[@]}" comprehensive
printf '%-52s %9s MB\n' "srdiag comprehensive, resident at most" \
    "$(resident "$srdiag" "${connection[@]}" comprehensive)"
