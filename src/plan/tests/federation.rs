//! Sign-in names in federated domains.

use super::*;

fn in_ad(user: &mut AdUser) {
    user.upn = Some("ann@fed.example".into());
}

fn accepted(mapping: &mut Mapping) {
    mapping.accept.insert(Acceptable::FederatedDomain);
}

fn leaves(mapping: &mut Mapping) {
    accepted(mapping);
    mapping.on_prem = OnPremSide::Nobody;
}

#[test]
fn nobody_loses_the_id_without_which_sign_in_fails() {
    let case = |id| Case::new().ad("bob", P, nothing).cloud(1, "ann@fed.example", id, nothing);
    let body = case(Some(anchor(A))).map("", "ann@fed.example", leaves).plan();
    assert_eq!((blockers(&body), body.actions.len()), (vec![Code::FederatedDomain], 0));
    let opaque = ImmutableId::stored("E7");
    let body = case(opaque).map("", "ann@fed.example", leaves).plan();
    assert_eq!((blockers(&body), body.actions.len()), (vec![Code::FederatedDomain], 0));
}

#[test]
fn a_detour_that_nobody_could_finish_is_not_begun() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann@fed.example", Some(anchor(P)), nothing);
    let body = case.map("ann", "ann@fed.example", accepted).plan();
    assert_eq!((blockers(&body), body.actions.len()), (vec![Code::FederatedDomain], 0));
    assert!(body.findings.iter().any(|finding| finding.message.contains("could not be finished")), "{:?}", body.findings);
}

#[test]
fn a_parked_name_goes_back_only_where_the_detour_was_accepted() {
    let plan = |upn: &str, edit: fn(&mut Mapping)| {
        let case = Case::new().ad("ann", A, in_ad).cloud(1, "ann@x.onmicrosoft.com", Some(anchor(A)), nothing);
        case.map("ann", upn, edit).plan()
    };
    for named in ["ann@x.onmicrosoft.com", "ann@fed.example"] {
        assert_eq!(kinds(&plan(named, accepted)), ["setUserPrincipalName ann"], "{named}");
    }
    assert_eq!(kinds(&plan("ann@x.onmicrosoft.com", nothing)), [""; 0]);
    assert_eq!(blockers(&plan("ann@fed.example", nothing)), [Code::CloudNotFound]);
    assert_eq!(blockers(&plan("ann@x.example", accepted)), [Code::CloudNotFound], "no name of a federated domain");
}

#[test]
fn only_an_account_on_the_initial_domain_was_parked() {
    let case = Case::new().ad("ann", A, in_ad).cloud(1, "ann", Some(anchor(A)), nothing).map("ann", "ann", accepted);
    assert_eq!(kinds(&case.plan()), [""; 0]);
}
