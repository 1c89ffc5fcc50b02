//! Where the AD users of a walk live: in an LDIF file, or in a Samba domain that is saved as one before each sync cycle.

use std::path::Path;
use std::process::Command;

use hardmatch::directory::exports::read_ldif;
use hardmatch::model::{AdUser, AnchorMode, ObjectGuid, ObservedForest, effective_anchor};

use crate::common::Hardmatch;
use crate::ldap::Dc;

/// A forest of a walk: users below `Staff` are synced, those below `NoSync` are not.
pub(crate) struct Forest {
    pub(super) name: &'static str,
    dc: Option<Dc>,
    /// The container of this walk.
    pub(crate) base: String,
}

/// A user to make.
pub(crate) struct Person {
    sam: String,
    /// `Staff` or `NoSync`.
    ou: &'static str,
    /// Of the sign-in name.
    domain: &'static str,
}

pub(crate) fn person(sam: &str, ou: &'static str) -> Person {
    Person { sam: sam.to_owned(), ou, domain: "x.example" }
}

impl Person {
    pub(crate) fn in_domain(self, domain: &'static str) -> Self {
        Self { domain, ..self }
    }
}

impl Forest {
    /// A file.
    pub(crate) fn file(name: &'static str, walk: &str) -> Self {
        Self { name, dc: None, base: format!("OU={walk},DC={name},DC=test") }
    }

    /// A container of a Samba domain.
    pub(crate) fn samba(name: &'static str, walk: &str, dc: Dc) -> Self {
        let base = format!("OU={walk},OU=Walks,{}", dc.base());
        Self { name, dc: Some(dc), base }
    }

    /// Makes the users, and nobody else.
    pub(crate) fn make(&self, here: &Hardmatch, people: &[Person]) {
        let entries = (1u8..).zip(people).map(|(n, person)| self.entry(n, person));
        let entries = entries.collect::<Vec<_>>().join("\n");
        let Some(dc) = &self.dc else { return here.write(&self.ldif(), entries) };
        // What an earlier run left behind; the first one finds nothing.
        dc.database("ldbdel", &["--recursive", &self.base]).output().unwrap();
        let ou = |dn: &str| format!("dn: {dn}\nobjectClass: organizationalUnit\n\n");
        let containers = [&self.base, &self.below("Staff"), &self.below("NoSync")].map(|dn| ou(dn)).concat();
        here.write("make.ldif", containers + &entries);
        run(dc.database("ldbadd", &[here.path().join("make.ldif").to_str().unwrap()]));
    }

    fn entry(&self, n: u8, person: &Person) -> String {
        let sam = &person.sam;
        let dn = self.dn(sam, person.ou);
        let common = format!(
            "dn: {dn}\nobjectClass: user\nsAMAccountName: {sam}\nuserPrincipalName: {sam}@{}\nuserAccountControl: 544\n",
            person.domain
        );
        if self.dc.is_some() {
            return common;
        }
        let guid: ObjectGuid = format!("f5057fee-4c3e-4459-82dd-2125{:02x}7296{n:02x}", self.name.len()).parse().unwrap();
        let forest = u8::try_from(self.name.len()).unwrap();
        let sid = [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, forest, 0, 0, 0, n, 4, 0, 0];
        let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        let class = format!("objectCategory: CN=Person,CN=Schema,CN=Configuration,DC={},DC=test", self.name);
        format!("{common}{class}\nobjectGUID:: {}\nobjectSid:: {}\n", base64(guid.ad_bytes()), base64(&sid))
    }

    /// Moves people, as an administrator does who filters by container.
    pub(super) fn move_to(&self, here: &Hardmatch, people: &[&str], ou: &str) {
        let from = if ou == "Staff" { "NoSync" } else { "Staff" };
        let Some(dc) = &self.dc else {
            for sam in people {
                here.edit(&self.ldif(), &format!("dn: {}\n", self.dn(sam, from)), &format!("dn: {}\n", self.dn(sam, ou)));
            }
            return;
        };
        let moved = |sam: &&str| {
            let (dn, to) = (self.dn(sam, from), self.below(ou));
            format!("dn: {dn}\nchangetype: modrdn\nnewrdn: CN={sam}\ndeleteoldrdn: 1\nnewsuperior: {to}\n\n")
        };
        here.write("move.ldif", people.iter().map(moved).collect::<String>());
        run(dc.database("ldbmodify", &[here.path().join("move.ldif").to_str().unwrap()]));
    }

    fn dn(&self, sam: &str, ou: &str) -> String {
        format!("CN={sam},{}", self.below(ou))
    }

    /// A container of this walk.
    pub(super) fn below(&self, ou: &str) -> String {
        format!("OU={ou},{}", self.base)
    }

    /// The file that the sync client reads.
    pub(super) fn ldif(&self) -> String {
        let folder = if self.dc.is_some() { "synced/" } else { "" };
        format!("{folder}{}.ldif", self.name)
    }

    pub(super) fn is_live(&self) -> bool {
        self.dc.is_some()
    }

    /// The entry of the configuration.
    pub(crate) fn config(&self) -> String {
        let Some(dc) = &self.dc else { return format!("  {}: {{ ldif: {} }}\n", self.name, self.ldif()) };
        let (url, base, ca) = (dc.url(), &self.base, dc.tls("ca.pem").display().to_string());
        let bind = format!("{{ simple: {{ user: {}, password: {{ env: LDAP_PASSWORD }} }} }}", dc.writer());
        format!("  {}:\n    ldap: {{ url: \"{url}\", baseDn: \"{base}\", ca: \"{ca}\", bind: {bind} }}\n", self.name)
    }

    /// The password of the configuration, where there is one.
    pub(super) fn password(&self) -> Option<&str> {
        self.dc.as_ref().map(|dc| dc.password.as_str())
    }

    /// The forest as the sync client finds it.
    pub(crate) fn read(&self, folder: &Path) -> ObservedForest {
        read_ldif(&folder.join(self.ldif()), self.name, &AnchorMode::ConsistencyGuid).unwrap()
    }
}

fn run(mut command: Command) {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    // The exit code does not tell of entries that were refused.
    assert!(done.status.success() && !said.contains("ERR"), "{command:?}: {said}");
}

/// Somebody of a forest, with the anchor that sync sends.
pub(crate) fn somebody<'f>(forest: &'f ObservedForest, sam: &str) -> (&'f AdUser, String) {
    let user = forest.users.iter().find(|user| user.sam.as_deref() == Some(sam)).unwrap_or_else(|| panic!("no {sam}"));
    (user, effective_anchor(&AnchorMode::ConsistencyGuid, user).unwrap().value.to_string())
}
