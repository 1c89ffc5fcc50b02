//! What a plan relies on must hold, and nothing else matters.

use crate::directory::ports::TenantReader as _;
use crate::model::RoleState;
use crate::plan::finding::{Code, Finding};

use super::order::three_sets;
use super::scripted::{Answer, Scripted, apply, failing, refused};
use super::*;

type Break = Box<dyn Fn(&Disk)>;

pub(super) async fn differences(site: &Site, body: &Body) -> Vec<Difference> {
    let before = site.disk.image();
    let found = match site.apply(body).await {
        Err(ApplyError::Stale { differences, .. }) => differences,
        other => panic!("{other:?}"),
    };
    assert!(!found.is_empty() && site.disk.image() == before && !site.journal().exists());
    found
}

pub(super) fn break_fact(disk: &Disk, n: u8, name: FactName) {
    disk.change(n, |user| match name {
        FactName::AssignedLicenses => user.traits_mut().licenses = Known::Is(["sku"].into()),
        FactName::DeletedDateTime => user.traits_mut().deleted_at = Some("2026-11-02T00:00:00Z".into()),
        FactName::OnPremisesImmutableId => user.immutable_id = ImmutableId::stored(&anchor(200)),
        FactName::OnPremisesSecurityIdentifier => user.sid = Known::Is(sid(77)),
        FactName::OnPremisesSyncEnabled => user.sync_enabled = Known::Is(true),
        FactName::UserPrincipalName => user.upn = "somebody@x.example".into(),
        FactName::State if user.is_deleted() => {
            (user.upn, user.traits_mut().deleted_at) = (user.original_upn().into(), None);
        }
        FactName::State => *user = user.binned(DELETED_AT),
        FactName::PrivilegedRoles | FactName::Roles => {}
        FactName::ConsistencyGuid
        | FactName::LastSignInDateTime
        | FactName::OnPremisesDistinguishedName
        | FactName::OnPremisesDomainName
        | FactName::OnPremisesObjectIdentifier
        | FactName::OnPremisesSamAccountName
        | FactName::OnPremisesUserPrincipalName
        | FactName::UserType => panic!("{name:?}"),
    });
    if matches!(name, FactName::PrivilegedRoles | FactName::Roles) {
        let role = RoleGrant { principal: id(n), role: "Owner".into(), privileged: true, state: RoleState::Eligible };
        disk.state().roles.push(role);
    }
}

#[tokio::test]
async fn any_fact_that_an_action_relies_on_stops_the_plan() {
    let body = Planner::everything().body();
    let mut tried = 0;
    for action in body.actions.iter().filter(|action| action.target.entra_id().is_some()) {
        let n: u8 = action.mapping[1..].parse().unwrap();
        for name in action.before.keys() {
            // Who deletes a holder or restores it does a step of the plan.
            if *name == FactName::State && [4, 8].contains(&n) {
                continue;
            }
            let site = Site::new();
            break_fact(&site.disk, n, *name);
            let found = differences(&site, &body).await;
            assert!(found.iter().any(|found| found.mapping.as_deref() == Some(&action.mapping)), "u{n} {name:?}: {found:?}");
            tried += 1;
        }
    }
    assert!(tried > 70, "{tried}");
}

