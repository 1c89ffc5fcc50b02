//! What a plan says of the next sync is what a sync cycle does on the state that the plan leads to.

use hardmatch::model::*;
use hardmatch::plan::body::Body;
use hardmatch::plan::next_sync::{NextSync, Outcome};
use hardmatch::plan::{Options, compute};
use hardmatch::tenant_model::{Incoming, SyncOutcome, Tenant, UserRef};
use proptest::prelude::*;

use crate::properties::{Case, carry_out, case, ready, shuffle};

const NOW: &str = "2026-11-25T02:00:00Z";

/// An outcome of the cycle as a plan names it: how it ends, and at which account, where there is one already.
fn in_plan_words(outcome: &SyncOutcome, tenant: &Tenant) -> (Outcome, Option<EntraId>) {
    let id = |user: &UserRef| tenant.user(*user).map(|user| user.id);
    match outcome {
        SyncOutcome::AlreadyLinked(user) => (Outcome::AlreadyLinked, id(user)),
        SyncOutcome::HardMatch { user, .. } => (Outcome::HardMatch, id(user)),
        SyncOutcome::SoftMatch { user, .. } => (Outcome::SoftMatch, id(user)),
        SyncOutcome::Create { .. } => (Outcome::Create, None),
        SyncOutcome::LeftOut(_) => (Outcome::LeftOut, None),
        SyncOutcome::Refused(_) => (Outcome::Refused, None),
    }
}

/// What the plan says of an AD user; `None` when no mapping names it.
fn foretold<'a>(body: &'a Body, user: &AdUser) -> Option<&'a NextSync> {
    let is_own = |on_prem: &hardmatch::plan::body::PlanAdUser| on_prem.object_guid == Some(user.guid);
    let mapping = body.mappings.iter().find(|mapping| mapping.on_prem.as_ref().is_some_and(is_own))?;
    mapping.next_sync.as_deref()
}

fn end_and_account(next: &NextSync) -> (Outcome, Option<EntraId>) {
    (next.outcome, next.account.as_ref().and_then(|account| account.id))
}

/// Whether the plan says so itself.
fn depends_on_who_comes_first(next: &NextSync) -> bool {
    next.outcome == Outcome::Refused && next.notes.iter().any(|note| note.contains("in the same cycle"))
}

fn sync(tenant: &mut Tenant, forest: &ObservedForest, user: &AdUser) -> Option<(Outcome, Option<EntraId>)> {
    let anchor = effective_anchor(&forest.anchor, user).ok()?;
    let outcome = tenant.sync(Incoming { user, anchor: &anchor }, NOW);
    Some(in_plan_words(&outcome, tenant))
}

fn end_of(case: &Case, body: &Body) -> (Tenant, ObservedForest) {
    let end = carry_out(case, &body.actions);
    (Tenant::new(end.observed.tenant), end.observed.forests[0].clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::common::cases(400), failure_persistence: None, ..ProptestConfig::default() })]

    /// A whole cycle, whoever comes first in it.
    #[test]
    fn a_cycle_does_what_the_plan_says_of_mappings_that_go_through(case in case(), seed in any::<u64>()) {
        let (case, body) = ready(case);
        let (mut tenant, mut forest) = end_of(&case, &body);
        shuffle(&mut forest.users, seed);
        for user in &forest.users {
            let done = sync(&mut tenant, &forest, user);
            if let Some(said) = foretold(&body, user).filter(|next| !depends_on_who_comes_first(next)) {
                prop_assert_eq!(Some(end_and_account(said)), done, "{}\n{:?}", user.dn, case);
            }
        }
    }

    /// A refusal that is said to be gone with the cycle is gone with the cycle.
    #[test]
    fn a_refusal_that_ends_with_the_cycle_does(case in case()) {
        let (case, body) = ready(case);
        let (mut tenant, forest) = end_of(&case, &body);
        for user in &forest.users {
            sync(&mut tenant, &forest, user);
        }
        for user in &forest.users {
            let Some(said) = foretold(&body, user).filter(|next| depends_on_who_comes_first(next)) else { continue };
            let Ok(anchor) = effective_anchor(&forest.anchor, user) else { continue };
            let again = tenant.forecast(Incoming { user, anchor: &anchor });
            let is_same = matches!(&again, SyncOutcome::Refused(refusal) if refusal.rule.words() == said.rule);
            prop_assert!(!is_same, "{said:?}\n{case:?}");
        }
    }

    /// Blocked mappings, too, each AD user by itself: who comes first may decide who finds a name taken.
    #[test]
    fn one_export_does_what_the_plan_says_of_every_mapping(case in case()) {
        let body = compute(&case.desired, &mut case.observed.clone(), &Options::default()).unwrap();
        let (tenant, forest) = end_of(&case, &body);
        for user in &forest.users {
            if let Some(said) = foretold(&body, user) {
                prop_assert_eq!(Some(end_and_account(said)), sync(&mut tenant.clone(), &forest, user), "{}\n{:?}", user.dn, case);
            }
        }
    }
}

/// Guests with the address of an AD user are passed by one after the other, and none is compared with the others.
#[test]
fn as_many_guests_as_anybody_has_are_passed_by_in_a_moment() {
    const GUESTS: u64 = 8_000;
    let guest = |n: u64| {
        let mut user =
            CloudUser::new(format!("00000000-0000-4000-8000-{n:012x}").parse().unwrap(), &format!("g{n}@x.example"), None);
        user.proxy_addresses = Known::Is(["SMTP:team@x.example"].into_iter().collect());
        user.traits_mut().user_type = Known::Is(UserKind::Guest);
        user
    };
    let tenant = Tenant::new(ObservedTenant { users: (0..GUESTS).map(guest).collect(), ..ObservedTenant::default() });
    let guid = "f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap();
    let mut user = AdUser::new(guid, "CN=team,DC=corp".parse().unwrap());
    user.mail = Some("team@x.example".into());
    let anchor = effective_anchor(&AnchorMode::ObjectGuid, &user).unwrap();
    let began = std::time::Instant::now();
    for _ in 0..20 {
        let SyncOutcome::Create { passed_over, .. } = tenant.forecast(Incoming { user: &user, anchor: &anchor }) else {
            panic!()
        };
        assert_eq!(u64::try_from(passed_over.len()), Ok(GUESTS));
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}
