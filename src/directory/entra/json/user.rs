//! The user resource: <https://learn.microsoft.com/en-us/graph/api/resources/user>.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use crate::model::{
    AccountTraits, CloudUser, EntraId, ImmutableId, Known, OnPremisesResidue, ProvisioningError, Text, Texts, UserKind,
};

use super::tri::{Nested, tri};

/// A user on the wire. Streams into a few machine words; unknown properties are skipped.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct WireUser {
    pub(crate) id: Option<EntraId>,
    /// The id under its PowerShell name, which tells who wrote the file.
    #[serde(rename = "Id")]
    pub(crate) pascal_id: Option<EntraId>,
    #[serde(rename = "userPrincipalName", alias = "UserPrincipalName")]
    pub(crate) upn: Option<Text>,
    #[serde(rename = "onPremisesImmutableId", alias = "OnPremisesImmutableId", deserialize_with = "tri")]
    pub(crate) immutable_id: Known<Text>,
    #[serde(rename = "onPremisesSyncEnabled", alias = "OnPremisesSyncEnabled", deserialize_with = "tri")]
    pub(crate) sync_enabled: Known<bool>,
    #[serde(rename = "onPremisesSecurityIdentifier", alias = "OnPremisesSecurityIdentifier", deserialize_with = "tri")]
    pub(crate) sid: Known<Text>,
    #[serde(rename = "onPremisesObjectIdentifier", alias = "OnPremisesObjectIdentifier", deserialize_with = "tri")]
    pub(crate) object_identifier: Known<Text>,
    #[serde(rename = "onPremisesDistinguishedName", alias = "OnPremisesDistinguishedName", deserialize_with = "tri")]
    pub(crate) distinguished_name: Known<Text>,
    #[serde(rename = "onPremisesDomainName", alias = "OnPremisesDomainName", deserialize_with = "tri")]
    pub(crate) domain_name: Known<Text>,
    #[serde(rename = "onPremisesSamAccountName", alias = "OnPremisesSamAccountName", deserialize_with = "tri")]
    pub(crate) sam_account_name: Known<Text>,
    #[serde(rename = "onPremisesUserPrincipalName", alias = "OnPremisesUserPrincipalName", deserialize_with = "tri")]
    pub(crate) on_premises_upn: Known<Text>,
    #[serde(rename = "onPremisesLastSyncDateTime", alias = "OnPremisesLastSyncDateTime", deserialize_with = "tri")]
    pub(crate) last_sync: Known<Text>,
    #[serde(rename = "onPremisesProvisioningErrors", alias = "OnPremisesProvisioningErrors", deserialize_with = "tri")]
    pub(crate) provisioning_errors: Known<Vec<Nested<WireError>>>,
    #[serde(rename = "onPremisesSyncBehavior", alias = "OnPremisesSyncBehavior", deserialize_with = "tri")]
    pub(crate) sync_behavior: Known<Nested<SyncBehavior>>,
    #[serde(alias = "Mail", deserialize_with = "tri")]
    pub(crate) mail: Known<Text>,
    #[serde(rename = "proxyAddresses", alias = "ProxyAddresses", deserialize_with = "tri")]
    pub(crate) proxy_addresses: Known<Texts>,
    #[serde(rename = "displayName", alias = "DisplayName")]
    pub(crate) display_name: Option<Text>,
    #[serde(rename = "employeeId", alias = "EmployeeId", deserialize_with = "tri")]
    pub(crate) employee_id: Known<Text>,
    #[serde(rename = "accountEnabled", alias = "AccountEnabled", deserialize_with = "tri")]
    pub(crate) account_enabled: Known<bool>,
    #[serde(rename = "userType", alias = "UserType", deserialize_with = "tri")]
    pub(crate) user_type: Known<Text>,
    #[serde(rename = "assignedLicenses", alias = "AssignedLicenses", deserialize_with = "tri")]
    pub(crate) licenses: Known<Licenses>,
    #[serde(rename = "signInActivity", alias = "SignInActivity", deserialize_with = "tri")]
    pub(crate) sign_in: Known<Nested<SignIn>>,
    #[serde(rename = "deletedDateTime", alias = "DeletedDateTime", deserialize_with = "tri")]
    pub(crate) deleted: Known<Text>,
    #[serde(rename = "mailboxSettings", alias = "MailboxSettings", deserialize_with = "tri")]
    pub(crate) mailbox: Known<Nested<Mailbox>>,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct SyncBehavior {
    #[serde(rename = "isCloudManaged", alias = "IsCloudManaged", deserialize_with = "tri")]
    is_cloud_managed: Known<bool>,
}

