//! hardmatch: declarative hard matches between Active Directory users and Microsoft Entra ID accounts.
//!
//! ```text
//! hardmatch.yaml ───────────► desired ─┐
//! AD (LDAP · LDIF · CSV) ───► observed ├─► plan (pure) ─► proof on the tenant model ─► guards ─► plan file
//! Entra (Graph · snapshot) ─► observed ┘                                                            │
//!                             verify ◄── sync runs ◄── apply: re-read → journal → write → read back ◄┘
//! ```
//!
//! The house, from the roof down; a module names only what lies below it:
//!
//! | floor | module | what lives there |
//! |---|---|---|
//! | 7 | `main.rs`, `bin/`, `fuzzing` | parse, run, exit code · what holds for any input, for the fuzz targets and a short run of the tests |
//! | 6 | [`cli`], `emulator` | arguments, exit codes, verbs; the only one that asks for the environment, the time of day and the working folder · the tenant model behind HTTP, for tests and rehearsals (feature `emulator`) |
//! | 5 | [`apply`], [`approval`], [`config`], [`render`] | preflight, run, journal, rollback · signed statements and who may sign · YAML and waves to desired · one view of a plan in every format |
//! | 4 | [`directory`], [`planfile`] | readers and writers as small traits, and their adapters · the versioned wire format |
//! | 3 | [`plan`] | resolve, conflicts, order, prove, forecast, guard; pure |
//! | 2 | [`redact`] | both directories with other names; pure |
//! | 2 | [`tenant_model`] | Entra's rules as code, and one sync cycle; pure |
//! | 1 | [`model`], [`diag`] | values and observations; pure · diagnostics with locations |
//!
//! Nothing on floors 1 to 3, in `planfile` or in `render` names a file, a socket, a clock or tokio;
//! `tests/integration/architecture.rs` keeps it so. To understand the tool from one file, read [`plan`].

pub mod apply;
pub mod approval;
pub mod cli;
pub mod config;
pub mod diag;
pub mod directory;
#[cfg(feature = "emulator")]
pub mod emulator;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod model;
pub mod plan;
pub mod planfile;
pub mod redact;
pub mod render;
pub mod tenant_model;
