//! The plan as a comment on a pull request.

use super::comment::{Comment, Part, sticky};
use super::escape::{code, prose};
use super::facts::{FactChange, Side, changes};
use super::human::{ad_user, made};
use super::next_sync;
use super::view::{Group, PlanView, Step};
use super::words::{state_symbol, status_meaning, symbol, title};
use crate::model::text::{EXAMPLES, and_more, counted, number};
use crate::plan::body::PlannedMapping;
use crate::plan::finding::Finding;

/// How many characters of a message, an object, a hint and a step are shown, how many of these, and how long a row may become.
const MESSAGE: usize = 400;
const HINT: usize = 300;
const STEPS: usize = 6;
const OBJECTS: usize = 5;
const ROW: usize = 4_000;
const STUB: usize = 80;

/// Writes a plan for a pull request: below 60,000 bytes, whatever the plan.
#[must_use]
pub fn markdown(view: &PlanView<'_>) -> String {
    let parts = vec![
        findings(view, "Blockers", &view.blockers, 35),
        irreversible(view),
        actions(view).folded(),
        findings(view, "Warnings", &view.warnings, 15).folded(),
        findings(view, "Notes", &view.notes, 5).folded(),
        next_sync::markdown(&view.body.mappings).folded(),
        mappings(view).folded(),
    ];
    let rest_is = "The plan file has every row: `hardmatch show PLAN --all`.".into();
    Comment { head: head(view), parts, rest_is }.write()
}

fn head(view: &PlanView<'_>) -> String {
    let body = view.body;
    let status = body.status.word();
    let sticky = sticky("plan", &body.tenant, view.meta.config.as_deref());
    let mut out = format!("{sticky}## hardmatch plan: {status}\n\n**{}**\n\n| | |\n| --- | --- |\n", view.summary());
    let mut row = |name: &str, text: &str| out.push_str(&format!("| {name} | {text} |\n"));
    row("status", &format!("{status}: {}", prose(status_meaning(body), MESSAGE)));
    let id = body.tenant.id.as_ref().map(|id| format!(" {}", code(id))).unwrap_or_default();
    row("tenant", &format!("{}{id}", code(view.tenant())));
    row("users", &view.users());
    for forest in body.forests.iter().take(EXAMPLES) {
        row(
            "forest",
            &format!("{}: {}, source anchor {}", code(&forest.name), counted(forest.users, "user"), code(&forest.anchor)),
        );
    }
    if let Some(more) = and_more(body.forests.len().saturating_sub(EXAMPLES)) {
        row("forest", &more);
    }
    let next_sync = next_sync::counts(&body.mappings);
    if !next_sync.is_empty() {
        row("next sync", &next_sync);
    }
    row("made", &prose(&made(view), MESSAGE));
    if let Some(run) = &body.rollback_of {
        row("undoes", &format!("the run {}", code(run)));
    }
    row("digest", &code(&view.digest));
    out.push('\n');
    out
}

fn findings(view: &PlanView<'_>, name: &str, groups: &[Group<'_>], share: usize) -> Part {
    let total = groups.iter().map(|group| group.findings.len()).sum();
    let code_line = |group: &Group<'_>| {
        let count = number(group.findings.len());
        format!("- **{}** ({count}): {}\n", group.code, prose(group.code.about(), MESSAGE))
    };
    let intro: String = groups.iter().map(code_line).collect();
    Part::new(format!("{name}: {}", number(total)), share, &["code", "mapping", "what was found", "what to do"])
        .intro(&intro)
        .rows(total, in_turn(groups).map(|(place, finding)| (place, finding_row(view, finding))))
}

/// The findings, one of each code in turn, so that no code is left out while another has many; with the place by code.
fn in_turn<'a>(groups: &'a [Group<'a>]) -> impl Iterator<Item = (usize, &'a Finding)> {
    let longest = groups.iter().map(|group| group.findings.len()).max().unwrap_or(0);
    let starts: Vec<usize> = groups
        .iter()
        .scan(0, |next, group| {
            let start = *next;
            *next += group.findings.len();
            Some(start)
        })
        .collect();
    (0..longest).flat_map(move |turn| {
        let of = move |(group, start): (&'a Group<'a>, usize)| Some((start + turn, *group.findings.get(turn)?));
        groups.iter().zip(starts.clone()).filter_map(of).collect::<Vec<_>>()
    })
}

