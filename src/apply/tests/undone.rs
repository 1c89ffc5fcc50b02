//! What somebody undid since an earlier run of the plan did it.

use crate::apply::unfinished::abandon;
use crate::directory::ports::TenantReader as _;
use crate::tenant_model::ChangeKind;

use super::scripted::{Answer, Scripted, apply, refused};
use super::*;

/// Account 4 is in the recycle bin, its purge was refused.
async fn deleted_only() -> (Site, Body) {
    let mut planner = Planner::new();
    planner.purge_chain();
    let (site, body) = (Site::new(), planner.body());
    let report = but_for(&site, &body, ChangeKind::Purge).await;
    assert_eq!((report.done.len(), site.backups()), (1, 1), "{report:?}");
    (site, body)
}

/// Applies where one kind of write is refused.
async fn but_for(site: &Site, body: &Body, kind: ChangeKind) -> RunReport {
    let script = move |change: &_| refuses(change, &kind);
    apply(site, body, Scripted::new(&site.disk, script)).await.0
}

fn refuses(change: &crate::tenant_model::Change, kind: &ChangeKind) -> Answer {
    if change.kind == *kind { Answer::Fail(refused(None)) } else { Answer::Obey }
}

fn restored(disk: &Disk) {
    disk.change(4, |user| {
        (user.upn, user.traits_mut().deleted_at) = (user.original_upn().into(), None);
        user.display_name = Some("In use".into());
    });
}

async fn stale(site: &Site, body: &Body) -> (Difference, unfinished::UnfinishedRun) {
    let (before, journal) = (site.disk.image(), std::fs::read(site.journal()).unwrap());
    let Err(ApplyError::Stale { differences, begun }) = site.apply(body).await else { panic!("it is not stale") };
    assert_eq!((site.disk.image(), std::fs::read(site.journal()).unwrap(), site.backups()), (before, journal, 1));
    assert_eq!(differences.len(), 1, "{differences:?}");
    (differences[0].clone(), begun.unwrap())
}

#[tokio::test]
async fn an_account_that_somebody_restored_is_not_deleted_again() {
    let (site, body) = deleted_only().await;
    restored(&site.disk);
    let (difference, begun) = stale(&site, &body).await;
    assert_eq!((difference.fact.as_str(), difference.found.as_str()), ("state", "live"));
    assert_eq!(difference.expected, format!("deleted, as it was at {NOW}"));
    assert!(difference.target.is_some_and(|target| target.id == id(4).to_string()));
    // Whoever gives that run up on purpose starts anew, and saves the account as it is now.
    abandon(&begun, NOW.parse().unwrap()).unwrap();
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.backups(), 2);
}

#[tokio::test]
async fn a_value_that_somebody_put_back_is_not_taken_away_again() {
    let mut planner = Planner::new();
    planner.swap();
    let (site, body) = (Site::new(), planner.body());
    let set = ChangeKind::SetImmutableId(ImmutableId::stored(&anchor(2)).unwrap());
    assert_eq!(but_for(&site, &body, set).await.done.len(), 1);
    site.disk.change(1, |user| user.immutable_id = ImmutableId::stored(&anchor(2)));
    let before = site.disk.image();
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Stale { begun: Some(_), .. })));
    assert_eq!(site.disk.image(), before);
    site.disk.change(1, |user| user.immutable_id = None);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn what_was_linked_and_is_not_any_more_is_not_called_done() {
    let begun = || async {
        let mut planner = Planner::new();
        planner.set(11, 11, &[]);
        planner.swap();
        let (site, body) = (Site::new(), planner.body());
        let set = ChangeKind::SetImmutableId(ImmutableId::stored(&anchor(2)).unwrap());
        assert_eq!(but_for(&site, &body, set).await.done.len(), 2);
        (site, body)
    };
    for (fact, id, is_deleted) in [
        ("onPremisesImmutableId", ImmutableId::stored(&anchor(130)), false),
        ("onPremisesImmutableId", None, false),
        ("state", ImmutableId::stored(&anchor(11)), true),
    ] {
        let (site, body) = begun().await;
        site.disk.change(11, |user| {
            user.immutable_id = id;
            user.traits_mut().deleted_at = is_deleted.then(|| "2026-11-25T09:00:00Z".into());
        });
        let Err(ApplyError::Stale { differences, .. }) = site.apply(&body).await else { panic!("{fact}") };
        assert_eq!((differences.len(), differences[0].fact.as_str()), (1, fact), "{differences:?}");
        assert_eq!(differences[0].mapping.as_deref(), Some("m11"));
    }
    let (site, body) = begun().await;
    site.disk.change(11, |user| (user.upn, user.sync_enabled) = ("renamed@x.example".into(), Known::Is(true)));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete, "sync took it over meanwhile");
}

