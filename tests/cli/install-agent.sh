#!/bin/bash
# Does the installer of the agent install, upgrade, go back and go away, and does it survive what goes wrong?
. "$(dirname "$0")/setup.bash"
install=$root/deploy/install-agent.sh
D=$HOME/.starrocks-agent
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
trap '[ ! -x "$D/agent.sh" ] || "$D/agent.sh" stop >/dev/null 2>&1; rm -rf "$TMP"' EXIT

# program FILE VERSION [ILL]: stands for srdiag; its agent answers /health for a minute, an ill one ends at once
program() {
    mkdir -p "$(dirname "$1")"
    cat >"$1" <<EOF
#!/usr/bin/env python3
import http.server, os, sys, threading
if sys.argv[1] == "--version":
    print("srdiag $2 (catalogue 1)")
elif sys.argv[1] == "healthcheck":
    os.execv("$S", ["$S"] + sys.argv[1:])
elif "${3-}":
    sys.exit("srdiag: error: this one is ill")
else:
    env = dict(line.split("=", 1) for line in open(".env").read().splitlines() if "=" in line and line[0] != "#")
    assert len(env["AGENT_TOKEN"]) == 64
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status": "healthy", "version": "$2"}')
    threading.Timer(60, os._exit, [0]).start()
    http.server.HTTPServer(("127.0.0.1", int(env["AGENT_PORT"])), Answer).serve_forever()
EOF
    chmod 755 "$1"
}
# archive VERSION [ILL]: srdiag-VERSION.tar.gz, as make install and tar make one
archive() {
    rm -rf pack
    program pack/usr/local/bin/srdiag "$@"
    mkdir -p pack/usr/local/share/bash-completion/completions
    echo "# not the program" >pack/usr/local/share/bash-completion/completions/srdiag
    tar -C pack -czf "srdiag-$1.tar.gz" .
}

ok "the help is in the script" test -n "$(sh "$install" --help 2>&1 | grep rollback)"
status "words that are not known are refused" 64 sh "$install" --nonsense
both "without a file that is there nothing is done" 1 "there is no file" sh "$install" gone.tar.gz
both "nor is what is not installed rolled back" 1 "no version before" sh "$install" rollback

archive 1.0.0
ok "an archive is installed" sh "$install" srdiag-1.0.0.tar.gz
like "which one is told" "$OUT" "srdiag 1.0.0 in $D"
like "the token is made" "$(cat "$D/.env")" "^AGENT_TOKEN=[0-9a-f]{64}$"
unlike "and not shown" "$OUT" "[0-9a-f]{12}"
is "the configuration is its owner's alone" "$(stat -c %a "$D/.env")" 600
is "so is the folder" "$(stat -c %a "$D")" 700
is "the program runs" "$("$D/bin/srdiag" --version)" "srdiag 1.0.0 (catalogue 1)"
sed -i "s/^AGENT_PORT=.*/AGENT_PORT=$port/; s/^SR_PASSWORD=.*/SR_PASSWORD=geheim/" "$D/.env"
env_before=$(cat "$D/.env")
ok "once more changes nothing" sh "$install" srdiag-1.0.0.tar.gz
like "and says so" "$OUT" "1.0.0 is installed already"
is "the configuration stays" "$(cat "$D/.env")" "$env_before"
both "there is nothing to go back to" 1 "no version before" sh "$install" rollback

both "an agent that does not run is told" 1 "^no process" "$D/status.sh"
both "it starts" 0 "The agent runs" "$D/start.sh"
both "once" 0 "runs already" "$D/start.sh"
both "its status is healthy" 0 "healthy: srdiag 1.0.0" "$D/status.sh"
pid=$(cat "$D/agent.pid")
archive 1.1.0
ok "an upgrade of a running agent" sh "$install" srdiag-1.1.0.tar.gz
both "restarts it" 0 "healthy: srdiag 1.1.0" "$D/status.sh"
ok "as another process" test "$pid" != "$(cat "$D/agent.pid")"
is "the configuration stays, too" "$(cat "$D/.env")" "$env_before"

archive 1.2.0 ill
both "a version that does not get healthy is refused" 1 "this one is ill" sh "$install" srdiag-1.2.0.tar.gz
both "and the one before runs again" 0 "healthy: srdiag 1.1.0" "$D/status.sh"
both "one can go back" 0 "Back to: +srdiag 1.0.0" sh "$install" rollback
both "with the agent running" 0 "healthy: srdiag 1.0.0" "$D/status.sh"
both "and forward again" 0 "Back to: +srdiag 1.1.0" sh "$install" rollback
pid=$(cat "$D/agent.pid")
archive 1.3.0
ok "a running agent is left alone if asked" sh "$install" --no-start srdiag-1.3.0.tar.gz
is "it is the same process" "$(cat "$D/agent.pid")" "$pid"
is "only the current version and the one before are kept" \
    "$(ls "$D/versions" | cut -d- -f1 | tr '\n' ' ')" "1.1.0 1.3.0 "
