//! Whether writes would be taken as things stand: asked of the tenant model, over the accounts that they concern.

use std::collections::BTreeSet;

use crate::directory::ports::{DirectoryError, TenantReader as _};
use crate::model::{CloudUser, EntraId, ImmutableId, ObservedTenant, Sid};
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

    /// The accounts that are written, and whoever has what one of them is to get.
    async fn concerned(&self, changes: &[Change]) -> Result<Vec<CloudUser>, DirectoryError> {
        let ids: BTreeSet<EntraId> = changes.iter().map(|change| change.user).collect();
        let nobody = BTreeSet::new();
        let mut users: Vec<CloudUser> = self.by_id(&ids, &nobody).await?.into_iter().flatten().collect();
        let known: BTreeSet<EntraId> = users.iter().map(|user| user.id).collect();
        let mut others = self.owners(&Wanted::of(changes, &users)).await?;
        others.retain(|id| !known.contains(id));
        // A search lags behind, so whoever it names is read again.
        users.extend(self.by_id(&others, &nobody).await?.into_iter().flatten());
        Ok(users)
    }

    async fn owners(&self, wanted: &Wanted) -> Result<BTreeSet<EntraId>, DirectoryError> {
        let mut calls = search::by_values("userPrincipalName", wanted.names.iter().map(String::as_str), false);
        let addresses: Vec<&str> = wanted.addresses.iter().map(String::as_str).collect();
        calls.extend(search::by_addresses(&addresses));
        let mut owners: BTreeSet<EntraId> = search::users(&self.client, &calls).await?.iter().map(|user| user.id).collect();
        if !wanted.immutable_ids.is_empty() {
            owners.extend(self.find_holders(&wanted.immutable_ids).await?.into_iter().map(|(_, holder)| holder));
        }
        if !wanted.sids.is_empty() {
            owners.extend(self.find_sid_holders(&wanted.sids).await?.into_iter().map(|(_, holder)| holder));
        }
        Ok(owners)
    }
}

/// What must be free, or an account does not get it.
#[derive(Default)]
struct Wanted {
    names: BTreeSet<String>,
    addresses: BTreeSet<String>,
    immutable_ids: Vec<ImmutableId>,
    sids: Vec<Sid>,
}

impl Wanted {
    fn of(changes: &[Change], users: &[CloudUser]) -> Self {
        let mut wanted = Self::default();
        for change in changes {
            match &change.kind {
                ChangeKind::SetUserPrincipalName(upn) => _ = wanted.names.insert(upn.as_str().to_owned()),
                ChangeKind::SetImmutableId(id) => wanted.immutable_ids.push(id.clone()),
                ChangeKind::Restore => users.iter().filter(|user| user.id == change.user).for_each(|user| wanted.add(user)),
                ChangeKind::ClearImmutableId { .. }
                | ChangeKind::SoftDelete
                | ChangeKind::Purge
                | ChangeKind::ClearSecurityIdentifier
                | ChangeKind::ClearObjectIdentifier => {}
            }
        }
        wanted
    }

    /// All that an account has in the recycle bin.
    fn add(&mut self, user: &CloudUser) {
        self.names.insert(user.original_upn().to_owned());
        self.addresses.extend(mail_addresses(user).map(str::to_owned));
        self.immutable_ids.extend(user.immutable_id.clone());
        self.sids.extend(user.sid.value().cloned());
    }
}
