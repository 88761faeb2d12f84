//! The private rooms of a person: their own ones are the same on all devices, what strangers begin fills no list.

use serde_json::{Value, json};

use crate::support::commands::printed;
use crate::support::{TestClient, TestServer};

/// Bob's key in these tests.
const KEY: &str = "00112233445566778899aabbccddeeff";

/// Alice's key.
const ALICE: &str = "ffeeddccbbaa99887766554433221100";

const ROOM: &str = "@alice+bob";

/// A device of a person that follows their rooms, and the rooms in its welcome.
fn device_of(server: &TestServer, user: &str, key: &str, join: &Value) -> (TestClient, Value) {
    let mut peer = TestClient::connect(server.address);
    peer.send(&json!({"type": "hello", "user": user, "token": key, "rooms": true, "join": join}));
    let welcome = peer.receive_type("welcome");
    (peer, welcome["rooms"].clone())
}

fn device(server: &TestServer) -> (TestClient, Value) {
    device_of(server, "bob", KEY, &json!([]))
}

/// The rooms that the server lists for bob now: `@alice+bob (alice)`; `!` marks those that are muted.
fn listed(server: &TestServer) -> Vec<String> {
    let mut peer = TestClient::connect(server.address);
    peer.send(
        &json!({"type": "hello", "user": "bob", "token": KEY, "presence": false, "rooms": true}),
    );
    let rooms = peer.receive_type("welcome")["rooms"].clone(); // an invitation may come before it
    let shown = |one: &Value| {
        let mark = if one["muted"] == true { "!" } else { "" };
        let peer = one["peer"].as_str().map_or_else(String::new, |peer| format!(" ({peer})"));
        format!("{}{mark}{peer}", one["room"].as_str().unwrap())
    };
    rooms.as_array().unwrap().iter().map(shown).collect()
}

fn direct(to: &str, cid: &str) -> Value {
    json!({"type": "direct", "to": to, "cid": cid, "text": "psst"})
}

fn resume(room: &str) -> Value {
    json!({"type": "join", "room": room, "resume": true})
}

fn mark(room: &str, seq: u64) -> Value {
    json!({"type": "mark", "room": room, "seq": seq})
}

fn leave(room: &str) -> Value {
    json!({"type": "leave", "room": room})
}

/// Writes to bob as `user`, who is then gone.
fn write_to_bob(server: &TestServer, user: &str) {
    let (mut peer, _) = TestClient::hello(server.address, user);
    peer.send(&direct("bob", "c1"));
    peer.receive_own(user, "c1");
}

#[test]
fn the_private_rooms_of_a_person_are_the_same_on_all_devices_and_after_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut alice, _) = device_of(&server, "alice", ALICE, &json!([]));
    alice.join("lobby");
    alice.post("lobby", "c0", "so that the name stays hers");
    alice.receive_own("alice", "c0");
    let (_carol, _) = TestClient::hello(server.address, "carol");
    let (mut laptop, _) = device(&server);
    let (mut phone, _) = device(&server);
    laptop.join("dev");
    laptop.send(&direct("alice", "c1"));
    let own = json!({"type": "membership", "room": ROOM, "peer": "alice", "state": "joined"});
    assert_eq!(laptop.receive_type("membership"), own, "it did not ask for it");
    assert_eq!(phone.receive_type("membership")["room"], "dev");
    assert_eq!(phone.receive_type("joined")["room"], ROOM);
    assert_eq!(phone.receive_type("post")["text"], "psst");
    assert_eq!(phone.receive_type("membership"), own, "it is in the room already");
    laptop.send(&json!({"type": "join", "peer": "carol"}));
    laptop.receive_type("joined");
    let told = phone.receive_type("membership");
    assert_eq!((&told["room"], &told["peer"]), (&"@bob+carol".into(), &"carol".into()));
    laptop.join("ops");
    assert_eq!(listed(&server), ["dev", "@alice+bob (alice)", "@bob+carol (carol)", "ops"]);

    phone.send(&json!({"type": "mute", "room": ROOM, "muted": true}));
    let told = laptop.receive_type("membership");
    assert_eq!((&told["room"], &told["muted"]), (&ROOM.into(), &true.into()));
    alice.send(&json!({"type": "nick", "user": "kim"}));
    assert_eq!(laptop.receive_type("renamed")["to"], "kim");
    laptop.post("@bob+carol", "c2", "so that the room stays");
    laptop.receive_with_cid("c2");
    let rooms = ["dev", "@alice+bob! (kim)", "@bob+carol (carol)", "ops"];
    assert_eq!(listed(&server), rooms);
    server.kill();

    let server = TestServer::start_in(data.path(), &[]);
    assert_eq!(listed(&server), rooms, "each change was on disk before the answer came");
    let (mut laptop, _) = device(&server);
    laptop.receives_nothing();
    let (mut phone, _) = device(&server);
    laptop.send(&resume(ROOM));
    let joined = laptop.receive_type("joined");
    assert_eq!((&joined["peer"], &joined["since"]), (&"kim".into(), &0.into()));
    assert_eq!(laptop.receive_type("post")["seq"], 1);
    phone.receives_nothing();
    phone.send(&resume(ROOM));
    phone.receive_type("joined");

    phone.send(&leave(ROOM));
    for peer in [&mut phone, &mut laptop] {
        assert_eq!(peer.receive_type("left"), json!({"type": "left", "room": ROOM}));
    }
    assert_eq!(laptop.receive_type("membership")["state"], "left");
    laptop.post(ROOM, "c3", "not in this room");
    assert_eq!(laptop.receive_error(), "not_joined");
    assert_eq!(listed(&server), ["dev", "@bob+carol (carol)", "ops"]);
}

