//! The object id of a cloud account.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The object id of an Entra object: stable through soft delete and restore, and what every write addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntraId(Uuid);

/// A text that is no object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an Entra object id; write it as 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0")]
pub struct EntraIdError(pub String);

impl EntraId {
    /// An id made of bytes, for accounts that a rehearsal creates: valid, and marked as made up (UUID version 8).
    #[must_use]
    pub fn made_up(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The 32 hex digits without dashes that Entra puts in front of the UPN of a deleted user.
    #[must_use]
    pub fn undashed(&self) -> String {
        self.0.simple().to_string()
    }
}

impl FromStr for EntraId {
    type Err = EntraIdError;

    fn from_str(text: &str) -> Result<Self, EntraIdError> {
        let trimmed = text.trim();
        (trimmed.len() == 36)
            .then(|| Uuid::try_parse(trimmed).ok())
            .flatten()
            .map(Self)
            .ok_or_else(|| EntraIdError(text.to_owned()))
    }
}

impl fmt::Display for EntraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for EntraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntraId({self})")
    }
}

impl Serialize for EntraId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EntraId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::written::parse(deserializer)
    }
}
