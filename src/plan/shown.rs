//! What the rows of a plan show of the users; the last that is needed of what was read.

use std::mem::ManuallyDrop;

use crate::model::{Observed, ObservedForest};
use crate::tenant_model::UserRef;

use super::body::{PlanAdUser, PlanCloudUser};
use super::world::{AdRef, World};

/// Every user by position.
pub(super) struct Shown {
    ad_users: Vec<PlanAdUser>,
    accounts: Vec<PlanCloudUser>,
}

impl Shown {
    pub(super) fn ad_user(&self, user: AdRef) -> Option<&PlanAdUser> {
        self.ad_users.get(user.position())
    }

    pub(super) fn account(&self, user: UserRef) -> Option<&PlanCloudUser> {
        self.accounts.get(user.position())
    }
}

/// The world goes on.
impl From<&World> for Shown {
    fn from(world: &World) -> Self {
        let ad_users = world.forests.users().map(|(_, forest, user)| PlanAdUser::of(user, &forest.name)).collect();
        Self { ad_users, accounts: world.tenant.observed().users.iter().map(PlanCloudUser::of).collect() }
    }
}

/// The world ends. Its lists make room; the small values in them are left to the end of the process, as giving back millions
/// takes longer than all that is still to be done.
impl From<World> for Shown {
    fn from(world: World) -> Self {
        let Observed { forests, tenant } = world.into_observed();
        // One after the other: what is left of the forests finds room where the accounts were.
        let accounts = list(tenant.users.into_iter().map(|user| PlanCloudUser::of(&ManuallyDrop::new(user))));
        let ad_users = forests.into_iter().map(ad_users).reduce(|mut all, more| {
            all.extend(more);
            all
        });
        Self { ad_users: ad_users.unwrap_or_default(), accounts }
    }
}

fn ad_users(forest: ObservedForest) -> Vec<PlanAdUser> {
    list(forest.users.into_iter().map(|user| PlanAdUser::of(&ManuallyDrop::new(user), &forest.name)))
}

/// A list of its own: one that is collected from another may keep the room of that.
fn list<T>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = items.collect();
    list.shrink_to_fit();
    list
}
