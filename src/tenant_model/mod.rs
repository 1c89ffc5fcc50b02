//! Entra's rules as code: who holds what, which writes are refused, and what one sync cycle does.
//!
//! One model serves four masters: the proof of every plan, the snapshot backend, the Graph emulator and `explain`.
//! It is pure: time comes in as text, nothing is read or written. Read [`Tenant`] first.
//!
//! [`Tenant::apply`] carries out one write or refuses it; [`Tenant::forecast`] and [`Tenant::sync`] are one sync cycle for
//! one AD user in scope, [`Tenant::delete_by_sync`] for one that left it. What was not read never refuses anything: callers
//! see from [`Tenant::observed`] what is unknown.

mod addresses;
mod domains;
#[cfg(test)]
mod properties;
mod roles;
mod rules;
mod state;
mod sync;
#[cfg(test)]
mod testing;

pub use domains::Suffix;
pub use roles::RoleHeld;
pub use rules::{Change, ChangeKind, Refusal};
pub(crate) use state::mail_addresses;
pub use state::{Found, Tenant, UserRef};
pub use sync::{BLOCKS_HARD_MATCH, Incoming, SyncDeletion, SyncOutcome, SyncRefusal, SyncRule, Takeover, exported_primary};
