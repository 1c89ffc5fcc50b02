//! Counting the users: AD tells how many there are only by listing them, so the list also brings what no index finds.

use ldap3::Ldap;

use super::LdapForest;
use super::errors::{Fault, shown};
use super::read::broken_line;
use super::search::Query;
use super::select;
use crate::directory::ad::entry::{CONSISTENCY_GUID, Entry as _, EntryError, OBJECT_GUID, RawEntry, object_guid};
use crate::directory::ad::left_out;
use crate::directory::broken::Broken;
use crate::directory::ports::DirectoryError;
use crate::model::{ObjectGuid, ObservedForest};

/// What is asked of every user.
const ATTRIBUTES: [&str; 5] = ["objectClass", "sAMAccountType", "userAccountControl", OBJECT_GUID, CONSISTENCY_GUID];

/// Who carries which mS-DS-ConsistencyGuid. AD keeps no index of it, so that each search for one would go through all users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamps {
    /// Stamp and objectGUID, sorted; only where the two differ.
    differing: Vec<(ObjectGuid, ObjectGuid)>,
    /// How many users show one, whatever it is.
    count: u64,
}

impl Stamps {
    /// How many users show a stamp.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The users on whom this may be stamped. The one who has it as objectGUID is among them, whether stamped or not.
    pub(super) fn carriers(&self, stamp: &ObjectGuid) -> impl Iterator<Item = ObjectGuid> {
        let start = self.differing.partition_point(|(own, _)| own < stamp);
        let others = self.differing.iter().skip(start).take_while(move |(own, _)| own == stamp);
        [*stamp].into_iter().chain(others.map(|(_, user)| *user))
    }
}

/// Users as they are counted.
#[derive(Default)]
struct Census {
    users: u64,
    stamps: Stamps,
    broken: Broken,
}

impl Census {
    fn take(&mut self, entry: &RawEntry) {
        if let Err(error) = self.count(entry) {
            self.broken.add(|| broken_line(entry, &error));
        }
    }

    fn count(&mut self, entry: &RawEntry) -> Result<(), EntryError> {
        if !left_out::is_user(entry)? {
            return Ok(());
        }
        self.users += 1;
        let guid = object_guid(entry)?.ok_or(EntryError::MissingGuid)?;
        self.stamps.count += u64::from(entry.values(CONSISTENCY_GUID).next().is_some());
        let stamps = entry.values(CONSISTENCY_GUID).filter_map(|bytes| ObjectGuid::from_ad_slice(bytes).ok());
        self.stamps.differing.extend(stamps.filter(|stamp| *stamp != guid).map(|stamp| (stamp, guid)));
        Ok(())
    }

    fn finish(mut self, place: &str) -> Result<(u64, Stamps), DirectoryError> {
        self.broken.refuse(place)?;
        self.stamps.differing.sort_unstable();
        Ok((self.users, self.stamps))
    }
}

impl LdapForest {
    /// Everything but the users, and what the list of them tells.
    pub(super) async fn frame(&self, ldap: &Ldap) -> Result<(ObservedForest, Stamps), Fault> {
        let about = self.about(ldap).await?;
        let mut census = Census::default();
        let told = format!("AD users of {} counted", shown(&self.name));
        let attributes = ATTRIBUTES.map(str::to_owned);
        let query = Query { base: about.base.as_str(), filter: select::USERS, attributes: &attributes, told: Some(&told) };
        let referrals = self.session.search_below(ldap, query, self.page_size, &mut |entry| census.take(&entry)).await?;
        let (count, stamps) = census.finish(&self.session.route.endpoint.label()).map_err(Fault::Final)?;
        Ok((ObservedForest { user_count: Some(count), ..self.observed(&about, &referrals) }, stamps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guid(first: u8) -> [u8; 16] {
        std::array::from_fn(|at| if at == 0 { first } else { 7 })
    }

    fn user(name: &str, own: Option<[u8; 16]>, stamp: Option<&[u8]>) -> RawEntry {
        let attribute = |name: &str, value: &[u8]| (name.to_owned(), vec![value.to_vec()]);
        let mut attributes = vec![attribute("objectClass", b"user")];
        attributes.extend(own.map(|own| attribute("objectguid", &own)));
        attributes.extend(stamp.map(|stamp| attribute(CONSISTENCY_GUID, stamp)));
        RawEntry { dn: format!("CN={name},DC=x"), attributes, exported: false }
    }

    fn census(entries: &[RawEntry]) -> Result<(u64, Stamps), DirectoryError> {
        let mut census = Census::default();
        entries.iter().for_each(|entry| census.take(entry));
        census.finish("dc1")
    }

    #[test]
    fn whoever_is_stamped_with_another_id_is_found_by_it() {
        let entries = [
            user("plain", Some(guid(1)), None),
            user("same", Some(guid(2)), Some(&guid(2))),
            user("moved", Some(guid(3)), Some(&guid(1))),
            user("twin", Some(guid(0)), Some(&guid(1))),
            user("odd", Some(guid(5)), Some(b"no GUID")),
        ];
        let (users, stamps) = census(&entries).unwrap();
        assert_eq!((users, stamps.differing.len(), stamps.count()), (5, 2, 4));
        let carriers = |own: u8| {
            let stamp = ObjectGuid::from_ad_slice(&guid(own)).unwrap();
            stamps.carriers(&stamp).map(|user| user.ad_bytes()[0]).collect::<Vec<_>>()
        };
        assert_eq!((carriers(1), carriers(2), carriers(3)), (vec![1, 0, 3], vec![2], vec![3]));
    }

    #[test]
    fn a_user_without_object_guid_is_named_and_not_passed_over() {
        let message = census(&[user("Ann", None, None), user("Bob", None, None)]).unwrap_err().to_string();
        assert!(message.starts_with("dc1: 2 users hold something that cannot be:\n  CN=Ann,DC=x: there is no objectGUID"));
        assert!(message.contains("CN=Bob,DC=x"), "{message}");
    }
}
