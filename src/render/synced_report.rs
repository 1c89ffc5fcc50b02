//! The report on who is linked how.

use std::collections::BTreeMap;
use std::io;

use super::json::document;
use super::page::{CYAN, DIM, HEADING, PLAIN, Page, Style, YELLOW, some};

use crate::model::text::{EXAMPLES, counted, number, printable};
use crate::plan::synced_report::{ForestLinks, IdForm, IdOrigin, IdProof, SyncState, SyncedReport};

/// How many accounts are shown where not all are asked for.
const ROWS: usize = 50;

/// Writes the report for people.
///
/// # Errors
/// Those of the writer.
pub fn synced_report_human(report: &SyncedReport, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(out, style);
    page.item("", PLAIN, "hardmatch discover: who is linked how", HEADING)?;
    counts(page, "Live accounts", &report.accounts, about_state)?;
    counts(page, "ImmutableIDs of synced accounts", &report.forms, about_form)?;
    counts(page, "Where they come from", &report.origins, about_origin)?;
    counts(page, "What SID and object identifier say of that AD user", &report.proofs, about_proof)?;
    page.heading("Forests", HEADING)?;
    some(page, &report.forests, EXAMPLES, "more forests", |page, forest| page.text("  ", &forest_line(forest)))?;
    odd(page, report)?;
    page.last(&last_line(report), "`hardmatch discover --synced-report --all` shows every account")
}

/// Writes the report for scripts.
///
/// # Errors
/// Those of the writer.
pub fn synced_report_json(report: &SyncedReport, out: &mut dyn io::Write) -> io::Result<()> {
    document("hardmatch/synced-report", report, out)
}

fn counts<K: Copy>(page: &mut Page<'_>, head: &str, counts: &BTreeMap<K, u64>, about: fn(K) -> &'static str) -> io::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    page.heading(head, HEADING)?;
    for (key, count) in counts {
        page.item(&format!("  {:>9}  ", number(usize::try_from(*count).unwrap_or(usize::MAX))), CYAN, about(*key), PLAIN)?;
    }
    Ok(())
}

fn about_state(state: SyncState) -> &'static str {
    match state {
        SyncState::Synced => "synced",
        SyncState::Armed => "armed: not synced, with the anchor of an AD user; the next sync takes them over",
        SyncState::Stale => "not synced, with an ImmutableID of nobody who was read",
        SyncState::CloudOnly => "without ImmutableID",
    }
}

fn about_form(form: IdForm) -> &'static str {
    match form {
        IdForm::Guid => "the base64 of a GUID",
        IdForm::WrongByteOrder => "a GUID in the wrong byte order",
        IdForm::OddSpelling => "a GUID in another spelling",
        IdForm::Opaque => "no GUID",
        IdForm::Missing => "none",
    }
}

fn about_origin(origin: IdOrigin) -> &'static str {
    match origin {
        IdOrigin::ObjectGuidOrBoth => "objectGUID, with mS-DS-ConsistencyGuid the same or empty",
        IdOrigin::ObjectGuid => "objectGUID, though mS-DS-ConsistencyGuid is another",
        IdOrigin::ConsistencyGuid => "mS-DS-ConsistencyGuid, which is not objectGUID",
        IdOrigin::Attribute => "the configured attribute",
        IdOrigin::EmployeeId => "employeeID, which the configuration does not name as `anchor`",
        IdOrigin::Nobody => "no AD user that was read",
    }
}

fn about_proof(proof: IdProof) -> &'static str {
    match proof {
        IdProof::Proven => "they are those of the AD user: linked",
        IdProof::Unproven => "nothing that could be compared",
        IdProof::Contradicted => "one of them is that of somebody else",
    }
}

fn forest_line(forest: &ForestLinks) -> String {
    let seems = match forest.seems() {
        Some(attribute) => format!(
            "the accounts seem to use {attribute} ({} by objectGUID alone, {} by mS-DS-ConsistencyGuid alone, {} by another attribute)",
            forest.by_object_guid, forest.by_consistency_guid, forest.by_attribute
        ),
        None => "from no account can be told which attribute is used".to_owned(),
    };
    format!(
        "{}: {} of {} linked; `anchor: {}`; {seems}",
        printable(&forest.name),
        number(usize::try_from(forest.linked).unwrap_or(usize::MAX)),
        counted(usize::try_from(forest.users).unwrap_or(usize::MAX), "AD user"),
        printable(&forest.anchor)
    )
}

fn odd(page: &mut Page<'_>, report: &SyncedReport) -> io::Result<()> {
    if report.odd.is_empty() {
        return Ok(());
    }
    page.heading("To be looked at", HEADING)?;
    let limit = page.limit(ROWS);
    for odd in report.odd.iter().take(limit) {
        page.item("  ", YELLOW, &format!("{} (id {}) {}", printable(&odd.cloud.upn), odd.cloud.id, odd.what), PLAIN)?;
        if let Some(id) = &odd.immutable_id {
            page.item("    ImmutableID ", DIM, &printable(id), PLAIN)?;
        }
    }
    if report.odd.len() > limit {
        page.left_out(&counted(report.odd.len() - limit, "more account"))?;
    }
    Ok(())
}

fn last_line(report: &SyncedReport) -> String {
    let all: u64 = report.accounts.values().sum();
    let count = |state: SyncState| report.accounts.get(&state).copied().unwrap_or_default();
    let parts = [
        (count(SyncState::Synced), "synced"),
        (count(SyncState::Armed), "armed"),
        (count(SyncState::Stale), "with an ImmutableID of nobody"),
        (count(SyncState::CloudOnly), "without ImmutableID"),
    ];
    let told: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
    format!("{}: {}", counted(usize::try_from(all).unwrap_or(usize::MAX), "live account"), told.join(" · "))
}
