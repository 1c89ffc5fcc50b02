//! Order, concurrency, failures, waits and signals.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::apply::journal::{EndStatus, append_end};
use crate::apply::lock::FolderLock;
use crate::apply::unfinished::{abandon, scan};
use crate::directory::ports::{DirectoryError, Receipt, TenantIdentity, TenantReader};
use crate::tenant_model::{Change, ChangeKind};

use super::*;

type Script = Box<dyn Fn(&Change) -> Answer + Send + Sync>;

/// What a scripted tenant does with a write.
enum Answer {
    Obey,
    Fail(DirectoryError),
    /// It writes, and says that it does not know.
    Mumble,
}

/// A tenant with a will of its own.
struct Scripted {
    inner: SnapshotTenant,
    script: Script,
    /// How long a write takes.
    pace: Duration,
    /// How many reads still show the time before the last write.
    lag: usize,
    old: Mutex<VecDeque<Vec<AccountFacts>>>,
    in_flight: AtomicUsize,
    peak: AtomicUsize,
    order: Mutex<Vec<(EntraId, ChangeKind)>>,
}

impl Scripted {
    fn new(disk: &Disk, script: impl Fn(&Change) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            inner: disk.tenant(),
            script: Box::new(script),
            pace: Duration::ZERO,
            lag: 0,
            old: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            order: Mutex::default(),
        }
    }

    fn place(&self, n: u8, kind: &ChangeKind) -> usize {
        self.order.lock().unwrap().iter().position(|entry| *entry == (id(n), kind.clone())).unwrap()
    }
}

#[async_trait]
impl TenantReader for Scripted {
    async fn read_tenant(&self) -> Result<ObservedTenant, DirectoryError> {
        self.inner.read_tenant().await
    }

    async fn read_accounts(&self, ids: &[EntraId]) -> Result<Vec<AccountFacts>, DirectoryError> {
        let lagging = self.old.lock().unwrap().pop_front();
        match lagging.filter(|old| ids.len() == 1 && old[0].user.as_ref().is_some_and(|user| user.id == ids[0])) {
            Some(old) => Ok(old),
            None => self.inner.read_accounts(ids).await,
        }
    }

    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError> {
        self.inner.find_holders(ids).await
    }

    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError> {
        self.inner.find_sid_holders(sids).await
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
        let old = self.inner.read_accounts(&[change.user]).await?;
        let result = match (self.script)(change) {
            Answer::Obey => self.inner.write(change).await,
            Answer::Fail(error) => Err(error),
            Answer::Mumble => {
                self.inner.write(change).await?;
                Err(DirectoryError::Unknown("the answer got lost".into()))
            }
        };
        if result.is_ok() {
            self.old.lock().unwrap().extend(vec![old; self.lag]);
        }
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        result
    }

    async fn export_account(&self, id: &EntraId) -> Result<serde_json::Value, DirectoryError> {
        self.inner.export_account(id).await
    }
}

/// Fails the writes to account `n`, the first `times` times.
fn failing(n: u8, times: usize, error: DirectoryError) -> impl Fn(&Change) -> Answer + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    move |change| {
        let hit = change.user == id(n) && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if hit { Answer::Fail(error.clone()) } else { Answer::Obey }
    }
}

fn refused(holder: Option<u8>) -> DirectoryError {
    DirectoryError::Refused { message: "no".into(), holder: holder.map(id) }
}

async fn apply(site: &Site, body: &Body, tenant: Scripted) -> (RunReport, Arc<Scripted>) {
    let tenant = Arc::new(tenant);
    let report = site.apply_to(body, &site.disk.directories_with(Arc::clone(&tenant) as _), &site.plan()).await;
    (report.unwrap(), tenant)
}

/// Sets for accounts 11, 10 and 12, which do not depend on one another.
fn three_sets() -> Body {
    let mut planner = Planner::new();
    for n in [11, 10, 12] {
        planner.set(n, n, &[]);
    }
    planner.body()
}

