//! Accounts that stand in the way, and decisions on them.

use super::*;

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
    assert!(blocked.findings.iter().any(|finding| finding.objects.iter().any(|object| object.contains("other@x.example"))));
    assert_eq!(kinds(&case(Resolve::Purge)), ["purge old", "setImmutableId ann"]);
}

#[test]
fn who_stands_in_the_way_matters_once_the_target_is_found() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "twin", Some(anchor(A)), nothing);
    assert_eq!(blockers(&case.map("ann", "ann", nothing).plan()), [Code::CloudNotFound]);
}
