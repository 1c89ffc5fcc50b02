//! What is said of a person: one test for each way in which a link fails, or is there.

use super::*;
use crate::plan::explain::{Explanation, Standing, Unexplained, Wanted, explain};
use crate::plan::next_sync::Outcome;
use crate::plan::questions::Questions;

pub(super) fn wanted(name: &str) -> Wanted {
    let upn: Option<Upn> = name.parse().ok();
    let key = upn.clone().map_or_else(|| OnPremKey::Sam { domain: None, name: name.into() }, OnPremKey::Upn);
    let cloud = upn.into_iter().map(CloudKey::Upn).collect();
    Wanted { text: name.into(), on_prem: Some(key), cloud, forest: None }
}

pub(super) fn ask(case: &Case, name: &str) -> Result<Box<Explanation>, Unexplained> {
    explain(&case.desired, case.observed.clone(), &wanted(name), &Questions::default()).0
}

pub(super) fn explained(case: &Case, name: &str) -> Explanation {
    *ask(case, name).unwrap()
}

/// Standing, answer, and who holds what where somebody does.
pub(super) fn told(explanation: &Explanation) -> String {
    let values = explanation.ad_user.iter().flat_map(|user| &user.values).chain(&explanation.account_values);
    let holders = values.flat_map(|value| {
        value
            .holders
            .iter()
            .map(|holder| format!("{}: {}", value.kind.about(), holder.line.replace("00000000-0000-4000-8000-0000000000", "")))
    });
    let answer = explanation.answer.iter().map(|sentence| sentence.replace("00000000-0000-4000-8000-0000000000", ""));
    let lines: Vec<String> = std::iter::once(explanation.standing.word().to_owned()).chain(answer).chain(holders).collect();
    lines.join("\n")
}

pub(super) fn ann() -> Case {
    Case::new().ad("ann", A, |user| user.proxy_addresses = ["SMTP:ann@x.example", "smtp:a@x.example"].into())
}

pub(super) fn linked(user: &mut CloudUser) {
    (user.sync_enabled, user.sid) = (Known::Is(true), Known::Is(sid(1)));
    user.object_identifier = Known::Is(guid(A));
    user.last_sync = Known::Is("2026-11-24T07:30:00Z".into());
}

