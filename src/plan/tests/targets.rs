//! What is due on the cloud user, and what forbids it.

use super::*;

#[test]
fn sets_the_anchor_of_the_ad_user() {
    let body = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(kinds(&body), ["setImmutableId ann"]);
    assert_eq!((body.status, body.mappings[0].state), (Status::Ready, MappingState::Planned));
    assert_eq!(body.mappings[0].anchor.as_deref(), Some("7n8F9T5MWUSC3SElC3KWAQ=="));
    assert!(body.findings.is_empty(), "{:?}", body.findings);
}

#[test]
fn what_is_right_already_needs_nothing() {
    let armed = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(A)), nothing).map("ann", "ann", nothing);
    let body = armed.plan();
    assert_eq!((body.status, body.mappings[0].state), (Status::Empty, MappingState::Armed));
    let linked = Case::new().ad("ann", A, nothing).map("ann", "ann", nothing).cloud(1, "ann", Some(anchor(A)), |user| {
        user.sync_enabled = Known::Is(true);
        user.sid = Known::Is(sid(1));
    });
    assert_eq!(linked.plan().mappings[0].state, MappingState::Linked);
}

#[test]
fn synced_accounts_are_never_written() {
    let synced = |user: &mut CloudUser| user.sync_enabled = Known::Is(true);
    let case = |holder: Option<&str>, target: Option<&str>| {
        Case::new()
            .ad("ann", A, nothing)
            .cloud(1, "ann", target.map(anchor), |user| {
                if target.is_some() {
                    synced(user);
                }
            })
            .cloud(2, "twin", holder.map(anchor), synced)
            .map("ann", "ann", decide("twin", Resolve::Purge))
            .plan()
    };
    assert_eq!(blockers(&case(None, Some(P))), [Code::TargetSynced]);
    let body = case(Some(A), None);
    assert_eq!((blockers(&body), body.actions.len()), (vec![Code::HolderSynced], 0));
    assert_eq!(body.findings.iter().find(|finding| finding.code == Code::HolderSynced).unwrap().steps.len(), 5);
}

#[test]
fn blockers_that_an_author_may_accept_become_warnings() {
    let opaque = || ImmutableId::stored("max@tannenhof.example");
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", opaque(), nothing);
    assert_eq!(blockers(&case().map("ann", "ann", nothing).plan()), [Code::AnchorOpaque]);
    let accepted = case().map("ann", "ann", accept(Acceptable::AnchorOpaque)).plan();
    assert_eq!((blockers(&accepted), kinds(&accepted)), (vec![], vec!["setImmutableId ann".to_owned()]));
    let unneeded =
        case().map("ann", "ann", |mapping| mapping.accept.extend([Acceptable::AnchorOpaque, Acceptable::TargetGuest])).plan();
    assert_eq!(codes(&unneeded), [Code::AcceptUnused, Code::AnchorOpaque]);
}

#[test]
fn a_foreign_object_identifier_is_cleared_when_accepted() {
    let pinned = |user: &mut CloudUser| user.object_identifier = Known::Is(guid(P));
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, pinned);
    assert_eq!(blockers(&case().map("ann", "ann", nothing).plan()), [Code::ObjectIdentifierDiffers]);
    let body = case().map("ann", "ann", accept(Acceptable::ObjectIdentifierDiffers)).plan();
    assert_eq!(kinds(&body), ["clearObjectIdentifier ann", "setImmutableId ann"]);
}

#[test]
fn an_account_that_leaves_gives_up_a_wanted_sid_once() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "old", None, |user| user.sid = Known::Is(sid(1)))
        .map("ann", "ann", nothing)
        .map("", "old", |mapping| mapping.on_prem = OnPremSide::Nobody)
        .plan();
    assert_eq!(kinds(&body), ["clearSecurityIdentifier old", "setImmutableId ann"]);
    assert_eq!(body.actions[1].depends_on, [body.actions[0].id.clone()]);
}

