//! OData as the directory speaks it: a subset of the query language, with the directory's own conditions.

pub(crate) mod check;
pub(crate) mod eval;
pub(crate) mod expr;
pub(crate) mod list;
pub(crate) mod page;
mod parse;
pub(crate) mod project;
pub(crate) mod query;
pub(crate) mod row;
mod search;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use parse::parse;
