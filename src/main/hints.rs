//! Hints for the person who starts the server: what to do next, and what may help after an error.

use std::fmt::Write;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use talk::server::Ceiling;

/// The text printed at start. The first line is the URL alone, for programs that read it.
pub(crate) fn welcome(address: SocketAddr, ceiling: Ceiling, data: &Path) -> String {
    let port = address.port();
    let mut text = format!("http://{}/\n\n", local(address));
    let mut line = |what: &str, how: &str| writeln!(text, "  {what:<17}{how}").is_ok();
    let server = if port == 8080 { String::new() } else { format!(" --server {}", local(address)) };
    line("in a browser", &format!("http://{}/", local(address)));
    line("in a terminal", &format!("cargo run --bin console -- --user bob{server}"));
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
    line("to stop", "type quit, or kill it: nothing is lost");
    text
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
    fn the_first_line_is_the_url_alone() {
        let ceiling = Ceiling { connections: 9, set_by: "a test" };
        let text = welcome("0.0.0.0:9".parse().unwrap(), ceiling, Path::new("talk-data"));
        assert_eq!(text.lines().next(), Some("http://127.0.0.1:9/"));
        assert!(text.contains("--server 127.0.0.1:9"));
        let loopback = welcome("127.0.0.1:8080".parse().unwrap(), ceiling, Path::new("talk-data"));
        assert!(loopback.contains("--bind 0.0.0.0:8080"));
        assert!(!loopback.contains("--server"), "the default needs no flag");
    }
}
