//! Leaving the scope of sync, one test a rule.

use super::super::ChangeKind;
use super::super::testing::{Person, TenantBuilder, anchor, guid, id, sid};
use super::*;
use crate::model::CloudUser;

fn linked() -> TenantBuilder {
    TenantBuilder::users(&["eva", "w"]).linked(1, 7)
}

fn delete(tenant: &mut Tenant) -> SyncDeletion {
    tenant.delete_by_sync(&anchor(7), "2026-11-20T11:00:00Z")
}

fn refused(outcome: &SyncDeletion) -> (&'static str, Option<EntraId>) {
    let SyncDeletion::Refused(SyncRefusal { rule, user }) = outcome else { panic!("{outcome:?}") };
    (rule.code(), *user)
}

#[test]
fn a_deleted_account_is_out_of_sync_and_keeps_what_links_it() {
    let mut tenant = linked().build();
    let user = tenant.by_id(&id(1)).unwrap();
    assert_eq!(delete(&mut tenant), SyncDeletion::Deleted(user));
    let account = tenant.at(1);
    assert_eq!((account.traits.deleted_at.as_deref(), account.sync_enabled), (Some("2026-11-20T11:00:00Z"), Known::Is(false)));
    assert_eq!((&*account.upn, account.original_upn()), ("00000000000000000000000000000001eva@x.example", "eva@x.example"));
    let kept = (account.immutable_id.clone(), account.sid.clone(), account.object_identifier);
    assert_eq!(kept, (Some(anchor(7)), Known::Is(sid(7)), Known::Is(guid(7))));
    assert_eq!(delete(&mut tenant), SyncDeletion::Gone, "the second time there is nothing left to delete");
}

#[test]
fn back_in_scope_the_account_is_taken_over_again() {
    let mut tenant = linked().build();
    delete(&mut tenant);
    let user = tenant.by_id(&id(1)).unwrap();
    assert_eq!(tenant.cycle(&Person::new(7, "eva")), SyncOutcome::HardMatch { user, restored: true });
    assert!(tenant.at(1).is_synced() && !tenant.at(1).is_deleted());
}

#[test]
fn what_is_managed_in_the_cloud_is_not_deleted() {
    let refusal = ("DeletingCloudOnlyObjectNotAllowed", Some(id(1)));
    let mut converted = linked().with(1, |user| user.sync_enabled = Known::Null).build();
    assert_eq!(refused(&delete(&mut converted)), refusal);
    let mut restored = linked().build();
    delete(&mut restored);
    restored.write(1, ChangeKind::Restore).unwrap();
    assert_eq!(refused(&delete(&mut restored)), refusal);
    assert!(!restored.at(1).is_deleted());
    restored.write(1, ChangeKind::ClearImmutableId { residue: false }).unwrap();
    assert_eq!(delete(&mut restored), SyncDeletion::Gone, "without the anchor the client finds nobody");
    let mut off = linked().tenant(|tenant| tenant.sync_enabled = Known::Is(false)).build();
    assert_eq!(refused(&delete(&mut off)), ("SyncDisabled", None));
}

#[test]
fn of_two_holders_in_a_damaged_reading_the_linked_one_is_deleted() {
    let twin = |user: &mut CloudUser| user.immutable_id = Some(anchor(7));
    let mut tenant = TenantBuilder::users(&["eva", "w"]).with(1, twin).linked(2, 7).build();
    let linked = tenant.by_id(&id(2)).unwrap();
    assert_eq!(delete(&mut tenant), SyncDeletion::Deleted(linked));
    assert!(!tenant.at(1).is_deleted());
}
