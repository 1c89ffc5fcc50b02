//! The lines of a journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::EntraId;
use crate::plan::action::{Action, ActionId};
use crate::plan::body::{Inputs, PlanForest, PlanTenant};

/// Says what kind of file this is.
pub const FORMAT: &str = "hardmatch/journal";

/// The version of the lines.
pub const FORMAT_VERSION: &str = "1.0";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Entry {
    /// A run begins; what follows belongs to it.
    Run(Box<RunHeader>),
    /// An action is about to be sent. The whole action, so that undoing it needs nothing else.
    Intent {
        /// The action.
        action: Box<Action>,
        /// When.
        at: Timestamp,
    },
    /// What became of an action.
    Outcome(Outcome),
    /// An account was saved before it is deleted.
    Backup(Backup),
    /// A run ends.
    End {
        /// When.
        at: Timestamp,
        /// Of a run that was undone: the actions that could not be undone by then, and may be later.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<ActionId>,
        /// Which.
        run_id: Uuid,
        /// How.
        status: EndStatus,
    },
}

/// The first line of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunHeader {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub format_version: String,
    /// Names the run.
    pub run_id: Uuid,
    /// The file name of the plan.
    pub plan: String,
    /// When the plan was made; journals of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_made: Option<Timestamp>,
    /// The digest of the plan.
    pub digest: String,
    /// The tenant of the plan.
    pub tenant: PlanTenant,
    /// The forests of the plan.
    pub forests: Vec<PlanForest>,
    /// What the plan was made from.
    pub inputs: Inputs,
    /// The run that the plan undoes, if it undoes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<String>,
    /// Name and version of the program.
    pub tool: String,
    /// When.
    pub started_at: Timestamp,
}

/// A saved account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// The account.
    pub account: EntraId,
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the file, as `sha256:` and hex; journals of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The file.
    pub file: String,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The action.
    pub action: ActionId,
    /// The licences (SKU ids) that the account had right after it was restored, as far as they were read: whoever gives it
    /// others later uses it. Journals of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_licenses: Option<Vec<String>>,
    /// When.
    pub at: Timestamp,
    /// Since when the account is in the recycle bin, as it was read after a deletion: whoever restores it and deletes it again
    /// leaves another time. Journals of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_date_time: Option<String>,
    /// Why it went wrong, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The server's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// In a word.
    pub result: OutcomeKind,
}

impl Outcome {
    /// One without particulars.
    #[must_use]
    pub fn new(action: ActionId, at: Timestamp, result: OutcomeKind) -> Self {
        Self { action, assigned_licenses: None, at, deleted_date_time: None, error: None, request_id: None, result }
    }
}

/// What became of an action, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeKind {
    /// Its `after` was there before anything was sent.
    AlreadyDone,
    /// Written and read back.
    Done,
    /// Not written.
    Failed,
    /// The directory said no.
    Refused,
    /// Written perhaps; the next run reads.
    Unknown,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EndStatus {
    /// Somebody gave it up on purpose.
    Abandoned,
    /// Everything is done.
    Complete,
    /// Stopped by a signal.
    Interrupted,
    /// Something is left to do.
    Partial,
    /// A rollback undid it.
    RolledBack,
    /// Everything was sent, not everything was seen.
    Unconfirmed,
}

impl EndStatus {
    /// Whether nothing is left open.
    #[must_use]
    pub fn is_closing(self) -> bool {
        match self {
            Self::Abandoned | Self::Complete | Self::RolledBack => true,
            Self::Interrupted | Self::Partial | Self::Unconfirmed => false,
        }
    }
}
