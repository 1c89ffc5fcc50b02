//! A live tenant: Microsoft Graph over HTTPS.
//!
//! ```text
//! auth ─► client (pace, tries, trace) ─► list (pages) · batch (many reads in one)
//!                        users · organization · grants · details · frame · search · holders ◄─┘   reading
//!                        everybody: ranges of users side by side, and the crowd that they make up
//!                        rehearse: what would be refused, by the tenant model
//! call: one request · failure: one error · useless: answers that bring nothing
//!                                                 write: changes, many in one request
//!                    quota: what is taken · turns: who may write now · gather: what leaves together ◄─┘
//! ```
//!
//! Nobody but the configured host ever gets the token. Reads are repeated freely, writes only when they surely were not
//! carried out: whether one was that was not answered is settled by `apply`, with a read.

pub mod auth;
mod batch;
mod bin;
mod call;
mod client;
pub mod cost;
mod crowd;
mod details;
mod endpoint;
mod everybody;
mod export;
mod failure;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzed;
mod gather;
mod granted;
mod grants;
mod hide;
mod holders;
mod http;
mod list;
mod organization;
mod pace;
mod part;
mod probe;
mod quota;
mod ranges;
mod rehearse;
pub mod rights;
mod search;
mod server_clock;
mod settings;
mod turns;
mod useless;
mod users;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use crate::directory::entra::json::roles_json;
use crate::directory::ports::{AskedAccount, DirectoryError, Receipt, TenantIdentity, TenantReader, TenantWriter, Turn};
use crate::model::digits::size;
use crate::model::{AccountFacts, CloudUser, EntraId, ImmutableId, Known, ObservedTenant, OtherKind, OtherObject, Sid};
use crate::plan::facts_of;
use crate::tenant_model::{Change, Tenant};

pub use frame::Frame;
pub use pace::Patience;
pub use probe::{Probe, Probes, Reading};
pub use settings::{GraphSettings, Sent, Trace};

use call::Version;
use client::Client;
use details::Denied;
use gather::Gather;
use grants::Grants;
use holders::Unique;
use quota::Quota;
use ranges::Split;
use turns::Turns;
use users::Depth;
use write::Writes;

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
    turns: Arc<Turns>,
    writes: Writes,
    looks: Gather<AskedAccount, Result<AccountFacts, DirectoryError>>,
}

impl GraphTenant {
    /// Checks the settings; nothing is sent yet.
    ///
    /// # Errors
    /// An address that is none, or that would send the token in the clear.
    pub fn new(settings: GraphSettings) -> Result<Self, DirectoryError> {
        let turns = Turns::new(Quota::new(&settings.patience));
        let client = Client::new(settings)?;
        Ok(Self {
            client,
            turns,
            writes: Writes::default(),
            looks: Gather::default(),
            denied: Denied::default(),
            roles: Mutex::default(),
            live_users: OnceCell::new(),
            has_identifiers: AtomicBool::new(false),
        })
    }

    /// What is read whole however little of the tenant a plan needs, and how many users there are; no user yet.
    /// `at_least` so many users are expected, `names` are sign-in names of some of them.
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn read_frame(&self, at_least: usize, names: &[&str]) -> Result<Frame, DirectoryError> {
        let Frame { tenant, held, split, deleted } = frame::read(&self.client, size(at_least), names).await?;
        let taken_at = self.client.clock.now().map(|at| at.to_string().into());
        Ok(Frame { tenant: ObservedTenant { taken_at, ..tenant }, held, split, deleted })
    }