both "its log can be read" 0 "" "$D/logs.sh"
both "it stops" 0 "has ended" "$D/stop.sh"
both "twice is fine" 0 "does not run" "$D/stop.sh"
echo $$ >"$D/agent.pid"
both "the number of another process is not stopped" 0 "does not run" "$D/stop.sh"

program plain/srdiag 2.0.0
ok "a bare program is installed" sh "$install" plain/srdiag
program with/bin/srdiag 2.1.0
cp "$install" with/
ok "so is the one beside the script" sh with/install-agent.sh
like "of that version" "$OUT" "srdiag 2.1.0"
if command -v dpkg-deb >/dev/null; then
    program deb/usr/bin/srdiag 2.2.0
    mkdir deb/DEBIAN
    printf 'Package: srdiag\nVersion: 2.2.0\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: x\n' \
        >deb/DEBIAN/control
    dpkg-deb -b deb srdiag.deb >/dev/null 2>&1
    ok "and a package" sh "$install" srdiag.deb
    like "of its version" "$OUT" "srdiag 2.2.0"
else
    skip "and a package" "dpkg-deb is not installed"
fi

before=$(readlink "$D/bin/srdiag")
both "a wrong digest is refused" 1 "not the right one" sh "$install" --sha256 00 srdiag-1.3.0.tar.gz
ok "the right one is fine" sh "$install" --sha256 "$(sha256sum <srdiag-1.3.0.tar.gz | cut -d' ' -f1)" srdiag-1.3.0.tar.gz
sh "$install" rollback >/dev/null
sha256sum srdiag-1.0.0.tar.gz >srdiag-1.1.0.tar.gz.sha256
both "a digest beside the archive is looked at" 1 "not the right one" sh "$install" srdiag-1.1.0.tar.gz
head -c 300 srdiag-1.3.0.tar.gz >cut.tar.gz
both "a damaged archive is refused" 1 "cannot unpack" sh "$install" cut.tar.gz
tar -C pack/usr/local/share -czf empty.tar.gz .
both "an archive without the program is refused" 1 "no program srdiag" sh "$install" empty.tar.gz
mkdir -p two/a/bin two/b/bin
cp pack/usr/local/bin/srdiag two/a/bin
cp pack/usr/local/bin/srdiag two/b/bin
tar -C two -czf two.tar.gz .
both "one with two is refused" 1 "more than one" sh "$install" two.tar.gz
mkdir -p link/bin
ln -s /bin/sh link/bin/srdiag
tar -C link -czf link.tar.gz .
both "a link out of the archive is no program" 1 "no program srdiag" sh "$install" link.tar.gz
printf '#!/bin/sh\nexit 1\n' >other
both "a program that does not run is refused" 1 "does not run on this machine" sh "$install" other
printf '#!/bin/sh\necho something else\n' >other
both "one that is no srdiag is refused" 1 "is no srdiag" sh "$install" other
is "none of them has changed anything" "$(readlink "$D/bin/srdiag")" "$before"
is "or left anything" "$(ls -A "$D" | grep -v -x -e .env -e bin -e versions -e agent.log -e '[a-z]*\.sh')" ""

mkdir "$D/.lock"
echo $$ >"$D/.lock/pid"
both "two at a time do not happen" 1 "another installation is at work" sh "$install" srdiag-1.0.0.tar.gz
sh -c 'echo $$' >"$D/.lock/pid"
ok "one that was killed does not stop the next" sh "$install" srdiag-1.0.0.tar.gz

ok "the folder may have blanks in its name" sh "$install" --dir "$TMP/a b" srdiag-1.0.0.tar.gz
is "and works" "$("$TMP/a b/bin/srdiag" --version)" "srdiag 1.0.0 (catalogue 1)"
ok "it may be relative" sh "$install" --dir c srdiag-1.0.0.tar.gz
ok "and is then found" "$TMP/c/bin/srdiag" --version
both "what is no installation is not taken away" 1 "is no installation" sh "$install" uninstall --dir "$TMP/pack"
ok "uninstalling" sh "$install" uninstall
is "leaves the configuration and the log" "$(ls -A "$D" | tr '\n' ' ')" ".env agent.log "
is "with its token" "$(cat "$D/.env")" "$env_before"
ok "after which it can be installed again" sh "$install" srdiag-1.0.0.tar.gz
ok "--purge" sh "$install" uninstall --purge
ok "takes it all" test ! -e "$D"

if "$S" help agent >/dev/null 2>&1; then
    ok "the agent of this tree is installed" sh "$install" "$S"
    sed -i "s/^AGENT_PORT=.*/AGENT_PORT=$port/" "$D/.env"
    both "it starts with the configuration that was written" 0 "The agent runs" "$D/start.sh"
    both "and is healthy" 0 "healthy: srdiag $("$S" --version | cut -d' ' -f2)" "$D/status.sh"
    both "and stops" 0 "has ended" "$D/stop.sh"
else
    skip "the agent of this tree is installed" "this srdiag has no agent"
fi
plan_end
