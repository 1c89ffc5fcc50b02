//! Matching and its guards, one test a rule.

use std::collections::HashSet;

use super::super::testing::{Person, TenantBuilder, anchor, contact, group, guid, id, other, sid, value};
use super::*;
use crate::model::{CloudUser, Exclusion, ImmutableId, OtherKind, RoleState};

fn hard_match(tenant: &Tenant, n: u8) -> SyncOutcome {
    SyncOutcome::HardMatch { user: tenant.by_id(&id(n)).unwrap(), restored: false }
}

fn soft_match(tenant: &Tenant, n: u8, by_upn: bool) -> SyncOutcome {
    SyncOutcome::SoftMatch { user: tenant.by_id(&id(n)).unwrap(), by_upn }
}

fn linked(tenant: &Tenant, n: u8) -> SyncOutcome {
    SyncOutcome::AlreadyLinked(tenant.by_id(&id(n)).unwrap())
}

/// Name, placeholder, conflicts and codes of the accounts passed over.
fn creation(outcome: SyncOutcome) -> (String, bool, Vec<EntraId>, Vec<&'static str>) {
    let SyncOutcome::Create { upn, placeholder, conflicts, passed_over } = outcome else { panic!("{outcome:?}") };
    (upn.into(), placeholder, conflicts, passed_over.iter().map(|refusal| refusal.rule.code()).collect())
}

fn created(tenant: &Tenant, person: &Person) -> (String, bool, Vec<EntraId>, Vec<&'static str>) {
    creation(tenant.ask(person))
}

/// Property and value of what Entra withholds.
fn withheld(user: &CloudUser) -> Vec<String> {
    let text = |text: &Option<Text>| text.as_deref().unwrap_or_default().to_owned();
    user.errors().iter().map(|error| format!("{} {}", text(&error.property), text(&error.value))).collect()
}

fn armed() -> TenantBuilder {
    TenantBuilder::users(&["eva", "w"]).with(1, |user| user.immutable_id = Some(anchor(7)))
}

fn eva() -> Person {
    Person::new(7, "eva")
}

#[test]
fn the_anchor_goes_before_every_other_match() {
    let eva = eva().addresses(&["SMTP:w@x.example"]);
    let mut tenant = armed().addresses(2, &["SMTP:w@x.example"]).build();
    assert_eq!(tenant.ask(&eva), hard_match(&tenant, 1));
    assert_eq!(tenant.cycle(&eva), hard_match(&tenant, 1));
    assert_eq!(tenant.cycle(&eva), linked(&tenant, 1));
    let user = tenant.at(1);
    assert_eq!((&user.sid, &user.object_identifier), (&Known::Is(sid(7)), &Known::Is(guid(7))));
    assert_eq!((user.sync_enabled, user.last_sync.clone()), (Known::Is(true), Known::Is("2026-11-20T11:00:00Z".into())));
    assert_eq!(user.traits.domain_name, Known::Is("corp.local".into()));
    assert_eq!(user.residue.user_principal_name, Known::Is("eva@x.example".into()));
}

#[test]
fn an_anchor_that_differs_in_case_is_no_match() {
    let lower = anchor(7).as_str().to_ascii_lowercase();
    let tenant = TenantBuilder::users(&["someone"]).anchored(1, &lower).build();
    assert_eq!(created(&tenant, &eva()), ("eva@x.example".into(), false, vec![], vec![]));
}

#[test]
fn a_deleted_account_with_the_anchor_is_brought_back() {
    let mut tenant = armed().binned(1).build();
    let user = tenant.by_id(&id(1)).unwrap();
    assert_eq!(tenant.cycle(&eva()), SyncOutcome::HardMatch { user, restored: true });
    assert_eq!((&*tenant.at(1).upn, tenant.at(1).is_deleted()), ("eva@x.example", false));
    let taken = armed().binned(1).with(2, |user| user.upn = "eva@x.example".into());
    let mut taken = taken.domains().build();
    taken.cycle(&eva());
    let upn = &taken.at(1).upn;
    assert!(upn.starts_with("eva") && upn.ends_with("@x.onmicrosoft.com"), "{upn}");
    assert_eq!(withheld(taken.at(1)), ["UserPrincipalName eva@x.example"]);
}

