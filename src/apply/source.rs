//! The AD users whose source anchors a plan writes to the cloud: what happens to them meanwhile makes a write wrong as much
//! as what happens to its account.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::ports::DirectoryError;
use crate::model::{AdUser, AnchorMode, ObjectGuid, Sid, effective_anchor};
use crate::plan::action::{Action, ActionKind, Target};
use crate::plan::body::{Body, PlannedMapping};

use super::Directories;
use super::facts::Unlike;

/// The AD users of the mappings for which a plan writes, by mapping.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    by_mapping: BTreeMap<&'a str, Source<'a>>,
}

/// One of them, as planning saw it.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) mapping: &'a PlannedMapping,
    pub(super) forest: &'a str,
    pub(super) guid: ObjectGuid,
    mode: AnchorMode,
    /// Whether the plan itself gives it another anchor.
    is_stamped: bool,
}

impl<'a> Sources<'a> {
    /// # Errors
    /// A forest of which the plan does not say where it takes its anchors from.
    pub(super) fn of(body: &'a Body) -> Result<Self, DirectoryError> {
        let mappings_of = |stamps_only: bool| -> BTreeSet<&str> {
            let wanted = |action: &&Action| !stamps_only || action.kind == ActionKind::StampConsistencyGuid;
            body.actions.iter().filter(wanted).map(|action| action.mapping.as_str()).collect()
        };
        let (busy, stamped) = (mappings_of(false), mappings_of(true));
        let mut by_mapping = BTreeMap::new();
        for mapping in body.mappings.iter().filter(|mapping| busy.contains(mapping.id.as_str())) {
            let Some((forest, guid)) = ad_object(mapping) else { continue };
            let (mode, is_stamped) = (anchor_mode(body, forest)?, stamped.contains(mapping.id.as_str()));
            by_mapping.insert(mapping.id.as_str(), Source { mapping, forest, guid, mode, is_stamped });
        }
        Ok(Self { by_mapping })
    }

    pub(super) fn of_mapping(&self, mapping: &str) -> Option<&Source<'a>> {
        self.by_mapping.get(mapping)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Source<'a>> {
        self.by_mapping.values()
    }

    /// Reads the AD user behind a write to the cloud, and tells in words what is not as planning saw it.
    pub(super) async fn changed(&self, action: &Action, directories: &Directories) -> Result<Option<String>, DirectoryError> {
        let source = self.of_mapping(&action.mapping).filter(|_| action.target.forest().is_none());
        let Some(source) = source else { return Ok(None) };
        let read = directories.forest(source.forest)?.read_users(std::slice::from_ref(&source.guid)).await?;
        let first = source.unlike(read.first().and_then(Option::as_ref)).into_iter().next();
        Ok(first.map(|Unlike { fact, expected, found }| {
            format!("{fact} of the AD user {}: expected {expected}, found {found}", source.name())
        }))
    }
}

impl Source<'_> {
    /// The AD user as the object of a difference.
    pub(super) fn target(&self) -> Target {
        let sam = self.mapping.on_prem.as_ref().and_then(|user| user.sam.as_deref());
        Target::ad_user(self.forest, self.guid, sam.unwrap_or(""))
    }

    fn name(&self) -> String {
        let known = self.mapping.on_prem.as_ref();
        let name = known.and_then(|user| user.sam.as_deref().or(user.dn.as_deref()));
        name.map_or_else(|| self.guid.to_string(), str::to_owned)
    }

    /// What is not as planning saw it.
    pub(super) fn unlike(&self, user: Option<&AdUser>) -> Vec<Unlike> {
        let Some(user) = user else { return vec![Unlike::new("objectGUID", self.guid.to_string(), "no such user")] };
        let is_given = self.mapping.anchor_from.as_deref() == Some("given");
        let mut unlike = Vec::new();
        if let Some(anchor) = self.mapping.anchor.as_ref().filter(|_| !self.is_stamped && !is_given) {
            let found =
                effective_anchor(&self.mode, user).map_or_else(|problem| problem.to_string(), |found| found.value.to_string());
            unlike.extend((found != **anchor).then(|| Unlike::new("source anchor", anchor.to_string(), found)));
        }
        if let Some(sid) = self.mapping.on_prem.as_ref().and_then(|known| known.object_sid.as_ref())
            && user.sid.as_ref() != Some(sid)
        {
            let found = user.sid.as_ref().map_or_else(|| "not reported".to_owned(), Sid::to_string);
            unlike.push(Unlike::new("objectSid", sid.to_string(), found));
        }
        unlike
    }
}

/// The AD user of a mapping, where the plan names one.
pub(super) fn ad_object(mapping: &PlannedMapping) -> Option<(&str, ObjectGuid)> {
    let user = mapping.on_prem.as_ref()?;
    Some((user.forest.as_deref()?, user.object_guid?))
}

/// Where a forest takes its anchors from.
///
/// # Errors
/// The plan does not say it.
pub(super) fn anchor_mode(body: &Body, forest: &str) -> Result<AnchorMode, DirectoryError> {
    let written = body.forests.iter().find(|known| known.name == forest).and_then(|known| known.anchor.parse().ok());
    written
        .ok_or_else(|| DirectoryError::Input(format!("the plan does not say where the forest `{forest}` takes its anchors from")))
}
