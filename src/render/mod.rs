//! A plan, the difference of two plans and the state of all mappings, for people and for scripts.
//!
//! [`PlanView`] is what all formats draw. Colour only helps; the signs carry the meaning: `+` sets, `~` changes, `-` clears
//! or deletes, `!` cannot be undone, `=` stays, `x` is blocked. Every value of a directory is escaped where it is written.
//! Nothing here names a file; a width and a colour switch are handed in.

mod facts;
mod human;
mod page;
mod view;
mod words;

pub use self::human::human;
pub use self::page::Style;
pub use self::view::PlanView;

#[cfg(test)]
mod tests;