#[test]
fn a_restored_account_gives_up_addresses_that_were_reused() {
    let builder = || armed().addresses(1, &["SMTP:eva@x.example", "smtp:e@x.example"]).binned(1);
    let mut tenant = builder().addresses(2, &["SMTP:eva@x.example"]).build();
    tenant.cycle(&eva());
    assert_eq!(tenant.at(1).addresses().collect::<Vec<_>>(), ["smtp:e@x.example"]);
    let mut tenant = builder().build();
    tenant.cycle(&eva());
    assert_eq!(tenant.at(1).addresses().count(), 2);
}

#[test]
fn the_tenant_can_forbid_takeover_by_anchor() {
    let flag = "blockCloudObjectTakeoverThroughHardMatchEnabled";
    for state in [Known::Null, Known::Is(false)] {
        let tenant = armed().with(1, |user| user.sync_enabled = state).feature(flag, true).build();
        assert_eq!(tenant.refused(&eva()), ("InvalidHardMatch", Some(id(1))));
    }
    let synced = TenantBuilder::users(&["eva"]).linked(1, 7).feature(flag, true).build();
    assert_eq!(synced.ask(&eva()), linked(&synced, 1));
}

#[test]
fn a_synced_account_of_somebody_else_keeps_its_anchor() {
    let foreign = |user: &mut CloudUser| user.sid = Known::Is(sid(8));
    let unlike = TenantBuilder::users(&["eva"]).linked(1, 7).with(1, foreign);
    assert_eq!(
        unlike.build().ask(&eva()),
        SyncOutcome::AlreadyLinked(armed().build().by_id(&id(1)).unwrap()),
        "moved in the forest"
    );
    let stranger = |user: &mut CloudUser| user.object_identifier = Known::Is(guid(8));
    let tenant = TenantBuilder::users(&["eva"]).linked(1, 7).with(1, foreign).with(1, stranger).build();
    assert_eq!(tenant.refused(&eva()), ("InvalidHardMatch", Some(id(1))));
    let nothing_known = |user: &mut CloudUser| (user.sid, user.object_identifier) = (Known::Unknown, Known::Unknown);
    let tenant = TenantBuilder::users(&["eva"]).linked(1, 7).with(1, nothing_known).build();
    assert_eq!(tenant.ask(&eva()), linked(&tenant, 1));
}

#[test]
fn privileged_accounts_are_not_taken_over_by_anchor() {
    for state in [RoleState::Assigned, RoleState::Eligible] {
        assert_eq!(armed().role(1, true, state).build().refused(&eva()), ("InvalidHardMatch", Some(id(1))));
        assert_eq!(armed().binned(1).role(1, true, state).build().refused(&eva()), ("InvalidHardMatch", Some(id(1))));
        let member = |tenant: &mut crate::model::ObservedTenant| tenant.others = vec![group(100, Some(&[1]))];
        let tenant = armed().tenant(member).role(100, true, state).build();
        assert_eq!(tenant.refused(&eva()), ("InvalidHardMatch", Some(id(1))));
        let plain = armed().role(1, false, state).role(2, true, state).build();
        assert_eq!(plain.ask(&eva()), hard_match(&plain, 1));
        let linked_before = TenantBuilder::users(&["eva"]).linked(1, 7).role(1, true, state).build();
        assert_eq!(linked_before.ask(&eva()), linked(&linked_before, 1));
    }
}

#[test]
fn the_object_identifier_of_another_ad_user_stands_in_the_way() {
    let names = |n: u8| move |user: &mut CloudUser| user.object_identifier = Known::Is(guid(n));
    assert_eq!(armed().with(1, names(8)).build().refused(&eva()), ("AttributeUpdateNotAllowed", Some(id(1))));
    let same = armed().with(1, names(7)).build();
    assert_eq!(same.ask(&eva()), hard_match(&same, 1));
    let mut bypass = armed().with(1, names(8)).feature("allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled", true).build();
    assert_eq!(bypass.cycle(&eva()), hard_match(&bypass, 1));
    assert_eq!(bypass.at(1).object_identifier, Known::Is(guid(7)));
}

