#!/bin/bash
# Does the installer of the agent install, upgrade, go back and go away, and does it survive what goes wrong?
. "$(dirname "$0")/setup.bash"
install=$root/deploy/install-agent.sh
D=$HOME/.starrocks-agent
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
trap '[ ! -x "$D/stop.sh" ] || "$D/stop.sh" >/dev/null 2>&1; rm -rf "$TMP"' EXIT
here=$("$S" --version | sed -n '1s/^srdiag \([^ ]*\).*/\1/p')
rest=${here#?} # so that all versions are as long as the one of this tree

# program FILE DIGIT [ILL]: this srdiag with another version; an ill one ends as soon as it is an agent
program() {
    mkdir -p "$(dirname "$1")"
    if [ -n "${3-}" ]; then
        cat >"$1" <<EOF
#!/bin/sh
case "\$1 \$2" in
"--version ") echo "srdiag $2$rest (catalogue 1)" ;;
"help agent") echo "--init" ;;
*) echo "srdiag: error: this one is ill" >&2; exit 70 ;;
esac
EOF
    else
        LC_ALL=C sed "s/${here//./\\.}/$2$rest/g" "$S" >"$1"
    fi
    chmod 755 "$1"
}
# archive DIGIT [ILL]: srdiag-DIGIT.tar.gz, as make install and tar make one
archive() {
    rm -rf pack
    program pack/usr/local/bin/srdiag "$@"
    mkdir -p pack/usr/local/share/bash-completion/completions
    echo "# not the program" >pack/usr/local/share/bash-completion/completions/srdiag
    tar -C pack -czf "srdiag-$1.tar.gz" .
}
# runs NAME DIGIT: the agent runs, and is of this version
runs() {
    both "$1" 0 "^version +$2$rest" "$D/status.sh"
}

ok "the help is in the script" test -n "$(sh "$install" --help 2>&1 | grep rollback)"
status "words that are not known are refused" 64 sh "$install" --nonsense
both "without a file that is there nothing is done" 1 "there is no file" sh "$install" gone.tar.gz
both "nor is what is not installed rolled back" 1 "no version before" sh "$install" rollback

archive 1
ok "an archive is installed" sh "$install" srdiag-1.tar.gz
like "which one is told" "$OUT" "srdiag 1$rest in $D"
like "the token is made" "$(cat "$D/.env")" "^AGENT_TOKEN=[0-9a-f]{64}$"
unlike "and not shown" "$OUT" "[0-9a-f]{12}"
is "the configuration is its owner's alone" "$(stat -c %a "$D/.env")" 600
is "so is the folder" "$(stat -c %a "$D")" 700
is "the program runs" "$("$D/bin/srdiag" --version | cut -d' ' -f2)" "1$rest"
sed -i "s/^AGENT_PORT=.*/AGENT_PORT=$port/; s/^SR_PASSWORD=.*/SR_PASSWORD=geheim/; s/^SR_PORT=.*/SR_PORT=1/" "$D/.env"
env_before=$(cat "$D/.env")
ok "once more changes nothing" sh "$install" srdiag-1.tar.gz
like "and says so" "$OUT" "1$rest is installed already"
is "the configuration stays" "$(cat "$D/.env")" "$env_before"
both "there is nothing to go back to" 1 "no version before" sh "$install" rollback

both "an agent that does not run is told" 3 "^state +not running" "$D/status.sh"
both "it starts" 0 "The agent runs" "$D/start.sh"
both "once" 0 "runs already" "$D/start.sh"
runs "its status is told" 1
pid=$(cat "$D/agent.pid")
archive 2
ok "an upgrade of a running agent" sh "$install" srdiag-2.tar.gz
runs "restarts it" 2
ok "as another process" test "$pid" != "$(cat "$D/agent.pid")"
is "the configuration stays, too" "$(cat "$D/.env")" "$env_before"

archive 3 ill
both "a version that does not get healthy is refused" 1 "this one is ill" sh "$install" srdiag-3.tar.gz
runs "and the one before runs again" 2
both "one can go back" 0 "Back to: +srdiag 1" sh "$install" rollback
runs "with the agent running" 1
both "and forward again" 0 "Back to: +srdiag 2" sh "$install" rollback
pid=$(cat "$D/agent.pid")
archive 4
ok "a running agent is left alone if asked" sh "$install" --no-start srdiag-4.tar.gz
is "it is the same process" "$(cat "$D/agent.pid")" "$pid"
runs "and its status says of which version" 2
is "only the current version and the one before are kept" \
    "$(ls "$D/versions" | cut -d- -f1 | tr '\n' ' ')" "2$rest 4$rest "
