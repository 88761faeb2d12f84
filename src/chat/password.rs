//! The password of a server.

use std::fmt;

use sha1_smol::Sha1;

/// A password as it was given. Its `Debug` says nothing, so that it never lands in a log.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The password spelled `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }

    /// The password as it travels.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Compares digests, to their last byte: the time it takes says nothing of how much was right, and
/// nobody can feel their way to it.
impl PartialEq for Password {
    fn eq(&self, other: &Password) -> bool {
        let [ours, theirs] = [self, other].map(|password| Sha1::from(&password.0).digest().bytes());
        let differing = ours.iter().zip(theirs).fold(0, |differing, (a, b)| differing | (a ^ b));
        differing == 0
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_password_is_the_password() {
        let password = Password::new("open sesame");
        assert_eq!(password, Password::new("open sesame"));
        for other in ["", "open", "open sesame!", "Open sesame"] {
            assert_ne!(password, Password::new(other), "{other:?}");
        }
        assert_eq!(format!("{password:?}"), "Password(secret)");
    }
}
