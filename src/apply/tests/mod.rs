//! A small world to apply plans in: a tenant and a forest on a disk that can die at any moment.

mod absent;
mod chain;
mod crash;
mod damage;
mod disk;
mod doubts;
mod handover;
mod left_out;
mod limits;
mod order;
mod planner;
mod scripted;
mod signals;
mod site;
mod source;
mod stale;
mod undo;
mod undone;
mod waits;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::directory::Clock;
use crate::directory::ports::TenantWriter;
use crate::directory::rehearsal::{ForestStore, LdifForest, SnapshotStore, SnapshotTenant, StoreError, Unsaved};
use crate::model::{
    AccountFacts, AdUser, CloudUser, Domain, EntraId, FactName, FactValue, Facts, GuidAttribute, ImmutableId, Known, ObjectGuid,
    ObservedForest, ObservedTenant, Policy, Protected, RoleGrant, Sid, Texts,
};
use crate::plan::action::{Action, ActionKind, Target};
use crate::plan::body::*;
use crate::tenant_model::Tenant;

use super::execute::carry_out_with;
use super::journal::{Journal, JournalError, LogFile, journal_path, open_file};
use super::*;

use disk::Disk;
use planner::Planner;
use site::Site;

pub(super) const NOW: &str = "2026-11-25T08:00:00Z";
/// Since when deleted accounts are in the recycle bin.
pub(super) const DELETED_AT: &str = "2026-11-01T00:00:00Z";
pub(super) const DIGEST: &str = "sha256:one";

pub(super) fn id(n: u8) -> EntraId {
    format!("00000000-0000-0000-0000-0000000000{n:02x}").parse().unwrap()
}

pub(super) fn guid(n: u8) -> ObjectGuid {
    format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}").parse().unwrap()
}

pub(super) fn sid(n: u8) -> Sid {
    format!("S-1-5-21-1-2-3-{}", 1000 + u32::from(n)).parse().unwrap()
}

/// The ImmutableID of AD user `n`.
pub(super) fn anchor(n: u8) -> String {
    guid(n).immutable_id().as_str().to_owned()
}

pub(super) fn fixed_clock() -> Clock {
    Arc::new(|| NOW.parse().unwrap())
}

fn account(n: u8, upn: &str, holds: Option<u8>) -> CloudUser {
    let immutable_id = holds.and_then(|n| ImmutableId::stored(&anchor(n)));
    CloudUser {
        sync_enabled: Known::Null,
        sid: Known::Null,
        object_identifier: Known::Null,
        last_sign_in: Known::Null,
        ..CloudUser::new(id(n), upn, immutable_id)
    }
    .with_traits(|traits| traits.licenses = Known::Is(Texts::default()))
}

/// Users 1 and 2 hold each other's IDs; 4 (live), 6 and 8 (deleted) hold those of 3, 5 and 7; 9 is federated with an old
/// ID; 10 holds what AD user 10 may be stamped with, 11 and 12 hold nothing, 13 holds the ID of nobody.
pub(super) fn observed_tenant() -> ObservedTenant {
    let name = |n: u8| format!("u{n}@x.example");
    let domain = |name: &str, federated| Domain { name: name.into(), verified: true, federated: Some(federated), initial: false };
    let mut users = vec![account(1, &name(1), Some(2)), account(2, &name(2), Some(1))];
    users.extend([account(3, &name(3), None), account(4, &name(4), Some(3))]);
    users.extend([account(5, &name(5), None), account(6, &name(6), Some(5)).binned(DELETED_AT)]);
    users.extend([account(7, &name(7), None), account(8, &name(8), Some(7)).binned(DELETED_AT)]);
    users.push(account(9, "u9@fed.example", Some(90)));
    users.push(account(10, &name(10), Some(100)));
    users.extend((11..=12).map(|n| account(n, &name(n), None)));
    users.push(account(13, &name(13), Some(130)));
    ObservedTenant {
        id: Some("11111111-1111-1111-1111-111111111111".into()),
        initial_domain: Some("x.onmicrosoft.com".into()),
        domains: Some(vec![domain("x.example", false), domain("fed.example", true), domain("x.onmicrosoft.com", false)]),
        users,
        recycle_bin_read: true,
        roles: Some(Vec::new()),
        ..ObservedTenant::default()
    }
}

fn observed_forest() -> ObservedForest {
    let user = |n: u8| {
        let dn = format!("CN=u{n},DC=corp,DC=local").parse().unwrap();
        AdUser { sid: Some(sid(n)), sam: Some(format!("u{n}").into()), ..AdUser::new(guid(n), dn) }
    };
    ObservedForest { name: "corp".into(), users: (1..=12).map(user).collect(), ..ObservedForest::default() }
}
