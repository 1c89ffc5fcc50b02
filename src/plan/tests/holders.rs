//! Accounts that stand in the way, and decisions on them.

use super::*;
use crate::plan::action::ActionKind;

#[test]
fn a_stale_twin_is_purged_or_cleared_by_decision_only() {
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    let undecided = case().map("ann", "ann", nothing).plan();
    assert_eq!((blockers(&undecided), undecided.actions.len()), (vec![Code::HolderUndecided], 0));
    let purged = case().map("ann", "ann", decide("twin", Resolve::Purge)).plan();
    assert_eq!(kinds(&purged), ["softDelete twin", "purge twin", "setImmutableId ann"]);
    assert_eq!(purged.actions[2].depends_on, [purged.actions[1].id.clone()]);
    let cleared = case().map("ann", "ann", decide("twin", Resolve::Clear)).plan();
    assert_eq!(kinds(&cleared), ["clearImmutableId twin", "setImmutableId ann"]);
}

#[test]
fn a_holder_in_the_recycle_bin_is_purged_or_cleared_where_it_lies() {
    let deleted = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "old", Some(anchor(A)), deleted);
    let purged = case().map("ann", "ann", decide("old", Resolve::Purge)).plan();
    assert_eq!(kinds(&purged), ["purge old", "setImmutableId ann"]);
    let cleared = case().map("ann", "ann", decide("old", Resolve::Clear)).plan();
    assert_eq!(kinds(&cleared), ["restore old", "clearImmutableId old", "softDelete old", "setImmutableId ann"]);
}

#[test]
fn a_holder_in_use_or_with_a_role_is_not_purged() {
    let case = |edit: fn(&mut CloudUser)| {
        Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), edit)
    };
    let licensed = |user: &mut CloudUser| user.traits_mut().licenses = Known::Is(["sku"].into());
    assert_eq!(blockers(&case(licensed).map("ann", "ann", decide("twin", Resolve::Purge)).plan()), [Code::HolderInUse]);
    assert!(blockers(&case(licensed).map("ann", "ann", decide("twin", Resolve::Clear)).plan()).is_empty());
    let lately = |user: &mut CloudUser| user.last_sign_in = Known::Is("2026-11-20T08:00:00Z".into());
    assert_eq!(blockers(&case(lately).map("ann", "ann", decide("twin", Resolve::Purge)).plan()), [Code::HolderInUse]);
    let long_ago = |user: &mut CloudUser| user.last_sign_in = Known::Is("2026-01-20T08:00:00Z".into());
    assert!(blockers(&case(long_ago).map("ann", "ann", decide("twin", Resolve::Purge)).plan()).is_empty());
    let mut with_role = case(nothing).map("ann", "ann", decide("twin", Resolve::Purge));
    let role = RoleGrant { principal: entra(2), role: "Helpdesk".into(), privileged: false, state: RoleState::Eligible };
    with_role.observed.tenant.roles = Some(vec![role]);
    assert_eq!(blockers(&with_role.plan()), [Code::HolderPrivileged]);
    with_role.observed.tenant.roles = None;
    assert_eq!(blockers(&with_role.plan()), [Code::PrivilegeUnknown]);
}

/// Licences that were read tell half of it.
#[test]
fn a_purge_of_whom_no_sign_in_was_read_is_a_doubt_of_the_plan() {
    let unread = |user: &mut CloudUser| user.last_sign_in = Known::Unknown;
    let case = || {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, unread).cloud(2, "twin", Some(anchor(A)), unread);
        case.ad("bob", P, nothing).cloud(3, "bob", None, unread).cloud(4, "double", Some(anchor(P)), unread)
    };
    let decided = |resolve| case().map("ann", "ann", decide("twin", resolve)).map("bob", "bob", decide("double", resolve)).plan();
    let purged = decided(Resolve::Purge);
    let [doubt] = purged.findings.as_slice() else { panic!("{:?}", purged.findings) };
    assert!(doubt.code == Code::NotChecked && doubt.mapping.is_none() && doubt.message.starts_with("when 2 of the accounts"));
    assert_eq!(doubt.objects.len(), 2);
    let purges = purged.actions.iter().filter(|action| action.kind == ActionKind::Purge);
    assert!(purges.into_iter().all(|action| !action.before.contains_key(&FactName::LastSignInDateTime)));
    assert!(codes(&decided(Resolve::Clear)).is_empty());
}

