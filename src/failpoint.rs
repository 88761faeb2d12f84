//! Places at which a test can make a thread panic, most of them where it holds a lock.
//!
//! Room: nothing at all, except in a build for those tests (`--features fail-points`): there, a file that
//! a test has laid in the directory `TALK_FAIL` is a trap for the thread and the place in its name. It
//! springs once.

/// Hands on the `guard` of the lock, or of what else is called `name`.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn check<G>(guard: G, _name: &str) -> G {
    guard
}

/// Hands on the `guard` of the lock, or of what else is called `name`, unless a trap is laid here:
/// `NAME@THREAD`.
#[cfg(feature = "fail-points")]
pub fn check<G>(guard: G, name: &str) -> G {
    let Some(traps) = std::env::var_os("TALK_FAIL") else { return guard };
    let thread = std::thread::current();
    let trap = format!("{name}@{}", thread.name().unwrap_or_default());
    let is_laid = std::fs::remove_file(std::path::Path::new(&traps).join(trap)).is_ok();
    assert!(!is_laid, "a trap for {name} was laid");
    guard
}
