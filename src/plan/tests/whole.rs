//! The plan as a whole: limits, sources, what is off.

use super::*;

#[test]
fn limits_and_empty_sources_block_the_whole_plan() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    case.desired.policy.limits.changes = 0;
    let body = case.plan();
    assert_eq!((blockers(&body), body.status, body.actions.len()), (vec![Code::LimitExceeded], Status::Blocked, 1));
    let empty = Case::new().cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&empty), [Code::SourceEmpty, Code::OnpremNotFound]);
    let nobody = Case::new().ad("ann", A, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&nobody), [Code::SourceEmpty, Code::CloudNotFound]);
    let in_the_bin = |account: &mut CloudUser| account.traits_mut().deleted_at = Some("2026-11-24T00:00:00Z".into());
    let deleted = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, in_the_bin).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&deleted), [Code::TargetSoftDeleted]);
}

#[test]
fn each_limit_bites_at_its_number_and_not_before() {
    let tenant_of = |users: u8| (1..=users).fold(Case::new(), |case, n| case.cloud(n, &format!("user{n}"), None, nothing));
    let planned = |users: u8, mapped: u8| {
        let mut case = tenant_of(users);
        for n in 1..=mapped {
            let guid = format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}");
            case = case.ad(&format!("user{n}"), &guid, nothing).map(&format!("user{n}"), &format!("user{n}"), nothing);
        }
        case
    };
    let with = |mut case: Case, limits: Limits| {
        case.desired.policy.limits = limits;
        blockers(&case.plan())
    };
    let default = Limits::default();
    assert_eq!(with(planned(50, 10), default), [], "20 % are allowed");
    assert_eq!(with(planned(50, 11), default), [Code::LimitExceeded]);
    assert_eq!(with(planned(49, 11), default), [], "percent counts from 50 users up");
    assert_eq!(with(planned(50, 3), Limits { changes: 3, ..default }), []);
    assert_eq!(with(planned(50, 3), Limits { changes: 2, ..default }), [Code::LimitExceeded]);
    let purging = |limits| {
        let case = planned(50, 0).ad("ann", A, nothing).cloud(60, "twin", Some(anchor(A)), nothing);
        with(case.map("ann", "user1", decide("twin", Resolve::Purge)), limits)
    };
    assert_eq!(purging(Limits { purges: 1, ..default }), []);
    assert_eq!(purging(Limits { purges: 0, ..default }), [Code::LimitExceeded]);
}

/// Sync is to take the account over: that is no smaller change because it is made on the side of AD.
#[test]
fn who_is_stamped_counts_as_the_account_that_is_handed_over() {
    let stamped = |mapped: u8| {
        let idle =
            (1..=60).fold(Case::new(), |case, n| case.cloud(n, &format!("user{n}"), (n <= mapped).then(|| held(n)), nothing));
        (1..=mapped).fold(idle, |case, n| {
            let (name, guid) = (format!("user{n}"), format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}"));
            case.ad(&name, &guid, nothing).map(&name, &name, |mapping| mapping.write = WriteSide::OnPrem)
        })
    };
    assert_eq!(blockers(&stamped(12).plan()), []);
    let mut many = stamped(13);
    many.desired.policy.limits.changes = 12;
    let messages: Vec<String> = many.plan().findings.into_iter().take(2).map(|finding| finding.message).collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    the plan changes 13 accounts (13 by stamping AD users); the limit is 12
    the plan changes 13 of 60 accounts of the tenant (13 by stamping AD users), more than the limit of 20 %
    "#);
}

/// The ID that account `n` has, and no AD user.
fn held(n: u8) -> ImmutableId {
    anchor(&format!("a5057fee-4c3e-4459-82dd-21250b7296{n:02x}"))
}

/// Who is changed in the recycle bin counts among all accounts, too; who lies there untouched does not.
#[test]
fn a_plan_never_changes_more_than_all_accounts() {
    let binned = |account: &mut CloudUser| account.traits_mut().deleted_at = Some("2026-11-24T00:00:00Z".into());
    let restored = |live: u8, changed: u8, untouched: u8| {
        let mut case = (1..=live).fold(Case::new(), |case, n| case.cloud(n, &format!("user{n}"), None, nothing));
        for n in live + 1..=live + changed {
            let (name, guid) = (format!("user{n}"), format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}"));
            let restore = |mapping: &mut Mapping| mapping.restore = true;
            case = case.cloud(n, &name, None, binned).ad(&name, &guid, nothing).map(&name, &name, restore);
        }
        let rest = live + changed + 1..=live + changed + untouched;
        rest.fold(case, |case, n| case.cloud(n, &format!("user{n}"), None, binned)).plan()
    };
    assert_eq!(blockers(&restored(60, 15, 0)), [], "15 of 75 are 20 %");
    for untouched in [0, 90] {
        let body = restored(60, 70, untouched);
        assert_eq!(blockers(&body), [Code::LimitExceeded], "{untouched}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(body.findings[0].message, @"the plan changes 70 of 130 accounts of the tenant (60 live, 70 in the recycle bin that it changes), more than the limit of 20 %");
        }
    }
}

