//! An exported tenant that can be written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::directory::Clock;
use crate::directory::entra::json::roles_json;
use crate::directory::ports::{AskedAccount, DirectoryError, Receipt, TenantIdentity, TenantReader, TenantWriter};
use crate::model::{AccountFacts, CloudUser, EntraId, ImmutableId, Known, ObservedTenant, OtherKind, Sid};
use crate::plan::facts_of;
use crate::tenant_model::{Change, ChangeKind, Found, Refusal, Tenant, UserRef};

use super::StoreError;
use super::commit::{Committer, Ledger, Rejected};

/// Keeps the users of a snapshot.
pub trait SnapshotStore: Send + 'static {
    /// Puts a changed user in the place of the old one, or takes it out.
    ///
    /// # Errors
    /// The store does not know the user.
    fn apply(&mut self, before: &CloudUser, after: Option<&CloudUser>) -> Result<(), StoreError>;

    /// Whether whoever was deleted since the export is in its recycle bin, and whoever was purged is nowhere.
    fn has_bin(&self) -> bool;

    /// The whole user as the snapshot holds it.
    fn export(&self, id: &EntraId) -> Option<Value>;

    /// Replaces the file by what is in memory, atomically and for good.
    ///
    /// # Errors
    /// The file is either the old one or the new one.
    fn save(&mut self) -> Result<(), StoreError>;
}

/// A tenant snapshot behind the ports.
pub struct SnapshotTenant {
    shown: Arc<RwLock<Tenant>>,
    /// Whether an account that is not found is gone: not where the recycle bin was never exported, until something is put there.
    knows_who_is_gone: AtomicBool,
    committer: Committer<Book>,
    clock: Clock,
}

/// A change and its time.
type Dated = (Change, String);

struct Book {
    /// What was taken; ahead of what is shown until the save.
    tenant: Tenant,
    shown: Arc<RwLock<Tenant>>,
    store: Box<dyn SnapshotStore>,
}

impl Ledger for Book {
    type Write = Dated;

    fn take(&mut self, (change, now): &Dated) -> Result<(), Rejected> {
        let before = self.user(&change.user);
        self.tenant.apply(change, now).map_err(|refusal| Rejected::Refused(refused(&refusal)))?;
        let Some((place, before)) = before else { return Ok(()) };
        self.store.apply(&before, self.tenant.user(place)).map_err(Rejected::Broken)
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.store.save()
    }

    fn publish(&mut self, saved: &[Dated]) {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        for (change, now) in saved {
            // The same changes in the same order on the same tenant: what was taken once is taken again.
            drop(shown.apply(change, now));
        }
    }
}

impl Book {
    fn user(&self, id: &EntraId) -> Option<(UserRef, CloudUser)> {
        let place = self.tenant.by_id(id)?;
        Some((place, self.tenant.user(place)?.clone()))
    }
}

fn refused(refusal: &Refusal) -> DirectoryError {
    let holder = match refusal {
        Refusal::Conflict { holder, .. } => Some(*holder),
        Refusal::NotLive(_)
        | Refusal::NotDeleted(_)
        | Refusal::Synced(_)
        | Refusal::Federated(_)
        | Refusal::FederatedWithoutId(_)
        | Refusal::UnverifiedDomain(_)
        | Refusal::BadValue(..) => None,
    };
    DirectoryError::Refused { message: refusal.to_string(), holder }
}

impl SnapshotTenant {
    /// A snapshot and the store that keeps it; `clock` dates deletions.
    #[must_use]
    pub fn new(observed: ObservedTenant, store: Box<dyn SnapshotStore>, clock: Clock) -> Self {
        let knows_who_is_gone = AtomicBool::new(observed.recycle_bin_read || store.has_bin());
        let tenant = Tenant::new(observed);
        let shown = Arc::new(RwLock::new(tenant.clone()));
        let committer = Committer::start(Book { tenant, shown: Arc::clone(&shown), store });
        Self { shown, knows_who_is_gone, committer, clock }
    }