both "its log can be read" 0 "Local Agent is running" "$D/logs.sh"
both "it stops" 0 "has ended" "$D/stop.sh"
both "twice is fine" 0 "does not run" "$D/stop.sh"
echo $$ >"$D/agent.pid"
both "the number of another process is not stopped" 0 "does not run" "$D/stop.sh"

program plain/srdiag 5
ok "a bare program is installed" sh "$install" plain/srdiag
program with/bin/srdiag 6
cp "$install" with/
ok "so is the one beside the script" sh with/install-agent.sh
like "of that version" "$OUT" "srdiag 6$rest"
if command -v dpkg-deb >/dev/null; then
    program deb/usr/bin/srdiag 7
    mkdir deb/DEBIAN
    printf 'Package: srdiag\nVersion: 7\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: x\n' \
        >deb/DEBIAN/control
    dpkg-deb -Znone -b deb srdiag.deb >/dev/null 2>&1
    ok "and a package" sh "$install" srdiag.deb
    like "of its version" "$OUT" "srdiag 7$rest"
else
    skip "and a package" "dpkg-deb is not installed"
fi

archive 1
archive 4
before=$(readlink "$D/bin/srdiag")
both "a wrong digest is refused" 1 "not the right one" sh "$install" --sha256 00 srdiag-4.tar.gz
ok "the right one is fine" sh "$install" --sha256 "$(sha256sum <srdiag-4.tar.gz | cut -d' ' -f1)" srdiag-4.tar.gz
sh "$install" rollback >/dev/null
sha256sum srdiag-1.tar.gz >srdiag-2.tar.gz.sha256
both "a digest beside the archive is looked at" 1 "not the right one" sh "$install" srdiag-2.tar.gz
head -c 300 srdiag-4.tar.gz >cut.tar.gz
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
printf '#!/bin/sh\necho "srdiag 0.0.1 (catalogue 1)"\n' >other
both "one that cannot look after an agent is refused" 1 "take a newer one" sh "$install" other
is "none of them has changed anything" "$(readlink "$D/bin/srdiag")" "$before"
is "or left anything" "$(ls -A "$D" | grep -v -x -e .env -e bin -e versions -e 'a[a-z]*\.log' -e audit.log.head -e agent.pid -e '[a-z]*\.sh')" ""

mkdir "$D/.lock"
echo $$ >"$D/.lock/pid"
both "two at a time do not happen" 1 "another installation is at work" sh "$install" srdiag-1.tar.gz
sh -c 'echo $$' >"$D/.lock/pid"
ok "one that was killed does not stop the next" sh "$install" srdiag-1.tar.gz

ok "the folder may have blanks in its name" sh "$install" --dir "$TMP/a b" srdiag-1.tar.gz
both "and works" 3 "^folder +$TMP/a b$" "$TMP/a b/status.sh"
ok "it may be relative" sh "$install" --dir c srdiag-1.tar.gz
ok "and is then found" "$TMP/c/bin/srdiag" --version
both "what is no installation is not taken away" 1 "is no installation" sh "$install" uninstall --dir "$TMP/pack"
ok "uninstalling" sh "$install" uninstall
is "leaves the configuration and the logs" "$(ls -A "$D" | tr '\n' ' ')" ".env agent.log audit.log audit.log.head "
is "with its token" "$(cat "$D/.env")" "$env_before"
ok "after which it can be installed again" sh "$install" srdiag-1.tar.gz
ok "--purge" sh "$install" uninstall --purge
ok "takes it all" test ! -e "$D"

