//! What speaks for an account and what against it.

use super::discover::{ann, mailed};
use super::*;
use crate::plan::evidence::Evidence;
use crate::plan::pairing::Confidence;

fn binned(account: &mut CloudUser) {
    account.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
}

fn numbered(number: &str) -> impl FnOnce(&mut AdUser) {
    move |user| (user.upn, user.employee_id) = (Some("ann@corp.local".into()), Some(number.into()))
}

fn with_number(account: &mut CloudUser) {
    account.employee_id = Known::Is("7".into());
}

#[test]
fn a_number_tells_who_it_is_where_only_one_has_it() {
    let case = || Case::new().ad("x", A, numbered("7")).cloud(1, "other", None, with_number);
    assert_eq!(case().evidence(), (Confidence::Medium, vec![Evidence::EmployeeId]));
    let nobody = |case: Case| {
        let found = case.discover();
        found.proposals.is_empty() && found.left_out.is_empty()
    };
    assert_eq!(case().cloud(2, "third", None, with_number).discover().proposals.len(), 0, "two accounts");
    assert_eq!(case().ad("bob", P, numbered("7")).discover().proposals.len(), 0, "two AD users");
    let blank = |account: &mut CloudUser| account.employee_id = Known::Is(" ".into());
    assert!(nobody(Case::new().ad("x", A, numbered(" ")).cloud(1, "other", None, blank)), "a blank is no number");
    let marked = |account: &mut CloudUser| account.employee_id = Known::Is("N/A".into());
    assert!(nobody(Case::new().ad("x", A, numbered("n/a")).cloud(1, "other", None, marked)), "a sign for none is no number");
    // An address that may be that of a team does not speak against it.
    let of_a_team = |user: &mut AdUser| {
        numbered("7")(user);
        user.mail = Some("info@x.example".into());
    };
    assert_eq!(Case::new().ad("x", A, of_a_team).cloud(1, "other", None, with_number).evidence().1, [Evidence::EmployeeId]);
}

#[test]
fn two_values_that_agree_outweigh_one_that_does_not() {
    let user = |user: &mut AdUser| (user.mail, user.employee_id) = (Some("ann@x.example".into()), Some("7".into()));
    let other_mail = |account: &mut CloudUser| account.mail = Known::Is("a.plain@x.example".into());
    let both = |account: &mut CloudUser| {
        with_number(account);
        account.mail = Known::Is("a.plain@x.example".into());
    };
    let case = |edit: fn(&mut CloudUser)| Case::new().ad("ann", A, user).cloud(1, "ann", None, edit);
    assert_eq!(case(both).evidence(), (Confidence::Medium, vec![Evidence::SignInName, Evidence::EmployeeId]));
    assert_eq!(case(other_mail).why(), "one thing is the same, but the mail address is another");
    let by_address = |account: &mut CloudUser| {
        with_number(account);
        account.mail = Known::Is("ann@x.example".into());
    };
    let found = Case::new().ad("ann", A, user).cloud(1, "other", None, by_address).evidence();
    assert_eq!(found, (Confidence::Medium, vec![Evidence::PrimaryAddress, Evidence::EmployeeId]), "the sign-in name is another");
    // A sign-in name that is the address as well is one value.
    let one = ann().ad("x", P, |user| user.excluded = Some(Exclusion::ServiceAccount));
    let one = {
        let mut one = one;
        one.observed.forests[0].users[0].proxy_addresses = ["SMTP:ann@x.example", "smtp:a.alias@x.example"].into();
        one
    };
    let rival = |account: &mut CloudUser| account.proxy_addresses = Known::Is(["smtp:a.alias@x.example"].into());
    let why = one.cloud(1, "ann", None, mailed).cloud(2, "bob", None, rival).why();
    assert_eq!(why, "one thing is the same, and another account has an address of this AD user");
}

#[test]
fn the_other_guid_of_an_ad_user_is_its_own_as_well() {
    let migrated = |user: &mut AdUser| {
        user.upn = Some("ann@corp.local".into());
        user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
    };
    let evidence = |id: &str| Case::new().ad("ann", A, migrated).cloud(1, "other", Some(anchor(id)), nothing).evidence();
    assert_eq!(evidence(P), (Confidence::High, vec![Evidence::Anchor]));
    assert_eq!(evidence(A), (Confidence::High, vec![Evidence::OtherGuid]));
}

