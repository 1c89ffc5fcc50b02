//! What planning looks up: the questions that a reader of a part of the directories has to answer.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{DistinguishedName, EntraId, GuidInput, ImmutableId, ObjectGuid, OnPremKey, Sid, Text};

/// How many synced users [`CloudQuestion::SyncedSample`] asks for.
pub const SYNCED_SAMPLE: u32 = 50;

/// What was looked up, or what is to be looked up.
///
/// An answer holds everything that a question names; more does no harm. Texts are folded ([`super::text::fold`]) and
/// compare so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// In the tenant.
    pub tenant: BTreeSet<CloudQuestion>,
    /// In the forests.
    pub forests: BTreeSet<ForestQuestion>,
}

/// A look-up in the tenant. What is deleted counts as what is live.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloudQuestion {
    /// The user with this id, or any other object with it.
    Id(EntraId),
    /// Users with this sign-in name; of deleted ones the name before deletion.
    Upn(Text),
    /// Users, groups and contacts with this mail address, without prefix: as `mail` or in proxyAddresses.
    Address(Text),
    /// Users with this employeeId.
    EmployeeId(Text),
    /// Holders of exactly this ImmutableID, and of one that differs from it only in the case of its letters.
    ImmutableId(ImmutableId),
    /// Holders of an ImmutableID that means this GUID in another encoding or byte order.
    OddGuid(ObjectGuid),
    /// Users with this on-premises SID.
    Sid(Sid),
    /// What is not read of every user: object identifier, last sign-in, isCloudManaged and the purpose of the mailbox.
    Details(EntraId),
    /// Users whose sign-in name or `mail` begins so, in lower case.
    Similar(Text),
    /// The first [`SYNCED_SAMPLE`] live synced users by lower-cased sign-in name, then id.
    SyncedSample,
}

/// A look-up in one forest, or in all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForestQuestion {
    /// The forest's name in the configuration; all when `None`.
    pub forest: Option<Text>,
    /// What is looked up.
    pub key: ForestKey,
}

/// What AD users are looked up by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForestKey {
    /// Distinguished name.
    Dn(DistinguishedName),
    /// objectGUID.
    Guid(ObjectGuid),
    /// mS-DS-ConsistencyGuid, whatever the anchor of the forest is.
    ConsistencyGuid(ObjectGuid),
    /// objectSid.
    Sid(Sid),
    /// sAMAccountName, without domain.
    Sam(Text),
    /// userPrincipalName.
    Upn(Text),
    /// `mail`, or any smtp entry of proxyAddresses, without prefix.
    Mail(Text),
    /// employeeID.
    EmployeeId(Text),
    /// The ImmutableID that sync makes of the forest's anchor.
    ImmutableId(ImmutableId),
    /// userPrincipalName, `mail` or sAMAccountName begins so, in lower case.
    Similar(Text),
}

impl ForestKey {
    /// What a selector looks for.
    #[must_use]
    pub fn of(key: &OnPremKey) -> Vec<Self> {
        match key {
            OnPremKey::Dn(dn) => vec![Self::Dn(dn.clone())],
            OnPremKey::Guid(GuidInput::Guid(guid)) => vec![Self::Guid(*guid)],
            OnPremKey::Guid(GuidInput::BareHex { as_text, as_bytes }) => vec![Self::Guid(*as_text), Self::Guid(*as_bytes)],
            OnPremKey::Sid(sid) => vec![Self::Sid(sid.clone())],
            OnPremKey::Sam { name, .. } => vec![Self::Sam(name.clone())],
            OnPremKey::Upn(upn) => vec![Self::Upn(upn.as_str().into())],
            OnPremKey::Mail(mail) => vec![Self::Mail(mail.as_str().into())],
            OnPremKey::EmployeeId(id) => vec![Self::EmployeeId(id.clone())],
            OnPremKey::ImmutableId(id) => vec![Self::ImmutableId(id.clone())],
        }
    }
}

impl Questions {
    /// Whether nothing was looked up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tenant.is_empty() && self.forests.is_empty()
    }

    /// How many look-ups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tenant.len() + self.forests.len()
    }

    /// Those that are not among the others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self {
            tenant: self.tenant.difference(&others.tenant).cloned().collect(),
            forests: self.forests.difference(&others.forests).cloned().collect(),
        }
    }

    /// Adds questions.
    pub fn extend(&mut self, more: Self) {
        self.tenant.extend(more.tenant);
        self.forests.extend(more.forests);
    }
}

/// Writes down what is looked up. The default writes nothing, and no question is ever made for it.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Option<Arc<Mutex<Recording>>>);

#[derive(Debug, Default)]
struct Recording {
    asked: Questions,
    answered: Questions,
    /// Look-ups that have no answer yet; of details only whether there are some.
    open: usize,
    lacks_details: bool,
    /// Whether the users of the tenant are all there, so that only their details are worth a question.
    whole_tenant: bool,
    /// Whether those of the forests are.
    whole_forests: bool,
}

