//! A small world to apply plans in: a tenant and a forest on a disk that can die at any moment.

mod crash;
mod order;
mod stale;
mod undo;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::directory::Clock;
use crate::directory::ports::TenantWriter;
use crate::directory::rehearsal::{ForestStore, LdifForest, SnapshotStore, SnapshotTenant, StoreError};
use crate::model::{
    AccountFacts, AdUser, CloudUser, Domain, EntraId, FactName, FactValue, Facts, GuidAttribute, ImmutableId, Known, ObjectGuid,
    ObservedForest, ObservedTenant, RoleGrant, Sid,
};
use crate::plan::action::{Action, ActionKind, Target};
use crate::plan::body::*;
use crate::tenant_model::Tenant;

use super::execute::carry_out_with;
use super::journal::{Journal, JournalError, LogFile, journal_path, open_file};
use super::*;

pub(super) const NOW: &str = "2026-11-25T08:00:00Z";
pub(super) const DIGEST: &str = "sha256:one";

pub(super) fn id(n: u8) -> EntraId {
    format!("00000000-0000-0000-0000-0000000000{n:02x}").parse().unwrap()
}

pub(super) fn guid(n: u8) -> ObjectGuid {
    format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}").parse().unwrap()
}

pub(super) fn sid(n: u8) -> Sid {
    format!("S-1-5-21-1-2-3-{}", 1000 + u32::from(n)).parse().unwrap()
}

/// The ImmutableID of AD user `n`.
pub(super) fn anchor(n: u8) -> String {
    guid(n).immutable_id().as_str().to_owned()
}

pub(super) fn fixed_clock() -> Clock {
    Arc::new(|| NOW.parse().unwrap())
}

fn account(n: u8, upn: &str, holds: Option<u8>) -> CloudUser {
    let immutable_id = holds.and_then(|n| ImmutableId::stored(&anchor(n)));
    CloudUser {
        sync_enabled: Known::Null,
        sid: Known::Null,
        object_identifier: Known::Null,
        licenses: Known::Is(Box::default()),
        last_sign_in: Known::Null,
        ..CloudUser::new(id(n), upn, immutable_id)
    }
}

pub(super) fn binned(user: CloudUser) -> CloudUser {
    CloudUser {
        upn: format!("{}{}", user.id.undashed(), user.upn).into(),
        deleted_at: Some("2026-11-01T00:00:00Z".into()),
        ..user
    }
}

/// Users 1 and 2 hold each other's IDs; 4 (live), 6 and 8 (deleted) hold those of 3, 5 and 7; 9 is federated with an old
/// ID; 10 to 12 hold nothing, 13 holds the ID of nobody.
pub(super) fn observed_tenant() -> ObservedTenant {
    let name = |n: u8| format!("u{n}@x.example");
    let domain = |name: &str, federated| Domain { name: name.into(), verified: true, federated, initial: false };
    let mut users = vec![account(1, &name(1), Some(2)), account(2, &name(2), Some(1))];
    users.extend([account(3, &name(3), None), account(4, &name(4), Some(3))]);
    users.extend([account(5, &name(5), None), binned(account(6, &name(6), Some(5)))]);
    users.extend([account(7, &name(7), None), binned(account(8, &name(8), Some(7)))]);
    users.push(account(9, "u9@fed.example", Some(90)));
    users.extend((10..=12).map(|n| account(n, &name(n), None)));
    users.push(account(13, &name(13), Some(130)));
    ObservedTenant {
        id: Some("11111111-1111-1111-1111-111111111111".into()),
        initial_domain: Some("x.onmicrosoft.com".into()),
        domains: Some(vec![domain("x.example", false), domain("fed.example", true), domain("x.onmicrosoft.com", false)]),
        users,
        recycle_bin_read: true,
        roles: Some(Vec::new()),
        ..ObservedTenant::default()
    }
}

fn observed_forest() -> ObservedForest {
    let user = |n: u8| {
        let dn = format!("CN=u{n},DC=corp,DC=local").parse().unwrap();
        AdUser { sid: Some(sid(n)), sam: Some(format!("u{n}").into()), ..AdUser::new(guid(n), dn) }
    };
    ObservedForest { name: "corp".into(), users: (1..=12).map(user).collect(), ..ObservedForest::default() }
}

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
        let state = DiskState { users, forest, roles, fuel, last_one_lands: false, dead: false };
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

    fn export(&self, id: &EntraId) -> Option<serde_json::Value> {
        self.users.get(id).map(|user| serde_json::json!({"id": id, "userPrincipalName": user.upn}))
    }

    fn save(&mut self) -> Result<(), StoreError> {
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
        let power = self.disk.burn();
        if !matches!(power, Power::Off) {
            self.disk.state().forest = self.forest.clone();
        }
        if matches!(power, Power::On) { Ok(()) } else { Err("the machine died".into()) }
    }
}

