//! The shapes of what names a user: bare text that is read by its form, or one key that names the kind.

use schemars::JsonSchema;

/// Text, or a number that is read as text.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
pub(super) enum Text {
    Text(String),
    Number(u64),
}

macro_rules! one_of_the_keys {
    ($($(#[$meta:meta])* $name:ident, $map:ident { $($(#[$field:meta])* $key:ident: $type:ty),* $(,)? } max $max:literal;)*) => {
        $(
            #[derive(JsonSchema)]
            #[schemars(untagged)]
            $(#[$meta])*
            #[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
            pub(super) enum $name {
                /// Read by its form.
                Bare(Text),
                /// The kind is named.
                Named($map),
            }

            /// Exactly one kind.
            #[derive(JsonSchema)]
            #[schemars(rename_all = "camelCase", deny_unknown_fields)]
            #[schemars(extend("minProperties" = 1, "maxProperties" = $max))]
            #[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
            pub(super) struct $map { $($(#[$field])* #[schemars(default)] $key: Option<$type>),* }
        )*
    };
}

one_of_the_keys! {
    /// An AD user: a GUID, a SID, a DN, DOMAIN\name, a UPN, else a sAMAccountName; or the kind and the value.
    OnPrem, OnPremKinds {
        /// distinguishedName
        dn: String,
        /// objectGUID
        guid: String,
        /// objectSid
        sid: String,
        /// sAMAccountName, optionally as DOMAIN\name
        sam: Text,
        /// userPrincipalName
        upn: String,
        /// mail, or any of the proxyAddresses
        mail: String,
        /// employeeID
        employee_id: Text,
        /// The effective source anchor, as base64
        immutable_id: String,
        /// Only in this forest.
        forest: String,
    } max 2;
    /// A cloud user: an object id or a UPN; or the kind and the value.
    CloudUser, CloudKinds {
        /// Object id
        id: String,
        /// userPrincipalName
        upn: String,
        /// mail, or any of the proxyAddresses
        mail: String,
        /// employeeId
        employee_id: Text,
    } max 1;
    /// A cloud account: an object id or a UPN.
    Account, AccountKinds {
        /// Object id
        id: String,
        /// userPrincipalName
        upn: String,
    } max 1;
}
