//! Linked is an account that sync has for this very AD user.

use super::*;
use crate::plan::finding::Finding;

/// The account of ann is synced with the ID of ann, and has this SID and object identifier.
fn synced(sid: Known<Sid>, object_identifier: Known<ObjectGuid>) -> Case {
    let account = |user: &mut CloudUser| {
        (user.sync_enabled, user.sid, user.object_identifier) = (Known::Is(true), sid, object_identifier);
    };
    let case = Case::new().ad("ann", A, nothing).ad("mallory", P, nothing);
    case.cloud(1, "ann", Some(anchor(A)), account).map("ann", "ann", nothing)
}

fn state(case: &Case) -> (MappingState, Vec<Code>) {
    let body = case.plan();
    assert_eq!(body.actions, []);
    (body.mappings[0].state, codes(&body))
}

#[test]
fn one_value_of_the_ad_user_is_enough_where_the_other_is_not_known() {
    let (own_sid, own_guid) = (Known::Is(sid(1)), Known::Is(guid(A)));
    for (sid, guid) in [(Known::Unknown, own_guid), (Known::Null, own_guid), (own_sid.clone(), own_guid)] {
        assert_eq!(state(&synced(sid, guid)), (MappingState::Linked, vec![]));
    }
    for guid in [Known::Unknown, Known::Null] {
        assert_eq!(state(&synced(own_sid.clone(), guid)), (MappingState::Linked, vec![]));
        assert_eq!(
            state(&synced(if guid.is_read() { Known::Null } else { Known::Unknown }, guid)),
            (MappingState::Armed, vec![]),
            "nothing tells"
        );
    }
}

#[test]
fn a_value_of_another_ad_user_blocks_whoever_that_is() {
    let somebody = [Known::Is(sid(2)), Known::Is(sid(77))];
    let others = [Known::Is(guid(P)), Known::Is(guid(S))];
    let sids = somebody.iter().flat_map(|sid| [Known::Unknown, Known::Is(guid(A))].map(|guid| (sid.clone(), guid)));
    let guids = others.iter().flat_map(|guid| [Known::Null, Known::Is(sid(1))].map(|sid| (sid, *guid)));
    let both = somebody.iter().zip(&others).map(|(sid, guid)| (sid.clone(), *guid));
    for (sid, guid) in sids.chain(guids).chain(both) {
        let case = synced(sid, guid);
        assert_eq!(state(&case), (MappingState::Blocked, vec![Code::TargetSynced]), "{:?}", case.plan().findings);
    }
}

/// No cycle can write a SID that another account has.
#[test]
fn who_lacks_its_sid_because_another_account_has_it_is_not_linked() {
    let case = |id| synced(Known::Null, Known::Is(guid(A))).cloud(9, "other", id, |user| user.sid = Known::Is(sid(1)));
    assert_eq!(state(&case(None)), (MappingState::Blocked, vec![Code::SecurityIdentifierHeld]));
    assert_eq!(state(&case(Some(anchor(S)))), (MappingState::Blocked, vec![Code::SecurityIdentifierHeld]));
    let mut stamped = case(None);
    stamped.desired.mappings[0].write = WriteSide::OnPrem;
    assert_eq!(state(&stamped), (MappingState::Linked, vec![]));
    let mut decided = case(None);
    decide("other", Resolve::Clear)(&mut decided.desired.mappings[0]);
    assert_eq!(kinds(&decided.plan()), ["clearSecurityIdentifier other"]);
}

#[test]
fn the_finding_says_whose_account_it_is_and_who_has_to_be_moved() {
    let finding = |case: &Case| case.plan().findings.remove(0);
    let mallorys = finding(&synced(Known::Is(sid(2)), Known::Is(guid(P))));
    let message = format!(
        "ann@x.example is synced with the wanted ImmutableID, but has the SID {} and the object identifier {P} of another AD user",
        sid(2)
    );
    assert_eq!(mallorys.message, message);
    let mallory = format!("CN=mallory,OU=Staff,DC=corp (forest corp, objectGUID {P})");
    assert_eq!(mallorys.objects[1..], [mallory], "once");
    let who = |finding: &Finding| finding.steps.first().map(|step| step.split(" out of").next().unwrap().to_owned());
    let told = "Move CN=mallory,OU=Staff,DC=corp of forest corp, which is linked to ann@x.example,";
    assert_eq!(who(&mallorys).as_deref(), Some(told));
    let nobodys = finding(&synced(Known::Is(sid(77)), Known::Is(guid(S))));
    assert_eq!(who(&nobodys).as_deref(), Some("Move the AD user that is linked to ann@x.example"), "and not ann");
    let moved = finding(&synced(Known::Is(sid(77)), Known::Is(guid(A))));
    assert!(moved.message.ends_with("which is not this AD user's, nor that of another one here"), "{}", moved.message);
    assert_eq!((who(&moved), moved.hint.unwrap().contains("run a sync cycle")), (None, true));
}

/// The account is still linked to the old AD user when the new one is stamped.
#[test]
fn a_stamped_ad_user_is_armed_and_told_what_keeps_sync_from_it() {
    let mut case = synced(Known::Is(sid(2)), Known::Is(guid(P)));
    case.desired.mappings[0].write = WriteSide::OnPrem;
    assert_eq!(state(&case), (MappingState::Armed, vec![Code::HardMatchBlocked]));
}

/// It may be the mS-DS-ConsistencyGuid, and the object identifier is the objectGUID.
#[test]
fn a_guid_at_its_word_contradicts_nobody() {
    let mut case = synced(Known::Is(sid(2)), Known::Is(guid(P)));
    case.desired.forests.clear();
    case.observed.forests.clear();
    let key = OnPremKey::Guid(GuidInput::Guid(guid(A)));
    case.desired.mappings[0].on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: A.into() });
    assert_eq!(case.plan().mappings[0].state, MappingState::Armed);
}

/// Sync stops for an AD user whose source anchor changed, and only the old value lets it go on.
#[test]
fn a_linked_ad_user_that_lost_its_anchor_gets_it_back_by_a_stamp() {
    let case = |stamp: GuidAttribute, write: WriteSide| {
        let account = |user: &mut CloudUser| {
            (user.sync_enabled, user.sid, user.object_identifier) = (Known::Is(true), Known::Is(sid(1)), Known::Is(guid(A)));
        };
        let case = Case::new().ad("ann", A, |user| user.consistency_guid = stamp).cloud(1, "ann", Some(anchor(P)), account);
        case.map("ann", "ann", |mapping| mapping.write = write).plan()
    };
    let bytes = |text: &str| GuidAttribute::Bytes((*guid(text).ad_bytes()).into());
    for lost in [GuidAttribute::Absent, bytes(S)] {
        assert_eq!(kinds(&case(lost.clone(), WriteSide::OnPrem)), ["stampConsistencyGuid ann"]);
        let blocked = case(lost, WriteSide::Cloud);
        assert_eq!(blockers(&blocked), [Code::TargetSynced]);
        let hint = blocked.findings.iter().find_map(|finding| finding.hint.as_deref()).unwrap();
        assert!(hint.contains("write `write: onPrem`"), "{hint}");
    }
    let fine = case(bytes(P), WriteSide::OnPrem);
    assert_eq!((fine.mappings[0].state, fine.actions.len()), (MappingState::Linked, 0));
}
