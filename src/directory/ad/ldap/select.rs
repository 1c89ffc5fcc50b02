//! Filters: for all users, and for just those that somebody named.
//!
//! A filter may find more than was meant, never less: whoever asked compares again by hardmatch's own rules.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use ldap3::ldap_escape;

use super::census::Stamps;
use crate::directory::ad::entry::CONSISTENCY_GUID;
use crate::model::digits::ldap_octets;
use crate::model::questions::ForestKey;
use crate::model::{AnchorForm, AnchorMode, ImmutableId, ObjectGuid};

/// Users as the sync client means them: no computers, contacts, managed service accounts or trusts. Built-in accounts
/// are read along, so that a mapping which names one can be told so.
pub(super) const USERS: &str = "(&(objectCategory=person)(objectClass=user)(sAMAccountType=805306368))";

/// How many conditions one search carries.
pub(super) const BATCH: usize = 100;

/// Searches that together find whatever fits one of the conditions.
pub(super) fn batches(mut conditions: Vec<String>, among: &str) -> Vec<String> {
    conditions.sort_unstable();
    conditions.dedup();
    conditions.chunks(BATCH).map(|some| format!("(&{among}(|{}))", some.concat())).collect()
}

/// The conditions that a question amounts to.
pub(super) fn of_key(key: &ForestKey, anchor: &AnchorMode, stamps: Option<&Stamps>) -> Vec<String> {
    match key {
        ForestKey::Dn(dn) => equal("distinguishedName", dn.as_str()),
        ForestKey::Guid(guid) => vec![of_guid(guid)],
        ForestKey::ConsistencyGuid(guid) => of_stamp(guid, stamps),
        ForestKey::Sid(sid) => {
            vec![format!("(objectSid={})", sid.ad_bytes().map_or_else(|| escape(&sid.to_string()), |b| ldap_octets(&b)))]
        }
        ForestKey::Sam(name) => equal("sAMAccountName", name),
        ForestKey::Upn(upn) => equal("userPrincipalName", upn),
        ForestKey::Mail(mail) => {
            let mut all = equal("mail", mail);
            all.extend(equal("proxyAddresses", mail));
            all.extend(equal("proxyAddresses", &format!("smtp:{mail}")));
            all
        }
        ForestKey::EmployeeId(id) => equal("employeeID", id),
        ForestKey::ImmutableId(id) => of_anchor(id, anchor, stamps),
        ForestKey::Similar(prefix) => {
            let names = ["userPrincipalName", "mail", "sAMAccountName"];
            names.iter().flat_map(|name| spelt(prefix).into_iter().map(move |p| format!("({name}={}*)", escape(&p)))).collect()
        }
    }
}

/// The condition for one object.
pub(super) fn of_guid(guid: &ObjectGuid) -> String {
    format!("(objectGUID={})", guid.ldap_filter_value())
}

fn of_anchor(id: &ImmutableId, anchor: &AnchorMode, stamps: Option<&Stamps>) -> Vec<String> {
    let guids = || AnchorForm::of(id).guids().into_iter().flatten();
    match anchor {
        AnchorMode::ObjectGuid => guids().map(|guid| of_guid(&guid)).collect(),
        AnchorMode::ConsistencyGuid => {
            guids().flat_map(|guid| [vec![of_guid(&guid)], of_stamp(&guid, stamps)].concat()).collect()
        }
        AnchorMode::Attribute(name) => {
            let mut all = equal(name, id.as_str());
            all.extend(STANDARD.decode(id.as_str()).ok().map(|bytes| format!("({name}={})", ldap_octets(&bytes))));
            all
        }
    }
}

/// Whoever has this stamped on it.
fn of_stamp(guid: &ObjectGuid, stamps: Option<&Stamps>) -> Vec<String> {
    match stamps {
        Some(stamps) => stamps.carriers(guid).map(|user| of_guid(&user)).collect(),
        None => vec![format!("({CONSISTENCY_GUID}={})", ldap_octets(guid.ad_bytes()))],
    }
}

/// Equality, in each of the ways in which the same name can be spelt in Unicode.
fn equal(attribute: &str, value: &str) -> Vec<String> {
    spelt(value).iter().map(|value| format!("({attribute}={})", escape(value))).collect()
}