#[test]
fn a_private_room_that_was_left_comes_back_once_somebody_writes_there_and_not_before() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (mut alice, _) = device_of(&server, "alice", ALICE, &json!([]));
    let (mut laptop, _) = device(&server);
    laptop.send(&direct("alice", "c1"));
    alice.receive_type("post");
    let (mut phone, _) = device(&server);
    alice.post(ROOM, "c2", "never read");
    let missed = laptop.receive_own("alice", "c2");
    phone.receive_own("alice", "c2");
    laptop.send(&leave(ROOM));
    laptop.receive_type("left");
    phone.receive_type("left");
    laptop.receives_nothing();
    let at = (&missed["at"], &missed["cid"]);
    let known = json!([{"room": ROOM, "since": 2, "log": "l", "at": at.0, "cid": at.1, "resume": true},
        {"room": "lobby", "resume": true}]);
    let lobby = json!([{"room": "lobby"}]);
    device_of(&server, "bob", KEY, &lobby).0.receive_type("joined");
    let (mut tablet, rooms) = device_of(&server, "bob", KEY, &known);
    assert_eq!(rooms, lobby);
    assert_eq!(tablet.receive_type("left")["room"], ROOM);
    assert_eq!(tablet.receive_type("joined")["room"], "lobby");
    tablet.receives_nothing();
    while !std::fs::read_to_string(data.path().join("marks.jsonl")).unwrap().contains("\"seq\":2") {
        std::thread::yield_now(); // the maintenance thread writes it within 100 ms
    }
    server.kill();

    let server = TestServer::start_in(data.path(), &[]);
    let (mut laptop, rooms) = device(&server);
    assert_eq!(rooms, lobby);
    laptop.receives_nothing();
    let (mut alice, rooms) = device_of(&server, "alice", ALICE, &json!([]));
    assert_eq!(rooms, json!([{"room": ROOM, "peer": "bob"}]), "she has not left it");
    alice.send(&direct("bob", "c3"));
    let joined = laptop.receive_type("joined");
    assert_eq!((&joined["room"], &joined["since"]), (&ROOM.into(), &2.into()));
    laptop.receive_own("alice", "c3");
    let (mut phone, rooms) = device(&server);
    assert_eq!(rooms, lobby, "unread is not enough");
    assert_eq!(phone.receive_type("joined")["room"], ROOM);
    phone.send(&mark(ROOM, 3));
    assert_eq!(phone.receive_type("membership")["room"], ROOM, "but read is");
    assert_eq!(listed(&server), ["lobby", "@alice+bob (alice)"]);
}

