//! Writes, with only what changes: each a request of its own, or many that are ready together in one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::directory::ports::{DirectoryError, Receipt};
use crate::tenant_model::{Change, ChangeKind};

use super::call::{Call, Version};
use super::client::Client;
use super::failure::GraphError;
use super::gather::Gather;
use super::rights::{DELETE_USERS, SYNC_BEHAVIOR, WRITE_USERS};
use super::turns::Turns;

/// Writes that wait for company: those of each version by themselves, as a batch has but one.
#[derive(Debug, Default)]
pub(super) struct Writes {
    v1: Gather<Call, Sent>,
    beta: Gather<Call, Sent>,
}

type Sent = Result<Receipt, GraphError>;

/// Makes one write whose turn it is.
pub(super) async fn write(client: &Client, turns: &Turns, writes: &Writes, change: &Change) -> Result<Receipt, DirectoryError> {
    let call = call(change);
    let gather = if call.version == Version::V1 { &writes.v1 } else { &writes.beta };
    let sent = gather.ask(call, |calls| send(client, calls)).await;
    let sent = sent.unwrap_or_else(|| Err(GraphError::Lost("whoever sent the write has gone".into())));
    turns.settle(client, sent).map_err(|error| failure(error, &change.kind))
}

async fn send(client: &Client, calls: Vec<Call>) -> Vec<Sent> {
    let [first, rest @ ..] = calls.as_slice() else { return Vec::new() };
    if rest.is_empty() {
        return vec![alone(client, first).await];
    }
    let mut sent = client.write_together(first.version, &calls).await;
    for (sent, call) in sent.iter_mut().zip(&calls) {
        // A token that is not taken any more is renewed where a request stands alone.
        if sent.as_ref().is_err_and(|error| error.has_status(401)) {
            *sent = alone(client, call).await;
        }
    }
    sent
}

async fn alone(client: &Client, call: &Call) -> Sent {
    Ok(Receipt { request_id: client.send(call).await?.request_id })
}

fn failure(error: GraphError, kind: &ChangeKind) -> DirectoryError {
    match error {
        // Right after its deletion an account may not be in the bin yet, and right after its purge it is gone.
        GraphError::Answer(answer) if answer.is_missing() => DirectoryError::NotThere(answer.sentence()),
        error @ (GraphError::Answer(_) | GraphError::Directory(_) | GraphError::Lost(_)) => {
            advised(error.of_write(&right(kind)), kind)
        }
    }
}

/// Graph does not say plainly why it refuses on-premises values, so the usual reasons are named.
fn advised(error: DirectoryError, kind: &ChangeKind) -> DirectoryError {
    let on_premises = matches!(
        kind,
        ChangeKind::SetImmutableId(_)
            | ChangeKind::ClearImmutableId { .. }
            | ChangeKind::ClearSecurityIdentifier
            | ChangeKind::ClearObjectIdentifier
    );
    match error {
        DirectoryError::Refused { message, holder: None } if on_premises => {
            let advice = "Entra refuses this for accounts that it (still) counts as synced, and for names in a federated domain. If the \
                          account left sync lately, let a sync cycle pass, then run apply again";
            DirectoryError::Refused { message: format!("{message}. {advice}"), holder: None }
        }
        other @ (DirectoryError::Refused { .. }
        | DirectoryError::Input(_)
        | DirectoryError::Denied(_)
        | DirectoryError::Unreachable(_)
        | DirectoryError::NotThere(_)
        | DirectoryError::Throttled(_)
        | DirectoryError::Unsaved(_)
        | DirectoryError::Unusable(_)
        | DirectoryError::Unknown(_)) => other,
    }
}

fn call(change: &Change) -> Call {
    let id = change.user.to_string();
    let patch = |version, body: Value| Call::new(Method::PATCH, version, &["users", &id], Some(body));
    match &change.kind {
        ChangeKind::SetImmutableId(value) => patch(Version::V1, json!({ "onPremisesImmutableId": value.as_str() })),
        ChangeKind::ClearImmutableId { residue: false } => patch(Version::V1, json!({ "onPremisesImmutableId": null })),
        ChangeKind::ClearImmutableId { residue: true } => patch(
            Version::Beta,
            json!({
                "onPremisesImmutableId": null,
                "onPremisesDistinguishedName": null,
                "onPremisesDomainName": null,
                "onPremisesSamAccountName": null,
                "onPremisesUserPrincipalName": null,
            }),
        ),
        ChangeKind::ClearSecurityIdentifier => patch(Version::Beta, json!({ "onPremisesSecurityIdentifier": null })),
        ChangeKind::ClearObjectIdentifier => patch(Version::Beta, json!({ "onPremisesObjectIdentifier": null })),
        ChangeKind::SetUserPrincipalName(upn) => patch(Version::V1, json!({ "userPrincipalName": upn.as_str() })),
        ChangeKind::SoftDelete => Call::new(Method::DELETE, Version::V1, &["users", &id], None),
        ChangeKind::Purge => Call::new(Method::DELETE, Version::V1, &["directory", "deletedItems", &id], None),
        ChangeKind::Restore => {
            Call::new(Method::POST, Version::V1, &["directory", "deletedItems", &id, "restore"], Some(json!({})))
        }
    }
}

/// What a write takes. Graph words a missing permission and a target of higher rank alike, so both are named.
fn right(kind: &ChangeKind) -> String {
    const OUTRANK: &str = "For an account that holds an admin role it also takes a role that outranks it (Privileged Authentication \
        Administrator or Global Administrator), assigned to the application itself";
    match kind {
        ChangeKind::SetImmutableId(_)
        | ChangeKind::ClearImmutableId { .. }
        | ChangeKind::ClearSecurityIdentifier
        | ChangeKind::SetUserPrincipalName(_) => format!(
            "This takes the Graph permission {WRITE_USERS}. {OUTRANK}; and when a person signs in, the permission Directory.AccessAsUser.All"
        ),
        ChangeKind::ClearObjectIdentifier => format!(
            "This takes the Graph permission {SYNC_BEHAVIOR}, and the role Hybrid Identity Administrator (or Global Administrator), \
             assigned to the application itself"
        ),
        ChangeKind::SoftDelete | ChangeKind::Purge | ChangeKind::Restore => {
            format!("This takes the Graph permission {DELETE_USERS}. {OUTRANK}")
        }
    }
}
