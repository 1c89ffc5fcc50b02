//! What the next sync cycle makes of the AD users of a plan: what surprises, row by row, and the rest as a count.

use std::collections::BTreeMap;
use std::io;

use super::comment::Part;
use super::escape::{code, prose};
use super::markdown::subject;
use super::page::{CYAN, DIM, HEADING, PLAIN, Page, YELLOW};

use crate::model::text::{counted, number, printable};
use crate::plan::body::PlannedMapping;
use crate::plan::next_sync::{NextSync, Outcome};

/// How many mappings are shown where not all are asked for.
const ROWS: usize = 20;

/// How many notes are shown.
const NOTES: usize = 5;

const MESSAGE: usize = 400;

/// A mapping whose AD user sync will see.
pub(super) type Seen<'a> = (&'a PlannedMapping, &'a NextSync);

fn seen(mappings: &[PlannedMapping]) -> impl Iterator<Item = Seen<'_>> {
    mappings.iter().filter_map(|mapping| Some((mapping, mapping.next_sync.as_deref()?)))
}

/// Whether sync does not end at the account that the mapping names.
pub(super) fn is_surprise((mapping, next): &Seen<'_>) -> bool {
    let own = mapping
        .cloud
        .as_ref()
        .is_some_and(|cloud| next.account.as_ref().is_some_and(|account| account.id.as_ref() == Some(&cloud.id)));
    !own || !matches!(next.outcome, Outcome::HardMatch | Outcome::AlreadyLinked)
}

/// Those that need reading, by outcome.
pub(super) fn surprises(mappings: &[PlannedMapping]) -> Vec<Seen<'_>> {
    let mut found: Vec<Seen<'_>> = seen(mappings).filter(is_surprise).collect();
    found.sort_by_key(|(_, next)| Outcome::ALL.iter().position(|outcome| *outcome == next.outcome));
    found
}

/// `2 × hard match, 1 × new account`; empty when sync sees nobody.
pub(super) fn counts(mappings: &[PlannedMapping]) -> String {
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    seen(mappings).for_each(|(_, next)| *counts.entry(next.outcome).or_default() += 1);
    let shown =
        Outcome::ALL.iter().filter_map(|outcome| Some(format!("{} × {}", number(*counts.get(outcome)?), outcome.about())));
    shown.collect::<Vec<_>>().join(", ")
}

/// What sync does with one AD user, in a sentence; `name` and `text` show values of either kind.
pub(super) fn sentence(next: &NextSync, name: impl Fn(&str) -> String, text: impl Fn(&str) -> String) -> String {
    let account = next.account.as_ref().map(|account| format!(" {}", name(&account.upn))).unwrap_or_default();
    let code = next.code.as_ref().map(|code| format!(" with {}", text(code))).unwrap_or_default();
    let since = next.since.as_ref().map(|since| format!(" (since {})", text(since))).unwrap_or_default();
    format!("{}{account}{code}: {}{since}", next.outcome.about(), text(&next.rule))
}

/// The section for people.
pub(super) fn human(page: &mut Page<'_>, mappings: &[PlannedMapping]) -> io::Result<()> {
    let counts = counts(mappings);
    if counts.is_empty() {
        return Ok(());
    }
    page.heading(&format!("Next sync, once this is carried out: {counts}"), HEADING)?;
    let found = surprises(mappings);
    let limit = page.limit(ROWS);
    if !found.is_empty() {
        page.blank()?;
    }
    for (mapping, next) in found.iter().take(limit) {
        page.item("  ? ", YELLOW, &printable(&mapping.id), HEADING)?;
        page.text("      ", &sentence(next, |name| printable(name).into_owned(), |text| printable(text).into_owned()))?;
        for note in next.notes.iter().take(NOTES) {
            page.item("      * ", DIM, &printable(note), PLAIN)?;
        }
    }
    match found.len().checked_sub(limit).filter(|rest| *rest > 0) {
        Some(rest) => page.item("  ", CYAN, &format!("… and {}", counted(rest, "more mapping")), PLAIN),
        None => Ok(()),
    }
}

/// The section for a pull request.
pub(super) fn markdown(mappings: &[PlannedMapping]) -> Part {
    let found = surprises(mappings);
    let row = |(mapping, next): &Seen<'_>| {
        let notes = next.notes.iter().take(NOTES).map(|note| format!("• {}", prose(note, MESSAGE)));
        let what = sentence(next, code, |text| prose(text, MESSAGE));
        let lines: Vec<String> = std::iter::once(what).chain(notes).collect();
        vec![subject(&mapping.id, Some(mapping)), lines.join("<br>")]
    };
    let title = format!("Next sync does not end at the mapped account: {}", number(found.len()));
    Part::new(title, 8, &["mapping", "what sync will do"]).rows(found.len(), found.iter().map(row).enumerate())
}
