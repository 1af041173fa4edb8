#!/bin/bash
# Does valgrind find an error or a leak in a run from start to end? Prints TAP.
# (The unit tests run under ASan and UBSan; this is the whole program as it is installed.)
. tests/tap.sh
srdiag=${SRDIAG-build/srdiag}
grind() { valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite "$@"; }

for words in "--demo comprehensive --detail" "--demo storage -o json" "--demo storage tables -o csv" "list checks -o json" \
    "explain storage.disk-hard-limit" "--demo comprehensive -o markdown" "storge" "--input README.md storage" \
    "healthcheck --listen 1"; do
    grind "$srdiag" $words >"$TMP/out" 2>&1
    got=$?
    is "valgrind: srdiag $words" "$([ $got = 99 ] && cat "$TMP/out")" ""
done
printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}' \
    '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_disk_usage","arguments":{}}}' >"$TMP/in"
grind "$srdiag" serve --stdio --demo <"$TMP/in" >"$TMP/out" 2>&1
got=$?
is "valgrind: srdiag serve --stdio" "$([ $got = 0 ] || tail -40 "$TMP/out")" ""
is "valgrind: both were answered" "$(grep -c '"id":[12],"result"' "$TMP/out")" 2
tests/sim/run.sh disk-full -- sh -c "valgrind --quiet --error-exitcode=99 --leak-check=full \
    --errors-for-leak-kinds=definite $srdiag -h \$SIM_HOST -P \$SIM_PORT -u root comprehensive" >"$TMP/out" 2>&1
got=$?
is "valgrind: srdiag comprehensive on a simulated cluster" "$([ $got = 2 ] || tail -40 "$TMP/out")" ""
plan_end
