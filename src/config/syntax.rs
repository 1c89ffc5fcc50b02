//! Syntax errors of the YAML engine in an admin's words.

use serde_yaml::granit_parser::{ErrorKind, ErrorKind as E, ScanError};

use crate::diag::Diagnostic;

use super::escapes;
use super::source::SourceText;

const TAB: &str = "a tab stands where YAML wants blanks";

/// A syntax error in an admin's words.
pub(super) fn syntax(source: &SourceText, error: &ScanError) -> Diagnostic {
    let (summary, help) = words(error.kind());
    let summary = summary.map_or_else(|| format!("this is not valid YAML: {}", error.kind()), str::to_owned);
    let text = source.text();
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    // At the end of the file the last line with something on it says more.
    let at = if text.get(at..).is_some_and(|rest| rest.trim().is_empty()) { text.trim_end().len().saturating_sub(1) } else { at };
    let at = if summary == TAB { tab_near(source, at) } else { at };
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let diagnostic = Diagnostic::error(summary).at(source.location(at)).spanning(at..at + width);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// The tab that an error at this byte is about: the last before it in its line, or the first behind it there or in the next.
fn tab_near(source: &SourceText, at: usize) -> usize {
    let Some(line) = source.line_range(source.line_of(at)) else { return at };
    let text = source.text();
    let before = text.get(line.start..at).and_then(|before| before.rfind('\t')).map(|byte| line.start + byte);
    let lines = text.get(at..).unwrap_or_default().split_inclusive('\n').take(2).map(str::len).sum::<usize>();
    before.or_else(|| text.get(at..at + lines).and_then(|rest| rest.find('\t')).map(|byte| at + byte)).unwrap_or(at)
}

/// What an error of the engine means and what to do about it; the list of those is long and may grow.
fn words(kind: &ErrorKind) -> (Option<&'static str>, Option<&'static str>) {
    let found = MEANINGS.iter().find(|(is_it, ..)| is_it(kind));
    (found.map(|(_, meaning, _)| *meaning), found.map(|(.., cure)| *cure))
}

/// Errors of the engine, what they mean, and what to do about them.
type Meaning = (fn(&ErrorKind) -> bool, &'static str, &'static str);

const MEANINGS: [Meaning; 12] = [
    (is_of_tab, TAB, "replace the tab by blanks, two for each level"),
    (
        |kind| matches!(kind, E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar | E::InvalidQuotedScalarIndent),
        "a quote is not closed",
        "close the text with the quote that opens it, on the same line",
    ),
    (
        |kind| matches!(kind, E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar),
        "something follows a quoted text",
        "put the whole value into one pair of quotes; inside '…' an apostrophe is written twice",
    ),
    (
        |kind| matches!(kind, E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidUnicodeEscape),
        "a backslash in \"…\" starts an escape that does not exist",
        escapes::CURE,
    ),
    (is_of_brackets, "a `{` or `[` is not closed, or a comma is missing inside", "check the brackets of this value"),
    (
        is_of_indentation,
        "the indentation does not fit the lines above",
        "keys that belong together start in the same column; the entries of a list start with `- `",
    ),
    (
        |kind| matches!(kind, E::SimpleKeyExpected | E::InvalidSimpleKey),
        "this line is no `key: value`",
        "write a colon and a blank after the key",
    ),
    (
        |kind| matches!(kind, E::MappingValueNotAllowed | E::InvalidColonPlacement),
        "a `: ` stands inside a value",
        "put a value that contains `: ` into quotes, or check the indentation",
    ),
    (
        |kind| matches!(kind, E::UnexpectedCharacter { .. } | E::PlainScalarStartsWithDashFlowIndicator),
        "a value starts with a character that has a meaning in YAML",
        "put the value into quotes",
    ),
    (
        |kind| matches!(kind, E::UnknownAnchor | E::MissingAnchorOrAliasName),
        "`*` or `&` starts the name of an alias, and this name is not defined",
        "put a pattern such as \"*@contoso.com\" into quotes",
    ),
    (
        |kind| matches!(kind, E::RecursionLimitExceeded),
        "lists and mappings are nested too deeply",
        "check the brackets of this value",
    ),
    (
        |kind| matches!(kind, E::MissingTagUri | E::UndeclaredTagHandle | E::InvalidTagTerminator),
        "`!` starts a tag, which is not supported",
        "put a value that starts with `!` into quotes",
    ),
];

fn is_of_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        E::TabNotAllowed
            | E::TabInBlockIndentation
            | E::TabInIndentation
            | E::TabAtBlockScalarStart
            | E::TabInPlainScalar
            | E::InvalidBlockEntryWhitespace
            | E::InvalidMappingValueWhitespace
    )
}

fn is_of_brackets(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        E::UnclosedFlowCollection { .. }
            | E::UnexpectedEofFlowSequence
            | E::UnexpectedEofFlowMapping
            | E::UnexpectedEofImplicitFlowMapping
            | E::ExpectedFlowMappingSeparator
            | E::ExpectedFlowSequenceSeparator
            | E::MisplacedFlowCollectionEnd
            | E::MismatchedFlowCollectionEnd { .. }
    )
}

fn is_of_indentation(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        E::InvalidIndentation
            | E::ExpectedBlockMappingKey
            | E::ExpectedBlockSequenceEntry
            | E::BlockSequenceEntryNotAllowed
            | E::MappingKeyNotAllowed
            | E::UnexpectedEofBlockMapping
            | E::UnexpectedEofBlockSequence
    )
}
