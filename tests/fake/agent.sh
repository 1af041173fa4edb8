#!/bin/sh
# agent.sh start|stop|restart|status|logs: the agent of this folder, as install-agent.sh of version 0.1.0 wrote it.
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
