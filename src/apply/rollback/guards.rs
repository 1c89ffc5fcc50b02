//! Whom the way back leaves alone: whoever the policy protects, and an account that came back and is in use.

use jiff::Timestamp;

use crate::apply::facts::TargetFacts;
use crate::model::{CloudUser, FactName};
use crate::plan::action::{Action, ActionKind};
use crate::plan::protection::Protection;

/// What guards the deletion of an account: read again right before it.
pub(super) const USES: [FactName; 4] =
    [FactName::AssignedLicenses, FactName::LastSignInDateTime, FactName::PrivilegedRoles, FactName::Roles];

/// What the way back must not touch.
#[derive(Debug)]
pub(super) struct Guards<'g> {
    pub(super) protection: Protection<'g>,
    /// When the run began that is undone.
    pub(super) since: Timestamp,
}

impl Guards<'_> {
    /// Why nothing of this is written to an object, if so.
    pub(super) fn objection<'a>(&self, mut inverses: impl Iterator<Item = &'a Action>, facts: &TargetFacts) -> Option<String> {
        let TargetFacts::Account(account) = facts else { return None };
        let (user, first) = (account.user.as_ref()?, inverses.next()?);
        let protected = self.protection.of_holder(user, &account.roles).map(|by| format!("the account is protected {by}"));
        let deletes = [first].into_iter().chain(inverses).any(|inverse| inverse.kind == ActionKind::SoftDelete);
        protected.or_else(|| if deletes && !user.is_deleted() { self.use_of(user) } else { None })
    }

    /// Licences and roles may be those that it had in the recycle bin; a sign-in since then tells.
    fn use_of(&self, user: &CloudUser) -> Option<String> {
        let is_older = |last: &str| last.parse::<Timestamp>().is_ok_and(|last| last < self.since);
        let last = user.last_sign_in.value().filter(|last| !is_older(last))?;
        Some(format!("the account is live again and in use (last sign-in {last})"))
    }
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
