#compdef console
# Made by console --completions; do not edit.
_console() {
    _arguments -s -S \
        '*--user[who you are; asked for when absent]:NAME: ' \
        '*--nick[who you are; asked for when absent]:NAME: ' \
        '*--server[the server\: HOST\:PORT, ws\://HOST\:PORT or its page'\''s URL]:ADDRESS: ' \
        '*--room[a room to join; repeat it, or part several by commas]:ROOM: ' \
        '*--join[a room to join; repeat it, or part several by commas]:ROOM: ' \
        '*--password-file[a file whose first line is the server'\''s password]:FILE:_files' \
        '*--token-file[where the key of your name is kept]:FILE:_files' \
        '*--send[say this, print its number once it is stored, and end; - reads the text from stdin]:TEXT: ' \
        '*--follow[print what is said as it is said, until killed; reads no stdin]' \
        '*--since[print what was said after record N, and end; with --follow, go on from there (now)]:N|now|all:(now all)' \
        '*--json[with these, print records as the protocol has them, one a line]' \
        '*--check[look at the line to the server, and say what is right or wrong]' \
        '*--timeout[a script gives up after so long without a connection]:TIME: ' \
        '*--plain[lines in, lines out\: no input line, no escape sequences]' \
        '*--no-color[no colours; NO_COLOR does the same]' \
        '*--completions[print completions for that shell]:bash|zsh|fish:(bash zsh fish)' \
        '*--help[this text]' \
        '*-h[this text]' \
        '*--version[the version]' \
        '*-V[the version]' \
       
}
if [ "$funcstack[1]" = _console ]; then
    _console "$@"
else
    compdef _console console
fi