#[tokio::test(start_paused = true)]
async fn independent_actions_run_side_by_side_and_dependent_ones_in_order() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.options.concurrency = 4;
    let tenant = Scripted { pace: Duration::from_secs(1), ..Scripted::new(&site.disk, |_| Answer::Obey) };
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete);
    assert!((2..=4).contains(&tenant.peak.load(Ordering::SeqCst)));
    let set = |n| ChangeKind::SetImmutableId(ImmutableId::stored(&anchor(n)).unwrap());
    let clear = ChangeKind::ClearImmutableId { residue: false };
    assert!(tenant.place(1, &clear) < tenant.place(2, &set(2)) && tenant.place(2, &set(2)) < tenant.place(1, &set(1)));
    assert!(tenant.place(4, &ChangeKind::SoftDelete) < tenant.place(4, &ChangeKind::Purge));
    assert!(tenant.place(4, &ChangeKind::Purge) < tenant.place(3, &set(3)));
}

#[tokio::test]
async fn actions_on_one_object_keep_their_order_without_being_told() {
    let mut planner = Planner::new();
    planner.detour();
    let (site, mut body) = (Site::new(), planner.body());
    body.actions.iter_mut().for_each(|action| action.depends_on.clear());
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn a_failure_skips_what_needs_it_and_stops_what_was_not_started() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.options.concurrency = 1;
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(4, 1, refused(None)))).await;
    assert_eq!((report.done.len(), report.failed.len(), report.skipped.len()), (3, 1, 2));
    assert!(report.skipped.iter().all(|skipped| skipped.blocked_by == report.failed[0].0));
    assert_eq!(report.not_started.len(), body.actions.len() - 6);
    assert_eq!((report.exit_kind(), report.stopped_by.clone()), (ExitKind::Partial, Some(StoppedBy::Failures)));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn with_failures_allowed_the_rest_goes_on() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.options.max_failures = 1;
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(4, 1, refused(None)))).await;
    assert_eq!((report.failed.len(), report.skipped.len(), report.not_started.len()), (1, 2, 0));
    assert_eq!((report.done.len(), report.exit_kind()), (body.actions.len() - 3, ExitKind::Partial));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_just_released_is_waited_for() {
    let mut planner = Planner::new();
    planner.swap();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.retry = [1, 2, 4].map(Duration::from_secs).to_vec();
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(2, 2, refused(Some(1))))).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete);
    let waits: Vec<String> = site.notes.taken().into_iter().filter(|note| note.starts_with("wait")).collect();
    assert_eq!(waits, ["wait setImmutableId u2@x.example 1", "wait setImmutableId u2@x.example 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_somebody_else_holds_is_not_waited_for() {
    let mut planner = Planner::new();
    planner.swap();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.retry = vec![Duration::from_secs(1)];
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(2, 9, refused(Some(12))))).await;
    assert_eq!((report.failed.len(), report.failed[0].1.kind), (1, FailureKind::Refused));
    assert!(!site.notes.taken().iter().any(|note| note.starts_with("wait")));
}

#[tokio::test]
async fn missing_rights_and_lost_directories_stop_everything_at_once() {
    let denied = DirectoryError::Denied("no right".into());
    let unreachable = DirectoryError::Unreachable("no route".into());
    for (n, error, exit) in [
        (11, denied.clone(), ExitKind::Denied),
        (11, unreachable.clone(), ExitKind::Unreachable),
        (10, denied, ExitKind::Partial),
        (10, unreachable, ExitKind::Partial),
    ] {
        let (mut site, body) = (Site::new(), three_sets());
        (site.options.concurrency, site.options.max_failures) = (1, 100);
        let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(n, 9, error))).await;
        assert_eq!((report.exit_kind(), report.failed.len()), (exit, 1), "{report:?}");
        assert!(!report.not_started.is_empty());
        assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    }
}

