//! A tenant with stand-ins.

use crate::model::{
    AccountTraits, CloudUser, Domain, Known, ObservedTenant, OnPremisesResidue, OtherObject, ProvisioningError, RoleGrant, Text,
    Texts, TraitsInterner,
};

use super::{Redactor, doubts};

impl Redactor {
    pub(super) fn tenant(&mut self, tenant: ObservedTenant) -> ObservedTenant {
        let domain = |domain: Domain, this: &mut Self| Domain { name: this.domain(&domain.name).into(), ..domain };
        ObservedTenant {
            id: tenant.id.map(|id| self.word(&id).into()),
            initial_domain: tenant.initial_domain.map(|name| self.domain(&name).into()),
            domains: tenant.domains.map(|domains| domains.into_iter().map(|own| domain(own, self)).collect()),
            users: self.cloud_users(tenant.users),
            others: tenant.others.into_iter().map(|other| self.other(other)).collect(),
            roles: tenant.roles.map(|grants| {
                grants.into_iter().map(|grant| RoleGrant { principal: self.id(grant.principal), ..grant }).collect()
            }),
            live_users: tenant.live_users,
            doubts: doubts(&tenant.doubts),
            taken_at: tenant.taken_at,
            sync_enabled: tenant.sync_enabled,
            recycle_bin_read: tenant.recycle_bin_read,
            groups_read: tenant.groups_read,
            contacts_read: tenant.contacts_read,
            features: tenant.features,
        }
    }

    fn cloud_users(&mut self, users: Vec<CloudUser>) -> Vec<CloudUser> {
        let mut users: Vec<CloudUser> = users.into_iter().map(|user| self.cloud_user(user)).collect();
        let mut traits = TraitsInterner::default();
        users.iter_mut().for_each(|user| traits.share(user));
        users
    }

    fn cloud_user(&mut self, user: CloudUser) -> CloudUser {
        CloudUser {
            id: self.id(user.id),
            upn: self.cloud_upn(&user),
            immutable_id: user.immutable_id.as_ref().map(|id| self.immutable_id(id)),
            sid: user.sid.map(|sid| self.sid(&sid)),
            object_identifier: user.object_identifier.map(|guid| self.guid(guid)),
            residue: self.residue(user.residue),
            mail: self.known(user.mail, Self::address),
            proxy_addresses: user.proxy_addresses.map(|entries| self.proxy_addresses(&entries)),
            display_name: user.display_name.map(|name| self.word(&name).into()),
            employee_id: self.known(user.employee_id, Self::word),
            sync_enabled: user.sync_enabled,
            last_sign_in: user.last_sign_in,
            last_sync: user.last_sync,
            traits: self.traits(&user.traits).into(),
        }
    }

    fn traits(&mut self, traits: &AccountTraits) -> AccountTraits {
        let traits = traits.clone();
        let error = |error| self.provisioning_error(error);
        AccountTraits {
            provisioning_errors: traits.provisioning_errors.map(|errors| errors.into_iter().map(error).collect()),
            domain_name: self.known(traits.domain_name, Self::domain),
            ..traits
        }
    }

    /// The value is a sign-in name or an address, with or without prefix.
    fn provisioning_error(&mut self, error: ProvisioningError) -> ProvisioningError {
        ProvisioningError { value: error.value.map(|value| self.proxy_address(&value).into()), ..error }
    }

    /// In the recycle bin the id stands in front of the name.
    fn cloud_upn(&mut self, user: &CloudUser) -> Text {
        let original = user.original_upn();
        let stand_in = self.address(original);
        if original.len() == user.upn.len() {
            stand_in.into()
        } else {
            format!("{}{stand_in}", self.id(user.id).undashed()).into()
        }
    }

    fn residue(&mut self, residue: OnPremisesResidue) -> OnPremisesResidue {
        OnPremisesResidue {
            distinguished_name: self.known(residue.distinguished_name, Self::dn_text),
            sam_account_name: self.known(residue.sam_account_name, Self::word),
            user_principal_name: self.known(residue.user_principal_name, Self::address),
        }
    }

    fn known(&mut self, value: Known<Text>, stand_in: impl FnOnce(&mut Self, &str) -> String) -> Known<Text> {
        value.map(|text| stand_in(self, &text).into())
    }

    pub(super) fn proxy_addresses(&mut self, entries: &Texts) -> Texts {
        entries.iter().map(|entry| self.proxy_address(entry)).collect()
    }

    fn other(&mut self, other: OtherObject) -> OtherObject {
        OtherObject {
            kind: other.kind,
            id: self.id(other.id),
            display_name: other.display_name.map(|name| self.word(&name).into()),
            mail: other.mail.map(|mail| self.address(&mail).into()),
            proxy_addresses: self.proxy_addresses(&other.proxy_addresses),
            members: other.members.map(|members| members.into_iter().map(|id| self.id(id)).collect()),
        }
    }
}
