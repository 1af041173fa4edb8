#!/bin/bash
# Does the result arrive whole, or with the reason why not? And do exit statuses say what was found?
. "$(dirname "$0")/setup.bash"

pty() { # COLUMNS ROWS COMMAND...: its output on a terminal of that size
    python3 - "$@" <<'PY'
import fcntl, os, pty, struct, sys, termios
columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, fd = pty.fork()
if not pid:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(command[0], command)
out = b""
try:
    while piece := os.read(fd, 65536):
        out += piece
except OSError:
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(out.replace(b"\r\n", b"\n"))
sys.exit(status if status >= 0 else 128 - status)
PY
}

status "the demo has critical findings" 2 "$S" comprehensive --demo
status "check is an alias of comprehensive" 2 "$S" check --demo
status "--exit-zero only reports" 0 "$S" comprehensive --demo --exit-zero
status "a check with no finding is status 0" 0 "$S" storage --demo --only storage.disk-offline
status "nothing that could be checked is status 3" 3 "$S" storage --demo --only storage.disk-eta
status "a view is status 0" 0 "$S" storage disks --demo
for format in $("$S" list formats -o csv | tail -n +2 | cut -d, -f1); do
    status "a report as $format" 2 "$S" comprehensive --demo -o "$format"
    status "a view as $format" 0 "$S" storage disks --demo -o "$format"
done
for kind in experts checks causes views probes formats commands options; do
    for format in table wide json ndjson csv markdown; do
        ok "list $kind as $format" "$S" list $kind -o $format
    done
    ok "list $kind as JSON is JSON" bash -c '"$S" list '$kind' -o json | python3 -m json.tool >/dev/null'
done
for id in $("$S" list checks -o csv | tail -n +2 | cut -d, -f1) \
    $("$S" list causes -o csv | tail -n +2 | cut -d, -f1) \
    $("$S" list probes -o csv | tail -n +2 | cut -d, -f1); do
    "$S" explain "$id" >explained 2>&1 && "$S" explain "$id" -o json | python3 -m json.tool >explained ||
        echo "$id" >>unexplained
done
is "every check, cause and probe can be explained" "$(cat unexplained 2>/dev/null)" ""
for id in $("$S" list checks -o csv | tail -n +2 | cut -d, -f1); do
    "$S" explain "$id" >explained
    for part in WHY "HOW IT IS MEASURED" "LEVELS AND THRESHOLDS" "WHERE THE NUMBERS COME FROM" \
        "WHAT IT MUST NOT BE CONFUSED WITH" "WHAT TO DO" "SEE ALSO"; do
        grep -qx "$part" explained || echo "$id: $part" >>incomplete
    done
done
is "each check says why, how, its thresholds and whose they are, what it is not, and what to do" "$(cat incomplete 2>/dev/null)" ""
both "explain finds ids in any case" 0 "^RC-01" "$S" explain rc-01

both "--only makes only this check" 2 "storage.disk-hard-limit" "$S" storage --demo --only storage.disk-hard-limit
unlike "and no other" "$OUT" "nothing expires them"
status "--skip leaves a check out, and what it would have said" 1 "$S" storage --demo --skip storage.disk-hard-limit
unlike "it is not in the report" "$OUT" "storage.disk-hard-limit"
status "--severity hides what is below" 2 "$S" storage --demo --severity critical
unlike "no warning is shown" "$OUT" "^ +WARNING"
both "--set changes a threshold and says so" 2 "limit .*--set" \
    "$S" storage --demo --detail --set storage.tablet-count-per-node=10

both "--plan shows statements with their cost" 0 "backends +cheap .*SHOW BACKENDS" "$S" storage --plan
like "--plan says that it asked nothing" "$OUT" "Nothing was asked"
ok "--plan needs no cluster" "$S" comprehensive --plan -h 127.0.0.1 -P 1
ok "--plan of a view" "$S" storage disks --plan
ok "--plan of collect" "$S" collect x.srd --plan
ok "--plan of preflight" "$S" preflight --plan

is "a reader that leaves early is no error" \
    "$("$S" comprehensive --demo 2>&1 | head -1 >/dev/null; echo "${PIPESTATUS[0]}")" 2
is "and hears no complaint" "$( ("$S" comprehensive --demo --detail | head -1 >/dev/null) 2>&1)" ""
if [ -w /dev/full ]; then
    both "a full disk is told" 74 "No space left on device" bash -c '"$S" comprehensive --demo >/dev/full'
    both "a full disk behind -O is told" 74 '"/dev/full": No space left' "$S" comprehensive --demo -O /dev/full
    both "a full disk for a snapshot is told" 74 "No space left" bash -c '"$S" --demo collect - >/dev/full'
