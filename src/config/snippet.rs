//! Draws diagnostics: the line with the fault underlined, the cure below; many of a kind shrink to a few lines.

use std::collections::HashMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level as Severity, Origin, Renderer, Snippet};

use super::source::{SourceText, SourceTexts};
use crate::diag::{Diagnostic, Level, Location};
use crate::model::text::{disarmed, printable};

/// How many of a kind are drawn in full.
const IN_FULL: usize = 3;
/// How many ranges of lines are listed for the rest.
const RANGES: usize = 12;
/// How much of a message is shown.
const MESSAGE_CHARACTERS: usize = 600;

/// All diagnostics in the given order, for a terminal of this width; the last line counts them.
#[must_use]
pub fn render_diagnostics(diagnostics: &[Diagnostic], sources: &SourceTexts, width: usize, color: bool) -> String {
    let width = width.clamp(40, 400);
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.term_width(width);
    let mut out = String::new();
    let kinds = by_kind(diagnostics);
    let mut drawn = vec![0; kinds.len()];
    for (diagnostic, kind) in diagnostics.iter().zip(kind_of(&kinds, diagnostics.len())) {
        let (Some(drawn), Some(all)) = (drawn.get_mut(kind), kinds.get(kind)) else { continue };
        *drawn += 1;
        if *drawn <= IN_FULL {
            out.push_str(&draw(diagnostic, sources, width, &renderer));
            out.push_str("\n\n");
        }
        if *drawn == IN_FULL && all.len() > IN_FULL {
            out.push_str(&the_rest(all.iter().skip(IN_FULL).filter_map(|index| diagnostics.get(*index))));
            out.push_str("\n\n");
        }
    }
    out.push_str(&count(diagnostics));
    out.push('\n');
    disarmed(&out).into_owned()
}

/// The places of diagnostics that say the same about different values, kind by kind.
fn by_kind(diagnostics: &[Diagnostic]) -> Vec<Vec<usize>> {
    let mut kinds: Vec<Vec<usize>> = Vec::new();
    let mut places = HashMap::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let file = diagnostic.location.as_ref().map(|location| &location.file);
        let key = (diagnostic.level == Level::Error, file, template(&diagnostic.summary));
        let kind = *places.entry(key).or_insert(kinds.len());
        match kinds.get_mut(kind) {
            Some(kind) => kind.push(index),
            None => kinds.push(vec![index]),
        }
    }
    kinds
}

/// For each diagnostic its kind.
fn kind_of(kinds: &[Vec<usize>], count: usize) -> Vec<usize> {
    let mut of = vec![0; count];
    for (kind, members) in kinds.iter().enumerate() {
        for index in members {
            if let Some(place) = of.get_mut(*index) {
                *place = kind;
            }
        }
    }
    of
}

/// The summary without the values in backticks and without numbers.
fn template(summary: &str) -> String {
    let outside = summary.split('`').step_by(2);
    outside.collect::<Vec<_>>().join("`").chars().filter(|c| !c.is_ascii_digit()).collect()
}

fn draw(diagnostic: &Diagnostic, sources: &SourceTexts, width: usize, renderer: &Renderer) -> String {
    let severity = match diagnostic.level {
        Level::Error => Severity::ERROR,
        Level::Warning => Severity::WARNING,
    };
    let mut group = Group::with_title(severity.primary_title(clean(&diagnostic.summary)));
    if let Some(location) = &diagnostic.location {
        group = place(group, location, diagnostic.span.as_ref(), None, sources, width);
    }
    if let Some((location, label)) = &diagnostic.related {
        group = place(group, location, None, Some(clean(label)), sources, width);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Severity::HELP.message(clean(help)));
    }
    let drawn = renderer.render(&[group]);
    drawn.lines().filter(|line| !is_empty_origin(line)).collect::<Vec<_>>().join("\n")
}

/// The renderer announces a snippet without a path of its own by `:::`; the place stands above it already.
fn is_empty_origin(line: &str) -> bool {
    line.contains(":::") && anstream::adapter::strip_str(line).to_string().trim() == ":::"
}

/// Adds a place: where it is, and the line with the fault underlined.
fn place<'a>(
    group: Group<'a>,
    location: &Location,
    span: Option<&Range<usize>>,
    label: Option<String>,
    sources: &SourceTexts,
    width: usize,
) -> Group<'a> {
    let file = sources.get(&location.file);
    let mut origin = Origin::path(clean(file.map_or(&*location.file, |file| file.shown())));
    if location.line == 0 {
        return group.element(origin);
    }
    let line_number = usize::try_from(location.line).unwrap_or(usize::MAX);
    origin = origin.line(line_number);
    if location.column > 0 {
        origin = origin.char_column(usize::try_from(location.column).unwrap_or(usize::MAX));
    }
    let kind = if label.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
    let Some(line) = file.and_then(|source| Line::of(source, location, span, width)) else {
        return group.element(origin);
    };
    let mut annotation = kind.span(line.underline);
    if let Some(label) = label {
        annotation = annotation.label(label);
    }
    group.element(origin).element(Snippet::source(line.text).line_start(line_number).annotation(annotation))
}

