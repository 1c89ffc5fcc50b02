//! What lets the next sync take nobody over, whatever this plan sets. It may have come since the plan was made.
//!
//! The writes are right all the same, and a new plan would make them, too: that is told, and nothing is refused.

use crate::directory::ports::TenantIdentity;
use crate::model::Known;
use crate::plan::action::ActionKind;
use crate::plan::body::Body;
use crate::plan::{SYNC_IS_OFF, says_blocked_by};
use crate::tenant_model::BLOCKS_HARD_MATCH;

/// What keeps sync from the accounts that a plan links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barrier {
    /// In words.
    pub what: String,
    /// Whether the plan says it, so that whoever approved it knows.
    pub was_planned: bool,
}

impl Barrier {
    pub(super) fn of(body: &Body, tenant: &TenantIdentity) -> Option<Self> {
        let links = |kind| matches!(kind, ActionKind::SetImmutableId | ActionKind::StampConsistencyGuid);
        if body.rollback_of.is_some() || !body.actions.iter().any(|action| links(action.kind)) {
            return None;
        }
        let barrier = |what: String, switch| Some(Self { what, was_planned: says_blocked_by(&body.findings, switch) });
        match tenant.blocks_hard_match {
            Some(true) => barrier(format!("the tenant has {BLOCKS_HARD_MATCH} on"), BLOCKS_HARD_MATCH),
            _ if tenant.sync_enabled == Known::Is(false) => barrier(SYNC_IS_OFF.to_owned(), SYNC_IS_OFF),
            Some(false) | None => None,
        }
    }
}