#[test]
fn what_strangers_begin_is_listed_once_it_is_read_and_pushes_out_nothing_of_the_persons_own() {
    let limits = ["new-private-rooms=1000", "new-names=1000", "rooms-per-client=10"];
    let flags: Vec<&str> = limits.iter().flat_map(|limit| ["--limit", limit]).collect();
    let server = TestServer::start(&[&flags[..], &["--max-per-address", "1000"]].concat());
    let (mut alice, _) = device_of(&server, "alice", ALICE, &json!([]));
    let (mut laptop, _) = device(&server);
    laptop.send(&json!({"type": "join", "peer": "alice"})); // nothing is said there yet
    let own = laptop.receive_type("joined")["room"].clone();
    for n in 0..60 {
        write_to_bob(&server, &format!("eve{n}"));
    }
    laptop.round_trip();
    laptop.post(ROOM, "c1", "he is still in this room");
    assert_eq!(laptop.receive_with_cid("c1")["type"], "post");
    assert_eq!(listed(&server), ["@alice+bob (alice)"]);
    let (mut phone, rooms) = device(&server);
    assert_eq!(rooms, json!([{"room": own, "peer": "alice"}]));
    let invited: Vec<Value> =
        (0..9).map(|_| phone.receive_type("joined")["room"].clone()).collect();
    assert!(!invited.contains(&own), "a place stays for it: {invited:?}");
    phone.drain();
    phone.send(&resume(ROOM));
    assert_eq!(phone.receive_type("joined")["room"], ROOM, "and nothing is left for it");

    for room in &invited {
        phone.send(&mark(room.as_str().unwrap(), 1));
    }
    phone.round_trip();
    let rooms = listed(&server);
    assert_eq!(
        (rooms.len(), &*rooms[0]),
        (8, "@alice+bob (alice)"),
        "a fifth stays free: {rooms:?}"
    );
    assert!(rooms[1].contains("+eve"), "{rooms:?}");

    // Rooms of their own push out what they have not answered, then the one that was silent the longest.
    let mut friends: Vec<TestClient> = Vec::new();
    for n in 0..8 {
        friends.push(TestClient::hello(server.address, &format!("friend{n}")).0);
        phone.send(&direct(&format!("friend{n}"), &format!("f{n}")));
        phone.receive_with_cid(&format!("f{n}"));
        if n == 6 {
            let rooms = listed(&server);
            assert_eq!((rooms.len(), &*rooms[0]), (8, "@alice+bob (alice)"), "{rooms:?}");
            alice.post(ROOM, "a1", "a new record");
            alice.receive_with_cid("a1");
        }
    }
    let rooms = listed(&server);
    assert_eq!(rooms.len(), 8);
    assert!(rooms.iter().any(|room| room.contains("alice")), "{rooms:?}");
    assert!(
        !rooms.iter().any(|room| room.contains("friend0") || room.contains("eve")),
        "{rooms:?}"
    );
}

#[test]
fn a_client_that_comes_back_to_a_strangers_room_does_not_make_it_the_persons_own() {
    let server = TestServer::start(&[]);
    let (mut laptop, _) = device(&server);
    laptop.join("lobby");
    write_to_bob(&server, "eve");
    let room = laptop.receive_type("joined")["room"].as_str().unwrap().to_owned();
    laptop.receive_own("eve", "c1");
    drop(laptop);
    let back = json!([{"room": room, "resume": true}, {"room": "lobby", "resume": true}]);
    let (mut laptop, _) = device_of(&server, "bob", KEY, &back);
    assert_eq!(laptop.receive_type("joined")["room"], *room, "it is unread");
    let earlier = json!({"type": "hello", "user": "bob", "token": KEY, "join": [{"room": room}]});
    let mut old = TestClient::connect(server.address);
    old.send(&earlier);
    assert_eq!(old.receive().get("rooms"), None);
    assert_eq!(old.receive_type("joined")["room"], *room);
    assert_eq!(listed(&server), ["lobby"]);

    // Whoever mutes it has dealt with it.
    laptop.send(&json!({"type": "mute", "room": room, "muted": true}));
    laptop.round_trip();
    assert_eq!(listed(&server), ["lobby", "@bob+eve! (eve)"]);
    old.receive_type("post");
    old.receives_nothing();
    laptop.send(&leave(&room));
    assert_eq!(old.receive_type("left")["room"], *room, "an earlier client leaves it as well");
    assert_eq!(listed(&server), ["lobby"]);

    // An earlier client makes a membership when it writes.
    old.send(&direct("eve", "o1"));
    old.receive_own("bob", "o1");
    old.receives_nothing();
    assert_eq!(listed(&server), ["lobby", "@bob+eve (eve)"]);
}

