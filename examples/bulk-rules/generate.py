#!/usr/bin/env python3
"""Writes corp.ldif, tenant.json and waves/ of this example. The same bytes on every run."""

import base64
import json
import random
import struct
import uuid
from pathlib import Path

HERE = Path(__file__).parent
BASE = "DC=corp,DC=example,DC=com"
DOMAIN_SID = "S-1-5-21-1004336348-1177238915-682003330"
FIRST = "Ada Ben Cleo Dario Emma Finn Greta Hugo Ines Jan Kaya Leo Mila Noel Olga Paul Quin Rosa Sven Tara".split()
LAST = "Adler Bianchi Costa Dubois Eriksen Fischer Garcia Horvat Ivanov Jansen Kovacs".split()
RANDOM = random.Random(20261122)


def guid():
    return uuid.UUID(int=RANDOM.getrandbits(128), version=4)


def immutable_id(object_guid):
    """Active Directory stores the first three groups of a GUID with their bytes reversed."""
    return base64.b64encode(object_guid.bytes_le).decode()


def sid_bytes(sid):
    authorities = [int(part) for part in sid.split("-")[3:]]
    head = struct.pack("BB", 1, len(authorities)) + (5).to_bytes(6, "big")
    return head + b"".join(struct.pack("<I", part) for part in authorities)


def line(name, value):
    text = f"{name}:: {base64.b64encode(value).decode()}" if isinstance(value, bytes) else f"{name}: {value}"
    folded = [text[:78]] + [" " + text[at : at + 77] for at in range(78, len(text), 77)]
    return "".join(part + "\n" for part in folded)


class Person:
    def __init__(self, number, first, last):
        self.number = number
        self.first, self.last = first, last
        self.sam = f"{first}.{last}".lower()
        self.guid, self.cloud_id = guid(), guid()
        self.office = "Berlin" if number % 3 else "Porto"
        # The first fifty are prepared for their waves: their UPN suffix is one of the tenant already.
        self.suffix = "contoso.com" if number < 50 else "corp.local"

    def dn(self):
        return f"CN={self.first} {self.last},OU={self.office},OU=Staff,{BASE}"

    def ldif(self):
        mail = f"{self.sam}@contoso.com"
        attributes = [("objectClass", name) for name in ("top", "person", "organizationalPerson", "user")] + [
            ("cn", f"{self.first} {self.last}"),
            ("sn", self.last),
            ("givenName", self.first),
            ("distinguishedName", self.dn()),
            ("whenCreated", f"20{10 + self.number % 15}0{1 + self.number % 9}15093000.0Z"),
            ("displayName", f"{self.first} {self.last}"),
            ("proxyAddresses", f"SMTP:{mail}"),
            ("objectGUID", self.guid.bytes_le),
            ("userAccountControl", 512),
            ("objectSid", sid_bytes(f"{DOMAIN_SID}-{2000 + self.number}")),
            ("sAMAccountName", self.sam),
            ("sAMAccountType", 805306368),
            ("userPrincipalName", f"{self.sam}@{self.suffix}"),
            ("objectCategory", f"CN=Person,CN=Schema,CN=Configuration,{BASE}"),
            ("mail", mail),
            ("employeeID", 30000 + self.number),
        ]
        return line("dn", self.dn()) + "".join(line(*attribute) for attribute in attributes) + "\n"

    def account(self, immutable=None):
        return account(self.cloud_id, f"{self.sam}@contoso.com", f"{self.first} {self.last}", immutable)


def account(object_id, upn, name, immutable=None, **values):
    user = {
        "id": str(object_id),
        "userPrincipalName": upn,
        "displayName": name,
        "accountEnabled": True,
        "userType": "Member",
        "mail": upn,
        "proxyAddresses": [f"SMTP:{upn}"],
        "employeeId": None,
        "onPremisesImmutableId": immutable,
        "onPremisesSyncEnabled": None,
        "onPremisesSecurityIdentifier": None,
        "onPremisesObjectIdentifier": None,
        "assignedLicenses": [{"skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965"}],
        "signInActivity": {"lastSignInDateTime": "2026-11-19T07:45:00Z"},
    }
    return user | values


