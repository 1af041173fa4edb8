#!/bin/bash
# Is everything that can be typed in the manual, and does the manual read well?
. "$(dirname "$0")/setup.bash"
page=$root/man/srdiag.1
plain=$(sed 's/\\-/-/g; s/\\f.//g' "$page")

# experts come and go in the catalogue; the manual points to `srdiag list experts` for them
experts=" $("$S" list experts -o csv | tail -n +2 | cut -d, -f1 | tr '\n' ' ') "
like "the manual says where the experts are" "$plain" "srdiag list experts"
for command in $("$S" list commands -o csv | tail -n +2 | cut -d, -f1); do
    [[ $experts == *" $command "* ]] && continue
    like "the manual has the command $command" "$plain" "(^|[^a-z-])$command([^a-z-]|\$)"
done
for option in $("$S" list options -o csv | tail -n +2 | cut -d, -f1); do
    like "the manual has the option $option" "$plain" "(^|[^a-z-])$option([^a-z-]|\$)"
done
for letter in $("$S" list options -o csv | tail -n +2 | cut -d, -f2); do
    like "the manual has the letter $letter" "$plain" "(^|[^a-z-])[$letter](,|\[|\$| )"
done
for option in $(printf '%s\n' "$plain" | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
    case $option in
    --for | --gzip | --force | --share-sql | --role | --to | --origin | --limit | --stdio | --http | --sse | --tenant | --url | --deep | --agent-url | --with-key | --finish | --dir | --init | --yes | --show-token | --system | --systemd | --follow) continue ;; # of commands
    esac
    like "the option $option of the manual exists" "$("$S" list options -o csv)" "^$option,"
done
for status in 0 1 2 3 64 65 69 70 74 77 78 124 130; do
    like "the manual has the exit status $status" "$plain" "^$status\|"
done
for name in SR_HOST SR_PORT SR_USER SR_PASSWORD SR_DATABASE SRDIAG_CONFIG SRDIAG_PAGER NO_COLOR; do
    like "the manual has the variable $name" "$plain" "$name"
done
if command -v groff >/dev/null; then
    is "the manual has no mistakes in its markup" "$(groff -t -man -Tutf8 -ww -z "$page" 2>&1)" ""
else
    skip "the manual has no mistakes in its markup" "groff is not installed"
fi
plan_end
