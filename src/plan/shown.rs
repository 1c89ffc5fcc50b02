//! What the rows of a plan show of the users; the last that is needed of what was read.

use std::mem::ManuallyDrop;

use crate::model::{Observed, ObservedForest};
use crate::tenant_model::UserRef;

use super::assemble::plan_ad_user;
use super::body::{PlanAdUser, PlanCloudUser};
use super::world::{AdRef, World};

/// Where rows find their users.
pub(super) enum Shown<'w> {
    /// The world goes on.
    Lent(&'w World),
    /// The world ended; every user by position.
    Left { ad_users: Vec<PlanAdUser>, accounts: Vec<PlanCloudUser> },
}

impl Shown<'_> {
    pub(super) fn ad_user(&self, user: AdRef) -> Option<PlanAdUser> {
        match self {
            Self::Lent(world) => plan_ad_user(user, world),
            Self::Left { ad_users, .. } => ad_users.get(user.position()).cloned(),
        }
    }

    pub(super) fn account(&self, user: UserRef) -> Option<PlanCloudUser> {
        match self {
            Self::Lent(world) => world.tenant.user(user).map(PlanCloudUser::of),
            Self::Left { accounts, .. } => accounts.get(user.position()).cloned(),
        }
    }
}

impl<'w> From<&'w World> for Shown<'w> {
    fn from(world: &'w World) -> Self {
        Self::Lent(world)
    }
}

/// The world ends. Its lists make room; the small values in them are left to the end of the process, as giving back millions
/// takes longer than all that is still to be done.
impl From<World> for Shown<'_> {
    fn from(world: World) -> Self {
        let Observed { forests, tenant } = world.into_observed();
        // One after the other: what is left of the forests finds room where the accounts were.
        let accounts = list(tenant.users.into_iter().map(|user| PlanCloudUser::of(&ManuallyDrop::new(user))));
        let ad_users = forests.into_iter().map(ad_users).reduce(|mut all, more| {
            all.extend(more);
            all
        });
        Self::Left { ad_users: ad_users.unwrap_or_default(), accounts }
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
