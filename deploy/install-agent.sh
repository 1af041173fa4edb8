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
# earlier installation stay. A new version that does not get healthy is taken back at once.
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

# ---- what stays: configuration, scripts ----

token() {
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
}

write_env() {
    [ ! -e "$dir/.env" ] || return 0
    cat >"$dir/.env.new" <<EOF
# The cluster, as seen from this machine. The password stays here.
SR_HOST=127.0.0.1
SR_PORT=9030
SR_USER=root
SR_PASSWORD=
SR_DATABASE=information_schema

# The agent. The centre must show the token; it was made for this installation.
AGENT_PORT=8080
AGENT_TOKEN=$(token)
# This machine alone by default. For a centre elsewhere, the address of this machine in its network:
#SRDIAG_LISTEN=10.0.1.50:8080
EOF
    mv "$dir/.env.new" "$dir/.env"
    say "Configuration:    $dir/.env (new: edit it, then start)"
    say "Agent token:      $(sed -n 's/^AGENT_TOKEN=\(........\).*/\1/p' "$dir/.env")... (64 characters, in that file)"
}

write_scripts() {
    cat >"$dir/agent.sh.new" <<'EOF'
#!/bin/sh
# agent.sh start|stop|restart|status|logs: the agent of this folder. Written by install-agent.sh.
set -eu
umask 077
cd "$(dirname "$0")"

# Sets $pid if the process of agent.pid is an agent, and not whoever got its number later.
running() {
    pid=$(cat agent.pid 2>/dev/null) || return 1
    case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in *srdiag*" agent "*) return 0 ;; esac
    return 1
}
nap() {
    sleep 0.2 2>/dev/null || sleep 1 # POSIX knows whole seconds only
}
setting() {
    sed -n "s/^$1=//p" .env | tail -n 1
}
healthy() {
    listen=$(setting SRDIAG_LISTEN)
    [ -n "$listen" ] || listen=$(setting AGENT_PORT)
    bin/srdiag healthcheck --listen "${listen:-8080}"
}
start() {
    if running; then
        echo "The agent runs already (process $pid)."
        return 0
    fi
    nohup bin/srdiag agent --audit-file audit.log >>agent.log 2>&1 </dev/null &
    pid=$!
    echo "$pid" >agent.pid
    tries=0
    until healthy >/dev/null 2>&1; do
        tries=$((tries + 1))
        if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 75 ]; then
            echo "The agent did not get healthy:" >&2
            tail -n 5 agent.log >&2
            kill "$pid" 2>/dev/null || :
            rm -f agent.pid
            return 1
        fi
        nap
    done
    echo "The agent runs (process $pid)."
}
stop() {
    if ! running; then
        echo "The agent does not run."
        rm -f agent.pid
        return 0
    fi
    kill "$pid"
    tries=0
    while running; do
        tries=$((tries + 1))
        if [ "$tries" -gt 75 ]; then
            kill -9 "$pid" 2>/dev/null || :
            break
        fi
        nap
    done
    rm -f agent.pid
    echo "The agent has ended."
}

case ${1-} in
start | stop) "$1" ;;
restart)
    stop
    start
    ;;
status)
    bin/srdiag --version
    if running; then echo "process $pid"; else echo "no process"; fi
    healthy
    ;;
logs)
    shift
    exec tail -n 100 "$@" agent.log
    ;;
*)
    echo "usage: agent.sh start|stop|restart|status|logs [-f]" >&2
    exit 64
    ;;
esac
EOF
    chmod 700 "$dir/agent.sh.new"
    mv "$dir/agent.sh.new" "$dir/agent.sh"
    for word in start stop status logs; do
        # shellcheck disable=SC2016 # for the script that is written
        printf '#!/bin/sh\nexec "$(dirname "$0")/agent.sh" %s "$@"\n' "$word" >"$dir/$word.sh.new"
        chmod 700 "$dir/$word.sh.new"
        mv "$dir/$word.sh.new" "$dir/$word.sh"
    done
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
is_running() {
    [ -x "$dir/agent.sh" ] && "$dir/agent.sh" status 2>/dev/null | grep -q '^process '
}
# switch_to TARGET: makes it the current one; an agent that runs is restarted and must get healthy.
switch_to() {
    before=$(target srdiag)
    was_running=no
    if [ "$start" = yes ] && is_running; then
        was_running=yes
        "$dir/agent.sh" stop
    fi
    link srdiag "$1"
    if [ "$was_running" = yes ] && ! "$dir/agent.sh" start; then
        link srdiag "$before"
        "$dir/agent.sh" start || :
        fail "the version before is back"
    fi
    [ -z "$before" ] || [ "$before" = "$1" ] || link srdiag.previous "$before"
}
# Only the current and the previous one are kept.
forget_old() {
    for old in "$dir"/versions/*; do
        case $old in
        "$dir/versions/$(basename "$(dirname "$(target srdiag)")")") ;;
        "$dir/versions/$(basename "$(dirname "$(target srdiag.previous)")")") ;;
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
    mkdir -p "$dir/versions" "$dir/bin"
    name=$version-$(sha256sum <"$work/srdiag" | cut -c1-12)
    if [ "$(target srdiag)" = "../versions/$name/srdiag" ] && [ -x "$dir/bin/srdiag" ]; then
        say "srdiag $version is installed already."
    else
        mkdir -p "$dir/versions/$name"
        mv -f "$work/srdiag" "$dir/versions/$name/srdiag"
        new=yes
    fi
    write_env
    write_scripts
    [ -z "${new-}" ] || switch_to "../versions/$name/srdiag"
    forget_old
    say "Installed:        srdiag $version in $dir"
    say "Start it:         $dir/start.sh      (stop.sh, status.sh, logs.sh)"
    say "After a reboot:   @reboot $dir/start.sh      in the crontab of this user"
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
    "$dir/agent.sh" status
    ;;
uninstall)
    [ -d "$dir" ] || fail "nothing is installed in $dir"
    [ -x "$dir/agent.sh" ] || [ -d "$dir/versions" ] || fail "$dir is no installation of the agent"
    lock
    [ ! -x "$dir/agent.sh" ] || "$dir/agent.sh" stop
    (
        cd "$dir"
        rm -rf bin versions agent.sh start.sh stop.sh status.sh logs.sh
    )
    if [ "$purge" = yes ]; then
        rm -f "$dir/.env" "$dir/agent.log" "$dir/audit.log" "$dir/nohup.out"
        cleanup
        rmdir "$dir" 2>/dev/null || say "Left:             $dir (it holds files that are not the agent's)"
    else
        say "Left:             $dir/.env and the logs (--purge takes them away)"
    fi
    ;;
esac
