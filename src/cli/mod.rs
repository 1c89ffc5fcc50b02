//! The command line: arguments, exit codes, and the verbs, each in a file or folder, alone or with its kin. What the program
//! wants to know of the environment, the time of day and the working folder it asks in [`surroundings`].
//!
//! Results go to stdout, everything else to stderr. Start reading at [`run_from_command_line`].

mod apply;
mod approvals;
mod approve;
pub mod args;
mod authors;
mod batch;
mod command_line;
pub(crate) mod convert;
mod demo;
mod directories;
mod discover;
mod doctor;
pub mod exit;
mod explain;
mod failure;
mod files;
mod flowing;
mod init;
mod live;
mod outputs;
mod panics;
mod plan;
mod print;
mod progress;
mod reading;
mod reference;
mod rollback;
mod runner;
mod schema;
mod setup;
mod show;
mod snapshot;
mod stamps;
mod surroundings;
mod terminal;
mod verify;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ColorChoice, CommandFactory as _, FromArgMatches as _, ValueEnum};

use args::{Cli, LogFormat, Verb};
use exit::Exit;
pub use failure::Failure;
use terminal::{Terminal, Wishes};

/// Runs what the command line says and tells how it ended.
#[must_use]
pub fn run_from_command_line() -> Exit {
    panics::told(run_arguments)
}

fn run_arguments() -> Exit {
    let arguments = surroundings::arguments();
    let early = Early::read(&arguments);
    let matches = match Cli::command().color(early.color).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return explain_usage(&error, &early),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return explain_usage(&error, &early),
    };
    let verb = matches.subcommand_name().map(str::to_owned);
    let terminal = terminal(cli.color, cli.log_format, cli.verbose, verb);
    match run(&cli.verb, terminal) {
        Ok(exit) => exit,
        Err(failure) => {
            terminal.fail(&failure);
            runner::failed(&failure, terminal);
            failure.exit
        }
    }
}

fn terminal(color: ColorChoice, log_format: LogFormat, verbosity: u8, verb: Option<String>) -> Terminal {
    let in_ci = surroundings::variable("CI").is_some();
    Terminal::new(Wishes { color: stream_choice(color), verbosity, in_ci, log_format, verb })
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
        Verb::Man(args) => reference::man(args, terminal),
    }
}

/// Help and version are results; everything else is wrong use. Clap's own code 2 means something else here.
fn explain_usage(error: &clap::Error, early: &Early) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return show_help(error, early);
    }
    if early.log_format == LogFormat::Json {
        let text = error.render().to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text);
        terminal(early.color, early.log_format, 0, None).fail(&Failure::usage(message));
    } else {
        // Nobody is left to tell when the stream is closed.
        error.print().ok();
    }
    Exit::Usage
}

fn show_help(error: &clap::Error, early: &Early) -> Exit {
    let terminal = terminal(early.color, early.log_format, 0, None);
    match terminal.result(&error.render().ansi().to_string()) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            terminal.fail(&failure);
            failure.exit
        }
    }
}

/// What has to be known before the command line is understood: how to say that it is not.
struct Early {
    color: ColorChoice,
    log_format: LogFormat,
}

impl Early {
    fn read(arguments: &[OsString]) -> Self {
        Self {
            color: early_value(arguments, "--color").unwrap_or(ColorChoice::Auto),
            log_format: early_value(arguments, "--log-format").unwrap_or_default(),
        }
    }
}

fn early_value<T: ValueEnum>(arguments: &[OsString], name: &str) -> Option<T> {
    let mut words = arguments.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    let value = loop {
        let word = words.next()?;
        if word == name {
            break words.next()?.into_owned();
        }
        if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            break value.to_owned();
        }
    };
    T::from_str(&value, false).ok()
}

fn stream_choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}
