//! Where every mapping stands now, with what proves it.

use std::collections::{BTreeMap, HashMap};
use std::io;

use serde::{Deserialize, Serialize};

use super::comment::{Comment, Part, sticky};
use super::escape::{code, prose};
use super::facts::guid_of;
use super::human::{ad_user, some_found};
use super::json::document;
use super::next_sync::sentence;
use super::nobody;
use super::page::{DIM, HEADING, PLAIN, Page, Style, color_of};
use super::view::{findings_line, mappings_line};
use super::words::{STATES, state_symbol, tenant_name};
use crate::model::text::{counted, number, printable};
use crate::plan::body::{Body, MappingState, PlanAdUser, PlanCloudUser, PlanSource, PlanTenant, PlannedMapping};
use crate::plan::finding::{Code, Finding};
use crate::plan::next_sync::{NextSync, Outcome};

/// How many mappings are shown where not all are asked for.
const ROWS: usize = 50;

/// How many characters of a message are shown in a comment.
const MESSAGE: usize = 400;

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyReport {
    /// Findings about the whole.
    pub findings: Vec<Finding>,
    /// Every mapping, once, under the same names as in a plan.
    #[serde(rename = "mappings")]
    pub rows: Vec<VerifyRow>,
    /// Mappings by state; every state is named.
    pub summary: BTreeMap<String, u64>,
    /// The tenant.
    pub tenant: PlanTenant,
}

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyRow {
    /// The cloud user.
    pub cloud: Option<PlanCloudUser>,
    /// What proves the state, in sentences.
    pub facts: Vec<String>,
    /// What was found about it.
    pub findings: Vec<Finding>,
    /// Its id.
    #[serde(rename = "id")]
    pub mapping: String,
    /// The AD user.
    pub on_prem: Option<PlanAdUser>,
    /// Where it was written.
    pub source: PlanSource,
    /// Where it stands.
    pub state: MappingState,
    /// What must happen before it is done.
    pub waits_for: Option<String>,
}

impl VerifyReport {
    /// What a fresh plan says about the state of its mappings; facts of the directories can be added to the rows.
    #[must_use]
    pub fn new(body: &Body) -> Self {
        let mut findings: HashMap<Option<&str>, Vec<Finding>> = HashMap::new();
        for finding in &body.findings {
            findings.entry(finding.mapping.as_deref()).or_default().push(finding.clone());
        }
        let mut writes: HashMap<&str, usize> = HashMap::new();
        for action in &body.actions {
            *writes.entry(&action.mapping).or_default() += 1;
        }
        let mut rows = Vec::with_capacity(body.mappings.len());
        for mapping in &body.mappings {
            let id = mapping.id.as_str();
            let found = findings.remove(&Some(id)).unwrap_or_default();
            rows.push(row(mapping, found, writes.get(id).copied().unwrap_or_default()));
        }
        // What names no mapping of the plan is about the whole.
        let findings =
            body.findings.iter().filter(|finding| findings.contains_key(&finding.mapping.as_deref())).cloned().collect();
        Self { findings, rows, summary: body.summary.mappings.clone(), tenant: body.tenant.clone() }
    }

    /// The report in one line.
    #[must_use]
    pub fn summary_line(&self) -> String {
        let mappings = mappings_line(self.rows.iter().map(|row| row.state));
        let found = findings_line(self.rows.iter().flat_map(|row| &row.findings).chain(&self.findings));
        let parts: Vec<String> = [mappings, found].into_iter().filter(|part| !part.is_empty()).collect();
        format!("Verify: {}", parts.join(" · "))
    }

    /// The rows, what needs reading first.
    fn sorted(&self) -> Vec<&VerifyRow> {
        let mut rows: Vec<&VerifyRow> = self.rows.iter().collect();
        rows.sort_by_key(|row| STATES.iter().position(|state| *state == row.state));
        rows
    }
}

fn row(mapping: &PlannedMapping, findings: Vec<Finding>, writes: usize) -> VerifyRow {
    let waits_for = match mapping.state {
        MappingState::Planned => Some(format!("{} of a plan to be applied", counted(writes, "write"))),
        MappingState::Armed if refused(&findings, mapping) => {
            Some("what keeps sync from taking over, then a sync cycle".to_owned())
        }
        MappingState::Armed => Some("the next sync cycle to take over".to_owned()),
        MappingState::Blocked => {
            findings.iter().find(|finding| finding.code == Code::WaitsFor).map(|finding| finding.message.clone())
        }
        MappingState::Detached | MappingState::Linked => None,
    };
    let wanted = mapping.anchor.as_ref().map(|anchor| {
        let guid = guid_of(anchor).map(|guid| format!(" (GUID {guid})")).unwrap_or_default();
        let from = mapping.anchor_from.as_ref().map(|from| format!(", from {from}")).unwrap_or_default();
        format!("wanted ImmutableID {anchor}{guid}{from}")
    });
    let next_sync = mapping.next_sync.as_ref().filter(|_| mapping.state != MappingState::Linked);
    // What is said there is true once the writes are made.
    let when = if mapping.state == MappingState::Planned { "then the next sync" } else { "next sync" };
    let next_sync = next_sync.map(|next| format!("{when}: {}", sentence(next, str::to_owned, str::to_owned)));
    VerifyRow {
        cloud: mapping.cloud.clone(),
        facts: wanted.into_iter().chain(next_sync).collect(),
        findings,
        mapping: mapping.id.to_string(),
        on_prem: mapping.on_prem.clone(),
        source: mapping.source.clone(),
        state: mapping.state,
        waits_for,
    }
}

