//! Random oddities on top of a random case: selectors of every kind, and everything else that planning looks at.

use hardmatch::model::*;
use proptest::prelude::*;

use crate::properties::{Case, PEOPLE, domain, entra, guid, upn};

/// One oddity: what, and up to two people whom it concerns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Twist(u8, u8, u8);

/// How many kinds of oddities there are.
const KINDS: u8 = 47;

pub(super) fn twists() -> impl Strategy<Value = Vec<Twist>> {
    prop::collection::vec((0..KINDS, 0..PEOPLE, 0..PEOPLE).prop_map(|(kind, a, b)| Twist(kind, a, b)), 0..10)
}

pub(super) fn twist(case: &mut Case, twist: Twist) {
    let Twist(kind, a, b) = twist;
    match kind {
        0..=13 => twist_on_prem(case, twist),
        14..=20 => twist_cloud_selector(case, twist),
        21..=27 => twist_ad(&mut case.observed.forests, twist),
        28..=35 => twist_account(&mut case.observed.tenant.users[usize::from(a)], kind, b),
        36 => case.desired.policy.protect.push(Protected::Account(upn(a, false).into())),
        37 => case.desired.policy.limits.percent = 5,
        38 => case.observed.forests[0].anchor = AnchorMode::ObjectGuid,
        39 => case.observed.forests[0].anchor = AnchorMode::Attribute("employeeID".into()),
        40 | 41 => twist_tenant(&mut case.observed.tenant, twist),
        42 => {
            let key = CloudKey::Upn("all@x.example".parse().unwrap());
            mapping(case, a).cloud = CloudSelector { key, text: "all@x.example".into() };
        }
        43 => {
            let user = &mut case.observed.tenant.users[usize::from(a)];
            (user.mail, user.proxy_addresses) = (Known::Null, Known::Null);
        }
        44 => case.desired.policy.protect.push(Protected::Role("*".into())),
        45 => case.desired.policy.protect.push(Protected::Account(upn(a, true).to_uppercase().into())),
        46 => case.desired.policy.protect.push(Protected::Account(format!("nobody{b}@x.example").into())),
        _ => unreachable!(),
    }
}

fn mapping(case: &mut Case, at: u8) -> &mut Mapping {
    let count = case.desired.mappings.len();
    &mut case.desired.mappings[usize::from(at) % count]
}

fn twist_on_prem(case: &mut Case, Twist(kind, a, b): Twist) {
    let name = upn(b, b.is_multiple_of(2));
    let key = match kind {
        0 => OnPremKey::Guid(GuidInput::Guid(guid(b))),
        1 => OnPremKey::Guid(GuidInput::Guid(guid(b).byte_swapped())),
        2 => OnPremKey::Guid(GuidInput::BareHex { as_text: guid(b), as_bytes: guid(b).byte_swapped() }),
        3 => OnPremKey::Guid(GuidInput::Guid(entra(b).to_string().parse().unwrap())),
        4 => OnPremKey::Dn(format!("cn=U{b}, dc=corp").parse().unwrap()),
        5 => OnPremKey::Sid(format!("S-1-5-21-1-2-3-{}", 1000 + u32::from(b)).parse().unwrap()),
        6 => OnPremKey::Upn(name.to_uppercase().parse().unwrap()),
        7 => OnPremKey::Mail(name.parse().unwrap()),
        8 => OnPremKey::EmployeeId(format!("e{b}").into()),
        9 => OnPremKey::ImmutableId(guid(b).immutable_id()),
        10 => OnPremKey::ImmutableId(guid(b).byte_swapped().immutable_id()),
        11 => OnPremKey::Sam { domain: Some("corp".into()), name: format!("U{b}").into() },
        12 => OnPremKey::Sam { domain: None, name: format!("u{b}x").into() },
        _ => OnPremKey::Upn(format!("u{b}@x.exmaple").parse().unwrap()),
    };
    let forest = (a > b).then(|| "corp".into());
    let mapping = mapping(case, a);
    if mapping.on_prem != OnPremSide::Nobody {
        mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest, text: name.into() });
    }
}

