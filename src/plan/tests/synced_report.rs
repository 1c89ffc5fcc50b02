//! Who is linked how, counted.

use super::*;
use crate::plan::synced_report::{ForestLinks, IdForm, IdOrigin, IdProof, SyncState, SyncedReport, synced_report};

const C: &str = "11111111-2222-4333-8444-555555555555";

fn synced(account: &mut CloudUser) {
    account.sync_enabled = Known::Is(true);
}

fn odd(report: &SyncedReport) -> Vec<&str> {
    report.odd.iter().map(|account| account.what.as_str()).collect()
}

#[test]
fn accounts_are_counted_by_how_they_stand_to_sync() {
    let deleted = |account: &mut CloudUser| account.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing);
    let case = case.cloud(1, "ann", Some(anchor(A)), synced).cloud(2, "bob", Some(anchor(P)), nothing);
    let case = case.cloud(3, "old", Some(anchor(S)), nothing).cloud(4, "new", None, nothing).cloud(5, "bin", None, deleted);
    let case = case.cloud(6, "two", None, nothing).cloud(7, "gone", Some(anchor(C)), synced);
    let report = synced_report(case.observed);
    let counts = [(SyncState::Synced, 2), (SyncState::Armed, 1), (SyncState::Stale, 1), (SyncState::CloudOnly, 2)];
    assert_eq!(report.accounts, counts.into());
    assert_eq!(report.forms, [(IdForm::Guid, 2)].into());
    let stale = "is not synced, and no AD user that was read has its ImmutableID: it is in the way of a soft match";
    assert_eq!(odd(&report), ["is synced with an AD user that was not read", stale]);
}

#[test]
fn ids_are_told_by_what_they_are_made_of_and_by_the_attribute() {
    let own = |n: u32| move |account: &mut CloudUser| (account.sync_enabled, account.sid) = (Known::Is(true), Known::Is(sid(n)));
    let pinned =
        |account: &mut CloudUser| (account.sync_enabled, account.object_identifier) = (Known::Is(true), Known::Is(guid(P)));
    let stamped = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(S).ad_bytes()).into());
    let swapped = guid(C).byte_swapped().immutable_id();
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, stamped).ad("cid", C, nothing);
    let case = case.cloud(1, "ann", Some(anchor(A)), own(1)).cloud(2, "bob", Some(anchor(S)), pinned);
    let case = case.cloud(3, "other", Some(anchor(P)), own(1)).cloud(4, "none", None, synced);
    let case = case.cloud(5, "swapped", Some(swapped), own(3)).cloud(6, "text", ImmutableId::stored(A), synced);
    let report = synced_report(case.cloud(7, "opaque", ImmutableId::stored("E7"), synced).observed);
    let forms =
        [(IdForm::Guid, 3), (IdForm::WrongByteOrder, 1), (IdForm::OddSpelling, 1), (IdForm::Opaque, 1), (IdForm::Missing, 1)];
    assert_eq!(report.forms, forms.into());
    assert_eq!(report.proofs, [(IdProof::Proven, 3), (IdProof::Unproven, 2), (IdProof::Contradicted, 1)].into());
    let origins =
        [(IdOrigin::ObjectGuidOrBoth, 3), (IdOrigin::ObjectGuid, 1), (IdOrigin::ConsistencyGuid, 1), (IdOrigin::Nobody, 1)];
    assert_eq!(report.origins, origins.into());
    let [corp] = &report.forests[..] else { panic!("{:?}", report.forests) };
    let counts = (corp.users, corp.linked, corp.by_object_guid, corp.by_consistency_guid, corp.by_attribute);
    assert_eq!((corp.name.as_str(), counts), ("corp", (3, 5, 1, 1, 0)));
    let expected = [
        "without an ImmutableID",
        "first three groups reversed",
        "not spelt as",
        "was not read",
        "SID or object identifier of another",
    ];
    for what in expected {
        assert_eq!(odd(&report).iter().filter(|said| said.contains(what)).count(), 1, "{what}: {:?}", odd(&report));
    }
}

#[test]
fn each_forest_counts_its_own_and_the_numbers_of_its_people() {
    let numbered = |user: &mut AdUser| user.employee_id = Some("E7".into());
    let mut case = Case::new().ad("ann", A, nothing).ad("bob", P, numbered);
    let mut old = ObservedForest { name: "old".into(), ..ObservedForest::default() };
    old.users.extend(case.observed.forests[0].users.pop());
    case.observed.forests.push(old);
    let case = case.cloud(1, "bob", ImmutableId::stored("E7"), synced).cloud(2, "ann", Some(anchor(A)), synced);
    let forests = synced_report(case.observed).forests;
    let counts = forests.iter().map(|links| (links.name.as_str(), links.linked, links.by_attribute, links.seems()));
    assert_eq!(counts.collect::<Vec<_>>(), [("corp", 1, 0, None), ("old", 1, 1, Some("a custom attribute"))]);
}

#[test]
fn what_most_accounts_use_is_what_the_forest_seems_to_use() {
    let links = |by_object_guid, by_consistency_guid, by_attribute| {
        let (anchor, name) = ("objectGuid".to_owned(), "corp".to_owned());
        ForestLinks { anchor, by_object_guid, by_consistency_guid, by_attribute, linked: 9, name, users: 9 }
    };
    assert_eq!(links(0, 0, 0).seems(), None);
    assert_eq!(links(2, 1, 1).seems(), Some("objectGUID"));
    assert_eq!(links(1, 2, 1).seems(), Some("mS-DS-ConsistencyGuid"));
    assert_eq!(links(1, 1, 2).seems(), Some("a custom attribute"));
}

#[test]
fn an_id_in_another_spelling_is_in_nobody_s_way() {
    let report = synced_report(Case::new().ad("ann", A, nothing).cloud(1, "ann", ImmutableId::stored(A), nothing).observed);
    let what = "is not synced, and has the ImmutableID of an AD user in a form that sync does not send: it never matches";
    assert_eq!(odd(&report), [what]);
}
