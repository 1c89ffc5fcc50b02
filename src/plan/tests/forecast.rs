//! What is said of the sync cycle after the plan.

use super::*;
use crate::plan::next_sync::Outcome;

fn says(body: &Body, code: Code) -> bool {
    codes(body).contains(&code)
}

#[test]
fn an_anchor_that_the_export_does_not_show_is_doubted_where_it_would_count() {
    let unread = |user: &mut AdUser| user.consistency_guid = GuidAttribute::MarkedMissing("N/A".into());
    let body = |mode, edit: fn(&mut AdUser)| {
        let mut case = Case::new().ad("ann", A, edit).cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
        case.observed.forests[0].anchor = mode;
        case.plan()
    };
    let doubted = body(AnchorMode::ConsistencyGuid, unread);
    assert_eq!((codes(&doubted), kinds(&doubted).len()), (vec![Code::AnchorMissing], 1));
    assert!(!says(&body(AnchorMode::ObjectGuid, unread), Code::AnchorMissing));
    assert!(!says(&body(AnchorMode::ConsistencyGuid, nothing), Code::AnchorMissing));
}

/// A guess would be wrong for whoever was migrated, and a stamp over an unknown value could not be taken back.
#[test]
fn where_the_export_names_a_type_nothing_is_written_for_that_user() {
    let unread = |user: &mut AdUser| user.consistency_guid = GuidAttribute::NotExported("System.Byte[]".into());
    let case = || Case::new().ad("ann", A, unread).cloud(1, "ann", Some(anchor(P)), nothing);
    for write in [WriteSide::Cloud, WriteSide::OnPrem] {
        let body = case().map("ann", "ann", |mapping| mapping.write = write).plan();
        assert_eq!((blockers(&body), kinds(&body).len()), (vec![Code::AnchorMissing], 0));
        assert!(body.findings[0].hint.as_deref().is_some_and(|hint| hint.contains("[guid]")), "{:?}", body.findings);
    }
}

#[test]
fn two_mailboxes_are_feared_only_where_the_one_in_the_cloud_is_licensed() {
    let on_premises = |user: &mut AdUser| user.has_exchange_mailbox = true;
    let feared = |mail: bool, licensed: bool, edit: fn(&mut AdUser)| {
        let account = move |user: &mut CloudUser| {
            user.mail = if mail { Known::Is("ann@x.example".into()) } else { Known::Null };
            user.traits_mut().licenses = Known::Is(if licensed { ["sku"].into() } else { Texts::default() });
        };
        let case = Case::new().ad("ann", A, edit).cloud(1, "ann", None, account).map("ann", "ann", nothing);
        says(&case.plan(), Code::DoubleMailbox)
    };
    assert!(feared(true, true, on_premises));
    assert!(!feared(true, false, on_premises) && !feared(false, true, on_premises) && !feared(true, true, nothing));
}

/// A tenant has one holder of an ID; a damaged reading may show more, also where one of them is the right one.
#[test]
fn a_second_holder_of_an_id_that_is_set_already_is_dealt_with() {
    let linked = |user: &mut CloudUser| user.sync_enabled = Known::Is(true);
    let deleted = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = || Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(A)), nothing);
    assert!(case().map("ann", "ann", nothing).plan().findings.is_empty());
    let twin = |edit: fn(&mut CloudUser)| case().cloud(2, "twin", Some(anchor(A)), edit);
    assert_eq!(blockers(&twin(linked).map("ann", "ann", nothing).plan()), [Code::HolderSynced]);
    let undecided = twin(nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&undecided), [Code::HolderUndecided]);
    assert!(undecided.findings[0].hint.as_ref().unwrap().starts_with("No tenant gives one ImmutableID to two accounts"));
    assert_eq!(blockers(&twin(deleted).map("ann", "ann", nothing).plan()), [Code::HolderUndecided]);
    let cleared = twin(nothing).map("ann", "ann", decide("twin", Resolve::Clear)).plan();
    assert_eq!((kinds(&cleared), codes(&cleared)), (vec!["clearImmutableId twin".to_owned()], vec![]));
    let purged = twin(deleted).map("ann", "ann", decide("twin", Resolve::Purge)).plan();
    assert_eq!((kinds(&purged), codes(&purged)), (vec!["purge twin".to_owned()], vec![]));
}

