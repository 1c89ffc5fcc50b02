//! One line of the doctor: what was tried, how it ended, and the cure.

use std::fmt;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::model::text::printable;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    /// Works, but somebody should look at it.
    Doubtful,
    Broken,
}

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) standing: Standing,
    /// What the whole run ends with if this is broken.
    pub(super) exit: Exit,
    place: String,
    text: String,
    cure: Option<String>,
}

impl Line {
    pub(super) fn good(place: &str, text: impl Into<String>) -> Self {
        Self { standing: Standing::Good, exit: Exit::Done, place: place.to_owned(), text: text.into(), cure: None }
    }

    pub(super) fn doubtful(place: &str, text: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { standing: Standing::Doubtful, cure: Some(cure.into()), ..Self::good(place, text) }
    }

    pub(super) fn broken(exit: Exit, place: &str, text: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { standing: Standing::Broken, exit, cure: Some(cure.into()), ..Self::good(place, text) }
    }

    /// A failure of a directory; its last lines and hints are the cure.
    pub(super) fn failed(place: &str, failure: &Failure) -> Self {
        let mut parts = failure.message.trim().lines().map(str::trim).filter(|line| !line.is_empty());
        let text = parts.next().unwrap_or_default().to_owned();
        let cure: Vec<String> = parts.map(str::to_owned).chain(failure.hints.iter().cloned()).collect();
        let line = Self { standing: Standing::Broken, exit: failure.exit, ..Self::good(place, text) };
        Self { cure: Some(cure.join(" ")).filter(|cure| !cure.is_empty()), ..line }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.standing {
            Standing::Good => "ok  ",
            Standing::Doubtful => "look",
            Standing::Broken => "FAIL",
        };
        write!(f, "{word}  {}: {}", self.place, printable(&self.text))?;
        match &self.cure {
            Some(cure) => write!(f, ". {}", printable(cure)),
            None => Ok(()),
        }
    }
}