#[test]
fn a_sid_belongs_to_one_account() {
    let residue = |user: &mut CloudUser| user.sid = Known::Is(sid(7));
    let held = ("AttributeValueMustBeUnique", Some(id(2)));
    assert_eq!(armed().with(2, residue).build().refused(&eva()), held);
    assert_eq!(armed().with(2, residue).binned(2).build().refused(&eva()), held, "in the recycle bin too");
    let soft = TenantBuilder::users(&["eva", "w"]);
    assert_eq!(soft.with(2, residue).build().refused(&eva()), held);
    let nobody = TenantBuilder::users(&["x", "w"]);
    assert_eq!(nobody.with(2, residue).build().refused(&eva()), held);
    let rest = TenantBuilder::users(&["x", "w"]).with(2, residue).with(2, |user| user.sync_enabled = Known::Is(false));
    for rest in [rest.clone(), rest.with(2, |user| user.sync_enabled = Known::Is(true)).binned(2)] {
        let SyncOutcome::Refused(refusal) = rest.build().ask(&eva()) else { panic!() };
        assert_eq!(refusal.rule, SyncRule::SidHeld, "only a live synced account is a link");
    }
    let no_sid = armed().with(2, residue).build();
    assert_eq!(no_sid.ask(&eva().with(|user| user.sid = None)), hard_match(&no_sid, 1));
}

#[test]
fn the_anchor_of_a_linked_ad_user_must_not_change() {
    let other_anchor = |user: &mut CloudUser| user.immutable_id = Some(anchor(9));
    let tenant = armed().linked(2, 7).with(2, other_anchor).role(1, true, RoleState::Assigned).build();
    let refusals = tenant.link_refusals(eva().incoming(), tenant.by_id(&id(1)).unwrap());
    let rules: Vec<SyncRule> = refusals.iter().map(|refusal| refusal.rule).collect();
    assert_eq!(rules, [SyncRule::AnchorChanged, SyncRule::Privileged]);
}

#[test]
fn an_account_moved_to_the_cloud_is_left_alone_by_its_own_ad_user() {
    let moved = |user: &mut CloudUser| {
        user.traits_mut().cloud_managed = Known::Is(true);
        user.sid = Known::Is(sid(7));
    };
    assert_eq!(armed().with(1, moved).build().refused(&eva()), ("BlockedOnPremises", Some(id(1))));
    let stolen = armed().with(1, moved).with(1, |user| user.sid = Known::Is(sid(8))).build();
    assert_eq!(stolen.ask(&eva()), hard_match(&stolen, 1));
}

#[test]
fn nothing_is_exported_when_sync_is_off_or_the_ad_user_is_left_out() {
    let off = |state| armed().tenant(move |tenant| tenant.sync_enabled = state).build();
    assert_eq!(off(Known::Is(false)).refused(&eva()), ("SyncDisabled", None));
    for state in [Known::Unknown, Known::Null, Known::Is(true)] {
        assert_eq!(off(state).ask(&eva()), hard_match(&off(state), 1));
    }
    let excluded = eva().with(|user| user.excluded = Some(Exclusion::LinkedMailbox));
    let mut tenant = armed().build();
    assert_eq!(tenant.cycle(&excluded), SyncOutcome::LeftOut(Exclusion::LinkedMailbox));
    assert!(!tenant.at(1).is_synced());
}

