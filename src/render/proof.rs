//! What in the directories proves where a mapping stands: the values that only sync writes.

use std::collections::HashMap;
use std::fmt::Display;

use super::verify::{VerifyReport, VerifyRow};
use super::words::beside;
use crate::model::{CloudUser, EntraId, Known, Observed};
use crate::plan::body::{MappingState, PlanAdUser};
use crate::plan::sync_state;

impl VerifyReport {
    /// Adds what was read of the accounts of armed and linked mappings: SID, object identifier and time of sync.
    #[must_use]
    pub fn with_proof(mut self, observed: &Observed) -> Self {
        let accounts: HashMap<EntraId, &CloudUser> = observed.tenant.users.iter().map(|user| (user.id, user)).collect();
        for row in &mut self.rows {
            let account = row.cloud.as_ref().and_then(|cloud| accounts.get(&cloud.id));
            if let Some(account) = account {
                let proof = proof(row, account);
                row.facts.extend(proof);
            }
        }
        self
    }
}

fn proof(row: &VerifyRow, account: &CloudUser) -> Vec<String> {
    let Some(ad) = row.on_prem.as_ref() else { return Vec::new() };
    match row.state {
        MappingState::Linked | MappingState::Armed => {}
        MappingState::Blocked | MappingState::Detached | MappingState::Planned => return Vec::new(),
    }
    let facts = [Some(sync_state(account)), sid(ad, account), object_identifier(ad, account)];
    facts.into_iter().flatten().chain(account.errors().iter().map(ToString::to_string)).collect()
}

fn sid(ad: &PlanAdUser, account: &CloudUser) -> Option<String> {
    compared("SID", ad.object_sid.as_ref(), &account.sid, account.is_synced())
}

fn object_identifier(ad: &PlanAdUser, account: &CloudUser) -> Option<String> {
    compared("object identifier", ad.object_guid.as_ref(), &account.object_identifier, account.is_synced())
}

/// The account's value beside that of the AD user; nothing where there is nothing to compare.
fn compared<T: Display>(what: &str, wanted: Option<&T>, held: &Known<T>, synced: bool) -> Option<String> {
    let wanted = wanted?;
    Some(match held {
        Known::Unknown => format!("{what}: not read"),
        Known::Null if synced => format!("{what}: none; that of the AD user is {wanted}"),
        // Only sync writes it.
        Known::Null => return None,
        Known::Is(held) => format!("{what}: {}", beside(&held.to_string(), &wanted.to_string())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ObservedTenant, ProvisioningError};
    use crate::planfile::sample::{BOND, sample};

    fn proof_of(at: usize, state: MappingState, edit: impl FnOnce(&mut CloudUser)) -> Vec<String> {
        let mut body = sample().body;
        body.mappings[at].state = state;
        body.mappings[at].on_prem.as_mut().unwrap().object_sid = "S-1-5-21-1-2-3-1107".parse().ok();
        let id = body.mappings[at].id.clone();
        let mut account = CloudUser::new(BOND.parse().unwrap(), "bond@contoso.com", None);
        edit(&mut account);
        let tenant = ObservedTenant { users: vec![account], ..ObservedTenant::default() };
        let report = VerifyReport::new(&body).with_proof(&Observed { tenant, ..Observed::default() });
        let row = report.rows.into_iter().find(|row| row.mapping == id).unwrap();
        row.facts.into_iter().filter(|fact| !fact.starts_with("wanted") && !fact.contains("next sync")).collect()
    }

    #[test]
    fn a_linked_account_shows_the_values_of_its_ad_user() {
        let facts = proof_of(3, MappingState::Linked, |account| {
            (account.sync_enabled, account.last_sync) = (Known::Is(true), Known::Is("2026-11-25T07:30:00Z".into()));
            account.sid = Known::Is("S-1-5-21-1-2-3-1107".parse().unwrap());
            account.object_identifier = Known::Is("3f2504e0-4f89-11d3-9a0c-0305e82c3301".parse().unwrap());
        });
        let expected = [
            "synced, last at 2026-11-25T07:30:00Z",
            "SID: S-1-5-21-1-2-3-1107, that of the AD user",
            "object identifier: 3f2504e0-4f89-11d3-9a0c-0305e82c3301, that of the AD user",
        ];
        assert_eq!(facts, expected);
    }

    #[test]
    fn an_armed_account_shows_what_is_missing() {
        let error = ProvisioningError {
            property: Some("ProxyAddress".into()),
            value: Some("a@x.example".into()),
            category: Some("PropertyConflict".into()),
            occurred: Some("2026-11-02T00:00:00Z".into()),
        };
        let facts = proof_of(0, MappingState::Armed, |account| {
            (account.sync_enabled, account.sid) = (Known::Null, Known::Null);
            account.traits_mut().provisioning_errors = Known::Is([error].into());
        });
        let expected = [
            "never synced",
            "object identifier: not read",
            "Entra withholds the address a@x.example since 2026-11-02T00:00:00Z: somebody else has it (PropertyConflict)",
        ];
        assert_eq!(facts, expected);
        assert_eq!(proof_of(0, MappingState::Planned, |_| {}), [""; 0]);
    }
}