/// Nobody signs in to it and it needs no licence, and yet a mailbox goes with it.
#[test]
fn a_shared_mailbox_is_in_use() {
    let planned = |purpose: &'static str, accepted: bool| {
        let shared = |user: &mut CloudUser| user.traits_mut().mailbox_purpose = Known::Is(purpose.into());
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "info", Some(anchor(A)), shared);
        case = case.map("ann", "ann", decide("info", Resolve::Purge));
        if accepted {
            accept(Acceptable::HolderInUse)(&mut case.desired.mappings[0]);
        }
        blockers(&case.plan())
    };
    for purpose in ["shared", "room", "equipment"] {
        assert_eq!((planned(purpose, false), planned(purpose, true)), (vec![Code::HolderInUse], vec![]));
    }
    assert_eq!((planned("user", false), planned("unknown", false)), (vec![], vec![]));
}

#[test]
fn a_held_sid_is_cleared_by_decision() {
    let carries = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", None, carries);
    assert_eq!(blockers(&case().map("ann", "ann", nothing).plan()), [Code::SecurityIdentifierHeld]);
    assert_eq!(
        kinds(&case().map("ann", "ann", decide("twin", Resolve::Clear)).plan()),
        ["clearSecurityIdentifier twin", "setImmutableId ann"]
    );
}

#[test]
fn a_blocked_mapping_takes_no_sid_off_a_shared_holder() {
    let guest = |user: &mut CloudUser| user.traits_mut().user_type = Known::Is(UserKind::Guest);
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "bob", None, guest)
        .cloud(3, "twin", Some(anchor(A)), |user| user.sid = Known::Is(sid(2)))
        .map("ann", "ann", decide("twin", Resolve::Clear))
        .map("bob", "bob", decide("twin", Resolve::Clear))
        .plan();
    assert_eq!(
        (blockers(&body), kinds(&body)),
        (vec![Code::TargetGuest], vec!["clearImmutableId twin".to_owned(), "setImmutableId ann".to_owned()])
    );
}

#[test]
fn two_holders_of_one_mapping_are_written_in_an_order_of_their_own() {
    let mut case = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "twin", Some(anchor(A)), nothing)
        .cloud(3, "old", None, |user| user.sid = Known::Is(sid(1)))
        .map("ann", "ann", decide("twin", Resolve::Clear));
    decide("old", Resolve::Clear)(&mut case.desired.mappings[0]);
    let first = case.plan();
    assert_eq!(kinds(&first), ["clearImmutableId twin", "clearSecurityIdentifier old", "setImmutableId ann"]);
    case.observed.tenant.users.reverse();
    assert_eq!(case.plan(), first);
}

#[test]
fn one_account_may_stand_in_the_way_of_two_mappings() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "bob", None, nothing)
        .cloud(3, "twin", Some(anchor(P)), |user| user.sid = Known::Is(sid(1)))
        .map("ann", "ann", decide("twin", Resolve::Clear))
        .map("bob", "bob", decide("twin", Resolve::Clear))
        .plan();
    assert_eq!(
        kinds(&body),
        ["clearImmutableId twin", "clearSecurityIdentifier twin", "setImmutableId ann", "setImmutableId bob"]
    );
}

/// The one whose ID is held has all writes; the other one is armed and only waits for its SID.
#[test]
fn two_mappings_may_decide_on_one_account_of_which_each_has_a_value() {
    let case = |armed: &str| {
        Case::new()
            .ad("ann", A, nothing)
            .ad("bob", P, nothing)
            .cloud(1, "ann", None, nothing)
            .cloud(2, "bob", None, nothing)
            .cloud(3, "twin", Some(anchor(if armed == "bob" { A } else { P })), |user| {
                user.sid = Known::Is(sid(if armed == "bob" { 2 } else { 1 }));
            })
    };
    for (armed, n, own) in [("ann", 0, A), ("bob", 1, P)] {
        let mut case = case(armed);
        case.observed.tenant.users[n].immutable_id = Some(anchor(own));
        let body =
            case.map("ann", "ann", decide("twin", Resolve::Clear)).map("bob", "bob", decide("twin", Resolve::Clear)).plan();
        let set = if armed == "ann" { "setImmutableId bob" } else { "setImmutableId ann" };
        assert_eq!(kinds(&body), ["clearImmutableId twin", "clearSecurityIdentifier twin", set]);
    }
}

