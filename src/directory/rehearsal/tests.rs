//! Writes are last when they return, share saves, and follow the rules.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::directory::Clock;
use crate::directory::ports::{DirectoryError, ForestReader as _, ForestWriter as _, TenantReader as _, TenantWriter as _};
use crate::model::{
    AdUser, CloudUser, EntraId, GuidAttribute, ImmutableId, Known, ObjectGuid, ObservedForest, ObservedTenant, OtherKind,
    OtherObject, RoleGrant, RoleState, Texts,
};
use crate::tenant_model::{Change, ChangeKind};

const ANCHOR: &str = "7n8F9T5MWUSC3SElC3KWAQ==";

fn id(n: u16) -> EntraId {
    format!("00000000-0000-0000-0000-00000000{n:04x}").parse().unwrap()
}

fn guid() -> ObjectGuid {
    "f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap()
}

fn clock() -> Clock {
    Arc::new(|| "2026-11-25T08:00:00Z".parse().unwrap())
}

fn set(n: u16, text: &str) -> Change {
    Change { user: id(n), kind: ChangeKind::SetImmutableId(ImmutableId::stored(text).unwrap()) }
}

/// What goes wrong, and whether the file is then surely the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fails {
    Never,
    AtTaking,
    Surely,
    Perhaps,
}

/// Counts what it is asked to keep.
#[derive(Clone)]
struct Counting {
    applied: Arc<AtomicUsize>,
    saved: Arc<Mutex<Vec<usize>>>,
    fails: Fails,
}

impl Counting {
    fn new() -> Self {
        Self { applied: Arc::default(), saved: Arc::default(), fails: Fails::Never }
    }

    fn keep(&self) -> Result<(), StoreError> {
        self.applied.fetch_add(1, Ordering::SeqCst);
        if self.fails == Fails::AtTaking { Err("no such user in the file".into()) } else { Ok(()) }
    }

    fn flush(&self) -> Result<(), StoreError> {
        std::thread::sleep(std::time::Duration::from_millis(2));
        match self.fails {
            Fails::Surely => return Err(Unsaved("disk full".into()).into()),
            Fails::Perhaps => return Err("the machine died".into()),
            Fails::Never | Fails::AtTaking => {}
        }
        let mut saved = self.saved.lock().unwrap();
        saved.push(self.applied.load(Ordering::SeqCst));
        Ok(())
    }
}

impl SnapshotStore for Counting {
    fn apply(&mut self, _: &CloudUser, _: Option<&CloudUser>) -> Result<(), StoreError> {
        self.keep()
    }

    fn has_bin(&self) -> bool {
        false
    }

    fn export(&self, wanted: &EntraId) -> Option<Value> {
        (*wanted == id(1)).then(|| json!({"id": wanted, "unknownProperty": 1}))
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.flush()
    }
}

impl ForestStore for Counting {
    fn set_consistency_guid(&mut self, _: &ObjectGuid, _: Option<&[u8]>) -> Result<(), StoreError> {
        self.keep()
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.flush()
    }
}

fn users(count: u16) -> ObservedTenant {
    let user = |n: u16| CloudUser { sync_enabled: Known::Null, ..CloudUser::new(id(n), &format!("u{n}@x.example"), None) };
    ObservedTenant { users: (1..=count).map(user).collect(), recycle_bin_read: true, ..ObservedTenant::default() }
}

fn tenant(observed: ObservedTenant, store: &Counting) -> SnapshotTenant {
    SnapshotTenant::new(observed, Box::new(store.clone()), clock())
}

/// What is absent is unknown, and not purged.
#[tokio::test]
async fn who_is_not_in_a_snapshot_without_recycle_bin_may_be_there() {
    let tenant = tenant(ObservedTenant { recycle_bin_read: false, ..users(2) }, &Counting::new());
    let error = tenant.read_accounts(&[id(1).into(), id(999).into()]).await.unwrap_err().to_string();
    assert!(error.contains("lacks the recycle bin (`deletedUsers`)"), "{error}");
    assert!(tenant.read_accounts(&[id(1).into()]).await.is_ok());
    for kind in [ChangeKind::SoftDelete, ChangeKind::Purge] {
        tenant.write(&Change { user: id(2), kind }).await.unwrap();
    }
    assert!(tenant.read_accounts(&[id(2).into()]).await.unwrap()[0].user.is_none(), "this one was purged here");
}

#[tokio::test]
async fn concurrent_writes_share_saves_and_are_seen_after_them() {
    let store = Counting::new();
    let tenant = tenant(users(300), &store);
    let results = join_all((1..=300).map(|n| {
        let change = set(n, &format!("E{n}"));
        let tenant = &tenant;
        async move { tenant.write(&change).await }
    }));
    assert!(results.await.iter().all(Result::is_ok));
    let saved = store.saved.lock().unwrap().clone();
    assert!(saved.last() == Some(&300) && saved.len() < 30, "{saved:?}");
    let facts = tenant.read_accounts(&[id(7).into(), id(999).into()]).await.unwrap();
    assert_eq!(facts[0].user.as_ref().unwrap().immutable_id, ImmutableId::stored("E7"));
    assert!(facts[1].user.is_none());
    let holders = tenant.find_holders(&["E9", "e9"].map(|text| ImmutableId::stored(text).unwrap())).await.unwrap();
    assert_eq!(holders, [(ImmutableId::stored("E9").unwrap(), id(9))]);
    assert_eq!(tenant.read_tenant().await.unwrap().users.len(), 300);
}

