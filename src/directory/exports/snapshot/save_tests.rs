use proptest::prelude::*;

use super::*;
use crate::directory::exports::read_tenant_from;
use crate::model::{
    AccountTraits, ImmutableId, ObjectGuid, OnPremisesResidue, ProvisioningError, RoleState, Text, Texts, UserKind,
};

fn known<T: std::fmt::Debug + Clone + 'static>(value: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Known<T>> {
    prop_oneof![Just(Known::Unknown), Just(Known::Null), value.prop_map(Known::Is)].boxed()
}

fn text() -> BoxedStrategy<Text> {
    prop_oneof!["[ -~]{1,12}", "\\PC{1,8}", "[\"\\\\\u{0}-\u{1f}ö王]{1,6}"].prop_map(Into::into).boxed()
}

fn boxed() -> BoxedStrategy<Box<str>> {
    text().prop_map(Into::into).boxed()
}

fn date() -> BoxedStrategy<Text> {
    (0i64..2_000_000_000).prop_map(|at| jiff::Timestamp::from_second(at).unwrap().to_string().into()).boxed()
}

fn texts() -> BoxedStrategy<Texts> {
    proptest::collection::vec(text(), 0..3).prop_map(Texts::from_iter).boxed()
}

fn id() -> BoxedStrategy<EntraId> {
    any::<[u8; 16]>().prop_map(EntraId::made_up).boxed()
}

fn kind() -> BoxedStrategy<UserKind> {
    prop_oneof![Just(UserKind::Member), Just(UserKind::Guest), Just(UserKind::Other("Robot".into()))].boxed()
}

fn residue() -> BoxedStrategy<OnPremisesResidue> {
    (known(text()), known(text()), known(text()))
        .prop_map(|(distinguished_name, sam_account_name, user_principal_name)| OnPremisesResidue {
            distinguished_name,
            sam_account_name,
            user_principal_name,
        })
        .boxed()
}

fn errors() -> BoxedStrategy<Box<[ProvisioningError]>> {
    use proptest::option::of;
    let error = (of(text()), of(text()), of(text()), of(date()))
        .prop_map(|(property, value, category, occurred)| ProvisioningError { property, value, category, occurred });
    proptest::collection::vec(error, 0..3).prop_map(Into::into).boxed()
}

fn traits() -> BoxedStrategy<AccountTraits> {
    let flags = (known(any::<bool>()), known(any::<bool>()), known(errors()), known(kind()));
    let deleted = proptest::option::of(prop_oneof![Just("".into()), date()]);
    (flags, known(texts()), known(text()), known(text()), deleted)
        .prop_map(|(flags, licenses, domain_name, mailbox_purpose, deleted_at)| AccountTraits {
            account_enabled: flags.0,
            cloud_managed: flags.1,
            provisioning_errors: flags.2,
            user_type: flags.3,
            licenses,
            domain_name,
            mailbox_purpose,
            deleted_at,
        })
        .boxed()
}

fn user() -> BoxedStrategy<CloudUser> {
    let ids = (id(), text(), proptest::option::of(text()), known(any::<[u8; 16]>()), known(0u32..9));
    let mails = (known(text()), known(texts()), proptest::option::of(text()), known(text()), residue());
    let rest = (known(any::<bool>()), known(date()), known(date()), traits());
    (ids, mails, rest)
        .prop_map(|((id, upn, immutable_id, object, sid), mails, rest)| CloudUser {
            object_identifier: object.map(ObjectGuid::from_ad_bytes),
            sid: sid.map(|rid| format!("S-1-5-21-1-2-3-{rid}").parse().unwrap()),
            mail: mails.0,
            proxy_addresses: mails.1,
            display_name: mails.2,
            employee_id: mails.3,
            residue: mails.4,
            sync_enabled: rest.0,
            last_sign_in: rest.1,
            last_sync: rest.2,
            traits: rest.3.into(),
            ..CloudUser::new(id, &upn, immutable_id.as_deref().and_then(ImmutableId::stored))
        })
        .boxed()
}

fn other() -> BoxedStrategy<OtherObject> {
    let kinds = prop_oneof![Just(OtherKind::Group), Just(OtherKind::Contact), Just(OtherKind::Device)];
    let members = proptest::option::of(proptest::collection::vec(id(), 0..3));
    (kinds, id(), proptest::option::of(boxed()), proptest::option::of(boxed()), texts(), members)
        .prop_map(|(kind, id, display_name, mail, proxy_addresses, members)| OtherObject {
            kind,
            id,
            display_name,
            mail,
            proxy_addresses,
            members,
        })
        .boxed()
}

fn grants() -> BoxedStrategy<RoleGrant> {
    let state = prop_oneof![Just(RoleState::Assigned), Just(RoleState::Eligible)];
    (id(), boxed(), any::<bool>(), state)
        .prop_map(|(principal, role, privileged, state)| RoleGrant { principal, role, privileged, state })
        .boxed()
}

fn domains() -> BoxedStrategy<Domain> {
    (
        prop_oneof![boxed(), Just("contoso.onmicrosoft.com".into())],
        any::<bool>(),
        proptest::option::of(any::<bool>()),
        any::<bool>(),
    )
        .prop_map(|(name, verified, federated, initial)| Domain { name, verified, federated, initial })
        .boxed()
}

fn tenant() -> BoxedStrategy<ObservedTenant> {
    use proptest::collection::{btree_map, vec};
    use proptest::option::of;
    let head = (of(boxed()), of(boxed()), of(boxed()), known(any::<bool>()), of(vec(domains(), 0..3)));
    let reads = (any::<bool>(), any::<bool>(), any::<bool>(), vec("[ -~]{0,9}", 0..3));
    let features = of(btree_map("[a-z]{1,5}".prop_map(Into::into), any::<bool>(), 0..3));
    (head, reads, vec(user(), 0..4), vec(other(), 0..4), of(vec(grants(), 0..3)), features)
        .prop_map(|(head, reads, users, others, roles, features)| ObservedTenant {
            id: head.0,
            initial_domain: head.1,
            taken_at: head.2,
            sync_enabled: head.3,
            domains: head.4,
            recycle_bin_read: reads.0,
            groups_read: reads.1,
            contacts_read: reads.2,
            doubts: reads.3,
            live_users: None,
            users,
            others,
            roles,
            features,
        })
        .boxed()
}

/// The order does not count.
fn ordered(mut tenant: ObservedTenant) -> ObservedTenant {
    tenant.users.sort_by_key(|user| (user.is_deleted(), user.id));
    tenant.others.sort_by_key(|object| (object.kind, object.id));
    tenant.others.iter_mut().filter_map(|object| object.members.as_mut()).for_each(|members| members.sort());
    tenant.roles.iter_mut().for_each(|grants| grants.sort());
    tenant
}

fn written(tenant: &ObservedTenant) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_tenant(tenant, &mut bytes).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_again(tenant in tenant()) {
        let bytes = written(&tenant);
        let again = read_tenant_from(bytes.as_slice(), &"t".into()).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        prop_assert_eq!(&written(&again), &bytes);
        prop_assert_eq!(ordered(again), ordered(tenant));
    }
}
