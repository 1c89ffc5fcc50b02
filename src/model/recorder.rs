//! Writes down what planning looks up, whatever thread it is on.

use std::collections::BTreeSet;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashSet};

use super::EntraId;
use super::questions::{CloudQuestion, ForestQuestion, Questions};

/// Writes down what is looked up. The default writes nothing, and no question is ever made for it.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Option<Arc<Recording>>);

#[derive(Debug, Default)]
struct Recording {
    answered: Questions,
    /// Whether the users of the tenant are all there, so that only their details are worth a question.
    whole_tenant: bool,
    /// Whether those of the forests are.
    whole_forests: bool,
    looked_up: Mutex<LookedUp>,
    details: Details,
}

#[derive(Debug, Default)]
struct LookedUp {
    asked: Questions,
    /// Look-ups that have no answer yet.
    open: usize,
}

/// Whose details were looked at. Every mapping asks for some, so that one lock for all of them would be in the way.
#[derive(Debug, Default)]
struct Details {
    shares: [Mutex<HashSet<EntraId>>; 16],
    hasher: DefaultHashBuilder,
}

impl Recorder {
    /// Writes down what is looked up where the answers to some questions are known.
    #[must_use]
    pub fn new(answered: Questions) -> Self {
        Self::knowing(answered, false, false)
    }

    /// The same, but writes down nothing that can be told from a whole list.
    #[must_use]
    pub fn knowing(answered: Questions, whole_tenant: bool, whole_forests: bool) -> Self {
        Self(Some(Arc::new(Recording { answered, whole_tenant, whole_forests, ..Recording::default() })))
    }

    /// Whether everybody is known, and somebody's details are still to be read.
    #[must_use]
    pub fn lacks_only_details(&self) -> bool {
        self.0.as_ref().is_some_and(|recording| recording.is_whole() && recording.lacks_details())
    }

    /// Whether it matters who looks a user up, since not all of them are known.
    #[must_use]
    pub fn has_look_ups(&self) -> bool {
        self.0.as_ref().is_some_and(|recording| !recording.is_whole())
    }

    /// Writes down a look-up in the tenant.
    pub fn tenant(&self, question: impl FnOnce() -> CloudQuestion) {
        if let Some(recording) = self.0.as_ref().filter(|recording| !recording.whole_tenant) {
            let question = question();
            let is_open = !recording.answered.tenant.contains(&question);
            let mut looked_up = lock(&recording.looked_up);
            looked_up.open += usize::from(is_open);
            looked_up.asked.tenant.insert(question);
        }
    }

    /// Writes down that the details of an account are looked at.
    pub fn details(&self, id: EntraId) {
        if let Some(recording) = &self.0 {
            recording.details.insert(id);
        }
    }

    /// Writes down a look-up in the forests.
    pub fn forests(&self, question: impl FnOnce() -> ForestQuestion) {
        if let Some(recording) = self.0.as_ref().filter(|recording| !recording.whole_forests) {
            let question = question();
            let is_open = !recording.answered.forests.contains(&question);
            let mut looked_up = lock(&recording.looked_up);
            looked_up.open += usize::from(is_open);
            looked_up.asked.forests.insert(question);
        }
    }

    /// How many look-ups had no answer yet. Where one of them found nothing, it is too early to say that nothing is there.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.as_ref().map_or(0, |recording| lock(&recording.looked_up).open)
    }

    /// What was looked up.
    #[must_use]
    pub fn questions(&self) -> Questions {
        let Some(recording) = &self.0 else { return Questions::default() };
        let mut asked = lock(&recording.looked_up).asked.clone();
        asked.tenant.append(&mut recording.details.questions());
        asked
    }
}

impl Recording {
    fn is_whole(&self) -> bool {
        self.whole_tenant && self.whole_forests
    }

    fn lacks_details(&self) -> bool {
        let is_open = |id: &EntraId| !self.answered.tenant.contains(&CloudQuestion::Details(*id));
        self.details.shares.iter().any(|share| lock(share).iter().any(is_open))
    }
}

impl Details {
    fn insert(&self, id: EntraId) {
        let hash = usize::try_from(self.hasher.hash_one(id)).unwrap_or_default();
        if let Some(share) = self.shares.get(hash % self.shares.len()) {
            lock(share).insert(id);
        }
    }

    fn questions(&self) -> BTreeSet<CloudQuestion> {
        self.shares.iter().flat_map(|share| lock(share).iter().copied().collect::<Vec<_>>()).map(CloudQuestion::Details).collect()
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::questions::ForestKey;
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
        let whole = Recorder::knowing(Questions::default(), true, false);
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
            let recorder = Recorder::knowing(answered, true, whole);
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
        let knowing = |tenant, forests| Recorder::knowing(Questions::default(), tenant, forests).has_look_ups();
        assert!(knowing(false, false) && knowing(true, false) && knowing(false, true));
        assert!(!knowing(true, true) && !Recorder::default().has_look_ups());
    }
}
