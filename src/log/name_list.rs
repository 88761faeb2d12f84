//! The command `names`: lists the held names of a data directory, releases one, gives one to its owner.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::journal::Journal;
use super::store::Store;
use crate::chat::{OwnerId, SavedClaim, UserName};
use crate::limits;

/// The names that are held at `now`, in Unix time in ms, sorted. It only reads.
///
/// # Errors
/// The file could not be read.
pub fn list_names(root: &Path, now: u64) -> io::Result<Vec<SavedClaim>> {
    let mut claims = Journal::<SavedClaim>::read(&Store::names_file(root))?.records;
    // The last line of each name counts.
    claims.reverse();
    claims.sort_by_key(|claim| claim.user.key()); // stable
    claims.dedup_by_key(|claim| claim.user.key());
    claims.retain(|claim| claim.until.is_none_or(|until| until > now));
    Ok(claims)
}

/// Makes a name free for anyone. Returns the claim that it was.
///
/// # Errors
/// A server uses the directory; no one holds the name; the file could not be written.
pub fn release_name(root: &Path, user: &UserName, now: u64) -> io::Result<SavedClaim> {
    change(root, now, |claims| {
        let at = claims.iter().position(|claim| claim.user.is_same_claim(user));
        at.map(|at| claims.remove(at)).ok_or_else(|| {
            let what = "no one holds this name (server names list shows those that are held)";
            io::Error::new(ErrorKind::NotFound, what)
        })
    })
}

/// Reserves a name for a person who holds others, also if someone else holds it. Returns the person's current
/// name.
///
/// # Errors
/// A server uses the directory; no name in it is this person's; they hold it already, or as many as one may;
/// the file could not be written.
pub fn give_name(root: &Path, user: &UserName, owner: OwnerId, now: u64) -> io::Result<UserName> {
    change(root, now, |claims| {
        let own: Vec<&SavedClaim> = claims.iter().filter(|claim| claim.owner == owner).collect();
        let current = own.iter().find(|claim| !claim.is_former).or(own.first());
        let Some(current) = current else {
            let what =
                "no one here has this owner id (server names list shows it beside each name)";
            return Err(io::Error::new(ErrorKind::NotFound, what));
        };
        if own.iter().any(|claim| claim.user.is_same_claim(user)) {
            return Err(io::Error::other("this person holds the name already"));
        }
        if own.len() >= limits::NAMES_PER_OWNER {
            let max = limits::NAMES_PER_OWNER;
            let what =
                format!("this person holds {max} names, no one may have more: release one first");
            return Err(io::Error::other(what));
        }
        let hold = u64::try_from(limits::HOLD_NAMES.as_millis()).unwrap_or(u64::MAX);
        let given = SavedClaim {
            user: user.clone(),
            owner,
            key: current.key,
            posted: true,
            is_former: true,
            until: Some(now.saturating_add(hold)),
            away: None,
        };
        let name = current.user.clone();
        claims.retain(|claim| !claim.user.is_same_claim(user));
        claims.push(given);
        Ok(name)
    })
}

/// Writes the file again after a change. No server may start meanwhile.
fn change<T>(
    root: &Path,
    now: u64,
    change: impl FnOnce(&mut Vec<SavedClaim>) -> io::Result<T>,
) -> io::Result<T> {
    let store = Store::open(root)?;
    let path = store.names_path();
    let mut claims = list_names(root, now)?;
    let changed = change(&mut claims)?;
    if Journal::<SavedClaim>::read(&path)?.invalid_lines > 0 {
        Journal::<SavedClaim>::keep_damaged(&path)?;
    }
    Journal::write(&path, &claims)?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserName {
        name.parse().unwrap()
    }

    fn owner(digit: &str) -> OwnerId {
        digit.repeat(32).parse().unwrap()
    }

    fn claim(name: &str, digit: &str, is_former: bool, until: Option<u64>) -> SavedClaim {
        let (user, owner) = (user(name), owner(digit));
        SavedClaim { user, owner, key: None, posted: true, is_former, until, away: None }
    }

    /// A data directory with these claims, in this order.
    fn data(claims: &[SavedClaim]) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path()).unwrap();
        Journal::write(&store.names_path(), claims).unwrap();
        data
    }

    fn names(data: &tempfile::TempDir, now: u64) -> Vec<String> {
        let name = |claim: SavedClaim| format!("{} {}", claim.user, &claim.owner.to_string()[..1]);
        list_names(data.path(), now).unwrap().into_iter().map(name).collect()
    }

    #[test]
    fn of_each_name_the_last_line_counts_until_it_lapses() {
        let data = data(&[
            claim("zoe", "1", false, Some(50)),
            claim("ann", "2", false, None),
            claim("ANN", "3", false, Some(90)),
        ]);
        assert_eq!(names(&data, 10), ["ANN 3", "zoe 1"]);
        assert_eq!(names(&data, 50), ["ANN 3"]);
    }

    #[test]
    fn a_released_name_is_gone_and_a_given_one_is_reserved_for_its_person() {
        let data = data(&[claim("kim", "1", false, None), claim("ann", "2", false, Some(90))]);
        assert_eq!(release_name(data.path(), &user("KIM"), 10).unwrap().owner, owner("1"));
        let error = release_name(data.path(), &user("kim"), 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(names(&data, 10), ["ann 2"]);
        let error = give_name(data.path(), &user("ann"), owner("1"), 10).unwrap_err();
        assert!(error.to_string().contains("server names list"), "kim was their only name");
        assert_eq!(give_name(data.path(), &user("bob"), owner("2"), 10).unwrap(), user("ann"));
        assert!(give_name(data.path(), &user("Bob"), owner("2"), 10).is_err(), "already theirs");
        for name in ["one", "two", "three"] {
            give_name(data.path(), &user(name), owner("2"), 10).unwrap();
        }
        let error = give_name(data.path(), &user("four"), owner("2"), 10).unwrap_err();
        assert!(error.to_string().contains("release one first"), "{error}");
    }

    #[test]
    fn a_name_can_be_taken_from_one_and_given_to_another() {
        let data = data(&[claim("ann", "1", false, None), claim("kim", "2", false, None)]);
        assert_eq!(give_name(data.path(), &user("ann"), owner("2"), 10).unwrap(), user("kim"));
        assert_eq!(names(&data, 10), ["ann 2", "kim 2"]);
        let given = &list_names(data.path(), 10).unwrap()[0];
        assert!(given.is_former && given.until.is_some());
    }

    #[test]
    fn nothing_changes_while_a_server_uses_the_directory() {
        let data = data(&[claim("ann", "1", false, None)]);
        let _store = Store::open(data.path()).unwrap();
        let error = release_name(data.path(), &user("ann"), 10).unwrap_err();
        assert!(error.to_string().contains("in use"), "{error}");
        assert_eq!(names(&data, 10), ["ann 1"]);
    }
}
