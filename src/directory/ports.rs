//! The ports: what hardmatch needs of a directory, as small traits.
//!
//! `plan` is handed readers only. Adapters retry and throttle inside; whether to go on is decided in `apply`.

use async_trait::async_trait;

use crate::model::{AccountFacts, AdUser, EntraId, ImmutableId, Known, ObjectGuid, ObservedForest, ObservedTenant, Sid};
use crate::tenant_model::{BLOCKS_HARD_MATCH, Change};

/// Reads a tenant.
#[async_trait]
pub trait TenantReader: Send + Sync {
    /// Reads everything that planning needs.
    async fn read_tenant(&self) -> Result<ObservedTenant, DirectoryError>;

    /// Reads these accounts as they stand now, live or in the recycle bin, in the order asked for.
    async fn read_accounts(&self, asked: &[AskedAccount]) -> Result<Vec<AccountFacts>, DirectoryError>;

    /// Finds who holds these ImmutableIDs now, live or in the recycle bin; exact to the character.
    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError>;

    /// Finds who holds these on-premises SIDs now, live or in the recycle bin.
    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError>;

    /// Whether these writes, made in this order, would be taken as things stand: the refusal of each, as far as it
    /// can be told without writing.
    async fn rehearse(&self, changes: &[Change]) -> Result<Vec<Option<String>>, DirectoryError>;

    /// Which tenant is really there.
    async fn identify(&self) -> Result<TenantIdentity, DirectoryError>;
}

/// An account to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskedAccount {
    /// Its object id.
    pub id: EntraId,
    /// Whether its last sign-in is wanted, too, which may take a request of its own.
    pub sign_in: bool,
}

impl From<EntraId> for AskedAccount {
    fn from(id: EntraId) -> Self {
        Self { id, sign_in: false }
    }
}

/// Writes a tenant.
#[async_trait]
pub trait TenantWriter: TenantReader {
    /// Makes one write, when the quota has room for it. `Ok` says that the directory took it, not that it is visible yet.
    async fn write(&self, change: &Change) -> Result<Receipt, DirectoryError>;

    /// Waits until the quota has room for one more write. Asked for before the account is looked at, so that nothing
    /// changes between look and write while the quota is waited for.
    async fn turn(&self) -> Result<Turn, DirectoryError> {
        Ok(Turn::default())
    }

    /// Makes one write whose turn it is; [`DirectoryError::Throttled`] when the quota has no room after all.
    async fn write_in_turn(&self, change: &Change, turn: Turn) -> Result<Receipt, DirectoryError> {
        drop(turn);
        self.write(change).await
    }

    /// How many writes share one request, or one save, at most.
    fn together(&self) -> usize {
        1
    }

    /// The whole account as the directory holds it (properties, licences, memberships, roles), for the backup.
    async fn export_account(&self, id: &EntraId) -> Result<serde_json::Value, DirectoryError>;
}

/// Reads a forest.
#[async_trait]
pub trait ForestReader: Send + Sync {
    /// Reads everything that planning needs.
    async fn read_forest(&self) -> Result<ObservedForest, DirectoryError>;

    /// Reads these users as they stand now, in the order asked for; `None` where one is gone.
    async fn read_users(&self, guids: &[ObjectGuid]) -> Result<Vec<Option<AdUser>>, DirectoryError>;

    /// Finds the users from whom sync makes one of these anchors now; more than was meant, never less.
    async fn find_by_anchor(&self, anchors: &[ImmutableId]) -> Result<Vec<AdUser>, DirectoryError>;
}

/// Writes a forest.
#[async_trait]
pub trait ForestWriter: ForestReader {
    /// Replaces mS-DS-ConsistencyGuid, provided that it still holds `old`.
    async fn stamp(&self, guid: &ObjectGuid, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Receipt, DirectoryError>;

    /// How many stamps are best under way for each one that would be alone: a connection takes many, a save any number.
    fn together(&self) -> usize {
        20
    }
}

/// Room for one write in a directory's quota; given back when this is dropped.
#[derive(Default)]
pub struct Turn {
    _room: Option<Box<dyn Send>>,
}

impl Turn {
    /// A turn that is over when `room` is dropped.
    #[must_use]
    pub fn of(room: impl Send + 'static) -> Self {
        Self { _room: Some(Box::new(room)) }
    }
}

/// Which tenant answered, and whether sync may take over what is written to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TenantIdentity {
    /// Tenant id, where known.
    pub id: Option<String>,
    /// The `….onmicrosoft.com` domain, where known.
    pub initial_domain: Option<String>,
    /// Whether directory synchronisation is on for the tenant.
    pub sync_enabled: Known<bool>,
    /// Whether it keeps sync from taking over accounts by their ImmutableID, where that may be read.
    pub blocks_hard_match: Option<bool>,
}

impl TenantIdentity {
    /// What is read of it.
    #[must_use]
    pub fn of(tenant: &ObservedTenant) -> Self {
        let switches = tenant.features.as_ref();
        Self {
            id: tenant.id.as_deref().map(str::to_owned),
            initial_domain: tenant.initial_domain.as_deref().map(str::to_owned),
            sync_enabled: tenant.sync_enabled,
            blocks_hard_match: switches.map(|switches| switches.get(BLOCKS_HARD_MATCH) == Some(&true)),
        }
    }
}

/// What a directory says of a write that it took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The server's id of the request, for support cases.
    pub request_id: Option<String>,
}

/// Why a directory did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The export or configuration is wrong.
    #[error("{0}")]
    Input(String),
    /// Sign-in failed, or a right is missing.
    #[error("{0}")]
    Denied(String),
    /// Not reachable, or throttled beyond the budget. Nothing was written by this call.
    #[error("{0}")]
    Unreachable(String),
    /// What the directory answered is not what was asked for, or holds what cannot be; another answer would be as odd. Nothing
    /// was written by this call.
    #[error("{0}")]
    Unusable(String),
    /// The directory understood the write and refused it.
    #[error("{message}")]
    Refused {
        /// In words.
        message: String,
        /// The account that already holds the value, when that is the reason.
        holder: Option<EntraId>,
    },
    /// The object is not where the write needs it. Either that is so, or an earlier write is not visible everywhere yet:
    /// a read tells. Nothing was written by this call.
    #[error("{0}")]
    NotThere(String),
    /// The quota has no room for the write, and nothing was written by this call. The account is looked at again before the
    /// next try.
    #[error("{0}")]
    Throttled(String),
    /// The file of an exported directory cannot be replaced, and another try changes nothing about that. Nothing was written
    /// by this call.
    #[error("{0}")]
    Unsaved(String),
    /// The write may or may not have happened; only a read can tell.
    #[error("{0}")]
    Unknown(String),
}
