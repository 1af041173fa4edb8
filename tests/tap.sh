# How does a shell test talk to tests/run.py? Source this (bash): . "$(dirname "$0")/../tap.sh"
#
#   ok NAME COMMAND...            the command succeeds
#   status NAME WANT COMMAND...   it ends with this exit status
#   is NAME GOT WANT              two texts are the same
#   like NAME TEXT EGREP          some line of the text matches; unlike: none does
#   skip NAME REASON              it could not be tried, and why
#   plan_end                      last of all: prints the plan, and exits 1 if anything failed
#
# A name is the sentence that is true. What a command printed is shown only if its test fails, and is
# left in $OUT for further questions. Scratch files go into $TMP, which is gone at the end.

TAP_COUNT=0
TAP_BAD=0
OUT=
TMP=$(mktemp -d) || exit 2
trap 'rm -rf "$TMP"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# tap_line HOLDS NAME WORDS: HOLDS is 0 if the sentence is true
tap_line() {
    TAP_COUNT=$((TAP_COUNT + 1))
    if [ "$1" -eq 0 ]; then
        printf 'ok %d - %s\n' "$TAP_COUNT" "$2"
        return 0
    fi
    TAP_BAD=$((TAP_BAD + 1))
    printf 'not ok %d - %s\n' "$TAP_COUNT" "$2"
    printf '%s\n' "$3" | head -n 60 | sed 's/^/# /'
    return 1
}

status() {
    tap_name=$1 tap_want=$2
    shift 2
    OUT=$("$@" 2>&1 </dev/null)
    tap_got=$?
    [ "$tap_got" -eq "$tap_want" ]
    tap_line $? "$tap_name" "$*
exit status $tap_got, not $tap_want
$OUT"
}

ok() {
    tap_name=$1
    shift
    status "$tap_name" 0 "$@"
}

is() {
    [ "$2" = "$3" ]
    tap_line $? "$1" "got:
$2
want:
$3"
}

like() {
    printf '%s\n' "$2" | grep -Eq -e "$3"
    tap_line $? "$1" "no line matches $3
$2"
}

unlike() {
    ! printf '%s\n' "$2" | grep -Eq -e "$3"
    tap_line $? "$1" "a line matches $3
$2"
}

skip() {
    TAP_COUNT=$((TAP_COUNT + 1))
    printf 'ok %d - %s # SKIP %s\n' "$TAP_COUNT" "$1" "$2"
}

plan_end() {
    printf '1..%d\n' "$TAP_COUNT"
    [ "$TAP_BAD" -eq 0 ] || exit 1
    exit 0
}
