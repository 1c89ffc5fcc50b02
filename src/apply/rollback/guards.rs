//! Whom the way back leaves alone: whoever the policy protects, and an account that came back and is in use.

use jiff::Timestamp;

use crate::apply::facts::TargetFacts;
use crate::model::text::Pattern;
use crate::model::{AccountFacts, AccountPattern, CloudUser, FactName, Known, Policy, Protected};
use crate::plan::action::{Action, ActionKind};

/// What guards the deletion of an account: read again right before it.
const USES: [FactName; 4] =
    [FactName::AssignedLicenses, FactName::LastSignInDateTime, FactName::PrivilegedRoles, FactName::Roles];

/// What the way back must not touch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guards<'g> {
    pub(super) policy: &'g Policy,
    /// When the run began that is undone.
    pub(super) since: Timestamp,
}

impl Guards<'_> {
    /// Why nothing of this is written to an object, if so.
    pub(super) fn objection<'a>(&self, mut inverses: impl Iterator<Item = &'a Action>, facts: &TargetFacts) -> Option<String> {
        let TargetFacts::Account(account) = facts else { return None };
        let (user, first) = (account.user.as_ref()?, inverses.next()?);
        let protected = self.policy.protect.iter().find_map(|protected| protects(protected, user, account));
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

fn protects(protected: &Protected, user: &CloudUser, account: &AccountFacts) -> Option<String> {
    match protected {
        Protected::Account(pattern) => {
            let is_meant = AccountPattern::new(pattern).fits(&user.names());
            is_meant.then(|| "the account is protected by `policy.protect`".to_owned())
        }
        Protected::Role(pattern) => match &account.roles {
            Known::Unknown => Some(format!("the account may hold the role {pattern}, which `policy.protect` protects")),
            Known::Null => None,
            Known::Is(roles) => {
                let wanted = Pattern::new(pattern);
                let holds = roles.iter().any(|role| wanted.fits(role));
                holds.then(|| format!("the account holds the role {pattern}, which `policy.protect` protects"))
            }
        },
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
