//! Where the stamps of a plan go: into Active Directory, or only into a file that somebody exported from it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::{Config, ForestSource, TenantSource};
use crate::plan::action::Action;

use super::failure::Failure;

/// The forests that a plan stamps and that are read from files.
pub(super) struct FileStamps<'c> {
    /// Those that cannot be written: name and file.
    in_csv: Vec<(&'c str, &'c Path)>,
    /// Those of which the file is written, while the tenant is a live one.
    beside_live: Vec<(&'c str, &'c Path)>,
}

impl<'c> FileStamps<'c> {
    pub(super) fn of(actions: &[Action], config: &'c Config) -> Self {
        let stamped: BTreeSet<&str> = actions.iter().filter_map(|action| action.target.forest()).collect();
        let is_live = matches!(config.tenant, TenantSource::Graph(_));
        let mut found = Self { in_csv: Vec::new(), beside_live: Vec::new() };
        for (name, source) in config.forests.iter().filter(|(name, _)| stamped.contains(&**name)) {
            match source {
                ForestSource::Csv(file) => found.in_csv.push((&**name, file)),
                ForestSource::Ldif(file) if is_live => found.beside_live.push((&**name, file)),
                ForestSource::Ldif(_) | ForestSource::Ldap(_) => {}
            }
        }
        found
    }

    /// # Errors
    /// A stamp that no file can take; nothing is to be written then.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        let Some(words) = self.refusals().next() else { return Ok(()) };
        Err(Failure::input(format!("{words}; nothing was written"))
            .hint("Name the forest with `ldap:` (Active Directory itself), or export it as LDIF and name it with `ldif:`."))
    }

    /// What `apply` would refuse, in words.
    pub(super) fn refusals(&self) -> impl Iterator<Item = String> {
        self.in_csv.iter().map(|(name, file)| {
            format!("the plan stamps AD users of the forest `{name}`, and its CSV `{}` cannot be stamped", file.display())
        })
    }

    /// Stamps that do not reach the directory that sync reads, in words.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.beside_live.iter().map(|(name, file)| {
            format!(
                "the stamps of the forest `{name}` go into the file `{}` and not into Active Directory: sync does not see them",
                file.display()
            )
        })
    }
}
