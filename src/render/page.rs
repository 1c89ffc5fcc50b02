//! Writing to a terminal: colour, wrapping by display width, tables.

use std::io::{self, Write};

use anstyle::{AnsiColor, Effects};
use comfy_table::{ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::bounded::bounded;
use super::facts::{FactChange, Side};
use crate::model::LONGEST_NAME;
use crate::model::text::{cut, number, printable};

pub(super) const HEADING: anstyle::Style = anstyle::Style::new().bold();
pub(super) const DIM: anstyle::Style = anstyle::Style::new().effects(Effects::DIMMED);
pub(super) const RED: anstyle::Style = AnsiColor::Red.on_default();
pub(super) const GREEN: anstyle::Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: anstyle::Style = AnsiColor::Yellow.on_default();
pub(super) const CYAN: anstyle::Style = AnsiColor::Cyan.on_default();
pub(super) const PLAIN: anstyle::Style = anstyle::Style::new();

/// Below this nothing can be laid out.
const NARROWEST: usize = 60;

/// How many rows are laid out together; a table of a million rows is written piece by piece.
const ROWS_AT_ONCE: usize = 1000;

/// How to write for a terminal or a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colour is wanted.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Every row, however many there are.
    pub all: bool,
}

/// The colour of a sign.
pub(super) fn color_of(symbol: char) -> anstyle::Style {
    match symbol {
        '+' => GREEN,
        '~' => YELLOW,
        '-' => RED,
        '!' | 'x' => RED.bold(),
        _ => PLAIN,
    }
}

/// Where a rendering goes.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    style: Style,
    shortened: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write, style: &Style) -> Self {
        Self { out, style: Style { width: style.width.max(NARROWEST), ..*style }, shortened: false }
    }

    /// How many of `all` rows are shown where `limit` is enough for reading.
    pub(super) fn limit(&self, limit: usize) -> usize {
        if self.style.all { usize::MAX } else { limit }
    }

    pub(super) fn shows_all(&self) -> bool {
        self.style.all
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A line that begins a section.
    pub(super) fn heading(&mut self, text: &str, style: anstyle::Style) -> io::Result<()> {
        self.blank()?;
        self.item("", PLAIN, text, style.bold())
    }

    /// Text behind a sign or an indent; the lines that follow the first stand below its text.
    pub(super) fn item(&mut self, sign: &str, sign_style: anstyle::Style, text: &str, style: anstyle::Style) -> io::Result<()> {
        let indent = sign.width();
        let room = self.style.width.saturating_sub(indent);
        for (position, line) in wrap(&bounded(text), room).into_iter().enumerate() {
            if position == 0 {
                self.paint(sign, sign_style)?;
            } else {
                write!(self.out, "{:indent$}", "")?;
            }
            self.paint(line, style)?;
            self.blank()?;
        }
        Ok(())
    }

    /// Says that something is left out here.
    pub(super) fn left_out(&mut self, what: &str) -> io::Result<()> {
        self.shortened = true;
        self.item("  … ", DIM, &format!("and {what}"), DIM)
    }

    /// How to see what was left out, and one line, however long, for people and programs that look at the last one.
    pub(super) fn last(&mut self, text: &str, show_all: &str) -> io::Result<()> {
        self.blank()?;
        if self.shortened {
            self.item("", PLAIN, show_all, CYAN)?;
        }
        self.paint(text, HEADING)?;
        self.blank()
    }

    /// Plain text behind an indent.
    pub(super) fn text(&mut self, indent: &str, text: &str) -> io::Result<()> {
        self.item(indent, PLAIN, text, PLAIN)
    }

    /// A line that is never wrapped, so that it can be copied.
    pub(super) fn verbatim(&mut self, indent: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "{indent}{text}")
    }

    /// A fact before and after. Values are never wrapped, so that they can be copied.
    pub(super) fn fact(&mut self, indent: &str, change: &FactChange) -> io::Result<()> {
        let (before, after) = (&change.before, &change.after);
        let line = format!("{indent}{}: {} -> {}", change.name, before.text(), after.text());
        let is_short = !before.is_marked() && before.guid.is_none() && after.guid.is_none();
        if is_short && line.width() <= self.style.width {
            return writeln!(self.out, "{line}");
        }
        writeln!(self.out, "{indent}{}:", change.name)?;
        self.side(indent, "- ", RED, before)?;
        self.side(indent, "+ ", GREEN, after)
    }

    fn side(&mut self, indent: &str, sign: &str, style: anstyle::Style, side: &Side) -> io::Result<()> {
        write!(self.out, "{indent}  ")?;
        self.paint(sign, style)?;
        for (differs, piece) in &side.pieces {
            let style = if *differs { style.bold().underline() } else { style };
            self.paint(piece, if side.is_value { style } else { DIM })?;
        }
        let guid = side.guid.as_ref().map(|guid| format!("  (GUID {guid})")).unwrap_or_default();
        if indent.width() + 4 + side.text().width() + guid.width() > self.style.width {
            write!(self.out, "\n{indent}  ")?;
        }
        self.paint(&guid, DIM)?;
        self.blank()?;
        if side.is_marked() && !self.style.color {
            let marks: String = side.pieces.iter().map(|(differs, piece)| under(*differs, piece)).collect();
            writeln!(self.out, "{indent}    {}", marks.trim_end())?;
        }
        Ok(())
    }

    /// A table as wide as the page.
    pub(super) fn table(&mut self, header: &[&str], rows: &[(anstyle::Style, Vec<String>)]) -> io::Result<()> {
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let mut table = Table::new();
            table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(self.style.width).unwrap_or(u16::MAX));
            table.set_header(header.iter().copied());
            for (_, row) in rows {
                // What is longer takes the square of the time to wrap.
                table.add_row(row.iter().map(|cell| printable(&cut(cell, LONGEST_NAME)).into_owned()));
            }
            for line in table.lines() {
                writeln!(self.out, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }

    fn paint(&mut self, text: &str, style: anstyle::Style) -> io::Result<()> {
        if self.style.color && !style.is_plain() && !text.trim().is_empty() {
            write!(self.out, "{style}{text}{style:#}")
        } else {
            write!(self.out, "{text}")
        }
    }
}

