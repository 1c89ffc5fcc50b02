//! Nobody is written whom the policy protects, and nobody is held up where nothing is written.

use super::*;

fn protecting(mut case: Case, name: &str) -> (Vec<Code>, Vec<String>) {
    case.desired.policy.protect = vec![Protected::Account(format!("{name}@*").into())];
    let body = case.plan();
    (blockers(&body), kinds(&body))
}

fn leaves(mapping: &mut Mapping) {
    mapping.on_prem = OnPremSide::Nobody;
}

fn stamped(mapping: &mut Mapping) {
    mapping.write = WriteSide::OnPrem;
}

fn armed() -> Case {
    Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(A)), nothing)
}

#[test]
fn the_policy_protects_from_every_write() {
    let refused = (vec![Code::TargetProtected], Vec::<String>::new());
    let case = |id, edit: fn(&mut CloudUser)| Case::new().ad("ann", A, nothing).cloud(1, "ann", id, edit);
    assert_eq!(protecting(case(None, nothing).map("ann", "ann", nothing), "ann"), refused, "its ImmutableID");
    let pinned = case(Some(anchor(A)), |user| user.object_identifier = Known::Is(guid(P)));
    let accepted = accept(Acceptable::ObjectIdentifierDiffers);
    assert_eq!(protecting(pinned.map("ann", "ann", accepted), "ann"), refused, "its object identifier");
    let binned = case(Some(anchor(A)), |user| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into()));
    let binned = binned.cloud(2, "x", None, nothing).map("ann", "ann", |mapping| mapping.restore = true);
    assert_eq!(protecting(binned, "ann"), refused, "out of the recycle bin");
    let case = || Case::new().ad("bob", P, nothing).cloud(1, "ann", Some(anchor(A)), nothing);
    assert_eq!(protecting(case().map("", "ann", leaves), "ann"), refused, "everything of AD");
    for named in [account("ann@fed.example"), by_id(1)] {
        let parked = Case::new().ad("ann", A, |user| user.upn = Some("ann@fed.example".into()));
        let parked = parked.cloud(1, "ann@x.onmicrosoft.com", Some(anchor(A)), nothing);
        let parked = parked.map("ann", "ann", |mapping| {
            accept(Acceptable::FederatedDomain)(mapping);
            mapping.cloud = named;
        });
        assert_eq!(protecting(parked, "ann"), refused, "its sign-in name");
    }
}

#[test]
fn every_write_on_the_account_of_a_mapping_relies_on_its_being_no_guest() {
    let account = |user: &mut CloudUser| {
        user.sid = Known::Is(sid(2));
        user.object_identifier = Known::Is(guid(P));
    };
    let body = Case::new().cloud(1, "ann", Some(anchor(A)), account).map("", "ann", leaves).plan();
    assert_eq!(kinds(&body), ["clearImmutableId ann", "clearSecurityIdentifier ann", "clearObjectIdentifier ann"]);
    let member = FactValue::text("Member");
    assert!(body.actions.iter().all(|action| action.before.get(&FactName::UserType) == Some(&member)), "{body:?}");
}

#[test]
fn the_policy_protects_the_target_of_another_mapping_from_losing_a_sid() {
    let own = |user: &mut CloudUser| user.sid = Known::Is(sid(2));
    let case = || armed().ad("bob", P, nothing).cloud(2, "bob", None, nothing).map("ann", "ann", nothing);
    let case = || {
        let mut case = case().map("bob", "bob", nothing);
        own(&mut case.observed.tenant.users[0]);
        case
    };
    assert_eq!(kinds(&case().plan()), ["clearSecurityIdentifier ann", "setImmutableId bob"]);
    assert_eq!(protecting(case(), "ann"), (vec![Code::HolderProtected], vec![]));
}

#[test]
fn the_policy_protects_by_every_address() {
    let called = |user: &mut CloudUser| {
        user.mail = Known::Is("vip@x.example".into());
        user.proxy_addresses =
            Known::Is(["SMTP:vip@x.example".into(), "smtp:boss@x.onmicrosoft.com".to_owned()].into_iter().collect());
    };
    let protecting = |entry: &str| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, called).map("ann", "ann", nothing);
        case.desired.policy.protect = vec![Protected::Account(entry.into())];
        codes(&case.plan())
    };
    for entry in ["VIP@x.example", "boss@x.onmicrosoft.com", "boss*", "ann@x.example"] {
        assert_eq!(protecting(entry), [Code::TargetProtected], "{entry}");
    }
    assert!(!protecting("*@x.onmicrosoft.com").contains(&Code::TargetProtected), "an alias is no domain");
    assert!(protecting("smtp:vip@x.example").contains(&Code::NotChecked));
}

