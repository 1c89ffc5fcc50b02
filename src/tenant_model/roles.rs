//! Who holds directory roles: directly or through a role-assignable group, assigned or eligible.

use std::collections::{HashMap, HashSet};

use crate::model::{EntraId, OtherKind, OtherObject, RoleGrant, RoleState};

use super::Tenant;

/// A role that an account holds, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleHeld {
    /// The role's name.
    pub role: Box<str>,
    /// Whether Microsoft counts it as privileged.
    pub privileged: bool,
    /// Active, or to be activated through PIM.
    pub state: RoleState,
    /// The role-assignable group through which it is held.
    pub via: Option<EntraId>,
}

/// Roles by principal, with groups resolved to their members.
#[derive(Debug, Default)]
pub(super) struct RoleIndex {
    grants: HashMap<EntraId, Vec<RoleGrant>>,
    /// By member: the groups through which it holds roles.
    groups_of: HashMap<EntraId, Vec<EntraId>>,
    unresolved: Vec<EntraId>,
}

impl Tenant {
    /// The roles of an account, each with how it is held; `None` when roles were not read.
    #[must_use]
    pub fn roles_of(&self, id: &EntraId) -> Option<Vec<RoleHeld>> {
        let index = self.role_index()?;
        let mut held = index.grants_of(id, None);
        for group in index.groups_of.get(id).into_iter().flatten() {
            held.extend(index.grants_of(group, Some(*group)));
        }
        held.sort_unstable();
        held.dedup();
        Some(held)
    }

    /// The privileged ones among [`Self::roles_of`].
    #[must_use]
    pub fn privileged_roles(&self, id: &EntraId) -> Option<Vec<RoleHeld>> {
        Some(self.roles_of(id)?.into_iter().filter(|held| held.privileged).collect())
    }

    /// Holders of roles that may be groups with members nobody read: any account may be privileged through them.
    ///
    /// Without a reading of the groups, a holder that is no known user counts too.
    #[must_use]
    pub fn unresolved_role_groups(&self) -> Vec<EntraId> {
        self.role_index().map_or_else(Vec::new, |index| index.unresolved.clone())
    }

    fn role_index(&self) -> Option<&RoleIndex> {
        let index = self.lookups().roles.get_or_init(|| {
            let grants = self.observed().roles.as_deref()?;
            // Built once for every clone, so it must not see the changes of this one.
            Some(RoleIndex::build(grants, &self.unchanged()))
        });
        index.as_ref()
    }
}

impl RoleIndex {
    fn build(grants: &[RoleGrant], tenant: &Tenant) -> Self {
        let mut index = Self::default();
        for grant in grants {
            index.grants.entry(grant.principal).or_default().push(grant.clone());
        }
        let observed = tenant.observed();
        let groups: HashMap<EntraId, &OtherObject> =
            observed.others.iter().filter(|other| other.kind == OtherKind::Group).map(|group| (group.id, group)).collect();
        let principals: Vec<EntraId> = index.grants.keys().copied().collect();
        for principal in principals {
            if groups.contains_key(&principal) {
                index.resolve(principal, &groups);
            } else if !observed.groups_read && tenant.by_id(&principal).is_none() {
                index.unresolved.push(principal);
            }
        }
        index.unresolved.sort_unstable();
        index.unresolved.dedup();
        index
    }

    /// Walks the members of a group that holds roles; groups within groups count, circles end.
    fn resolve(&mut self, holder: EntraId, groups: &HashMap<EntraId, &OtherObject>) {
        let (mut seen, mut open) = (HashSet::from([holder]), vec![holder]);
        while let Some(group) = open.pop() {
            match groups.get(&group).map(|group| group.members.as_deref()) {
                Some(Some(members)) => {
                    open.extend(members.iter().copied().filter(|member| seen.insert(*member)));
                }
                Some(None) => self.unresolved.push(group),
                None => self.groups_of.entry(group).or_default().push(holder),
            }
        }
    }

    fn grants_of(&self, principal: &EntraId, via: Option<EntraId>) -> Vec<RoleHeld> {
        let held =
            |grant: &RoleGrant| RoleHeld { role: grant.role.clone(), privileged: grant.privileged, state: grant.state, via };
        self.grants.get(principal).into_iter().flatten().map(held).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TenantBuilder, group, id};
    use super::*;

    fn words(tenant: &Tenant, n: u8) -> Vec<String> {
        let held = tenant.roles_of(&id(n)).unwrap();
        held.iter().map(|held| format!("{}{}", held.role, if held.via.is_some() { " via" } else { "" })).collect()
    }

    #[test]
    fn roles_reach_members_of_groups_within_groups() {
        let others = vec![group(100, Some(&[1, 101])), group(101, Some(&[2, 100]))];
        let mut tenant = TenantBuilder::users(&["a", "b", "c"]).observed();
        tenant.others = others;
        tenant.groups_read = true;
        let grant = |principal, role: &str, privileged| RoleGrant {
            principal: id(principal),
            role: role.into(),
            privileged,
            state: RoleState::Eligible,
        };
        tenant.roles =
            Some(vec![grant(100, "Helpdesk", false), grant(1, "Owner", true), grant(1, "Owner", true), grant(90, "X", true)]);
        let tenant = Tenant::new(tenant);
        assert_eq!(words(&tenant, 1), ["Helpdesk via", "Owner"]);
        assert_eq!(words(&tenant, 2), ["Helpdesk via"]);
        assert!(words(&tenant, 3).is_empty());
        assert_eq!(tenant.privileged_roles(&id(1)).unwrap().len(), 1);
        assert!(tenant.unresolved_role_groups().is_empty(), "90 is a service principal: groups were read");
    }

    #[test]
    fn unread_roles_and_members_are_unknown_not_none() {
        let mut observed = TenantBuilder::users(&["a"]).observed();
        assert_eq!(Tenant::new(observed.clone()).roles_of(&id(1)), None);
        let grant =
            |principal| RoleGrant { principal: id(principal), role: "R".into(), privileged: true, state: RoleState::Assigned };
        observed.roles = Some(vec![grant(100), grant(90), grant(1)]);
        observed.others = vec![group(100, Some(&[101])), group(101, None)];
        assert_eq!(Tenant::new(observed).unresolved_role_groups(), [id(90), id(101)]);
    }
}
