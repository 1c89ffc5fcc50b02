//! A mapping on its way through planning: what it resolved to, what was found, what is to be done.

use std::collections::BTreeSet;

use crate::model::{Acceptable, AdUser, CloudUser, Mapping, ObjectGuid, Resolve, Sid, SourceAnchor, Upn};
use crate::tenant_model::UserRef;

use super::finding::{Code, Finding, Severity};
use super::world::{AdRef, World};

/// One mapping while it is being planned.
#[derive(Debug, Clone)]
pub(super) struct Link<'a> {
    pub(super) id: &'a str,
    pub(super) mapping: &'a Mapping,
    /// The AD user; `None` when nobody is wanted, nobody was found, or no forest was read.
    pub(super) ad: Option<AdRef>,
    /// The AD user's SID.
    pub(super) ad_sid: Option<Sid>,
    /// The GUID that was taken at its word because no forest is configured.
    pub(super) given: Option<ObjectGuid>,
    /// The cloud user.
    pub(super) target: Option<UserRef>,
    /// The ImmutableID that is wanted; `None` to have none, or when it could not be told.
    pub(super) anchor: Option<SourceAnchor>,
    /// The sign-in name that a federated detour has parked, to be put back.
    pub(super) parked: Option<Upn>,
    pub(super) findings: Vec<Finding>,
    /// Decisions on accounts that stand in the way.
    pub(super) decided: Vec<(UserRef, Resolve)>,
    used_accepts: BTreeSet<Acceptable>,
}

impl<'a> Link<'a> {
    pub(super) fn new(id: &'a str, mapping: &'a Mapping) -> Self {
        Self {
            id,
            mapping,
            ad: None,
            ad_sid: None,
            given: None,
            target: None,
            anchor: None,
            parked: None,
            findings: Vec::new(),
            decided: Vec::new(),
            used_accepts: BTreeSet::new(),
        }
    }

    /// Adds a finding of the code's own severity.
    pub(super) fn raise(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Starts a finding about this mapping.
    pub(super) fn finding(&self, code: Code, message: impl Into<String>) -> Finding {
        Finding::new(code, self.id, message)
    }

    /// Adds a blocker that the author may have accepted; then it is only a warning. Tells whether it was accepted.
    pub(super) fn raise_unless_accepted(&mut self, accept: Acceptable, finding: Finding) -> bool {
        let accepted = self.mapping.accept.contains(&accept);
        if accepted {
            self.used_accepts.insert(accept);
            let reason = self.mapping.because.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            let hint = format!("Accepted in the mapping{reason}.");
            self.findings.push(finding.with_severity(Severity::Warning).hint(hint));
        } else {
            self.findings.push(finding);
        }
        accepted
    }

    pub(super) fn accepts(&self, accept: Acceptable) -> bool {
        self.mapping.accept.contains(&accept)
    }

    /// Remembers that an accepted code made a difference.
    pub(super) fn use_accept(&mut self, accept: Acceptable) {
        self.used_accepts.insert(accept);
    }

    /// Accepted codes that changed nothing.
    pub(super) fn unused_accepts(&self) -> impl Iterator<Item = Acceptable> {
        self.mapping.accept.difference(&self.used_accepts).copied()
    }

    /// What was decided of an account.
    pub(super) fn decision_for(&self, user: UserRef) -> Option<Resolve> {
        self.decided.iter().find(|(decided, _)| *decided == user).map(|(_, resolve)| *resolve)
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Blocker)
    }

    pub(super) fn ad_user<'w>(&self, world: &'w World) -> Option<&'w AdUser> {
        self.ad.and_then(|user| world.forests.user(user))
    }

    pub(super) fn target_user<'w>(&self, world: &'w World) -> Option<&'w CloudUser> {
        self.target.and_then(|user| world.tenant.user(user))
    }
}
