//! Proposes mappings for whole forests: who belongs to whom by the evidence, and who is left to people.
//!
//! Every proposal is planned before it is shown; what the plan would block is not proposed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::questions::{Questions, Recorder};
use crate::model::{
    CloudKey, CloudSelector, CloudUser, Desired, DistinguishedName, GuidInput, Mapping, Observed, OnPremKey, OnPremSelector,
    OnPremSide, Source, Text, Upn,
};
use crate::tenant_model::UserRef;

use super::assemble::plan_ad_user;
use super::body::{Body, MappingState, PlanAdUser, PlanCloudUser};
use super::describe::ad_user_line;
use super::evidence::{Candidate, Evidence, pinned};
use super::finding::{Finding, Severity};
use super::hints::Hints;
use super::link::Link;
use super::pairing::{Confidence, Pairing, pair};
use super::rules::Claimed;
use super::world::{AdRef, World};
use super::{Options, ProofFailure, expand_rules, plan, resolve};

/// Which AD users mappings are proposed for. Evidence is looked for among all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only those of this forest.
    pub forest: Option<Text>,
    /// Only those below this container.
    pub under: Option<DistinguishedName>,
    /// Not those who are linked already.
    pub unlinked: bool,
}

/// What was found for the AD users in scope. Each of them is in exactly one of the lists, or counted in the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Discovery {
    /// Mappings to write.
    pub proposals: Vec<Proposal>,
    /// Somebody has to decide.
    pub left_out: Vec<LeftOut>,
    /// No account has anything of them.
    pub nobody: Vec<PlanAdUser>,
    /// How many there are of each kind.
    pub summary: DiscoverySummary,
}

/// Counts of AD users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscoverySummary {
    /// In scope.
    pub ad_users: u64,
    /// Mapped by the configuration already.
    pub mapped: u64,
    /// Left out by the sync client: system accounts and the like.
    pub excluded: u64,
    /// Linked, and not asked for.
    pub linked: u64,
}

/// A mapping, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proposal {
    /// The cloud user.
    pub cloud: PlanCloudUser,
    /// How the mapping names it: its sign-in name where that is enough, else its id.
    pub cloud_selector: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What is worth knowing about it, in sentences.
    pub notes: Vec<String>,
    /// The AD user.
    pub on_prem: PlanAdUser,
    /// How the mapping names it: a name where one is enough, else `null` for its GUID.
    pub on_prem_selector: Option<String>,
    /// Where the mapping stands: planned, armed or linked.
    pub state: MappingState,
}

/// An AD user for whom nothing is proposed, though some accounts have something of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeftOut {
    /// The accounts.
    pub candidates: Vec<LeftOutCandidate>,
    /// The AD user.
    pub on_prem: PlanAdUser,
    /// Why nothing is proposed.
    pub why: String,
}

/// An account that may belong to an AD user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeftOutCandidate {
    /// What speaks against it.
    pub against: Vec<String>,
    /// The account.
    pub cloud: PlanCloudUser,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// Whether it is in the recycle bin.
    pub is_deleted: bool,
    /// Whether it is synced.
    pub is_synced: bool,
}

/// Proposes a mapping for each AD user in scope that the configuration does not name; and says of which accounts it wanted to
/// know what no list tells ([`crate::model::questions::CloudQuestion::Details`]).
///
/// Both directories have to be read whole. `answered` are the questions whose answers `observed` holds; where one of the
/// returned ones is not among them, the result means nothing. A failure is as for a plan.
pub fn discover(
    desired: &Desired,
    observed: Observed,
    scope: &Scope,
    answered: &Questions,
) -> (Result<Discovery, ProofFailure>, Questions) {
    let recorder = Recorder::knowing(answered.clone(), true, true);
    let found = found(desired, &World::new(observed, recorder.clone()), scope);
    (found, recorder.questions())
}

fn found(desired: &Desired, world: &World, scope: &Scope) -> Result<Discovery, ProofFailure> {
    let mut sorted = Sorted::of(desired, scope, world);
    sorted.leave_shared_accounts(world);
    let body = sorted.leave_blocked(desired, world)?;
    Ok(sorted.discovery(&body, desired.mappings.len(), scope, world))
}

/// A pair on its way to a proposal.
pub(super) struct Pair {
    pub(super) ad: AdRef,
    pub(super) candidate: Candidate,
    pub(super) confidence: Confidence,
}

/// The AD users by what was found for them.
#[derive(Default)]
struct Sorted {
    pairs: Vec<Pair>,
    left_out: Vec<(AdRef, String, Vec<Candidate>)>,
    nobody: Vec<AdRef>,
    summary: DiscoverySummary,
}

