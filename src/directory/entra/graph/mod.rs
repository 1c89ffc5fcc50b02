//! A live tenant: Microsoft Graph over HTTPS.
//!
//! ```text
//! auth ─► client (pace, tries, trace) ─► list (pages) · batch (many reads in one)
//!                        users · organization · grants · details · frame · search · holders ◄─┘   reading
//!                        rehearse: what would be refused, by the tenant model
//! call: one request · failure: one error          write: one change, one request
//! ```
//!
//! Nobody but the configured host ever gets the token. Reads are repeated freely, writes only when they surely were not
//! carried out: whether one was that was not answered is settled by `apply`, with a read.

pub mod auth;
mod batch;
mod call;
mod client;
pub mod cost;
mod details;
mod endpoint;
mod failure;
mod frame;
mod grants;
mod holders;
mod http;
mod list;
mod organization;
mod pace;
mod part;
mod probe;
mod rehearse;
pub mod rights;
mod search;
mod users;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::directory::entra::json::roles_json;
use crate::directory::ports::{DirectoryError, Receipt, TenantIdentity, TenantReader, TenantWriter};
use crate::model::{AccountFacts, CloudUser, EntraId, ImmutableId, Known, ObservedTenant, OtherKind, OtherObject, Sid};
use crate::plan::facts_of;
use crate::tenant_model::{Change, Tenant};

pub use client::{GraphSettings, Sent, Trace};
pub use pace::Patience;
pub use probe::{Probe, Probes, Reading};

use call::Version;
use client::Client;
use details::Denied;
use grants::Grants;
use holders::Unique;
use users::{Depth, Place};

/// How long a reading of the roles serves the checks of single writes.
const ROLES_SERVE: Duration = Duration::from_secs(5);

/// So few accounts are read by id without asking how many there are in all.
const FEW_ACCOUNTS: usize = 400;

/// A tenant behind Microsoft Graph.
pub struct GraphTenant {
    client: Client,
    denied: Denied,
    roles: Mutex<Option<(Instant, Grants)>>,
    live_users: OnceCell<u64>,
    /// Whether the users were listed with their object identifiers.
    has_identifiers: AtomicBool,
}

impl GraphTenant {
    /// Checks the settings; nothing is sent yet.
    ///
    /// # Errors
    /// An address that is none, or that would send the token in the clear.
    pub fn new(settings: GraphSettings) -> Result<Self, DirectoryError> {
        let client = Client::new(settings)?;
        Ok(Self {
            client,
            denied: Denied::default(),
            roles: Mutex::default(),
            live_users: OnceCell::new(),
            has_identifiers: AtomicBool::new(false),
        })
    }

    /// What is read whole however little of the tenant a plan needs, and how many users there are; no user yet.
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn read_frame(&self) -> Result<ObservedTenant, DirectoryError> {
        let (tenant, live_users) = frame::read(&self.client).await?;
        Ok(ObservedTenant { live_users: Some(live_users), ..tenant })
    }

    /// Adds every user, group and contact to the frame, each list read once. What the lists do not have is read by
    /// [`Self::answer`]; `with_identifiers` takes the object identifiers along, which only beta has, for plans that
    /// touch so many accounts that asking for each takes longer.
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn add_everything(&self, tenant: &mut ObservedTenant, with_identifiers: bool) -> Result<(), DirectoryError> {
        let client = &self.client;
        let (users, groups, contacts) = tokio::join!(
            self.all_users(if with_identifiers { Depth::WithIdentifier } else { Depth::Common }, tenant.live_users),
            organization::all_others(client, OtherKind::Group),
            organization::all_others(client, OtherKind::Contact),
        );
        let (groups, contacts) = (groups?, contacts?);
        (tenant.users, tenant.live_users, tenant.recycle_bin_read) = (users?, None, true);
        (tenant.groups_read, tenant.contacts_read) = (groups.is_some(), contacts.is_some());
        add_others(&mut tenant.others, groups.into_iter().flatten().chain(contacts.into_iter().flatten()));
        self.has_identifiers.store(with_identifiers, Ordering::Relaxed);
        Ok(())
    }

    /// Adds the recycle bin to the frame, which is small and is searched by more than its own filters can. Everything
    /// else is added by [`Self::answer`].
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn add_bin(&self, tenant: &mut ObservedTenant) -> Result<(), DirectoryError> {
        tenant.users = users::list(&self.client, &users::everybody(Place::Bin, Depth::Common, None), Place::Bin).await?;
        (tenant.recycle_bin_read, tenant.contacts_read) = (true, true);
        Ok(())
    }

    /// The live users, then the bin: whoever is deleted in between is seen twice, and not missed.
    async fn all_users(&self, depth: Depth, expected: Option<u64>) -> Result<Vec<CloudUser>, DirectoryError> {
        let live = users::list(&self.client, &users::everybody(Place::Live, depth, expected), Place::Live).await?;
        let bin = users::list(&self.client, &users::everybody(Place::Bin, depth, None), Place::Bin).await?;
        let by_id: BTreeMap<EntraId, CloudUser> = live.into_iter().chain(bin).map(|user| (user.id, user)).collect();
        Ok(by_id.into_values().collect())
    }

    /// Adds the facts that no list has to these accounts.
    async fn add_extras(&self, tenant: &mut ObservedTenant, ids: &BTreeSet<EntraId>) -> Result<(), DirectoryError> {
        let mut wanted: Vec<&mut CloudUser> = tenant.users.iter_mut().filter(|user| ids.contains(&user.id)).collect();
        details::add_all(&self.client, &self.denied, &mut wanted).await?;
        for doubt in self.denied.doubts() {
            if !tenant.doubts.contains(&doubt) {
                tenant.doubts.push(doubt);
            }
        }
        Ok(())
    }

