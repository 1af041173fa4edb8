#!/bin/bash
# Does the whole way work on a cluster that answers, refuses, or is slow? (on the simulator)
. "$(dirname "$0")/setup.bash"
sim=$root/tests/sim/run.sh

# live NAME STATUS REGEX SCENARIO ["FAULTS"] -- ARGS...: srdiag on a simulator of its own
live() {
    live_name=$1 live_status=$2 live_words=$3 live_scenario=$4
    shift 4
    live_options=()
    while [ "$1" != -- ]; do
        live_options+=("$1")
        shift
    done
    shift
    both "$live_name" "$live_status" "$live_words" "$sim" "$live_scenario" "${live_options[@]}" -- \
        bash -c '"$S" "$@" -h $SIM_HOST -P $SIM_PORT' srdiag "$@"
}

if ! "$sim" healthy-shared-nothing -- true >/dev/null 2>&1; then
    skip "srdiag on a live cluster" "the simulator does not start"
    plan_end
fi

live "a sick cluster is critical" 2 "storage.disk-hard-limit" disk-full -- comprehensive -u root
like "and the next commands reach the same cluster" "$OUT" "srdiag -h [0-9.]+ -P 9030 -u root"
live "a healthy cluster is status 0" 0 "StarRocks 3" healthy-shared-nothing -- comprehensive -u root
live "a shared-data cluster is status 0" 0 "shared-data" healthy-shared-data -- storage -u root
live "a wrong password is status 77" 77 "access denied" disk-full -- storage -u diag -pwrong
unlike "and is not repeated" "$OUT" "wrong"
live "the right password is taken from the environment" 0 "96.5" disk-full -- storage disks -u root
both "SR_* variables are enough" 0 "96.5" "$sim" disk-full -- \
    bash -c 'SR_HOST=$SIM_HOST SR_PORT=$SIM_PORT SR_USER=diag SR_PASSWORD=s3cret# "$S" storage disks'
both "a password file is enough" 0 "96.5" "$sim" disk-full -- \
    bash -c 'echo "s3cret#" >p; chmod 600 p; "$S" storage disks -h $SIM_HOST -u diag --password-file p'
both "a cluster by its name" 2 "^mine " "$sim" disk-full -- bash -c '
    printf "[cluster mine]\nhost=%s\nuser=diag\npassword=\"s3cret#\"\n" $SIM_HOST >c.cnf; chmod 600 c.cnf
    "$S" --config c.cnf --cluster mine storage'

live "without privileges nothing is called healthy" 3 "nsufficient evidence|Health of storage not known" disk-full -- storage -u poor -ppoor
like "and the way out is named" "$OUT" "srdiag .*grants"
live "a view without its privilege is status 77" 77 "OPERATE" disk-full -- storage disks -u poor -ppoor
live "preflight of an administrator is status 0" 0 "checks? can be made" disk-full -- preflight -u root
live "preflight of a poor account is status 1" 1 "cannot be made: denied" disk-full -- preflight -u poor -ppoor
live "preflight as JSON" 1 '"state": ?"denied"' disk-full -- preflight -u poor -ppoor -o json

live "out of time is status 124, with what is known" 124 "StarRocks" disk-full \
    --faults '[{"match": "partitions_meta|tables_config|show partitions|backends/", "delay_s": 5}]' -- \
    storage -u root --timeout 2
live "a cluster above --heavy-limit is spared, and told how" 2 "cluster too large: .* --heavy-limit 0 asks" disk-full -- \
    storage -u root --heavy-limit 100
like "what is cheap is asked" "$OUT" "storage.disk-hard-limit"
live "a limit of 0 asks all" 2 "storage.no-retention" disk-full -- storage -u root --heavy-limit 0
unlike "and no cluster is too large" "$OUT" "too large"
both "a file that was collected without a limit answers whatever the limit" 2 "storage.no-retention" "$sim" disk-full -- bash -c '
    "$S" collect all.srd -h $SIM_HOST -P $SIM_PORT -u root >/dev/null && "$S" storage --input all.srd --heavy-limit 100'
both "and one with a limit says what it said" 2 "cluster too large" "$sim" disk-full -- bash -c '
    "$S" collect spared.srd -h $SIM_HOST -P $SIM_PORT -u root --heavy-limit 100 >/dev/null; "$S" storage --input spared.srd'
live "an FE that answers nothing cannot be reached" 69 "answered no statement" disk-full \
    --faults '[{"match": ".", "delay_s": 8}]' -- storage -u root --timeout 1

cat >wait.py <<'PY'
# Runs a command on a terminal, presses Ctrl-C after a second if told so, prints what was to be seen.
import os, pty, sys, time
pid, fd = pty.fork()
if not pid:
    os.execv(sys.argv[2], sys.argv[2:])
out, pressed, begin = b"", sys.argv[1] != "break", time.time()
try:
    while piece := os.read(fd, 65536):
        out += piece
        if not pressed and b"answers" in out:
            os.write(fd, b"\x03")
            pressed = True
except OSError:
    pass
print(out.decode().replace("\r", "\n"))
print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "soon" if time.time() - begin < 4 else "late")
PY
slow='[{"match": "be_metrics", "delay_s": 6}]'
both "on a terminal it says how far it is" 0 "[0-9]+ of [0-9]+ answers" "$sim" disk-full \
    --faults '[{"match": "be_metrics", "delay_s": 0.7}]' -- \
    bash -c 'python3 wait.py stay "$S" storage disks -h $SIM_HOST -u root --no-pager'
both "Ctrl-C ends it soon" 0 "status 130 soon" "$sim" disk-full --faults "$slow" -- bash -c '
    python3 wait.py break "$S" storage disks -h $SIM_HOST -u root
    python3 -c "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())" \
        http://$SIM_HOST:$SIM_HTTP_PORT/_sim/stats'
like "and ends the statements on the cluster" "$OUT" '"kills": [1-9]'
like "so that nothing runs there any more" "$OUT" '"running": 0'

both "a snapshot of a cluster says what the cluster said" 0 "^same$" "$sim" disk-full -- bash -c '
    "$S" storage disks -h $SIM_HOST -u root -o csv >live.csv
    "$S" collect case.srd.gz -h $SIM_HOST -u diag -ps3cret#
    "$S" --input case.srd.gz storage disks -o csv >file.csv
    cmp live.csv file.csv && echo same'
ok "no password is in the snapshot" bash -c '! zcat case.srd.gz | grep -F s3cret'
both "collect --for asks less" 0 "questions answered" "$sim" disk-full -- \
    bash -c '"$S" collect some.srd --for storage -h $SIM_HOST -u root'
plan_end
