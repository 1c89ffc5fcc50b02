//! Entra: what its objects look like on the wire, and a live tenant.

pub mod graph;
pub mod json;
