//! Hints for the person who starts the server: what to do next, and what may help after an error.

use std::env;
use std::fmt::Write;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use talk::server::Ceiling;

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person at a terminal.
    Person,
    /// A program or a log file.
    Program,
}

/// The text printed at start. For programs, the first line is the URL alone.
pub(crate) fn welcome(
    address: SocketAddr,
    ceiling: Ceiling,
    data: &Path,
    reader: Reader,
    console: &str,
) -> String {
    let port = address.port();
    let url = format!("http://{}/", local(address));
    let mut text = String::new();
    if reader == Reader::Program {
        text = format!("{url}\n\n");
    }
    let mut line = |what: &str, how: &str| writeln!(text, "  {what:<17}{how}").is_ok();
    if reader == Reader::Person {
        line("in a browser", &url);
    }
    let server = if port == 8080 { String::new() } else { format!(" --server {}", local(address)) };
    line("in a terminal", &format!("{console} --user bob{server}"));
    if address.ip().is_loopback() {
        line(
            "on the network",
            &format!("start with --bind 0.0.0.0:{port} to accept connections from other computers"),
        );
    } else {
        for host in reachable(address.ip()) {
            let host = SocketAddr::new(host, port);
            line("on the network", &format!("http://{host}/  or  --server {host}"));
        }
    }
    line("capacity", &ceiling.to_string());
    line("data directory", &data.display().to_string());
    line(
        "to stop",
        match reader {
            Reader::Person => "type quit, or kill it: nothing is lost (help lists the commands)",
            Reader::Program => "kill it: nothing is lost",
        },
    );
    text
}

/// How the person starts the console: with cargo, as they have started this server; by its name, if it is on
/// the PATH; or by its path, beside this server's own file.
pub(crate) fn console_command() -> String {
    if env::var_os("CARGO").is_some() {
        return String::from("cargo run --bin console --");
    }
    let server = env::current_exe().unwrap_or_default();
    let path = env::var_os("PATH").unwrap_or_default();
    console_beside(&server, &env::split_paths(&path).collect::<Vec<_>>())
}

/// `docs/deploy.md` installs the console as `talk`.
fn console_beside(server: &Path, path: &[PathBuf]) -> String {
    let beside = ["talk", "console"].map(|name| server.with_file_name(name));
    let Some(console) = beside.into_iter().find(|file| file.is_file()) else {
        return String::from("console");
    };
    let is_on_path = path.iter().any(|folder| Some(&**folder) == console.parent());
    let name = if is_on_path { console.file_name() } else { Some(console.as_os_str()) };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// The answer to a line that is typed into the running server's terminal; `None` to stop the server.
pub(crate) fn answer(line: &str) -> Option<&'static str> {
    match line.trim() {
        "quit" | "exit" | "stop" => None,
        "" => Some(""),
        "help" | "?" => Some(
            "  quit   stop the server: clients are told, and nothing is lost\n  \
               help   this list\n\
             For rooms and names use another terminal: server --help lists the commands.\n",
        ),
        _ => Some("There is no such command here. help lists them.\n"),
    }
}

/// What may help when listening on an address fails.
pub(crate) fn for_bind_error(error: &io::Error, bind: SocketAddr) -> String {
    let kind = error.kind();
    if kind == io::ErrorKind::AddrInUse {
        let next = SocketAddr::new(bind.ip(), bind.port().wrapping_add(1).max(1024));
        format!(" (another program, perhaps another server, uses that port; try --bind {next})")
    } else if kind == io::ErrorKind::AddrNotAvailable {
        String::from(" (this computer does not have that address; try --bind 0.0.0.0:8080)")
    } else if kind == io::ErrorKind::PermissionDenied {
        String::from(" (ports below 1024 need privileges; try --bind 127.0.0.1:8080)")
    } else {
        String::new()
    }
}

