//! The sign-in names of live users in their order, so that those with one beginning are found without a look at everybody.

use std::sync::OnceLock;

use serde_json::Value;

use crate::directory::exports::snapshot::write::SnapshotDocument;
use crate::model::text::fold;

use super::odata::eval::property;

/// Folded names with the places of their users; put in order when somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Names(OnceLock<Vec<(Box<str>, usize)>>);

impl Names {
    /// Names may have changed.
    pub(crate) fn forget(&mut self) {
        self.0.take();
    }

    /// The places of the users whose folded name begins so.
    pub(crate) fn beginning(&self, folded: &str, document: &SnapshotDocument) -> Vec<usize> {
        let all = self.0.get_or_init(|| in_order(document));
        let first = all.partition_point(|(name, _)| **name < *folded);
        let behind = all.get(first..).unwrap_or_default();
        let count = behind.partition_point(|(name, _)| name.starts_with(folded));
        behind.iter().take(count).map(|(_, place)| *place).collect()
    }
}

fn in_order(document: &SnapshotDocument) -> Vec<(Box<str>, usize)> {
    let name = |user: &Value| property(user, "userPrincipalName").and_then(Value::as_str).map(|name| fold(name).into());
    let mut all: Vec<(Box<str>, usize)> =
        document.entries(false, 0).filter_map(|(place, user)| Some((name(user)?, place))).collect();
    all.sort_unstable();
    all
}
