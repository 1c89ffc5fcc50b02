//! `explain`: a finding code, or a user of either side.

mod code;
mod user;

use super::args::{ExplainArgs, ExplainFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::surroundings;
use super::terminal::Terminal;

/// Runs the verb.
///
/// # Errors
/// When there is no such code and no such user, and those of reading.
pub(super) fn run(args: &ExplainArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let Some(what) = &args.what else {
        refuse_json(args)?;
        terminal.result(&code::list(terminal.style(false).width))?;
        return Ok(Exit::Done);
    };
    // Who asks in a forest asks for a user, whatever the name is.
    if let Some(code) = code::find(what).filter(|_| args.forest.is_none()) {
        refuse_json(args)?;
        terminal.result(&code::page(code))?;
        return Ok(Exit::Done);
    }
    if code::is_alike(what) && surroundings::find_config(args.config.config.as_deref()).is_err() {
        return Err(code::unknown(what));
    }
    user::run(args, what, terminal).map_err(|failure| with_code(failure, what))
}

/// Whatever went wrong, a word that is nearly a code may be a misspelt one.
fn with_code(failure: Failure, what: &str) -> Failure {
    match code::nearest(what) {
        Some(code) => failure.hint(format!("Did you mean the finding code `{code}`?")),
        None => failure,
    }
}

fn refuse_json(args: &ExplainArgs) -> Result<(), Failure> {
    match args.format {
        ExplainFormat::Human => Ok(()),
        ExplainFormat::Json => Err(Failure::usage("`--format json` explains users; finding codes are only for people")),
    }
}