fn spelt(value: &str) -> Vec<String> {
    let mut spellings = vec![value.to_owned()];
    if !value.is_ascii() {
        spellings.push(ComposingNormalizerBorrowed::new_nfc().normalize(value).into_owned());
        spellings.push(DecomposingNormalizerBorrowed::new_nfd().normalize(value).into_owned());
        spellings.dedup();
    }
    spellings
}

fn escape(value: &str) -> String {
    ldap_escape(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
    const OCTETS: &str = r"\e0\04\25\3f\89\4f\d3\11\9a\0c\03\05\e8\2c\33\01";

    fn filters(key: &ForestKey) -> Vec<String> {
        of_key(key, &AnchorMode::ConsistencyGuid, None)
    }

    #[test]
    fn no_name_gets_out_of_its_filter() {
        let sam = |name: &str| filters(&ForestKey::Sam(name.into())).concat();
        assert_eq!(sam("*)(objectClass=*"), r"(sAMAccountName=\2a\29\28objectClass=\2a)");
        assert_eq!(sam("a\\b\0c"), r"(sAMAccountName=a\5cb\00c)");
        let dn = filters(&ForestKey::Dn(r"CN=Smith\, Ann (x),DC=x".parse().unwrap())).concat();
        assert_eq!(dn, r"(distinguishedName=CN=Smith\5c, Ann \28x\29,DC=x)");
        for filter in [sam("*)(a=*"), dn, sam("zoë\u{301}")] {
            assert!(ldap3::parse_filter(format!("(&{USERS}(|{filter}))")).is_ok(), "{filter}");
        }
    }

    #[test]
    fn guids_and_sids_are_written_byte_by_byte() {
        assert_eq!(filters(&ForestKey::Guid(GUID.parse().unwrap())), [format!("(objectGUID={OCTETS})")]);
        assert_eq!(filters(&ForestKey::ConsistencyGuid(GUID.parse().unwrap())), [format!("({CONSISTENCY_GUID}={OCTETS})")]);
        let sid = filters(&ForestKey::Sid("S-1-5-21-1004336348-1177238915-682003330-1108".parse().unwrap())).concat();
        let expected = r"(objectSid=\01\05\00\00\00\00\00\05\15\00\00\00\dc\f4\dc\3b\83\3d\2b\46\82\8b\a6\28\54\04\00\00)";
        assert_eq!(sid, expected);
    }

    #[test]
    fn an_address_is_looked_up_wherever_mail_may_stand() {
        let mail = filters(&ForestKey::Mail("Eve@x.example".into())).concat();
        assert_eq!(mail, "(mail=Eve@x.example)(proxyAddresses=Eve@x.example)(proxyAddresses=smtp:Eve@x.example)");
    }

    #[test]
    fn one_name_in_each_of_its_spellings() {
        assert_eq!(equal("sn", "ascii").len(), 1);
        assert_eq!(equal("sn", "Zo\u{eb}"), ["(sn=Zo\u{eb})", "(sn=Zoe\u{308})"]);
        assert_eq!(equal("sn", "Zoe\u{308}"), ["(sn=Zoe\u{308})", "(sn=Zo\u{eb})", "(sn=Zoe\u{308})"]);
    }

    #[test]
    fn an_anchor_is_looked_for_where_the_mode_says() {
        let id = GUID.parse::<ObjectGuid>().unwrap().immutable_id();
        let of = |mode| of_key(&ForestKey::ImmutableId(id.clone()), &mode, None);
        assert_eq!(of(AnchorMode::ObjectGuid), [format!("(objectGUID={OCTETS})")]);
        assert_eq!(
            of(AnchorMode::ConsistencyGuid),
            [format!("(objectGUID={OCTETS})"), format!("(mS-DS-ConsistencyGuid={OCTETS})")]
        );
        let custom = of(AnchorMode::Attribute("employeeID".into()));
        assert_eq!(custom, [format!("(employeeID={})", id.as_str()), format!("(employeeID={OCTETS})")]);
    }

    #[test]
    fn many_conditions_become_several_searches_without_repeats() {
        let conditions = (0..250).map(|n| format!("(x={})", n % 240)).collect();
        let searches = batches(conditions, USERS);
        assert_eq!(searches.len(), 3);
        assert!(searches.iter().all(|filter| ldap3::parse_filter(filter).is_ok()));
        assert!(batches(Vec::new(), USERS).is_empty());
    }
}