#[test]
fn soft_match_goes_by_the_primary_address_first_and_then_by_name() {
    let builder = || TenantBuilder::users(&["eva", "w"]).addresses(2, &["SMTP:w@x.example", "smtp:Eva.Old@x.example"]);
    let tenant = builder().build();
    let primary = eva().addresses(&["SMTP:eva.old@X.example", "smtp:z@x.example"]);
    assert_eq!(tenant.ask(&primary), soft_match(&tenant, 2, false), "any address of the cloud, the primary one of AD");
    assert_eq!(tenant.ask(&eva().addresses(&["smtp:eva.old@x.example"])), soft_match(&tenant, 1, true));
    let by_mail = eva().with(|user| user.mail = Some("w@x.example".into()));
    assert_eq!(tenant.ask(&by_mail), soft_match(&tenant, 2, false), "mail stands in for empty proxyAddresses");
    assert_eq!(tenant.ask(&by_mail.addresses(&["SMTP:new@x.example"])), soft_match(&tenant, 1, true));
    let mut tenant = builder().build();
    assert_eq!(tenant.cycle(&primary), soft_match(&tenant, 2, false));
    assert_eq!(tenant.at(2).immutable_id, Some(anchor(7)));
    assert_eq!(tenant.cycle(&primary), linked(&tenant, 2));
}

#[test]
fn a_name_matches_only_when_switched_on_and_as_it_stands_in_ad() {
    let off = TenantBuilder::users(&["eva"]).feature("softMatchOnUpnEnabled", false).domains().build();
    let (upn, placeholder, conflicts, passed) = created(&off, &eva());
    assert!(placeholder && upn.ends_with("@x.onmicrosoft.com"), "{upn}");
    assert_eq!((conflicts, passed.len()), (vec![id(1)], 0));
    let routed = |user: &mut CloudUser| user.upn = "eva@x.onmicrosoft.com".into();
    let local = TenantBuilder::users(&["eva"]).with(1, routed).domains().build();
    let replaced = eva().with(|user| user.upn = Some("eva@corp.local".into()));
    let (upn, placeholder, ..) = created(&local, &replaced);
    assert!(placeholder && upn != "eva@x.onmicrosoft.com", "a replaced suffix does not match: {upn}");
    let fed = |user: &mut CloudUser| user.upn = "eva@fed.example".into();
    let federated = TenantBuilder::users(&["eva"]).with(1, fed).domains().build();
    let (.., passed) = created(&federated, &eva().with(|user| user.upn = Some("eva@fed.example".into())));
    assert_eq!(passed, ["InvalidSoftMatch"]);
}

#[test]
fn accounts_that_soft_match_must_not_touch_get_a_duplicate_beside_them() {
    let base = || TenantBuilder::users(&["eva"]).domains();
    let cases = [
        (base().feature("blockSoftMatchEnabled", true), "InvalidSoftMatch"),
        (base().anchored(1, "stale"), "InvalidSoftMatch"),
        (base().with(1, |user| user.sync_enabled = Known::Is(true)), "InvalidSoftMatch"),
        (base().with(1, |user| user.traits_mut().user_type = Known::Is(crate::model::UserKind::Guest)), "InvalidSoftMatch"),
        (base().role(1, false, RoleState::Assigned), "ExistingAdminRoleConflict"),
    ];
    for (builder, code) in cases {
        let off = TenantBuilder::clone(&builder).feature("quarantineUponUpnConflictEnabled", false).build();
        let (upn, placeholder, conflicts, passed) = created(&builder.build(), &eva());
        assert!(placeholder && upn.starts_with("eva") && upn.len() == "eva1234@x.onmicrosoft.com".len(), "{upn}");
        assert_eq!((conflicts, passed), (vec![id(1)], vec![code]));
        assert!(matches!(off.ask(&eva()), SyncOutcome::Refused(_)), "without resiliency the export fails");
    }
    let eligible = base().role(1, true, RoleState::Eligible).build();
    assert_eq!(eligible.ask(&eva()), soft_match(&eligible, 1, true), "the hardening of 2026 left soft match as it was");
}