#[tokio::test]
async fn a_refusal_names_the_holder_and_costs_no_save() {
    let store = Counting::new();
    let tenant = tenant(users(2), &store);
    tenant.write(&set(1, ANCHOR)).await.unwrap();
    match tenant.write(&set(2, ANCHOR)).await {
        Err(DirectoryError::Refused { holder, .. }) => assert_eq!(holder, Some(id(1))),
        other => panic!("{other:?}"),
    }
    assert!(matches!(tenant.write(&set(9, ANCHOR)).await, Err(DirectoryError::Refused { holder: None, .. })));
    assert_eq!(store.saved.lock().unwrap().len(), 1);
    tenant.write(&Change { user: id(1), kind: ChangeKind::SoftDelete }).await.unwrap();
    let deleted = tenant.read_accounts(&[id(1).into()]).await.unwrap().remove(0).user.unwrap();
    assert_eq!(deleted.traits.deleted_at.as_deref(), Some("2026-11-25T08:00:00Z"));
}

#[tokio::test]
async fn after_a_failed_save_nothing_is_taken_and_nothing_is_shown() {
    for fails in [Fails::Surely, Fails::Perhaps, Fails::AtTaking] {
        let store = Counting { fails, ..Counting::new() };
        let tenant = tenant(users(2), &store);
        match (fails, tenant.write(&set(1, ANCHOR)).await) {
            (Fails::Perhaps, Err(DirectoryError::Unknown(_))) | (_, Err(DirectoryError::Unsaved(_))) => {}
            (fails, other) => panic!("{fails:?}: {other:?}"),
        }
        assert!(matches!(tenant.write(&set(2, "E2")).await, Err(DirectoryError::Unsaved(_))));
        assert!(tenant.read_tenant().await.unwrap().users.iter().all(|user| user.immutable_id.is_none()));
        assert_eq!(store.applied.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn an_exported_account_is_whole() {
    let mut observed = users(2);
    observed.roles =
        Some(vec![RoleGrant { principal: id(100), role: "Owner".into(), privileged: true, state: RoleState::Eligible }]);
    observed.others = vec![OtherObject {
        kind: OtherKind::Group,
        id: id(100),
        display_name: Some("Staff".into()),
        mail: None,
        proxy_addresses: Texts::default(),
        members: Some(vec![id(1)]),
    }];
    let tenant = tenant(observed, &Counting::new());
    let saved = tenant.export_account(&id(1)).await.unwrap();
    assert_eq!(saved["user"]["unknownProperty"], 1);
    assert_eq!(saved["memberOf"][0]["displayName"], "Staff");
    assert_eq!(saved["roles"][0]["role"], "Owner");
    assert!(matches!(tenant.export_account(&id(2)).await, Err(DirectoryError::Input(_))));
    let roles = tenant.read_accounts(&[id(1).into(), id(2).into()]).await.unwrap();
    assert_eq!(roles[0].privileged_roles, Known::Is(vec!["Owner".to_owned()]));
    assert_eq!(roles[1].privileged_roles, Known::Is(Vec::new()));
}

#[tokio::test]
async fn a_stamp_compares_and_swaps() {
    let store = Counting::new();
    let user = AdUser::new(guid(), "CN=A,DC=x".parse().unwrap());
    let forest = LdifForest::new(ObservedForest { users: vec![user], ..ObservedForest::default() }, Box::new(store.clone()));
    let (first, second) = ([1u8; 16], [2u8; 16]);
    forest.stamp(&guid(), None, Some(&first)).await.unwrap();
    assert!(matches!(forest.stamp(&guid(), None, Some(&second)).await, Err(DirectoryError::Refused { .. })));
    assert!(matches!(forest.stamp(&guid().byte_swapped(), None, None).await, Err(DirectoryError::Refused { .. })));
    forest.stamp(&guid(), Some(&first), Some(&second)).await.unwrap();
    let read = forest.read_users(&[guid(), guid().byte_swapped()]).await.unwrap();
    assert_eq!(read[0].as_ref().unwrap().consistency_guid, GuidAttribute::Bytes(second.into()));
    assert!(read[1].is_none());
    forest.stamp(&guid(), Some(&second), None).await.unwrap();
    assert_eq!(forest.read_forest().await.unwrap().users[0].consistency_guid, GuidAttribute::Absent);
    assert_eq!(store.saved.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn users_are_found_by_the_anchor_that_sync_makes_of_them() {
    let stamped = |stamp: GuidAttribute, name: &str| {
        let number = guid().byte_swapped();
        AdUser { consistency_guid: stamp, ..AdUser::new(number, format!("CN={name},DC=x").parse().unwrap()) }
    };
    let own = AdUser::new(guid(), "CN=A,DC=x".parse().unwrap());
    let twin = stamped(GuidAttribute::Bytes((*guid().ad_bytes()).into()), "B");
    let odd = stamped(GuidAttribute::Bytes([1; 3].into()), "C");
    let forest = ObservedForest { users: vec![own, twin, odd], ..ObservedForest::default() };
    let found = LdifForest::new(forest, Box::new(Counting::new())).find_by_anchor(&[guid().immutable_id()]).await.unwrap();
    assert_eq!(found.iter().map(|user| user.dn.as_str()).collect::<Vec<_>>(), ["CN=A,DC=x", "CN=B,DC=x"]);
}

#[tokio::test]
async fn two_stamps_in_one_save_see_each_other() {
    let user = AdUser::new(guid(), "CN=A,DC=x".parse().unwrap());
    let forest = ObservedForest { users: vec![user], ..ObservedForest::default() };
    let forest = LdifForest::new(forest, Box::new(Counting::new()));
    let stamps = (0..20u8).map(|n| {
        let forest = &forest;
        async move { forest.stamp(&guid(), None, Some(&[n; 16])).await.is_ok() }
    });
    assert_eq!(join_all(stamps).await.into_iter().filter(|taken| *taken).count(), 1);
}
