# What every test of the command line begins with: $S is srdiag, $TMP the working directory, and nothing
# of the user's own configuration is in the way.
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
S=${SRDIAG:-build/srdiag}
case $S in
/*) ;;
*) S=$root/$S ;;
esac
[ -x "$S" ] || { echo "Bail out! no program at $S"; exit 2; }
unset ${!SR_@} ${!SRDIAG_@} NO_COLOR COLUMNS PAGER LESS
export S XDG_CONFIG_HOME=$TMP/xdg HOME=$TMP TERM=xterm LC_ALL=C.UTF-8
cd "$TMP" || exit 2

# both NAME WANT_STATUS WANT_REGEX COMMAND...: exit status and words at once
both() {
    both_name=$1 both_status=$2 both_words=$3
    shift 3
    status "$both_name" "$both_status" "$@" && like "$both_name: its words" "$OUT" "$both_words"
}
