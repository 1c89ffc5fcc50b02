//! A rule: which requests, and what happens to them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rule {
    /// GET, PATCH …; every method when absent.
    pub method: Option<String>,
    /// The path without version and query, with `*` and `?`; every path when absent.
    pub path: Option<String>,
    /// true: only items of a batch; false: only requests of their own.
    pub batch: Option<bool>,
    /// Matching requests to let pass first.
    pub after: u32,
    /// Only the n-th matching request.
    pub nth: Option<u32>,
    /// Every n-th matching request.
    pub every: Option<u32>,
    /// How often the rule fires at most.
    pub times: Option<u32>,
    /// What is answered instead.
    pub answer: Option<FaultAnswer>,
    /// Reset the connection; of a part of a batch, that of the whole.
    pub reset: Option<Moment>,
    /// Wait that long before answering.
    pub slow_ms: u64,
    /// Cut the body of the answer in half.
    pub truncate: bool,
    /// All tokens issued so far are no longer valid.
    pub expire_tokens: bool,
    /// All page tokens issued so far are no longer valid.
    pub expire_page_tokens: bool,
    /// Permissions taken away from now on.
    pub remove_permissions: Vec<String>,
    /// Directory roles taken away from now on.
    pub remove_roles: Vec<String>,
    /// Runs a sync cycle first.
    pub sync: bool,
    /// Somebody else changes an account first.
    pub edit: Option<Edit>,
}

/// A change by somebody else: no rule is asked, no permission is needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edit {
    /// Object id.
    pub user: crate::model::EntraId,
    /// Properties and their new values.
    pub set: Map<String, Value>,
}

/// An answer that the script gives.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultAnswer {
    /// HTTP status.
    pub status: u16,
    /// Graph's error code; the usual one of the status when absent.
    #[serde(default)]
    pub code: Option<String>,
    /// The message; the usual one of the status when absent.
    #[serde(default)]
    pub message: Option<String>,
    /// Retry-After in seconds.
    #[serde(default)]
    pub retry_after: Option<u32>,
    /// Retry-After as an HTTP date so many seconds from now.
    #[serde(default)]
    pub retry_after_date: Option<u32>,
    /// A page of HTML instead of JSON, as gateways send it.
    #[serde(default)]
    pub html: bool,
    /// The request is carried out all the same.
    #[serde(default)]
    pub after_write: bool,
}

/// When a connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// Before anything was done.
    BeforeWrite,
    /// After the request was carried out.
    AfterWrite,
    /// After the request was carried out and half of the answer sent; before the answer when it has no body.
    InAnswer,
}

impl Rule {
    /// Whether the rule makes sense.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(answer) = &self.answer
            && !(400..=599).contains(&answer.status)
        {
            return Err(format!("answer.status is {}; a fault has 400 to 599", answer.status));
        }
        let zero = |count: Option<u32>| count == Some(0);
        if zero(self.nth) || zero(self.every) {
            return Err("nth and every count from 1".to_owned());
        }
        Ok(())
    }
}
