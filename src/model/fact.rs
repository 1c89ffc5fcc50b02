//! Facts: the values that an action relies on and changes, in a form that can be written down and compared.

use std::collections::BTreeMap;

use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CloudUser, Known, Text, UserKind};

/// A few facts by name; the order is that of the names as written. Files hold them as [`facts_as_object`].
pub type Facts = LiteMap<FactName, FactValue>;

/// How files hold facts: always as an object. A [`LiteMap`] by itself is an array when it is empty.
pub mod facts_as_object {
    use super::*;

    /// Writes them.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(facts: &Facts, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(facts)
    }

    /// Reads them.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Facts, D::Error> {
        Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The properties that actions rely on, in the order of their written names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FactName {
    /// skuIds of the assigned licences, sorted.
    AssignedLicenses,
    /// When the account was moved to the recycle bin.
    DeletedDateTime,
    /// The latest sign-in.
    LastSignInDateTime,
    /// mS-DS-ConsistencyGuid of the AD user, as base64.
    #[serde(rename = "mS-DS-ConsistencyGuid")]
    ConsistencyGuid,
    /// onPremisesDistinguishedName
    OnPremisesDistinguishedName,
    /// onPremisesDomainName
    OnPremisesDomainName,
    /// onPremisesImmutableId
    OnPremisesImmutableId,
    /// onPremisesObjectIdentifier
    OnPremisesObjectIdentifier,
    /// onPremisesSamAccountName
    OnPremisesSamAccountName,
    /// onPremisesSecurityIdentifier
    OnPremisesSecurityIdentifier,
    /// onPremisesSyncEnabled
    OnPremisesSyncEnabled,
    /// onPremisesUserPrincipalName
    OnPremisesUserPrincipalName,
    /// Names of the privileged roles held or eligible, sorted.
    PrivilegedRoles,
    /// Names of all roles held or eligible, sorted.
    Roles,
    /// Where the account is: `live`, `deleted` or `gone`.
    State,
    /// userPrincipalName, without the id that Entra puts in front of it in the recycle bin.
    UserPrincipalName,
    /// userType
    UserType,
}

impl FactName {
    /// The name as files write it.
    #[must_use]
    pub fn word(self) -> String {
        self.name().to_owned()
    }

    fn name(self) -> &'static str {
        match self {
            Self::AssignedLicenses => "assignedLicenses",
            Self::DeletedDateTime => "deletedDateTime",
            Self::LastSignInDateTime => "lastSignInDateTime",
            Self::ConsistencyGuid => "mS-DS-ConsistencyGuid",
            Self::OnPremisesDistinguishedName => "onPremisesDistinguishedName",
            Self::OnPremisesDomainName => "onPremisesDomainName",
            Self::OnPremisesImmutableId => "onPremisesImmutableId",
            Self::OnPremisesObjectIdentifier => "onPremisesObjectIdentifier",
            Self::OnPremisesSamAccountName => "onPremisesSamAccountName",
            Self::OnPremisesSecurityIdentifier => "onPremisesSecurityIdentifier",
            Self::OnPremisesSyncEnabled => "onPremisesSyncEnabled",
            Self::OnPremisesUserPrincipalName => "onPremisesUserPrincipalName",
            Self::PrivilegedRoles => "privilegedRoles",
            Self::Roles => "roles",
            Self::State => "state",
            Self::UserPrincipalName => "userPrincipalName",
            Self::UserType => "userType",
        }
    }
}

/// A value as the plan file writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum FactValue {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// a text
    Text(String),
    /// several texts
    List(Vec<String>),
}

impl FactValue {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// Where an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Among the users.
    Live,
    /// In the recycle bin.
    Deleted,
    /// Nowhere.
    Gone,
}

impl AccountState {
    /// The word of the plan file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
        }
    }
}

/// An account as it stands, with the roles it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// The account; `None` when it is neither live nor in the recycle bin.
    pub user: Option<CloudUser>,
    /// Names of all its roles, sorted.
    pub roles: Known<Vec<String>>,
    /// Names of the privileged ones among them.
    pub privileged_roles: Known<Vec<String>>,
}

impl AccountFacts {
    /// Where the account is.
    #[must_use]
    pub fn state(&self) -> AccountState {
        match &self.user {
            None => AccountState::Gone,
            Some(user) if user.is_deleted() => AccountState::Deleted,
            Some(_) => AccountState::Live,
        }
    }

