#compdef server
# Made by server --completions; do not edit.
_server() {
    _arguments -s -S \
        '*--bind[where to listen; 0.0.0.0\:8080 lets the network in, and fd\:0 is a socket that systemd gives as standard input]:HOST\:PORT: ' \
        '*--data[where rooms and held names are kept; made if need be]:DIR:_files -/' \
        '*--motd[a message for everybody who comes in]:FILE:_files' \
        '*--password-file[the first line is a password that everybody needs]:FILE:_files' \
        '*--allow-origin[a page elsewhere that may connect, like https\://a.example; may be given again]:URL: ' \
        '*--allow-host[a name of this server, like chat.example; may be given again]:NAME: ' \
        '*--trust-proxy[a proxy whose X-Forwarded-For is believed, or a network of them like 10.0.0.0/8; may be given again]:ADDR: ' \
        '*--max-clients[connections at once (as many as this machine can hold)]:N: ' \
        '*--max-per-address[connections of one address at once; 0 turns off every limit per address]:N: ' \
        '*--rate[posts of one client per second; 0 for no limit]:N: ' \
        '*--burst[posts of one client at once]:N: ' \
        '*--limit[change another limit, one of those that server limits lists; may be given again]:NAME=VALUE: ' \
        '*--max-text[length of a post]:BYTES: ' \
        '*--sync[force each line to disk before anybody sees it, or soon after\: then a power cut may take the last 200 ms, a kill nothing]:always|interval:(always interval)' \
        '*--retain-days[drop lines that are older (keep all)]:N: ' \
        '*--retain-records[keep at least this many lines of a room, and drop older ones (keep all)]:N: ' \
        '*--hold-names[how long a name that has posted stays its holder'\''s]:DURATION: ' \
        '*--quiet[say nothing but warnings]' \
        '*-q[say nothing but warnings]' \
        '*--verbose[tell of every connection; twice, of refused requests as well]' \
        '*-v[tell of every connection; twice, of refused requests as well]' \
        '*--completions[print completions for that shell]:bash|zsh|fish:(bash zsh fish)' \
        '*--version[print the version]' \
        '*-V[print the version]' \
        '*--help[print this]' \
        '*-h[print this]' \
        '1:command:(verify export repair limits)'
}
if [ "$funcstack[1]" = _server ]; then
    _server "$@"
else
    compdef _server server
fi
