//! The proof refuses a draft that breaks its promise, which no input can bring about.

use std::collections::BTreeSet;

use super::*;
use crate::model::questions::Recorder;
use crate::plan::draft::{Context, Draft, draft};
use crate::plan::hints::Hints;
use crate::plan::link::Link;
use crate::plan::order::{Op, Write};
use crate::plan::protection::Protection;
use crate::plan::prove::prove;
use crate::plan::world::World;
use crate::tenant_model::{ChangeKind, UserRef};

/// Ann gets her ID once it is taken off her twin; somebody else is not mapped.
fn case() -> Case {
    let people = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    people.cloud(3, "other", Some(anchor(S)), nothing).map("ann", "ann", decide("twin", Resolve::Clear))
}

/// What the proof says of the draft, once somebody has tampered with it.
fn proof_of(case: &Case, tamper: impl FnOnce(&mut Draft<'_>, &dyn Fn(u8) -> UserRef)) -> String {
    let world = World::new(case.observed.clone(), Recorder::default());
    let links = case.desired.mappings.iter().map(|mapping| Link::new(&mapping.cloud.text, mapping)).collect();
    let (hints, others) = (Hints::none(), BTreeSet::new());
    let protection = Protection::of(&case.desired.policy);
    let mut draft = draft(links, &world, Context { protection: &protection, hints: &hints, others: &others });
    tamper(&mut draft, &|n| world.tenant.by_id(&entra(n)).unwrap());
    prove(&draft, &world, &protection).map_or_else(|failure| failure.to_string(), |_| "proven".to_owned())
}

fn write(user: UserRef, kind: ChangeKind) -> Op {
    Op { link: 0, write: Write::Account(user, kind), after: vec![0], reason: String::new() }
}

fn fails_with(expected: &str, tamper: impl FnOnce(&mut Draft<'_>, &dyn Fn(u8) -> UserRef)) {
    let said = proof_of(&case(), tamper);
    assert!(said.contains(expected), "{said}");
}

#[test]
fn the_draft_itself_is_proven() {
    assert_eq!(proof_of(&case(), |_, _| ()), "proven");
}

#[test]
fn an_account_that_no_mapping_names_is_not_touched() {
    let unnamed = "touches an account that no mapping names";
    let kinds = || {
        [
            ChangeKind::ClearImmutableId { residue: false },
            ChangeKind::ClearSecurityIdentifier,
            ChangeKind::ClearObjectIdentifier,
            ChangeKind::SetImmutableId(anchor(P)),
            ChangeKind::SetUserPrincipalName("new@x.example".parse().unwrap()),
            ChangeKind::SoftDelete,
            ChangeKind::Purge,
            ChangeKind::Restore,
        ]
    };
    for kind in kinds() {
        fails_with(unnamed, |draft, user| draft.ops.push(write(user(3), kind)));
    }
    fails_with(unnamed, |draft, user| draft.ops.push(write(user(2), ChangeKind::Purge)));
    fails_with(unnamed, |draft, user| draft.ops.push(write(user(1), ChangeKind::SoftDelete)));
}

#[test]
fn what_entra_would_refuse_is_not_planned() {
    fails_with("a write is refused", |draft, _| {
        draft.ops.swap(0, 1);
        draft.ops.iter_mut().for_each(|op| op.after.clear());
    });
}

/// As the writes of a circle would.
#[test]
fn no_write_waits_for_a_later_one() {
    fails_with("waits for one that does not come before it", |draft, _| draft.ops[0].after.push(1));
}

#[test]
fn a_plan_leaves_nothing_over() {
    fails_with("planning on the end state wants another write", |draft, _| drop(draft.ops.pop()));
}

#[test]
fn an_interruption_may_not_change_the_end() {
    let renamed = || ChangeKind::SetUserPrincipalName("new@x.example".parse().unwrap());
    fails_with("an interruption leads to another end", |draft, user| draft.ops.push(write(user(1), renamed())));
}

/// The decision counts for nothing: the account gets its own ID. Without the mapping of the account the decision would be
/// taken for one that cannot be carried out.
#[test]
fn mappings_that_look_at_one_account_are_proven_together() {
    let federated = |user: &mut AdUser| user.upn = Some("bob@fed.example".into());
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, federated).cloud(1, "ann", None, nothing);
    let case = case.cloud(2, "bob@fed.example", ImmutableId::stored(A), nothing).cloud(3, "twin", Some(anchor(A)), nothing);
    let decided = |mapping: &mut Mapping| {
        decide("twin", Resolve::Clear)(mapping);
        decide("bob@fed.example", Resolve::Clear)(mapping);
    };
    let body = case.map("ann", "ann", decided).map("bob", "bob@fed.example", accept(Acceptable::FederatedDomain)).plan();
    assert_eq!((blockers(&body), kinds(&body).len()), (vec![], 5), "{:?}", kinds(&body));
}