#[test]
fn a_holder_that_cannot_be_restored_cannot_be_cleared_in_the_bin() {
    let binned = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-20T00:00:00Z".into());
        user.mail = Known::Is("ann@x.example".into());
    };
    let case = |resolve| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "old", Some(anchor(A)), binned);
        let owner = |user: &mut CloudUser| user.mail = Known::Is("ann@x.example".into());
        case.cloud(3, "other", None, owner).map("ann", "ann", decide("old", resolve)).plan()
    };
    let blocked = case(Resolve::Clear);
    assert_eq!(blockers(&blocked), [Code::HolderUndecided]);
    assert!(!Code::HolderUndecided.about().contains("nobody decided"), "somebody did, but it cannot be done");
    assert!(blocked.findings.iter().any(|finding| finding.objects.iter().any(|object| object.contains("other@x.example"))));
    assert_eq!(kinds(&case(Resolve::Purge)), ["purge old", "setImmutableId ann"]);
}

#[test]
fn who_stands_in_the_way_matters_once_the_target_is_found() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "twin", Some(anchor(A)), nothing);
    let carries = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let case = case.cloud(2, "old", None, carries);
    assert_eq!(blockers(&case.map("ann", "ann", nothing).plan()), [Code::CloudNotFound]);
}

#[test]
fn a_decision_by_id_is_about_that_account_only() {
    let carries = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let by_id = |mapping: &mut Mapping| {
        decide("twin", Resolve::Purge)(mapping);
        mapping.holders[0].account = CloudSelector { key: CloudKey::Id(entra(2)), text: entra(2).to_string().into() };
    };
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    let alone = Case { desired: case.desired.clone(), observed: case.observed.clone() }.map("ann", "ann", by_id).plan();
    assert_eq!(kinds(&alone), ["softDelete twin", "purge twin", "setImmutableId ann"]);
    let other = case.cloud(3, "old", None, carries).map("ann", "ann", by_id).plan();
    assert_eq!((blockers(&other), other.actions.len()), (vec![Code::SecurityIdentifierHeld], 0));
}

#[test]
fn a_name_that_fits_two_holders_decides_on_neither_unless_one_is_mapped() {
    let old = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        user.sid = Known::Is(sid(1));
    };
    let case = || {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
        case.cloud(3, "twin", None, old).map("ann", "ann", decide("twin", Resolve::Purge))
    };
    let ambiguous = case().plan();
    assert_eq!((blockers(&ambiguous), ambiguous.actions.len()), (vec![Code::HolderUndecided], 0));
    let by_id = |mapping: &mut Mapping| {
        let text = entra(3).to_string().into();
        (mapping.cloud, mapping.restore) = (CloudSelector { key: CloudKey::Id(entra(3)), text }, true);
    };
    let mapped = case().ad("bob", P, nothing).map("bob", "twin", by_id).plan();
    assert!(!mapped.findings.iter().any(|finding| finding.message.contains("fits 2 accounts")), "{:?}", mapped.findings);
}

#[test]
fn two_mappings_do_not_decide_differently_about_one_account() {
    let case = |second| {
        let people = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "ann", None, nothing);
        let twin = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
        let people = people.cloud(2, "bob", None, nothing).cloud(3, "twin", Some(anchor(P)), twin);
        people.map("ann", "ann", decide("twin", Resolve::Purge)).map("bob", "bob", decide("twin", second)).plan()
    };
    let contradiction = case(Resolve::Clear);
    assert_eq!(blockers(&contradiction), [Code::HolderUndecided, Code::HolderUndecided]);
    assert_eq!(contradiction.actions, []);
    assert_eq!(kinds(&case(Resolve::Purge))[..2], ["softDelete twin", "purge twin"]);
}

#[test]
fn the_target_of_another_mapping_is_not_purged() {
    let case = |resolve| {
        let people = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "ann", None, nothing);
        let people = people.cloud(2, "bob", Some(anchor(A)), nothing);
        people.map("ann", "ann", decide("bob", resolve)).map("bob", "bob", nothing).plan()
    };
    let purged = case(Resolve::Purge);
    assert_eq!(blockers(&purged), [Code::HolderProtected]);
    assert_eq!(kinds(&purged), ["setImmutableId bob"]);
    assert_eq!(kinds(&case(Resolve::Clear)), ["setImmutableId bob", "setImmutableId ann"]);
}

#[test]
fn a_decision_on_somebody_who_is_not_in_the_way_is_said_and_leaves_it_alone() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(P)), nothing);
    let body = case.map("ann", "ann", decide("twin", Resolve::Purge)).plan();
    assert_eq!((codes(&body), kinds(&body)), (vec![Code::AcceptUnused], vec!["setImmutableId ann".to_owned()]));
    assert!(body.findings[0].message.contains("twin@x.example"), "{:?}", body.findings);
}

