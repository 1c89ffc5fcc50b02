//! The two streams: results to stdout, everything else to stderr. The only place that prints.
//!
//! A reader that goes away (`hardmatch plan | head`) ends the printing, not the work: the verb goes on and its exit
//! code still tells what happened.

mod json;

#[cfg(unix)]
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressDrawTarget};

use super::args::LogFormat;
use super::failure::Failure;
use super::progress::Board;
use super::surroundings::{self, Runner};
use crate::model::text::printable;
use crate::render;
use json::{Level, Line};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const COMMAND: Style = Style::new().bold();

/// What the command line and the environment say about the streams.
#[derive(Debug)]
pub(super) struct Wishes {
    /// When to use colour; `Auto` decides by stream, `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE`.
    pub color: ColorChoice,
    /// How often `-v` was given.
    pub verbosity: u8,
    /// Whether nobody watches, whatever the streams are.
    pub in_ci: bool,
    /// How messages look.
    pub log_format: LogFormat,
    /// The verb that runs, as messages in JSON name it.
    pub verb: Option<String>,
}

/// Stdout, stderr and the keyboard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal(&'static Shared);

#[derive(Debug)]
struct Shared {
    wishes: Wishes,
    board: Board,
    bars: Option<MultiProgress>,
}

impl Terminal {
    /// The width of what goes to files and pipes.
    pub(super) const WIDTH_OF_FILES: usize = 120;

    /// The streams of this process; made once.
    #[must_use]
    pub(super) fn new(wishes: Wishes) -> Self {
        let bars = can_draw(&wishes).then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self(Box::leak(Box::new(Shared { wishes, board: Board::default(), bars })))
    }