    /// Adds every user, group and contact to the frame, and who holds a role. What the lists do not have is read by
    /// [`Self::answer`]; `with_identifiers` takes the object identifiers along, which only beta has, for plans that
    /// touch so many accounts that asking for each takes longer.
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn add_everything(&self, frame: Frame, with_identifiers: bool) -> Result<ObservedTenant, DirectoryError> {
        let (client, mut tenant) = (&self.client, frame.tenant);
        let depth = if with_identifiers { Depth::WithIdentifier } else { Depth::Common };
        let (users, groups, contacts, grants) = tokio::join!(
            everybody::read(client, depth, tenant.live_users.unwrap_or_default(), frame.split, frame.deleted),
            organization::all_others(client, OtherKind::Group),
            organization::all_others(client, OtherKind::Contact),
            grants::complete(client, frame.held),
        );
        grants?.add_to(&mut tenant);
        let (groups, contacts) = (groups?, contacts?);
        let everybody = users?;
        tenant.doubts.extend(everybody.doubts);
        (tenant.users, tenant.live_users, tenant.recycle_bin_read) = (everybody.users, None, true);
        (tenant.groups_read, tenant.contacts_read) = (groups.is_some(), contacts.is_some());
        add_others(&mut tenant.others, groups.into_iter().flatten().chain(contacts.into_iter().flatten()));
        self.has_identifiers.store(with_identifiers, Ordering::Relaxed);
        Ok(tenant)
    }

    /// Adds to the frame who holds a role, and the recycle bin, which is small and is searched by more than its own
    /// filters can. Everything else is added by [`Self::answer`].
    ///
    /// # Errors
    /// What Graph answered.
    pub async fn add_bin(&self, frame: Frame) -> Result<ObservedTenant, DirectoryError> {
        let mut tenant = frame.tenant;
        let (bin, grants) =
            tokio::join!(bin::read(&self.client, Depth::Common, frame.deleted), grants::complete(&self.client, frame.held));
        grants?.add_to(&mut tenant);
        let bin = bin?;
        tenant.doubts.extend(bin.doubt);
        (tenant.users, tenant.recycle_bin_read, tenant.contacts_read) = (bin.users, true, true);
        Ok(tenant)
    }