/// Marks of the width of a piece.
fn under(differs: bool, piece: &str) -> String {
    let mark = if differs { "^" } else { " " };
    mark.repeat(piece.width())
}

/// Lines of at most `width` columns, broken at blanks, and inside of a word only when it is wider than a line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    loop {
        let (head, tail) = rest.split_at(fitting(rest, width));
        if tail.is_empty() {
            lines.push(rest);
            return lines;
        }
        let end = if tail.starts_with(' ') { head.len() } else { head.rfind(' ').filter(|end| *end > 0).unwrap_or(head.len()) };
        let (line, after) = rest.split_at(end);
        lines.push(line.trim_end());
        rest = after.trim_start();
    }
}

/// A text behind a head; the lines that follow the first stand below its text.
#[must_use]
pub fn hanging(head: &str, text: &str, width: usize) -> String {
    let indent = head.width();
    let lines = wrap(text, width.saturating_sub(indent).max(20)).join(&format!("\n{:indent$}", ""));
    format!("{head}{lines}\n")
}

/// How many bytes fit into a width; at least one character.
fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (position, c) in text.char_indices() {
        used += if c == EMOJI_FORM { 1 } else { c.width().unwrap_or(0) };
        if used > width && position > 0 {
            return position;
        }
    }
    text.len()
}

/// Makes the character before it as wide as an emoji.
const EMOJI_FORM: char = '\u{fe0f}';

/// The first of many, each as `write` writes it, and how many more there are.
pub(super) fn some<T>(
    page: &mut Page<'_>,
    items: &[T],
    limit: usize,
    what: &str,
    mut write: impl FnMut(&mut Page<'_>, &T) -> io::Result<()>,
) -> io::Result<()> {
    let limit = page.limit(limit);
    items.iter().take(limit).try_for_each(|item| write(page, item))?;
    more(page, items.len(), limit, what)
}

/// How many of so many were left out.
pub(super) fn more(page: &mut Page<'_>, count: usize, limit: usize, what: &str) -> io::Result<()> {
    if count <= limit { Ok(()) } else { page.left_out(&format!("{} {what}", number(count - limit))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FactName, FactValue};
    use crate::render::facts::change;

    fn written(style: Style, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut Page::new(&mut out, &style)).unwrap();
        String::from_utf8(out).unwrap()
    }

    const BARE: Style = Style { color: false, width: 80, all: false };

    #[test]
    fn wraps_by_columns() {
        assert_eq!(wrap("eins zwei drei", 9), ["eins zwei", "drei"]);
        assert_eq!(wrap("eins zwei", 4), ["eins", "zwei"]);
        assert_eq!(wrap("CN=averylongname x", 6), ["CN=ave", "rylong", "name x"]);
        assert_eq!(wrap("王小明王小明", 5), ["王小", "明王", "小明"]);
        assert_eq!(wrap("zoe\u{308}zoe\u{308}", 3), ["zoe\u{308}", "zoe\u{308}"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("王", 1), ["王"]);
        assert_eq!(wrap("☎\u{fe0f}☎\u{fe0f}", 2), ["☎\u{fe0f}", "☎\u{fe0f}"]);
    }

    #[test]
    fn shows_where_ids_differ_with_and_without_colour() {
        let (old, new) = (FactValue::text("4AQlP4lP0xGaDAMF6CwzAQ=="), FactValue::text("4AQlP4lP0xGadAMF6CwzAQ=="));
        let change = change(FactName::OnPremisesImmutableId, Some(&old), Some(&new));
        insta::assert_snapshot!(written(BARE, |page| page.fact("  ", &change)), @r#"
        onPremisesImmutableId:
          - 4AQlP4lP0xGaDAMF6CwzAQ==  (GUID 3f2504e0-4f89-11d3-9a0c-0305e82c3301)
                        ^
          + 4AQlP4lP0xGadAMF6CwzAQ==  (GUID 3f2504e0-4f89-11d3-9a74-0305e82c3301)
                        ^
        "#);
        let colour = written(Style { color: true, ..BARE }, |page| page.fact("", &change));
        assert!(colour.contains("4AQlP4lP0xGa\u{1b}[0m\u{1b}[1m\u{1b}[4m\u{1b}[31mD\u{1b}[0m"), "{colour:?}");
    }

    #[test]
    fn tables_keep_their_columns_with_wide_characters() {
        let rows: Vec<_> =
            ["王小明", "zoe\u{308}", "plain", "a\tb"].iter().map(|name| (PLAIN, vec![(*name).into(), "|".into()])).collect();
        let table = written(BARE, |page| page.table(&["name", "end"], &rows));
        let columns: Vec<usize> = table.lines().skip(1).map(|line| line[..line.find('|').unwrap()].width()).collect();
        assert!(columns.iter().all(|column| *column == columns[0]), "{table}");
    }
}