#[test]
fn a_federated_user_makes_a_detour_that_the_next_plan_can_finish() {
    let in_ad = |user: &mut AdUser| user.upn = Some("ann@fed.example".into());
    let case = |upn: &str, id: Option<ImmutableId>| Case::new().ad("ann", A, in_ad).cloud(1, upn, id, nothing);
    let plain = case("ann@fed.example", Some(anchor(P))).map("ann", "ann@fed.example", nothing).plan();
    assert_eq!(blockers(&plain), [Code::FederatedDomain]);
    let detour =
        case("ann@fed.example", Some(anchor(P))).map("ann", "ann@fed.example", accept(Acceptable::FederatedDomain)).plan();
    assert_eq!(kinds(&detour), ["setUserPrincipalName ann", "setImmutableId ann", "setUserPrincipalName ann"]);
    for id in [Some(anchor(P)), Some(anchor(A))] {
        let parked = case("ann@x.onmicrosoft.com", id).map("ann", "ann@fed.example", accept(Acceptable::FederatedDomain)).plan();
        assert_eq!(kinds(&parked).last().unwrap(), "setUserPrincipalName ann", "{:?}", parked.findings);
    }
    let in_capitals = case("Ann@FED.example", Some(anchor(P))).map("ann", "ann@fed.example", accept(Acceptable::FederatedDomain));
    assert_eq!(kinds(&in_capitals.plan()), ["setUserPrincipalName Ann", "setImmutableId Ann", "setUserPrincipalName Ann"]);
    let parked =
        case("Ann@x.onmicrosoft.com", Some(anchor(A))).map("ann", "ann@fed.example", accept(Acceptable::FederatedDomain));
    let given_back = parked.plan().actions[0].after.get(&FactName::UserPrincipalName).cloned();
    assert_eq!(given_back, Some(FactValue::text("Ann@fed.example")), "as it was spelt");
    let taken = case("ann@fed.example", Some(anchor(P)))
        .cloud(2, "ann@x.onmicrosoft.com", None, nothing)
        .map("ann", "ann@fed.example", accept(Acceptable::FederatedDomain))
        .plan();
    assert_eq!(blockers(&taken), [Code::ParkNameTaken]);
}

#[test]
fn stamping_writes_the_cloud_id_to_ad() {
    let case = |consistency: GuidAttribute| {
        Case::new()
            .ad("ann", A, |user| user.consistency_guid = consistency)
            .cloud(1, "ann", Some(anchor(P)), |user| user.sync_enabled = Known::Is(true))
            .map("ann", "ann", |mapping| mapping.write = WriteSide::OnPrem)
    };
    let body = case(GuidAttribute::Absent).plan();
    assert_eq!(kinds(&body), ["stampConsistencyGuid ann"]);
    assert_eq!(body.actions[0].target.forest(), Some("corp"));
    assert!(case(GuidAttribute::Bytes((*guid(P).ad_bytes()).into())).plan().actions.is_empty());
}

#[test]
fn leaving_hybrid_clears_everything_of_ad() {
    let body = Case::new()
        .cloud(1, "ann", Some(anchor(A)), |user| {
            user.sid = Known::Is(sid(1));
            user.object_identifier = Known::Is(guid(A));
            user.residue.sam_account_name = Known::Is("ann".into());
        })
        .ad("other", P, nothing)
        .map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody)
        .plan();
    assert_eq!(kinds(&body), ["clearImmutableId ann", "clearSecurityIdentifier ann", "clearObjectIdentifier ann"]);
    let done = Case::new()
        .ad("other", P, nothing)
        .cloud(1, "ann", None, nothing)
        .map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody)
        .plan();
    assert_eq!((done.status, done.mappings[0].state), (Status::Empty, MappingState::Detached));
}

