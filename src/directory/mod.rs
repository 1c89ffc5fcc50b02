//! The directories: small ports, and the adapters behind them.

pub mod ports;
