//! Puts a tenant together from its users and sections: no account twice, and doubts about PowerShell's exports.

use hashbrown::HashMap;

use crate::diag::{Diagnostic, Diagnostics};
use crate::directory::entra::json::{UserError, WireOrganization, WireUser, forget_unselected, initial_domain};
use crate::model::{CloudUser, EntraId, ObservedTenant, TraitsInterner};

use super::super::problems::{Problems, excerpt};

/// Where a user was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `users` of a snapshot.
    Live,
    /// `deletedUsers` of a snapshot.
    Bin,
    /// A page or list that is no snapshot: may hold either.
    Page,
}

impl Place {
    fn path(self, index: usize) -> String {
        match self {
            Self::Live => format!("users[{index}]"),
            Self::Bin => format!("deletedUsers[{index}]"),
            Self::Page => format!("user {}", index + 1),
        }
    }
}

/// A tenant that grows.
#[derive(Debug, Default)]
pub(crate) struct TenantBuilder {
    pub(crate) tenant: ObservedTenant,
    pub(crate) organization: Option<WireOrganization>,
    /// What the file itself says of the initial domain, where it says something.
    pub(crate) initial_domain: Option<Option<Box<str>>>,
    /// Sections that are there only in part.
    pub(crate) incomplete: Vec<Box<str>>,
    lines: HashMap<EntraId, u32>,
    traits: TraitsInterner,
    is_powershell: bool,
}

impl TenantBuilder {
    /// Adds a user, or says what is wrong with him.
    pub(crate) fn add(&mut self, wire: WireUser, place: Place, index: usize, line: u32, problems: &mut Problems) {
        self.is_powershell |= wire.pascal_id.is_some();
        let (upn, id) = (wire.upn.clone(), wire.any_id());
        let named = || match (upn.as_deref().unwrap_or_default(), id) {
            ("", None) => place.path(index),
            ("", Some(id)) => format!("{} ({id})", place.path(index)),
            (upn, _) => format!("{} ({})", place.path(index), excerpt(upn)),
        };
        match wire.into_user(place == Place::Bin) {
            Err(error) => {
                problems.push(Diagnostic::error(format!("{}: {error}", named())).at(problems.at(line)).help(cure(&error)));
            }
            Ok(user) if place == Place::Live && user.is_deleted() => {
                let summary = format!("{}: `deletedDateTime` is set, so it belongs under `deletedUsers`", named());
                problems.error(line, summary);
            }
            Ok(mut user) => {
                self.traits.share(&mut user);
                self.push(user, named, line, problems);
            }
        }
    }

    fn push(&mut self, user: CloudUser, named: impl Fn() -> String, line: u32, problems: &mut Problems) {
        if let Some(other) = self.lines.insert(user.id, line) {
            let summary = format!("{}: the id {} is there twice", named(), user.id);
            problems.push(Diagnostic::error(summary).at(problems.at(line)).with(problems.at(other), "the other one is here"));
            return;
        }
        self.tenant.users.push(user);
    }

    /// Marks the source as one that writes null for what was not selected.
    pub(crate) fn is_from_powershell(&mut self) {
        self.is_powershell = true;
    }

    pub(crate) fn finish(mut self, is_snapshot: bool, problems: Problems) -> Result<ObservedTenant, Diagnostics> {
        self.tenant.users.shrink_to_fit();
        if let Some(organization) = self.organization.take() {
            let domains = organization.domains();
            self.tenant.domains = self.tenant.domains.or(domains);
            self.tenant.id = organization.id;
            self.tenant.sync_enabled = organization.sync_enabled;
        }
        let told = self.initial_domain.take();
        self.tenant.initial_domain = told.unwrap_or_else(|| self.tenant.domains.as_deref().and_then(initial_domain));
        let is_whole = |section: &str| !self.incomplete.iter().any(|part| **part == *section);
        self.tenant.recycle_bin_read &= is_whole("deletedUsers");
        self.tenant.groups_read &= is_whole("groups");
        self.tenant.contacts_read &= is_whole("contacts");
        if self.is_powershell && !is_snapshot {
            doubt_unselected(&mut self.tenant);
        }
        problems.into_result(self.tenant)
    }
}

fn doubt_unselected(tenant: &mut ObservedTenant) {
    let nothing_known = |user: &CloudUser| user.immutable_id.is_none() && user.sync_enabled.value().is_none();
    if !tenant.users.is_empty() && tenant.users.iter().all(nothing_known) {
        tenant.doubts.push(format!(
            "none of the {} users has an OnPremisesImmutableId or OnPremisesSyncEnabled; the properties were probably not \
             selected (Get-MgUser -All -Property Id,UserPrincipalName,OnPremisesImmutableId,OnPremisesSyncEnabled,…)",
            tenant.users.len()
        ));
    }
    forget_unselected(&mut tenant.users);
}

/// How to cure what is wrong with a user.
fn cure(error: &UserError) -> &'static str {
    match error {
        UserError::NoId | UserError::NoUpn => "export the users again with id and userPrincipalName",
        UserError::NotSelected => "add onPremisesImmutableId to `$select` (Graph) or `-Property` (Get-MgUser) and export again",
        UserError::EmptyImmutableId => "write null if the account really has no ImmutableID, else export again",
        UserError::Value(..) => "correct the value, or export again",
    }
}
