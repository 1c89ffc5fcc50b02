//! Diagnostics: what is wrong, where, and how to cure it. Many are collected and shown together.
//!
//! Pure data; `config` fills in locations and draws the snippets.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A place in an input file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// One-based line.
    pub line: u32,
    /// One-based column in characters; 0 when only the line is known.
    pub column: u32,
}

impl Location {
    /// The start of a line.
    #[must_use]
    pub fn line(file: &Arc<str>, line: u32) -> Self {
        Self { file: Arc::clone(file), line, column: 0 }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The input cannot be used.
    Error,
    /// The input can be used; somebody should look.
    Warning,
}

/// One problem of an input, with its place and its cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub level: Level,
    /// One sentence without a full stop: what is wrong.
    pub summary: String,
    /// Where; `None` when the whole input is meant.
    pub location: Option<Location>,
    /// Bytes of the decoded source text to underline, when known.
    pub span: Option<Range<usize>>,
    /// A second place that takes part, with what it has to say.
    pub related: Option<(Location, String)>,
    /// How to cure it, as a full sentence.
    pub help: Option<String>,
}

// What is wrong need not be told fast, so all that tells it is small code apart from the rest: `cold`.
impl Diagnostic {
    /// An error about the whole input.
    #[must_use]
    #[cold]
    pub fn error(summary: impl Into<String>) -> Self {
        Self { level: Level::Error, summary: summary.into(), location: None, span: None, related: None, help: None }
    }

    /// A warning about the whole input.
    #[must_use]
    #[cold]
    pub fn warning(summary: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(summary) }
    }

    /// Adds the place.
    #[must_use]
    #[cold]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Adds the bytes to underline.
    #[must_use]
    #[cold]
    pub fn spanning(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds a second place.
    #[must_use]
    #[cold]
    pub fn with(mut self, location: Location, label: impl Into<String>) -> Self {
        self.related = Some((location, label.into()));
        self
    }

    /// Adds the cure.
    #[must_use]
    #[cold]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{location}: {}", self.summary)?,
            None => f.write_str(&self.summary)?,
        }
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Diagnostics collected while reading one or more inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    entries: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.entries.push(diagnostic);
    }

    /// Takes over all of another collection.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Changes every text that a person would read.
    pub fn each_text(&mut self, mut change: impl FnMut(&mut String)) {
        for entry in &mut self.entries {
            change(&mut entry.summary);
            entry.help.iter_mut().for_each(&mut change);
            entry.related.iter_mut().for_each(|(_, label)| change(label));
        }
    }

    /// Whether an error is among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.entries.iter().any(|entry| entry.level == Level::Error)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in the order of their places.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.entries.sort_by(|a, b| a.location.cmp(&b.location).then_with(|| a.summary.cmp(&b.summary)));
        self.entries
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { entries: vec![diagnostic] }
    }
}
