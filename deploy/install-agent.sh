#!/bin/sh
# How does the agent get onto a customer's machine, and how does a new one, or the old one again?
#
#   install-agent.sh FILE          installs, or upgrades to, the srdiag in FILE: .tar.gz, .tar.xz, .deb, .rpm, or
#                                  the program itself; without FILE: the one beside this script, or in PATH
#   install-agent.sh rollback      the version before
#   install-agent.sh status        what is installed, and does it run
#   install-agent.sh uninstall     stops it and takes it away; --purge: configuration and logs, too
#
#   --dir DIR       where to (default $SRDIAG_AGENT_HOME, else ~/.starrocks-agent)
#   --sha256 HEX    FILE must have this digest; FILE.sha256 beside it is looked at anyway
#   --no-start      does not start or restart it
#
# Needs no root, fetches nothing, asks nothing, and may be repeated: the configuration and the token of an
# earlier installation stay (a new one takes SR_HOST, SR_PASSWORD ... of the environment). A new version that
# does not get healthy is taken back at once. Making, starting and stopping the agent is srdiag's own work
# (srdiag help agent); start.sh, stop.sh, status.sh and logs.sh are short names for it.
set -eu
umask 077

say() { printf '%s\n' "$*"; }
fail() {
    printf 'install-agent.sh: %s\n' "$*" >&2
    exit 1
}
usage() {
    sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0" >&2
    exit 64
}

# ---- words ----

command=install file='' dir=${SRDIAG_AGENT_HOME:-} sha256='' start=yes purge=no
while [ $# -gt 0 ]; do
    case $1 in
    --dir | --sha256)
        [ $# -ge 2 ] || usage
        case $1 in --dir) dir=$2 ;; *) sha256=$2 ;; esac
        shift
        ;;
    --no-start) start=no ;;
    --purge) purge=yes ;;
    install | upgrade) command=install ;;
    rollback | status | uninstall) command=$1 ;;
    -*) usage ;;
    *)
        [ -z "$file" ] || usage
        file=$1
        ;;
    esac
    shift
done
[ -n "$dir" ] || dir=${HOME:?HOME is not set: say --dir DIR}/.starrocks-agent
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac

# ---- one at a time ----

work=''
cleanup() {
    [ -z "$work" ] || rm -rf "$work"
    rm -rf "$dir/.lock"
}
lock() {
    mkdir -p "$dir" || fail "cannot write to $dir"
    if ! mkdir "$dir/.lock" 2>/dev/null; then
        owner=$(cat "$dir/.lock/pid" 2>/dev/null || :)
        if [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null; then
            fail "another installation is at work (process $owner)"
        fi
        # its owner was killed
    fi
    echo $$ >"$dir/.lock/pid" || fail "cannot write to $dir"
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# ---- what is in FILE ----

# Without a FILE: the program that came with this script, or the one of the system.
find_file() {
    here=$(cd "$(dirname "$0")" && pwd)
    for candidate in "$here/srdiag" "$here/bin/srdiag" "$here/../bin/srdiag" "$here/../build/srdiag"; do
        if [ -f "$candidate" ] && [ -x "$candidate" ]; then
            file=$candidate
            return
        fi
    done
    file=$(command -v srdiag) || fail "which archive? install-agent.sh FILE"
}

verify() {
    want=$sha256
    if [ -z "$want" ] && [ -f "$file.sha256" ]; then
        want=$(cut -d' ' -f1 <"$file.sha256")
    fi
    [ -n "$want" ] || return 0
    got=$(sha256sum <"$file" | cut -d' ' -f1)
    [ "$got" = "$(printf %s "$want" | tr 'A-F' 'a-f')" ] ||
        fail "$file is damaged or not the right one: its SHA-256 is $got, and not $want"
}

# Puts the program into $work/srdiag.
unpack() {
    mkdir "$work/files"
    case $file in
    *.tar.gz | *.tgz | *.tar.xz | *.tar) tar -C "$work/files" -xof "$file" || fail "cannot unpack $file" ;;
    *.deb)
        command -v dpkg-deb >/dev/null || fail "dpkg-deb is needed to unpack $file"
        dpkg-deb -x "$file" "$work/files" || fail "cannot unpack $file"
        ;;
    *.rpm)
        command -v rpm2cpio >/dev/null || fail "rpm2cpio is needed to unpack $file"
        command -v cpio >/dev/null || fail "cpio is needed to unpack $file"
        rpm2cpio "$file" | (cd "$work/files" && cpio -id --quiet --no-absolute-filenames) ||
            fail "cannot unpack $file"
        ;;
    *)
        mkdir "$work/files/bin"
        cp "$file" "$work/files/bin/srdiag"
        chmod 755 "$work/files/bin/srdiag"
        ;;
    esac
    # a link could lead anywhere: only files count
    found=$(find "$work/files" -type f -path '*/bin/srdiag')
    [ -n "$found" ] || found=$(find "$work/files" -type f -name srdiag -perm -u+x)
    case $found in
    '') fail "there is no program srdiag in $file" ;;
    *"
