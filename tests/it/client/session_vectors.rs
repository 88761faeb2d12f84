//! The client's state machine against `tests/vectors/session`, against which the page's is tested too.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers as well"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use talk::chat::protocol::{Agent, ClientMessage, ServerMessage};
use talk::chat::{ErrorCode, Password, Rejection, RoomName};
use talk::client::Event;
use talk::client::session::{
    Action, ConnectionState, Credentials, Input, SavedSubmission, Session, Submission,
};
use talk::json;

#[test]
fn the_state_machine_follows_every_vector() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/session");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file: Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).expect("a vector is JSON");
        let mut session = session(&file);
        for (index, step) in list(&file["steps"]).iter().enumerate() {
            let seen: Vec<Value> = session.handle(input(&step["in"])).iter().map(output).collect();
            let name = path.file_name().unwrap();
            assert_eq!(seen, list(&step["out"]), "{name:?}, step {}: {}", index + 1, step["in"]);
        }
        count += 1;
    }
    assert!(count >= 40, "only {count} vectors found");
}

fn session(file: &Value) -> Session {
    let credentials = Credentials {
        user: text(&file["user"]).parse().unwrap(),
        token: file.get("token").map(|token| text(token).parse().unwrap()),
        password: file.get("password").map(|password| Password::new(text(password))),
        agent: file.get("agent").map(|agent| Agent::from_wire(text(agent))),
        presence: true,
        follows_rooms: file["follows_rooms"] == true,
    };
    let rooms = |key: &str| -> Vec<RoomName> {
        let rooms = file[key].as_array().into_iter().flatten();
        rooms.map(|room| text(room).parse().unwrap()).collect()
    };
    let mut session = Session::new(credentials, rooms("rooms"));
    session.resume_rooms(rooms("members"));
    session
}

fn input(value: &Value) -> Input {
    let (kind, what) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "start" => Input::Start,
        "opened" => Input::Opened,
        "received" => Input::Received(ServerMessage::parse(&what.to_string()).unwrap()),
        "closed" => Input::Closed {
            code: value["closed"].as_u64().unwrap().try_into().unwrap(),
            reason: String::new(),
            jitter: value["jitter"].as_f64().unwrap(),
            least_wait: Duration::from_millis(value["least_wait"].as_u64().unwrap_or(0)),
        },
        "submit" => Input::Submit(submission(what)),
        "resend_due" => Input::ResendDue,
        "resend" => Input::Resend(text(what).parse().unwrap()),
        "drop" => Input::Drop(text(what).parse().unwrap()),
        "join" => Input::Join(RoomName::parse_stored(text(what)).unwrap()),
        "leave" => Input::Leave(text(what).parse().unwrap()),
        "nick" => Input::Nick(text(what).parse().unwrap()),
        "restore" => Input::Restore(list(what).iter().map(kept).collect()),
        _ => panic!("no such input: {kind}"),
    }
}

fn output(action: &Action) -> Value {
    match action {
        Action::Connect => json!({ "connect": true }),
        Action::Retry(wait) => json!({ "retry_in": millis(*wait) }),
        Action::Send(request) => json!({ "send": message(&request.encode()) }),
        Action::ResendIn(wait) => json!({ "resend_in": millis(*wait) }),
        Action::Disconnect(code) => json!({ "disconnect": code }),
        Action::Emit(event) => emitted(event),
    }
}

fn emitted(event: &Event) -> Value {
    match event {
        Event::State(state) => json!({ "state": match state {
            ConnectionState::Offline { .. } => "offline",
            ConnectionState::Connecting => "connecting",
            ConnectionState::CatchingUp => "catching up",
            ConnectionState::Live => "live",
            ConnectionState::Stopped => "stopped",
        }}),
        Event::Record(record) => json!({ "record": message(&record.encode()) }),
        Event::Reset(room) => json!({ "reset": room.as_str() }),
        Event::Gap { room, first } => json!({ "gap": { "room": room.as_str(), "first": first } }),
        Event::Pending(submission) => {
            let Submission { room, cid, operation } = submission.clone();
            json!({ "pending": message(&ClientMessage::Submit { room, cid, operation }.encode()) })
        }
        Event::Stored { cid, seq } => json!({ "stored": { "cid": cid.as_str(), "seq": seq } }),
        Event::Failed { cid, rejection: Rejection { code, message } } => {
            json!({ "failed": { "cid": cid.as_str(), "code": code.as_str(), "message": message } })
        }
        Event::Dropped(cid) => json!({ "dropped": cid.as_str() }),
        Event::Message(reply) => json!({ "message": message(&reply.encode()) }),
        Event::Stopped { code, .. } => json!({ "stopped": code }),
        Event::ConnectionLost(error) => panic!("the session knows no connection: {error}"),
    }
}

fn submission(value: &Value) -> Submission {
    let text = value.to_string();
    let operation = ClientMessage::parse_operation(&json::parse(&text).unwrap(), 4096).unwrap();
    let room = RoomName::parse_stored(value["room"].as_str().unwrap()).unwrap();
    Submission { room, cid: value["cid"].as_str().unwrap().parse().unwrap(), operation }
}

fn kept(value: &Value) -> SavedSubmission {
    let rejection = value.get("failed").map(|failed| Rejection {
        code: ErrorCode::from_wire(text(&failed["code"])),
        message: text(&failed["message"]).to_owned().into(),
    });
    SavedSubmission { submission: submission(value), rejection }
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