# an installation of before: its own script, a configuration of before, and a program that knows no --init
mkdir -p "$D/versions/0.0.9-abc" "$D/bin"
chmod 700 "$D"
cat >"$D/versions/0.0.9-abc/srdiag" <<EOF
#!/bin/sh
case \$1 in
--version) echo "srdiag 0.0.9 (catalogue 1)" ;;
help) echo "agent" ;;
*) case "\$*" in *--dir*) echo "unknown option" >&2; exit 64 ;; esac; exec "$S" "\$@" ;;
esac
EOF
chmod 755 "$D/versions/0.0.9-abc/srdiag"
ln -s ../versions/0.0.9-abc/srdiag "$D/bin/srdiag"
cp "$root/tests/fake/agent.sh" "$D/agent.sh"
printf 'SR_HOST=127.0.0.1\nSR_PORT=1\nSR_USER=root\nSR_PASSWORD=old\nAGENT_PORT=%s\nAGENT_TOKEN=%064d\n#SRDIAG_LISTEN=10.0.1.50:8080\n' \
    "$port" 7 >"$D/.env"
chmod 600 "$D/.env"
env_before=$(cat "$D/.env")
both "an agent of a version before runs" 0 "The agent runs" "$D/agent.sh" start
pid=$(cat "$D/agent.pid")
ok "it is upgraded" sh "$install" srdiag-4.tar.gz
runs "and runs" 4
ok "as another process" test "$pid" != "$(cat "$D/agent.pid")"
is "the one before has ended" "$(tr "\0" " " <"/proc/$pid/cmdline" 2>/dev/null)" ""
is "with configuration and token as they were" "$(cat "$D/.env")" "$env_before"
is "the token is that of before" "$(curl -so /dev/null -w '%{http_code}' -H "X-Agent-Token: $(printf %064d 7)" \
    "http://127.0.0.1:$port/collect")" 405
ok "its script is gone" test ! -e "$D/agent.sh"
both "one can go back to it" 0 "Back to: +srdiag 0.0.9" sh "$install" rollback
both "with its own script" 0 "healthy: srdiag" "$D/status.sh"
both "and forward again" 0 "Back to: +srdiag 4" sh "$install" rollback
runs "to one that runs" 4
both "it stops" 0 "has ended" "$D/stop.sh"
ok "and goes" sh "$install" uninstall --purge
ok "without a trace" test ! -e "$D"

# the guide, as a customer would
ok "the environment configures a new one" \
    env SR_HOST=127.0.0.1 SR_PORT=1 SR_USER=diag SR_PASSWORD=geheim AGENT_PORT="$port" sh "$install" "$S"
like "whose cluster is tried" "$OUT" "cannot connect to 127.0.0.1:1"
unlike "without a word of its password" "$OUT" "geheim"
both "start.sh starts it" 0 "The agent runs" "$D/start.sh"
TOKEN=$(cat ~/.starrocks-agent/.env | grep AGENT_TOKEN | cut -d= -f2)
both "health is open" 0 '"status":"healthy"' curl -s "http://localhost:$port/health"
both "the connection is tested with the token of .env" 0 "Database connection failed" \
    curl -s "http://localhost:$port/test-connection" -H "X-Agent-Token: $TOKEN"
both "another token is refused" 0 "Invalid or missing agent token" \
    curl -s "http://localhost:$port/test-connection" -H "X-Agent-Token: x"
both "stop.sh stops it" 0 "has ended" "$D/stop.sh"
ok "and all of it goes" sh "$install" uninstall --purge

# with a systemd of the user
mkdir -p "$TMP/tools"
ln -s "$root/tests/fake/systemctl" "$TMP/tools/systemctl"
PATH=$TMP/tools:$PATH
SR_HOST=127.0.0.1 SR_PORT=1 AGENT_PORT=$port sh "$install" srdiag-1.tar.gz >/dev/null 2>&1
ok "a unit keeps the agent" "$D/bin/srdiag" agent --init --yes --systemd yes
both "start.sh starts it" 0 "srdiag-agent.service" "$D/start.sh"
runs "it runs" 1
ok "an upgrade" sh "$install" srdiag-4.tar.gz
unlike "has no word about crontab" "$OUT" "@reboot"
runs "and restarts it" 4
ok "uninstalling" sh "$install" uninstall --purge
ok "takes it all" test ! -e "$D"
is "and systemd was told" "$(sort -u "$HOME/words" | tr '\n' ';')" \
    "systemctl --user disable srdiag-agent.service;systemctl --user enable $D/srdiag-agent.service;systemctl --user start srdiag-agent.service;systemctl --user stop srdiag-agent.service;"
plan_end