/// Of other accounts the address is withheld; a group's stops the export.
#[test]
fn the_address_of_a_group_stops_the_export() {
    let told = |kind: Option<OtherKind>| {
        let mut case = Case::new().ad("ann", A, |user| user.proxy_addresses = ["SMTP:tax@x.example"].into());
        case = case.cloud(1, "ann", None, nothing).map("ann", "ann", nothing);
        match kind {
            Some(kind) => case.observed.tenant.others.push(OtherObject {
                kind,
                id: entra(7),
                display_name: Some("Tax".into()),
                mail: Some("tax@x.example".into()),
                proxy_addresses: ["SMTP:tax@x.example"].into(),
                members: None,
            }),
            None => case = case.cloud(8, "tax", None, nothing),
        }
        let body = case.plan();
        assert_eq!(codes(&body).iter().filter(|code| **code != Code::TakeoverOverwrites).count(), 1, "{:?}", body.findings);
        let hint = body.findings.iter().find(|finding| finding.code == Code::AddressConflict).unwrap().hint.clone().unwrap();
        (hint, body.mappings[0].next_sync.as_ref().unwrap().outcome)
    };
    let (hint, outcome) = told(Some(OtherKind::Group));
    assert!(hint.contains("the export of the AD user fails") && outcome == Outcome::Refused);
    for kind in [Some(OtherKind::Contact), None] {
        let (hint, outcome) = told(kind);
        assert!(hint.contains("is withheld") && outcome == Outcome::HardMatch);
    }
}

#[test]
fn what_a_stamp_does_not_get_or_copies_wrongly_is_told() {
    let planned = |held: ImmutableId, edit: fn(&mut AdUser)| {
        let case = Case::new().ad("ann", A, edit).cloud(1, "ann", Some(held), nothing);
        case.map("ann", "ann", |mapping| mapping.write = WriteSide::OnPrem).plan()
    };
    assert!(!says(&planned(anchor(P), nothing), Code::NotChecked));
    assert!(says(&planned(anchor(P), |user| user.protected_by_admin_sd_holder = true), Code::NotChecked));
    let swapped = guid(A).byte_swapped().immutable_id();
    assert!(
        says(&planned(swapped, nothing), Code::AnchorWrongByteOrder)
            && !says(&planned(anchor(P), nothing), Code::AnchorWrongByteOrder)
    );
}

#[test]
fn who_leaves_hybrid_is_told_what_sync_does_if_it_still_sees_the_ad_user() {
    let hint = |blocked: bool| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", Some(anchor(A)), nothing);
        case = case.map("ann", "ann", |mapping| mapping.on_prem = OnPremSide::Nobody);
        case.observed.tenant.features = Some([("blockSoftMatchEnabled".into(), blocked)].into());
        let body = case.plan();
        body.findings.iter().find(|finding| finding.code == Code::TargetWasLinked).unwrap().hint.clone().unwrap()
    };
    assert!(hint(false).contains("matches the account again"), "{}", hint(false));
    assert!(hint(true).contains("makes a second account"), "{}", hint(true));
}

#[test]
fn roles_and_the_source_of_authority_count_for_whoever_is_cleared() {
    let planned = |leaves: bool| {
        let moved = |user: &mut CloudUser| user.traits_mut().cloud_managed = Known::Is(true);
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), moved);
        case.observed.tenant.roles = Some(vec![RoleGrant {
            principal: entra(2),
            role: "User Administrator".into(),
            privileged: false,
            state: RoleState::Assigned,
        }]);
        if leaves {
            case.map("ann", "twin", |mapping| mapping.on_prem = OnPremSide::Nobody).plan()
        } else {
            case.map("ann", "ann", decide("twin", Resolve::Clear)).plan()
        }
    };
    for leaves in [false, true] {
        let body = planned(leaves);
        assert!(says(&body, Code::RoleAssigned) && says(&body, Code::CloudManaged), "{:?}", body.findings);
    }
}

