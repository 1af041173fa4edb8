#!/bin/bash
# Does the health check say yes to a server that is well, and no, in time and in words, to everything else?
. "$(dirname "$0")/setup.bash"
unset PORT HOST API_KEY API_KEYS ALLOWED_IPS

# serve WORDS...: starts srdiag serve on a free port, whose number is then in $port
serve() {
    rm -f port
    timeout 60 "$S" serve --http --listen 127.0.0.1:0 --port-file port "$@" 2>serve.err &
    server=$!
    for _ in $(seq 500); do
        [ -s port ] && break
        sleep 0.02
    done
    port=$(cat port)
}

stop() {
    kill "$server"
    wait "$server"
}

# other PYTHON: a server of somebody else; answers once with what the expression gives, ends by itself
other() {
    rm -f port
    python3 -u -c '
import os, socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); s.settimeout(12)
open("port.new", "w").write(str(s.getsockname()[1])); os.rename("port.new", "port")
c, _ = s.accept()
try:
    '"$1"'
except OSError: pass' &
    server=$!
    for _ in $(seq 500); do
        [ -s port ] && break
        sleep 0.02
    done
    port=$(cat port)
}

serve --demo
both "a server that is well is healthy" 0 "^127.0.0.1:$port: healthy: srdiag [0-9.]+, up " "$S" healthcheck --listen "$port"
both "by its URL, too" 0 "^localhost:$port: healthy" "$S" healthcheck --url "http://localhost:$port/health"
both "and by its port file" 0 "^127.0.0.1:$port: healthy" "$S" healthcheck --port-file port
both "the variable of the server says where it is" 0 ":$port: healthy" env SRDIAG_LISTEN="0.0.0.0:$port" "$S" healthcheck
both "so do the older ones" 0 ":$port: healthy" env PORT="$port" HOST=0.0.0.0 "$S" healthcheck
printf '[server]\nlisten = *:%s\n' "$port" >srdiag.cnf
both "so does the config file" 0 ":$port: healthy" "$S" healthcheck --config srdiag.cnf
both "a variable beats the file" 1 "127.0.0.1:1: unhealthy" env SRDIAG_LISTEN=1 "$S" healthcheck --config srdiag.cnf
printf '[server]\nport-file = port\nlisten = 0\n' >srdiag.cnf
both "a free port is read where the server wrote it" 0 ":$port: healthy" "$S" healthcheck --config srdiag.cnf
printf '[server]\nlisten = nonsense\n' >srdiag.cnf
both "a wrong config file does not make the server ill" 0 ":$port: healthy" \
    env SRDIAG_LISTEN="$port" "$S" healthcheck --config srdiag.cnf
like "but is told" "$OUT" "warning: .*srdiag.cnf.*line 2"
both "its clusters are asked with --deep" 0 "healthy" "$S" healthcheck --listen "$port" --deep
both "as JSON" 0 '"healthy": true' "$S" healthcheck --listen "$port" -o json
both "as CSV" 0 "^127.0.0.1:$port,(yes|true),200," "$S" healthcheck --listen "$port" -o csv
both "the answer of another route is none of health" 1 "no srdiag" "$S" healthcheck --url "http://127.0.0.1:$port/tools"
both "a path that is not there is told" 1 "answered 404 Not found" "$S" healthcheck --url "http://127.0.0.1:$port/nowhere"
is "words go to stdout, for the log of the container" \
    "$("$S" healthcheck --listen "$port" 2>/dev/null | grep -c healthy)" 1
ok "its options may stand before it, too" "$S" --timeout 3 healthcheck --listen "$port"
stop

both "a server that has ended is unhealthy" 1 "^127.0.0.1:$port: unhealthy: nothing listens there" "$S" healthcheck --listen "$port"
both "as JSON, too" 1 '"healthy": false' "$S" healthcheck --listen "$port" -o json
both "a port file that is not there is a server that is not there" 1 "unhealthy: .*could not open" "$S" healthcheck --port-file gone
echo "12x" >wrong
both "a port file may hold anything" 1 "holds no port" "$S" healthcheck --port-file wrong
both "an unknown host is unhealthy" 1 "no such host" "$S" healthcheck --url http://no.such.host.invalid/

serve --demo --allow-ip 10.0.0.0/8
both "who is refused is told why" 1 "answered 403 Forbidden" "$S" healthcheck --listen "$port"
stop
serve -h 127.0.0.1 -P 1
both "a server without its cluster is well" 0 ": healthy" "$S" healthcheck --listen "$port"
both "but not with --deep" 1 'it says "unhealthy": cluster default' "$S" healthcheck --listen "$port" --deep
stop

other 'c.recv(9999); time.sleep(5)'
begin=$SECONDS
both "a silent server is unhealthy, in time" 1 "did not answer in time" "$S" healthcheck --listen "$port" --timeout 500ms
ok "soon" test $((SECONDS - begin)) -le 3
kill "$server" 2>/dev/null
other 'c.recv(9999); c.sendall(b"HTTP/1.1 200 OK\r\n\r\n{"); time.sleep(5)'
both "one that stops in the middle, too" 1 "did not answer in time" "$S" healthcheck --listen "$port" --timeout 500ms
kill "$server" 2>/dev/null
other 'c.recv(9999)
    while True: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 65536)'
both "an answer without an end is left" 1 "has no end" "$S" healthcheck --listen "$port"
wait "$server"
other 'c.close()'
both "one that hangs up is unhealthy" 1 "closed the connection|hung up" "$S" healthcheck --listen "$port"
wait "$server"
other 'c.recv(9999); c.sendall(b"HTTP/1.1 200 OK\r\n\r\n{\"status\":\"healthy\",\"version\":\"\\u001b[2J\"}"); c.close()'
both "what a server says does not reach the terminal as it is" 0 'srdiag \\e\[2J' "$S" healthcheck --listen "$port"
wait "$server"
other 'print(c.recv(9999).decode(), file=open("asked", "w")); c.close()'
status "what is asked" 1 "$S" healthcheck --url "http://127.0.0.1:$port/a?b=c" --deep
like "is one GET" "$(cat asked)" "^GET /a\?b=c&deep=1 HTTP/1.0"
like "with the name it was called by" "$(cat asked)" "^Host: 127.0.0.1:$port"

both "https is told to be none of its languages" 64 "no TLS" "$S" healthcheck --url https://central/health
status "a URL with a password is refused" 64 "$S" healthcheck --url http://me:geheim@central/
unlike "and not repeated" "$OUT" geheim
both "--url and --listen exclude each other" 64 "leave --listen" "$S" healthcheck --url http://a/ --listen 1
both "a port that is none is told" 64 "no \[ADDRESS:\]PORT" "$S" healthcheck --listen http
both "an option of serve alone is refused" 64 "an option of serve" "$S" healthcheck --workers 3
plan_end
