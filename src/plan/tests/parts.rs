//! What is looked up, and what is said of a part.

use super::*;
use crate::plan::questions::{CloudQuestion, ForestKey, ForestQuestion, Questions, Unplanned, inquire, needs_everything};

impl Case {
    fn ask(&self, answered: &Questions) -> (Body, Questions) {
        let (body, questions) = inquire(&self.desired, &mut self.as_a_part(), &Options::default(), answered);
        (body.unwrap(), questions)
    }

    /// The same directories, said to be a part of larger ones.
    fn as_a_part(&self) -> Observed {
        let mut observed = self.observed.clone();
        observed.tenant.live_users = Some(observed.tenant.live_count());
        observed.forests.iter_mut().for_each(|forest| forest.user_count = Some(forest.size()));
        observed
    }
}

fn everywhere(key: ForestKey) -> ForestQuestion {
    ForestQuestion { forest: None, key }
}

#[test]
fn names_that_begin_alike_are_asked_for_only_once_nobody_was_found() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("anm", "amn", nothing);
    let (body, first) = case.ask(&Questions::default());
    assert_eq!(first.forests, [everywhere(ForestKey::Sam("anm".into()))].into());
    assert!(first.tenant.contains(&CloudQuestion::Upn("amn@x.example".into())) && body.status == Status::Blocked);
    assert!(!first.tenant.contains(&CloudQuestion::Similar("am".into())));
    let (_, second) = case.ask(&first);
    assert!(second.forests.contains(&everywhere(ForestKey::Similar("an".into()))));
    assert!(second.tenant.contains(&CloudQuestion::Similar("am".into())));
    let (body, third) = case.ask(&second);
    assert_eq!(third, second);
    assert_eq!(body.findings[0].hint, case.plan().findings[0].hint);
}

#[test]
fn a_selector_with_a_forest_asks_that_forest() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", |mapping| {
        let OnPremSide::User(selector) = &mut mapping.on_prem else { unreachable!() };
        selector.forest = Some("corp".into());
    });
    let (_, questions) = case.ask(&Questions::default());
    let sam = ForestKey::Sam("ann".into());
    assert!(questions.forests.contains(&ForestQuestion { forest: Some("corp".into()), key: sam }));
    assert!(questions.tenant.contains(&CloudQuestion::Details(entra(1))));
}

#[test]
fn where_only_details_are_missing_there_is_no_plan_before_they_are_read() {
    let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    let ask = |answered: &Questions| inquire(&case.desired, &mut case.observed.clone(), &Options::default(), answered);
    let (body, open) = ask(&Questions::default());
    assert_eq!((body, &open.tenant), (Err(Unplanned::DetailsFirst), &[CloudQuestion::Details(entra(1))].into()));
    assert_eq!(ask(&open), (Ok(case.plan()), open));
}

#[test]
fn a_part_counts_for_the_whole() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
    case.observed.tenant.live_users = Some(40_000);
    case.observed.forests[0].user_count = Some(50_000);
    let body = case.plan();
    assert_eq!((body.tenant.users, body.forests[0].users), (40_000, 50_000));
    case.desired.policy.limits.percent = 0;
    assert!(case.plan().findings[0].message.contains("1 of 40,000 accounts"));
    (case.observed.tenant.users, case.observed.forests[0].users) = (Vec::new(), Vec::new());
    assert!(!codes(&case.plan()).contains(&Code::SourceEmpty), "nobody was asked for, but there are users");
}

#[test]
fn rules_need_everything() {
    let mut case = Case::new();
    assert!(!needs_everything(&case.desired));
    case.desired.rules.push(super::rules::rule("staff", OnPremPairKey::Mail, CloudPairKey::Mail));
    assert!(needs_everything(&case.desired));
}

#[test]
fn synced_users_tell_which_attribute_sync_uses() {
    let doubtful = |mode: AnchorMode, held: ImmutableId| {
        let both = |user: &mut AdUser| {
            user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
            user.custom_anchor = Some(AnchorAttribute::Text("E7".into()).into());
        };
        let synced = |user: &mut CloudUser| user.sync_enabled = Known::Is(true);
        let mut case = Case::new().ad("ann", A, both).cloud(1, "ann", Some(held), synced);
        case.observed.forests[0].anchor = mode;
        codes(&case.plan()).contains(&Code::AnchorModeDoubtful)
    };
    let custom = || AnchorMode::Attribute("employeeID".into());
    assert!(doubtful(AnchorMode::ConsistencyGuid, anchor(A)) && !doubtful(AnchorMode::ConsistencyGuid, anchor(P)));
    assert!(doubtful(AnchorMode::ObjectGuid, anchor(P)) && !doubtful(AnchorMode::ObjectGuid, anchor(A)));
    assert!(doubtful(custom(), anchor(P)) && !doubtful(custom(), ImmutableId::stored("E7").unwrap()));
    assert!(!doubtful(AnchorMode::ConsistencyGuid, anchor(S)), "nobody of this forest has it");
}

