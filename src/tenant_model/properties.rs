//! Laws of the model on random tenants and random sequences of writes and sync cycles.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::addresses::owned_addresses;
use super::testing::{Person, TenantBuilder, anchor, id, value};
use super::{Change, ChangeKind, SyncOutcome, Tenant};
use crate::model::text::fold;
use crate::model::{CloudUser, Known, OtherKind, RoleState};

const USERS: u8 = 5;
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "group"];

/// One thing that can happen to a tenant.
#[derive(Debug, Clone)]
enum Event {
    Write(u8, ChangeKind),
    Cycle(Box<Person>),
}

fn name() -> impl Strategy<Value = String> {
    let domain =
        prop_oneof![4 => Just("x.example"), 1 => Just("fed.example"), 1 => Just("corp.local"), 1 => Just("x.onmicrosoft.com")];
    (0..NAMES.len(), domain).prop_map(|(n, domain)| format!("{}@{domain}", NAMES[n]))
}

fn kind() -> impl Strategy<Value = ChangeKind> {
    prop_oneof![
        4 => (0..USERS).prop_map(|n| ChangeKind::SetImmutableId(anchor(n))),
        1 => prop_oneof![Just("a_b"), Just("A"), Just("a")].prop_map(|text| ChangeKind::SetImmutableId(value(text))),
        2 => any::<bool>().prop_map(|residue| ChangeKind::ClearImmutableId { residue }),
        3 => Just(ChangeKind::SoftDelete),
        1 => Just(ChangeKind::Purge),
        3 => Just(ChangeKind::Restore),
        1 => Just(ChangeKind::ClearSecurityIdentifier),
        1 => Just(ChangeKind::ClearObjectIdentifier),
        3 => name().prop_map(|upn| ChangeKind::SetUserPrincipalName(upn.parse().unwrap())),
    ]
}

