//! Planning on small directories: one test for each thing that can stand in the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::body::{Body, MappingState, Status};
use super::finding::{Code, Severity};
use super::{Options, compute};
use crate::model::*;

const A: &str = "f5057fee-4c3e-4459-82dd-21250b729601";
const P: &str = "dd75ef1b-a557-4e75-83c8-396ebe77367b";
const S: &str = "54920444-b948-4159-a8ce-b6fbfc188d19";

/// Both directories and what is wanted of them, built up by name.
struct Case {
    desired: Desired,
    observed: Observed,
}

fn guid(text: &str) -> ObjectGuid {
    text.parse().unwrap()
}

fn anchor(text: &str) -> ImmutableId {
    guid(text).immutable_id()
}

fn entra(n: u8) -> EntraId {
    format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap()
}

fn sid(n: u32) -> Sid {
    format!("S-1-5-21-1-2-3-{n}").parse().unwrap()
}

fn domain(name: &str, federated: bool) -> Domain {
    Domain { name: name.into(), verified: true, federated, initial: name.ends_with("onmicrosoft.com") }
}

impl Case {
    fn new() -> Self {
        let tenant = ObservedTenant {
            id: Some("t".into()),
            initial_domain: Some("x.onmicrosoft.com".into()),
            taken_at: Some("2026-11-25T00:00:00Z".into()),
            domains: Some(vec![domain("x.onmicrosoft.com", false), domain("x.example", false), domain("fed.example", true)]),
            recycle_bin_read: true,
            groups_read: true,
            contacts_read: true,
            roles: Some(Vec::new()),
            features: Some([("softMatchOnUpnEnabled".into(), true)].into()),
            ..ObservedTenant::default()
        };
        let forest = ObservedForest { name: "corp".into(), ..ObservedForest::default() };
        let desired = Desired {
            forests: vec![ForestSpec { name: "corp".into(), anchor: AnchorMode::ConsistencyGuid }],
            ..Desired::default()
        };
        Self { desired, observed: Observed { forests: vec![forest], tenant } }
    }

    /// An AD user `name` with sAMAccountName and UPN of that name.
    fn ad(mut self, name: &str, object_guid: &str, edit: impl FnOnce(&mut AdUser)) -> Self {
        let users = &mut self.observed.forests[0].users;
        let number = u32::try_from(users.len()).unwrap() + 1;
        let mut user = AdUser::new(guid(object_guid), format!("CN={name},OU=Staff,DC=corp").parse().unwrap());
        user.sam = Some(name.into());
        user.upn = Some(format!("{name}@x.example").into());
        user.sid = Some(sid(number));
        user.enabled = Some(true);
        edit(&mut user);
        users.push(user);
        self
    }

    /// A cloud user `name@x.example` that was never synced.
    fn cloud(mut self, n: u8, name: &str, id: Option<ImmutableId>, edit: impl FnOnce(&mut CloudUser)) -> Self {
        let upn = if name.contains('@') { name.to_owned() } else { format!("{name}@x.example") };
        let mut user = CloudUser::new(entra(n), &upn, id);
        user.sync_enabled = Known::Null;
        user.sid = Known::Null;
        user.object_identifier = Known::Null;
        user.licenses = Known::Is(Box::default());
        user.last_sign_in = Known::Null;
        user.user_type = Known::Is(UserKind::Member);
        user.account_enabled = Known::Is(true);
        user.proxy_addresses = Known::Is(Box::default());
        user.mail = Known::Null;
        edit(&mut user);
        self.observed.tenant.users.push(user);
        self
    }

    fn map(mut self, on_prem: &str, cloud: &str, edit: impl FnOnce(&mut Mapping)) -> Self {
        let line = u32::try_from(self.desired.mappings.len()).unwrap() + 1;
        let key = OnPremKey::Sam { domain: None, name: on_prem.into() };
        let mut mapping = Mapping {
            source: Source { file: Arc::from("hardmatch.yaml"), line },
            on_prem: OnPremSide::User(OnPremSelector { key, forest: None, text: on_prem.into() }),
            cloud: account(cloud),
            holders: Vec::new(),
            write: WriteSide::Cloud,
            restore: false,
            accept: BTreeSet::new(),
            because: None,
            rule: None,
        };
        edit(&mut mapping);
        self.desired.mappings.push(mapping);
        self
    }