"*) fail "there is more than one program srdiag in $file" ;;
    esac
    mv "$found" "$work/srdiag"
    chmod 755 "$work/srdiag"
}

# Sets $version; a program that does not run here must not become the current one.
try() {
    if ! words=$("$work/srdiag" --version 2>&1); then
        missing=$(ldd "$work/srdiag" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | tr '\n' ' ')
        fail "the program in $file does not run on this machine: ${missing:+missing: $missing}${missing:-$words}"
    fi
    version=$(printf '%s\n' "$words" | sed -n '1s/^srdiag \([0-9][0-9A-Za-z.+~-]*\).*/\1/p')
    [ -n "$version" ] || fail "the program in $file is no srdiag"
}

# ---- the agent ----

# Does this program look after an agent by itself? Versions before had a script for that, agent.sh.
knows() {
    [ -x "$1" ] && "$1" help agent 2>/dev/null | grep -q -e '--init'
}
# The program that can be asked about the agent of this folder, whichever version it is of; empty: none.
manager() {
    for program in "$dir/bin/srdiag" "${1-}" "$dir/bin/srdiag.previous"; do
        if [ -n "$program" ] && knows "$program"; then
            echo "$program"
            return
        fi
    done
}
# agent_is_running [PROGRAM], stop_agent [PROGRAM]: PROGRAM is asked if no installed one can be
agent_is_running() {
    by=$(manager "${1-}")
    if [ -n "$by" ]; then
        [ -e "$dir/.env" ] || return 1
        code=0
        "$by" agent status --dir "$dir" >/dev/null 2>&1 || code=$?
        [ "$code" = 0 ] || [ "$code" = 4 ] # 4: it does not answer
    else
        [ -x "$dir/agent.sh" ] && "$dir/agent.sh" status 2>/dev/null | grep -q '^process '
    fi
}
stop_agent() {
    by=$(manager "${1-}")
    if [ -n "$by" ]; then
        [ ! -e "$dir/.env" ] || "$by" agent stop --dir "$dir"
    elif [ -x "$dir/agent.sh" ]; then
        "$dir/agent.sh" stop
    fi
}
start_agent() {
    if knows "$dir/bin/srdiag"; then
        "$dir/bin/srdiag" agent start --dir "$dir"
    else
        "$dir/agent.sh" start
    fi
}

# script NAME COMMAND: $dir/NAME, whole or not at all
script() {
    printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"$dir/$1.new"
    chmod 700 "$dir/$1.new"
    mv "$dir/$1.new" "$dir/$1"
}
# As the current program needs them. The script of a version before stays with that version, for the way back.
write_scripts() {
    # shellcheck disable=SC2016 # for the scripts that are written
    own='"$(dirname "$0")"'
    if knows "$dir/bin/srdiag"; then
        rm -f "$dir/agent.sh"
        for word in start stop status logs; do
            script "$word.sh" "$own/bin/srdiag agent $word --dir $own"
        done
    else
        cp "$dir/versions/$(current srdiag)/agent.sh" "$dir/agent.sh.new"
        mv "$dir/agent.sh.new" "$dir/agent.sh"
        for word in start stop status logs; do
            script "$word.sh" "$own/agent.sh $word"
        done
    fi
}
keep_old_script() {
    [ ! -f "$dir/agent.sh" ] || knows "$dir/bin/srdiag" || [ -z "$(current srdiag)" ] ||
        cp -p "$dir/agent.sh" "$dir/versions/$(current srdiag)/agent.sh"
}

# ---- versions ----

