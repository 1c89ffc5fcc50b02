//! A forest with stand-ins.

use crate::model::{AdUser, AnchorAttribute, AnchorMode, GuidAttribute, ImmutableId, ObservedForest};

use super::{Redactor, doubts};

impl Redactor {
    pub(super) fn forest(&mut self, forest: ObservedForest) -> ObservedForest {
        let anchor = forest.anchor;
        ObservedForest {
            name: self.forest_name(&forest.name).unwrap_or("forest").into(),
            domain_sid: forest.domain_sid.map(|sid| self.sid(&sid)),
            netbios_names: forest.netbios_names.iter().map(|name| self.word(name).into()).collect(),
            users: forest.users.into_iter().map(|user| self.ad_user(user, &anchor)).collect(),
            user_count: forest.user_count,
            doubts: doubts(&forest.doubts),
            anchor,
        }
    }

    fn ad_user(&mut self, user: AdUser, anchor: &AnchorMode) -> AdUser {
        AdUser {
            guid: self.guid(user.guid),
            dn: self.dn(&user.dn),
            consistency_guid: match user.consistency_guid {
                GuidAttribute::Bytes(bytes) => GuidAttribute::Bytes(self.bytes(&bytes).into()),
                kept @ (GuidAttribute::Absent | GuidAttribute::MarkedMissing(_) | GuidAttribute::NotExported(_)) => kept,
            },
            custom_anchor: user.custom_anchor.map(|value| self.custom_anchor(*value, anchor).into()),
            sid: user.sid.map(|sid| self.sid(&sid)),
            sam: user.sam.map(|sam| self.word(&sam).into()),
            upn: user.upn.map(|upn| self.address(&upn).into()),
            mail: user.mail.map(|mail| self.address(&mail).into()),
            proxy_addresses: self.proxy_addresses(&user.proxy_addresses),
            employee_id: user.employee_id.map(|id| self.word(&id).into()),
            display_name: user.display_name.map(|name| self.word(&name).into()),
            enabled: user.enabled,
            protected_by_admin_sd_holder: user.protected_by_admin_sd_holder,
            has_exchange_mailbox: user.has_exchange_mailbox,
            external_directory_object_id: user.external_directory_object_id.map(|id| self.id(id)),
            excluded: user.excluded,
        }
    }

    /// An anchor is what an ImmutableID would be made of, so both get the same stand-in.
    fn custom_anchor(&mut self, value: AnchorAttribute, anchor: &AnchorMode) -> AnchorAttribute {
        match value {
            AnchorAttribute::Text(text) if is_attribute(anchor, "proxyAddresses") => {
                AnchorAttribute::Text(self.proxy_address(&text).into())
            }
            AnchorAttribute::Text(text) if is_attribute(anchor, "distinguishedName") => {
                AnchorAttribute::Text(self.dn_text(&text).into())
            }
            AnchorAttribute::Text(text) => {
                let stand_in = ImmutableId::stored(&text).map(|id| self.immutable_id(&id).as_str().into());
                AnchorAttribute::Text(stand_in.unwrap_or(text))
            }
            AnchorAttribute::Binary(bytes) => AnchorAttribute::Binary(self.bytes(&bytes).into()),
            AnchorAttribute::Many(count) => AnchorAttribute::Many(count),
        }
    }
}

fn is_attribute(anchor: &AnchorMode, name: &str) -> bool {
    matches!(anchor, AnchorMode::Attribute(own) if own.eq_ignore_ascii_case(name))
}
