//! Killed without a pause under load: every acknowledged line is stored once, in one order, and
//! nobody saw what is not stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tungstenite::Message;

use crate::support::commands::{exported, printed};
use crate::support::{Running, SOON};

/// A writer that sends each of its lines until it is stored, through any number of restarts.
struct Writer<'w> {
    name: String,
    address: &'w AtomicU64,
    done: &'w AtomicBool,
    token: Option<String>,
    /// What was acknowledged: cid and seq.
    acked: Vec<(String, u64)>,
    /// What it was shown, of anybody.
    seen: BTreeMap<u64, Value>,
    sent: u64,
}

impl Writer<'_> {
    /// Writes until it is told to stop. The last line may be left unacknowledged.
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
            thread::sleep(Duration::from_millis(1)); // the server is being started anew
            return Ok(());
        }
        let address = format!("127.0.0.1:{port}");
        let stream = std::net::TcpStream::connect(&address)?;
        stream.set_read_timeout(Some(SOON))?;
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

/// Numbers that one number determines.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        (self.0 >> 33) % bound
    }
}

#[expect(clippy::print_stdout, reason = "the seed of a run that fails repeats it")]
fn kill_and_resend(kills: u64, flags: &[&str]) {
    let seed = std::env::var("TALK_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = seed.unwrap_or(u64::from(now.subsec_nanos()));
    println!("seed {seed} (TALK_SEED={seed} repeats its kills)");
    let (mut chance, data) = (Chance(seed), tempfile::tempdir().unwrap());
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
            let mut server = Running::start_in(data.path(), flags);
            address.store(server.address.port().into(), Ordering::Relaxed);
            thread::sleep(Duration::from_millis(20 + chance.below(150))); // the moment of the kill
            server.kill();
            address.store(0, Ordering::Relaxed);
        }
        let server = Running::start_in(data.path(), flags);
        address.store(server.address.port().into(), Ordering::Relaxed);
        thread::sleep(Duration::from_millis(200)); // what is pending is sent again
        done.store(true, Ordering::Relaxed);
        drop(server);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    Running::start_in(data.path(), flags).kill(); // cuts what the last kill may have torn
    assert!(printed(&["verify"], data.path()).contains("intact"), "seed {seed}");
    let log = exported(data.path());
    let mut cids: HashMap<&str, u64> = HashMap::new();
    for (at, record) in log.iter().enumerate() {
        let seq = record["seq"].as_u64().unwrap();
        assert_eq!(seq, at as u64 + 1, "seed {seed}: dense from 1");
        let before = cids.insert(record["cid"].as_str().unwrap(), seq);
        assert_eq!(before, None, "seed {seed}: {record} is there twice");
    }
    let mut acked = 0;
    for writer in &writers {
        for (cid, seq) in &writer.acked {
            assert_eq!(cids.get(cid.as_str()), Some(seq), "seed {seed}: {cid} is lost");
        }
        for (seq, record) in &writer.seen {
            let stored = usize::try_from(seq - 1).ok().and_then(|at| log.get(at));
            assert_eq!(stored, Some(record), "seed {seed}: {} saw what is not so", writer.name);
        }
        let seqs: Vec<u64> = writer.acked.iter().map(|(_, seq)| *seq).collect();
        assert!(seqs.is_sorted(), "seed {seed}: {} in another order", writer.name);
        acked += writer.acked.len();
    }
    assert!(log.len() - acked <= 8, "seed {seed}: at most one line of each was not acknowledged");
    assert!(acked as u64 > kills, "seed {seed}: only {acked} lines were said");
    let ats: Vec<u64> = log.iter().map(|record| record["at"].as_u64().unwrap()).collect();
    assert!(ats.is_sorted(), "seed {seed}: time went back");
    println!("{kills} kills, {} records, {acked} acknowledged", log.len());
}

/// How often the server is killed: `TALK_KILLS=1000 cargo test killed` takes some minutes.
fn kills() -> u64 {
    std::env::var("TALK_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(50)
}

#[test]
fn killed_again_and_again_every_acknowledged_line_is_stored_once() {
    kill_and_resend(kills(), &["--sync", "always"]);
}

#[test]
fn the_same_when_lines_are_only_handed_to_the_system() {
    kill_and_resend(kills() / 4, &["--sync", "interval", "--retain-records", "100000000"]);
}
