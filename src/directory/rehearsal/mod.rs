//! A rehearsal of the real thing: exported directories behind the same ports as live ones.
//!
//! A [`SnapshotTenant`] takes writes by the rules of the tenant model, an [`LdifForest`] takes stamps; both save
//! what they took through a small store, many concurrent writes at once.

mod commit;
mod forest;
mod tenant;

pub use forest::{ForestStore, LdifForest};
pub use tenant::{SnapshotStore, SnapshotTenant};

/// Why a store did not keep something.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// A store could not keep something, and surely holds what it held before. Any other error leaves that open.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unsaved(pub String);

#[cfg(test)]
mod tests;