#[test]
fn a_link_is_proved() {
    let case = ann().cloud(1, "ann", Some(anchor(A)), linked);
    insta::assert_snapshot!(told(&explained(&case, "ann")), @r#"
    linked
    ann@x.example (id 01, synced) is synced under its anchor, and its SID and object identifier are those of the AD user. Sync last wrote it at 2026-11-24T07:30:00Z.
    ImmutableID: ann@x.example (id 01, synced)
    sign-in name: ann@x.example (id 01, synced)
    primary address: ann@x.example (id 01, synced), as its sign-in name
    SID: ann@x.example (id 01, synced)
    "#);
    let error =
        ProvisioningError { property: Some("ProxyAddress".into()), value: Some("a@x.example".into()), ..Default::default() };
    let unproved = ann().cloud(1, "ann", Some(anchor(A)), |user| {
        user.sync_enabled = Known::Is(true);
        user.traits_mut().provisioning_errors = Known::Is([error].into());
    });
    insta::assert_snapshot!(told(&explained(&unproved, "ann")), @r#"
    armed, waits for sync
    ann@x.example (id 01, synced) is synced under its anchor, but neither its SID nor its object identifier proves it.
    Entra withholds the address a@x.example.
    ImmutableID: ann@x.example (id 01, synced)
    sign-in name: ann@x.example (id 01, synced)
    primary address: ann@x.example (id 01, synced), as its sign-in name
    "#);
}

/// The account of the name is another one, and only the configuration tells that it is meant.
#[test]
fn an_anchor_that_the_configuration_wants_elsewhere_is_on_the_wrong_account() {
    let case = |synced| {
        ann().cloud(1, "right", None, nothing).cloud(2, "old", Some(anchor(A)), move |user| {
            (user.sid, user.sync_enabled) = (Known::Is(sid(1)), Known::Is(synced));
        })
    };
    for synced in [false, true] {
        assert_ne!(explained(&case(synced), "ann").standing, Standing::WrongAccount, "as far as anybody knows");
        let explanation = explained(&case(synced).map("ann", "right", decide("old", Resolve::Clear)), "ann");
        assert_eq!(explanation.standing, Standing::WrongAccount, "{synced}");
        assert!(explanation.answer.last().unwrap().starts_with("The configuration wants right@x.example"), "{explanation:?}");
    }
    let armed = ann().cloud(1, "ann", Some(anchor(A)), nothing).map("ann", "ann", nothing);
    assert_eq!(explained(&armed, "ann").standing, Standing::Armed);
}

/// A mapping says which account is right; that the names say otherwise is a note.
#[test]
fn an_anchor_where_the_configuration_wants_it_is_on_the_right_account() {
    let case = |edit: fn(&mut CloudUser)| ann().cloud(1, "right", Some(anchor(A)), edit).cloud(2, "ann", None, nothing);
    for (edit, standing) in [(linked as fn(&mut CloudUser), Standing::Linked), (nothing, Standing::Armed)] {
        assert_eq!(explained(&case(edit), "ann").standing, Standing::WrongAccount);
        let explanation = explained(&case(edit).map("ann", "right", nothing), "ann");
        let note: Vec<&str> = explanation.answer.iter().rev().take(2).map(String::as_str).collect();
        assert!(note[1].starts_with("The configuration says that this is the right account"), "{note:?}");
        assert!(note[0].starts_with("ann@x.example") && note[0].contains("has the sign-in name"), "{note:?}");
        assert_eq!(explanation.standing, standing);
    }
}

/// As for `plan` and `verify`: what belongs to another AD user proves no link.
#[test]
fn a_foreign_sid_is_no_link_whatever_the_anchor_says() {
    let case = |pin: Known<ObjectGuid>, owner: u32| {
        let account = |user: &mut CloudUser| {
            linked(user);
            (user.sid, user.object_identifier) = (Known::Is(sid(owner)), pin);
        };
        ann().ad("bob", P, nothing).cloud(1, "ann", Some(anchor(A)), account)
    };
    let answer = |case: &Case| {
        let explanation = explained(case, "ann");
        (explanation.standing, explanation.answer.join("\n").replace("00000000-0000-4000-8000-0000000000", ""))
    };
    let (standing, moved) = answer(&case(Known::Is(guid(A)), 77));
    assert_eq!(standing, Standing::NotLinked);
    insta::assert_snapshot!(moved, @r#"
    ann@x.example (id 01, synced) is synced under its anchor, but has the SID S-1-5-21-1-2-3-77 of no AD user of these forests. Sync last wrote it at 2026-11-24T07:30:00Z.
    Its object identifier is that of the AD user, and a move between domains changes the SID: run a sync cycle, then explain again.
    "#);
    let (standing, bobs) = answer(&case(Known::Unknown, 2));
    assert_eq!(standing, Standing::NotLinked);
    insta::assert_snapshot!(bobs, @r#"
    ann@x.example (id 01, synced) has the anchor as ImmutableID, but the link is refused with InvalidHardMatch: the anchor is already in use by a synced account of another AD user.
    The account has the SID of CN=bob,OU=Staff,DC=corp (forest corp, objectGUID dd75ef1b-a557-4e75-83c8-396ebe77367b).
    "#);
}

#[test]
fn an_armed_account_waits_for_sync_which_may_never_see_the_ad_user() {
    let armed = ann().cloud(1, "ann", Some(anchor(A)), nothing);
    insta::assert_snapshot!(told(&explained(&armed, "ann")), @r#"
    armed, waits for sync
    ann@x.example (id 01) has its anchor as ImmutableID: the next sync that sees the AD user takes it over.
    If sync has run since the ID was set, the AD user is out of the scope of sync (OU, group or filter), which hardmatch cannot see.
    ImmutableID: ann@x.example (id 01)
    sign-in name: ann@x.example (id 01)
    primary address: ann@x.example (id 01), as its sign-in name
    "#);
    let before = ann().cloud(1, "ann", Some(anchor(A)), |user| user.sync_enabled = Known::Is(false));
    assert!(explained(&before, "ann").answer[1].contains("synced before"));
    let soft = ann().cloud(1, "ann", None, nothing);
    insta::assert_snapshot!(told(&explained(&soft, "ann")), @r#"
    not linked
    No account has its anchor. ann@x.example (id 01) has the sign-in name and no ImmutableID: the next sync that sees the AD user takes it over by soft match.
    If sync has run before, the AD user is out of the scope of sync (OU, group or filter), which hardmatch cannot see.
    sign-in name: ann@x.example (id 01)
    primary address: ann@x.example (id 01), as its sign-in name
    "#);
}

#[test]
fn soft_match_passes_over_an_account_with_another_immutable_id() {
    let stale = ann().cloud(1, "ann", Some(anchor(P)), nothing);
    insta::assert_snapshot!(told(&explained(&stale, "ann")), @r#"
    not linked
    No account has its anchor, and none can be soft matched: the next sync that sees the AD user makes a new account under a placeholder name.
    ann@x.example (id 01) has the sign-in name, but it carries another ImmutableID: G+913VeldU6DyDluvnc2ew== (GUID dd75ef1b-a557-4e75-83c8-396ebe77367b), the anchor of no AD user of these forests: most likely stale. Soft match takes only accounts without one, so it is passed over.
    sign-in name: ann@x.example (id 01)
    primary address: ann@x.example (id 01), as its sign-in name
    "#);
    let bobs = ann().ad("bob", P, nothing).cloud(1, "ann", Some(anchor(P)), nothing);
    assert!(explained(&bobs, "ann").answer[1].contains("the source anchor of CN=bob"));
}

#[test]
fn a_duplicate_has_the_anchor_and_a_placeholder_name() {
    let case = ann().cloud(1, "ann", None, |user| user.proxy_addresses = Known::Is(["SMTP:ann@x.example"].into())).cloud(
        2,
        "ann4711@x.onmicrosoft.com",
        Some(anchor(A)),
        linked,
    );
    let explanation = explained(&case, "ann");
    insta::assert_snapshot!(told(&explanation), @r#"
    its anchor is on the wrong account
    Its anchor is on ann4711@x.onmicrosoft.com (id 02, synced), a duplicate: its placeholder name says that sync made it while the right name was taken. Sync has linked the AD user to it, and not the account that has its name or address.
    ann@x.example (id 01) has the sign-in name and the primary address, but the anchor is looked at first.
    ImmutableID: ann4711@x.onmicrosoft.com (id 02, synced)
    sign-in name: ann@x.example (id 01)
    primary address: ann@x.example (id 01), its primary address
    SID: ann4711@x.onmicrosoft.com (id 02, synced)
    "#);
    let proposal = explanation.proposal.unwrap();
    assert_eq!((proposal.mapping.cloud.upn.as_str(), proposal.mapping.state), ("ann@x.example", MappingState::Blocked));
    assert_eq!(proposal.findings[0].code, Code::HolderSynced);
}

#[test]
fn an_anchor_in_the_recycle_bin_brings_that_account_back() {
    let deleted = |user: &mut CloudUser| user.traits_mut().deleted_at = Some("2026-11-20T00:00:00Z".into());
    let alone = ann().cloud(1, "old", Some(anchor(A)), deleted);
    insta::assert_snapshot!(told(&explained(&alone, "ann")), @r#"
    armed, waits for sync
    old@x.example (id 01, in the recycle bin since 2026-11-20T00:00:00Z) has its anchor as ImmutableID: the next sync that sees the AD user brings it back from the recycle bin and takes it over.
    ImmutableID: old@x.example (id 01, in the recycle bin since 2026-11-20T00:00:00Z)
    "#);
    let beside = ann().cloud(1, "old", Some(anchor(A)), deleted).cloud(2, "ann", None, nothing);
    insta::assert_snapshot!(told(&explained(&beside, "ann")), @r#"
    its anchor is on the wrong account
    Its anchor is on old@x.example (id 01, in the recycle bin since 2026-11-20T00:00:00Z). The next sync brings that one back and takes it over, and not the account that has its name or address.
    ann@x.example (id 02) has the sign-in name, but the anchor is looked at first.
    ImmutableID: old@x.example (id 01, in the recycle bin since 2026-11-20T00:00:00Z)
    sign-in name: ann@x.example (id 02)
    primary address: ann@x.example (id 02), as its sign-in name
    "#);
}

#[test]
fn an_immutable_id_in_another_form_is_no_anchor() {
    let swapped = guid(A).byte_swapped().immutable_id();
    let case = ann().cloud(1, "other", Some(swapped), nothing).cloud(2, "text", ImmutableId::stored(A), nothing);
    insta::assert_snapshot!(told(&explained(&case, "ann")), @r#"
    not linked
    No account has its anchor, and none can be soft matched: the next sync that sees the AD user makes a new account ann@x.example.
    other@x.example (id 01) carries 9QV/7kw+RFmC3SElC3KWAQ== (GUID ee7f05f5-3e4c-5944-82dd-21250b729601): the source anchor of the AD user with the first three groups reversed, which matches nothing.
    text@x.example (id 02) carries `f5057fee-4c3e-4459-82dd-21250b729601`: the source anchor of the AD user in a spelling that matches nothing.
    the same in another spelling, case or byte order: other@x.example (id 01): `9QV/7kw+RFmC3SElC3KWAQ==` (the first three groups are reversed)
    the same in another spelling, case or byte order: text@x.example (id 02): `f5057fee-4c3e-4459-82dd-21250b729601` (the text of the GUID)
    "#);
    let consistency = |user: &mut AdUser| user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
    let other = Case::new().ad("ann", A, consistency).cloud(1, "ann", Some(anchor(A)), nothing);
    assert!(explained(&other, "ann").answer[1].contains("made of the objectGUID of the AD user"));
    let lower = ImmutableId::stored(&anchor(A).as_str().to_ascii_lowercase()).unwrap();
    let case = ann().cloud(1, "other", Some(lower), nothing);
    assert!(explained(&case, "ann").answer[1].contains("but for upper and lower case"));
}

#[test]
fn refusals_say_about_whom_and_why() {
    let mut privileged = ann().cloud(1, "ann", Some(anchor(A)), nothing);
    let role = RoleGrant { principal: entra(1), role: "Owner".into(), privileged: true, state: RoleState::Eligible };
    privileged.observed.tenant.roles = Some(vec![role]);
    insta::assert_snapshot!(told(&explained(&privileged, "ann")), @r#"
    not linked
    ann@x.example (id 01) has the anchor as ImmutableID, but the link is refused with InvalidHardMatch: an account with a privileged role, assigned or eligible, is not taken over by its anchor (since June 2026).
    The account holds Owner (privileged, eligible through PIM).
    ImmutableID: ann@x.example (id 01)
    sign-in name: ann@x.example (id 01)
    primary address: ann@x.example (id 01), as its sign-in name
    "#);
    let mut group = ann();
    let sales = OtherObject {
        kind: OtherKind::Group,
        id: entra(9),
        display_name: Some("Sales".into()),
        mail: None,
        proxy_addresses: ["smtp:a@x.example"].into(),
        members: None,
    };
    group.observed.tenant.others = vec![sales];
    insta::assert_snapshot!(told(&explained(&group, "ann")), @r#"
    not linked
    Entra refuses the link with ObjectTypeMismatch: an address of the AD user belongs to a group.
    group Sales (id 09) has a@x.example.
    address: group Sales (id 09)
    "#);
    let pinned = |user: &mut CloudUser| user.object_identifier = Known::Is(guid(P));
    let pinned = ann().ad("bob", P, nothing).cloud(1, "ann", Some(anchor(A)), pinned);
    assert!(explained(&pinned, "ann").answer[1].contains("CN=bob"));
    let elsewhere = ann().cloud(1, "moved", Some(anchor(P)), linked);
    insta::assert_snapshot!(told(&explained(&elsewhere, "ann")), @r#"
    not linked
    Entra refuses the link with AttributeValueMustBeUnique: the AD user is linked to another account, which has its OnPremiseSecurityIdentifier: its source anchor has changed, and sync stops until the old value is back.
    It is about moved@x.example (id 01, synced), which has the ImmutableID G+913VeldU6DyDluvnc2ew== (GUID dd75ef1b-a557-4e75-83c8-396ebe77367b), the anchor of an AD user that was not read.
    SID: moved@x.example (id 01, synced)
    "#);
    let mut off = ann();
    off.observed.tenant.sync_enabled = Known::Is(false);
    assert!(explained(&off, "ann").answer[0].starts_with("Nothing is exported"));
}

#[test]
fn who_has_no_anchor_or_is_left_out_is_told_so() {
    let junk = Case::new().ad("ann", A, |user| user.consistency_guid = GuidAttribute::Bytes([1, 2, 3].into()));
    let explanation = explained(&junk, "ann");
    assert!(explanation.answer[0].contains("3 bytes") && explanation.ad_user.unwrap().anchor.problem.is_some());
    let system = Case::new().ad("ann", A, |user| user.excluded = Some(Exclusion::CriticalSystemObject));
    let explanation = explained(&system, "ann");
    assert!(explanation.answer[0].contains("critical system object"), "{explanation:?}");
    assert_eq!(explanation.proposal, None);
}

#[test]
fn the_cloud_name_counts_where_the_suffix_is_not_verified() {
    let case = Case::new().ad("ann", A, |user| user.upn = Some("ann@corp.local".into())).cloud(
        1,
        "ann@x.onmicrosoft.com",
        None,
        nothing,
    );
    let explanation = explained(&case, "ann");
    insta::assert_snapshot!(told(&explanation), @r#"
    not linked
    No account has its anchor, and none can be soft matched: the next sync that sees the AD user makes a new account under a placeholder name.
    ann@x.onmicrosoft.com (id 01) has the sign-in name that it would get in the cloud, but ann@corp.local ends in a domain that is not verified, and a name that Entra has to replace is never matched.
    sign-in name in the cloud, as its domain is not verified: ann@x.onmicrosoft.com (id 01)
    "#);
}

#[test]
fn what_was_not_read_is_not_said_to_be_free() {
    let mut case = ann();
    (case.observed.tenant.recycle_bin_read, case.observed.tenant.groups_read) = (false, false);
    let values = explained(&case, "ann").ad_user.unwrap().values;
    assert_eq!(values[0].not_read, ["the recycle bin"]);
    assert_eq!(values[2].not_read, ["the recycle bin", "groups"]);
}

#[test]
fn a_cloud_user_leads_to_its_ad_user() {
    let case =
        ann().cloud(1, "ann", None, nothing).cloud(2, "a.other", Some(anchor(A)), |user| user.sync_enabled = Known::Is(false));
    insta::assert_snapshot!(told(&explained(&case, "a.other@x.example")), @r#"
    its anchor is on the wrong account
    Its anchor is on a.other@x.example (id 02, formerly synced). The next sync takes over that one, and not the account that has its name or address.
    ann@x.example (id 01) has the sign-in name, but the anchor is looked at first.
    ImmutableID: a.other@x.example (id 02, formerly synced)
    sign-in name: ann@x.example (id 01)
    primary address: ann@x.example (id 01), as its sign-in name
    ImmutableID: CN=ann,OU=Staff,DC=corp (forest corp, objectGUID f5057fee-4c3e-4459-82dd-21250b729601)
    "#);
    let nobody = Case::new().cloud(1, "ann", Some(anchor(P)), nothing);
    insta::assert_snapshot!(told(&explained(&nobody, "ann@x.example")), @r#"
    no AD user can be told for it
    No AD user of these forests has anything of this account, so sync has nothing to link it with.
    "#);
    let several = ann().ad("eve", P, |user| user.mail = Some("a@x.example".into()));
    let several = several.cloud(1, "w", None, |user| user.mail = Known::Is("a@x.example".into()));
    let told = told(&explained(&several, "w@x.example"));
    assert!(told.contains("nothing decides") && told.contains(A) && told.contains(P), "{told}");
}

#[test]
fn a_mapping_is_planned_with_all_that_take_part() {
    // Ann and Bob have each other's ID: alone, each mapping would be blocked.
    let case = ann()
        .ad("bob", P, nothing)
        .cloud(1, "ann", Some(anchor(P)), nothing)
        .cloud(2, "bob", Some(anchor(A)), nothing)
        .map("ann", "ann", nothing)
        .map("bob", "bob", nothing)
        .map("carl", "carl", nothing);
    let mappings = explained(&case, "ann").mappings;
    let [ann] = mappings.as_slice() else { panic!("{mappings:?}") };
    assert_eq!((ann.id.as_str(), ann.state), ("ann@x.example", MappingState::Planned));
    assert!(!ann.actions.is_empty() && ann.actions.iter().all(|action| action.mapping == ann.id));
}

#[test]
fn a_long_chain_of_mappings_is_planned_whole() {
    let guid_of = |n: usize| format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}");
    let mut case = Case::new();
    for n in 0..12usize {
        let name = format!("u{n}");
        // Everybody has the ID of the next one.
        let held = Some(anchor(&guid_of((n + 1) % 12)));
        case =
            case.ad(&name, &guid_of(n), nothing).cloud(u8::try_from(n).unwrap(), &name, held, nothing).map(&name, &name, nothing);
    }
    assert_eq!(explained(&case, "u5").mappings[0].state, MappingState::Planned);
}

#[test]
fn a_mapping_is_proposed_where_there_is_none() {
    let good = |user: &mut CloudUser| user.proxy_addresses = Known::Is(["SMTP:ann@x.example"].into());
    let case = ann().cloud(1, "ann", None, good);
    let proposal = explained(&case, "ann").proposal.unwrap();
    assert_eq!((proposal.mapping.state, proposal.actions.len()), (MappingState::Planned, 1));
    assert_eq!(proposal.next_sync.unwrap().outcome, Outcome::HardMatch);
    let mapped = ann().ad("eve", P, nothing).cloud(1, "ann", None, good).map("eve", "ann", nothing);
    let explanation = explained(&mapped, "ann");
    assert!(explanation.proposal.is_none() && explanation.left_out.unwrap().why.contains("somebody else"));
    let doubtful = ann().cloud(1, "ann", Some(anchor(P)), good);
    let explanation = explained(&doubtful, "ann");
    assert_eq!((explanation.proposal, explanation.left_out.unwrap().candidates.len()), (None, 1));
}

#[test]
fn nobody_and_several_are_no_explanation() {
    let case = ann().ad("ann", P, |user| user.upn = None);
    assert!(
        matches!(ask(&case, "ann"), Err(Unexplained::Several(users)) if users.len() == 2 && users.iter().any(|(_, id)| id == A))
    );
    let Err(Unexplained::Nobody(near)) = ask(&case, "anm") else { panic!() };
    assert!(near[0].contains("ann"), "{near:?}");
    // A mail address that is no sign-in name.
    assert!(explained(&ann(), "a@x.example").ad_user.is_some());
}