    fn plan(&self) -> Body {
        self.plan_with(&Options::default())
    }

    fn plan_with(&self, options: &Options) -> Body {
        compute(&self.desired, self.observed.clone(), options).unwrap()
    }
}

fn account(name: &str) -> CloudSelector {
    let text = if name.contains('@') { name.to_owned() } else { format!("{name}@x.example") };
    CloudSelector { key: CloudKey::Upn(text.parse().unwrap()), text: text.into() }
}

fn decide(name: &str, resolve: Resolve) -> impl FnOnce(&mut Mapping) {
    let decision =
        HolderDecision { account: account(name), resolve, because: None, source: Source { file: Arc::from("y"), line: 9 } };
    move |mapping| mapping.holders.push(decision)
}

fn accept(code: Acceptable) -> impl FnOnce(&mut Mapping) {
    move |mapping| {
        mapping.accept.insert(code);
    }
}

fn nothing<T>(_: &mut T) {}

fn kinds(body: &Body) -> Vec<String> {
    body.actions.iter().map(|action| format!("{} {}", action.kind, action.target.upn.split('@').next().unwrap())).collect()
}

fn blockers(body: &Body) -> Vec<Code> {
    body.findings.iter().filter(|finding| finding.severity == Severity::Blocker).map(|finding| finding.code).collect()
}

fn codes(body: &Body) -> Vec<Code> {
    body.findings.iter().map(|finding| finding.code).collect()
}

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
fn a_stale_twin_is_purged_or_cleared_by_decision_only() {
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    let undecided = case().map("ann", "ann", nothing).plan();
    assert_eq!((blockers(&undecided), undecided.actions.len()), (vec![Code::HolderUndecided], 0));
    let purged = case().map("ann", "ann", decide("twin", Resolve::Purge)).plan();
    assert_eq!(kinds(&purged), ["softDelete twin", "purge twin", "setImmutableId ann"]);
    assert_eq!(purged.actions[2].depends_on, [purged.actions[1].id.clone()]);
    let cleared = case().map("ann", "ann", decide("twin", Resolve::Clear)).plan();
    assert_eq!(kinds(&cleared), ["clearImmutableId twin", "setImmutableId ann"]);
}

#[test]
fn a_holder_in_the_recycle_bin_is_purged_or_cleared_where_it_lies() {
    let deleted = |user: &mut CloudUser| user.deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "old", Some(anchor(A)), deleted);
    let purged = case().map("ann", "ann", decide("old", Resolve::Purge)).plan();
    assert_eq!(kinds(&purged), ["purge old", "setImmutableId ann"]);
    let cleared = case().map("ann", "ann", decide("old", Resolve::Clear)).plan();
    assert_eq!(kinds(&cleared), ["restore old", "clearImmutableId old", "softDelete old", "setImmutableId ann"]);
}

#[test]
fn a_swap_takes_one_clear_and_deletes_nobody() {
    let case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(A)), nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing);
    assert_eq!(kinds(&case.plan()), ["clearImmutableId ann", "setImmutableId bob", "setImmutableId ann"]);
}

#[test]
fn a_chain_starts_at_its_free_end() {
    let case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .ad("cid", S, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(S)), nothing)
        .cloud(3, "cid", None, nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing)
        .map("cid", "cid", nothing);
    assert_eq!(kinds(&case.plan()), ["setImmutableId ann", "setImmutableId bob", "setImmutableId cid"]);
}

