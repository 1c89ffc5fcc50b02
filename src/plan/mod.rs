//! Desired and observed in, a proven plan out.

pub mod action;
pub mod body;
pub mod finding;
