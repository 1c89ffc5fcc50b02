//! Rules: many mappings from one line. A mapping that somebody wrote always wins.

use std::collections::BTreeSet;

use crate::model::spreadsheet::is_value;
use crate::model::text::{counted, same};
use crate::model::{
    AdUser, CloudKey, CloudPairKey, CloudSelector, GuidInput, Mapping, OnPremKey, OnPremPairKey, OnPremSelector, OnPremSide,
    ProxyAddress, Rule, Source,
};
use crate::tenant_model::UserRef;

use super::finding::{Code, Finding, Severity};
use super::world::{AdRef, World};

/// So many containers are faster looked for among all users than sorted by.
const FEW_CONTAINERS: usize = 4;

/// Who is spoken for by a mapping that stands above.
#[derive(Debug, Default)]
pub(super) struct Claimed {
    pub(super) ad: BTreeSet<AdRef>,
    pub(super) cloud: BTreeSet<UserRef>,
}

/// The mappings of all rules, in the order of the rules and then of the users' names.
pub(super) fn expand(rules: &[Rule], mut claimed: Claimed, world: &World) -> (Vec<Mapping>, Vec<Finding>) {
    let (mut mappings, mut findings) = (Vec::new(), Vec::new());
    if rules.iter().filter(|rule| rule.under.is_some()).nth(FEW_CONTAINERS).is_some() {
        world.forests.index_containers();
    }
    for rule in rules {
        let mut unpaired: Vec<String> = Vec::new();
        let mut paired_now: Vec<(AdRef, Option<UserRef>)> = Vec::new();
        let mut candidates = candidates(rule, world).peekable();
        findings.extend(candidates.peek().is_none().then(|| about_nobody(rule)));
        for (user, ad_user) in candidates {
            if claimed.ad.contains(&user) {
                continue;
            }
            match pair(rule, user, ad_user, &claimed, world) {
                Pair::One(target, selector) => {
                    paired_now.push((user, Some(target)));
                    mappings.push(mapping(rule, user, ad_user, selector, world));
                }
                Pair::Many(selector) => {
                    paired_now.push((user, None));
                    mappings.push(mapping(rule, user, ad_user, selector, world));
                }
                Pair::Claimed => {}
                Pair::Nobody(why) => unpaired.push(format!("{} ({why})", ad_user.dn)),
            }
        }
        // Two users of one rule with the same value are both mapped, so that the duplicate shows.
        for (user, target) in paired_now {
            claimed.ad.insert(user);
            claimed.cloud.extend(target);
        }
        findings.extend(unpaired_finding(rule, unpaired));
    }
    (mappings, findings)
}

/// A slip in the container, most likely: whoever was meant is not planned at all.
fn about_nobody(rule: &Rule) -> Finding {
    let place = match (&rule.forest, &rule.under) {
        (Some(forest), Some(under)) => format!("below {under} in forest `{forest}`"),
        (Some(forest), None) => format!("in forest `{forest}`"),
        (None, Some(under)) => format!("below {under} in any forest"),
        (None, None) => "in any forest".to_owned(),
    };
    let Source { file, line } = &rule.source;
    let message = format!("rule `{}` ({file}:{line}) is about nobody: no AD user that sync takes in is {place}", rule.name);
    Finding::general(Code::NotChecked, message)
        .hint("Check `under` and `forest` of the rule, and that the export holds the container with its users.")
}

fn unpaired_finding(rule: &Rule, unpaired: Vec<String>) -> Option<Finding> {
    (!unpaired.is_empty()).then(|| {
        let message = format!(
            "rule `{}` ({}:{}) found no cloud user for {}; they are left alone",
            rule.name,
            rule.source.file,
            rule.source.line,
            counted(unpaired.len(), "AD user")
        );
        Finding::general(Code::CloudNotFound, message)
            .with_severity(Severity::Info)
            .objects(unpaired)
            .hint("Map those who have an account under another name by hand.")
    })
}

/// The AD users that a rule is about, in the order of their names.
fn candidates<'w>(rule: &Rule, world: &'w World) -> impl Iterator<Item = (AdRef, &'w AdUser)> {
    let all = world.forests.users_in(rule.forest.as_deref(), rule.under.as_ref()).into_iter();
    all.filter_map(|user| Some((user, world.forests.user(user)?))).filter(|(_, user)| user.excluded.is_none())
}

enum Pair {
    One(UserRef, CloudSelector),
    Many(CloudSelector),
    Claimed,
    Nobody(String),
}

fn pair(rule: &Rule, own: AdRef, user: &AdUser, claimed: &Claimed, world: &World) -> Pair {
    let Some(value) = pair_value(rule, user) else { return Pair::Nobody(format!("no {}", word(rule.on_prem))) };
    let Some(key) = cloud_key(rule.cloud, &value) else { return Pair::Nobody(format!("`{value}` is no name@domain")) };
    if let Some(other) = other_owner(rule, own, &value, world) {
        return Pair::Nobody(format!("`{value}` is that of {}, too", other.dn));
    }
    let found = super::resolve::find_live(&key, world);
    let (found, only_aliases): (Vec<UserRef>, Vec<UserRef>) = found.into_iter().partition(|user| is_own(*user, &key, world));
    match found.as_slice() {
        [] if !only_aliases.is_empty() => {
            Pair::Nobody(format!("`{value}` is only an additional address of {}", names(&only_aliases, world)))
        }
        [] => Pair::Nobody(format!("`{value}`")),
        [one] if claimed.cloud.contains(one) => Pair::Claimed,
        [one] => match world.tenant.user(*one) {
            Some(account) => Pair::One(*one, CloudSelector { key: CloudKey::Id(account.id), text: account.upn.clone() }),
            None => Pair::Nobody(format!("`{value}`")),
        },
        _ => Pair::Many(CloudSelector { key, text: value.into() }),
    }
}