/// Accounts that sync links to users of the forest by values of which an export of these users has no trace.
#[test]
fn an_anchor_attribute_that_nobody_exported_is_doubted() {
    let doubtful = |stamped: &dyn Fn(u8) -> bool, held: &dyn Fn(u8) -> ImmutableId, by: fn(&mut CloudUser, u8)| {
        let mut case = Case::new();
        for n in 0..4 {
            let object_guid = format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}");
            let stamp = |user: &mut AdUser| {
                user.sid = Some(sid(u32::from(n)));
                user.guid = guid(&object_guid);
                if stamped(n) {
                    user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
                }
            };
            let synced = |user: &mut CloudUser| {
                user.sync_enabled = Known::Is(true);
                by(user, n);
            };
            let name = format!("a{n}");
            case = case.ad(&name, &object_guid, stamp).cloud(n, &name, Some(held(n)), synced);
        }
        codes(&case.plan()).contains(&Code::AnchorModeDoubtful)
    };
    let foreign = |n: u8| anchor(&format!("00000000-1111-4459-82dd-21250b7296{n:02x}"));
    let own = |n: u8| anchor(&format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}"));
    let by_sid = |user: &mut CloudUser, n: u8| user.sid = Known::Is(sid(u32::from(n)));
    let by_guid = |user: &mut CloudUser, n: u8| {
        user.object_identifier = Known::Is(guid(&format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}")));
    };
    assert!(doubtful(&|_| false, &foreign, by_sid) && doubtful(&|_| false, &foreign, by_guid));
    assert!(!doubtful(&|_| true, &foreign, by_sid), "theirs was exported");
    let number = |n: u8| ImmutableId::stored(&format!("E{n}")).unwrap();
    assert!(doubtful(&|_| false, &number, by_sid) && doubtful(&|_| true, &number, by_sid), "no GUID at all");
    assert!(!doubtful(&|_| false, &number, |_, _| {}), "they may be of another forest");
    assert!(!doubtful(&|_| false, &own, by_sid), "they are linked by objectGUID");
    assert!(!doubtful(&|_| false, &foreign, |_, _| {}), "they may be of another forest");
    assert!(!doubtful(&|_| false, &|n| if n == 3 { foreign(n) } else { own(n) }, by_sid), "one of four");
}

/// The first of them by name, however that is written.
#[test]
fn the_first_fifty_synced_users_tell() {
    let doubtful = |wrong: fn(u8) -> bool, count: u8| {
        let mut case = Case::new();
        for n in 0..count {
            let guid = format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}");
            let stamped = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*super::guid(S).ad_bytes()).into());
            let held = if wrong(n) { anchor(&guid) } else { anchor(S) };
            let synced = |user: &mut CloudUser| {
                user.sync_enabled = Known::Is(true);
                user.immutable_id = Some(held);
            };
            let name = if wrong(n) { format!("USER{n:03}") } else { format!("{}{n:03}", if n % 2 == 0 { "User" } else { "a" }) };
            case = case.ad(&name, &guid, stamped).cloud(n, &name, None, synced);
        }
        let body = case.plan();
        let finding =
            body.findings.into_iter().find(|finding| finding.code == Code::AnchorModeDoubtful && finding.mapping.is_none());
        finding.map(|finding| finding.message)
    };
    assert_eq!(doubtful(|n| n == 7, 50), None, "one of fifty");
    assert_eq!(doubtful(|n| n < 55, 200), None, "by name these come later");
    let first = doubtful(|_| true, 60).unwrap();
    assert!(first.contains("of the 50 synced accounts that were looked at"), "{first}");
}

/// The wrong attribute of the right AD user is no stale value.
#[test]
fn an_account_with_the_other_guid_of_its_own_ad_user_is_told_as_such() {
    let both = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
    for (mode, held, attribute) in
        [(AnchorMode::ConsistencyGuid, A, "objectGUID"), (AnchorMode::ObjectGuid, P, "mS-DS-ConsistencyGuid")]
    {
        let mut case = Case::new().ad("ann", A, both).cloud(1, "ann", Some(anchor(held)), nothing).map("ann", "ann", nothing);
        case.observed.forests[0].anchor = mode;
        let body = case.plan();
        let told =
            body.findings.iter().find(|finding| finding.message.ends_with(&format!("the {attribute} of this very AD user")));
        assert_eq!(told.unwrap().code, Code::AnchorModeDoubtful, "{:?}", body.findings);
        assert!(!codes(&body).contains(&Code::TargetWasLinked));
    }
}