    async fn read_again(&self, tenant: &mut ObservedTenant, ids: &BTreeSet<EntraId>) -> Result<(), DirectoryError> {
        let ids: Vec<EntraId> = ids.iter().copied().collect();
        let read = self.by_id(&ids).await?.into_iter().flatten();
        let mut by_id: BTreeMap<EntraId, CloudUser> = read.map(|user| (user.id, user)).collect();
        for user in &mut tenant.users {
            if let Some(read) = by_id.remove(&user.id) {
                *user = read;
            }
        }
        tenant.users.extend(by_id.into_values());
        Ok(())
    }

    /// Accounts by id. Many of them are picked from a list of everybody, where that takes fewer requests.
    async fn by_id(&self, ids: &[EntraId]) -> Result<Vec<Option<CloudUser>>, DirectoryError> {
        if ids.len() <= FEW_ACCOUNTS {
            return users::by_id(&self.client, ids).await;
        }
        let count = self.live_users().await?;
        if cost::of_reading(ids.len()) <= cost::of_listing(count) {
            return users::by_id(&self.client, ids).await;
        }
        let everybody = self.all_users(Depth::WithIdentifier, Some(count)).await?;
        let everybody: BTreeMap<EntraId, CloudUser> = everybody.into_iter().map(|user| (user.id, user)).collect();
        Ok(ids.iter().map(|id| everybody.get(id).cloned()).collect())
    }

    async fn live_users(&self) -> Result<u64, DirectoryError> {
        let count = async || {
            let listed = self.client.each(Version::V1, &[organization::count_users()]).await;
            let [count] = listed.map_err(|error| error.of_read(rights::READ_USERS))?;
            organization::counted(count)
        };
        self.live_users.get_or_try_init(count).await.copied()
    }

    /// Roles, read again when the last reading is more than a few seconds old.
    async fn grants(&self) -> Result<Grants, DirectoryError> {
        let mut kept = self.roles.lock().await;
        if let Some((at, grants)) = kept.as_ref()
            && at.elapsed() < ROLES_SERVE
        {
            return Ok(grants.clone());
        }
        let grants = grants::read(&self.client).await?;
        *kept = Some((Instant::now(), grants.clone()));
        Ok(grants)
    }

    /// A part of the tenant: these accounts, and who holds which role.
    async fn part(&self, ids: &[EntraId]) -> Result<Tenant, DirectoryError> {
        let mut users: Vec<CloudUser> = self.by_id(ids).await?.into_iter().flatten().collect();
        details::add_sign_ins(&self.client, &self.denied, &mut users.iter_mut().collect::<Vec<_>>()).await?;
        let mut tenant = ObservedTenant { users, recycle_bin_read: true, ..ObservedTenant::default() };
        self.grants().await?.add_to(&mut tenant);
        Ok(Tenant::new(tenant))
    }
}

/// The groups that hold roles are there with their members already, so what comes first stays.
fn add_others(others: &mut Vec<OtherObject>, found: impl Iterator<Item = OtherObject>) {
    let mut known: BTreeSet<EntraId> = others.iter().map(|other| other.id).collect();
    others.extend(found.filter(|other| known.insert(other.id)));
}

#[async_trait]
impl TenantReader for GraphTenant {
    async fn read_tenant(&self) -> Result<ObservedTenant, DirectoryError> {
        let mut tenant = self.read_frame().await?;
        self.add_everything(&mut tenant, true).await?;
        Ok(tenant)
    }

    async fn read_accounts(&self, ids: &[EntraId]) -> Result<Vec<AccountFacts>, DirectoryError> {
        let part = self.part(ids).await?;
        let gone = || AccountFacts { user: None, roles: Known::Unknown, privileged_roles: Known::Unknown };
        Ok(ids.iter().map(|id| part.by_id(id).map_or_else(gone, |user| facts_of(user, &part))).collect())
    }

    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError> {
        let wanted: BTreeSet<&str> = ids.iter().map(ImmutableId::as_str).collect();
        let found = holders::find(&self.client, Unique::ImmutableId, &wanted, self.live_users().await?).await?;
        Ok(found.into_iter().filter_map(|(value, id)| Some((ImmutableId::stored(&value)?, id))).collect())
    }

    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError> {
        let wanted: BTreeSet<&str> = sids.iter().map(Sid::as_str).collect();
        let found = holders::find(&self.client, Unique::SecurityIdentifier, &wanted, self.live_users().await?).await?;
        Ok(found.into_iter().filter_map(|(value, id)| Some((value.parse().ok()?, id))).collect())
    }

    async fn rehearse(&self, changes: &[Change]) -> Result<Vec<Option<String>>, DirectoryError> {
        self.refusals(changes).await
    }

    async fn identify(&self) -> Result<TenantIdentity, DirectoryError> {
        let found = frame::identity(&self.client).await?;
        Ok(TenantIdentity { id: found.id.map(String::from), initial_domain: found.initial_domain.map(String::from) })
    }
}

#[async_trait]
impl TenantWriter for GraphTenant {
    async fn write(&self, change: &Change) -> Result<Receipt, DirectoryError> {
        write::write(&self.client, change).await
    }

    async fn export_account(&self, id: &EntraId) -> Result<Value, DirectoryError> {
        let mut account = write::export(&self.client, id).await?;
        let part = self.part(&[*id]).await?;
        if let Some(object) = account.as_object_mut() {
            object.insert("roles".into(), roles_json(part.roles_of(id)));
        }
        Ok(account)
    }
}
