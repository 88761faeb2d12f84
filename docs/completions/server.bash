# Made by server --completions; do not edit.
_server() {
    local words='verify export repair remove names limits' word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    [[ $word == -* ]] && words='--bind --data --motd --password-file --allow-origin --allow-host --trust-proxy --max-clients --max-per-address --rate --burst --limit --max-text --sync --retain-days --retain-records --max-data --min-free --hold-names --quiet -q --verbose -v --completions --version -V --help -h'
    case ${COMP_WORDS[COMP_CWORD - 1]} in
        --bind) words= ;;
        --data) return ;;
        --motd) return ;;
        --password-file) return ;;
        --allow-origin) words= ;;
        --allow-host) words= ;;
        --trust-proxy) words= ;;
        --max-clients) words= ;;
        --max-per-address) words= ;;
        --rate) words= ;;
        --burst) words= ;;
        --limit) words= ;;
        --max-text) words= ;;
        --sync) words='always interval' ;;
        --retain-days) words= ;;
        --retain-records) words= ;;
        --max-data) words= ;;
        --min-free) words= ;;
        --hold-names) words= ;;
        --completions) words='bash zsh fish' ;;
    esac
    compopt +o default 2>/dev/null
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _server server
