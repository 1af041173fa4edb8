#!/bin/sh
# Runs one fuzz target for some seconds: tests/fuzz/run.sh build/fuzz/fuzz_x 60. Prints TAP. New inputs
# are kept beside the target (under build/); a find is printed with the way to repeat it.
set -u
target=$1 seconds=$2
name=$(basename "$target")
seeds=tests/fuzz/corpus/${name#fuzz_}
found=$target.corpus
mkdir -p "$found"
[ -d "$seeds" ] || seeds=
echo 1..1
if out=$("$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$target." \
    -print_final_stats=1 "$found" $seeds 2>&1); then
    runs=$(printf '%s\n' "$out" | sed -n 's/^stat::number_of_executed_units: *//p')
    echo "ok 1 - $name finds nothing in $seconds s"
    echo "# $runs runs"
else
    echo "not ok 1 - $name finds nothing in $seconds s"
    printf '%s\n' "$out" | tail -40 | sed 's/^/# /'
    exit 1
fi
