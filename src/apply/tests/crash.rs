//! Killed at any moment, a plan ends as if undisturbed.

use crate::apply::journal::{Entry, Journal, OutcomeKind};

use super::*;

async fn undisturbed() -> (Site, Body) {
    let (site, body) = (Site::new(), Planner::everything().body());
    let report = site.apply(&body).await.unwrap();
    assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}");
    assert_eq!(report.done.len(), body.actions.len());
    (site, body)
}

#[tokio::test]
async fn everything_runs_to_its_end_and_is_backed_up() {
    let (site, body) = undisturbed().await;
    let (users, stamps) = site.disk.image();
    let holds = |n: u8| users[&id(n)].immutable_id.as_ref().map(|id| id.as_str().to_owned());
    for n in [1, 2, 3, 5, 7, 9, 11] {
        assert_eq!(holds(n), Some(anchor(n)), "u{n}");
    }
    assert!(!users.contains_key(&id(4)) && !users.contains_key(&id(6)));
    assert!(users[&id(8)].is_deleted() && holds(8).is_none());
    assert_eq!(&*users[&id(9)].upn, "u9@fed.example");
    assert_eq!(stamps[9].guid(), Some(guid(100)));
    assert_eq!(site.backups(), 3, "users 4, 6 and 8, each once");
    let state = Journal::read(&site.journal()).unwrap();
    assert_eq!(state.history(DIGEST).fates.len(), body.actions.len());
    assert!(state.history(DIGEST).open_run().is_none());
}

#[tokio::test]
async fn a_finished_plan_writes_nothing_when_it_is_applied_again() {
    let (site, body) = undisturbed().await;
    let journal = std::fs::read(site.journal()).unwrap();
    let report = site.apply(&body).await.unwrap();
    assert_eq!((report.exit_kind(), report.already_done.len()), (ExitKind::Complete, body.actions.len()));
    assert_eq!(std::fs::read(site.journal()).unwrap(), journal);
}

#[tokio::test]
async fn killed_at_every_operation_it_ends_in_the_same_tenant() {
    let (finished, body) = undisturbed().await;
    let expected = finished.disk.image();
    for (concurrency, last_one_lands) in [(1, false), (1, true), (8, true)] {
        for operations in 0.. {
            let mut site = Site::new();
            site.options.concurrency = concurrency;
            site.disk.dies_after(operations, last_one_lands);
            let first = site.apply(&body).await;
            if !site.disk.is_dead() {
                assert!(concurrency > 1 || operations > 2 * body.actions.len());
                break;
            }
            assert!(first.is_err() || first.is_ok_and(|report| report.exit_kind() != ExitKind::Complete));
            site.disk.repair();
            let second = site.apply(&body).await.unwrap();
            assert_eq!(second.exit_kind(), ExitKind::Complete, "killed at {operations}: {second:?}");
            assert_eq!(site.disk.image(), expected, "killed at {operations}");
            let state = Journal::read(&site.journal()).unwrap();
            assert!(state.history(DIGEST).open_run().is_none(), "killed at {operations}");
        }
    }
}

#[tokio::test]
async fn killed_twice_it_still_ends_in_the_same_tenant() {
    let (finished, body) = undisturbed().await;
    for (first, second) in [(4, 3), (11, 6), (17, 9), (30, 1)] {
        let site = Site::new();
        for operations in [first, second] {
            site.disk.dies_after(operations, true);
            drop(site.apply(&body).await);
            site.disk.repair();
        }
        assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
        assert_eq!(site.disk.image(), finished.disk.image());
    }
}

/// The journal of a small run and the tenant at each of its saves, with the length that the journal had then.
async fn recorded() -> (Site, Body, Vec<u8>) {
    let mut planner = Planner::new();
    planner.swap();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.concurrency = 1;
    site.apply(&body).await.unwrap();
    let journal = std::fs::read(site.journal()).unwrap();
    (site, body, journal)
}

#[tokio::test]
async fn the_journal_cut_after_every_byte_is_the_journal_of_its_whole_lines() {
    let (site, _, journal) = recorded().await;
    let path = site.folder().join("cut.journal.jsonl");
    for cut in 0..=journal.len() {
        let kept = &journal[..cut];
        std::fs::write(&path, kept).unwrap();
        let cut_state = Journal::read(&path).unwrap();
        // An entry that only lacks its line feed counts.
        let whole = kept.split_inclusive(|byte| *byte == b'\n').filter(|line| serde_json::from_slice::<Entry>(line).is_ok());
        let lines: Vec<u8> = whole.flat_map(|line| [line.trim_ascii_end(), b"\n"].concat()).collect();
        drop(open_file(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), lines, "cut at {cut}");
        assert_eq!(Journal::read(&path).unwrap(), cut_state, "cut at {cut}");
    }
}

#[tokio::test]
async fn the_journal_cut_anywhere_resumes_to_the_same_tenant() {
    let (site, body, journal) = recorded().await;
    let (before, after) = (Disk::new().image(), site.disk.image());
    for cut in (0..journal.len()).step_by(97).chain([journal.len()]) {
        for image in [&before, &after] {
            std::fs::write(site.journal(), &journal[..cut]).unwrap();
            site.disk.restore(image);
            let stands = !Journal::read(&site.journal()).unwrap().history(DIGEST).standing().is_empty();
            let ended = site.apply(&body).await;
            if stands && *image == before {
                assert!(matches!(ended, Err(ApplyError::Stale { .. })), "undone, and cut at {cut}: {ended:?}");
                continue;
            }
            assert_eq!(ended.as_ref().unwrap().exit_kind(), ExitKind::Complete, "cut at {cut}: {ended:?}");
            assert_eq!(site.disk.image(), after, "cut at {cut}");
        }
    }
}

#[tokio::test]
async fn an_intent_without_outcome_is_settled_by_reading() {
    let (site, body, journal) = recorded().await;
    let text = String::from_utf8(journal).unwrap();
    let without_last_outcome: Vec<&str> = text.lines().filter(|line| !line.contains("\"entry\":\"end\"")).collect();
    let kept = without_last_outcome.split_last().unwrap().1.join("\n") + "\n";
    std::fs::write(site.journal(), kept).unwrap();
    let report = site.apply(&body).await.unwrap();
    assert_eq!(report.already_done.len(), 3);
    let text = std::fs::read_to_string(site.journal()).unwrap();
    let settled: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = &body.actions[2].id;
    let is_settled =
        |entry: &Entry| matches!(entry, Entry::Outcome(o) if o.action == *last && o.result == OutcomeKind::AlreadyDone);
    assert_eq!(settled.iter().filter(|entry| is_settled(entry)).count(), 1);
    assert!(Journal::read(&site.journal()).unwrap().history(DIGEST).is_done(last));
}

#[tokio::test]
async fn a_full_disk_stops_before_the_write() {
    let (site, body) = (Site::new(), Planner::everything().body());
    let before = site.disk.image();
    site.disk.dies_after(1, false);
    let report = site.apply(&body).await.unwrap();
    assert_eq!(report.exit_kind(), ExitKind::Journal, "{report:?}");
    assert_eq!(site.disk.image(), before);
}
