//! The fault script: what goes wrong, how late readers are, who may do what, and a switch for every open question.
//!
//! [`super::help`] explains it to users. Every key is optional; an empty script is a service that always works.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::diag::{Diagnostic, Diagnostics, Location};

/// The whole script.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Script {
    /// Rules; the first that answers wins, side effects of all count.
    pub faults: Vec<Rule>,
    /// How late readers are.
    pub lag: Lags,
    /// Answers to what nobody is sure about.
    pub switches: Switches,
    /// What the caller was granted.
    pub access: Access,
    /// Who may sign in.
    pub sign_in: SignIn,
    /// How pages are cut.
    pub pages: Pages,
    /// Throttling; none when absent.
    pub quota: Option<Quota>,
}

/// One rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rule {
    /// GET, PATCH …; every method when absent.
    pub method: Option<String>,
    /// The path without version and query, with `*` and `?`; every path when absent.
    pub path: Option<String>,
    /// true: only items of a batch; false: only requests of their own.
    pub batch: Option<bool>,
    /// Matching requests to let pass first.
    pub after: u32,
    /// Only the n-th matching request.
    pub nth: Option<u32>,
    /// Every n-th matching request.
    pub every: Option<u32>,
    /// How often the rule fires at most.
    pub times: Option<u32>,
    /// What is answered instead.
    pub answer: Option<FaultAnswer>,
    /// Reset the connection.
    pub reset: Option<Moment>,
    /// Wait that long before answering.
    pub slow_ms: u64,
    /// Cut the body of the answer in half.
    pub truncate: bool,
    /// All tokens issued so far are no longer valid.
    pub expire_tokens: bool,
    /// All page tokens issued so far are no longer valid.
    pub expire_page_tokens: bool,
    /// Permissions taken away from now on.
    pub remove_permissions: Vec<String>,
    /// Directory roles taken away from now on.
    pub remove_roles: Vec<String>,
    /// Runs a sync cycle first.
    pub sync: bool,
    /// Somebody else changes an account first.
    pub edit: Option<Edit>,
}

/// A change by somebody else: no rule is asked, no permission is needed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edit {
    /// Object id.
    pub user: crate::model::EntraId,
    /// Properties and their new values.
    pub set: Map<String, Value>,
}

/// An answer that the script gives.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultAnswer {
    /// HTTP status.
    pub status: u16,
    /// Graph's error code; the usual one of the status when absent.
    #[serde(default)]
    pub code: Option<String>,
    /// The message; the usual one of the status when absent.
    #[serde(default)]
    pub message: Option<String>,
    /// Retry-After in seconds.
    #[serde(default)]
    pub retry_after: Option<u32>,
    /// Retry-After as an HTTP date so many seconds from now.
    #[serde(default)]
    pub retry_after_date: Option<u32>,
    /// A page of HTML instead of JSON, as gateways send it.
    #[serde(default)]
    pub html: bool,
    /// The request is carried out all the same.
    #[serde(default)]
    pub after_write: bool,
}

/// When a connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// Before anything was done.
    BeforeWrite,
    /// After the request was carried out.
    AfterWrite,
}

/// How late something is: for so many readings, or for so long, whichever lasts longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lag {
    /// Readings.
    pub calls: u32,
    /// Milliseconds.
    pub ms: u64,
}

/// What is late.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lags {
    /// Reading an account by id, and lists without `ConsistencyLevel: eventual`.
    pub reads: Lag,
    /// Lists with `ConsistencyLevel: eventual`.
    pub index: Lag,
    /// A deleted account showing up in the recycle bin.
    pub bin: Lag,
    /// A released ImmutableID or SID becoming free; readings are attempts to take it.
    pub release: Lag,
    /// A change showing up in the audit log.
    pub audit: Lag,
}

/// Answers to what nobody is sure about. The defaults are the likelier ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Switches {
    /// `onPremisesImmutableId eq` needs `ConsistencyLevel: eventual` and `$count`; --strict switches it on.
    pub immutable_id_filter_needs_advanced: bool,
    /// The recycle bin takes filters on onPremisesImmutableId.
    pub bin_filters_immutable_id: bool,
    /// On-premises values of formerly synced users.
    pub formerly_synced: FormerlySynced,
    /// The text of that refusal.
    pub formerly_synced_text: RefusalText,
    /// The text of refusals in federated domains.
    pub federated_text: RefusalText,
    /// ImmutableIDs that differ only in case are in conflict.
    pub uniqueness_ignores_case: bool,
    /// Addresses of deleted users cannot be used by others.
    pub bin_reserves_addresses: bool,
    /// onPremisesSyncBehavior is in v1.0; --strict switches it off.
    pub sync_behavior_on_v1: bool,
    /// onPremisesObjectIdentifier and the writable on-premises properties are in v1.0.
    pub object_identifier_on_v1: bool,
    /// An application needs a directory role to clear onPremisesObjectIdentifier.
    pub app_needs_role_for_object_identifier: bool,
    /// Which roles keep a sync cycle from taking an account over.
    pub takeover_roles: TakeoverRoles,
    /// `""` for an ImmutableID is refused; otherwise nothing happens.
    pub refuse_empty_text: bool,
    /// A synced user can be deleted.
    pub delete_synced: bool,
    /// The tenant has a licence for PIM.
    pub pim_licence: bool,
    /// Responses of a batch come in another order.
    pub shuffle_batch: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            immutable_id_filter_needs_advanced: false,
            bin_filters_immutable_id: true,
            formerly_synced: FormerlySynced::Refuse,
            formerly_synced_text: RefusalText::Mastered,
            federated_text: RefusalText::Invalid,
            uniqueness_ignores_case: false,
            bin_reserves_addresses: false,
            sync_behavior_on_v1: true,
            object_identifier_on_v1: false,
            app_needs_role_for_object_identifier: true,
            takeover_roles: TakeoverRoles::Privileged,
            refuse_empty_text: true,
            delete_synced: true,
            pim_licence: true,
            shuffle_batch: true,
        }
    }
}

