//! What an explanation shows of both sides, and what it proposes.

use super::explain::{ann, ask, explained, linked, told, wanted};
use super::rules::rule;
use super::*;
use crate::plan::explain::{Explanation, Unexplained, ValueKind, Wanted, explain};
use crate::plan::questions::Questions;

fn holders(explanation: &Explanation, kind: ValueKind) -> Vec<String> {
    let values = explanation.ad_user.iter().flat_map(|user| &user.values).chain(&explanation.account_values);
    let found = values.filter(|value| value.kind == kind).flat_map(|value| &value.holders);
    found.map(|holder| holder.line.replace("00000000-0000-4000-8000-0000000000", "")).collect()
}

fn by(on_prem: OnPremKey) -> Wanted {
    Wanted { text: "x".into(), on_prem: Some(on_prem), cloud: Vec::new(), forest: None }
}

fn asked(case: &Case, wanted: &Wanted) -> Result<Explanation, Unexplained> {
    explain(&case.desired, case.observed.clone(), wanted, &Questions::default()).0.map(|explanation| *explanation)
}

#[test]
fn the_anchor_is_told_with_its_attribute_and_a_filter_that_finds_it() {
    let anchor_of = |mode: AnchorMode, edit: fn(&mut AdUser)| {
        let mut case = Case::new().ad("ann", A, edit).cloud(1, "x", None, nothing);
        case.observed.forests[0].anchor = mode;
        let anchor = explained(&case, "ann").ad_user.unwrap().anchor;
        (anchor.attribute, anchor.ldap_filter.unwrap_or_default(), anchor.other.unwrap_or_default(), anchor.problem.is_some())
    };
    let filter = |attribute: &str, text: &str| format!("({attribute}={})", guid(text).ldap_filter_value());
    let stamped = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(S).ad_bytes()).into());
    let same = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(A).ad_bytes()).into());
    let (object, consistency) = ("objectGUID".to_owned(), "mS-DS-ConsistencyGuid".to_owned());
    let empty = "mS-DS-ConsistencyGuid is empty, so objectGUID counts".to_owned();
    assert_eq!(anchor_of(AnchorMode::ConsistencyGuid, nothing), (object.clone(), filter("objectGUID", A), empty, false));
    let says = |attribute: &str, text: &str| format!("{attribute} says {text}, which would be the ImmutableID {}", anchor(text));
    let of_stamp = (consistency.clone(), filter("mS-DS-ConsistencyGuid", S), says("objectGUID", A), false);
    assert_eq!(anchor_of(AnchorMode::ConsistencyGuid, stamped), of_stamp);
    assert_eq!(anchor_of(AnchorMode::ConsistencyGuid, same).2, "");
    let of_guid = (object, filter("objectGUID", A), says("mS-DS-ConsistencyGuid", S), false);
    assert_eq!(anchor_of(AnchorMode::ObjectGuid, stamped), of_guid);
    assert_eq!(anchor_of(AnchorMode::ObjectGuid, same).2, "");
    let custom = || AnchorMode::Attribute("employeeID".into());
    let text = |user: &mut AdUser| user.custom_anchor = Some(AnchorAttribute::Text("E7".into()).into());
    assert_eq!(anchor_of(custom(), text), ("employeeID".into(), "(employeeID=E7)".into(), String::new(), false));
    let bytes = |user: &mut AdUser| user.custom_anchor = Some(AnchorAttribute::Binary([1, 2, 3].into()).into());
    assert_eq!(anchor_of(custom(), bytes), ("employeeID".into(), String::new(), String::new(), false));
    assert_eq!(anchor_of(custom(), nothing), ("employeeID".into(), String::new(), String::new(), true));
    let shared = Case::new().ad("ann", A, stamped).ad("bob", P, stamped).cloud(1, "x", None, nothing);
    let shared = explained(&shared, "ann").ad_user.unwrap().anchor.shared_with;
    assert!(shared.len() == 1 && shared[0].contains("CN=bob"), "{shared:?}");
}

#[test]
fn the_accounts_that_have_something_are_told_beside_the_one_that_was_asked_for() {
    let case = ann().cloud(1, "ann", Some(anchor(P)), nothing).cloud(2, "twin", Some(anchor(A)), nothing);
    let ids = |explanation: &Explanation| explanation.accounts.iter().map(|account| account.id.clone()).collect::<Vec<_>>();
    let by_ad = explained(&case, "ann");
    assert_eq!(ids(&by_ad), [entra(1), entra(2)].map(|id| id.to_string()));
    let by_account = explained(&case, "twin@x.example");
    assert_eq!((ids(&by_account), by_account.account.unwrap().id), (vec![entra(1).to_string()], entra(2).to_string()));
    assert!(by_ad.ad_user.unwrap().next_sync.is_some());
}