#[test]
fn a_script_makes_a_private_room_nobodys_own_and_leaves_it_alone() {
    let server = TestServer::start(&[]);
    let (_alice, _) = device_of(&server, "alice", ALICE, &json!([]));
    let mut script = TestClient::connect(server.address);
    script.send(&json!({"type": "hello", "user": "bob", "token": KEY, "presence": false}));
    script.receive();
    script.send(&direct("alice", "c1"));
    script.receive_own("bob", "c1");
    script.send(&mark(ROOM, 1));
    script.round_trip();
    assert!(listed(&server).is_empty());
    let (mut laptop, _) = device(&server);
    laptop.send(&json!({"type": "join", "peer": "alice"}));
    laptop.receive_type("joined");
    script.send(&leave(ROOM));
    script.receive_type("left");
    assert_eq!(listed(&server), ["@alice+bob (alice)"]);
}

#[test]
fn a_listed_room_is_the_one_of_its_owners_whoever_has_their_names_now() {
    let server = TestServer::start(&["--rate", "0"]);
    let (mut bob, _) = device(&server);
    let (mut alice, _) = device_of(&server, "alice", ALICE, &json!([]));
    alice.send(&direct("bob", "c1"));
    bob.receive_type("post");
    for n in 1..=5 {
        bob.send(&json!({"type": "nick", "user": format!("b{n}")})); // the fifth gives the first name back
        bob.receive_type("renamed");
    }
    let mut other = TestClient::hello(server.address, "bob").0;
    alice.send(&direct("bob", "c2"));
    let room = other.receive_type("joined")["room"].clone();
    let both = json!([{"room": ROOM, "peer": "b5"}, {"room": room, "peer": "bob"}]);
    let (mut phone, rooms) = device_of(&server, "alice", ALICE, &json!([]));
    assert_eq!(rooms, both);
    phone.send(&resume(ROOM));
    assert_eq!(phone.receive_type("joined")["peer"], "b5");
    phone.send(&json!({"type": "mute", "room": ROOM, "muted": true}));
    phone.round_trip();
    let rooms = device_of(&server, "alice", ALICE, &json!([])).1;
    assert_eq!(rooms[0]["muted"], true);

    // With another person's key this client is no longer alice's: it leaves, and she is still a member.
    phone.send(&json!({"type": "nick", "user": "b5", "token": KEY}));
    assert_eq!(phone.receive_type("left")["room"], ROOM);
    phone.receive_type("renamed");
    phone.send(&resume(room.as_str().unwrap()));
    assert_eq!(phone.receive_type("error")["code"], "forbidden");
    let rooms = device_of(&server, "alice", ALICE, &json!([])).1;
    assert_eq!((&rooms[0]["room"], &rooms[1]), (&ROOM.into(), &both[1]));
}

#[test]
fn a_room_that_is_removed_is_no_longer_listed() {
    let data = tempfile::tempdir().unwrap();
    let mut server = TestServer::start_in(data.path(), &[]);
    let (_alice, _) = device_of(&server, "alice", ALICE, &json!([]));
    let (_carol, _) = TestClient::hello(server.address, "carol");
    let (mut bob, _) = device(&server);
    for to in ["alice", "carol"] {
        bob.send(&direct(to, to));
        bob.receive_own("bob", to);
    }
    server.kill();
    let logs = std::fs::read_dir(data.path().join("rooms")).unwrap();
    let mut logs = logs.map(|log| log.unwrap().file_name().into_string().unwrap());
    let log = logs.find(|log| log.starts_with(ROOM)).unwrap();
    printed(&["remove", &log, "--yes"], data.path());
    let kept = std::fs::read_to_string(data.path().join("memberships.jsonl")).unwrap();
    assert!(!kept.contains(ROOM) && kept.contains("@bob+carol"), "{kept}");
    let server = TestServer::start_in(data.path(), &[]);
    assert_eq!(listed(&server), ["@bob+carol (carol)"]);
}
