#!/bin/sh
# Do the arrows between the layers still point one way? Reads the source, prints TAP.
#
#   tests/layers.sh [ROOT]
#
# Rules: includes point left; a library's header has one owner; SQL stands in probes; only main() ends
# the process; only the log writes to the terminal. A new layer or library gets its line in BEGIN.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 2

find lib experts cmd -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort | xargs awk '
BEGIN {
    may["lib/base"]   = " lib/base "
    may["lib/model"]  = " lib/base lib/model "
    may["experts"]    = " lib/base lib/model experts "
    may["lib/render"] = " lib/base lib/model lib/render "
    may["lib/net"]    = " lib/base lib/net "
    may["lib/mcp"]    = " lib/base lib/mcp "
    may["lib/source"] = " lib/base lib/model lib/net lib/source "
    may["lib/engine"] = " lib/base lib/model lib/render lib/source lib/engine "
    may["lib/serve"]  = " lib/base lib/model lib/net lib/mcp lib/render lib/source lib/engine lib/serve "
    may["lib/agent"]  = may["lib/serve"] "lib/agent "
    may["cmd"]        = may["lib/agent"] "experts cmd "

    # headers, and the files that may include them
    owner["cJSON[.]h"]                                         = "^lib/base/json[.]c$"
    owner["^uni(case|ctype|conv|gbrk|name|norm|stdio|str|types|wbrk|width)[.]h"] = "^lib/base/utf8[.]c$"
    owner["^openssl/"]                                         = "^lib/base/crypto[^/]*[.]c$"
    owner["libsmartcols"]                                      = "^lib/render/table[.]c$"
    owner["mysql|mariadb|errmsg[.]h|ma_"]                      = "^lib/source/live[^/]*[.][ch]$"
    owner["^zlib[.]h"]                                         = "^lib/source/snapshot[^/]*[.]c$"
    owner["^microhttpd"]                                       = "^lib/net/http_server[^/]*[.]c$"
    owner["^curl/"]                                            = "^lib/net/http_client[^/]*[.]c$"
    owner["histedit|editline|readline"]                        = "^cmd/repl[^/]*[.]c$"
    owner["^sqlite3"]                                          = "^lib/history/[^/]*[.]c$"
    owner["^ut(hash|list|array|string|ringbuffer|stack)[.]h"]  = "[.]c$"

    speaks_sql = "^(lib/model/identity[.]c|lib/source/live[^/]*[.][ch])$"
    prints     = "^lib/base/(log|arena)[.]c$"
    name[1] = "includes point left only"
    name[2] = "a library is included by its owner only"
    name[3] = "SQL stands in probes only"
    name[4] = "nothing in lib or experts ends the process"
    name[5] = "nothing in lib or experts prints, except the log"
    name[6] = "main() is the only one in cmd to end the process"
    rules = 6
}

function wrong(rule, what) { found[rule] = found[rule] "#   " FILENAME ":" FNR ": " what "\n" }

function layer_of(path) {
    if (path ~ /^lib\/[^\/]*\//) {
        sub(/^lib\//, "", path)
        sub(/\/.*/, "", path)
        return "lib/" path
    }
    sub(/\/.*/, "", path)
    return path
}

function check_include(line,   target, angled, to) {
    angled = line ~ /include[ \t]*</
    target = line
    sub(/^[^<"]*[<"]/, "", target)
    sub(/[>"].*/, "", target)
    to = layer_of(target)
    if (!(layer in may))
        wrong(1, "no rule for the layer " layer)
    else if (!angled && target !~ /^(lib\/[^\/]+|experts|cmd)\//)
        wrong(1, "\"" target "\" does not begin with a layer")
    else if (!angled && index(may[layer], " " to " ") == 0)
        wrong(1, layer " may not include " target)
    for (header in owner)
        if (target !~ /^(lib|experts|cmd)\// && target ~ header && FILENAME !~ owner[header])
            wrong(2, target " belongs to another file")
}

# Empties comments and strings out of the line, and looks at each string on the way.
function strip(line,   out, text) {
    out = ""
    for (;;) {
        if (comment) {
            if (!match(line, /\*\//))
                return out
            line = substr(line, RSTART + 2)
            comment = 0
        }
        if (!match(line, /"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047|\/\*|\/\//))
            return out line
        out = out substr(line, 1, RSTART - 1) " "
        text = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (text == "//")
            return out
        if (text == "/*")
            comment = 1
        else if (text ~ /^"[ \t]*(\/\*.*\*\/[ \t]*)?(SELECT|SHOW|ADMIN)[ \t]/ &&
                 FILENAME ~ /^lib\// && FILENAME !~ speaks_sql)
            wrong(3, text)
    }
}

FNR == 1 { comment = 0; layer = layer_of(FILENAME) }
!comment && /^[ \t]*#[ \t]*include/ { check_include($0); next }
!comment && !/["\047\/(]|std(out|err)|STD(OUT|ERR)/ { next } # nothing in it that the rest looks at
{
    code = " " strip($0)
    if (FILENAME ~ /^cmd\//) {
        # _exit() is allowed: a forked child has to
        if (FILENAME != "cmd/main.c" && code ~ /[^A-Za-z0-9_](exit|quick_exit)[ \t]*\(/)
            wrong(6, "ends the process")
        next
    }
    if (FILENAME ~ prints)
        next
    if (code ~ /[^A-Za-z0-9_](_exit|_Exit|exit|quick_exit)[ \t]*\(/)
        wrong(4, "ends the process")
    if (code ~ /[^A-Za-z0-9_](printf|vprintf|puts|putchar|perror|psignal|warnx?|errx?)[ \t]*\(/ ||
        code ~ /[^A-Za-z0-9_](stdout|stderr|STDOUT_FILENO|STDERR_FILENO)([^A-Za-z0-9_]|$)/)
        wrong(5, "writes to the terminal")
}

END {
    print "1.." rules
    for (rule = 1; rule <= rules; rule++) {
        print (rule in found ? "not ok " : "ok ") rule " - " name[rule]
        if (rule in found) {
            printf "%s", found[rule]
            bad = 1
        }
    }
    exit bad
}'
