//! One test a rule.

use super::super::testing::{TenantBuilder, contact, id, sid, value};
use super::*;

fn set(text: &str) -> ChangeKind {
    ChangeKind::SetImmutableId(value(text))
}

fn rename(upn: &str) -> ChangeKind {
    ChangeKind::SetUserPrincipalName(upn.parse().unwrap())
}

const CLEAR: ChangeKind = ChangeKind::ClearImmutableId { residue: false };

fn conflict(property: &'static str, n: u8) -> Result<(), Refusal> {
    Err(Refusal::Conflict { property, holder: id(n) })
}

#[test]
fn an_immutable_id_is_unique_over_live_and_deleted_users_and_case_sensitive() {
    let mut tenant = TenantBuilder::users(&["a", "b"]).anchored(1, "Abc").build();
    assert_eq!(tenant.write(1, set("Abc")), Ok(()), "its own value");
    assert_eq!(tenant.write(2, set("Abc")), conflict("onPremisesImmutableId", 1));
    assert_eq!(tenant.write(2, set("abc")), Ok(()));
    tenant.write(1, ChangeKind::SoftDelete).unwrap();
    assert_eq!(tenant.write(2, set("Abc")), conflict("onPremisesImmutableId", 1));
    tenant.write(1, ChangeKind::Purge).unwrap();
    assert_eq!(tenant.write(2, set("Abc")), Ok(()));
    assert_eq!(tenant.at(2).immutable_id, Some(value("Abc")));
}

#[test]
fn values_that_entra_does_not_store_are_refused() {
    let mut tenant = TenantBuilder::users(&["a"]).build();
    for text in ["a_b", "a$b", "a b", "a\u{a0}b", "a\nb", "\u{7}"] {
        assert!(matches!(tenant.write(1, set(text)), Err(Refusal::BadValue(..))), "{text:?}");
    }
    for text in ["+VlhATZ9qE++wQg4jmtZPg==", "max@x.example", "E10045"] {
        assert_eq!(tenant.write(1, set(text)), Ok(()), "{text}");
    }
}

#[test]
fn a_synced_user_takes_no_write() {
    let mut tenant = TenantBuilder::users(&["a"]).anchored(1, "A").with(1, |user| user.sync_enabled = Known::Is(true)).build();
    let kinds = [
        set("A"),
        CLEAR,
        ChangeKind::SoftDelete,
        ChangeKind::ClearSecurityIdentifier,
        ChangeKind::ClearObjectIdentifier,
        rename("z@x.example"),
    ];
    for kind in kinds {
        assert_eq!(tenant.write(1, kind.clone()), Err(Refusal::Synced(id(1))), "{kind:?}");
    }
}

#[test]
fn a_formerly_synced_user_is_editable_unless_switched_off() {
    let mut tenant = TenantBuilder::users(&["a"]).with(1, |user| user.sync_enabled = Known::Is(false)).build();
    assert_eq!(tenant.write(1, set("A")), Ok(()));
    tenant.set_formerly_synced_editable(false);
    for kind in [set("B"), CLEAR, ChangeKind::ClearSecurityIdentifier, ChangeKind::ClearObjectIdentifier] {
        assert_eq!(tenant.unchanged().write(1, kind), Err(Refusal::Synced(id(1))));
    }
    assert_eq!(tenant.write(1, rename("z@x.example")), Ok(()), "the sign-in name is no on-premises value");
    assert_eq!(tenant.write(1, ChangeKind::SoftDelete), Ok(()));
}

#[test]
fn writes_need_a_live_account_and_the_bin_a_deleted_one() {
    let mut tenant = TenantBuilder::users(&["a"]).build();
    for kind in [ChangeKind::Purge, ChangeKind::Restore] {
        assert_eq!(tenant.write(1, kind.clone()), Err(Refusal::NotDeleted(id(1))));
        assert_eq!(tenant.write(9, kind), Err(Refusal::NotDeleted(id(9))));
    }
    tenant.write(1, ChangeKind::SoftDelete).unwrap();
    for kind in [set("A"), CLEAR, ChangeKind::SoftDelete, rename("z@x.example"), ChangeKind::ClearSecurityIdentifier] {
        assert_eq!(tenant.write(1, kind.clone()), Err(Refusal::NotLive(id(1))));
        assert_eq!(tenant.write(9, kind), Err(Refusal::NotLive(id(9))));
    }
}

#[test]
fn in_a_federated_domain_the_immutable_id_stands_still() {
    let fed = |n: u8, name: &'static str| move |user: &mut CloudUser| user.upn = format!("{name}{n}@sub.fed.example").into();
    let builder = TenantBuilder::users(&["a", "b"]).domains().with(1, fed(1, "a")).with(2, fed(2, "b")).anchored(1, "A");
    let mut tenant = builder.build();
    assert_eq!(tenant.write(1, set("B")), Err(Refusal::Federated(id(1))));
    assert_eq!(tenant.write(1, CLEAR), Err(Refusal::Federated(id(1))));
    assert_eq!(tenant.write(1, set("A")), Ok(()), "unchanged");
    assert_eq!(tenant.write(2, CLEAR), Ok(()), "null already");
    // The detour.
    assert_eq!(tenant.write(1, rename("a1@x.onmicrosoft.com")), Ok(()));
    assert_eq!(tenant.write(1, set("B")), Ok(()));
    assert_eq!(tenant.write(1, rename("a1@sub.fed.example")), Ok(()));
    assert_eq!(tenant.write(2, rename("b2@x.example")), Ok(()));
    assert_eq!(tenant.write(2, rename("b2@fed.example")), Err(Refusal::FederatedWithoutId(id(2))), "no anchor");
}