#[test]
fn a_directory_that_shrank_since_the_last_run_blocks() {
    let run = |at: &str, tenant: u64, forest: u64| EarlierRun {
        at: at.into(),
        tenant: PlanTenant { deleted_users: 0, id: Some("t".into()), initial_domain: None, users: tenant },
        forests: vec![PlanForest { anchor: "consistencyGuid".into(), domain_sid: None, name: "corp".into(), users: forest }],
        purged: 0,
    };
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    let after = |earlier_runs: Vec<EarlierRun>| {
        let mut case = Case { desired: case.desired.clone(), observed: case.observed.clone() };
        case.observed.tenant.live_users = Some(80);
        case.observed.forests[0].user_count = Some(60);
        case.plan_with(&Options { earlier_runs, ..Options::default() })
    };
    assert_eq!(blockers(&after(vec![run("2026-11-01T00:00:00Z", 100, 75)])), [], "20 % may go");
    let both = after(vec![run("2026-11-01T00:00:00Z", 101, 76)]);
    assert_eq!(blockers(&both), [Code::SourceEmpty, Code::SourceEmpty]);
    insta::assert_snapshot!(both.findings[0].message, @"forest `corp` has 60 users; at the last run (2026-11-01T00:00:00Z) it had 76: 21 % are missing, more than the limit of 20 %");
    let of_tenant = |before| after(vec![run("2026-11-01T00:00:00Z", before, 60)]).findings[0].message.clone();
    assert!(of_tenant(101).contains("20.7 % are missing, more than the limit of 20 %"), "{}", of_tenant(101));
    let mut in_the_bin = Case::new().ad("ann", A, nothing).map("ann", "user1", nothing);
    for n in 1..=60 {
        let sync_deleted =
            |account: &mut CloudUser| account.traits_mut().deleted_at = (n > 10).then(|| "2026-11-24T00:00:00Z".into());
        in_the_bin = in_the_bin.cloud(n, &format!("user{n}"), None, sync_deleted);
    }
    let options = Options { earlier_runs: vec![run("2026-11-01T00:00:00Z", 60, 1)], ..Options::default() };
    assert_eq!(blockers(&in_the_bin.plan_with(&options)), [], "who was deleted is not missing");
    let options = Options { earlier_runs: vec![run("2026-11-25T00:00:00Z", 60, 1)], ..Options::default() };
    assert_eq!(blockers(&in_the_bin.plan_with(&options)), [Code::SourceEmpty], "who was deleted before then was none of them");
    let now = |users: u64, forest: u64, run: EarlierRun| {
        let mut case = Case { desired: case.desired.clone(), observed: case.observed.clone() };
        (case.observed.tenant.live_users, case.observed.forests[0].user_count) = (Some(users), Some(forest));
        case.plan_with(&Options { earlier_runs: vec![run], ..Options::default() })
    };
    assert_eq!(blockers(&now(10, 10, run("2026-11-01T00:00:00Z", 49, 49))), [], "small directories have no percentage");
    let empty = now(80, 0, run("2026-11-01T00:00:00Z", 80, 50));
    assert_eq!(blockers(&empty), [Code::SourceEmpty], "nobody at all is told once");
    let half = &now(40, 60, run("2026-11-01T00:00:00Z", 80, 60)).findings[0];
    assert!(half.message.starts_with("the tenant has 40 users"), "{half:?}");
    let half = &in_the_bin.plan_with(&Options { earlier_runs: vec![run("2026-11-20T00:00:00Z", 200, 1)], ..Options::default() });
    assert!(half.findings[0].message.starts_with("the tenant, with 50 deleted since, has 60 users"), "{:?}", half.findings[0]);
    let newest_counts = vec![run("2026-11-02T00:00:00Z", 80, 60), run("2026-11-01T00:00:00Z", 900, 900)];
    assert_eq!(blockers(&after(newest_counts)), []);
    let purged = |purged: u64| EarlierRun { purged, ..run("2026-11-01T00:00:00Z", 200, 60) };
    assert_eq!(blockers(&after(vec![purged(80)])), [], "who was purged is not missing");
    assert_eq!(blockers(&after(vec![purged(79)])), [Code::SourceEmpty]);
    let of_another_tenant = EarlierRun {
        tenant: PlanTenant { id: Some("u".into()), ..run("", 900, 900).tenant },
        ..run("2026-11-03T00:00:00Z", 900, 900)
    };
    assert_eq!(blockers(&after(vec![of_another_tenant])), []);
}

#[test]
fn sync_that_is_switched_off_is_said_where_something_is_to_be_linked() {
    let off = |mut case: Case| {
        case.observed.tenant.sync_enabled = Known::Is(false);
        codes(&case.plan())
    };
    let case = |id| Case::new().ad("ann", A, nothing).cloud(1, "ann", id, nothing);
    assert_eq!(off(case(None).map("ann", "ann", nothing)), [Code::HardMatchBlocked]);
    let leaves = case(Some(anchor(A))).map("", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody);
    // The AD user is still there, which is another matter.
    assert_eq!(off(leaves), [Code::TargetWasLinked]);
}

