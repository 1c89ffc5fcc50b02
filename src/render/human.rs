//! The plan for a terminal: first what needs attention, last one line that sums it up.

use std::collections::BTreeMap;
use std::io;

use super::facts::{changes, preconditions};
use super::next_sync;
use super::page::{CYAN, DIM, HEADING, PLAIN, Page, RED, Style, YELLOW, color_of, more, some};
use super::view::{Chapter, Group, PlanView, Step, count};
use super::words::{state_symbol, status_meaning, symbol, title};
use crate::model::text::{EXAMPLES, counted, number, printable};
use crate::plan::body::{PlanAdUser, PlannedMapping, Status};
use crate::plan::finding::{Code, Finding, Severity};

/// How much of each part is shown where not everything is asked for.
const MAPPINGS: usize = 50;
const FINDINGS: usize = 40;
const FINDINGS_OF_A_CODE: usize = 2;
const OBJECTS: usize = 5;
const CHAPTERS: usize = 30;
const IRREVERSIBLE: usize = 100;

/// Writes a plan for people.
///
/// # Errors
/// Those of the writer.
pub fn human(view: &PlanView<'_>, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(out, style);
    header(page, view)?;
    findings(page, view, "Blockers", &view.blockers, RED)?;
    irreversible(page, view)?;
    actions(page, view)?;
    findings(page, view, "Warnings", &view.warnings, YELLOW)?;
    findings(page, view, "Notes", &view.notes, CYAN)?;
    next_sync::human(page, &view.body.mappings)?;
    mappings(page, view)?;
    page.last(&view.summary(), "`hardmatch show PLAN --all` shows every row")
}

fn header(page: &mut Page<'_>, view: &PlanView<'_>) -> io::Result<()> {
    let body = view.body;
    page.item("", PLAIN, &format!("hardmatch plan for {}", printable(view.tenant())), HEADING)?;
    page.blank()?;
    if let Some(id) = &body.tenant.id {
        page.item("  tenant   ", DIM, &printable(id), PLAIN)?;
    }
    page.item("  users    ", DIM, &view.users(), PLAIN)?;
    some(page, &body.forests, EXAMPLES, "more forests", |page, forest| {
        let users = counted(forest.users, "user");
        let text = format!("{}: {users}, source anchor {}", printable(&forest.name), printable(&forest.anchor));
        page.item("  forest   ", DIM, &text, PLAIN)
    })?;
    page.item("  made     ", DIM, &made(view), PLAIN)?;
    if let Some(run) = &body.rollback_of {
        page.item("  undoes   ", DIM, &format!("the run {}", printable(run)), PLAIN)?;
    }
    let proof = &body.proof;
    let steps = format!(
        "{} carried out on the tenant model, {} tried",
        counted(proof.steps, "step"),
        counted(proof.interruptions, "interruption")
    );
    page.item("  proof    ", DIM, &steps, PLAIN)?;
    let color = match body.status {
        Status::Blocked => RED,
        Status::Partial => YELLOW,
        Status::Empty | Status::Ready => PLAIN,
    };
    page.item("  status   ", DIM, &format!("{}: {}", body.status.word(), status_meaning(body)), color)
}

/// When, by what and from what a plan was made.
pub(super) fn made(view: &PlanView<'_>) -> String {
    let meta = view.meta;
    let config = meta.config.as_ref().map(|config| format!(" from {config}")).unwrap_or_default();
    let commit = meta.commit.as_ref().map(|commit| format!(", commit {commit}")).unwrap_or_default();
    printable(&format!("{} by {}{config}{commit}", in_seconds(&meta.created_at), meta.tool)).into_owned()
}

