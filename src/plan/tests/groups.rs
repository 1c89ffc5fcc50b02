//! What many share costs each of them no more than what a few share: findings name some and count the rest.

use super::*;
use crate::model::questions::Questions;
use crate::plan::discover::{Scope, discover};

fn guid_of(n: u16) -> String {
    format!("f5057fee-4c3e-4459-82dd-21250000{n:04x}")
}

fn id_of(n: u16) -> EntraId {
    format!("00000000-0000-4000-8000-00000000{n:04x}").parse().unwrap()
}

/// So many people of both sides, each mapped to its own account.
fn people(count: u16, ad: fn(&mut AdUser), cloud: fn(&mut CloudUser), mapping: fn(&mut Mapping)) -> Case {
    let mut case = (0..count).fold(Case::new(), |case, n| {
        let account = |user: &mut CloudUser| {
            user.id = id_of(n);
            cloud(user);
        };
        let name = format!("a{n}");
        case.ad(&name, &guid_of(n), ad).cloud(0, &name, None, account).map(&name, &name, mapping)
    });
    case.desired.policy.limits = Limits { changes: u64::MAX, percent: 100, purges: u64::MAX, ..Limits::default() };
    case
}

fn mail(user: &mut AdUser) {
    user.mail = Some("team@x.example".into());
}

fn owns_mail(user: &mut CloudUser) {
    user.proxy_addresses = Known::Is(["SMTP:team@x.example"].into_iter().collect());
}

fn has_mail(user: &mut CloudUser) {
    user.mail = Known::Is("team@x.example".into());
}

fn deleted(user: &mut CloudUser) {
    owns_mail(user);
    user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
}

fn one_anchor(user: &mut AdUser) {
    user.consistency_guid = GuidAttribute::Bytes((*guid(P).ad_bytes()).into());
}

fn by_mail(mapping: &mut Mapping) {
    let key = OnPremKey::Mail("team@x.example".parse().unwrap());
    mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: "team".into() });
}

fn to_one_account(mapping: &mut Mapping) {
    mapping.cloud = account("a0");
}

/// People who share something, and the finding that tells of it.
struct Group {
    code: Code,
    ad: fn(&mut AdUser),
    cloud: fn(&mut CloudUser),
    mapping: fn(&mut Mapping),
}

impl Group {
    fn plan(&self, count: u16) -> Body {
        people(count, self.ad, self.cloud, self.mapping).plan()
    }

    /// How many objects each of those findings names, and what the last line of each says.
    fn told(&self, count: u16) -> Vec<(usize, String)> {
        let findings =
            self.plan(count).findings.into_iter().filter(|finding| finding.code == self.code && finding.mapping.is_some());
        findings.map(|finding| (finding.objects.len(), finding.objects.last().unwrap().clone())).collect()
    }
}

/// Everything that a group may share.
fn groups() -> Vec<Group> {
    let group = |code, ad, cloud, mapping| Group { code, ad, cloud, mapping };
    vec![
        group(Code::DuplicateMapping, nothing, nothing, to_one_account),
        group(Code::DuplicateMapping, mail, owns_mail, to_one_account),
        group(Code::DuplicateMapping, nothing, nothing, |mapping| {
            let key = OnPremKey::Sam { domain: None, name: "a0".into() };
            mapping.on_prem = OnPremSide::User(OnPremSelector { key, forest: None, text: "a0".into() });
        }),
        group(Code::DuplicateAnchor, one_anchor, nothing, nothing),
        group(Code::AddressConflict, mail, has_mail, nothing),
        group(Code::AddressConflict, mail, owns_mail, nothing),
        group(Code::TargetSoftDeleted, nothing, deleted, |mapping| mapping.restore = true),
        group(Code::OnpremAmbiguous, mail, nothing, by_mail),
        group(Code::CloudAmbiguous, nothing, has_mail, |mapping| {
            mapping.cloud = CloudSelector { key: CloudKey::Mail("team@x.example".parse().unwrap()), text: "team".into() };
        }),
    ]
}

#[test]
fn a_plan_grows_with_its_mappings_and_not_with_what_they_share() {
    for group in groups() {
        let size = |count| serde_json::to_string(&group.plan(count)).unwrap().len();
        let (few, many) = (size(70), size(140));
        assert!(many * 10 < few * 22, "{}: {few} bytes for 70, {many} for 140", group.code);
    }
}

