//! Fail points: places where a test can make a thread panic; most are under a lock.
//!
//! They exist only in a build for those tests (`--features fail-points`). There, a file
//! `NAME@THREAD` in the directory `TALK_FAIL` is a trap: it makes the first thread of that name that
//! comes to that place panic, once. The lines of the file are addresses (`127.0.0.1:1234`). The threads
//! of those peers pass the trap: many sessions have the same thread name, and a test that must not
//! harm some of them names their peers.

#[cfg(feature = "fail-points")]
use std::cell::Cell;
use std::net::SocketAddr;

#[cfg(feature = "fail-points")]
thread_local! {
    /// The peer of the connection that this thread works for.
    static PEER: Cell<Option<SocketAddr>> = const { Cell::new(None) };
}

/// Returns `guard`, the guard of the lock or other place called `name`.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn check<G>(guard: G, _name: &str) -> G {
    guard
}

/// Returns `guard`, the guard of the lock or other place called `name`, unless the file
/// `NAME@THREAD` exists and does not list this thread's peer: then it panics.
#[cfg(feature = "fail-points")]
pub fn check<G>(guard: G, name: &str) -> G {
    let Some(traps) = std::env::var_os("TALK_FAIL") else { return guard };
    let thread = std::thread::current();
    let trap = format!("{name}@{}", thread.name().unwrap_or_default());
    let trap = std::path::Path::new(&traps).join(trap);
    let Ok(spared) = std::fs::read_to_string(&trap) else { return guard };
    let is_own = |line: &str| PEER.get().is_some_and(|peer| line == peer.to_string());
    if spared.lines().any(is_own) {
        return guard;
    }
    let is_laid = std::fs::remove_file(trap).is_ok();
    assert!(!is_laid, "a trap for {name} was laid");
    guard
}

/// Tells the fail points that the calling thread works for the connection from `peer`.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn set_peer(_peer: SocketAddr) {}

/// Tells the fail points that the calling thread works for the connection from `peer`.
#[cfg(feature = "fail-points")]
pub fn set_peer(peer: SocketAddr) {
    PEER.set(Some(peer));
}