# link NAME TARGET: bin/NAME leads to TARGET; whoever looks sees the old one or the new one
link() {
    rm -f "$dir/bin/.$1.new"
    ln -s "$2" "$dir/bin/.$1.new"
    mv -f "$dir/bin/.$1.new" "$dir/bin/$1"
}
target() { # where bin/$1 leads to
    readlink "$dir/bin/$1" 2>/dev/null || :
}
current() { # the version that is there
    case $(target "$1") in */*) basename "$(dirname "$(target "$1")")" ;; esac
}
# switch_to TARGET: makes it the current one; an agent that runs is restarted and must get healthy.
switch_to() {
    before=$(target srdiag)
    was_running=no
    keep_old_script
    if [ "$start" = yes ] && agent_is_running "$dir/bin/$1"; then
        was_running=yes
        stop_agent "$dir/bin/$1"
    fi
    link srdiag "$1"
    write_scripts
    if [ "$was_running" = yes ] && ! start_agent; then
        link srdiag "$before"
        write_scripts
        start_agent || :
        fail "the version before is back"
    fi
    [ -z "$before" ] || [ "$before" = "$1" ] || link srdiag.previous "$before"
}
# Only the current and the previous one are kept.
forget_old() {
    for old in "$dir"/versions/*; do
        case $old in
        "$dir/versions/$(current srdiag)" | "$dir/versions/$(current srdiag.previous)") ;;
        *) rm -rf "$old" ;;
        esac
    done
}

install_file() {
    [ -n "$file" ] || find_file
    [ -f "$file" ] || fail "there is no file $file"
    case $file in /*) ;; *) file=$PWD/$file ;; esac
    verify
    work=$(mktemp -d "$dir/.work.XXXXXX")
    unpack
    try
    knows "$work/srdiag" || fail "srdiag $version is of before srdiag agent --init: take a newer one"
    mkdir -p "$dir/versions" "$dir/bin"
    name=$version-$(sha256sum <"$work/srdiag" | cut -c1-12)
    if [ "$(target srdiag)" = "../versions/$name/srdiag" ] && [ -x "$dir/bin/srdiag" ]; then
        say "srdiag $version is installed already."
    else
        mkdir -p "$dir/versions/$name"
        mv -f "$work/srdiag" "$dir/versions/$name/srdiag"
        new=yes
    fi
    if [ -n "${new-}" ]; then switch_to "../versions/$name/srdiag"; else write_scripts; fi
    forget_old
    # a configuration that is wrong, or a cluster that is not there, is told and no reason to undo anything
    code=0
    "$dir/bin/srdiag" agent --init --yes --dir "$dir" || code=$?
    case $code in 0 | 69 | 77) ;; *) exit "$code" ;; esac
    say "Installed:        srdiag $version in $dir"
    say "Edit:             $dir/.env      (SR_HOST, SR_USER, SR_PASSWORD ...)"
    say "Start it:         $dir/start.sh      (stop.sh, status.sh, logs.sh)"
    set -- "$dir"/srdiag-agent*.service
    [ -e "$1" ] || say "After a reboot:   @reboot $dir/start.sh      in the crontab of this user"
}

case $command in
install)
    lock
    install_file
    ;;
rollback)
    [ -n "$(target srdiag.previous)" ] || fail "there is no version before this one in $dir"
    lock
    switch_to "$(target srdiag.previous)"
    say "Back to:          $("$dir/bin/srdiag" --version | head -n 1)"
    ;;
status)
    [ -x "$dir/bin/srdiag" ] || fail "nothing is installed in $dir"
    "$dir/bin/srdiag" --version
    if knows "$dir/bin/srdiag"; then exec "$dir/bin/srdiag" agent status --dir "$dir"; fi
    "$dir/agent.sh" status
    ;;
uninstall)
    [ -d "$dir" ] || fail "nothing is installed in $dir"
    [ -x "$dir/agent.sh" ] || [ -d "$dir/versions" ] || fail "$dir is no installation of the agent"
    lock
    stop_agent
    for unit in "$dir"/srdiag-agent*.service; do
        [ ! -e "$unit" ] || systemctl --user disable "$(basename "$unit")" || :
        rm -f "$unit"
    done
    (
        cd "$dir"
        rm -rf bin versions agent.sh start.sh stop.sh status.sh logs.sh agent.pid agent.url
    )
    if [ "$purge" = yes ]; then
        rm -f "$dir/.env" "$dir/nohup.out" "$dir"/agent.log* "$dir"/audit.log*
        cleanup
        rmdir "$dir" 2>/dev/null || say "Left:             $dir (it holds files that are not the agent's)"
    else
        say "Left:             $dir/.env and the logs (--purge takes them away)"
    fi
    ;;
esac