#[tokio::test]
async fn a_write_of_unknown_fate_is_settled_by_reading() {
    let (site, body) = (Site::new(), Planner::everything().body());
    let (report, tenant) = apply(&site, &body, Scripted::new(&site.disk, |_| Answer::Mumble)).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}");
    let writes = body.actions.iter().filter(|action| action.target.entra_id().is_some()).count();
    assert_eq!(tenant.order.lock().unwrap().len(), writes, "none is sent twice");
    let (site, unknown) = (Site::new(), DirectoryError::Unknown("timeout".into()));
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(11, 2, unknown.clone()))).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete, "sent again after a look");
    let (site, body) = (Site::new(), three_sets());
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(12, 9, unknown))).await;
    assert_eq!((report.unconfirmed.len(), report.exit_kind()), (1, ExitKind::Unconfirmed));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_lags_is_repeated() {
    for (lag, exit) in [(2, ExitKind::Complete), (50, ExitKind::Unconfirmed)] {
        let mut planner = Planner::new();
        planner.set(11, 11, &[]);
        let (mut site, body) = (Site::new(), planner.body());
        site.options.read_back = [0, 1, 2].map(Duration::from_secs).to_vec();
        let (report, _) = apply(&site, &body, Scripted { lag, ..Scripted::new(&site.disk, |_| Answer::Obey) }).await;
        assert_eq!(report.exit_kind(), exit, "{report:?}");
    }
}

#[tokio::test]
async fn a_change_between_preflight_and_write_fails_that_action() {
    let (mut site, body) = (Site::new(), three_sets());
    (site.options.concurrency, site.options.max_failures) = (1, 9);
    let intruder = Arc::new(site.disk.tenant());
    let tenant = Arc::new(Meddled { inner: intruder, meddled: AtomicUsize::new(0) });
    let report = site.apply_to(&body, &site.disk.directories_with(tenant), &site.plan()).await.unwrap();
    assert_eq!((report.done.len(), report.failed.len()), (2, 1), "{report:?}");
    assert_eq!(report.failed[0].1.kind, FailureKind::Stale);
    assert!(report.failed[0].1.reason.contains("onPremisesImmutableId"), "{report:?}");
}

/// A tenant in which somebody else gives account 12 an ID during the first write.
struct Meddled {
    inner: Arc<SnapshotTenant>,
    meddled: AtomicUsize,
}

#[async_trait]
impl TenantReader for Meddled {
    async fn read_tenant(&self) -> Result<ObservedTenant, DirectoryError> {
        self.inner.read_tenant().await
    }
    async fn read_accounts(&self, ids: &[EntraId]) -> Result<Vec<AccountFacts>, DirectoryError> {
        self.inner.read_accounts(ids).await
    }
    async fn find_holders(&self, ids: &[ImmutableId]) -> Result<Vec<(ImmutableId, EntraId)>, DirectoryError> {
        self.inner.find_holders(ids).await
    }
    async fn find_sid_holders(&self, sids: &[Sid]) -> Result<Vec<(Sid, EntraId)>, DirectoryError> {
        self.inner.find_sid_holders(sids).await
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

#[tokio::test(start_paused = true)]
async fn a_signal_lets_what_is_in_flight_end() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.options.concurrency = 2;
    let (cancel, writes) = (site.cancel.clone(), AtomicUsize::new(0));
    let script = move |_: &Change| {
        if writes.fetch_add(1, Ordering::SeqCst) == 2 {
            cancel.cancel();
        }
        Answer::Obey
    };
    let tenant = Scripted { pace: Duration::from_secs(1), ..Scripted::new(&site.disk, script) };
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), report.stopped_by.clone()), (ExitKind::Interrupted, Some(StoppedBy::Cancelled)));
    assert_eq!(report.done.len(), tenant.order.lock().unwrap().len(), "all that was sent is known: {report:?}");
    let state = Journal::read(&site.journal()).unwrap();
    assert_eq!(state.runs[0].end, Some(EndStatus::Interrupted));
    site.cancel = CancellationToken::new();
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn a_signal_wakes_a_wait() {
    let mut planner = Planner::new();
    planner.swap();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.retry = vec![Duration::from_secs(1_000_000)];
    let tenant = Scripted::new(&site.disk, failing(2, 9, refused(Some(1))));
    let stopper = async {
        while !site.notes.taken().iter().any(|note| note.starts_with("wait")) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        site.cancel.cancel();
    };
    let ((report, _), ()) = tokio::join!(apply(&site, &body, tenant), stopper);
    assert_eq!((report.exit_kind(), report.not_started.len()), (ExitKind::Interrupted, 2), "{report:?}");
}

