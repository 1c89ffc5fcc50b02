//! The way back leads back.

use crate::apply::journal::{EndStatus, History, JournalState};
use crate::apply::rollback::{read_settled, rehearsed};
use crate::apply::unfinished::FolderJournals;
use crate::directory::ports::TenantReader as _;
use crate::plan::finding::Code;

use super::scripted::{Answer, Scripted, failing, refused};
use super::*;

/// Everything that can be undone.
pub(super) fn reversible() -> Body {
    let mut planner = Planner::new();
    planner.swap();
    planner.clear_of_deleted();
    planner.detour();
    planner.stamp(10, 100);
    planner.set(11, 11, &[]);
    planner.clear(13, &[]);
    planner.body()
}

pub(super) async fn way_back(site: &Site, state: &JournalState, digest: &str) -> Body {
    let history = History { lasting: state.lasting(digest), ..state.history(digest) };
    let directories = site.disk.directories();
    let now = NOW.parse().unwrap();
    let current = read_settled(&history, &directories, &site.options.read_back, now, |_, _| {}).await.unwrap();
    let body = rehearsed(&history, "wave.journal.jsonl", &current, &site.policy, &*directories.tenant).await.unwrap().unwrap();
    for action in &body.actions {
        assert!(action.is_consistent());
    }
    body
}

/// Plans the way back and applies it.
pub(super) async fn roll_back(site: &mut Site) -> Body {
    let state = Journal::read(&site.journal()).unwrap();
    let body = way_back(site, &state, DIGEST).await;
    let plan = site.folder().join("back.json");
    site.digest = "sha256:back".into();
    let report = site.apply_to(&body, &site.disk.directories(), &plan).await.unwrap();
    assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}");
    site.digest = DIGEST.into();
    body
}

/// The tenant as it was, but for the time at which user 8 was deleted.
fn is_back(site: &Site) -> bool {
    let normal = |disk: &Disk| {
        let (mut users, stamps) = disk.image();
        users.get_mut(&id(8)).unwrap().traits_mut().deleted_at = Some("".into());
        (users, stamps)
    };
    normal(&site.disk) == normal(&Disk::new())
}

#[tokio::test]
async fn a_finished_run_is_undone_and_can_be_done_again() {
    let (mut site, body) = (Site::new(), reversible());
    site.apply(&body).await.unwrap();
    let after = site.disk.image();
    let back = roll_back(&mut site).await;
    assert_eq!((back.status, back.actions.len(), back.findings.len()), (Status::Ready, body.actions.len(), 0));
    assert_eq!(back.summary.actions.values().sum::<u64>(), body.actions.len() as u64);
    assert_eq!(back.summary.mappings["planned"], back.mappings.len() as u64);
    assert!(back.mappings.iter().all(|mapping| mapping.source.line > 1 && mapping.cloud.is_some() == (mapping.id != "m10")));
    assert!(is_back(&site));
    let state = Journal::read(&site.journal()).unwrap();
    assert_eq!(state.runs[0].end, Some(EndStatus::RolledBack));
    site.made = Some(NOW.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_secs(1));
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Undone { .. })), "who undid it meant that");
    site.made = NOW.parse().ok();
    // The plan relies on the time at which the account was deleted, and that is another one now.
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Stale { .. })));
    site.disk.change(8, |user| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into()));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.disk.image(), after);
}

/// What a reader does not show yet is not somebody else's doing.
#[tokio::test]
async fn what_a_late_reader_hides_is_looked_for_again() {
    let mut planner = Planner::new();
    planner.set(11, 11, &[]);
    let (site, body) = (Site::new(), planner.body());
    let before = site.disk.tenant().read_accounts(&[id(11).into()]).await.unwrap();
    site.apply(&body).await.unwrap();
    let state = Journal::read(&site.journal()).unwrap();
    let history = state.history(DIGEST);
    let undone = async |late: usize, minutes: i64| {
        let tenant = Scripted::new(&site.disk, |_| Answer::Obey);
        tenant.old.lock().unwrap().extend(vec![before.clone(); late]);
        let directories = site.disk.directories_with(Arc::new(tenant) as _);
        let now = NOW.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minutes);
        let waits = Mutex::new(0);
        let pauses = [Duration::ZERO; 3];
        let current = read_settled(&history, &directories, &pauses, now, |_, _| *waits.lock().unwrap() += 1).await.unwrap();
        let back = rehearsed(&history, "wave.journal.jsonl", &current, &site.policy, &*directories.tenant).await;
        (back.unwrap().unwrap().actions.len(), waits.into_inner().unwrap())
    };
    assert_eq!(undone(0, 0).await, (1, 0));
    assert_eq!(undone(2, 0).await, (1, 2));
    assert_eq!(undone(2, -90).await, (1, 2), "a clock that was put back");
    assert_eq!(undone(2, 20).await, (0, 0), "after so long it is somebody else's doing");
}

