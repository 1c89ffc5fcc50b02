//! A mapping on its way through planning: what it resolved to, what was found, what is to be done.

use enumset::EnumSet;
use thin_vec::ThinVec;

use crate::model::{
    Acceptable, AdUser, AnchorOrigin, CloudUser, Mapping, MappingForm, ObjectGuid, Resolve, Sid, SourceAnchor, Upn,
};
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
    /// Positions of the findings that ask a row of a mapping file for a decision.
    asking: ThinVec<usize>,
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
            asking: ThinVec::new(),
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

    /// Adds a finding whose hint asks the author of the mapping for nothing that only some mappings can say.
    #[cold]
    pub(super) fn raise(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a finding whose hint or steps ask the mapping to say something, and where it can be said if not in the mapping.
    #[cold]
    pub(super) fn raise_asking(&mut self, asked: Asked, finding: Finding) {
        let place = match self.mapping.form {
            _ if self.mapping.rule.is_some() => Some(PLACE_OF_RULES.to_owned()),
            MappingForm::Row => self.place_in_a_row(asked),
            MappingForm::Entry => None,
        };
        self.findings.push(placed(finding, place));
    }

    /// What a row cannot say; of decisions it can say one, so all of them have to be known first.
    fn place_in_a_row(&mut self, asked: Asked) -> Option<String> {
        match asked {
            Asked::Switch => {
                let file = &self.mapping.source.file;
                Some(format!("A row of {file} cannot say that: move it to `mappings` of the configuration."))
            }
            Asked::Decision => {
                self.asking.push(self.findings.len());
                None
            }
        }
    }

    /// Says where decisions on accounts are written, once all accounts are known on which a row has to decide.
    pub(super) fn place_decisions(&mut self) {
        let asking = std::mem::take(&mut self.asking);
        let is_blocker = |finding: &Finding| finding.severity == Severity::Blocker;
        let blockers = asking.iter().filter_map(|at| self.findings.get(*at)).filter(|finding| is_blocker(finding)).count();
        let (decided, file) = (self.decided.len(), &self.mapping.source.file);
        for at in &asking {
            let Some(finding) = self.findings.get_mut(*at) else { continue };
            let needed = decided + if is_blocker(finding) { blockers } else { asking.len() };
            let place = if needed > 1 {
                format!(
                    "A row of {file} holds one decision, and {needed} are needed: move it to `mappings` of the configuration, where \
                     `holders` takes them all."
                )
            } else {
                format!("In {file} the columns holder and resolve take the decision.")
            };
            *finding = placed(finding.clone(), Some(place));
        }
    }

    /// Starts a finding about this mapping.
    #[cold]
    pub(super) fn finding(&self, code: Code, message: impl Into<String>) -> Finding {
        Finding::new(code, self.id, message)
    }

    /// Adds a blocker that the author may have accepted, as its hint says; then it is only a warning. Tells whether it was.
    #[cold]
    pub(super) fn raise_unless_accepted(&mut self, accept: Acceptable, finding: Finding) -> bool {
        let accepted = self.mapping.accept.contains(accept);
        if accepted {
            self.used_accepts.insert(accept);
            let reason = self.mapping.because.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            let hint = format!("Accepted in the mapping{reason}.");
            self.findings.push(finding.with_severity(Severity::Warning).hint(hint));
        } else {
            self.raise_asking(Asked::Switch, finding);
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

/// What a finding asks for that not every mapping can say: one of a rule neither, a row of a mapping file only one decision.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    /// `accept` or `restore`.
    Switch,
    /// What becomes of an account.
    Decision,
}

const PLACE_OF_RULES: &str = "A rule cannot say that: write a mapping for this user, which wins over the rule.";

/// The finding with a sentence more in its hint.
fn placed(finding: Finding, place: Option<String>) -> Finding {
    match (&finding.hint, place) {
        (Some(hint), Some(place)) => {
            let hint = format!("{hint} {place}");
            finding.hint(hint)
        }
        (Some(_) | None, _) => finding,
    }
}
