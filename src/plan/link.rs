//! A mapping on its way through planning: what it resolved to, what was found, what is to be done.

use enumset::EnumSet;
use thin_vec::ThinVec;

use crate::model::{Acceptable, AdUser, AnchorOrigin, CloudUser, Mapping, ObjectGuid, Resolve, Sid, SourceAnchor, Upn};
use crate::tenant_model::UserRef;

use super::finding::{Code, Finding, Severity};
use super::next_sync::NextSync;
use super::world::{AdRef, World};

/// One mapping while it is being planned.
#[derive(Debug, Clone)]
pub(super) struct Link<'a> {
    pub(super) id: &'a str,
    pub(super) mapping: &'a Mapping,
    /// The AD user; `None` when nobody is wanted, nobody was found, or no forest was read.
    pub(super) ad: Option<AdRef>,
    /// The cloud user.
    pub(super) target: Option<UserRef>,
    /// The ImmutableID that is wanted; `None` to have none, or when it could not be told.
    pub(super) anchor: Option<SourceAnchor>,
    /// The sign-in name that a federated detour has parked, to be put back.
    pub(super) parked: Option<Box<Upn>>,
    pub(super) findings: ThinVec<Finding>,
    /// What sync will do once the plan is carried out.
    pub(super) next_sync: Option<Box<NextSync>>,
    /// Decisions on accounts that stand in the way.
    pub(super) decided: ThinVec<(UserRef, Resolve)>,
    /// Whether it is to be planned. The others are only there for the checks between mappings.
    pub(super) wanted: bool,
    used_accepts: EnumSet<Acceptable>,
}

impl<'a> Link<'a> {
    pub(super) fn new(id: &'a str, mapping: &'a Mapping) -> Self {
        Self {
            id,
            mapping,
            ad: None,
            target: None,
            anchor: None,
            parked: None,
            findings: ThinVec::new(),
            next_sync: None,
            decided: ThinVec::new(),
            wanted: true,
            used_accepts: EnumSet::new(),
        }
    }

    /// The same, to be planned or not.
    pub(super) fn wanted(self, wanted: bool) -> Self {
        Self { wanted, ..self }
    }

    /// The mapping, of which nothing is known yet.
    pub(super) fn anew(&self) -> Self {
        Self::new(self.id, self.mapping).wanted(self.wanted)
    }

    /// Whether more of it matters than whom it names: it is planned, or takes accounts or names that others name, too.
    pub(super) fn is_examined(&self) -> bool {
        let Mapping { holders, restore, .. } = self.mapping;
        self.wanted || !holders.is_empty() || *restore || self.accepts(Acceptable::FederatedDomain)
    }

    /// Whether a side of it was looked for in vain.
    pub(super) fn finds_nobody(&self) -> bool {
        self.findings.iter().any(|finding| matches!(finding.code, Code::OnpremNotFound | Code::CloudNotFound))
    }

    /// Adds a finding of the code's own severity.
    pub(super) fn raise(&mut self, finding: Finding) {
        let finding = self.with_place_of_cure(finding);
        self.findings.push(finding);
    }

    /// A rule or a row of a mapping file cannot say everything that a hint may ask for.
    fn with_place_of_cure(&self, finding: Finding) -> Finding {
        let Some(hint) = &finding.hint else { return finding };
        let asks_for = |key: &str| hint.contains(key) || finding.steps.iter().any(|step| step.contains(key));
        let (switches, decisions) = (asks_for("`accept: [") || asks_for("`restore: true`"), asks_for("`holders`"));
        let file = &self.mapping.source.file;
        let is_row = file.rsplit_once('.').is_none_or(|(_, end)| !["yaml", "yml"].contains(&end));
        let place = match (&self.mapping.rule, is_row) {
            (Some(_), _) if switches || decisions => {
                "A rule cannot say that: write a mapping for this user, which wins over the rule.".to_owned()
            }
            (None, true) if switches => {
                format!("A row of {file} cannot say that: move it to `mappings` of the configuration.")
            }
            (None, true) if decisions => format!("In {file} the columns holder and resolve say that."),
            _ => return finding,
        };
        let hint = format!("{hint} {place}");
        finding.hint(hint)
    }

    /// Starts a finding about this mapping.
    pub(super) fn finding(&self, code: Code, message: impl Into<String>) -> Finding {
        Finding::new(code, self.id, message)
    }

    /// Adds a blocker that the author may have accepted; then it is only a warning. Tells whether it was accepted.
    pub(super) fn raise_unless_accepted(&mut self, accept: Acceptable, finding: Finding) -> bool {
        let accepted = self.mapping.accept.contains(accept);
        if accepted {
            self.used_accepts.insert(accept);
            let reason = self.mapping.because.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            let hint = format!("Accepted in the mapping{reason}.");
            self.findings.push(finding.with_severity(Severity::Warning).hint(hint));
        } else {
            self.raise(finding);
        }
        accepted
    }

    pub(super) fn accepts(&self, accept: Acceptable) -> bool {
        self.mapping.accept.contains(accept)
    }

    /// Remembers that an accepted code made a difference.
    pub(super) fn use_accept(&mut self, accept: Acceptable) {
        self.used_accepts.insert(accept);
    }

    /// Accepted codes that changed nothing.
    pub(super) fn unused_accepts(&self) -> impl Iterator<Item = Acceptable> {
        self.mapping.accept.difference(self.used_accepts).iter()
    }

    /// Accounts that are to be purged.
    pub(super) fn purged(&self) -> impl Iterator<Item = UserRef> {
        self.decided.iter().filter(|(_, resolve)| *resolve == Resolve::Purge).map(|(user, _)| *user)
    }

    /// What was decided of an account.
    pub(super) fn decision_for(&self, user: UserRef) -> Option<Resolve> {
        self.decided.iter().find(|(decided, _)| *decided == user).map(|(_, resolve)| *resolve)
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Blocker)
    }

    /// The GUID that was taken at its word because no forest is configured.
    pub(super) fn given(&self) -> Option<ObjectGuid> {
        self.anchor.as_ref().filter(|anchor| anchor.origin == AnchorOrigin::Given)?.guid
    }

    pub(super) fn ad_user<'w>(&self, world: &'w World) -> Option<&'w AdUser> {
        self.ad.and_then(|user| world.forests.user(user))
    }

    /// The AD user's SID.
    pub(super) fn ad_sid<'w>(&self, world: &'w World) -> Option<&'w Sid> {
        self.ad_user(world)?.sid.as_ref()
    }

    pub(super) fn target_user<'w>(&self, world: &'w World) -> Option<&'w CloudUser> {
        self.target.and_then(|user| world.tenant.user(user))
    }
}
