#compdef server
# Made by server --completions; do not edit.
_server() {
    _arguments -s -S \
        '*--bind[where to listen; 0.0.0.0\:8080 accepts connections from the network, fd\:0 uses the listening socket on standard input (systemd)]:HOST\:PORT: ' \
        '*--data[the directory for rooms and names; created if necessary]:DIR:_files -/' \
        '*--motd[a file with a message for everyone who connects]:FILE:_files' \
        '*--password-file[a file whose first line is the password for this server]:FILE:_files' \
        '*--allow-origin[another web page that may connect, like https\://a.example; repeatable]:URL: ' \
        '*--allow-host[a host name of this server, like chat.example; repeatable]:NAME: ' \
        '*--trust-proxy[a proxy to trust for client addresses (X-Forwarded-For), or a network of proxies like 10.0.0.0/8; repeatable]:ADDR: ' \
        '*--max-clients[connections at once (default\: as many as this machine can hold)]:N: ' \
        '*--max-per-address[connections per address at once; 0 turns off every limit per address]:N: ' \
        '*--rate[messages per client and second; 0 for no limit]:N: ' \
        '*--burst[messages a client may send at once before --rate applies]:N: ' \
        '*--limit[change another limit (list\: server limits); repeatable]:NAME=VALUE: ' \
        '*--max-text[maximum length of a message]:BYTES: ' \
        '*--sync[fsync each message before it is shown, or within 200 ms\: then a power failure may lose the last 200 ms, a kill nothing]:always|interval:(always interval)' \
        '*--retain-days[delete messages older than N days (default\: keep all)]:N: ' \
        '*--retain-records[keep at least N messages per room, and delete older ones\: anyone who posts N messages makes all before them go (default\: keep all)]:N: ' \
        '*--max-data[bytes of the data directory, like 20GiB, from which on messages are refused to all, whichever client used them (default\: no limit of its own)]:SIZE: ' \
        '*--min-free[free bytes of its disk below which messages are refused; 0 turns this off (default\: 10 % of the disk, at most 1GiB)]:SIZE: ' \
        '*--hold-names[how long a name stays reserved after its last use, once its owner has posted]:DURATION: ' \
        '*--quiet[print warnings only]' \
        '*-q[print warnings only]' \
        '*--verbose[log every connection; twice (-vv)\: refused requests too]' \
        '*-v[log every connection; twice (-vv)\: refused requests too]' \
        '*--completions[print completions for that shell]:bash|zsh|fish:(bash zsh fish)' \
        '*--version[print the version]' \
        '*-V[print the version]' \
        '*--help[print this help]' \
        '*-h[print this help]' \
        '1:command:(verify export repair remove names limits)'
}
if [ "$funcstack[1]" = _server ]; then
    _server "$@"
else
    compdef _server server
fi
