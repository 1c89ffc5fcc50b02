//! Entra: what its objects look like on the wire.

pub mod json;
