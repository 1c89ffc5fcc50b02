//! The way back is held against the limits of the policy, too.

use crate::model::Limits;
use crate::plan::finding::Code;

use super::undo::way_back;
use super::*;

/// The way back of a run, and what there is to say of it.
async fn under(body: &Body, limits: Limits) -> (Status, Vec<(Code, String)>) {
    let mut site = Site::new();
    site.apply(body).await.unwrap();
    site.policy.limits = limits;
    let state = Journal::read(&site.journal()).unwrap();
    let back = way_back(&site, &state, DIGEST).await;
    assert_eq!(back.summary, crate::plan::summary(&back.mappings, &back.actions, &back.findings));
    let findings = back.findings.into_iter().map(|finding| (finding.code, finding.hint.unwrap_or_default()));
    (back.status, findings.collect())
}

/// Four accounts, two of them from the recycle bin.
fn restores(users: u64) -> Body {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    planner.set(12, 12, &[]);
    planner.state(ActionKind::Restore, 6, "live", &[]);
    planner.state(ActionKind::Restore, 8, "live", &[]);
    let mut body = planner.body();
    body.tenant.users = users;
    body
}

#[tokio::test]
async fn a_way_back_that_changes_too_much_is_blocked_and_says_how_to_go_on() {
    let default = Limits::default();
    assert_eq!(under(&restores(11), default).await, (Status::Ready, vec![]));
    assert_eq!(under(&restores(11), Limits { changes: 4, ..default }).await.0, Status::Ready);
    let (status, findings) = under(&restores(11), Limits { changes: 3, ..default }).await;
    let [(Code::LimitExceeded, hint)] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(status, Status::Blocked);
    insta::assert_snapshot!(hint, @"If that is meant, raise `policy.limits.changes` in a review of its own, then run `hardmatch rollback` again: the journal stays as it is.");
}

#[tokio::test]
async fn what_was_a_share_that_is_allowed_is_none_too_large_on_the_way_back() {
    let with = |percent| Limits { percent, ..Limits::default() };
    assert_eq!(under(&restores(50), with(8)).await.0, Status::Ready, "4 of 52");
    assert_eq!(under(&restores(50), with(7)).await.0, Status::Blocked);
    assert_eq!(under(&restores(49), with(0)).await.0, Status::Ready, "percent counts from 50 users up");
}
