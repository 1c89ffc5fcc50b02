//! The words of the field: what an action does, what a state means, how things are counted.

use std::borrow::Cow;

use super::facts::{ID_FACTS, guid_of};
use crate::model::text::{counted, number};
use crate::model::{FactName, FactValue};
use crate::plan::action::{Action, ActionKind};
use crate::plan::body::{Body, MappingState, PlanTenant, Status};
use crate::plan::finding::Severity;

/// A sentence whose values each format marks and escapes in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase(Vec<Part>);

/// A piece of a [`Phrase`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Our words.
    Words(Cow<'static, str>),
    /// A value of a directory: to be escaped.
    Value(String),
}

impl Phrase {
    fn new(words: &'static str) -> Self {
        Self(vec![Part::Words(words.into())])
    }

    fn value(mut self, value: &str) -> Self {
        self.0.push(Part::Value(value.to_owned()));
        self
    }

    fn words(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Part::Words(words.into()));
        self
    }

    /// Adds an ImmutableID, with its GUID when it is one.
    fn id(self, id: &str) -> Self {
        let phrase = self.value(id);
        match guid_of(id) {
            Some(guid) => phrase.words(format!(" (GUID {guid})")),
            None => phrase,
        }
    }

    /// The pieces in their order.
    #[must_use]
    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The sentence, with values written by `write`.
    #[must_use]
    pub(super) fn text(&self, write: impl Fn(&str) -> String) -> String {
        let piece = |part: &Part| match part {
            Part::Words(words) => words.to_string(),
            Part::Value(value) => write(value),
        };
        self.0.iter().map(piece).collect()
    }
}

/// What an action does.
#[must_use]
pub(super) fn title(action: &Action) -> Phrase {
    let who = action.target.upn.as_str();
    match action.kind {
        ActionKind::ClearImmutableId => Phrase::new("clear ImmutableID of ").value(who),
        ActionKind::ClearObjectIdentifier => {
            Phrase::new("clear object identifier of ").value(who).words(": only sync can set it again")
        }
        ActionKind::ClearSecurityIdentifier => {
            Phrase::new("clear on-premises SID of ").value(who).words(": only sync can set it again")
        }
        ActionKind::Purge => Phrase::new("remove ").value(who).words(" from the recycle bin for ever"),
        ActionKind::Restore => Phrase::new("bring ").value(who).words(" back from the recycle bin"),
        ActionKind::SetImmutableId => with_id(Phrase::new("set ImmutableID of ").value(who), " to ", action),
        ActionKind::SetUserPrincipalName => match text_after(action) {
            Some(name) => Phrase::new("rename ").value(who).words(" to ").value(name),
            None => Phrase::new("rename ").value(who),
        },
        ActionKind::SoftDelete => Phrase::new("move ").value(who).words(" to the recycle bin"),
        ActionKind::StampConsistencyGuid => {
            let forest = action.target.forest().unwrap_or_default();
            let phrase = Phrase::new("stamp mS-DS-ConsistencyGuid of ").value(who).words(" in forest ").value(forest);
            with_id(phrase, " with ", action)
        }
    }
}

fn with_id(phrase: Phrase, joint: &'static str, action: &Action) -> Phrase {
    match text_after(action) {
        Some(id) => phrase.words(joint).id(id),
        None => phrase,
    }
}

/// The value that an action writes.
fn text_after(action: &Action) -> Option<&str> {
    let name = match action.kind {
        ActionKind::SetImmutableId => FactName::OnPremisesImmutableId,
        ActionKind::SetUserPrincipalName => FactName::UserPrincipalName,
        ActionKind::StampConsistencyGuid => FactName::ConsistencyGuid,
        ActionKind::ClearImmutableId
        | ActionKind::ClearObjectIdentifier
        | ActionKind::ClearSecurityIdentifier
        | ActionKind::Purge
        | ActionKind::Restore
        | ActionKind::SoftDelete => return None,
    };
    match action.after.get(&name) {
        Some(FactValue::Text(text)) => Some(text),
        Some(FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => None,
    }
}

/// The sign of an action: `+` sets, `~` changes, `-` clears or deletes, `!` cannot be undone.
#[must_use]
pub(super) fn symbol(action: &Action) -> char {
    if !action.reversible {
        return '!';
    }
    match action.kind {
        ActionKind::SetImmutableId | ActionKind::StampConsistencyGuid if overwrites(action) => '~',
        ActionKind::Restore | ActionKind::SetImmutableId | ActionKind::StampConsistencyGuid => '+',
        ActionKind::SetUserPrincipalName => '~',
        ActionKind::ClearImmutableId
        | ActionKind::ClearObjectIdentifier
        | ActionKind::ClearSecurityIdentifier
        | ActionKind::Purge
        | ActionKind::SoftDelete => '-',
    }
}

fn overwrites(action: &Action) -> bool {
    ID_FACTS.iter().any(|name| matches!(action.before.get(name), Some(FactValue::Text(_))) && action.after.contains_key(name))
}

/// The kinds as they are counted, what is destroyed last.
pub(super) const COUNTED: [ActionKind; 9] = [
    ActionKind::SetImmutableId,
    ActionKind::StampConsistencyGuid,
    ActionKind::SetUserPrincipalName,
    ActionKind::Restore,
    ActionKind::ClearImmutableId,
    ActionKind::ClearSecurityIdentifier,
    ActionKind::ClearObjectIdentifier,
    ActionKind::SoftDelete,
    ActionKind::Purge,
];

/// `3 to set`.
#[must_use]
pub(super) fn to_do(kind: ActionKind, count: usize) -> String {
    let of = |one: &str, more: &str| format!("{} {}", number(count), if count == 1 { one } else { more });
    let simple = |word: &str| of(word, word);
    match kind {
        ActionKind::ClearImmutableId => simple("to clear"),
        ActionKind::ClearObjectIdentifier => of("object identifier to clear", "object identifiers to clear"),
        ActionKind::ClearSecurityIdentifier => of("SID to clear", "SIDs to clear"),
        ActionKind::Purge => simple("to purge"),
        ActionKind::Restore => simple("to restore"),
        ActionKind::SetImmutableId => simple("to set"),
        ActionKind::SetUserPrincipalName => simple("to rename"),
        ActionKind::SoftDelete => simple("to delete"),
        ActionKind::StampConsistencyGuid => simple("to stamp"),
    }
}

/// The states as they are listed: what needs reading first.
pub(super) const STATES: [MappingState; 5] =
    [MappingState::Blocked, MappingState::Planned, MappingState::Armed, MappingState::Linked, MappingState::Detached];

/// The sign of a state.
#[must_use]
pub(super) fn state_symbol(state: MappingState) -> char {
    match state {
        MappingState::Blocked => 'x',
        MappingState::Planned => '~',
        MappingState::Armed | MappingState::Detached | MappingState::Linked => '=',
    }
}

/// What a status means.
#[must_use]
pub(super) fn status_meaning(body: &Body) -> &'static str {
    match body.status {
        Status::Partial if body.rollback_of.is_some() => "what cannot be undone is left out",
        Status::Blocked => "something stands in the way, `apply` refuses",
        Status::Empty => "nothing is to be done",
        Status::Partial => "blocked mappings are left out on purpose",
        Status::Ready => "everything can be done",
    }
}

