//! What the sync client remembers of earlier cycles, and the accounts that it deletes because their AD users left its scope.
//!
//! The client forgets an AD user as soon as it has exported the deletion, whatever came of it: a real one imports the
//! tenant before every cycle and sees the same. Not modelled: the threshold of accidental deletions, two AD users that are
//! joined in one metaverse object, and a restore that falls between the client's import and its export.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{AdUser, DistinguishedName, ImmutableId, Known, ObjectGuid, ObservedForest, effective_anchor};
use crate::tenant_model::{Incoming, SyncDeletion, SyncOutcome, Tenant};

use super::errors::Failure;
use super::forests::{head, merged, refusal};
use super::world::{Extra, World};

/// An AD user: the position of its file, and its objectGUID.
type AdKey = (usize, ObjectGuid);

/// The AD users that have an account through this client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exported(BTreeMap<AdKey, Export>);

/// An AD user as it was last exported.
#[derive(Debug, Clone)]
struct Export {
    anchor: ImmutableId,
    /// Who it is, in the words of the answer.
    head: Value,
}

impl Exported {
    /// What a client knows that has long been running: everybody in scope whose account is synced under their anchor.
    pub(crate) fn at_start(forests: &[ObservedForest], excluded: &[DistinguishedName], tenant: &Tenant) -> Self {
        let mut known = Self::default();
        for (file, forest) in forests.iter().enumerate() {
            for user in forest.users.iter().filter(|user| is_in_scope(user, excluded)) {
                let Ok(anchor) = effective_anchor(&forest.anchor, user) else { continue };
                let joined = tenant.forecast(Incoming { user, anchor: &anchor });
                if matches!(joined, SyncOutcome::AlreadyLinked(_)) {
                    known.remember(file, forest, user, &anchor.value);
                }
            }
        }
        known
    }

    /// An AD user whose export went through.
    pub(crate) fn remember(&mut self, file: usize, forest: &ObservedForest, user: &AdUser, anchor: &ImmutableId) {
        let export = Export { anchor: anchor.clone(), head: head(forest, user) };
        self.0.insert((file, user.guid), export);
    }

    /// Deletes the accounts of those who are no longer in scope, and says what came of it.
    ///
    /// # Errors
    /// Only if document and model have come apart.
    pub(crate) fn delete_lost(
        &mut self,
        world: &mut World,
        forests: &[ObservedForest],
        excluded: &[DistinguishedName],
    ) -> Result<Vec<Value>, Failure> {
        if world.tenant.observed().sync_enabled == Known::Is(false) {
            return Ok(Vec::new());
        }
        let in_scope = |(file, guid): &AdKey| {
            let users = forests.get(*file).into_iter().flat_map(|forest| &forest.users);
            users.filter(|user| user.guid == *guid).any(|user| is_in_scope(user, excluded))
        };
        let lost: Vec<AdKey> = self.0.keys().filter(|key| !in_scope(key)).copied().collect();
        let lost = lost.into_iter().filter_map(|key| self.0.remove(&key));
        lost.map(|export| delete(world, export)).collect()
    }
}

/// Whether the client syncs an AD user: not below a container that is left out, nor left out by its standard rules.
pub(crate) fn is_in_scope(user: &AdUser, excluded: &[DistinguishedName]) -> bool {
    user.excluded.is_none() && !excluded.iter().any(|base| user.dn.is_under(base))
}

fn delete(world: &mut World, export: Export) -> Result<Value, Failure> {
    let now = world.now();
    let mut tenant = world.tenant.clone();
    let outcome = tenant.delete_by_sync(&export.anchor, &now);
    let told = match outcome {
        SyncDeletion::Gone => json!({ "outcome": "gone", "immutableId": export.anchor }),
        SyncDeletion::Refused(why) => merged(json!({ "outcome": "refused", "immutableId": export.anchor }), refusal(&why)),
        SyncDeletion::Deleted(user) => {
            let after = tenant.user(user).cloned().ok_or_else(|| Failure::internal("a deleted account is gone"))?;
            let (id, upn) = (after.id, after.original_upn().to_owned());
            let before = world.account(&id).cloned();
            world.tenant.put(after);
            world.record(&id, before.as_ref(), "Delete user", Extra::new())?;
            json!({ "outcome": "deleted", "immutableId": export.anchor, "user": id, "userPrincipalName": upn })
        }
    };
    Ok(merged(export.head, told))
}