/// One line as it may be shown.
struct Line {
    text: String,
    underline: Range<usize>,
}

impl Line {
    /// The line with secrets masked, control characters escaped and cut to the width around the span.
    fn of(source: &SourceText, location: &Location, span: Option<&Range<usize>>, width: usize) -> Option<Self> {
        let range = source.line_range(location.line)?;
        let text = source.text().get(range.clone())?;
        let span = span.filter(|span| range.contains(&span.start) || span.start == range.end).cloned();
        let span = span.unwrap_or_else(|| rest_of_line(text, location.column, range.start));
        let room = width.saturating_sub(20).max(20);
        let from = cut_before(text, span.start - range.start, room);
        Some(show(source, range, from, &span, room))
    }
}

/// From a column to the end of the line; all of the line when the column is not known.
fn rest_of_line(text: &str, column: u32, line_start: usize) -> Range<usize> {
    let skipped = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let indent = text.len() - text.trim_start().len();
    let start = text.char_indices().nth(skipped).map_or(indent, |(byte, _)| byte.max(indent));
    line_start + start..line_start + text.trim_end().len().max(start)
}

/// The byte at which a long line starts to be shown.
fn cut_before(text: &str, at: usize, room: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    let length = before.chars().count();
    if length < room * 2 / 3 {
        return 0;
    }
    before.char_indices().rev().nth(room / 3).map_or(0, |(byte, _)| byte)
}

fn show(source: &SourceText, range: Range<usize>, from: usize, span: &Range<usize>, room: usize) -> Line {
    let text = source.text().get(range.start + from..range.end).unwrap_or_default();
    let mut out = String::from(if from > 0 { "…" } else { "" });
    let mut underline = None;
    let mut masked = false;
    for (shown, (offset, c)) in text.char_indices().enumerate() {
        let at = range.start + from + offset;
        if at >= span.end && underline.as_ref().is_some_and(|(_, end)| *end == usize::MAX) {
            underline = underline.map(|(start, _)| (start, out.len()));
        }
        if shown > room {
            out.push('…');
            break;
        }
        let hidden = source.is_masked(at);
        if at >= span.start && underline.is_none() {
            underline = Some((out.len(), usize::MAX));
        }
        match (hidden, c) {
            (true, _) if masked => {}
            (true, _) => out.push_str("***"),
            (false, '\t') => out.push('→'),
            (false, c) => out.push_str(&printable(c.encode_utf8(&mut [0; 4]))),
        }
        masked = hidden;
    }
    let end = out.len();
    let (start, stop) = underline.unwrap_or((end, end));
    let stop = stop.min(end).max(start);
    if start == end {
        out.push(' ');
    }
    let least = out.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Line { underline: start..stop.max(start + least), text: out }
}

/// Text that is safe and short enough to show.
fn clean(text: &str) -> String {
    let shown = printable(text);
    match shown.char_indices().nth(MESSAGE_CHARACTERS) {
        Some((cut, _)) => format!("{}…", shown.get(..cut).unwrap_or_default()),
        None => shown.into_owned(),
    }
}

/// What is not drawn in full.
fn the_rest<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>) -> String {
    let lines: Vec<u32> = diagnostics.map(|diagnostic| diagnostic.location.as_ref().map_or(0, |place| place.line)).collect();
    let ranges = ranges(&lines);
    let listed: Vec<String> =
        ranges
            .iter()
            .take(RANGES)
            .map(|range| {
                if range.start() == range.end() {
                    range.start().to_string()
                } else {
                    format!("{}-{}", range.start(), range.end())
                }
            })
            .collect();
    let more = if ranges.len() > RANGES { " and others" } else { "" };
    let places = plural(lines.len(), "more place", "more places");
    format!("  the same in {places}: lines {}{more}", listed.join(", "))
}

fn ranges(lines: &[u32]) -> Vec<std::ops::RangeInclusive<u32>> {
    let mut ranges: Vec<std::ops::RangeInclusive<u32>> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some(last) if *line <= last.end().saturating_add(1) && line >= last.start() => *last = *last.start()..=*line,
            _ => ranges.push(*line..=*line),
        }
    }
    ranges
}

fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).count();
    let warnings = diagnostics.len() - errors;
    match (errors, warnings) {
        (_, 0) => plural(errors, "error", "errors"),
        (0, _) => plural(warnings, "warning", "warnings"),
        (_, _) => format!("{}, {}", plural(errors, "error", "errors"), plural(warnings, "warning", "warnings")),
    }
}

fn plural(number: usize, one: &str, many: &str) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if number == 1 { one } else { many })
}
