//! CSV as `Export-Csv` writes it: any separator, `#TYPE` line, byte lists, joined lists.

mod cell;
mod forest;
mod table;
mod tenant;

#[cfg(test)]
mod tests;

pub(crate) use forest::read_forest;
pub(crate) use tenant::read_tenant;