#[test]
fn a_restore_waits_for_the_group_that_took_the_address() {
    let deleted = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        user.proxy_addresses = Known::Is(["SMTP:ann@x.example"].into());
    };
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, deleted).cloud(2, "bob", None, nothing);
    case.observed.tenant.others.push(OtherObject {
        kind: OtherKind::Group,
        id: entra(100),
        display_name: Some("All of us".into()),
        mail: Some("ann@x.example".into()),
        proxy_addresses: Texts::default(),
        members: None,
    });
    let body = case.map("ann", "ann", |mapping| mapping.restore = true).plan();
    assert_eq!(blockers(&body), [Code::TargetSoftDeleted]);
    assert!(body.findings[0].objects[0].contains("group All of us"), "{:?}", body.findings[0]);
}

#[test]
fn a_soft_deleted_target_is_restored_when_asked() {
    let deleted = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, deleted).cloud(2, "x", None, nothing);
    assert_eq!(blockers(&case().map("ann", "ann", nothing).plan()), [Code::TargetSoftDeleted]);
    assert_eq!(kinds(&case().map("ann", "ann", |mapping| mapping.restore = true).plan()), ["restore ann", "setImmutableId ann"]);
}

#[test]
fn a_stamp_for_an_account_that_sync_holds_says_how_to_free_it() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", Some(anchor(P)), |user| {
            user.sync_enabled = Known::Is(true);
            user.sid = Known::Is(sid(9));
            user.object_identifier = Known::Is(guid(P));
        })
        .map("ann", "ann", |mapping| mapping.write = WriteSide::OnPrem)
        .plan();
    let blocked = body.findings.iter().find(|finding| finding.code == Code::HardMatchBlocked).unwrap();
    assert_eq!((body.status, blocked.steps.len(), blocked.objects.len()), (Status::Ready, 5, 1), "{blocked:?}");
}

#[test]
fn who_leaves_hybrid_is_not_looked_for_on_a_parking_name() {
    let named = |user: &mut CloudUser| user.mail = Known::Is("ann@fed.example".into());
    let leaves = |mapping: &mut Mapping| {
        mapping.on_prem = OnPremSide::Nobody;
        mapping.accept.insert(Acceptable::FederatedDomain);
    };
    let case = |selected: &str| {
        let parked = Case::new().ad("bob", P, nothing).cloud(1, "ann@x.onmicrosoft.com", Some(anchor(A)), named);
        parked.map("", selected, leaves).plan()
    };
    assert_eq!(blockers(&case("ann@fed.example")), [Code::CloudNotFound]);
    assert_eq!(kinds(&case("ann@x.onmicrosoft.com")), ["clearImmutableId ann"]);
}

#[test]
fn a_federated_name_that_somebody_else_has_is_not_given_back() {
    let named = |user: &mut CloudUser| user.mail = Known::Is("ann@fed.example".into());
    let case = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann@x.onmicrosoft.com", None, named)
        .cloud(2, "ann@fed.example", Some(anchor(P)), nothing)
        .map("ann", "ann@x.onmicrosoft.com", accept(Acceptable::FederatedDomain));
    assert_eq!(kinds(&case.plan()), ["setImmutableId ann"]);
}

#[test]
fn an_older_account_of_the_parking_name_in_the_bin_hides_nobody() {
    let binned = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-20T00:00:00Z".into());
    let case = Case::new()
        .ad("ann", A, |user| user.upn = Some("ann@fed.example".into()))
        .cloud(1, "ann@x.onmicrosoft.com", Some(anchor(A)), nothing)
        .cloud(2, "ann@x.onmicrosoft.com", None, binned)
        .map("ann", "ann@fed.example", accept(Acceptable::FederatedDomain));
    assert_eq!(kinds(&case.plan()), ["setUserPrincipalName ann"]);
}

#[test]
fn who_is_stamped_is_not_named_by_the_old_anchor() {
    let by_anchor = |mapping: &mut Mapping| {
        mapping.write = WriteSide::OnPrem;
        let key = OnPremKey::ImmutableId(anchor(A));
        mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: "ann".into() });
    };
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(P)), nothing).map("ann", "ann", by_anchor);
    assert_eq!(blockers(&case.plan()), [Code::OnpremNotFound]);
}

