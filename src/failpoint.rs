//! Fail points: places where a test can make a thread panic; most are under a lock.
//!
//! They exist only in a build for those tests (`--features fail-points`). There, a file
//! `NAME@THREAD` in the directory `TALK_FAIL` makes that thread panic at that place, once.

/// Returns `guard`, the guard of the lock or other place called `name`.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn check<G>(guard: G, _name: &str) -> G {
    guard
}

/// Returns `guard`, the guard of the lock or other place called `name`, unless the file
/// `NAME@THREAD` exists: then it panics.
#[cfg(feature = "fail-points")]
pub fn check<G>(guard: G, name: &str) -> G {
    let Some(traps) = std::env::var_os("TALK_FAIL") else { return guard };
    let thread = std::thread::current();
    let trap = format!("{name}@{}", thread.name().unwrap_or_default());
    let is_laid = std::fs::remove_file(std::path::Path::new(&traps).join(trap)).is_ok();
    assert!(!is_laid, "a trap for {name} was laid");
    guard
}