impl Sorted {
    fn of(desired: &Desired, scope: &Scope, world: &World) -> Self {
        let (claimed, pinned) = (claimed(desired, world), pinned(world));
        let mut sorted = Self::default();
        for ad in world.forests.users_in(scope.forest.as_deref(), scope.under.as_ref()) {
            sorted.summary.ad_users += 1;
            if claimed.ad.contains(&ad) {
                sorted.summary.mapped += 1;
            } else if world.forests.user(ad).is_some_and(|user| user.excluded.is_some()) {
                sorted.summary.excluded += 1;
            } else {
                sorted.take(ad, pair(ad, world, &pinned), &claimed);
            }
        }
        sorted
    }

    fn take(&mut self, ad: AdRef, pairing: Pairing, claimed: &Claimed) {
        match pairing {
            Pairing::One { candidate, .. } if claimed.cloud.contains(&candidate.user) => {
                let why = "the configuration maps the account to another AD user".to_owned();
                self.left_out.push((ad, why, vec![candidate]));
            }
            Pairing::One { candidate, confidence } => self.pairs.push(Pair { ad, candidate, confidence }),
            Pairing::Unsure { why, candidates } => self.left_out.push((ad, why, candidates)),
            Pairing::Nobody => self.nobody.push(ad),
        }
    }

    /// Two AD users for one account: neither is proposed.
    fn leave_shared_accounts(&mut self, world: &World) {
        let mut takers: BTreeMap<UserRef, Vec<AdRef>> = BTreeMap::new();
        for pair in &self.pairs {
            takers.entry(pair.candidate.user).or_default().push(pair.ad);
        }
        self.leave(|pair| {
            let other = takers.get(&pair.candidate.user)?.iter().find(|other| **other != pair.ad)?;
            could_be_that_of(*other, world)
        });
    }

    fn leave(&mut self, why: impl Fn(&Pair) -> Option<String>) {
        for pair in std::mem::take(&mut self.pairs) {
            match why(&pair) {
                Some(why) => self.left_out.push((pair.ad, why, vec![pair.candidate])),
                None => self.pairs.push(pair),
            }
        }
    }

    /// Plans what is left until nothing of it is blocked. One that falls may leave another one without cure, so that there
    /// can be as many rounds as pairs.
    fn leave_blocked(&mut self, desired: &Desired, world: &World) -> Result<Body, ProofFailure> {
        loop {
            let body = plan(&with_pairs(desired, &self.pairs, world), world, &Options::default())?;
            let blockers = blockers(&body);
            let of_pairs = body.mappings.iter().skip(desired.mappings.len()).take(self.pairs.len());
            let blocked: BTreeMap<AdRef, String> = of_pairs
                .zip(&self.pairs)
                .filter_map(|(mapping, pair)| Some((pair.ad, told(blockers.get(mapping.id.as_str())?))))
                .collect();
            if blocked.is_empty() {
                return Ok(body);
            }
            self.leave(|pair| blocked.get(&pair.ad).cloned());
        }
    }

    fn discovery(self, body: &Body, before: usize, scope: &Scope, world: &World) -> Discovery {
        let mut discovery = Discovery { summary: self.summary, ..Discovery::default() };
        let planned = body.mappings.iter().skip(before);
        let mut findings: HashMap<&str, Vec<&Finding>> = HashMap::new();
        for finding in &body.findings {
            findings.entry(finding.mapping.as_deref().unwrap_or_default()).or_default().push(finding);
        }
        for (pair, mapping) in self.pairs.iter().zip(planned) {
            if scope.unlinked && mapping.state == MappingState::Linked {
                discovery.summary.linked += 1;
            } else {
                let findings = findings.get(mapping.id.as_str()).into_iter().flatten().copied();
                discovery.proposals.extend(proposal(pair, mapping.state, findings, world));
            }
        }
        let left_out = self.left_out.into_iter().filter_map(|(ad, why, candidates)| {
            let candidates = candidates.iter().filter_map(|candidate| told_candidate(candidate, world)).collect();
            Some((ad, LeftOut { candidates, on_prem: plan_ad_user(ad, world)?, why }))
        });
        let mut left_out: Vec<(AdRef, LeftOut)> = left_out.collect();
        left_out.sort_by_cached_key(|(ad, _)| world.forests.sort_key(*ad));
        discovery.left_out = left_out.into_iter().map(|(_, left_out)| left_out).collect();
        discovery.nobody = self.nobody.into_iter().filter_map(|ad| plan_ad_user(ad, world)).collect();
        discovery
    }
}

