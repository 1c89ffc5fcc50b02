//! One line about an object, the same wherever it is named.

use crate::model::{AnchorForm, CloudUser, ImmutableId, Known, OtherObject};
use crate::tenant_model::SyncRefusal;

use super::world::{AdRef, World};

/// `CN=Eve,OU=Staff,DC=corp (forest corp, objectGUID …, disabled)`
pub(super) fn ad_user_line(user: AdRef, world: &World) -> Option<String> {
    let (forest, user) = world.forests.get(user)?;
    let state = if user.enabled == Some(false) { ", disabled" } else { "" };
    Some(format!("{} (forest {}, objectGUID {}{state})", user.dn, forest.name, user.guid))
}

/// `eve@contoso.com (id …, synced, guest, in the recycle bin since …)`
pub(super) fn cloud_user_line(user: &CloudUser) -> String {
    let sync = match user.sync_enabled {
        Known::Is(true) => ", synced",
        Known::Is(false) => ", formerly synced",
        Known::Null | Known::Unknown => "",
    };
    let guest = if user.is_guest() { ", guest" } else { "" };
    let bin = match user.traits.deleted_at.as_deref() {
        None => String::new(),
        Some("") => ", in the recycle bin".to_owned(),
        Some(at) => format!(", in the recycle bin since {at}"),
    };
    format!("{} (id {}{sync}{guest}{bin})", user.original_upn(), user.id)
}

/// Whether an account is synced and since when, in words.
pub(crate) fn sync_state(account: &CloudUser) -> String {
    let last = account.last_sync.value().map(|at| format!(", last at {at}")).unwrap_or_default();
    match account.sync_enabled {
        Known::Is(true) => format!("synced{last}"),
        Known::Is(false) => format!("not synced any more{last}"),
        Known::Null => "never synced".to_owned(),
        Known::Unknown => "whether it is synced was not read".to_owned(),
    }
}

/// `group Sales (id …)`
pub(super) fn other_line(other: &OtherObject) -> String {
    format!("{} {} (id {})", other.kind.word(), other.display_name.as_deref().unwrap_or("without a name"), other.id)
}

/// `InvalidHardMatch: an account with … (since June 2026)`
pub(super) fn refusal_line(refusal: &SyncRefusal) -> String {
    let rule = refusal.rule;
    let since = rule.since().map(|since| format!(" (since {since})")).unwrap_or_default();
    format!("{}: {}{since}", rule.code(), rule.words())
}

/// An ImmutableID with the GUID behind it.
pub(super) fn anchor_text(id: &ImmutableId) -> String {
    match AnchorForm::of(id) {
        AnchorForm::Guid(guid) => format!("{id} (GUID {guid})"),
        AnchorForm::NotCanonical(_)
        | AnchorForm::GuidText(_)
        | AnchorForm::EncodedGuidText(_)
        | AnchorForm::BareHex { .. }
        | AnchorForm::Opaque => format!("`{id}`"),
    }
}
