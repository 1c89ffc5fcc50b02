//! The one projection of a plan that every format draws: the same order, the same words, the same counts.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use hashbrown::DefaultHashBuilder;

use super::nobody::Nobody;
use super::words;
use crate::model::text::number;
use crate::plan::action::Action;
use crate::plan::body::{Body, MappingState, PlannedMapping};
use crate::plan::finding::{Code, Finding, Severity};
use crate::planfile::{Meta, PlanFile, short};

/// A plan as it is shown.
#[derive(Debug)]
pub struct PlanView<'a> {
    /// About the making of the plan.
    pub meta: &'a Meta,
    /// What the plan says.
    pub body: &'a Body,
    /// The digest that is approved.
    pub digest: String,
    /// What stands in the way.
    pub blockers: Vec<Group<'a>>,
    /// What somebody should look at.
    pub warnings: Vec<Group<'a>>,
    /// What is good to know.
    pub notes: Vec<Group<'a>>,
    /// The steps that cannot be undone.
    pub irreversible: Vec<Step<'a>>,
    /// The steps of each mapping, in the order in which the first of them is carried out.
    pub chapters: Vec<Chapter<'a>>,
    /// By their ids; made when the first is looked up.
    mappings: OnceLock<HashMap<&'a str, &'a PlannedMapping, DefaultHashBuilder>>,
    nobody: OnceLock<Nobody<'a>>,
}

/// The findings of one code.
#[derive(Debug)]
pub struct Group<'a> {
    /// The code.
    pub code: Code,
    /// Its findings, in the order of the plan.
    pub findings: Vec<&'a Finding>,
}

impl<'a> Group<'a> {
    /// Several findings that are cured alike: the cure is said once.
    #[must_use]
    pub fn shared_cure(&self) -> Option<&'a Finding> {
        let (first, rest) = self.findings.split_first()?;
        let cured = first.hint.is_some() || !first.steps.is_empty();
        let alike = |finding: &&Finding| finding.hint == first.hint && finding.steps == first.steps;
        (cured && !rest.is_empty() && rest.iter().all(alike)).then_some(first)
    }
}

/// An action with its place in the order of execution.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// From 1.
    pub number: usize,
    /// What is done.
    pub action: &'a Action,
    /// The steps of other mappings that must be done first.
    pub waits_for: Vec<usize>,
}

/// The steps of one mapping.
#[derive(Debug)]
pub struct Chapter<'a> {
    /// The mapping.
    pub mapping: &'a str,
    /// Its steps.
    pub steps: Vec<Step<'a>>,
}

/// The rows of a table that are shown, and what the rest is.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// Shown.
    pub(super) shown: Vec<&'a PlannedMapping>,
    /// Left out, by state.
    pub(super) left_out: Vec<(MappingState, usize)>,
}

impl<'a> PlanView<'a> {
    /// Looks at a plan.
    #[must_use]
    pub fn new(plan: &'a PlanFile) -> Self {
        Self::with_digest(plan, plan.digest())
    }

    /// The same where the digest was taken already.
    #[must_use]
    pub fn with_digest(plan: &'a PlanFile, digest: String) -> Self {
        let PlanFile { meta, body } = plan;
        let chapters = chapters(&body.actions);
        let mut irreversible: Vec<Step<'a>> =
            chapters.iter().flat_map(|chapter| &chapter.steps).filter(|step| !step.action.reversible).cloned().collect();
        irreversible.sort_unstable_by_key(|step| step.number);
        Self {
            meta,
            body,
            digest,
            blockers: groups(&body.findings, Severity::Blocker),
            warnings: groups(&body.findings, Severity::Warning),
            notes: groups(&body.findings, Severity::Info),
            irreversible,
            chapters,
            mappings: OnceLock::new(),
            nobody: OnceLock::new(),
        }
    }

