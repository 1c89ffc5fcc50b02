//! Which writes Entra takes, and what they do. Facts: Graph behaviour for directory users, one function a rule.

use crate::model::{CloudUser, EntraId, ImmutableId, Known, OnPremisesResidue, Upn};

use super::addresses::owned_addresses;
use super::{Suffix, Tenant, UserRef};

#[cfg(test)]
mod tests;

/// One write to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The account.
    pub user: EntraId,
    /// What is written.
    pub kind: ChangeKind,
}

/// The writes that hardmatch makes in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// Set onPremisesImmutableId.
    SetImmutableId(ImmutableId),
    /// Null onPremisesImmutableId; with `residue` also distinguished name, domain, sAMAccountName and on-premises UPN.
    ClearImmutableId {
        /// Whether the account leaves hybrid for good.
        residue: bool,
    },
    /// Move to the recycle bin.
    SoftDelete,
    /// Remove from the recycle bin, for ever.
    Purge,
    /// Bring back from the recycle bin.
    Restore,
    /// Null onPremisesSecurityIdentifier.
    ClearSecurityIdentifier,
    /// Null onPremisesObjectIdentifier.
    ClearObjectIdentifier,
    /// Set userPrincipalName.
    SetUserPrincipalName(Upn),
}

/// Why Entra refuses a write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such account, or not where the write expects it.
    #[error("there is no live account {0}")]
    NotLive(EntraId),
    /// Purge and restore need the recycle bin.
    #[error("account {0} is not in the recycle bin")]
    NotDeleted(EntraId),
    /// AD is the master of the account.
    #[error("account {0} is synced: its on-premises values can only change in Active Directory")]
    Synced(EntraId),
    /// Another account has the value.
    #[error("{property} is already held by account {holder}")]
    Conflict {
        /// The Graph name of the property.
        property: &'static str,
        /// Who has it.
        holder: EntraId,
    },
    /// The anchor of a user in a federated domain cannot change.
    #[error("the sign-in name of account {0} is in a federated domain, where the ImmutableID cannot change")]
    Federated(EntraId),
    /// A sign-in name in a federated domain needs an ImmutableID.
    #[error("account {0} has no ImmutableID, and without one no sign-in name can be in a federated domain")]
    FederatedWithoutId(EntraId),
    /// The domain of the new sign-in name does not belong to the tenant.
    #[error("`{0}` is not a verified domain of this tenant")]
    UnverifiedDomain(Box<str>),
    /// The value cannot be stored.
    #[error("`{0}` is not a value that Entra stores: {1}")]
    BadValue(Box<str>, &'static str),
}

/// What a write leaves behind: the account, and how it looks afterwards (`None` when it is gone).
type Effect = (UserRef, Option<CloudUser>);

impl Tenant {
    /// Carries out one write, or refuses it and changes nothing.
    ///
    /// `now` is the deletion time that a soft delete records, RFC 3339; empty when it does not matter.
    ///
    /// # Errors
    /// The [`Refusal`] that Entra would answer with.
    pub fn apply(&mut self, change: &Change, now: &str) -> Result<(), Refusal> {
        let id = &change.user;
        let (user, after) = match &change.kind {
            ChangeKind::SetImmutableId(value) => self.set_immutable_id(id, value),
            ChangeKind::ClearImmutableId { residue } => self.clear_immutable_id(id, *residue),
            ChangeKind::SoftDelete => self.soft_delete(id, now),
            ChangeKind::Purge => self.deleted(id).map(|(user, _)| (user, None)),
            ChangeKind::Restore => self.restore(id),
            ChangeKind::ClearSecurityIdentifier => self.edit(id, |user| user.sid = Known::Null),
            ChangeKind::ClearObjectIdentifier => self.edit(id, |user| user.object_identifier = Known::Null),
            ChangeKind::SetUserPrincipalName(upn) => self.set_upn(id, upn),
        }?;
        self.replace(user, after);
        Ok(())
    }

    fn set_immutable_id(&self, id: &EntraId, value: &ImmutableId) -> Result<Effect, Refusal> {
        let (user, before) = self.editable(id)?;
        if before.immutable_id.as_ref() != Some(value) {
            check_value(value)?;
            self.check_anchor_free(user, value)?;
            self.check_managed(before)?;
        }
        Ok((user, Some(CloudUser { immutable_id: Some(value.clone()), ..before.clone() })))
    }

    fn clear_immutable_id(&self, id: &EntraId, residue: bool) -> Result<Effect, Refusal> {
        let (user, before) = self.editable(id)?;
        if before.immutable_id.is_some() {
            self.check_managed(before)?;
        }
        let after = CloudUser { immutable_id: None, ..before.clone() };
        Ok((user, Some(if residue { without_on_premises_names(after) } else { after })))
    }

    /// The name gets the id in front and is free at once; ImmutableID, SID and addresses stay held.
    fn soft_delete(&self, id: &EntraId, now: &str) -> Result<Effect, Refusal> {
        // Graph would delete a synced user, and the next sync would bring it back: no plan may count on that.
        let (user, before) = self.unsynced(id)?;
        Ok((user, Some(before.binned(now))))
    }

