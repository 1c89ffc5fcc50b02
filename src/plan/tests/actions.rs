//! What a plan file says of a write is the write.

use super::*;
use crate::tenant_model::ChangeKind;

fn changes(body: &Body) -> Vec<Option<ChangeKind>> {
    body.actions.iter().map(|action| action.change().map(|change| change.kind)).collect()
}

#[test]
fn an_action_says_what_is_to_be_written() {
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    let clear = ChangeKind::ClearImmutableId { residue: false };
    let set = ChangeKind::SetImmutableId(anchor(A));
    let cleared = case().map("ann", "ann", decide("twin", Resolve::Clear)).plan();
    assert_eq!(changes(&cleared), [Some(clear), Some(set.clone())]);
    assert_eq!(cleared.actions[0].change().map(|change| change.user), Some(entra(2)));
    let purged = case().map("ann", "ann", decide("twin", Resolve::Purge)).plan();
    assert_eq!(changes(&purged), [Some(ChangeKind::SoftDelete), Some(ChangeKind::Purge), Some(set)]);
}

#[test]
fn who_leaves_hybrid_loses_the_names_of_ad_as_far_as_they_were_read() {
    let change = |edit: fn(&mut CloudUser)| {
        let case = Case::new().ad("bob", P, nothing).cloud(1, "ann", Some(anchor(A)), edit);
        changes(&case.map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody).plan())
    };
    let named = |user: &mut CloudUser| user.residue.sam_account_name = Known::Is("ann".into());
    assert_eq!(change(named), [Some(ChangeKind::ClearImmutableId { residue: true })]);
    assert_eq!(change(nothing), [Some(ChangeKind::ClearImmutableId { residue: false })]);
}

#[test]
fn a_stamp_is_a_write_to_an_ad_user() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(P)), nothing);
    let body = case.map("ann", "ann", |mapping| mapping.write = WriteSide::OnPrem).plan();
    let [action] = &body.actions[..] else { panic!("{:?}", body.actions) };
    assert_eq!((action.change(), action.target.object_guid(), action.target.entra_id()), (None, Some(guid(A)), None));
    assert_eq!(action.id.to_string(), action.id.as_str());
}
