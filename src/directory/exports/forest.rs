//! Puts a forest together from its entries: no user twice, and what the entries say about their domain.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::directory::ad::entry::{DOUBT, EXCLUDED, Entry, base_name, decode_user, is_called, object_sid};
use crate::directory::ad::left_out;
use crate::model::index::Index;
use crate::model::text::number;
use crate::model::{AdUser, AnchorMode, Exclusion, ObservedForest, Sid};

use super::expected::Expected;
use super::problems::{Problems, excerpt};

/// What a server lists and does not show, as it does to whoever has no right to read it.
fn bare_entries(count: usize, first: &str) -> String {
    let entries = if count == 1 { "1 entry has".to_owned() } else { format!("{} entries have", number(count)) };
    format!("{entries} nothing but a name in the export (the first is {first}) and cannot be read as AD users")
}

/// What no forest holds, but a damaged column of an export does.
fn shared_sids(count: usize, first: &str) -> String {
    let users = if count == 1 { "1 user has".to_owned() } else { format!("{} users have", number(count)) };
    format!("{users} the objectSid of a user before in the export (the first is {first}), and no two have one: it is damaged")
}

/// A forest that grows.
pub(crate) struct ForestBuilder {
    forest: ObservedForest,
    expected: Expected,
    /// The line of each user.
    lines: Vec<u32>,
    by_guid: Index,
    by_dn: Index,
    by_sid: Index,
    domain_sids: Vec<Sid>,
    /// Names of the attributes that every user so far has.
    common: Option<Vec<String>>,
    /// Names of the attributes of the last user, in their order.
    last: Vec<u8>,
    has_account_names: bool,
    /// Entries of which nothing but the name is there: how many, and the first of them.
    bare: Option<(usize, String)>,
    /// Users with the SID of a user before: how many, and the first of them.
    same_sid: Option<(usize, String)>,
}

impl ForestBuilder {
    pub(crate) fn new(name: &str, anchor: &AnchorMode, expected: Expected) -> Self {
        let forest = ObservedForest { name: name.into(), anchor: anchor.clone(), ..ObservedForest::default() };
        Self {
            forest,
            expected,
            lines: Vec::new(),
            by_guid: Index::default(),
            by_dn: Index::default(),
            by_sid: Index::default(),
            domain_sids: Vec::new(),
            common: None,
            last: Vec::new(),
            has_account_names: false,
            bare: None,
            same_sid: None,
        }
    }

    /// Makes room for the users of a file of which so many bytes were read.
    pub(crate) fn make_room(&mut self, read: usize) {
        self.expected.make_room(&mut self.forest.users, read);
    }

    /// Adds an entry, whatever it is; `line_of` tells where an attribute of it stands, `enabled` what a table says beside it.
    pub(crate) fn add(
        &mut self,
        entry: &impl Entry,
        line: u32,
        enabled: Option<bool>,
        line_of: impl Fn(&str) -> u32,
        problems: &mut Problems,
    ) {
        if entry.pairs().next().is_none() {
            let (count, _) = self.bare.get_or_insert_with(|| (0, entry.dn().to_owned()));
            *count += 1;
            return;
        }
        match decode_user(entry, &self.forest.anchor) {
            Ok(None) => self.note_domain(entry),
            Ok(Some(user)) => {
                self.note_common(entry);
                // Who marks one user has looked at all of them.
                self.has_account_names |= entry.values(EXCLUDED).next().is_some();
                self.add_user(AdUser { enabled: enabled.or(user.enabled), ..user }, line, problems);
            }
            Err(error) => {
                let place = error.attribute().map_or(line, line_of);
                problems.error(place, format!("{}: {error}", excerpt(entry.dn())));
            }
        }
    }

    /// Adds a decoded user, unless he is there already.
    fn add_user(&mut self, user: AdUser, line: u32, problems: &mut Problems) {
        let key = user.dn.key();
        if let Some((other, what)) = self.clash(&user, &key) {
            let summary = format!("{} {what}", excerpt(user.dn.as_str()));
            problems.push(Diagnostic::error(summary).at(problems.at(line)).with(problems.at(other), "the other one is here"));
            return;
        }
        let position = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        self.by_guid.insert(user.guid, position);
        self.by_dn.insert(&key, position);
        self.note_sid(&user, position);
        self.has_account_names |= user.sam.is_some();
        self.lines.push(line);
        self.forest.users.push(user);
    }

    /// The line of a user who has what no two users of a forest have, and what that is.
    fn clash(&self, user: &AdUser, key: &str) -> Option<(u32, &'static str)> {
        let by_guid = self.twin(self.by_guid.candidates(user.guid), |other| other.guid == user.guid);
        let by_dn = || self.twin(self.by_dn.candidates(key), |other| other.dn.key() == key);
        let clash = by_guid.map(|other| (other, "has the same objectGUID as an entry before"));
        clash.or_else(|| by_dn().map(|other| (other, "is in the file twice")))
    }

