//! Decodes an entry of Active Directory, wherever it came from (LDIF, CSV, LDAP), into an [`AdUser`].
//!
//! Attribute names compare without case, and an option behind the name (`;binary`, `;range=0-*`) is no part of it.
//! <https://learn.microsoft.com/en-us/windows/win32/adschema/attributes-all> has the syntaxes.

use crate::model::{
    AdUser, AnchorAttribute, AnchorMode, DistinguishedName, DnError, EntraId, GuidAttribute, GuidError, GuidInput, ObjectGuid,
    Sid, SidError, Text, Texts,
};

use super::left_out;
use crate::model::Exclusion;
use crate::model::spreadsheet::{is_missing_marker, is_type_name};

/// An entry as a directory gave it: names and byte values, nothing decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawEntry {
    /// distinguishedName.
    pub dn: String,
    /// Attributes with their values, in the order in which they came; a name may come more than once.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
    /// Whether an export wrote them: then a text may stand where bytes belong.
    pub exported: bool,
}

impl RawEntry {
    /// What it takes in memory, more or less.
    pub(super) fn size(&self) -> usize {
        let value = |value: &Vec<u8>| cost(value.len());
        let of = |(name, values): &(String, Vec<Vec<u8>>)| values.iter().map(value).sum::<usize>() + cost(name.len());
        self.attributes.iter().map(of).sum::<usize>() + cost(self.dn.len())
    }
}

/// What so many bytes take in memory that have a place of their own.
pub(super) const fn cost(bytes: usize) -> usize {
    const PLACE: usize = 40;
    bytes.saturating_add(PLACE)
}

/// Why an entry cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A user without objectGUID: it was not asked for, or the entry is cut.
    #[error("there is no objectGUID; export it along with the other attributes")]
    MissingGuid,
    /// objectGUID that is none.
    #[error("objectGUID is not usable: {0}")]
    Guid(GuidError),
    /// objectGUID that is nobody's.
    #[error("objectGUID is all zeros, which Active Directory gives to nobody; read or export it again from a domain controller")]
    NilGuid,
    /// objectSid that is none.
    #[error("objectSid is not usable: {0}")]
    Sid(SidError),
    /// A name that is no distinguished name.
    #[error("{0}")]
    Dn(DnError),
    /// Text that is not UTF-8.
    #[error("{0} is not valid UTF-8 text")]
    NotText(&'static str),
    /// A number that is none.
    #[error("{0} is not a whole number: `{1}`")]
    NotNumber(&'static str, String),
    /// Two values where AD keeps one.
    #[error("{0} has {1} values; Active Directory keeps one")]
    ManyValues(&'static str, usize),
    /// A range of the values without the rest of them.
    #[error("{0} is incomplete: only a range of its values is there")]
    Partial(String),
}

impl EntryError {
    /// The attribute that is to blame, where it is one.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::MissingGuid | Self::Dn(_) => None,
            Self::Guid(_) | Self::NilGuid => Some(OBJECT_GUID),
            Self::Sid(_) => Some(OBJECT_SID),
            Self::NotText(name) | Self::NotNumber(name, _) | Self::ManyValues(name, _) => Some(name),
            Self::Partial(name) => Some(name),
        }
    }
}

/// LDAP name of the attribute behind the first anchor mode.
pub const CONSISTENCY_GUID: &str = "mS-DS-ConsistencyGuid";
pub(super) const OBJECT_GUID: &str = "objectGUID";
const OBJECT_SID: &str = "objectSid";

/// Attributes that hold bytes whatever these bytes spell.
const BINARY: [&str; 7] = [
    OBJECT_GUID,
    CONSISTENCY_GUID,
    OBJECT_SID,
    "msExchMailboxGuid",
    "msExchArchiveGUID",
    "msExchMasterAccountSid",
    "msRTCSIP-UserRoutingGroupId",
];

