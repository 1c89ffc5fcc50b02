//! What a takeover overwrites, and what it leaves.

use super::super::exported_primary;
use super::super::testing::{Person, TenantBuilder, contact, id};
use super::*;
use crate::model::{CloudUser, Texts};

fn eva() -> Person {
    Person::new(7, "eva")
}

fn effects(builder: TenantBuilder, person: &Person) -> Takeover {
    let tenant = builder.domains().build();
    tenant.takeover_effects(person.incoming(), tenant.at(1))
}

fn user() -> TenantBuilder {
    TenantBuilder::users(&["eva", "w"]).with(1, |user| user.traits_mut().licenses = Known::Is(["sku"].into()))
}

#[test]
fn an_account_that_looks_like_its_ad_user_keeps_everything() {
    let cloud = ["SMTP:eva@x.example", "smtp:e@x.example", "smtp:eva@x.onmicrosoft.com", "SIP:eva@x.example", "X500:/o=x"];
    let ad = eva().addresses(&["SMTP:Eva@x.example", "smtp:e@x.example", "smtp:eva@corp.local", "x500:/o=y"]);
    let ad = ad.with(|user| user.enabled = Some(true));
    assert_eq!(effects(user().addresses(1, &cloud), &ad), Takeover::default());
    assert_eq!(effects(user().addresses(1, &cloud), &eva()), Takeover::default(), "AD has no addresses at all");
}

#[test]
fn addresses_that_ad_does_not_have_are_lost() {
    let cloud = user().addresses(1, &["SMTP:eva@x.example", "smtp:alias@x.example", "smtp:eva@corp.local"]);
    let by_mail = eva().with(|user| user.mail = Some("new@x.example".into()));
    let got = effects(cloud, &by_mail);
    assert_eq!(got.lost_addresses, ["eva@x.example".into(), "alias@x.example".into()] as [Text; 2]);
    assert_eq!(got.primary_address, Some((Some("eva@x.example".into()), "new@x.example".into())));
}

#[test]
fn an_address_of_somebody_else_is_quarantined() {
    let ad = eva().addresses(&["SMTP:w@x.example", "smtp:c@x.example", "smtp:eva@x.example"]);
    let builder = user().addresses(1, &["SMTP:eva@x.example"]).addresses(2, &["smtp:W@x.example"]);
    let builder = builder.tenant(|tenant| tenant.others = vec![contact(100, "c@x.example")]);
    let got = effects(builder, &ad);
    assert_eq!(got.address_conflicts, [("c@x.example".into(), id(100)), ("w@x.example".into(), id(2))]);
    assert_eq!((got.primary_address, got.lost_addresses.len()), (None, 0), "the old primary address is in AD and stays");
}

#[test]
fn an_address_that_somebody_in_the_recycle_bin_had_too_stays() {
    let builder = user().addresses(1, &["SMTP:eva@x.example"]).addresses(2, &["smtp:eva@x.example"]).binned(2);
    let got = effects(builder, &eva().addresses(&["SMTP:eva@x.example"]));
    assert_eq!((got.address_conflicts.len(), got.lost_addresses.len()), (0, 0));
}

