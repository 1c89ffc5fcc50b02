//! `completions` and `man`: made from the definition that the program runs on.

use std::path::Path;

use clap::{Command, CommandFactory as _};

use crate::model::text::{nearest, printable};

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::exit::Exit;
use super::failure::Failure;
use super::files::{self, Readers};
use super::terminal::Terminal;

/// When options or texts changed last; a page without a date counts as faulty.
const CHANGED: &str = "2026-11-26";

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

/// Prints the manual page of the program or of a verb, or saves all of them.
///
/// # Errors
/// When there is no such verb, or the pages cannot be written.
pub(super) fn man(args: &ManArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    program.build();
    if let Some(folder) = &args.out {
        return save_all(&program, folder, terminal);
    }
    let of = match &args.verb {
        Some(name) => verbs(&program).find(|verb| verb.get_name() == name).ok_or_else(|| unknown(&program, name))?,
        None => &program,
    };
    terminal.raw_result(&page(of)?)?;
    Ok(Exit::Done)
}

fn save_all(program: &Command, folder: &Path, terminal: Terminal) -> Result<Exit, Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::input(format!("`{}` cannot be made: {}", folder.display(), files::words(&error))))?;
    for command in verbs(program).chain([program]) {
        let page = page(command)?;
        let path = folder.join(format!("{}.1", title(command)));
        files::write(&path, Readers::AsUsual, |out| out.write_all(&page))?;
        terminal.result(&format!("{}\n", path.display()))?;
    }
    Ok(Exit::Done)
}

fn page(command: &Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone()).title(title(command)).date(CHANGED);
    man.source(concat!("hardmatch ", env!("CARGO_PKG_VERSION"))).manual("hardmatch").render(&mut page)?;
    Ok(tidy(&String::from_utf8_lossy(&page)).into_bytes())
}

/// With the usual headings, and without what checkers of manual pages complain of: blank lines, and blanks at the ends
/// of lines.
fn tidy(page: &str) -> String {
    let mut tidied = String::new();
    let mut is_verbatim = false;
    for line in in_ascii(page).replace(".br\n\n.br\n", ".sp\n").lines().map(str::trim_end) {
        if line.starts_with(".SH") && std::mem::take(&mut is_verbatim) {
            tidied.push_str(".fi\n");
        }
        match line {
            ".SH EXTRA" => is_verbatim = true,
            "Examples:" if is_verbatim => tidied.push_str(".SH EXAMPLES\n.nf\n"),
            "Exit codes:" if is_verbatim => tidied.push_str(".SH EXIT STATUS\n.nf\n"),
            line => tidied.push_str(&format!("{line}\n")),
        }
    }
    if is_verbatim { tidied + ".fi\n" } else { tidied }
}

/// Other characters by their numbers: not every roff reads UTF-8.
fn in_ascii(page: &str) -> String {
    let escaped = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\[u{:04X}]", u32::from(c)) };
    page.chars().map(escaped).collect()
}

/// `hardmatch`, or `hardmatch-plan` for a verb.
fn title(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn verbs(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|verb| verb.get_name() != "help")
}

fn unknown(program: &Command, name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no verb `{}`", printable(name)));
    match nearest(name, verbs(program).map(Command::get_name)) {
        Some(verb) => failure.hint(format!("Did you mean `{verb}`?")),
        None => failure.hint("`hardmatch help` lists all verbs."),
    }
}
