//! Small tenants for the tests of the rules.

use crate::model::{CloudUser, Domain, EntraId, ImmutableId, Known, ObservedTenant, OtherKind, OtherObject, Sid};

use super::{Change, ChangeKind, Refusal, Tenant};

/// The object id of user number `n`.
pub(crate) fn id(n: u8) -> EntraId {
    format!("00000000-0000-0000-0000-0000000000{n:02x}").parse().unwrap()
}

/// The SID of AD user number `n`.
pub(crate) fn sid(n: u8) -> Sid {
    format!("S-1-5-21-1-2-3-{}", 1000 + u32::from(n)).parse().unwrap()
}

/// An ImmutableID.
pub(crate) fn value(text: &str) -> ImmutableId {
    ImmutableId::stored(text).unwrap()
}

/// A domain of a state: `verified`, `federated` or `unverified`.
pub(crate) fn domain(name: &str, state: &str) -> Domain {
    Domain { name: name.into(), verified: state != "unverified", federated: state == "federated", initial: false }
}

/// A group with members, or with members that nobody read.
pub(crate) fn group(n: u8, members: Option<&[u8]>) -> OtherObject {
    let members = members.map(|members| members.iter().map(|n| id(*n)).collect());
    OtherObject { members, ..other(OtherKind::Group, n, &[]) }
}

/// A contact that owns an address.
pub(crate) fn contact(n: u8, address: &str) -> OtherObject {
    other(OtherKind::Contact, n, &[address])
}

/// A group or contact that owns addresses.
pub(crate) fn other(kind: OtherKind, n: u8, addresses: &[&str]) -> OtherObject {
    let proxy_addresses = addresses.iter().map(|address| format!("smtp:{address}").into()).collect();
    OtherObject { kind, id: id(n), display_name: None, mail: None, proxy_addresses, members: None }
}

/// Builds a tenant with users `name@x.example`, numbered from 1.
pub(crate) struct TenantBuilder(ObservedTenant);

impl TenantBuilder {
    /// Cloud-only users of which everything that matters was read.
    pub(crate) fn users(names: &[&str]) -> Self {
        let read = |(n, name): (u8, &&str)| CloudUser {
            sync_enabled: Known::Null,
            sid: Known::Null,
            object_identifier: Known::Null,
            ..CloudUser::new(id(n), &format!("{name}@x.example"), None)
        };
        Self(ObservedTenant { users: (1u8..).zip(names).map(read).collect(), ..ObservedTenant::default() })
    }

    /// Changes user number `n`.
    pub(crate) fn with(mut self, n: u8, change: impl FnOnce(&mut CloudUser)) -> Self {
        change(self.0.users.iter_mut().find(|user| user.id == id(n)).unwrap());
        self
    }

    /// Gives user number `n` an ImmutableID.
    pub(crate) fn anchored(self, n: u8, text: &str) -> Self {
        self.with(n, |user| user.immutable_id = Some(value(text)))
    }

    /// Changes the tenant.
    pub(crate) fn tenant(mut self, change: impl FnOnce(&mut ObservedTenant)) -> Self {
        change(&mut self.0);
        self
    }

    /// Domains: managed `x.example` and `x.onmicrosoft.com`, federated `fed.example`, unverified `corp.local`.
    pub(crate) fn domains(self) -> Self {
        self.tenant(|tenant| {
            let named = [("x.example", "verified"), ("x.onmicrosoft.com", "verified"), ("fed.example", "federated")];
            let unverified = ("corp.local", "unverified");
            tenant.domains = Some(named.into_iter().chain([unverified]).map(|(name, state)| domain(name, state)).collect());
        })
    }

    /// What was read.
    pub(crate) fn observed(self) -> ObservedTenant {
        self.0
    }

    /// The tenant.
    pub(crate) fn build(self) -> Tenant {
        Tenant::new(self.0)
    }
}

impl Tenant {
    /// User number `n` as it stands now.
    pub(crate) fn at(&self, n: u8) -> &CloudUser {
        self.user(self.by_id(&id(n)).unwrap()).unwrap()
    }

    /// Carries out one write on user number `n`.
    pub(crate) fn write(&mut self, n: u8, kind: ChangeKind) -> Result<(), Refusal> {
        self.apply(&Change { user: id(n), kind }, "2026-11-20T10:00:00Z")
    }
}
