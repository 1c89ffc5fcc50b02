//! A snapshot on its way to its file.

use serde_json::Value;

use super::{SnapshotDocument, Users};

/// The document as it is written: the lists of users in their places.
pub(super) struct Written<'a>(pub(super) &'a SnapshotDocument);

impl serde::Serialize for Written<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = self.0;
        // Of a recycle bin that was not read, what this run put there is a part.
        let is_part = !document.has_bin() && !document.deleted.is_empty();
        let incomplete = if is_part { Some(with_part_of_bin(document.root.get("incomplete"))) } else { None };
        let entries = document.root.iter().map(|(key, value)| match (key.as_str(), &incomplete) {
            ("users", _) => (key.as_str(), Part::Users(&document.users)),
            ("deletedUsers", _) if is_part || document.has_bin() => (key.as_str(), Part::Users(&document.deleted)),
            ("incomplete", Some(incomplete)) => (key.as_str(), Part::Other(incomplete)),
            _ => (key.as_str(), Part::Other(value)),
        });
        let added = [
            ("incomplete", incomplete.as_ref().map(Part::Other)),
            ("deletedUsers", is_part.then_some(Part::Users(&document.deleted))),
        ];
        let added =
            added.into_iter().filter(|(key, _)| !document.root.contains_key(*key)).filter_map(|(key, part)| Some((key, part?)));
        serializer.collect_map(entries.chain(added))
    }
}

/// The names of the parts that are not whole, the recycle bin among them.
fn with_part_of_bin(incomplete: Option<&Value>) -> Value {
    let mut parts = incomplete.and_then(Value::as_array).cloned().unwrap_or_default();
    parts.push("deletedUsers".into());
    parts.into()
}

enum Part<'a> {
    Users(&'a Users),
    Other(&'a Value),
}

impl serde::Serialize for Part<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Users(users) => serializer.collect_seq(users.iter().flatten()),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}
