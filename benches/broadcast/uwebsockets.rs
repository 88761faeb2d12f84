//! uWebSockets, a server in C++: fetched and built by `benches/peers/uwebsockets/build`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The built server; `None`, and one line of output, if there is no network or no compiler.
pub(crate) fn server() -> Option<&'static Path> {
    static SERVER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = SERVER.get_or_init(|| {
        let built = build();
        if let Err(why) = &built {
            println!("uWebSockets is left out, as it cannot be built: {why}");
        }
        built.ok()
    });
    built.as_deref()
}

fn build() -> Result<PathBuf, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/uwebsockets/build");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("uwebsockets");
    let done = Command::new(script).arg(&folder).output().map_err(|error| error.to_string())?;
    if done.status.success() {
        return Ok(folder.join("server"));
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(said.split_whitespace().collect::<Vec<_>>().join(" "))
}
