//! Rules: whom they pair, and whom they leave alone.

use super::*;

pub(super) fn rule(name: &str, on_prem: OnPremPairKey, cloud: CloudPairKey) -> Rule {
    Rule {
        name: name.into(),
        source: Source { file: Arc::from("hardmatch.yaml"), line: 20 },
        forest: None,
        under: None,
        on_prem,
        cloud,
        replace_suffix: Vec::new(),
    }
}

fn by_mail(name: &str) -> Rule {
    rule(name, OnPremPairKey::Mail, CloudPairKey::Mail)
}

fn with_mail(address: &str) -> impl FnOnce(&mut CloudUser) {
    move |user| user.mail = Known::Is(address.into())
}

/// The AD users that are left alone.
fn unpaired(body: &Body) -> Vec<String> {
    let finding = body.findings.iter().find(|finding| finding.code == Code::CloudNotFound && finding.mapping.is_none());
    finding.map(|finding| finding.objects.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

#[test]
fn a_rule_goes_by_the_primary_address_and_by_mail_where_there_is_none() {
    let entries = |user: &mut AdUser| {
        user.proxy_addresses = ["smtp:old@x.example", "SMTP:ann.first@x.example"].into();
        user.mail = Some("old@x.example".into());
    };
    let mut case = Case::new().ad("ann", A, entries).ad("bob", P, |user| user.mail = Some("bob.first@x.example".into()));
    case = case.cloud(1, "a1", None, with_mail("ann.first@x.example")).cloud(2, "b1", None, with_mail("bob.first@x.example"));
    case.desired.rules.push(by_mail("staff"));
    assert_eq!(kinds(&case.plan()), ["setImmutableId a1", "setImmutableId b1"]);
}

#[test]
fn a_rule_takes_nobody_out_of_the_recycle_bin_and_nobody_who_is_spoken_for() {
    let named = |user: &mut AdUser| user.mail = Some("ann@x.example".into());
    let binned = |user: &mut CloudUser| {
        user.traits_mut().deleted_at = Some("2026-11-01T00:00:00Z".into());
        user.mail = Known::Is("ann@x.example".into());
    };
    let mut deleted = Case::new().ad("ann", A, named).cloud(1, "ann", None, binned).cloud(2, "x", None, nothing);
    deleted.desired.rules.push(by_mail("staff"));
    let body = deleted.plan();
    assert_eq!((body.mappings.len(), unpaired(&body)), (0, vec!["CN=ann,OU=Staff,DC=corp (`ann@x.example`)".to_owned()]));
    let people = || Case::new().ad("ann", A, named).ad("bob", P, nothing).cloud(1, "ann", None, with_mail("ann@x.example"));
    let mut mapped = people().map("bob", "ann", nothing);
    mapped.desired.rules.push(by_mail("staff"));
    let body = mapped.plan();
    assert_eq!((body.mappings.len(), kinds(&body)), (1, vec!["setImmutableId ann".to_owned()]));
    assert_eq!(unpaired(&body), ["CN=bob,OU=Staff,DC=corp (no mail)"; 0], "bob is mapped, and so is the account of ann");
    let mut twice = people();
    twice.observed.forests[0].users[1].employee_id = Some("7".into());
    twice.observed.tenant.users[0].employee_id = Known::Is("7".into());
    twice.desired.rules = vec![by_mail("first"), rule("second", OnPremPairKey::EmployeeId, CloudPairKey::EmployeeId)];
    let body = twice.plan();
    assert_eq!((body.mappings.len(), blockers(&body)), (1, vec![]), "the first rule has taken it");
}

#[test]
fn whom_a_rule_finds_nobody_for_is_told_up_to_a_number() {
    let people = |count: u8| {
        let mut case = Case::new().cloud(1, "ann", None, nothing);
        for n in 1..=count {
            case = case.ad(&format!("user{n:02}"), &format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}"), nothing);
        }
        case.desired.rules.push(by_mail("staff"));
        unpaired(&case.plan())
    };
    assert_eq!(people(1), ["CN=user01,OU=Staff,DC=corp (no mail)"]);
    assert_eq!((people(10).len(), people(10).last().unwrap().contains("user10")), (10, true));
    assert_eq!(people(12).last().unwrap(), "and 2 more");
    let mut numbers = Case::new().ad("ann", A, nothing).cloud(1, "bob", None, nothing);
    numbers.desired.rules.push(rule("staff", OnPremPairKey::EmployeeId, CloudPairKey::EmployeeId));
    assert_eq!(unpaired(&numbers.plan()), ["CN=ann,OU=Staff,DC=corp (no employeeID)"]);
    numbers.observed.forests[0].users[0].employee_id = Some("N/A".into());
    numbers.observed.tenant.users[0].employee_id = Known::Is("N/A".into());
    assert_eq!(unpaired(&numbers.plan()), ["CN=ann,OU=Staff,DC=corp (no employeeID)"], "nobody is told by a sign for none");
}

#[test]
fn a_rule_stays_in_its_forest_and_below_its_container() {
    let mut case = Case::new().ad("ann", A, nothing).ad("bob", P, |user| user.dn = "CN=bob,OU=Guests,DC=corp".parse().unwrap());
    case =
        case.ad("cid", S, nothing).cloud(1, "ann", None, nothing).cloud(2, "bob", None, nothing).cloud(3, "cid", None, nothing);
    let mut old = ObservedForest { name: "old".into(), ..ObservedForest::default() };
    old.users.extend(case.observed.forests[0].users.pop());
    case.observed.forests.push(old);
    let names = rule("staff", OnPremPairKey::UserPrincipalName, CloudPairKey::UserPrincipalName);
    let under = Some("OU=Staff,DC=corp".parse().unwrap());
    case.desired.rules.push(Rule { forest: Some("corp".into()), under, ..names });
    assert_eq!(kinds(&case.plan()), ["setImmutableId ann"]);
}

/// The address of somebody who left is one more of the successor's.
#[test]
fn a_rule_by_mail_does_not_go_by_an_additional_address() {
    let named = |user: &mut AdUser| user.mail = Some("leaver@x.example".into());
    let successor = |addresses: &'static [&'static str], mail: Option<&'static str>| {
        move |user: &mut CloudUser| {
            user.proxy_addresses = Known::Is(addresses.iter().copied().collect());
            user.mail = mail.map_or(Known::Null, |mail| Known::Is(mail.into()));
        }
    };
    let planned = |addresses, mail| {
        let mut case = Case::new().ad("leaver", A, named).cloud(1, "next", None, successor(addresses, mail));
        case.desired.rules.push(by_mail("staff"));
        case.plan()
    };
    let body = planned(&["SMTP:next@x.example", "smtp:leaver@x.example"], Some("next@x.example"));
    assert_eq!(kinds(&body), [""; 0]);
    assert_eq!(
        unpaired(&body),
        ["CN=leaver,OU=Staff,DC=corp (`leaver@x.example` is only an additional address of next@x.example)"]
    );
    assert_eq!(kinds(&planned(&["smtp:a@x.example", "SMTP:Leaver@x.example"], Some("old@x.example"))), ["setImmutableId next"]);
    assert_eq!(kinds(&planned(&[], Some("leaver@x.example"))), ["setImmutableId next"]);
}

