//! Who is meant: selectors, rules and identifiers in odd dress.

use super::*;
use crate::model::questions::Recorder;
use crate::plan::resolve::names_ad_user;
use crate::plan::world::World;

#[test]
fn selectors_must_name_exactly_one_object() {
    let twice =
        Case::new().ad("ann", A, nothing).ad("ANN", P, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
    assert_eq!(blockers(&twice), [Code::OnpremAmbiguous]);
    let missing = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("anm", "anm", nothing).plan();
    assert_eq!(blockers(&missing), [Code::CloudNotFound, Code::OnpremNotFound]);
    let hint = missing.findings[0].hint.clone().unwrap();
    assert!(hint.contains("ann@x.example"), "{hint}");
    let excluded = Case::new()
        .ad("ann", A, |user| user.excluded = Some(Exclusion::CriticalSystemObject))
        .cloud(1, "ann", None, nothing)
        .map("ann", "ann", nothing)
        .plan();
    assert!(excluded.findings[0].message.contains("critical system object"));
    assert_eq!(blockers(&excluded), [Code::OnpremNotFound]);
}

/// After the takeover the account has the sign-in name of the AD user.
#[test]
fn an_account_that_sync_has_renamed_is_found_by_its_id() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann@corp.example", Some(anchor(A)), |user| user.sync_enabled = Known::Is(true))
        .map("ann", "somebody", nothing)
        .plan();
    assert_eq!(blockers(&body), [Code::CloudNotFound]);
    let hint = body.findings[0].hint.clone().unwrap();
    assert!(hint.contains("ann@corp.example") && hint.contains("renamed"), "{hint}");
}

#[test]
fn two_mappings_for_one_person_block_each_other() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .ad("bob", P, nothing)
        .cloud(1, "ann", None, nothing)
        .map("ann", "ann", nothing)
        .map("bob", "ANN", nothing)
        .plan();
    assert_eq!(blockers(&body), [Code::DuplicateMapping, Code::DuplicateMapping]);
    assert_eq!(body.mappings.iter().map(|mapping| mapping.id.as_str()).collect::<Vec<_>>(), ["ann@x.example", "ANN@x.example#2"]);
    let accounts = || Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "bob", None, nothing);
    let body = accounts().map("ann", "ann", nothing).map("ann", "bob", nothing).plan();
    assert_eq!(blockers(&body), [Code::DuplicateMapping, Code::DuplicateMapping], "it is one AD user, so no shared anchor");
}

#[test]
fn wrong_encodings_are_told_apart_from_other_people() {
    let case = |text: &str| {
        Case::new().ad("ann", A, nothing).cloud(1, "ann", ImmutableId::stored(text), nothing).map("ann", "ann", nothing).plan()
    };
    assert_eq!(codes(&case("9QV/7kw+RFmC3SElC3KWAQ==")), [Code::AnchorWrongByteOrder]);
    assert_eq!(codes(&case(A)), [Code::AnchorNotCanonical]);
    assert_eq!(codes(&case("7n8F9T5MWUSC3SElC3KWAR==")), [Code::AnchorNotCanonical]);
    assert_eq!(codes(&case(anchor(P).as_str())), [Code::TargetWasLinked]);
    let third = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "twin", ImmutableId::stored(A), nothing)
        .map("ann", "ann", nothing)
        .plan();
    assert_eq!((codes(&third), third.status), (vec![Code::AnchorNotCanonical], Status::Ready));
}

#[test]
fn ids_that_differ_only_in_case_are_two_ids() {
    let body = Case::new()
        .ad("ann", "99b4da92-fc96-475b-9077-bb98875c4998", nothing)
        .cloud(1, "ann", None, nothing)
        .cloud(2, "u1", ImmutableId::stored("kTq0mZb8W0eQd7uYh1xJmA=="), nothing)
        .map("ann", "ann", nothing)
        .plan();
    assert_eq!((codes(&body), body.status), (vec![Code::AnchorNearDuplicate], Status::Ready));
}