#[test]
fn a_blocked_mapping_blocks_what_waits_for_it_and_nothing_else() {
    let case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .ad("cid", S, nothing)
        .cloud(1, "ann", Some(anchor(P)), |user| user.user_type = Known::Is(UserKind::Guest))
        .cloud(2, "bob", None, nothing)
        .cloud(3, "cid", None, nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing)
        .map("cid", "cid", nothing);
    let body = case.plan();
    assert_eq!(blockers(&body), [Code::TargetGuest, Code::WaitsFor]);
    assert_eq!((kinds(&body), body.status), (vec!["setImmutableId cid".to_owned()], Status::Blocked));
    assert_eq!(case.plan_with(&Options { partial: true, ..Options::default() }).status, Status::Partial);
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
fn a_holder_in_use_or_with_a_role_is_not_purged() {
    let case = |edit: fn(&mut CloudUser)| {
        Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), edit)
    };
    let licensed = |user: &mut CloudUser| user.licenses = Known::Is(["sku".into()].into());
    assert_eq!(blockers(&case(licensed).map("ann", "ann", decide("twin", Resolve::Purge)).plan()), [Code::HolderInUse]);
    assert!(blockers(&case(licensed).map("ann", "ann", decide("twin", Resolve::Clear)).plan()).is_empty());
    let lately = |user: &mut CloudUser| user.last_sign_in = Known::Is("2026-11-20T08:00:00Z".into());
    assert_eq!(blockers(&case(lately).map("ann", "ann", decide("twin", Resolve::Purge)).plan()), [Code::HolderInUse]);
    let long_ago = |user: &mut CloudUser| user.last_sign_in = Known::Is("2026-01-20T08:00:00Z".into());
    assert!(blockers(&case(long_ago).map("ann", "ann", decide("twin", Resolve::Purge)).plan()).is_empty());
    let mut with_role = case(nothing).map("ann", "ann", decide("twin", Resolve::Purge));
    let role = RoleGrant { principal: entra(2), role: "Helpdesk".into(), privileged: false, state: RoleState::Eligible };
    with_role.observed.tenant.roles = Some(vec![role]);
    assert_eq!(blockers(&with_role.plan()), [Code::HolderPrivileged]);
    with_role.observed.tenant.roles = None;
    assert_eq!(blockers(&with_role.plan()), [Code::PrivilegeUnknown]);
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
fn a_held_sid_is_cleared_by_decision() {
    let carries = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", None, carries);
    assert_eq!(blockers(&case().map("ann", "ann", nothing).plan()), [Code::SecurityIdentifierHeld]);
    assert_eq!(
        kinds(&case().map("ann", "ann", decide("twin", Resolve::Clear)).plan()),
        ["clearSecurityIdentifier twin", "setImmutableId ann"]
    );
}

#[test]
fn a_blocked_mapping_takes_no_sid_off_a_shared_holder() {
    let guest = |user: &mut CloudUser| user.user_type = Known::Is(UserKind::Guest);
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "bob", None, guest)
        .cloud(3, "twin", Some(anchor(A)), |user| user.sid = Known::Is(sid(2)))
        .map("ann", "ann", decide("twin", Resolve::Clear))
        .map("bob", "bob", decide("twin", Resolve::Clear))
        .plan();
    assert_eq!(
        (blockers(&body), kinds(&body)),
        (vec![Code::TargetGuest], vec!["clearImmutableId twin".to_owned(), "setImmutableId ann".to_owned()])
    );
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
fn accounts_that_swap_give_up_each_others_sids() {
    let was = |n: u32| move |user: &mut CloudUser| user.sid = Known::Is(sid(n));
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), was(2))
        .cloud(2, "bob", Some(anchor(A)), was(1))
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing)
        .plan();
    let mut kinds = kinds(&body);
    kinds.sort();
    assert_eq!(kinds[..3], ["clearImmutableId ann", "clearSecurityIdentifier ann", "clearSecurityIdentifier bob"]);
    assert!(blockers(&body).is_empty(), "{:?}", body.findings);
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
fn a_soft_deleted_target_is_restored_when_asked() {
    let deleted = |user: &mut CloudUser| user.deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, deleted).cloud(2, "x", None, nothing);
    assert_eq!(blockers(&case().map("ann", "ann", nothing).plan()), [Code::TargetSoftDeleted]);
    assert_eq!(kinds(&case().map("ann", "ann", |mapping| mapping.restore = true).plan()), ["restore ann", "setImmutableId ann"]);
}

