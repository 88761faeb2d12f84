//! Submissions that the server refused for good: nothing is left to resend, and the person gets the text
//! back to mend it.

use talk::chat::ErrorCode;
use talk::chat::Operation;
use talk::chat::Rejection;
use talk::chat::RoomName;
use talk::chat::UserName;
use talk::client::Submission;

/// A submission that can never be stored as it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The room it was for.
    pub(crate) room: RoomName,
    /// What the person would type for it; empty if nothing can be mended.
    pub(crate) typed: String,
    /// Whether that means the same in every room.
    pub(crate) fits_anywhere: bool,
    /// Why; `None` if the refusal of the room, which follows, says it.
    pub(crate) reason: Option<String>,
}

impl Refusal {
    /// Of a submission of ours. `is_in_room`: nothing else says why.
    pub(super) fn new(
        submission: &Submission,
        rejection: &Rejection,
        me: &UserName,
        is_in_room: bool,
    ) -> Refusal {
        let Submission { room, operation, .. } = submission;
        // A post gets such a code together with its room, which we could not join.
        let is_outside = matches!(operation, Operation::Post { .. })
            && matches!(
                rejection.code,
                ErrorCode::BadName
                    | ErrorCode::BadRoom
                    | ErrorCode::Forbidden
                    | ErrorCode::NotJoined
            );
        let peer = room.wanted_peer();
        let peer = peer.as_ref().map(UserName::as_str).or_else(|| room.other_key(me));
        let outside = peer.filter(|_| is_outside);
        Refusal {
            room: room.clone(),
            typed: typed(operation, outside),
            fits_anywhere: outside.is_some(),
            reason: (is_in_room || !is_outside).then(|| rejection.to_string()),
        }
    }
}

/// What a person types for an operation. `outside`: the other person of a private room that we are not
/// in, so that it takes a `/msg`.
pub(crate) fn typed(operation: &Operation, outside: Option<&str>) -> String {
    if let (Operation::Post { text, .. }, Some(name)) = (operation, outside) {
        return format!("/msg {name} {text}");
    }
    match operation {
        Operation::Post { text, me: true, .. } => format!("/me {text}"),
        Operation::Post { text, reply: Some(seq), .. } => format!("/reply {seq} {text}"),
        Operation::Post { text, .. } if text.as_str().starts_with('/') => format!("/{text}"),
        Operation::Post { text, .. } => text.to_string(),
        Operation::Edit { target, text } => format!("/edit {target} {text}"),
        Operation::Delete { .. } => String::new(),
        Operation::Topic { text } if text.as_str().is_empty() => "/topic -".to_owned(),
        Operation::Topic { text } => format!("/topic {text}"),
    }
}
