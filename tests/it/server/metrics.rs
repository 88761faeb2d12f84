//! The metrics page, read as a monitoring system reads it.

use std::collections::HashMap;
use std::net::SocketAddr;

use prometheus_parse::{Scrape, Value};
use serde_json::json;

use crate::support::raw_client::RawClient;
use crate::support::{TestClient, TestServer};

fn ask(address: SocketAddr, method: &str, more: &str) -> String {
    let mut raw = RawClient::connect(address);
    raw.send(format!("{method} /metrics HTTP/1.1\r\nHost: localhost\r\n{more}\r\n").as_bytes());
    String::from_utf8(raw.read_to_end()).unwrap()
}

/// One reading of everything: name, with its label if it has one, to value.
struct Reading(HashMap<String, f64>);

impl Reading {
    fn take(address: SocketAddr) -> Reading {
        let answer = ask(address, "GET", "");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("Content-Type: text/plain; version=0.0.4"), "{head}");
        let lines = body.lines().map(|line| Ok(line.to_owned()));
        let scrape = Scrape::parse(lines).unwrap();
        let mut values = HashMap::new();
        for sample in scrape.samples {
            let label = sample.labels.iter().next().map(|(_, word)| format!(" {word}"));
            let name = format!("{}{}", sample.metric, label.unwrap_or_default());
            assert!(
                scrape.docs.contains_key(&sample.metric)
                    || sample.metric.ends_with("_sum")
                    || sample.metric.ends_with("_count"),
                "{name} is not explained"
            );
            match sample.value {
                Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => {
                    assert!(values.insert(name.clone(), value).is_none(), "{name} is there twice");
                }
                Value::Histogram(buckets) => {
                    assert!(buckets.is_sorted_by(|one, next| {
                        one.less_than < next.less_than && one.count <= next.count
                    }));
                    assert_eq!(buckets.last().unwrap().less_than, f64::INFINITY);
                    values.insert(name, buckets.last().unwrap().count);
                }
                Value::Summary(_) => panic!("{name} is a summary"),
            }
        }
        Reading(values)
    }

    fn of(&self, name: &str) -> f64 {
        *self.0.get(name).unwrap_or_else(|| panic!("{name} is not among {:?}", self.0.keys()))
    }
}

#[test]
fn the_metrics_count_a_conversation() {
    let server = TestServer::start(&["--rate", "1", "--burst", "3"]);
    let before = Reading::take(server.address);
    assert_eq!(before.of("talk_messages_total"), 0.0);
    assert_eq!(before.of("talk_connections_max"), before.of("talk_connections_max").floor());

    let (mut ann, _) = TestClient::joined(server.address, "ann", "lobby");
    let mut web = TestClient::connect(server.address);
    web.send(&json!({"type": "hello", "user": "ben", "agent": "web", "join": [{"room": "lobby"}]}));
    web.receive_type("joined");
    web.round_trip();
    ann.post("lobby", "1", "one");
    ann.receive_own("ann", "1");
    ann.post("lobby", "1", "one"); // again
    ann.receive_own("ann", "1");
    ann.post("lobby", "2", "two");
    ann.receive_own("ann", "2");
    web.receive_seqs(2);
    ann.post("lobby", "3", "three"); // too fast
    assert_eq!(ann.receive_type("error")["code"], "rate_limited");
    ann.send_text("{");
    assert_eq!(ann.receive_type("error")["code"], "bad_json");
    let (mut back, _) = TestClient::hello(server.address, "cat");
    back.send(&json!({"type": "join", "room": "lobby", "since": 1}));
    back.receive_type("joined");
    assert_eq!(back.receive_seqs(1), [2]);
    back.send(&json!({"type": "join", "room": "lobby", "since": 1, "log": "of another server"}));
    assert_eq!(back.receive_type("joined")["reset"], true);
    back.round_trip();

    let after = Reading::take(server.address);
    for (name, value) in [
        ("talk_connections web", 1.0),
        ("talk_connections bot", 2.0),
        ("talk_connections console", 0.0),
        ("talk_connections unknown", 1.0), // the client that reads the page
        ("talk_connections_total web", 1.0),
        ("talk_messages_total", 2.0),
        ("talk_deliveries_total", 4.0),
        ("talk_duplicates_suppressed_total", 1.0),
        ("talk_refused_total rate_limited", 1.0),
        ("talk_refused_total bad_json", 1.0),
        ("talk_refused_total bad_room", 0.0),
        ("talk_resumes_total ok", 1.0),
        ("talk_resumes_total fresh", 1.0),
        ("talk_replayed_messages_total", 3.0),
        ("talk_log_append_seconds", 2.0),
        ("talk_log_append_seconds_count", 2.0),
        ("talk_log_writable", 1.0),
        ("talk_panics_total", 0.0),
        ("talk_log_lines_dropped_total", 0.0),
        ("talk_rooms", 1.0),
        ("talk_http_requests_total 101", 3.0),
        ("talk_http_requests_total 200", 1.0),
        ("talk_clients_behind", 0.0),
        ("talk_unfinished_bytes", 0.0),
    ] {
        assert_eq!(after.of(name), value, "{name}");
    }
    assert!(after.of("talk_log_sync_seconds") >= 2.0);
    assert!(after.of("talk_log_written_bytes_total") > 300.0);
    assert!(after.of("talk_sent_bytes_total") > 500.0);
    assert!(after.of("talk_received_bytes_total") > 300.0);
    assert!(after.of("process_open_fds") >= 6.0 && after.of("process_threads") >= 8.0);
    assert!(after.of("process_resident_memory_bytes") > 1e6);

    drop((ann, back));
    web.socket.close(None).unwrap();
    web.receive_close();
    loop {
        let left = Reading::take(server.address);
        if left.of("talk_disconnects_total left") + left.of("talk_disconnects_total gone") == 3.0 {
            assert_eq!(left.of("talk_disconnects_total other"), 0.0);
            break;
        }
    }
}

