//! Facts that no list has, or that cost a request each: sign-in, who is the master, what a mailbox is for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::directory::entra::json::{Object, Strict, WireUser};
use crate::directory::ports::DirectoryError;
use crate::model::text::{EXAMPLES, and_more, number};
use crate::model::{CloudUser, EntraId, Known, Text, TraitsInterner};

use super::batch::Part;
use super::call::{Call, Version, is_one_of};
use super::client::Client;
use super::cost::VALUES;
use super::hide::said;
use super::rights::{READ_MAILBOXES, READ_SIGN_INS, READ_USERS, SYNC_BEHAVIOR};
use super::users::Place;

/// More accounts than this, and nobody reads what their mailboxes are for.
const MAILBOXES: usize = 1_000;
/// Properties that tell the last sign-in.
const SIGN_IN: &str = "id,signInActivity";

/// A fact that takes a right of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extra {
    SignIn,
    Master,
    Mailbox,
}

/// What this client is not allowed to read, so that it asks only once, and what was not answered.
#[derive(Debug, Default)]
pub(super) struct Denied {
    sign_in: AtomicBool,
    master: AtomicBool,
    mailbox: AtomicBool,
    /// Whether there were too many accounts to ask for their mailboxes.
    too_many: AtomicBool,
    /// Of whom, by id, with the name.
    unanswered: Mutex<BTreeMap<(Extra, EntraId), String>>,
}

impl Denied {
    fn of(&self, extra: Extra) -> &AtomicBool {
        match extra {
            Extra::SignIn => &self.sign_in,
            Extra::Master => &self.master,
            Extra::Mailbox => &self.mailbox,
        }
    }

    /// Graph knew nothing of this, though it knows the account.
    fn not_answered(&self, extra: Extra, user: &CloudUser) {
        let mut unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.insert((extra, user.id), said(user.original_upn()));
    }

    fn unanswered(&self, extra: Extra) -> Vec<String> {
        let unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.iter().filter(|((own, _), _)| *own == extra).map(|(_, name)| name.clone()).collect()
    }

    /// Adds what planning cannot know of accounts for want of a right or of an answer, in words.
    pub(super) fn doubt(&self, doubts: &mut Vec<String>) {
        self.without_right().into_iter().for_each(|doubt| add_doubt(doubts, &doubt, ""));
        for (extra, what) in [
            (Extra::SignIn, "Graph did not answer when these accounts last signed in, so their use is told from licences only"),
            (Extra::Master, "Graph did not answer whether the source of authority of these accounts was moved to the cloud"),
        ] {
            add_doubt_about(doubts, what, &self.unanswered(extra));
        }
    }

