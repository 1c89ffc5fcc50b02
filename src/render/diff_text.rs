//! The difference of two plans for people: on the terminal and in a pull request.

use std::io;

use serde_json::Value;

use super::comment::{Comment, Part, sticky};
use super::diff::{Changed, Changes, FieldChange, PlanDiff};
use super::escape::{code, prose};
use super::facts::{self, FactChange};
use super::human::with_source;
use super::markdown::{self, subject};
use super::page::{DIM, HEADING, PLAIN, Page, Style, color_of};
use super::words::title;
use crate::model::text::{number, printable};
use crate::model::{FactName, FactValue};
use crate::plan::action::Action;
use crate::plan::body::PlannedMapping;
use crate::plan::finding::Finding;
use crate::planfile::short;

/// How many changes of each list are shown where not all are asked for.
const CHANGES: usize = 50;

/// How many characters of a message are shown in a comment.
const MESSAGE: usize = 300;

/// Something that can come, go and change.
trait Element {
    /// One line for the terminal.
    fn line(&self) -> String;
    /// The cells of a comment: what it is, and the mapping.
    fn cells(&self) -> [String; 2];
}

impl Element for Action {
    fn line(&self) -> String {
        format!("{}  [{}]", title(self).text(|value| printable(value).into_owned()), printable(&self.mapping))
    }

    fn cells(&self) -> [String; 2] {
        [title(self).text(code), code(&self.mapping)]
    }
}

impl Element for PlannedMapping {
    fn line(&self) -> String {
        format!("{}  {}", printable(&with_source(&self.id, Some(self))), self.state.word())
    }

    fn cells(&self) -> [String; 2] {
        [self.state.word().to_owned(), subject(&self.id, Some(self))]
    }
}

impl Element for Finding {
    fn line(&self) -> String {
        let mapping = self.mapping.as_deref().unwrap_or("the whole plan");
        format!("{} {}  [{}]: {}", self.severity.word(), self.code, printable(mapping), printable(&self.message))
    }

    fn cells(&self) -> [String; 2] {
        let mapping = self.mapping.as_deref().map_or_else(|| "the whole plan".to_owned(), code);
        [format!("{} {}: {}", self.severity.word(), self.code, prose(&self.message, MESSAGE)), mapping]
    }
}

/// A change with its sign: `-` is gone, `+` is new, `~` changed.
fn signed<'a, T>(changes: &'a Changes<'a, T>) -> impl Iterator<Item = (char, &'a T, &'a [FieldChange])> {
    let gone = changes.gone.iter().map(|item| ('-', *item, [].as_slice()));
    let new = changes.new.iter().map(|item| ('+', *item, [].as_slice()));
    let changed = changes.changed.iter().map(|Changed { now, fields }| ('~', *now, fields.as_slice()));
    gone.chain(new).chain(changed)
}

/// Writes the difference for people.
///
/// # Errors
/// Those of the writer.
pub fn diff_human(diff: &PlanDiff<'_>, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(out, style);
    page.item("", PLAIN, &format!("hardmatch diff of {} and {}", short(&diff.old), short(&diff.new)), HEADING)?;
    if !diff.other.is_empty() {
        page.heading("Plan", HEADING)?;
        for field in &diff.other {
            page.fact("  ", &fact(field))?;
        }
    }
    list(page, "Actions", &diff.actions)?;
    list(page, "Mappings", &diff.mappings)?;
    list(page, "Findings", &diff.findings)?;
    page.last(&diff.summary(), "`hardmatch diff OLD NEW --all` shows every row")
}

fn list<T: Element>(page: &mut Page<'_>, name: &str, changes: &Changes<'_, T>) -> io::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    page.heading(&format!("{name}: {}", number(changes.len())), HEADING)?;
    let limit = page.limit(CHANGES);
    for (sign, item, fields) in signed(changes).take(limit) {
        page.item(&format!("  {sign} "), color_of(sign), &item.line(), if sign == '-' { DIM } else { PLAIN })?;
        for field in fields {
            page.fact("      ", &fact(field))?;
        }
    }
    if changes.len() <= limit { Ok(()) } else { page.left_out(&format!("{} more", number(changes.len() - limit))) }
}

/// Writes the difference for a pull request: below 60,000 bytes, whatever the plans.
#[must_use]
pub fn diff_markdown(diff: &PlanDiff<'_>) -> String {
    let sticky = sticky("diff", diff.tenant, None);
    let head = format!("{sticky}## hardmatch diff\n\n**{}**\n\n", diff.summary());
    let fields = diff.other.iter().map(|field| vec![markdown::fact(&fact(field))]);
    let plan = Part::new(format!("Plan: {}", number(diff.other.len())), 15, &["what changed"])
        .rows(diff.other.len(), fields.enumerate());
    let parts = vec![
        part("Actions", 40, &diff.actions),
        plan,
        part("Findings", 25, &diff.findings).folded(),
        part("Mappings", 20, &diff.mappings).folded(),
    ];
    Comment { head, parts, rest_is: "Every row: `hardmatch diff OLD NEW --all`.".into() }.write()
}

fn part<T: Element>(name: &str, share: usize, changes: &Changes<'_, T>) -> Part {
    let row = |(sign, item, fields): (char, &T, &[FieldChange])| {
        let [what, mapping] = item.cells();
        let fields: Vec<String> = fields.iter().map(|field| markdown::fact(&fact(field))).collect();
        vec![format!("`{sign}`"), what, mapping, fields.join("<br>")]
    };
    Part::new(format!("{name}: {}", number(changes.len())), share, &["", "what", "mapping", "what changed"])
        .rows(changes.len(), signed(changes).map(row).enumerate())
}

/// A changed value of a plan, drawn like a changed fact.
fn fact(change: &FieldChange) -> FactChange {
    let leaf = change.name.rsplit('.').next().unwrap_or_default();
    let ids: Vec<String> = facts::ID_FACTS.map(FactName::word).to_vec();
    let is_id = leaf == "anchor" || ids.iter().any(|id| id == leaf);
    let (before, after) = (change.before.as_ref().map(as_fact), change.after.as_ref().map(as_fact));
    facts::compare(printable(&change.name).into_owned(), is_id, before.as_ref(), after.as_ref())
}

fn as_fact(value: &Value) -> FactValue {
    match value {
        Value::Null => FactValue::Null,
        Value::Bool(on) => FactValue::Bool(*on),
        Value::String(text) => FactValue::text(text),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            FactValue::List(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Value::Number(_) | Value::Array(_) | Value::Object(_) => FactValue::text(value.to_string()),
    }
}
