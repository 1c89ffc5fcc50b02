//! Random directories and configurations, small enough to be read.

use std::collections::BTreeSet;
use std::sync::Arc;

use hardmatch::model::*;
use proptest::prelude::*;

/// How many AD users and cloud accounts a random case has at most.
pub(crate) const PEOPLE: u8 = 6;

#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
}

/// One line for each account and mapping: a counterexample has to be read.
impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for user in &self.observed.forests[0].users {
            writeln!(f, "AD {:?} anchor {} sid {:?}", user.sam, user.guid.immutable_id(), user.sid)?;
        }
        for user in &self.observed.tenant.users {
            writeln!(
                f,
                "{} {} holds {:?} deleted {} sync {:?} sid {:?} pinned {:?} {:?}",
                user.id,
                user.original_upn(),
                user.immutable_id,
                user.is_deleted(),
                user.sync_enabled,
                user.sid,
                user.object_identifier,
                user.traits.user_type
            )?;
        }
        for mapping in &self.desired.mappings {
            let decisions: Vec<_> = mapping.holders.iter().map(|decision| (&decision.account.text, decision.resolve)).collect();
            writeln!(
                f,
                "map {:?} -> {} {:?} restore {} {:?} {decisions:?} {:?}",
                match &mapping.on_prem {
                    OnPremSide::User(selector) => &*selector.text,
                    OnPremSide::Nobody => "none",
                },
                mapping.cloud.text,
                mapping.cloud.key,
                mapping.restore,
                mapping.write,
                mapping.accept
            )?;
        }
        Ok(())
    }
}

pub(crate) fn guid(n: u8) -> ObjectGuid {
    ObjectGuid::from_ad_bytes([n + 1, 2, 3, 4, 5, 6, 7, 0x48, 0x89, 10, 11, 12, 13, 14, 15, n])
}

pub(crate) fn entra(n: u8) -> EntraId {
    format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap()
}

fn sid(n: u8) -> Sid {
    format!("S-1-5-21-1-2-3-{}", 1000 + u32::from(n)).parse().unwrap()
}

pub(crate) fn upn(n: u8, federated: bool) -> String {
    format!("u{n}@{}", if federated { "fed.example" } else { "x.example" })
}

/// What a cloud account holds: nobody's ID, somebody's, or somebody's in a wrong encoding.
#[derive(Debug, Clone, Copy)]
enum Held {
    Nothing,
    Anchor(u8),
    Swapped(u8),
    Text(u8),
    Opaque,
}

#[derive(Debug, Clone)]
struct Account {
    held: Held,
    deleted: bool,
    sync: Option<bool>,
    sid: Option<u8>,
    pinned: Option<u8>,
    guest: bool,
    federated: bool,
    licensed: bool,
    privileged: bool,
}

#[derive(Debug, Clone)]
struct Link {
    ad: Option<u8>,
    cloud: u8,
    decisions: Vec<(u8, bool)>,
    accept: Vec<bool>,
    restore: bool,
    stamp: bool,
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        3 => Just(Held::Nothing),
        8 => (0..PEOPLE).prop_map(Held::Anchor),
        1 => (0..PEOPLE).prop_map(Held::Swapped),
        1 => (0..PEOPLE).prop_map(Held::Text),
        1 => Just(Held::Opaque),
    ]
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.1)
}

fn account() -> impl Strategy<Value = Account> {
    let sync = prop_oneof![6 => Just(None), 2 => Just(Some(false)), 1 => Just(Some(true))];
    let somebody = || prop::option::weighted(0.25, 0..PEOPLE);
    (held(), prop::bool::weighted(0.25), sync, somebody(), somebody(), rarely(), prop::bool::weighted(0.2), rarely(), rarely())
        .prop_map(|(held, deleted, sync, sid, pinned, guest, federated, licensed, privileged)| Account {
            held,
            deleted,
            sync,
            sid,
            pinned,
            guest,
            federated,
            licensed,
            privileged,
        })
}

fn link() -> impl Strategy<Value = Link> {
    let decisions = prop::collection::vec((0..PEOPLE, any::<bool>()), 0..4);
    let accept = prop::collection::vec(prop::bool::weighted(0.7), Acceptable::ALL.len());
    (prop::option::weighted(0.9, 0..PEOPLE), 0..PEOPLE, decisions, accept, any::<bool>(), rarely())
        .prop_map(|(ad, cloud, decisions, accept, restore, stamp)| Link { ad, cloud, decisions, accept, restore, stamp })
}

/// A permutation gives swaps and chains, random links give everything else.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let links = prop_oneof![
        (Just((0..PEOPLE).collect::<Vec<u8>>()).prop_shuffle(), prop::collection::vec(link(), usize::from(PEOPLE))).prop_map(
            |(order, links)| order
                .iter()
                .zip(0u8..)
                .zip(links)
                .map(|((cloud, ad), link)| Link { ad: Some(ad), cloud: *cloud, ..link })
                .collect::<Vec<_>>()
        ),
        prop::collection::vec(link(), 1..6),
    ];
    (prop::collection::vec(account(), usize::from(PEOPLE)), links).prop_map(|(accounts, links)| build(&accounts, &links))
}

