#!/bin/sh
# How does a test get a simulator for the time of one command?
#
#   tests/sim/run.sh SCENARIO [sim options] -- COMMAND ARGS...
#
# Exports SIM_HOST SIM_PORT SIM_HTTP_PORT SIM_JSON, runs COMMAND, ends the simulator, returns the status of
# COMMAND; 99 when the simulator does not start. SIM_PYTHON names another python than build/venv's.
here=$(cd "$(dirname "$0")" && pwd) || exit 99
root=$(cd "$here/../.." && pwd)
python=${SIM_PYTHON:-$root/build/venv/bin/python}
[ $# -ge 1 ] || { echo "usage: run.sh SCENARIO [sim options] -- COMMAND ARGS..." >&2; exit 99; }
scenario=$1
shift
options=
# options are quoted one by one, so that --faults '[{"match": "x"}]' arrives as it is
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options="$options '$(printf %s "$1" | sed "s/'/'\\\\''/g")'"
    shift
done
[ $# -ge 2 ] || { echo "run.sh: no command after --" >&2; exit 99; }
shift
dir=$(mktemp -d) || exit 99
mkfifo "$dir/in" || exit 99
eval "PYTHONPATH=\"\$root/tests\" \"\$python\" -m sim --scenario \"\$scenario\" $options <\"\$dir/in\" >\"\$dir/out\"" &
pid=$!
# the simulator ends when the last writer of its standard input is gone; COMMAND must not inherit it
exec 9>"$dir/in"
tries=0
while [ ! -s "$dir/out" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 400 ] || ! kill -0 $pid 2>/dev/null; then
        echo "run.sh: the simulator did not start" >&2
        exec 9>&-
        kill $pid 2>/dev/null
        rm -rf "$dir"
        exit 99
    fi
    sleep 0.025
done
SIM_JSON=$(cat "$dir/out")
field() { printf %s "$SIM_JSON" | sed -n "s/^{\"host\": \"\([^\"]*\)\", \"port\": \([0-9]*\), \"http_port\": \([0-9]*\).*/\\$1/p"; }
SIM_HOST=$(field 1) SIM_PORT=$(field 2) SIM_HTTP_PORT=$(field 3)
export SIM_JSON SIM_HOST SIM_PORT SIM_HTTP_PORT
"$@" 9>&-
status=$?
exec 9>&-
wait $pid 2>/dev/null
rm -rf "$dir"
exit $status