fn twist_cloud_selector(case: &mut Case, Twist(kind, a, b): Twist) {
    let name = upn(b, false);
    let key = match kind {
        14 => CloudKey::Mail(name.parse().unwrap()),
        15 => CloudKey::EmployeeId(format!("E{b}").into()),
        16 => CloudKey::Upn(name.to_uppercase().parse().unwrap()),
        17 => CloudKey::Upn(format!("u{b}@x.exampel").parse().unwrap()),
        18 => CloudKey::Id(entra(100)),
        19 => CloudKey::Mail("all@x.example".parse().unwrap()),
        _ => CloudKey::Id(entra(99)),
    };
    mapping(case, a).cloud = CloudSelector { key, text: name.into() };
}

fn twist_ad(forests: &mut Vec<ObservedForest>, Twist(kind, a, b): Twist) {
    let mut user = forests[0].users[usize::from(a)].clone();
    match kind {
        21 => user.sam = Some(format!("u{b}").into()),
        22 => user.upn = Some(upn(b, false).to_uppercase().into()),
        23 => user.consistency_guid = GuidAttribute::Bytes((*guid(b).ad_bytes()).into()),
        24 => user.proxy_addresses = [&*format!("SMTP:{}", upn(b, false)), "smtp:all@x.example"].into(),
        25 => user.excluded = Some(Exclusion::ServiceAccount),
        26 => {
            user.employee_id = Some(format!("e{b}").into());
            user.custom_anchor = Some(AnchorAttribute::Text(format!("EMP{b}").into()).into());
        }
        _ => {
            user.enabled = Some(false);
            twin(forests, &user, b);
        }
    }
    forests[0].users[usize::from(a)] = user;
}

/// The same name, enabled, in another forest; with the same anchor for some.
fn twin(forests: &mut Vec<ObservedForest>, user: &AdUser, b: u8) {
    if forests.len() == 1 {
        forests.push(ObservedForest { name: "old".into(), ..ObservedForest::default() });
    }
    let number = u8::try_from(forests[1].users.len()).unwrap() + 50;
    let mut twin = AdUser { guid: guid(number), enabled: Some(true), ..user.clone() };
    twin.dn = format!("CN=t{number},DC=old").parse().unwrap();
    if b.is_multiple_of(2) {
        twin.consistency_guid = GuidAttribute::Bytes((*user.guid.ad_bytes()).into());
    }
    forests[1].users.push(twin);
}

fn twist_account(user: &mut CloudUser, kind: u8, b: u8) {
    match kind {
        28 => user.immutable_id = ImmutableId::stored(&guid(b).immutable_id().as_str().to_ascii_lowercase()),
        29 => user.proxy_addresses = Known::Is([format!("smtp:{}", upn(b, false))].into()),
        30 => user.mail = Known::Is(upn(b, true).into()),
        31 => user.employee_id = Known::Is(format!("e{b}").into()),
        32 => user.traits_mut().cloud_managed = Known::Is(true),
        33 => user.traits_mut().mailbox_purpose = Known::Is("shared".into()),
        34 => user.last_sign_in = Known::Is("2026-11-20T00:00:00Z".into()),
        _ => {
            // Parked in a detour that was cut off.
            user.upn = format!("u{b}@x.onmicrosoft.com").into();
            user.mail = Known::Is(upn(b, true).into());
        }
    }
}

fn twist_tenant(tenant: &mut ObservedTenant, Twist(kind, a, b): Twist) {
    if kind == 40 {
        let other = |n: u8, kind, members: Option<Vec<EntraId>>| OtherObject {
            kind,
            id: entra(n),
            display_name: Some(format!("Other {n}").into()),
            mail: (n == 100).then(|| "all@x.example".into()),
            proxy_addresses: [format!("smtp:{}", upn(a, false))].into(),
            members,
        };
        tenant.others = vec![
            other(100, OtherKind::Group, Some(vec![entra(a), entra(101)])),
            other(101, OtherKind::Group, (b > 0).then(|| vec![entra(b)])),
            other(102, OtherKind::Contact, None),
        ];
        let role = RoleGrant { principal: entra(100), role: "Helper".into(), privileged: b > 2, state: RoleState::Eligible };
        tenant.roles.get_or_insert_default().push(role);
        return;
    }
    match b {
        0 => tenant.roles = None,
        1 => tenant.groups_read = false,
        2 => tenant.features = Some([("blockCloudObjectTakeoverThroughHardMatchEnabled".into(), true)].into()),
        3 => tenant.domains.get_or_insert_default().push(domain("corp.example", true)),
        4 => tenant.sync_enabled = Known::Is(a > 0),
        _ => tenant.domains = None,
    }
}
