//! Whether writes would be taken as things stand: asked of the tenant model, over the accounts that they concern.

use std::collections::BTreeSet;

use crate::directory::ports::DirectoryError;
use crate::model::{CloudUser, EntraId, ObservedTenant};
use crate::tenant_model::{Change, ChangeKind, Tenant, mail_addresses};

use super::{GraphTenant, auth, frame, granted, search};

impl GraphTenant {
    pub(super) async fn refusals(&self, changes: &[Change]) -> Result<Vec<Option<String>>, DirectoryError> {
        granted::check(auth::claims(&self.client.token().await?).as_ref(), changes)?;
        let mut tenant = frame::identity(&self.client).await?;
        tenant.users = self.concerned(changes).await?;
        let mut tenant = Tenant::new(ObservedTenant { recycle_bin_read: true, ..tenant });
        Ok(changes.iter().map(|change| tenant.apply(change, "").err().map(|refusal| refusal.to_string())).collect())
    }

    /// The accounts that are written, and whoever has a name that one of them is to get.
    async fn concerned(&self, changes: &[Change]) -> Result<Vec<CloudUser>, DirectoryError> {
        let ids: BTreeSet<EntraId> = changes.iter().map(|change| change.user).collect();
        let nobody = BTreeSet::new();
        let mut users: Vec<CloudUser> = self.by_id(&ids, &nobody).await?.into_iter().flatten().collect();
        let (names, addresses) = wanted(changes, &users);
        let mut calls = search::by_values("userPrincipalName", names.iter().map(String::as_str), false);
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        calls.extend(search::by_addresses(&addresses));
        let found = search::users(&self.client, &calls).await?;
        let known: BTreeSet<EntraId> = users.iter().map(|user| user.id).collect();
        let others: BTreeSet<EntraId> = found.iter().map(|user| user.id).filter(|id| !known.contains(id)).collect();
        // A search lags behind, so whoever it names is read again.
        users.extend(self.by_id(&others, &nobody).await?.into_iter().flatten());
        Ok(users)
    }
}

/// Names and addresses that must be free.
fn wanted(changes: &[Change], users: &[CloudUser]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    for change in changes {
        match &change.kind {
            ChangeKind::SetUserPrincipalName(upn) => _ = names.insert(upn.as_str().to_owned()),
            ChangeKind::Restore => {
                for user in users.iter().filter(|user| user.id == change.user) {
                    names.insert(user.original_upn().to_owned());
                    addresses.extend(mail_addresses(user).map(str::to_owned));
                }
            }
            ChangeKind::SetImmutableId(_)
            | ChangeKind::ClearImmutableId { .. }
            | ChangeKind::SoftDelete
            | ChangeKind::Purge
            | ChangeKind::ClearSecurityIdentifier
            | ChangeKind::ClearObjectIdentifier => {}
        }
    }
    (names, addresses)
}
