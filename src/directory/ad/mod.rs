//! Active Directory: what its entries mean, and how they are read and stamped over LDAP.

pub mod entry;
pub mod ldap;
pub(crate) mod left_out;
