//! What the way back leaves out, and which of several runs it undoes.

use crate::apply::unfinished::mark_rolled_back;
use crate::plan::action::ActionId;
use crate::plan::finding::Code;

use super::undo::{reversible, roll_back, way_back};
use super::*;

#[tokio::test]
async fn what_would_be_refused_is_left_out_and_the_rest_is_undone() {
    let (mut site, body) = (Site::new(), reversible());
    site.apply(&body).await.unwrap();
    // Somebody else took the ID that account 13 had.
    site.disk.change(12, |user| user.immutable_id = ImmutableId::stored(&anchor(130)));
    let back = roll_back(&mut site).await;
    let [finding] = &back.findings[..] else { panic!("{:?}", back.findings) };
    assert_eq!((finding.code, finding.mapping.as_deref()), (Code::NotReversible, Some("m13")));
    assert!(finding.message.contains("cannot be undone: setImmutableId would be refused now: "), "{}", finding.message);
    assert_eq!((back.status, back.actions.len()), (Status::Partial, body.actions.len() - 1));
    let rehearsed = back.actions.iter().filter(|action| action.target.entra_id().is_some()).count();
    assert_eq!(back.proof.steps, rehearsed as u64);
}

#[tokio::test]
async fn a_stamp_by_which_an_account_was_linked_since_stays() {
    let mut planner = Planner::new();
    planner.stamp(10, 100);
    planner.set(11, 11, &[]);
    let (mut site, body) = (Site::new(), planner.body());
    site.disk.change(12, |user| user.immutable_id = ImmutableId::stored(&anchor(100)));
    site.apply(&body).await.unwrap();
    site.disk.change(12, |user| {
        (user.sync_enabled, user.object_identifier) = (Known::Is(true), Known::Is(guid(77)));
    });
    let state = Journal::read(&site.journal()).unwrap();
    assert_eq!(way_back(&site, &state, DIGEST).await.findings, [], "it is still the older object that is synced");
    site.disk.change(12, |user| user.object_identifier = Known::Is(guid(10)));
    let stamped = site.disk.image().1;
    let back = roll_back(&mut site).await;
    let [finding] = &back.findings[..] else { panic!("{:?}", back.findings) };
    assert!(finding.message.ends_with("u12@x.example is synced by this source anchor now, and sync would lose the account"));
    assert_eq!((back.actions.len(), site.disk.image().1), (1, stamped));
}

/// What is in the way today may be gone tomorrow.
#[tokio::test]
async fn what_was_left_out_is_undone_by_the_next_way_back() {
    let (mut site, body) = (Site::new(), reversible());
    site.apply(&body).await.unwrap();
    site.disk.change(12, |user| user.immutable_id = ImmutableId::stored(&anchor(130)));
    let first = roll_back(&mut site).await;
    assert_eq!(first.leaves.len(), 1, "{:?}", first.findings);
    let left = |site: &Site| -> Vec<ActionId> {
        Journal::read(&site.journal()).unwrap().history(DIGEST).fates.keys().map(|id| (*id).clone()).collect()
    };
    assert_eq!(left(&site), first.leaves);
    site.disk.change(12, |user| user.immutable_id = None);
    let second = roll_back(&mut site).await;
    assert_eq!((second.actions.len(), second.leaves.len(), second.findings.len()), (1, 0, 0));
    assert_eq!(left(&site), []);
    let [(before, _), (now, _)] = [Disk::new().image(), site.disk.image()];
    assert_eq!(now.get(&id(13)), before.get(&id(13)));
}

/// Approved is what was done by then, and a part of it undone would pass for the whole.
#[tokio::test]
async fn a_way_back_that_was_planned_before_the_run_went_on_is_refused() {
    let (mut site, body) = (Site::new(), reversible());
    site.disk.dies_after(9, false);
    drop(site.apply(&body).await);
    site.disk.repair();
    let state = Journal::read(&site.journal()).unwrap();
    let back = way_back(&site, &state, DIGEST).await;
    assert!(!back.actions.is_empty());
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    let (after, journal) = (site.disk.image(), std::fs::read(site.journal()).unwrap());
    site.digest = "sha256:back".into();
    let refused = site.apply_to(&back, &site.disk.directories(), &site.folder().join("back.json")).await;
    assert!(matches!(refused, Err(ApplyError::WentOn)), "{refused:?}");
    assert_eq!((site.disk.image(), std::fs::read(site.journal()).unwrap()), (after, journal));
}

#[tokio::test]
async fn what_was_undone_is_not_done_again_under_another_name() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let (mut site, body) = (Site::new(), planner.body());
    let after = |seconds: i64| Some(NOW.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds));
    // By a clock that is an hour ahead.
    site.made = after(3_600);
    site.apply(&body).await.unwrap();
    roll_back(&mut site).await;
    let before = site.disk.image();
    for plan in ["wave.json", "copy.json"] {
        let again = site.apply_to(&body, &site.disk.directories(), &site.folder().join(plan)).await;
        assert!(matches!(again, Err(ApplyError::Undone { .. })), "{plan}: {again:?}");
        assert_eq!(site.disk.image(), before);
    }
    site.made = after(3_601);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete, "planned again, it is wanted again");
}

#[tokio::test]
async fn what_was_undone_within_the_second_in_which_it_was_planned_is_not_done_again() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let (mut site, body) = (Site::new(), planner.body());
    let at = |milliseconds: i64| Some(NOW.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_millis(milliseconds));
    site.made = at(0);
    site.apply(&body).await.unwrap();
    roll_back(&mut site).await;
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Undone { .. })), "the file itself, in whole seconds");
    site.made = at(-1);
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Undone { .. })), "one that was made before");
    site.made = at(1);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete, "one that was made afterwards");
}

#[tokio::test]
async fn what_was_undone_is_not_done_again_in_another_folder() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let (mut site, body) = (Site::new(), planner.body());
    site.made = NOW.parse().ok();
    site.apply(&body).await.unwrap();
    roll_back(&mut site).await;
    let (before, copy) = (site.disk.image(), site.folder().join("x/copy.json"));
    std::fs::create_dir(site.folder().join("x")).unwrap();
    site.also_undone_in = Some(site.folder().to_owned());
    let again = site.apply_to(&body, &site.disk.directories(), &copy).await;
    assert!(matches!(&again, Err(ApplyError::Undone { journal, .. }) if *journal == site.journal()), "{again:?}");
    assert_eq!(site.disk.image(), before);
}

#[tokio::test]
async fn plans_that_share_a_journal_are_undone_one_after_the_other() {
    let mut site = Site::new();
    let wave = |n| {
        let mut planner = Planner::new();
        planner.set(n, n, &[]);
        planner.body()
    };
    for (n, digest) in [(11, "sha256:one"), (12, "sha256:two")] {
        site.digest = digest.into();
        site.apply(&wave(n)).await.unwrap();
    }
    for left in [&["sha256:two", "sha256:one"][..], &["sha256:one"]] {
        let state = Journal::read(&site.journal()).unwrap();
        assert_eq!(state.to_undo(), left);
        let digest = left[0];
        let run_id = state.history(digest).runs[0].header.run_id;
        mark_rolled_back(site.folder(), &run_id.to_string(), &[], NOW.parse().unwrap()).unwrap();
    }
    assert_eq!(Journal::read(&site.journal()).unwrap().to_undo(), [""; 0], "all is undone");
}