#[test]
fn what_a_takeover_overwrites_is_told_with_what_is_withheld() {
    let held = |user: &mut CloudUser| user.proxy_addresses = Known::Is(["smtp:a@x.example"].into());
    let case = ann().cloud(1, "ann", Some(anchor(A)), nothing).cloud(2, "bob", None, held);
    let overwrites = explained(&case, "ann").ad_user.unwrap().overwrites;
    let withheld = "address withheld: a@x.example belongs to bob@x.example";
    assert!(overwrites.iter().any(|line| line.starts_with(withheld)), "{overwrites:?}");
    let nobody = ann().cloud(2, "bob", None, nothing);
    assert_eq!(explained(&nobody, "ann").ad_user.unwrap().overwrites, [""; 0]);
}

#[test]
fn only_a_name_with_four_digits_on_the_initial_domain_is_a_placeholder() {
    let says_so = |upn: &str| {
        let case = ann().cloud(1, "ann", None, nothing).cloud(2, upn, Some(anchor(A)), linked);
        explained(&case, "ann").answer.iter().any(|sentence| sentence.contains("its placeholder name"))
    };
    assert!(says_so("ann4711@x.onmicrosoft.com"));
    for other in ["ann4711@x.example", "ann471@x.onmicrosoft.com", "ann47x1@x.onmicrosoft.com", "bob4711@x.onmicrosoft.com"] {
        assert!(!says_so(other), "{other}");
    }
}

#[test]
fn values_are_told_with_how_they_are_held() {
    let migrated = |user: &mut AdUser| {
        user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
        (user.external_directory_object_id, user.mail) = (Some(entra(100)), Some("a@x.example".into()));
    };
    let mail_only = |entries: &'static [&'static str]| {
        move |user: &mut CloudUser| {
            user.mail = Known::Is("a@x.example".into());
            user.proxy_addresses = Known::Is(entries.iter().collect());
        }
    };
    let group = |n: u8| OtherObject {
        kind: OtherKind::Group,
        id: entra(n),
        display_name: Some("All".into()),
        mail: None,
        proxy_addresses: Texts::default(),
        members: None,
    };
    let mut case = Case::new().ad("ann", A, migrated).cloud(1, "old", Some(anchor(A)), nothing);
    case = case.cloud(2, "b", None, mail_only(&["SMTP:b@x.example"])).cloud(3, "c", None, mail_only(&[]));
    case.observed.tenant.others = vec![group(100), group(101)];
    let explanation = explained(&case, "ann");
    assert_eq!(holders(&explanation, ValueKind::OtherGuid), ["old@x.example (id 01)"]);
    let written_back = holders(&explanation, ValueKind::WrittenBack);
    assert!(written_back.len() == 1 && written_back[0].contains("64"), "group 100: {written_back:?}");
    let held = ["b@x.example (id 02), as mail only", "c@x.example (id 03), as mail only"];
    assert_eq!(holders(&explanation, ValueKind::PrimaryAddress), held);
}

#[test]
fn an_id_of_other_letters_and_one_of_reversed_groups_are_told_apart() {
    let told = |id: &str| {
        let case = Case::new().ad("ann", "99b4da92-fc96-475b-9077-bb98875c4998", nothing);
        let case = case.cloud(1, "ann", ImmutableId::stored(id), nothing);
        holders(&explained(&case, "ann"), ValueKind::OddAnchor).join("")
    };
    let swapped = guid("99b4da92-fc96-475b-9077-bb98875c4998").byte_swapped().immutable_id();
    assert!(told(swapped.as_str()).ends_with("(the first three groups are reversed)"));
    assert!(
        told("kTq0mZb8W0eQd7uYh1xJmA==").ends_with("(differs in upper and lower case)"),
        "{}",
        told("kTq0mZb8W0eQd7uYh1xJmA==")
    );
}