#[test]
fn hints_say_where_rows_and_rules_find_what_they_cannot_say_themselves() {
    let hint = |form: MappingForm, rule: Option<&str>, holder: bool| {
        let deleted = |user: &mut CloudUser| user.traits_mut().deleted_at = (!holder).then(|| "2026-11-01T00:00:00Z".into());
        let held = holder.then(|| anchor(A));
        let case = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, deleted).cloud(2, "twin", held, nothing);
        let body = case.map("ann", "ann", |mapping| {
            (mapping.source.file, mapping.form) = ("hardmatch.conf".into(), form);
            mapping.rule = rule.map(Into::into);
        });
        body.plan().findings[0].hint.clone().unwrap()
    };
    assert!(hint(MappingForm::Entry, None, false).ends_with("bring it back first."));
    assert!(hint(MappingForm::Entry, None, true).ends_with("only takes its ID away."));
    assert!(hint(MappingForm::Row, None, false).ends_with("move it to `mappings` of the configuration."));
    assert!(hint(MappingForm::Row, None, true).ends_with("In hardmatch.conf the columns holder and resolve take the decision."));
    let in_the_bin = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let deleted = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).cloud(2, "twin", Some(anchor(A)), in_the_bin);
    let hint_of_deleted = deleted.map("ann", "ann", as_row).plan().findings[0].hint.clone().unwrap();
    assert!(hint_of_deleted.ends_with("In wave.csv the columns holder and resolve take the decision."), "{hint_of_deleted}");
    let missing = Case::new().ad("ann", A, nothing).cloud(1, "bob", None, nothing).map("ann", "zoe", as_row);
    let hint_of_missing = missing.plan().findings[0].hint.clone().unwrap();
    assert!(!hint_of_missing.contains("wave.csv"), "no column cures that: {hint_of_missing}");
    assert!(hint(MappingForm::Entry, Some("staff"), true).ends_with("which wins over the rule."));
}

fn as_row(mapping: &mut Mapping) {
    (mapping.source.file, mapping.form) = ("wave.csv".into(), MappingForm::Row);
}

/// One account has the ID, the other one the SID; a third only a value that matches nothing.
#[test]
fn a_row_decides_on_one_account_and_is_moved_for_more() {
    let hints = |third: bool, edit: fn(&mut Mapping)| {
        let case = Case::new()
            .ad("ann", A, |user| user.sid = Some(sid(1)))
            .cloud(1, "ann", None, nothing)
            .cloud(2, "twin", Some(anchor(A)), nothing)
            .cloud(3, "odd", ImmutableId::stored(A).filter(|_| third), nothing)
            .cloud(4, "old", None, |user| user.sid = Known::Is(sid(if third { 2 } else { 1 })));
        let body = case.map("ann", "ann", edit).plan();
        body.findings.into_iter().map(|finding| finding.hint.unwrap()).collect::<Vec<_>>()
    };
    let is_moved = |hint: &String| {
        hint.ends_with("A row of wave.csv holds one decision, and 2 are needed: move it to `mappings` of the configuration, where `holders` takes them all.")
    };
    let in_columns = |hint: &String| hint.ends_with("In wave.csv the columns holder and resolve take the decision.");
    let undecided = hints(false, as_row);
    assert!(undecided.len() == 2 && undecided.iter().all(is_moved), "{undecided:#?}");
    let half_decided = hints(false, |mapping| {
        as_row(mapping);
        decide("twin", Resolve::Clear)(mapping);
    });
    assert!(half_decided.len() == 1 && half_decided.iter().all(is_moved), "{half_decided:#?}");
    let one_may_stay = hints(true, as_row);
    assert!(in_columns(&one_may_stay[0]) && is_moved(&one_may_stay[1]) && one_may_stay.len() == 2, "{one_may_stay:#?}");
    let entry = hints(false, nothing);
    assert!(!entry.iter().any(|hint| is_moved(hint) || in_columns(hint)), "{entry:#?}");
}

