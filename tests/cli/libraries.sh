#!/bin/bash
# Is a library loaded only when it is needed, and what is said if it is not installed?
. "$(dirname "$0")/setup.bash"

# The program as it would be where a library is not installed: looking for one of another name.
without() {
    sed "s/$1/$2/" "$S" > "$TMP/srdiag" && chmod +x "$TMP/srdiag"
}

unlike "a start loads none of the large ones" "$(readelf -d "$S")" "NEEDED.*(mariadb|crypto|ssl|microhttpd|curl)"

without 'libmariadb\.so\.3' libmariadb.so.9
status "without libmariadb the demo works" 2 "$TMP/srdiag" --demo storage
status "without libmariadb no cluster is asked" 70 "$TMP/srdiag" -h 127.0.0.1 -P 9 -u root storage
like "and the library is named" "$OUT" "libmariadb\.so\.9.*not installed"

without 'libcrypto\.so\.3' libcrypto.so.9
status "without libcrypto the demo works" 2 "$TMP/srdiag" --demo storage
status "without libcrypto no key is made" 70 "$TMP/srdiag" serve keys new team --api-key-file "$TMP/keys"
like "and the library is named" "$OUT" "libcrypto\.so\.9"
ok "and no file is left" test ! -s "$TMP/keys"
API_KEY=$(printf '%040d' 7) status "without libcrypto no server with keys begins" 70 \
    timeout 20 "$TMP/srdiag" serve --http --demo --listen 127.0.0.1:0

without 'libmicrohttpd\.so\.12' libmicrohttpd.so.99
status "without libmicrohttpd there is no server" 70 timeout 20 "$TMP/srdiag" serve --http --demo --listen 127.0.0.1:0
like "and the library is named" "$OUT" "libmicrohttpd\.so\.99"
plan_end