/// An account may belong to somebody whom the rule is not about.
#[test]
fn a_rule_sees_who_has_the_same_value_outside_its_container() {
    let outside = |user: &mut AdUser| user.dn = "CN=other,OU=Admins,DC=corp".parse().unwrap();
    let planned = |rule: Rule, inside: fn(&mut AdUser), other: fn(&mut AdUser)| {
        let place = |user: &mut AdUser| {
            outside(user);
            other(user);
        };
        let mut case = Case::new().ad("ann", A, inside).ad("other", P, place).cloud(1, "ann", None, |user| {
            user.employee_id = Known::Is("1042".into());
        });
        let under = Some("OU=Staff,DC=corp".parse().unwrap());
        case.desired.rules.push(Rule { under, ..rule });
        case.plan()
    };
    let number = |user: &mut AdUser| user.employee_id = Some("1042".into());
    let by_number = || rule("staff", OnPremPairKey::EmployeeId, CloudPairKey::EmployeeId);
    let body = planned(by_number(), number, number);
    assert_eq!(
        (kinds(&body), unpaired(&body)),
        (vec![], vec!["CN=ann,OU=Staff,DC=corp (`1042` is that of CN=other,OU=Admins,DC=corp, too)".to_owned()])
    );
    assert_eq!(kinds(&planned(by_number(), number, |_| {})), ["setImmutableId ann"]);
    let excluded = |user: &mut AdUser| {
        user.employee_id = Some("1042".into());
        user.excluded = Some(Exclusion::ServiceAccount);
    };
    assert_eq!(kinds(&planned(by_number(), number, excluded)), ["setImmutableId ann"]);
    let replace_suffix = vec![SuffixReplacement { from: "corp.local".into(), to: "x.example".into() }];
    let by_name = Rule { replace_suffix, ..rule("staff", OnPremPairKey::UserPrincipalName, CloudPairKey::UserPrincipalName) };
    let local = |user: &mut AdUser| user.upn = Some("ann@corp.local".into());
    assert_eq!(kinds(&planned(by_name.clone(), local, |_| {})), ["setImmutableId ann"]);
    let body = planned(by_name, local, |user| user.upn = Some("ann@x.example".into()));
    assert_eq!((kinds(&body).len(), unpaired(&body).len()), (0, 1), "the account is that of the other one");
}

