//! The objects of a plan as they stand now, and whether a fact is what a plan expects.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::directory::ports::{AskedAccount, DirectoryError};
use crate::model::text::same;
use crate::model::{AccountFacts, AccountState, AdUser, EntraId, FactName, FactValue, Facts, ObjectGuid};
use crate::plan::action::{Action, Target};

use super::Directories;

/// An object as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetFacts {
    /// An account of the tenant.
    Account(Box<AccountFacts>),
    /// A user of a forest; `None` when it is gone.
    AdUser(Option<Box<AdUser>>),
}

impl TargetFacts {
    /// One fact; `None` when the directory does not report it.
    #[must_use]
    pub fn get(&self, name: FactName) -> Option<FactValue> {
        match self {
            Self::Account(account) => account.get(name),
            Self::AdUser(user) => ad_fact(user.as_deref(), name),
        }
    }

    /// Since when the account is in the recycle bin; `None` when it is not, or the directory does not say.
    pub(super) fn deletion(&self) -> Option<String> {
        match self.get(FactName::DeletedDateTime)? {
            FactValue::Text(at) if !at.is_empty() => Some(at.to_string()),
            FactValue::Text(_) | FactValue::Null | FactValue::Bool(_) | FactValue::List(_) => None,
        }
    }

    /// The licences of an account; `None` when the directory does not say.
    pub(super) fn licenses(&self) -> Option<Vec<String>> {
        match self.get(FactName::AssignedLicenses)? {
            FactValue::List(licenses) => Some(licenses),
            FactValue::Null => Some(Vec::new()),
            FactValue::Text(_) | FactValue::Bool(_) => None,
        }
    }

    /// Whether all these facts hold.
    #[must_use]
    pub fn hold(&self, facts: &Facts) -> bool {
        facts.iter().all(|(name, expected)| self.is(*name, expected))
    }

    /// Whether a fact is what a plan expects. Nobody signs in to an account in the recycle bin: what a directory does not tell
    /// of it there is as it was.
    pub(super) fn is(&self, name: FactName, expected: &FactValue) -> bool {
        let found = self.get(name);
        let is_untold = name == FactName::LastSignInDateTime && found.is_none();
        is_same(name, expected, found.as_ref()) || is_untold && self.is_deleted()
    }

    /// Whether the object is nowhere any more.
    pub(super) fn is_gone(&self) -> bool {
        self.get(FactName::State) == Some(FactValue::text(AccountState::Gone.word()))
    }

    fn is_deleted(&self) -> bool {
        matches!(self, Self::Account(account) if account.state() == AccountState::Deleted)
    }
}

fn ad_fact(user: Option<&AdUser>, name: FactName) -> Option<FactValue> {
    if name == FactName::State {
        let state = if user.is_some() { AccountState::Live } else { AccountState::Gone };
        return Some(FactValue::text(state.word()));
    }
    Some(user.filter(|_| name == FactName::ConsistencyGuid)?.consistency_guid.fact())
}

/// Whether two facts are the same. Endpoints disagree on the letter case of a sign-in name.
fn is_same(name: FactName, expected: &FactValue, found: Option<&FactValue>) -> bool {
    match (name, expected, found) {
        (FactName::UserPrincipalName, FactValue::Text(expected), Some(FactValue::Text(found))) => same(expected, found),
        (_, expected, found) => Some(expected) == found,
    }
}

/// A fact of an object that is not as planning saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unlike {
    pub(super) fact: String,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Unlike {
    pub(super) fn new(fact: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { fact: fact.into(), expected: expected.into(), found: found.into() }
    }
}

/// Objects by target.
#[derive(Debug, Clone, Default)]
pub struct Current {
    accounts: BTreeMap<EntraId, TargetFacts>,
    ad_users: BTreeMap<(String, ObjectGuid), TargetFacts>,
}

impl Current {
    /// Takes over what was read anew.
    pub(super) fn renew(&mut self, newer: Self) {
        self.accounts.extend(newer.accounts);
        self.ad_users.extend(newer.ad_users);
    }

    /// The object behind a target; `None` when it was not read.
    #[must_use]
    pub fn of(&self, target: &Target) -> Option<&TargetFacts> {
        match target.forest() {
            Some(forest) => self.ad_user(forest, target.object_guid()?),
            None => self.account(target.entra_id()?),
        }
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: EntraId) -> Option<&TargetFacts> {
        self.accounts.get(&id)
    }

    /// A user of a forest.
    #[must_use]
    pub fn ad_user(&self, forest: &str, guid: ObjectGuid) -> Option<&TargetFacts> {
        self.ad_users.get(&(forest.to_owned(), guid))
    }
}

/// What is to be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Each with whether its last sign-in is wanted, too.
    accounts: BTreeMap<EntraId, bool>,
    ad_users: BTreeMap<String, BTreeSet<ObjectGuid>>,
}

