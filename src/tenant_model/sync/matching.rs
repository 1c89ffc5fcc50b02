//! Which account an AD user is matched with: by anchor, then by primary address, then by sign-in name.

use std::collections::HashSet;

use super::export::Export;
use super::rule::SyncRule;
use super::{Incoming, SyncOutcome, SyncRefusal};
use crate::model::{CloudUser, EntraId, OtherKind, OtherObject};
use crate::tenant_model::{Tenant, UserRef};

/// What soft match comes to.
#[derive(Debug)]
pub(super) enum SoftMatch {
    /// This account.
    Found { user: UserRef, by_upn: bool },
    /// The export fails.
    Refused(SyncRefusal),
    /// No account; these were looked at and not taken.
    None { passed_over: Vec<SyncRefusal> },
}

/// What one of the two steps of soft match comes to.
enum Step {
    Done(SoftMatch),
    /// Nobody has the value: the next step is due.
    Nobody(Vec<SyncRefusal>),
}

impl Tenant {
    /// The account that has the anchor, taken over or refused; `None` when nobody has it.
    pub(super) fn by_anchor(&self, incoming: Incoming<'_>) -> Option<SyncOutcome> {
        let (user, account) = self.anchor_holder(incoming)?;
        Some(match self.link_refusals(incoming, user).into_iter().next() {
            Some(refusal) => SyncOutcome::Refused(refusal),
            None if account.is_synced() && !account.is_deleted() => SyncOutcome::AlreadyLinked(user),
            None => SyncOutcome::HardMatch { user, restored: account.is_deleted() },
        })
    }

    fn anchor_holder(&self, incoming: Incoming<'_>) -> Option<(UserRef, &CloudUser)> {
        let holders = self.holders_of(&incoming.anchor.value).into_iter();
        // A tenant has one holder; a damaged reading may show more.
        let known = holders.filter_map(|user| Some((user, self.user(user)?)));
        known.min_by_key(|(_, account)| (account.is_deleted(), !account.is_synced()))
    }

    pub(super) fn soft_match(&self, export: &Export<'_>) -> SoftMatch {
        let passed_over = match self.by_primary_address(export) {
            Step::Done(done) => return done,
            Step::Nobody(passed_over) => passed_over,
        };
        match self.by_sign_in_name(export, passed_over) {
            Step::Done(done) => done,
            Step::Nobody(passed_over) => SoftMatch::None { passed_over },
        }
    }

    fn by_primary_address(&self, export: &Export<'_>) -> Step {
        let Some(primary) = export.primary else { return Step::Nobody(Vec::new()) };
        let owners = self.address_owners(primary);
        let step = self.first_candidate(export, &owners, false, Vec::new());
        let is_group = |other: &&&OtherObject| other.kind == OtherKind::Group;
        match (&step, self.others_with_address(primary).iter().find(is_group)) {
            (Step::Nobody(_), Some(group)) => Step::Done(SoftMatch::Refused(SyncRule::OtherKindOfObject.refuses(group.id))),
            (Step::Nobody(_), None) | (Step::Done(_), _) => step,
        }
    }

    fn by_sign_in_name(&self, export: &Export<'_>, passed_over: Vec<SyncRefusal>) -> Step {
        match export.upn.as_deref() {
            Some(upn) if export.keeps_upn() && self.feature("softMatchOnUpnEnabled", true) => {
                self.first_candidate(export, &self.by_upn(upn), true, passed_over)
            }
            Some(_) | None => Step::Nobody(passed_over),
        }
    }

    /// Guests are passed by; any other live candidate ends the search, one way or the other.
    fn first_candidate(&self, export: &Export<'_>, users: &[UserRef], by_upn: bool, mut passed: Vec<SyncRefusal>) -> Step {
        // The step before this one passed by the same guests for the same reasons.
        let told: HashSet<EntraId> =
            if users.is_empty() { HashSet::new() } else { passed.iter().filter_map(|refusal| refusal.user).collect() };
        for user in users {
            let Some(account) = self.user(*user).filter(|account| !account.is_deleted()) else { continue };
            let federated = || if by_upn { self.federated_name(account) } else { None };
            let Some(refusal) = self.soft_match_refusal(account).or_else(federated) else {
                return Step::Done(self.accepted(export, (*user, account), by_upn));
            };
            if !account.is_guest() {
                return Step::Done(self.stopped(refusal, by_upn, passed));
            }
            if !told.contains(&account.id) {
                passed.push(refusal);
            }
        }
        Step::Nobody(passed)
    }

    fn accepted(&self, export: &Export<'_>, (user, account): (UserRef, &CloudUser), by_upn: bool) -> SoftMatch {
        let refusal = self.sid_refusal(export.incoming, Some(user));
        match refusal.or_else(|| self.group_in_the_way(export.incoming, account)) {
            Some(refusal) => SoftMatch::Refused(refusal),
            None => SoftMatch::Found { user, by_upn },
        }
    }

    /// Duplicate attribute resiliency turns the error into a second account.
    fn stopped(&self, refusal: SyncRefusal, by_upn: bool, mut passed_over: Vec<SyncRefusal>) -> SoftMatch {
        let quarantined = if by_upn { self.quarantines_upns() } else { self.quarantines_addresses() };
        if !quarantined {
            return SoftMatch::Refused(refusal);
        }
        passed_over.push(refusal);
        SoftMatch::None { passed_over }
    }

    pub(super) fn quarantines_upns(&self) -> bool {
        self.feature("quarantineUponUpnConflictEnabled", true)
    }

    pub(super) fn quarantines_addresses(&self) -> bool {
        self.feature("quarantineUponProxyAddressesConflictEnabled", true)
    }
}
