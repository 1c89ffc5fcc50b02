//! Proposed mappings as YAML: each with its reasons above it, and as comments those that somebody has to decide.

use std::io;

use super::json::document;

use crate::model::text::{EXAMPLES, counted, is_harmful, number, printable};
use crate::plan::body::{MappingState, PlanAdUser};
use crate::plan::discover::{Discovery, LeftOut, LeftOutCandidate, Proposal};
use crate::plan::evidence::Evidence;

/// How many accounts are named for one AD user: ten that many are like, and those that have more of it.
pub(super) const CANDIDATES: usize = 2 * EXAMPLES;

/// How many AD users without an account are named where not all are asked for.
const NAMED: usize = 200;

/// A mapping in flow style, and the lines to stand above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedText {
    /// Comments without `#`, one line each.
    pub comments: Vec<String>,
    /// `{ onPrem: …, cloud: … }`
    pub flow: String,
}

/// The proposals, in their order.
#[must_use]
pub fn proposed_mappings(discovery: &Discovery) -> Vec<ProposedText> {
    discovery.proposals.iter().map(proposed).collect()
}

pub(super) fn proposed(proposal: &Proposal) -> ProposedText {
    let reason = format!("{}: {}", proposal.confidence.word(), reasons(&proposal.evidence));
    let state = match proposal.state {
        MappingState::Linked => "; linked",
        MappingState::Armed => "; waits for sync",
        MappingState::Planned | MappingState::Blocked | MappingState::Detached => "",
    };
    let head = format!("{} -> {}", name(&proposal.on_prem), printable(&proposal.cloud.upn));
    let notes = proposal.notes.iter().map(|note| format!("note: {}", printable(note)));
    let comments = [head, format!("{reason}{state}")].into_iter().chain(notes).collect();
    let flow = flow(&proposal.on_prem, proposal.on_prem_selector.as_deref(), &proposal.cloud_selector);
    ProposedText { comments, flow }
}

fn flow(on_prem: &PlanAdUser, selector: Option<&str>, cloud: &str) -> String {
    let on_prem = selector.map_or_else(|| by_guid(on_prem), scalar);
    format!("{{ onPrem: {on_prem}, cloud: {} }}", scalar(cloud))
}

fn by_guid(on_prem: &PlanAdUser) -> String {
    format!("{{ guid: {}, forest: {} }}", guid(on_prem), scalar(on_prem.forest.as_deref().unwrap_or_default()))
}

fn guid(user: &PlanAdUser) -> String {
    user.object_guid.map_or_else(String::new, |guid| guid.to_string())
}

/// What YAML reads as something else than text.
const KEYWORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "none"];