/// The attributes that [`decode_user`] looks at, for whoever has to ask for them by name.
pub const ATTRIBUTES: [&str; 20] = [
    "objectClass",
    "objectCategory",
    OBJECT_GUID,
    CONSISTENCY_GUID,
    OBJECT_SID,
    "sAMAccountName",
    "sAMAccountType",
    "userPrincipalName",
    "mail",
    "proxyAddresses",
    "employeeID",
    "displayName",
    "userAccountControl",
    "adminCount",
    "isCriticalSystemObject",
    "mailNickname",
    "msExchMailboxGuid",
    "msExchRecipientTypeDetails",
    "msDS-ExternalDirectoryObjectId",
    "distinguishedName",
];

/// The class of the entry by which a snapshot says what no attribute of a directory can.
pub(crate) const SNAPSHOT_CLASS: &str = "hardmatchSnapshot";
/// Attribute of that entry: what belongs to the forest but was not read.
pub(crate) const DOUBT: &str = "hardmatchDoubt";
/// Attribute of a user in a snapshot: why the sync client leaves it out, where its other attributes say something else.
pub(crate) const EXCLUDED: &str = "hardmatchExcluded";

const EXCLUSIONS: [(&str, Exclusion); 5] = [
    ("criticalSystemObject", Exclusion::CriticalSystemObject),
    ("serviceAccount", Exclusion::ServiceAccount),
    ("systemMailbox", Exclusion::SystemMailbox),
    ("linkedMailbox", Exclusion::LinkedMailbox),
    ("replicationConflict", Exclusion::ReplicationConflict),
];

/// The word of a snapshot for a reason to leave a user out.
pub(crate) fn exclusion_word(why: Exclusion) -> &'static str {
    EXCLUSIONS.iter().find(|(_, own)| *own == why).map_or("no", |(word, _)| word)
}

/// What a snapshot says about leaving a user out; the outer `None` when it leaves that to the other attributes.
pub(crate) fn marked_exclusion(entry: &impl Entry) -> Option<Option<Exclusion>> {
    let word = entry.values(EXCLUDED).next()?;
    Some(EXCLUSIONS.iter().find(|(own, _)| own.as_bytes() == word).map(|(_, why)| *why))
}

/// The name of an attribute without its options.
#[must_use]
pub fn base_name(name: &str) -> &str {
    memchr::memchr(b';', name.as_bytes()).and_then(|at| name.get(..at)).unwrap_or(name)
}

/// Whether a name, which may have options, is that of an attribute.
#[inline]
pub(crate) fn is_called(name: &str, attribute: &str) -> bool {
    let Some((own, options)) = name.split_at_checked(attribute.len()) else { return false };
    (options.is_empty() || options.starts_with(';')) && own.eq_ignore_ascii_case(attribute)
}

/// Whether a name has an option of RFC 3866, such as `;lang-de`: what it holds is an attribute of its own.
fn has_language(name: &str) -> bool {
    let is_language = |option: &str| option.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("lang-"));
    memchr::memchr(b';', name.as_bytes()).is_some() && name.split(';').skip(1).any(is_language)
}

/// An entry, however it is held.
pub trait Entry {
    /// distinguishedName.
    fn dn(&self) -> &str;

    /// Names and values, one pair a value.
    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])>;

    /// Whether an attribute may be a text that an export wrote, where its values are bytes.
    fn may_be_text(&self, name: &str) -> bool;

    /// Those of an attribute.
    fn pairs_of(&self, name: &str) -> impl Iterator<Item = (&str, &[u8])> {
        self.pairs().filter(move |(own, _)| is_called(own, name))
    }

    /// All values of an attribute.
    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.pairs_of(name).map(|(_, value)| value)
    }

    /// All values, provided that ranges of them reach the end.
    fn complete(&self, name: &str) -> Result<Vec<&[u8]>, EntryError> {
        let ranges: Vec<&str> = self.pairs_of(name).map(|(own, _)| own).filter(|own| range_of(own).is_some()).collect();
        if ranges.is_empty() || are_all(&ranges) {
            Ok(self.values(name).collect())
        } else {
            Err(EntryError::Partial(name.to_owned()))
        }
    }

    /// The only value.
    fn single(&self, name: &'static str) -> Result<Option<&[u8]>, EntryError> {
        let mut values = self.pairs_of(name).filter(|(own, _)| !has_language(own)).map(|(_, value)| value);
        let first = values.next();
        match values.count() {
            0 => Ok(first),
            more => Err(EntryError::ManyValues(name, more + 1)),
        }
    }

    /// A text; an empty one is none, as AD keeps no empty values.
    fn text(&self, name: &'static str) -> Result<Option<&str>, EntryError> {
        let Some(bytes) = self.single(name)? else { return Ok(None) };
        let text = std::str::from_utf8(bytes).map_err(|_| EntryError::NotText(name))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The same, owned.
    fn owned(&self, name: &'static str) -> Result<Option<Text>, EntryError> {
        Ok(self.text(name)?.map(Into::into))
    }

    /// A whole number.
    fn number(&self, name: &'static str) -> Result<Option<i64>, EntryError> {
        let parse = |text: &str| text.trim().parse().map_err(|_| EntryError::NotNumber(name, text.to_owned()));
        self.text(name)?.map(parse).transpose()
    }
}

