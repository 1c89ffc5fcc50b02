//! What a stamp relies on beside its AD user: the account that it hands over, and that nobody else has the anchor.

use crate::directory::ports::TenantReader as _;
use crate::model::UserKind;
use crate::plan::finding::{Code, Finding};
use crate::plan::next_sync::{NextSync, Outcome};

use super::scripted::{Answer, Scripted, apply};
use super::stale::{break_fact, differences};
use super::*;

type BreakAccount = Box<dyn Fn(&mut CloudUser)>;

/// A stamp writes nothing in the cloud, and hands an account over all the same.
#[tokio::test]
async fn the_account_that_a_stamp_hands_over_must_still_be_the_same() {
    let mut planner = Planner::new();
    planner.stamp(10, 100);
    let mut body = planner.body();
    let free = NextSync {
        account: None,
        code: None,
        notes: Default::default(),
        outcome: Outcome::HardMatch,
        rule: "".into(),
        since: None,
    };
    body.mappings.iter_mut().for_each(|mapping| mapping.next_sync = Some(Box::new(free.clone())));
    let breaks: [(&str, BreakAccount); 6] = [
        ("onPremisesImmutableId", Box::new(|user| user.immutable_id = None)),
        ("onPremisesImmutableId", Box::new(|user| user.immutable_id = ImmutableId::stored(&anchor(200)))),
        ("userPrincipalName", Box::new(|user| user.upn = "somebody@x.example".into())),
        ("onPremisesSyncEnabled", Box::new(|user| user.sync_enabled = Known::Is(true))),
        ("state", Box::new(|user| *user = user.binned(DELETED_AT))),
        ("userType", Box::new(|user| user.traits_mut().user_type = Known::Is(UserKind::Guest))),
    ];
    for (fact, break_it) in breaks {
        let site = Site::new();
        site.disk.change(10, break_it);
        let found = differences(&site, &body).await;
        assert_eq!((found.len(), found[0].fact.as_str()), (1, fact), "{found:?}");
        assert_eq!(found[0].target.as_ref().unwrap().entra_id(), Some(id(10)));
    }
    let site = Site::new();
    site.disk.state().users.remove(&id(10));
    assert_eq!(differences(&site, &body).await[0].found, "gone");
    let site = Site::new();
    break_fact(&site.disk, 10, FactName::PrivilegedRoles);
    assert_eq!(differences(&site, &body).await[0].fact, "privilegedRoles");
    let mut site = Site::new();
    site.policy.protect = vec![Protected::Account("u10@x.example".into())];
    assert!(differences(&site, &body).await[0].found.contains("is protected by `policy.protect`"));
    let site = Site::new();
    site.disk.change(12, |user| user.sid = Known::Is(sid(10)));
    assert_eq!(differences(&site, &body).await[0].fact, "onPremisesSecurityIdentifier");
}

#[tokio::test]
async fn what_was_accepted_of_the_account_of_a_stamp_stops_nothing() {
    let mut planner = Planner::new();
    planner.stamp(10, 100);
    let mut body = planner.body();
    for code in [Code::TargetGuest, Code::TargetPrivileged] {
        body.findings.push(Finding::new(code, "m10", "accepted"));
    }
    let site = Site::new();
    site.disk.change(10, |user| {
        user.upn = "U10@x.example".into();
        // Nothing tells whether it was synced when the plan was made.
        user.sync_enabled = Known::Is(true);
        user.traits_mut().user_type = Known::Is(UserKind::Guest);
    });
    break_fact(&site.disk, 10, FactName::PrivilegedRoles);
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn the_account_of_a_stamp_is_read_again_right_before_it() {
    let (site, mut planner) = (Site::new(), Planner::new());
    planner.stamp(10, 100);
    let tenant = Scripted::new(&site.disk, |_| Answer::Obey);
    let mut changed = tenant.read_accounts(&[id(10).into()]).await.unwrap();
    changed[0].user.as_mut().unwrap().immutable_id = None;
    tenant.old.lock().unwrap().extend([vec![], changed]);
    let (report, _) = apply(&site, &planner.body(), tenant).await;
    assert_eq!((report.exit_kind(), report.failed[0].1.kind), (ExitKind::Stale, FailureKind::Stale), "{report:?}");
    assert!(report.failed[0].1.reason.contains("onPremisesImmutableId of u10@x.example"), "{report:?}");
    assert_eq!(site.disk.state().forest.users[9].consistency_guid, GuidAttribute::Absent);
}

#[tokio::test]
async fn an_ad_user_that_got_the_same_anchor_stops_the_plan() {
    let body = Planner::everything().body();
    for (n, value) in [(11, 11), (10, 100)] {
        let site = Site::new();
        site.disk.change_ad(12, |user| user.consistency_guid = GuidAttribute::Bytes((*guid(value).ad_bytes()).into()));
        let found = differences(&site, &body).await;
        assert_eq!((found.len(), found[0].mapping.clone()), (1, Some(format!("m{n}"))), "{found:?}");
        assert_eq!((found[0].found.clone(), found[0].target.as_ref().unwrap().object_guid()), (anchor(value), Some(guid(12))));
    }
}

/// A forest that nobody stamps.
struct Unstamped;

impl ForestStore for Unstamped {
    fn set_consistency_guid(&mut self, _: &ObjectGuid, _: Option<&[u8]>) -> Result<(), StoreError> {
        Err("nobody stamps here".into())
    }

    fn save(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Across forests one person may have the same anchor twice, and somebody else may not.
#[tokio::test]
async fn somebody_else_in_another_forest_with_the_same_anchor_stops_the_plan() {
    let mut body = Planner::everything().body();
    body.forests.push(PlanForest { name: "old".into(), ..body.forests[0].clone() });
    for (name, is_other) in [("stranger", true), ("U11", false)] {
        let site = Site::new();
        let user = AdUser {
            sam: Some(name.into()),
            consistency_guid: GuidAttribute::Bytes((*guid(11).ad_bytes()).into()),
            ..AdUser::new(guid(77), format!("CN={name},DC=old,DC=local").parse().unwrap())
        };
        let old = ObservedForest { name: "old".into(), users: vec![user], ..ObservedForest::default() };
        let mut directories = site.disk.directories();
        directories.forests.insert("old".into(), Arc::new(LdifForest::new(old, Box::new(Unstamped))));
        match site.apply_to(&body, &directories, &site.plan()).await {
            Err(ApplyError::Stale { differences, .. }) if is_other => {
                assert_eq!((differences.len(), differences[0].mapping.as_deref()), (1, Some("m11")), "{differences:?}");
            }
            other => assert!(!is_other && other.as_ref().unwrap().exit_kind() == ExitKind::Complete, "{other:?}"),
        }
    }
}