def twin(person):
    unused = {"mail": None, "proxyAddresses": [], "assignedLicenses": [], "signInActivity": None}
    upn = f"{person.sam}{4000 + person.number}@contoso.onmicrosoft.com"
    return account(guid(), upn, f"{person.first} {person.last}", immutable_id(person.guid), **unused)


def forest(people):
    head = (
        f"# ldapsearch -LLL -H ldaps://dc1.corp.example.com -E pr=1000/noprompt -b {BASE} \\\n"
        "#   '(|(objectClass=domainDNS)(&(objectCategory=person)(objectClass=user)))'\n\n"
    )
    domain = [("dn", BASE)] + [("objectClass", name) for name in ("top", "domain", "domainDNS")]
    domain += [("objectGUID", guid().bytes_le), ("objectSid", sid_bytes(DOMAIN_SID))]
    return head + "".join(line(*attribute) for attribute in domain) + "\n" + "".join(person.ldif() for person in people)


def tenant(users):
    head = {
        "format": "hardmatch/tenant",
        "formatVersion": "1.0",
        "takenAt": "2026-11-22T06:00:00Z",
        "organization": {"id": "7f3c2b1a-0e9d-4c8b-a7f6-5e4d3c2b1a09", "displayName": "Contoso", "onPremisesSyncEnabled": True},
        "domains": [
            {"id": "contoso.com", "isVerified": True, "isInitial": False, "authenticationType": "Managed"},
            {"id": "contoso.onmicrosoft.com", "isVerified": True, "isInitial": True, "authenticationType": "Managed"},
        ],
        "deletedUsers": [],
        "groups": [],
        "contacts": [],
        "roles": [],
        "features": {
            "blockCloudObjectTakeoverThroughHardMatchEnabled": False,
            "blockSoftMatchEnabled": True,
            "synchronizeUpnForManagedUsersEnabled": True,
        },
    }
    return json.dumps(head | {"users": users}, indent=2) + "\n"


def wave(name, people, separator, twins, end="\n", mark=""):
    rows = [["onPrem", "cloud", "holder", "resolve", "because"]]
    for person in people:
        decision = twins.get(person.sam, ["", "", ""])
        rows.append([person.sam, f"{person.sam}@contoso.com", *decision])
    text = mark + "".join(separator.join(row) + end for row in rows)
    (HERE / "waves" / name).write_bytes(text.encode())


def main():
    people = [Person(number, FIRST[number % 20], LAST[number // 20]) for number in range(210)]
    listed = RANDOM.sample(people, len(people))
    # The last six have no account yet, and two before them got their ID in an earlier run.
    with_account, armed = people[:204], people[202:204]
    holders = {person.sam: twin(person) for person in (people[4], people[13], people[31])}
    users = [person.account(immutable_id(person.guid) if person in armed else None) for person in with_account]
    users += [*holders.values(), account(guid(), "breakglass@contoso.onmicrosoft.com", "Break glass", mail=None, proxyAddresses=[])]
    (HERE / "waves").mkdir(exist_ok=True)
    (HERE / "corp.ldif").write_text(forest(listed))
    (HERE / "tenant.json").write_text(tenant(RANDOM.sample(users, len(users))))
    first = {sam: [user["userPrincipalName"], "purge", "empty account of the first try"] for sam, user in holders.items()}
    second = {sam: [user["userPrincipalName"], "clear", "kept for the audit"] for sam, user in holders.items()}
    wave("wave-1.csv", people[:20], ",", first)
    # As a German Excel saves it: semicolons, CRLF and a byte order mark.
    wave("wave-2.csv", people[20:50], ";", second, "\r\n", "\ufeff")


if __name__ == "__main__":
    main()