#[test]
fn an_account_tells_whose_its_values_are() {
    let values = |user: &mut CloudUser| (user.sid, user.object_identifier) = (Known::Is(sid(2)), Known::Is(guid(P)));
    let migrated = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(S).ad_bytes()).into());
    let case = Case::new().ad("ann", A, migrated).ad("bob", P, nothing).cloud(1, "zoe", Some(anchor(A)), values);
    let explanation = explained(&case, "zoe@x.example");
    let of = |kind| holders(&explanation, kind).join("");
    assert!(of(ValueKind::OtherGuid).contains("CN=ann"), "{explanation:?}");
    assert!(of(ValueKind::ObjectIdentifier).contains("CN=bob") && of(ValueKind::Sid).contains("CN=bob"));
    assert_eq!(explanation.ad_user.as_ref().unwrap().sam.as_deref(), Some("bob"), "what a program wrote decides");
    let own = Case::new().ad("ann", A, nothing).cloud(1, "zoe", Some(anchor(A)), nothing);
    let explanation = explained(&own, "zoe@x.example");
    assert!(explanation.account_values.iter().all(|value| value.kind != ValueKind::OtherGuid), "{explanation:?}");
}

#[test]
fn somebody_is_found_by_either_guid_and_live_before_deleted() {
    let migrated = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(S).ad_bytes()).into());
    let binned = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let case = Case::new().ad("ann", A, migrated).cloud(1, "zoe", None, binned).cloud(2, "zoe", None, nothing);
    for text in [A, S] {
        let found = asked(&case, &by(OnPremKey::Guid(GuidInput::Guid(guid(text))))).unwrap();
        assert_eq!(found.ad_user.unwrap().sam.as_deref(), Some("ann"), "{text}");
    }
    let id = by(OnPremKey::ImmutableId(ImmutableId::stored(A).unwrap()));
    assert_eq!(asked(&case, &id).unwrap().ad_user.unwrap().sam.as_deref(), Some("ann"), "in another spelling");
    assert_eq!(explained(&case, "zoe@x.example").account.unwrap().id, entra(2).to_string());
}

#[test]
fn nobody_may_lie_in_a_recycle_bin_that_was_not_read() {
    let mut case = ann().cloud(1, "zoe", None, nothing);
    let sentences = |case: &Case| match ask(case, "nobody@x.example") {
        Err(Unexplained::Nobody(sentences)) => sentences,
        other => panic!("{other:?}"),
    };
    assert_eq!(sentences(&case), [""; 0]);
    case.observed.tenant.recycle_bin_read = false;
    assert_eq!(sentences(&case), ["The recycle bin was not read; the account may be there."]);
    assert_eq!(wanted("ann").cloud, []);
}

#[test]
fn a_mapping_is_explained_as_the_plan_of_all_that_take_part() {
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).ad("cid", S, nothing);
    let case = case.cloud(1, "ann", Some(anchor(P)), nothing).cloud(2, "bob", Some(anchor(S)), nothing);
    let case = case.cloud(3, "cid", Some(anchor(A)), nothing);
    let case = case.map("ann", "ann", nothing).map("bob", "bob", nothing).map("cid", "cid", nothing);
    for name in ["ann", "bob@x.example", "cid"] {
        let explanation = explained(&case, name);
        let [mapping] = &explanation.mappings[..] else { panic!("{:?}", explanation.mappings) };
        assert_eq!((mapping.state, explanation.proposal), (MappingState::Planned, None), "{name}: {:?}", mapping.findings);
        assert!(mapping.id.starts_with(&name[..3]));
    }
}

#[test]
fn an_account_is_explained_with_its_own_mapping() {
    let named = |name: &str| Wanted { on_prem: None, cloud: vec![account(name).key], text: name.into(), forest: None };
    let case =
        Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "a1", None, nothing).cloud(2, "b1", None, nothing);
    let case = case.map("ann", "a1", nothing).map("bob", "b1", nothing);
    let explanation = asked(&case, &named("b1")).unwrap();
    assert_eq!(explanation.mappings.iter().map(|mapping| &*mapping.id).collect::<Vec<_>>(), ["b1@x.example"]);
    let by_sid = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let case = Case::new().ad("ann", A, nothing).ad("bob", P, nothing).cloud(1, "bob", None, by_sid);
    let owner = asked(&case, &named("bob")).unwrap().ad_user.unwrap();
    assert_eq!(owner.sam.as_deref(), Some("ann"), "a SID says more than a name");
}

