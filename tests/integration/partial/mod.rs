//! Planning on the part of the directories that it asks for gives the plan of the whole, byte for byte.

mod answers;
mod twists;

use hardmatch::model::*;
use hardmatch::plan::body::MappingState;
use hardmatch::plan::explain::{Unexplained, Wanted, explain};
use hardmatch::plan::questions::Questions;
use hardmatch::plan::{Options, compute, inquire};
use proptest::prelude::*;

use crate::properties::{Case, case, shuffle};
use answers::part;
use twists::{twist, twists};

/// How often one has to ask at most.
const ROUNDS: usize = 8;

/// The plan as it would be written. One that fails its own proof is a fault, alike on both sides or not.
fn text(body: Result<hardmatch::plan::Body, impl std::fmt::Display>) -> String {
    let body = body.unwrap_or_else(|failure| panic!("{failure}"));
    serde_json::to_string_pretty(&body).unwrap()
}

/// Asks until nothing new comes up; gives the plan, everything that was asked, and the part that was read in the end.
fn ask(case: &Case, seed: u64, also: impl Fn(u64) -> bool) -> (String, Questions, Observed) {
    let plan = |mut known: Observed, answered: &Questions| {
        let before = known.clone();
        let (body, questions) = inquire(&case.desired, &mut known, &Options::default(), answered);
        assert_eq!(known, before, "what is lent comes back");
        // Before everything is answered, the plan may even fail its proof.
        let is_final = questions.without(answered).is_empty();
        (if is_final { text(body) } else { String::new() }, questions)
    };
    ask_for(case, seed, also, ROUNDS, plan)
}

/// The same for any work.
fn ask_for(
    case: &Case,
    seed: u64,
    also: impl Fn(u64) -> bool,
    rounds: usize,
    work: impl Fn(Observed, &Questions) -> (String, Questions),
) -> (String, Questions, Observed) {
    let mut answered = Questions::default();
    for _ in 0..rounds {
        let mut known = part(&case.observed, &answered, &also);
        shuffle(&mut known.tenant.users, seed);
        known.forests.iter_mut().for_each(|forest| shuffle(&mut forest.users, seed / 3));
        let (result, questions) = work(known.clone(), &answered);
        if questions.without(&answered).is_empty() {
            return (result, answered, known);
        }
        answered.extend(questions);
    }
    panic!("more than {rounds} rounds: {case:?}")
}

/// The explanation as it would be printed, or why there is none.
fn explained(case: &Case, known: Observed, wanted: &Wanted, answered: &Questions) -> (String, Questions) {
    let (explanation, questions) = explain(&case.desired, known, wanted, answered);
    let text = match explanation {
        Ok(explanation) => serde_json::to_string_pretty(&explanation).unwrap(),
        Err(Unexplained::Unproven(failure)) if questions.without(answered).is_empty() => panic!("{failure}"),
        Err(why) => format!("{why:?}"),
    };
    (text, questions)
}

/// Somebody of either side, by what people know of them.
fn somebody(observed: &Observed, seed: u64) -> Wanted {
    let users = &observed.forests[0].users;
    let accounts = &observed.tenant.users;
    let pick = |count: usize| usize::try_from(seed / 4).unwrap() % count.max(1);
    let (user, account) = (users.get(pick(users.len())), accounts.get(pick(accounts.len())));
    let upn = |text: &str| text.parse::<Upn>().ok().map(OnPremKey::Upn);
    let (on_prem, cloud) = match seed % 4 {
        0 => (user.map(|user| OnPremKey::Guid(GuidInput::Guid(user.guid))), vec![]),
        1 => (user.and_then(|user| user.sam.clone()).map(|name| OnPremKey::Sam { domain: None, name }), vec![]),
        2 => (account.and_then(|account| upn(account.original_upn())), vec![]),
        _ => (None, account.map(|account| CloudKey::Id(account.id)).into_iter().collect()),
    };
    let by_name = match &on_prem {
        Some(OnPremKey::Upn(upn)) => vec![CloudKey::Upn(upn.clone())],
        _ => cloud,
    };
    Wanted { text: "somebody".into(), on_prem, cloud: by_name, forest: None }
}

