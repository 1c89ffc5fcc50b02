//! Plans of random directories, carried out, interrupted, taken up again and undone through the ports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hardmatch::apply::journal::{Journal, journal_path};
use hardmatch::apply::rollback::{read_settled, rehearsed};
use hardmatch::apply::{self, Directories, ExitKind, Options, RunReport};
use hardmatch::directory::ports::*;
use hardmatch::directory::rehearsal::{ForestStore, LdifForest, SnapshotStore, SnapshotTenant, StoreError};
use hardmatch::model::*;
use hardmatch::plan::action::{Action, ActionKind};
use hardmatch::plan::body::Body;
use hardmatch::tenant_model::Change;
use proptest::prelude::*;

use crate::applying::{clock, folder, request};
use crate::properties::{Case, carry_out, case, last_first, picture, ready};

/// What is saved, and what is on its way there.
#[derive(Clone, Default)]
struct Saved(Arc<Mutex<Files>>);

#[derive(Default)]
struct Files {
    users: BTreeMap<EntraId, CloudUser>,
    stamps: BTreeMap<ObjectGuid, GuidAttribute>,
}

struct Store {
    saved: Saved,
    users: BTreeMap<EntraId, CloudUser>,
    stamps: BTreeMap<ObjectGuid, GuidAttribute>,
}

impl SnapshotStore for Store {
    fn apply(&mut self, before: &CloudUser, after: Option<&CloudUser>) -> Result<(), StoreError> {
        match after {
            Some(after) => drop(self.users.insert(before.id, after.clone())),
            None => drop(self.users.remove(&before.id)),
        }
        Ok(())
    }

    fn has_bin(&self) -> bool {
        true
    }

    fn export(&self, id: &EntraId) -> Option<serde_json::Value> {
        self.users.get(id).map(|user| serde_json::json!({ "id": id, "userPrincipalName": user.upn }))
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.saved.0.lock().unwrap().users = self.users.clone();
        Ok(())
    }
}

impl ForestStore for Store {
    fn set_consistency_guid(&mut self, guid: &ObjectGuid, new: Option<&[u8]>) -> Result<(), StoreError> {
        self.stamps.insert(*guid, new.map_or(GuidAttribute::Absent, |bytes| GuidAttribute::Bytes(bytes.into())));
        Ok(())
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.saved.0.lock().unwrap().stamps = self.stamps.clone();
        Ok(())
    }
}

/// A tenant that can be reached for so many writes.
struct Cut {
    inner: SnapshotTenant,
    left: AtomicUsize,
}

#[async_trait]
impl TenantReader for Cut {
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
impl TenantWriter for Cut {
    async fn write(&self, change: &Change) -> Result<Receipt, DirectoryError> {
        let reached = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        reached.map_err(|_| DirectoryError::Unreachable("cut off".into()))?;
        self.inner.write(change).await
    }
    async fn export_account(&self, id: &EntraId) -> Result<serde_json::Value, DirectoryError> {
        self.inner.export_account(id).await
    }
}

struct Site {
    folder: tempfile::TempDir,
    case: Case,
    saved: Saved,
}

impl Site {
    fn new(case: &Case) -> Self {
        let users = case.observed.tenant.users.iter().map(|user| (user.id, user.clone())).collect();
        let saved = Saved(Arc::new(Mutex::new(Files { users, stamps: BTreeMap::new() })));
        Self { folder: folder(), case: case.clone(), saved }
    }

    /// The case as it stands now.
    fn now(&self) -> Case {
        let (mut case, files) = (self.case.clone(), self.saved.0.lock().unwrap());
        case.observed.tenant.users = files.users.values().cloned().collect();
        for user in &mut case.observed.forests[0].users {
            if let Some(stamp) = files.stamps.get(&user.guid) {
                user.consistency_guid = stamp.clone();
            }
        }
        case
    }

    fn directories(&self, writes: usize) -> Directories {
        let Case { observed, .. } = self.now();
        let store = || {
            let files = self.saved.0.lock().unwrap();
            Box::new(Store { saved: self.saved.clone(), users: files.users.clone(), stamps: files.stamps.clone() })
        };
        let forest = LdifForest::new(observed.forests[0].clone(), store());
        let inner = SnapshotTenant::new(observed.tenant, store(), clock());
        let tenant = Arc::new(Cut { inner, left: AtomicUsize::new(writes) });
        Directories { tenant, forests: BTreeMap::from([("corp".to_owned(), Arc::new(forest) as Arc<dyn ForestWriter>)]) }
    }

