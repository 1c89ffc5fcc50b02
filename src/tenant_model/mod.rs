//! Entra's rules as code: who holds what, which writes are refused, and what one sync cycle does.
//!
//! One model serves four masters: the proof of every plan, the snapshot backend, the Graph emulator and `explain`.
//! It is pure: time comes in as text, nothing is read or written. Read [`Tenant`] first.

mod rules;
mod state;
mod sync;

pub use rules::{Change, ChangeKind, Refusal};
pub use state::{Tenant, UserRef};
pub use sync::{Incoming, SyncOutcome, SyncRefusal};