#[tokio::test]
async fn without_a_backup_nothing_is_deleted() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.options.backups = site.folder().join("file/backups");
    std::fs::write(site.folder().join("file"), "").unwrap();
    site.options.max_failures = 99;
    let report = site.apply(&body).await.unwrap();
    assert!(report.failed.len() == 3 && report.failed.iter().all(|(_, why)| why.kind == FailureKind::Backup), "{report:?}");
    assert!([4, 6].iter().all(|n| site.disk.state().users.contains_key(&id(*n))));
    assert!(!site.disk.state().users[&id(8)].is_deleted());
}

#[tokio::test]
async fn a_second_apply_is_kept_out() {
    let (site, body) = (Site::new(), three_sets());
    let lock = FolderLock::take(site.folder()).unwrap();
    let error = site.apply(&body).await.unwrap_err();
    assert!(matches!(error, ApplyError::Lock(_)) && error.to_string().contains("another apply"), "{error}");
    drop(lock);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn another_plan_waits_until_an_unfinished_one_is_closed() {
    for in_the_same_journal in [true, false] {
        let (mut site, body) = (Site::new(), three_sets());
        site.disk.dies_after(3, true);
        drop(site.apply(&body).await);
        site.disk.repair();
        site.digest = "sha256:two".into();
        let plan = if in_the_same_journal { site.plan() } else { site.folder().join("other.json") };
        let ApplyError::Unfinished(runs) = site.apply_to(&body, &site.disk.directories(), &plan).await.unwrap_err() else {
            panic!("not unfinished")
        };
        assert_eq!((runs.len(), runs[0].digest.as_str(), runs[0].plan.clone()), (1, DIGEST, site.plan()));
        let run = runs[0].run_id.to_string();
        assert!(scan(site.folder(), "sha256:two", Some(&run)).unwrap().is_empty(), "its rollback may run");
        abandon(&runs[0], NOW.parse().unwrap()).unwrap();
        let report = site.apply_to(&body, &site.disk.directories(), &plan).await.unwrap();
        assert_eq!(report.exit_kind(), ExitKind::Complete);
    }
}

#[tokio::test]
async fn a_run_that_sent_nothing_is_not_unfinished() {
    let (site, body) = (Site::new(), three_sets());
    site.disk.dies_after(1, false);
    drop(site.apply(&body).await);
    site.disk.repair();
    assert!(site.journal().exists());
    assert!(scan(site.folder(), "sha256:two", None).unwrap().is_empty());
    let unknown = append_end(&site.folder().join("none"), Uuid::nil(), EndStatus::Abandoned, NOW.parse().unwrap());
    assert!(unknown.is_err());
}

#[tokio::test]
async fn a_plan_out_of_order_is_refused() {
    let (site, mut body) = (Site::new(), Planner::everything().body());
    body.actions.reverse();
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Plan(_))));
    let twice = body.actions[0].clone();
    body.actions = vec![twice.clone(), twice];
    body.actions.iter_mut().for_each(|action| action.depends_on.clear());
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Plan(_))));
}