/// A text as YAML reads it back, whatever it holds.
fn scalar(text: &str) -> String {
    let is_simple = text.chars().all(|c| c.is_ascii_alphanumeric() || "._@-".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && !KEYWORDS.contains(&&*text.to_ascii_lowercase());
    let is_plain = is_simple && (is_word || text.contains('@') || text.split('-').count() == 5);
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for (at, c) in text.char_indices() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            _ if is_harmful(text, at, c) => out.push_str(&format!("\\U{:08X}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

fn reasons(evidence: &[Evidence]) -> String {
    evidence.iter().map(|evidence| evidence.about()).collect::<Vec<_>>().join(", ")
}

/// `CN=Eve,OU=Staff,DC=corp (corp)`
fn name(user: &PlanAdUser) -> String {
    let name = user.dn.as_ref().map_or_else(|| guid(user), ToString::to_string);
    format!("{} ({})", printable(&name), printable(user.forest.as_deref().unwrap_or_default()))
}

/// What follows the mappings: whom nothing was proposed for, as comments. `all` names everybody.
#[must_use]
pub fn left_out_comments(discovery: &Discovery, all: bool) -> String {
    let mut lines = Vec::new();
    if !discovery.left_out.is_empty() {
        let head = format!("Left out: {}, for somebody to decide.", counted(discovery.left_out.len(), "AD user"));
        lines.push(format!("{head} Move what is right up to `mappings`, without the `#`."));
        // Each of them is a mapping that somebody has to write or to leave.
        for left_out in &discovery.left_out {
            lines.push(String::new());
            lines.extend(of_left_out(left_out, all));
        }
        lines.push(String::new());
    }
    if !discovery.nobody.is_empty() {
        lines.push(format!(
            "No account has anything of {}; sync makes a new one for each:",
            counted(discovery.nobody.len(), "AD user")
        ));
        let shown = if all { usize::MAX } else { NAMED };
        lines.extend(discovery.nobody.iter().take(shown).map(|user| format!("  {}", name(user))));
        lines.extend(more_named(discovery.nobody.len().saturating_sub(shown)));
    }
    lines.iter().map(|line| format!("{}\n", format!("# {line}").trim_end())).collect()
}

fn more_named(count: usize) -> Option<String> {
    (count > 0).then(|| format!("  … and {} more; `hardmatch discover --all` names them", number(count)))
}

fn of_left_out(left_out: &LeftOut, all: bool) -> Vec<String> {
    let head = format!("{}, objectGUID {}", name(&left_out.on_prem), guid(&left_out.on_prem));
    let mut lines = vec![head, format!("  why: {}", printable(&left_out.why))];
    let shown = if all { usize::MAX } else { CANDIDATES };
    for candidate in left_out.candidates.iter().take(shown) {
        lines.push(format!("  {}", of_candidate(candidate)));
        lines.push(format!("  - {}", mapping_of(&left_out.on_prem, candidate)));
    }
    lines.extend(more_named(left_out.candidates.len().saturating_sub(shown)));
    lines
}

/// The mapping for whoever decides on a candidate.
pub(super) fn mapping_of(on_prem: &PlanAdUser, candidate: &LeftOutCandidate) -> String {
    let restore = if candidate.is_deleted { ", restore: true" } else { "" };
    format!("{{ onPrem: {}, cloud: {}{restore} }}", by_guid(on_prem), candidate.cloud.id)
}

pub(super) fn of_candidate(candidate: &LeftOutCandidate) -> String {
    let synced = if candidate.is_synced { ", synced" } else { "" };
    let deleted = if candidate.is_deleted { ", in the recycle bin" } else { "" };
    let against = candidate.against.iter().map(|against| format!("; but {}", printable(against)));
    let reasons = reasons(&candidate.evidence);
    format!("{}{synced}{deleted}: {reasons}{}", printable(&candidate.cloud.upn), against.collect::<String>())
}

/// Writes the discovery for scripts.
///
/// # Errors
/// Those of the writer.
pub fn discovery_json(discovery: &Discovery, out: &mut dyn io::Write) -> io::Result<()> {
    document("hardmatch/discovery", discovery, out)
}

/// One line for people who watch.
#[must_use]
pub fn discovery_line(discovery: &Discovery) -> String {
    let state = |state: MappingState| discovery.proposals.iter().filter(|proposal| proposal.state == state).count();
    let summary = &discovery.summary;
    let parts = [
        (state(MappingState::Planned), "proposed to be written"),
        (state(MappingState::Armed), "proposed and waiting for sync"),
        (state(MappingState::Linked), "proposed and linked already"),
        (discovery.left_out.len(), "left to somebody's decision"),
        (discovery.nobody.len(), "without an account"),
        (usize::try_from(summary.mapped).unwrap_or(usize::MAX), "in the configuration already"),
        (usize::try_from(summary.linked).unwrap_or(usize::MAX), "linked already"),
        (usize::try_from(summary.excluded).unwrap_or(usize::MAX), "that sync leaves out"),
    ];
    let told: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{} {words}", number(count))).collect();
    let users = counted(usize::try_from(summary.ad_users).unwrap_or(usize::MAX), "AD user");
    if told.is_empty() { users } else { format!("{users}: {}", told.join(" · ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_read_back_as_it_was() {
        for text in [
            "eve@x.example",
            "zoë@x.example",
            "o'dell@x.example",
            "a\"b\\c@x",
            "x\u{202e}y\n@z",
            "corp",
            "null",
            "1",
            "#a: b",
            "*a",
            "::add-mask::x ##vso[task.x]",
        ] {
            let read: Vec<String> = serde_yaml::from_str(&format!("[{}]", scalar(text))).unwrap();
            assert_eq!(read, [text]);
            assert_eq!(printable(&scalar(text)), scalar(text));
        }
        assert_eq!(scalar("eve@x.example"), "eve@x.example");
    }

    #[test]
    fn of_very_many_accounts_for_one_ad_user_some_are_named() {
        let on_prem = PlanAdUser {
            dn: Some("CN=u,DC=corp".into()),
            forest: Some("corp".into()),
            object_guid: None,
            object_sid: None,
            sam: None,
        };
        let cloud = crate::planfile::sample::sample().body.mappings.iter().find_map(|mapping| mapping.cloud.clone()).unwrap();
        let candidate =
            LeftOutCandidate { against: Vec::new(), cloud, evidence: Vec::new(), is_deleted: false, is_synced: false };
        let left_out = LeftOut { candidates: vec![candidate; CANDIDATES + 2], on_prem, why: "nothing decides".to_owned() };
        let discovery = Discovery { left_out: vec![left_out; 500], ..Discovery::default() };
        let (short, all) = (left_out_comments(&discovery, false), left_out_comments(&discovery, true));
        assert_eq!((short.matches("nothing decides").count(), short.matches("… and 2 more").count()), (500, 500));
        assert!(all.matches("nothing decides").count() == 500 && !all.contains("more;"));
    }
}
