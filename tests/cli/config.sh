#!/bin/bash
# Do settings come from where they should, and are wrong files told with file and line?
. "$(dirname "$0")/setup.bash"
mkdir -p "$TMP/xdg/srdiag"
mine=$TMP/xdg/srdiag/srdiag.cnf
origin() { "$S" "${@:2}" config show --origin 2>&1 | grep "^$1 "; }

like "without anything there are defaults" "$(origin host)" "127.0.0.1 +default"
printf '[srdiag]\nhost = cnf\npassword = "geheim#1"\n[cluster prod]\nhost = prod\n' >"$mine"
chmod 600 "$mine"
like "the user's config file is read" "$(origin host)" "cnf +.*srdiag.cnf line 2"
printf 'SR_HOST=dot\nSR_USER="d u"\nPORT=3000\n' >.env
like ".env wins over the config file" "$(origin host)" "dot +.env line 1"
like "values of .env may be quoted" "$(origin user)" "d u +.env line 2"
like "the environment wins over .env" "$(SR_HOST=env origin host)" "env +environment SR_HOST"
like "SRDIAG_HOST wins over SR_HOST" "$(SR_HOST=a SRDIAG_HOST=b origin host)" "b +environment SRDIAG_HOST"
like "an option wins over the environment" "$(SR_HOST=env origin host -h opt)" "opt +option --host"
like "--cluster wins over the environment" "$(SR_HOST=env origin host --cluster prod)" "prod +.*line 5"
like "an option wins over --cluster" "$(origin host --cluster prod -h opt)" "opt +option --host"
rm .env

status "show works" 0 "$S" config show --origin
unlike "a password is never shown" "$OUT" geheim
like "a password is masked" "$OUT" "^password +\*+ +.*line 3"
status "show as JSON works" 0 "$S" config show -o json -pgeheim2
unlike "a password is never shown as JSON" "$OUT" geheim
both "-p alone is shown as a question" 0 "will be asked" "$S" config show -p
both "a good file can be used" 0 "can be used" "$S" config check "$mine"

wrong() { # NAME WORDS TEXT: the file is refused by check, and by every command that reads it
    printf "$3" >wrong.cnf
    both "$1" 78 "$2" "$S" config check wrong.cnf
    both "$1 (in a run)" 78 "$2" "$S" --config wrong.cnf storage --demo
}
wrong "an unknown key names the nearest, with its line" \
    'wrong.cnf line 3: .*unknown key "hosst" in \[srdiag\]; did you mean "host"' '[srdiag]\n# x\nhosst=a\n'
wrong "an unknown section names the nearest" 'line 1: .*\[srdaig\]; did you mean "srdiag"' '[srdaig]\n'
wrong "a wrong value is told" 'line 2: .*port: not a number' '[srdiag]\nport=http\n'
wrong "a # that would cut a password is told" 'line 2: .*quotes' '[srdiag]\npassword=geheim#1\n'
unlike "and the password is not repeated" "$OUT" geheim
wrong "!include is refused" 'line 1: .*!include' '!include /etc/my.cnf\n'
wrong "an unknown threshold in [limits] is told" 'no threshold "storage.tablet-cuont-per-node"' \
    '[limits]\nstorage.tablet-cuont-per-node=1\n'
printf '[srdiag]\na=1\nb=2\n' >wrong.cnf
is "check tells every wrong line" "$("$S" config check wrong.cnf 2>&1 | grep -c 'unknown key')" 2
both "problems as JSON" 78 '"line": ?3' "$S" config check wrong.cnf -o json
both "a missing file is told" 78 "nowhere.cnf" "$S" --config nowhere.cnf storage --demo
both "a broken file does not break help" 0 "^srdiag" "$S" --config wrong.cnf help
both "an unknown cluster names the nearest" 64 'did you mean "prod"' "$S" storage --cluster prd
both "a wrong variable is a matter of configuration" 78 "environment SR_PORT" env SR_PORT=x "$S" storage
both "a mistyped variable is found by check" 0 'SRDIAG_HSOT.*did you mean "SRDIAG_HOST"' \
    env SRDIAG_HSOT=a "$S" config check

printf '[mute]\nstorage.x = "be1; 2030-01-01; why"\n[server]\n[agent]\n' >known.cnf
both "sections of later versions are known" 0 "not used by this version" "$S" config check known.cnf
printf '[limits]\nstorage.tablet-count-per-node = 7\n' >limits.cnf
both "limits are shown with their origin" 0 "limits storage.tablet-count-per-node +7 +limits.cnf line 2" \
    "$S" --config limits.cnf config show --origin

printf '[srdiag]\npassword=geheim\n' >open.cnf
chmod 644 open.cnf
both "a password that others can read is warned about" 0 "warning: open.cnf line 2: .*chmod 600" \
    "$S" --config open.cnf list formats
is "-q keeps the warning away" "$("$S" -q --config open.cnf list formats 2>&1 >/dev/null)" ""
chmod 666 open.cnf
both "a file that everyone can write is refused" 78 "not trusted" "$S" --config open.cnf list formats
printf 'SR_HOST=evil\n' >.env
chmod 666 .env
like "a .env that everyone can write is ignored" "$(origin host)" "cnf +.*srdiag.cnf line 2"
rm .env
mkdir .env
ok "a folder called .env does no harm" "$S" list formats
rmdir .env

printf 's3cret\n' >pass
both "password and password file exclude each other" 64 "choose one" \
    "$S" storage -h 127.0.0.1 -P 1 -px --password-file pass
both "a missing password file is told" 78 "nowhere" "$S" storage -h 127.0.0.1 -P 1 --password-file nowhere
plan_end
