#compdef console
# Made by console --completions; do not edit.
_console() {
    _arguments -s -S \
        '*--user[your name; the console asks if you give none]:NAME: ' \
        '*--nick[your name; the console asks if you give none]:NAME: ' \
        '*--server[the server\: HOST\:PORT, ws\://HOST\:PORT or its page'\''s URL]:ADDRESS: ' \
        '*--room[a room to join, beside those that you are in; repeat it, or separate several by commas]:ROOM: ' \
        '*--join[a room to join, beside those that you are in; repeat it, or separate several by commas]:ROOM: ' \
        '*--password-file[a file whose first line is the server'\''s password]:FILE:_files' \
        '*--key-file[the file for the key of your name; - reads it from stdin]:FILE:_files' \
        '*--send[send this message, print its number once it is stored, and exit; - reads the text from stdin]:TEXT: ' \
        '*--follow[print messages as they come, until killed; reads no stdin]' \
        '*--since[print messages after number N, and exit; with --follow, go on from there (now)]:N|now|all:(now all)' \
        '*--json[with these, print records as JSON, one on each line]' \
        '*--check[test the connection to the server step by step, and exit]' \
        '*--timeout[how long a script waits without a connection]:TIME: ' \
        '*--commands[run piped lines that begin with / as commands, not as text]' \
        '*--plain[plain lines\: no input line, no escape sequences]' \
        '*--no-color[no colours; NO_COLOR does the same]' \
        '*--completions[print completions for that shell]:bash|zsh|fish:(bash zsh fish)' \
        '*--help[print this help]' \
        '*-h[print this help]' \
        '*--version[print the version]' \
        '*-V[print the version]' \
       
}
if [ "$funcstack[1]" = _console ]; then
    _console "$@"
else
    compdef _console console
fi