#[test]
fn the_order_of_reading_shows_nowhere() {
    let mut case = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(A)), nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing);
    let first = serde_json::to_string(&case.plan()).unwrap();
    case.observed.tenant.users.reverse();
    case.observed.forests[0].users.reverse();
    assert_eq!(serde_json::to_string(&case.plan()).unwrap(), first);
}

#[test]
fn an_account_whose_sync_was_not_read_is_named_before_it_is_written() {
    let unread = |user: &mut CloudUser| user.sync_enabled = Known::Unknown;
    let case = |id| Case::new().ad("ann", A, nothing).cloud(1, "ann", id, unread).map("ann", "ann", nothing).plan();
    let body = case(None);
    assert_eq!(codes(&body), [Code::NotChecked]);
    assert!(body.findings[0].objects[0].contains("ann@x.example"), "{:?}", body.findings);
    assert_eq!(codes(&case(Some(anchor(A)))), [Code::NotChecked], "whether it is linked is not known");
}

#[test]
fn whoever_is_written_without_a_known_sid_is_named() {
    let planned = |ad: fn(&mut AdUser), held: Known<Sid>| {
        let holder = move |user: &mut CloudUser| user.sid = held;
        let case = Case::new().ad("ann", A, ad).cloud(1, "ann", None, nothing).cloud(2, "old", Some(anchor(A)), holder);
        case.map("ann", "ann", decide("old", Resolve::Clear)).plan()
    };
    assert_eq!(codes(&planned(nothing, Known::Null)), []);
    for (body, named) in
        [(planned(|user| user.sid = None, Known::Is(sid(7))), "CN=ann"), (planned(nothing, Known::Unknown), "old@x.example")]
    {
        assert_eq!(codes(&body), [Code::NotChecked]);
        assert!(body.findings[0].message.contains("SIDs of 1 of the users") && body.findings[0].objects[0].starts_with(named));
    }
}

#[test]
fn what_was_not_read_of_who_gets_an_id_is_said() {
    type Edit = fn(&mut CloudUser);
    let planned =
        |id, account: Edit| Case::new().ad("ann", A, nothing).cloud(1, "ann", id, account).map("ann", "ann", nothing).plan();
    let unread: [(&str, Edit); 3] = [
        ("`userType`", |user| user.traits_mut().user_type = Known::Unknown),
        ("`proxyAddresses`", |user| user.proxy_addresses = Known::Unknown),
        ("`accountEnabled`", |user| user.traits_mut().account_enabled = Known::Unknown),
    ];
    for (property, account) in unread {
        let body = planned(None, account);
        assert_eq!(codes(&body), [Code::NotChecked]);
        let finding = &body.findings[0];
        assert!(finding.message.starts_with(&format!("{property} of 1 of the accounts to be matched was not read")));
        assert!(finding.objects[0].starts_with("ann@x.example"), "{finding:?}");
        assert_eq!(codes(&planned(Some(anchor(A)), account)), [], "nothing is written");
    }
    let stamped = |account: Edit| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(P)), account);
        case.map("ann", "ann", |mapping| mapping.write = WriteSide::OnPrem).plan()
    };
    assert_eq!(codes(&stamped(nothing)), []);
    for (property, account) in unread {
        let body = stamped(account);
        assert!(body.findings.iter().any(|finding| finding.message.starts_with(property)), "{:?}", body.findings);
    }
    let nothing_there: Edit = |user| {
        (user.proxy_addresses, user.traits_mut().user_type) = (Known::Null, Known::Null);
    };
    assert_eq!(codes(&planned(None, nothing_there)), []);
}

#[test]
fn several_of_one_name_are_listed_in_an_order_of_their_own() {
    let mut case = Case::new().ad("ann", A, nothing).ad("ANN", P, nothing).cloud(1, "ann", None, nothing);
    case = case.map("ann", "ann", nothing);
    let first = case.plan();
    assert_eq!(blockers(&first), [Code::OnpremAmbiguous]);
    case.observed.forests[0].users.reverse();
    assert_eq!(case.plan(), first);
}

#[test]
fn directories_that_were_lent_come_back_as_they_were() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    let mut lent = case.observed.clone();
    compute(&case.desired, &mut lent, &Options::default()).unwrap();
    assert_eq!(format!("{lent:?}"), format!("{:?}", case.observed));
}

#[test]
fn rows_are_the_same_whether_the_directories_were_lent_or_given() {
    let mut case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "ann", None, nothing);
    case = case.cloud(2, "bob", None, nothing).map("ann", "ann", nothing).map("bob", "bob", nothing);
    let mut old = ObservedForest { name: "old".into(), ..ObservedForest::default() };
    old.users.extend(case.observed.forests[0].users.pop());
    case.observed.forests.push(old);
    let given = compute_at_last(&case.desired, case.observed.clone(), &Options::default()).unwrap();
    assert_eq!(given, case.plan());
    let names = given.mappings.iter().map(|mapping| mapping.on_prem.clone().unwrap().dn.unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["CN=ann,OU=Staff,DC=corp", "CN=bob,OU=Staff,DC=corp"].map(Into::into));
}
