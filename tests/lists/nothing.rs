//! Empty: this package exists only to name others.
