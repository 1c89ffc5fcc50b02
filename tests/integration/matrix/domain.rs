//! A Samba domain as the forest of a recipe: its users are made once, and lose their stamps before each run.

use hardmatch::directory::ad::ldap::{LdapForest, LdapSettings};
use hardmatch::directory::ports::ForestReader as _;
use hardmatch::model::ObservedForest;

use super::world;
use crate::common::Hardmatch;
use crate::ldap::{Dc, SERVER, dc};
use crate::walks::ground::Forest;

/// The users of the recipes on a domain controller.
pub(super) struct Domain {
    dc: Dc,
    forest: Forest,
}

impl Domain {
    /// Nothing where `tests/run` or `tests/hostile` could start no domain controller.
    pub(super) async fn new() -> Option<Self> {
        let _shared = SERVER.read().await;
        let forest = Forest::samba("corp", "matrix", dc()?);
        forest.make(&Hardmatch::new(), &world::people());
        Some(Self { dc: dc()?, forest })
    }

    /// The entry of the configuration.
    pub(super) fn config(&self) -> String {
        self.forest.config()
    }

    pub(super) fn password(&self) -> &str {
        &self.dc.password
    }

    /// Everybody as a reader finds them.
    pub(super) async fn read(&self) -> ObservedForest {
        let settings = self.dc.settings(&self.dc.url(), &self.dc.writer());
        let base = Some(self.forest.base.parse().unwrap());
        LdapForest::new(LdapSettings { base_dn: base, ..settings }).unwrap().read_forest().await.unwrap()
    }

    /// Takes all stamps away.
    pub(super) async fn put_back(&self) {
        let unstamped = |dn: &str| format!("dn: {dn}\nchangetype: modify\nreplace: mS-DS-ConsistencyGuid\n-\n\n");
        let changes: String = self.read().await.users.iter().map(|user| unstamped(user.dn.as_str())).collect();
        let here = Hardmatch::new();
        here.write("unstamp.ldif", changes);
        let file = here.path().join("unstamp.ldif");
        let done = self.dc.database("ldbmodify", &[file.to_str().unwrap()]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}