fn finding_row(view: &PlanView<'_>, finding: &Finding) -> Vec<String> {
    let what = what_was_found(finding);
    let mut cure: Vec<String> = finding.hint.iter().map(|hint| prose(hint, HINT)).collect();
    cure.extend(finding.steps.iter().zip(1..).take(STEPS).map(|(step, number)| format!("{number}. {}", prose(step, HINT))));
    if finding.steps.len() > STEPS {
        cure.push(format!("… and {}", counted(finding.steps.len() - STEPS, "more step")));
    }
    let cure = cure.join("<br>");
    let subject = finding.mapping.as_deref().map_or_else(|| "the whole plan".to_owned(), |id| subject(id, view.mapping(id)));
    if what.len() + cure.len() > ROW {
        return vec![finding.code.to_string(), subject, code(&short(&finding.message)), "too long to be shown here".into()];
    }
    vec![finding.code.to_string(), subject, what, cure]
}

/// The message, and the objects that take part.
fn what_was_found(finding: &Finding) -> String {
    let objects = finding.objects.iter().take(OBJECTS).map(|object| format!("• {}", prose(object, HINT)));
    let left_out = finding.objects.len().saturating_sub(OBJECTS);
    let more = (left_out > 0).then(|| format!("• … and {} more", number(left_out)));
    let lines: Vec<String> = std::iter::once(prose(&finding.message, MESSAGE)).chain(objects).chain(more).collect();
    lines.join("<br>")
}

fn short(text: &str) -> String {
    text.chars().take(STUB).collect()
}

/// A mapping and where it was written.
pub(super) fn subject(id: &str, mapping: Option<&PlannedMapping>) -> String {
    match mapping.map(|mapping| &mapping.source) {
        Some(source) => format!("{}<br>{}", code(id), code(&format!("{}:{}", source.file, source.line))),
        None => code(id),
    }
}

fn irreversible(view: &PlanView<'_>) -> Part {
    let total = view.irreversible.len();
    let row = |step: &Step<'_>| {
        vec![step.number.to_string(), title_of(step), code(&step.action.target.id), code(&step.action.mapping), reason(step)]
    };
    Part::new(format!("Cannot be undone: {}", number(total)), 20, &["step", "what", "object", "mapping", "why"])
        .rows(total, view.irreversible.iter().map(|step| (step.number, row(step))))
}

fn actions(view: &PlanView<'_>) -> Part {
    let total = view.body.actions.len();
    let steps = view.chapters.iter().flat_map(|chapter| &chapter.steps);
    let row = |step: &Step<'_>| {
        let facts: Vec<String> = changes(step.action).iter().map(fact).collect();
        let sign = symbol(step.action);
        let what = format!("{}<br>{}", title_of(step), code(&step.action.target.id));
        vec![format!("`{sign}` {}", step.number), what, code(&step.action.mapping), facts.join("<br>"), after(step)]
    };
    Part::new(format!("Actions: {}", number(total)), 15, &["step", "what", "mapping", "before and after", "needs step"])
        .rows(total, steps.enumerate().map(|(place, step)| (place, row(step))))
}

fn title_of(step: &Step<'_>) -> String {
    title(step.action).text(code)
}

fn reason(step: &Step<'_>) -> String {
    prose(&step.action.reason, HINT)
}

fn after(step: &Step<'_>) -> String {
    let numbers: Vec<String> = step.waits_for.iter().take(STEPS).map(usize::to_string).collect();
    numbers.join(", ")
}

/// A fact before and after.
pub(super) fn fact(change: &FactChange) -> String {
    format!("{}: {} → {}", prose(&change.name, HINT), side(&change.before), side(&change.after))
}

fn side(side: &Side) -> String {
    match (side.is_value, &side.guid) {
        (false, _) => side.text(),
        (true, Some(guid)) => format!("{} (GUID {guid})", code(&side.text())),
        (true, None) => code(&side.text()),
    }
}

fn mappings(view: &PlanView<'_>) -> Part {
    let total = view.body.mappings.len();
    let mut rows: Vec<(usize, &PlannedMapping)> = view.body.mappings.iter().enumerate().collect();
    rows.sort_by_key(|(_, mapping)| super::words::STATES.iter().position(|state| *state == mapping.state));
    let row = |mapping: &PlannedMapping| {
        let nobody = view.nobody();
        let cloud = mapping.cloud.as_ref().map_or_else(|| nobody.cloud_user(mapping).to_owned(), |cloud| code(&cloud.upn));
        let anchor = mapping.anchor.as_deref().map_or_else(|| "(none)".to_owned(), code);
        let state = format!("`{}` {}", state_symbol(mapping.state), mapping.state.word());
        let on_prem = mapping.on_prem.as_ref().map_or_else(|| nobody.ad_user(mapping).to_owned(), |user| code(&ad_user(user)));
        vec![state, subject(&mapping.id, Some(mapping)), on_prem, cloud, anchor]
    };
    Part::new(format!("Mappings: {}", number(total)), 10, &["state", "mapping", "AD user", "cloud user", "ImmutableID"])
        .rows(total, rows.into_iter().map(|(place, mapping)| (place, row(mapping))))
}
