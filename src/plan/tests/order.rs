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

#[test]
fn a_sid_is_taken_off_for_an_account_that_has_its_id_already() {
    let carries = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let armed = || Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(A)), nothing);
    let decided = armed().cloud(2, "twin", None, carries).map("ann", "ann", decide("twin", Resolve::Clear)).plan();
    assert_eq!(kinds(&decided), ["clearSecurityIdentifier twin"]);
    let mapped = armed().ad("bob", P, nothing).cloud(2, "bob", Some(anchor(P)), carries);
    assert_eq!(kinds(&mapped.map("ann", "ann", nothing).map("bob", "bob", nothing).plan()), ["clearSecurityIdentifier bob"]);
}

/// Nobody can sign in with a parked name, so it is parked as late as can be.
#[test]
fn a_detour_waits_until_the_wanted_id_is_free() {
    let in_ad = |user: &mut AdUser| user.upn = Some("ann@fed.example".into());
    let body = Case::new()
        .ad("ann", A, in_ad)
        .ad("bob", P, nothing)
        .cloud(1, "ann@fed.example", Some(anchor(S)), nothing)
        .cloud(2, "bob", Some(anchor(A)), nothing)
        .map("ann", "ann@fed.example", accept(Acceptable::FederatedDomain))
        .map("bob", "bob", nothing)
        .plan();
    let detour = ["setUserPrincipalName ann", "setImmutableId ann", "setUserPrincipalName ann"];
    assert_eq!((&kinds(&body)[0], &kinds(&body)[1..]), (&"setImmutableId bob".to_owned(), &detour.map(str::to_owned)[..]));
}

/// Each is to be stamped with what the other one still has.
#[test]
fn a_swap_is_not_stamped_one_by_one() {
    let hints = |of_bob: &str| {
        let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing);
        let case = case.cloud(1, "ann", Some(anchor(P)), nothing).cloud(2, "bob", Some(anchor(of_bob)), nothing);
        let stamp = |mapping: &mut Mapping| mapping.write = WriteSide::OnPrem;
        let body = case.map("ann", "ann", stamp).map("bob", "bob", stamp).plan();
        let shared = body.findings.into_iter().filter(|finding| finding.code == Code::DuplicateAnchor);
        shared.filter_map(|finding| finding.hint).collect::<Vec<_>>()
    };
    let swap = hints(A);
    assert!(swap.len() == 2 && swap.iter().all(|hint| hint.starts_with("Where two people have each other's ID")), "{swap:?}");
    let chain = hints(S);
    assert!(chain.len() == 1 && chain[0].contains("--partial"), "{chain:?}");
}