/// A time without the fractions of its second.
fn in_seconds(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

fn findings(page: &mut Page<'_>, view: &PlanView<'_>, name: &str, groups: &[Group<'_>], color: anstyle::Style) -> io::Result<()> {
    let total: usize = groups.iter().map(|group| group.findings.len()).sum();
    if total == 0 {
        return Ok(());
    }
    page.heading(&format!("{name}: {}", number(total)), color)?;
    let limit = page.limit((FINDINGS / groups.len()).max(FINDINGS_OF_A_CODE));
    for group in groups {
        self::group(page, view, group, limit, color)?;
    }
    Ok(())
}

fn group(page: &mut Page<'_>, view: &PlanView<'_>, group: &Group<'_>, limit: usize, color: anstyle::Style) -> io::Result<()> {
    page.blank()?;
    let count = number(group.findings.len());
    page.item("  ", PLAIN, &format!("{} ({count}): {}", group.code, group.code.about()), color)?;
    let shared = group.shared_cure();
    for finding in group.findings.iter().take(limit) {
        let subject = finding.mapping.as_deref().map_or_else(|| "the whole plan".into(), |id| with_source(id, view.mapping(id)));
        page.item("  * ", PLAIN, &printable(&subject), HEADING)?;
        page.text("      ", &printable(&finding.message))?;
        objects(page, "      ", finding)?;
        if shared.is_none() {
            cure(page, "      ", finding)?;
        }
    }
    more(page, group.findings.len(), limit, "more")?;
    shared.map_or(Ok(()), |finding| cure(page, "    ", finding))
}

/// The objects that take part in a finding, one a line.
pub(super) fn objects(page: &mut Page<'_>, indent: &str, finding: &Finding) -> io::Result<()> {
    let limit = page.limit(OBJECTS);
    for object in finding.objects.iter().take(limit) {
        page.text(&format!("{indent}- "), &printable(object))?;
    }
    more(page, finding.objects.len(), limit, "more of them")
}

/// What to do about a finding.
pub(super) fn cure(page: &mut Page<'_>, indent: &str, finding: &Finding) -> io::Result<()> {
    if let Some(hint) = &finding.hint {
        page.item(&format!("{indent}hint: "), CYAN, &printable(hint), PLAIN)?;
    }
    for (step, number) in finding.steps.iter().zip(1..) {
        page.text(&format!("{indent}{number}. "), &printable(step))?;
    }
    Ok(())
}

/// A finding below what it is about: message, objects, and what to do.
pub(super) fn found(page: &mut Page<'_>, indent: &str, finding: &Finding) -> io::Result<()> {
    let color = match finding.severity {
        Severity::Blocker => RED,
        Severity::Warning => YELLOW,
        Severity::Info => CYAN,
    };
    let head = format!("{indent}{} {}: ", finding.severity.word(), finding.code);
    page.item(&head, color, &printable(&finding.message), PLAIN)?;
    let deeper = format!("{indent}  ");
    objects(page, &deeper, finding)?;
    cure(page, &deeper, finding)
}

/// A mapping and where it was written.
pub(super) fn with_source(id: &str, mapping: Option<&PlannedMapping>) -> String {
    match mapping.map(|mapping| &mapping.source) {
        Some(source) => format!("{id}  {}:{}", source.file, source.line),
        None => id.to_owned(),
    }
}

fn irreversible(page: &mut Page<'_>, view: &PlanView<'_>) -> io::Result<()> {
    if view.irreversible.is_empty() {
        return Ok(());
    }
    page.heading(&format!("Cannot be undone: {}", counted(view.irreversible.len(), "action")), RED)?;
    page.blank()?;
    let limit = page.limit(IRREVERSIBLE);
    for step in view.irreversible.iter().take(limit) {
        let text = format!("{} ({})", title_of(step), printable(&step.action.target.id));
        page.item(&format!("  ! {} ", step.number), color_of('!'), &text, PLAIN)?;
    }
    more(page, view.irreversible.len(), limit, "more that cannot be undone")
}

fn actions(page: &mut Page<'_>, view: &PlanView<'_>) -> io::Result<()> {
    if view.chapters.is_empty() {
        return Ok(());
    }
    page.heading(&format!("Actions: {}", number(view.body.actions.len())), HEADING)?;
    let limit = page.limit(CHAPTERS);
    for chapter in view.chapters.iter().take(limit) {
        self::chapter(page, view, chapter)?;
    }
    let left_out: usize = view.chapters.iter().skip(limit).map(|chapter| chapter.steps.len()).sum();
    if left_out == 0 {
        return Ok(());
    }
    page.blank()?;
    let mappings = counted(view.chapters.len() - limit, "mapping");
    page.left_out(&format!("{} of {mappings}", counted(left_out, "more action")))
}

fn chapter(page: &mut Page<'_>, view: &PlanView<'_>, chapter: &Chapter<'_>) -> io::Result<()> {
    page.blank()?;
    page.item("  ", PLAIN, &printable(&with_source(chapter.mapping, view.mapping(chapter.mapping))), HEADING)?;
    for step in &chapter.steps {
        self::step(page, step)?;
    }
    Ok(())
}

fn step(page: &mut Page<'_>, step: &Step<'_>) -> io::Result<()> {
    let sign = symbol(step.action);
    page.item(&format!("  {sign} {} ", step.number), color_of(sign), &title_of(step), PLAIN)?;
    for change in changes(step.action) {
        page.fact("      ", &change)?;
    }
    let kept: Vec<String> = preconditions(step.action).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    let after: Vec<String> = step.waits_for.iter().map(usize::to_string).collect();
    for (word, text) in
        [("only if", &*kept.join(", ")), ("after", &*after.join(", ")), ("because", &*printable(&step.action.reason))]
    {
        if !text.is_empty() {
            page.item(&format!("      {word} "), DIM, text, DIM)?;
        }
    }
    Ok(())
}

fn title_of(step: &Step<'_>) -> String {
    title(step.action).text(|value| printable(value).into_owned())
}

fn mappings(page: &mut Page<'_>, view: &PlanView<'_>) -> io::Result<()> {
    let rows = view.rows(MAPPINGS, page.shows_all());
    if rows.shown.is_empty() && rows.left_out.is_empty() {
        return Ok(());
    }
    page.heading(&format!("Mappings: {}", number(view.body.mappings.len())), HEADING)?;
    page.blank()?;
    let lines: Vec<_> = rows.shown.iter().map(|mapping| (PLAIN, row(mapping, view))).collect();
    page.table(&["state", "mapping", "AD user", "cloud user", "written at"], &lines)?;
    match rows.rest() {
        Some(rest) => page.left_out(&rest),
        None => Ok(()),
    }
}

fn row(mapping: &PlannedMapping, view: &PlanView<'_>) -> Vec<String> {
    let on_prem = mapping.on_prem.as_ref().map_or_else(|| view.nobody().ad_user(mapping).to_owned(), ad_user);
    let no_account = || view.nobody().cloud_user(mapping).to_owned();
    let cloud = mapping.cloud.as_ref().map_or_else(no_account, |cloud| cloud.upn.to_string());
    vec![
        format!("{} {}", state_symbol(mapping.state), mapping.state.word()),
        mapping.id.to_string(),
        on_prem,
        cloud,
        format!("{}:{}", mapping.source.file, mapping.source.line),
    ]
}

/// The shortest name of an AD user that says which one it is.
pub(super) fn ad_user(user: &PlanAdUser) -> String {
    let name =
        user.sam.as_deref().or(user.dn.as_deref()).map(str::to_owned).or_else(|| user.object_guid.map(|guid| guid.to_string()));
    match (&user.forest, name) {
        (Some(forest), Some(name)) => format!("{name} ({forest})"),
        (None, Some(name)) => name,
        (_, None) => "(only an ID was given)".into(),
    }
}

/// Findings below what they are about: some of each code, and how many more there are.
pub(super) fn some_found(page: &mut Page<'_>, indent: &str, findings: &[Finding]) -> io::Result<()> {
    let counts = count(findings.iter().map(|finding| finding.code));
    let limit = page.limit((FINDINGS / counts.len().max(1)).max(FINDINGS_OF_A_CODE));
    let mut shown: BTreeMap<Code, usize> = BTreeMap::new();
    for finding in findings {
        let shown = shown.entry(finding.code).or_default();
        *shown += 1;
        if *shown <= limit {
            found(page, indent, finding)?;
        }
    }
    counts.into_iter().try_for_each(|(code, count)| more(page, count, limit, &format!("more {code}")))
}
