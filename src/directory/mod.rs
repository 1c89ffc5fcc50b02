//! The directories: small ports, and the adapters behind them.

use std::sync::Arc;

pub mod ad;
pub(crate) mod broken;
pub(crate) mod durable;
pub(crate) mod encoding;
pub mod entra;
pub mod exports;
pub(crate) mod folder;
pub(crate) mod limited;
pub(crate) mod net;
pub mod open;
pub(crate) mod pages;
pub mod ports;
pub mod progress;
pub mod rehearsal;
pub(crate) mod secrets;
pub mod simulate;
pub(crate) mod text;

/// Tells the time. The clock is read in `cli` and handed in.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;