#[test]
fn values_that_entra_does_not_take_are_told_before_the_takeover() {
    let odd = |edit: fn(&mut AdUser), synced: bool| {
        let account = move |user: &mut CloudUser| user.sync_enabled = Known::Is(synced);
        let case = Case::new().ad("ann", A, edit).cloud(1, "ann", Some(anchor(A)), account).map("ann", "ann", nothing);
        let findings = case.plan().findings.into_iter().filter(|finding| finding.code == Code::NotChecked);
        findings.flat_map(|finding| finding.objects.iter().map(ToString::to_string).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    assert_eq!(odd(nothing, false), [""; 0]);
    let named = |user: &mut AdUser| user.upn = Some("jörg@x.example".into());
    assert!(odd(named, false)[0].starts_with("sign-in name jörg@x.example: before the @ it takes 64 letters without accents"));
    assert_eq!(odd(named, true), [""; 0], "sync has it as it is");
    let addresses = |user: &mut AdUser| user.proxy_addresses = ["SMTP:a@x.example", "SMTP:b@x.example", "c@x.example"].into();
    let expected = [
        "2 primary addresses, where an account has one: SMTP:a@x.example, SMTP:b@x.example",
        "address without a prefix such as smtp: c@x.example",
    ];
    assert_eq!(odd(addresses, false), expected);
}

/// A table may have neither the name of the object nor the sign-in name.
#[test]
fn a_sign_in_name_that_nobody_can_tell_is_not_foretold() {
    let planned = |dn: &'static str| {
        let user = move |user: &mut AdUser| (user.upn, user.dn) = (None, dn.parse().unwrap());
        let body = Case::new().ad("ann", A, user).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
        body.findings.iter().flat_map(|finding| finding.objects.clone()).collect::<Vec<_>>().join("|")
    };
    assert!(planned("CN=ann,DC=corp,DC=local").contains("sign-in name: ann@x.example becomes ann@"));
    assert!(!planned("<GUID=f5057fee-4c3e-4459-82dd-21250b729601>").contains("becomes ann@"));
}

/// Once the ID is set nothing is written any more, and the switch is what everybody waits for.
#[test]
fn a_switch_that_keeps_sync_from_everybody_is_told_for_as_long_as_somebody_waits() {
    let told = |id: Option<ImmutableId>, edit: fn(&mut CloudUser)| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", id, edit).map("ann", "ann", nothing);
        case.observed.tenant.features = Some([("blockCloudObjectTakeoverThroughHardMatchEnabled".into(), true)].into());
        let body = case.plan();
        let found = body.findings.iter().find(|finding| finding.code == Code::HardMatchBlocked && finding.mapping.is_none());
        found.map(|finding| finding.message.clone()).unwrap_or_default()
    };
    assert!(told(None, nothing).contains("values will be set, but"));
    assert!(told(Some(anchor(A)), nothing).contains("values are set, but"));
    let linked = |user: &mut CloudUser| (user.sync_enabled, user.sid) = (Known::Is(true), Known::Is(sid(1)));
    assert_eq!(told(Some(anchor(A)), linked), "");
}

/// Two spellings of one address are one conflict.
#[test]
fn a_name_that_is_the_mail_address_as_well_is_told_once() {
    let user = |user: &mut AdUser| (user.upn, user.mail) = (Some("ANN@x.example".into()), Some("ann@X.example".into()));
    let case = Case::new().ad("ann", A, user).cloud(1, "other", None, nothing).cloud(2, "ann", None, nothing);
    let body = case.map("ann", "other", nothing).plan();
    let conflict = body.findings.iter().find(|finding| finding.code == Code::AddressConflict).unwrap();
    assert_eq!(conflict.objects.len(), 1, "{conflict:?}");
}

#[test]
fn a_stamp_in_the_wrong_byte_order_is_not_taken_for_a_migration() {
    let hint = |bytes: ObjectGuid| {
        let stamped = move |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*bytes.ad_bytes()).into());
        let body = Case::new().ad("ann", A, stamped).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
        let doubt = body.findings.into_iter().find(|finding| finding.code == Code::AnchorModeDoubtful).unwrap();
        doubt.hint.unwrap()
    };
    assert!(hint(guid(A).byte_swapped()).contains("first three groups reversed"));
    assert_eq!(hint(guid(P)), "That is usual for users who were migrated.");
}

#[test]
fn a_dot_before_the_at_is_what_is_wrong_with_a_name_that_ends_so() {
    let told = |upn: &'static str| {
        let user = |user: &mut AdUser| user.upn = Some(upn.into());
        let body = Case::new().ad("ann", A, user).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
        let odd = body.findings.into_iter().find(|finding| finding.message.contains("does not take as they are")).unwrap();
        odd.objects[0].to_string()
    };
    assert_eq!(told("ann.@x.example"), "sign-in name ann.@x.example: before the @ it takes no dot at the end");
    assert!(told("änn@x.example").contains("without accents"));
}