#[tokio::test]
async fn a_run_killed_anywhere_is_undone() {
    let body = reversible();
    for operations in 0.. {
        let mut site = Site::new();
        site.options.concurrency = 1 + operations % 3;
        site.disk.dies_after(operations, operations % 2 == 0);
        drop(site.apply(&body).await);
        if !site.disk.is_dead() {
            break;
        }
        site.disk.repair();
        if Journal::read(&site.journal()).unwrap().runs.is_empty() {
            continue;
        }
        let back = roll_back(&mut site).await;
        assert!(is_back(&site), "{back:#?} killed at {operations}");
        assert!(
            FolderJournals::read(site.folder()).unwrap().unfinished("sha256:new", &body.tenant, None).is_empty(),
            "killed at {operations}"
        );
    }
}

#[tokio::test]
async fn a_rollback_can_be_rolled_back() {
    let (mut site, body) = (Site::new(), reversible());
    site.apply(&body).await.unwrap();
    let after = site.disk.image();
    roll_back(&mut site).await;
    let back = Journal::read(&journal_path(&site.folder().join("back.json"))).unwrap();
    let again = way_back(&site, &back, "sha256:back").await;
    site.digest = "sha256:again".into();
    let report = site.apply_to(&again, &site.disk.directories(), &site.folder().join("again.json")).await.unwrap();
    assert_eq!(report.exit_kind(), ExitKind::Complete);
    assert_eq!(site.disk.image().0, after.0);
}

#[tokio::test]
async fn what_cannot_be_undone_stands_first_and_the_rest_is_undone() {
    let (mut site, body) = (Site::new(), Planner::everything().body());
    site.apply(&body).await.unwrap();
    let back = roll_back(&mut site).await;
    assert_eq!(back.status, Status::Partial);
    assert!(back.findings.iter().all(|finding| finding.code == Code::NotReversible));
    let purged: Vec<&str> = back.findings.iter().map(|finding| finding.message.split(':').next().unwrap()).collect();
    let expected = [
        "purge of u4@x.example cannot be undone",
        "softDelete of u4@x.example cannot be undone",
        "purge of u6@x.example cannot be undone",
    ];
    assert_eq!(purged, expected);
    assert_eq!(back.actions.len(), body.actions.len() - 3);
    assert!(site.disk.state().users[&id(3)].immutable_id.is_none());
}

/// A purge in between does not come back; what stood before it still waits for what stood behind it.
#[tokio::test]
async fn what_comes_back_waits_for_its_value_even_if_a_step_between_them_is_lost() {
    let mut planner = Planner::new();
    let cleared = planner.clear(1, &[]);
    let deleted = planner.state(ActionKind::SoftDelete, 4, "deleted", &[cleared]);
    let purged = planner.state(ActionKind::Purge, 4, "gone", &[deleted]);
    planner.set(2, 2, &[purged]);
    let (mut site, body) = (Site::new(), planner.body());
    site.apply(&body).await.unwrap();
    let back = roll_back(&mut site).await;
    let [set, again] = back.actions.as_slice() else { panic!("{:?}", back.actions) };
    assert_eq!((back.status, &again.depends_on), (Status::Partial, &vec![set.id.clone()]));
}

