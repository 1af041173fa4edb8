#!/bin/bash
# How fast and how small is srdiag as a server, beside other MCP servers? `make bench` asks, or alone:
#
#   tests/bench/server.sh [SRDIAG [SECTION...]]
#
# About a minute and a half. Rows are name, value, target; nothing passes or fails. The load generator has the same
# processors as the server, so an idle machine is wanted; "us of processor" is what also means something on a busy one.
# The others come from npm, once, into build/bench-others; OTHERS=0 leaves them out. SECONDS_EACH=2 a measurement.
set -eu
srdiag=$(realpath "${1:-build/srdiag}")
shift $(($# ? 1 : 0))
cd "$(dirname "$0")/../.."
export LC_ALL=C

for what in wrk build/venv/bin/python; do
    command -v "$what" >/dev/null || { echo "server.sh: $what is missing; make bench installs it" >&2; exit 69; }
done

others=build/bench-others
if [ "${OTHERS-1}" = 0 ]; then
    export OTHERS_NOT="OTHERS=0"
elif ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    export OTHERS_NOT="there is no npm"
elif [ ! -e $others/.done ]; then
    mkdir -p $others
    echo '{"private":true}' > $others/package.json
    # of the database drivers only the one that is used: the others are optional there
    if timeout 600 npm install --prefix $others --no-audit --no-fund --omit=optional --ignore-scripts --loglevel=error \
        @toolbox-sdk/server-linux-x64@1 @bytebase/dbhub mysql2@3 mariadb@3 >$others/npm.log 2>&1; then
        touch $others/.done
    else
        export OTHERS_NOT="npm could not install them: $(grep -m1 . $others/npm.log || true)"
    fi
fi
OTHERS_AT=$(realpath $others 2>/dev/null || true)
export OTHERS_AT

exec tests/sim/run.sh disk-full -- build/venv/bin/python tests/bench/server.py "$srdiag" "$@"
