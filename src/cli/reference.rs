//! `completions` and `man`: made from the definition that the program runs on.

use clap::CommandFactory as _;

use super::args::{Cli, CompletionsArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;

/// Prints the completion script of a shell.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn completions(args: &CompletionsArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hardmatch", &mut script);
    terminal.raw_result(&script)?;
    Ok(Exit::Done)
}

/// Prints the manual page: the program, then every verb.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn man(terminal: Terminal) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        render_verb(verb.clone(), &mut page)?;
    }
    terminal.raw_result(&page)?;
    Ok(Exit::Done)
}

fn render_verb(verb: clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let heading = format!(".SH \"{}\"\n", verb.get_name().to_ascii_uppercase());
    page.extend_from_slice(heading.as_bytes());
    let man = clap_mangen::Man::new(verb);
    man.render_description_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_options_section(page)?;
    man.render_extra_section(page)
}