#[test]
fn two_deleted_accounts_of_one_address_do_not_both_come_back() {
    let binned = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-20T00:00:00Z".into());
        user.mail = Known::Is("shared@x.example".into());
    };
    let restore = |mapping: &mut Mapping| mapping.restore = true;
    let case = |second: bool| {
        let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "ann", None, binned);
        let case = case.cloud(2, "bob", None, binned).cloud(3, "carl", None, nothing).map("ann", "ann", restore);
        if second { case.map("bob", "bob", restore).plan() } else { case.plan() }
    };
    assert_eq!(kinds(&case(false)), ["restore ann", "setImmutableId ann"]);
    assert_eq!(blockers(&case(true)), [Code::TargetSoftDeleted, Code::TargetSoftDeleted]);
}

/// Somebody deleted the right account, and sync made an empty one in its place.
#[test]
fn who_is_purged_keeps_the_right_account_in_the_bin_no_longer() {
    let addressed = |user: &mut CloudUser| user.mail = Known::Is("shared@x.example".into());
    let binned = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-20T00:00:00Z".into());
        addressed(user);
    };
    let by_id = |n: u8| CloudSelector { key: CloudKey::Id(entra(n)), text: entra(n).to_string().into() };
    let with = |resolve: Resolve, third: fn(&mut CloudUser)| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, binned).cloud(3, "third", None, third);
        let case = case.cloud(2, "ann", Some(anchor(A)), addressed).map("ann", "ann", |mapping| {
            decide("ann", resolve)(mapping);
            (mapping.cloud, mapping.restore, mapping.holders[0].account) = (by_id(1), true, by_id(2));
        });
        case.plan()
    };
    let body = with(Resolve::Purge, nothing);
    assert_eq!(kinds(&body), ["softDelete ann", "purge ann", "restore ann", "setImmutableId ann"], "{:?}", body.findings);
    let (purge, restore) = (&body.actions[1], &body.actions[2]);
    assert!(restore.depends_on.contains(&purge.id) && restore.target.entra_id() == Some(entra(1)), "{restore:?}");
    assert_eq!(blockers(&with(Resolve::Clear, nothing)), [Code::TargetSoftDeleted], "it keeps the name");
    let taken = with(Resolve::Purge, addressed);
    assert_eq!(blockers(&taken), [Code::TargetSoftDeleted]);
    assert_eq!(taken.findings[0].objects.len(), 1, "the one that stays: {:?}", taken.findings);
}

#[test]
fn the_policy_protects_whoever_holds_a_role() {
    let grant = |principal| RoleGrant {
        principal: entra(principal),
        role: "Helpdesk Administrator".into(),
        privileged: false,
        state: RoleState::Eligible,
    };
    let with = |roles: Option<Vec<RoleGrant>>, pattern: &str| {
        let mut case = Case::new()
            .ad("ann", A, nothing)
            .cloud(1, "ann", None, nothing)
            .cloud(2, "twin", Some(anchor(A)), nothing)
            .map("ann", "ann", decide("twin", Resolve::Clear));
        case.observed.tenant.roles = roles;
        case.desired.policy.protect = vec![Protected::Role(pattern.into())];
        case.plan()
    };
    assert_eq!(blockers(&with(Some(vec![grant(3)]), "helpdesk*")), []);
    assert_eq!(blockers(&with(Some(vec![grant(1)]), "helpdesk*")), [Code::TargetProtected]);
    assert_eq!(blockers(&with(Some(vec![grant(2)]), "Helpdesk Administrator")), [Code::HolderProtected]);
    assert_eq!(blockers(&with(Some(vec![grant(1)]), "Global*")), []);
    let unread = with(None, "Global*");
    assert_eq!(blockers(&unread), [Code::HolderProtected, Code::TargetProtected], "who could hold it counts");
    let eligible = with(Some(vec![grant(1), grant(2)]), "helpdesk*");
    let found = eligible.findings.iter().chain(&unread.findings);
    let protected = found.filter(|finding| [Code::HolderProtected, Code::TargetProtected].contains(&finding.code));
    let messages: Vec<&str> = protected.map(|finding| &*finding.message).collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    twin@x.example holds the wanted ImmutableID and is protected by `policy.protect`, as it holds the role Helpdesk Administrator
    ann@x.example is protected by `policy.protect`, as it holds the role Helpdesk Administrator
    twin@x.example holds the wanted ImmutableID and is protected by `policy.protect`, as it may hold the role Global*: roles were not read
    ann@x.example is protected by `policy.protect`, as it may hold the role Global*: roles were not read
    ");
}