#[test]
fn any_value_of_an_ad_user_that_is_gone_is_doubted() {
    let stale = |edit: fn(&mut CloudUser)| {
        let case = ann().cloud(1, "ann", None, |account| {
            mailed(account);
            edit(account);
        });
        case.why().starts_with("it carries on-premises values of an AD user that is not there")
    };
    assert!(stale(|account| account.immutable_id = Some(anchor(S))));
    assert!(stale(|account| account.sid = Known::Is(sid(99))));
    assert!(stale(|account| account.object_identifier = Known::Is(guid(S))));
}

#[test]
fn an_ad_user_that_sync_leaves_out_owns_nothing() {
    let proposed = |excluded: Option<Exclusion>| {
        let bob = move |user: &mut AdUser| (user.mail, user.excluded) = (Some("ann@x.example".into()), excluded);
        ann().ad("bob", P, bob).cloud(1, "ann", None, mailed).discover().proposals.len()
    };
    assert_eq!((proposed(None), proposed(Some(Exclusion::SystemMailbox))), (0, 1));
}

#[test]
fn what_a_program_wrote_decides_between_two_of_one_name() {
    let bob = |user: &mut AdUser| user.mail = Some("ann@x.example".into());
    let by_sid = |account: &mut CloudUser| {
        mailed(account);
        account.sid = Known::Is(sid(1));
    };
    let found = ann().ad("bob", P, bob).cloud(1, "ann", None, by_sid).discover();
    assert_eq!((found.proposals.len(), found.proposals[0].on_prem.object_guid), (1, Some(guid(A))));
}

#[test]
fn an_address_of_a_few_letters_is_like_that_of_anybody() {
    let looks = |display: &str, mail: &str| {
        let user = |user: &mut AdUser| {
            (user.upn, user.mail) = (Some("zz9@corp.local".into()), Some(format!("{mail}@x.example").into()));
            (user.sam, user.display_name) = (Some("zz9".into()), Some(display.into()));
        };
        Case::new().ad("99", A, user).cloud(1, mail, None, mailed).discover().proposals.len() == 1
    };
    assert!(looks("Bo Derek", "bo") && looks("Bob Ray", "bobby") && looks("Robert Ray", "rob"));
    assert!(!looks("Al Xu", "balance") && !looks("Alice Xu", "al") && !looks("Q Bond", "q"));
}

#[test]
fn who_was_deleted_counts_only_where_a_program_says_so() {
    let seven = |user: &mut AdUser| user.employee_id = Some("7".into());
    let case = || Case::new().ad("ann", A, seven);
    let two = |edit: fn(&mut CloudUser)| case().cloud(1, "ann", None, with_number).cloud(2, "ann", None, edit);
    let linked_once = |account: &mut CloudUser| {
        binned(account);
        account.sid = Known::Is(sid(1));
    };
    let proposed = two(binned).discover().proposals;
    assert_eq!(proposed.iter().map(|proposal| proposal.cloud.id).collect::<Vec<_>>(), [entra(1)]);
    assert_eq!(two(linked_once).why(), "2 accounts have something of this AD user");
    assert_eq!(case().cloud(2, "ann", None, linked_once).why(), "the account is in the recycle bin");
}

#[test]
fn an_identifier_beside_other_names_is_left_to_people_unless_sync_goes_by_it() {
    let case = |synced: bool, name: &str| {
        let account = move |account: &mut CloudUser| {
            (account.sid, account.immutable_id) = (Known::Is(sid(1)), Some(anchor(A)));
            account.sync_enabled = if synced { Known::Is(true) } else { Known::Null };
        };
        ann().cloud(1, name, None, account)
    };
    assert_eq!(case(false, "zoe").why(), "it has an identifier of this AD user, but its names are others");
    assert_eq!(case(true, "zoe").evidence().0, Confidence::High);
    assert_eq!(case(false, "ann").evidence().0, Confidence::High);
}

#[test]
fn other_addresses_add_nothing_to_the_primary_one() {
    let entries = ["SMTP:ann@x.example", "smtp:a.alias@x.example"];
    let mut case = ann().cloud(1, "ann", None, |account| account.proxy_addresses = Known::Is(entries.into()));
    case.observed.forests[0].users[0].proxy_addresses = entries.into();
    assert_eq!(case.evidence().1, [Evidence::SignInName, Evidence::PrimaryAddress]);
}
