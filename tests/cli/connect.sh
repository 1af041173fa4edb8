#!/bin/bash
# What happens when the cluster cannot be reached, stays silent, or the user has waited enough?
. "$(dirname "$0")/setup.bash"

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Accepts and says nothing; ends by itself.
silent() {
    python3 -u -c '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); s.settimeout(12)
print(s.getsockname()[1])
held = []
end = time.time() + 12
while time.time() < end:
    try: held.append(s.accept())
    except TimeoutError: break' >"$1" 2>/dev/null &
    while ! [ -s "$1" ]; do sleep 0.02; done
}

# Waits until process $1 has begun to connect.
connecting() {
    for _ in $(seq 250); do
        ls -l "/proc/$1/fd" 2>/dev/null | grep -q socket: && return
        sleep 0.02
    done
}

port=$(free_port)
both "a closed port is told" 69 "127.0.0.1:$port.*refused" "$S" comprehensive -h 127.0.0.1 -P "$port"
is "in one line" "$(printf '%s\n' "$OUT" | wc -l)" 1
status "a closed port leaves stdout empty" 69 bash -c '"$S" comprehensive -o json -h 127.0.0.1 -P '"$port"' 2>/dev/null'
is "and stderr has the words" "$OUT" ""
both "without a host the words say how to name one" 69 "no host was given" env SR_PORT="$port" "$S" storage
both "an unknown host is told" 69 "no.such.host.invalid" "$S" storage -h no.such.host.invalid
status "--exit-zero does not hide that" 69 "$S" storage -h 127.0.0.1 -P "$port" --exit-zero
both "TLS options that contradict each other are told" 78 "ssl-ca" "$S" storage -h 127.0.0.1 --ssl-mode VERIFY_CA
both "clear-text passwords want verified TLS" 78 "VERIFY_IDENTITY" \
    "$S" storage -h 127.0.0.1 --enable-cleartext-plugin

silent silent.port
server=$!
port=$(cat silent.port)
begin=$SECONDS
both "a silent server is given up" 69 "127.0.0.1:$port" "$S" storage -h 127.0.0.1 -P "$port" --connect-timeout 1
ok "soon" test $((SECONDS - begin)) -le 4
begin=$SECONDS
status "--timeout limits connecting, too" 69 "$S" storage -h 127.0.0.1 -P "$port" --timeout 1
ok "soon, again" test $((SECONDS - begin)) -le 4

# The password must not be seen by other users of the machine, nor by anybody who reads the words.
"$S" storage -h 127.0.0.1 -P "$port" -pgeheim1 --connect-timeout 9 >words 2>&1 &
waiting=$!
connecting $waiting
unlike "-pPASSWORD is not in the process list" "$(tr '\0' ' ' </proc/$waiting/cmdline)" geheim
like "the rest of the line is" "$(tr '\0' ' ' </proc/$waiting/cmdline)" "-P $port"
kill -TERM $waiting
wait $waiting
is "SIGTERM ends it in order" $? 130
unlike "no words hold the password" "$(cat words)" geheim
"$S" storage -h 127.0.0.1 -P "$port" --password=geheim2 -vv --connect-timeout 9 >words 2>&1 &
waiting=$!
connecting $waiting
unlike "--password=PASSWORD is not in the process list" "$(tr '\0' ' ' </proc/$waiting/cmdline)" geheim
kill -TERM $waiting
wait $waiting
unlike "not even -vv says it" "$(cat words)" geheim

python3 - "$S" "$port" <<'PY'
import os, signal, subprocess, sys, time
def connecting(pid):
    fds = f"/proc/{pid}/fd"
    try:
        return any("socket" in os.readlink(f"{fds}/{fd}") for fd in os.listdir(fds))
    except FileNotFoundError:  # one was closed while we looked
        return False
p = subprocess.Popen([sys.argv[1], "storage", "-h", "127.0.0.1", "-P", sys.argv[2], "--connect-timeout", "9"],
                     stderr=subprocess.DEVNULL)
for _ in range(250):
    if connecting(p.pid):
        break
    time.sleep(0.02)
begin = time.time()
p.send_signal(signal.SIGINT)
p.wait()
sys.exit(0 if p.returncode == 130 and time.time() - begin < 3 else 1)
PY
is "Ctrl-C ends it soon with status 130" $? 0

# A password that is asked for on the terminal.
cat >ask.py <<'PY'
import os, pty, signal, sys, termios, time
pid, fd = pty.fork()
if not pid:
    os.execv(sys.argv[1], sys.argv[1:-1])
out = b""
while b"assword" not in out:
    out += os.read(fd, 1000)
time.sleep(0.1)
echo = termios.tcgetattr(fd)[3] & termios.ECHO
os.write(fd, {"type": b"geheim\n", "break": b"\x03"}[sys.argv[-1]])
try:
    while piece := os.read(fd, 1000):
        out += piece
except OSError:
    pass
print(out.decode().replace("\r", ""), "ECHO" if echo else "silent", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
asked=$(python3 ask.py "$S" storage -h 127.0.0.1 -P "$(free_port)" -p type)
like "-p asks" "$asked" "Password:"
unlike "what is typed is not shown" "$asked" "geheim|ECHO"
like "then it connects" "$asked" " 69$"
asked=$(python3 ask.py "$S" storage -h 127.0.0.1 -P "$port" -p break)
like "Ctrl-C while it asks is an interruption" "$asked" " 130$"

kill $server 2>/dev/null
wait $server 2>/dev/null
plan_end
