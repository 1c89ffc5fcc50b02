//! `schema`: the JSON schemas, as files that a test makes: of plans and events from the types that the program runs on, of the
//! configuration from shapes that are kept beside its reader.

use super::args::{SchemaArgs, SchemaName};
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;

/// Prints a JSON schema.
pub(super) fn run(args: &SchemaArgs, terminal: Terminal) -> Result<Exit, Failure> {
    terminal.raw_result(text(args.name).as_bytes())?;
    Ok(Exit::Done)
}

/// A JSON schema.
pub(super) fn text(name: SchemaName) -> &'static str {
    match name {
        SchemaName::Config => include_str!("../../schemas/config.schema.json"),
        SchemaName::Plan => include_str!("../../schemas/plan.schema.json"),
        SchemaName::Events => include_str!("../../schemas/events.schema.json"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::apply;
    use crate::{config, planfile};

    #[test]
    #[expect(clippy::disallowed_methods, reason = "new files are asked for from outside")]
    fn each_is_that_of_the_types() {
        let schemas = [
            (SchemaName::Config, "config", config::schema()),
            (SchemaName::Plan, "plan", planfile::schema()),
            (SchemaName::Events, "events", apply::schema()),
        ];
        for (name, file, schema) in schemas {
            let fresh = format!("{schema:#}\n");
            let path = format!("{}/schemas/{file}.schema.json", env!("CARGO_MANIFEST_DIR"));
            if std::env::var_os("HARDMATCH_UPDATE").is_some() {
                std::fs::write(&path, &fresh).unwrap();
            } else {
                assert!(fresh == text(name), "{path} is stale; run the tests once with HARDMATCH_UPDATE=1");
            }
        }
    }
}