/// What people call a tenant.
#[must_use]
pub(super) fn tenant_name(tenant: &PlanTenant) -> &str {
    tenant.initial_domain.as_deref().or(tenant.id.as_deref()).unwrap_or("an unnamed tenant")
}

/// `2 warnings`.
#[must_use]
pub(super) fn findings(severity: Severity, count: usize) -> String {
    match severity {
        Severity::Blocker => counted(count, "blocker"),
        Severity::Warning => counted(count, "warning"),
        Severity::Info => counted(count, "note"),
    }
}

/// A value of an account beside that of the AD user.
pub(super) fn beside(held: &str, own: &str) -> String {
    if held == own { format!("{held}, that of the AD user") } else { format!("{held}, not that of the AD user, {own}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::action::Target;
    use crate::planfile::sample::{BOND, facts, sample};

    #[test]
    fn counts_read_well() {
        assert_eq!([1, 12, 300, 1300, 1_234_567].map(number), ["1", "12", "300", "1,300", "1,234,567"]);
        assert_eq!(counted(1, "mapping") + &counted(0, "row"), "1 mapping0 rows");
        let mut kinds = COUNTED;
        kinds.sort_unstable();
        assert_eq!(kinds, ActionKind::ALL);
    }

    #[test]
    fn titles_use_the_words_of_the_field() {
        let plan = sample();
        let titles: Vec<String> = plan
            .body
            .actions
            .iter()
            .map(|action| format!("{} {}", symbol(action), title(action).text(|v| format!("<{v}>"))))
            .collect();
        insta::assert_snapshot!(titles.join("\n"), @r#"
        - move <bond4711@contoso.onmicrosoft.com> to the recycle bin
        ! remove <bond4711@contoso.onmicrosoft.com> from the recycle bin for ever
        + set ImmutableID of <james.bond@contoso.com> to <4AQlP4lP0xGaDAMF6CwzAQ==> (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301)
        - clear ImmutableID of <m@contoso.com>
        "#);
    }

    #[test]
    fn every_kind_has_a_title_and_a_sign() {
        let text = || FactValue::text("n@contoso.com");
        let after = || {
            facts([
                (FactName::ConsistencyGuid, text()),
                (FactName::OnPremisesImmutableId, text()),
                (FactName::UserPrincipalName, text()),
            ])
        };
        let line = |kind| {
            let target = Target::account(BOND.parse().unwrap(), "o@contoso.com");
            let action =
                Action::new(kind, "m", target, facts([(FactName::OnPremisesImmutableId, text())]), after(), String::new());
            format!("{} {}; {}", symbol(&action), title(&action).text(str::to_owned), to_do(kind, 2))
        };
        insta::assert_snapshot!(ActionKind::ALL.map(line).join("\n"), @r#"
        - clear ImmutableID of o@contoso.com; 2 to clear
        ! clear object identifier of o@contoso.com: only sync can set it again; 2 object identifiers to clear
        ! clear on-premises SID of o@contoso.com: only sync can set it again; 2 SIDs to clear
        ! remove o@contoso.com from the recycle bin for ever; 2 to purge
        + bring o@contoso.com back from the recycle bin; 2 to restore
        ~ set ImmutableID of o@contoso.com to n@contoso.com; 2 to set
        ~ rename o@contoso.com to n@contoso.com; 2 to rename
        - move o@contoso.com to the recycle bin; 2 to delete
        ~ stamp mS-DS-ConsistencyGuid of o@contoso.com in forest  with n@contoso.com; 2 to stamp
        "#);
    }
}