    /// The mapping with this id.
    #[must_use]
    pub fn mapping(&self, id: &str) -> Option<&'a PlannedMapping> {
        let by_id = || self.body.mappings.iter().map(|mapping| (mapping.id.as_str(), mapping)).collect();
        self.mappings.get_or_init(by_id).get(id).copied()
    }

    /// What stands in the place of users that mappings do not have.
    pub(super) fn nobody(&self) -> &Nobody<'a> {
        self.nobody.get_or_init(|| Nobody::of(self.body, &self.blockers))
    }

    /// What people call the tenant.
    #[must_use]
    pub fn tenant(&self) -> &'a str {
        words::tenant_name(&self.body.tenant)
    }

    /// How many users the tenant has; the plan of a rollback knows how many there were before the run that it undoes.
    pub(super) fn users(&self) -> String {
        let (live, deleted) = (number(self.body.tenant.users), number(self.body.tenant.deleted_users));
        let when = if self.body.rollback_of.is_some() { " before the run" } else { "" };
        format!("{live} live, {deleted} in the recycle bin{when}")
    }

    /// The first characters of the digest.
    #[must_use]
    pub fn short_digest(&self) -> &str {
        short(&self.digest)
    }

    /// The plan in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let parts = [
            actions_line(&self.body.actions),
            mappings_line(self.body.mappings.iter().map(|mapping| mapping.state)),
            findings_line(self.body.findings.iter()),
            self.body.status.word().to_owned(),
            format!("digest {}", self.short_digest()),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("Plan: {}", parts.join(" · "))
    }

    /// The mappings: all when there are few or `all` is wanted, else those that need reading, the blocked ones first.
    #[must_use]
    pub(super) fn rows(&self, limit: usize, all: bool) -> Rows<'a> {
        let mappings = &self.body.mappings;
        if all || mappings.len() <= limit {
            return Rows { shown: mappings.iter().collect(), left_out: Vec::new() };
        }
        let of = |state: MappingState| mappings.iter().filter(move |mapping| mapping.state == state);
        let shown: Vec<_> = of(MappingState::Blocked).chain(of(MappingState::Planned)).take(limit).collect();
        let mut left = count(mappings.iter().map(|mapping| mapping.state));
        for (state, shown) in count(shown.iter().map(|mapping| mapping.state)) {
            left.entry(state).and_modify(|left| *left -= shown);
        }
        let left_out = words::STATES.into_iter().filter_map(|state| Some((state, *left.get(&state).filter(|left| **left > 0)?)));
        let left_out = left_out.collect();
        Rows { shown, left_out }
    }
}

impl Rows<'_> {
    /// `9,950 more mappings: 9,900 linked, 50 armed`; nothing when all are shown.
    #[must_use]
    pub(super) fn rest(&self) -> Option<String> {
        let total: usize = self.left_out.iter().map(|(_, count)| count).sum();
        let states: Vec<String> = self
            .left_out
            .iter()
            .map(|(state, count)| format!("{} {}", crate::model::text::number(*count), state.word()))
            .collect();
        (total > 0).then(|| format!("{}: {}", crate::model::text::counted(total, "more mapping"), states.join(", ")))
    }
}

fn groups(findings: &[Finding], severity: Severity) -> Vec<Group<'_>> {
    let mut by_code: HashMap<Code, Vec<&Finding>> = HashMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == severity) {
        by_code.entry(finding.code).or_default().push(finding);
    }
    let in_order = Code::ALL.iter().filter_map(|code| Some(Group { code: *code, findings: by_code.remove(code)? }));
    let mut groups: Vec<Group<'_>> = in_order.collect();
    // What concerns the plan as a whole is read first.
    groups.sort_by_key(|group| group.findings.iter().all(|finding| finding.mapping.is_some()));
    groups
}

fn chapters(actions: &[Action]) -> Vec<Chapter<'_>> {
    let numbers: HashMap<&str, (usize, &str)> =
        actions.iter().zip(1..).map(|(action, number)| (action.id.as_str(), (number, action.mapping.as_str()))).collect();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut chapters: Vec<Chapter<'_>> = Vec::new();
    for (action, number) in actions.iter().zip(1..) {
        let earlier = action.depends_on.iter().filter_map(|id| numbers.get(id.as_str()));
        let waits_for = earlier.filter(|(_, mapping)| *mapping != action.mapping).map(|(number, _)| *number).collect();
        let place = *places.entry(action.mapping.as_str()).or_insert(chapters.len());
        if place == chapters.len() {
            chapters.push(Chapter { mapping: &action.mapping, steps: Vec::new() });
        }
        if let Some(chapter) = chapters.get_mut(place) {
            chapter.steps.push(Step { number, action, waits_for });
        }
    }
    chapters
}

fn actions_line(actions: &[Action]) -> String {
    let counts = count(actions.iter().map(|action| action.kind));
    let parts: Vec<String> =
        words::COUNTED.into_iter().filter_map(|kind| Some(words::to_do(kind, *counts.get(&kind)?))).collect();
    if parts.is_empty() { "nothing to do".into() } else { parts.join(", ") }
}

/// `2 mappings linked, 1 blocked`.
pub(super) fn mappings_line(states: impl Iterator<Item = MappingState>) -> String {
    let counts = count(states);
    let mut parts: Vec<String> = Vec::new();
    for (state, count) in words::STATES.into_iter().filter_map(|state| Some((state, *counts.get(&state)?))) {
        let subject =
            if parts.is_empty() { crate::model::text::counted(count, "mapping") } else { crate::model::text::number(count) };
        parts.push(format!("{subject} {}", state.word()));
    }
    if parts.is_empty() { "no mappings".into() } else { parts.join(", ") }
}

/// `1 blocker, 2 warnings`; nothing when there are none.
pub(super) fn findings_line<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let counts = count(findings.map(|finding| finding.severity));
    let parts: Vec<String> =
        Severity::ALL.into_iter().filter_map(|severity| Some(words::findings(severity, *counts.get(&severity)?))).collect();
    parts.join(", ")
}

/// How often each item occurs.
pub(super) fn count<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}
