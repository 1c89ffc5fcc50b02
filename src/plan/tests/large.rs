//! Plans so large that several threads work on them.

use super::*;
use crate::plan::parallel::on_one_thread;

const COUNT: u16 = 2_400;

fn guid_of(n: u16) -> String {
    format!("f5057fee-4c3e-4459-82dd-21250000{n:04x}")
}

fn id_of(n: u16) -> EntraId {
    format!("00000000-0000-4000-8000-00000000{n:04x}").parse().unwrap()
}

/// People of every kind: linked, without an ID, two who swap theirs, with a twin in the way, and some misspelt.
fn many() -> Case {
    let mut case = (0..COUNT).fold(Case::new(), with_person);
    case.desired.policy.limits = Limits { changes: u64::MAX, percent: 100, purges: u64::MAX, ..Limits::default() };
    case
}

fn with_person(case: Case, n: u16) -> Case {
    let letter = |n: u16| char::from(b'a' + u8::try_from(n % 26).unwrap());
    let name = format!("{}{}person{n}", letter(n), letter(n / 26));
    let id = |n: u16| Some(anchor(&guid_of(n)));
    let held = match n % 8 {
        0..=2 => id(n),
        3 => id(n + 1),
        4 => id(n - 1),
        _ => None,
    };
    let number = u32::from(n) + 1;
    let account = |user: &mut CloudUser| {
        user.id = id_of(n);
        if n % 8 < 3 {
            user.sync_enabled = Known::Is(true);
            user.sid = Known::Is(sid(number));
            user.object_identifier = Known::Is(guid(&guid_of(n)));
        }
    };
    let case = case.ad(&name, &guid_of(n), nothing).cloud(0, &name, held, account);
    let called = if n % 29 == 5 { name.replace("son", "san") } else { name.clone() };
    if n % 8 != 7 {
        return case.map(&name, &called, nothing);
    }
    let twin = format!("twin{n}");
    let resolve = if n % 16 == 7 { Resolve::Purge } else { Resolve::Clear };
    case.cloud(0, &twin, id(n), |user| user.id = id_of(n + COUNT)).map(&name, &called, decide(&twin, resolve))
}

#[test]
fn a_plan_does_not_tell_how_many_threads_made_it() {
    let case = many();
    let body = case.plan();
    assert_eq!(body, on_one_thread(|| case.plan()));
    assert_eq!(Ok(&body), compute_at_last(&case.desired, case.observed.clone(), &Options::default()).as_ref());
    let of = |state| body.mappings.iter().filter(|mapping| mapping.state == state).count();
    assert!([MappingState::Linked, MappingState::Planned, MappingState::Blocked].into_iter().all(|state| of(state) > 80));
    let hinted =
        body.findings.iter().filter(|finding| finding.hint.as_ref().is_some_and(|hint| hint.contains("Similar"))).count();
    assert_eq!(hinted, 25, "of the first 40, whoever is not linked already");
}
