//! What an action changes on its object, before and after, with the characters that differ.

use similar::{Algorithm, ChangeTag, utils::diff_graphemes};

use super::bounded::bounded;
use crate::model::text::printable;
use crate::model::{AnchorForm, FactName, FactValue, ImmutableId};
use crate::plan::action::Action;

/// The facts that hold an ImmutableID.
pub(super) const ID_FACTS: [FactName; 2] = [FactName::OnPremisesImmutableId, FactName::ConsistencyGuid];

/// Two values are worth comparing character by character when this part of them is the same.
const ALIKE: f32 = 0.5;

/// Longer values are no IDs; comparing them would take long.
const COMPARED: usize = 400;

/// A fact that an action changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FactChange {
    /// The property.
    pub(super) name: String,
    /// What stands there before.
    pub(super) before: Side,
    /// What the action leaves behind.
    pub(super) after: Side,
}

/// One side of a [`FactChange`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    /// The value in pieces, safe to print; true where it differs from the other side.
    pub(super) pieces: Vec<(bool, String)>,
    /// Whether a value stands there at all; else the pieces say what is missing.
    pub(super) is_value: bool,
    /// The GUID that the value encodes.
    pub(super) guid: Option<String>,
}

impl Side {
    /// The value in one piece.
    #[must_use]
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|(_, piece)| piece.as_str()).collect()
    }

    /// Whether single characters are marked.
    #[must_use]
    pub(super) fn is_marked(&self) -> bool {
        self.pieces.iter().any(|(differs, _)| *differs)
    }
}

/// What an action changes.
#[must_use]
pub(super) fn changes(action: &Action) -> Vec<FactChange> {
    let changed = action.after.iter().filter(|(name, after)| action.before.get(name) != Some(after));
    changed.map(|(name, after)| change(*name, action.before.get(name), Some(after))).collect()
}

/// What must hold before the write and stays as it is.
#[must_use]
pub(super) fn preconditions(action: &Action) -> Vec<(String, String)> {
    let kept = action.before.iter().filter(|(name, before)| action.after.get(name).is_none_or(|after| after == *before));
    kept.map(|(name, value)| (name.word(), written(value))).collect()
}

/// One fact of two moments; `None` when it was not read.
#[must_use]
pub(super) fn change(name: FactName, before: Option<&FactValue>, after: Option<&FactValue>) -> FactChange {
    compare(name.word(), ID_FACTS.contains(&name), before, after)
}

/// Two values under any name; `is_id` when they are ImmutableIDs.
#[must_use]
pub(super) fn compare(name: String, is_id: bool, before: Option<&FactValue>, after: Option<&FactValue>) -> FactChange {
    let mut change = FactChange { name, before: side(before), after: side(after) };
    if change.before.is_value && change.after.is_value {
        mark(&mut change);
    }
    if is_id {
        change.before.guid = guid_in(before);
        change.after.guid = guid_in(after);
    }
    change
}

fn side(value: Option<&FactValue>) -> Side {
    let (is_value, text) = match value {
        None => (false, "(not read)".to_owned()),
        Some(FactValue::Null) => (false, written(&FactValue::Null)),
        Some(value @ (FactValue::Bool(_) | FactValue::Text(_) | FactValue::List(_))) => (true, written(value)),
    };
    Side { pieces: vec![(false, text)], is_value, guid: None }
}

/// Marks what differs when the sides are much alike, such as IDs that differ only in case.
fn mark(change: &mut FactChange) {
    let (before, after) = (change.before.text(), change.after.text());
    if before.len().max(after.len()) > COMPARED {
        return;
    }
    let diff = diff_graphemes(Algorithm::Myers, &before, &after);
    let same: usize = diff.iter().filter(|(tag, _)| *tag == ChangeTag::Equal).map(|(_, text)| text.len()).sum();
    #[expect(clippy::cast_precision_loss, reason = "a rough share")]
    let share = 2.0 * same as f32 / (before.len() + after.len()) as f32;
    if share < ALIKE || before == after {
        return;
    }
    let pieces = |drop: ChangeTag| {
        let kept = diff.iter().filter(|(tag, _)| *tag != drop);
        kept.map(|(tag, text)| (*tag != ChangeTag::Equal, (*text).to_owned())).collect()
    };
    change.before.pieces = pieces(ChangeTag::Insert);
    change.after.pieces = pieces(ChangeTag::Delete);
}

