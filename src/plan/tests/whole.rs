//! The plan as a whole: limits, sources, what is off.

use super::*;

#[test]
fn limits_and_empty_sources_block_the_whole_plan() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    case.desired.policy.limits.changes = 0;
    let body = case.plan();
    assert_eq!((blockers(&body), body.status, body.actions.len()), (vec![Code::LimitExceeded], Status::Blocked, 1));
    let empty = Case::new().cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&empty), [Code::SourceEmpty, Code::OnpremNotFound]);
    let nobody = Case::new().ad("ann", A, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&nobody), [Code::SourceEmpty, Code::CloudNotFound]);
    let in_the_bin = |account: &mut CloudUser| account.deleted_at = Some("2026-11-24T00:00:00Z".into());
    let deleted = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, in_the_bin).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&deleted), [Code::TargetSoftDeleted]);
}

#[test]
fn sync_that_is_switched_off_is_said_where_something_is_to_be_linked() {
    let off = |mut case: Case| {
        case.observed.tenant.sync_enabled = Known::Is(false);
        codes(&case.plan())
    };
    let case = |id| Case::new().ad("ann", A, nothing).cloud(1, "ann", id, nothing);
    assert_eq!(off(case(None).map("ann", "ann", nothing)), [Code::HardMatchBlocked]);
    let leaves = case(Some(anchor(A))).map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody);
    // The AD user is still there, which is another matter.
    assert_eq!(off(leaves), [Code::TargetWasLinked]);
}

#[test]
fn the_order_of_reading_shows_nowhere() {
    let mut case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(A)), nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing);
    let first = serde_json::to_string(&case.plan()).unwrap();
    case.observed.tenant.users.reverse();
    case.observed.forests[0].users.reverse();
    assert_eq!(serde_json::to_string(&case.plan()).unwrap(), first);
}
