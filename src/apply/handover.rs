//! The account that a stamp hands over: nothing is written to it, and yet sync links it to the stamped AD user.
//!
//! `before` of a stamp holds facts of the AD user. What planning saw of the account is told by the mapping: its id, its
//! name, its ImmutableID, what the next sync makes of it, and what was found and accepted.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::ports::DirectoryError;
use crate::model::{AccountFacts, AccountState, CloudUser, EntraId, FactName, FactValue, Known, Policy, text::same};
use crate::plan::action::{Action, ActionId, ActionKind, Target};
use crate::plan::body::{Body, PlanCloudUser, PlannedMapping};
use crate::plan::finding::Code;
use crate::plan::next_sync::{NextSync, Outcome};
use crate::plan::protection::Protection;
use crate::plan::says_roles_unread;
use crate::tenant_model::SyncRule;

use super::Directories;
use super::facts::{Unlike, read_account};
use super::preflight::value_word;

/// The accounts that the stamps of a plan hand over. What is undone gives an AD user what it had, so there are none.
#[derive(Debug)]
pub(super) struct Handovers<'a> {
    protection: Protection<'a>,
    by_stamp: BTreeMap<&'a ActionId, Handover<'a>>,
}

/// One of them, as planning saw it.
#[derive(Debug)]
pub(super) struct Handover<'a> {
    pub(super) account: &'a PlanCloudUser,
    anchor: &'a str,
    /// What the account is called before, between and after the writes of the plan.
    names: Vec<&'a str>,
    is_restored: bool,
    /// Whether nobody synced it.
    pub(super) was_free: bool,
    may_be_privileged: bool,
    may_be_guest: bool,
    were_roles_read: bool,
}

impl<'a> Handovers<'a> {
    pub(super) fn of(body: &'a Body, policy: &'a Policy) -> Self {
        let stamps = body.actions.iter().filter(|action| action.kind == ActionKind::StampConsistencyGuid);
        let stamps: Vec<&Action> = stamps.filter(|_| body.rollback_of.is_none()).collect();
        let seen = if stamps.is_empty() { Seen::default() } else { Seen::of(body) };
        let handovers = stamps.into_iter().filter_map(|action| Some((&action.id, seen.handover(action)?)));
        Self { protection: Protection::of(policy), by_stamp: handovers.collect() }
    }

    /// What a stamp hands over.
    pub(super) fn of_stamp(&self, action: &Action) -> Option<&Handover<'a>> {
        self.by_stamp.get(&action.id)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = EntraId> {
        self.by_stamp.values().map(|handover| handover.account.id)
    }

    /// Reads the account that a stamp hands over, and tells in words what is not as planning saw it.
    pub(super) async fn changed(&self, stamp: &Action, directories: &Directories) -> Result<Option<String>, DirectoryError> {
        let Some(handover) = self.of_stamp(stamp) else { return Ok(None) };
        let account = read_account(handover.account.id, directories).await?;
        let first = self.unlike(handover, &account).into_iter().next();
        Ok(first.map(|Unlike { fact, expected, found }| {
            format!("{fact} of {}, which the stamp hands over: expected {expected}, found {found}", handover.account.upn)
        }))
    }

    /// What is not as planning saw it, or forbids to hand it over.
    pub(super) fn unlike(&self, handover: &Handover<'_>, found: &AccountFacts) -> Vec<Unlike> {
        let Some(user) = &found.user else { return vec![handover.state(found)] };
        let mut unlike: Vec<Unlike> = Vec::new();
        unlike.extend((user.is_deleted() && !handover.is_restored).then(|| handover.state(found)));
        unlike.extend(handover.anchor(user));
        unlike.extend(handover.name(user));
        unlike.extend(handover.sync(user));
        unlike.extend(handover.guest(user));
        unlike.extend(handover.privilege(found));
        unlike.extend(self.protection.of_holder(user, &found.roles).map(|by| {
            let found = format!("{} is protected {by}", user.original_upn());
            Unlike::new(ActionKind::StampConsistencyGuid.name(), "not protected", found)
        }));
        unlike
    }
}

/// What a plan tells of its mappings and accounts.
#[derive(Debug, Default)]
struct Seen<'a> {
    mappings: BTreeMap<&'a str, &'a PlannedMapping>,
    writes: BTreeMap<EntraId, Vec<&'a Action>>,
    findings: BTreeSet<(&'a str, Code)>,
    were_roles_read: bool,
}