/// Whoever came back by the run and works again is not deleted to undo it, and the policy of now protects.
#[tokio::test]
async fn an_account_in_use_or_protected_is_left_as_it_is() {
    let signed_in = |user: &mut CloudUser| user.last_sign_in = Known::Is("2100-01-01T00:00:00Z".into());
    type Case = (&'static str, fn(&mut CloudUser), &'static [&'static str]);
    let licensed = |user: &mut CloudUser| user.traits_mut().licenses = Known::Is(["sku"].into());
    let at_once = |user: &mut CloudUser| user.last_sign_in = Known::Is(NOW.into());
    let before = |user: &mut CloudUser| user.last_sign_in = Known::Is("2026-11-25T07:59:59Z".into());
    let changes: [Case; 6] = [
        ("last sign-in 2100-01-01", signed_in, &[]),
        ("last sign-in 2026-11-25", at_once, &[]),
        ("", before, &[]),
        ("(it had none, it has sku)", licensed, &[]),
        ("is protected by `policy.protect`", |_| {}, &["u8@*"]),
        ("", |_| {}, &["u9@*"]),
    ];
    for (said, change, protect) in changes {
        let mut planner = Planner::new();
        planner.state(ActionKind::Restore, 8, "live", &[]);
        let (mut site, mut body) = (Site::new(), planner.body());
        for name in [FactName::AssignedLicenses, FactName::LastSignInDateTime] {
            body.actions[0].before.remove(&name);
        }
        assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
        site.disk.change(8, change);
        site.policy.protect = protect.iter().map(|name| Protected::Account((*name).into())).collect();
        let back = roll_back(&mut site).await;
        assert_eq!(back.actions.len(), usize::from(said.is_empty()), "{said}");
        assert!(
            back.findings.iter().all(|finding| finding.code == Code::NotReversible && finding.message.contains(said)),
            "{said}: {:?}",
            back.findings
        );
        assert_eq!(site.disk.state().users[&id(8)].is_deleted(), said.is_empty(), "{said}");
    }
}

/// A restore of account 8, which relies on nothing of its use, as plans have it; the way back once this changed.
async fn way_back_of_restore(old: bool, change: fn(&mut CloudUser)) -> Body {
    let mut planner = Planner::new();
    planner.state(ActionKind::Restore, 8, "live", &[]);
    let (site, mut body) = (Site::new(), planner.body());
    body.actions[0].before.remove(&FactName::AssignedLicenses);
    site.disk.change(8, |user| user.traits_mut().licenses = Known::Is(["sku"].into()));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    if old {
        site.journal_of_earlier_version("\"assignedLicenses\":[\"sku\"],");
    }
    site.disk.change(8, change);
    way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await
}

#[tokio::test]
async fn the_licences_that_an_account_came_back_with_are_no_use_of_it() {
    let back = way_back_of_restore(false, |_| {}).await;
    assert_eq!((back.status, back.actions.len(), back.findings.len()), (Status::Ready, 1, 0), "{:?}", back.findings);
    let taken = way_back_of_restore(false, |user| user.traits_mut().licenses = Known::Is(Texts::default())).await;
    assert!(taken.actions.is_empty() && taken.findings[0].message.contains("(it had sku, it has none)"), "{:?}", taken.findings);
}

#[tokio::test]
async fn what_nobody_can_tell_of_an_accounts_use_is_a_doubt() {
    let unread = |user: &mut CloudUser| user.last_sign_in = Known::Unknown;
    for (back, says) in [
        (way_back_of_restore(false, unread).await, "its last sign-in was not read"),
        (way_back_of_restore(true, |_| {}).await, "does not say which licences"),
    ] {
        assert_eq!((back.status, back.actions.len()), (Status::Ready, 1));
        let [doubt] = back.findings.as_slice() else { panic!("{:?}", back.findings) };
        assert!(doubt.code == Code::NotChecked && doubt.message.contains(says), "{doubt:?}");
    }
}

/// What is known of an account's use when the way back is planned is held until it is deleted.
#[tokio::test]
async fn an_account_that_is_used_meanwhile_is_not_deleted() {
    let mut planner = Planner::new();
    planner.state(ActionKind::Restore, 8, "live", &[]);
    let site = Site::new();
    site.apply(&planner.body()).await.unwrap();
    let state = Journal::read(&site.journal()).unwrap();
    let back = way_back(&site, &state, DIGEST).await;
    site.disk.change(8, |user| user.last_sign_in = Known::Is("2100-01-01T00:00:00Z".into()));
    let outcome = site.apply_to(&back, &site.disk.directories(), &site.folder().join("back.json")).await;
    assert!(matches!(outcome, Err(ApplyError::Stale { .. })));
}

#[tokio::test]
async fn what_was_changed_since_is_left_alone_with_all_that_needs_it() {
    let (mut site, body) = (Site::new(), reversible());
    site.apply(&body).await.unwrap();
    site.disk.change(2, |user| user.sync_enabled = Known::Is(true));
    let back = roll_back(&mut site).await;
    assert_eq!(back.status, Status::Partial);
    let messages: Vec<&str> = back.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(messages[0].contains("u2@x.example") && messages[0].contains("onPremisesSyncEnabled was left as null and is true"));
    assert!(messages[1].contains("clearImmutableId of u1@x.example") && messages.len() == 2, "{messages:?}");
    assert_eq!(site.disk.state().users[&id(2)].immutable_id, ImmutableId::stored(&anchor(2)));
    assert!(site.disk.state().users[&id(11)].immutable_id.is_none());
}

#[tokio::test]
async fn what_cannot_be_undone_holds_up_all_that_came_before_it() {
    let mut planner = Planner::new();
    let first = planner.clear(1, &[]);
    let second = planner.set(2, 2, &[first]);
    planner.set(10, 10, &[second]);
    let (site, body) = (Site::new(), planner.body());
    site.apply(&body).await.unwrap();
    site.disk.change(10, |user| user.sync_enabled = Known::Is(true));
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    assert_eq!((back.actions.len(), back.findings.len()), (0, 3), "{:?}", back.findings);
}

#[tokio::test]
async fn a_restored_account_that_was_synced_can_be_deleted_again() {
    let mut planner = Planner::new();
    planner.state(ActionKind::Restore, 8, "live", &[]);
    let (site, mut body) = (Site::new(), planner.body());
    site.disk.change(8, |user| user.sync_enabled = Known::Is(true));
    body.actions[0].before.insert(FactName::OnPremisesSyncEnabled, FactValue::Bool(true));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.disk.state().users[&id(8)].sync_enabled, Known::Is(false));
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    assert_eq!((back.actions.len(), back.findings.len()), (1, 0), "{:?}", back.findings);
}

#[tokio::test]
async fn a_run_that_is_undone_in_part_is_not_called_undone() {
    let (mut site, body) = (Site::new(), reversible());
    site.apply(&body).await.unwrap();
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    (site.digest, site.options.max_failures) = ("sha256:back".into(), 99);
    let tenant = Scripted::new(&site.disk, failing(11, 1, refused(None)));
    let plan = site.folder().join("back.json");
    let report = site.apply_to(&back, &site.disk.directories_with(Arc::new(tenant)), &plan).await.unwrap();
    assert_eq!((report.exit_kind(), report.failed.len()), (ExitKind::Partial, 1), "{report:?}");
    let end = || Journal::read(&site.journal()).unwrap().runs[0].end;
    assert_eq!(end(), Some(EndStatus::Complete));
    for _ in 0..2 {
        site.apply_to(&back, &site.disk.directories(), &plan).await.unwrap();
        assert_eq!(end(), Some(EndStatus::RolledBack));
    }
    assert_eq!(std::fs::read_to_string(site.journal()).unwrap().matches("rolledBack").count(), 1);
}

/// What guarded the deletion is no reason to leave the account in the recycle bin.
#[tokio::test]
async fn a_deleted_account_comes_back_whatever_licences_it_has_there() {
    let mut planner = Planner::new();
    planner.state(ActionKind::SoftDelete, 4, "deleted", &[]);
    let (site, body) = (Site::new(), planner.body());
    assert!(body.actions[0].before.contains_key(&FactName::AssignedLicenses));
    site.apply(&body).await.unwrap();
    site.disk.change(4, |user| user.traits_mut().licenses = Known::Is(["sku"].into()));
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    assert_eq!((back.actions.len(), back.findings.len()), (1, 0), "{:?}", back.findings);
}

#[tokio::test]
async fn a_mapping_is_that_of_the_account_whose_id_was_set() {
    let mut planner = Planner::new();
    planner.clear_of_deleted();
    let (site, mut body) = (Site::new(), planner.body());
    body.actions.iter_mut().for_each(|action| action.mapping = "m7".into());
    site.apply(&body).await.unwrap();
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    let of: Vec<EntraId> = back.mappings.iter().filter_map(|mapping| Some(mapping.cloud.as_ref()?.id)).collect();
    assert_eq!(of, [id(7)]);
}

#[tokio::test]
async fn what_was_done_before_something_that_stays_is_undone_all_the_same() {
    let mut planner = Planner::new();
    let named = planner.upn(13, "w13@x.example", &[]);
    let cleared = (FactName::OnPremisesSecurityIdentifier, FactValue::Null);
    planner.add(ActionKind::ClearSecurityIdentifier, 13, cleared, &[named]);
    let (site, mut body) = (Site::new(), planner.body());
    site.disk.change(13, |user| user.sid = Known::Is(sid(13)));
    for action in &mut body.actions {
        action.before.insert(FactName::OnPremisesSecurityIdentifier, FactValue::text(sid(13).to_string()));
    }
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    let back = way_back(&site, &Journal::read(&site.journal()).unwrap(), DIGEST).await;
    assert_eq!((back.actions.len(), back.findings.len()), (1, 1), "{:?}", back.findings);
}

#[tokio::test]
async fn a_plan_that_never_ran_or_did_nothing_has_no_way_back() {
    let (site, body) = (Site::new(), reversible());
    let (nothing, tenant) = (JournalState::default(), site.disk.directories().tenant);
    let way = rehearsed(&nothing.history(DIGEST), "j", &Current::default(), &site.policy, &*tenant).await;
    assert_eq!(way.unwrap(), None);
    site.disk.dies_after(2, false);
    drop(site.apply(&body).await);
    site.disk.repair();
    let state = Journal::read(&site.journal()).unwrap();
    let back = way_back(&site, &state, DIGEST).await;
    assert_eq!((back.status, back.mappings.len()), (Status::Empty, 0), "what was not written is nobody's mapping");
}
