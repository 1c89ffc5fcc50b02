//! AD users who may get what a mapping wants: twins in other forests, names that two have, and accounts left without an ID.

use super::explain::ask;
use super::*;
use crate::plan::explain::Unexplained;

fn says(body: &Body, code: Code) -> bool {
    codes(body).contains(&code)
}

/// Message and hint of the first finding with a code.
fn said(body: &Body, code: Code) -> Option<(String, String)> {
    let found = body.findings.iter().find(|finding| finding.code == code)?;
    Some((found.message.clone(), found.hint.clone().unwrap_or_default()))
}

#[test]
fn a_disabled_ad_user_has_a_twin_only_where_another_forest_has_it_enabled() {
    let twin = |forest: &str, enabled: bool| {
        let disabled = |user: &mut AdUser| user.enabled = Some(false);
        let mut case = Case::new().ad("ann", A, disabled).ad("bob", P, nothing).cloud(1, "ann", None, nothing);
        let mut twin = case.observed.forests[0].users[1].clone();
        (twin.upn, twin.sam, twin.enabled) = (Some("ann@x.example".into()), Some("other".into()), Some(enabled));
        let mut old = ObservedForest { name: "old".into(), ..ObservedForest::default() };
        let forests = &mut case.observed.forests;
        if forest == "old" {
            old.users.push(twin);
        } else {
            old.users.push(forests[0].users[1].clone());
            forests[0].users[1] = twin;
        }
        forests.push(old);
        says(&case.map("ann", "ann", nothing).plan(), Code::EnabledTwin)
    };
    assert!(twin("old", true));
    assert!(!twin("old", false) && !twin("corp", true));
}

/// Ann of corp, and Ann of the old forest with the same anchor.
fn migrated(enabled: Option<bool>, edit: fn(&mut AdUser)) -> Case {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing);
    let mut twin = AdUser::new(guid(A), "CN=ann,OU=Staff,DC=old".parse().unwrap());
    (twin.sam, twin.enabled) = (Some("ann".into()), enabled);
    edit(&mut twin);
    case.observed.forests.push(ObservedForest { name: "old".into(), users: vec![twin], ..ObservedForest::default() });
    case.map("ann", "ann", |mapping| {
        let OnPremSide::User(selector) = &mut mapping.on_prem else { unreachable!() };
        selector.forest = Some("corp".into());
    })
}

#[test]
fn of_two_enabled_ad_users_with_one_anchor_sync_may_see_the_other_first() {
    let told = |case: &Case| says(&case.plan(), Code::EnabledTwin);
    assert!(told(&migrated(Some(true), nothing)) && told(&migrated(None, nothing)));
    assert!(told(&migrated(Some(false), nothing)), "a disabled one is synced, too");
    assert!(!told(&migrated(Some(true), |twin| twin.excluded = Some(Exclusion::LinkedMailbox))));
    let mut armed = migrated(Some(true), nothing);
    armed.observed.tenant.users[0].immutable_id = Some(anchor(A));
    assert!(told(&armed));
    armed.observed.tenant.users[0].sync_enabled = Known::Is(true);
    armed.observed.tenant.users[0].sid = Known::Is(sid(1));
    assert!(!told(&armed), "it is linked");
    armed.observed.tenant.users[0].sid = Known::Is(sid(9));
    assert!(!told(&armed), "it is linked to the other one, and that is told");
    let mut stamped = migrated(Some(true), |twin| twin.guid = guid(P));
    stamped.observed.tenant.users[0].immutable_id = Some(anchor(P));
    stamped.desired.mappings[0].write = WriteSide::OnPrem;
    assert!(told(&stamped), "the stamp makes the anchors equal");
}

/// Only the scope of sync keeps a twin from the account: what is advised has to cure.
#[test]
fn to_disable_a_twin_is_not_advised() {
    for enabled in [true, false] {
        let body = migrated(Some(enabled), |twin| {
            twin.guid = guid(P);
            twin.consistency_guid = GuidAttribute::Bytes((*guid(A).ad_bytes()).into());
        });
        let (message, hint) = said(&body.plan(), Code::EnabledTwin).unwrap();
        let how = if enabled { "enabled, too" } else { "disabled (sync takes it all the same)" };
        assert!(message.contains(how) && hint.contains("out of the scope of sync"), "{message} {hint}");
    }
    let (message, hint) = said(&migrated(Some(true), nothing).plan(), Code::EnabledTwin).unwrap();
    assert!(message.contains("the very same object") && hint.starts_with("Export both anew"), "{message} {hint}");
}

#[test]
fn a_name_that_two_ad_users_have_is_foretold_to_one_of_them() {
    let case = |forest: bool, edit: fn(&mut AdUser)| {
        let mut case = Case::new().ad("ann", A, nothing).ad("bob", P, edit).cloud(1, "ann", None, nothing);
        if forest {
            let users = case.observed.forests[0].users.split_off(1);
            case.observed.forests.push(ObservedForest { name: "old".into(), users, ..ObservedForest::default() });
        }
        says(&case.map("ann", "ann", nothing).plan(), Code::AddressConflict)
    };
    let mail: fn(&mut AdUser) = |user| user.mail = Some("ANN@x.example".into());
    let disabled: fn(&mut AdUser) = |user| (user.mail, user.enabled) = (Some("ann@x.example".into()), Some(false));
    let excluded: fn(&mut AdUser) =
        |user| (user.mail, user.excluded) = (Some("ann@x.example".into()), Some(Exclusion::LinkedMailbox));
    assert_eq!([case(false, mail), case(true, mail), case(false, disabled)], [true; 3]);
    assert!(!case(true, disabled), "sync joins the two");
    assert!(!case(false, nothing) && !case(false, excluded) && !case(true, excluded));
}

