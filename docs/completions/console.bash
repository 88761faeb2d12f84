# Made by console --completions; do not edit.
_console() {
    local words='' word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    [[ $word == -* ]] && words='--user --nick --server --room --join --password-file --key-file --send --follow --since --json --check --timeout --commands --plain --no-color --completions --help -h --version -V'
    case ${COMP_WORDS[COMP_CWORD - 1]} in
        --user) words= ;;
        --nick) words= ;;
        --server) words= ;;
        --room) words= ;;
        --join) words= ;;
        --password-file) return ;;
        --key-file) return ;;
        --send) words= ;;
        --since) words='now all' ;;
        --timeout) words= ;;
        --completions) words='bash zsh fish' ;;
    esac
    compopt +o default 2>/dev/null
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _console console