    fn account(&self, id: &EntraId, tenant: &Tenant) -> Result<AccountFacts, DirectoryError> {
        match tenant.by_id(id) {
            Some(place) => Ok(facts_of(place, tenant)),
            None if self.knows_who_is_gone.load(Ordering::Relaxed) => {
                Ok(AccountFacts { user: None, roles: Known::Unknown, privileged_roles: Known::Unknown })
            }
            None => Err(DirectoryError::Input(format!(
                "account {id} is not in the snapshot, which lacks the recycle bin (`deletedUsers`): whether it was purged nobody can \
                 tell. Export the recycle bin, too"
            ))),
        }
    }

    fn look<T>(&self, read: impl FnOnce(&Tenant) -> T) -> T {
        read(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn holders<K: Clone>(tenant: &Tenant, keys: &[K], find: impl Fn(&K) -> Found) -> Vec<(K, EntraId)> {
    let of = |key: &K| find(key).into_iter().filter_map(|place| Some((key.clone(), tenant.user(place)?.id))).collect();
    keys.iter().flat_map(|key| -> Vec<(K, EntraId)> { of(key) }).collect()
}

#[async_trait]
impl TenantReader for SnapshotTenant {
    async fn read_tenant(&self) -> Result<ObservedTenant, DirectoryError> {
        Ok(self.look(|tenant| {
            let users = tenant.users().map(|(_, user)| user.clone()).collect();
            ObservedTenant { users, ..without_users(tenant.observed()) }
        }))
    }

    async fn read_accounts(&self, asked: &[AskedAccount]) -> Result<Vec<AccountFacts>, DirectoryError> {
        self.look(|tenant| asked.iter().map(|asked| self.account(&asked.id, tenant)).collect())
    }

    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError> {
        Ok(self.look(|tenant| holders(tenant, ids, |id| tenant.holders_of(id))))
    }

    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError> {
        Ok(self.look(|tenant| holders(tenant, sids, |sid| tenant.by_sid(sid))))
    }

    async fn rehearse(&self, changes: &[Change]) -> Result<Vec<Option<String>>, DirectoryError> {
        let mut tenant = self.look(Clone::clone);
        Ok(changes.iter().map(|change| tenant.apply(change, "").err().map(|refusal| refusal.to_string())).collect())
    }

    async fn identify(&self) -> Result<TenantIdentity, DirectoryError> {
        Ok(self.look(|tenant| TenantIdentity::of(tenant.observed())))
    }
}

/// Everything but the users, which may be many.
fn without_users(observed: &ObservedTenant) -> ObservedTenant {
    ObservedTenant {
        id: observed.id.clone(),
        initial_domain: observed.initial_domain.clone(),
        taken_at: observed.taken_at.clone(),
        sync_enabled: observed.sync_enabled,
        domains: observed.domains.clone(),
        users: Vec::new(),
        live_users: observed.live_users,
        recycle_bin_read: observed.recycle_bin_read,
        others: observed.others.clone(),
        groups_read: observed.groups_read,
        contacts_read: observed.contacts_read,
        roles: observed.roles.clone(),
        features: observed.features.clone(),
        doubts: observed.doubts.clone(),
    }
}

#[async_trait]
impl TenantWriter for SnapshotTenant {
    async fn write(&self, change: &Change) -> Result<Receipt, DirectoryError> {
        let receipt = self.committer.write((change.clone(), (self.clock)().to_string())).await?;
        if matches!(change.kind, ChangeKind::SoftDelete | ChangeKind::Purge) {
            self.knows_who_is_gone.store(true, Ordering::Relaxed);
        }
        Ok(receipt)
    }

    /// Every save writes the whole file, so it should hold as many writes as there are.
    fn together(&self) -> usize {
        usize::MAX
    }

    async fn export_account(&self, id: &EntraId) -> Result<Value, DirectoryError> {
        let wanted = *id;
        let user = self.committer.ask(move |book| book.store.export(&wanted)).await?;
        let user = user.ok_or_else(|| DirectoryError::Input(format!("the snapshot holds no account {id}")))?;
        Ok(self.look(|tenant| json!({ "user": user, "memberOf": groups(tenant, id), "roles": roles_json(tenant.roles_of(id)) })))
    }
}

fn groups(tenant: &Tenant, id: &EntraId) -> Vec<Value> {
    let others = tenant.observed().others.iter().filter(|other| other.kind == OtherKind::Group);
    let groups = others.filter(|group| group.members.as_ref().is_some_and(|members| members.contains(id)));
    groups.map(|group| json!({ "id": group.id, "displayName": group.display_name })).collect()
}
