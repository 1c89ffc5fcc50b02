//! The order of writes, and who waits for whom.

use super::*;

#[test]
fn a_swap_takes_one_clear_and_deletes_nobody() {
    let case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(A)), nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing);
    assert_eq!(kinds(&case.plan()), ["clearImmutableId ann", "setImmutableId bob", "setImmutableId ann"]);
}

#[test]
fn a_chain_starts_at_its_free_end() {
    let case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .ad("cid", S, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(S)), nothing)
        .cloud(3, "cid", None, nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing)
        .map("cid", "cid", nothing);
    assert_eq!(kinds(&case.plan()), ["setImmutableId ann", "setImmutableId bob", "setImmutableId cid"]);
}

#[test]
fn a_blocked_mapping_blocks_what_waits_for_it_and_nothing_else() {
    let case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .ad("cid", S, nothing)
        .cloud(1, "ann", Some(anchor(P)), |user| user.traits_mut().user_type = Known::Is(UserKind::Guest))
        .cloud(2, "bob", None, nothing)
        .cloud(3, "cid", None, nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing)
        .map("cid", "cid", nothing);
    let body = case.plan();
    assert_eq!(blockers(&body), [Code::TargetGuest, Code::WaitsFor]);
    assert_eq!((kinds(&body), body.status), (vec!["setImmutableId cid".to_owned()], Status::Blocked));
    assert_eq!(case.plan_with(&Options { partial: true, ..Options::default() }).status, Status::Partial);
}

#[test]
fn accounts_that_swap_give_up_each_others_sids() {
    let was = |n: u32| move |user: &mut CloudUser| user.sid = Known::Is(sid(n));
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), was(2))
        .cloud(2, "bob", Some(anchor(A)), was(1))
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing)
        .plan();
    let mut kinds = kinds(&body);
    kinds.sort();
    assert_eq!(kinds[..3], ["clearImmutableId ann", "clearSecurityIdentifier ann", "clearSecurityIdentifier bob"]);
    assert!(blockers(&body).is_empty(), "{:?}", body.findings);
}