/// What kept sync from matching an account by name is gone with its ID.
#[test]
fn an_account_without_id_is_open_to_whoever_has_its_name() {
    let leaves = |edit: fn(&mut AdUser)| {
        let case = Case::new().ad("mia", P, edit).cloud(1, "mia", Some(anchor(S)), nothing);
        case.map("mia", "mia", |mapping| mapping.on_prem = OnPremSide::Nobody).plan()
    };
    let (message, _) = said(&leaves(nothing), Code::TargetWasLinked).unwrap();
    assert!(message.starts_with("mia@x.example has no ImmutableID then"), "{message}");
    assert!(!says(&leaves(|user| user.upn = Some("other@x.example".into())), Code::TargetWasLinked));
    assert!(!says(&leaves(|user| user.excluded = Some(Exclusion::LinkedMailbox)), Code::TargetWasLinked));
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "mia", Some(anchor(A)), nothing);
    let cleared = |case: Case| says(&case.map("ann", "ann", decide("mia", Resolve::Clear)).plan(), Code::TargetWasLinked);
    assert!(cleared(case().ad("mia", P, nothing)) && !cleared(case()));
    let mapped = case().ad("mia", P, nothing).cloud(3, "right", None, nothing).map("mia", "right", nothing);
    assert!(!cleared(mapped), "the AD user gets the account that is right");
}

/// Account and resource forest: the mailbox is on the other object of the same person.
#[test]
fn a_linked_mailbox_in_another_forest_is_a_second_mailbox() {
    let feared = |edit: fn(&mut AdUser)| {
        let licensed = |user: &mut CloudUser| {
            user.mail = Known::Is("ann@x.example".into());
            user.traits_mut().licenses = Known::Is(["sku"].into());
        };
        let mut case = Case::new().ad("ann", A, nothing).ad("box", P, edit).cloud(1, "ann", None, licensed);
        let users = case.observed.forests[0].users.split_off(1);
        case.observed.forests.push(ObservedForest { name: "mail".into(), users, ..ObservedForest::default() });
        said(&case.map("ann", "ann", nothing).plan(), Code::DoubleMailbox).map(|(message, _)| message)
    };
    let linked: fn(&mut AdUser) = |user| {
        (user.mail, user.has_exchange_mailbox) = (Some("ann@x.example".into()), true);
        user.excluded = Some(Exclusion::LinkedMailbox);
    };
    assert!(feared(linked).unwrap().starts_with("the linked mailbox of the AD user"), "{:?}", feared(linked));
    assert_eq!(feared(|user| (user.has_exchange_mailbox, user.excluded) = (true, Some(Exclusion::LinkedMailbox))), None);
}

/// One object that was moved between two forests, and of which one export is stale.
fn moved() -> Case {
    let mail = |user: &mut AdUser| user.mail = Some("mia@x.example".into());
    let mut case = Case::new().ad("mia", A, mail).ad("mia", A, mail).cloud(1, "mia", None, nothing);
    let users = case.observed.forests[0].users.split_off(1);
    case.observed.forests.push(ObservedForest { name: "old".into(), users, ..ObservedForest::default() });
    case
}

#[test]
fn an_object_in_two_forests_is_named_by_its_forest() {
    let body = moved().map("mia", "mia", nothing).plan();
    let (_, hint) = said(&body, Code::OnpremAmbiguous).unwrap();
    assert!(hint.contains("the very same object (one objectGUID)") && hint.contains("`forest`"), "{hint}");
    let discovery = moved().discover();
    assert_eq!((discovery.proposals.len(), discovery.left_out.len()), (0, 2));
    for left_out in discovery.left_out {
        assert!(left_out.why.contains("the very same object (one objectGUID)"), "{}", left_out.why);
        assert!(left_out.candidates[0].against.is_empty(), "{left_out:?}");
    }
    let Err(Unexplained::Several(users)) = ask(&moved(), "mia") else { panic!() };
    let names: Vec<&str> = users.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, [format!("{A} --forest corp"), format!("{A} --forest old")]);
}

#[test]
fn where_all_are_in_one_forest_that_is_no_advice() {
    let two = || Case::new().ad("ann", A, nothing).ad("ann", P, nothing).cloud(1, "ann", None, nothing);
    let hint = |case: &Case| said(&case.plan(), Code::OnpremAmbiguous).unwrap().1;
    let by_sam = two().map("ann", "ann", nothing);
    assert_eq!(hint(&by_sam), r"Name one of them by `guid` or `dn`, or as `DOMAIN\name`.");
    let mut by_upn = two().map("ann", "ann", nothing);
    let OnPremSide::User(selector) = &mut by_upn.desired.mappings[0].on_prem else { panic!() };
    selector.key = OnPremKey::Upn("ann@x.example".parse().unwrap());
    assert_eq!(hint(&by_upn), "Name one of them by `guid` or `dn`.");
    let users = by_upn.observed.forests[0].users.split_off(1);
    by_upn.observed.forests.push(ObservedForest { name: "old".into(), users, ..ObservedForest::default() });
    assert!(hint(&by_upn).ends_with("or narrow the selector with `forest`."));
}