#[test]
fn a_finding_names_ten_and_counts_the_rest() {
    for group in groups() {
        let (long, short) = (group.told(100), group.told(10));
        assert!(long.len() >= 99 && short.len() >= 9, "{}", group.code);
        let counts = |line: &str| ["and 89 more", "and 90 more"].contains(&line);
        assert!(long.iter().all(|(count, last)| *count == 11 && counts(last)), "{}: {:?}", group.code, long.first());
        assert!(
            short.iter().all(|(count, last)| *count >= 9 && !last.starts_with("and ")),
            "{}: {:?}",
            group.code,
            short.first()
        );
    }
}

#[test]
fn a_chain_waits_for_the_one_that_is_blocked_whichever_way_it_is_written() {
    let chain = |count: u16| {
        let mut case = people(count, nothing, nothing, nothing);
        for n in 0..count {
            case.observed.tenant.users[usize::from(n)].immutable_id = Some(anchor(&guid_of(n + 1)));
        }
        case.observed.tenant.users[0].traits_mut().user_type = Known::Is(UserKind::Guest);
        case
    };
    let mut case = chain(30);
    let waiting = |case: &Case| case.plan().findings.iter().filter(|finding| finding.code == Code::WaitsFor).count();
    assert_eq!(waiting(&case), 29);
    case.desired.mappings.reverse();
    assert_eq!(waiting(&case), 29);
}

/// What is said of each AD user: why nothing is proposed, and how many accounts are listed.
fn left_out(case: &Case) -> (usize, Vec<(String, usize)>) {
    let (found, _) = discover(&case.desired, case.observed.clone(), &Scope::default(), &Questions::default());
    let found = found.unwrap();
    (found.proposals.len(), found.left_out.into_iter().map(|left| (left.why, left.candidates.len())).collect())
}

#[test]
fn what_many_share_proposes_nobody_and_lists_some() {
    let team = |count, ad: fn(&mut AdUser), cloud: fn(&mut CloudUser)| {
        let mut case = people(count, ad, cloud, nothing);
        case.desired.mappings.clear();
        left_out(&case)
    };
    for cloud in [has_mail, owns_mail] {
        let (proposals, left_out) = team(100, mail, cloud);
        assert_eq!((proposals, left_out.len()), (0, 100));
        let why = "more than 10 accounts have something of this AD user; these are some of them";
        assert!(left_out.iter().all(|(told, listed)| told == why && (10..=11).contains(listed)), "{left_out:?}");
        assert_eq!(team(8, mail, cloud).1, vec![("8 accounts have something of this AD user".to_owned(), 8); 8]);
    }
}

/// An account for each person that a damaged export gives a value of which a tenant has one.
fn with_strangers(count: u16, ad: fn(&mut AdUser), stranger: fn(&mut CloudUser)) -> Case {
    let case = people(count, ad, nothing, nothing);
    (0..count).fold(case, |case, n| {
        case.cloud(0, &format!("s{n}"), None, |user| {
            user.id = id_of(n + 0x1000);
            stranger(user);
        })
    })
}

fn one_sid(user: &mut AdUser) {
    user.sid = Some(sid(1));
}

#[test]
fn what_only_one_can_have_is_told_of_very_many_at_once() {
    let holds_id = |user: &mut CloudUser| user.immutable_id = Some(anchor(P));
    let holds_sid = |user: &mut CloudUser| user.sid = Known::Is(sid(1));
    let swapped = |user: &mut CloudUser| user.immutable_id = Some(guid(P).byte_swapped().immutable_id());
    type Values = (Code, fn(&mut AdUser), fn(&mut CloudUser));
    let values: [Values; 3] = [
        (Code::HolderUndecided, one_anchor, holds_id),
        (Code::SecurityIdentifierHeld, one_sid, holds_sid),
        (Code::AnchorNotCanonical, one_anchor, swapped),
    ];
    for (code, ad, stranger) in values {
        let plan = |count| with_strangers(count, ad, stranger).plan();
        let size = |count| serde_json::to_string(&plan(count)).unwrap().len();
        let (few, many) = (size(70), size(140));
        assert!(many * 10 < few * 22, "{code}: {few} bytes for 70, {many} for 140");
        let findings = plan(100).findings;
        let told: Vec<&[String]> =
            findings.iter().filter(|finding| finding.code == code).map(|finding| &finding.objects[..]).collect();
        assert!(told.len() == 100 && told.iter().all(|objects| objects.last().unwrap() == "and 90 more"), "{code}: {told:?}");
    }
    // Of its own mapping each account would lose it in order, if there were one.
    let all = people(40, one_sid, holds_sid, nothing).plan();
    assert!(
        all.actions.is_empty()
            && all.findings.iter().filter(|finding| finding.code == Code::SecurityIdentifierHeld).count() == 40
    );
}
