//! Collects what is wrong with a file, up to a number that somebody may still want to read.

use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::model::text::{cut, printable};

/// How many problems of one file are kept.
const CAP: usize = 1_000;
/// Characters of a summary.
const MAX_SUMMARY: usize = 400;

/// The problems of one file.
#[derive(Debug)]
pub(crate) struct Problems {
    file: Arc<str>,
    found: Diagnostics,
    count: usize,
}

impl Problems {
    pub(crate) fn new(file: &Arc<str>) -> Self {
        Self { file: Arc::clone(file), found: Diagnostics::default(), count: 0 }
    }

    pub(crate) fn file(&self) -> &Arc<str> {
        &self.file
    }

    pub(crate) fn at(&self, line: u32) -> Location {
        Location::line(&self.file, line)
    }

    /// Adds an error at a line.
    #[cold]
    pub(crate) fn error(&mut self, line: u32, summary: impl Into<String>) {
        self.push(Diagnostic::error(summary).at(self.at(line)));
    }

    /// Adds a problem. Its summary may quote the file, so it is made safe and short.
    #[cold]
    pub(crate) fn push(&mut self, mut problem: Diagnostic) {
        self.count += 1;
        if self.count <= CAP {
            problem.summary = shorten(&problem.summary, MAX_SUMMARY);
            self.found.push(problem);
        }
    }

    /// Adds an error that would only repeat what others already say.
    pub(crate) fn push_if_none(&mut self, problem: Diagnostic) {
        if self.count == 0 {
            self.push(problem);
        }
    }

    /// The value, unless something was wrong.
    pub(crate) fn into_result<T>(mut self, value: T) -> Result<T, Diagnostics> {
        if self.count == 0 {
            return Ok(value);
        }
        if self.count > CAP {
            let more = self.count - CAP;
            self.found.push(Diagnostic::error(format!("and {more} more errors in this file")).at(self.at(u32::MAX)));
        }
        Err(self.found)
    }
}

/// Text of a file for a message: safe to print, and short.
pub(crate) fn excerpt(text: &str) -> String {
    shorten(text, 60)
}

fn shorten(text: &str, width: usize) -> String {
    printable(&cut(text, width)).into_owned()
}