#[test]
fn a_mapping_is_proposed_only_where_there_is_no_link_and_no_mapping() {
    assert!(explained(&ann().cloud(1, "ann", Some(anchor(A)), linked), "ann").proposal.is_none());
    let case = || ann().ad("bob", P, nothing).cloud(1, "ann", Some(anchor(P)), nothing).cloud(2, "bob", None, nothing);
    let mapped = explained(&case().map("ann", "ann", nothing), "ann");
    assert_eq!((mapped.mappings.len(), mapped.proposal), (1, None));
    let mut ruled = ann().ad("bob", P, nothing).cloud(1, "other", None, nothing).cloud(2, "bob", None, nothing);
    ruled.observed.forests[0].users[0].employee_id = Some("7".into());
    ruled.observed.tenant.users[0].employee_id = Known::Is("7".into());
    ruled.desired.rules.push(rule("staff", OnPremPairKey::UserPrincipalName, CloudPairKey::UserPrincipalName));
    ruled.observed.forests[0].users[0].upn = Some("ann@corp.local".into());
    ruled.observed.forests[0].users[0].proxy_addresses = Texts::default();
    let proposal = explained(&ruled, "ann").proposal.unwrap();
    assert_eq!(proposal.actions.iter().map(|action| action.target.entra_id()).collect::<Vec<_>>(), [Some(entra(1))]);
    let other = ann().ad("bob", P, nothing).cloud(1, "ann", None, |user| user.employee_id = Known::Is("7".into()));
    let mut other = other.cloud(2, "bob", None, nothing).map("bob", "bob", nothing);
    other.observed.forests[0].users[0].employee_id = Some("7".into());
    assert!(explained(&other, "ann").proposal.is_some(), "a mapping of somebody else does not count");
    let claimed = case().map("bob", "ann", nothing);
    let explanation = explained(&claimed, "ann");
    assert_eq!((explanation.mappings.len(), explanation.proposal), (0, None));
}

#[test]
fn roles_and_what_is_withheld_are_told_of_whom_soft_match_passes_over() {
    let mut case = ann().cloud(1, "ann", Some(anchor(P)), nothing);
    let role = |privileged| RoleGrant { principal: entra(1), role: "Helpdesk".into(), privileged, state: RoleState::Assigned };
    case.observed.tenant.users[0].immutable_id = None;
    case.observed.tenant.roles = Some(vec![role(false)]);
    let said = told(&explained(&case, "ann"));
    assert!(said.contains("It holds Helpdesk (not privileged, assigned)."), "{said}");
    case.observed.tenant.roles = Some(vec![role(true)]);
    let said = told(&explained(&case, "ann"));
    assert!(said.contains("a privileged role keeps it from being hard matched, too."), "{said}");
    case.observed.tenant.users[0].immutable_id = Some(anchor(P));
    case.observed.tenant.users[0].sync_enabled = Known::Is(true);
    let said = told(&explained(&case, "ann"));
    assert!(
        said.contains("It carries the ImmutableID") && !said.contains("Soft match takes only accounts without one"),
        "{said}"
    );
}

#[test]
fn why_an_account_with_the_name_is_not_looked_at_is_told() {
    let binned = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    let addressed = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        user.proxy_addresses = Known::Is(["SMTP:ann@x.example"].into());
    };
    let deleted = told(&explained(&ann().cloud(1, "old", None, addressed), "ann"));
    assert!(deleted.contains("but what is deleted is not soft matched"), "{deleted}");
    assert!(!told(&explained(&ann().cloud(1, "bob", None, binned), "ann")).contains("what is deleted"));
    let local = |user: &mut AdUser| user.upn = Some("ann@corp.local".into());
    let replaced = Case::new().ad("ann", A, local).cloud(1, "ann@x.onmicrosoft.com", None, nothing);
    let replaced = told(&explained(&replaced, "ann"));
    assert!(replaced.contains("a name that Entra has to replace is never matched"), "{replaced}");
    let alias = |user: &mut CloudUser| user.proxy_addresses = Known::Is(["smtp:a@x.example"].into());
    let other = |edit: fn(&mut AdUser)| {
        let mut case = ann().cloud(1, "bob", None, alias);
        edit(&mut case.observed.forests[0].users[0]);
        told(&explained(&case, "ann"))
    };
    for said in [other(nothing), other(local)] {
        assert!(said.contains("has the sign-in name or an address."), "{said}");
    }
}