    /// Accounts by id; `deleted` are those that probably are in the recycle bin. Many of them are picked from a list of
    /// everybody, where that takes fewer requests.
    async fn by_id(
        &self,
        ids: &BTreeSet<EntraId>,
        deleted: &BTreeSet<EntraId>,
    ) -> Result<Vec<Option<CloudUser>>, DirectoryError> {
        let ids: Vec<EntraId> = ids.iter().copied().collect();
        if ids.len() <= FEW_ACCOUNTS {
            return users::by_id(&self.client, &ids, deleted).await;
        }
        let count = self.live_users().await?;
        if cost::of_reading(ids.len()) <= cost::of_listing(count) {
            return users::by_id(&self.client, &ids, deleted).await;
        }
        let everybody =
            everybody::read(&self.client, Depth::WithIdentifier, count, Split::new(count, self.client.page_size), None).await?;
        let mut everybody: BTreeMap<EntraId, CloudUser> = everybody.users.into_iter().map(|user| (user.id, user)).collect();
        // Who is gone is told by an answer about that account, and not by a list.
        let unlisted: Vec<EntraId> = ids.iter().copied().filter(|id| !everybody.contains_key(id)).collect();
        let read = users::by_id(&self.client, &unlisted, deleted).await?;
        everybody.extend(unlisted.into_iter().zip(read).filter_map(|(id, user)| Some((id, user?))));
        Ok(ids.iter().map(|id| everybody.remove(id)).collect())
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

    /// Accounts whose facts were asked for one by one at the same time. What is wrong with one is told of that one.
    async fn look(&self, asked: Vec<AskedAccount>) -> Vec<Result<AccountFacts, DirectoryError>> {
        match (self.facts(&asked).await, asked.as_slice()) {
            (Ok(facts), _) => facts.into_iter().map(Ok).collect(),
            (Err(DirectoryError::Unusable(_)), [_, _, ..]) => {
                let each = asked.iter().map(async |one| self.facts(&[*one]).await.map(|facts| facts.into_iter().next()));
                let missing = || DirectoryError::Unusable("an account was not answered for".into());
                join_all(each).await.into_iter().map(|found| found?.ok_or_else(missing)).collect()
            }
            (Err(error), _) => vec![Err(error); asked.len()],
        }
    }

    async fn facts(&self, asked: &[AskedAccount]) -> Result<Vec<AccountFacts>, DirectoryError> {
        let part = self.part(asked).await?;
        let gone = || AccountFacts { user: None, roles: Known::Unknown, privileged_roles: Known::Unknown };
        Ok(asked.iter().map(|asked| part.by_id(&asked.id).map_or_else(gone, |user| facts_of(user, &part))).collect())
    }

    /// A part of the tenant: these accounts, and who holds which role.
    async fn part(&self, asked: &[AskedAccount]) -> Result<Tenant, DirectoryError> {
        let ids = asked.iter().map(|asked| asked.id).collect();
        let mut users: Vec<CloudUser> = self.by_id(&ids, &BTreeSet::new()).await?.into_iter().flatten().collect();
        let with_sign_in: BTreeSet<EntraId> = asked.iter().filter(|asked| asked.sign_in).map(|asked| asked.id).collect();
        let mut due: Vec<&mut CloudUser> = users.iter_mut().filter(|user| with_sign_in.contains(&user.id)).collect();
        details::add_sign_ins(&self.client, &self.denied, &mut due).await?;
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
        let frame = self.read_frame(0, &[]).await?;
        self.add_everything(frame, true).await
    }

    async fn read_accounts(&self, asked: &[AskedAccount]) -> Result<Vec<AccountFacts>, DirectoryError> {
        let [one] = asked else { return self.facts(asked).await };
        let looked = self.looks.ask(*one, |asked| self.look(asked)).await;
        let lost = || Err(DirectoryError::Unreachable("whoever was to read the account has gone".into()));
        Ok(vec![looked.unwrap_or_else(lost)?])
    }

    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError> {
        let wanted: BTreeSet<&str> = ids.iter().map(ImmutableId::as_str).collect();
        let found = holders::find(&self.client, Unique::ImmutableId, &wanted, self.live_users().await?).await?;
        Ok(found.into_iter().filter_map(|(value, id)| Some((ImmutableId::stored(&value)?, id))).collect())
    }

    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError> {
        let texts: Vec<String> = sids.iter().map(Sid::to_string).collect();
        let wanted: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
        let found = holders::find(&self.client, Unique::SecurityIdentifier, &wanted, self.live_users().await?).await?;
        Ok(found.into_iter().filter_map(|(value, id)| Some((value.parse().ok()?, id))).collect())
    }

    async fn rehearse(&self, changes: &[Change]) -> Result<Vec<Option<String>>, DirectoryError> {
        self.refusals(changes).await
    }

    async fn identify(&self) -> Result<TenantIdentity, DirectoryError> {
        Ok(TenantIdentity::of(&frame::identity(&self.client).await?))
    }
}

#[async_trait]
impl TenantWriter for GraphTenant {
    async fn write(&self, change: &Change) -> Result<Receipt, DirectoryError> {
        loop {
            let turn = self.turn().await?;
            match self.write_in_turn(change, turn).await {
                Err(DirectoryError::Throttled(_)) => {}
                other => return other,
            }
        }
    }

    async fn turn(&self) -> Result<Turn, DirectoryError> {
        self.turns.turn(&self.client).await
    }

    async fn write_in_turn(&self, change: &Change, turn: Turn) -> Result<Receipt, DirectoryError> {
        if !self.turns.leave().await {
            return Err(DirectoryError::Throttled("Microsoft Graph's quota for writes is used up".into()));
        }
        drop(turn);
        write::write(&self.client, &self.turns, &self.writes, change).await
    }

    fn together(&self) -> usize {
        cost::BATCH
    }

    async fn export_account(&self, id: &EntraId) -> Result<Value, DirectoryError> {
        let mut account = export::export(&self.client, id).await?;
        let part = self.part(&[(*id).into()]).await?;
        if let Some(object) = account.as_object_mut() {
            object.insert("roles".into(), roles_json(part.roles_of(id)));
        }
        Ok(account)
    }
}
