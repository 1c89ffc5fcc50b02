//! The filter language: what it says of a user, what it refuses, and what it needs the index for.

use serde_json::{Value, json};

use super::super::schema::USER;
use super::check::Asked;
use super::eval::meets;
use super::parse;

fn user() -> Value {
    json!({
        "id": "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0",
        "userPrincipalName": "O'Dell@x.example",
        "onPremisesImmutableId": "a+/Bcd==",
        "onPremisesSyncEnabled": false,
        "mail": null,
        "proxyAddresses": ["SMTP:odell@x.example", "smtp:o2@y.example"],
        "assignedLicenses": [{ "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965" }],
        "createdDateTime": "2026-01-02T03:04:05Z",
        "signInActivity": { "lastSignInDateTime": "2026-05-01T00:00:00Z" },
    })
}

#[track_caller]
fn holds(filter: &str) -> bool {
    meets(&parse(filter).unwrap(), &user())
}

#[test]
fn compares_as_the_directory_does() {
    for filter in [
        "userPrincipalName eq 'o''dell@X.example'",
        "onPremisesImmutableId in ('x','A+/BCD==')",
        "mail eq null and not(onPremisesSyncEnabled eq true)",
        "onPremisesSyncEnabled ne null",
        "proxyAddresses/any(p:p eq 'smtp:ODELL@x.example')",
        "proxyAddresses/any(a:startsWith(a,'smtp:o2') or endsWith(a, 'nothing'))",
        "proxyAddresses/$count ne 0",
        "otherMails/$count eq 0",
        "assignedLicenses/any(x:x/skuId eq 05e9a617-0261-4cee-bb44-138d3ef5d965)",
        "createdDateTime ge 2026-01-02 and createdDateTime le 2026-01-02T03:04:05Z",
        "signInActivity/lastSignInDateTime le 2026-06-01T00:00:00Z",
        "endswith(userPrincipalName,'@x.example')",
        "false_or_true eq null or startsWith(userPrincipalName,'z')",
        "(((userPrincipalName ne 'z')))",
    ] {
        assert!(holds(filter), "{filter}");
    }
    for filter in ["mail ne null", "onPremisesSyncEnabled eq null", "userPrincipalName eq 'o''dell'", "NOT(mail eq null)"] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn refuses_what_it_cannot_read_without_falling_over() {
    let deep = "(".repeat(100_000);
    let nots = "not ".repeat(100_000);
    let many = format!("id in ({})", vec!["'x'"; 16].join(","));
    let ors = vec!["id eq 'x'"; 16].join(" or ");
    for filter in [
        "",
        "id",
        "id eq",
        "id eq 'x",
        "eq 'x'",
        "id eq 'x' and",
        "id eq 'x' 'y'",
        "(id eq 'x'",
        "id eq 'x')",
        "id in ()",
        "contains(mail,'x')",
        "startsWith(mail)",
        "p/any(",
        "p/any(x:)",
        "p/any(x:y eq 'z')",
        "p/all(x:x eq 'y')",
        "p/any(x:q/any(y:y eq 'z'))",
        "id eq \u{1F600}",
        "id & 1",
        "mail/",
        "'x' eq id",
        "id like 'x'",
        &deep,
        &nots,
        &many,
        &ors,
    ] {
        assert!(parse(filter).is_err(), "{filter:.60}");
    }
    // Long chains are no deep trees.
    assert!(parse(&vec!["mail eq null"; 20_000].join(" and ")).is_ok());
}

#[test]
fn knows_what_needs_the_index() {
    let asked = |advanced, strict| Asked { entity: &USER, beta: false, advanced, strict };
    let status = |filter: &str, asked: Asked| asked.filter(&parse(filter).unwrap()).is_ok();
    let (plain, strict, advanced) = (asked(false, false), asked(false, true), asked(true, true));
    for filter in [
        "userPrincipalName eq 'a'",
        "onPremisesSyncEnabled eq true",
        "onPremisesSecurityIdentifier in ('S-1-1')",
        "proxyAddresses/any(p:p eq 'smtp:a')",
        "startsWith(displayName,'a')",
        "onPremisesSyncEnabled eq null",
    ] {
        assert!(status(filter, strict), "{filter}");
    }
    for filter in [
        "userPrincipalName ne 'a'",
        "not(startsWith(displayName,'a'))",
        "endsWith(mail,'a')",
        "proxyAddresses/any(p:endsWith(p,'a'))",
        "proxyAddresses/$count eq 0",
        "onPremisesSamAccountName eq 'a'",
        "displayName eq null",
    ] {
        assert!(!status(filter, plain) && status(filter, advanced), "{filter}");
    }
    assert!(status("onPremisesImmutableId eq 'a'", plain) && !status("onPremisesImmutableId eq 'a'", strict));
    for filter in [
        "onPremisesDistinguishedName eq 'a'",
        "startsWith(onPremisesImmutableId,'a')",
        "onPremisesObjectIdentifier eq 'a'",
        "nonsense eq 'a'",
        "onPremisesSyncEnabled eq 'true'",
        "proxyAddresses eq 'a'",
        "displayName/any(x:x eq 'a')",
    ] {
        assert!(!status(filter, advanced), "{filter}");
    }
}