impl<'a> Seen<'a> {
    fn of(body: &'a Body) -> Self {
        let mut writes: BTreeMap<EntraId, Vec<&Action>> = BTreeMap::new();
        for (account, action) in body.actions.iter().filter_map(|action| Some((action.target.entra_id()?, action))) {
            writes.entry(account).or_default().push(action);
        }
        Self {
            mappings: body.mappings.iter().map(|mapping| (mapping.id.as_str(), mapping)).collect(),
            writes,
            findings: body.findings.iter().filter_map(|finding| Some((finding.mapping.as_deref()?, finding.code))).collect(),
            were_roles_read: !says_roles_unread(&body.findings),
        }
    }

    fn handover(&self, stamp: &Action) -> Option<Handover<'a>> {
        let mapping = *self.mappings.get(stamp.mapping.as_str())?;
        let (account, anchor) = (mapping.cloud.as_ref()?, mapping.anchor.as_deref()?);
        let writes = || self.writes.get(&account.id).into_iter().flatten();
        let renamed = writes().filter_map(|action| match action.after.get(&FactName::UserPrincipalName) {
            Some(FactValue::Text(name)) => Some(name.as_str()),
            Some(FactValue::Null | FactValue::Bool(_) | FactValue::List(_)) | None => None,
        });
        let has = |code: Code| self.findings.contains(&(mapping.id.as_str(), code));
        Some(Handover {
            account,
            anchor,
            names: renamed.chain([&*account.upn]).collect(),
            is_restored: writes().any(|action| action.kind == ActionKind::Restore),
            was_free: mapping.next_sync.as_deref().is_some_and(was_free),
            may_be_privileged: has(Code::TargetPrivileged),
            may_be_guest: has(Code::TargetGuest),
            were_roles_read: self.were_roles_read,
        })
    }
}

impl Handover<'_> {
    /// The account as the object of a difference.
    pub(super) fn target(&self) -> Target {
        Target::account(self.account.id, &self.account.upn)
    }

    fn state(&self, found: &AccountFacts) -> Unlike {
        let expected = if self.is_restored { AccountState::Deleted } else { AccountState::Live };
        Unlike::new(FactName::State.word(), expected.word(), found.state().word())
    }

    fn anchor(&self, user: &CloudUser) -> Option<Unlike> {
        let held = user.immutable_id.as_ref().map(|id| id.as_str());
        let unlike = || Unlike::new(FactName::OnPremisesImmutableId.word(), self.anchor, held.unwrap_or("null"));
        (held != Some(self.anchor)).then(unlike)
    }

    fn name(&self, user: &CloudUser) -> Option<Unlike> {
        let name = user.original_upn();
        let unlike = || Unlike::new(FactName::UserPrincipalName.word(), &*self.account.upn, name);
        (!self.names.iter().any(|known| same(known, name))).then(unlike)
    }

    fn sync(&self, user: &CloudUser) -> Option<Unlike> {
        let is_synced = self.was_free && user.is_synced() && !user.is_deleted();
        is_synced.then(|| Unlike::new(FactName::OnPremisesSyncEnabled.word(), "not synced", "true"))
    }

    fn guest(&self, user: &CloudUser) -> Option<Unlike> {
        let is_new = user.is_guest() && !self.may_be_guest;
        is_new.then(|| Unlike::new(FactName::UserType.word(), "no guest", "Guest"))
    }

    fn privilege(&self, found: &AccountFacts) -> Option<Unlike> {
        let fits = match &found.privileged_roles {
            Known::Is(roles) => roles.is_empty() || self.may_be_privileged,
            Known::Unknown => !self.were_roles_read,
            Known::Null => true,
        };
        let now = found.get(FactName::PrivilegedRoles);
        (!fits).then(|| Unlike::new(FactName::PrivilegedRoles.word(), "none", value_word(now.as_ref())))
    }
}

/// Whether the next sync was to find an account that nobody synced. Where nothing tells, it may have been synced.
fn was_free(next: &NextSync) -> bool {
    match next.outcome {
        Outcome::HardMatch => true,
        // Accounts that are synced already are held against other rules.
        Outcome::Refused => {
            let of_hard_match = [SyncRule::Privileged, SyncRule::CloudManaged].map(SyncRule::code);
            let code = next.code.as_deref().map(|code| &**code);
            code.is_some_and(|code| of_hard_match.contains(&code)) && next.rule != SyncRule::AnchorInUse.words()
        }
        Outcome::AlreadyLinked | Outcome::Create | Outcome::LeftOut | Outcome::SoftMatch => false,
    }
}