    /// Notes whose SID an entry before has, too: sync links only one of them, and who is who by SID nobody can tell.
    fn note_sid(&mut self, user: &AdUser, position: u32) {
        let Some(sid) = &user.sid else { return };
        match self.twin(self.by_sid.candidates(sid), |other| other.sid.as_ref() == Some(sid)) {
            Some(_) => self.same_sid.get_or_insert_with(|| (0, user.dn.as_str().to_owned())).0 += 1,
            None => self.by_sid.insert(sid, position),
        }
    }

    fn twin(&self, candidates: impl Iterator<Item = u32>, same: impl Fn(&AdUser) -> bool) -> Option<u32> {
        let positions = candidates.filter_map(|position| usize::try_from(position).ok());
        positions.filter(|at| self.forest.users.get(*at).is_some_and(&same)).find_map(|at| self.lines.get(at).copied())
    }

    /// What a domain or crossRef object says.
    fn note_domain(&mut self, entry: &impl Entry) {
        let is = |class: &str| entry.values("objectClass").any(|own| own.eq_ignore_ascii_case(class.as_bytes()));
        if is("domainDNS") {
            self.domain_sids.extend(object_sid(entry).ok().flatten());
        }
        let doubts = entry.values(DOUBT).map(|doubt| String::from_utf8_lossy(doubt).into_owned());
        self.forest.doubts.extend(doubts);
        for name in entry.values("nETBIOSName").filter_map(|name| std::str::from_utf8(name).ok()) {
            if !name.is_empty() && !self.forest.netbios_names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                self.forest.netbios_names.push(name.into());
            }
        }
    }

    fn note_common(&mut self, entry: &impl Entry) {
        // Most entries have the attributes of the one before.
        if !self.is_new_shape(entry) {
            return;
        }
        let has = |name: &str| entry.pairs().any(|(own, _)| is_called(own, name));
        match &mut self.common {
            Some(common) => {
                common.retain(|name| has(name));
            }
            None => self.common = Some(entry.pairs().map(|(name, _)| base_name(name).to_owned()).collect()),
        }
    }

    fn is_new_shape(&mut self, entry: &impl Entry) -> bool {
        let mut rest = self.last.as_slice();
        let mut is_next = |name: &str| {
            let behind = rest.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
            rest = behind.unwrap_or_default();
            behind.is_some()
        };
        let is_same = entry.pairs().all(|(name, _)| is_next(name)) && rest.is_empty();
        if !is_same {
            self.last.clear();
            entry.pairs().for_each(|(name, _)| self.last.extend(name.bytes().chain([b'\n'])));
        }
        !is_same
    }

    /// Whether an entry at the end of a file, with no empty line behind it, looks as if its rest was cut off: it has no
    /// GUID and might be a user, or it lacks several attributes that all (at least three) users before it have.
    pub(crate) fn may_be_cut(&self, entry: &impl Entry) -> Option<&'static str> {
        let has = |name: &str| entry.values(name).next().is_some();
        let is_user = left_out::is_user(entry).unwrap_or(true);
        if !has("objectGUID") {
            let suspect = is_user || left_out::class_may_be_cut(entry);
            return suspect.then_some("the last entry has no objectGUID; the file seems to be cut in its middle");
        }
        let missing: BTreeSet<&String> = self.common.iter().flatten().filter(|name| !has(name)).collect();
        let suspect = is_user && self.lines.len() >= 3 && missing.len() >= 2;
        suspect.then_some("the last entry lacks what all others have; the file seems to be cut in its middle")
    }

    pub(crate) fn finish(mut self) -> ObservedForest {
        self.forest.users.shrink_to_fit();
        self.forest.domain_sid = self.domain_sid();
        self.forest.doubts.extend(self.bare.take().map(|(count, first)| bare_entries(count, &first)));
        self.forest.doubts.extend(self.same_sid.take().map(|(count, first)| shared_sids(count, &first)));
        if !self.has_account_names {
            // sAMAccountName was not exported, which says nothing about the accounts.
            let unknown = |user: &&mut AdUser| user.excluded == Some(Exclusion::ServiceAccount);
            self.forest.users.iter_mut().filter(unknown).for_each(|user| user.excluded = None);
        }
        self.forest
    }

    /// That of the only domain object, else the one that most users share; the smallest of equals.
    fn domain_sid(&mut self) -> Option<Sid> {
        self.domain_sids.sort_unstable();
        self.domain_sids.dedup();
        if let [only] = self.domain_sids.as_slice() {
            return Some(only.clone());
        }
        let mut counts: BTreeMap<Sid, usize> = BTreeMap::new();
        for sid in self.forest.users.iter().filter_map(|user| user.sid.as_ref()?.domain()) {
            *counts.entry(sid).or_default() += 1;
        }
        let most = counts.values().copied().max()?;
        counts.into_iter().find(|(_, count)| *count == most).map(|(sid, _)| sid)
    }
}
