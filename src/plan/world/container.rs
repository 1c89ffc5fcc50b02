//! The users below a container: of very many containers each is looked up, so that nobody is looked at for all of them.

use crate::model::{DistinguishedName, ObjectGuid, ObservedForest, Text};

use super::{AdRef, Forests, Place};

impl Forests {
    /// The users of a forest and below a container, each where it is named, in the order of forests and names.
    pub(in crate::plan) fn users_in(&self, place: Place<'_>, under: Option<&DistinguishedName>) -> Vec<AdRef> {
        let is_there = |forest: &ObservedForest| place.is_none_or(|wanted| *forest.name == *wanted);
        let mut found: Vec<AdRef> = match (under, self.base.by_path.get()) {
            (Some(base), Some(by_path)) => {
                let is_there = |user: &AdRef| self.get(*user).is_some_and(|(forest, _)| is_there(forest));
                self.below(base, by_path).iter().copied().filter(is_there).collect()
            }
            (under, _) => {
                let there = self.users().filter(|(_, forest, _)| is_there(forest));
                let there = there.filter(|(.., user)| under.is_none_or(|base| user.dn.is_under(base)));
                there.map(|(number, ..)| number).collect()
            }
        };
        found.sort_by_cached_key(|user| self.sort_key(*user));
        found
    }

    /// Forest and name; the GUID tells apart what has the same name.
    pub(in crate::plan) fn sort_key(&self, user: AdRef) -> Option<(Text, String, ObjectGuid)> {
        self.get(user).map(|(forest, user)| (forest.name.clone(), user.dn.key(), user.guid))
    }

    /// Sorts users by where they are, for who asks for many containers.
    pub(in crate::plan) fn index_containers(&self) {
        self.base.by_path.get_or_init(|| {
            let mut all: Vec<AdRef> = self.users().map(|(number, ..)| number).collect();
            all.sort_by_cached_key(|user| self.path(*user));
            all.into()
        });
    }

    /// What is below a container stands together.
    fn below<'u>(&self, base: &DistinguishedName, by_path: &'u [AdRef]) -> &'u [AdRef] {
        let first = path_of(base);
        // Behind the name itself, and behind what follows it after the sign between two parts.
        let behind = format!("{first}\u{1}");
        let start = by_path.partition_point(|user| self.path(*user) < first);
        let end = by_path.partition_point(|user| self.path(*user) < behind);
        by_path.get(start..end).unwrap_or_default()
    }

    fn path(&self, user: AdRef) -> String {
        self.user(user).map(|user| path_of(&user.dn)).unwrap_or_default()
    }
}

/// The parts of a name from the root on.
fn path_of(dn: &DistinguishedName) -> String {
    let key = dn.key();
    let parts: Vec<&str> = key.rsplit('\u{0}').collect();
    parts.join("\u{0}")
}

#[cfg(test)]
mod tests {
    use super::super::World;
    use super::*;
    use crate::model::questions::Recorder;
    use crate::model::{AdUser, Observed};

    const NAMES: [&str; 10] = [
        "CN=ann,OU=Staff,DC=corp",
        "CN=bob,OU=staff,DC=CORP",
        "CN=eve,OU=Old,OU=Staff,DC=corp",
        "CN=joe,OU=Staff2,DC=corp",
        "CN=kim,OU=Staff\\,Old,DC=corp",
        "CN=lee,OU=Staff\\01x,DC=corp",
        "CN=max,OU=A,DC=corp",
        "CN=OU\\=Staff,DC=corp",
        "OU=Staff,DC=corp",
        "CN=zoe,OU=Staff,DC=lab",
    ];

    fn world() -> World {
        let user = |(n, dn): (u32, &&str)| {
            let guid: ObjectGuid = format!("f5057fee-4c3e-4459-82dd-21250000{n:04x}").parse().unwrap();
            AdUser::new(guid, dn.parse().unwrap())
        };
        let forest = |name: &str| ObservedForest {
            name: name.into(),
            users: (0..).zip(&NAMES).map(user).collect(),
            ..ObservedForest::default()
        };
        World::new(Observed { forests: vec![forest("b"), forest("a")], ..Observed::default() }, Recorder::default())
    }

    #[test]
    fn the_index_finds_whom_a_walk_finds() {
        let (walked, indexed) = (world().forests, world().forests);
        indexed.index_containers();
        let bases =
            NAMES.iter().chain(&["DC=corp", "ou=STAFF,dc=corp", "OU=Old,OU=Staff,DC=corp", "OU=Staff", "OU=none,DC=corp"]);
        for base in bases.map(|base| base.parse().unwrap()) {
            for place in [None, Some("a")] {
                assert_eq!(walked.users_in(place, Some(&base)), indexed.users_in(place, Some(&base)), "{base}");
            }
        }
        let staff: DistinguishedName = "OU=Staff,DC=corp".parse().unwrap();
        assert_eq!(indexed.below(&staff, indexed.base.by_path.get().unwrap()).len(), 8, "nobody else is looked at");
    }
}