#[test]
fn a_licensed_account_gets_no_address_outside_of_the_domains_of_the_tenant() {
    let ad = eva().addresses(&["SMTP:eva@x.example", "smtp:eva@corp.local"]);
    let addresses = |builder: TenantBuilder| {
        let armed = builder.with(1, |user| user.immutable_id = Some(ad.anchor.value.clone()));
        let mut tenant = armed.addresses(1, &[]).domains().build();
        tenant.cycle(&ad);
        tenant.at(1).addresses().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(addresses(user()), ["SMTP:eva@x.example"]);
    let unlicensed = user().with(1, |user| user.traits_mut().licenses = Known::Null);
    assert_eq!(addresses(unlicensed), ["SMTP:eva@x.example", "smtp:eva@corp.local"]);
}

#[test]
fn what_is_no_address_is_not_taken_from_ad() {
    let primary = |mail: &str| {
        let ad = eva().with(|user| user.mail = Some(mail.into()));
        exported_primary(&ad.ad).map(str::to_owned)
    };
    assert_eq!(primary("eva@x.example").as_deref(), Some("eva@x.example"));
    for malformed in ["eva", "@x.example", "eva@", "e va@x.example", "eva@x.\u{7}example", "eva@x.onmicrosoft.com"] {
        assert_eq!(primary(malformed), None, "{malformed:?}");
    }
    let ad = eva().addresses(&["SIP:eva@x.example", "X400:c=de", "eve@x.example"]);
    let builder = user().addresses(2, &["smtp:eva@x.example", "smtp:eve@x.example"]);
    assert_eq!(effects(builder, &ad).address_conflicts, []);
}

#[test]
fn what_was_not_read_is_neither_lost_nor_changed() {
    let unread = |user: &mut CloudUser| (user.proxy_addresses, user.mail) = (Known::Unknown, Known::Unknown);
    let got = effects(user().with(1, unread), &eva().addresses(&["SMTP:eva@x.example"]));
    assert_eq!((got.primary_address, got.lost_addresses.len(), got.password_replaced), (None, 0, None));
    let mail_only = |user: &mut CloudUser| user.mail = Known::Is("old@x.example".into());
    let got = effects(user().with(1, mail_only), &eva().addresses(&["SMTP:eva@x.example"]));
    assert_eq!(got.lost_addresses, ["old@x.example".into()] as [Text; 1]);
    assert_eq!(got.primary_address, Some((Some("old@x.example".into()), "eva@x.example".into())));
}

#[test]
fn the_sign_in_name_follows_ad_into_a_domain_of_the_tenant() {
    let named = |upn: &str| eva().with(|user| user.upn = Some(upn.into()));
    let renamed = |new: &str| Some(("eva@x.example".into(), new.into()));
    assert_eq!(effects(user(), &named("EVA@x.example")).upn, None);
    assert_eq!(effects(user(), &named("eve@x.example")).upn, renamed("eve@x.example"));
    assert_eq!(effects(user(), &named("eve@corp.local")).upn, renamed("eve@x.onmicrosoft.com"));
    assert_eq!(effects(user(), &named("eva@sub.x.example")).upn, renamed("eva@x.onmicrosoft.com"));
    let taken = effects(user(), &named("w@x.example"));
    assert_eq!((taken.upn, taken.upn_held_back), (None, Some("w@x.example".into())));
}

#[test]
fn renames_of_licensed_managed_users_can_be_switched_off() {
    let ad = eva().with(|user| user.upn = Some("eve@x.example".into()));
    let off = || user().feature("synchronizeUpnForManagedUsersEnabled", false);
    let held = effects(off(), &ad);
    assert_eq!((held.upn, held.upn_held_back), (None, Some("eve@x.example".into())));
    let unlicensed = off().with(1, |user| user.traits_mut().licenses = Known::Is(Texts::default()));
    assert!(effects(unlicensed, &ad).upn.is_some());
    let federated = off().with(1, |user| user.upn = "eva@fed.example".into());
    assert!(effects(federated, &ad).upn.is_some());
    let deleted = effects(off().binned(1), &ad);
    assert_eq!((deleted.upn, deleted.upn_held_back), (None, Some("eve@x.example".into())), "its own name is still free");
}

#[test]
fn a_disabled_ad_account_blocks_sign_in_and_hash_sync_replaces_the_password() {
    let disabled = eva().with(|user| user.enabled = Some(false));
    let cloud = |enabled| user().with(1, |user| user.traits_mut().account_enabled = enabled);
    assert!(effects(cloud(Known::Is(true)), &disabled).sign_in_blocked);
    assert!(effects(cloud(Known::Unknown), &disabled).sign_in_blocked);
    assert!(!effects(cloud(Known::Is(false)), &disabled).sign_in_blocked);
    let enabled = eva().with(|user| user.enabled = Some(true));
    assert!(effects(cloud(Known::Is(false)), &enabled).sign_in_allowed);
    let unread = effects(cloud(Known::Is(true)), &eva());
    assert!(!unread.sign_in_blocked && !unread.sign_in_allowed);
    assert_eq!(effects(user().feature("passwordSyncEnabled", true), &eva()).password_replaced, Some(true));
}

#[test]
fn the_cycle_does_what_the_forecast_of_effects_says() {
    let ad = eva().addresses(&["SMTP:eve@x.example", "smtp:eva@x.example"]);
    let ad = ad.with(|user| (user.upn, user.enabled) = (Some("eve@x.example".into()), Some(false)));
    let ad = ad.with(|user| user.display_name = Some("Eve".into()));
    let cloud = user().addresses(1, &["SMTP:eva@x.example", "smtp:gone@x.example", "smtp:eva@x.onmicrosoft.com", "SIP:e@x"]);
    let mut tenant = cloud.with(1, |user| user.immutable_id = Some(ad.anchor.value.clone())).domains().build();
    tenant.cycle(&ad);
    let after = tenant.at(1);
    let expected = ["SMTP:eve@x.example", "smtp:eva@x.example", "smtp:eva@x.onmicrosoft.com", "SIP:e@x"];
    assert_eq!(after.addresses().collect::<Vec<_>>(), expected);
    assert_eq!((&*after.upn, after.traits.account_enabled), ("eve@x.example", Known::Is(false)));
    assert_eq!(after.display_name.as_deref(), Some("Eve"));
    let again = tenant.takeover_effects(ad.incoming(), after);
    assert_eq!(again, Takeover::default(), "nothing is left to change");
}
