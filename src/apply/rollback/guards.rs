//! Whom the way back leaves alone: whoever the policy protects, and an account that came back and is in use.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::apply::facts::TargetFacts;
use crate::apply::journal::Fate;
use crate::model::{CloudUser, FactName};
use crate::plan::action::{Action, ActionId, ActionKind};
use crate::plan::protection::Protection;

use super::rehearse::Refused;

/// What guards the deletion of an account: read again right before it.
pub(super) const USES: [FactName; 4] =
    [FactName::AssignedLicenses, FactName::LastSignInDateTime, FactName::PrivilegedRoles, FactName::Roles];

/// What the way back must not touch.
#[derive(Debug)]
pub(super) struct Guards<'g> {
    pub(super) protection: Protection<'g>,
    /// When the run began that is undone.
    pub(super) since: Timestamp,
    /// By restore the licences that the account had right after it, as far as the journal says.
    pub(super) licenses: BTreeMap<&'g ActionId, &'g [String]>,
    /// What Entra would not take as things stand, or what would do harm.
    pub(super) refused: &'g Refused,
}

/// The licences that came back with restored accounts.
pub(super) fn licenses<'a>(done: &[Fate<'a>]) -> BTreeMap<&'a ActionId, &'a [String]> {
    let told = done.iter().filter_map(|fate| Some((&fate.action.id, fate.outcome?.assigned_licenses.as_deref()?)));
    told.collect()
}

impl Guards<'_> {
    /// Why nothing of this is written to an object, if so. Each inverse comes with what it undoes.
    pub(super) fn objection(&self, inverses: &[(&ActionId, Action)], facts: &TargetFacts) -> Option<String> {
        if let Some(why) = inverses.iter().find_map(|(_, inverse)| self.refused.get(&inverse.id)) {
            return Some(why.clone());
        }
        let TargetFacts::Account(account) = facts else { return None };
        let user = account.user.as_ref().filter(|_| !inverses.is_empty())?;
        let protected = self.protection.of_holder(user, &account.roles).map(|by| format!("the account is protected {by}"));
        protected.or_else(|| self.use_of(user, deleting(inverses, user)?, facts))
    }

    /// Licences and roles may be those that it had in the recycle bin; a sign-in since then tells, and other licences.
    fn use_of(&self, user: &CloudUser, undone: &ActionId, facts: &TargetFacts) -> Option<String> {
        let is_older = |last: &str| last.parse::<Timestamp>().is_ok_and(|last| last < self.since);
        if let Some(last) = user.last_sign_in.value().filter(|last| !is_older(last)) {
            return Some(format!("the account is live again and in use (last sign-in {last})"));
        }
        let (had, has) = (*self.licenses.get(undone)?, facts.licenses()?);
        let list = |licenses: &[String]| if licenses.is_empty() { "none".to_owned() } else { licenses.join(", ") };
        (*had != *has).then(|| {
            format!(
                "the account is live again and its licences are no longer those it came back with (it had {}, it has {})",
                list(had),
                list(&has)
            )
        })
    }

    /// What nobody can tell of the use of an account that is to be deleted again.
    pub(super) fn doubt(&self, inverses: &[(&ActionId, Action)], facts: &TargetFacts) -> Option<String> {
        let TargetFacts::Account(account) = facts else { return None };
        let user = account.user.as_ref()?;
        let undone = deleting(inverses, user)?;
        let is_unlicensed = facts.licenses().is_some_and(|licenses| licenses.is_empty());
        let unread = [
            (!user.last_sign_in.is_read()).then_some("its last sign-in was not read"),
            (!is_unlicensed && !self.licenses.contains_key(undone))
                .then_some("the journal does not say which licences it came back with"),
        ];
        let unread: Vec<&str> = unread.into_iter().flatten().collect();
        let doubt = || format!("whether {} is in use since it is live again is not known: {}", user.upn, unread.join(", and "));
        (!unread.is_empty()).then(doubt)
    }
}

/// What is undone by deleting an account that is live.
fn deleting<'a>(inverses: &[(&'a ActionId, Action)], user: &CloudUser) -> Option<&'a ActionId> {
    let deletes = inverses.iter().find(|(_, inverse)| inverse.kind == ActionKind::SoftDelete);
    deletes.filter(|_| !user.is_deleted()).map(|(undone, _)| *undone)
}

/// Lets a deletion rely on what is known of the account's use now.
pub(super) fn hold_use(inverse: &mut Action, facts: &TargetFacts) {
    if inverse.kind == ActionKind::SoftDelete {
        let known = USES.into_iter().filter_map(|name| Some((name, facts.get(name)?)));
        for (name, value) in known {
            inverse.before.entry(name).or_insert(value);
        }
    }
}
