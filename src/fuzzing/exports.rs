//! Files that other tools exported: read twice they give the same, and what is written of them is read as the same.

use std::sync::Arc;

use crate::config::{SourceTexts, render_diagnostics};
use crate::diag::Diagnostics;
use crate::directory::exports::{read_forest_csv_from, read_ldif_from, read_tenant_from, snapshot, write_forest};
use crate::model::{AnchorMode, ObservedForest, ObservedTenant};

use super::assert_harmless;

fn file() -> Arc<str> {
    "file".into()
}

/// Both times the same problems, which are shown.
fn same_problems(first: Diagnostics, second: Diagnostics) {
    let problems = first.sorted();
    assert_eq!(problems, second.sorted());
    assert_harmless(&render_diagnostics(&problems, &SourceTexts::default(), 100, false));
}

/// Each way to find an anchor.
fn anchors() -> [AnchorMode; 3] {
    [AnchorMode::ConsistencyGuid, AnchorMode::ObjectGuid, AnchorMode::Attribute("extensionAttribute1".into())]
}

pub(super) fn ldif(bytes: &[u8]) {
    for anchor in anchors() {
        let read = || read_ldif_from(bytes, &file(), "corp", &anchor);
        same_forest(read(), read(), &anchor);
    }
}

pub(super) fn ad_csv(bytes: &[u8]) {
    for anchor in anchors() {
        let read = || read_forest_csv_from(bytes, &file(), "corp", &anchor);
        same_forest(read(), read(), &anchor);
    }
}

fn same_forest(first: Result<ObservedForest, Diagnostics>, second: Result<ObservedForest, Diagnostics>, anchor: &AnchorMode) {
    match (first, second) {
        (Err(problems), Err(again)) => same_problems(problems, again),
        (first, second) => {
            let forest = first.expect("read once");
            assert_eq!(forest, second.expect("read twice"));
            written_forest(forest, anchor);
        }
    }
}

/// Also of forests that came over LDAP.
pub(super) fn written_forest(mut forest: ObservedForest, anchor: &AnchorMode) {
    let mut bytes = Vec::new();
    write_forest(&forest, &mut bytes).expect("a Vec takes everything");
    let again = read_ldif_from(bytes.as_slice(), &file(), &forest.name.clone(), anchor)
        .unwrap_or_else(|problems| panic!("{problems:?}\n{}", String::from_utf8_lossy(&bytes)));
    forest.users.sort_by_cached_key(|user| (user.dn.key(), user.guid));
    forest.netbios_names.sort();
    assert_eq!(again, forest, "{}", String::from_utf8_lossy(&bytes));
}

pub(super) fn tenant(bytes: &[u8]) {
    let read = || read_tenant_from(bytes, &file());
    match (read(), read()) {
        (Err(problems), Err(again)) => same_problems(problems, again),
        (first, second) => {
            let tenant = first.expect("read once");
            assert_eq!(tenant, second.expect("read twice"));
            written_tenant(tenant);
        }
    }
}

/// The reader tells JSON and CSV apart by itself.
pub(super) fn entra_csv(bytes: &[u8]) {
    tenant(bytes);
}

fn written_tenant(tenant: ObservedTenant) {
    let mut bytes = Vec::new();
    snapshot::write_tenant(&tenant, &mut bytes).expect("a Vec takes everything");
    let again = read_tenant_from(bytes.as_slice(), &file())
        .unwrap_or_else(|problems| panic!("{problems:?}\n{}", String::from_utf8_lossy(&bytes)));
    assert_eq!(ordered(again), ordered(tenant), "{}", String::from_utf8_lossy(&bytes));
}

/// In the order of a written snapshot.
fn ordered(mut tenant: ObservedTenant) -> ObservedTenant {
    tenant.users.sort_by_key(|user| (user.is_deleted(), user.id));
    tenant.others.sort_by_key(|object| (object.kind, object.id));
    tenant.others.iter_mut().filter_map(|object| object.members.as_mut()).for_each(|members| members.sort_unstable());
    tenant.roles.iter_mut().for_each(|roles| roles.sort());
    tenant
}
