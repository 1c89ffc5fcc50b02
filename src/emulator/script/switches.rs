//! A switch for every question that Microsoft's pages leave open.

use serde::{Deserialize, Serialize};

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
    /// onPremisesSyncBehavior is in v1.0, not only in beta.
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
    /// Ids of batches may be numbers, and names in bodies of any case, as other clients send them; --strict switches it off.
    pub loose_requests: bool,
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
            loose_requests: true,
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
