//! Active Directory: what its entries mean.

pub mod entry;
pub(crate) mod left_out;
