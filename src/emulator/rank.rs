//! Who may touch accounts that hold directory roles: <https://learn.microsoft.com/en-us/graph/api/resources/users>.

use crate::model::{EntraId, RoleState};
use crate::tenant_model::Tenant;

use super::access::{GLOBAL, Grants, USER};
use super::errors::Failure;

const AUTHENTICATION: &str = "Authentication Administrator";
const PRIVILEGED_AUTHENTICATION: &str = "Privileged Authentication Administrator";

/// Roles whose holders lesser administrators may touch.
const LIMITED: &[&str] = &[
    "Directory Readers",
    "Guest Inviter",
    "Helpdesk Administrator",
    "Message Center Reader",
    "Password Administrator",
    "Reports Reader",
    "Usage Summary Reports Reader",
];

/// Properties that need a rank above the account's.
pub(crate) const SENSITIVE: &[&str] = &[
    "accountEnabled",
    "businessPhones",
    "mobilePhone",
    "onPremisesImmutableId",
    "otherMails",
    "passwordProfile",
    "userPrincipalName",
];

/// Demands that the caller outranks an account, if that holds a role.
///
/// # Errors
/// 403, in the same words as for a missing permission.
pub(crate) fn outranks(tenant: &Tenant, grants: &Grants, target: &EntraId) -> Result<(), Failure> {
    let held = tenant.roles_of(target).unwrap_or_default();
    let active = held.iter().filter(|held| held.state == RoleState::Assigned);
    for role in active {
        let who = if role.via.is_some() { &[PRIVILEGED_AUTHENTICATION, GLOBAL] } else { may_touch(&role.role) };
        let acts_as_user = !grants.delegated || grants.has(&["Directory.AccessAsUser.All"]);
        if !grants.has_role(who) || !acts_as_user {
            return Err(Failure::denied());
        }
    }
    Ok(())
}

fn may_touch(role: &str) -> &'static [&'static str] {
    let is = |name: &&str| name.eq_ignore_ascii_case(role);
    if LIMITED.iter().any(is) {
        &[AUTHENTICATION, USER, PRIVILEGED_AUTHENTICATION, GLOBAL]
    } else if ["Groups Administrator", USER].iter().any(is) {
        &[USER, PRIVILEGED_AUTHENTICATION, GLOBAL]
    } else if is(&AUTHENTICATION) {
        &[AUTHENTICATION, PRIVILEGED_AUTHENTICATION, GLOBAL]
    } else {
        &[PRIVILEGED_AUTHENTICATION, GLOBAL]
    }
}
