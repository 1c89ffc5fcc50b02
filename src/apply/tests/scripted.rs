//! Tenants with a will of their own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::directory::ports::{AskedAccount, DirectoryError, Receipt, TenantIdentity, TenantReader};
use crate::tenant_model::{Change, ChangeKind};

use super::*;

pub(super) type Script = Box<dyn Fn(&Change) -> Answer + Send + Sync>;

/// What a scripted tenant does with a write.
pub(super) enum Answer {
    Obey,
    Fail(DirectoryError),
    /// It writes, and says that it does not know.
    Mumble,
    /// It writes, and says something else.
    But(DirectoryError),
}

/// A tenant with a will of its own.
pub(super) struct Scripted {
    pub(super) inner: SnapshotTenant,
    pub(super) script: Script,
    /// How long a write takes.
    pub(super) pace: Duration,
    /// How many reads still show the time before the last write.
    pub(super) lag: usize,
    /// How many writes share a request.
    pub(super) together: usize,
    /// Whom a search for holders names although it holds nothing any more.
    pub(super) ghost: Option<EntraId>,
    /// What comes of a reading, by its number from 0.
    pub(super) at_reading: Box<dyn Fn(usize) -> Result<(), DirectoryError> + Send + Sync>,
    /// Of how many accounts each reading was.
    pub(super) readings: Mutex<Vec<usize>>,
    pub(super) old: Mutex<VecDeque<Vec<AccountFacts>>>,
    pub(super) in_flight: AtomicUsize,
    pub(super) peak: AtomicUsize,
    pub(super) order: Mutex<Vec<(EntraId, ChangeKind)>>,
}

impl Scripted {
    pub(super) fn new(disk: &Disk, script: impl Fn(&Change) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            inner: disk.tenant(),
            script: Box::new(script),
            pace: Duration::ZERO,
            lag: 0,
            together: 1,
            ghost: None,
            at_reading: Box::new(|_| Ok(())),
            readings: Mutex::default(),
            old: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            order: Mutex::default(),
        }
    }

    pub(super) fn place(&self, n: u8, kind: &ChangeKind) -> usize {
        self.order.lock().unwrap().iter().position(|entry| *entry == (id(n), kind.clone())).unwrap()
    }
}

#[async_trait]
impl TenantReader for Scripted {
    async fn read_tenant(&self) -> Result<ObservedTenant, DirectoryError> {
        self.inner.read_tenant().await
    }

    async fn read_accounts(&self, asked: &[AskedAccount]) -> Result<Vec<AccountFacts>, DirectoryError> {
        let number = {
            let mut readings = self.readings.lock().unwrap();
            readings.push(asked.len());
            readings.len() - 1
        };
        (self.at_reading)(number)?;
        let mut read = self.inner.read_accounts(asked).await?;
        for old in self.old.lock().unwrap().pop_front().into_iter().flatten() {
            let is_it = |id: &EntraId| old.user.as_ref().is_none_or(|user| user.id == *id);
            let place = asked.iter().position(|asked| is_it(&asked.id));
            if let Some(place) = place {
                read[place] = old;
            }
        }
        Ok(read)
    }

    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError> {
        let mut found = self.inner.find_holders(ids).await?;
        found.extend(ids.iter().cloned().zip(self.ghost));
        Ok(found)
    }

    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError> {
        self.inner.find_sid_holders(sids).await
    }

    async fn rehearse(&self, changes: &[Change]) -> Result<Vec<Option<String>>, DirectoryError> {
        self.inner.rehearse(changes).await
    }

    async fn identify(&self) -> Result<TenantIdentity, DirectoryError> {
        self.inner.identify().await
    }
}

#[async_trait]
impl TenantWriter for Scripted {
    async fn write(&self, change: &Change) -> Result<Receipt, DirectoryError> {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
        self.order.lock().unwrap().push((change.user, change.kind.clone()));
        tokio::time::sleep(self.pace).await;
        let old = self.inner.read_accounts(&[change.user.into()]).await?;
        let result = match (self.script)(change) {
            Answer::Obey => self.inner.write(change).await,
            Answer::Fail(error) => Err(error),
            Answer::Mumble => {
                self.inner.write(change).await?;
                Err(DirectoryError::Unknown("the answer got lost".into()))
            }
            Answer::But(error) => {
                self.inner.write(change).await?;
                Err(error)
            }
        };
        if result.is_ok() {
            self.old.lock().unwrap().extend(vec![old; self.lag]);
        }
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        result
    }

    fn together(&self) -> usize {
        self.together
    }

    async fn export_account(&self, id: &EntraId) -> Result<serde_json::Value, DirectoryError> {
        self.inner.export_account(id).await
    }
}

/// Fails the writes to account `n`, the first `times` times.
pub(super) fn failing(n: u8, times: usize, error: DirectoryError) -> impl Fn(&Change) -> Answer + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    move |change| {
        let hit = change.user == id(n) && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if hit { Answer::Fail(error.clone()) } else { Answer::Obey }
    }
}

pub(super) fn refused(holder: Option<u8>) -> DirectoryError {
    DirectoryError::Refused { message: "no".into(), holder: holder.map(id) }
}

pub(super) async fn apply(site: &Site, body: &Body, tenant: Scripted) -> (RunReport, Arc<Scripted>) {
    let tenant = Arc::new(tenant);
    let report = site.apply_to(body, &site.disk.directories_with(Arc::clone(&tenant) as _), &site.plan()).await;
    (report.unwrap(), tenant)
}

/// A tenant in which somebody else gives account 12 an ID during the first write.
pub(super) struct Meddled {
    pub(super) inner: Arc<SnapshotTenant>,
    pub(super) meddled: AtomicUsize,
}

#[async_trait]
impl TenantReader for Meddled {
    async fn read_tenant(&self) -> Result<ObservedTenant, DirectoryError> {
        self.inner.read_tenant().await
    }
    async fn read_accounts(&self, asked: &[AskedAccount]) -> Result<Vec<AccountFacts>, DirectoryError> {
        self.inner.read_accounts(asked).await
    }
    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError> {
        self.inner.find_holders(ids).await
    }
    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError> {
        self.inner.find_sid_holders(sids).await
    }
    async fn rehearse(&self, changes: &[Change]) -> Result<Vec<Option<String>>, DirectoryError> {
        self.inner.rehearse(changes).await
    }

    async fn identify(&self) -> Result<TenantIdentity, DirectoryError> {
        self.inner.identify().await
    }
}

#[async_trait]
impl TenantWriter for Meddled {
    async fn write(&self, change: &Change) -> Result<Receipt, DirectoryError> {
        if self.meddled.fetch_add(1, Ordering::SeqCst) == 0 {
            let kind = ChangeKind::SetImmutableId(ImmutableId::stored(&anchor(222)).unwrap());
            self.inner.write(&Change { user: id(12), kind }).await?;
        }
        self.inner.write(change).await
    }
    async fn export_account(&self, id: &EntraId) -> Result<serde_json::Value, DirectoryError> {
        self.inner.export_account(id).await
    }
}
