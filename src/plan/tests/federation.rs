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
    let plan = |key: &CloudKey, accept: bool| {
        let case = Case::new().ad("ann", A, in_ad).cloud(1, "ann@x.onmicrosoft.com", Some(anchor(A)), nothing);
        let named = |mapping: &mut Mapping| {
            mapping.cloud.key = key.clone();
            if accept {
                accepted(mapping);
            }
        };
        case.map("ann", "ann", named).plan()
    };
    let upn = |name: &str| CloudKey::Upn(name.parse().unwrap());
    for key in [CloudKey::Id(entra(1)), upn("ann@fed.example")] {
        let body = plan(&key, true);
        assert_eq!(kinds(&body), ["setUserPrincipalName ann"], "{key:?}");
        let told = body.findings.iter().any(|finding| finding.message.contains("an interrupted detour has parked"));
        assert!(told, "{:?}", body.findings);
    }
    assert_eq!(kinds(&plan(&CloudKey::Id(entra(1)), false)), [""; 0]);
    assert_eq!(blockers(&plan(&upn("ann@fed.example"), false)), [Code::CloudNotFound]);
    assert_eq!(blockers(&plan(&upn("ann@x.example"), true)), [Code::CloudNotFound], "no name of a federated domain");
}

#[test]
fn a_name_goes_back_in_the_letters_of_the_tenant() {
    let by_id = |mapping: &mut Mapping| {
        accepted(mapping);
        mapping.cloud.key = CloudKey::Id(entra(1));
    };
    let case = Case::new().ad("ann", A, |user| user.upn = Some("ANN@FED.Example".into()));
    let body = case.cloud(1, "Ann@x.onmicrosoft.com", Some(anchor(A)), nothing).map("ann", "ann", by_id).plan();
    let name = body.actions[0].after.get(&FactName::UserPrincipalName);
    assert_eq!(name, Some(&FactValue::text("Ann@fed.example")));
}

#[test]
fn who_was_never_called_otherwise_is_not_renamed() {
    let called = |user: &mut AdUser| user.mail = Some("ann@fed.example".into());
    let by_id = |mapping: &mut Mapping| {
        accepted(mapping);
        mapping.cloud.key = CloudKey::Id(entra(1));
    };
    let case = |in_ad: fn(&mut AdUser)| Case::new().ad("ann", A, in_ad).cloud(1, "ann@x.onmicrosoft.com", None, nothing);
    for body in [
        case(in_ad).map("ann", "ann@x.onmicrosoft.com", accepted).plan(),
        case(called).map("ann", "ann@x.onmicrosoft.com", accepted).plan(),
        case(called).map("ann", "ann", by_id).plan(),
    ] {
        assert_eq!((blockers(&body), kinds(&body)), (vec![], vec!["setImmutableId ann".to_owned()]));
        assert!(body.findings.iter().any(|finding| finding.code == Code::AcceptUnused), "{:?}", body.findings);
    }
}

#[test]
fn a_deleted_account_of_the_same_name_is_not_taken_for_the_parked_one() {
    let deleted = |user: &mut CloudUser| *user = user.binned("2026-11-20T00:00:00Z");
    let case = || {
        let case = Case::new().ad("ann", A, in_ad).cloud(1, "ann@fed.example", None, nothing);
        case.cloud(2, "ann@fed.example", None, deleted).cloud(3, "ann@fed.example", None, deleted)
    };
    let detour = ["setUserPrincipalName ann", "setImmutableId ann", "setUserPrincipalName ann"];
    assert_eq!(kinds(&case().map("ann", "ann@fed.example", accepted).plan()), detour);
    let restored = |mapping: &mut Mapping| {
        accepted(mapping);
        mapping.restore = true;
    };
    let body = case().map("ann", "ann@fed.example", restored).plan();
    assert_eq!((blockers(&body), body.actions.len()), (vec![Code::CloudAmbiguous], 0));
    assert!(!body.findings.iter().any(|finding| finding.code == Code::AcceptUnused), "{:?}", body.findings);
}