#[test]
fn rules_pair_whom_nobody_mapped_and_list_the_rest() {
    let mut case = Case::new()
        .ad("ann", A, |user| user.upn = Some("ann@corp.local".into()))
        .ad("bob", P, |user| user.upn = Some("bob@corp.local".into()))
        .ad("cid", S, |user| user.upn = Some("cid@corp.local".into()))
        .cloud(1, "ann", None, nothing)
        .cloud(2, "bob", None, nothing)
        .map("bob", "bob", nothing);
    case.desired.rules.push(Rule {
        name: "staff".into(),
        source: Source { file: Arc::from("hardmatch.yaml"), line: 20 },
        forest: None,
        under: Some("ou=staff, dc=corp".parse().unwrap()),
        on_prem: OnPremPairKey::UserPrincipalName,
        cloud: CloudPairKey::UserPrincipalName,
        replace_suffix: vec![SuffixReplacement { from: "corp.local".into(), to: "x.example".into() }],
    });
    let body = case.plan();
    assert_eq!(kinds(&body), ["setImmutableId bob", "setImmutableId ann"]);
    let info = body.findings.iter().find(|finding| finding.code == Code::CloudNotFound).unwrap();
    assert_eq!((info.severity, info.objects.len()), (Severity::Info, 1));
}

#[test]
fn guid_and_object_id_are_not_confused() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .map("", "ann", |mapping| {
            let text = entra(1).to_string();
            let key = OnPremKey::Guid(GuidInput::Guid(guid(&text)));
            mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: text.into() });
        })
        .plan();
    assert_eq!(blockers(&body), [Code::CloudIdAsGuid]);
}

#[test]
fn a_guid_in_the_wrong_byte_order_is_told_whose_it_is() {
    let body = Case::new()
        .ad("ann", A, nothing)
        .cloud(1, "ann", None, nothing)
        .map("", "ann", |mapping| {
            let id = ImmutableId::stored("9QV/7kw+RFmC3SElC3KWAQ==").unwrap();
            let text = id.as_str().into();
            mapping.on_prem = OnPremSide::User(OnPremSelector { key: OnPremKey::ImmutableId(id), forest: None, text });
        })
        .plan();
    assert_eq!(blockers(&body), [Code::OnpremNotFound]);
    let hint = body.findings[0].hint.as_ref().unwrap();
    assert!(hint.contains("7n8F9T5MWUSC3SElC3KWAQ==") && hint.contains("CN=ann"), "{hint}");
}

/// What nobody has read is null in the row; the row itself is there.
#[test]
fn a_row_tells_the_ad_user_as_far_as_he_is_known() {
    let row = |key: OnPremKey, text: &str| {
        let mut case = Case::new().cloud(1, "ann", None, nothing).map("ann", "ann", |mapping| {
            mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: text.into() });
        });
        case.observed.forests.clear();
        case.plan().mappings.remove(0).on_prem.map(|user| (user.dn, user.object_guid))
    };
    assert_eq!(row(OnPremKey::Guid(GuidInput::Guid(guid(A))), A), Some((None, Some(guid(A)))));
    assert_eq!(row(OnPremKey::ImmutableId(ImmutableId::stored("employee-1").unwrap()), "employee-1"), Some((None, None)));
    assert_eq!(row(OnPremKey::EmployeeId("1".into()), "1"), None, "nobody can look that up");
    let read = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing).map("ann", "ann", nothing).plan();
    let user = read.mappings[0].on_prem.clone().unwrap();
    assert_eq!(
        (user.dn.as_deref(), user.forest.as_deref(), user.sam.as_deref()),
        (Some("CN=ann,OU=Staff,DC=corp"), Some("corp"), Some("ann"))
    );
}

#[test]
fn a_missing_account_may_lie_in_a_recycle_bin_that_was_not_read() {
    let hint = |read| {
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "bob", None, nothing).map("ann", "zoe", nothing);
        case.observed.tenant.recycle_bin_read = read;
        let body = case.plan();
        body.findings.iter().find(|finding| finding.code == Code::CloudNotFound).and_then(|finding| finding.hint.clone()).unwrap()
    };
    assert_eq!(hint(true), "Check the spelling. An account that was purged can only be made anew.");
    assert_eq!(hint(false), "Check the spelling. The recycle bin was not read; the account may be there.");
}