    fn plan(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn apply(&self, body: &Body, plan: &Path, writes: usize) -> RunReport {
        let options =
            Options { read_back: vec![Duration::ZERO], retry: Vec::new(), ..Options::new(self.folder.path().join("backups")) };
        let request = request(plan, plan.file_name().unwrap().to_str().unwrap(), body, options);
        apply::carry_out(&request, &self.directories(writes)).await.unwrap_or_else(|error| panic!("{error:?}\n{body:#?}"))
    }

    async fn way_back(&self, plan: &Path) -> Body {
        let state = Journal::read(&journal_path(plan)).unwrap();
        let history = state.history(plan.file_name().unwrap().to_str().unwrap());
        let directories = self.directories(0);
        let pauses = [Duration::ZERO];
        let current = read_settled(&history, &directories, &pauses, history.last_told().unwrap(), |_, _| {}).await.unwrap();
        rehearsed(&history, "wave.journal.jsonl", &current, &Policy::default(), &*directories.tenant).await.unwrap().unwrap()
    }
}

/// Whether a rollback brings everything back.
fn can_be_undone(body: &Body, case: &Case) -> bool {
    let lost = [ActionKind::Purge, ActionKind::ClearObjectIdentifier, ActionKind::ClearSecurityIdentifier];
    !body.actions.iter().any(|action| lost.contains(&action.kind) || is_linked_by(action, body, case))
}

/// A stamp for an account that is synced already: taken back it could cut the link.
fn is_linked_by(stamp: &Action, body: &Body, case: &Case) -> bool {
    let mapping = body.mappings.iter().find(|mapping| mapping.id == stamp.mapping);
    let account = mapping.and_then(|mapping| mapping.cloud.as_ref());
    let is_synced = |id| case.observed.tenant.users.iter().any(|user| user.id == id && user.is_synced());
    stamp.kind == ActionKind::StampConsistencyGuid && account.is_some_and(|account| is_synced(account.id))
}

fn stamps(case: &Case) -> Vec<GuidAttribute> {
    case.observed.forests[0].users.iter().map(|user| user.consistency_guid.clone()).collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::common::cases(100), failure_persistence: None, ..ProptestConfig::default() })]

    /// What the model promises is what apply does, in whatever pieces.
    #[test]
    fn a_plan_cut_off_anywhere_ends_as_the_model_says(case in case(), stop in any::<prop::sample::Index>()) {
        let (case, body) = ready(case);
        if body.actions.is_empty() {
            return Ok(());
        }
        let expected = carry_out(&case, &body.actions);
        let site = Site::new(&case);
        let plan = site.plan("wave.json");
        run(async {
            site.apply(&body, &plan, stop.index(body.actions.len())).await;
            let report = site.apply(&body, &plan, usize::MAX).await;
            assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}\n{body:#?}");
        });
        let nobody = BTreeSet::new();
        prop_assert_eq!(picture(&site.now(), &nobody), picture(&expected, &nobody));
        prop_assert_eq!(stamps(&site.now()), stamps(&expected));
    }

    /// A run that stopped anywhere can be undone, and what is undone is all.
    #[test]
    fn the_way_back_leads_back(case in case(), stop in any::<prop::sample::Index>()) {
        let (case, body) = ready(case);
        if body.actions.is_empty() {
            return Ok(());
        }
        let site = Site::new(&case);
        run(async {
            site.apply(&body, &site.plan("wave.json"), stop.index(body.actions.len() + 1)).await;
            if !journal_path(&site.plan("wave.json")).exists() {
                return;
            }
            let back = site.way_back(&site.plan("wave.json")).await;
            carry_out(&site.now(), &last_first(&back.actions));
            let report = site.apply(&back, &site.plan("back.json"), usize::MAX).await;
            assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}\n{back:#?}");
            assert!(!can_be_undone(&body, &case) || back.findings.is_empty(), "{back:#?}");
        });
        if can_be_undone(&body, &case) {
            let nobody = BTreeSet::new();
            prop_assert_eq!(picture(&site.now(), &nobody), picture(&case, &nobody));
            prop_assert_eq!(stamps(&site.now()), stamps(&case));
        }
    }
}