#[test]
fn a_parked_name_is_not_given_to_an_account_that_is_cleared_meanwhile() {
    let deleted = |user: &mut CloudUser| {
        *user = user.binned("2026-11-20T00:00:00Z");
        user.sid = Known::Is(sid(1));
    };
    let by_id = |mapping: &mut Mapping| {
        accepted(mapping);
        mapping.cloud.key = CloudKey::Id(entra(1));
        decide_of(2, Resolve::Clear)(mapping);
    };
    let case = Case::new().ad("ann", A, in_ad).cloud(1, "ann@x.onmicrosoft.com", None, nothing);
    let body = case.cloud(2, "ann@fed.example", None, deleted).map("ann", "ann", by_id).plan();
    assert_eq!((blockers(&body), body.actions.len()), (vec![Code::TargetSoftDeleted], 0), "{:?}", body.findings);
}

#[test]
fn two_detours_do_not_use_one_name_at_a_time() {
    let case = |ids: [Option<ImmutableId>; 2]| {
        let bob = |user: &mut AdUser| user.upn = Some("ann@fed2.example".into());
        let [first, second] = ids;
        let mut case = Case::new().ad("ann", A, in_ad).ad("bob", P, bob);
        case.observed.tenant.domains.as_mut().unwrap().push(domain("fed2.example", true));
        case = case.cloud(1, "ann@fed.example", first, nothing).cloud(2, "ann@fed2.example", second, nothing);
        case.map("ann", "ann@fed.example", accepted).map("bob", "ann@fed2.example", accepted)
    };
    for ids in [[None, None], [Some(anchor(P)), None], [None, Some(anchor(A))], [Some(anchor(P)), Some(anchor(A))]] {
        let body = case(ids.clone()).plan();
        assert!(blockers(&body).contains(&Code::ParkNameTaken), "{ids:?}: {:?}", body.findings);
        let found = body.findings.iter().find(|finding| finding.code == Code::ParkNameTaken).unwrap();
        assert_eq!(found.mapping.as_deref(), Some("ann@fed2.example"));
    }
    let second = Options { only: vec!["ann@fed2.example".into()], ..Options::default() };
    assert_eq!(blockers(&case([None, None]).plan_with(&second)), [], "the first is not carried out along with it");
}

#[test]
fn a_parked_name_is_not_given_to_a_deleted_account_meanwhile() {
    let by_id = |mapping: &mut Mapping| {
        accepted(mapping);
        mapping.cloud.key = CloudKey::Id(entra(1));
    };
    let restored = |mapping: &mut Mapping| {
        mapping.restore = true;
        mapping.cloud.key = CloudKey::Id(entra(2));
    };
    let deleted = |user: &mut CloudUser| *user = user.binned("2026-11-20T00:00:00Z");
    let case = |name: &str, id| {
        let case = Case::new().ad("ann", A, in_ad).ad("bob", P, nothing).cloud(1, name, id, nothing);
        case.cloud(2, "ann@fed.example", None, deleted).map("ann", "ann", by_id).map("bob", "bob", restored)
    };
    let bob = Options { only: vec!["bob*".into()], ..Options::default() };
    for (name, id) in [("ann@fed.example", None), ("ann@x.onmicrosoft.com", Some(anchor(A)))] {
        assert!(blockers(&case(name, id.clone()).plan_with(&bob)).contains(&Code::TargetSoftDeleted));
        let body = case(name, id).plan();
        let mine = body.findings.iter().filter(|finding| finding.code == Code::TargetSoftDeleted);
        assert_eq!(mine.map(|finding| finding.mapping.as_deref()).collect::<Vec<_>>(), [Some("bob@x.example")], "{name}");
        assert!(kinds(&body).last().is_some_and(|last| last.starts_with("setUserPrincipalName ")), "{:?}", kinds(&body));
    }
}

#[test]
fn only_an_account_on_the_initial_domain_was_parked() {
    let case = Case::new().ad("ann", A, in_ad).cloud(1, "ann", Some(anchor(A)), nothing).map("ann", "ann", accepted);
    assert_eq!(kinds(&case.plan()), [""; 0]);
}
