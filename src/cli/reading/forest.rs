//! Reading a forest.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::args::Read;
use crate::cli::directories::{Opened, open_for_reading};
use crate::cli::failure::Failure;
use crate::cli::live;
use crate::cli::terminal::Terminal;
use crate::config::{self, Config, ForestSource};
use crate::directory::ad::ldap::{LdapForest, Stamps};
use crate::directory::ports::ForestReader as _;
use crate::model::questions::{ForestKey, ForestQuestion};
use crate::model::{AdUser, AnchorMode, ObjectGuid, ObservedForest};

use super::in_forest;

/// More mappings than this, and reading everybody takes fewer searches: each mapping needs some in each of several rounds.
const FEW: usize = 300;

/// A live forest that can be asked for more.
pub(super) struct LiveForest {
    ldap: LdapForest,
    /// Who is stamped with what, where only a part of it is read.
    stamps: Option<Stamps>,
}

/// Reads what is read in any case.
pub(super) async fn begin(
    name: &str,
    source: &ForestSource,
    anchor: &AnchorMode,
    config: &Config,
    extent: Read,
    terminal: Terminal,
) -> Result<(ObservedForest, Option<LiveForest>), Failure> {
    let source = match open_for_reading(name, source, anchor, terminal).await? {
        Opened::Export(forest) => return Ok((forest, None)),
        Opened::Live(source) => source,
    };
    let ldap = live::forest(name, source, anchor, config, terminal)?;
    let is_part = match extent {
        Read::Auto => config.desired.mappings.len() <= FEW,
        Read::Needed => true,
        Read::Everything | Read::Identifiers => false,
    };
    let (forest, stamps) = first_look(name, source, &ldap, is_part, terminal).await?;
    Ok((forest, Some(LiveForest { ldap, stamps })))
}

async fn first_look(
    name: &str,
    source: &config::LdapForest,
    ldap: &LdapForest,
    is_part: bool,
    terminal: Terminal,
) -> Result<(ObservedForest, Option<Stamps>), Failure> {
    terminal.log(1, &format!("reading the forest {name} from {}", source.url));
    let read = if is_part {
        ldap.read_frame().await.map(|(frame, stamps)| (frame, Some(stamps)))
    } else {
        ldap.read_forest().await.map(|forest| (forest, None))
    };
    let (forest, stamps) = read.map_err(|error| in_forest(name, error))?;
    let how = if is_part { "looking up only those that planning asks for" } else { "all of them read" };
    terminal.log(1, &format!("the forest {name} has {} users: {how}", forest.size()));
    Ok((forest, stamps))
}

impl LiveForest {
    /// Adds the users that answer these questions.
    pub(super) async fn answer(&self, forest: &mut ObservedForest, open: &BTreeSet<ForestQuestion>) -> Result<(), Failure> {
        let here = open.iter().filter(|question| question.forest.as_ref().is_none_or(|name| *name == forest.name));
        let keys: BTreeSet<ForestKey> = here.map(|question| question.key.clone()).collect();
        if self.stamps.is_none() || keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<ForestKey> = keys.into_iter().collect();
        let found = self.ldap.read_matching(&keys, self.stamps.as_ref()).await.map_err(|error| in_forest(&forest.name, error))?;
        let known = std::mem::take(&mut forest.users).into_iter().chain(found);
        let users: BTreeMap<ObjectGuid, AdUser> = known.map(|user| (user.guid, user)).collect();
        forest.users = users.into_values().collect();
        Ok(())
    }

    pub(super) async fn close(&self) {
        self.ldap.close().await;
    }
}