fn build(accounts: &[Account], links: &[Link]) -> Case {
    let users: Vec<AdUser> = (0..PEOPLE).map(ad_user).collect();
    let mut tenant = ObservedTenant {
        id: Some("tenant".into()),
        initial_domain: Some("x.onmicrosoft.com".into()),
        taken_at: Some("2026-11-25T00:00:00Z".into()),
        domains: Some(vec![domain("x.onmicrosoft.com", false), domain("x.example", false), domain("fed.example", true)]),
        recycle_bin_read: true,
        groups_read: true,
        contacts_read: true,
        roles: Some(Vec::new()),
        features: Some([].into()),
        ..ObservedTenant::default()
    };
    let (mut held, mut sids) = (BTreeSet::new(), BTreeSet::new());
    for (n, account) in (0u8..).zip(accounts) {
        tenant.users.push(cloud_user(n, account, &mut held, &mut sids));
        if account.privileged {
            let role = RoleGrant {
                principal: entra(n),
                role: "Global Administrator".into(),
                privileged: true,
                state: RoleState::Assigned,
            };
            tenant.roles.get_or_insert_default().push(role);
        }
    }
    let forest = ObservedForest { name: "corp".into(), users, ..ObservedForest::default() };
    let policy = Policy { limits: Limits { changes: 1000, percent: 100, purges: 1000, shrink: 20 }, ..Policy::default() };
    let mappings = (1u32..).zip(links).map(|(line, link)| mapping(line, link, accounts)).collect();
    let desired = Desired {
        mappings,
        forests: vec![ForestSpec { name: "corp".into(), anchor: AnchorMode::ConsistencyGuid }],
        policy,
        ..Desired::default()
    };
    Case { desired, observed: Observed { forests: vec![forest], tenant } }
}

pub(crate) fn domain(name: &str, federated: bool) -> Domain {
    Domain { name: name.into(), verified: true, federated: Some(federated), initial: name.ends_with("onmicrosoft.com") }
}

fn ad_user(n: u8) -> AdUser {
    let mut user = AdUser::new(guid(n), format!("CN=u{n},DC=corp").parse().unwrap());
    user.sam = Some(format!("u{n}").into());
    user.upn = Some(upn(n, n.is_multiple_of(2)).into());
    user.sid = Some(sid(n));
    user.enabled = Some(true);
    user
}

/// An account that keeps Entra's rules: no ImmutableID and no SID twice, an ID in every federated domain.
fn cloud_user(n: u8, account: &Account, held: &mut BTreeSet<String>, sids: &mut BTreeSet<u8>) -> CloudUser {
    let text = match account.held {
        Held::Nothing => None,
        Held::Anchor(of) => Some(guid(of).immutable_id().as_str().to_owned()),
        Held::Swapped(of) => Some(guid(of).byte_swapped().immutable_id().as_str().to_owned()),
        Held::Text(of) => Some(guid(of).to_string()),
        Held::Opaque => Some(format!("EMP{n}")),
    };
    let id = text.filter(|text| held.insert(text.clone())).and_then(|text| ImmutableId::stored(&text));
    let federated = account.federated && id.is_some();
    let name = upn(n, federated);
    let stored = if account.deleted { format!("{}{name}", entra(n).undashed()) } else { name.clone() };
    let mut user = CloudUser::new(entra(n), &stored, id);
    user.traits_mut().deleted_at = account.deleted.then(|| "2026-11-01T00:00:00Z".into());
    user.sync_enabled = account.sync.filter(|on| !(*on && account.deleted)).into();
    user.sid = account.sid.filter(|of| sids.insert(*of)).map(sid).into();
    user.object_identifier = account.pinned.map(guid).into();
    user.traits_mut().user_type = Known::Is(if account.guest { UserKind::Guest } else { UserKind::Member });
    user.traits_mut().licenses = Known::Is(if account.licensed { ["sku"].into() } else { Texts::default() });
    user.last_sign_in = Known::Null;
    user.traits_mut().account_enabled = Known::Is(true);
    user.proxy_addresses = Known::Is([format!("SMTP:{name}")].into());
    user.mail = Known::Is(name.into());
    user
}

fn mapping(line: u32, link: &Link, accounts: &[Account]) -> Mapping {
    let named = |n: u8| {
        let in_use = accounts.get(usize::from(n)).is_some_and(|account| account.federated);
        let name: Upn = upn(n, in_use).parse().unwrap();
        let key = if n.is_multiple_of(3) { CloudKey::Id(entra(n)) } else { CloudKey::Upn(name.clone()) };
        CloudSelector { key, text: name.as_str().into() }
    };
    let source = Source { file: Arc::from("hardmatch.yaml"), line };
    let on_prem = link.ad.map_or(OnPremSide::Nobody, |n| {
        let key = OnPremKey::Sam { domain: None, name: format!("u{n}").into() };
        OnPremSide::User(OnPremSelector { key, forest: None, text: format!("u{n}").into() })
    });
    let nobody = on_prem == OnPremSide::Nobody;
    let decision = |(n, purge): &(u8, bool)| HolderDecision {
        account: named(*n),
        resolve: if *purge { Resolve::Purge } else { Resolve::Clear },
        because: None,
        source: source.clone(),
    };
    let decisions = if nobody { Vec::new() } else { link.decisions.iter().map(decision).collect() };
    Mapping {
        on_prem,
        cloud: named(link.cloud),
        holders: decisions.into(),
        write: if link.stamp && !nobody { WriteSide::OnPrem } else { WriteSide::Cloud },
        restore: link.restore && !nobody,
        accept: Acceptable::ALL.into_iter().zip(&link.accept).filter(|(_, on)| **on).map(|(accept, _)| accept).collect(),
        because: None,
        rule: None,
        form: MappingForm::Entry,
        source,
    }
}