/// An AD user whose SID, anchor, name and addresses need not belong together.
fn person() -> impl Strategy<Value = Person> {
    let address = (any::<bool>(), name()).prop_map(|(main, name)| format!("{}:{name}", if main { "SMTP" } else { "smtp" }));
    (0..USERS, 0..USERS, proptest::option::of(name()), vec(address, 0..3), any::<Option<bool>>()).prop_map(
        |(n, anchored, upn, addresses, enabled)| {
            let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
            let person = Person::new(n, NAMES[usize::from(n)]).addresses(&addresses);
            let anchor = Person::new(anchored, "x").anchor;
            Person { anchor, ..person.with(|user| (user.upn, user.enabled) = (upn.map(Into::into), enabled)) }
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (1..=USERS, kind()).prop_map(|(n, kind)| Event::Write(n, kind)),
        1 => person().prop_map(|person| Event::Cycle(Box::new(person))),
    ]
}

fn tenant() -> impl Strategy<Value = Tenant> {
    let user = (0..4u8, any::<bool>(), proptest::option::of(0..3u8));
    (vec(user, usize::from(USERS)), any::<[bool; 6]>()).prop_map(|(users, flags)| {
        let mut builder = TenantBuilder::users(&NAMES[..usize::from(USERS)]).domains();
        for (n, (state, deleted, address)) in (1..=USERS).zip(users) {
            builder = match state {
                0 => builder,
                1 => builder.linked(n, n - 1),
                2 => builder.linked(n, n - 1).with(n, |user| user.sync_enabled = Known::Is(false)),
                _ => builder.with(n, |user| user.immutable_id = Some(anchor(n - 1))),
            };
            builder = if deleted { builder.binned(n) } else { builder };
            // A live user has its own address; one in the recycle bin may have that of the next.
            if let Some(alias) = address {
                let letter = NAMES[usize::from(if deleted { (n - 1 + alias) % USERS } else { n - 1 })];
                builder = builder.addresses(n, &[&format!("SMTP:{letter}@x.example"), &format!("smtp:{letter}{n}@x.example")]);
            }
        }
        let features = [
            "blockCloudObjectTakeoverThroughHardMatchEnabled",
            "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
            "softMatchOnUpnEnabled",
            "quarantineUponUpnConflictEnabled",
            "quarantineUponProxyAddressesConflictEnabled",
        ];
        let builder = features.into_iter().zip(flags).fold(builder, |builder, (name, on)| builder.feature(name, on));
        let roles = if flags[5] { builder.role(2, true, RoleState::Eligible) } else { builder };
        roles.tenant(|tenant| tenant.others = vec![super::testing::other(OtherKind::Group, 100, &["group@x.example"])]).build()
    })
}

fn everything(tenant: &Tenant) -> Vec<CloudUser> {
    tenant.users().map(|(_, user)| user.clone()).collect()
}

fn unique<T: std::hash::Hash + Eq>(values: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

/// What Entra never allows twice.
fn check_uniqueness(tenant: &Tenant) -> Result<(), TestCaseError> {
    let users = everything(tenant);
    prop_assert!(unique(users.iter().map(|user| user.id)), "object id");
    prop_assert!(unique(users.iter().filter_map(|user| user.immutable_id.clone())), "ImmutableID");
    prop_assert!(unique(users.iter().filter_map(|user| user.sid.value())), "SID");
    let live = || users.iter().filter(|user| !user.is_deleted());
    prop_assert!(unique(live().map(|user| fold(&user.upn))), "UPN");
    let addresses = live().flat_map(|user| owned_addresses(user).map(fold).collect::<HashSet<_>>());
    prop_assert!(unique(addresses), "address");
    Ok(())
}

/// The look-ups find what a plain scan finds.
fn check_indexes(tenant: &Tenant) -> Result<(), TestCaseError> {
    for (position, user) in tenant.users() {
        prop_assert_eq!(tenant.by_id(&user.id), Some(position));
        prop_assert!(tenant.by_upn(user.original_upn()).contains(&position));
        prop_assert!(user.immutable_id.as_ref().is_none_or(|own| tenant.holders_of(own).contains(&position)));
        prop_assert!(user.sid.value().is_none_or(|sid| tenant.by_sid(sid).contains(&position)));
        prop_assert!(owned_addresses(user).all(|own| tenant.address_owners(own).contains(&position)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_sequence_keeps_unique_what_must_be_unique(mut tenant in tenant(), events in vec(event(), 1..20)) {
        check_uniqueness(&tenant)?;
        let (read, fresh) = (everything(&tenant), tenant.unchanged());
        for event in events {
            let (before, copy) = (everything(&tenant), tenant.clone());
            match event {
                Event::Write(n, kind) => {
                    let refused = tenant.apply(&Change { user: id(n), kind }, "now").is_err();
                    prop_assert!(!refused || everything(&tenant) == before, "a refused write changed something");
                }
                Event::Cycle(person) => check_cycle(&mut tenant, &person, &before)?,
            }
            check_uniqueness(&tenant)?;
            check_indexes(&tenant)?;
            prop_assert_eq!(everything(&copy), before, "a clone is isolated");
        }
        prop_assert_eq!(everything(&fresh), read.clone());
        prop_assert_eq!(everything(&tenant.unchanged()), read);
    }

    #[test]
    fn writes_touch_nobody_else(tenant in tenant(), n in 1..=USERS, kind in kind()) {
        let mut changed = tenant.clone();
        if changed.apply(&Change { user: id(n), kind }, "now").is_ok() {
            for (user, after) in changed.users().filter(|(_, user)| user.id != id(n)) {
                prop_assert_eq!(Some(after), tenant.user(user));
            }
        }
    }
}

fn check_cycle(tenant: &mut Tenant, person: &Person, before: &[CloudUser]) -> Result<(), TestCaseError> {
    let (forecast, outcome) = (tenant.ask(person), tenant.cycle(person));
    prop_assert_eq!(&forecast, &outcome);
    let user = match &outcome {
        SyncOutcome::Refused(_) | SyncOutcome::LeftOut(_) => {
            prop_assert_eq!(everything(tenant), before.to_vec());
            return Ok(());
        }
        SyncOutcome::AlreadyLinked(user) | SyncOutcome::HardMatch { user, .. } | SyncOutcome::SoftMatch { user, .. } => *user,
        SyncOutcome::Create { upn, .. } => {
            let [user] = tenant.holders_of(&person.anchor.value)[..] else { panic!("one holder") };
            prop_assert_eq!(&tenant.user(user).unwrap().upn, upn);
            user
        }
    };
    let account = tenant.user(user).unwrap().clone();
    prop_assert_eq!(account.immutable_id.as_ref(), Some(&person.anchor.value));
    prop_assert_eq!(account.sid.value(), person.ad.sid.as_ref());
    prop_assert!(account.is_synced() && !account.is_deleted());
    prop_assert_eq!(tenant.cycle(person), SyncOutcome::AlreadyLinked(user), "a second cycle");
    prop_assert_eq!(tenant.user(user), Some(&account), "a second cycle changes nothing");
    Ok(())
}