/// Why an account that is as good for another AD user is proposed for neither.
pub(super) fn could_be_that_of(other: AdRef, world: &World) -> Option<String> {
    Some(format!("the account could as well be that of {}", ad_user_line(other, world)?))
}

/// Who the configuration speaks for, by mappings and by rules.
fn claimed(desired: &Desired, world: &World) -> Claimed {
    let (from_rules, _) = expand_rules(desired, world);
    let mut claimed = Claimed::default();
    for mapping in desired.mappings.iter().chain(&from_rules) {
        let mut link = Link::new("", mapping);
        resolve::resolve(&mut link, world, &Hints::none());
        claimed.ad.extend(link.ad);
        claimed.cloud.extend(link.target);
    }
    claimed
}

fn with_pairs(desired: &Desired, pairs: &[Pair], world: &World) -> Desired {
    let proposed = pairs.iter().filter_map(|pair| mapping(pair, world));
    Desired { mappings: desired.mappings.iter().cloned().chain(proposed).collect(), ..desired.clone() }
}

pub(super) fn mapping(pair: &Pair, world: &World) -> Option<Mapping> {
    let (forest, user) = world.forests.get(pair.ad)?;
    let account = world.tenant.user(pair.candidate.user)?;
    let key = OnPremKey::Guid(GuidInput::Guid(user.guid));
    let on_prem = OnPremSelector { key, forest: Some(forest.name.clone()), text: user.dn.as_str().into() };
    let cloud = CloudSelector { key: CloudKey::Id(account.id), text: account.id.to_string().into() };
    let source = Source { file: Arc::from("proposed.yaml"), line: 0 };
    Some(Mapping::new(source, OnPremSide::User(on_prem), cloud))
}

fn blockers(body: &Body) -> BTreeMap<&str, &Finding> {
    let blocking = body.findings.iter().filter(|finding| finding.severity == Severity::Blocker);
    blocking.rev().filter_map(|finding| Some((finding.mapping.as_deref()?, finding))).collect()
}

fn told(finding: &Finding) -> String {
    format!("a plan would block it: {}: {}", finding.code, finding.message)
}

pub(super) fn proposal<'f>(
    pair: &Pair,
    state: MappingState,
    findings: impl Iterator<Item = &'f Finding>,
    world: &World,
) -> Option<Proposal> {
    let account = world.tenant.user(pair.candidate.user)?;
    let differs = pair.candidate.differs.iter().map(|what| format!("{what} differs"));
    let warnings = findings.filter(|finding| finding.severity == Severity::Warning);
    let warnings = warnings.map(|finding| match finding.objects.as_slice() {
        [] => format!("{}: {}", finding.code, finding.message),
        objects => format!("{}: {} ({})", finding.code, finding.message, objects.join("; ")),
    });
    Some(Proposal {
        cloud: PlanCloudUser::of(account),
        cloud_selector: cloud_selector(pair.ad, account, world),
        confidence: pair.confidence,
        evidence: pair.candidate.evidence.iter().copied().collect(),
        notes: differs.chain(warnings).collect(),
        on_prem: plan_ad_user(pair.ad, world)?,
        on_prem_selector: on_prem_selector(pair.ad, world),
        state,
    })
}

/// The sign-in name, where sync does not change it and nobody else has it.
fn cloud_selector(ad: AdRef, account: &CloudUser, world: &World) -> String {
    let name = account.original_upn();
    let stays = world.forests.user(ad).and_then(|user| user.upn.as_deref()) == Some(name);
    let is_enough = stays && name.parse::<Upn>().is_ok() && world.tenant.by_upn(name).len() == 1;
    if is_enough { name.to_owned() } else { account.id.to_string() }
}

/// The sign-in name, where nobody else has it.
fn on_prem_selector(ad: AdRef, world: &World) -> Option<String> {
    let name = world.forests.user(ad)?.upn.as_deref()?;
    let is_enough = name.parse::<Upn>().is_ok() && world.forests.by_upn(name, None).len() == 1;
    is_enough.then(|| name.to_owned())
}

pub(super) fn told_candidate(candidate: &Candidate, world: &World) -> Option<LeftOutCandidate> {
    let account = world.tenant.user(candidate.user)?;
    Some(LeftOutCandidate {
        against: candidate.against.clone(),
        cloud: PlanCloudUser::of(account),
        evidence: candidate.evidence.iter().copied().collect(),
        is_deleted: account.is_deleted(),
        is_synced: account.is_synced(),
    })
}
