//! Small tenants for the tests of the rules.

use crate::model::{
    AdUser, AnchorOrigin, CloudUser, Domain, EntraId, ImmutableId, Known, ObjectGuid, ObservedTenant, OtherKind, OtherObject,
    RoleGrant, RoleState, Sid, SourceAnchor,
};

use super::{Change, ChangeKind, Incoming, Refusal, SyncOutcome, SyncRefusal, Tenant};

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

/// The objectGUID of AD user number `n`.
pub(crate) fn guid(n: u8) -> ObjectGuid {
    format!("f5057fee-4c3e-4459-82dd-21250b7296{n:02x}").parse().unwrap()
}

/// The ImmutableID that links AD user number `n`.
pub(crate) fn anchor(n: u8) -> ImmutableId {
    guid(n).immutable_id()
}

/// An AD user with its anchor.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) ad: AdUser,
    pub(crate) anchor: SourceAnchor,
}

impl Person {
    /// AD user number `n`, `name@x.example`, with a SID and without addresses.
    pub(crate) fn new(n: u8, name: &str) -> Self {
        let dn = format!("CN={name},DC=corp,DC=local").parse().unwrap();
        let upn = Some(format!("{name}@x.example").into());
        let ad = AdUser { sid: Some(sid(n)), sam: Some(name.into()), upn, ..AdUser::new(guid(n), dn) };
        Self { ad, anchor: SourceAnchor::of_guid(guid(n), AnchorOrigin::ObjectGuid) }
    }

    /// Changes the AD user.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut AdUser)) -> Self {
        change(&mut self.ad);
        self
    }

    /// Gives the AD user proxyAddresses.
    pub(crate) fn addresses(self, entries: &[&str]) -> Self {
        self.with(|user| user.proxy_addresses = entries.iter().collect())
    }

    /// The AD user on its way into the tenant.
    pub(crate) fn incoming(&self) -> Incoming<'_> {
        Incoming { user: &self.ad, anchor: &self.anchor }
    }
}

/// A domain of a state: `verified`, `federated` or `unverified`.
pub(crate) fn domain(name: &str, state: &str) -> Domain {
    Domain { name: name.into(), verified: state != "unverified", federated: Some(state == "federated"), initial: false }
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
    let proxy_addresses = addresses.iter().map(|address| format!("smtp:{address}")).collect();
    OtherObject { kind, id: id(n), display_name: None, mail: None, proxy_addresses, members: None }
}

/// Builds a tenant with users `name@x.example`, numbered from 1.
#[derive(Clone)]
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

    /// Gives user number `n` proxyAddresses.
    pub(crate) fn addresses(self, n: u8, entries: &[&str]) -> Self {
        let entries = entries.iter().collect();
        self.with(n, |user| user.proxy_addresses = Known::Is(entries))
    }

    /// Links user number `n` to AD user number `ad`.
    pub(crate) fn linked(self, n: u8, ad: u8) -> Self {
        self.with(n, |user| {
            user.immutable_id = Some(anchor(ad));
            user.sid = Known::Is(sid(ad));
            user.object_identifier = Known::Is(guid(ad));
            user.sync_enabled = Known::Is(true);
        })
    }

    /// Puts user number `n` into the recycle bin.
    pub(crate) fn binned(self, n: u8) -> Self {
        self.with(n, |user| *user = user.binned("2026-11-01T00:00:00Z"))
    }

    /// A role of user or group number `n`.
    pub(crate) fn role(self, n: u8, privileged: bool, state: RoleState) -> Self {
        let grant = RoleGrant { principal: id(n), role: "Some Administrator".into(), privileged, state };
        self.tenant(|tenant| tenant.roles.get_or_insert_default().push(grant))
    }

    /// A feature flag.
    pub(crate) fn feature(self, name: &str, on: bool) -> Self {
        self.tenant(|tenant| {
            tenant.features.get_or_insert_default().insert(name.into(), on);
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

    /// What a sync cycle would do with this AD user.
    pub(crate) fn ask(&self, person: &Person) -> SyncOutcome {
        self.forecast(person.incoming())
    }

    /// Code and account of the refusal that a sync cycle would end in.
    pub(crate) fn refused(&self, person: &Person) -> (&'static str, Option<EntraId>) {
        let outcome = self.ask(person);
        let SyncOutcome::Refused(SyncRefusal { rule, user }) = outcome else { panic!("{outcome:?}") };
        (rule.code(), user)
    }

    /// Runs a sync cycle for this AD user.
    pub(crate) fn cycle(&mut self, person: &Person) -> SyncOutcome {
        self.sync(person.incoming(), "2026-11-20T11:00:00Z")
    }

    /// Carries out one write on user number `n`.
    pub(crate) fn write(&mut self, n: u8, kind: ChangeKind) -> Result<(), Refusal> {
        self.apply(&Change { user: id(n), kind }, "2026-11-20T10:00:00Z")
    }
}