else
    skip "a full disk is told" "there is no /dev/full"
fi
both "a closed standard output is told" 74 "could not write" bash -c '"$S" comprehensive --demo >&-'
both "-O into a missing folder is told" 74 "No such file" "$S" comprehensive --demo -O no/where
both "-O onto a folder is told" 74 "Is a directory" "$S" comprehensive --demo -O .

echo old >report
ln -s report link
status "-O writes the report" 2 "$S" comprehensive --demo -O link -o json
is "-O prints nothing" "$OUT" ""
ok "-O wrote all of it" python3 -m json.tool report
ok "-O keeps a link a link" test -L link
is "-O leaves nothing beside" "$(ls -d report.* link.* 2>/dev/null)" ""
is "-O makes a file as the umask says" "$(umask 027; "$S" list formats -O new; stat -c %a new)" 640
is "-O to a file has no colour" "$("$S" comprehensive --demo --color auto -O - | grep -c $'\033')" 0

ok "collect of the demo" "$S" --demo collect copy.srd
like "collect says what it kept" "$OUT" "questions answered"
both "collect does not replace a file" 64 "exists" "$S" --demo collect copy.srd
ok "collect --force does" "$S" --demo collect copy.srd --force
ok "collect can compress" "$S" --demo collect copy.srd.gz
is "a compressed file is gzip" "$(head -c 2 copy.srd.gz | od -An -tx1 | tr -d ' ')" 1f8b
is "a snapshot is for its owner only" "$(stat -c %a copy.srd)" 600
status "a snapshot is diagnosed like the cluster" 2 "$S" --input copy.srd comprehensive
ok "collect to standard output" bash -c '"$S" --demo collect - 2>/dev/null | "$S" --input - storage disks'
head -c 2000 copy.srd >cut.srd
both "a cut snapshot is refused with its line" 65 "line [0-9]+" "$S" --input cut.srd comprehensive
both "a missing snapshot is told" 74 "nowhere.srd" "$S" --input nowhere.srd comprehensive
both "an empty snapshot is refused" 65 "/dev/null" "$S" --input /dev/null comprehensive

unlike "no colour without a terminal" "$("$S" comprehensive --demo)" $'\033'
like "--color always colours" "$("$S" comprehensive --demo --color always)" $'\033'
like "a terminal has colour" "$(pty 100 500 "$S" comprehensive --demo)" $'\033'
unlike "NO_COLOR is respected" "$(NO_COLOR=1 pty 100 500 "$S" comprehensive --demo)" $'\033\\[[0-9;]*m'
unlike "a dumb terminal has no colour" "$(TERM=dumb pty 100 500 "$S" comprehensive --demo)" $'\033'
is "a report fits the terminal" "$(pty 80 500 "$S" comprehensive --demo --color never |
    python3 -c 'import sys; print(sum(len(line.rstrip("\n")) > 80 and "  " in line[60:] for line in sys.stdin))')" 0
for view in "storage disks" "storage tablets" "storage replicas" "storage tables" "compaction status" "compaction partitions" \
    "compaction history" "load-jobs list" "load-jobs failed" "load-jobs status events_batch_0" "ingestion stream-load" \
    "ingestion routine-load" "cluster nodes" "transactions running"; do
    is "$view fits the terminal and says something" "$(pty 80 500 "$S" --demo $view --color never |
        python3 -c 'import sys; lines = sys.stdin.read().splitlines(); print(len(lines) > 3, max(map(len, lines)) <= 80)')" "True True"
done
like "long output goes through the pager" "$(PAGER='sed s/^/paged:/' pty 80 10 "$S" comprehensive --demo)" "^paged:"
unlike "short output does not" "$(PAGER='sed s/^/paged:/' pty 80 500 "$S" comprehensive --demo)" "^paged:"
unlike "--no-pager is respected" "$(PAGER='sed s/^/paged:/' pty 80 10 "$S" comprehensive --demo --no-pager)" "^paged:"
like "a pager that is not there does not lose the output" \
    "$(PAGER=/no/such/pager pty 80 10 "$S" comprehensive --demo)" "StarRocks 3"
PAGER=cat pty 80 10 "$S" comprehensive --demo >/dev/null
is "the exit status survives the terminal" $? 2
plan_end
