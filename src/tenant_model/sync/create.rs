//! The account that appears when nothing matches, under a placeholder name when its own is taken.

use sha2::{Digest as _, Sha256};

use super::export::Export;
use super::rule::SyncRule;
use super::{Incoming, SyncOutcome, SyncRefusal};
use crate::model::{CloudUser, EntraId, ImmutableId, Known, OtherKind, Text, UserKind};
use crate::tenant_model::Tenant;

impl Tenant {
    pub(super) fn creation(&self, export: &Export<'_>, passed_over: Vec<SyncRefusal>) -> SyncOutcome {
        let conflicts = match self.creation_conflicts(export) {
            Ok(conflicts) => conflicts,
            Err(refusal) => return SyncOutcome::Refused(refusal),
        };
        let taken_by = export.upn.as_deref().and_then(|upn| self.live_upn_holder(upn, None));
        let (upn, placeholder) = match (&export.upn, taken_by) {
            (Some(upn), None) => (upn.clone(), false),
            (Some(_), Some(holder)) if !self.quarantines_upns() => {
                return SyncOutcome::Refused(SyncRule::SignInNameTaken.refuses(holder));
            }
            (Some(upn), Some(_)) => (self.placeholder(upn, &export.incoming.anchor.value), true),
            (None, _) => (self.placeholder("user", &export.incoming.anchor.value), true),
        };
        let mut conflicts: Vec<EntraId> = conflicts.into_iter().chain(taken_by).collect();
        conflicts.sort_unstable();
        conflicts.dedup();
        SyncOutcome::Create { upn, placeholder, conflicts, passed_over }
    }

    /// Who owns addresses of the AD user, unless that or its SID makes the export fail.
    fn creation_conflicts(&self, export: &Export<'_>) -> Result<Vec<EntraId>, SyncRefusal> {
        if let Some(refusal) = self.sid_refusal(export.incoming, None) {
            return Err(refusal);
        }
        let others = || export.addresses.iter().flat_map(|address| self.others_with_address(address));
        // Resiliency does not help against groups.
        if let Some(group) = others().find(|other| other.kind == OtherKind::Group) {
            return Err(SyncRule::OtherKindOfObject.refuses(group.id));
        }
        let owners = export.addresses.iter().flat_map(|address| self.address_owners(address));
        let users = owners.filter_map(|user| self.user(user)).map(|user| user.id);
        let conflicts: Vec<EntraId> = users.chain(others().map(|other| other.id)).collect();
        match conflicts.first() {
            Some(holder) if !self.quarantines_addresses() => Err(SyncRule::AddressTaken.refuses(*holder)),
            Some(_) | None => Ok(conflicts),
        }
    }

    /// `name1234@initialdomain`. Entra draws the digits; here the anchor gives them, so that a forecast holds.
    pub(super) fn placeholder(&self, upn: &str, anchor: &ImmutableId) -> Text {
        const FOUR_DIGITS: u64 = 10_000;
        let (local, own_domain) = upn.rsplit_once('@').unwrap_or((upn, "unknown.onmicrosoft.com"));
        let domain = self.initial_domain().unwrap_or(own_domain);
        let [a, b, ..] = digest(anchor, 0);
        let first = u64::from(u16::from_be_bytes([a, b]));
        let number = |attempt: u64| if attempt < FOUR_DIGITS { (first + attempt) % FOUR_DIGITS } else { attempt };
        let mut attempt = 0;
        loop {
            let name = format!("{local}{:04}@{domain}", number(attempt));
            if self.by_upn(&name).is_empty() {
                return name.into();
            }
            attempt += 1;
        }
    }

    /// The new account, as [`Tenant::forecast`] announced it.
    pub(super) fn created(&self, incoming: Incoming<'_>, upn: &str, now: &str) -> CloudUser {
        let id = self.free_id(&incoming.anchor.value);
        let mut blank = CloudUser::new(id, upn, Some(incoming.anchor.value.clone()));
        blank.proxy_addresses = Known::Null;
        (blank.traits_mut().licenses, blank.traits_mut().user_type) = (Known::Null, Known::Is(UserKind::Member));
        self.taken_over(incoming, &blank, now)
    }

    fn free_id(&self, anchor: &ImmutableId) -> EntraId {
        let mut attempt = 0;
        loop {
            let id = EntraId::made_up(digest(anchor, attempt));
            if self.by_id(&id).is_none() {
                return id;
            }
            attempt += 1;
        }
    }
}

fn digest(anchor: &ImmutableId, attempt: u64) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::new().chain_update(attempt.to_be_bytes()).chain_update(anchor.as_str()).finalize().into();
    let (half, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    *half
}