/// A journal file that writes half a line when the machine dies.
struct DyingFile {
    file: File,
    disk: Disk,
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

/// Builds actions as a planner does: each relies on what the ones before it leave behind.
pub(super) struct Planner {
    tenant: Tenant,
    pub(super) actions: Vec<Action>,
}

impl Planner {
    pub(super) fn new() -> Self {
        Self { tenant: Tenant::new(observed_tenant()), actions: Vec::new() }
    }

    /// Adds a write to account `n`, checks that the model takes it, and gives its place.
    pub(super) fn add(&mut self, kind: ActionKind, n: u8, after: (FactName, FactValue), needs: &[usize]) -> usize {
        let user = self.tenant.by_id(&id(n)).and_then(|place| self.tenant.user(place)).cloned();
        let upn = user.as_ref().unwrap().original_upn().to_owned();
        let is_deleted = user.as_ref().unwrap().is_deleted();
        let facts = AccountFacts { user, privileged_roles: Known::Is(Vec::new()) };
        let mut relied_on = vec![
            FactName::AssignedLicenses,
            FactName::OnPremisesImmutableId,
            FactName::OnPremisesSecurityIdentifier,
            FactName::OnPremisesSyncEnabled,
            FactName::PrivilegedRoles,
            FactName::State,
            FactName::UserPrincipalName,
        ];
        let touched = self.actions.iter().any(|action| action.target.entra_id() == Some(id(n)));
        if is_deleted && !touched {
            relied_on.push(FactName::DeletedDateTime);
        }
        let before: Facts = relied_on.into_iter().map(|name| (name, facts.get(name).unwrap())).collect();
        let mut action =
            Action::new(kind, &format!("m{n}"), Target::account(id(n), &upn), before, Facts::from([after]), "test".into());
        action.depends_on = needs.iter().map(|place| self.actions[*place].id.clone()).collect();
        self.tenant.apply(&action.change().unwrap(), NOW).unwrap();
        self.actions.push(action);
        self.actions.len() - 1
    }

    pub(super) fn set(&mut self, n: u8, anchor_of: u8, needs: &[usize]) -> usize {
        let value = FactValue::text(anchor(anchor_of));
        self.add(ActionKind::SetImmutableId, n, (FactName::OnPremisesImmutableId, value), needs)
    }

    pub(super) fn clear(&mut self, n: u8, needs: &[usize]) -> usize {
        self.add(ActionKind::ClearImmutableId, n, (FactName::OnPremisesImmutableId, FactValue::Null), needs)
    }

    pub(super) fn state(&mut self, kind: ActionKind, n: u8, word: &str, needs: &[usize]) -> usize {
        self.add(kind, n, (FactName::State, FactValue::text(word)), needs)
    }

    pub(super) fn upn(&mut self, n: u8, upn: &str, needs: &[usize]) -> usize {
        let after = (FactName::UserPrincipalName, FactValue::text(upn));
        self.add(ActionKind::SetUserPrincipalName, n, after, needs)
    }

    pub(super) fn stamp(&mut self, n: u8, value: u8) -> usize {
        let before = Facts::from([(FactName::ConsistencyGuid, FactValue::Null)]);
        let after = Facts::from([(FactName::ConsistencyGuid, FactValue::text(anchor(value)))]);
        let target = Target::ad_user("corp", guid(n), "u");
        let kind = ActionKind::StampConsistencyGuid;
        self.actions.push(Action::new(kind, &format!("m{n}"), target, before, after, "test".into()));
        self.actions.len() - 1
    }

    pub(super) fn swap(&mut self) {
        let cleared = self.clear(1, &[]);
        let second = self.set(2, 2, &[cleared]);
        self.set(1, 1, &[cleared, second]);
    }

    pub(super) fn purge_chain(&mut self) {
        let deleted = self.state(ActionKind::SoftDelete, 4, "deleted", &[]);
        let purged = self.state(ActionKind::Purge, 4, "gone", &[deleted]);
        self.set(3, 3, &[purged]);
    }

    pub(super) fn purge_of_deleted(&mut self) {
        let purged = self.state(ActionKind::Purge, 6, "gone", &[]);
        self.set(5, 5, &[purged]);
    }

    pub(super) fn clear_of_deleted(&mut self) {
        let restored = self.state(ActionKind::Restore, 8, "live", &[]);
        let cleared = self.clear(8, &[restored]);
        self.state(ActionKind::SoftDelete, 8, "deleted", &[cleared]);
        self.set(7, 7, &[cleared]);
    }

    pub(super) fn detour(&mut self) {
        let parked = self.upn(9, "u9@x.onmicrosoft.com", &[]);
        let set = self.set(9, 9, &[parked]);
        self.upn(9, "u9@fed.example", &[set]);
    }