#[test]
fn an_entry_that_protects_nobody_is_told() {
    let mut case = armed().map("ann", "ann", nothing);
    let account = |text: &str| Protected::Account(text.into());
    let role = |text: &str| Protected::Role(text.into());
    let id = entra(1).to_string();
    let told = |case: &Case| {
        let findings = case.plan().findings.into_iter().filter(|finding| finding.code == Code::NotChecked);
        findings.map(|finding| (finding.message, finding.objects)).collect::<Vec<_>>()
    };
    case.desired.policy.protect = vec![account("ann@x.example"), account(&id), account("nobody*"), role("No*")];
    assert_eq!(told(&case), []);
    case.desired.policy.protect.extend([account("amn@x.example"), role("Global Admin")]);
    let objects = [
        "amn@x.example: no account, live or in the recycle bin, has this sign-in name, mail address or id",
        "role Global Admin: nobody holds a role of this name",
    ];
    let expected = ("2 entries of `policy.protect` protect nobody".to_owned(), objects.map(str::to_owned).to_vec());
    assert_eq!(told(&case), [expected]);
    case.observed.tenant.roles = None;
    case.desired.policy.protect = vec![role("Global Admin")];
    assert!(told(&case).iter().all(|(message, _)| message.starts_with("roles were not read")), "only that is known");
}

#[test]
fn the_first_entry_that_fits_is_named() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    case.observed.tenant.roles =
        Some(vec![RoleGrant { principal: entra(1), role: "Helpdesk".into(), privileged: false, state: RoleState::Assigned }]);
    let said = |case: &Case| case.plan().findings[0].message.clone();
    let entries =
        [Protected::Role("help*".into()), Protected::Account("ann@*".into()), Protected::Account("ann@x.example".into())];
    case.desired.policy.protect = entries.to_vec();
    assert_eq!(said(&case), "ann@x.example is protected by `policy.protect`, as it holds the role Helpdesk");
    case.desired.policy.protect.rotate_left(1);
    assert_eq!(said(&case), "ann@x.example is protected by `policy.protect`");
}

#[test]
fn a_mapping_that_writes_nothing_is_not_held_up() {
    let nobody = (vec![], Vec::<String>::new());
    assert_eq!(protecting(armed().map("ann", "ann", nothing), "ann"), nobody);
    let detached = Case::new().ad("bob", P, nothing).cloud(1, "ann", None, nothing).map("", "ann", leaves);
    assert_eq!(protecting(detached, "ann"), nobody);
    let consistency = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
    let done = Case::new().ad("ann", A, consistency).cloud(1, "ann", Some(anchor(P)), nothing).map("ann", "ann", stamped);
    assert_eq!(protecting(done, "ann"), nobody);
    let accepted = armed().map("ann", "ann", accept(Acceptable::TargetGuest)).plan();
    assert_eq!(codes(&accepted), [], "what was accepted has done its work");
}

/// At the next sync a stamp hands the account over just as an ID does.
#[test]
fn whatever_forbids_to_set_an_id_forbids_a_stamp() {
    let case = |edit: fn(&mut CloudUser)| {
        Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(P)), edit).map("ann", "ann", stamped)
    };
    let holding = |role: &str, privileged| {
        let grant = RoleGrant { principal: entra(1), role: role.into(), privileged, state: RoleState::Assigned };
        let mut case = case(nothing);
        case.observed.tenant.roles = Some(vec![grant]);
        case
    };
    let synced = |user: &mut CloudUser| user.sync_enabled = Known::Is(true);
    for edit in [nothing, synced] {
        assert_eq!(protecting(case(edit), "ann"), (vec![Code::TargetProtected], vec![]));
    }
    let mut by_role = holding("Helpdesk", false);
    by_role.desired.policy.protect = vec![Protected::Role("help*".into())];
    assert_eq!(blockers(&by_role.plan()), [Code::TargetProtected]);
    assert_eq!(blockers(&holding("Owner", true).plan()), [Code::TargetPrivileged]);
    assert!(codes(&holding("Helpdesk", false).plan()).contains(&Code::RoleAssigned));
    let guest = |user: &mut CloudUser| user.traits_mut().user_type = Known::Is(UserKind::Guest);
    assert_eq!(blockers(&case(guest).plan()), [Code::TargetGuest]);
    let shared = |user: &mut CloudUser| user.traits_mut().mailbox_purpose = Known::Is("shared".into());
    assert!(codes(&case(shared).plan()).contains(&Code::SharedMailbox));
    assert_eq!(kinds(&case(nothing).plan()), ["stampConsistencyGuid ann"]);
}

