//! Empty: this package is only there to name others.