#[tokio::test]
async fn whom_the_policy_protects_is_not_written_whatever_the_plan_says() {
    let body = Planner::everything().body();
    for (entry, found) in [
        (Protected::Account("U11@x.example".into()), "u11@x.example is protected by `policy.protect`"),
        (Protected::Role("own*".into()), "u1@x.example is protected by `policy.protect`, as it holds the role Owner"),
    ] {
        let mut site = Site::new();
        break_fact(&site.disk, 1, FactName::Roles);
        site.policy.protect = vec![entry];
        let differences = differences(&site, &body).await;
        assert!(differences.iter().any(|difference| difference.found == found), "{differences:?}");
    }
    let mut site = Site::new();
    site.policy.protect = vec![Protected::Account("nobody@x.example".into()), Protected::Role("Owner".into())];
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn a_fact_that_is_not_reported_any_more_stops_the_plan() {
    let (site, body) = (Site::new(), Planner::everything().body());
    site.disk.change(11, |user| user.traits_mut().licenses = Known::Unknown);
    let found = differences(&site, &body).await;
    assert_eq!((found[0].fact.as_str(), found[0].found.as_str()), ("assignedLicenses", "not reported"));
}

/// A purge of account 4 that relies on its never having signed in.
fn unused() -> Body {
    let mut planner = Planner::new();
    planner.purge_chain();
    let mut body = planner.body();
    for action in body.actions.iter_mut().filter(|action| action.kind.deletes()) {
        action.before.insert(FactName::LastSignInDateTime, FactValue::Null);
    }
    body
}

#[tokio::test]
async fn a_sign_in_that_is_not_told_is_not_taken_for_none() {
    let (site, body) = (Site::new(), unused());
    site.disk.change(4, |user| user.last_sign_in = Known::Unknown);
    let found = differences(&site, &body).await;
    assert_eq!((found[0].fact.as_str(), found[0].found.as_str()), ("lastSignInDateTime", "not reported"));
}

#[tokio::test]
async fn nobody_signs_in_to_what_is_in_the_recycle_bin() {
    let (mut site, body) = (Site::new(), unused());
    site.options.concurrency = 1;
    let tenant = Scripted::new(&site.disk, |_| Answer::Obey);
    let mut untold = tenant.read_accounts(&[id(4).into()]).await.unwrap();
    untold[0].user = untold[0].user.as_ref().map(|user| user.binned(NOW));
    untold[0].user.as_mut().unwrap().last_sign_in = Known::Unknown;
    // Preflight and the looks before and after the copy tell of it, those after the deletion do not.
    tenant.old.lock().unwrap().extend([vec![vec![]; 3], vec![untold; 2]].concat());
    let (report, _) = apply(&site, &body, tenant).await;
    assert_eq!(report.exit_kind(), ExitKind::Complete, "{report:?}");
}

#[tokio::test]
async fn changes_that_do_not_matter_are_not_even_mentioned() {
    let (site, body) = (Site::new(), Planner::everything().body());
    for n in 1..=12 {
        site.disk.change(n, |user| {
            user.display_name = Some("New Name".into());
            user.mail = Known::Is(format!("new{n}@x.example").into());
            user.traits_mut().account_enabled = Known::Is(false);
        });
        site.disk.change_ad(n, |user| {
            user.dn = format!("CN=u{n},OU=Moved,DC=corp,DC=local").parse().unwrap();
            user.sam = Some("renamed".into());
            user.mail = Some("new@x.example".into());
        });
    }
    site.disk.change(11, |user| user.upn = "U11@X.EXAMPLE".into());
    site.disk.change(12, |user| user.traits_mut().licenses = Known::Is(["sku"].into()));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn another_holder_of_a_wanted_value_stops_the_plan() {
    let body = Planner::everything().body();
    for n in [11, 1, 3, 9] {
        let site = Site::new();
        site.disk.change(12, |user| user.immutable_id = ImmutableId::stored(&anchor(n)));
        let found = differences(&site, &body).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].mapping.clone(), found[0].found.clone()), (Some(format!("m{n}")), anchor(n)));
        assert!(found[0].target.as_ref().unwrap().id.ends_with("0c"));
    }
}

