//! Rooms are loaded when they are first needed, and release memory when they are idle: nothing that a client
//! sees depends on it, and neither a start nor an idle server pays for rooms that no one uses.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha1_smol::Sha1;

use crate::support::raw_client::RawClient;
use crate::support::under_attack::{all_of, from_elsewhere, under_attack_in};
use crate::support::{ServerLog, TIMEOUT, TestClient, TestServer};

/// The first 16 digits of the SHA-1 of the checksum before and a line.
fn check(before: &str, body: &str) -> String {
    Sha1::from(format!("{before}{body}")).digest().to_string()[..16].to_owned()
}

/// Writes the log of a public room with these texts, as a server has left it: much faster than with a server.
fn write_log(data: &Path, room: &str, texts: &[String]) {
    let dir = data.join("rooms").join(room);
    fs::create_dir_all(&dir).unwrap();
    let start = "0".repeat(16);
    let header = format!(
        r#"{{"type":"log","version":1,"room":"{room}","log":"{log}","first":1,"at":0,"after":"{start}""#,
        log = Sha1::from(room).digest(),
    );
    let mut before = check(&start, &header);
    let mut lines = format!("{header},\"check\":\"{before}\"}}\n");
    for (seq, text) in (1..).zip(texts) {
        let body = format!(
            r#"{{"type":"post","room":"{room}","seq":{seq},"at":{seq},"user":"bob","cid":"c{seq}","text":"{text}","holder":"{owner}""#,
            owner = "0".repeat(32),
        );
        before = check(&before, &body);
        lines.push_str(&format!("{body},\"check\":\"{before}\"}}\n"));
    }
    fs::write(dir.join("0000000000000001.jsonl"), lines).unwrap();
}

fn texts(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("line {n}")).collect()
}

fn count(server: &TestServer, metric: &str) -> f64 {
    RawClient::connect(server.address).count(metric)
}

fn hello(server: &TestServer, welcome: &Value) -> TestClient {
    let mut client = TestClient::connect(server.address);
    client.send(&json!({"type": "hello", "user": welcome["user"], "token": welcome["token"]}));
    assert_eq!(client.receive()["type"], "welcome");
    client
}

// ---- A start, and then nothing -----------------------------------------------------------------

#[test]
fn thousands_of_rooms_cost_neither_a_start_nor_an_idle_server_anything() {
    const ROOMS: usize = 3_000;
    let data = tempfile::tempdir().unwrap();
    for n in 0..ROOMS {
        write_log(data.path(), &format!("room{n}"), &texts(2));
    }
    let server = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = TestClient::hello(server.address, "bob");
    bob.send(&json!({"type": "rooms"}));
    let listed = bob.receive_type("rooms");
    let heads = listed["rooms"].as_array().unwrap().iter().map(|room| &room["head"]);
    assert_eq!(heads.filter(|head| **head == 2).count(), ROOMS, "known without a load");
    assert_eq!(bob.join("room2999")["head"], 2);
    server.wait_until_checked();
    // A visit of every room in each pass took 7 % of a core of a release build with 10,000 rooms.
    let (before, since) = (server.cpu(), Instant::now());
    thread::sleep(Duration::from_secs(3));
    let share = (server.cpu() - before).as_secs_f64() / since.elapsed().as_secs_f64();
    assert!(share < 0.03, "{share}");
    assert!(count(&server, "talk_room_memory_bytes") > 0.0);
}

// ---- Cids --------------------------------------------------------------------------------------

#[test]
fn a_cid_is_known_after_a_kill_before_the_first_post_in_its_room() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    let mut alice = TestClient::hello(server.address, "alice").0;
    alice.round_trip();
    let edit = json!({"type": "edit", "room": "lobby", "cid": "c2", "target": 1, "text": "two"});
    let direct = json!({"type": "direct", "to": "alice", "cid": "c1", "text": "psst"});
    bob.post("lobby", "c1", "one");
    let mut stored = vec![bob.receive_own("bob", "c1")];
    for message in [&edit, &direct] {
        bob.send(message);
        stored.push(bob.receive_with_cid(message["cid"].as_str().unwrap()));
    }
    for _ in 0..3 {
        server.kill();
        server = TestServer::start_in(data.path(), &[]);
        let mut bob = hello(&server, &welcome);
        bob.send(&json!({"type": "join", "room": "lobby", "since": "now"}));
        bob.receive_type("joined");
        bob.send(&edit); // an edit asks for its cid before it looks at its target
        assert_eq!(bob.receive_type("edit"), stored[1]);
        bob.post("lobby", "c1", "one");
        assert_eq!(bob.receive_type("post"), stored[0], "a repeat is answered with the record");
        bob.post("lobby", "c1", "another");
        assert_eq!(bob.receive_error(), "cid_conflict");
        bob.send(&direct);
        assert_eq!(bob.receive_type("post"), stored[2]);
    }
}