    /// One fact; `None` when it was not read or has no meaning here.
    #[must_use]
    pub fn get(&self, name: FactName) -> Option<FactValue> {
        match (name, &self.user) {
            (FactName::State, _) => Some(FactValue::text(self.state().word())),
            (FactName::Roles, _) => known(&self.roles, |roles| FactValue::List(roles.clone())),
            (FactName::PrivilegedRoles, _) => known(&self.privileged_roles, |roles| FactValue::List(roles.clone())),
            (_, Some(user)) => user_fact(user, name),
            (_, None) => None,
        }
    }
}

fn user_fact(user: &CloudUser, name: FactName) -> Option<FactValue> {
    let text = |value: &Known<Text>| known(value, |text| FactValue::text(&**text));
    match name {
        FactName::AssignedLicenses => known(&user.traits.licenses, |skus| {
            let mut skus: Vec<String> = skus.iter().map(ToString::to_string).collect();
            skus.sort_unstable();
            FactValue::List(skus)
        }),
        FactName::DeletedDateTime => Some(user.traits.deleted_at.as_ref().map_or(FactValue::Null, |at| FactValue::text(&**at))),
        FactName::LastSignInDateTime => text(&user.last_sign_in),
        FactName::OnPremisesDistinguishedName => text(&user.residue.distinguished_name),
        FactName::OnPremisesDomainName => text(&user.traits.domain_name),
        FactName::OnPremisesImmutableId => {
            Some(user.immutable_id.as_ref().map_or(FactValue::Null, |id| FactValue::text(id.as_str())))
        }
        FactName::OnPremisesObjectIdentifier => known(&user.object_identifier, |guid| FactValue::text(guid.to_string())),
        FactName::OnPremisesSamAccountName => text(&user.residue.sam_account_name),
        FactName::OnPremisesSecurityIdentifier => known(&user.sid, |sid| FactValue::text(sid.to_string())),
        FactName::OnPremisesSyncEnabled => known(&user.sync_enabled, |on| FactValue::Bool(*on)),
        FactName::OnPremisesUserPrincipalName => text(&user.residue.user_principal_name),
        FactName::UserPrincipalName => Some(FactValue::text(user.original_upn())),
        FactName::UserType => known(&user.traits.user_type, |kind| {
            FactValue::text(match kind {
                UserKind::Member => "Member",
                UserKind::Guest => "Guest",
                UserKind::Other(word) => word,
            })
        }),
        FactName::ConsistencyGuid | FactName::PrivilegedRoles | FactName::Roles | FactName::State => None,
    }
}

fn known<T>(value: &Known<T>, convert: impl FnOnce(&T) -> FactValue) -> Option<FactValue> {
    match value {
        Known::Unknown => None,
        Known::Null => Some(FactValue::Null),
        Known::Is(value) => Some(convert(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_an_object_whatever_their_number() {
        let read = |text: &str| facts_as_object::deserialize(&mut serde_json::Deserializer::from_str(text));
        for text in ["{}", r#"{"roles":["a"],"state":"live"}"#] {
            let mut written = Vec::new();
            facts_as_object::serialize(&read(text).unwrap(), &mut serde_json::Serializer::new(&mut written)).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
        assert!(read("[]").is_err());
    }

    #[test]
    fn names_sort_as_they_are_written() {
        use FactName as F;
        let all = [
            F::AssignedLicenses,
            F::DeletedDateTime,
            F::LastSignInDateTime,
            F::ConsistencyGuid,
            F::OnPremisesDistinguishedName,
            F::OnPremisesDomainName,
            F::OnPremisesImmutableId,
            F::OnPremisesObjectIdentifier,
            F::OnPremisesSamAccountName,
            F::OnPremisesSecurityIdentifier,
            F::OnPremisesSyncEnabled,
            F::OnPremisesUserPrincipalName,
            F::PrivilegedRoles,
            F::Roles,
            F::State,
            F::UserPrincipalName,
            F::UserType,
        ];
        let written: Vec<String> = all.iter().map(|name| name.word()).collect();
        assert!(written.is_sorted() && all.is_sorted(), "{written:?}");
        assert_eq!(serde_json::to_value(all).unwrap(), serde_json::json!(written));
    }
}
