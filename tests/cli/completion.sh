#!/bin/bash
# Do bash, zsh and fish complete what is typed, each as it loads the script, and keep passwords to themselves?
. "$(dirname "$0")/setup.bash"

for shell in bash zsh fish; do
    ok "there is a completion for $shell" "$S" completion $shell
done
both "completion of another shell is refused" 64 "bash, zsh, fish" "$S" completion tcsh
ok "the bash completion is valid bash" bash -c '"$S" completion bash | bash -n'
is "bash completes commands" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" stor) COMP_CWORD=1; _srdiag; echo "${COMPREPLY[@]}"')" storage
is "bash completes views" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" storage dis) COMP_CWORD=2; _srdiag; echo "${COMPREPLY[@]}"')" disks
is "bash completes options" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" storage --expl) COMP_CWORD=2; _srdiag; echo "${COMPREPLY[@]}"')" --explain-score
is "bash completes options of a diagnosis" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" ingestion --ho) COMP_CWORD=2; _srdiag; printf "%s\n" "${COMPREPLY[@]}"' | grep -c -e --hours)" 1
is "bash completes thresholds" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" storage --set storage.quota.) COMP_CWORD=3; _srdiag; echo "${COMPREPLY[@]}"')" storage.quota.critical
is "bash completes the server's options for serve" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" serve --lis) COMP_CWORD=2; _srdiag; echo "${COMPREPLY[@]}"')" --listen
is "and for nothing else" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" storage --lis) COMP_CWORD=2; _srdiag; echo "${COMPREPLY[@]}"')" ""
is "bash completes what an agent is told" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" agent sta) COMP_CWORD=2; _srdiag; echo "${COMPREPLY[@]}"')" "start status"
is "bash completes values" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" storage -o nd) COMP_CWORD=3; _srdiag; echo "${COMPREPLY[@]}"')" ndjson
is "bash completes the server's options for serve" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" serve --lis) COMP_CWORD=2; _srdiag; echo "${COMPREPLY[@]}"')" --listen
is "and for nothing else" "$(bash -c 'source <("$S" completion bash)
    COMP_WORDS=("$S" storage --lis) COMP_CWORD=2; _srdiag; echo "${COMPREPLY[@]}"')" ""
is "bash hands no password on" "$(bash -c 'source <("$S" completion bash)
    srdiag() { printf "%s\n" "$@" >&2; }
    COMP_WORDS=(srdiag -pgeheim --password=geheim stor) COMP_CWORD=3; _srdiag' 2>&1 | grep -c geheim)" 0

# What the shells call srdiag tells which words it was given.
mkdir bin functions
cat >bin/srdiag <<'SH'
#!/bin/sh
printf '%s\n' "$@" >>"$TMP/given"
exec "$S" "$@"
SH
chmod +x bin/srdiag
export TMP PATH=$TMP/bin:$PATH
touch stock.srd
"$S" completion zsh >functions/_srdiag
"$S" completion fish >functions/srdiag.fish

# NAME LINE WANT: what stands on the line, or is offered for it, after Tab
cat >zsh.zsh <<'ZSH'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= PS2= RPS1=; unsetopt zle_bracketed_paste prompt_cr prompt_sp beep; $1
told() { print -r -- \"<\$BUFFER>\"; BUFFER=; }; zle -N told; bindkey '^I' complete-word '^X' told; print REA''DY"
zpty -r z out '*READY*'
zpty -w -n z $2$'\t\x18'
zpty -r z out $'*<*>\r\n*'
print -r -- "${${out##*<}%%>*}"
zpty -d z
ZSH
zsh_does() {
    if ! command -v zsh >/dev/null; then
        skip "zsh $1" "there is no zsh"
        return
    fi
    is "zsh $1" "$(timeout 30 zsh -f zsh.zsh 'autoload -Uz compinit; compinit -u -D; source <(srdiag completion zsh)' "$2")" "$3"
    is "zsh $1, from its folder of functions" \
        "$(timeout 30 zsh -f zsh.zsh 'fpath=($TMP/functions $fpath); autoload -Uz compinit; compinit -u -D' "$2")" "$3"
}
fish_does() {
    if ! command -v fish >/dev/null; then
        skip "fish $1" "there is no fish"
        return
    fi
    is "fish $1" "$(LINE=$2 timeout 30 fish --no-config -c 'srdiag completion fish | source; complete -C"$LINE"')" "$3"
    is "fish $1, from its folder of completions" \
        "$(LINE=$2 timeout 30 fish --no-config -c 'set fish_complete_path $TMP/functions; complete -C"$LINE"')" "$3"
}

zsh_does "completes commands" "srdiag sto" "srdiag storage "
zsh_does "completes views" "srdiag storage dis" "srdiag storage disks "
zsh_does "completes options" "srdiag storage --sev" "srdiag storage --severity "
zsh_does "completes options of a diagnosis" "srdiag ingestion --hou" "srdiag ingestion --hours "
zsh_does "completes values" "srdiag storage -o nd" "srdiag storage -o ndjson "
zsh_does "completes behind a password" "srdiag -pgeheim --password=geheim sto" "srdiag -pgeheim --password=geheim storage "
zsh_does "completes files where it knows no word" "srdiag --input stock" "srdiag --input stock.srd "
fish_does "completes commands" "srdiag sto" storage
fish_does "completes views" "srdiag storage dis" disks
fish_does "completes options" "srdiag storage --sev" --severity
fish_does "completes options of a diagnosis" "srdiag ingestion --hou" --hours
fish_does "completes values" "srdiag storage -o nd" ndjson
fish_does "completes behind a password" "srdiag -pgeheim --password=geheim sto" storage
fish_does "completes files where it knows no word" "srdiag --input stock" stock.srd
if [ -s given ]; then
    is "no shell hands a password on" "$(grep -c geheim given)" 0
    is "and each asks with what was typed before" "$(grep -cx -e --password given)" "$(grep -cx -e -p given)"
else
    skip "no shell hands a password on" "there is neither zsh nor fish"
fi
plan_end