#[test]
fn selectors_must_name_exactly_one_object() {
    let twice =
        Case::new().ad("ann", A, nothing).ad("ANN", P, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&twice), [Code::OnpremAmbiguous]);
    let missing = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("anm", "amn", nothing).plan();
    assert_eq!(blockers(&missing), [Code::CloudNotFound, Code::OnpremNotFound]);
    let hint = missing.findings[0].hint.clone().unwrap();
    assert!(hint.contains("ann@x.example"), "{hint}");
    let excluded = Case::new()
        .ad("ann", A, |user| user.excluded = Some(Exclusion::CriticalSystemObject))
        .cloud(1, "ann", None, nothing)
        .map("ann", "ann", nothing)
        .plan();
    assert!(excluded.findings[0].message.contains("critical system object"));
}

#[test]
fn two_mappings_for_one_person_block_each_other() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", None, nothing)
        .map("ann", "ann", nothing)
        .map("bob", "ANN", nothing)
        .plan();
    assert_eq!(blockers(&body), [Code::DuplicateMapping, Code::DuplicateMapping]);
    assert_eq!(body.mappings.iter().map(|mapping| mapping.id.as_str()).collect::<Vec<_>>(), ["ann@x.example", "ANN@x.example#2"]);
}

#[test]
fn wrong_encodings_are_told_apart_from_other_people() {
    let case = |text: &str| {
        Case::new().ad("ann", A, nothing).cloud(1, "ann", ImmutableId::stored(text), nothing).map("ann", "ann", nothing).plan()
    };
    assert_eq!(codes(&case("9QV/7kw+RFmC3SElC3KWAQ==")), [Code::AnchorWrongByteOrder]);
    assert_eq!(codes(&case(A)), [Code::AnchorNotCanonical]);
    assert_eq!(codes(&case("7n8F9T5MWUSC3SElC3KWAR==")), [Code::AnchorNotCanonical]);
    assert_eq!(codes(&case(anchor(P).as_str())), [Code::TargetWasLinked]);
    let third = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "twin", ImmutableId::stored(A), nothing)
        .map("ann", "ann", nothing)
        .plan();
    assert_eq!((codes(&third), third.status), (vec![Code::AnchorNotCanonical], Status::Ready));
}

#[test]
fn ids_that_differ_only_in_case_are_two_ids() {
    let body = Case::new()
        .ad("ann", "99b4da92-fc96-475b-9077-bb98875c4998", nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "u1", ImmutableId::stored("kTq0mZb8W0eQd7uYh1xJmA=="), nothing)
        .map("ann", "ann", nothing)
        .plan();
    assert_eq!((codes(&body), body.status), (vec![Code::AnchorNearDuplicate], Status::Ready));
}

#[test]
fn limits_and_empty_sources_block_the_whole_plan() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    case.desired.policy.limits.changes = 0;
    let body = case.plan();
    assert_eq!((blockers(&body), body.status, body.actions.len()), (vec![Code::LimitExceeded], Status::Blocked, 1));
    let empty = Case::new().cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&empty), [Code::SourceEmpty, Code::OnpremNotFound]);
}

#[test]
fn sync_that_is_switched_off_is_said_where_something_is_to_be_linked() {
    let off = |mut case: Case| {
        case.observed.tenant.sync_enabled = Known::Is(false);
        codes(&case.plan())
    };
    let case = |id| Case::new().ad("ann", A, nothing).cloud(1, "ann", id, nothing);
    assert_eq!(off(case(None).map("ann", "ann", nothing)), [Code::HardMatchBlocked]);
    let leaves = case(Some(anchor(A))).map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody);
    // The AD user is still there, which is another matter.
    assert_eq!(off(leaves), [Code::TargetWasLinked]);
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
fn hints_say_where_rows_and_rules_find_what_they_cannot_say_themselves() {
    let hint = |file: &'static str, rule: Option<&str>, holder: bool| {
        let deleted = |user: &mut CloudUser| user.deleted_at = (!holder).then(|| "2026-11-01T00:00:00Z".into());
        let held = holder.then(|| anchor(A));
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, deleted).cloud(2, "twin", held, nothing);
        let body = case.map("ann", "ann", |mapping| {
            mapping.source.file = Arc::from(file);
            mapping.rule = rule.map(Into::into);
        });
        body.plan().findings[0].hint.clone().unwrap()
    };
    assert!(hint("hardmatch.yaml", None, false).ends_with("bring it back first."));
    assert!(hint("wave.csv", None, false).ends_with("move it to `mappings` of the configuration."));
    assert!(hint("wave.csv", None, true).ends_with("the columns holder and resolve say that."));
    assert!(hint("hardmatch.yaml", Some("staff"), true).ends_with("which wins over the rule."));
}

