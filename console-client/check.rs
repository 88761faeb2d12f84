//! `--check`: the line to a server, looked at step by step and told in words.
//!
//! Room: stdout, and the clock to compare with another's.

use std::time::Duration;

use talk::chat::UserName;
use talk::client::Address;
use talk::client::ConnectionError;
use talk::client::probe::Finding;
use talk::client::probe::probe;
use talk::time;

use crate::connection_status::PASSWORD_HINT;
use crate::stdio::output::Output;
use crate::text::sanitize::Safe;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Not known, or odd, but in nobody's way.
    Note,
    Wrong,
}

/// Clocks that differ by more than this, in seconds, are told. A `Date` has whole seconds.
const SKEW: i64 = 2;

/// Looks at the line to `server`, and says on stdout what it finds.
///
/// # Errors
/// A sentence: something is wrong with the line, and has been said; or it cannot be said.
pub(crate) fn check(
    server: &Address,
    user: UserName,
    password: Option<String>,
) -> Result<(), String> {
    let mut report = Report { output: Output::default(), written: Ok(()), rejection: None };
    let has_password = password.is_some();
    let looked = probe(server, user, password, &mut |finding| {
        report.tell(server, finding, has_password);
    });
    if let Err(error) = &looked {
        report.wrong(error);
    }
    report.written?;
    looked.map_err(|_| format!("{server} cannot be used from here"))
}

struct Report {
    output: Output,
    written: Result<(), String>,
    /// The server's answer to our `hello`, if it rejected it.
    rejection: Option<String>,
}

impl Report {
    fn tell(&mut self, server: &Address, finding: Finding, has_password: bool) {
        use Verdict::{Fine, Note};
        match finding {
            Finding::Resolved { addresses, took } => {
                let (host, _) = server.endpoint();
                let found: Vec<String> = addresses.iter().map(|a| a.ip().to_string()).collect();
                self.say(Fine, "name", &format!("{host} is {} ({})", found.join(", "), ms(took)));
            }
            Finding::Connected { to, took } => {
                self.say(Fine, "connection", &format!("{to} answers in {}", ms(took)));
            }
            Finding::Answered { upgraded, took, software, date, body } => {
                let by = if software.is_empty() {
                    String::new()
                } else {
                    format!(" by {}", software.join(", "))
                };
                let said = body.map_or(String::new(), |body| format!(": {body}"));
                let (verdict, what) =
                    if upgraded { (Fine, "a WebSocket") } else { (Note, "an answer") };
                let what = format!("{what} in {}{by}{said}", ms(took));
                self.say(verdict, "upgrade", &what);
                self.clock(date.as_deref());
            }
            Finding::Rejected(message) => self.rejection = Some(message),
            Finding::Welcome(welcome) => {
                let server = &welcome.server;
                self.say(Fine, "server", &format!("{server}, protocol version 1, takes us in"));
                let password = if has_password { "ours will do" } else { "none is needed" };
                self.say(Fine, "password", password);
                let limits = welcome.limits;
                let rate = match limits.rate {
                    0 => "as many as you like".to_owned(),
                    rate => format!("{rate} a second, {} at once", limits.burst),
                };
                self.say(Fine, "messages", &format!("up to {} bytes, {rate}", limits.text));
            }
            Finding::RoundTrips(mut times) => {
                times.sort_unstable();
                let middle = times.get(times.len() / 2).copied().unwrap_or_default();
                let [least, most] =
                    [times.first(), times.last()].map(|t| t.copied().unwrap_or_default());
                let what = format!(
                    "{}, of {} pings ({} to {})",
                    ms(middle),
                    times.len(),
                    ms(least),
                    ms(most)
                );
                self.say(Fine, "round trip", &what);
            }
        }
    }

    fn clock(&mut self, date: Option<&str>) {
        let ours = i64::try_from(time::unix_ms() / 1000).unwrap_or(0);
        let Some(theirs) = date.and_then(time::read_http_date) else {
            let why = "not known: the answer has no Date (records carry the server's time)";
            return self.say(Verdict::Note, "clock", why);
        };
        match ours - theirs {
            apart if apart.abs() <= SKEW => {
                self.say(Verdict::Fine, "clock", "as ours, to the second or two that can be seen");
            }
            apart => {
                let way = if apart > 0 { "behind" } else { "ahead of" };
                let what = format!("{} s {way} ours: times of records are by theirs", apart.abs());
                self.say(Verdict::Note, "clock", &what);
            }
        }
    }

    fn wrong(&mut self, error: &ConnectionError) {
        let step = match error {
            ConnectionError::Unresolved { .. } => "name",
            ConnectionError::Unreachable { .. } => "connection",
            ConnectionError::NoAnswer { .. } | ConnectionError::NotWebSocket { .. } => "upgrade",
            ConnectionError::Closed { code: Some(code), .. }
                if code.get() == talk::chat::close_code::BAD_PASSWORD =>
            {
                "password"
            }
            ConnectionError::System(_)
            | ConnectionError::WebSocket(_)
            | ConnectionError::BinaryMessage
            | ConnectionError::BadMessage(_)
            | ConnectionError::MissingRecords
            | ConnectionError::Timeout(_)
            | ConnectionError::WriteStalled
            | ConnectionError::Eof
            | ConnectionError::Io(_)
            | ConnectionError::Closed { .. } => "server",
        };
        let said = self.rejection.take().map_or(String::new(), |said| format!("; it says: {said}"));
        let hint = if step == "password" { format!(" {PASSWORD_HINT}") } else { String::new() };
        self.say(Verdict::Wrong, step, &format!("{error}{said}{hint}"));
    }

    fn say(&mut self, verdict: Verdict, step: &str, what: &str) {
        let mark = match verdict {
            Verdict::Fine => "ok",
            Verdict::Note => "--",
            Verdict::Wrong => "NO",
        };
        let what = Safe::one_line(what);
        let line = format!("{mark}  {step:<12}{}", what.as_str());
        let written = self.output.line(&line).and_then(|_| self.output.flush());
        if let Err(sentence) = written {
            self.written = Err(sentence);
        }
    }
}

/// `0.31 ms`
fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
