//! `convert`: every form of an identifier at once. Reads in `read`, prints in `show`.

mod read;
mod show;

use std::io::Read as _;

use crate::directory::encoding::Decoder;
use crate::directory::limited;
use crate::model::{EntraId, ImmutableId, ObjectGuid, Sid};

use super::args::{ConvertArgs, ConvertFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Converted {
    /// The form in which it was written, in words.
    form: &'static str,
    /// What it means; two readings when the form is ambiguous.
    readings: Vec<Reading>,
    /// What looks odd about it.
    notes: Vec<String>,
}

/// One meaning of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reading {
    /// A GUID of Active Directory, and why it is read so when there are two ways.
    Guid(ObjectGuid, Option<&'static str>),
    /// A text anchor, such as an employee number.
    TextAnchor(ImmutableId),
    /// A security identifier.
    Sid(Sid),
    /// The object id of a cloud object, with its kind.
    CloudObject(&'static str, EntraId),
}

/// Why a text could not be read, in words that say what was meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Unreadable(String);

/// No identifier is longer; stops a wrong file on stdin early.
const LONGEST_VALUE: usize = 512;
/// And nobody converts more than this at once.
const LARGEST_INPUT: u64 = 64 * 1024 * 1024;

/// Runs the verb.
///
/// # Errors
/// When stdin cannot be read, or holds no text.
pub(super) fn run(args: &ConvertArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let values = collect_values(&args.values)?;
    if values.is_empty() {
        return Err(Failure::input("standard input holds no value"));
    }
    let results: Vec<(String, Result<Converted, Unreadable>)> =
        values.into_iter().map(|value| (value.clone(), read_value(&value))).collect();
    let text = match args.format {
        ConvertFormat::Human => show::human(&results),
        ConvertFormat::Json => show::json_lines(&results),
    };
    terminal.result(&text)?;
    let refused: Vec<String> =
        results.iter().filter_map(|(_, result)| result.as_ref().err()).map(|error| error.0.clone()).collect();
    if refused.is_empty() { Ok(Exit::Done) } else { Err(Failure::input(refused.join("\n       "))) }
}

fn read_value(value: &str) -> Result<Converted, Unreadable> {
    if value.len() > LONGEST_VALUE {
        return Err(Unreadable(format!("a value of {} bytes is no identifier", value.len())));
    }
    if value.trim().is_empty() {
        return Err(Unreadable("the value is empty".to_owned()));
    }
    read::read(value)
}

/// What is printed of a value in either form, or why it cannot be read.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn both_forms(value: &str) -> Result<[String; 2], String> {
    let converted = read_value(value).map_err(|error| error.0)?;
    let results = [(value.to_owned(), Ok(converted))];
    Ok([show::human(&results), show::json_lines(&results)])
}

fn collect_values(given: &[String]) -> Result<Vec<String>, Failure> {
    let mut values = Vec::new();
    for value in given {
        if value == "-" {
            values.extend(read_stdin()?);
        } else {
            values.push(value.clone());
        }
    }
    Ok(values)
}

fn read_stdin() -> Result<Vec<String>, Failure> {
    let bytes = limited::up_to(std::io::stdin().lock(), LARGEST_INPUT)?
        .ok_or_else(|| Failure::input("more than 64 MiB on standard input"))?;
    lines(&bytes)
}

/// The lines that are not empty, whatever Windows wrote them in.
fn lines(bytes: &[u8]) -> Result<Vec<String>, Failure> {
    let mut text = String::new();
    Decoder::new(bytes)
        .and_then(|mut decoded| decoded.read_to_string(&mut text))
        .map_err(|_| Failure::input("standard input is no text in UTF-8 or UTF-16").hint("Write one value a line."))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests;
