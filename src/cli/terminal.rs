//! The two streams: results to stdout, everything else to stderr. The only place that prints.
//!
//! A reader that goes away (`hardmatch plan | head`) ends the printing, not the work: the verb goes on and its exit
//! code still tells what happened.

use std::io::{self, BufRead as _, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::failure::Failure;
use crate::render;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const COMMAND: Style = Style::new().bold();

/// Stdout, stderr and the keyboard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal {
    color: ColorChoice,
    verbosity: u8,
    in_ci: bool,
}

impl Terminal {
    /// The width of what goes to files and pipes.
    pub(super) const WIDTH_OF_FILES: usize = 120;

    /// Streams with this wish for colour; `Auto` decides by stream, `NO_COLOR` and `CLICOLOR_FORCE`.
    #[must_use]
    pub(super) fn new(color: ColorChoice, verbosity: u8, in_ci: bool) -> Self {
        Self { color, verbosity, in_ci }
    }

    /// Writes a result, as it is, to stdout.
    ///
    /// # Errors
    /// When stdout cannot be written (a full disk); a closed pipe is no error.
    pub(super) fn result(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        forgive_closed_pipe(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())).map_err(unwritten)
    }

    /// Writes bytes that are no text for people (a completion script, a plan file) to stdout.
    ///
    /// # Errors
    /// As [`Terminal::result`].
    pub(super) fn raw_result(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        forgive_closed_pipe(stdout.write_all(bytes).and_then(|()| stdout.flush())).map_err(unwritten)
    }

    /// Writes a long result piece by piece.
    pub(super) fn stream_result(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut stdout = io::BufWriter::new(AutoStream::new(io::stdout().lock(), self.color));
        let written = write(&mut stdout).and_then(|()| stdout.flush());
        // What a closed pipe did not take must not be written again when the buffer is dropped.
        let (_, _) = stdout.into_parts();
        forgive_closed_pipe(written).map_err(unwritten)
    }

    /// Says something on stderr. What cannot be said is lost: there is nowhere left to complain.
    pub(super) fn say(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        writeln!(stderr, "{text}").and_then(|()| stderr.flush()).ok();
    }

    /// Says what is done, with `-v`.
    pub(super) fn log(&self, level: u8, text: &str) {
        if self.verbosity >= level {
            self.say(text);
        }
    }

    /// Warns on stderr.
    pub(super) fn warn(&self, text: &str) {
        self.say(&format!("{WARNING}warning:{WARNING:#} {text}"));
    }

    /// Shows the command line that a demonstration runs next, among its results.
    pub(super) fn command(&self, line: &str) -> Result<(), Failure> {
        self.result(&format!("{COMMAND}$ {line}{COMMAND:#}\n"))
    }

    /// Shows a failure and its hints on stderr.
    pub(super) fn fail(&self, failure: &Failure) {
        if failure.drawn {
            self.say(failure.message.trim_end());
        } else {
            self.say(&format!("{ERROR}error:{ERROR:#} {}", failure.message.trim_end()));
        }
        for (index, hint) in failure.hints.iter().enumerate() {
            let gap = if index == 0 { "\n" } else { "" };
            self.say(&format!("{gap}{HINT}hint:{HINT:#} {hint}"));
        }
    }

    /// Whether results go to a terminal in colour.
    #[must_use]
    pub(super) fn colours_results(&self) -> bool {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
            ColorChoice::Never => false,
        }
    }

    /// Whether messages go to a terminal in colour.
    #[must_use]
    pub(super) fn colours_messages(&self) -> bool {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
            ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
            ColorChoice::Never => false,
        }
    }

    /// How a result is drawn on stdout.
    pub(super) fn style(&self, all: bool) -> render::Style {
        render::Style { color: self.colours_results(), width: width_of(terminal_size::terminal_size_of(io::stdout())), all }
    }

    /// How wide messages on stderr may be.
    pub(super) fn width_of_messages(&self) -> usize {
        width_of(terminal_size::terminal_size_of(io::stderr()))
    }

    /// Whether somebody can be asked: keyboard and screen are a terminal, and this is no CI run.
    #[must_use]
    pub(super) fn can_ask(&self) -> bool {
        !self.in_ci && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks on stderr and reads one line; `None` at the end of input.
    ///
    /// # Errors
    /// When the keyboard cannot be read.
    pub(super) fn ask(&self, question: &str) -> Result<Option<String>, Failure> {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        write!(stderr, "{question}").and_then(|()| stderr.flush()).ok();
        drop(stderr);
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }
}

fn width_of(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map_or(Terminal::WIDTH_OF_FILES, |(width, _)| usize::from(width.0))
}

fn unwritten(error: io::Error) -> Failure {
    Failure::from(error).hint("The result could not be written to standard output.")
}

fn forgive_closed_pipe(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_quiet_and_a_full_disk_is_not() {
        assert!(forgive_closed_pipe(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(forgive_closed_pipe(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
