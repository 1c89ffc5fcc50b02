//! One person in both directories.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::random::Random;

/// How a person stands at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Linked,
    WithoutId,
    HeldByDuplicate,
    HeldByDeleted,
    Swapped,
    Odd,
}

impl Fate {
    pub(crate) const ALL: [Self; 6] =
        [Self::Linked, Self::WithoutId, Self::HeldByDuplicate, Self::HeldByDeleted, Self::Swapped, Self::Odd];

    /// Draws for the next person, or for the next two who swap.
    pub(crate) fn draw(random: &mut Random, left: u32) -> Self {
        match random.below(1000) {
            0..905 => Self::Linked,
            905..955 => Self::WithoutId,
            955..975 => Self::HeldByDuplicate,
            975..985 => Self::HeldByDeleted,
            985..990 if left > 1 => Self::Swapped,
            _ => Self::Odd,
        }
    }
}

/// A person.
pub(crate) struct Person {
    pub(crate) number: u32,
    pub(crate) cloud: Uuid,
    pub(crate) guid: Uuid,
}

const GIVEN: [&str; 12] =
    ["Ann", "Björn", "Chloé", "Dana", "Émile", "Fatma", "Grzegorz", "Hanna", "Ines", "Jürgen", "Katarína", "Łukasz"];
const SUR: [&str; 10] = ["Adler", "Brandt", "Çelik", "Dvořák", "Eriksson", "Fischer", "García", "Horváth", "Ivanova", "Jensen"];

impl Person {
    pub(crate) fn new(number: u32, random: &mut Random) -> Self {
        Self { number, cloud: random.guid(), guid: random.guid() }
    }

    pub(crate) fn sam(&self) -> String {
        format!("u{:07}", self.number)
    }

    pub(crate) fn upn(&self) -> String {
        format!("u{:07}@contoso.com", self.number)
    }

    pub(crate) fn name(&self) -> String {
        let [given, sur] = [self.number as usize, self.number as usize / GIVEN.len()];
        format!("{} {} {}", GIVEN[given % GIVEN.len()], SUR[sur % SUR.len()], self.number)
    }

    pub(crate) fn sid(&self) -> String {
        format!("S-1-5-21-1004336348-1177238915-682003330-{}", 10_000 + self.number)
    }

    pub(crate) fn anchor(&self) -> String {
        STANDARD.encode(self.guid.to_bytes_le())
    }

    /// The GUID in the order in which it is written: what a wrong tool makes of it.
    pub(crate) fn anchor_in_text_order(&self) -> String {
        STANDARD.encode(self.guid.as_bytes())
    }

    /// The AD user, as ldapsearch writes it.
    pub(crate) fn record(&self) -> String {
        let (sam, upn, name) = (self.sam(), self.upn(), self.name());
        let dn = STANDARD.encode(format!("CN={name},OU=Staff,DC=corp,DC=example,DC=com"));
        let shown = STANDARD.encode(&name);
        format!(
            "dn:: {dn}\nobjectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user\n\
             displayName:: {shown}\nobjectGUID:: {}\nobjectSid: {}\nsAMAccountName: {sam}\nuserPrincipalName: {upn}\nmail: {upn}\n\
             proxyAddresses: SMTP:{upn}\nproxyAddresses: smtp:{sam}@corp.example.com\nemployeeID: {}\nuserAccountControl: 512\n\n",
            self.anchor(),
            self.sid(),
            self.number
        )
    }

    /// The cloud user with an ImmutableID; `linked` says whether sync has taken it over.
    pub(crate) fn account(&self, immutable_id: Option<&str>, linked: bool) -> Value {
        let upn = self.upn();
        json!({
            "id": self.cloud, "userPrincipalName": upn, "displayName": self.name(), "mail": upn, "userType": "Member",
            "accountEnabled": true, "employeeId": self.number.to_string(), "proxyAddresses": [format!("SMTP:{upn}")],
            "assignedLicenses": [], "createdDateTime": "2024-03-01T08:00:00Z", "onPremisesProvisioningErrors": [],
            "onPremisesImmutableId": immutable_id,
            "onPremisesSyncEnabled": linked.then_some(true),
            "onPremisesLastSyncDateTime": linked.then_some("2026-11-25T06:00:00Z"),
            "onPremisesSecurityIdentifier": linked.then(|| self.sid()),
            "onPremisesObjectIdentifier": linked.then_some(self.guid),
            "onPremisesDistinguishedName": linked.then(|| format!("CN={},OU=Staff,DC=corp,DC=example,DC=com", self.name())),
            "onPremisesSamAccountName": linked.then(|| self.sam()), "onPremisesDomainName": linked.then_some("corp.example.com"),
            "onPremisesUserPrincipalName": linked.then(|| self.upn()),
        })
    }

    /// The account that a first failed sync made, which holds the ID.
    pub(crate) fn duplicate(&self, id: Uuid, deleted: bool) -> Value {
        let name = format!("u{:07}{:04}@contoso.onmicrosoft.com", self.number, self.number % 10_000);
        let mut account = json!({
            "id": id, "userPrincipalName": name, "displayName": self.name(), "mail": null, "userType": "Member",
            "accountEnabled": true, "employeeId": null, "proxyAddresses": [], "assignedLicenses": [],
            "createdDateTime": "2026-10-01T08:00:00Z", "onPremisesProvisioningErrors": [],
            "onPremisesImmutableId": self.anchor(), "onPremisesSyncEnabled": null, "onPremisesLastSyncDateTime": null,
            "onPremisesSecurityIdentifier": null, "onPremisesObjectIdentifier": null, "onPremisesDistinguishedName": null,
            "onPremisesSamAccountName": null, "onPremisesDomainName": null, "onPremisesUserPrincipalName": null,
        });
        if deleted {
            account["userPrincipalName"] = json!(format!("{}{name}", id.simple()));
            account["deletedDateTime"] = json!("2026-11-20T08:00:00Z");
        }
        account
    }
}
