//! What a step waits for, what it takes for done, and what it does not try again.

use crate::apply::journal::Journal;
use crate::directory::ports::{DirectoryError, TenantReader as _};
use crate::tenant_model::ChangeKind;

use super::order::three_sets;
use super::scripted::{Answer, Scripted, apply, failing, refused};
use super::*;

fn swap() -> (Site, Body) {
    let mut planner = Planner::new();
    planner.swap();
    (Site::new(), planner.body())
}

/// Released by somebody else after the preflight: the directory may keep the value as long.
#[tokio::test]
async fn a_value_that_was_found_released_is_waited_for() {
    let (site, body) = swap();
    let before = site.disk.tenant().read_accounts(&[id(1).into()]).await.unwrap();
    site.disk.change(1, |user| user.immutable_id = None);
    let tenant = Scripted::new(&site.disk, failing(2, 1, refused(Some(1))));
    tenant.old.lock().unwrap().push_back(before);
    let (report, _) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), report.done.len(), report.already_done.len()), (ExitKind::Complete, 2, 1), "{report:?}");
}

#[tokio::test]
async fn nor_is_one_forgotten_that_an_earlier_run_released() {
    let (mut site, body) = swap();
    site.options.concurrency = 1;
    let (report, _) =
        apply(&site, &body, Scripted::new(&site.disk, failing(2, 9, DirectoryError::Unreachable("no".into())))).await;
    assert_eq!(report.done.len(), 1, "{report:?}");
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(2, 1, refused(Some(1))))).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}");
}

/// Each look may be answered by another server, of which one is late.
#[tokio::test]
async fn a_look_that_is_older_than_the_last_write_to_the_object_is_repeated() {
    let mut planner = Planner::new();
    planner.detour();
    let (mut site, body) = (Site::new(), planner.body());
    (site.options.concurrency, site.options.read_back) = (1, vec![Duration::ZERO; 2]);
    let tenant = Scripted::new(&site.disk, |_| Answer::Obey);
    let before = tenant.read_accounts(&[id(9).into()]).await.unwrap();
    // The preflight, the first look and the one after the first write are not late.
    tenant.old.lock().unwrap().extend([vec![vec![]; 3], vec![before; 2]].concat());
    let (report, _) = apply(&site, &body, tenant).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}");
}

#[tokio::test]
async fn nothing_is_sent_when_the_run_is_stopped_while_it_looks() {
    let (mut site, body) = (Site::new(), three_sets());
    site.options.concurrency = 1;
    let cancel = site.cancel.clone();
    let at_reading = Box::new(move |nth| {
        if nth == 1 {
            cancel.cancel();
        }
        Ok(())
    });
    let tenant = Scripted { at_reading, ..Scripted::new(&site.disk, |_| Answer::Obey) };
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), report.not_started.len()), (ExitKind::Interrupted, 3), "{report:?}");
    assert!(tenant.order.lock().unwrap().is_empty());
    assert!(Journal::read(&site.journal()).unwrap().history(DIGEST).fates.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_purge_that_finds_nothing_is_done_where_nothing_is_found_afterwards() {
    let mut planner = Planner::new();
    planner.purge_of_deleted();
    let (site, body) = (Site::new(), planner.body());
    let gone = |change: &crate::tenant_model::Change| {
        if change.kind == ChangeKind::Purge { Answer::But(DirectoryError::NotThere("not found".into())) } else { Answer::Obey }
    };
    let (report, tenant) = apply(&site, &body, Scripted::new(&site.disk, gone)).await;
    assert_eq!((report.exit_kind(), tenant.order.lock().unwrap().len()), (ExitKind::Complete, 2), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_although_nothing_was_written_before_is_not_waited_for() {
    let (mut site, body) = (Site::new(), three_sets());
    (site.options.concurrency, site.options.retry) = (1, vec![Duration::from_secs(1); 3]);
    let tenant = Scripted::new(&site.disk, failing(11, 1, DirectoryError::NotThere("not found".into())));
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!(report.failed.first().map(|(_, why)| why.kind), Some(FailureKind::Refused), "{report:?}");
    assert_eq!(tenant.order.lock().unwrap().len(), 1);
    assert!(!tenant.readings.lock().unwrap().is_empty() && !site.notes.taken().iter().any(|note| note.starts_with("wait")));
}

/// A set for account 11 alone, and waits that nobody sits through.
fn one_set() -> (Site, Body) {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let mut site = Site::new();
    site.options.read_back = [0, 1, 2, 4, 8, 15].map(Duration::from_secs).to_vec();
    (site, planner.body())
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_read_what_was_written_is_not_kept_waiting() {
    for error in [DirectoryError::Denied("no".into()), DirectoryError::Unreachable("no".into())] {
        let ((site, body), began) = (one_set(), tokio::time::Instant::now());
        // The preflight and the look before the write are answered.
        let at_reading = Box::new(move |nth| if nth < 2 { Ok(()) } else { Err(error.clone()) });
        let tenant = Scripted { at_reading, ..Scripted::new(&site.disk, |_| Answer::Obey) };
        let (report, _) = apply(&site, &body, tenant).await;
        assert_eq!((report.exit_kind(), began.elapsed()), (ExitKind::Unconfirmed, Duration::ZERO), "{report:?}");
    }
    // An answer that makes no sense may be followed by one that does.
    let (site, body) = one_set();
    let at_reading = Box::new(|nth| if nth == 2 { Err(DirectoryError::Unusable("odd".into())) } else { Ok(()) });
    let tenant = Scripted { at_reading, ..Scripted::new(&site.disk, |_| Answer::Obey) };
    assert_eq!(apply(&site, &body, tenant).await.0.exit_kind(), ExitKind::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_fate_shows_late_is_not_sent_again() {
    let (site, body) = one_set();
    let tenant = Scripted::new(&site.disk, |_| Answer::Mumble);
    let before = tenant.read_accounts(&[id(11).into()]).await.unwrap();
    tenant.old.lock().unwrap().extend([vec![vec![]; 2], vec![before; 3]].concat());
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), tenant.order.lock().unwrap().len()), (ExitKind::Complete, 1), "{report:?}");
}

#[tokio::test]
async fn nor_one_that_nobody_looked_for() {
    let (mut site, body) = one_set();
    site.options.read_back = Vec::new();
    let tenant = Scripted::new(&site.disk, failing(11, 9, DirectoryError::Unknown("504".into())));
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), tenant.order.lock().unwrap().len()), (ExitKind::Unconfirmed, 1), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn nor_one_whose_effect_is_there_when_its_next_turn_comes() {
    let (site, body) = one_set();
    let tenant = Scripted::new(&site.disk, |_| Answer::But(DirectoryError::Throttled("429".into())));
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), tenant.order.lock().unwrap().len()), (ExitKind::Complete, 1), "{report:?}");
}
