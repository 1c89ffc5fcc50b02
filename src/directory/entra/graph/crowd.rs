//! Users of several lists put together: each once, with what the lists leave open.

use std::collections::BTreeSet;

use crate::directory::ports::DirectoryError;
use crate::model::text::number;
use crate::model::{CloudUser, EntraId};

use super::users::Decoded;

/// Everybody who was read.
#[derive(Debug)]
pub(super) struct Crowd {
    /// By id.
    users: Vec<CloudUser>,
    /// Who was read as live more than once, so that nobody knows which reading is the later one.
    pub(super) doubles: BTreeSet<EntraId>,
    /// How many of each live list were read nowhere else.
    only_here: Vec<u64>,
}

impl Crowd {
    /// Puts live lists and the bin together; who is in the bin, too, is deleted.
    ///
    /// # Errors
    /// What cannot be used in any of the lists.
    pub(super) fn new(live: Vec<Decoded>, bin: Vec<CloudUser>) -> Result<Self, DirectoryError> {
        let mut only_here = vec![0; live.len()];
        let mut wrong = Decoded::default();
        let lists: Vec<Vec<CloudUser>> = live.into_iter().map(|list| wrong.join(list)).chain([bin]).collect();
        wrong.finish()?;
        let mut readings: Vec<(EntraId, usize)> = Vec::new();
        for (list, found) in lists.iter().enumerate() {
            readings.extend(found.iter().map(|user| (user.id, list)));
        }
        readings.sort_unstable();
        let mut doubles = BTreeSet::new();
        for same in readings.chunk_by(|one, other| one.0 == other.0) {
            let as_live = same.iter().filter(|(_, list)| *list < only_here.len()).count();
            match same {
                [(_, list)] => only_here.get_mut(*list).into_iter().for_each(|count| *count += 1),
                [(id, _), ..] if as_live > 1 => _ = doubles.insert(*id),
                _ => {}
            }
        }
        Ok(Self { users: in_order(lists, readings.len()), doubles, only_here })
    }

    /// Which of the live lists have fewer users of their own than these counts say.
    pub(super) fn short<'c, T>(&'c self, lists: &'c [T], counts: &'c [u64]) -> impl Iterator<Item = &'c T> {
        let all = lists.iter().zip(&self.only_here).zip(counts);
        all.filter(|((_, own), count)| own < count).map(|((list, _), _)| list)
    }

    /// Whether somebody was read.
    pub(super) fn knows(&self, id: &EntraId) -> bool {
        self.users.binary_search_by_key(id, |user| user.id).is_ok()
    }

    /// All of them by id, with these as they were read again; `None` for who is gone.
    pub(super) fn with(mut self, again: Vec<(EntraId, Option<CloudUser>)>) -> Vec<CloudUser> {
        if again.is_empty() {
            return self.users;
        }
        let ids: BTreeSet<EntraId> = again.iter().map(|(id, _)| *id).collect();
        self.users.retain(|user| !ids.contains(&user.id));
        self.users.extend(again.into_iter().filter_map(|(_, user)| user));
        self.users.sort_unstable_by_key(|user| user.id);
        self.users
    }
}

/// A doubt about those whom Graph counts and does not list.
pub(super) fn unlisted(what: &str, lacking: u64) -> Option<String> {
    let lacking = Some(lacking).filter(|lacking| *lacking > 0).map(number)?;
    Some(format!(
        "of the {what} Microsoft Graph counts {lacking} more than it lists, also when it is asked again: whoever is not listed is \
         not looked at, and may hold a wanted ImmutableID, name or address. Accounts that were created or deleted in these \
         minutes may be the reason; plan again, and if it stays so, look for a proxy that changes answers"
    ))
}

/// All users by id; of those with the same id the last.
fn in_order(lists: Vec<Vec<CloudUser>>, count: usize) -> Vec<CloudUser> {
    let mut users = Vec::with_capacity(count);
    lists.into_iter().for_each(|mut list| users.append(&mut list));
    // Users are large, so that the ids are put in order and each user is moved once.
    users.sort_by_cached_key(|user: &CloudUser| user.id);
    users.dedup_by(|later, earlier| {
        let is_same = later.id == earlier.id;
        if is_same {
            std::mem::swap(later, earlier);
        }
        is_same
    });
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u8, upn: &str) -> CloudUser {
        CloudUser::new(format!("00000000-0000-4000-8000-0000000000{n:02x}").parse().unwrap(), upn, None)
    }

    fn list(users: &[CloudUser]) -> Decoded {
        Decoded { users: users.to_vec(), ..Decoded::default() }
    }

    fn names(users: &[CloudUser]) -> Vec<&str> {
        users.iter().map(|user| &*user.upn).collect()
    }

    #[test]
    fn each_is_there_once_and_who_is_deleted_is_not_short_of() {
        let (ann, bo, cleo) = (user(1, "ann"), user(2, "bo"), user(3, "cleo"));
        let live = vec![list(&[cleo.clone(), ann.clone()]), list(std::slice::from_ref(&bo))];
        let crowd = Crowd::new(live, vec![user(3, "gone.cleo")]).unwrap();
        assert_eq!(crowd.short(&["a", "b"], &[1, 1]).count(), 0, "ann and bo are all that live");
        assert_eq!(crowd.short(&["a", "b"], &[2, 1]).collect::<Vec<_>>(), [&"a"], "somebody is missing");
        assert!(crowd.doubles.is_empty() && crowd.knows(&bo.id) && !crowd.knows(&user(9, "x").id));
        assert_eq!(names(&crowd.with(Vec::new())), ["ann", "bo", "gone.cleo"]);
    }

    #[test]
    fn who_was_read_twice_is_read_again_and_counts_nowhere() {
        let live = vec![list(&[user(1, "ann"), user(2, "bo")]), list(&[user(2, "zoe")])];
        let crowd = Crowd::new(live, Vec::new()).unwrap();
        assert_eq!(crowd.doubles, BTreeSet::from([user(2, "").id]));
        assert_eq!(crowd.short(&[0, 1], &[1, 1]).collect::<Vec<_>>(), [&1]);
        let again = vec![(user(2, "").id, Some(user(2, "zoe"))), (user(9, "").id, None)];
        assert_eq!(names(&crowd.with(again)), ["ann", "zoe"]);
    }
}
