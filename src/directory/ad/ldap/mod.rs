//! A live forest: Active Directory over LDAP.
//!
//! ```text
//! connect, start_tls, tls ─► bind ─► session ─► search ─► read (all users) · census (how many) · select (just these)
//!                                           └─► write (mS-DS-ConsistencyGuid, and nothing else)
//! ber, relay: every message of the server is measured before the LDAP library sees it
//! errors, meaning, certificate: what went wrong, in sentences · wire: entries as bytes
//! ```
//!
//! One [`LdapForest`] is one domain controller, and thereby one domain: what else belongs to the forest is named as a
//! doubt. Nothing is sent before the server's certificate is verified, referrals are named and never followed, a
//! refused sign-in is not repeated, and a list that broke off is an error or is read again from its start.

mod ber;
mod bind;
mod census;
mod certificate;
mod connect;
mod contain;
mod errors;
mod meaning;
mod read;
mod relay;
mod search;
mod select;
mod session;
mod start_tls;
mod tls;
mod wire;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use bind::Credentials;
pub use census::Stamps;
pub(crate) use contain::is_contained;
pub use read::ServerFacts;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use wire::entry_of_bytes;

use connect::{Endpoint, Route};
use relay::Verdict;
use session::{Attempts, Session};
use tls::Trust;

use crate::directory::ad::entry;
use crate::directory::ports::{DirectoryError, ForestReader, ForestWriter, Receipt};
use crate::directory::progress::{Progress, Unwatched};
use crate::model::questions::ForestKey;
use crate::model::{AdUser, AnchorMode, DistinguishedName, ImmutableId, ObjectGuid, ObservedForest, Text};

/// What an export may have to say and an answer says anyway: each entry comes with its name and its classes.
const IMPLIED: [&str; 2] = ["distinguishedName", "objectCategory"];

/// Where a live forest is and how to reach it.
#[derive(Debug, Clone)]
pub struct LdapSettings {
    /// Its name in the configuration.
    pub name: Text,
    /// Where its anchors come from.
    pub anchor: AnchorMode,
    /// A domain controller: `ldaps://…`, `ldap://…` with `start_tls`, or `ldap://` on loopback.
    pub url: String,
    /// The container below which users are looked for; the server's own domain where there is none.
    pub base_dn: Option<DistinguishedName>,
    /// How to sign in.
    pub credentials: Credentials,
    /// A file with the only certificate authority to trust; those of the machine where there is none.
    pub ca: Option<PathBuf>,
    /// Whether an `ldap://` connection is encrypted before anything is sent.
    pub start_tls: bool,
    /// Containers that other entries of the configuration read, so that they are not reported as left out.
    pub read_elsewhere: Vec<DistinguishedName>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one answer may take.
    pub answer_timeout: Duration,
    /// Who watches how many users were read.
    pub progress: Arc<dyn Progress>,
    /// Entries a page; a domain controller sends 1,000 at most.
    pub page_size: u16,
}

impl LdapSettings {
    /// Settings with the usual patience.
    #[must_use]
    pub fn new(name: &str, anchor: AnchorMode, url: &str, credentials: Credentials) -> Self {
        Self {
            name: name.into(),
            anchor,
            url: url.to_owned(),
            base_dn: None,
            credentials,
            ca: None,
            start_tls: false,
            read_elsewhere: Vec::new(),
            connect_timeout: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(120),
            progress: Arc::new(Unwatched),
            page_size: 1000,
        }
    }
}

/// A forest behind a domain controller.
pub struct LdapForest {
    name: Text,
    anchor: AnchorMode,
    base_dn: Option<DistinguishedName>,
    read_elsewhere: Vec<DistinguishedName>,
    page_size: i32,
    attributes: Vec<String>,
    session: Session,
}

impl LdapForest {
    /// Checks the settings and reads the certificate authority; nothing is sent yet.
    ///
    /// # Errors
    /// An address that is none, a password that is empty or would travel in the clear, an unusable authority.
    pub fn new(settings: LdapSettings) -> Result<Self, DirectoryError> {
        let endpoint = Endpoint::parse(&settings.url, settings.start_tls)?;
        settings.credentials.check(&endpoint)?;
        let route = Route {
            endpoint,
            trust: Trust::new(settings.ca.as_deref())?,
            patience: settings.connect_timeout,
            carries_password: settings.credentials.carry_a_password(),
            verdict: Verdict::default(),
        };
        let asked = entry::ATTRIBUTES.iter().filter(|name| !IMPLIED.contains(name));
        let mut attributes: Vec<String> = asked.map(|name| (*name).to_owned()).collect();
        match &settings.anchor {
            AnchorMode::ConsistencyGuid | AnchorMode::ObjectGuid => {}
            AnchorMode::Attribute(name) if attributes.iter().any(|own| own.eq_ignore_ascii_case(name)) => {}
            AnchorMode::Attribute(name) => attributes.push(name.to_string()),
        }
        Ok(Self {
            name: settings.name,
            anchor: settings.anchor,
            base_dn: settings.base_dn,
            read_elsewhere: settings.read_elsewhere,
            page_size: i32::from(settings.page_size.max(1)),
            attributes,
            session: Session::new(route, settings.credentials, settings.answer_timeout, settings.progress),
        })
    }