/// Whoever set it, nobody is linked whose account was deleted since the plan was made.
#[tokio::test]
async fn an_id_that_somebody_else_set_is_no_link_in_the_recycle_bin() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let (site, body) = (Site::new(), planner.body());
    site.disk.change(11, |user| user.immutable_id = ImmutableId::stored(&anchor(11)));
    assert_eq!(site.apply(&body).await.unwrap().already_done.len(), 1);
    site.disk.change(11, |user| user.traits_mut().deleted_at = Some("2026-11-25T09:00:00Z".into()));
    let Err(ApplyError::Stale { differences, begun: None }) = site.apply(&body).await else { panic!("it is not stale") };
    assert_eq!((differences.len(), &*differences[0].fact, &*differences[0].expected), (1, "state", "live"));
}

#[tokio::test]
async fn an_account_that_was_restored_and_deleted_again_is_not_purged() {
    let (site, body) = deleted_only().await;
    restored(&site.disk);
    site.disk.change(4, |user| *user = user.binned("2026-11-25T09:00:00Z"));
    let (difference, _) = stale(&site, &body).await;
    assert_eq!((difference.fact.as_str(), difference.expected.as_str()), ("deletedDateTime", NOW));
    assert!(difference.found.starts_with("2026-11-25T09:00:00Z"), "{difference:?}");
}

#[tokio::test]
async fn nor_if_that_happens_right_before_the_purge() {
    let mut planner = Planner::new();
    planner.purge_chain();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.concurrency = 1;
    let tenant = Scripted::new(&site.disk, |_| Answer::Obey);
    let mut again = tenant.read_accounts(&[id(4).into()]).await.unwrap();
    again[0].user = again[0].user.as_ref().map(|user| user.binned("2026-11-25T09:00:00Z"));
    // Preflight, the looks before and after the copy, and the one after the deletion show what is so.
    tenant.old.lock().unwrap().extend([vec![vec![]; 4], vec![again; 9]].concat());
    let (report, _) = apply(&site, &body, tenant).await;
    assert_eq!((report.done.len(), report.failed[0].1.kind), (1, FailureKind::Stale), "{report:?}");
    assert!(report.failed[0].1.reason.contains("restored and deleted again"), "{report:?}");
}

