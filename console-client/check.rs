//! `--check`: tests the connection to a server, and prints the result of each step.

use std::time::Duration;

use talk::chat::UserName;
use talk::client::Address;
use talk::client::ConnectionError;
use talk::client::probe::Finding;
use talk::client::probe::probe;
use talk::time;

use crate::connection_status::PASSWORD_HINT;
use crate::stdio::output::Output;
use crate::text::sanitize::Sanitized;

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepResult {
    Passed,
    /// Unknown or unusual, but no obstacle.
    Note,
    Failed,
}

/// A larger difference between the clocks, in seconds, is reported. A `Date` has whole seconds.
const SKEW: i64 = 2;

/// Tests the connection to `server`, and prints the result of each step on stdout.
///
/// # Errors
/// A step failed, which is printed; or stdout cannot be written.
pub(crate) fn check(
    server: &Address,
    user: UserName,
    password: Option<String>,
) -> Result<(), String> {
    let mut report = Report { output: Output::default(), written: Ok(()), rejection: None };
    let has_password = password.is_some();
    let probed = probe(server, user, password, &mut |finding| {
        report.on_finding(server, finding, has_password);
    });
    if let Err(error) = &probed {
        report.on_error(error, has_password);
    }
    report.written?;
    probed.map_err(|_| format!("{server} cannot be used from here"))
}

struct Report {
    output: Output,
    /// Whether stdout can be written.
    written: Result<(), String>,
    /// The server's answer to our `hello`, if it rejected it.
    rejection: Option<String>,
}

impl Report {
    fn on_finding(&mut self, server: &Address, finding: Finding, has_password: bool) {
        use StepResult::{Note, Passed};
        match finding {
            Finding::Resolved { addresses, took } => {
                let (host, _) = server.endpoint();
                let found: Vec<String> = addresses.iter().map(|a| a.ip().to_string()).collect();
                self.print(
                    Passed,
                    "name",
                    &format!("{host} is {} ({})", found.join(", "), format_ms(took)),
                );
            }
            Finding::Connected { to, took } => {
                self.print(Passed, "connection", &format!("{to} answers in {}", format_ms(took)));
            }
            Finding::Answered { upgraded, took, software, date, body } => {
                let by = if software.is_empty() {
                    String::new()
                } else {
                    format!(" by {}", software.join(", "))
                };
                let text = body.map_or(String::new(), |body| format!(": {body}"));
                let (result, what) =
                    if upgraded { (Passed, "a WebSocket") } else { (Note, "an answer") };
                let what = format!("{what} in {}{by}{text}", format_ms(took));
                self.print(result, "upgrade", &what);
                self.report_clock(date.as_deref());
            }
            Finding::Rejected(message) => self.rejection = Some(message),
            Finding::Welcome(welcome) => {
                let server = &welcome.server;
                self.print(
                    Passed,
                    "server",
                    &format!("{server}, protocol version 1, accepts connections"),
                );
                let password = if has_password { "accepted" } else { "not needed" };
                self.print(Passed, "password", password);
                let limits = welcome.limits;
                let rate = match limits.rate {
                    0 => "no rate limit".to_owned(),
                    rate => format!("{rate} a second, {} at once", limits.burst),
                };
                self.print(Passed, "messages", &format!("up to {} bytes, {rate}", limits.text));
            }
            Finding::RoundTrips(mut times) => {
                times.sort_unstable();
                let middle = times.get(times.len() / 2).copied().unwrap_or_default();
                let [least, most] =
                    [times.first(), times.last()].map(|t| t.copied().unwrap_or_default());
                let what = format!(
                    "{}, of {} pings ({} to {})",
                    format_ms(middle),
                    times.len(),
                    format_ms(least),
                    format_ms(most)
                );
                self.print(Passed, "round trip", &what);
            }
        }
    }

    fn report_clock(&mut self, date: Option<&str>) {
        let ours = i64::try_from(time::unix_ms() / 1000).unwrap_or(0);
        let Some(theirs) = date.and_then(time::read_http_date) else {
            let why = "unknown: the answer has no Date header (messages show the server's time)";
            return self.print(StepResult::Note, "clock", why);
        };
        match ours - theirs {
            apart if apart.abs() <= SKEW => {
                self.print(StepResult::Passed, "clock", "same as this computer (±2 s)");
            }
            apart => {
                let way = if apart > 0 { "behind" } else { "ahead of" };
                let what = format!(
                    "{} s {way} this computer (messages show the server's time)",
                    apart.abs()
                );
                self.print(StepResult::Note, "clock", &what);
            }
        }
    }

    fn on_error(&mut self, error: &ConnectionError, has_password: bool) {
        let step = match error {
            ConnectionError::Unresolved { .. } => "name",
            ConnectionError::Unreachable { .. } => "connection",
            ConnectionError::NoAnswer { .. } | ConnectionError::NotWebSocket { .. } => "upgrade",
            ConnectionError::Closed { code: Some(code), .. }
                if code.get() == talk::chat::close_code::BAD_PASSWORD =>
            {
                let asked = format!("the server asks for a password {PASSWORD_HINT}");
                let what = if has_password { "wrong password" } else { &asked };
                return self.print(StepResult::Failed, "password", what);
            }
            ConnectionError::LockedOut { .. } => "password",
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
        let rejection = self.rejection.take();
        let quoted = rejection.map_or(String::new(), |text| format!("; it says: {text}"));
        self.print(StepResult::Failed, step, &format!("{error}{quoted}"));
    }

    fn print(&mut self, result: StepResult, step: &str, what: &str) {
        let mark = match result {
            StepResult::Passed => "ok",
            StepResult::Note => "--",
            StepResult::Failed => "NO",
        };
        let what = Sanitized::one_line(what);
        let line = format!("{mark}  {step:<12}{}", what.as_str());
        let written = self.output.line(&line).and_then(|_| self.output.flush());
        if let Err(sentence) = written {
            self.written = Err(sentence);
        }
    }
}

/// `0.31 ms`
fn format_ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