    fn restore(&self, id: &EntraId) -> Result<Effect, Refusal> {
        let (user, before) = self.deleted(id)?;
        let after = restored(before);
        self.check_upn_free(user, &after.upn)?;
        let taken = owned_addresses(before).find_map(|address| self.live_address_holder(address, Some(user)));
        refuse_conflict("proxyAddresses", taken)?;
        if let Some(value) = &before.immutable_id {
            self.check_anchor_free(user, value)?;
        }
        let sid_holder = before.sid.value().and_then(|sid| self.other_of(user, self.by_sid(sid)));
        refuse_conflict("onPremisesSecurityIdentifier", sid_holder)?;
        Ok((user, Some(after)))
    }

    fn set_upn(&self, id: &EntraId, upn: &Upn) -> Result<Effect, Refusal> {
        let (user, before) = self.unsynced(id)?;
        let suffix = self.suffix_of(upn.as_str());
        if suffix == Suffix::Unverified {
            return Err(Refusal::UnverifiedDomain(upn.domain().into()));
        }
        self.check_upn_free(user, upn.as_str())?;
        if suffix.is_federated() && before.immutable_id.is_none() {
            return Err(Refusal::FederatedWithoutId(before.id));
        }
        Ok((user, Some(CloudUser { upn: upn.as_str().into(), ..before.clone() })))
    }

    fn edit(&self, id: &EntraId, write: impl FnOnce(&mut CloudUser)) -> Result<Effect, Refusal> {
        let (user, before) = self.editable(id)?;
        let mut after = before.clone();
        write(&mut after);
        Ok((user, Some(after)))
    }

    fn live(&self, id: &EntraId) -> Result<(UserRef, &CloudUser), Refusal> {
        self.found(id).filter(|(_, user)| !user.is_deleted()).ok_or(Refusal::NotLive(*id))
    }

    fn deleted(&self, id: &EntraId) -> Result<(UserRef, &CloudUser), Refusal> {
        self.found(id).filter(|(_, user)| user.is_deleted()).ok_or(Refusal::NotDeleted(*id))
    }

    fn unsynced(&self, id: &EntraId) -> Result<(UserRef, &CloudUser), Refusal> {
        let (user, account) = self.live(id)?;
        if account.is_synced() { Err(Refusal::Synced(*id)) } else { Ok((user, account)) }
    }

    /// A live account whose on-premises values can be written.
    fn editable(&self, id: &EntraId) -> Result<(UserRef, &CloudUser), Refusal> {
        let (user, account) = self.unsynced(id)?;
        let formerly_synced = account.sync_enabled == Known::Is(false);
        if formerly_synced && !self.formerly_synced_editable() { Err(Refusal::Synced(*id)) } else { Ok((user, account)) }
    }

    fn found(&self, id: &EntraId) -> Option<(UserRef, &CloudUser)> {
        let user = self.by_id(id)?;
        Some((user, self.user(user)?))
    }

    fn check_anchor_free(&self, user: UserRef, value: &ImmutableId) -> Result<(), Refusal> {
        refuse_conflict("onPremisesImmutableId", self.other_of(user, self.holders_of(value)))
    }

    fn check_upn_free(&self, user: UserRef, upn: &str) -> Result<(), Refusal> {
        refuse_conflict("userPrincipalName", self.live_upn_holder(upn, Some(user)))
    }

    fn check_managed(&self, user: &CloudUser) -> Result<(), Refusal> {
        if self.suffix_of(&user.upn).is_federated() { Err(Refusal::Federated(user.id)) } else { Ok(()) }
    }

    /// The first of these holders that is somebody else.
    pub(super) fn other_of(&self, user: UserRef, holders: impl IntoIterator<Item = UserRef>) -> Option<EntraId> {
        let other = holders.into_iter().find(|holder| *holder != user)?;
        self.user(other).map(|other| other.id)
    }
}

/// A deleted account as a restore brings it back: under its own name, and no longer synced.
pub(super) fn restored(deleted: &CloudUser) -> CloudUser {
    let sync_enabled = match deleted.sync_enabled {
        Known::Is(_) => Known::Is(false),
        Known::Null => Known::Null,
        Known::Unknown => Known::Unknown,
    };
    CloudUser { upn: deleted.original_upn().into(), sync_enabled, ..deleted.clone() }
        .with_traits(|traits| traits.deleted_at = None)
}

fn without_on_premises_names(account: CloudUser) -> CloudUser {
    let residue =
        OnPremisesResidue { distinguished_name: Known::Null, sam_account_name: Known::Null, user_principal_name: Known::Null };
    CloudUser { residue, ..account }.with_traits(|traits| traits.domain_name = Known::Null)
}

fn refuse_conflict(property: &'static str, holder: Option<EntraId>) -> Result<(), Refusal> {
    holder.map_or(Ok(()), |holder| Err(Refusal::Conflict { property, holder }))
}

/// Lenient on purpose: other identity providers use anchors that are no base64.
fn check_value(value: &ImmutableId) -> Result<(), Refusal> {
    let bad = |why| Err(Refusal::BadValue(value.as_str().into(), why));
    if value.as_str().is_empty() {
        return bad("it is empty; null clears an ImmutableID");
    }
    if value.as_str().contains(['$', '_']) {
        return bad("`$` and `_` are not allowed");
    }
    if value.as_str().contains(|c: char| c.is_whitespace() || c.is_control()) {
        return bad("blanks and control characters are not allowed");
    }
    Ok(())
}
