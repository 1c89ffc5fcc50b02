//! Putting the parts of a plan together: states, status and counts that add up.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crate::model::{Desired, Notice, NoticeKind, OnPremSide};

use super::Options;
use super::action::{Action, ActionKind};
use super::body::{
    Body, Inputs, MappingState, PlanAdUser, PlanForest, PlanSource, PlanTenant, PlannedMapping, Proof, Status, Summary,
};
use super::draft::Draft;
use super::finding::{Code, Finding, Severity};
use super::link::Link;
use super::linked::is_linked;
use super::parallel;
use super::shown::Shown;
use super::world::{AdRef, World};

/// Everything that a body is made of.
pub(super) struct Parts<'a> {
    pub(super) desired: &'a Desired,
    pub(super) options: &'a Options,
    pub(super) draft: Draft<'a>,
    /// Where each mapping stands.
    pub(super) states: Vec<MappingState>,
    pub(super) actions: Vec<Action>,
    pub(super) general: Vec<Finding>,
    pub(super) proof: Proof,
}

pub(super) fn body<'w>(parts: Parts<'_>, held: impl Borrow<World> + Into<Shown<'w>>) -> Body {
    let Parts { desired, options, draft, states, actions, general, proof } = parts;
    let mut links = draft.links;
    let world = held.borrow();
    let (forests, tenant) = (forests(world), tenant(world));
    // All that is needed from here on. Where the world is not only lent, the rows get the room of what it held.
    let shown: Shown<'_> = held.into();
    let mut stated: Vec<(&mut Link<'_>, MappingState)> = links.iter_mut().zip(states).collect();
    let mappings = parallel::map(&mut stated, |_, (link, state)| planned_mapping(link, *state, &shown));
    drop(shown);
    let findings = sorted_findings(general, links);
    let status = status(&actions, &findings, options);
    let summary = summary(&mappings, &actions, &findings);
    Body {
        summary,
        actions,
        findings,
        forests,
        inputs: Inputs { config: desired.config_sha256.clone(), policy: desired.policy_sha256.clone() },
        mappings,
        proof,
        leaves: Vec::new(),
        rollback_of: None,
        status,
        tenant,
    }
}

/// General findings first, then those of each mapping in order; the heaviest first.
fn sorted_findings(mut general: Vec<Finding>, links: Vec<Link<'_>>) -> Vec<Finding> {
    let key = |finding: &Finding| (finding.severity, finding.code.as_str(), finding.message.clone());
    general.sort_by_key(key);
    for mut link in links {
        link.place_decisions();
        link.findings.sort_by_key(key);
        general.extend(link.findings);
    }
    general
}

fn status(actions: &[Action], findings: &[Finding], options: &Options) -> Status {
    let blockers = || findings.iter().filter(|finding| finding.severity == Severity::Blocker);
    if blockers().any(|finding| finding.mapping.is_none()) || (!options.partial && blockers().next().is_some()) {
        Status::Blocked
    } else if blockers().next().is_some() {
        Status::Partial
    } else if actions.is_empty() {
        Status::Empty
    } else {
        Status::Ready
    }
}

/// The counts of a plan.
pub(crate) fn summary(mappings: &[PlannedMapping], actions: &[Action], findings: &[Finding]) -> Summary {
    let mut summary = Summary::default();
    summary.actions.extend(ActionKind::ALL.iter().map(|kind| (kind.name().to_owned(), 0)));
    summary.findings.extend(Severity::ALL.iter().map(|severity| (severity.word().to_owned(), 0)));
    summary.mappings.extend(MappingState::ALL.iter().map(|state| (state.word().to_owned(), 0)));
    let count = |counts: &mut BTreeMap<String, u64>, word: &str| {
        if let Some(count) = counts.get_mut(word) {
            *count += 1;
        }
    };
    actions.iter().for_each(|action| count(&mut summary.actions, action.kind.name()));
    findings.iter().for_each(|finding| count(&mut summary.findings, finding.severity.word()));
    mappings.iter().for_each(|mapping| count(&mut summary.mappings, mapping.state.word()));
    summary
}

/// Takes what the link has no more use for.
fn planned_mapping(link: &mut Link<'_>, state: MappingState, shown: &Shown<'_>) -> PlannedMapping {
    let source = PlanSource { file: (&*link.mapping.source.file).into(), line: link.mapping.source.line };
    PlannedMapping {
        anchor: link.anchor.as_ref().map(|anchor| anchor.value.as_str().into()),
        anchor_from: link.anchor.as_ref().map(|anchor| anchor.origin.word().into()),
        cloud: link.target.and_then(|target| shown.account(target)),
        id: link.id.into(),
        next_sync: link.next_sync.take(),
        on_prem: on_prem(link, shown),
        source,
        state,
    }
}

fn on_prem(link: &Link<'_>, shown: &Shown<'_>) -> Option<PlanAdUser> {
    if let Some(user) = link.ad.and_then(|user| shown.ad_user(user)) {
        return Some(user);
    }
    link.anchor.is_some().then(|| PlanAdUser { dn: None, forest: None, object_guid: link.given(), object_sid: None, sam: None })
}

/// An AD user as files name it.
pub(super) fn plan_ad_user(user: AdRef, world: &World) -> Option<PlanAdUser> {
    world.forests.get(user).map(|(forest, user)| PlanAdUser::of(user, &forest.name))
}

/// Where a mapping stands, once everything is known of it.
pub(super) fn state(link: &Link<'_>, acts: bool, world: &World) -> MappingState {
    let linked = || link.target_user(world).is_some_and(|account| is_linked(link, account, world));
    if link.is_blocked() {
        MappingState::Blocked
    } else if acts {
        MappingState::Planned
    } else if link.mapping.on_prem == OnPremSide::Nobody {
        MappingState::Detached
    } else if linked() {
        MappingState::Linked
    } else {
        MappingState::Armed
    }
}

fn forests(world: &World) -> Vec<PlanForest> {
    let forest = |forest: &crate::model::ObservedForest| PlanForest {
        anchor: forest.anchor.to_string(),
        domain_sid: forest.domain_sid.as_ref().map(|sid| sid.to_string()),
        name: forest.name.to_string(),
        users: forest.size(),
    };
    world.forests.all().iter().map(forest).collect()
}

pub(super) fn tenant(world: &World) -> PlanTenant {
    let observed = world.tenant.observed();
    PlanTenant {
        deleted_users: observed.deleted_count(),
        id: observed.id.as_ref().map(ToString::to_string),
        initial_domain: observed.initial_domain.as_ref().map(ToString::to_string),
        users: observed.live_count(),
    }
}

/// What reading the files found odd.
pub(super) fn notice_finding(notice: &Notice) -> Finding {
    let code = match notice.kind {
        NoticeKind::InputTrimmed => Code::InputTrimmed,
        NoticeKind::DuplicateRow => Code::DuplicateRow,
    };
    Finding::general(code, notice.message.clone()).objects([format!("{}:{}", notice.source.file, notice.source.line)])
}
