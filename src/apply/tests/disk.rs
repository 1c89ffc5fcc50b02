//! A disk under both directories and the journal, which can die at any operation.

use super::*;

/// What outlives a crash.
#[derive(Clone)]
pub(super) struct Disk(Arc<Mutex<DiskState>>);

pub(super) struct DiskState {
    pub(super) users: BTreeMap<EntraId, CloudUser>,
    pub(super) forest: ObservedForest,
    /// Roles beside those of [`observed_tenant`].
    pub(super) roles: Vec<RoleGrant>,
    /// Operations until the machine dies.
    fuel: Option<usize>,
    /// Whether the operation during which it dies still reaches the disk.
    last_one_lands: bool,
    dead: bool,
    /// Whether there is no room for another file.
    pub(super) is_full: bool,
    /// What is answered for an account that is to be saved, instead of it.
    pub(super) answered: Option<serde_json::Value>,
}

enum Power {
    On,
    LastGasp,
    Off,
}

impl Disk {
    pub(super) fn new() -> Self {
        let users = observed_tenant().users.into_iter().map(|user| (user.id, user)).collect();
        let forest = observed_forest();
        let (fuel, roles) = (None, Vec::new());
        let state = DiskState { users, forest, roles, fuel, last_one_lands: false, dead: false, is_full: false, answered: None };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, DiskState> {
        self.0.lock().unwrap()
    }

    pub(super) fn change(&self, n: u8, change: impl FnOnce(&mut CloudUser)) {
        change(self.state().users.get_mut(&id(n)).unwrap());
    }

    pub(super) fn change_ad(&self, n: u8, change: impl FnOnce(&mut AdUser)) {
        change(self.state().forest.users.iter_mut().find(|user| user.guid == guid(n)).unwrap());
    }

    pub(super) fn dies_after(&self, operations: usize, last_one_lands: bool) {
        let mut state = self.state();
        (state.fuel, state.last_one_lands, state.dead) = (Some(operations), last_one_lands, false);
    }

    pub(super) fn repair(&self) {
        let mut state = self.state();
        (state.fuel, state.dead) = (None, false);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().dead
    }

    fn check_room(&self) -> Result<(), StoreError> {
        if self.state().is_full { Err(Unsaved("the disk is full".into()).into()) } else { Ok(()) }
    }

    fn burn(&self) -> Power {
        let mut state = self.state();
        if state.dead {
            return Power::Off;
        }
        match state.fuel {
            Some(0) => {
                state.dead = true;
                if state.last_one_lands { Power::LastGasp } else { Power::Off }
            }
            Some(left) => {
                state.fuel = Some(left - 1);
                Power::On
            }
            None => Power::On,
        }
    }

    pub(super) fn image(&self) -> (BTreeMap<EntraId, CloudUser>, Vec<GuidAttribute>) {
        let state = self.state();
        (state.users.clone(), state.forest.users.iter().map(|user| user.consistency_guid.clone()).collect())
    }

    pub(super) fn restore(&self, image: &(BTreeMap<EntraId, CloudUser>, Vec<GuidAttribute>)) {
        let mut state = self.state();
        state.users = image.0.clone();
        state.forest.users.iter_mut().zip(&image.1).for_each(|(user, value)| user.consistency_guid = value.clone());
    }

    fn contents(&self) -> (BTreeMap<EntraId, CloudUser>, ObservedForest) {
        let state = self.state();
        (state.users.clone(), state.forest.clone())
    }

    /// The tenant as a fresh process finds it.
    pub(super) fn tenant(&self) -> SnapshotTenant {
        let (users, _) = self.contents();
        let mut observed = ObservedTenant { users: users.values().cloned().collect(), ..observed_tenant() };
        observed.roles.get_or_insert_default().extend(self.state().roles.clone());
        SnapshotTenant::new(observed, Box::new(UserStore { disk: self.clone(), users }), fixed_clock())
    }

    /// The directories as a fresh process finds them.
    pub(super) fn directories(&self) -> Directories {
        self.directories_with(Arc::new(self.tenant()))
    }

    pub(super) fn directories_with(&self, tenant: Arc<dyn TenantWriter>) -> Directories {
        let (_, forest) = self.contents();
        let ldif = LdifForest::new(forest.clone(), Box::new(AdStore { disk: self.clone(), forest }));
        Directories { tenant, forests: BTreeMap::from([("corp".to_owned(), Arc::new(ldif) as _)]) }
    }
}

struct UserStore {
    disk: Disk,
    users: BTreeMap<EntraId, CloudUser>,
}

impl SnapshotStore for UserStore {
    fn apply(&mut self, before: &CloudUser, after: Option<&CloudUser>) -> Result<(), StoreError> {
        assert_eq!(self.users.get(&before.id), Some(before));
        match after {
            Some(after) => drop(self.users.insert(after.id, after.clone())),
            None => drop(self.users.remove(&before.id)),
        }
        Ok(())
    }

    fn has_bin(&self) -> bool {
        false
    }

    fn export(&self, id: &EntraId) -> Option<serde_json::Value> {
        let user = |user: &CloudUser| serde_json::json!({"id": id, "userPrincipalName": user.upn});
        self.disk.state().answered.clone().or_else(|| self.users.get(id).map(user))
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.disk.check_room()?;
        let power = self.disk.burn();
        if !matches!(power, Power::Off) {
            self.disk.state().users = self.users.clone();
        }
        if matches!(power, Power::On) { Ok(()) } else { Err("the machine died".into()) }
    }
}

struct AdStore {
    disk: Disk,
    forest: ObservedForest,
}

impl ForestStore for AdStore {
    fn set_consistency_guid(&mut self, guid: &ObjectGuid, new: Option<&[u8]>) -> Result<(), StoreError> {
        let user = self.forest.users.iter_mut().find(|user| user.guid == *guid).unwrap();
        user.consistency_guid = new.map_or(GuidAttribute::Absent, |bytes| GuidAttribute::Bytes(bytes.into()));
        Ok(())
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.disk.check_room()?;
        let power = self.disk.burn();
        if !matches!(power, Power::Off) {
            self.disk.state().forest = self.forest.clone();
        }
        if matches!(power, Power::On) { Ok(()) } else { Err("the machine died".into()) }
    }
}

/// A journal file that writes half a line when the machine dies.
pub(super) struct DyingFile {
    pub(super) file: File,
    pub(super) disk: Disk,
}

impl LogFile for DyingFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.disk.burn() {
            Power::On => self.file.append(bytes),
            Power::LastGasp => {
                self.file.append(&bytes[..bytes.len() / 2])?;
                Err(io::Error::other("the machine died"))
            }
            Power::Off => Err(io::Error::other("the machine is dead")),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.is_dead() { Err(io::Error::other("the machine is dead")) } else { Ok(()) }
    }
}
