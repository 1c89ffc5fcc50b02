//! Messages as JSON, one object a line, for whoever collects logs.

use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::surroundings;
use crate::model::text::printable_json;

/// How much a message weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// A message.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    time: String,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    hints: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
}

impl<'a> Line<'a> {
    pub(super) fn new(level: Level, verb: Option<&'a str>, message: &'a str) -> Self {
        Self { time: surroundings::now().to_string(), level, verb, message: message.trim(), hints: &[], exit: None }
    }

    /// The last message of a run that failed.
    pub(super) fn last(self, hints: &'a [String], exit: Exit) -> Self {
        Self { hints, exit: Some(exit.code()), ..self }
    }

    /// The line, with its end; `None` when there is nothing to say.
    pub(super) fn text(&self) -> Option<String> {
        let text = serde_json::to_string(self).ok()?;
        (!self.message.is_empty()).then(|| format!("{}\n", printable_json(&text)))
    }
}