    fn without_right(&self) -> Vec<String> {
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
            doubt(
                Extra::Mailbox,
                format!(
                    "what mailboxes are for could not be read (Graph permission {READ_MAILBOXES}): shared mailboxes and rooms are \
                     not told from those of people"
                ),
            ),
            self.too_many.load(Ordering::Relaxed).then(|| {
                format!(
                    "what mailboxes are for was not read of more than {} accounts at once: shared mailboxes and rooms are not told \
                     from those of people",
                    number(MAILBOXES)
                )
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Says something once, with what is known of it by now.
fn add_doubt(doubts: &mut Vec<String>, what: &str, more: &str) {
    doubts.retain(|doubt| !doubt.starts_with(what));
    doubts.push(format!("{what}{more}"));
}

/// The same of accounts, if there are any.
pub(super) fn add_doubt_about(doubts: &mut Vec<String>, what: &str, names: &[String]) {
    let (first, others) = names.split_at(names.len().min(EXAMPLES));
    let more = and_more(others.len()).map(|more| format!(" {more}")).unwrap_or_default();
    if !names.is_empty() {
        add_doubt(doubts, what, &format!(": {}{more}", first.join(", ")));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Behavior {
    #[serde(default)]
    is_cloud_managed: Option<bool>,
}

/// What was asked of accounts, and the answers.
#[derive(Debug, Default)]
pub(super) struct Extras {
    asked: BTreeSet<(Extra, EntraId)>,
    answers: Vec<Answer>,
}

/// A fact of an account, as Graph told it.
type Answer = (Extra, EntraId, Value);

/// Reads the last sign-in of these accounts.
pub(super) async fn add_sign_ins(client: &Client, denied: &Denied, users: &mut [&mut CloudUser]) -> Result<(), DirectoryError> {
    let read = read(client, denied, Extra::SignIn, &shared(users)).await?;
    read.add_to(users)
}

/// Reads everything that only planning wants to know of these accounts and that was not asked before.
pub(super) async fn ask_all(
    client: &Client,
    denied: &Denied,
    users: &[&CloudUser],
    extras: &mut Extras,
) -> Result<(), DirectoryError> {
    let is_too_many = users.len() > MAILBOXES;
    denied.too_many.fetch_or(is_too_many, Ordering::Relaxed);
    let mailboxes = if is_too_many { &[] } else { users };
    let (sign_ins, masters, mailboxes) = tokio::join!(
        extras.ask(client, denied, Extra::SignIn, users),
        extras.ask(client, denied, Extra::Master, users),
        extras.ask(client, denied, Extra::Mailbox, mailboxes),
    );
    for read in [sign_ins?, masters?, mailboxes?] {
        extras.keep(read);
    }
    Ok(())
}

/// The accounts to look at.
fn shared<'u>(users: &'u [&mut CloudUser]) -> Vec<&'u CloudUser> {
    users.iter().map(|user| &**user).collect()
}

impl Extras {
    /// Asks for one fact of those accounts where it matters.
    async fn ask(&self, client: &Client, denied: &Denied, extra: Extra, users: &[&CloudUser]) -> Result<Self, DirectoryError> {
        let is_due = |user: &&&CloudUser| matters(extra, user) && !self.asked.contains(&(extra, user.id));
        read(client, denied, extra, &users.iter().filter(is_due).copied().collect::<Vec<_>>()).await
    }

    fn keep(&mut self, mut read: Self) {
        self.asked.append(&mut read.asked);
        self.answers.append(&mut read.answers);
    }

    /// Adds the answers to the accounts.
    pub(super) fn add_to(self, users: &mut [&mut CloudUser]) -> Result<(), DirectoryError> {
        let mut by_id: BTreeMap<EntraId, &mut CloudUser> = users.iter_mut().map(|user| (user.id, &mut **user)).collect();
        let mut traits = TraitsInterner::default();
        for (extra, id, json) in self.answers {
            if let Some(user) = by_id.get_mut(&id) {
                take(extra, user, json)?;
                traits.share(user);
            }
        }
        Ok(())
    }
}

/// Asks for one fact of all these accounts.
async fn read(client: &Client, denied: &Denied, extra: Extra, users: &[&CloudUser]) -> Result<Extras, DirectoryError> {
    let asked = users.iter().map(|user| (extra, user.id)).collect();
    if extra != Extra::SignIn || users.len() <= VALUES {
        return Ok(Extras { asked, answers: one_by_one(client, denied, extra, users).await? });
    }
    let (deleted, live): (Vec<&CloudUser>, Vec<&CloudUser>) = users.iter().partition(|user| user.is_deleted());
    let (of_live, of_deleted) =
        tokio::join!(sign_ins_by_name(client, denied, &live), one_by_one(client, denied, extra, &deleted));
    let mut answers = of_live?;
    let found: BTreeSet<EntraId> = answers.iter().map(|(_, id, _)| *id).collect();
    let renamed: Vec<&CloudUser> = live.into_iter().filter(|user| !found.contains(&user.id)).collect();
    answers.extend(of_deleted?);
    answers.extend(one_by_one(client, denied, extra, &renamed).await?);
    Ok(Extras { asked, answers })
}

/// Asks for a fact of each account.
async fn one_by_one(client: &Client, denied: &Denied, extra: Extra, users: &[&CloudUser]) -> Result<Vec<Answer>, DirectoryError> {
    if denied.of(extra).load(Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    let calls: Vec<Call> = users.iter().map(|user| call(extra, user)).collect();
    let parts: Vec<Part> = match calls.as_slice() {
        [call] => vec![client.read::<Strict>(call).await.map(|Strict(json)| json)],
        calls => client.batch(version(extra), calls).await.map_err(|error| error.of_read(READ_USERS))?,
    };
    let mut answers = Vec::new();
    for (user, part) in users.iter().zip(parts) {
        match part {
            Ok(json) if answers_it(extra, &json) => answers.push((extra, user.id, json)),
            // Whoever has no mailbox has none for something.
            Err(error) if extra == Extra::Mailbox && error.is_not_found() => {}
            Ok(_) => denied.not_answered(extra, user),
            Err(error) if error.is_missing() => denied.not_answered(extra, user),
            Err(error) if error.is_forbidden() || error.is_unsupported() => denied.of(extra).store(true, Ordering::Relaxed),
            Err(error) => return Err(error.of_read(READ_USERS)),
        }
    }
    Ok(answers)
}

/// Whether an answer holds what was asked for. Graph leaves out the sign-in of whoever never signed in, and the settings of
/// whoever has no mailbox.
fn answers_it(extra: Extra, json: &Value) -> bool {
    match extra {
        Extra::SignIn | Extra::Mailbox => true,
        Extra::Master => json.get("isCloudManaged").is_some_and(|told| !told.is_null()),
    }
}

/// Asks for the sign-ins of live users by their names, which takes a fifteenth of the requests. Who has another name by
/// now is not found.
async fn sign_ins_by_name(client: &Client, denied: &Denied, users: &[&CloudUser]) -> Result<Vec<Answer>, DirectoryError> {
    if denied.of(Extra::SignIn).load(Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = users.iter().map(|user| &*user.upn).collect();
    let all = || Place::Live.list(Version::V1).select(SIGN_IN);
    let calls = names.chunks(VALUES).map(|some| all().filter(&is_one_of("userPrincipalName", some.iter().copied())));
    let calls: Vec<Call> = calls.collect();
    let listed = client.lists(Version::V1, &calls).await.map_err(|error| error.of_read(READ_USERS))?;
    let mut answers = Vec::new();
    for (call, items) in calls.iter().zip(listed) {
        match items.and_then(|items| items.decode::<Value>(call)) {
            Ok(found) => answers.extend(found.into_iter().filter_map(|json| Some((Extra::SignIn, id_of(&json)?, json)))),
            Err(error) if error.is_forbidden() => denied.of(Extra::SignIn).store(true, Ordering::Relaxed),
            Err(error) if error.is_unsupported() => {}
            Err(error) => return Err(error.of_read(READ_USERS)),
        }
    }
    Ok(answers)
}

fn id_of(json: &Value) -> Option<EntraId> {
    json.get("id")?.as_str()?.parse().ok()
}

/// Whether the answer can change a plan.
fn matters(extra: Extra, user: &CloudUser) -> bool {
    let is_some = |text: &Known<Text>| text.value().is_some();
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
            Call::get(version, &["directory", "deletedItems", &id, "microsoft.graph.user"]).select(SIGN_IN).about(user.id)
        }
        Extra::SignIn => Call::get(version, &["users", &id]).select(SIGN_IN).about(user.id),
        Extra::Master => Call::get(version, &["users", &id, "onPremisesSyncBehavior"]).select("isCloudManaged"),
        Extra::Mailbox => mailbox(user.id),
    }
}

/// Asks what the mailbox of an account is for.
pub(super) fn mailbox(id: EntraId) -> Call {
    Call::get(version(Extra::Mailbox), &["users", &id.to_string()]).select("id,mailboxSettings").about(id)
}

/// Keeps what was asked of an account when it is read again without that: nobody asks twice.
pub(super) fn keep(known: &CloudUser, user: &mut CloudUser) {
    if !user.last_sign_in.is_read() {
        user.last_sign_in.clone_from(&known.last_sign_in);
    }
    if !user.traits.cloud_managed.is_read() && known.traits.cloud_managed.is_read() {
        user.traits_mut().cloud_managed = known.traits.cloud_managed;
    }
    if !user.traits.mailbox_purpose.is_read() && known.traits.mailbox_purpose.is_read() {
        user.traits_mut().mailbox_purpose.clone_from(&known.traits.mailbox_purpose);
    }
}

fn take(extra: Extra, user: &mut CloudUser, json: Value) -> Result<(), DirectoryError> {
    let (id, name) = (user.id, said(&user.upn));
    let odd =
        |error: String| DirectoryError::Unusable(format!("what Graph says of {name} ({id}) cannot be used: {}", said(&error)));
    let odd_json = |error: serde_json::Error| odd(error.to_string());
    match extra {
        Extra::Master => {
            let behavior: Behavior = serde_json::from_value(json).map_err(odd_json)?;
            user.traits_mut().cloud_managed = behavior.is_cloud_managed.into();
        }
        Extra::SignIn | Extra::Mailbox => {
            let Object(mut wire) = serde_json::from_value::<Object<WireUser>>(json).map_err(odd_json)?;
            (wire.upn, wire.immutable_id) = (Some(user.upn.clone()), Known::Null);
            let read = wire.into_user(user.is_deleted()).map_err(|error| odd(error.to_string()))?;
            if extra == Extra::SignIn {
                // Graph leaves the property out for an account that never signed in.
                user.last_sign_in = if read.last_sign_in == Known::Unknown { Known::Null } else { read.last_sign_in };
            } else {
                user.traits_mut().mailbox_purpose = read.traits.mailbox_purpose.clone();
            }
        }
    }
    Ok(())
}
