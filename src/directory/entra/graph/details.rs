//! Facts that no list has, or that cost a request each: sign-in, who is the master, what a mailbox is for.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::Value;

use crate::directory::entra::json::{Object, WireUser};
use crate::directory::ports::DirectoryError;
use crate::directory::text::shown;
use crate::model::{CloudUser, Known};

use super::batch::Part;
use super::call::{Call, Version};
use super::client::Client;
use super::rights::{READ_SIGN_INS, READ_USERS, SYNC_BEHAVIOR};

/// More accounts than this, and nobody reads what their mailboxes are for.
const MAILBOXES: usize = 1_000;

/// A fact that takes a right of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extra {
    SignIn,
    Master,
    Mailbox,
}

/// What this client is not allowed to read, so that it asks only once.
#[derive(Debug, Default)]
pub(super) struct Denied {
    sign_in: AtomicBool,
    master: AtomicBool,
    mailbox: AtomicBool,
}

impl Denied {
    fn of(&self, extra: Extra) -> &AtomicBool {
        match extra {
            Extra::SignIn => &self.sign_in,
            Extra::Master => &self.master,
            Extra::Mailbox => &self.mailbox,
        }
    }

    /// What planning cannot know for want of a right, in words.
    pub(super) fn doubts(&self) -> Vec<String> {
        let doubt = |extra, text: String| self.of(extra).load(Ordering::Relaxed).then_some(text);
        [
            doubt(
                Extra::SignIn,
                format!(
                    "when accounts last signed in could not be read (Graph permission {READ_SIGN_INS}, and an Entra ID P1 licence): \
                     whether a holder is in use is told from its licences only"
                ),
            ),
            doubt(
                Extra::Master,
                format!(
                    "whether the source of authority of accounts was moved to the cloud could not be read (Graph permission \
                     {SYNC_BEHAVIOR})"
                ),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Behavior {
    #[serde(default)]
    is_cloud_managed: Option<bool>,
}

/// Reads the last sign-in of those accounts that may be in somebody's way: they carry a value of sync.
pub(super) async fn add_sign_ins(client: &Client, denied: &Denied, users: &mut [&mut CloudUser]) -> Result<(), DirectoryError> {
    add(client, denied, Extra::SignIn, users).await
}

/// Reads everything that only planning wants to know.
pub(super) async fn add_all(client: &Client, denied: &Denied, users: &mut [&mut CloudUser]) -> Result<(), DirectoryError> {
    add(client, denied, Extra::SignIn, users).await?;
    add(client, denied, Extra::Master, users).await?;
    if users.len() <= MAILBOXES {
        add(client, denied, Extra::Mailbox, users).await?;
    }
    Ok(())
}

async fn add(client: &Client, denied: &Denied, extra: Extra, users: &mut [&mut CloudUser]) -> Result<(), DirectoryError> {
    let mut wanted: Vec<&mut &mut CloudUser> = users.iter_mut().filter(|user| matters(extra, user)).collect();
    if wanted.is_empty() || denied.of(extra).load(Ordering::Relaxed) {
        return Ok(());
    }
    let calls: Vec<Call> = wanted.iter().map(|user| call(extra, user)).collect();
    let parts: Vec<Part> = match calls.as_slice() {
        [call] => vec![client.send(call).await.and_then(|reply| super::list::parse(call, &reply.body))],
        calls => client.batch(version(extra), calls).await.map_err(|error| error.of_read(READ_USERS))?,
    };
    for (user, part) in wanted.iter_mut().zip(parts) {
        match part {
            Ok(json) => take(extra, user, json)?,
            Err(error) if error.is_missing() => {}
            Err(error) if error.is_forbidden() || error.is_unsupported() => denied.of(extra).store(true, Ordering::Relaxed),
            Err(error) => return Err(error.of_read(READ_USERS)),
        }
    }
    Ok(())
}

/// Whether the answer can change a plan.
fn matters(extra: Extra, user: &CloudUser) -> bool {
    let is_some = |text: &Known<Box<str>>| text.value().is_some();
    let linked = user.immutable_id.is_some() || user.sid.value().is_some();
    let residue = linked || is_some(&user.residue.distinguished_name) || is_some(&user.residue.sam_account_name);
    match extra {
        Extra::SignIn => linked && !user.is_synced(),
        Extra::Master => residue && !user.is_synced() && !user.is_deleted(),
        Extra::Mailbox => !user.is_deleted(),
    }
}

fn version(extra: Extra) -> Version {
    match extra {
        Extra::SignIn | Extra::Mailbox => Version::V1,
        // The one place that has it in every cloud.
        Extra::Master => Version::Beta,
    }
}

fn call(extra: Extra, user: &CloudUser) -> Call {
    let (id, version) = (user.id.to_string(), version(extra));
    match extra {
        Extra::SignIn if user.is_deleted() => {
            Call::get(version, &["directory", "deletedItems", &id, "microsoft.graph.user"]).select("id,signInActivity")
        }
        Extra::SignIn => Call::get(version, &["users", &id]).select("id,signInActivity"),
        Extra::Master => Call::get(version, &["users", &id, "onPremisesSyncBehavior"]).select("isCloudManaged"),
        Extra::Mailbox => Call::get(version, &["users", &id]).select("id,mailboxSettings"),
    }
}

fn take(extra: Extra, user: &mut CloudUser, json: Value) -> Result<(), DirectoryError> {
    let odd = |error: serde_json::Error| {
        DirectoryError::Input(format!("what Graph says of {} cannot be understood: {}", user.id, shown(&error.to_string())))
    };
    match extra {
        Extra::Master => {
            let behavior: Behavior = serde_json::from_value(json).map_err(odd)?;
            user.cloud_managed = behavior.is_cloud_managed.into();
        }
        Extra::SignIn | Extra::Mailbox => {
            let Object(mut wire) = serde_json::from_value::<Object<WireUser>>(json).map_err(odd)?;
            (wire.upn, wire.immutable_id) = (Some(user.upn.clone()), Known::Null);
            let read = wire.into_user(user.is_deleted()).map_err(|error| DirectoryError::Input(error.to_string()))?;
            if extra == Extra::SignIn {
                // Graph leaves the property out for an account that never signed in.
                user.last_sign_in = if read.last_sign_in == Known::Unknown { Known::Null } else { read.last_sign_in };
            } else {
                user.mailbox_purpose = read.mailbox_purpose;
            }
        }
    }
    Ok(())
}