/// Whether sync will not take over as things stand.
fn refused(findings: &[Finding], mapping: &PlannedMapping) -> bool {
    let takes_over = |next: &NextSync| matches!(next.outcome, Outcome::HardMatch | Outcome::AlreadyLinked);
    findings.iter().any(|finding| finding.code == Code::HardMatchBlocked)
        || mapping.next_sync.as_ref().is_some_and(|next| !takes_over(next))
}

/// The two users of a row.
fn pair(row: &VerifyRow, write: impl Fn(&str) -> String) -> String {
    let codes = || row.findings.iter().map(|finding| finding.code);
    let on_prem = row.on_prem.as_ref().map_or_else(|| nobody::ad_user(codes()).to_owned(), |user| write(&ad_user(user)));
    let cloud = row.cloud.as_ref().map_or_else(|| nobody::cloud_user(codes()).to_owned(), |cloud| write(&cloud.upn));
    format!("{on_prem} -> {cloud}")
}

/// Writes the report for people.
///
/// # Errors
/// Those of the writer.
pub fn verify_human(report: &VerifyReport, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let page = &mut Page::new(out, style);
    page.item("", PLAIN, &format!("hardmatch verify for {}", printable(tenant_name(&report.tenant))), HEADING)?;
    let rows = report.sorted();
    let limit = page.limit(ROWS);
    for row in rows.iter().take(limit) {
        page.blank()?;
        human_row(page, row)?;
    }
    if rows.len() > limit {
        page.blank()?;
        page.left_out(&mappings_line(rows.iter().skip(limit).map(|row| row.state)))?;
    }
    if !report.findings.is_empty() {
        page.heading("About the whole", HEADING)?;
        some_found(page, "  ", &report.findings)?;
    }
    page.last(&report.summary_line(), "`hardmatch verify --all` shows every row")
}

fn human_row(page: &mut Page<'_>, row: &VerifyRow) -> io::Result<()> {
    let sign = state_symbol(row.state);
    let title = format!("{}  {}:{}", row.mapping, row.source.file, row.source.line);
    page.item(&format!("{sign} {:8} ", row.state.word()), color_of(sign), &printable(&title), HEADING)?;
    page.text("    ", &pair(row, |value| printable(value).into_owned()))?;
    for fact in &row.facts {
        page.text("    ", &printable(fact))?;
    }
    some_found(page, "    ", &row.findings)?;
    match &row.waits_for {
        Some(what) => page.item("    waits for: ", DIM, &printable(what), PLAIN),
        None => Ok(()),
    }
}

/// Writes the report for a pull request: below 60,000 bytes, whatever it holds.
#[must_use]
pub fn verify_markdown(report: &VerifyReport) -> String {
    let sticky = sticky("verify", &report.tenant, None);
    let (summary, tenant) = (report.summary_line(), code(tenant_name(&report.tenant)));
    let head = format!("{sticky}## hardmatch verify\n\n**{summary}**\n\ntenant {tenant}\n\n");
    let rows = report.sorted();
    let mappings = Part::new(
        format!("Mappings: {}", number(rows.len())),
        80,
        &["state", "mapping", "AD user -> cloud user", "proof", "what was found", "waits for"],
    )
    .rows(rows.len(), rows.iter().map(|row| markdown_row(row)).enumerate());
    let found = report.findings.iter().map(|finding| vec![found_cell(finding)]);
    let whole = Part::new(format!("About the whole: {}", number(report.findings.len())), 20, &["what was found"])
        .rows(report.findings.len(), found.enumerate());
    Comment { head, parts: vec![whole, mappings], rest_is: "Every row: `hardmatch verify --all`.".into() }.write()
}

fn markdown_row(row: &VerifyRow) -> Vec<String> {
    let lines = |lines: &mut dyn Iterator<Item = String>| lines.take(8).collect::<Vec<_>>().join("<br>");
    vec![
        format!("`{}` {}", state_symbol(row.state), row.state.word()),
        format!("{}<br>{}", code(&row.mapping), code(&format!("{}:{}", row.source.file, row.source.line))),
        pair(row, code),
        lines(&mut row.facts.iter().map(|fact| prose(fact, MESSAGE))),
        lines(&mut row.findings.iter().map(found_cell)),
        row.waits_for.as_deref().map(|what| prose(what, MESSAGE)).unwrap_or_default(),
    ]
}

fn found_cell(finding: &Finding) -> String {
    format!("{} {}: {}", finding.severity.word(), finding.code, prose(&finding.message, MESSAGE))
}

/// Writes the report for scripts.
///
/// # Errors
/// Those of the writer.
pub fn verify_json(report: &VerifyReport, out: &mut dyn io::Write) -> io::Result<()> {
    document("hardmatch/verify", report, out)
}
