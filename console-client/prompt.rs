//! What has to be known before a chat starts: the name, the password, the time zone.

use std::env;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::path::Path;

use talk::chat::UserName;
use talk::limits;
use talk::ownership;

use crate::args::Args;
use crate::exit::Failure;
use crate::exit::print_error;
use crate::text::timezone::TimeZone;

/// Asks the person at the terminal for a name.
pub(crate) fn ask_name() -> Result<UserName, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("no name given (try --user NAME)".to_owned()));
    }
    loop {
        _ = write!(io::stderr(), "your name: ");
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => return Err(Failure::Usage("no name given".to_owned())),
            Ok(_) => match line.trim().parse() {
                Ok(user) => return Ok(user),
                Err(rejection) => print_error(&rejection.to_string()),
            },
        }
    }
}

/// Returns the server's password, if it or its file was given.
pub(crate) fn load_password(args: &Args) -> Result<Option<String>, Failure> {
    let Some(file) = &args.password_file else { return Ok(args.password.clone()) };
    match ownership::read_short_text(file, limits::TEXT_FILE) {
        Ok(text) => Ok(Some(text.lines().next().unwrap_or_default().to_owned())),
        Err(error) => {
            Err(Failure::Failed(format!("cannot read the password in {}: {error}", file.display())))
        }
    }
}

/// Loads the local time zone: the one in `TZ`, or else the system's.
pub(crate) fn load_time_zone() -> TimeZone {
    let read = |path: &Path| ownership::read_short(path, limits::LARGE_TEXT_FILE).ok();
    let load = |path: &Path| read(path).and_then(|file| TimeZone::from_file(&file));
    let zone = match env::var_os("TZ").and_then(|tz| tz.into_string().ok()) {
        None => load(Path::new("/etc/localtime")),
        Some(tz) => {
            let name = tz.strip_prefix(':').unwrap_or(&tz);
            let named = || load(&Path::new("/usr/share/zoneinfo").join(name));
            TimeZone::from_rule(name).or_else(named)
        }
    };
    zone.unwrap_or_default()
}
