//! Reads one JSON object field by field, so that a rejection names the field and what it should be.

use std::str::FromStr;

use super::NUMBER_MAX;
use crate::chat::error_code::{ErrorCode, Rejection};
use crate::json::Value;

/// The fields of one message, or of an object inside it.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'v>(&'v Value);

impl<'v> Fields<'v> {
    pub(crate) fn of(value: &'v Value) -> Result<Fields<'v>, Rejection> {
        if value.is_object() {
            return Ok(Fields(value));
        }
        Err(Rejection::new(ErrorCode::BadMessage, "a message is one JSON object"))
    }

    pub(crate) fn optional_string(self, key: &str) -> Result<Option<&'v str>, Rejection> {
        self.0
            .get(key)
            .map(|value| value.as_str().ok_or_else(|| must_be(key, "a string")))
            .transpose()
    }

    pub(crate) fn string(self, key: &str) -> Result<&'v str, Rejection> {
        self.optional_string(key)?.ok_or_else(|| missing(key))
    }

    pub(crate) fn optional_number(self, key: &str) -> Result<Option<u64>, Rejection> {
        self.0
            .get(key)
            .map(|value| number(value).ok_or_else(|| must_be(key, WHOLE_NUMBER)))
            .transpose()
    }

    pub(crate) fn number(self, key: &str) -> Result<u64, Rejection> {
        self.optional_number(key)?.ok_or_else(|| missing(key))
    }

    /// A boolean; `false` where the field is absent.
    pub(crate) fn flag(self, key: &str) -> Result<bool, Rejection> {
        self.optional_flag(key).map(Option::unwrap_or_default)
    }

    pub(crate) fn optional_flag(self, key: &str) -> Result<Option<bool>, Rejection> {
        self.0
            .get(key)
            .map(|value| value.as_bool().ok_or_else(|| must_be(key, "true or false")))
            .transpose()
    }

    pub(crate) fn optional_list(self, key: &str) -> Result<Option<&'v [Value]>, Rejection> {
        self.0
            .get(key)
            .map(|value| value.as_array().ok_or_else(|| must_be(key, "a list")))
            .transpose()
    }

    pub(crate) fn list(self, key: &str) -> Result<&'v [Value], Rejection> {
        self.optional_list(key)?.ok_or_else(|| missing(key))
    }

    /// A required string, parsed as `T`.
    pub(crate) fn value<T: FromStr<Err = Rejection>>(self, key: &str) -> Result<T, Rejection> {
        self.string(key)?.parse()
    }

    /// An optional string, parsed as `T`.
    pub(crate) fn optional_value<T: FromStr<Err = Rejection>>(
        self,
        key: &str,
    ) -> Result<Option<T>, Rejection> {
        self.optional_string(key)?.map(str::parse).transpose()
    }

    /// The field as it is, for one that takes several forms.
    pub(crate) fn raw(self, key: &str) -> Option<&'v Value> {
        self.0.get(key)
    }
}

pub(crate) const WHOLE_NUMBER: &str = "a whole number from 0 to 2^53-1";

/// The number in `value`, if both ends of the protocol can hold it.
pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|number| *number <= NUMBER_MAX)
}

pub(crate) fn missing(key: &str) -> Rejection {
    Rejection::new(ErrorCode::BadMessage, format!("`{key}` is missing"))
}

pub(crate) fn must_be(key: &str, expected: &str) -> Rejection {
    Rejection::new(ErrorCode::BadMessage, format!("`{key}` must be {expected}"))
}
