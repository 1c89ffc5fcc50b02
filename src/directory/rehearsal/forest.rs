//! An exported forest whose users can be stamped.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;

use crate::directory::ports::{DirectoryError, ForestReader, ForestWriter, Receipt};
use crate::model::{AdUser, GuidAttribute, ImmutableId, ObjectGuid, ObservedForest, effective_anchor};

use super::StoreError;
use super::commit::{Committer, Ledger, Rejected};

/// Keeps the users of an exported forest.
pub trait ForestStore: Send + 'static {
    /// Replaces or removes mS-DS-ConsistencyGuid of one user.
    ///
    /// # Errors
    /// The store does not know the user.
    fn set_consistency_guid(&mut self, guid: &ObjectGuid, new: Option<&[u8]>) -> Result<(), StoreError>;

    /// Replaces the file by what is in memory, atomically and for good.
    ///
    /// # Errors
    /// The file is either the old one or the new one.
    fn save(&mut self) -> Result<(), StoreError>;
}

/// An exported forest behind the ports.
pub struct LdifForest {
    shown: Arc<RwLock<Users>>,
    committer: Committer<Book>,
}

#[derive(Clone)]
struct Users {
    forest: ObservedForest,
    places: HashMap<ObjectGuid, usize>,
}

struct Stamp {
    guid: ObjectGuid,
    old: Option<Box<[u8]>>,
    new: Option<Box<[u8]>>,
}

struct Book {
    /// Stamps that were taken and are not shown yet.
    pending: HashMap<ObjectGuid, Option<Box<[u8]>>>,
    shown: Arc<RwLock<Users>>,
    store: Box<dyn ForestStore>,
}

impl Users {
    fn get(&self, guid: &ObjectGuid) -> Option<&AdUser> {
        self.forest.users.get(*self.places.get(guid)?)
    }

    fn stamp(&mut self, guid: &ObjectGuid, new: Option<&[u8]>) {
        if let Some(user) = self.places.get(guid).and_then(|place| self.forest.users.get_mut(*place)) {
            user.consistency_guid = new.map_or(GuidAttribute::Absent, |bytes| GuidAttribute::Bytes(bytes.into()));
        }
    }
}

impl Book {
    fn now(&self, guid: &ObjectGuid) -> Option<Option<Box<[u8]>>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let user = shown.get(guid)?;
        Some(self.pending.get(guid).cloned().unwrap_or_else(|| user.consistency_guid.bytes().map(Into::into)))
    }
}

impl Ledger for Book {
    type Write = Stamp;

    fn take(&mut self, stamp: &Stamp) -> Result<(), Rejected> {
        let refuse = |message: String| Rejected::Refused(DirectoryError::Refused { message, holder: None });
        let now = self.now(&stamp.guid).ok_or_else(|| refuse(format!("the forest has no user {}", stamp.guid)))?;
        if now != stamp.old {
            return Err(refuse(format!("mS-DS-ConsistencyGuid of {} was changed by somebody else", stamp.guid)));
        }
        self.store.set_consistency_guid(&stamp.guid, stamp.new.as_deref()).map_err(Rejected::Broken)?;
        self.pending.insert(stamp.guid, stamp.new.clone());
        Ok(())
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.store.save()
    }

    fn publish(&mut self, saved: &[Stamp]) {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        saved.iter().for_each(|stamp| shown.stamp(&stamp.guid, stamp.new.as_deref()));
        self.pending.clear();
    }
}

impl LdifForest {
    /// A forest and the store that keeps it.
    #[must_use]
    pub fn new(forest: ObservedForest, store: Box<dyn ForestStore>) -> Self {
        let places = forest.users.iter().enumerate().map(|(place, user)| (user.guid, place)).collect();
        let shown = Arc::new(RwLock::new(Users { forest, places }));
        let committer = Committer::start(Book { pending: HashMap::new(), shown: Arc::clone(&shown), store });
        Self { shown, committer }
    }

    fn look<T>(&self, read: impl FnOnce(&Users) -> T) -> T {
        read(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl ForestReader for LdifForest {
    async fn read_forest(&self) -> Result<ObservedForest, DirectoryError> {
        Ok(self.look(|users| users.forest.clone()))
    }

    async fn read_users(&self, guids: &[ObjectGuid]) -> Result<Vec<Option<AdUser>>, DirectoryError> {
        Ok(self.look(|users| guids.iter().map(|guid| users.get(guid).cloned()).collect()))
    }

    async fn find_by_anchor(&self, anchors: &[ImmutableId]) -> Result<Vec<AdUser>, DirectoryError> {
        let wanted: BTreeSet<&ImmutableId> = anchors.iter().collect();
        Ok(self.look(|Users { forest, .. }| {
            let has = |user: &&AdUser| effective_anchor(&forest.anchor, user).is_ok_and(|anchor| wanted.contains(&anchor.value));
            forest.users.iter().filter(has).cloned().collect()
        }))
    }
}

#[async_trait]
impl ForestWriter for LdifForest {
    async fn stamp(&self, guid: &ObjectGuid, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Receipt, DirectoryError> {
        self.committer.write(Stamp { guid: *guid, old: old.map(Into::into), new: new.map(Into::into) }).await
    }

    /// Every save writes the whole file, so it should hold as many stamps as there are.
    fn together(&self) -> usize {
        usize::MAX
    }
}
