//! What users and the laws of the contract demand, in one test binary: the program from outside, a module a topic.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where something is not as expected")]

mod apply;
mod applying;
mod approvals;
mod architecture;
mod begun;
mod ci_runner;
mod cli;
mod common;
#[cfg(feature = "emulator")]
mod discover;
mod emulator;
mod errors;
mod events;
mod examples;
mod explain;
mod exports;
#[cfg(feature = "emulator")]
mod graph;
mod guards;
mod init;
mod ldap;
#[cfg(feature = "emulator")]
mod matrix;
mod next_sync;
#[cfg(unix)]
mod owner_only;
mod partial;
mod pipelines;
mod properties;
mod protection;
mod pull_request;
mod random_runs;
mod readme;
mod report;
mod rollback;
mod screen;
mod secrets;
mod sign_in;
mod signers;
mod snapshot;
mod stamps;
mod surroundings;
#[cfg(feature = "emulator")]
mod tenants;
mod terminals;
mod tls;
mod waiting;
#[cfg(feature = "emulator")]
mod walks;