#[test]
fn who_applies_is_told_of_the_role_of_an_account_that_is_to_be_cleared() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    case.observed.tenant.roles =
        Some(vec![RoleGrant { principal: entra(2), role: "Helpdesk".into(), privileged: false, state: RoleState::Assigned }]);
    let body = case.map("ann", "ann", decide("twin", Resolve::Clear)).plan();
    assert_eq!((codes(&body), kinds(&body).len()), (vec![Code::RoleAssigned], 2));
}

/// The account that both need something of is called old; ann decides on it, and bob says nothing.
fn decided_by_ann(resolve: Resolve, held: Option<ImmutableId>, sid_of: u32) -> Case {
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing);
    let case = case.cloud(1, "ann", None, nothing).cloud(2, "bob", None, nothing);
    let case = case.cloud(3, "old", held, |user| user.sid = Known::Is(sid(sid_of)));
    case.map("bob", "bob", nothing).map("ann", "ann", decide("old", resolve))
}

#[test]
fn a_decision_of_one_mapping_is_enough_for_all() {
    let done = |resolve, held: &str, sid_of| {
        let body = decided_by_ann(resolve, Some(anchor(held)), sid_of).plan();
        assert_eq!(blockers(&body), [], "{resolve:?}");
        let freed =
            body.actions.iter().rposition(|action| action.mapping == "ann@x.example" && action.target.upn.contains("old"));
        let needs = |name: &str| body.actions.iter().position(|action| action.target.upn.contains(name)).unwrap();
        assert!(freed < Some(needs("bob")) && freed < Some(needs("ann")), "{:?}", kinds(&body));
    };
    done(Resolve::Purge, A, 2);
    done(Resolve::Purge, P, 1);
    done(Resolve::Clear, P, 1);
}

#[test]
fn a_decision_that_leaves_the_value_is_not_enough() {
    let body = decided_by_ann(Resolve::Clear, Some(anchor(A)), 2).plan();
    assert_eq!(blockers(&body), [Code::SecurityIdentifierHeld]);
}

#[test]
fn who_goes_by_the_decision_of_a_blocked_mapping_waits() {
    let mut case = decided_by_ann(Resolve::Purge, Some(anchor(A)), 2);
    case.observed.tenant.users[0].traits_mut().user_type = Known::Is(UserKind::Guest);
    let body = case.plan();
    assert_eq!((blockers(&body), kinds(&body)), (vec![Code::WaitsFor, Code::TargetGuest], vec![]));
    let waits = body.findings.iter().find(|finding| finding.code == Code::WaitsFor).unwrap();
    assert!(waits.message.starts_with("an account that is to go by a decision of mapping `ann@x.example`"), "{}", waits.message);
}

#[test]
fn only_a_decision_is_advised_that_the_plan_would_carry_out() {
    let hint = |case: Case| {
        let body = case.ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
        assert_eq!(blockers(&body), [Code::HolderUndecided]);
        let hint = body.findings[0].hint.clone().unwrap();
        (hint.contains("resolve: purge"), hint.contains("resolve: clear"))
    };
    let binned = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-20T00:00:00Z".into());
    assert_eq!(hint(Case::new().cloud(2, "twin", Some(anchor(A)), nothing)), (true, true));
    assert_eq!(hint(Case::new().cloud(2, "twin", Some(anchor(A)), binned)), (true, true));
    assert_eq!(hint(Case::new().cloud(2, "ann", Some(anchor(A)), binned)), (true, false), "the name is taken");
    assert_eq!(hint(Case::new().cloud(2, "twin@fed.example", Some(anchor(A)), nothing)), (true, false));
    let with_role = |name: &str| {
        let mut case = Case::new().cloud(2, name, Some(anchor(A)), nothing);
        let role = RoleGrant { principal: entra(2), role: "Helpdesk".into(), privileged: false, state: RoleState::Assigned };
        case.observed.tenant.roles = Some(vec![role]);
        case
    };
    assert_eq!(hint(with_role("twin")), (false, true));
    assert_eq!(hint(with_role("twin@fed.example")), (false, false), "neither");
}

#[test]
fn a_decision_that_is_refused_is_not_said_to_leave_the_account_alone() {
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "ann", None, nothing);
    let case = case.cloud(2, "bob", None, nothing).map("ann", "ann", decide("bob", Resolve::Purge)).map("bob", "bob", nothing);
    assert_eq!(codes(&case.plan()), [Code::HolderProtected]);
}