    /// Where the work that goes on is noted.
    pub(super) fn board(&self) -> &'static Board {
        &self.0.board
    }

    /// The lines at the bottom of the screen that change; `None` where there are none.
    pub(super) fn bars(&self) -> Option<&'static MultiProgress> {
        self.0.bars.as_ref()
    }

    fn color(&self) -> ColorChoice {
        self.0.wishes.color
    }

    fn is_json(&self) -> bool {
        self.0.wishes.log_format == LogFormat::Json
    }

    /// Prints without tearing the bars.
    fn print<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.bars() {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    /// Writes a result, as it is, to stdout.
    ///
    /// # Errors
    /// When stdout cannot be written (a full disk); a closed pipe is no error.
    pub(super) fn result(&self, text: &str) -> Result<(), Failure> {
        let write = || {
            let mut stdout = AutoStream::new(io::stdout().lock(), self.color());
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        };
        forgive_closed_pipe(self.print(write)).map_err(unwritten)
    }

    /// Writes bytes that are no text for people (a completion script, a plan file) to stdout.
    ///
    /// # Errors
    /// As [`Terminal::result`].
    pub(super) fn raw_result(&self, bytes: &[u8]) -> Result<(), Failure> {
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        };
        forgive_closed_pipe(self.print(write)).map_err(unwritten)
    }

    /// Writes a long result piece by piece.
    pub(super) fn stream_result(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut stdout = io::BufWriter::new(AutoStream::new(io::stdout().lock(), self.color()));
        let written = write(&mut stdout).and_then(|()| stdout.flush());
        // What a closed pipe did not take must not be written again when the buffer is dropped.
        let (_, _) = stdout.into_parts();
        forgive_closed_pipe(written).map_err(unwritten)
    }

    /// The same for bytes that are no text for people.
    pub(super) fn stream_raw_result(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        let written = write(&mut stdout).and_then(|()| stdout.flush());
        let (_, _) = stdout.into_parts();
        forgive_closed_pipe(written).map_err(unwritten)
    }

    /// Whether people see what goes to stdout: on a screen, or in the log of a CI run. A file is for programs.
    pub(super) fn shows_results(&self) -> bool {
        let is_logged = self.0.wishes.in_ci || Runner::find().is_some();
        io::stdout().is_terminal() || (is_logged && !is_stdout_a_file())
    }

    /// Says something on stderr.
    pub(super) fn say(&self, text: &str) {
        self.tell(Level::Info, text, text);
    }

    /// Says what is done, with `-v`.
    pub(super) fn log(&self, level: u8, text: &str) {
        if self.0.wishes.verbosity >= level {
            self.tell(Level::Debug, text, text);
        }
    }

    /// Warns on stderr.
    pub(super) fn warn(&self, text: &str) {
        self.tell(Level::Warning, text, &format!("{WARNING}warning:{WARNING:#} {text}"));
    }

    /// Warns with what was drawn.
    pub(super) fn warn_drawn(&self, text: &str) {
        self.tell(Level::Warning, text, text);
    }

    /// Says on stderr what the CI runner takes for commands; it takes them in no other form, and shows them to nobody.
    pub(super) fn command_runner(&self, commands: &str) {
        self.write_message(&format!("{}\n", commands.trim_end()));
    }

    fn tell(&self, level: Level, text: &str, drawn: &str) {
        if self.is_json() {
            self.write_line(&Line::new(level, self.0.wishes.verb.as_deref(), text));
        } else {
            self.write_message(&format!("{drawn}\n"));
        }
    }

    fn write_line(&self, line: &Line<'_>) {
        if let Some(text) = line.text() {
            let mut stderr = io::stderr().lock();
            stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()).ok();
        }
    }

    /// What cannot be said is lost: there is nowhere left to complain.
    fn write_message(&self, text: &str) {
        self.print(|| {
            let mut stderr = AutoStream::new(io::stderr().lock(), self.color());
            stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()).ok();
        });
    }

    /// Shows the command line that a demonstration runs next, among its results.
    pub(super) fn command(&self, line: &str) -> Result<(), Failure> {
        self.result(&format!("{COMMAND}$ {line}{COMMAND:#}\n"))
    }

    /// Shows a failure and its hints on stderr.
    pub(super) fn fail(&self, failure: &Failure) {
        let message = failure.message.trim_end();
        if self.is_json() {
            return self
                .write_line(&Line::new(Level::Error, self.0.wishes.verb.as_deref(), message).last(&failure.hints, failure.exit));
        }
        let message = if failure.drawn { message.to_owned() } else { format!("{ERROR}error:{ERROR:#} {}", harmless(message)) };
        let hints: String = failure.hints.iter().map(|hint| format!("{HINT}hint:{HINT:#} {}\n", harmless(hint))).collect();
        let gap = if hints.is_empty() { "" } else { "\n" };
        self.write_message(&format!("{message}\n{gap}{hints}"));
    }

    /// Whether results go to a terminal in colour.
    #[must_use]
    pub(super) fn colours_results(&self) -> bool {
        match self.color() {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
            ColorChoice::Never => false,
        }
    }

    /// Whether messages go to a terminal in colour.
    #[must_use]
    pub(super) fn colours_messages(&self) -> bool {
        if self.is_json() {
            return false;
        }
        match self.color() {
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

    /// Whether somebody can be asked: keyboard and screen are a terminal, this is no CI run, and no
    /// program reads the messages.
    #[must_use]
    pub(super) fn can_ask(&self) -> bool {
        !self.0.wishes.in_ci && !self.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Why [`Self::can_ask`] says no.
    pub(super) fn why_nobody_is_asked(&self) -> &'static str {
        match (self.0.wishes.in_ci, self.is_json()) {
            (true, _) => "nobody is asked where CI is set",
            (false, true) => "nobody is asked with --log-format json",
            (false, false) => "there is no terminal to ask at",
        }
    }

    /// Asks on stderr and reads one line; `None` at the end of input.
    ///
    /// # Errors
    /// When the keyboard cannot be read.
    pub(super) fn ask(&self, question: &str) -> Result<Option<String>, Failure> {
        self.write_message(question);
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }
}

fn width_of(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    let size = size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0);
    size.or_else(surroundings::columns).unwrap_or(Terminal::WIDTH_OF_FILES)
}

/// Whether lines on stderr can be drawn over: it is a terminal that can, somebody watches, and nobody asked for plain text.
fn can_draw(wishes: &Wishes) -> bool {
    let is_wanted = wishes.log_format == LogFormat::Human && wishes.color != ColorChoice::Never && !wishes.in_ci;
    is_wanted && io::stderr().is_terminal() && !surroundings::is_dumb_terminal()
}

#[cfg(unix)]
fn is_stdout_a_file() -> bool {
    use std::os::fd::AsFd as _;
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    stdout.and_then(|stdout| stdout.metadata()).is_ok_and(|found| found.is_file())
}

/// Not known elsewhere: what is shown in a log by mistake is worse than a file that has to be saved anew.
#[cfg(not(unix))]
fn is_stdout_a_file() -> bool {
    false
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

/// A message may quote what was typed or what a file is called, line by line.
fn harmless(message: &str) -> String {
    message.split('\n').map(printable).collect::<Vec<_>>().join("\n")
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
