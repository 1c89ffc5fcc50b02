//! What users and the laws of the contract demand, in one test binary.

mod apply;
mod properties;