#[tokio::test]
async fn the_sid_on_another_account_stops_the_plan_unless_it_was_known_or_is_cleared() {
    let mut body = Planner::everything().body();
    let site = Site::new();
    site.disk.change(12, |user| user.sid = Known::Is(sid(11)));
    assert_eq!(differences(&site, &body).await[0].fact, "onPremisesSecurityIdentifier");
    let finding = Finding::new(Code::Residue, "m11", "known");
    body.findings.push(finding.objects([id(12).to_string()]));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn nor_if_the_plan_clears_it_or_it_is_on_the_target_itself() {
    let mut planner = Planner::new();
    let cleared = (FactName::OnPremisesSecurityIdentifier, FactValue::Null);
    let place = planner.add(ActionKind::ClearSecurityIdentifier, 13, cleared, &[]);
    planner.set(11, 11, &[place]);
    let (site, mut body) = (Site::new(), planner.body());
    body.actions[0].before.insert(FactName::OnPremisesSecurityIdentifier, FactValue::text(sid(11).to_string()));
    site.disk.change(13, |user| user.sid = Known::Is(sid(11)));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);

    let (site, mut body) = (Site::new(), three_sets());
    body.actions[0].before.remove(&FactName::OnPremisesSecurityIdentifier);
    site.disk.change(11, |user| user.sid = Known::Is(sid(11)));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

/// A SID counts where an ID is set, since only then sync links.
#[tokio::test]
async fn nor_where_nothing_is_linked() {
    let mut planner = Planner::new();
    planner.upn(11, "w11@x.example", &[]);
    let (site, body) = (Site::new(), planner.body());
    site.disk.change(12, |user| user.sid = Known::Is(sid(11)));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

/// Searches tell late who holds a value no more.
#[tokio::test]
async fn a_holder_that_a_search_still_names_is_read_before_it_counts() {
    let (site, body) = (Site::new(), three_sets());
    let tenant = Scripted { ghost: Some(id(13)), ..Scripted::new(&site.disk, |_| Answer::Obey) };
    assert_eq!(apply(&site, &body, tenant).await.0.exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn an_anchor_that_the_configuration_gives_is_not_looked_for_in_ad() {
    let (site, mut body) = (Site::new(), three_sets());
    site.disk.change_ad(11, |user| user.consistency_guid = GuidAttribute::Bytes(guid(200).ad_bytes().as_slice().into()));
    assert_eq!(differences(&site, &body).await[0].fact, "source anchor");
    body.mappings.iter_mut().for_each(|mapping| mapping.anchor_from = Some("given".into()));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

#[tokio::test]
async fn the_ad_user_must_still_be_the_same() {
    let body = Planner::everything().body();
    let anchored = GuidAttribute::Bytes(guid(200).ad_bytes().as_slice().into());
    let stamped = anchored.clone();
    let breaks: [(&str, Break); 4] = [
        ("source anchor", Box::new(move |disk| disk.change_ad(11, |user| user.consistency_guid = anchored.clone()))),
        ("objectSid", Box::new(|disk| disk.change_ad(11, |user| user.sid = Some(sid(99))))),
        ("objectGUID", Box::new(|disk| disk.state().forest.users.retain(|user| user.guid != guid(11)))),
        ("mS-DS-ConsistencyGuid", Box::new(move |disk| disk.change_ad(10, |user| user.consistency_guid = stamped.clone()))),
    ];
    for (fact, break_it) in breaks {
        let site = Site::new();
        break_it(&site.disk);
        let found = differences(&site, &body).await;
        assert_eq!((found.len(), found[0].fact.as_str()), (1, fact), "{found:?}");
    }
}

#[tokio::test]
async fn a_plan_of_another_tenant_says_so() {
    let (site, mut body) = (Site::new(), Planner::everything().body());
    body.tenant.id = Some("22222222-2222-2222-2222-222222222222".into());
    let found = differences(&site, &body).await;
    assert!(found.len() == 1 && found[0].fact.contains("another tenant"), "{found:?}");
    body.tenant.id = None;
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
}

/// A swap of which only the first step is done.
async fn half_done() -> (Site, Body) {
    let mut planner = Planner::new();
    planner.clear_of_deleted();
    planner.swap();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.concurrency = 1;
    // Intent, save, outcome of restore, clear and softDelete, with the backup, the header and the kill.
    site.disk.dies_after(11, true);
    drop(site.apply(&body).await);
    site.disk.repair();
    (site, body)
}

#[tokio::test]
async fn what_happens_to_a_finished_object_is_not_the_plans_business() {
    let (site, body) = half_done().await;
    assert!(site.disk.state().users[&id(8)].is_deleted());
    site.disk.change(8, |user| user.immutable_id = ImmutableId::stored(&anchor(201)));
    site.disk.change(8, |user| user.traits_mut().licenses = Known::Is(["sku"].into()));
    assert_eq!(site.apply(&body).await.unwrap().exit_kind(), ExitKind::Complete);
    assert_eq!(site.disk.state().users[&id(8)].immutable_id, ImmutableId::stored(&anchor(201)));
}

#[tokio::test]
async fn what_is_left_to_do_is_still_checked_when_a_plan_goes_on() {
    for name in [FactName::AssignedLicenses, FactName::OnPremisesImmutableId, FactName::UserPrincipalName] {
        let (site, body) = half_done().await;
        break_fact(&site.disk, 2, name);
        let before = site.disk.image();
        assert!(matches!(site.apply(&body).await, Err(ApplyError::Stale { .. })), "{name:?}");
        assert_eq!(site.disk.image(), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_is_older_than_the_journal_is_waited_out() {
    let mut planner = Planner::new();
    planner.purge_chain();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.read_back = [0, 1, 2].map(Duration::from_secs).to_vec();
    let before = site.disk.tenant().read_accounts(&[id(4).into()]).await.unwrap();
    let (report, _) = apply(&site, &body, Scripted::new(&site.disk, failing(3, 1, refused(None)))).await;
    assert_eq!(report.done.len(), 2, "deleted and purged");
    let late = Scripted::new(&site.disk, |_| Answer::Obey);
    late.old.lock().unwrap().extend([before.clone(), before]);
    let (report, late) = apply(&site, &body, late).await;
    assert_eq!((report.exit_kind(), late.order.lock().unwrap().len()), (ExitKind::Complete, 1));
}

#[tokio::test]
async fn a_half_done_chain_still_relies_on_what_it_did_not_touch() {
    let mut planner = Planner::new();
    planner.detour();
    let (mut site, body) = (Site::new(), planner.body());
    site.options.concurrency = 1;
    site.disk.dies_after(4, false);
    drop(site.apply(&body).await);
    site.disk.repair();
    assert_eq!(&*site.disk.state().users[&id(9)].upn, "u9@x.onmicrosoft.com");
    site.disk.change(9, |user| user.traits_mut().licenses = Known::Is(["sku"].into()));
    assert!(matches!(site.apply(&body).await, Err(ApplyError::Stale { .. })));
}
