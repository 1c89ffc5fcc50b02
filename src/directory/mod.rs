//! The directories: small ports, and the adapters behind them.

pub mod ad;
pub mod entra;
pub mod exports;
pub mod ports;