#[test]
fn a_guest_with_the_address_does_not_hide_the_member_with_the_name() {
    let guest = |user: &mut CloudUser| user.traits_mut().user_type = Known::Is(crate::model::UserKind::Guest);
    let tenant = TenantBuilder::users(&["eva", "g"]).with(2, guest).addresses(2, &["SMTP:eva@x.example"]).build();
    assert_eq!(tenant.ask(&eva().addresses(&["SMTP:eva@x.example"])), soft_match(&tenant, 1, true));
    let anchored = TenantBuilder::users(&["eva", "w"]).anchored(2, "stale").addresses(2, &["SMTP:eva@x.example"]).build();
    let (.., conflicts, passed) = created(&anchored, &eva().addresses(&["SMTP:eva@x.example"]));
    assert_eq!((conflicts, passed), (vec![id(1), id(2)], vec!["InvalidSoftMatch"]), "a member does: the name is not tried");
}

#[test]
fn a_group_with_the_address_fails_the_export_and_a_contact_does_not() {
    let eva = eva().addresses(&["SMTP:eva@x.example"]);
    let owned =
        |kind| TenantBuilder::users(&["w"]).tenant(move |tenant| tenant.others = vec![other(kind, 100, &["eva@x.example"])]);
    assert_eq!(owned(OtherKind::Group).build().refused(&eva), ("ObjectTypeMismatch", Some(id(100))));
    assert_eq!(created(&owned(OtherKind::Contact).build(), &eva), ("eva@x.example".into(), false, vec![id(100)], vec![]));
    let off = owned(OtherKind::Contact).feature("quarantineUponProxyAddressesConflictEnabled", false).build();
    assert_eq!(off.refused(&eva), ("AttributeValueMustBeUnique", Some(id(100))));
    let armed = |kind| armed().tenant(move |tenant| tenant.others = vec![other(kind, 100, &["eva@x.example"])]);
    assert_eq!(armed(OtherKind::Group).build().refused(&eva), ("ObjectTypeMismatch", Some(id(100))), "nor is it linked");
    let by_contact = armed(OtherKind::Contact).build();
    assert_eq!(by_contact.ask(&eva), hard_match(&by_contact, 1), "the address is withheld");
    let soft =
        TenantBuilder::users(&["eva"]).tenant(|tenant| tenant.others = vec![other(OtherKind::Group, 100, &["team@x.example"])]);
    let soft = soft.addresses(1, &["SMTP:eva@x.example"]).build();
    let alias = self::eva().addresses(&["SMTP:eva@x.example", "smtp:team@x.example"]);
    assert_eq!(soft.refused(&alias), ("ObjectTypeMismatch", Some(id(100))));
}

#[test]
fn deleted_accounts_are_not_soft_matched_but_keep_their_addresses() {
    let eva = eva().addresses(&["SMTP:eva@x.example"]);
    let mut tenant = TenantBuilder::users(&["eva"]).addresses(1, &["SMTP:eva@x.example"]).binned(1).build();
    let outcome = tenant.cycle(&eva);
    assert_eq!(creation(outcome), ("eva@x.example".into(), false, vec![id(1)], vec![]));
    let (_, new) = tenant.users().find(|(_, user)| user.id != id(1)).unwrap();
    assert_eq!((new.addresses().count(), new.is_synced()), (0, true));
    assert_eq!(withheld(new), ["ProxyAddress eva@x.example"]);
}

#[test]
fn a_new_account_looks_like_its_ad_user_and_can_be_found() {
    let eva = eva().addresses(&["SMTP:eva@x.example", "smtp:e@x.example", "smtp:eva@x.onmicrosoft.com"]);
    let eva = eva.with(|user| user.enabled = Some(false));
    let mut tenant =
        TenantBuilder::users(&["w"]).domains().tenant(|tenant| tenant.others = vec![contact(100, "z@x.example")]).build();
    tenant.cycle(&eva);
    let [new] = tenant.holders_of(&anchor(7))[..] else { panic!() };
    assert_eq!(tenant.cycle(&eva), SyncOutcome::AlreadyLinked(new));
    let user = tenant.user(new).unwrap();
    assert_eq!(user.addresses().collect::<Vec<_>>(), ["SMTP:eva@x.example", "smtp:e@x.example"]);
    assert_eq!(
        (&*user.upn, &user.mail, user.traits.account_enabled),
        ("eva@x.example", &Known::Is("eva@x.example".into()), Known::Is(false))
    );
    assert_eq!(
        (tenant.by_id(&user.id), tenant.by_sid(&sid(7)).to_vec(), tenant.by_upn("EVA@x.example").to_vec()),
        (Some(new), vec![new], vec![new])
    );
    assert_eq!(withheld(user), [""; 0]);
}