/// People who have nothing to do with any mapping.
fn add_strangers(observed: &mut Observed, count: u16, synced: bool) {
    for n in 0..count {
        let mut bytes = [0x5a; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        let guid = ObjectGuid::from_ad_bytes(bytes);
        let mut user = AdUser::new(guid, format!("CN=zz{n},DC=corp").parse().unwrap());
        user.sam = Some(format!("zz{n}").into());
        user.upn = Some(format!("zz{n}@x.example").into());
        user.sid = Some(format!("S-1-5-21-1-2-3-{}", 50_000 + u32::from(n)).parse().unwrap());
        let is_odd = n.is_multiple_of(3);
        if is_odd {
            user.consistency_guid = GuidAttribute::Bytes((*guid.byte_swapped().ad_bytes()).into());
        }
        let anchor = guid.immutable_id();
        let id = format!("00000000-0000-4000-9000-00000000{n:04x}").parse().unwrap();
        let mut account = CloudUser::new(id, &format!("zz{n}@x.example"), Some(anchor));
        account.sync_enabled = Known::Is(synced);
        account.sid = user.sid.clone().into();
        account.mail = Known::Is(format!("zz{n}@x.example").into());
        observed.forests[0].users.push(user);
        observed.tenant.users.push(account);
    }
}

/// Only what goes through, so that sync is forecast, too.
fn without_blocked(mut case: Case) -> Case {
    while let Ok(body) = compute(&case.desired, &mut case.observed.clone(), &Options::default()) {
        let blocked = body.mappings.iter().filter(|mapping| mapping.state == MappingState::Blocked);
        let lines: Vec<u32> = blocked.map(|mapping| mapping.source.line).collect();
        if lines.is_empty() {
            break;
        }
        case.desired.mappings.retain(|mapping| !lines.contains(&mapping.source.line));
    }
    case
}

fn twisted() -> impl Strategy<Value = Case> {
    (case(), twists(), any::<bool>()).prop_map(|(mut case, twists, goes_through)| {
        twists.into_iter().for_each(|one| twist(&mut case, one));
        // The configuration has no `write: onPrem` where the anchor is another attribute.
        if case.observed.forests[0].anchor != AnchorMode::ConsistencyGuid {
            case.desired.mappings.iter_mut().for_each(|mapping| mapping.write = WriteSide::Cloud);
        }
        if goes_through { without_blocked(case) } else { case }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::common::cases(60), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_part_gives_the_plan_of_the_whole(mut case in twisted(), strangers in 0u16..90, seed in any::<u64>(), more in any::<bool>()) {
        add_strangers(&mut case.observed, strangers, true);
        let whole = text(compute(&case.desired, &mut case.observed.clone(), &Options::default()));
        let (by_part, _, _) = ask(&case, seed, |at| more && (at ^ seed).is_multiple_of(5));
        prop_assert_eq!(by_part, whole);
    }

    #[test]
    fn a_part_gives_the_explanation_of_the_whole(mut case in twisted(), strangers in 0u16..60, seed in any::<u64>(), who in any::<u64>()) {
        let wanted = somebody(&case.observed, who);
        add_strangers(&mut case.observed, strangers, true);
        let (whole, questions) = explained(&case, case.observed.clone(), &wanted, &Questions::default());
        // Lists tell everything but details, which this one has.
        prop_assert!(questions.forests.is_empty());
        let (by_part, asked, _) = ask_for(&case, seed, |_| false, 2 * ROUNDS, |known, answered| explained(&case, known, &wanted, answered));
        prop_assert!(by_part == whole, "{}", similar::TextDiff::from_lines(&whole, &by_part).unified_diff());
        prop_assert!(asked.len() < 400, "{} look-ups for one person", asked.len());
    }

    #[test]
    fn what_is_asked_does_not_grow_with_the_directories(case in twisted()) {
        let (mut small, mut large) = (case.clone(), case);
        add_strangers(&mut small.observed, 3, false);
        add_strangers(&mut large.observed, 60, false);
        let ((_, few, small), (_, many, large)) = (ask(&small, 0, |_| false), ask(&large, 0, |_| false));
        prop_assert_eq!(few.without(&many), Questions::default());
        prop_assert_eq!(few.len(), many.len());
        prop_assert_eq!(small.tenant.users.len(), large.tenant.users.len());
        prop_assert_eq!(small.forests[0].users.len(), large.forests[0].users.len());
        prop_assert!(large.tenant.users.iter().all(|user| !user.upn.starts_with("zz")));
    }
}
