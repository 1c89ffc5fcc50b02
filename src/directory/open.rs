//! Exported files behind the ports that `apply` reads and writes through: a rehearsal of the real thing.
//!
//! Planning reads the same files with [`super::exports`]. Which file is meant is looked up in `cli`, since the
//! configuration lives above this floor.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::diag::Diagnostics;
use crate::model::{AnchorMode, CloudUser, EntraId, ObjectGuid};

use super::Clock;
use super::exports::ldif_write::LdifDocument;
use super::exports::snapshot::write::SnapshotDocument;
use super::exports::{read_forest_csv, read_ldif};
use super::ports::{ForestWriter, TenantWriter};
use super::rehearsal::{ForestStore, LdifForest, SnapshotStore, SnapshotTenant, StoreError};

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

    fn export(&self, id: &EntraId) -> Option<Value> {
        self.export_account(id)?.get_mut("user").map(Value::take)
    }

    fn save(&mut self) -> Result<(), StoreError> {
        Ok(Self::save(self)?)
    }
}

impl ForestStore for LdifDocument {
    fn set_consistency_guid(&mut self, guid: &ObjectGuid, new: Option<&[u8]>) -> Result<(), StoreError> {
        let held = self.consistency_guid(guid).flatten().map(<[u8]>::to_vec);
        Ok(self.set(guid, held.as_deref(), new)?)
    }

    fn save(&mut self) -> Result<(), StoreError> {
        Ok(Self::save(self)?)
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
