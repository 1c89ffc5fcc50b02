//! A Markdown document that always fits into a comment of a pull request: when it would be too long, whole rows go, every
//! part keeps some, and the counts stay.

use crate::model::text::number;
use std::collections::BTreeSet;

use super::escape::marker;
use super::words::tenant_name;
use crate::plan::body::PlanTenant;

/// GitHub takes 65,536 characters. Below this many bytes a comment fits with room for what a bot adds.
const LARGEST: usize = 59_000;

/// No row is shorter than 60 bytes, so more than this many never fit.
const MOST_ROWS: usize = 1_000;

/// The document.
pub(super) struct Comment {
    /// What is always there, before the parts.
    pub(super) head: String,
    /// The parts in the order in which they are shown.
    pub(super) parts: Vec<Part>,
    /// Where what was left out can be seen.
    pub(super) rest_is: String,
}

/// A hidden line by which a bot finds its comment again; one for each tenant and configuration.
pub(super) fn sticky(about: &str, tenant: &PlanTenant, config: Option<&str>) -> String {
    let tenant = marker(tenant.id.as_deref().unwrap_or(tenant_name(tenant)));
    let config = config.map(|config| format!(" config={}", marker(config))).unwrap_or_default();
    format!("<!-- hardmatch {about} tenant={tenant}{config} -->\n")
}

/// A table under a heading.
pub(super) struct Part {
    title: String,
    head: String,
    folded: bool,
    share: usize,
    total: usize,
    /// The rows in the order in which they are dropped from the end, each with its place in the table.
    rows: Vec<(usize, String)>,
}

impl Part {
    /// A part with a table; `share` percent of the space are its own.
    pub(super) fn new(title: String, share: usize, columns: &[&str]) -> Self {
        let rule = vec!["---"; columns.len()].join(" | ");
        let head = format!("| {} |\n| {rule} |\n", columns.join(" | "));
        Self { title, head, folded: false, share, total: 0, rows: Vec::new() }
    }

    /// Text above the table.
    pub(super) fn intro(mut self, text: &str) -> Self {
        self.head = format!("{text}\n{}", self.head);
        self
    }

    /// Folded, so that one has to open it.
    pub(super) fn folded(mut self) -> Self {
        self.folded = true;
        self
    }

    /// Adds rows of cells. They come in the order in which they matter, each with its place in the table.
    pub(super) fn rows(mut self, total: usize, rows: impl Iterator<Item = (usize, Vec<String>)>) -> Self {
        self.total = total;
        self.rows = rows.take(MOST_ROWS).map(|(place, cells)| (place, format!("| {} |\n", cells.join(" | ")))).collect();
        self
    }

    fn write(&self, kept: &BTreeSet<usize>, out: &mut String) {
        let mut rows: Vec<&(usize, String)> = kept.iter().filter_map(|row| self.rows.get(*row)).collect();
        rows.sort_by_key(|(place, _)| *place);
        let (open, close) = if self.folded { ("<details><summary>", "</summary>") } else { ("### ", "") };
        out.push_str(&format!("{open}{}{close}\n\n{}", self.title, self.head));
        out.extend(rows.into_iter().map(|(_, row)| row.as_str()));
        if kept.len() < self.total {
            out.push_str(&format!("\n*… and {} more*\n", number(self.total - kept.len())));
        }
        out.push_str(if self.folded { "\n</details>\n\n" } else { "\n" });
    }
}

impl Comment {
    /// The document with as many rows as fit.
    pub(super) fn write(&self) -> String {
        let parts: Vec<&Part> = self.parts.iter().filter(|part| part.total > 0).collect();
        let empty = self.with(&parts, &vec![BTreeSet::new(); parts.len()]);
        let kept = fit(&parts, LARGEST.saturating_sub(empty.len()));
        self.with(&parts, &kept)
    }

