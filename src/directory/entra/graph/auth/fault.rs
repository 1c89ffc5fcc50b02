//! Why no token came, and whether another attempt may help.

use std::time::Duration;

use crate::directory::ports::DirectoryError;

/// Why no token came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another attempt may succeed, after this time if the server names one.
    Passing(DirectoryError, Option<Duration>),
    /// Nothing that another attempt could change.
    Final(DirectoryError),
}

impl Fault {
    /// A refusal of the sign-in.
    pub(super) fn denied(message: impl Into<String>) -> Self {
        Self::Final(DirectoryError::Denied(message.into()))
    }

    /// A configuration that cannot be used.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::Final(DirectoryError::Input(message.into()))
    }

    /// Somebody who does not answer, and will not.
    pub(super) fn unreachable(message: impl Into<String>) -> Self {
        Self::Final(DirectoryError::Unreachable(message.into()))
    }

    /// The same, with the time that the server names for another attempt.
    pub(super) fn after(self, wait: Option<Duration>) -> Self {
        match self {
            Self::Passing(error, own) => Self::Passing(error, own.or(wait)),
            Self::Final(error) => Self::Final(error),
        }
    }

    /// The error behind it.
    pub(super) fn into_error(self) -> DirectoryError {
        match self {
            Self::Passing(error, _) | Self::Final(error) => error,
        }
    }
}

impl From<DirectoryError> for Fault {
    fn from(error: DirectoryError) -> Self {
        Self::Final(error)
    }
}
