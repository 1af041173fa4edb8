#!/bin/sh
# Who knows which secret in the demo? Makes them under STATE: central/ (keys, tenants), acme/ and globex/ (token).
#
#   init.sh STATE        a second run changes nothing
#
# As root, since a new volume is root's, it gives all of it to OWNER, the user of the image.
# AGENT_ACME and AGENT_GLOBEX: where the centre finds the agents; SRDIAG: the program.
set -eu
umask 077
state=${1:?usage: init.sh STATE}
srdiag=${SRDIAG:-srdiag}

if [ -e "$state/central/tenants-config.json" ]; then
    echo "The secrets of the demo are there already."
    exit 0
fi

# 64 hex characters
token() {
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
}

acme=$(token)
globex=$(token)
printf '%s\n' "$acme" >"$state/acme/token"
printf '%s\n' "$globex" >"$state/globex/token"

keys=$state/central/keys
rm -f "$keys" # of a run that was cut off
acme_key=$("$srdiag" -q serve keys new acme --tenant acme --api-key-file "$keys")
globex_key=$("$srdiag" -q serve keys new globex --tenant globex --api-key-file "$keys")
admin_key=$("$srdiag" -q serve keys new admin --role admin --api-key-file "$keys")

# last, and whole: its being there says that everything else is, and whose it is
cat >"$state/central/tenants-config.json.new" <<EOF
{
  "tenants": {
    "acme": {
      "name": "Acme",
      "agent_url": "${AGENT_ACME:-http://agent-acme:8080}",
      "agent_token": "$acme",
      "enabled": true,
      "description": "a cluster whose disks fill up"
    },
    "globex": {
      "name": "Globex",
      "agent_url": "${AGENT_GLOBEX:-http://agent-globex:8080}",
      "agent_token": "$globex",
      "enabled": true,
      "description": "a healthy cluster, shared-data"
    }
  }
}
EOF
if [ "$(id -u)" = 0 ]; then
    chown -R "${OWNER:-10001:10001}" "$state/central" "$state/acme" "$state/globex"
fi
mv "$state/central/tenants-config.json.new" "$state/central/tenants-config.json"

cat <<EOF
Keys of the demo, shown this once:
  acme    $acme_key
  globex  $globex_key
  admin   $admin_key
EOF
