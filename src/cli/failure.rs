//! Why a verb ended early: an exit code, a message and what to do about it.

use crate::diag::Diagnostic;
use crate::directory::ports::DirectoryError;
use crate::directory::text::words;

use super::exit::Exit;

/// An error as it is shown to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// A fragment without a full stop; or, when `drawn`, a block that says itself that it is an error.
    pub message: String,
    /// Whether the message is shown as it is.
    pub drawn: bool,
    /// What to do, in full sentences.
    pub hints: Vec<String>,
    /// What is wrong where, when input files are.
    pub places: Vec<Diagnostic>,
}

// As with diagnostics: small code apart from the rest.
impl Failure {
    /// A failure with this code.
    #[must_use]
    #[cold]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), drawn: false, hints: Vec::new(), places: Vec::new() }
    }

    /// A wrong command line.
    #[must_use]
    #[cold]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A wrong input.
    #[must_use]
    #[cold]
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::InvalidInput, message)
    }

    /// Diagnostics that were drawn with their snippets, and the diagnostics themselves.
    #[must_use]
    #[cold]
    pub fn drawn(message: impl Into<String>, places: Vec<Diagnostic>) -> Self {
        Self { drawn: true, places, ..Self::input(message) }
    }

    /// Adds what to do.
    #[must_use]
    #[cold]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Unexpected, words(&error))
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        let exit = match error {
            DirectoryError::Input(_) | DirectoryError::Unsaved(_) => Exit::InvalidInput,
            DirectoryError::Denied(_) => Exit::Denied,
            // A directory that cannot be read is none, whatever the reason.
            DirectoryError::Unreachable(_) | DirectoryError::Throttled(_) | DirectoryError::Unusable(_) => Exit::Unreachable,
            DirectoryError::Refused { .. } | DirectoryError::NotThere(_) | DirectoryError::Unknown(_) => Exit::Unexpected,
        };
        Self::new(exit, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_cannot_be_read_is_one_exit_code() {
        for error in [DirectoryError::Unreachable, DirectoryError::Unusable, DirectoryError::Throttled] {
            assert_eq!(Failure::from(error(String::from("why"))).exit, Exit::Unreachable);
        }
        for error in [DirectoryError::Input, DirectoryError::Unsaved] {
            assert_eq!(Failure::from(error(String::from("why"))).exit, Exit::InvalidInput);
        }
    }
}