/// What happens to writes of on-premises values of formerly synced users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FormerlySynced {
    /// Refused.
    Refuse,
    /// Only null is taken.
    NullOnly,
    /// Taken.
    Allow,
}

/// Which of the known texts a refusal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalText {
    /// "on-premises mastered Directory Sync objects".
    Mastered,
    /// "objects that originate in an external service".
    External,
    /// "invalid values".
    Invalid,
    /// "a required property is missing".
    Required,
}

/// Which roles block a takeover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TakeoverRoles {
    /// Those that Microsoft calls privileged.
    Privileged,
    /// All.
    Any,
}

/// What the caller was granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Access {
    /// Graph permissions.
    pub permissions: Vec<String>,
    /// Directory roles of the caller, by name.
    pub roles: Vec<String>,
    /// A user signed in; otherwise an application.
    pub delegated: bool,
    /// That user: object id or sign-in name.
    pub me: Option<String>,
}

impl Default for Access {
    fn default() -> Self {
        let permissions = super::access::EVERYTHING.iter().map(|name| (*name).to_owned()).collect();
        Self { permissions, roles: vec!["Global Administrator".to_owned()], delegated: false, me: None }
    }
}

/// Who may sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SignIn {
    /// The registered applications; any may sign in when empty.
    pub clients: Vec<Client>,
    /// Lifetime of tokens in seconds.
    pub token_seconds: u32,
    /// How a device code ends.
    pub device_code: DeviceCode,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { clients: Vec::new(), token_seconds: 3599, device_code: DeviceCode::default() }
    }
}

/// A registered application.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Client {
    /// Application id.
    pub client_id: String,
    /// Its secret.
    #[serde(skip_serializing)]
    pub secret: Option<String>,
    /// The secret has run out.
    pub secret_expired: bool,
    /// Thumbprints of its certificates: base64url of SHA-256 (x5t#S256) or SHA-1 (x5t).
    pub thumbprints: Vec<String>,
    /// Issuer of its federated credential.
    pub issuer: Option<String>,
    /// Subject of its federated credential.
    pub subject: Option<String>,
}

/// How a device code ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeviceCode {
    /// How often "pending" is answered first.
    pub pending: u32,
    /// How often "slow down" is answered after that.
    pub slow_down: u32,
    /// What the user does then.
    pub outcome: DeviceOutcome,
    /// Seconds between two questions.
    pub interval: u32,
}

impl Default for DeviceCode {
    fn default() -> Self {
        Self { pending: 1, slow_down: 0, outcome: DeviceOutcome::Authorized, interval: 1 }
    }
}

/// What a user does with a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeviceOutcome {
    /// Signs in.
    Authorized,
    /// Refuses.
    Declined,
    /// Nothing.
    Expired,
}

/// How pages are cut.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Pages {
    /// The most entries of a page, whatever `$top` says.
    pub size: Option<usize>,
    /// Before each full page an empty one with a link.
    pub empty: bool,
}

/// Throttling.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Quota {
    /// Writes in a window.
    pub writes: u32,
    /// Length of that window in seconds.
    pub write_seconds: u32,
    /// Resource units in a window.
    pub units: u32,
    /// Length of that window in seconds.
    pub unit_seconds: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self { writes: 3000, write_seconds: 150, units: 8000, unit_seconds: 10 }
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let file: std::sync::Arc<str> = path.display().to_string().into();
        let whole = Location::line(&file, 0);
        let text = std::fs::read_to_string(path)
            .map_err(|error| Diagnostic::error(format!("cannot read the fault script: {error}")).at(whole.clone()))?;
        Self::parse(text.as_bytes()).map_err(|why| Diagnostic::error(why).at(whole).help("see graph-emulator --help").into())
    }

    /// Reads a script from JSON.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let script: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())?;
        reader.end().map_err(|error| error.to_string())?;
        script
            .faults
            .iter()
            .enumerate()
            .try_for_each(|(position, rule)| rule.check().map_err(|why| format!("faults[{position}]: {why}")))?;
        Ok(script)
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        if let Some(answer) = &self.answer
            && !(400..=599).contains(&answer.status)
        {
            return Err(format!("answer.status is {}; a fault has 400 to 599", answer.status));
        }
        let zero = |count: Option<u32>| count == Some(0);
        if zero(self.nth) || zero(self.every) {
            return Err("nth and every count from 1".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_script_and_names_what_is_wrong() {
        let script = Script::parse(br#"{"faults":[{"method":"PATCH","answer":{"status":429,"retryAfter":1}}],"quota":{}}"#);
        assert_eq!(script.unwrap().quota.unwrap().writes, 3000);
        let wrong = |json: &str| Script::parse(json.as_bytes()).unwrap_err();
        assert!(wrong(r#"{"faults":[{"methd":"PATCH"}]}"#).contains("faults[0]"));
        assert!(wrong(r#"{"faults":[{"answer":{"status":200}}]}"#).contains("faults[0]: answer.status"));
        assert!(wrong(r#"{"faults":[{"every":0}]}"#).contains("count from 1"));
        assert!(wrong("{} {}").contains("trailing"));
    }
}