#[test]
fn a_group_is_no_target_whether_it_is_named_by_address_or_by_id() {
    let group = |n: u8, address: &str| OtherObject {
        kind: OtherKind::Group,
        id: entra(n),
        display_name: None,
        mail: Some(address.into()),
        proxy_addresses: Texts::default(),
        members: None,
    };
    let case = |key: CloudKey| {
        let by = |mapping: &mut Mapping| mapping.cloud.key = key;
        let mut case = Case::new().ad("ann", A, nothing).cloud(1, "bob", None, nothing).map("ann", "zoe", by);
        case.observed.tenant.others = vec![group(7, "all@x.example"), group(9, "some@x.example")];
        case.plan()
    };
    assert_eq!(blockers(&case(CloudKey::Id(entra(9)))), [Code::TargetNotAUser]);
    assert_eq!(blockers(&case(CloudKey::Id(entra(8)))), [Code::CloudNotFound]);
    assert_eq!(blockers(&case(account("some").key)), [Code::TargetNotAUser]);
}

#[test]
fn two_ad_users_do_not_want_one_id() {
    let shared = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(S).ad_bytes()).into());
    let case =
        Case::new().ad("ann", A, shared).ad("bob", P, nothing).cloud(1, "ann", None, nothing).cloud(2, "bob", None, nothing);
    let mut case = case.map("ann", "ann", nothing).map("bob", "bob", nothing);
    assert_eq!(blockers(&case.plan()), []);
    // In another forest, as in a migration.
    let mut other = ObservedForest { name: "old".into(), ..ObservedForest::default() };
    other.users.extend(case.observed.forests[0].users.pop());
    shared(&mut other.users[0]);
    case.observed.forests.push(other);
    assert_eq!(blockers(&case.plan()), [Code::DuplicateAnchor, Code::DuplicateAnchor]);
}

#[test]
fn in_another_forest_only_the_same_person_has_the_same_anchor() {
    let shared = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(S).ad_bytes()).into());
    let ann = |user: &mut AdUser| {
        shared(user);
        (user.employee_id, user.mail, user.display_name) =
            (Some("E7".into()), Some("ann@x.example".into()), Some("Ann X".into()));
    };
    let blocked = |alike: fn(&mut AdUser)| {
        let mut case = Case::new().ad("ann", A, ann).ad("bob", P, shared).cloud(1, "ann", None, nothing);
        let mut old = ObservedForest { name: "old".into(), ..ObservedForest::default() };
        old.users.extend(case.observed.forests[0].users.pop());
        alike(&mut old.users[0]);
        case.observed.forests.push(old);
        blockers(&case.map("ann", "ann", nothing).plan())
    };
    assert_eq!(blocked(|_| {}), [Code::DuplicateAnchor]);
    for namesake in [
        (|bob| bob.employee_id = Some("N/A".into())) as fn(&mut AdUser),
        |bob| bob.display_name = Some("ANN X".into()),
        |bob| (bob.mail, bob.employee_id) = (Some("ann@x.example".into()), Some("E8".into())),
    ] {
        assert_eq!(blocked(namesake), [Code::DuplicateAnchor]);
    }
    for alike in [
        (|old| old.mail = Some("Ann@old.example".into())) as fn(&mut AdUser),
        |old| old.upn = Some("ann@old.example".into()),
        |old| old.employee_id = Some("e7".into()),
        |old| old.consistency_guid = GuidAttribute::Absent,
    ] {
        assert_eq!(blocked(alike), []);
    }
}

#[test]
fn an_account_name_tells_the_same_person_only_where_nothing_else_can() {
    let user = |upn: Option<&str>, number: Option<&str>| AdUser {
        sam: Some("jsmith".into()),
        upn: upn.map(Into::into),
        employee_id: number.map(Into::into),
        ..AdUser::new(guid(A), "CN=x,DC=corp".parse().unwrap())
    };
    let is_same = |one: &AdUser, other: &AdUser| crate::plan::is_same_person(one, other);
    let john = user(Some("john.smith@old.example"), None);
    assert!(!is_same(&john, &user(Some("jane.smith@new.example"), None)));
    assert!(is_same(&john, &user(Some("John.Smith@new.example"), None)));
    assert!(is_same(&john, &user(None, None)) && is_same(&user(None, Some("7")), &user(None, None)));
    assert!(!is_same(&user(None, Some("7")), &user(None, Some("8"))));
}