#[test]
fn a_repeat_on_many_connections_right_after_a_start_is_one_record() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, welcome) = TestClient::joined_with_welcome(server.address, "bob");
    for n in 1..=50 {
        bob.post("lobby", &format!("c{n}"), "hello");
        bob.receive_own("bob", &format!("c{n}"));
    }
    server.kill();
    let server = TestServer::start_in(data.path(), &[]);
    let answers: Vec<Vec<Value>> = thread::scope(|scope| {
        let post = || {
            let mut bob = hello(&server, &welcome);
            bob.send(&json!({"type": "join", "room": "lobby", "since": "now"}));
            bob.receive_type("joined");
            for cid in ["c50", "c51"] {
                bob.post("lobby", cid, "hello");
            }
            vec![bob.receive_with_cid("c50"), bob.receive_with_cid("c51")]
        };
        let posting: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
        posting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for answer in answers {
        assert_eq!((&answer[0]["seq"], &answer[1]["seq"]), (&50.into(), &51.into()));
    }
}

// ---- Damage ------------------------------------------------------------------------------------

#[test]
fn damage_is_found_by_a_join_or_by_the_check_after_the_start_and_logged_once() {
    for joins in [true, false] {
        let data = tempfile::tempdir().unwrap();
        for n in 0..200 {
            write_log(data.path(), &format!("room{n}"), &texts(20));
        }
        write_log(data.path(), "zoo", &texts(5)); // the last that the check comes to
        let path = data.path().join("rooms/zoo/0000000000000001.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("line 3", "lime 3")).unwrap();
        let mut errors = tempfile::tempfile().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
        command.stderr(errors.try_clone().unwrap());
        let server = TestServer::start_by(&mut command, data.path(), &[]);
        if !joins {
            server.wait_until_checked();
        }
        let (mut bob, joined) = TestClient::joined(server.address, "bob", "zoo");
        assert_eq!(joined["head"], 2, "nothing that is not verified is served");
        assert_eq!(bob.receive_seqs(2), [1, 2]);
        bob.post("zoo", "c6", "more");
        assert_eq!(bob.receive_error(), "storage");
        bob.join("room7");
        bob.post("room7", "new", "other rooms are unharmed");
        assert_eq!(bob.receive_own("bob", "new")["seq"], 21);
        server.wait_until_checked();
        assert_eq!(fs::read_to_string(&path).unwrap(), text.replace("line 3", "lime 3"));
        assert!(RawClient::connect(server.address).get("/readyz").starts_with("HTTP/1.1 503"));
        drop(server);
        let said = all_of(&mut errors);
        assert_eq!(said.matches("damaged-read-only").count(), 1, "{said}");
        assert!(said.contains("room=zoo file=0000000000000001.jsonl seq=3 "), "{said}");
    }
}

#[test]
fn a_room_that_cannot_be_loaded_is_refused_and_others_are_not() {
    let data = tempfile::tempdir().unwrap();
    for room in ["lobby", "zoo"] {
        write_log(data.path(), room, &texts(5));
    }
    let path = data.path().join("rooms/zoo/0000000000000001.jsonl");
    let good = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap(); // reading it fails with EISDIR
    write_log(data.path(), "a", &texts(5));
    for n in 0..20 {
        write_log(data.path(), &format!("b{n}"), &texts(1)); // a start looks at the first few rooms only
    }
    let mut errors = tempfile::tempfile().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.stderr(errors.try_clone().unwrap());
    let server = TestServer::start_by(&mut command, data.path(), &[]);
    let (mut bob, joined) = TestClient::joined(server.address, "bob", "lobby");
    assert_eq!(joined["head"], 5);
    bob.receive_seqs(5);
    bob.send(&json!({"type": "join", "room": "zoo"}));
    let refused = bob.receive();
    assert_eq!((&refused["code"], &refused["room"]), (&"storage".into(), &"zoo".into()));
    assert!(RawClient::connect(server.address).get("/readyz").starts_with("HTTP/1.1 503"));
    bob.post("lobby", "c6", "unharmed");
    assert_eq!(bob.receive_own("bob", "c6")["seq"], 6);
    fs::remove_dir(&path).unwrap();
    fs::write(&path, good).unwrap();
    let since = Instant::now();
    loop {
        bob.send(&json!({"type": "join", "room": "zoo", "since": "now"}));
        let answer = bob.receive_any_of(&["joined", "error"]);
        if answer["head"] == 5 {
            break; // a join tries again, but not many times a second
        }
        assert!(answer["code"] == "storage" && since.elapsed() < TIMEOUT, "{answer}");
        thread::sleep(Duration::from_millis(50));
    }
    assert!(RawClient::connect(server.address).get("/readyz").starts_with("HTTP/1.1 200"));
    drop(server);
    assert!(all_of(&mut errors).contains("room-not-loaded room=zoo"));
}

#[test]
fn a_file_that_is_away_while_its_room_is_released_closes_the_room_until_it_is_back() {
    let data = tempfile::tempdir().unwrap();
    write_log(data.path(), "zoo", &texts(2_000));
    write_log(data.path(), "lobby", &texts(1));
    let (log, mut command) = (ServerLog::new(), Command::new(env!("CARGO_BIN_EXE_server")));
    log.of(&mut command);
    let flags = ["--limit", "room-memory=1KiB"];
    let server = TestServer::start_by(&mut command, data.path(), &flags);
    server.wait_until_checked();
    let (mut bob, _) = TestClient::hello(server.address, "bob");
    let readiness = || RawClient::connect(server.address).get("/readyz");
    for room in ["zoo", "lobby"] {
        bob.send(&json!({"type": "join", "room": room, "since": "now"}));
        bob.receive_type("joined");
        bob.post(room, room, "hello");
        bob.receive_with_cid(room);
    }
    let since = Instant::now();
    while count(&server, "talk_room_memory_bytes") > 1_500.0 {
        let memory = count(&server, "talk_room_memory_bytes");
        assert!(since.elapsed() < TIMEOUT, "zoo is not released: {memory}");
    }
    let there = data.path().join("rooms/zoo/0000000000000001.jsonl");
    let away = data.path().join("away");
    fs::rename(&there, &away).unwrap();

    for n in 0..5 {
        let cid = format!("secret{n}");
        bob.post("zoo", &cid, "a secret");
        let refused = bob.receive_with_cid(&cid);
        assert_eq!((&refused["type"], &refused["code"]), (&"error".into(), &"storage".into()));
        assert!(!refused["message"].as_str().unwrap().contains("secret"), "{refused}");
    }
    bob.send(&json!({"type": "history", "room": "zoo", "before": 100, "limit": 5}));
    assert_eq!(bob.receive_any_of(&["history", "error"])["code"], "storage");
    bob.post("lobby", "other", "other rooms are unharmed");
    assert_eq!(bob.receive_own("bob", "other")["seq"], 3);
    log.wait_for("room-not-loaded");
    assert!(readiness().starts_with("HTTP/1.1 503"));

    fs::rename(&away, &there).unwrap();
    let since = Instant::now();
    let stored = loop {
        bob.post("zoo", "again", "it is back");
        let answer = bob.receive_with_cid("again");
        if answer["type"] == "post" {
            break answer;
        }
        assert!(answer["code"] == "storage" && since.elapsed() < TIMEOUT, "{answer}");
        thread::sleep(Duration::from_millis(300)); // its author's rate
    };
    assert_eq!(stored["seq"], 2_002);
    log.wait_for("room-loaded-again");
    assert!(log.text().contains("room-not-loaded room=zoo"));
    assert_eq!(log.count("room-not-loaded"), 1, "once, however often it is tried: {}", log.text());
    assert!(readiness().starts_with("HTTP/1.1 200"));
    drop(server);
    let verified = crate::support::commands::printed(&["verify"], data.path());
    assert_eq!(verified.matches("intact").count(), 2, "{verified}");
}

#[test]
fn a_room_that_cannot_be_read_is_refused_in_one_sentence_whatever_needs_it() {
    let data = tempfile::tempdir().unwrap();
    write_log(data.path(), "zoo", &texts(2_000));
    let server = TestServer::start_in(data.path(), &[]);
    let (mut bob, _) = TestClient::hello(server.address, "bob");
    bob.send(&json!({"type": "join", "room": "zoo", "since": "now"}));
    bob.receive_type("joined");
    server.wait_until_checked();
    let path = data.path().join("rooms/zoo/0000000000000001.jsonl");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap(); // reading it fails with EISDIR
    let requests = [
        json!({"type": "history", "room": "zoo", "before": 100}),
        json!({"type": "search", "room": "zoo", "text": "line", "before": 1_000}),
        json!({"type": "post", "room": "zoo", "cid": "c1", "text": "hello"}),
        json!({"type": "delete", "room": "zoo", "cid": "c2", "target": 1}),
        json!({"type": "join", "room": "zoo", "since": 0}),
    ];
    let answers = requests.map(|request| {
        bob.send(&request);
        let error = bob.receive_type("error");
        assert_eq!(error["code"], "storage", "{request}: {error}");
        for field in ["room", "cid"] {
            let expected = if request["cid"].is_null() == (field == "room") {
                &request[field]
            } else {
                &Value::Null
            };
            assert_eq!(error[field], *expected, "{error}");
        }
        error["message"].as_str().unwrap().to_owned()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

// ---- Memory ------------------------------------------------------------------------------------

#[test]
fn rooms_that_do_not_fit_in_memory_are_read_again_and_lose_nothing() {
    const ROOMS: usize = 12;
    let limit = 256.0 * 1_024.0;
    let data = tempfile::tempdir().unwrap();
    for n in 0..ROOMS {
        write_log(data.path(), &format!("room{n}"), &texts(2_000));
    }
    let flags = ["--limit", "room-memory=256KiB", "--limit", "control-rate=100000"];
    let server = TestServer::start_in(data.path(), &flags);
    thread::scope(|scope| {
        for user in 0..4 {
            let address = server.address;
            scope.spawn(move || {
                let name = format!("user{user}");
                let (mut client, _) = TestClient::hello(address, &name);
                for n in 0..ROOMS {
                    let join = json!({"type": "join", "room": format!("room{n}"), "since": "now"});
                    client.send(&join);
                    client.receive_type("joined");
                }
                for turn in 0..10 {
                    for n in 0..ROOMS {
                        let (room, cid) = (format!("room{n}"), format!("{user}-{turn}"));
                        client.post(&room, &cid, "hello");
                        let stored = client.receive_own(&name, &cid);
                        client.post(&room, &cid, "hello");
                        let again = loop {
                            let record = client.receive_own(&name, &cid);
                            if record["room"] == *room {
                                break record;
                            }
                        };
                        assert_eq!(again, stored, "a repeat is the same record");
                        let seq = stored["seq"].as_u64().unwrap();
                        let ask =
                            json!({"type": "history", "room": room, "before": seq, "limit": 20});
                        client.send(&ask);
                        let page = client.receive_type("history");
                        let seqs = page["records"].as_array().unwrap().iter();
                        let seqs: Vec<u64> = seqs.map(|r| r["seq"].as_u64().unwrap()).collect();
                        assert_eq!(seqs, (seq - 20..seq).collect::<Vec<u64>>());
                    }
                }
            });
        }
    });
    let since = Instant::now();
    while count(&server, "talk_room_memory_bytes") > limit {
        assert!(since.elapsed() < TIMEOUT, "{}", count(&server, "talk_room_memory_bytes"));
    }
    for n in 0..ROOMS {
        let (name, room) = (format!("bob{n}"), format!("room{n}"));
        assert_eq!(TestClient::joined(server.address, &name, &room).1["head"], 2_040);
    }
    drop(server);
    let verified = crate::support::commands::printed(&["verify"], data.path());
    assert_eq!(verified.matches("intact").count(), ROOMS, "{verified}");
}

#[test]
fn clients_that_post_in_turn_in_more_rooms_than_fit_in_memory_delay_no_other() {
    const ROOMS: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for n in 0..ROOMS {
        write_log(&data, &format!("room{n}"), &texts(2_000));
    }
    under_attack_in(folder.path(), &["--limit", "room-memory=128KiB"], |server| {
        thread::scope(|scope| {
            for user in 0..8 {
                scope.spawn(move || {
                    let name = format!("mal{user}");
                    let (mut client, _) = TestClient::hello(server.address, &name);
                    for n in 0..ROOMS {
                        let room = format!("room{n}");
                        client.send(&json!({"type": "join", "room": room, "since": "now"}));
                        client.receive_type("joined");
                    }
                    for turn in 0..30 {
                        let (room, cid) =
                            (format!("room{}", (turn + user) % ROOMS), turn.to_string());
                        client.post(&room, &cid, "hello"); // reads 2,000 records, as others have used the memory
                        client.receive_own(&name, &cid);
                    }
                });
            }
        });
    });
}

/// The rooms that attackers use, of which few fit in the memory of these tests.
const ATTACKED: usize = 10;

/// A data directory with these rooms, each with 3,000 messages.
fn write_attacked_rooms(data: &Path) {
    for n in 0..ATTACKED {
        write_log(data, &format!("room{n}"), &texts(3_000));
    }
}

/// A client in all of these rooms.
fn in_attacked_rooms(server: &TestServer, user: &str) -> TestClient {
    let (mut client, _) = TestClient::hello(server.address, user);
    for n in 0..ATTACKED {
        client.send(&json!({"type": "join", "room": format!("room{n}"), "since": "now"}));
        client.receive_type("joined");
    }
    client
}

/// How often clients waited for their network.
fn delays(server: &TestServer) -> f64 {
    RawClient(from_elsewhere(server.address, 11)).count("talk_quota_delays_total")
}

/// Flags for a server that releases rooms at once, with shares per address.
const SCARCE: [&str; 6] =
    ["--limit", "room-memory=8KiB", "--max-per-address", "1000", "--rate", "0"];

#[test]
fn edits_and_deletes_that_read_cids_are_charged_like_questions() {
    let folder = tempfile::tempdir().unwrap();
    write_attacked_rooms(&folder.path().join("data"));
    under_attack_in(folder.path(), &SCARCE, |server| {
        let (before, since) = (delays(server), Instant::now());
        let act = |user: usize| {
            let mut client = in_attacked_rooms(server, &format!("mal{user}"));
            for turn in 0.. {
                assert!(since.elapsed() < TIMEOUT, "{turn} reads of 3,000 records are free");
                let (kind, cid) = (["edit", "delete"][turn % 2], turn.to_string());
                let room = format!("room{}", (turn + user) % ATTACKED);
                let act =
                    json!({"type": kind, "room": room, "cid": cid, "target": 1, "text": "no"});
                client.send(&act);
                assert_eq!(client.receive_with_cid(&cid)["code"], "forbidden");
                if delays(server) > before {
                    return;
                }
            }
        };
        thread::scope(|scope| {
            (0..8).for_each(|user| {
                let act = &act;
                scope.spawn(move || act(user));
            });
        });
    });
}

#[test]
fn a_client_in_quiet_rooms_waits_for_few_of_the_reads_of_cids_that_others_cause() {
    const QUIET: usize = 15;
    let data = tempfile::tempdir().unwrap();
    write_attacked_rooms(data.path());
    for n in 0..QUIET {
        write_log(data.path(), &format!("quiet{n}"), &texts(100));
    }
    // Without shares no one is in debt: the attackers never pause.
    let server = TestServer::start_in(data.path(), &["--limit", "room-memory=128KiB"]);
    let (answers, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut waits: Vec<usize> = thread::scope(|scope| {
        for user in 0..30 {
            let (server, answers, is_over) = (&server, &answers, &is_over);
            scope.spawn(move || {
                let mut client = in_attacked_rooms(server, &format!("mal{user}"));
                for turn in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let (room, cid) =
                        (format!("room{}", (turn + user) % ATTACKED), turn.to_string());
                    client.send(&json!({"type": "delete", "room": room, "cid": cid, "target": 1}));
                    client.receive_with_cid(&cid);
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut ann = TestClient::over(from_elsewhere(server.address, 20));
        ann.send(&json!({"type": "hello", "user": "ann"}));
        ann.receive_type("welcome");
        while answers.load(Ordering::Relaxed) < 60 {
            thread::yield_now();
        }
        let wait = |n| {
            let room = format!("quiet{n}");
            ann.send(&json!({"type": "join", "room": room, "since": "now"}));
            ann.receive_type("joined");
            let before = answers.load(Ordering::Relaxed);
            ann.post(&room, &room, "hello"); // reads the cids, for the first time
            ann.receive_own("ann", &room);
            answers.load(Ordering::Relaxed) - before
        };
        let waits = (0..QUIET).map(wait).collect();
        is_over.store(true, Ordering::Relaxed);
        waits
    });
    waits.sort_unstable();
    // In the order of arrival it would be those of all thirty. Some come while her post is stored and read.
    assert!(waits[QUIET / 2] < 15, "reads that were before each of hers: {waits:?}");
}

// ---- Private rooms -----------------------------------------------------------------------------

#[test]
fn private_rooms_are_found_after_a_start_before_they_are_loaded() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut bob, bobs) = TestClient::joined_with_welcome(server.address, "bob");
    let (mut eve, eves) = TestClient::hello(server.address, "eve");
    let names: Vec<String> = (0..10).map(|n| format!("friend{n}")).collect();
    let friends: Vec<TestClient> = names
        .iter()
        .map(|name| {
            let (mut friend, _) = TestClient::hello(server.address, name);
            friend.send(&json!({"type": "direct", "to": "bob", "cid": "c1", "text": "hi"}));
            friend.receive_with_cid("c1");
            friend
        })
        .collect();
    bob.post("lobby", "c0", "so that the name stays mine");
    bob.receive_own("bob", "c0");
    eve.send(&json!({"type": "direct", "to": "friend3", "cid": "c1", "text": "hi"}));
    eve.receive_with_cid("c1");
    drop(friends);
    server.kill();

    let server = TestServer::start_in(data.path(), &[]);
    let private = |client: &mut TestClient| {
        client.send(&json!({"type": "rooms"}));
        let rooms = client.receive_type("rooms")["rooms"].clone();
        let private =
            rooms.as_array().unwrap().iter().filter(|room| {
                room["name"].as_str().unwrap().starts_with('@') && room["head"] == 1
            });
        private.count()
    };
    assert_eq!(private(&mut hello(&server, &eves)), 1);
    let mut bob = hello(&server, &bobs);
    assert_eq!(private(&mut bob), 10);
    bob.send(&json!({"type": "direct", "to": "friend3", "cid": "c9", "text": "hi"}));
    assert_eq!(bob.receive_with_cid("c9")["seq"], 2, "the room that was there");
}

#[test]
fn a_room_that_was_altered_while_it_was_released_keeps_no_one_out_of_the_others() {
    let data = tempfile::tempdir().unwrap();
    for room in ["lobby", "zoo"] {
        write_log(data.path(), room, &texts(5));
    }
    let server = TestServer::start_in(data.path(), &["--limit", "room-memory=1KiB"]);
    let (mut bob, _) = TestClient::joined(server.address, "bob", "lobby");
    let path = data.path().join("rooms/zoo/0000000000000001.jsonl");
    let altered = fs::read_to_string(&path).unwrap().replacen("\"bob\"", "\"eve\"", 1);
    loop {
        if RawClient::connect(server.address).count("talk_logs_unchecked") == 0.0 {
            break; // every room was loaded once; only the one that was used last keeps something
        }
    }
    bob.post("lobby", "c6", "the room used last");
    bob.receive_own("bob", "c6");
    fs::write(&path, altered).unwrap();
    let mut ann = TestClient::connect(server.address);
    let join = json!([{"room": "zoo", "since": 0}, {"room": "lobby", "since": 0}]);
    ann.send(&json!({"type": "hello", "user": "ann", "join": join}));
    let refused = ann.receive_type("error");
    assert_eq!((&refused["code"], &refused["room"]), (&"storage".into(), &"zoo".into()));
    assert_eq!(ann.receive_type("joined")["room"], "lobby");
    assert_eq!(ann.receive_seqs(6), (1..=6).collect::<Vec<u64>>());
    ann.post("lobby", "c7", "unharmed");
    assert_eq!(ann.receive_own("ann", "c7")["seq"], 7);
}
