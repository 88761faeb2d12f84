//! What it means that a server wants no more of us.
//!
//! Room: close codes and sentences.

use std::time::Duration;

use talk::chat::UserName;
use talk::chat::close_code;

/// That there was no connection for so long, and why not, as far as known.
pub(crate) fn unreached(patience: Duration, trouble: &str) -> String {
    let why = if trouble.is_empty() { "the server does not answer" } else { trouble };
    format!("no connection for {} s: {why}", patience.as_secs_f32())
}

/// What the end with this code means for whoever came as `me`, and what to try. `said` is what the
/// server said of it, often nothing.
pub(crate) fn sentence(code: u16, said: &str, me: &UserName, has_password: bool) -> String {
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    match code {
        close_code::BAD_PASSWORD if has_password => {
            format!("the server does not take this password{said}")
        }
        close_code::BAD_PASSWORD => {
            format!("the server wants a password{said} (try --password-file FILE or TALK_PASSWORD)")
        }
        close_code::NAME_TAKEN => format!(
            "the name {me} is taken (try another with --user, or bring its key with \
             --token-file FILE)"
        ),
        close_code::KICKED => format!("you were put out of the chat{said}"),
        _ => format!("the server does not want to talk to us ({code}){said}"),
    }
}
