//! Why a write is made, as its action says it.

use crate::model::{AnchorMode, AnchorOrigin, CloudUser, SourceAnchor};

use super::link::Link;
use super::world::World;

/// Whose anchor it is, and where it comes from: the value itself stands beside it.
pub(super) fn anchor_reason(link: &Link<'_>, anchor: &SourceAnchor, world: &World) -> String {
    let Some((forest, user)) = link.ad.and_then(|user| world.forests.get(user)) else {
        return "the mapping gives this ImmutableID; no forest was read".to_owned();
    };
    let origin = match (anchor.origin, &forest.anchor) {
        (AnchorOrigin::ConsistencyGuid, _) => "mS-DS-ConsistencyGuid",
        (AnchorOrigin::Attribute, AnchorMode::Attribute(name)) => name,
        (AnchorOrigin::ObjectGuid, _) => "objectGUID",
        (AnchorOrigin::Attribute | AnchorOrigin::Given | AnchorOrigin::Cloud, _) => "the configured attribute",
    };
    format!("source anchor ({origin}) of {} in forest {}", user.dn, forest.name)
}

/// The author's own words about a decision.
pub(super) fn decision_reason(link: &Link<'_>, account: &CloudUser) -> String {
    let decision = super::decided::decision_on(link, account);
    decision.and_then(|decision| decision.because.as_deref()).map_or_else(String::new, |because| format!(" ({because})"))
}

/// What stands in the way of the mappings that decide on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InTheWay {
    ImmutableId,
    Sid,
    /// Nothing but an ID that spells a wanted GUID.
    Spelling,
}

impl InTheWay {
    /// Of an account, by the mappings that a decision on it serves.
    pub(super) fn of<'l, 'a: 'l>(account: &CloudUser, served: impl Iterator<Item = &'l Link<'a>>, world: &World) -> Self {
        let mut what = Self::Spelling;
        for link in served {
            let wanted = link.anchor.as_ref().map(|anchor| &anchor.value);
            if wanted.is_some() && account.immutable_id.as_ref() == wanted {
                return Self::ImmutableId;
            }
            if super::holders::clears_sid(link, account, world) {
                what = Self::Sid;
            }
        }
        what
    }

    /// What the account has, where nothing can be done about it.
    pub(super) fn why_protected(self) -> &'static str {
        match self {
            Self::ImmutableId => "holds the wanted ImmutableID",
            Self::Sid => "carries this AD user's SID",
            Self::Spelling => "stands in the way",
        }
    }

    /// What a purge is for.
    pub(super) fn why_purged(self) -> &'static str {
        match self {
            Self::ImmutableId => "frees the ImmutableID",
            Self::Sid => "frees the SID",
            Self::Spelling => "removes an ImmutableID that spells the wanted GUID",
        }
    }

    /// What the ImmutableID is cleared for.
    pub(super) fn why_cleared(self) -> &'static str {
        match self {
            Self::ImmutableId => "frees the ImmutableID",
            Self::Sid => "the SID stands in the way, and `resolve: clear` takes the ImmutableID, too",
            Self::Spelling => "removes an ImmutableID that spells the wanted GUID",
        }
    }
}