/// An address that somebody left often goes to a successor, as one more of theirs: only the primary one tells whose it is.
fn is_own(user: UserRef, key: &CloudKey, world: &World) -> bool {
    let (CloudKey::Mail(wanted), Some(account)) = (key, world.tenant.user(user)) else { return true };
    account.primary_address().is_some_and(|own| same(own, wanted.as_str()))
}

fn names(users: &[UserRef], world: &World) -> String {
    let names: Vec<&str> =
        users.iter().filter_map(|user| world.tenant.user(*user)).map(|account| account.original_upn()).collect();
    names.join(" and ")
}

/// Another AD user of the same forest to whom the account may belong just as well, whether the rule is about that one or not.
/// In another forest it may be the older object of the person.
fn other_owner<'w>(rule: &Rule, own: AdRef, value: &str, world: &'w World) -> Option<&'w AdUser> {
    let place = world.forests.get(own).map(|(forest, _)| &*forest.name);
    let sharers = match rule.on_prem {
        OnPremPairKey::UserPrincipalName => world.forests.by_upn(value, place),
        OnPremPairKey::Mail => world.forests.by_address(value, place),
        OnPremPairKey::EmployeeId => world.forests.by_employee_id(value, place),
        // In one domain each is there once.
        OnPremPairKey::SamAccountName => return None,
    };
    let others = sharers.into_iter().filter(|sharer| *sharer != own).filter_map(|sharer| world.forests.user(sharer));
    let is_owner = |other: &&AdUser| other.excluded.is_none() && pair_raw(rule, other).is_some_and(|own| same(own, value));
    others.filter(|other| !is_in_scope(rule, other)).find(is_owner)
}

/// Whether a rule is about an AD user of its forest. Two of one rule are both mapped, so that the duplicate shows.
fn is_in_scope(rule: &Rule, user: &AdUser) -> bool {
    rule.under.as_ref().is_none_or(|under| user.dn.is_under(under))
}

fn word(key: OnPremPairKey) -> &'static str {
    match key {
        OnPremPairKey::UserPrincipalName => "userPrincipalName",
        OnPremPairKey::Mail => "mail",
        OnPremPairKey::EmployeeId => "employeeID",
        OnPremPairKey::SamAccountName => "sAMAccountName",
    }
}

/// The value to look for in the cloud, with the suffix exchanged.
fn pair_value(rule: &Rule, user: &AdUser) -> Option<String> {
    let value = pair_raw(rule, user)?;
    let exchanged = value.rsplit_once('@').and_then(|(local, domain)| {
        let replacement = rule.replace_suffix.iter().find(|replacement| same(&replacement.from, domain))?;
        Some(format!("{local}@{}", replacement.to))
    });
    Some(exchanged.unwrap_or_else(|| value.to_owned()))
}

/// The value as it stands in AD.
fn pair_raw<'u>(rule: &Rule, user: &'u AdUser) -> Option<&'u str> {
    match rule.on_prem {
        OnPremPairKey::UserPrincipalName => user.upn.as_deref(),
        OnPremPairKey::Mail => primary_address(user).or(user.mail.as_deref()),
        OnPremPairKey::EmployeeId => user.employee_id.as_deref().filter(|number| is_value(number)),
        OnPremPairKey::SamAccountName => user.sam.as_deref(),
    }
}

fn primary_address(user: &AdUser) -> Option<&str> {
    ProxyAddress::primary_of(user.proxy_addresses.iter().map(ProxyAddress::parse))
}

fn cloud_key(key: CloudPairKey, value: &str) -> Option<CloudKey> {
    match key {
        CloudPairKey::UserPrincipalName => value.parse().ok().map(CloudKey::Upn),
        CloudPairKey::Mail => value.parse().ok().map(CloudKey::Mail),
        CloudPairKey::EmployeeId => Some(CloudKey::EmployeeId(value.into())),
    }
}

fn mapping(rule: &Rule, user: AdRef, ad_user: &AdUser, cloud: CloudSelector, world: &World) -> Mapping {
    let forest = world.forests.get(user).map(|(forest, _)| forest.name.clone());
    let text = ad_user.upn.as_deref().or(ad_user.sam.as_deref()).unwrap_or(ad_user.dn.as_str()).into();
    let on_prem = OnPremSide::User(OnPremSelector { key: OnPremKey::Guid(GuidInput::Guid(ad_user.guid)), forest, text });
    Mapping { rule: Some(rule.name.clone()), ..Mapping::new(rule.source.clone(), on_prem, cloud) }
}
