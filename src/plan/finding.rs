//! What planning found: obstacles, doubts and things to know, each under a stable code.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::listed::Listed;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// `apply` refuses.
    Blocker,
    /// Somebody should look.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// All severities, the heaviest first.
    pub const ALL: [Self; 3] = [Self::Blocker, Self::Warning, Self::Info];

    /// The word of the plan file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// What to do about it.
    pub hint: Option<String>,
    /// The mapping; null when the whole plan is meant.
    pub mapping: Option<String>,
    /// What was found, in a sentence.
    pub message: String,
    /// The objects that take part, for people and scripts: ten at most, and then how many more there are.
    pub objects: Vec<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// What only people or the sync engine can do, in order.
    pub steps: Vec<String>,
}

// As with diagnostics: small code apart from the rest.
impl Finding {
    /// A finding of the code's own severity about one mapping.
    #[must_use]
    #[cold]
    pub fn new(code: Code, mapping: &str, message: impl Into<String>) -> Self {
        Self { mapping: Some(mapping.to_owned()), ..Self::general(code, message) }
    }

    /// A finding about the whole plan.
    #[must_use]
    #[cold]
    pub fn general(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            hint: None,
            mapping: None,
            message: message.into(),
            objects: Vec::new(),
            severity: code.severity(),
            steps: Vec::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    #[cold]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the objects that take part: the first ten, and how many more there are.
    #[must_use]
    #[cold]
    pub fn objects(self, objects: impl IntoIterator<Item = String>) -> Self {
        self.listed(objects.into_iter().collect())
    }

    /// Adds a list of the objects that take part.
    #[cold]
    pub(super) fn listed(mut self, objects: Listed) -> Self {
        self.objects = objects.into_lines();
        self
    }

    /// Adds what only people or the sync engine can do.
    #[must_use]
    #[cold]
    pub fn steps<S: Into<String>>(mut self, steps: impl IntoIterator<Item = S>) -> Self {
        self.steps = steps.into_iter().map(Into::into).collect();
        self
    }

    /// Changes how much it weighs.
    #[must_use]
    #[cold]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal $severity:ident $about:literal;)*) => {
        /// The codes of findings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Code {
            $(#[doc = $about] #[serde(rename = $code)] $variant,)*
        }

        impl Code {
            /// All codes: the blockers, then the warnings.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The weight that it has unless an author accepted it.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// One sentence about the kind of finding.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

codes! {
    OnpremNotFound "onprem-not-found" Blocker "No AD user answers to the on-premises selector.";
    OnpremAmbiguous "onprem-ambiguous" Blocker "More than one AD user answers to the on-premises selector.";
    CloudNotFound "cloud-not-found" Blocker "No cloud user answers to the cloud selector.";
    CloudAmbiguous "cloud-ambiguous" Blocker "More than one cloud user answers to the cloud selector.";
    TargetSoftDeleted "target-soft-deleted" Blocker "The cloud user is in the recycle bin.";
    TargetSynced "target-synced" Blocker "The cloud user is synced, so its ImmutableID cannot be changed in the cloud.";
    TargetProtected "target-protected" Blocker "The cloud user is protected by the policy.";
    TargetGuest "target-guest" Blocker "The cloud user is a guest.";
    TargetPrivileged "target-privileged" Blocker "The cloud user holds a privileged role, so Entra refuses the hard match.";
    PrivilegeUnknown "privilege-unknown" Blocker "An account is to be purged whose roles could not be read.";
    TargetNotAUser "target-not-a-user" Blocker "The cloud selector names a group, contact or device; only users have an ImmutableID.";
    HolderUndecided "holder-undecided" Blocker "Another account holds the wanted ImmutableID, and there is no decision on it that can be carried out.";
    HolderSynced "holder-synced" Blocker "A synced account holds the wanted ImmutableID; only sync can release it.";
    HolderProtected "holder-protected" Blocker "The account that stands in the way must not be touched.";
    HolderInUse "holder-in-use" Blocker "An account that is to be purged has licences or was signed in to lately.";
    HolderPrivileged "holder-privileged" Blocker "An account that is to be purged holds a role.";
    AnchorMissing "anchor-missing" Blocker "There is no value to take the source anchor from.";
    AnchorInvalid "anchor-invalid" Blocker "The value of the source anchor cannot be an ImmutableID.";
    AnchorOpaque "anchor-opaque" Blocker "The cloud user carries an ImmutableID that is no GUID: another identity provider may depend on it.";
    CloudIdAsGuid "cloud-id-as-guid" Blocker "The GUID given for the AD user is the object id of a cloud account.";
    DuplicateAnchor "duplicate-anchor" Blocker "Two AD users have the same source anchor.";
    DuplicateMapping "duplicate-mapping" Blocker "Two mappings name the same AD user or the same cloud user.";
    WaitsFor "waits-for" Blocker "The mapping depends on another mapping that is blocked.";
    ObjectIdentifierDiffers "object-identifier-differs" Blocker "The cloud user is pinned to another AD object, so Entra refuses the hard match.";
    SecurityIdentifierHeld "security-identifier-held" Blocker "Another account holds the SID of this AD user.";
    FederatedDomain "federated-domain" Blocker "The sign-in name is in a federated domain, where the ImmutableID cannot be changed in place.";
    ParkNameTaken "park-name-taken" Blocker "The name on the initial domain that the federated detour needs is taken.";
    LimitExceeded "limit-exceeded" Blocker "The plan changes more than the policy allows.";
    SourceEmpty "source-empty" Blocker "A directory gave no user at all, or far fewer than at the last run.";
    NotChecked "not-checked" Warning "A part of the directories is unknown, so something could not be checked.";
    AnchorModeDoubtful "anchor-mode-doubtful" Warning "The source anchor may come from another attribute than the configuration says.";
    AddressConflict "address-conflict" Warning "Somebody else has a sign-in name or mail address of the AD user, too.";
    AnchorNearDuplicate "anchor-near-duplicate" Warning "An account holds an ImmutableID that differs only in case.";
    AnchorNotCanonical "anchor-not-canonical" Warning "An account carries this GUID in an encoding that matches nothing.";
    AnchorWrongByteOrder "anchor-wrong-byte-order" Warning "An account carries this GUID in text order, which matches nothing.";
    TargetWasLinked "target-was-linked" Warning "An account carries another ImmutableID, or stands without one and may be taken by its name.";
    TakeoverOverwrites "takeover-overwrites" Warning "What Active Directory will change on the account once sync takes over.";
    HardMatchBlocked "hard-match-blocked" Warning "As things stand, sync will not link the account, although the ID is right.";
    Residue "residue" Warning "The account carries on-premises values of somebody else.";
    CloudManaged "cloud-managed" Warning "The source of authority of the account was moved to the cloud.";
    DoubleMailbox "double-mailbox" Warning "The person would have a mailbox on-premises and one in the cloud.";
    SharedMailbox "shared-mailbox" Warning "The cloud user is a shared mailbox or a resource.";
    RoleAssigned "role-assigned" Warning "The account holds a role that is not privileged.";
    EnabledTwin "enabled-twin" Warning "An AD user of another forest may get the account.";
    AcceptUnused "accept-unused" Warning "A decision or an accepted code was not needed.";
    DuplicateRow "duplicate-row" Warning "A row repeats an earlier one.";
    InputTrimmed "input-trimmed" Warning "Blanks around a value were removed.";
    NotReversible "not-reversible" Warning "Something that a plan did cannot be undone, or not any more.";
}

impl Code {
    /// The code with this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_they_parse() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
        }
    }
}