impl Entry for RawEntry {
    fn dn(&self) -> &str {
        &self.dn
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.attributes.iter().flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_slice())))
    }

    fn may_be_text(&self, _: &str) -> bool {
        self.exported
    }
}

fn range_of(name: &str) -> Option<&str> {
    name.split(';').skip(1).find_map(|option| {
        let (head, range) = option.split_at_checked(6)?;
        head.eq_ignore_ascii_case("range=").then_some(range)
    })
}

/// `proxyAddresses;range=0-1499`: the numbers of the first and the last value, the latter `None` when it is the end.
pub(super) fn span_of(name: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = range_of(name)?.split_once('-')?;
    Some((first.parse().ok()?, if last == "*" { None } else { Some(last.parse().ok()?) }))
}

/// Whether ranges of values follow one another from the first value to the end.
fn are_all(names: &[&str]) -> bool {
    let Some(mut spans) = names.iter().map(|name| span_of(name)).collect::<Option<Vec<_>>>() else { return false };
    spans.sort_unstable();
    spans.dedup();
    let mut next = Some(0);
    let follow = spans.iter().all(|(first, last)| {
        let follows = next == Some(*first) && last.is_none_or(|last| last >= *first);
        next = last.and_then(|last| last.checked_add(1));
        follows
    });
    follow && spans.last().is_some_and(|(_, last)| last.is_none())
}

/// Whether userAccountControl lets the user sign in: ACCOUNTDISABLE is not set.
pub(crate) fn is_enabled(control: i64) -> bool {
    control & 0x2 == 0
}

/// Decodes a user. `None` is no user: a computer, a group, a contact, a managed service account, a trust, a container.
///
/// A user that the sync client leaves out by default is returned and says so in [`AdUser::excluded`].
///
/// # Errors
/// The first attribute that holds something it cannot hold.
pub fn decode_user(entry: &impl Entry, anchor: &AnchorMode) -> Result<Option<AdUser>, EntryError> {
    if !left_out::is_user(entry)? {
        return Ok(None);
    }
    let dn: DistinguishedName = entry.dn().parse().map_err(EntryError::Dn)?;
    let guid = object_guid(entry)?.ok_or(EntryError::MissingGuid)?;
    let control = entry.number("userAccountControl")?;
    Ok(Some(AdUser {
        consistency_guid: consistency_guid(entry)?,
        custom_anchor: custom_anchor(entry, anchor)?.map(Box::new),
        sid: object_sid(entry)?,
        sam: entry.owned("sAMAccountName")?,
        upn: entry.owned("userPrincipalName")?,
        mail: entry.owned("mail")?,
        proxy_addresses: proxy_addresses(entry)?,
        employee_id: entry.owned("employeeID")?,
        display_name: entry.owned("displayName")?,
        enabled: control.map(is_enabled),
        protected_by_admin_sd_holder: entry.number("adminCount")? == Some(1),
        has_exchange_mailbox: entry.values("msExchMailboxGuid").any(|value| !value.is_empty()),
        external_directory_object_id: external_id(entry)?,
        excluded: match marked_exclusion(entry) {
            Some(marked) => marked,
            None => left_out::exclusion(entry)?,
        },
        ..AdUser::new(guid, dn)
    }))
}

