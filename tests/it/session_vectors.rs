//! Holds the client's machine to the vectors that the browser's is held to as well.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers as well"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use talk::chat::wire::{Agent, Reply, Request};
use talk::chat::{ErrorCode, Password};
use talk::client::session::{Identity, Input, Kept, Line, Output, Refusal, Session, State};

#[test]
fn the_machine_answers_every_vector_step_by_step() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/session");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file: Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).expect("a vector is JSON");
        let mut session = session(&file);
        for (index, step) in list(&file["steps"]).iter().enumerate() {
            let seen: Vec<Value> = session.feed(input(&step["in"])).iter().map(output).collect();
            let name = path.file_name().unwrap();
            assert_eq!(seen, list(&step["out"]), "{name:?}, step {}: {}", index + 1, step["in"]);
        }
        count += 1;
    }
    assert!(count >= 40, "only {count} vectors found");
}

fn session(file: &Value) -> Session {
    let identity = Identity {
        user: text(&file["user"]).parse().unwrap(),
        token: file.get("token").map(|token| text(token).parse().unwrap()),
        password: file.get("password").map(|password| Password::new(text(password))),
        agent: file.get("agent").map(|agent| Agent::from_wire(text(agent))),
    };
    Session::new(
        identity,
        list(&file["rooms"]).iter().map(|room| text(room).parse().unwrap()).collect(),
    )
}

fn input(value: &Value) -> Input {
    let (kind, what) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "start" => Input::Start,
        "opened" => Input::Opened,
        "received" => Input::Heard(Reply::parse(&what.to_string()).unwrap()),
        "closed" => Input::Closed {
            code: value["closed"].as_u64().unwrap().try_into().unwrap(),
            chance: value["jitter"].as_f64().unwrap(),
        },
        "submit" => Input::Say(line(what)),
        "resend_due" => Input::Again,
        "resend" => Input::Resend(text(what).parse().unwrap()),
        "drop" => Input::Drop(text(what).parse().unwrap()),
        "join" => Input::Join(text(what).parse().unwrap()),
        "leave" => Input::Leave(text(what).parse().unwrap()),
        "nick" => Input::Nick(text(what).parse().unwrap()),
        "restore" => Input::Restore(list(what).iter().map(kept).collect()),
        _ => panic!("no such input: {kind}"),
    }
}

fn output(output: &Output) -> Value {
    match output {
        Output::State(state) => json!({ "state": match state {
            State::Offline => "offline",
            State::Connecting => "connecting",
            State::CatchingUp => "catching up",
            State::Live => "live",
            State::Stopped => "stopped",
        }}),
        Output::Connect => json!({ "connect": true }),
        Output::Wait(wait) => json!({ "retry_in": millis(*wait) }),
        Output::Send(request) => json!({ "send": message(&request.encode()) }),
        Output::AgainIn(wait) => json!({ "resend_in": millis(*wait) }),
        Output::HangUp(code) => json!({ "disconnect": code }),
        Output::Record(record) => json!({ "record": message(&record.encode()) }),
        Output::Reset(room) => json!({ "reset": room.as_str() }),
        Output::Gap { room, first } => json!({ "gap": { "room": room.as_str(), "first": first } }),
        Output::Pending(line) => {
            let Line { room, cid, act } = line.clone();
            json!({ "pending": message(&Request::Do { room, cid, act }.encode()) })
        }
        Output::Stored { cid, seq } => json!({ "stored": { "cid": cid.as_str(), "seq": seq } }),
        Output::Failed { cid, code, message } => {
            json!({ "failed": { "cid": cid.as_str(), "code": code.as_str(), "message": message } })
        }
        Output::Dropped(cid) => json!({ "dropped": cid.as_str() }),
        Output::Notice(reply) => json!({ "message": message(&reply.encode()) }),
        Output::Stopped(code) => json!({ "stopped": code }),
    }
}

fn line(value: &Value) -> Line {
    match Request::parse(&value.to_string(), 4096).unwrap() {
        Request::Do { room, cid, act } => Line { room, cid, act },
        other => panic!("no line: {other:?}"),
    }
}

fn kept(value: &Value) -> Kept {
    let refusal = value.get("failed").map(|failed| Refusal {
        code: ErrorCode::from_wire(text(&failed["code"])),
        message: text(&failed["message"]).to_owned(),
    });
    Kept { line: line(value), refusal }
}

fn message(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn millis(wait: Duration) -> u64 {
    wait.as_millis().try_into().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}