#[test]
fn a_refusal_names_what_makes_the_difference() {
    let moved = |user: &mut CloudUser| user.traits_mut().cloud_managed = Known::Is(true);
    let said = told(&explained(&ann().cloud(1, "ann", Some(anchor(A)), moved), "ann"));
    assert!(said.contains("but the link is refused with BlockedOnPremises"), "{said}");
    let of_bob = |user: &mut CloudUser| {
        (user.sync_enabled, user.sid, user.object_identifier) = (Known::Is(true), Known::Is(sid(2)), Known::Is(guid(P)));
    };
    let said = told(&explained(&ann().ad("bob", P, nothing).cloud(1, "zoe", Some(anchor(A)), of_bob), "ann"));
    assert!(said.contains("The account has the SID of CN=bob"), "{said}");
    let mut forbidden = ann().cloud(1, "ann", Some(anchor(A)), nothing);
    let features = forbidden.observed.tenant.features.get_or_insert_default();
    features.insert("blockCloudObjectTakeoverThroughHardMatchEnabled".into(), true);
    let said = told(&explained(&forbidden, "ann"));
    assert!(said.contains("refused with InvalidHardMatch") && !said.contains("The account"), "{said}");
    let role = RoleGrant { principal: entra(1), role: "Helpdesk".into(), privileged: true, state: RoleState::Assigned };
    let mut privileged = ann().cloud(1, "ann", Some(anchor(A)), nothing);
    privileged.observed.tenant.roles = Some(vec![role]);
    let said = told(&explained(&privileged, "ann"));
    assert!(said.contains("The account holds Helpdesk (privileged, assigned)."), "{said}");
    let mut strict = ann().cloud(1, "ann", Some(anchor(P)), nothing);
    let features = strict.observed.tenant.features.get_or_insert_default();
    features.extend(
        ["quarantineUponUpnConflictEnabled", "quarantineUponProxyAddressesConflictEnabled"].map(|name| (name.into(), false)),
    );
    let said = told(&explained(&strict, "ann"));
    assert!(said.contains("Entra refuses the link") && said.contains("so it is passed over"), "{said}");
}

#[test]
fn whom_sync_does_not_end_at_is_told_to_whoever_asked_for_it() {
    let case = ann().cloud(1, "ann", Some(anchor(A)), nothing).cloud(2, "zoe", None, |user| {
        user.employee_id = Known::Is("7".into());
        user.object_identifier = Known::Is(guid(A));
    });
    let said = told(&explained(&case, "zoe@x.example"));
    assert!(said.contains("So sync does not end at zoe@x.example"), "{said}");
    let mut excluded = case;
    excluded.observed.forests[0].users[0].excluded = Some(Exclusion::ServiceAccount);
    assert!(!told(&explained(&excluded, "zoe@x.example")).contains("So sync does not end"));
}

/// One answer of `explain` and `discover`: whoever is left out by the one is offered nothing by the other.
#[test]
fn nothing_is_offered_that_discover_leaves_out() {
    let two = |second: &str| {
        let user = |upn: &'static str, name: &'static str| {
            move |user: &mut AdUser| {
                (user.upn, user.mail) = (Some(upn.into()), Some("anna@x.example".into()));
                (user.sam, user.display_name) = (Some(name.into()), Some(name.into()));
            }
        };
        let case = Case::new().ad("anna", A, user("anna@corp.local", "anna"));
        let second = if second == "anna" { user("anna@old.local", "anna.old") } else { user("as@old.local", "aschmidt") };
        case.ad("second", P, second).cloud(1, "anna", None, nothing)
    };
    for second in ["anna", "aschmidt"] {
        let (case, discovery) = (two(second), two(second).discover());
        for (object_guid, name) in [(A, "anna"), (P, "second")] {
            let key = OnPremKey::Guid(GuidInput::Guid(guid(object_guid)));
            let explanation = asked(&case, &by(key)).unwrap();
            let proposed = discovery.proposals.iter().any(|proposal| proposal.on_prem.object_guid == Some(guid(object_guid)));
            assert_eq!(explanation.proposal.is_some(), proposed, "{second} {name}");
            let why =
                discovery.left_out.iter().find(|left| left.on_prem.object_guid == Some(guid(object_guid))).map(|left| &left.why);
            assert_eq!(explanation.left_out.as_ref().map(|left| &left.why), why, "{second} {name}");
        }
    }
    assert!(two("anna").discover().proposals.is_empty() && two("aschmidt").discover().proposals.len() == 1);
}