#[test]
fn rules_pair_whom_nobody_mapped_and_list_the_rest() {
    let mut case = Case::new()
        .ad("ann", A, |user| user.upn = Some("ann@corp.local".into()))
        .ad("bob", P, |user| user.upn = Some("bob@corp.local".into()))
        .ad("cid", S, |user| user.upn = Some("cid@corp.local".into()))
        .cloud(1, "ann", None, nothing)
        .cloud(2, "bob", None, nothing)
        .map("bob", "bob", nothing);
    case.desired.rules.push(Rule {
        name: "staff".into(),
        source: Source { file: Arc::from("hardmatch.yaml"), line: 20 },
        forest: None,
        under: Some("ou=staff, dc=corp".parse().unwrap()),
        on_prem: OnPremPairKey::UserPrincipalName,
        cloud: CloudPairKey::UserPrincipalName,
        replace_suffix: vec![SuffixReplacement { from: "corp.local".into(), to: "x.example".into() }],
    });
    let body = case.plan();
    assert_eq!(kinds(&body), ["setImmutableId bob", "setImmutableId ann"]);
    let info = body.findings.iter().find(|finding| finding.code == Code::CloudNotFound).unwrap();
    assert_eq!((info.severity, info.objects.len()), (Severity::Info, 1));
}

#[test]
fn the_order_of_reading_shows_nowhere() {
    let mut case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(A)), nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing);
    let first = serde_json::to_string(&case.plan()).unwrap();
    case.observed.tenant.users.reverse();
    case.observed.forests[0].users.reverse();
    assert_eq!(serde_json::to_string(&case.plan()).unwrap(), first);
}

#[test]
fn two_holders_of_one_mapping_are_written_in_an_order_of_their_own() {
    let mut case = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "twin", Some(anchor(A)), nothing)
        .cloud(3, "old", None, |user| user.sid = Known::Is(sid(1)))
        .map("ann", "ann", decide("twin", Resolve::Clear));
    decide("old", Resolve::Clear)(&mut case.desired.mappings[0]);
    let first = case.plan();
    assert_eq!(kinds(&first), ["clearImmutableId twin", "clearSecurityIdentifier old", "setImmutableId ann"]);
    case.observed.tenant.users.reverse();
    assert_eq!(case.plan(), first);
}

#[test]
fn guid_and_object_id_are_not_confused() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .map("", "ann", |mapping| {
            let text = entra(1).to_string();
            let key = OnPremKey::Guid(GuidInput::Guid(guid(&text)));
            mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: text.into() });
        })
        .plan();
    assert_eq!(blockers(&body), [Code::CloudIdAsGuid]);
}

#[test]
fn one_account_may_stand_in_the_way_of_two_mappings() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "bob", None, nothing)
        .cloud(3, "twin", Some(anchor(P)), |user| user.sid = Known::Is(sid(1)))
        .map("ann", "ann", decide("twin", Resolve::Clear))
        .map("bob", "bob", decide("twin", Resolve::Clear))
        .plan();
    assert_eq!(
        kinds(&body),
        ["clearImmutableId twin", "clearSecurityIdentifier twin", "setImmutableId ann", "setImmutableId bob"]
    );
}

#[test]
fn a_guid_in_the_wrong_byte_order_is_told_whose_it_is() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .map("", "ann", |mapping| {
            let id = ImmutableId::stored("9QV/7kw+RFmC3SElC3KWAQ==").unwrap();
            let text = id.as_str().into();
            mapping.on_prem = OnPremSide::User(OnPremSelector { key: OnPremKey::ImmutableId(id), forest: None, text });
        })
        .plan();
    assert_eq!(blockers(&body), [Code::OnpremNotFound]);
    let hint = body.findings[0].hint.as_ref().unwrap();
    assert!(hint.contains("7n8F9T5MWUSC3SElC3KWAQ==") && hint.contains("CN=ann"), "{hint}");
}
