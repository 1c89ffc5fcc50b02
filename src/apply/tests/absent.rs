//! An account that is not found, and may be there all the same.

use std::sync::atomic::Ordering;

use crate::apply::journal::Journal;
use crate::directory::ports::DirectoryError;
use crate::tenant_model::ChangeKind;

use super::scripted::{Answer, Scripted, apply};
use super::*;

/// What a reader tells that has an account neither here nor there.
fn nowhere() -> Vec<AccountFacts> {
    vec![AccountFacts { user: None, roles: Known::Unknown, privileged_roles: Known::Unknown }]
}

/// A tenant in which these readings are answered, and then the truth is.
fn telling(site: &Site, readings: Vec<Vec<AccountFacts>>) -> Scripted {
    let tenant = Scripted::new(&site.disk, |_| Answer::Obey);
    tenant.old.lock().unwrap().extend(readings);
    tenant
}

fn ground() -> (Site, Body) {
    let mut planner = Planner::new();
    planner.state(ActionKind::SoftDelete, 4, "deleted", &[]);
    planner.state(ActionKind::Purge, 4, "gone", &[0]);
    let mut site = Site::new();
    (site.options.concurrency, site.options.read_back) = (1, [0, 1, 2].map(Duration::from_secs).to_vec());
    (site, planner.body())
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_nobody_sent_is_not_done_because_one_look_finds_nothing() {
    let (site, body) = ground();
    // The preflight, two looks and the one after the deletion tell the truth, the one before the purge does not.
    let tenant = telling(&site, [vec![vec![]; 4], vec![nowhere(); 1]].concat());
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), report.done.len()), (ExitKind::Complete, 2), "{report:?}");
    assert!(tenant.place(4, &ChangeKind::Purge) == 1 && !site.disk.state().users.contains_key(&id(4)));
}

#[tokio::test(start_paused = true)]
async fn nor_when_the_next_run_does_not_find_it_at_first() {
    let (site, body) = ground();
    // Killed right after the deletion was sent.
    site.disk.dies_after(4, false);
    drop(site.apply(&body).await);
    site.disk.repair();
    assert!(site.disk.state().users[&id(4)].is_deleted());
    let (report, _) = apply(&site, &body, telling(&site, vec![nowhere(); 3])).await;
    assert_eq!((report.exit_kind(), report.already_done.len(), report.done.len()), (ExitKind::Complete, 1, 1), "{report:?}");
    assert!(!site.disk.state().users.contains_key(&id(4)));
}

