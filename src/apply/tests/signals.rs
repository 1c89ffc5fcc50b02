//! Signals, locks and other runs.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::apply::journal::{EndStatus, append_end};
use crate::apply::lock::FolderLock;
use crate::apply::unfinished::{FolderJournals, abandon};
use crate::tenant_model::Change;

use super::order::three_sets;
use super::scripted::*;
use super::*;

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
async fn a_second_apply_is_kept_out() {
    let (site, body) = (Site::new(), three_sets());
    let lock = FolderLock::take(site.folder()).unwrap();
    let error = site.apply(&body).await.unwrap_err();
    assert!(
        matches!(error, ApplyError::Lock(_)) && error.to_string().contains("another `apply` or `rollback` is at work"),
        "{error}"
    );
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
        assert!(
            FolderJournals::read(site.folder()).unwrap().unfinished("sha256:two", &body.tenant, Some(&run)).is_empty(),
            "its rollback may run"
        );
        abandon(&runs[0], NOW.parse().unwrap()).unwrap();
        let report = site.apply_to(&body, &site.disk.directories(), &plan).await.unwrap();
        assert_eq!(report.exit_kind(), ExitKind::Complete);
    }
}

#[tokio::test]
async fn what_is_unfinished_in_another_tenant_keeps_nobody_waiting() {
    let (mut site, body) = (Site::new(), three_sets());
    site.disk.dies_after(3, true);
    drop(site.apply(&body).await);
    site.disk.repair();
    let journal = std::fs::read_to_string(site.journal()).unwrap();
    let elsewhere = body.tenant.id.as_deref().unwrap().replace(|_| true, "2");
    let unchecked = journal.lines().filter_map(|line| Some(format!("{}}}\n", line.split_once(",\"check\"")?.0)));
    let other = unchecked.collect::<String>().replace(body.tenant.id.as_deref().unwrap(), &elsewhere);
    std::fs::write(site.folder().join("other.journal.jsonl"), other).unwrap();
    std::fs::remove_file(site.journal()).unwrap();
    site.digest = "sha256:two".into();
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn a_run_that_sent_nothing_is_not_unfinished() {
    let (site, body) = (Site::new(), three_sets());
    site.disk.dies_after(1, false);
    drop(site.apply(&body).await);
    site.disk.repair();
    assert!(site.journal().exists());
    assert!(FolderJournals::read(site.folder()).unwrap().unfinished("sha256:two", &body.tenant, None).is_empty());
    let unknown = append_end(&site.folder().join("none"), Uuid::nil(), EndStatus::Abandoned, &[], NOW.parse().unwrap());
    assert!(unknown.is_err());
}
