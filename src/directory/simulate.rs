//! One simulated sync cycle over exported directories: what a demonstration shows after `apply`.
//!
//! The tenant model does to the snapshot what the sync client would make Entra do to the tenant.

use std::path::Path;

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{ObservedForest, effective_anchor};
use crate::tenant_model::{Incoming, Tenant};

use super::exports::snapshot::write::{SnapshotDocument, SnapshotError};

/// Exports every user of the forests to the snapshot at `path`; `now` is the sync time that it records.
///
/// # Errors
/// What is wrong with the snapshot, or why it was not saved.
pub fn sync_cycle(path: &Path, forests: &[ObservedForest], now: &str) -> Result<(), Diagnostics> {
    let mut document = SnapshotDocument::load(path)?;
    let mut tenant = Tenant::new(document.observed()?);
    for forest in forests {
        for user in forest.users.iter().filter(|user| user.excluded.is_none()) {
            if let Ok(anchor) = effective_anchor(&forest.anchor, user) {
                tenant.sync(Incoming { user, anchor: &anchor }, now);
            }
        }
    }
    write_back(&tenant, &mut document).map_err(|error| Diagnostic::error(error.to_string()).into())
}

fn write_back(tenant: &Tenant, document: &mut SnapshotDocument) -> Result<(), SnapshotError> {
    for (_, after) in tenant.users() {
        match document.user(&after.id)? {
            None => document.add_user(after)?,
            Some(before) if before != *after => document.set_user(&before, after)?,
            Some(_) => {}
        }
    }
    document.save()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::directory::exports::{read_ldif, read_tenant};
    use crate::model::{AnchorMode, Known};

    #[test]
    fn takes_over_what_is_armed() {
        let folder = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/duplicate-account");
        let snapshot = folder.path().join("tenant.json");
        fs::copy(example.join("tenant.json"), &snapshot).unwrap();
        let forest = read_ldif(&example.join("corp.ldif"), "corp", &AnchorMode::ConsistencyGuid).unwrap();
        sync_cycle(&snapshot, &[forest], "2026-11-25T09:00:00Z").unwrap();
        let synced = read_tenant(&snapshot).unwrap().users.into_iter().filter(|user| user.sync_enabled == Known::Is(true));
        let names: Vec<String> = synced.map(|user| user.upn.to_string()).collect();
        assert!(names.contains(&"eve.trial@contoso.com".to_owned()) || names.len() == 2, "the holders are taken over: {names:?}");
    }
}
