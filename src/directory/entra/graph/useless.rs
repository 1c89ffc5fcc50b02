//! Answers that came and are of no use: how they are told, and what is said of them.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::directory::ports::DirectoryError;
use crate::model::EntraId;

use super::call::Call;
use super::failure::GraphError;

/// When a request is tried again.
#[derive(Default)]
pub(super) struct Next {
    /// The pause that Graph asked for.
    pub(super) asked: Option<Duration>,
    /// An address that is wrong, or a proxy that lets nothing through, shall not take minutes to say so.
    pub(super) is_short: bool,
}

/// Why a good answer is of no use.
pub(super) enum Useless {
    /// It is no JSON; another one may be. Its status and kind.
    Broken { kind: String, is_cut: bool },
    /// It is about another object than the one that was asked for.
    Other,
    /// It is not what was asked for, and never will be.
    Odd(GraphError),
}

impl Useless {
    /// How it is told where another try may bring more, and when that is made; else the error that it is.
    #[cold]
    pub(super) fn outcome(self, call: &Call) -> Result<(GraphError, Next), GraphError> {
        match self {
            Self::Broken { kind, is_cut } => Ok((no_json(call, &kind), Next { is_short: !is_cut, asked: None })),
            Self::Other => Ok((about_another(&call.shown()), Next::default())),
            Self::Odd(error) => Err(error),
        }
    }
}

/// Whether a body is JSON, whatever it says.
pub(super) fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// Whether an answer is about the object that was asked for, where it was one.
pub(super) fn is_about_asked<'de>(call: &Call, answer: impl Deserializer<'de>) -> bool {
    call.about.is_none_or(|id| About::deserialize(answer).is_ok_and(|about| about.id == id))
}

#[derive(Deserialize)]
struct About {
    id: EntraId,
}

/// An answer that says nothing about what was asked.
#[cold]
pub(super) fn about_another(asked: &str) -> GraphError {
    GraphError::Lost(format!("the answer to {asked} is about another object than the one asked for: a proxy mixes answers up"))
}

/// A good answer that is none: a sign-in page of a proxy, or the rest of a broken one.
#[cold]
fn no_json(call: &Call, kind: &str) -> GraphError {
    let call = call.shown();
    GraphError::Lost(format!(
        "the answer to {call} ({kind}) is no JSON: a proxy in between, or its sign-in page, answers, or cuts it"
    ))
}

/// Another try would bring as much. What a write did is not known then.
#[cold]
pub(super) fn too_long(answer: &str, limit: usize, call: &Call) -> GraphError {
    let limit = limit >> 20;
    let message = format!("{answer} is longer than {limit} MiB, and none of Microsoft Graph is; check `endpoint` and the proxy");
    if call.is_read() { GraphError::Directory(DirectoryError::Unreachable(message)) } else { GraphError::Lost(message) }
}