#[test]
fn who_a_selector_names_is_told_of_every_way_to_name_somebody() {
    let ann = |user: &mut AdUser| {
        (user.employee_id, user.mail) = (Some("E7".into()), Some("ann.mail@x.example".into()));
        user.proxy_addresses = ["smtp:ann.alias@x.example"].into();
    };
    let mut case = Case::new().ad("ann", A, ann).ad("bob", P, |user| user.employee_id = Some("E8".into()));
    case.observed.forests[0].netbios_names = vec!["CORPNET".into()];
    let world = World::new(case.observed.clone(), Recorder::default());
    let names = |key: OnPremKey, forest: Option<&str>| {
        let side = OnPremSide::User(OnPremSelector { key, forest: forest.map(Into::into), text: "x".into() });
        ["ann", "bob"].map(|name| {
            let [user] = world.forests.by_upn(&format!("{name}@x.example"), None)[..] else { panic!() };
            names_ad_user(&side, user, &world)
        })
    };
    let sam = |domain: Option<&str>, name: &str| OnPremKey::Sam { domain: domain.map(Into::into), name: name.into() };
    let of_ann = [
        OnPremKey::Dn("cn=Ann,ou=staff,DC=corp".parse().unwrap()),
        OnPremKey::Guid(GuidInput::Guid(guid(A))),
        OnPremKey::Sid(sid(1)),
        sam(None, "ANN"),
        sam(Some("corp"), "ann"),
        sam(Some("corpnet"), "ann"),
        OnPremKey::Upn("Ann@x.example".parse().unwrap()),
        OnPremKey::Mail("ann.mail@x.example".parse().unwrap()),
        OnPremKey::Mail("ann.alias@x.example".parse().unwrap()),
        OnPremKey::EmployeeId("e7".into()),
        OnPremKey::ImmutableId(anchor(A)),
    ];
    for key in of_ann {
        assert_eq!(names(key.clone(), None), [true, false], "{key:?}");
        assert_eq!(names(key.clone(), Some("corp")), [true, false], "{key:?}");
        assert_eq!(names(key.clone(), Some("old")), [false, false], "{key:?}");
    }
    assert_eq!(names(sam(Some("elsewhere"), "ann"), None), [false, false]);
}

#[test]
fn a_dn_names_one_user_whatever_the_case_of_its_letters() {
    let plan = |dn: &str| {
        let named = |mapping: &mut Mapping| {
            let key = OnPremKey::Dn(dn.parse().unwrap());
            mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: dn.into() });
        };
        let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "ann", None, nothing);
        case.map("", "ann", named).plan()
    };
    let found = plan("cn=ANN, ou=staff, dc=corp");
    assert_eq!(
        (kinds(&found), found.mappings[0].anchor.as_deref()),
        (vec!["setImmutableId ann".into()], Some(anchor(A).as_str()))
    );
    assert_eq!(blockers(&plan("CN=ann,DC=corp")), [Code::OnpremNotFound]);
}

#[test]
fn without_forests_one_guid_is_one_ad_user() {
    let given = |text: &'static str| {
        move |mapping: &mut Mapping| {
            let key = match text.parse() {
                Ok(guid) => OnPremKey::Guid(GuidInput::Guid(guid)),
                Err(_) => OnPremKey::ImmutableId(ImmutableId::stored(text).unwrap()),
            };
            mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: text.into() });
        }
    };
    let planned = |first, second| {
        let case = Case::new().cloud(1, "a", None, nothing).cloud(2, "b", None, nothing);
        let mut case = case.map("a", "a", given(first)).map("b", "b", given(second));
        (case.observed.forests, case.desired.forests) = (Vec::new(), Vec::new());
        blockers(&case.plan())
    };
    let twice = [Code::DuplicateMapping, Code::DuplicateMapping];
    assert_eq!(planned(A, A), twice);
    assert_eq!(planned(A, "7n8F9T5MWUSC3SElC3KWAQ=="), twice);
    assert_eq!(planned("EMP1", "EMP1"), twice);
    assert_eq!(planned(A, P), []);
}