impl Wanted {
    pub(super) fn account(&mut self, id: EntraId) {
        self.accounts.entry(id).or_default();
    }

    pub(super) fn account_with_sign_in(&mut self, id: EntraId) {
        self.accounts.insert(id, true);
    }

    pub(super) fn ad_user(&mut self, forest: &str, guid: ObjectGuid) {
        self.ad_users.entry(forest.to_owned()).or_default().insert(guid);
    }

    pub(super) fn target(&mut self, target: &Target) -> Result<(), DirectoryError> {
        match (target.entra_id(), target.forest().zip(target.object_guid())) {
            (Some(id), _) => self.account(id),
            (None, Some((forest, guid))) => self.ad_user(forest, guid),
            (None, None) => return Err(no_object(target)),
        }
        Ok(())
    }

    /// What an action is on, with all that it relies on there.
    pub(super) fn action(&mut self, action: &Action) -> Result<(), DirectoryError> {
        match action.target.entra_id() {
            Some(id) if action.before.contains_key(&FactName::LastSignInDateTime) => self.account_with_sign_in(id),
            Some(_) | None => self.target(&action.target)?,
        }
        Ok(())
    }

    /// Reads all of it.
    pub(super) async fn read(&self, directories: &Directories) -> Result<Current, DirectoryError> {
        let mut current = Current::default();
        if !self.accounts.is_empty() {
            let asked: Vec<AskedAccount> =
                self.accounts.iter().map(|(id, sign_in)| AskedAccount { id: *id, sign_in: *sign_in }).collect();
            let read = complete(directories.tenant.read_accounts(&asked).await?, asked.len())?;
            let read = read.into_iter().map(|account| TargetFacts::Account(Box::new(account)));
            current.accounts = asked.into_iter().map(|asked| asked.id).zip(read).collect();
        }
        for (forest, guids) in &self.ad_users {
            let guids: Vec<ObjectGuid> = guids.iter().copied().collect();
            let read = complete(directories.forest(forest)?.read_users(&guids).await?, guids.len())?;
            let keys = guids.into_iter().map(|guid| (forest.clone(), guid));
            current.ad_users.extend(keys.zip(read.into_iter().map(|user| TargetFacts::AdUser(user.map(Box::new)))));
        }
        Ok(current)
    }
}

/// Reads these objects as they stand now, with the last sign-ins.
///
/// # Errors
/// What the directory answered, or that a target names no object.
pub async fn read_targets<'a>(
    targets: impl IntoIterator<Item = &'a Target>,
    directories: &Directories,
) -> Result<Current, DirectoryError> {
    let mut wanted = Wanted::default();
    for target in targets {
        match target.entra_id() {
            Some(id) => wanted.account_with_sign_in(id),
            None => wanted.target(target)?,
        }
    }
    wanted.read(directories).await
}

/// Reads what these actions are on, as it stands now.
pub(super) async fn read_for<'a>(
    actions: impl IntoIterator<Item = &'a Action>,
    directories: &Directories,
) -> Result<Current, DirectoryError> {
    let mut wanted = Wanted::default();
    actions.into_iter().try_for_each(|action| wanted.action(action))?;
    wanted.read(directories).await
}

/// Reads what an action is on, as it stands now.
pub(super) async fn read_object(action: &Action, directories: &Directories) -> Result<TargetFacts, DirectoryError> {
    let current = read_for([action], directories).await?;
    current.of(&action.target).cloned().ok_or_else(|| no_object(&action.target))
}

/// Reads an account as it stands now.
pub(super) async fn read_account(id: EntraId, directories: &Directories) -> Result<AccountFacts, DirectoryError> {
    let mut read = complete(directories.tenant.read_accounts(&[id.into()]).await?, 1)?;
    read.pop().ok_or_else(|| DirectoryError::Input(format!("the directory did not answer for the account {id}")))
}

fn complete<T>(read: Vec<T>, wanted: usize) -> Result<Vec<T>, DirectoryError> {
    if read.len() == wanted {
        return Ok(read);
    }
    Err(DirectoryError::Input(format!("the directory answered for {} of {wanted} objects", read.len())))
}

fn no_object(target: &Target) -> DirectoryError {
    DirectoryError::Input(format!("`{}` of `{}` is no object that can be written", target.id, target.directory))
}

/// The bytes of a ConsistencyGuid in facts; `None` when they do not say.
pub(super) fn stamp(facts: &Facts) -> Option<Option<Vec<u8>>> {
    match facts.get(&FactName::ConsistencyGuid)? {
        FactValue::Null => Some(None),
        FactValue::Text(text) => STANDARD.decode(text).ok().map(Some),
        FactValue::Bool(_) | FactValue::List(_) => None,
    }
}
