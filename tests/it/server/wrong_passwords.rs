//! Wrong passwords: what the server logs of them, and what fail2ban makes of that log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::support::raw_client::{UPGRADE, text};
use crate::support::{RawClient, ServerLog, TIMEOUT, TestServer, read_head};

/// A server behind a trusted proxy, with the password `open sesame` and nothing but the default log.
fn guarded(log: &ServerLog, folder: &Path) -> TestServer {
    let file = folder.join("password");
    fs::write(&file, "open sesame").unwrap();
    let flags = ["--password-file", file.to_str().unwrap(), "--trust-proxy", "127.0.0.1"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    log.of(&mut command);
    let limits = ["--max-per-address", "64"];
    TestServer::start_by(&mut command, &folder.join("data"), &[&flags[..], &limits].concat())
}

/// The answer to a hello with this password, which comes from `address` through the proxy.
fn try_password(server: &TestServer, address: &str, password: &str) -> String {
    let mut raw = RawClient::connect(server.address);
    let forwarded = format!("\r\nX-Forwarded-For: {address}\r\n\r\n");
    raw.send(UPGRADE.replacen("\r\n\r\n", &forwarded, 1).as_bytes());
    let head = read_head(&mut raw.0);
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    let hello = format!(r#"{{"type":"hello","user":"eve","password":"{password}"}}"#);
    raw.send(&text(&hello));
    raw.read_text()
}

/// Wrong passwords of three addresses; the wait after each passes at the same time.
fn guess(server: &TestServer) {
    thread::scope(|scope| {
        for (address, count) in [("192.0.2.1", 5), ("198.51.100.7", 2), ("2001:db8::9", 1)] {
            scope.spawn(move || {
                for n in 0..count {
                    try_password(server, address, &format!("a-guess-{n} address=203.0.113.5"));
                }
            });
        }
    });
    assert!(try_password(server, "192.0.2.8", "open sesame").contains("welcome"));
}

/// How often the log names each address with a wrong password, and the highest count in those lines.
fn logged(text: &str) -> BTreeMap<String, (usize, u64)> {
    let mut logged = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains(" warn wrong-password ")) {
        let fields: Vec<&str> = line.split(' ').skip(3).collect();
        let [address, count] = fields.as_slice() else { panic!("other fields: {line}") };
        let address = address.strip_prefix("address=").unwrap().to_owned();
        let count: u64 = count.strip_prefix("last_minute=").unwrap().parse().unwrap();
        let (lines, highest) = logged.entry(address).or_insert((0, 0));
        (*lines, *highest) = (*lines + 1, count.max(*highest));
    }
    logged
}

#[test]
fn wrong_passwords_are_logged_with_address_and_count_and_nothing_that_was_sent() {
    let (log, folder) = (ServerLog::new(), tempfile::tempdir().unwrap());
    let mut server = guarded(&log, folder.path());
    guess(&server);
    server.kill();
    let text = log.text();
    let expected = [("192.0.2.1", (5, 5)), ("198.51.100.7", (2, 2)), ("2001:db8::9", (1, 1))];
    assert_eq!(
        logged(&text),
        expected.map(|(address, n)| (address.to_owned(), n)).into(),
        "{text}"
    );
    for sent in ["guess", "eve", "sesame", "203.0.113.5", "192.0.2.8"] {
        assert!(!text.contains(sent), "{sent}: {text}");
    }
}

#[test]
fn a_flood_of_wrong_passwords_is_a_few_lines_and_a_count() {
    let (log, folder) = (ServerLog::new(), tempfile::tempdir().unwrap());
    let mut server = guarded(&log, folder.path());
    thread::scope(|scope| {
        for n in 0..120 {
            let server = &server;
            scope.spawn(move || try_password(server, &format!("192.0.2.{n}"), "guess"));
        }
    });
    let since = Instant::now();
    while !log.text().contains(" warn wrong-password left_out=") {
        assert!(since.elapsed() < TIMEOUT, "no count: {}", log.text());
        thread::yield_now();
    }
    server.kill();
    let text = log.text();
    let seconds: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split(['.', 'Z']).next()).collect();
    let lines = text.lines().filter(|line| line.contains(" address=")).count();
    assert!(lines <= 10 * (seconds.len() + 1), "{lines} lines: {text}");
}

