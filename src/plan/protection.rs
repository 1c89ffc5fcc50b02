//! Accounts that the policy keeps from every plan: by what they are called, and by the roles that they hold.

use std::collections::HashMap;

use crate::model::text::{Pattern, counted, lowered};
use crate::model::{AccountPattern, CloudUser, EntraId, Known, Policy, Protected, has_wildcards};
use crate::tenant_model::Tenant;

use super::finding::{Code, Finding};
use super::world::World;

/// The entries of `policy.protect`, made ready once for many accounts.
#[derive(Debug)]
pub(crate) struct Protection<'p> {
    entries: &'p [Protected],
    /// Positions of entries without wildcards, by their text in lower case.
    exact: HashMap<String, usize>,
    patterns: Vec<(usize, AccountPattern)>,
    roles: Vec<RolePattern<'p>>,
}

#[derive(Debug)]
struct RolePattern<'p> {
    at: usize,
    text: &'p str,
    pattern: Pattern,
}

impl<'p> Protection<'p> {
    pub(crate) fn of(policy: &'p Policy) -> Self {
        let mut protection = Self { entries: &policy.protect, exact: HashMap::new(), patterns: Vec::new(), roles: Vec::new() };
        for (at, entry) in policy.protect.iter().enumerate() {
            match entry {
                Protected::Account(text) if has_wildcards(text) => protection.patterns.push((at, AccountPattern::new(text))),
                Protected::Account(text) => {
                    protection.exact.entry(lowered(text)).or_insert(at);
                }
                Protected::Role(text) => protection.roles.push(RolePattern { at, text, pattern: Pattern::new(text) }),
            }
        }
        protection
    }

    /// By which entry the policy forbids touching an account, as the end of a sentence; the first one tells.
    pub(super) fn of_account(&self, account: &CloudUser, tenant: &Tenant) -> Option<String> {
        self.first(account, |role| role.protects(account, tenant))
    }

    /// The same of an account by the names of its roles, where nothing else of the tenant is known.
    pub(crate) fn of_holder(&self, account: &CloudUser, roles: &Known<Vec<String>>) -> Option<String> {
        self.first(account, |role| role.protects_holder(roles))
    }

    fn first(&self, account: &CloudUser, by_role: impl Fn(&RolePattern<'_>) -> Option<String>) -> Option<String> {
        let by_name = self.entry_naming(account);
        let mut before = self.roles.iter().take_while(|role| by_name.is_none_or(|at| role.at < at));
        let by_role = before.find_map(by_role);
        by_role.or_else(|| by_name.map(|_| "by `policy.protect`".to_owned()))
    }

    /// The position of the first entry that names an account.
    fn entry_naming(&self, account: &CloudUser) -> Option<usize> {
        if self.exact.is_empty() && self.patterns.is_empty() {
            return None;
        }
        let names = account.names();
        let exact = names.own.iter().chain(&names.aliases).filter_map(|name| self.exact.get(name)).min();
        let pattern = self.patterns.iter().find(|(_, pattern)| pattern.fits(&names)).map(|(at, _)| at);
        exact.into_iter().chain(pattern).min().copied()
    }

    /// Entries without wildcards that are about nobody: most likely a slip, and whoever was meant is open to every plan.
    ///
    /// Each is looked up, so that a plan on a part of the tenant knows as well.
    pub(super) fn of_nobody(&self, world: &World) -> Option<Finding> {
        let mut idle = self.entries.iter().filter_map(|entry| idle(entry, &world.tenant)).peekable();
        idle.peek()?;
        let lines: Vec<String> = idle.collect();
        let verb = if lines.len() == 1 { "protects" } else { "protect" };
        let count = counted(lines.len(), "entry");
        let finding = Finding::general(Code::NotChecked, format!("{count} of `policy.protect` {verb} nobody"));
        Some(finding.objects(lines).hint(
            "Check the spelling: whoever is meant is not protected. Write the sign-in name, a mail address or the object id of the \
             account, or remove the entry if the account is gone.",
        ))
    }
}

impl RolePattern<'_> {
    /// Whoever may hold the role counts as if it did: nobody could tell otherwise before the write.
    fn protects(&self, account: &CloudUser, tenant: &Tenant) -> Option<String> {
        let Some(roles) = tenant.roles_of(&account.id) else { return self.may_protect("roles were not read") };
        match roles.iter().find(|held| self.pattern.fits(&held.role)) {
            Some(held) => Some(holds(&held.role)),
            None if tenant.unresolved_role_groups().iter().any(|group| self.may_come_from(group, tenant)) => {
                self.may_protect("the members of a group that holds a role were not read")
            }
            None => None,
        }
    }

    fn protects_holder(&self, roles: &Known<Vec<String>>) -> Option<String> {
        match roles {
            Known::Unknown => self.may_protect("roles were not read"),
            Known::Null => None,
            Known::Is(roles) => roles.iter().find(|role| self.pattern.fits(role)).map(|role| holds(role)),
        }
    }

    fn may_protect(&self, why: &str) -> Option<String> {
        Some(format!("by `policy.protect`, as it may hold the role {}: {why}", self.text))
    }

    /// A group within a group has no role of its own; what it passes on is not known.
    fn may_come_from(&self, group: &EntraId, tenant: &Tenant) -> bool {
        tenant.roles_of(group).is_none_or(|held| held.is_empty() || held.iter().any(|held| self.pattern.fits(&held.role)))
    }
}

fn holds(role: &str) -> String {
    format!("by `policy.protect`, as it holds the role {role}")
}

/// What there is to say of an entry that is about nobody.
fn idle(entry: &Protected, tenant: &Tenant) -> Option<String> {
    match entry {
        Protected::Account(text) | Protected::Role(text) if has_wildcards(text) => None,
        Protected::Account(text) => (!names_somebody(text, tenant))
            .then(|| format!("{text}: no account, live or in the recycle bin, has this sign-in name, mail address or id")),
        Protected::Role(text) => {
            let roles = tenant.observed().roles.as_deref()?;
            let pattern = Pattern::new(text);
            let is_held = roles.iter().any(|grant| pattern.fits(&grant.role));
            (!is_held).then(|| format!("role {text}: nobody holds a role of this name"))
        }
    }
}

fn names_somebody(text: &str, tenant: &Tenant) -> bool {
    if let Ok(id) = text.parse::<EntraId>() {
        return tenant.by_id(&id).is_some();
    }
    // A look-up minds the case of letters beyond ASCII; what protects does not. All are asked at once: a look-up in a tenant
    // that is read in parts takes a round of questions.
    let spellings =
        if text.is_ascii() { vec![text.to_owned()] } else { vec![text.to_owned(), lowered(text), text.to_uppercase()] };
    let found = spellings.iter().map(|name| (tenant.by_upn(name), tenant.by_address(name))).collect::<Vec<_>>();
    found.iter().any(|(by_name, by_address)| !by_name.is_empty() || !by_address.is_empty())
}
