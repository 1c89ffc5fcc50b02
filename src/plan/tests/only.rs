//! Some mappings are planned, and all of them are looked at.

use super::*;
use crate::plan::questions::{CloudQuestion, Questions, inquire};

fn only(pattern: &str) -> Options {
    Options { only: vec![pattern.into()], ..Options::default() }
}

fn ann_and_bob() -> Case {
    Case::new().ad("ann", A, nothing).ad("bob", P, nothing)
}

fn names(body: &Body) -> Vec<&str> {
    body.mappings.iter().map(|mapping| mapping.id.as_str()).collect()
}

/// Plans ann alone, whom bob, who is not wanted, stands in the way of.
fn ann_is_blocked(case: &Case) -> (Vec<Code>, String) {
    let body = case.plan_with(&only("ann*"));
    assert_eq!((names(&body), kinds(&body)), (vec!["ann@x.example"], Vec::<String>::new()));
    assert!(body.findings.iter().all(|finding| finding.mapping.as_deref() != Some("bob@x.example")));
    (blockers(&body), body.findings[0].message.clone())
}

#[test]
fn nobody_is_purged_whom_a_mapping_left_out_wants_to_keep() {
    let case = ann_and_bob().cloud(1, "ann", None, nothing).cloud(2, "bob", Some(anchor(A)), nothing);
    let case = case.map("ann", "ann", decide("bob", Resolve::Purge)).map("bob", "bob", nothing);
    let (codes, message) = ann_is_blocked(&case);
    assert_eq!(codes, [Code::HolderProtected], "{message}");
}

#[test]
fn a_decision_of_a_mapping_left_out_contradicts() {
    let zed = |user: &mut CloudUser| user.sid = Known::Is(sid(2));
    let case = ann_and_bob().cloud(1, "ann", None, nothing).cloud(2, "bob", None, nothing);
    let case = case.cloud(3, "zed", Some(anchor(A)), zed);
    let case = case.map("ann", "ann", decide("zed", Resolve::Purge)).map("bob", "bob", decide("zed", Resolve::Clear));
    assert_eq!(ann_is_blocked(&case).0, [Code::HolderUndecided]);
}

#[test]
fn a_mapping_left_out_may_name_the_same_user_or_want_the_same_id_or_name() {
    let two = || ann_and_bob().cloud(1, "ann", None, nothing).cloud(2, "bob", None, nothing);
    let case = two().map("ann", "ann", nothing).map("ann", "bob", nothing);
    assert_eq!(ann_is_blocked(&case).0, [Code::DuplicateMapping]);

    let mut case = two().map("ann", "ann", nothing).map("bob", "bob", nothing);
    case.observed.forests[0].users[1].consistency_guid = GuidAttribute::Bytes((*guid(A).ad_bytes()).into());
    assert!(ann_is_blocked(&case).0.contains(&Code::DuplicateAnchor));

    let deleted = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        user.proxy_addresses = Known::Is(["SMTP:one@x.example"].into_iter().collect());
    };
    let case = ann_and_bob().cloud(1, "ann", None, deleted).cloud(2, "bob", None, deleted);
    let restored = |mapping: &mut Mapping| mapping.restore = true;
    assert_eq!(ann_is_blocked(&case.map("ann", "ann", restored).map("bob", "bob", restored)).0, [Code::TargetSoftDeleted]);
}

#[test]
fn who_waits_for_a_mapping_left_out_is_told_so() {
    let swap = ann_and_bob().cloud(1, "ann", Some(anchor(P)), nothing).cloud(2, "bob", Some(anchor(A)), nothing);
    let swap = swap.map("ann", "ann", nothing).map("bob", "bob", nothing);
    let (codes, message) = ann_is_blocked(&swap);
    assert_eq!(codes, [Code::WaitsFor]);
    assert!(message.contains("`bob@x.example`") && message.contains("left out by `--only`"), "{message}");
    assert_eq!(kinds(&swap.plan_with(&only("*"))), kinds(&swap.plan()), "both are wanted");
}

#[test]
fn a_mapping_left_out_that_nobody_needs_is_of_no_account() {
    let case = ann_and_bob().cloud(1, "ann", None, nothing).map("zed", "zed", nothing).map("ann", "ann", nothing);
    let body = case.plan_with(&only("ANN*"));
    assert_eq!((names(&body), body.status, codes(&body)), (vec!["ann@x.example"], Status::Ready, vec![]));
}

#[test]
fn of_a_mapping_left_out_no_more_is_asked_than_whom_it_names() {
    let case = ann_and_bob().cloud(1, "ann", None, nothing).cloud(2, "bob", None, nothing);
    let mut case = case.map("ann", "ann", nothing).map("bob", "bob", nothing).map("bobb", "bobb", nothing);
    let asked = |case: &Case| {
        let mut observed = case.observed.clone();
        observed.tenant.live_users = Some(9);
        let answered = Questions::default();
        let (_, first) = inquire(&case.desired, &mut observed.clone(), &only("ann*"), &answered);
        inquire(&case.desired, &mut observed, &only("ann*"), &first).1.tenant
    };
    let about =
        |question: &CloudQuestion| *question == CloudQuestion::Details(entra(2)) || matches!(question, CloudQuestion::Similar(_));
    assert!(asked(&case).contains(&CloudQuestion::Details(entra(1))));
    assert_eq!(asked(&case).iter().filter(|question| about(question)).count(), 0);
    decide("zed", Resolve::Clear)(&mut case.desired.mappings[1]);
    assert_eq!(asked(&case).iter().filter(|question| about(question)).count(), 1, "its decisions matter");
}
