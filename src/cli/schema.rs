//! `schema`: from the types that the program runs on.

use super::apply;
use super::args::{SchemaArgs, SchemaName};
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::{config, planfile};

/// Prints a JSON schema.
pub(super) fn run(args: &SchemaArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let schema = match args.name {
        SchemaName::Config => config::schema(),
        SchemaName::Plan => planfile::schema(),
        SchemaName::Events => apply::schema(),
    };
    terminal.raw_result(format!("{schema:#}\n").as_bytes())?;
    Ok(Exit::Done)
}