impl Recorder {
    /// Writes down what is looked up where the answers to some questions are known.
    #[must_use]
    pub fn new(answered: Questions) -> Self {
        Self(Some(Arc::new(Mutex::new(Recording { answered, ..Recording::default() }))))
    }

    /// Whether everybody is known, and somebody's details are still to be read.
    #[must_use]
    pub fn lacks_only_details(&self) -> bool {
        self.lock().is_some_and(|recording| recording.is_whole() && recording.lacks_details)
    }

    /// Whether it matters who looks a user up, since not all of them are known.
    #[must_use]
    pub fn has_look_ups(&self) -> bool {
        self.lock().is_some_and(|recording| !recording.is_whole())
    }

    /// Writes down nothing that can be told from a whole list.
    #[must_use]
    pub fn knowing(self, whole_tenant: bool, whole_forests: bool) -> Self {
        if let Some(mut recording) = self.lock() {
            (recording.whole_tenant, recording.whole_forests) = (whole_tenant, whole_forests);
        }
        self
    }

    /// Writes down a look-up in the tenant.
    pub fn tenant(&self, question: impl FnOnce() -> CloudQuestion) {
        if let Some(mut recording) = self.lock().filter(|recording| !recording.whole_tenant) {
            recording.ask(question());
        }
    }

    /// Writes down that the details of an account are looked at.
    pub fn details(&self, id: EntraId) {
        if let Some(mut recording) = self.lock() {
            recording.ask(CloudQuestion::Details(id));
        }
    }

    /// Writes down a look-up in the forests.
    pub fn forests(&self, question: impl FnOnce() -> ForestQuestion) {
        if let Some(mut recording) = self.lock().filter(|recording| !recording.whole_forests) {
            let question = question();
            recording.open += usize::from(!recording.answered.forests.contains(&question));
            recording.asked.forests.insert(question);
        }
    }

    /// How many look-ups had no answer yet. Where one of them found nothing, it is too early to say that nothing is there.
    #[must_use]
    pub fn open(&self) -> usize {
        self.lock().map_or(0, |recording| recording.open)
    }

    /// What was looked up.
    #[must_use]
    pub fn questions(&self) -> Questions {
        self.lock().map_or_else(Questions::default, |recording| recording.asked.clone())
    }

    fn lock(&self) -> Option<MutexGuard<'_, Recording>> {
        Some(self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Recording {
    fn is_whole(&self) -> bool {
        self.whole_tenant && self.whole_forests
    }

    fn ask(&mut self, question: CloudQuestion) {
        if !self.answered.tenant.contains(&question) {
            if matches!(question, CloudQuestion::Details(_)) {
                self.lacks_details = true;
            } else {
                self.open += 1;
            }
        }
        self.asked.tenant.insert(question);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_tells_what_was_asked_and_what_is_still_open() {
        let upn = |name: &str| CloudQuestion::Upn(name.into());
        let key = ForestQuestion { forest: None, key: ForestKey::Sam("ann".into()) };
        let answered = Questions { tenant: [upn("a"), upn("b")].into(), ..Questions::default() };
        let recorder = Recorder::new(answered.clone());
        recorder.tenant(|| upn("a"));
        assert_eq!(recorder.open(), 0);
        recorder.tenant(|| upn("c"));
        recorder.clone().forests(|| key.clone());
        assert_eq!(recorder.open(), 2);
        let asked = recorder.questions();
        assert_eq!(asked, Questions { tenant: [upn("a"), upn("c")].into(), forests: [key.clone()].into() });
        assert_eq!(asked.without(&answered), Questions { tenant: [upn("c")].into(), forests: [key].into() });
        Recorder::default().tenant(|| unreachable!("nothing is recorded"));
        let whole = Recorder::new(Questions::default()).knowing(true, false);
        whole.tenant(|| unreachable!("a list tells"));
        let id = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
        whole.details(id);
        assert_eq!((whole.questions().tenant, whole.open()), ([CloudQuestion::Details(id)].into(), 0));
    }

    #[test]
    fn details_may_be_all_that_is_missing() {
        let id = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
        let lacks = |answered: &[CloudQuestion], whole: bool, asks: bool| {
            let answered = Questions { tenant: answered.iter().cloned().collect(), ..Questions::default() };
            let recorder = Recorder::new(answered).knowing(true, whole);
            if asks {
                recorder.details(id);
            }
            recorder.lacks_only_details()
        };
        assert!(lacks(&[], true, true));
        assert!(!lacks(&[], false, true) && !lacks(&[], true, false) && !lacks(&[CloudQuestion::Details(id)], true, true));
    }

    #[test]
    fn whoever_is_looked_up_matters_until_everybody_is_known() {
        let knowing = |tenant, forests| Recorder::new(Questions::default()).knowing(tenant, forests).has_look_ups();
        assert!(knowing(false, false) && knowing(true, false) && knowing(false, true));
        assert!(!knowing(true, true) && !Recorder::default().has_look_ups());
    }
}
