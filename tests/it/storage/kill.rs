//! SIGKILL under load, again and again: every acknowledged message is stored once, in one order, and no
//! client saw a record that is not stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tungstenite::Message;

use crate::common::rng::Rng;
use crate::support::commands::{exported, printed};
use crate::support::{TIMEOUT, TestServer};

/// A client that sends each of its messages until it is stored, through any number of restarts.
struct Writer<'w> {
    name: String,
    address: &'w AtomicU64,
    done: &'w AtomicBool,
    token: Option<String>,
    /// The acknowledged messages: cid and seq.
    acked: Vec<(String, u64)>,
    /// Every record that it received, of any user.
    seen: BTreeMap<u64, Value>,
    sent: u64,
}

impl Writer<'_> {
    /// Sends until `done` is set. The last message may be left unacknowledged.
    fn run(mut self) -> Self {
        while !self.done.load(Ordering::Relaxed) {
            drop(self.talk());
        }
        self
    }

    /// One connection, to its end.
    fn talk(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let port = self.address.load(Ordering::Relaxed);
        if port == 0 {
            thread::sleep(Duration::from_millis(1)); // the server is being restarted
            return Ok(());
        }
        let address = format!("127.0.0.1:{port}");
        let stream = std::net::TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = tungstenite::client(format!("ws://{address}/ws"), stream)?;
        let mut hello = json!({"type": "hello", "user": self.name,
            "join": [{"room": "lobby", "since": "now"}]});
        if let Some(token) = &self.token {
            hello["token"] = token.as_str().into();
        }
        socket.send(Message::text(hello.to_string()))?;
        let mut pending = None;
        loop {
            let Message::Text(text) = socket.read()? else { continue };
            let message: Value = serde_json::from_str(&text)?;
            if message["type"] == "post" {
                self.seen.insert(message["seq"].as_u64().unwrap(), message.clone());
            }
            match message["type"].as_str() {
                Some("welcome") => self.token = message["token"].as_str().map(str::to_owned),
                Some("post") if message["user"] == self.name.as_str() => {
                    let cid = message["cid"].as_str().unwrap().to_owned();
                    if pending.as_ref() == Some(&cid) {
                        self.acked.push((cid, message["seq"].as_u64().unwrap()));
                        self.sent += 1;
                        pending = None;
                    }
                }
                Some("error") => panic!("{message}"),
                _ => {}
            }
            if self.done.load(Ordering::Relaxed) {
                return Ok(());
            }
            if pending.is_none() && message["type"] != "welcome" {
                let cid = format!("{}-{}", self.name, self.sent);
                let post = json!({"type": "post", "room": "lobby", "cid": cid, "text": cid});
                socket.send(Message::text(post.to_string()))?;
                pending = Some(cid);
            }
        }
    }
}

#[expect(clippy::print_stdout, reason = "the seed of a run that fails repeats it")]
fn kill_and_resend(kills: u64, flags: &[&str]) {
    let seed = std::env::var("TALK_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = seed.unwrap_or(u64::from(now.subsec_nanos()));
    println!("seed {seed} (TALK_SEED={seed} repeats its kills)");
    let (mut rng, data) = (Rng::new(seed), tempfile::tempdir().unwrap());
    let (address, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let writers: Vec<Writer<'_>> = thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|n| Writer {
                name: format!("writer{n}"),
                address: &address,
                done: &done,
                token: None,
                acked: Vec::new(),
                seen: BTreeMap::new(),
                sent: 0,
            })
            .map(|writer| scope.spawn(|| writer.run()))
            .collect();
        for _ in 0..kills {
            let mut server = TestServer::start_in(data.path(), flags);
            address.store(server.address.port().into(), Ordering::Relaxed);
            thread::sleep(Duration::from_millis(20 + rng.below(150))); // the moment of the kill
            server.kill();
            address.store(0, Ordering::Relaxed);
        }
        let server = TestServer::start_in(data.path(), flags);
        address.store(server.address.port().into(), Ordering::Relaxed);
        thread::sleep(Duration::from_millis(200)); // the writers send their pending messages again
        done.store(true, Ordering::Relaxed);
        drop(server);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    TestServer::start_in(data.path(), flags).wait_until_checked(); // cuts what the last kill may have torn
    assert!(printed(&["verify"], data.path()).contains("intact"), "seed {seed}");
    let log = exported(data.path());
    let mut cids: HashMap<&str, u64> = HashMap::new();
    for (at, record) in log.iter().enumerate() {
        let seq = record["seq"].as_u64().unwrap();
        assert_eq!(seq, at as u64 + 1, "seed {seed}: dense from 1");
        let before = cids.insert(record["cid"].as_str().unwrap(), seq);
        assert_eq!(before, None, "seed {seed}: {record} is stored twice");
    }
    let mut acked = 0;
    for writer in &writers {
        for (cid, seq) in &writer.acked {
            assert_eq!(cids.get(cid.as_str()), Some(seq), "seed {seed}: {cid} is lost");
        }
        for (seq, record) in &writer.seen {
            let stored = usize::try_from(seq - 1).ok().and_then(|at| log.get(at));
            assert_eq!(
                stored,
                Some(record),
                "seed {seed}: {} saw a record that is not in the log",
                writer.name
            );
        }
        let seqs: Vec<u64> = writer.acked.iter().map(|(_, seq)| *seq).collect();
        assert!(seqs.is_sorted(), "seed {seed}: {} in another order", writer.name);
        acked += writer.acked.len();
    }
    assert!(
        log.len() - acked <= 8,
        "seed {seed}: at most one message of each writer is unacknowledged"
    );
    assert!(acked as u64 > kills, "seed {seed}: only {acked} messages were acknowledged");
    let ats: Vec<u64> = log.iter().map(|record| record["at"].as_u64().unwrap()).collect();
    assert!(ats.is_sorted(), "seed {seed}: time went back");
    println!("{kills} kills, {} records, {acked} acknowledged", log.len());
}

/// How often the server is killed: `TALK_KILLS=1000 cargo test --test it kill` takes some minutes.
fn kills() -> u64 {
    std::env::var("TALK_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(50)
}

#[test]
fn killed_again_and_again_every_acknowledged_message_is_stored_once() {
    kill_and_resend(kills(), &["--sync", "always"]);
}

#[test]
fn the_same_with_sync_interval() {
    kill_and_resend(kills() / 4, &["--sync", "interval", "--retain-records", "100000000"]);
}
