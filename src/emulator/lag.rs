//! What readers do not see yet: every change leaves the old state behind for replicas, the index and the bin.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::EntraId;

use super::clock::Delay;
use super::script::{Lag, Lags};

/// An account as somebody sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) json: Value,
    pub(crate) deleted: bool,
}

/// Who is reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// By id, or a plain list.
    Replica,
    /// A list with `ConsistencyLevel: eventual`.
    Index,
    /// The recycle bin.
    Bin,
}

/// The old states of changed accounts.
#[derive(Debug, Default)]
pub(crate) struct History(BTreeMap<EntraId, Vec<Past>>);

/// One change: what was there before, and since when each reader should see the new state.
#[derive(Debug)]
struct Past {
    before: Option<Seen>,
    replica: Delay,
    index: Delay,
    bin: Delay,
}

impl History {
    /// Writes down what an account was before a change.
    pub(crate) fn note(&mut self, id: EntraId, before: Option<Seen>, lags: &Lags) {
        if [lags.reads, lags.index, lags.bin] == [Lag::default(); 3] {
            return;
        }
        let delay = Delay::start();
        self.0.entry(id).or_default().push(Past { before, replica: delay, index: delay, bin: delay });
    }

    /// What a reader sees instead of the present state; `None` when he sees that.
    pub(crate) fn view(&mut self, id: &EntraId, reader: Reader, lags: &Lags) -> Option<Option<Seen>> {
        let changes = self.0.get_mut(id)?;
        let hidden = |past: &mut Past| match reader {
            Reader::Replica => past.replica.lasts(lags.reads),
            Reader::Index => past.index.lasts(lags.index),
            Reader::Bin => past.bin.lasts(lags.bin),
        };
        // The oldest change that is still hidden decides; every one counts the reading.
        let seen: Vec<bool> = changes.iter_mut().map(hidden).collect();
        let first = seen.iter().position(|hidden| *hidden)?;
        changes.get(first).map(|past| past.before.clone())
    }

    /// The accounts that a reader sees differently.
    pub(crate) fn views(&mut self, reader: Reader, lags: &Lags) -> BTreeMap<EntraId, Option<Seen>> {
        let ids: Vec<EntraId> = self.0.keys().copied().collect();
        ids.into_iter().filter_map(|id| Some((id, self.view(&id, reader, lags)?))).collect()
    }
}

/// Values that were released and are not free yet.
#[derive(Debug, Default)]
pub(crate) struct Released(Vec<Release>);

#[derive(Debug)]
struct Release {
    property: &'static str,
    value: String,
    by: EntraId,
    delay: Delay,
}

impl Released {
    /// Writes down that an account gave a value up.
    pub(crate) fn note(&mut self, property: &'static str, value: &str, by: EntraId, lag: Lag) {
        if lag != Lag::default() {
            self.0.push(Release { property, value: value.to_owned(), by, delay: Delay::start() });
        }
    }

    /// Who still blocks a value for somebody else.
    pub(crate) fn blocks(&mut self, property: &str, value: &str, taker: &EntraId, lag: Lag) -> Option<EntraId> {
        let mut same = self.0.iter_mut().filter(|own| own.property == property && own.value == value && own.by != *taker);
        same.find_map(|own| own.delay.lasts(lag).then_some(own.by))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_reader_lags_by_his_own_count() {
        let id: EntraId = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".parse().unwrap();
        let lags = Lags { reads: Lag { calls: 1, ms: 0 }, index: Lag { calls: 2, ms: 0 }, ..Lags::default() };
        let old = Seen { json: json!({ "id": id }), deleted: false };
        let mut history = History::default();
        history.note(id, Some(old.clone()), &lags);
        assert_eq!(history.view(&id, Reader::Replica, &lags), Some(Some(old.clone())));
        assert_eq!(history.view(&id, Reader::Replica, &lags), None);
        assert_eq!(history.views(Reader::Index, &lags).len(), 1);
        assert_eq!(history.view(&id, Reader::Index, &lags), Some(Some(old)));
        assert!(history.views(Reader::Index, &lags).is_empty());
        assert_eq!(history.view(&id, Reader::Bin, &lags), None);
    }
}