    fn with(&self, parts: &[&Part], kept: &[BTreeSet<usize>]) -> String {
        let mut out = self.head.clone();
        for (part, kept) in parts.iter().zip(kept) {
            part.write(kept, &mut out);
        }
        let short: Vec<String> = parts
            .iter()
            .zip(kept)
            .filter(|(part, kept)| part.total > kept.len())
            .map(|(part, kept)| format!("{} ({} of {} shown)", name(&part.title), number(kept.len()), number(part.total)))
            .collect();
        if !short.is_empty() {
            out.push_str(&format!("**Shortened to fit a comment**: {}. {}\n", short.join(", "), self.rest_is));
        }
        out
    }
}

/// The title without its count.
fn name(title: &str) -> &str {
    title.split(':').next().unwrap_or(title)
}

/// Which rows of each part are kept: first what its share holds, then, in the order of the parts, what is left.
fn fit(parts: &[&Part], room: usize) -> Vec<BTreeSet<usize>> {
    let shares: usize = parts.iter().map(|part| part.share).sum::<usize>().max(1);
    let mut left = room;
    let mut kept = vec![BTreeSet::new(); parts.len()];
    for (part, kept) in parts.iter().zip(&mut kept) {
        let mut share = room * part.share / shares;
        let before = share;
        take(part, kept, &mut share);
        left -= before - share;
    }
    for (part, kept) in parts.iter().zip(&mut kept) {
        take(part, kept, &mut left);
    }
    kept
}

/// Adds rows that fit. One that is too long is passed over, so that it does not keep all others out.
fn take(part: &Part, kept: &mut BTreeSet<usize>, room: &mut usize) {
    for (place, (_, row)) in part.rows.iter().enumerate() {
        if row.len() <= *room && kept.insert(place) {
            *room -= row.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(share: usize, count: usize, length: usize) -> Part {
        Part::new("Rows: 1".into(), share, &["a"]).rows(count, (0..count).map(|place| (place, vec!["x".repeat(length)])))
    }

    fn comment(parts: Vec<Part>) -> Comment {
        Comment { head: "head\n".into(), parts, rest_is: "The plan file has every row.".into() }
    }

    #[test]
    fn keeps_some_of_every_part_and_fills_the_room() {
        let text = comment(vec![part(50, 10_000, 100), part(25, 10_000, 60), part(25, 3, 1_000)]).write();
        assert!(text.len() <= LARGEST && text.len() > LARGEST - 200, "{}", text.len());
        assert_eq!(
            text.matches("| xxx").count(),
            text.lines().filter(|line| line.starts_with("| x") && line.ends_with(" |")).count()
        );
        assert!(text.matches(&"x".repeat(1_000)).count() == 3 && text.contains("more*"));
        insta::assert_snapshot!(text.lines().last().unwrap(), @"**Shortened to fit a comment**: Rows (391 of 10,000 shown), Rows (225 of 10,000 shown). The plan file has every row.");
    }

    #[test]
    fn says_nothing_when_nothing_was_left_out() {
        insta::assert_snapshot!(comment(vec![part(50, 2, 3), part(50, 0, 1)]).write(), @r#"
        head
        ### Rows: 1

        | a |
        | --- |
        | xxx |
        | xxx |
        "#);
    }

    #[test]
    fn a_row_that_cannot_fit_keeps_no_other_out() {
        let rows = ["x".repeat(100_000), "short".into()];
        let part = Part::new("Rows: 2".into(), 50, &["a"]).rows(2, rows.into_iter().map(|row| vec![row]).enumerate());
        let text = comment(vec![part]).write();
        assert!(text.contains("| short |") && text.contains("Rows (1 of 2 shown)"), "{}", text.len());
    }

    #[test]
    fn a_row_that_cannot_fit_is_counted() {
        let text = comment(vec![part(50, 1, 100_000)]).write();
        assert!(text.contains("Rows (0 of 1 shown)") && text.len() < LARGEST);
    }
}