/// objectGUID as 16 bytes, or as the text that some tools write in its place.
pub(super) fn object_guid(entry: &impl Entry) -> Result<Option<ObjectGuid>, EntryError> {
    let Some(bytes) = entry.single(OBJECT_GUID)?.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
    let decoded = match ObjectGuid::from_ad_slice(bytes) {
        Ok(guid) => Ok(guid),
        Err(wrong_length) => std::str::from_utf8(bytes).map_err(|_| wrong_length).and_then(str::parse),
    };
    let guid = decoded.map_err(EntryError::Guid)?;
    if guid.is_zero() { Err(EntryError::NilGuid) } else { Ok(Some(guid)) }
}

/// objectSid as bytes, or as `S-1-…`.
pub(crate) fn object_sid(entry: &impl Entry) -> Result<Option<Sid>, EntryError> {
    let Some(bytes) = entry.single(OBJECT_SID)?.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
    let decoded = match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with("S-") || text.starts_with("s-") => text.parse(),
        Ok(_) | Err(_) => Sid::from_ad_bytes(bytes),
    };
    decoded.map(Some).map_err(EntryError::Sid)
}

fn consistency_guid(entry: &impl Entry) -> Result<GuidAttribute, EntryError> {
    let Some(bytes) = entry.single(CONSISTENCY_GUID)?.filter(|bytes| !bytes.is_empty()) else {
        return Ok(GuidAttribute::Absent);
    };
    let mark = if entry.may_be_text(CONSISTENCY_GUID) { mark_in_place_of(bytes) } else { None };
    Ok(mark.unwrap_or_else(|| GuidAttribute::Bytes(bytes.into())))
}

/// What a text means that an export wrote in place of the bytes of a GUID.
pub(crate) fn mark_in_place_of(bytes: &[u8]) -> Option<GuidAttribute> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    if is_type_name(text) {
        return Some(GuidAttribute::NotExported(text.into()));
    }
    is_missing_marker(text).then(|| GuidAttribute::MarkedMissing(text.into()))
}

fn custom_anchor(entry: &impl Entry, anchor: &AnchorMode) -> Result<Option<AnchorAttribute>, EntryError> {
    let name = match anchor {
        AnchorMode::ConsistencyGuid | AnchorMode::ObjectGuid => return Ok(None),
        AnchorMode::Attribute(name) => name,
    };
    entry.complete(name)?;
    let pairs = entry.pairs_of(name).filter(|(own, value)| !value.is_empty() && !has_language(own));
    let values: Vec<&[u8]> = pairs.map(|(_, value)| value).collect();
    Ok(match values.as_slice() {
        [] => None,
        [value] => Some(anchor_value(name, value)),
        many => Some(AnchorAttribute::Many(many.len())),
    })
}

fn anchor_value(name: &str, value: &[u8]) -> AnchorAttribute {
    let binary = BINARY.iter().any(|known| known.eq_ignore_ascii_case(name));
    match std::str::from_utf8(value) {
        Ok(text) if !binary && !text.chars().any(char::is_control) => AnchorAttribute::Text(text.into()),
        Ok(_) | Err(_) => AnchorAttribute::Binary(value.into()),
    }
}

fn proxy_addresses(entry: &impl Entry) -> Result<Texts, EntryError> {
    const NAME: &str = "proxyAddresses";
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| EntryError::NotText(NAME));
    entry.complete(NAME)?.into_iter().filter(|bytes| !bytes.is_empty()).map(text).collect()
}

/// `User_<object id>`, which Exchange hybrid writes back; only a hint, so anything else counts as none.
fn external_id(entry: &impl Entry) -> Result<Option<EntraId>, EntryError> {
    let value = entry.text("msDS-ExternalDirectoryObjectId")?;
    Ok(value.and_then(|text| text.strip_prefix("User_")).and_then(|id| id.parse().ok()))
}

/// Whether bytes or text read like one GUID; 32 bare hex digits do not, as they have two readings.
pub(crate) fn unambiguous_guid(text: &str) -> Option<ObjectGuid> {
    match GuidInput::parse(text) {
        Ok(GuidInput::Guid(guid)) => Some(guid),
        Ok(GuidInput::BareHex { .. }) | Err(_) => None,
    }
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