/// A value for people; in quotes where it could be mistaken for something else.
#[must_use]
pub(super) fn written(value: &FactValue) -> String {
    match value {
        FactValue::Null => "(none)".into(),
        FactValue::Bool(on) => on.to_string(),
        FactValue::List(items) if items.is_empty() => "(empty list)".into(),
        FactValue::List(items) => items.iter().map(|item| plain(item)).collect::<Vec<_>>().join(", "),
        FactValue::Text(text) => plain(text),
    }
}

fn plain(text: &str) -> String {
    let text = &*bounded(text);
    let odd = text.is_empty() || text.trim() != text || text.starts_with(['(', '"']);
    if odd { format!("\"{}\"", printable(text)) } else { printable(text).into_owned() }
}

fn guid_in(value: Option<&FactValue>) -> Option<String> {
    match value {
        Some(FactValue::Text(text)) => guid_of(text),
        Some(FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => None,
    }
}

/// The GUID of an ImmutableID that is the canonical base64 of one.
#[must_use]
pub(super) fn guid_of(id: &str) -> Option<String> {
    match AnchorForm::of(&ImmutableId::stored(id)?) {
        AnchorForm::Guid(guid) => Some(guid.to_string()),
        AnchorForm::NotCanonical(_)
        | AnchorForm::GuidText(_)
        | AnchorForm::EncodedGuidText(_)
        | AnchorForm::BareHex { .. }
        | AnchorForm::Opaque => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planfile::sample::{BOND_ID, sample};

    fn marked(side: &Side) -> String {
        side.pieces.iter().map(|(differs, text)| if *differs { format!("[{text}]") } else { text.clone() }).collect()
    }

    #[test]
    fn marks_the_characters_that_differ_in_values_that_are_alike() {
        let of = |before: &str, after: &str| {
            let (before, after) = (FactValue::text(before), FactValue::text(after));
            let change = change(FactName::OnPremisesImmutableId, Some(&before), Some(&after));
            format!("{} {}", marked(&change.before), marked(&change.after))
        };
        assert_eq!(of(BOND_ID, "4AQlP4lP0xGadAMF6CwzAQ=="), "4AQlP4lP0xGa[D]AMF6CwzAQ== 4AQlP4lP0xGa[d]AMF6CwzAQ==");
        assert_eq!(of(BOND_ID, "E10045"), "4AQlP4lP0xGaDAMF6CwzAQ== E10045");
        assert_eq!(of("zoe\u{308}1", "zoe1"), "zo[e\u{308}]1 zo[e]1");
    }

    #[test]
    fn tells_what_is_missing_from_what_reads_like_it() {
        let shown = |value: FactValue| written(&value);
        assert_eq!(shown(FactValue::Null), "(none)");
        assert_eq!(shown(FactValue::text("(none)")), "\"(none)\"");
        assert_eq!(shown(FactValue::text(" x")), "\" x\"");
        assert_eq!(shown(FactValue::text("a\u{202e}b\n")), "\"a\\u{202e}b\\u{a}\"");
        assert_eq!(shown(FactValue::List(vec!["a".into(), String::new()])), "a, \"\"");
    }

    #[test]
    fn separates_what_changes_from_what_must_hold() {
        let set = &sample().body.actions[2];
        let [change] = changes(set).try_into().unwrap();
        assert_eq!((change.name.as_str(), change.before.is_value), ("onPremisesImmutableId", false));
        assert_eq!(change.after.guid.as_deref(), Some("3f2504e0-4f89-11d3-9a0c-0305e82c3301"));
        let kept: Vec<String> = preconditions(set).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(kept, ["onPremisesSyncEnabled=false", "state=live", "userPrincipalName=james.bond@contoso.com"]);
    }
}
