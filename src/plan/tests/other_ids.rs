//! An account that carries another ID than the wanted one: whose that is, however it is spelt.

use super::*;

/// Every spelling of a GUID that scripts and spreadsheets leave in a tenant.
fn spellings(guid: &ObjectGuid) -> Vec<String> {
    let text = guid.to_string();
    let id = guid.immutable_id().as_str().to_owned();
    let wrong_order = guid.byte_swapped();
    vec![
        format!("{{{text}}}"),
        text.replace('-', ""),
        guid.raw_hex(),
        id.trim_end_matches('=').to_owned(),
        id.replace("w==", "x=="),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &text),
        wrong_order.immutable_id().to_string(),
        wrong_order.to_string(),
        text.to_uppercase(),
        text,
    ]
}

#[test]
fn an_id_that_spells_the_guid_of_somebody_else_says_whose() {
    for spelling in spellings(&guid(P)) {
        let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing);
        let body = case.cloud(1, "ann", ImmutableId::stored(&spelling), nothing).map("ann", "ann", nothing).plan();
        let finding = body.findings.first().unwrap();
        assert_eq!((finding.code, finding.objects.len()), (Code::TargetWasLinked, 1), "{spelling}: {finding:?}");
        assert!(finding.objects[0].starts_with("CN=bob,") && !finding.hint.as_deref().unwrap().contains("stale"), "{finding:?}");
    }
    let migrated = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(S).ad_bytes()).into());
    for id in [anchor(P), ImmutableId::stored(P).unwrap(), guid(P).byte_swapped().immutable_id()] {
        let case = Case::new().ad("ann", A, nothing).ad("bob", P, migrated).cloud(1, "ann", Some(id), nothing);
        let body = case.map("ann", "ann", nothing).plan();
        let hint = body.findings[0].hint.as_deref().unwrap();
        assert!(hint.contains("a GUID, but not the source anchor, of"), "{hint}");
    }
}

#[test]
fn an_id_that_spells_the_own_guid_is_no_other_persons() {
    let case = |id: &str| {
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", ImmutableId::stored(id), nothing);
        codes(&case.map("ann", "ann", nothing).plan())
    };
    let wrong_order = guid(A).byte_swapped();
    assert_eq!(case(&wrong_order.to_string()), [Code::AnchorWrongByteOrder]);
    assert_eq!(case(wrong_order.immutable_id().as_str()), [Code::AnchorWrongByteOrder]);
    assert_eq!(case(&anchor(A).as_str().to_ascii_lowercase()), [Code::AnchorNearDuplicate]);
    let migrated = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
    for (id, code) in [
        (anchor(A), Code::AnchorModeDoubtful),
        (ImmutableId::stored(A).unwrap(), Code::AnchorNotCanonical),
        (wrong_order.immutable_id(), Code::AnchorNotCanonical),
    ] {
        let case = Case::new().ad("ann", A, migrated).cloud(1, "ann", Some(id), nothing).map("ann", "ann", nothing);
        assert!(codes(&case.plan()).contains(&code) && !codes(&case.plan()).contains(&Code::TargetWasLinked));
    }
}

#[test]
fn a_number_that_is_somebodys_anchor_says_whose() {
    let numbered = |number: &str| {
        let number = AnchorAttribute::Text(number.into());
        move |user: &mut AdUser| user.custom_anchor = Some(number.into())
    };
    let mut case = Case::new().ad("ann", A, numbered("E1")).ad("bob", P, numbered("E2"));
    case.observed.forests[0].anchor = AnchorMode::Attribute("employeeID".into());
    let case = case.cloud(1, "ann", ImmutableId::stored("E2"), nothing).map("ann", "ann", accept(Acceptable::AnchorOpaque));
    let body = case.plan();
    let finding = body.findings.iter().find(|finding| finding.code == Code::TargetWasLinked).unwrap();
    assert!(finding.objects[0].starts_with("CN=bob,"), "{finding:?}");
}

/// Bob's account, whose ID is right, stands in Ann's way for its SID alone.
fn in_the_way_by_sid(resolve: Resolve) -> Case {
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "ann", None, nothing);
    let case = case.cloud(2, "bob", Some(anchor(P)), |user| user.sid = Known::Is(sid(1)));
    case.map("ann", "ann", decide("bob", resolve))
}

#[test]
fn who_loses_an_account_by_a_decision_on_its_sid_is_named() {
    for (resolve, word, reasons) in [
        (
            Resolve::Clear,
            "cleared",
            ["the SID stands in the way, and `resolve: clear` takes the ImmutableID, too", "frees the SID"],
        ),
        (Resolve::Purge, "purged", ["stands in the way and is to be purged", "frees the SID"]),
    ] {
        let body = in_the_way_by_sid(resolve).plan();
        let warning = body.findings.iter().find(|finding| finding.code == Code::TargetWasLinked).unwrap();
        assert!(warning.objects[0].starts_with("CN=bob,") && warning.message.contains(word), "{warning:?}");
        assert!(body.actions.iter().map(|action| action.reason.as_str()).take(2).eq(reasons), "{:?}", body.actions);
    }
    let mapped =
        in_the_way_by_sid(Resolve::Clear).cloud(3, "new", None, nothing).map("bob", "new", decide("bob", Resolve::Clear));
    let body = mapped.plan();
    assert!(!codes(&body).contains(&Code::TargetWasLinked), "bob's own mapping decides so: {:?}", body.findings);
    assert_eq!(body.actions[0].reason, "frees the ImmutableID");
    let follows = in_the_way_by_sid(Resolve::Purge).cloud(3, "new", None, nothing).map("bob", "new", nothing).plan();
    assert_eq!(follows.actions[1].reason, "frees the ImmutableID", "bob goes by ann's decision");
}