    /// Connects, signs in and asks the server who it is, for `doctor`.
    ///
    /// # Errors
    /// The first of these steps that fails.
    pub async fn check(&self) -> Result<ServerFacts, DirectoryError> {
        let mut attempts = Attempts::new(&self.session, "asking the server who it is");
        loop {
            let ldap = attempts.connection().await?;
            match self.server_facts(&ldap).await {
                Ok(facts) => return Ok(facts),
                Err(fault) => attempts.again(fault).await?,
            }
        }
    }

    /// Everything about the forest but its users, how many there are, and who carries which mS-DS-ConsistencyGuid.
    ///
    /// # Errors
    /// As [`ForestReader::read_forest`].
    pub async fn read_frame(&self) -> Result<(ObservedForest, Stamps), DirectoryError> {
        let mut attempts = Attempts::new(&self.session, "counting the users");
        loop {
            let ldap = attempts.connection().await?;
            match self.frame(&ldap).await {
                Ok(frame) => return Ok(frame),
                Err(fault) => attempts.again(fault).await?,
            }
        }
    }

    /// Reads the users that answer these questions, sorted by objectGUID; more than was meant, never less.
    ///
    /// As AD keeps no index of mS-DS-ConsistencyGuid, a search for one goes through the whole forest where `stamps` are not
    /// known.
    ///
    /// # Errors
    /// As [`ForestReader::read_forest`].
    pub async fn read_matching(&self, keys: &[ForestKey], stamps: Option<&Stamps>) -> Result<Vec<AdUser>, DirectoryError> {
        let mut attempts = Attempts::new(&self.session, "looking up users");
        loop {
            let ldap = attempts.connection().await?;
            match self.matching(&ldap, keys, stamps).await {
                Ok(users) => return Ok(users),
                Err(fault) => attempts.again(fault).await?,
            }
        }
    }

    /// Whether the signed-in account may write mS-DS-ConsistencyGuid of this user; `None` when the server does not tell.
    ///
    /// # Errors
    /// As [`ForestReader::read_users`].
    pub async fn may_stamp(&self, guid: &ObjectGuid) -> Result<Option<bool>, DirectoryError> {
        let mut attempts = Attempts::new(&self.session, "asking for rights");
        loop {
            let ldap = attempts.connection().await?;
            match self.effective_right(&ldap, guid).await {
                Ok(right) => return Ok(right),
                Err(fault) => attempts.again(fault).await?,
            }
        }
    }

    /// Signs off. A connection that is merely dropped ends as well, less politely.
    pub async fn close(&self) {
        self.session.close().await;
    }
}

#[async_trait]
impl ForestReader for LdapForest {
    async fn read_forest(&self) -> Result<ObservedForest, DirectoryError> {
        let mut attempts = Attempts::new(&self.session, "reading the users");
        loop {
            let ldap = attempts.connection().await?;
            match self.everybody(&ldap).await {
                Ok(forest) => return Ok(forest),
                Err(fault) => attempts.again(fault).await?,
            }
        }
    }

    async fn read_users(&self, guids: &[ObjectGuid]) -> Result<Vec<Option<AdUser>>, DirectoryError> {
        let mut attempts = Attempts::new(&self.session, "reading users again");
        loop {
            let ldap = attempts.connection().await?;
            match self.by_guid(&ldap, guids).await {
                Ok(users) => return Ok(users),
                Err(fault) => attempts.again(fault).await?,
            }
        }
    }

    async fn find_by_anchor(&self, anchors: &[ImmutableId]) -> Result<Vec<AdUser>, DirectoryError> {
        let keys: Vec<ForestKey> = anchors.iter().cloned().map(ForestKey::ImmutableId).collect();
        // Each search goes through the whole forest, and so does a list of what is stamped on whom, once.
        let stamps = if keys.len() > select::BATCH { Some(self.read_frame().await?.1) } else { None };
        self.read_matching(&keys, stamps.as_ref()).await
    }
}

#[async_trait]
impl ForestWriter for LdapForest {
    async fn stamp(&self, guid: &ObjectGuid, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Receipt, DirectoryError> {
        self.replace_stamp(guid, old, new).await
    }
}

#[cfg(test)]
mod tests;
