//! Whose an ImmutableID is: the source anchor of somebody, or what was made of one by mistake.

use crate::model::hits::Few;
use crate::model::{AnchorForm, ImmutableId, ObjectGuid};

use super::world::{AdRef, AdUsers, World};

/// The AD users that an ImmutableID belongs to, and how.
pub(super) struct Owners {
    pub(super) users: AdUsers,
    pub(super) kinship: Kinship,
}

/// What an ImmutableID is to an AD user. Only an anchor matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kinship {
    /// Its source anchor.
    Anchor,
    /// Its source anchor in another encoding.
    Misspelt,
    /// Its source anchor in text order.
    Reversed,
    /// A GUID of it that is not its source anchor, or not so.
    OtherGuid,
}

impl Kinship {
    /// The words between `it is` and the AD user.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Anchor => "the source anchor of",
            Self::Misspelt => "the source anchor, in a spelling that matches nothing, of",
            Self::Reversed => "the source anchor, with the first three groups reversed, of",
            Self::OtherGuid => "a GUID, but not the source anchor, of",
        }
    }
}

impl Owners {
    /// What it means for the AD users, who are listed, that an account loses the ID.
    pub(super) fn loss(&self) -> String {
        match self.kinship {
            Kinship::Anchor => "It is the anchor of the AD user listed here: that one no longer gets this account.".to_owned(),
            Kinship::Misspelt | Kinship::Reversed | Kinship::OtherGuid => {
                format!(
                    "It is {} the AD user listed here: whoever wrote it meant this account for that one.",
                    self.kinship.words()
                )
            }
        }
    }
}

/// Who has the ImmutableID as its source anchor, or else who was meant by whoever wrote it.
pub(super) fn owners_of(id: &ImmutableId, world: &World) -> Option<Owners> {
    let forests = &world.forests;
    let guids: Vec<ObjectGuid> = AnchorForm::of(id).guids().into_iter().flatten().collect();
    let reversed: Vec<ObjectGuid> = guids.iter().map(ObjectGuid::byte_swapped).collect();
    let by_anchor = |guids: &[ObjectGuid]| guids.iter().flat_map(|guid| forests.by_anchor(&guid.immutable_id(), None)).collect();
    let found = |users: AdUsers, kinship| (!users.is_empty()).then_some(Owners { users, kinship });
    found(forests.by_anchor(id, None), Kinship::Anchor)
        .or_else(|| found(by_anchor(&guids), Kinship::Misspelt))
        .or_else(|| found(by_anchor(&reversed), Kinship::Reversed))
        .or_else(|| {
            let either = guids.iter().chain(&reversed).flat_map(|guid| forests.by_either_guid(guid, None));
            found(distinct(either), Kinship::OtherGuid)
        })
}

/// Each once, in the order in which they were found.
fn distinct(users: impl Iterator<Item = AdRef>) -> AdUsers {
    let mut seen: Few<AdRef> = Vec::new();
    users.for_each(|user| {
        if !seen.contains(&user) {
            seen.push(user);
        }
    });
    seen.into()
}
