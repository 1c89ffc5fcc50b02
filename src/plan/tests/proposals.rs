//! How proposals are told.

use super::discover::{ann, mailed};
use super::*;
use crate::model::questions::Questions;
use crate::plan::discover::{Discovery, DiscoverySummary, Scope, discover};
use crate::plan::pairing::Confidence;

fn of(case: &Case, scope: &Scope) -> Discovery {
    discover(&case.desired, case.observed.clone(), scope, &Questions::default()).0.unwrap()
}

fn guid_of(n: u8) -> String {
    format!("f5057fee-4c3e-4459-82dd-21250b7297{n:02x}")
}

#[test]
fn an_account_that_two_ad_users_claim_is_proposed_for_neither() {
    let written = |user: &mut AdUser| (user.upn, user.external_directory_object_id) = (None, Some(entra(1)));
    let found = Case::new().ad("ann", A, written).ad("bob", P, written).cloud(1, "other", None, nothing).discover();
    assert_eq!((found.proposals.len(), found.left_out.len()), (0, 2));
    assert!(found.left_out[0].why.starts_with("the account could as well be that of CN=bob"), "{:?}", found.left_out);
}

#[test]
fn everybody_in_scope_is_counted_once() {
    let excluded = |user: &mut AdUser| user.excluded = Some(Exclusion::ServiceAccount);
    let linked = |account: &mut CloudUser| {
        (account.sync_enabled, account.sid) = (Known::Is(true), Known::Is(sid(1)));
        mailed(account);
    };
    let case = ann().ad("svc", P, excluded).ad("msol", &guid_of(1), excluded).ad("cid", S, nothing);
    let case = case.ad("dan", &guid_of(2), nothing).ad("bob", &guid_of(3), nothing).cloud(1, "ann", Some(anchor(A)), linked);
    let case = case.cloud(2, "cid", None, nothing).cloud(3, "dan", None, nothing).cloud(4, "bob", None, nothing);
    let case = case.map("dan", "dan", nothing).map("bob", "bob", nothing);
    let counts = DiscoverySummary { ad_users: 6, mapped: 2, excluded: 2, linked: 0 };
    let all = of(&case, &Scope::default());
    assert_eq!((all.summary, all.proposals.len()), (counts, 2));
    let unlinked = of(&case, &Scope { unlinked: true, ..Scope::default() });
    assert_eq!((unlinked.summary, unlinked.proposals.len()), (DiscoverySummary { linked: 1, ..counts }, 1));
    assert_eq!(unlinked.proposals[0].state, MappingState::Planned);
}

#[test]
fn a_proposal_names_both_sides_as_they_stay_and_as_only_they_are_called() {
    let names = |case: Case| {
        let found = case.discover();
        let [proposal] = &found.proposals[..] else { panic!("{found:?}") };
        (proposal.cloud_selector.clone(), proposal.on_prem_selector.clone())
    };
    let (name, id) = ("ann@x.example".to_owned(), entra(1).to_string());
    assert_eq!(names(ann().cloud(1, "ann", None, mailed)), (name.clone(), Some(name.clone())));
    let binned = |account: &mut CloudUser| account.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let by_sid = |account: &mut CloudUser| account.sid = Known::Is(sid(1));
    let twice = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, by_sid).cloud(2, "ann", None, binned);
    assert_eq!(names(twice), (id.clone(), Some(name.clone())), "somebody in the bin was called so, too");
    let called = |upn: Option<&'static str>| Case::new().ad("ann", A, move |user| user.upn = upn.map(Into::into));
    let renamed = called(Some("ann@corp.local")).cloud(1, "ann", None, by_sid);
    assert_eq!(names(renamed), (id.clone(), Some("ann@corp.local".into())), "sync would rename it");
    assert_eq!(names(called(None).cloud(1, "ann", None, by_sid)), (id, None));
    let twin = |user: &mut AdUser| (user.upn, user.excluded) = (Some("ann@x.example".into()), Some(Exclusion::ServiceAccount));
    assert_eq!(names(ann().ad("svc", P, twin).cloud(1, "ann", None, mailed)), (name, None));
}

#[test]
fn the_notes_say_what_a_plan_warns_of() {
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing);
    assert_eq!(case().discover().proposals[0].notes, [""; 0]);
    let role = RoleGrant { principal: entra(1), role: "Helpdesk".into(), privileged: false, state: RoleState::Assigned };
    let mut case = case();
    case.observed.tenant.roles = Some(vec![role]);
    let notes = case.discover().proposals.remove(0).notes;
    assert!(notes.len() == 1 && notes[0].starts_with("role-assigned: "), "{notes:?}");
    assert_eq!((Confidence::High.word(), Confidence::Medium.word()), ("high", "medium"));
}

/// Two companies count their people from the same number on.
#[test]
fn a_number_alone_pairs_nobody_who_is_called_otherwise() {
    let found = |suffix: &'static str, shown: Option<&'static str>, number: &'static str| {
        let user = |user: &mut AdUser| {
            user.upn = Some(format!("m.novak@{suffix}").into());
            user.employee_id = Some(number.into());
            user.display_name = shown.map(Into::into);
        };
        let account = |account: &mut CloudUser| {
            account.employee_id = Known::Is(number.into());
            account.display_name = Some("S. Brown".into());
        };
        let found = Case::new().ad("m.novak", A, user).cloud(1, "s.brown", None, account).discover();
        (found.proposals.len(), found.left_out.first().map(|left| left.why.clone()))
    };
    assert_eq!(
        found("newco.local", Some("M. Novak"), "1001"),
        (0, Some("one thing is the same, but the display name is another".into()))
    );
    assert_eq!(
        found("x.example", Some("S. Brown"), "1001"),
        (0, Some("one thing is the same, but the sign-in name is another".into()))
    );
    assert_eq!((found("newco.local", Some("s. brown"), "1001").0, found("newco.local", None, "1001").0), (1, 1));
    assert_eq!(found("newco.local", None, "TBD"), (0, None), "nobody is told by what fills a field");
}