#[test]
fn what_a_rule_cannot_say_is_said_by_a_mapping() {
    let mut case = Case::new().ad("ann", A, nothing).cloud(1, "ann", ImmutableId::stored("E7"), nothing);
    case.desired.rules.push(rule("staff", OnPremPairKey::UserPrincipalName, CloudPairKey::UserPrincipalName));
    let body = case.plan();
    assert_eq!(blockers(&body), [Code::AnchorOpaque]);
    let hint = body.findings[0].hint.clone().unwrap();
    assert!(hint.ends_with("which wins over the rule."), "{hint}");
}

#[test]
fn a_rule_about_nobody_is_told() {
    let told = |forest: Option<&str>, under: Option<&str>, excluded: Option<Exclusion>| {
        let mut case = Case::new().ad("ann", A, |user| user.excluded = excluded).cloud(1, "ann", None, nothing);
        let (forest, under) = (forest.map(Into::into), under.map(|container| container.parse().unwrap()));
        case.desired.rules.push(Rule { forest, under, ..by_mail("staff") });
        let findings = case.plan().findings.into_iter().filter(|finding| finding.code == Code::NotChecked);
        findings.map(|finding| (finding.severity, finding.message)).collect::<Vec<_>>()
    };
    assert_eq!(told(Some("corp"), Some("OU=Staff,DC=corp"), None), []);
    let rest = |place: &str| {
        let message = format!("rule `staff` (hardmatch.yaml:20) is about nobody: no AD user that sync takes in is {place}");
        vec![(Severity::Warning, message)]
    };
    let slip = Some("OU=Stafff,DC=corp");
    assert_eq!(told(None, slip, None), rest("below OU=Stafff,DC=corp in any forest"));
    assert_eq!(told(Some("corp"), slip, None), rest("below OU=Stafff,DC=corp in forest `corp`"));
    assert_eq!(told(Some("branch"), None, None), rest("in forest `branch`"));
    assert_eq!(told(None, None, Some(Exclusion::ServiceAccount)), rest("in any forest"));
}
