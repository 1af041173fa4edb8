#!/bin/sh
# Would the tools that read these files accept them? Prints TAP, needs no network and changes nothing.
#
#   deploy/check.sh                what is installed decides what is tried; the rest is skipped, with its reason
#
# SRDIAG names the program (default: build/srdiag, else srdiag of PATH). Also meant for files that were adapted.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 2
cd "$here" || exit 2
# behind what is installed: the programs that the tests of the source tree bring
PATH=$PATH:/usr/sbin:/sbin:$here/../build/tools/usr/bin:$here/../build/tools/usr/sbin:$here/../build/venv/bin
srdiag=${SRDIAG:-$here/../build/srdiag}
[ -x "$srdiag" ] || srdiag=$(command -v srdiag || :)
case $srdiag in '' | /*) ;; *) srdiag=$(cd "$(dirname "$srdiag")" && pwd)/$(basename "$srdiag") ;; esac
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
count=0 bad=0

# row NAME COMMAND...: the command succeeds; silent NAME COMMAND...: and has nothing to say
row() {
    count=$((count + 1)) name=$1
    shift
    if "$@" >"$tmp/out" 2>&1 </dev/null; then
        echo "ok $count - $name"
        return 0
    fi
    bad=$((bad + 1))
    echo "not ok $count - $name"
    head -n 40 "$tmp/out" | sed 's/^/# /'
    return 1
}
quiet() {
    "$@" >"$tmp/said" 2>&1 && ! [ -s "$tmp/said" ] && return 0
    cat "$tmp/said"
    return 1
}
skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}
have() {
    command -v "$1" >/dev/null 2>&1
}

# ---- scripts ----

for script in *.sh demo/*.sh; do
    row "$script is a script of any shell" sh -n "$script"
    if have shellcheck; then
        row "shellcheck finds nothing in $script" shellcheck -s sh "$script"
    else
        skip "shellcheck finds nothing in $script" "shellcheck is not installed"
    fi
done
for script in examples/*.py; do
    if have python3; then
        row "$script is Python" python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script"
    else
        skip "$script is Python" "python3 is not installed"
    fi
done
for script in examples/*.mjs ecosystem.config.cjs; do
    if have node; then
        row "$script is JavaScript" node --check "$script"
    else
        skip "$script is JavaScript" "node is not installed"
    fi
done
for file in *.json grafana/*.json; do
    if have python3; then
        row "$file is JSON" python3 -m json.tool "$file"
    else
        skip "$file is JSON" "python3 is not installed"
    fi
done

# ---- systemd ----

# The units beside the system's own, and the program where they look for it.
systemd_machine() {
    mkdir -p "$tmp/machine/etc/systemd/system" "$tmp/machine/usr/lib/systemd" "$tmp/machine/usr/local/bin" "$tmp/machine/bin"
    cp systemd/*.service systemd/*.socket systemd/*.timer "$tmp/machine/etc/systemd/system"
    cp -r /usr/lib/systemd/system "$tmp/machine/usr/lib/systemd/"
    for program in usr/local/bin/srdiag bin/kill; do
        echo '#!/bin/sh' >"$tmp/machine/$program"
        chmod +x "$tmp/machine/$program"
    done
}
if ! have systemd-analyze; then
    skip "systemd accepts the units" "systemd is not installed"
elif ! systemd-analyze --help 2>/dev/null | grep -q -e --recursive-errors; then
    skip "systemd accepts the units" "this systemd is older than 250"
else
    systemd_machine
    for unit in systemd/*.service systemd/*.socket systemd/*.timer; do
        unit=$(basename "$unit")
        row "systemd accepts $unit" quiet systemd-analyze verify --man=no --recursive-errors=no \
            --root="$tmp/machine" "$unit"
    done
    for unit in systemd/*.service; do
        unit=$(basename "$unit")
        row "$unit is confined (exposure at most 2.0)" systemd-analyze security --offline=yes \
            --root="$tmp/machine" --threshold=20 "$unit"
    done
fi
if have systemd-sysusers; then
    row "systemd-sysusers accepts srdiag.conf" systemd-sysusers --dry-run "$here/systemd/srdiag.conf"
else
    skip "systemd-sysusers accepts srdiag.conf" "systemd-sysusers is not installed"
fi

# ---- nginx, logrotate ----

nginx_accepts() (
    openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=check -keyout "$tmp/privkey.pem" \
        -out "$tmp/fullchain.pem" 2>/dev/null || return 1
    mkdir -p "$tmp/nginx"
    # ports and files of a test; everything else as it is
    sed -e "s|/etc/ssl/srdiag/|$tmp/|; s|listen 80;|listen 127.0.0.1:18080;|; s|listen \[::\]:80;||" \
        -e "s|listen 443 |listen 127.0.0.1:18443 |; /listen \[::\]:443/d" nginx/srdiag.conf >"$tmp/srdiag.conf"
    cat >"$tmp/nginx.conf" <<EOF
pid $tmp/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path $tmp/nginx/body;
    proxy_temp_path $tmp/nginx/proxy;
    fastcgi_temp_path $tmp/nginx/fastcgi;
    uwsgi_temp_path $tmp/nginx/uwsgi;
    scgi_temp_path $tmp/nginx/scgi;
    include $tmp/srdiag.conf;
}
EOF
    nginx -t -q -e stderr -p "$tmp" -c "$tmp/nginx.conf"
)
if have nginx && have openssl; then
    row "nginx accepts nginx/srdiag.conf" quiet nginx_accepts
else
    skip "nginx accepts nginx/srdiag.conf" "nginx or openssl is not installed"
fi

logrotate_accepts() {
    # an account that is on this machine
    sed "s/srdiag srdiag$/$(id -un) $(id -gn)/" logrotate/srdiag >"$tmp/logrotate"
    chmod 644 "$tmp/logrotate"
    logrotate -d -s "$tmp/logrotate.state" "$tmp/logrotate" >"$tmp/logrotate.said" 2>&1 &&
        ! grep -i 'error' "$tmp/logrotate.said"
}
if have logrotate; then
    row "logrotate accepts logrotate/srdiag" logrotate_accepts
else
    skip "logrotate accepts logrotate/srdiag" "logrotate is not installed"
fi

# ---- containers ----

compose=
if have docker && docker compose version >/dev/null 2>&1; then
    compose="docker compose"
elif have docker-compose; then
    compose=docker-compose
fi
for file in compose*.yaml; do
    if [ -n "$compose" ]; then
        # the folder has no secrets; that they exist is asked when a container starts
        # shellcheck disable=SC2086 # two words, or one
        row "compose accepts $file" $compose -f "$file" config -q
    else
        skip "compose accepts $file" "neither docker compose nor docker-compose is installed"
    fi
done
if have hadolint; then
    row "hadolint finds nothing in Dockerfile" quiet hadolint Dockerfile
else
    skip "hadolint finds nothing in Dockerfile" "hadolint is not installed"
fi
# only an engine can, and hadolint has a parser of its own
if have docker && docker buildx version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
    row "docker accepts Dockerfile" docker buildx build --check -f Dockerfile ..
fi

# kubernetes_validates VERSION: the oldest that the manifests are meant for has no member of theirs that it ignores
kubernetes_validates() (
    version=$1
    set --
    for file in kubernetes/*.yaml kubernetes/*/*.yaml; do
        [ "${file##*/}" = kustomization.yaml ] || set -- "$@" "$file"
    done
    kubernetes-validate --strict ${version:+-k "$version"} "$@"
)
for folder in kubernetes kubernetes/agent; do
    if have kubectl; then
        row "kubectl puts $folder together" kubectl kustomize $folder
    elif have kustomize; then
        row "kustomize puts $folder together" kustomize build $folder
    else
        skip "kubectl puts $folder together" "neither kubectl nor kustomize is installed"
    fi
