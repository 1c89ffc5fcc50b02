//! Decisions held against who is in the way: those that contradict each other, and those that are spent.

use super::*;

#[test]
fn one_account_is_not_to_be_purged_by_name_and_cleared_by_id() {
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    for [by_name, by_its_id] in [[Resolve::Purge, Resolve::Clear], [Resolve::Clear, Resolve::Purge]] {
        let body = case().map("ann", "ann", |mapping| {
            let by_name = decide("twin", by_name);
            decide_of(2, by_its_id)(mapping);
            by_name(mapping);
        });
        let body = body.plan();
        assert_eq!((blockers(&body), body.actions.len()), (vec![Code::HolderUndecided], 0));
        let said = &body.findings[0].message;
        assert!(said.contains("to purge it (as `") && said.contains("`twin@x.example`") && said.contains(&entra(2).to_string()));
    }
    let twice_the_same = case().map("ann", "ann", |mapping| {
        decide_of(2, Resolve::Clear)(mapping);
        decide("twin", Resolve::Clear)(mapping);
    });
    assert_eq!(kinds(&twice_the_same.plan()), ["clearImmutableId twin", "setImmutableId ann"]);
}

/// Sync gave the right account the name of the one that was purged.
#[test]
fn a_decision_that_was_carried_out_does_not_block_the_account_that_got_the_name() {
    let linked = |user: &mut CloudUser| {
        user.sync_enabled = Known::Is(true);
        user.sid = Known::Is(sid(1));
    };
    let case = |edit: fn(&mut CloudUser), id: Option<ImmutableId>| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", id, edit);
        case.map("ann", "ann", decide("ann", Resolve::Purge)).plan()
    };
    for body in [case(linked, Some(anchor(A))), case(nothing, Some(anchor(A)))] {
        assert_eq!((blockers(&body), codes(&body).first(), body.actions.len()), (vec![], Some(&Code::AcceptUnused), 0));
    }
    assert_eq!(blockers(&case(nothing, None)), [Code::HolderProtected], "as long as the ID is not there it may be a mistake");
}

/// The name will be that of the right account, and the decision would be about another one then.
#[test]
fn who_has_the_name_of_the_ad_user_is_decided_on_by_id() {
    let hint = |holder: &'static str| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "old", None, nothing).cloud(2, holder, Some(anchor(A)), nothing);
        case.map("ann", "old", nothing).plan().findings[0].hint.clone().unwrap()
    };
    assert!(hint("ann").contains(&entra(2).to_string()), "{}", hint("ann"));
    assert!(hint("twin").contains("account: twin@x.example"), "{}", hint("twin"));
}

#[test]
fn what_becomes_of_a_target_that_is_to_be_purged_is_said_for_one_that_leaves_hybrid_as_well() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "mia", Some(anchor(A)), nothing);
    let leaves = |mapping: &mut Mapping| mapping.on_prem = OnPremSide::Nobody;
    let body = case.map("ann", "ann", decide("mia", Resolve::Purge)).map("mia", "mia", leaves).plan();
    let finding = body.findings.iter().find(|finding| finding.code == Code::HolderProtected).unwrap();
    assert!(finding.hint.as_deref().is_some_and(|hint| hint.contains("or takes it off")), "{finding:?}");
}