#[tokio::test(start_paused = true)]
async fn what_is_never_found_is_gone() {
    let (site, body) = ground();
    site.disk.state().users.remove(&id(4));
    let began = tokio::time::Instant::now();
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    // Nothing more is asked of what this plan purged.
    let (site, body) = ground();
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    let (tenant, began) = (Scripted::new(&site.disk, |_| Answer::Obey), tokio::time::Instant::now());
    assert_eq!(apply(&site, &body, tenant).await.0.exit_kind(), ExitKind::Complete);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn of_a_large_plan_only_what_is_not_found_is_looked_for_again_and_again() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.options.read_back = [0, 1, 2].map(Duration::from_secs).to_vec();
    site.disk.state().users.remove(&id(4));
    let (report, tenant) = apply(&site, &body, Scripted::new(&site.disk, |_| Answer::Obey)).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}");
    let readings = tenant.readings.lock().unwrap().clone();
    let all = readings[0];
    assert!(all > 3, "{readings:?}");
    assert_eq!(readings[..5], [all, 1, 1, 1, all], "{readings:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_stopped_while_looking_writes_nothing_down_that_may_not_be_so() {
    let (site, body) = ground();
    site.disk.state().users.remove(&id(4));
    site.cancel.cancel();
    let report = site.apply(&body).await.unwrap();
    assert_eq!((report.exit_kind(), report.not_started.len()), (ExitKind::Interrupted, 1), "{report:?}");
    let journal = Journal::read(&site.journal()).unwrap();
    assert!(!journal.history(DIGEST).standing().contains_key(&body.actions[1].id));
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_finds_nothing_is_sent_again_when_the_account_turns_up() {
    let (mut site, body) = ground();
    site.options.retry = vec![Duration::from_secs(1)];
    let left = std::sync::atomic::AtomicUsize::new(1);
    let tenant = Scripted::new(&site.disk, move |change| {
        let fails = change.kind == ChangeKind::Purge && left.swap(0, Ordering::SeqCst) == 1;
        if fails { Answer::Fail(DirectoryError::NotThere("not found".into())) } else { Answer::Obey }
    });
    // Then one look, after the write that found nothing, does not find it either.
    tenant.old.lock().unwrap().extend([vec![vec![]; 5], vec![nowhere(); 1]].concat());
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), report.done.len()), (ExitKind::Complete, 2), "{report:?}");
    assert_eq!(tenant.order.lock().unwrap().len(), 3);
    assert!(!site.disk.state().users.contains_key(&id(4)));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_found_for_so_long_that_it_counted_as_purged_is_purged_when_it_turns_up() {
    let mut planner = Planner::new();
    planner.purge_chain();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.concurrency = 1;
    // From the first purge on nothing is found, and then the run stops.
    let tenant = Scripted::new(&site.disk, |change| {
        if change.kind == ChangeKind::Purge {
            Answer::Fail(DirectoryError::NotThere("not found".into()))
        } else if matches!(change.kind, ChangeKind::SetImmutableId(_)) {
            Answer::Fail(DirectoryError::Unreachable("gone".into()))
        } else {
            Answer::Obey
        }
    });
    tenant.old.lock().unwrap().extend([vec![vec![]; 5], vec![nowhere(); 3]].concat());
    let (report, _) = apply(&site, &body, tenant).await;
    assert_eq!(report.done.len(), 2, "{report:?}");
    assert!(site.disk.state().users[&id(4)].is_deleted());
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert!(!site.disk.state().users.contains_key(&id(4)));
}

/// Answers the first purge with a gateway's time-out, before or after it is made.
fn unclear(site: &Site, is_made: bool) -> Scripted {
    let left = std::sync::atomic::AtomicUsize::new(1);
    Scripted::new(&site.disk, move |change| {
        if change.kind != ChangeKind::Purge {
            Answer::Obey
        } else if left.swap(0, Ordering::SeqCst) == 1 && is_made {
            Answer::Mumble
        } else {
            Answer::Fail(DirectoryError::Unknown("504".into()))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_purge_of_unknown_fate_is_not_done_because_one_look_finds_nothing() {
    // In any look after the purge, while it is asked whether to send it again and after the last time it was sent.
    for false_look in 0..20 {
        let (site, body) = ground();
        let tenant = unclear(&site, false);
        tenant.old.lock().unwrap().extend([vec![vec![]; 5 + false_look], vec![nowhere(); 1]].concat());
        let (report, _) = apply(&site, &body, tenant).await;
        assert_eq!((report.exit_kind(), report.done.len()), (ExitKind::Unconfirmed, 1), "{false_look} {report:?}");
        assert!(site.disk.state().users[&id(4)].is_deleted());
        // Nor does the next run believe one look of what is open.
        let (report, _) = apply(&site, &body, telling(&site, vec![nowhere(); 1])).await;
        assert_eq!((report.exit_kind(), report.done.len()), (ExitKind::Complete, 1), "{false_look} {report:?}");
        assert!(!site.disk.state().users.contains_key(&id(4)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_purge_of_unknown_fate_is_done_when_no_look_finds_the_account() {
    let (site, body) = ground();
    let (report, tenant) = apply(&site, &body, unclear(&site, true)).await;
    assert_eq!((report.exit_kind(), report.done.len()), (ExitKind::Complete, 2), "{report:?}");
    assert_eq!(tenant.order.lock().unwrap().len(), 2);
}