#[test]
fn a_group_of_unknown_members_counts_only_where_it_holds_the_role() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    case.observed.tenant.others.push(OtherObject {
        kind: OtherKind::Group,
        id: entra(9),
        display_name: None,
        mail: None,
        proxy_addresses: Texts::default(),
        members: None,
    });
    case.observed.tenant.roles = Some(vec![RoleGrant {
        principal: entra(9),
        role: "User Administrator".into(),
        privileged: true,
        state: RoleState::Assigned,
    }]);
    let protecting = |pattern: &str| {
        let mut case = Case { desired: case.desired.clone(), observed: case.observed.clone() };
        case.desired.policy.protect = vec![Protected::Role(pattern.into())];
        blockers(&case.plan())
    };
    assert_eq!(protecting("user administrator"), [Code::TargetProtected]);
    assert_eq!(protecting("Global*"), []);
}

/// Each forest has an anchor of its own, and the mapping need not say in which one the AD user is.
#[test]
fn a_stamp_is_for_forests_that_take_their_anchors_from_it() {
    let stamped = |mapping: &mut Mapping| mapping.write = WriteSide::OnPrem;
    let plan = |mode: AnchorMode, id: &str| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(id)), nothing).map("ann", "ann", stamped);
        case.observed.forests[0].anchor = mode;
        case.plan()
    };
    assert_eq!(kinds(&plan(AnchorMode::ConsistencyGuid, P)), ["stampConsistencyGuid ann"]);
    for mode in [AnchorMode::ObjectGuid, AnchorMode::Attribute("employeeID".into())] {
        let body = plan(mode, P);
        assert_eq!((blockers(&body), body.actions.len()), (vec![Code::AnchorModeDoubtful], 0));
    }
    assert_eq!(blockers(&plan(AnchorMode::ObjectGuid, A)), [], "it has that anchor");
}

/// Whichever attribute, mapping or account it comes from, a GUID of zeros is nobody's.
#[test]
fn an_anchor_of_zeros_is_refused_wherever_it_comes_from() {
    const ZEROS: &str = "00000000-0000-0000-0000-000000000000";
    let bytes = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(ZEROS).ad_bytes()).into());
    let stored = Case::new().ad("ann", A, bytes).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    let stamped = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(ZEROS)), nothing);
    let stamped = stamped.map("ann", "ann", |mapping| mapping.write = WriteSide::OnPrem);
    let given = |key: OnPremKey| {
        let mut case = Case::new().cloud(1, "ann", None, nothing).map("", "ann", |mapping| {
            mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: "given".into() });
        });
        case.desired.forests.clear();
        case.observed.forests.clear();
        case
    };
    let by_guid = given(OnPremKey::Guid(GuidInput::Guid(guid(ZEROS))));
    let by_id = given(OnPremKey::ImmutableId(anchor(ZEROS)));
    for (case, place) in [
        (stored, "mS-DS-ConsistencyGuid of the AD user"),
        (stamped, "the ImmutableID of the account"),
        (by_guid, "the mapping"),
        (by_id, "the mapping"),
    ] {
        let body = case.plan();
        assert_eq!((blockers(&body), kinds(&body)), (vec![Code::AnchorInvalid], vec![]), "{place}");
        assert!(body.findings.iter().any(|finding| finding.message.starts_with(place)), "{:?}", body.findings);
    }
}
