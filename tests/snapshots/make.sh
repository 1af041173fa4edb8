#!/bin/bash
# Makes the snapshot that is built into the program (`make demo`) anew: the simulated cluster of tests/sim/scenarios/demo.py,
# collected as a user would, under addresses and a name that a reader can tell apart.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/sim/run.sh demo --block 99.9 -- sh -c "
    build/srdiag -h \$SIM_HOST -P \$SIM_PORT -u root -q collect '$work/demo.srd'"
sed -e '1s/"cluster":"[^"]*"/"cluster":"demo"/' -e 's/127\.99\.9\./10.0.1./g' "$work/demo.srd" > tests/snapshots/demo.srd
