//! What a write to the cloud relies on beside its account: the AD user whose source anchor it is.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::directory::ports::{DirectoryError, ForestReader, ForestWriter, Receipt};

use super::order::three_sets;
use super::scripted::{Answer, Scripted};
use super::*;

/// A forest as the disk has it at the moment.
struct Living {
    disk: Disk,
    /// How often users can be read until it is gone. The preflight reads all at once.
    readings: AtomicUsize,
}

impl Living {
    fn of(site: &Site) -> Self {
        Self { disk: site.disk.clone(), readings: AtomicUsize::new(usize::MAX) }
    }
}

#[async_trait]
impl ForestReader for Living {
    async fn read_forest(&self) -> Result<ObservedForest, DirectoryError> {
        Ok(self.disk.state().forest.clone())
    }

    async fn read_users(&self, guids: &[ObjectGuid]) -> Result<Vec<Option<AdUser>>, DirectoryError> {
        let left = self.readings.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| DirectoryError::Unreachable("gone".into()))?;
        let users = &self.disk.state().forest.users;
        Ok(guids.iter().map(|guid| users.iter().find(|user| user.guid == *guid).cloned()).collect())
    }

    async fn find_by_anchor(&self, _: &[ImmutableId]) -> Result<Vec<AdUser>, DirectoryError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ForestWriter for Living {
    async fn stamp(&self, _: &ObjectGuid, _: Option<&[u8]>, _: Option<&[u8]>) -> Result<Receipt, DirectoryError> {
        Err(DirectoryError::Input("nobody stamps here".into()))
    }
}

/// Applies three sets one after the other (accounts 10, 11, 12); at the first write somebody changes the forest.
async fn changed_at_the_first_write(change: fn(&mut ObservedForest)) -> (Site, RunReport) {
    let mut site = Site::new();
    (site.options.concurrency, site.options.max_failures) = (1, 5);
    let mut body = three_sets();
    body.actions.sort_by_key(|action| action.target.id.clone());
    let disk = site.disk.clone();
    let tenant = Scripted::new(&site.disk, move |first| {
        if first.user == id(10) {
            change(&mut disk.state().forest);
        }
        Answer::Obey
    });
    let mut directories = site.disk.directories_with(Arc::new(tenant));
    directories.forests.insert("corp".into(), Arc::new(Living::of(&site)));
    let report = site.apply_to(&body, &directories, &site.plan()).await.unwrap();
    (site, report)
}

#[tokio::test]
async fn an_ad_user_that_changes_during_the_run_is_not_linked_by_what_it_was() {
    let stamped = |forest: &mut ObservedForest| {
        forest.users[10].consistency_guid = GuidAttribute::Bytes((*guid(200).ad_bytes()).into());
    };
    let deleted = |forest: &mut ObservedForest| drop(forest.users.remove(10));
    let made_anew = |forest: &mut ObservedForest| forest.users[10].sid = Some(sid(99));
    type Case = (fn(&mut ObservedForest), &'static str);
    let cases: [Case; 3] = [
        (stamped, "source anchor of the AD user u11: expected"),
        (deleted, "objectGUID of the AD user u11: expected f5057fee-4c3e-4459-82dd-21250b72960b, found no such user"),
        (made_anew, "objectSid of the AD user u11"),
    ];
    for (change, says) in cases {
        let (site, report) = changed_at_the_first_write(change).await;
        assert_eq!((report.done.len(), report.exit_kind()), (2, ExitKind::Partial), "{report:?}");
        let [(_, failure)] = report.failed.as_slice() else { panic!("{report:?}") };
        assert_eq!(failure.kind, FailureKind::Stale);
        assert!(failure.reason.starts_with(says), "{failure:?}");
        assert!(site.disk.state().users[&id(11)].immutable_id.is_none());
    }
    let moved = |forest: &mut ObservedForest| forest.users[10].dn = "CN=renamed,OU=new,DC=corp,DC=local".parse().unwrap();
    let (_, report) = changed_at_the_first_write(moved).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete, "where it is and how it is called may change");
}

#[tokio::test]
async fn an_ad_user_that_is_gone_before_its_stamp_is_said_to_be_gone() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    planner.stamp(12, 100);
    let mut site = Site::new();
    (site.options.concurrency, site.options.max_failures) = (1, 5);
    let mut body = planner.body();
    body.mappings.retain(|mapping| mapping.id != "m12");
    let disk = site.disk.clone();
    let tenant = Scripted::new(&site.disk, move |_| {
        disk.state().forest.users.retain(|user| user.guid != guid(12));
        Answer::Obey
    });
    let mut directories = site.disk.directories_with(Arc::new(tenant));
    directories.forests.insert("corp".into(), Arc::new(Living::of(&site)));
    let report = site.apply_to(&body, &directories, &site.plan()).await.unwrap();
    assert_eq!((report.done.len(), report.failed.len()), (1, 1), "{report:?}");
    assert!(report.failed[0].1.reason.starts_with("there is no such AD user any more"), "{report:?}");
}

#[tokio::test]
async fn an_ad_user_that_cannot_be_read_any_more_stops_the_writes_for_it() {
    let site = Site::new();
    let mut directories = site.disk.directories();
    let living = Living { disk: site.disk.clone(), readings: AtomicUsize::new(1) };
    directories.forests.insert("corp".into(), Arc::new(living));
    let report = site.apply_to(&three_sets(), &directories, &site.plan()).await.unwrap();
    assert_eq!((report.exit_kind(), report.done.len()), (ExitKind::Unreachable, 0), "{report:?}");
}