#[test]
fn clearing_for_good_takes_the_residue_too() {
    let marked = |user: &mut CloudUser| user.residue.sam_account_name = Known::Is("a".into());
    let mut tenant = TenantBuilder::users(&["a"]).anchored(1, "A").with(1, marked).build();
    tenant.write(1, CLEAR).unwrap();
    assert_eq!((&tenant.at(1).immutable_id, tenant.at(1).residue.sam_account_name.is_read()), (&None, true));
    tenant.write(1, ChangeKind::ClearImmutableId { residue: true }).unwrap();
    assert_eq!(tenant.at(1).on_premises_names(), [&Known::Null; 4]);
}

#[test]
fn a_deleted_user_holds_everything_but_its_name() {
    let held = |user: &mut CloudUser| {
        user.sid = Known::Is(sid(1));
        user.sync_enabled = Known::Is(false);
    };
    let mut tenant = TenantBuilder::users(&["a", "b"]).anchored(1, "A").with(1, held).build();
    tenant.write(1, ChangeKind::SoftDelete).unwrap();
    assert_eq!(&*tenant.at(1).upn, "00000000000000000000000000000001a@x.example");
    assert_eq!(tenant.at(1).traits.deleted_at.as_deref(), Some("2026-11-20T10:00:00Z"));
    assert_eq!((tenant.holders_of(&value("A")).len(), tenant.by_sid(&sid(1)).len()), (1, 1));
    assert_eq!(tenant.write(2, rename("A@x.example")), Ok(()), "the name is free at once");
    assert_eq!(tenant.write(1, ChangeKind::Restore), conflict("userPrincipalName", 2));
    tenant.write(2, rename("b@x.example")).unwrap();
    tenant.write(1, ChangeKind::Restore).unwrap();
    assert_eq!((&*tenant.at(1).upn, tenant.at(1).sync_enabled), ("a@x.example", Known::Is(false)));
}

#[test]
fn restoring_makes_a_synced_user_formerly_synced_and_leaves_others() {
    for (before, after) in [
        (Known::Is(true), Known::Is(false)),
        (Known::Is(false), Known::Is(false)),
        (Known::Null, Known::Null),
        (Known::Unknown, Known::Unknown),
    ] {
        let binned = |user: &mut CloudUser| {
            user.sync_enabled = before;
            user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        };
        let mut tenant = TenantBuilder::users(&["a"]).with(1, binned).build();
        tenant.write(1, ChangeKind::Restore).unwrap();
        assert_eq!(tenant.at(1).sync_enabled, after);
    }
}

#[test]
fn restoring_needs_every_unique_value_to_be_free() {
    let binned = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("".into());
        user.proxy_addresses = Known::Is(["SMTP:a@x.example", "X500:/o=x"].into());
    };
    let builder = || TenantBuilder::users(&["a", "b"]).with(1, binned);
    let smtp = |user: &mut CloudUser| user.proxy_addresses = Known::Is(["smtp:A@x.example"].into());
    assert_eq!(builder().with(2, smtp).build().write(1, ChangeKind::Restore), conflict("proxyAddresses", 2));
    let deleted_too = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("".into());
    assert_eq!(builder().with(2, smtp).with(2, deleted_too).build().write(1, ChangeKind::Restore), Ok(()));
    let owned = |tenant: &mut crate::model::ObservedTenant| tenant.others = vec![contact(100, "a@x.example")];
    assert_eq!(builder().tenant(owned).build().write(1, ChangeKind::Restore), conflict("proxyAddresses", 100));
    // Readings can be inconsistent where a tenant cannot.
    let twice = builder().anchored(1, "A").anchored(2, "A");
    assert_eq!(twice.build().write(1, ChangeKind::Restore), conflict("onPremisesImmutableId", 2));
    let same_sid = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let twice = builder().with(1, same_sid).with(2, same_sid);
    assert_eq!(twice.build().write(1, ChangeKind::Restore), conflict("onPremisesSecurityIdentifier", 2));
}

#[test]
fn a_sign_in_name_is_unique_among_live_users_and_in_a_domain_of_the_tenant() {
    let mut tenant = TenantBuilder::users(&["a", "b"]).domains().build();
    assert_eq!(tenant.write(1, rename("B@x.example")), conflict("userPrincipalName", 2));
    assert_eq!(tenant.write(1, rename("A@X.example")), Ok(()), "its own name, spelled otherwise");
    for upn in ["a@corp.local", "a@elsewhere.example", "a@y.onmicrosoft.com"] {
        assert!(matches!(tenant.write(1, rename(upn)), Err(Refusal::UnverifiedDomain(_))), "{upn}");
    }
    let mut unread = TenantBuilder::users(&["a"]).build();
    assert_eq!(unread.write(1, rename("a@anything.example")), Ok(()), "unknown domains refuse nothing");
}

#[test]
fn clears_the_other_identifiers() {
    let linked = |user: &mut CloudUser| {
        user.sid = Known::Is(sid(1));
        user.object_identifier = Known::Is("f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap());
    };
    let mut tenant = TenantBuilder::users(&["a"]).with(1, linked).build();
    tenant.write(1, ChangeKind::ClearSecurityIdentifier).unwrap();
    assert_eq!((tenant.at(1).sid.clone(), tenant.at(1).object_identifier.is_read()), (Known::Null, true));
    tenant.write(1, ChangeKind::ClearObjectIdentifier).unwrap();
    assert_eq!(tenant.at(1).object_identifier, Known::Null);
    assert!(tenant.by_sid(&sid(1)).is_empty());
}
