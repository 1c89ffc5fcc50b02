//! What a plan says of the next sync: one test for each way it can end.

use super::*;
use crate::plan::next_sync::{NextSync, Outcome};

/// What is said of the mapping at a position.
fn said(body: &Body, at: usize) -> &NextSync {
    body.mappings[at].next_sync.as_ref().unwrap()
}

fn outcome(case: &Case) -> (Outcome, Option<String>) {
    let body = case.plan();
    let next = said(&body, 0);
    (next.outcome, next.account.as_ref().map(|account| account.upn.to_string()))
}

fn ann() -> Case {
    Case::new().ad("ann", A, nothing)
}

#[test]
fn an_id_that_is_set_leads_to_a_hard_match_of_the_mapped_account() {
    let case = ann().cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    assert_eq!(outcome(&case), (Outcome::HardMatch, Some("ann@x.example".into())));
    let linked = |user: &mut CloudUser| (user.sync_enabled, user.sid) = (Known::Is(true), Known::Is(sid(1)));
    let case = ann().cloud(1, "ann", Some(anchor(A)), linked).map("ann", "ann", nothing);
    assert_eq!(outcome(&case), (Outcome::AlreadyLinked, Some("ann@x.example".into())));
}

#[test]
fn a_blocked_mapping_shows_what_sync_does_meanwhile() {
    let case = ann().cloud(1, "ann", Some(anchor(P)), nothing).map("ann", "nobody", nothing);
    let body = case.plan();
    let next = said(&body, 0);
    assert_eq!((next.outcome, blockers(&body)), (Outcome::Create, vec![Code::CloudNotFound]));
    assert_eq!(next.account.as_ref().unwrap().upn, "annNNNN@x.onmicrosoft.com", "Entra draws the digits");
    assert!(next.notes[0].starts_with("beside ann@x.example") && next.notes[0].contains("InvalidSoftMatch"), "{next:?}");
    let soft = ann().cloud(1, "ann", None, nothing).map("ann", "nobody", nothing);
    assert_eq!(outcome(&soft), (Outcome::SoftMatch, Some("ann@x.example".into())));
}

#[test]
fn a_refusal_names_its_code_and_since_when_the_rule_holds() {
    let mut case = ann().cloud(1, "ann", Some(anchor(A)), nothing).map("ann", "ann", nothing);
    let role =
        RoleGrant { principal: entra(1), role: "Global Administrator".into(), privileged: true, state: RoleState::Eligible };
    case.observed.tenant.roles = Some(vec![role]);
    let body = case.plan();
    let next = said(&body, 0);
    assert_eq!((next.outcome, next.code.as_ref().map(|code| code.as_str())), (Outcome::Refused, Some("InvalidHardMatch")));
    assert_eq!(next.since.as_ref().map(|since| since.as_str()), Some("June 2026"));
}

#[test]
fn a_refusal_that_ends_with_the_cycle_says_so() {
    let held = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let synced = |user: &mut CloudUser| user.sync_enabled = Known::Is(true);
    let case = ann()
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(A)), synced)
        .cloud(2, "bob", Some(anchor(P)), held)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing);
    let body = case.plan();
    assert_eq!((said(&body, 0).outcome, said(&body, 1).outcome), (Outcome::Refused, Outcome::HardMatch));
    assert!(said(&body, 0).notes[0].contains("bob@x.example") && said(&body, 0).notes[0].contains("same cycle"));
    // Whether that AD user is mapped makes no difference to sync.
    let mut unmapped = Case { desired: case.desired.clone(), observed: case.observed.clone() };
    unmapped.desired.mappings.truncate(1);
    assert_eq!(said(&unmapped.plan(), 0).notes, said(&body, 0).notes);
}

#[test]
fn a_refusal_for_another_reason_does_not_end_with_the_cycle() {
    // Bob's account has Ann's sign-in name and another ImmutableID: sync takes it over, and Ann's soft match stays refused.
    let mut case = ann()
        .ad("bob", P, |user| user.upn = Some("ann@x.example".into()))
        .cloud(2, "ann", Some(anchor(P)), nothing)
        .map("ann", "nobody", nothing)
        .map("bob", "ann", nothing);
    case.observed.tenant.features.as_mut().unwrap().insert("quarantineUponUpnConflictEnabled".into(), false);
    let body = case.plan();
    let next = said(&body, 0);
    assert_eq!(
        (next.code.as_ref().map(|code| code.as_str()), said(&body, 1).outcome),
        (Some("InvalidSoftMatch"), Outcome::HardMatch)
    );
    assert_eq!(next.notes, [format!("it is about ann@x.example (id {})", entra(2))]);
}

#[test]
fn nobody_in_ad_is_nobody_for_sync() {
    let case = ann().cloud(1, "ann", None, nothing).map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody);
    assert!(case.plan().mappings[0].next_sync.is_none());
}