    /// Everything at once.
    pub(super) fn everything() -> Self {
        let mut planner = Self::new();
        planner.swap();
        planner.purge_chain();
        planner.purge_of_deleted();
        planner.clear_of_deleted();
        planner.detour();
        planner.stamp(10, 100);
        planner.set(11, 11, &[]);
        planner
    }

    pub(super) fn body(self) -> Body {
        body(self.actions)
    }
}

/// A body around actions; mapping `mN` links AD user N to account N.
pub(super) fn body(actions: Vec<Action>) -> Body {
    let mapping = |n: u8| PlannedMapping {
        anchor: Some(anchor(n)),
        anchor_from: Some("objectGuid".into()),
        cloud: Some(PlanCloudUser { id: id(n).to_string(), upn: format!("u{n}@x.example") }),
        id: format!("m{n}"),
        on_prem: Some(PlanAdUser {
            dn: Some(format!("CN=u{n},DC=corp,DC=local")),
            forest: Some("corp".into()),
            object_guid: Some(guid(n).to_string()),
            object_sid: Some(sid(n).to_string()),
            sam: Some(format!("u{n}")),
        }),
        source: PlanSource { file: "hardmatch.yaml".into(), line: u32::from(n) },
        state: MappingState::Planned,
    };
    Body {
        actions,
        findings: Vec::new(),
        forests: vec![PlanForest { anchor: "consistencyGuid".into(), domain_sid: None, name: "corp".into(), users: 12 }],
        inputs: Inputs { config: String::new(), policy: String::new() },
        mappings: (1..=12).map(mapping).collect(),
        proof: Proof::default(),
        rollback_of: None,
        status: Status::Ready,
        summary: Summary::default(),
        tenant: PlanTenant {
            deleted_users: 2,
            id: Some("11111111-1111-1111-1111-111111111111".into()),
            initial_domain: Some("x.onmicrosoft.com".into()),
            users: 11,
        },
    }
}

/// Takes note of everything in words.
#[derive(Default)]
pub(super) struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub(super) fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Notes {
    fn event(&self, event: Event<'_>) {
        let of = |action: &Action| format!("{} {}", action.kind, action.target.upn);
        let note = match event {
            Event::Ready { remaining, done } => format!("ready {remaining} {done}"),
            Event::Started(action) => format!("start {}", of(action)),
            Event::Waiting { action, delay, .. } => format!("wait {} {}", of(action), delay.as_secs()),
            Event::BackedUp { action, .. } => format!("save {}", action.target.upn),
            Event::Done(action) => format!("done {}", of(action)),
            Event::AlreadyDone(action) => format!("already {}", of(action)),
            Event::Failed(action, failure) => format!("failed {} {:?}", of(action), failure.kind),
            Event::Unconfirmed(action, _) => format!("unconfirmed {}", of(action)),
            Event::Stopping { in_flight, .. } => format!("stopping {in_flight}"),
        };
        self.0.lock().unwrap().push(note);
    }
}

/// A folder with a plan, and how it is applied.
pub(super) struct Site {
    folder: tempfile::TempDir,
    pub(super) disk: Disk,
    pub(super) options: Options,
    pub(super) cancel: CancellationToken,
    pub(super) notes: Notes,
    pub(super) digest: String,
}

impl Site {
    pub(super) fn new() -> Self {
        // Where there is a file system in memory, hundreds of synced runs take no time.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let options = Options {
            concurrency: 8,
            max_failures: 0,
            read_back: vec![Duration::ZERO],
            retry: vec![Duration::ZERO; 2],
            backups: folder.path().join("backups"),
        };
        let (disk, cancel, notes) = (Disk::new(), CancellationToken::new(), Notes::default());
        Self { folder, disk, options, cancel, notes, digest: DIGEST.into() }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn plan(&self) -> PathBuf {
        self.folder().join("wave.json")
    }

    pub(super) fn journal(&self) -> PathBuf {
        journal_path(&self.plan())
    }

    pub(super) async fn apply(&self, body: &Body) -> Result<RunReport, ApplyError> {
        self.apply_to(body, &self.disk.directories(), &self.plan()).await
    }

    pub(super) async fn apply_to(&self, body: &Body, to: &Directories, plan: &Path) -> Result<RunReport, ApplyError> {
        let request = Request {
            plan,
            digest: &self.digest,
            body,
            tool: "hardmatch test",
            run_id: Uuid::now_v7(),
            options: self.options.clone(),
            clock: fixed_clock(),
            observer: &self.notes,
            cancel: self.cancel.clone(),
        };
        carry_out_with(&request, to, |path| self.open(path)).await
    }

    fn open(&self, path: &Path) -> Result<Journal, JournalError> {
        Ok(Journal::start(path, DyingFile { file: open_file(path)?, disk: self.disk.clone() }))
    }

    pub(super) fn backups(&self) -> usize {
        std::fs::read_dir(&self.options.backups).map_or(0, Iterator::count)
    }
}
