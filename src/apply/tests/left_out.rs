//! What the way back leaves out, and which of several runs it undoes.

use crate::apply::unfinished::mark_rolled_back;
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
    let to_undo = || Journal::read(&site.journal()).unwrap().to_undo().map(str::to_owned);
    for digest in ["sha256:two", "sha256:one"] {
        assert_eq!(to_undo().as_deref(), Some(digest));
        let state = Journal::read(&site.journal()).unwrap();
        let run_id = state.history(digest).runs[0].header.run_id;
        mark_rolled_back(site.folder(), &run_id.to_string(), NOW.parse().unwrap()).unwrap();
    }
    assert_eq!(to_undo().as_deref(), Some("sha256:two"), "all is undone");
}
