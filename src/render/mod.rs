//! A plan, the difference of two plans and the state of all mappings, for people and for scripts.
//!
//! [`PlanView`] is what all formats draw. Colour only helps; the signs carry the meaning: `+` sets, `~` changes, `-` clears
//! or deletes, `!` cannot be undone, `=` stays, `x` is blocked. Every value of a directory is escaped where it is written.
//! Nothing here names a file; a width and a colour switch are handed in.

mod annotations;
mod bounded;
mod comment;
mod diff;
mod diff_text;
mod discover;
mod escape;
mod explain;
mod facts;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod harmless;
mod html;
mod human;
mod json;
mod markdown;
mod next_sync;
mod nobody;
mod page;
mod proof;
mod run;
mod synced_report;
mod verify;
mod view;
mod words;

pub use self::annotations::{
    Annotation, Dialect, annotation_commands, annotations_of_diagnostics, annotations_of_plan, azure_outputs, github_outputs,
};
pub use self::diff::{Changed, Changes, FieldChange, PlanDiff, diff_json};
pub use self::diff_text::{diff_human, diff_markdown};
pub use self::discover::{ProposedText, discovery_json, discovery_line, left_out_comments, proposed_mappings};
pub use self::explain::{explanation_human, explanation_json};
pub use self::html::html;
pub use self::human::human;
pub use self::json::plan_json;
pub use self::markdown::markdown;
pub use self::page::{Style, hanging};
pub use self::run::run_markdown;
pub use self::synced_report::{synced_report_human, synced_report_json};
pub use self::verify::{VerifyReport, VerifyRow, verify_human, verify_json, verify_markdown};
pub use self::view::{Chapter, Group, PlanView, Step};

#[cfg(test)]
mod tests;
