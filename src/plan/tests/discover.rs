//! Proposals: one test for each reason to make none.

use super::*;
use crate::model::questions::Questions;
use crate::plan::discover::{Discovery, Scope, discover};
use crate::plan::evidence::Evidence;
use crate::plan::pairing::Confidence;

impl Case {
    pub(super) fn discover(&self) -> Discovery {
        discover(&self.desired, self.observed.clone(), &Scope::default(), &Questions::default()).0.unwrap()
    }

    /// What is said of the only AD user, or of the first one that is left out.
    pub(super) fn why(&self) -> String {
        let found = self.discover();
        assert!(found.proposals.is_empty(), "{:?}", found.proposals);
        found.left_out.first().map_or_else(|| "nobody".to_owned(), |left_out| left_out.why.clone())
    }

    pub(super) fn evidence(&self) -> (Confidence, Vec<Evidence>) {
        let found = self.discover();
        assert!(found.left_out.is_empty() && found.proposals.len() == 1, "{found:?}");
        (found.proposals[0].confidence, found.proposals[0].evidence.clone())
    }
}

pub(super) fn ann() -> Case {
    Case::new().ad("ann", A, |user| user.mail = Some("ann@x.example".into()))
}

pub(super) fn mailed(account: &mut CloudUser) {
    account.mail = Known::Is(account.upn.clone());
}

#[test]
fn identifiers_that_programs_wrote_are_the_best_evidence() {
    let nameless = |edit: fn(&mut CloudUser)| {
        let case = Case::new().ad("ann", A, |user| user.upn = Some("ann@corp.local".into()));
        case.cloud(1, "other", None, edit).evidence()
    };
    assert_eq!(nameless(|account| account.sid = Known::Is(sid(1))), (Confidence::High, vec![Evidence::Sid]));
    assert_eq!(nameless(|account| account.immutable_id = Some(anchor(A))), (Confidence::High, vec![Evidence::Anchor]));
    let swapped = |account: &mut CloudUser| account.immutable_id = Some(guid(A).byte_swapped().immutable_id());
    assert_eq!(nameless(swapped), (Confidence::High, vec![Evidence::OddAnchor]));
    let pinned = |account: &mut CloudUser| account.object_identifier = Known::Is(guid(A));
    assert_eq!(nameless(pinned), (Confidence::High, vec![Evidence::ObjectIdentifier]));
    let written_back = Case::new().ad("ann", A, |user| {
        (user.upn, user.external_directory_object_id) = (None, Some(entra(1)));
    });
    assert_eq!(written_back.cloud(1, "other", None, nothing).evidence(), (Confidence::High, vec![Evidence::WrittenBack]));
}

#[test]
fn names_that_agree_are_enough_where_nothing_contradicts() {
    let both = vec![Evidence::SignInName, Evidence::PrimaryAddress];
    assert_eq!(ann().cloud(1, "ann", None, mailed).evidence(), (Confidence::Medium, both));
    let only_upn = Case::new().ad("ann", A, nothing).cloud(1, "ann", None, nothing);
    assert_eq!(only_upn.evidence(), (Confidence::Medium, vec![Evidence::SignInName]));
    let other_mail = |account: &mut CloudUser| account.mail = Known::Is("a.plain@x.example".into());
    assert_eq!(ann().cloud(1, "ann", None, other_mail).why(), "one thing is the same, but the mail address is another");
    let numbered = Case::new().ad("ann", A, |user| user.employee_id = Some("E1".into()));
    let other_number = |account: &mut CloudUser| account.employee_id = Known::Is("E2".into());
    assert!(numbered.cloud(1, "ann", None, other_number).why().contains("its employeeId is E2, that of the AD user E1"));
}

#[test]
fn an_address_is_enough_where_it_looks_like_one_of_the_person() {
    let by_mail = |mail: &str| {
        let user = |user: &mut AdUser| {
            (user.upn, user.mail) = (Some("jb007@corp.local".into()), Some(mail.into()));
            (user.sam, user.display_name) = (Some("jb007".into()), Some("James Bönd".into()));
        };
        let account = format!("{}@x.example", mail.split('@').next().unwrap());
        Case::new().ad("x", A, user).cloud(1, &account, None, mailed).discover().proposals.len()
    };
    assert_eq!(["james.bond@x.example", "jboend@x.example", "bond2@x.example"].map(by_mail), [1, 1, 1]);
    assert_eq!(["desk@x.example", "q@x.example"].map(by_mail), [0, 0]);
}

#[test]
fn what_could_be_somebody_else_is_left_to_people() {
    let two = ann().cloud(1, "ann", None, nothing).cloud(2, "other", Some(anchor(A)), nothing);
    assert_eq!(two.why(), "2 accounts have something of this AD user");
    let stale = ann().cloud(1, "ann", Some(anchor(S)), mailed);
    assert!(stale.why().starts_with("it carries on-premises values of an AD user that is not there"));
    let shared = |account: &mut CloudUser| account.traits_mut().mailbox_purpose = Known::Is("shared".into());
    assert_eq!(ann().cloud(1, "ann", None, shared).why(), "its mailbox is no person's: shared");
    let off = |account: &mut CloudUser| account.traits_mut().account_enabled = Known::Is(false);
    assert!(ann().cloud(1, "ann", None, off).why().starts_with("its sign-in is off"));
    let of_a_team = |upn: &str| {
        let user = |user: &mut AdUser| (user.upn, user.mail) = (Some(upn.into()), Some("info@x.example".into()));
        Case::new().ad("ann", A, user).cloud(1, "info", None, mailed).why()
    };
    assert_eq!(of_a_team("ann@x.example"), "one thing is the same, but the sign-in name is another");
    assert!(of_a_team("ann@corp.local").starts_with("only info@x.example is the same, which does not look like"));
    let deleted = |account: &mut CloudUser| account.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
    assert_eq!(ann().cloud(1, "ann", None, deleted).why(), "the account is in the recycle bin");
    let alias = |account: &mut CloudUser| account.proxy_addresses = Known::Is(["smtp:ann@x.example"].into());
    assert_eq!(ann().cloud(1, "other", None, alias).why(), "only an alias or the name before the @ is the same");
}

