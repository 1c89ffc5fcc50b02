//! The laws of planning on random directories, checked from outside: only the public API is used.

mod cases;

use std::collections::BTreeSet;

use hardmatch::model::*;
use hardmatch::plan::action::{Action, ActionKind};
use hardmatch::plan::body::{Body, MappingState, Status};
use hardmatch::plan::finding::{Code, Finding};
use hardmatch::plan::{Options, compute};
use hardmatch::planfile::{self, Meta, PlanFile};
use hardmatch::tenant_model::Tenant;
use proptest::prelude::*;

pub(crate) use cases::{Case, PEOPLE, case, domain, entra, guid, upn};

fn compute_all(case: &Case) -> Body {
    compute_with(case, &Options::default())
}

fn compute_with(case: &Case, options: &Options) -> Body {
    let body =
        compute(&case.desired, &mut case.observed.clone(), options).unwrap_or_else(|failure| panic!("{failure}\n{case:?}"));
    let meta = Meta { commit: None, config: None, created_at: "2026-11-25T08:00:00Z".into(), tool: "test".into() };
    let plan = PlanFile { meta, body };
    planfile::parse(&plan.to_bytes()).unwrap_or_else(|error| panic!("{error}\n{case:?}")).body
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
            user.consistency_guid = match action.after.get(&FactName::ConsistencyGuid).unwrap() {
                FactValue::Null => GuidAttribute::Absent,
                FactValue::Text(text) => GuidAttribute::Bytes((*guid_in(text).ad_bytes()).into()),
                FactValue::Bool(_) | FactValue::List(_) => panic!("{action:?}"),
            };
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

fn guid_in(text: &str) -> ObjectGuid {
    let AnchorForm::Guid(guid) = AnchorForm::of(&ImmutableId::stored(text).unwrap()) else { panic!("{text}") };
    guid
}

/// The actions in another order that is allowed: always the last of those that wait for nothing.
pub(crate) fn last_first(actions: &[Action]) -> Vec<Action> {
    let mut left: Vec<&Action> = actions.iter().collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let waits = |at: usize| {
            left.iter()
                .enumerate()
                .any(|(other, first)| (other < at && first.target == left[at].target) || left[at].depends_on.contains(&first.id))
        };
        let next = (0..left.len()).rev().find(|at| !waits(*at)).expect("something that waits for nothing");
        order.push(left.remove(next).clone());
    }
    order
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

    /// Whatever runs side by side: what an action waits for is all that it needs.
    #[test]
    fn every_order_that_is_allowed_leads_to_the_same_end(case in case()) {
        let (case, body) = ready(case);
        let nobody = BTreeSet::new();
        let [end, other] = [body.actions.clone(), last_first(&body.actions)].map(|actions| carry_out(&case, &actions));
        prop_assert_eq!(picture(&other, &nobody), picture(&end, &nobody));
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

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::common::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 4, for a plan that leaves blocked mappings out: nothing that it writes lets one of them through.
    #[test]
    fn what_a_partial_plan_leaves_out_stays_out(case in case()) {
        let partial = Options { partial: true, ..Options::default() };
        let body = compute_with(&case, &partial);
        let again = compute_with(&carry_out(&case, &body.actions), &partial);
        // But for those to whom a stamp leaves their anchor alone: their hint asks for the next plan.
        let shared = |id: &str| {
            let of = |finding: &&Finding| finding.mapping.as_deref() == Some(id);
            body.findings.iter().filter(of).any(|finding| finding.code == Code::DuplicateAnchor)
        };
        let rest: Vec<&Action> = again.actions.iter().filter(|action| !shared(&action.mapping)).collect();
        prop_assert!(rest.is_empty(), "{:#?}\nthen\n{:#?}", body.actions, again.actions);
    }

    /// `--only` takes away and never adds: no write that the whole plan does not have, none of a mapping that it blocks.
    #[test]
    fn a_narrowed_plan_is_a_part_of_the_whole(case in case(), chosen in prop::collection::vec(any::<bool>(), usize::from(PEOPLE))) {
        let whole = compute_with(&case, &Options { partial: true, ..Options::default() });
        let wanted: Vec<String> =
            whole.mappings.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(mapping, _)| mapping.id.to_string()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let options = Options { partial: true, only: wanted.clone(), ..Options::default() };
        let narrowed = compute_with(&case, &options);
        let ids = |body: &Body| body.mappings.iter().map(|mapping| mapping.id.to_string()).collect::<Vec<_>>();
        prop_assert_eq!(ids(&narrowed), wanted);
        for action in &narrowed.actions {
            prop_assert!(whole.actions.iter().any(|other| other.id == action.id), "{:#?}\n{:#?}", action, whole.actions);
        }
        let blocked = |body: &Body| -> BTreeSet<String> {
            let of = body.mappings.iter().filter(|mapping| mapping.state == MappingState::Blocked);
            of.map(|mapping| mapping.id.to_string()).filter(|id| options.only.contains(id)).collect()
        };
        prop_assert!(blocked(&narrowed).is_superset(&blocked(&whole)), "{:?} {:?}", blocked(&narrowed), blocked(&whole));
        let only_waiting = |id: &String| narrowed.findings.iter().any(|finding| finding.mapping.as_ref() == Some(id) && finding.code == Code::WaitsFor);
        prop_assert!(blocked(&narrowed).difference(&blocked(&whole)).all(only_waiting));
    }
}

pub(crate) fn shuffle<T>(list: &mut [T], mut seed: u64) {
    for at in (1..list.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap() % (at + 1);
        list.swap(at, other);
    }
}
