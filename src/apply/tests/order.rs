//! Order, concurrency, failures and waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::directory::ports::DirectoryError;
use crate::tenant_model::ChangeKind;

use super::scripted::*;
use super::*;

/// Sets for accounts 11, 10 and 12, which do not depend on one another.
pub(super) fn three_sets() -> Body {
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

/// No more is at stake than has gone well before.
#[tokio::test(start_paused = true)]
async fn what_goes_well_grows_to_what_the_requests_hold() {
    for (together, peaks) in [(1, 2..=2), (20, 3..=10)] {
        let mut planner = Planner::new();
        for n in [1, 2, 3, 4, 5, 7, 10, 11, 12, 13] {
            planner.upn(n, &format!("w{n}@x.example"), &[]);
        }
        let (mut site, body) = (Site::new(), planner.body());
        site.options.concurrency = 2;
        let tenant = Scripted { pace: Duration::from_secs(1), together, ..Scripted::new(&site.disk, |_| Answer::Obey) };
        let (report, tenant) = apply(&site, &body, tenant).await;
        let peak = tenant.peak.load(Ordering::SeqCst);
        assert!(report.exit_kind() == ExitKind::Complete && peaks.contains(&peak), "{together} together: {peak}");
    }
}

/// What somebody did in the meantime does not set free what waits for it: what it waited for may be still to be done.
#[tokio::test(start_paused = true)]
async fn what_is_done_already_stands_for_all_that_it_waited_for() {
    let mut planner = Planner::new();
    let cleared = planner.clear(1, &[]);
    let other = planner.set(11, 11, &[cleared]);
    planner.set(2, 2, &[other]);
    let (site, body) = (Site::new(), planner.body());
    site.disk.change(11, |user| user.immutable_id = ImmutableId::stored(&anchor(11)));
    let tenant = Scripted { pace: Duration::from_secs(1), ..Scripted::new(&site.disk, |_| Answer::Obey) };
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), report.already_done.len(), report.done.len()), (ExitKind::Complete, 1, 2), "{report:?}");
    assert_eq!(tenant.peak.load(Ordering::SeqCst), 1, "one after the other");
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
async fn missing_rights_and_lost_directories_stop_everything() {
    let denied = DirectoryError::Denied("no right".into());
    let unreachable = DirectoryError::Unreachable("no route".into());
    for (n, error, allowed, exit) in [
        (11, denied.clone(), 0, ExitKind::Denied),
        (11, unreachable.clone(), 100, ExitKind::Unreachable),
        (10, denied, 0, ExitKind::Partial),
        (10, unreachable, 100, ExitKind::Partial),
    ] {
        let (mut site, body) = (Site::new(), three_sets());
        (site.options.concurrency, site.options.max_failures) = (1, allowed);
        let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(n, 9, error))).await;
        assert_eq!((report.exit_kind(), report.failed.len()), (exit, 1), "{report:?}");
        assert!(!report.not_started.is_empty());
        assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    }
}

/// A right may lack on one account only, such as an administrator's.
#[tokio::test]
async fn a_right_that_lacks_on_one_object_is_one_failure() {
    let denied = || DirectoryError::Denied("no right".into());
    let (mut site, body) = (Site::new(), three_sets());
    (site.options.concurrency, site.options.max_failures) = (1, 1);
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(11, 9, denied()))).await;
    assert_eq!((report.exit_kind(), report.done.len(), report.failed.len()), (ExitKind::Partial, 2, 1), "{report:?}");
    let (mut site, body) = (Site::new(), three_sets());
    (site.options.concurrency, site.options.max_failures) = (1, 1);
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, move |_| Answer::Fail(denied()))).await;
    assert_eq!((report.exit_kind(), report.failed.len(), report.not_started.len()), (ExitKind::Denied, 2, 1), "{report:?}");
    assert!(matches!(report.stopped_by, Some(StoppedBy::Denied(_))), "{report:?}");
}

/// No other try makes room, so nobody is kept waiting.
#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_everything_at_once_and_is_called_so() {
    let (mut site, body) = (Site::new(), three_sets());
    (site.options, site.disk.state().is_full) = (Options::new(site.options.backups.clone()), true);
    let began = tokio::time::Instant::now();
    let report = site.apply(&body).await.unwrap();
    assert_eq!(report.exit_kind(), ExitKind::Unsaved, "{report:?}");
    assert!(matches!(&report.stopped_by, Some(StoppedBy::Unsaved(why)) if why.contains("the disk is full")), "{report:?}");
    assert_eq!(began.elapsed(), Duration::ZERO);
    site.disk.state().is_full = false;
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
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

#[tokio::test]
async fn without_a_backup_nothing_is_deleted() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    (site.options.max_failures, site.loses_backups) = (99, true);
    let report = site.apply(&body).await.unwrap();
    let whys: Vec<&Failure> = report.failed.iter().map(|(_, why)| why).collect();
    assert!(whys.len() == 3 && whys.iter().all(|why| why.kind == FailureKind::Backup), "{report:?}");
    assert!(whys.iter().all(|why| why.reason.ends_with(": a file is in its place")), "{report:?}");
    assert!([4, 6].iter().all(|n| site.disk.state().users.contains_key(&id(*n))));
    assert!(!site.disk.state().users[&id(8)].is_deleted());
}

#[tokio::test]
async fn what_is_not_the_account_is_no_copy_of_it_and_nothing_is_deleted() {
    use serde_json::json;
    let another = json!({"id": id(12).to_string()});
    for answered in [json!({}), json!(null), json!([]), json!({"value": []}), json!("u4"), another] {
        let (mut site, body) = (Site::new(), Planner::everything().body());
        site.options.max_failures = 99;
        site.disk.state().answered = Some(answered.clone());
        let report = site.apply(&body).await.unwrap();
        let whys: Vec<&Failure> = report.failed.iter().map(|(_, why)| why).collect();
        let words = "the account could not be saved before its deletion: what the directory answered is not this account";
        assert!(whys.len() == 3 && whys.iter().all(|why| why.kind == FailureKind::Backup), "{answered}: {report:?}");
        assert!(whys.iter().all(|why| why.reason == words), "{report:?}");
        assert!([4, 6].iter().all(|n| site.disk.state().users.contains_key(&id(*n))) && site.backups() == 0);
        site.disk.state().answered = None;
        assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    }
}

#[tokio::test]
async fn a_run_that_could_not_save_what_it_deletes_does_not_begin() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.options.backups = site.folder().join("file/backups");
    std::fs::write(site.folder().join("file"), "").unwrap();
    let before = site.disk.state().users.clone();
    let error = site.apply(&body).await.unwrap_err();
    assert!(matches!(error, ApplyError::Backups { .. }) && error.to_string().contains("nothing was written"), "{error}");
    assert!(site.disk.state().users == before && !site.journal().exists());
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    assert_eq!(site.apply(&planner.body()).await.unwrap().exit_kind(), ExitKind::Complete, "it deletes nobody");
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
