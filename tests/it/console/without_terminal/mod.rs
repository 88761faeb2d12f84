//! The console without a terminal: between pipes, in scripts, `--check`.

mod piped; // lines in, lines out, an exit code
mod many_lines; // more of them than fit into memory
mod scripts; // one message sent, or records read
mod check; // the connection to a server, step by step
