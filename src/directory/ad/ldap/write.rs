//! Stamping: one attribute, in one modify that asserts the old value.

use std::collections::HashSet;

use ldap3::{Ldap, Mod};
use tokio::time::timeout;

use super::LdapForest;
use super::bind::Credentials;
use super::contain::contained;
use super::errors::{Answer, Fault};
use crate::directory::ad::entry::CONSISTENCY_GUID;
use crate::directory::ports::{DirectoryError, Receipt};
use crate::model::ObjectGuid;

impl LdapForest {
    pub(super) async fn replace_stamp(
        &self,
        guid: &ObjectGuid,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
    ) -> Result<Receipt, DirectoryError> {
        if new.is_some_and(<[u8]>::is_empty) {
            return Err(DirectoryError::Input(format!("{CONSISTENCY_GUID} cannot hold an empty value; remove it instead")));
        }
        let changes = changes(old, new);
        if changes.is_empty() {
            return Ok(Receipt::default());
        }
        let mut outcome = self.modify(guid, changes.clone()).await;
        if matches!(outcome, Err(Fault::Lost { sent: false })) {
            // The old connection was closed before anything left: a new one is safe.
            self.session.forget().await;
            outcome = self.modify(guid, changes).await;
        }
        match outcome {
            Ok(()) => Ok(Receipt::default()),
            Err(Fault::Answer(answer)) => Err(self.refusal(guid, &answer).await),
            Err(fault) => Err(self.uncertain(guid, fault).await),
        }
    }

    async fn modify(&self, guid: &ObjectGuid, changes: Vec<Mod<Vec<u8>>>) -> Result<(), Fault> {
        let mut ldap = self.session.handle().await?;
        let work = contained(modify(&mut ldap, guid, changes, &self.session.credentials));
        let outcome = timeout(self.session.patience, work).await.map_err(|_| Fault::Slow(self.session.patience))?;
        outcome.map_err(|fault| self.session.judged(fault))
    }

    fn place(&self, guid: &ObjectGuid) -> String {
        format!("{}: {CONSISTENCY_GUID} of {guid}", self.session.route.endpoint.label())
    }

    /// The connection failed: either nothing was sent, or nobody knows.
    async fn uncertain(&self, guid: &ObjectGuid, fault: Fault) -> DirectoryError {
        let place = self.place(guid);
        let why = match fault {
            Fault::Final(error) => return error,
            Fault::NoConnection(why) => return DirectoryError::Unreachable(format!("{place} was not written: {why}")),
            Fault::Lost { sent: false } => {
                return DirectoryError::Unreachable(format!("{place} was not written: the connection is gone"));
            }
            Fault::Lost { sent: true } => "the connection broke before the answer".to_owned(),
            Fault::Slow(time) => format!("no answer within {} s", time.as_secs()),
            Fault::Garbled(why) => format!("the answer cannot be understood: {why}"),
            Fault::Answer(answer) => answer.details(),
        };
        self.session.forget().await;
        DirectoryError::Unknown(format!("{place} may or may not have been written ({why}); only reading it again can tell"))
    }

    async fn refusal(&self, guid: &ObjectGuid, answer: &Answer) -> DirectoryError {
        let place = self.place(guid);
        let details = answer.details();
        if answer.code == 50 {
            let cure = self.why_forbidden(guid).await;
            return DirectoryError::Denied(format!(
                "{place} may not be written by {}: {cure} {details}",
                self.session.credentials.who()
            ));
        }
        if matches!(answer.code, 1 | 8 | 13) {
            return DirectoryError::Denied(format!(
                "{place} was not written: the sign-in does not suffice for a write {details}"
            ));
        }
        if matches!(answer.code, 51 | 52) {
            return DirectoryError::Unreachable(format!(
                "{place} was not written: the server is busy or shutting down {details}"
            ));
        }
        DirectoryError::Refused { message: format!("{place} was not written: {} {details}", why_refused(answer)), holder: None }
    }

    async fn why_forbidden(&self, guid: &ObjectGuid) -> String {
        let found = async {
            let ldap = self.session.handle().await?;
            self.by_guid(&ldap, std::slice::from_ref(guid)).await
        };
        let user = found.await.ok().and_then(|users| users.into_iter().flatten().next());
        if user.is_some_and(|user| user.protected_by_admin_sd_holder) {
            return "the user has adminCount 1, so AdminSDHolder keeps rights that were delegated on the container from reaching \
                    it; take the user out of the protected groups and clear adminCount, or stamp it by hand"
                .to_owned();
        }
        format!("grant it `write {CONSISTENCY_GUID}` on descendant user objects of the container")
    }
}

async fn modify(ldap: &mut Ldap, guid: &ObjectGuid, changes: Vec<Mod<Vec<u8>>>, credentials: &Credentials) -> Result<(), Fault> {
    let result = ldap.modify(&format!("<GUID={guid}>"), changes).await?;
    if result.rc == 0 { Ok(()) } else { Err(Fault::Answer(credentials.answer(&result))) }
}

/// Delete what must be there, add what shall be: the server refuses both if the old value is another one.
fn changes(old: Option<&[u8]>, new: Option<&[u8]>) -> Vec<Mod<Vec<u8>>> {
    let name = || CONSISTENCY_GUID.as_bytes().to_vec();
    let delete = old.map(|old| Mod::Delete(name(), HashSet::from([old.to_vec()])));
    let add = new.map(|new| Mod::Add(name(), HashSet::from([new.to_vec()])));
    delete.into_iter().chain(add).collect()
}

fn why_refused(answer: &Answer) -> &'static str {
    // 00002081: a second value for an attribute that holds one.
    let single = answer.code == 19 && answer.text.contains("00002081");
    match answer.code {
        16 if answer.text.contains("schema") => "this directory has no such attribute",
        16 | 20 => "its value changed meanwhile; plan again",
        _ if single => "its value changed meanwhile; plan again",
        10 => "this domain controller is read-only or does not hold the user; name a writable one of the user's domain in `url`",
        32 => "the user is no longer there",
        53 => "the server is unwilling, as a read-only domain controller or the global catalog would be",
        _ => "the server refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_value_is_asserted() {
        let name = b"mS-DS-ConsistencyGuid".to_vec();
        let set = |bytes: &[u8]| HashSet::from([bytes.to_vec()]);
        let (old, new) = ([1; 16], [2; 16]);
        assert_eq!(changes(None, Some(&new)), [Mod::Add(name.clone(), set(&new))]);
        assert_eq!(changes(Some(&old), None), [Mod::Delete(name.clone(), set(&old))]);
        assert_eq!(changes(Some(&old), Some(&new)), [Mod::Delete(name.clone(), set(&old)), Mod::Add(name, set(&new))]);
        assert!(changes(None, None).is_empty());
    }

    #[test]
    fn says_why_a_write_was_refused() {
        let says = |code, text: &str| why_refused(&Answer { code, text: text.to_owned(), referrals: Vec::new() });
        for (code, text) in [(16, "no matching attribute value"), (20, ""), (19, "00002081: AtrErr: DSID-03152CBB")] {
            assert!(says(code, text).contains("changed meanwhile"), "{code}");
        }
        assert!(says(16, "attribute was not found in the schema!").contains("no such attribute"));
        assert!(says(10, "").contains("writable"));
        assert!(says(32, "").contains("no longer there"));
        assert_eq!(says(19, ""), "the server refused");
    }
}
