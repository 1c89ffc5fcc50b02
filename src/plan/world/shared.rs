//! Look-ups by what many AD users may have in common: each of them may ask who the others are, so that is worked out once.

use crate::model::hits::{FEW, Few, Hits};
use crate::model::index::Index;
use crate::model::text::{fold, same};
use crate::model::{AdUser, ObservedForest};
use crate::tenant_model::exported_primary;

use super::{AdRef, AdUsers, Common, Forests, Place};

impl Forests {
    /// Those of [`Self::by_address`] of all forests for whom sync sends it as the primary address.
    pub(in crate::plan) fn with_primary_address(&self, address: &str) -> AdUsers {
        let has = |user: AdRef| self.user(user).and_then(exported_primary).is_some_and(|own| same(own, address));
        self.among((Common::PrimaryAddress, None), || fold(address).into_owned(), self.by_address(address, None), has)
    }

    /// Those of [`Self::by_sam`] who are in a domain; `is_there` tells.
    pub(in crate::plan) fn by_sam_in(
        &self,
        domain: &str,
        name: &str,
        place: Place<'_>,
        is_there: impl Fn(AdRef) -> bool,
    ) -> AdUsers {
        let key = || format!("{}\\{}", fold(domain), fold(name));
        self.among((Common::SamInDomain, place), key, self.by_sam(name, place), is_there)
    }

    /// Those whom the sync client takes in, of what a selector found. `key` tells selectors apart.
    pub(in crate::plan) fn taken_in(&self, key: impl FnOnce() -> String, place: Place<'_>, found: AdUsers) -> AdUsers {
        self.among((Common::TakenIn, place), key, found, |user| self.user(user).is_some_and(|user| user.excluded.is_none()))
    }

    /// Those of some users who are wanted; of many, worked out once.
    fn among(
        &self,
        (common, place): (Common, Place<'_>),
        key: impl FnOnce() -> String,
        all: AdUsers,
        is_wanted: impl Fn(AdRef) -> bool,
    ) -> AdUsers {
        let is_wanted = |user: &AdRef| is_wanted(*user);
        match all {
            Hits::Few(all) => Hits::Few(all.into_iter().filter(is_wanted).collect()),
            Hits::Many(all) => {
                let wanted = || all.iter().copied().filter(is_wanted).collect();
                self.popular.find((common, place.map(Into::into)), &key(), wanted)
            }
        }
    }

    /// By a name that many may have in common, of whom each may look up who the others are. No stamp changes it.
    pub(super) fn common(
        &self,
        index: &Index,
        common: Common,
        key: &str,
        place: Place<'_>,
        has: impl Fn(&AdUser) -> bool,
    ) -> AdUsers {
        let (key, has) = (&*fold(key), |_: &ObservedForest, user: &AdUser| has(user));
        let some: Few<u32> = index.candidates(key).take(FEW + 1).collect();
        if some.len() <= FEW {
            return self.hits(some.into_iter(), place, has).into();
        }
        let all = || self.hits(index.candidates(key), place, has);
        self.popular.find((common, place.map(Into::into)), key, all)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::World;
    use super::*;
    use crate::model::questions::Recorder;
    use crate::model::{CloudUser, Exclusion, Known, ObjectGuid, Observed, ObservedTenant};

    const MANY: u16 = 200;

    /// AD users and accounts that have one name, address and number; one of each is not to be taken.
    fn alike() -> World {
        let ad_user = |n: u16| {
            let guid: ObjectGuid = format!("f5057fee-4c3e-4459-82dd-21250000{n:04x}").parse().unwrap();
            let mut user = AdUser::new(guid, format!("CN=u{n},DC=corp").parse().unwrap());
            (user.sam, user.mail) = (Some("u".into()), Some("u@x.example".into()));
            user.excluded = (n == 0).then_some(Exclusion::ServiceAccount);
            user
        };
        let account = |n: u16| {
            let mut user =
                CloudUser::new(format!("00000000-0000-4000-8000-00000000{n:04x}").parse().unwrap(), "u@x.example", None);
            user.employee_id = Known::Is("7".into());
            user.traits_mut().deleted_at = (n == 0).then(|| "2026-11-24T00:00:00Z".into());
            user
        };
        let tenant = ObservedTenant { users: (0..MANY).map(account).collect(), ..ObservedTenant::default() };
        let forest = ObservedForest { name: "corp".into(), users: (0..MANY).map(ad_user).collect(), ..ObservedForest::default() };
        World::new(Observed { forests: vec![forest], tenant }, Recorder::default())
    }

    fn is_shared<T>(left: &Hits<T>, right: &Hits<T>) -> bool {
        matches!((left, right), (Hits::Many(left), Hits::Many(right)) if Arc::ptr_eq(left, right))
    }

    #[test]
    fn what_many_selectors_name_is_narrowed_once() {
        let world = alike();
        let usable = |key: &str| world.forests.taken_in(|| key.to_owned(), None, world.forests.by_address("u@x.example", None));
        assert!(is_shared(&usable("a"), &usable("a")) && !is_shared(&usable("a"), &usable("b")));
        assert_eq!(usable("a").len(), usize::from(MANY) - 1);
        let in_domain = |domain: &str, is_there: bool| world.forests.by_sam_in(domain, "u", None, |_| is_there);
        assert_eq!((in_domain("corp", true).len(), in_domain("lab", false).len()), (usize::from(MANY), 0));
        assert!(is_shared(&in_domain("corp", true), &in_domain("CORP", true)));
        let live = || world.tenant.live_by_employee_id("7");
        assert!(is_shared(&live(), &live()));
        assert_eq!(live().len(), usize::from(MANY) - 1);
    }
}