/// What may help when the data directory cannot be used.
pub(crate) fn for_store_error(error: &io::Error) -> &'static str {
    let kind = error.kind();
    if kind == io::ErrorKind::ResourceBusy {
        " (another server is using it; try --data with another directory)"
    } else if kind == io::ErrorKind::StorageFull {
        " (free some disk space, or try --data with another directory)"
    } else if kind == io::ErrorKind::PermissionDenied {
        " (or try --data with a new directory, which the server creates for itself)"
    } else {
        " (try --data with another directory)"
    }
}

/// The address under which this computer reaches the server.
fn local(address: SocketAddr) -> SocketAddr {
    let mut local = address;
    if address.ip().is_unspecified() {
        local.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    local
}

/// The addresses under which other computers reach a server that is bound to `ip`.
fn reachable(ip: IpAddr) -> Vec<IpAddr> {
    if !ip.is_unspecified() {
        return vec![ip];
    }
    let table = fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    own_addresses(&table).into_iter().map(IpAddr::V4).collect()
}

/// This machine's IPv4 addresses without loopback, from the kernel's routing trie: a leaf's address,
/// and below it `/32 host LOCAL`.
fn own_addresses(table: &str) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    let mut leaf: Option<Ipv4Addr> = None;
    for line in table.lines() {
        if let Some((_, address)) = line.split_once("|-- ") {
            leaf = address.trim().parse().ok();
        } else if line.contains("/32 host LOCAL")
            && let Some(address) = leaf.take()
            && !address.is_loopback()
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_read_from_the_routing_trie_once_each() {
        let table = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
            \x20    |-- 192.168.1.0\n        /24 link UNICAST\n\
            Local:\n     |-- 127.0.0.1\n        /32 host LOCAL\n\
            \x20    |-- 192.168.1.5\n        /32 host LOCAL\n\
            \x20    |-- 192.168.1.255\n        /32 link BROADCAST\n\
            \x20    |-- 192.168.1.5\n        /32 host LOCAL\n";
        assert_eq!(own_addresses(table), [Ipv4Addr::new(192, 168, 1, 5)]);
    }

    #[test]
    fn the_url_is_printed_once_to_a_person_and_alone_on_the_first_line_to_a_program() {
        let ceiling = Ceiling { connections: 9, set_by: "a test" };
        let welcome = |bind: &str, reader| {
            welcome(bind.parse().unwrap(), ceiling, Path::new("talk-data"), reader, "console")
        };
        let text = welcome("0.0.0.0:9", Reader::Program);
        assert_eq!(text.lines().next(), Some("http://127.0.0.1:9/"));
        assert!(text.contains("console --user bob --server 127.0.0.1:9"));
        let loopback = welcome("127.0.0.1:8080", Reader::Person);
        assert!(loopback.contains("--bind 0.0.0.0:8080"));
        assert!(!loopback.contains("--server"), "the default needs no flag");
        assert_eq!(loopback.matches("http://127.0.0.1:8080/").count(), 1, "{loopback}");
    }

    #[test]
    fn the_console_is_named_as_it_can_be_started() {
        let folder = tempfile::tempdir().unwrap();
        let (server, console) = (folder.path().join("server"), folder.path().join("console"));
        assert_eq!(console_beside(&server, &[]), "console");
        fs::write(&console, "").unwrap();
        assert_eq!(console_beside(&server, &[]), console.display().to_string());
        assert_eq!(console_beside(&server, &[folder.path().to_owned()]), "console");
        fs::write(folder.path().join("talk"), "").unwrap();
        assert_eq!(console_beside(&server, &[folder.path().to_owned()]), "talk");
    }

    #[test]
    fn every_line_typed_into_the_terminal_is_answered_or_stops_the_server() {
        assert_eq!(answer(" quit "), None);
        assert!(answer("help").unwrap().contains("quit"));
        assert!(answer("who").unwrap().contains("help"));
        assert_eq!(answer(""), Some(""));
    }
}