#[test]
fn no_text_of_a_user_is_on_the_metrics_page() {
    let server = TestServer::start(&["--limit", "hello-wait=50ms"]);
    let (mut ann, _) = TestClient::joined(server.address, "annikin", "sekretroom");
    ann.post("sekretroom", "1", "a\"} 1\ntalk_fake 9");
    ann.receive_own("annikin", "1");
    for room in ["a\"} 1\ntalk_fake 9", "talk_fake"] {
        ann.send(&json!({"type": "join", "room": room}));
        ann.round_trip();
    }
    let mut raw = RawClient::connect(server.address);
    raw.send(b"GET /talk_fake HTTP/1.1\r\nHost: localhost\r\nUser-Agent: talk_fake\r\n\r\n");
    raw.read_to_end();
    let mut late = RawClient::upgraded(server.address);
    assert_eq!(late.read_close(), 4400);
    assert_eq!(Reading::take(server.address).of("talk_disconnects_total 4400"), 1.0);
    let page = ask(server.address, "GET", "");
    for word in ["annikin", "sekretroom", "talk_fake", "localhost", "127.0.0.1"] {
        assert!(!page.contains(word), "{word} is in\n{page}");
    }
}

#[test]
fn metrics_are_not_published_by_a_proxy_that_says_nothing_of_itself() {
    let server = TestServer::start(&[]);
    let mut raw = RawClient::connect(server.address);
    // What nginx sends with `proxy_pass http://127.0.0.1:PORT` and no other setting.
    let host = server.address;
    raw.send(
        format!("GET /metrics HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
    );
    let response = String::from_utf8(raw.read_to_end()).unwrap();
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    let mut raw = RawClient::connect(server.address);
    raw.send(b"GET /healthz HTTP/1.0\r\n\r\n");
    let response = String::from_utf8(raw.read_to_end()).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn metrics_are_served_to_this_computer_only_and_cannot_be_changed() {
    let server = TestServer::start(&[]);
    for more in [
        "X-Forwarded-For: 127.0.0.1\r\n",
        "Forwarded: for=127.0.0.1\r\n",
        "Via: 1.1 varnish\r\n",
        "X-Real-IP: 127.0.0.1\r\n",
        "X-Forwarded-Host: talk.example.org\r\n",
        "X-Forwarded-Proto: https\r\n",
    ] {
        assert!(ask(server.address, "GET", more).starts_with("HTTP/1.1 403 "), "{more}");
    }
    let head = ask(server.address, "HEAD", "");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(ask(server.address, "POST", "Content-Length: 0\r\n").starts_with("HTTP/1.1 405 "));
}
