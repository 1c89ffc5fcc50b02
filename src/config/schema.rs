//! The JSON Schema of hardmatch.yaml, for editors that complete and check while one types.

mod selectors;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use serde_json::{Value, json};

use super::forests::{ForestSource, LdapBind};
use super::tenant::{BARE_AUTH, GraphAuth, TenantSource};
use selectors::{Account, CloudUser, OnPrem};

/// The schema, draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<Document>().to_value()
}

/// A key may be left out, but one that is there has a value.
fn without_null(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({ "type": "null" }));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only.into_iter().filter(|(key, _)| key != "description"));
        }
    }
}

/// A way to sign in to Graph: its name alone, or with particulars.
pub(super) fn graph_auth(generator: &mut SchemaGenerator) -> Schema {
    let words = BARE_AUTH.map(|(word, _)| word);
    json_schema!({ "anyOf": [{ "enum": words }, generator.subschema_for::<GraphAuth>()] })
}

/// A way to sign in to a forest: its name alone, or with particulars.
pub(super) fn ldap_bind(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "const": "gssapi" }, generator.subschema_for::<LdapBind>()] })
}

macro_rules! shapes {
    ($($(#[$meta:meta])* $kind:ident $name:ident { $($body:tt)* })*) => {
        $(
            #[derive(JsonSchema)]
            #[schemars(rename_all = "camelCase", deny_unknown_fields)]
            #[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
            $(#[$meta])*
            $kind $name { $($body)* }
        )*
    };
}

shapes! {
    /// Which Active Directory user is which cloud user, and what may be done about it.
    #[schemars(title = "hardmatch.yaml")]
    struct Document {
        /// The version of this format.
        #[schemars(extend("const" = 1))]
        version: u32,
        /// Where the cloud users are.
        tenant: TenantSource,
        /// Where the AD users are, by a name for each forest. Without it `guid` and `immutableId` are taken at their word.
        #[schemars(default, extend("minProperties" = 1))]
        forests: Option<BTreeMap<String, Forest>>,
        /// The links that are wanted.
        #[schemars(default)]
        mappings: Vec<Mapping>,
        /// CSV files with the columns onPrem, cloud, holder, resolve, because, write.
        #[schemars(default)]
        mapping_files: Vec<PathBuf>,
        /// Rules that pair many users at once; a mapping always wins.
        #[schemars(default)]
        rules: Vec<Rule>,
        /// What a plan may do.
        #[schemars(default)]
        policy: Option<Policy>,
    }

    /// A forest.
    struct Forest {
        /// Where it is read.
        #[schemars(flatten)]
        source: ForestSource,
        /// Which attribute the sync client takes the source anchor from.
        #[schemars(default)]
        anchor: Option<Anchor>,
    }

    /// One wanted link.
    struct Mapping {
        /// The AD user; `none` lets the account leave hybrid.
        on_prem: OnPrem,
        /// The cloud user.
        cloud: CloudUser,
        /// Decisions on the accounts that stand in the way.
        #[schemars(default)]
        holders: Vec<Holder>,
        /// Which directory is written.
        #[schemars(default)]
        write: Option<Write>,
        /// Whether a soft-deleted target is restored first.
        #[schemars(default)]
        restore: bool,
        /// Blockers that the author has weighed.
        #[schemars(default)]
        accept: Vec<Accept>,
        /// Why.
        #[schemars(default)]
        because: Option<String>,
    }

    /// A decision on one account that stands in the way.
    struct Holder {
        /// The account, by its UPN or object id.
        account: Account,
        /// What becomes of it.
        resolve: Resolve,
        /// Why.
        #[schemars(default)]
        because: Option<String>,
    }

    /// A rule that pairs many users at once.
    struct Rule {
        /// Its name, for messages.
        name: String,
        /// Which AD users it looks at.
        #[schemars(default)]
        r#where: Option<Scope>,
        /// What makes a pair.
        pair: Pair,
    }

    /// Which AD users a rule looks at.
    struct Scope {
        /// Only this forest.
        #[schemars(default)]
        forest: Option<String>,
        /// Only below this container, by its distinguished name.
        #[schemars(default)]
        under: Option<String>,
    }

    /// Two attributes that are equal in a pair.
    struct Pair {
        /// The AD attribute.
        on_prem: OnPremAttribute,
        /// The cloud property.
        cloud: CloudProperty,
        /// Suffixes to exchange before comparing, AD suffix to cloud suffix.
        #[schemars(default)]
        replace_suffix: BTreeMap<String, String>,
    }

    /// What a plan may do.
    struct Policy {
        /// Accounts that no plan may touch.
        #[schemars(default)]
        protect: Vec<Protected>,
        /// How much one plan may do.
        #[schemars(default)]
        limits: Option<Limits>,
        /// Who approves a plan.
        #[schemars(default)]
        approvals: Option<Approvals>,
        /// Where accounts are saved before they are deleted.
        #[schemars(default)]
        backups: Option<PathBuf>,
    }

    /// How much one plan may do.
    struct Limits {
        /// Accounts that one plan may change.
        #[schemars(default, extend("default" = 500))]
        changes: u32,
        /// The same as a percentage of the tenant's live users and of those in the recycle bin that it changes; counts from 50 live users up.
        #[schemars(default, range(max = 100), extend("default" = 20))]
        percent: u32,
        /// Accounts that one plan may purge.
        #[schemars(default, extend("default" = 10))]
        purges: u32,
        /// How much smaller, in percent, a directory may be than at the last run; counts from 50 users up.
        #[schemars(default, range(max = 100), extend("default" = 20))]
        shrink: u32,
    }

    /// Who approves a plan.
    struct Approvals {
        /// How many approvals a plan needs.
        #[schemars(range(max = 100))]
        required: u32,
        /// An OpenSSH allowed_signers file.
        #[schemars(default)]
        signers: Option<PathBuf>,
    }
}

/// Accounts that no plan may touch.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
enum Protected {
    /// A sign-in name, any mail address or the object id of an account, or a pattern of one with `*` and `?`. A pattern for a
    /// whole domain (`*@contoso.com`) is about sign-in names and primary addresses, not about aliases.
    Account(String),
    /// Whoever holds a role.
    Role(ProtectedRole),
}

/// Whoever holds a role: directly, through a group, or eligible.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
struct ProtectedRole {
    /// The name of the role, or a pattern with `*` and `?`.
    role: String,
}

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$variant:meta])* $word:ident),* $(,)? })*) => {
        $(
            #[derive(JsonSchema)]
            $(#[$meta])*
            #[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
            enum $name { $($(#[$variant])* $word),* }
        )*
    };
}

words! {
    /// Which attribute the sync client takes the source anchor from.
    #[schemars(rename_all = "camelCase")]
    AnchorWord {
        /// mS-DS-ConsistencyGuid, or objectGUID where that is empty.
        ConsistencyGuid,
        /// objectGUID, always.
        ObjectGuid,
    }
    /// Which directory a mapping writes.
    #[schemars(rename_all = "camelCase")]
    Write {
        /// Set the ImmutableID of the cloud user.
        Cloud,
        /// Stamp mS-DS-ConsistencyGuid of the AD user.
        OnPrem,
    }
    /// What becomes of an account that stands in the way.
    #[schemars(rename_all = "camelCase")]
    Resolve {
        /// Delete it, then remove it from the recycle bin.
        Purge,
        /// Take its ImmutableID away.
        Clear,
    }
    /// Blockers that an author may accept.
    #[schemars(rename_all = "kebab-case")]
    Accept {
        /// The target carries an ID that is no GUID.
        AnchorOpaque,
        /// The target's domain is federated.
        FederatedDomain,
        /// The holder is licensed or was signed in lately.
        HolderInUse,
        /// The target is linked to another AD object.
        ObjectIdentifierDiffers,
        /// The roles of an account to be purged could not be read.
        PrivilegeUnknown,
        /// The target is a guest.
        TargetGuest,
        /// The target holds a privileged role.
        TargetPrivileged,
    }
    /// What a rule compares on-premises.
    OnPremAttribute {
        /// userPrincipalName
        #[schemars(rename = "userPrincipalName")]
        UserPrincipalName,
        /// mail
        #[schemars(rename = "mail")]
        Mail,
        /// employeeID
        #[schemars(rename = "employeeID")]
        EmployeeId,
        /// sAMAccountName
        #[schemars(rename = "sAMAccountName")]
        SamAccountName,
    }
    /// What a rule compares in the cloud.
    #[schemars(rename_all = "camelCase")]
    CloudProperty {
        /// userPrincipalName
        UserPrincipalName,
        /// mail
        Mail,
        /// employeeId
        EmployeeId,
    }
}

/// Which attribute the sync client takes the source anchor from.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
enum Anchor {
    /// One of the GUIDs.
    Word(AnchorWord),
    /// Another attribute.
    Attribute(AnchorAttribute),
}

/// Another attribute.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a document; reading builds the model directly")]
struct AnchorAttribute {
    /// Its LDAP name, such as employeeID.
    attribute: String,
}