#[test]
fn what_belongs_to_another_ad_user_is_not_proposed() {
    let bob = ann().ad("bob", P, |user| user.mail = Some("ann@x.example".into())).cloud(1, "ann", None, mailed);
    assert!(bob.why().contains("its primary address is that of CN=bob"), "{}", bob.why());
    let held = ann().ad("bob", P, nothing).cloud(1, "ann", Some(anchor(P)), mailed);
    assert!(held.why().contains("its ImmutableID is that of CN=bob"), "{}", held.why());
    // A mail address that was given to the wrong person.
    let wrong = Case::new()
        .ad("ann", A, |user| (user.upn, user.mail) = (Some("ann@corp.local".into()), Some("max@x.example".into())))
        .cloud(1, "max", None, mailed)
        .cloud(2, "ann", None, mailed);
    assert!(wrong.why().starts_with("the name of the AD user is that of ann@x.example"), "{}", wrong.why());
}

#[test]
fn a_number_that_two_have_is_left_to_people() {
    let numbered =
        |upn: &'static str| move |user: &mut AdUser| (user.upn, user.employee_id) = (Some(upn.into()), Some("E7".into()));
    let account = |account: &mut CloudUser| account.employee_id = Known::Is("E7".into());
    let one = || Case::new().ad("ann", A, numbered("a@corp.local"));
    let two = one().ad("bob", P, numbered("b@old.local")).cloud(1, "x", None, account).discover();
    assert_eq!((two.nobody.len(), two.left_out.len()), (0, 2));
    let ann = &two.left_out[0];
    assert!(ann.why.starts_with("the employeeID is the same, and it is that of CN=bob"), "{}", ann.why);
    assert_eq!(ann.candidates[0].evidence, [Evidence::SharedEmployeeId]);
    let accounts = one().cloud(1, "x", None, account).cloud(2, "y", None, account);
    assert_eq!(accounts.why(), "the employeeID is the same, and several accounts have it");
}

#[test]
fn a_guest_is_nobody_s_account() {
    let guest = |account: &mut CloudUser| account.traits_mut().user_type = Known::Is(UserKind::Guest);
    let unread = |account: &mut CloudUser| {
        (account.traits_mut().user_type, account.mail) = (Known::Unknown, Known::Is("ann@x.example".into()));
    };
    let by_type = ann().cloud(1, "ann", None, guest).discover();
    let by_name = ann().cloud(1, "ann_x.example#EXT#@x.onmicrosoft.com", None, unread).discover();
    for found in [by_type, by_name] {
        let [left_out] = found.left_out.as_slice() else { panic!("{found:?}") };
        assert!(left_out.why.starts_with("only a guest of this tenant"), "{}", left_out.why);
        assert_eq!((found.nobody.len(), &*left_out.candidates[0].against[0]), (0, "it is a guest of this tenant"));
    }
    let member = ann().cloud(1, "ann_x.example#EXT#@x.onmicrosoft.com", None, unread).cloud(2, "ann", None, mailed);
    assert_eq!(member.evidence().0, Confidence::Medium, "a guest takes nothing from a member");
}

#[test]
fn the_primary_address_is_the_one_that_sync_sends() {
    let with = |entries: &[&str]| {
        let entries: Texts = entries.iter().collect();
        let user = move |user: &mut AdUser| (user.upn, user.proxy_addresses) = (Some("ann@corp.local".into()), entries);
        Case::new().ad("ann", A, user)
    };
    // Entra takes no address of its own routing domain from AD; of two primary ones the order does not decide.
    let routing = with(&["SMTP:ann@x.onmicrosoft.com"]).cloud(1, "ann@x.onmicrosoft.com", None, mailed);
    assert_eq!(routing.why(), "only an alias or the name before the @ is the same");
    for entries in [["SMTP:zoe@x.example", "SMTP:ann@x.example"], ["SMTP:ann@x.example", "SMTP:zoe@x.example"]] {
        let found = with(&entries).cloud(1, "ann", None, mailed).discover();
        assert!(found.proposals[0].evidence.contains(&Evidence::PrimaryAddress));
    }
}

#[test]
fn what_a_plan_would_block_is_not_proposed() {
    let synced = |account: &mut CloudUser| {
        (account.sync_enabled, account.sid) = (Known::Is(true), Known::Is(sid(1)));
        mailed(account);
    };
    let why = ann().cloud(1, "ann", Some(anchor(S)), synced).why();
    assert!(why.starts_with("a plan would block it: target-synced"), "{why}");
}

#[test]
fn the_configuration_goes_before() {
    let case = ann().cloud(1, "ann", None, mailed).map("ann", "ann", nothing);
    let found = case.discover();
    assert_eq!((found.summary.mapped, found.proposals.len()), (1, 0));
    let taken = ann().ad("bob", P, |user| user.upn = None).cloud(1, "ann", None, mailed).map("bob", "ann", nothing);
    assert_eq!(taken.why(), "the configuration maps the account to another AD user");
}