done
# kubeconform takes its schemas from a folder: KUBECONFORM_SCHEMAS='DIR/{{.ResourceKind}}.json'
if have kubeconform && [ -n "${KUBECONFORM_SCHEMAS-}" ]; then
    row "the manifests have the shape of Kubernetes' objects" kubeconform -strict \
        -schema-location "$KUBECONFORM_SCHEMAS" -ignore-filename-pattern kustomization kubernetes
elif have kubernetes-validate; then
    row "the manifests have the shape of Kubernetes' objects" kubernetes_validates ""
    row "those of Kubernetes 1.25 have it, too" kubernetes_validates 1.25
else
    skip "the manifests have the shape of Kubernetes' objects" \
        "neither kubeconform with KUBECONFORM_SCHEMAS nor kubernetes-validate is installed"
fi

# ---- Prometheus ----

if have promtool; then
    row "promtool accepts prometheus/srdiag.rules.yml" promtool check rules prometheus/srdiag.rules.yml
    row "each alert fires when it should, and not beside it" promtool test rules prometheus/srdiag.rules.test.yml
else
    skip "promtool accepts prometheus/srdiag.rules.yml" "promtool is not installed"
fi

# ---- srdiag itself ----

config_of_kubernetes() {
    sed -n '/^  srdiag.cnf: |$/,$s/^    //p' kubernetes/configmap.yaml >"$tmp/kubernetes.cnf"
    [ -s "$tmp/kubernetes.cnf" ] && "$srdiag" config check "$tmp/kubernetes.cnf"
}
dotenv_is_read() (
    mkdir -p "$tmp/env"
    # every line with a value, the commented ones too, but one of two that exclude each other
    sed 's/^#\([A-Z_]*=\)/\1/; /^API_KEY=$/d; /^SRDIAG_PASSWORD_FILE=/d' .env.example >"$tmp/env/.env"
    cd "$tmp/env" && chmod 600 .env || return 1
    env -i HOME=/nonexistent PATH="$PATH" "$srdiag" config show --origin -o csv >shown || return 1
    missing=$(grep -n '^[A-Z_]*=.' .env | while IFS=: read -r line rest; do
        grep -Eq "\.env line ${line}([^0-9]|\$)" shown || echo "line $line: $rest"
    done)
    [ -z "$missing" ] || echo "nobody reads: $missing"
    [ -z "$missing" ]
)
if [ -n "$srdiag" ]; then
    row "srdiag accepts srdiag.cnf.example" "$srdiag" config check srdiag.cnf.example
    row "srdiag accepts the configuration of kubernetes/configmap.yaml" config_of_kubernetes
    row "srdiag reads every variable of .env.example" dotenv_is_read
else
    skip "srdiag accepts the configuration files" "srdiag is neither built nor installed"
fi

echo "1..$count"
[ "$bad" -eq 0 ]
