//! How far along its actions an object stands.

use crate::apply::chain::{Chain, chains};
use crate::directory::ports::TenantReader as _;

use super::*;

async fn facts(disk: &Disk, n: u8) -> TargetFacts {
    TargetFacts::Account(Box::new(disk.tenant().read_accounts(&[id(n).into()]).await.unwrap().remove(0)))
}

/// The actions of a plan on one account.
fn chain_of(actions: &[Action], n: u8) -> Chain<'_> {
    chains(actions).into_iter().find(|chain| chain.actions[0].target.entra_id() == Some(id(n))).unwrap()
}

#[tokio::test]
async fn of_an_account_that_is_gone_nothing_else_is_asked() {
    let mut planner = Planner::new();
    planner.clear(4, &[]);
    planner.state(ActionKind::SoftDelete, 4, "deleted", &[]);
    planner.state(ActionKind::Purge, 4, "gone", &[]);
    let (disk, actions) = (Disk::new(), planner.actions);
    let position = async |disk: &Disk| chain_of(&actions, 4).position(&facts(disk, 4).await, 0).unwrap();
    assert_eq!(position(&disk).await, 0);
    disk.change(4, |user| user.immutable_id = None);
    assert_eq!(position(&disk).await, 1);
    disk.change(4, |user| *user = user.binned(DELETED_AT));
    assert_eq!(position(&disk).await, 2);
    disk.state().users.remove(&id(4));
    assert_eq!(position(&disk).await, 3);
}

#[tokio::test]
async fn differences_are_told_from_the_nearest_point() {
    let mut planner = Planner::new();
    planner.swap();
    planner.detour();
    let (disk, actions) = (Disk::new(), planner.actions);
    disk.change(1, |user| user.immutable_id = ImmutableId::stored(&anchor(200)));
    disk.change(9, |user| user.traits_mut().licenses = Known::Is(["sku"].into()));
    let off = async |n: u8, recorded: usize| chain_of(&actions, n).position(&facts(&disk, n).await, recorded).unwrap_err().0;
    // Cleared and not cleared are equally near: the journal decides, else the earlier point.
    for (recorded, expected) in [(0, FactValue::text(anchor(2))), (1, FactValue::Null), (2, FactValue::text(anchor(2)))] {
        let off = off(1, recorded).await;
        assert_eq!((off.len(), &off[0].expected), (1, &expected), "{recorded}");
    }
    // Where less differs is nearer than where the journal is.
    for recorded in 0..=3 {
        let off = off(9, recorded).await;
        assert_eq!((off.len(), off[0].fact), (1, FactName::AssignedLicenses), "{recorded}");
    }
}