/// The skuIds of assignedLicenses.
#[derive(Debug)]
pub(crate) struct Licenses(Texts);

#[derive(serde::Deserialize)]
struct License<'a> {
    #[serde(rename = "skuId", alias = "SkuId", borrow)]
    sku: Cow<'a, str>,
}

impl<'de> Deserialize<'de> for Licenses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LicensesVisitor)
    }
}

struct LicensesVisitor;

impl<'de> Visitor<'de> for LicensesVisitor {
    type Value = Licenses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Licenses, A::Error> {
        let licenses = std::iter::from_fn(|| list.next_element::<Nested<License<'de>>>().transpose());
        // How many there are is certain, even where PowerShell wrote only the name of the type.
        let skus = licenses.map(|one| Ok(one?.0.map_or("(unreadable)".into(), |license| license.sku)));
        skus.collect::<Result<Texts, A::Error>>().map(Licenses)
    }
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct SignIn {
    #[serde(rename = "lastSignInDateTime", alias = "LastSignInDateTime")]
    interactive: Option<Text>,
    #[serde(rename = "lastNonInteractiveSignInDateTime", alias = "LastNonInteractiveSignInDateTime")]
    other: Option<Text>,
    #[serde(rename = "lastSuccessfulSignInDateTime", alias = "LastSuccessfulSignInDateTime")]
    successful: Option<Text>,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct WireError {
    #[serde(rename = "propertyCausingError", alias = "PropertyCausingError")]
    property: Option<Text>,
    #[serde(alias = "Value")]
    value: Option<Text>,
    #[serde(alias = "Category")]
    category: Option<Text>,
    #[serde(rename = "occurredDateTime", alias = "OccurredDateTime")]
    occurred: Option<Text>,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Mailbox {
    #[serde(rename = "userPurpose", alias = "UserPurpose", deserialize_with = "tri")]
    purpose: Known<Text>,
}

/// Why a user cannot be used although the JSON is sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// No object id.
    #[error("there is no `id`")]
    NoId,
    /// No sign-in name.
    #[error("there is no `userPrincipalName`")]
    NoUpn,
    /// The ImmutableID was not asked for: nothing is known about it.
    #[error("`onPremisesImmutableId` is missing: it was not selected, so nothing is known about it")]
    NotSelected,
    /// An empty text, which no tenant holds: something on the way lost the value.
    #[error("`onPremisesImmutableId` is an empty text; a tenant holds null or a value, so the value was lost on the way")]
    EmptyImmutableId,
    /// A value that cannot be what its property holds.
    #[error("`{0}` is not usable: {1}")]
    Value(&'static str, String),
}

impl WireUser {
    /// The object id, under either name.
    pub(crate) fn any_id(&self) -> Option<EntraId> {
        self.id.or(self.pascal_id)
    }

    /// The model's user. `in_bin` is for those that were listed under the deleted ones.
    pub(crate) fn into_user(self, in_bin: bool) -> Result<CloudUser, UserError> {
        let id = self.any_id().ok_or(UserError::NoId)?;
        let upn = self.upn.filter(|upn| !upn.is_empty()).ok_or(UserError::NoUpn)?;
        let deleted = date("deletedDateTime", self.deleted)?.value().cloned();
        let traits = AccountTraits {
            account_enabled: self.account_enabled,
            user_type: filled(self.user_type).map(user_kind),
            licenses: self.licenses.map(|licenses| licenses.0),
            deleted_at: if in_bin { Some(deleted.unwrap_or_default()) } else { deleted },
            domain_name: filled(self.domain_name),
            cloud_managed: flatten(self.sync_behavior, |behavior| behavior.is_cloud_managed),
            mailbox_purpose: filled(flatten(self.mailbox, |mailbox| mailbox.purpose)),
            provisioning_errors: self.provisioning_errors.map(provisioning_errors),
        };
        Ok(CloudUser {
            id,
            upn,
            immutable_id: immutable_id(self.immutable_id)?,
            sync_enabled: self.sync_enabled,
            sid: parsed("onPremisesSecurityIdentifier", self.sid)?,
            object_identifier: parsed("onPremisesObjectIdentifier", self.object_identifier)?,
            residue: OnPremisesResidue {
                distinguished_name: filled(self.distinguished_name),
                sam_account_name: filled(self.sam_account_name),
                user_principal_name: filled(self.on_premises_upn),
            },
            mail: filled(self.mail),
            proxy_addresses: self.proxy_addresses,
            display_name: self.display_name.filter(|name| !name.is_empty()),
            employee_id: filled(self.employee_id),
            last_sign_in: last_sign_in(self.sign_in)?,
            last_sync: date("onPremisesLastSyncDateTime", self.last_sync)?,
            traits: Arc::new(traits),
        })
    }
}

fn immutable_id(read: Known<Text>) -> Result<Option<ImmutableId>, UserError> {
    match read {
        Known::Unknown => Err(UserError::NotSelected),
        Known::Null => Ok(None),
        Known::Is(text) => ImmutableId::owned(text).map(Some).ok_or(UserError::EmptyImmutableId),
    }
}

/// An empty text counts as null: Graph keeps none, but tables write null that way.
fn filled(read: Known<Text>) -> Known<Text> {
    match read {
        Known::Is(text) if text.is_empty() => Known::Null,
        other @ (Known::Unknown | Known::Null | Known::Is(_)) => other,
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(name: &'static str, read: Known<Text>) -> Result<Known<T>, UserError> {
    match filled(read) {
        Known::Unknown => Ok(Known::Unknown),
        Known::Null => Ok(Known::Null),
        Known::Is(text) => text.parse().map(Known::Is).map_err(|error: T::Err| UserError::Value(name, error.to_string())),
    }
}

/// A point in time in RFC 3339; the `/Date(…)/` of Windows PowerShell is rewritten.
fn date(name: &'static str, read: Known<Text>) -> Result<Known<Text>, UserError> {
    let wrong = |text: &str| UserError::Value(name, format!("`{text}` is no point in time (RFC 3339)"));
    match filled(read) {
        Known::Unknown => Ok(Known::Unknown),
        Known::Null => Ok(Known::Null),
        Known::Is(text) => match millis(&text) {
            Some(moment) => Ok(Known::Is(moment.to_string().into())),
            None => text.parse::<Timestamp>().map_err(|_| wrong(&text)).map(|_| Known::Is(text)),
        },
    }
}

fn millis(text: &str) -> Option<Timestamp> {
    let number = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    Timestamp::from_millisecond(number.parse().ok()?).ok()
}

fn user_kind(word: Text) -> UserKind {
    match &*word {
        "Member" => UserKind::Member,
        "Guest" => UserKind::Guest,
        _ => UserKind::Other(word.into()),
    }
}

/// That there is an error is certain, even where PowerShell wrote only the name of its type.
fn provisioning_errors(read: Vec<Nested<WireError>>) -> Box<[ProvisioningError]> {
    let error = |Nested(error): Nested<WireError>| {
        let WireError { property, value, category, occurred } = error.unwrap_or_default();
        let occurred = occurred.map(|at| millis(&at).map_or(at, |moment| moment.to_string().into()));
        ProvisioningError { property, value, category, occurred }
    };
    read.into_iter().map(error).collect()
}

fn last_sign_in(read: Known<Nested<SignIn>>) -> Result<Known<Text>, UserError> {
    let sign_in = match read {
        Known::Unknown | Known::Is(Nested(None)) => return Ok(Known::Unknown),
        Known::Null => return Ok(Known::Null),
        Known::Is(Nested(Some(sign_in))) => sign_in,
    };
    let mut latest: Option<(Timestamp, Text)> = None;
    for text in [sign_in.interactive, sign_in.other, sign_in.successful].into_iter().flatten() {
        if let Known::Is(text) = date("signInActivity", Known::Is(text))? {
            let moment = text.parse().map_err(|_| UserError::Value("signInActivity", text.to_string()))?;
            if latest.as_ref().is_none_or(|(best, _)| moment > *best) {
                latest = Some((moment, text));
            }
        }
    }
    Ok(latest.map(|(_, text)| text).into())
}

fn flatten<T, U>(read: Known<Nested<T>>, get: impl FnOnce(T) -> Known<U>) -> Known<U> {
    match read {
        Known::Unknown | Known::Is(Nested(None)) => Known::Unknown,
        Known::Null => Known::Null,
        Known::Is(Nested(Some(inner))) => get(inner),
    }
}

/// PowerShell writes every property, and null for those that were not selected. A property that no user has a value
/// for is therefore not known to be empty.
pub(crate) fn forget_unselected(users: &mut [CloudUser]) {
    forget(users, |user| &mut user.sync_enabled, |_| false);
    forget(users, |user| &mut user.sid, |_| false);
    forget(users, |user| &mut user.object_identifier, |_| false);
    forget(users, |user| &mut user.residue.distinguished_name, |_| false);
    forget(users, |user| &mut user.residue.sam_account_name, |_| false);
    forget(users, |user| &mut user.residue.user_principal_name, |_| false);
    forget(users, |user| &mut user.mail, |_| false);
    forget(users, |user| &mut user.proxy_addresses, Texts::is_empty);
    forget(users, |user| &mut user.employee_id, |_| false);
    forget(users, |user| &mut user.last_sign_in, |_| false);
    forget(users, |user| &mut user.last_sync, |_| false);
    forget_unselected_traits(users);
}

/// The same for what users share: each is changed once, and shared on.
fn forget_unselected_traits(users: &mut [CloudUser]) {
    let before: HashSet<Arc<AccountTraits>> = users.iter().map(|user| Arc::clone(&user.traits)).collect();
    let mut after: Vec<AccountTraits> = before.iter().map(|traits| AccountTraits::clone(traits)).collect();
    forget(&mut after, |traits| &mut traits.domain_name, |_| false);
    forget(&mut after, |traits| &mut traits.account_enabled, |_| false);
    forget(&mut after, |traits| &mut traits.user_type, |_| false);
    forget(&mut after, |traits| &mut traits.licenses, Texts::is_empty);
    forget(&mut after, |traits| &mut traits.cloud_managed, |_| false);
    forget(&mut after, |traits| &mut traits.mailbox_purpose, |_| false);
    forget(&mut after, |traits| &mut traits.provisioning_errors, |list| list.is_empty());
    let after: HashMap<Arc<AccountTraits>, Arc<AccountTraits>> =
        before.into_iter().zip(after.into_iter().map(Arc::new)).collect();
    for user in users {
        if let Some(traits) = after.get(&user.traits) {
            user.traits = Arc::clone(traits);
        }
    }
}

fn forget<H, T>(holders: &mut [H], get: impl Fn(&mut H) -> &mut Known<T>, empty: impl Fn(&T) -> bool) {
    if holders.iter_mut().all(|holder| get(holder).value().is_none_or(&empty)) {
        holders.iter_mut().for_each(|holder| *get(holder) = Known::Unknown);
    }
}