/// What the plan is through with is nobody's business, however often it is restored and deleted.
#[tokio::test]
async fn an_account_of_which_nothing_is_left_to_do_may_be_deleted_again() {
    let mut planner = Planner::new();
    planner.clear_of_deleted();
    let (site, body) = (Site::new(), planner.body());
    let set = ChangeKind::SetImmutableId(ImmutableId::stored(&anchor(7)).unwrap());
    assert_eq!(but_for(&site, &body, set).await.done.len(), 3);
    site.disk.change(8, |user| user.traits_mut().deleted_at = Some("2026-11-25T09:00:00Z".into()));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn a_change_while_the_account_is_saved_is_seen() {
    let mut planner = Planner::new();
    planner.purge_chain();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.concurrency = 1;
    let tenant = Scripted::new(&site.disk, |_| Answer::Obey);
    let mut used = tenant.read_accounts(&[id(4).into()]).await.unwrap();
    used[0].user.as_mut().unwrap().traits_mut().licenses = Known::Is(["sku"].into());
    // Preflight and the look before the copy show what the plan knows.
    tenant.old.lock().unwrap().extend([vec![vec![]; 2], vec![used; 1]].concat());
    let (report, tenant) = apply(&site, &body, tenant).await;
    assert_eq!((report.exit_kind(), site.backups()), (ExitKind::Stale, 1), "{report:?}");
    assert!(report.failed[0].1.reason.contains("assignedLicenses") && tenant.order.lock().unwrap().is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_copy_serves_a_later_run_only_while_the_account_is_as_it_was_saved() {
    let (site, body) = deleted_only().await;
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.backups(), 1, "in the recycle bin ever since");

    let (site, body) = deleted_only().await;
    let time = format!("\"deletedDateTime\":\"{NOW}\",");
    site.journal_of_earlier_version(&time);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.backups(), 2, "nobody knows since when it is there");

    let mut planner = Planner::new();
    planner.purge_chain();
    let (site, body) = (Site::new(), planner.body());
    assert_eq!(but_for(&site, &body, ChangeKind::SoftDelete).await.done.len(), 0);
    assert_eq!(site.backups(), 1);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.backups(), 2, "live accounts change");

    let mut planner = Planner::new();
    planner.purge_of_deleted();
    let (site, body) = (Site::new(), planner.body());
    assert_eq!(but_for(&site, &body, ChangeKind::Purge).await.done.len(), 0);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.backups(), 1, "the plan itself says since when it is there");
}

#[tokio::test]
async fn a_deletion_that_is_settled_by_reading_says_since_when() {
    let (mut site, body) = deleted_only().await;
    let journal = std::fs::read_to_string(site.journal()).unwrap();
    let is_kept = |line: &&str| !line.contains("\"entry\":\"outcome\"") && !line.contains("\"entry\":\"end\"");
    let sent: Vec<&str> = journal.lines().filter(is_kept).collect();
    std::fs::write(site.journal(), sent[..sent.len() - 1].join("\n") + "\n").unwrap();
    site.options.max_failures = 0;
    assert_eq!(but_for(&site, &body, ChangeKind::Purge).await.already_done.len(), 1);
    restored(&site.disk);
    site.disk.change(4, |user| *user = user.binned("2026-11-25T09:00:00Z"));
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Stale { .. })));
}

#[tokio::test(start_paused = true)]
async fn readers_that_are_late_are_waited_for_only_where_a_run_goes_on() {
    for goes_on in [true, false] {
        let (mut site, body) = if goes_on { deleted_only().await } else { (Site::new(), Planner::everything().body()) };
        site.options.read_back = Options::new(PathBuf::new()).read_back;
        if goes_on {
            restored(&site.disk);
        } else {
            site.disk.change(1, |user| user.sync_enabled = Known::Is(true));
        }
        let began = tokio::time::Instant::now();
        assert!(matches!(site.apply(&body).await, Err(ApplyError::Stale { begun, .. }) if begun.is_some() == goes_on));
        assert_eq!(began.elapsed(), Duration::from_secs(if goes_on { 1 + 2 + 4 } else { 0 }));
    }
}

/// The copies were made, and there is nothing more to save.
#[tokio::test]
async fn a_run_that_deletes_nobody_any_more_needs_no_folder_for_copies() {
    let mut planner = Planner::new();
    planner.purge_chain();
    let (mut site, body) = (Site::new(), planner.body());
    let set = ChangeKind::SetImmutableId(ImmutableId::stored(&anchor(3)).unwrap());
    assert_eq!(but_for(&site, &body, set).await.done.len(), 2);
    site.options.backups = site.folder().join("file/backups");
    std::fs::write(site.folder().join("file"), "").unwrap();
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    let journal = std::fs::read_to_string(site.journal()).unwrap();
    assert!(!journal.contains("alreadyDone"), "what is known is not written down again: {journal}");
}

#[tokio::test]
async fn a_folder_that_is_called_like_a_journal_is_none() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let site = Site::new();
    std::fs::create_dir(site.folder().join("old.journal.jsonl")).unwrap();
    assert_eq!(site.apply(&planner.body()).await.unwrap().exit_kind(), ExitKind::Complete);
}
