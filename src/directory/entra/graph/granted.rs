//! What a token lacks for writes, told before the first of them: a plan that ends halfway for want of a permission is worse
//! than one that does not begin.

use std::collections::BTreeSet;

use crate::directory::ports::DirectoryError;
use crate::tenant_model::{Change, ChangeKind};

use super::auth::Claims;
use super::rights::{DELETE_USERS, SYNC_BEHAVIOR, WRITE_USERS};

/// Permissions that let a person, through any application, do what their roles allow.
const AS_THE_PERSON: &str = "Directory.AccessAsUser.All";
const WRITE_DIRECTORY: &str = "Directory.ReadWrite.All";
/// Template ids that every token carries: those of no role at all.
const NO_ROLES: [&str; 2] = ["0997a1d0-0d1d-4acb-b408-d5ca73121e90", "b79fbf4d-3ef9-4689-8143-76b194e85509"];

/// Each permission that one of these writes surely needs and the token does not carry.
///
/// # Errors
/// [`DirectoryError::Denied`] with all of them; nothing when the token does not say what it carries.
pub(super) fn check(claims: Option<&Claims>, changes: &[Change]) -> Result<(), DirectoryError> {
    let Some(claims) = claims.filter(|claims| tells(claims)) else { return Ok(()) };
    let granted: BTreeSet<&str> = claims.roles.iter().chain(&claims.scp).map(String::as_str).collect();
    let taken = |change: &Change| taken(&change.kind, !claims.scp.is_empty());
    let is_lacking = |change: &&Change| !taken(change).iter().any(|right| granted.contains(right));
    let lacking: BTreeSet<&str> = changes.iter().filter(is_lacking).filter_map(|change| taken(change).first().copied()).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let names = lacking.into_iter().collect::<Vec<_>>().join(", ");
    Err(DirectoryError::Denied(format!(
        "the token lacks what the writes of this plan take: grant the Graph permission {names} to the sign-in that applies, and \
         consent to it"
    )))
}

/// Whether what is not listed is surely not granted. A role of the application gives rights that no list shows.
fn tells(claims: &Claims) -> bool {
    let has_role = claims.wids.iter().any(|role| !NO_ROLES.contains(&role.as_str()));
    !claims.scp.is_empty() || (!claims.roles.is_empty() && !has_role)
}

/// Permissions of which one is enough; the first is the one to ask for. A person could purge before there was a permission for it.
fn taken(kind: &ChangeKind, is_person: bool) -> &'static [&'static str] {
    match kind {
        ChangeKind::SetImmutableId(_)
        | ChangeKind::ClearImmutableId { .. }
        | ChangeKind::ClearSecurityIdentifier
        | ChangeKind::SetUserPrincipalName(_) => &[WRITE_USERS, WRITE_DIRECTORY, AS_THE_PERSON],
        ChangeKind::ClearObjectIdentifier => &[SYNC_BEHAVIOR, AS_THE_PERSON],
        ChangeKind::SoftDelete | ChangeKind::Restore => &[DELETE_USERS, WRITE_USERS, WRITE_DIRECTORY, AS_THE_PERSON],
        ChangeKind::Purge if is_person => &[DELETE_USERS, WRITE_USERS, AS_THE_PERSON],
        ChangeKind::Purge => &[DELETE_USERS],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(roles: &[&str], scp: &[&str], wids: &[&str]) -> Claims {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Claims { roles: texts(roles), scp: texts(scp), wids: texts(wids), ..Claims::default() }
    }

    fn changes() -> Vec<Change> {
        let kinds = [ChangeKind::ClearImmutableId { residue: false }, ChangeKind::Purge, ChangeKind::ClearObjectIdentifier];
        let user = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
        kinds.into_iter().map(|kind| Change { user, kind }).collect()
    }

    #[test]
    fn all_that_is_lacking_is_named_at_once() {
        let error = check(Some(&token(&["User.Read.All"], &[], &NO_ROLES)), &changes()).unwrap_err().to_string();
        assert!(
            error.contains("User-OnPremisesSyncBehavior.ReadWrite.All, User.DeleteRestore.All, User.ReadWrite.All"),
            "{error}"
        );
        let error = check(Some(&token(&[], &["User.ReadWrite.All"], &["any"])), &changes()).unwrap_err().to_string();
        assert!(
            !error.contains("User.ReadWrite.All") && !error.contains(DELETE_USERS) && error.contains(SYNC_BEHAVIOR),
            "{error}"
        );
    }

    #[test]
    fn nobody_is_refused_who_may_have_the_right() {
        let all = [WRITE_USERS, DELETE_USERS, SYNC_BEHAVIOR];
        let person = [AS_THE_PERSON];
        let fine = [
            None,
            Some(token(&[], &[], &[])),
            Some(token(&all, &[], &[])),
            Some(token(&[], &person, &[])),
            Some(token(&["User.Read.All"], &[], &["62e90394-69f5-4237-9190-012177145e10"])),
        ];
        for claims in fine {
            assert_eq!(check(claims.as_ref(), &changes()), Ok(()), "{claims:?}");
        }
        assert_eq!(check(Some(&token(&["User.Read.All"], &[], &[])), &[]), Ok(()));
    }
}
