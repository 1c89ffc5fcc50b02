//! Exported files behind the ports that `apply` reads and writes through: a rehearsal of the real thing.
//!
//! Planning reads the same files with [`super::exports`]. Which file is meant is looked up in `cli`, since the
//! configuration lives above this floor.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::diag::Diagnostics;
use crate::model::{AnchorMode, CloudUser, EntraId, ObjectGuid};

use super::Clock;
use super::exports::ldif_write::{LdifDocument, LdifWriteError};
use super::exports::replace::is_untouched;
use super::exports::snapshot::write::{SnapshotDocument, SnapshotError};
use super::exports::{read_forest_csv, read_ldif};
use super::ports::{ForestWriter, TenantWriter};
use super::rehearsal::{ForestStore, LdifForest, SnapshotStore, SnapshotTenant, StoreError, Unsaved};

/// Opens a tenant snapshot; `clock` dates deletions.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn snapshot(path: &Path, clock: Clock) -> Result<Arc<dyn TenantWriter>, Diagnostics> {
    let document = SnapshotDocument::load(path)?;
    let observed = document.observed()?;
    Ok(Arc::new(SnapshotTenant::new(observed, Box::new(document), clock)))
}

/// Opens an exported forest in LDIF.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn ldif(path: &Path, name: &str, anchor: &AnchorMode) -> Result<Arc<dyn ForestWriter>, Diagnostics> {
    let forest = read_ldif(path, name, anchor)?;
    Ok(Arc::new(LdifForest::new(forest, Box::new(LdifDocument::load(path)?))))
}

/// Opens an exported forest in CSV: its users can be read, and a stamp is refused.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn csv(path: &Path, name: &str, anchor: &AnchorMode) -> Result<Arc<dyn ForestWriter>, Diagnostics> {
    let forest = read_forest_csv(path, name, anchor)?;
    Ok(Arc::new(LdifForest::new(forest, Box::new(ReadOnly))))
}

impl SnapshotStore for SnapshotDocument {
    fn apply(&mut self, before: &CloudUser, after: Option<&CloudUser>) -> Result<(), StoreError> {
        match after {
            Some(after) => self.set_user(before, after)?,
            None => self.purge(&before.id)?,
        }
        Ok(())
    }

    fn has_bin(&self) -> bool {
        Self::has_bin(self)
    }

    fn export(&self, id: &EntraId) -> Option<Value> {
        self.export_account(id)?.get_mut("user").map(Value::take)
    }

    fn save(&mut self) -> Result<(), StoreError> {
        Self::save(self).map_err(|error| {
            let is_untouched = !matches!(&error, SnapshotError::Save(cause) if !is_untouched(cause));
            store_error(error, is_untouched)
        })
    }
}

/// The error of a store whose file is still the old one, or perhaps not.
fn store_error(error: impl Error + Send + Sync + 'static, is_untouched: bool) -> StoreError {
    if is_untouched { Unsaved(error.to_string()).into() } else { error.into() }
}

impl ForestStore for LdifDocument {
    fn set_consistency_guid(&mut self, guid: &ObjectGuid, new: Option<&[u8]>) -> Result<(), StoreError> {
        let held = self.consistency_guid(guid).flatten().map(<[u8]>::to_vec);
        Ok(self.set(guid, held.as_deref(), new)?)
    }

    fn save(&mut self) -> Result<(), StoreError> {
        Self::save(self).map_err(|error| {
            let is_untouched = !matches!(&error, LdifWriteError::Save(cause) if !is_untouched(cause));
            store_error(error, is_untouched)
        })
    }
}

/// A forest that cannot be written.
struct ReadOnly;

impl ForestStore for ReadOnly {
    fn set_consistency_guid(&mut self, _: &ObjectGuid, _: Option<&[u8]>) -> Result<(), StoreError> {
        Err("a forest in CSV cannot be stamped; export it as LDIF and name it with `ldif:`".into())
    }

    fn save(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::ports::DirectoryError;
    use crate::tenant_model::{Change, ChangeKind};

    #[tokio::test]
    async fn a_file_that_cannot_be_replaced_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/duplicate-account/tenant.json");
        let path = folder.path().join("tenant.json");
        std::fs::copy(example, &path).unwrap();
        let tenant = snapshot(&path, Arc::new(|| "2026-11-25T08:00:00Z".parse().unwrap())).unwrap();
        drop(folder);
        let user = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
        let written = tenant.write(&Change { user, kind: ChangeKind::SoftDelete }).await;
        let says = "the snapshot could not be saved: there is no such file or folder";
        assert_eq!(written, Err(DirectoryError::Unsaved(says.into())));
    }
}