#[test]
fn placeholders_are_free_names_and_stay_while_the_name_is_taken() {
    let taken = |user: &mut CloudUser| user.immutable_id = Some(value("stale"));
    let mut tenant = TenantBuilder::users(&["eva"]).with(1, taken).domains().build();
    let (first, ..) = creation(tenant.cycle(&eva()));
    let [new] = tenant.holders_of(&anchor(7))[..] else { panic!() };
    assert_eq!(tenant.cycle(&eva()), SyncOutcome::AlreadyLinked(new));
    let user = tenant.user(new).unwrap();
    assert_eq!((&*user.upn, withheld(user)), (&*first, vec!["UserPrincipalName eva@x.example".to_owned()]));
    // Somebody else had the same digits already.
    let squatter = |user: &mut CloudUser| user.upn = first.as_str().into();
    let other = TenantBuilder::users(&["eva", "z"]).with(1, taken).with(2, squatter).domains().build();
    assert_ne!(created(&other, &eva()).0, first);
}

#[test]
fn a_placeholder_has_four_digits_that_the_anchor_gives() {
    let tenant = TenantBuilder::users(&["eva"]).domains().build();
    let names: HashSet<Text> = (0..50).map(|n| tenant.placeholder("eva@x.example", &anchor(n))).collect();
    assert!(names.len() > 40, "{names:?}");
    assert!(names.iter().all(|name| name.len() == "eva1234@x.onmicrosoft.com".len()), "{names:?}");
}

#[test]
fn a_new_account_gets_an_id_that_nobody_has() {
    let mut tenant = TenantBuilder::users(&["w"]).domains().build();
    tenant.cycle(&eva());
    let [first] = tenant.holders_of(&anchor(7))[..] else { panic!() };
    let id = tenant.user(first).unwrap().id;
    let mut other = TenantBuilder::users(&["w"]).with(1, |user| user.id = id).domains().build();
    other.cycle(&eva());
    let [second] = other.holders_of(&anchor(7))[..] else { panic!() };
    assert_ne!(other.user(second).unwrap().id, id);
    assert_eq!(other.by_id(&id).and_then(|user| other.user(user)).map(|user| &*user.upn), Some("w@x.example"));
}

#[test]
fn new_accounts_stand_side_by_side() {
    let mut tenant = TenantBuilder::users(&["w"]).domains().build();
    for (n, name) in [(7, "eva"), (8, "tom"), (9, "zoe")] {
        tenant.cycle(&Person::new(n, name));
    }
    let names: Vec<&str> = tenant.users().map(|(_, user)| &*user.upn).collect();
    assert_eq!(names, ["w@x.example", "eva@x.example", "tom@x.example", "zoe@x.example"]);
}

#[test]
fn an_ad_user_without_a_sign_in_name_gets_the_implicit_one() {
    let nameless = eva().with(|user| user.upn = None);
    let tenant = TenantBuilder::users(&["w"]).domains().build();
    assert_eq!(created(&tenant, &nameless).0, "eva@x.onmicrosoft.com");
    let (upn, placeholder, ..) = created(&tenant, &nameless.with(|user| user.sam = None));
    assert!(placeholder && upn.starts_with("user"), "{upn}");
}

#[test]
fn a_damaged_reading_with_two_holders_prefers_the_linked_one() {
    let twin = |user: &mut CloudUser| user.immutable_id = Some(anchor(7));
    let tenant = TenantBuilder::users(&["eva", "w"]).with(1, twin).linked(2, 7).build();
    assert_eq!(tenant.ask(&eva()), linked(&tenant, 2));
    assert_eq!(ImmutableId::stored(""), None);
}
