//! Approval by signature: statements over the digest of a plan, signed with OpenSSH keys, and who may give them.
//!
//! A statement is a small JSON file; its signature is what `ssh-keygen -Y sign -n hardmatch-approval` writes, and
//! `ssh-keygen -Y verify` takes it too. Who may sign stands in an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS).
//! Nothing here reads a file or a clock.

mod check;
mod signers;
mod statement;

pub use check::{Approved, Content, Decision, Rejection, SignedStatement, Subject, decide, own_author};
pub use signers::{AllowedSigners, Signer, SignersError};
pub use statement::{Statement, StatementError};

/// What signatures are made for; a signature for anything else is no approval.
pub const NAMESPACE: &str = "hardmatch-approval";
