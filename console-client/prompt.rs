//! What has to be known before a chat starts: the name and its key, the password, the time zone.

use std::env;
use std::io;
use std::io::BufRead;
use std::io::IsTerminal;
use std::io::Read;
use std::io::Write;
use std::path::Path;

use talk::chat::Token;
use talk::chat::UserName;
use talk::limits;
use talk::ownership;

use crate::args::Args;
use crate::args::KeySource;
use crate::exit::Failure;
use crate::exit::print_error;
use crate::storage::tokens;
use crate::storage::tokens::TokenStore;
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

/// The keys of names on one server, and the key to start with.
pub(crate) struct Keys {
    /// Where keys are saved.
    pub(crate) tokens: TokenStore,
    /// The key of the name, if there is one.
    pub(crate) token: Option<Token>,
    /// Whether the person gave it; otherwise the console found it saved.
    pub(crate) is_given: bool,
}

/// Loads the key of `user` from where the person says, or from where it was saved.
///
/// A key from stdin, or from a pipe, is saved under the state directory once the server has accepted it.
pub(crate) fn load_keys(
    source: Option<KeySource>,
    server: &str,
    user: &UserName,
) -> Result<Keys, Failure> {
    let (chosen, given) = match source {
        None => (None, None),
        Some(KeySource::Stdin) => (None, Some(read_key_from_stdin()?)),
        Some(KeySource::File(file)) => match tokens::read_stream(&file).map_err(Failure::Failed)? {
            Some(token) => (None, Some(token)),
            None => (Some(file), None),
        },
    };
    let is_file = chosen.is_some();
    let chosen = chosen.map(|file| (user.clone(), file));
    let tokens = TokenStore::new(server, chosen, |name| env::var_os(name));
    if given.is_some() {
        tokens.check().map_err(Failure::Failed)?;
        return Ok(Keys { tokens, token: given, is_given: true });
    }
    let token = tokens.load(user).map_err(Failure::Failed)?;
    let is_given = is_file && token.is_some();
    Ok(Keys { tokens, token, is_given })
}

/// Reads the key in the first line of stdin.
fn read_key_from_stdin() -> Result<Token, Failure> {
    if io::stdin().is_terminal() {
        let sentence = "--key-file - reads a pipe, and stdin is a terminal, which would show the key: \
                        put the key in a file";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    let mut line = String::new();
    let read = io::stdin().lock().take(limits::TEXT_FILE).read_line(&mut line);
    read.map_err(|error| Failure::Failed(format!("cannot read the key from stdin: {error}")))?;
    let no_key = || format!("the first line of stdin is no key ({})", tokens::KEY_SHAPE);
    tokens::parse_key(&line).ok_or_else(|| Failure::Failed(no_key()))
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