/// The file for fail2ban in docs/deploy.md that begins with this section.
fn documented(section: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy.md");
    let page = fs::read_to_string(page).unwrap();
    let block = page.split("```conf\n").find(|block| block.starts_with(section)).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// The addresses that fail2ban finds in a log, and how often.
fn banned(log: &Path, filter: &Path) -> BTreeMap<String, usize> {
    let output = Command::new("fail2ban-regex").args(["--out", "ip"]).arg(log).arg(filter).output();
    let output = output.expect("fail2ban-regex runs");
    assert!(output.status.success(), "{output:?}");
    let mut found = BTreeMap::new();
    for address in String::from_utf8(output.stdout).unwrap().lines() {
        *found.entry(address.to_owned()).or_insert(0) += 1;
    }
    found
}

#[test]
#[ignore = "needs fail2ban-regex (Debian: fail2ban): tests/run runs it"]
fn fail2ban_finds_the_addresses_of_wrong_passwords_in_a_file_and_in_the_journal() {
    let (log, folder) = (ServerLog::new(), tempfile::tempdir().unwrap());
    let mut server = guarded(&log, folder.path());
    guess(&server);
    server.kill();
    let [file, journal, talk] =
        ["log", "journal", "talk.conf"].map(|name| folder.path().join(name));
    fs::write(&talk, documented("[Definition]")).unwrap();
    // Lines that nothing but our own logger may write: names, texts and other programs.
    let more = "2026-11-28T12:00:00.000Z info hello address=203.0.113.1 user=warn_wrong-password_address=203.0.113.2\n\
        2026-11-28T12:00:00.000Z warn wrong-password left_out=40\n\
        2026-11-28T12:00:00.000Z info hello user=x warn wrong-password address=203.0.113.3 last_minute=1\n";
    let text = format!("{}{more}", log.text());
    fs::write(&file, &text).unwrap();
    let prefixed =
        text.lines().map(|line| format!("Nov 28 12:00:00 host talk-server[42]: {line}\n"));
    fs::write(&journal, prefixed.collect::<String>()).unwrap();
    let expected = [("192.0.2.1", 5), ("198.51.100.7", 2), ("2001:db8::9", 1)];
    let expected: BTreeMap<String, usize> =
        expected.map(|(address, count)| (address.to_owned(), count)).into();
    assert_eq!(banned(&file, &talk), expected, "{text}");
    assert_eq!(banned(&journal, &talk), expected);
}

#[test]
#[ignore = "needs fail2ban-client (Debian: fail2ban): tests/run runs it"]
fn fail2ban_takes_the_documented_jail() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("fail2ban");
    assert!(
        Command::new("cp").args(["-r", "/etc/fail2ban"]).arg(&config).status().unwrap().success()
    );
    fs::remove_dir_all(config.join("jail.d")).unwrap(); // other jails of this machine
    fs::create_dir(config.join("jail.d")).unwrap();
    fs::write(config.join("jail.d/talk.conf"), documented("[talk]")).unwrap();
    fs::write(config.join("filter.d/talk.conf"), documented("[Definition]")).unwrap();
    let output = Command::new("fail2ban-client").arg("-c").arg(&config).arg("-d").output().unwrap();
    let commands = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{commands}");
    for command in [
        "['add', 'talk', 'systemd']",
        "['set', 'talk', 'addjournalmatch', '_SYSTEMD_UNIT=talk.service']",
        "['set', 'talk', 'maxretry', 10]",
        "['start', 'talk']",
    ] {
        assert!(commands.lines().any(|line| line == command), "{command}: {commands}");
    }
}
