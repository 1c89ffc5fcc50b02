//! The laws of planning on random directories, checked from outside: only the public API is used.

use std::collections::BTreeSet;
use std::sync::Arc;

use hardmatch::model::*;
use hardmatch::plan::action::{Action, ActionKind};
use hardmatch::plan::body::{Body, MappingState, Status};
use hardmatch::plan::{Options, compute};
use hardmatch::tenant_model::Tenant;
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
    Domain { name: name.into(), verified: true, federated, initial: name.ends_with("onmicrosoft.com") }
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
        source,
    }
}

fn compute_all(case: &Case) -> Body {
    compute(&case.desired, &mut case.observed.clone(), &Options::default())
        .unwrap_or_else(|failure| panic!("{failure}\n{case:?}"))
}

/// The case without the mappings that something stands in the way of, and its plan: what somebody would apply.
pub(crate) fn ready(mut case: Case) -> (Case, Body) {
    loop {
        let body = compute_all(&case);
        let blocked: Vec<u32> = body
            .mappings
            .iter()
            .filter(|mapping| mapping.state == MappingState::Blocked)
            .map(|mapping| mapping.source.line)
            .collect();
        if blocked.is_empty() {
            return (case, body);
        }
        case.desired.mappings.retain(|mapping| !blocked.contains(&mapping.source.line));
    }
}

/// Carries out actions as a tenant and a forest would, from what the plan file says alone.
pub(crate) fn carry_out(case: &Case, actions: &[Action]) -> Case {
    let mut tenant = Tenant::new(case.observed.tenant.clone());
    let mut forest = case.observed.forests[0].clone();
    for action in actions {
        if action.kind == ActionKind::StampConsistencyGuid {
            let user = forest.users.iter_mut().find(|user| Some(user.guid) == action.target.object_guid()).unwrap();
            let Some(FactValue::Text(text)) = action.after.get(&FactName::ConsistencyGuid) else { panic!("{action:?}") };
            let AnchorForm::Guid(guid) = AnchorForm::of(&ImmutableId::stored(text).unwrap()) else { panic!("{action:?}") };
            user.consistency_guid = GuidAttribute::Bytes((*guid.ad_bytes()).into());
        } else {
            tenant
                .apply(&action.change().unwrap(), "2026-11-25T01:00:00Z")
                .unwrap_or_else(|refusal| panic!("{refusal}: {action:#?}"));
        }
    }
    let users = tenant.users().map(|(_, user)| user.clone()).collect();
    let observed = Observed { forests: vec![forest], tenant: ObservedTenant { users, ..case.observed.tenant.clone() } };
    Case { observed, desired: case.desired.clone() }
}

/// Who is where and holds what, deletion times aside.
pub(crate) fn picture(case: &Case, leave_out: &BTreeSet<EntraId>) -> Vec<CloudUser> {
    let mut users = case.observed.tenant.users.clone();
    users.sort_by_key(|user| user.id);
    for user in &mut users {
        user.upn = user.original_upn().into();
        let time = user.traits_mut().deleted_at.take();
        user.traits_mut().deleted_at = time.filter(|_| !leave_out.contains(&user.id)).map(|_| hardmatch::model::Text::default());
    }
    users
}

/// Holders that the plan takes out of the recycle bin only to clear them: after a crash in between nothing in the
/// tenant tells that they came from there; the journal does.
fn cleared_in_the_bin(body: &Body) -> BTreeSet<EntraId> {
    let of = |kind| body.actions.iter().filter(move |action| action.kind == kind).filter_map(|action| action.target.entra_id());
    let deleted: BTreeSet<EntraId> = of(ActionKind::SoftDelete).collect();
    of(ActionKind::Restore).filter(|id| deleted.contains(id)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::common::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 4: the model takes every step, and planning again on the end gives nothing.
    #[test]
    fn a_plan_can_be_carried_out_and_then_nothing_is_left(case in case()) {
        let (case, body) = ready(case);
        let again = compute_all(&carry_out(&case, &body.actions));
        prop_assert!(again.actions.is_empty(), "{:#?}\nthen\n{:#?}", body.actions, again.actions);
    }

    /// Law 4: stopping anywhere and planning again reaches the same end.
    #[test]
    fn any_interruption_leads_to_the_same_end(case in case(), stop in any::<prop::sample::Index>()) {
        let (case, body) = ready(case);
        if body.actions.is_empty() {
            return Ok(());
        }
        let restless = cleared_in_the_bin(&body);
        let end = picture(&carry_out(&case, &body.actions), &restless);
        let middle = carry_out(&case, &body.actions[..stop.index(body.actions.len())]);
        let rest = compute_all(&middle);
        prop_assert_eq!(picture(&carry_out(&middle, &rest.actions), &restless), end);
    }

    /// Law 5: the order of reading shows nowhere.
    #[test]
    fn shuffled_directories_give_the_same_bytes(case in case(), seed in any::<u64>()) {
        let first = serde_json::to_string(&compute_all(&case)).unwrap();
        let mut shuffled = case;
        shuffle(&mut shuffled.observed.tenant.users, seed);
        shuffle(&mut shuffled.observed.forests[0].users, seed / 3);
        prop_assert_eq!(serde_json::to_string(&compute_all(&shuffled)).unwrap(), first);
    }

    /// Laws 6 and 7: every mapping is there once, blocked ones write nothing, and nothing is purged without a decision.
    #[test]
    fn counts_add_up_and_nothing_is_destroyed_unasked(case in case()) {
        let body = compute_all(&case);
        prop_assert_eq!(body.mappings.len(), case.desired.mappings.len());
        prop_assert_eq!(body.summary.mappings.values().sum::<u64>(), body.mappings.len() as u64);
        prop_assert_eq!(body.summary.actions.values().sum::<u64>(), body.actions.len() as u64);
        for mapping in &body.mappings {
            let acts = body.actions.iter().any(|action| action.mapping == mapping.id);
            prop_assert_eq!(acts, mapping.state == MappingState::Planned);
        }
        let blocked = body.mappings.iter().any(|mapping| mapping.state == MappingState::Blocked);
        prop_assert_eq!(blocked, body.status == Status::Blocked);
        for purge in body.actions.iter().filter(|action| matches!(action.kind, ActionKind::Purge | ActionKind::SoftDelete)) {
            let id = purge.target.entra_id().unwrap();
            let account = case.observed.tenant.users.iter().find(|user| user.id == id).unwrap();
            let names = |key: &CloudKey| match key {
                CloudKey::Id(other) => *other == id,
                CloudKey::Upn(name) => text::same(name.as_str(), account.original_upn()),
                CloudKey::Mail(_) | CloudKey::EmployeeId(_) => false,
            };
            prop_assert!(case.desired.mappings.iter().flat_map(|mapping| &mapping.holders).any(|decision| names(&decision.account.key)));
            prop_assert!(account.sync_enabled != Known::Is(true));
        }
    }
}

pub(crate) fn shuffle<T>(list: &mut [T], mut seed: u64) {
    for at in (1..list.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap() % (at + 1);
        list.swap(at, other);
    }
}