#[test]
fn a_source_of_authority_in_the_cloud_is_said_whatever_is_written() {
    let moved = |user: &mut CloudUser| user.traits_mut().cloud_managed = Known::Is(true);
    let says = |id, edit: fn(&mut Mapping)| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", id, moved);
        codes(&case.map("ann", "ann", edit).plan()).contains(&Code::CloudManaged)
    };
    assert!(says(None, nothing) && says(Some(anchor(P)), leaves) && says(Some(anchor(P)), stamped));
    assert!(!says(Some(anchor(A)), nothing), "nothing is written");
}

/// A decision would be refused, so none is asked for.
#[test]
fn nobody_is_asked_to_decide_on_whom_the_policy_protects() {
    let synced = |user: &mut CloudUser| user.sync_enabled = Known::Is(true);
    let sid_only = |user: &mut CloudUser| (user.immutable_id, user.sid) = (None, Known::Is(sid(1)));
    let binned = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = |edit: fn(&mut CloudUser)| {
        Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "vip", Some(anchor(A)), edit)
    };
    for edit in [nothing, synced, sid_only, binned] {
        let mut case = case(edit).map("ann", "ann", nothing);
        case.desired.policy.protect = vec![Protected::Account("vip@*".into())];
        let body = case.plan();
        assert_eq!(blockers(&body), [Code::HolderProtected]);
        assert!(body.findings.iter().all(|finding| finding.steps.is_empty() && !format!("{finding:?}").contains("resolve:")));
        decide("vip", Resolve::Clear)(&mut case.desired.mappings[0]);
        assert_eq!(blockers(&case.plan()), [Code::HolderProtected]);
    }
    let spelt = |user: &mut CloudUser| user.immutable_id = ImmutableId::stored(A);
    let mut case = case(spelt).map("ann", "ann", nothing);
    case.desired.policy.protect = vec![Protected::Account("vip@*".into())];
    let hint = case.plan().findings[0].hint.clone().unwrap();
    assert!(hint.ends_with("is protected by `policy.protect`: it is left as it is."), "{hint}");
}

/// Nothing is written, but the next sync takes the account over.
#[test]
fn an_armed_account_that_no_plan_would_arm_is_told() {
    let guest = |user: &mut CloudUser| user.traits_mut().user_type = Known::Is(UserKind::Guest);
    let told = |edit: fn(&mut CloudUser), protect: bool, mapped: fn(&mut Mapping)| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(A)), edit).map("ann", "ann", mapped);
        case.desired.policy.protect = if protect { vec![Protected::Account("ann@*".into())] } else { Vec::new() };
        let body = case.plan();
        assert_eq!((blockers(&body), kinds(&body)), (vec![], Vec::<String>::new()));
        codes(&body)
    };
    assert_eq!(told(nothing, true, nothing), [Code::TargetProtected]);
    assert_eq!(told(guest, false, nothing), [Code::TargetGuest]);
    let accepts = |mapping: &mut Mapping| accept(Acceptable::TargetGuest)(mapping);
    assert_eq!(told(guest, false, accepts), []);
    let linked = |user: &mut CloudUser| (user.sync_enabled, user.sid) = (Known::Is(true), Known::Is(sid(1)));
    assert_eq!(told(linked, true, nothing), [], "it is over");
    let shared = |user: &mut CloudUser| user.traits_mut().mailbox_purpose = Known::Is("shared".into());
    assert_eq!(told(shared, false, nothing), [Code::SharedMailbox]);
    let mut helper = armed().map("ann", "ann", nothing);
    let role = RoleGrant { principal: entra(1), role: "Helpdesk".into(), privileged: false, state: RoleState::Assigned };
    helper.observed.tenant.roles = Some(vec![role]);
    assert_eq!(codes(&helper.plan()), [Code::RoleAssigned]);
    helper.observed.tenant.users[0].immutable_id = None;
    assert_eq!(codes(&helper.plan()), [Code::RoleAssigned], "told once, written or not");
    let planned = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, guest).map("ann", "ann", accepts).plan();
    assert_eq!(codes(&planned), [Code::TargetGuest], "told once");
}

/// What protects an account protects somebody.
#[test]
fn an_entry_protects_whatever_the_case_of_its_letters() {
    for (entry, name) in [("JÖRG@x.example", "jörg@x.example"), ("jörg@x.example", "JÖRG@x.example")] {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, name, None, nothing).map("ann", name, nothing);
        case.desired.policy.protect = vec![Protected::Account(entry.into())];
        assert_eq!(codes(&case.plan()), [Code::TargetProtected], "{entry}");
    }
}
