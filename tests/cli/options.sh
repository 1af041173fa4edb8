#!/bin/bash
# What does srdiag say to somebody who mistypes, forgets, or asks for help?
. "$(dirname "$0")/setup.bash"

ok "srdiag alone helps" "$S"
like "the short help names the demo" "$OUT" "srdiag comprehensive --demo"
is "the short help has five commands" "$(printf '%s\n' "$OUT" | grep -c '^  srdiag ')" 5
ok "help lists everything" "$S" help
like "help lists the experts" "$OUT" "^  storage \[VIEW\]"
like "help lists the options" "$OUT" "^  -o, --output FORMAT"
unlike "help does not list what is not there yet" "$OUT" "login-path|defaults-file"
ok "--help is help" "$S" --help
ok "-h as the last word is help" "$S" -h
like "that help is the long one" "$OUT" "^  -h, --host HOST"
both "help of a command shows its views" 0 "^  storage disks " "$S" help storage
both "--help behind a command is help of that command" 0 "^  storage disks " "$S" storage --help
both "-h behind a command is help of that command" 0 "^  storage disks " "$S" storage -h
both "help of a view shows columns and tool" 0 "get_large_tables" "$S" help storage tables
both "help of an alias works" 0 "^srdiag check" "$S" help check
both "help survives a faulty rest" 0 "^srdiag list" "$S" list --nonsense --help
both "help of nothing known names the nearest" 64 'did you mean "storage"' "$S" help storge
for command in $("$S" list commands -o csv | tail -n +2 | cut -d, -f1); do
    ok "help knows $command" "$S" help "$command"
    unlike "in 80 columns: help $command" "$OUT" "^.{81}"
done
ok "the list of commands" "$S" help
unlike "in 80 columns: the list of commands" "$OUT" "^.{81}"

both "--version prints the version" 0 "^srdiag [0-9]+\.[0-9]+" "$S" --version
both "-V does so, too" 0 "^srdiag [0-9]" "$S" -V
both "version as JSON" 0 '"version": ?"[0-9]' "$S" version -o json

both "an unknown command names the nearest" 64 'unknown command "storge"; did you mean "storage"' "$S" storge
both "an unknown view names the nearest" 64 'no view "diks"; did you mean "disks"' "$S" storage diks
both "an unknown option names the nearest" 64 '"--detial" for storage; did you mean "--detail"' "$S" storage --detial
both "an abbreviated option is refused" 64 'did you mean "--output"' "$S" storage --outp json
both "an unknown format names the nearest" 64 'no format "jsn"; did you mean "json"' "$S" list -o jsn
both "an unknown level names all" 64 "ok, info, warning, critical" "$S" storage --severity wrn
both "an unknown check names the nearest" 64 'did you mean "storage.disk-hard-limit"' \
    "$S" storage --demo --only storage.disk-hard-limi
both "a pattern that matches no check is no healthy cluster" 64 "there is no check" \
    "$S" storage --demo --only 'compaktion.*'
both "an unknown threshold names the nearest" 64 'did you mean "storage.tablet-count-per-node"' \
    "$S" storage --demo --set storage.tablet-count-per-nod=1
both "a part that a threshold does not have names the nearest" 64 'did you mean "storage.quota.critical"' \
    "$S" storage --demo --set storage.quota.critcal=1
both "a part that is like no other names what there is" 64 "storage.quota has storage.quota, storage.quota.critical" \
    "$S" storage --demo --set storage.quota.very-much-later=1
both "a check without thresholds is told" 64 "storage.medium-mismatch has none" "$S" storage --demo --set storage.medium-mismatch=1
both "an unknown value of the configuration names the nearest" 64 'did you mean "tablet_max_versions"' \
    "$S" compaction --demo --set tablet_max_version=9
both "what is like nothing says where to look" 64 "srdiag list limits" "$S" storage --demo --set elephants=9
both "a threshold that is no number is refused" 64 "NAME=NUMBER" "$S" storage --demo --set storage.x=many
both "an unknown kind of list names the nearest" 64 'did you mean "checks"' "$S" list chekcs
both "an unknown thing to explain names the nearest" 64 'did you mean "RC-01"' "$S" explain RC-1
both "an unknown expert names the nearest" 64 'did you mean "storage"' "$S" grants --for storge
both "an option of another view says whose it is" 64 "but of storage tables" "$S" storage disks --limit 5
both "an option out of range says the range" 64 "from 1 to" "$S" storage tables --limit 0 --demo
for hours in 0 -1 73 1000000000 abc; do
    both "--hours $hours of a diagnosis says the range" 64 "\"$hours\" is not a number from 1 to 72" \
        "$S" ingestion --demo --hours "$hours"
done
both "--hours without a value is told" 64 "the value is empty" "$S" ingestion --demo --hours ""
both "--hours is no option of another view" 64 "but of ingestion itself, stream-load" "$S" ingestion routine-load --hours 3 --demo
both "nor of another diagnosis" 64 "but of compaction history" "$S" compaction --hours 3 --demo
both "nor of all of them" 64 'unknown option "--hours"' "$S" comprehensive --hours 3 --demo
both "help says what the diagnosis takes" 0 "--hours N +how far to look back, 1 to 72, default 24" "$S" help ingestion
is "a report in JSON has its arguments" \
    "$("$S" ingestion --demo --hours 5 -o json | tr -d ' \n' | grep -o '"arguments":{[^}]*}')" '"arguments":{"hours":5}'
is "and the default where nobody gave one" \
    "$("$S" ingestion --demo -o json | tr -d ' \n' | grep -o '"arguments":{[^}]*}')" '"arguments":{"hours":24}'
is "but none where there are none" "$("$S" storage --demo -o json | grep -c '"arguments"')" 0
like "list experts has them" "$("$S" list experts -o csv)" "^ingestion,.*,--hours"
both "a view makes no checks" 64 "is a view" "$S" storage disks --demo --only 'storage.*'
both "one word too many is told" 64 "one word too many" "$S" storage disks more --demo
both "a missing operand is told" 64 "collect wants FILE" "$S" collect
both "an option without a meaning here is told" 64 "no meaning for version" "$S" version --set a=1
both "--plan needs a command that asks" 64 "no meaning for list" "$S" list --plan
both "MySQL option files are told to be missing" 64 "not read yet" "$S" storage --defaults-file=x
both "--login-path is told to be missing" 64 "not read yet" "$S" --login-path=x storage
both "options without a command are told" 64 "no command" "$S" -v
both "a host without a command may have meant help" 64 "srdiag help explains" "$S" -h storage
both "demo and file exclude each other" 64 "choose one" "$S" storage --demo --input x
both "demo and host exclude each other" 64 "choose one" "$S" storage --demo -h fe1
both "-p needs a terminal to ask on" 64 "no terminal" setsid "$S" storage -h 127.0.0.1 -P 1 -p
is "an error is one line" "$("$S" storge 2>&1 | wc -l)" 1
is "an error leaves stdout empty" "$("$S" storge 2>/dev/null)" ""

status "a wrong password slip" 64 "$S" -p geheim storage
unlike "a password in the wrong place is not repeated" "$OUT" geheim
status "a wrong port slip" 64 "$S" storage -Pgeheim
unlike "a password behind -P is not repeated" "$OUT" geheim

both "an option of the server is refused elsewhere" 64 "an option of serve" "$S" storage --demo --listen 1
plan_end
