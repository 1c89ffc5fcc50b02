//! What happens when the sync client deletes the account of an AD user that left its scope.

use super::rule::{SyncRefusal, SyncRule};
use crate::model::{CloudUser, ImmutableId, Known};
use crate::tenant_model::{Tenant, UserRef};

/// What the export of a deletion comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncDeletion {
    /// The account went to the recycle bin; it is no longer synced, and keeps anchor, SID and object identifier.
    Deleted(UserRef),
    /// No live account has the anchor: somebody deleted it before.
    Gone,
    /// Entra refuses.
    Refused(SyncRefusal),
}

impl Tenant {
    /// Carries out the deletion of the account that was exported with this anchor, or says why not.
    ///
    /// `now` is the deletion time that it records, RFC 3339.
    pub fn delete_by_sync(&mut self, anchor: &ImmutableId, now: &str) -> SyncDeletion {
        if self.observed().sync_enabled == Known::Is(false) {
            return SyncDeletion::Refused(SyncRule::SyncIsOff.refuses_all());
        }
        let holders = self.holders_of(anchor).into_iter().filter_map(|user| Some((user, self.user(user)?)));
        // A tenant has one holder; a damaged reading may show more, of which the linked one was exported.
        let live = holders.filter(|(_, account)| !account.is_deleted()).min_by_key(|(_, account)| !account.is_synced());
        let Some((user, account)) = live else { return SyncDeletion::Gone };
        if !account.is_synced() {
            return SyncDeletion::Refused(SyncRule::NotSynced.refuses(account.id));
        }
        let deleted = CloudUser { sync_enabled: Known::Is(false), ..account.binned(now) };
        self.replace(user, Some(deleted));
        SyncDeletion::Deleted(user)
    }
}
