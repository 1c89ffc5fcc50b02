//! The command line: arguments, exit codes, one file a verb. The only reader of environment and clock.
//!
//! Results go to stdout, everything else to stderr. Start reading at [`run_from_command_line`].

mod apply;
mod approvals;
mod approve;
pub mod args;
mod authors;
mod batch;
mod convert;
mod demo;
mod directories;
mod discover;
mod doctor;
pub mod exit;
mod explain;
mod failure;
mod files;
mod init;
mod live;
mod plan;
mod print;
mod reading;
mod reference;
mod rollback;
mod runner;
mod schema;
mod setup;
mod show;
mod snapshot;
mod surroundings;
mod terminal;
mod verify;

use clap::error::ErrorKind;
use clap::{ColorChoice, Parser as _};

use args::{Cli, Verb};
use exit::Exit;
pub use failure::Failure;
use terminal::Terminal;

/// Runs what the command line says and tells how it ended.
#[must_use]
pub fn run_from_command_line() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain_usage(&error),
    };
    let terminal = Terminal::new(stream_choice(cli.color), cli.verbose, surroundings::variable("CI").is_some());
    match run(&cli.verb, terminal) {
        Ok(exit) => exit,
        Err(failure) => {
            terminal.fail(&failure);
            runner::failed(&failure, terminal);
            failure.exit
        }
    }
}

fn run(verb: &Verb, terminal: Terminal) -> Result<Exit, Failure> {
    match verb {
        Verb::Demo(args) => demo::run(args, terminal),
        Verb::Init(args) => init::run(args, terminal),
        Verb::Validate(args) => plan::validate(args, terminal),
        Verb::Plan(args) => plan::plan(args, terminal),
        Verb::Show(args) => show::show(args, terminal),
        Verb::Diff(args) => show::diff(args, terminal),
        Verb::Approve(args) => approve::run(args, terminal),
        Verb::Apply(args) => apply::run(args, terminal),
        Verb::Verify(args) => verify::run(args, terminal),
        Verb::Rollback(args) => rollback::run(args, terminal),
        Verb::Snapshot(args) => snapshot::run(args, terminal),
        Verb::Convert(args) => convert::run(args, terminal),
        Verb::Discover(args) => discover::run(args, terminal),
        Verb::Doctor(args) => doctor::run(args, terminal),
        Verb::Explain(args) => explain::run(args, terminal),
        Verb::Schema(args) => schema::run(args, terminal),
        Verb::Completions(args) => reference::completions(args, terminal),
        Verb::Man => reference::man(terminal),
    }
}

/// Help and version are results; everything else is wrong use. Clap's own code 2 means something else here.
fn explain_usage(error: &clap::Error) -> Exit {
    // Nobody is left to tell when the stream is closed.
    error.print().ok();
    let wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if wanted { Exit::Done } else { Exit::Usage }
}

fn stream_choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}
