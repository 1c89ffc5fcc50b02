//! What an admin reads when the YAML is sound and cannot be meant.

use insta::assert_snapshot;

use super::*;

#[test]
fn selectors_that_cannot_be_right() {
    let yaml = r#"mappings:
  - { onPrem: 7n8F9T5MWUSC3SElC3KWAQ==, cloud: bob }
  - { onPrem: { immutableId: "G%2B913VeldU6DyDluvnc2ew%3D%3D" }, cloud: { id: 7 } }
  - { onPrem: { sam: a, upn: b@c.example }, cloud: {} }
  - { onPrem: { sam: a, forest: crop }, cloud: a@x.example }
  - { onPrem: { group: a }, cloud: { immutabelId: a } }
  - { onPrem: "{f5057fee-4c3e-4459-82dd-21250b729601", cloud: N/A }
  - { onPrem: "user*", cloud: S-1-5-21-1-2-3-4 }
"#;
    assert_snapshot!(errors_below_head(yaml), @r#"
    error: `7n8F9T5MWUSC3SElC3KWAQ==` looks like an ImmutableID
     --> hardmatch.yaml:8:15
      |
    8 |   - { onPrem: 7n8F9T5MWUSC3SElC3KWAQ==, cloud: bob }
      |               ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: name the kind: { immutableId: "7n8F9T5MWUSC3SElC3KWAQ==" }

    error: `bob` names no cloud user: it is neither a UPN (name@domain) nor an object id
     --> hardmatch.yaml:8:48
      |
    8 |   - { onPrem: 7n8F9T5MWUSC3SElC3KWAQ==, cloud: bob }
      |                                                ^^^
      |
      = help: write the whole UPN or the object id

    error: `G%2B913VeldU6DyDluvnc2ew%3D%3D` is escaped for a URL or a web page; the ImmutableID of that GUID is `G+913VeldU6DyDluvnc2ew==`
     --> hardmatch.yaml:9:30
      |
    9 |   - { onPrem: { immutableId: "G%2B913VeldU6DyDluvnc2ew%3D%3D" }, cloud: { id: 7 }…
      |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: `7` is not an Entra object id; write it as 6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0
     --> hardmatch.yaml:9:79
      |
    9 | …2ew%3D%3D" }, cloud: { id: 7 } }
      |                             ^
      |
      = help: copy the object id from the Entra portal or from Graph

    error: the AD user is given twice: `sam` and `upn`
      --> hardmatch.yaml:10:17
       |
    10 |   - { onPrem: { sam: a, upn: b@c.example }, cloud: {} }
       |                 ^^^
       |
       = help: keep one of the two

    error: the cloud user is missing here
      --> hardmatch.yaml:10:52
       |
    10 |   - { onPrem: { sam: a, upn: b@c.example }, cloud: {} }
       |                                                    ^^
       |
       = help: write id or upn or mail or employeeId

    error: there is no forest `crop`
      --> hardmatch.yaml:11:33
       |
    11 |   - { onPrem: { sam: a, forest: crop }, cloud: a@x.example }
       |                                 ^^^^
       |
       = help: did you mean `corp`? The forests are corp

    error: unknown key `group`
      --> hardmatch.yaml:12:17
       |
    12 |   - { onPrem: { group: a }, cloud: { immutabelId: a } }
       |                 ^^^^^
       |
       = help: the keys here are dn, guid, sid, sam, upn, mail, employeeId, immutableId, forest

    error: unknown key `immutabelId`
      --> hardmatch.yaml:12:38
       |
    12 |   - { onPrem: { group: a }, cloud: { immutabelId: a } }
       |                                      ^^^^^^^^^^^
       |
       = help: the keys here are id, upn, mail, employeeId

    error: `{f5057fee-4c3e-4459-82dd-21250b729601` has a bracket without its partner
      --> hardmatch.yaml:13:15
       |
    13 |   - { onPrem: "{f5057fee-4c3e-4459-82dd-21250b729601", cloud: N/A }
       |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: `N/A` marks a missing value
      --> hardmatch.yaml:13:63
       |
    13 | …82dd-21250b729601", cloud: N/A }
       |                             ^^^
       |
       = help: name the user, or remove the mapping

    error: `user*` is no sAMAccountName: it holds `*`
      --> hardmatch.yaml:14:15
       |
    14 |   - { onPrem: "user*", cloud: S-1-5-21-1-2-3-4 }
       |               ^^^^^^^
       |
       = help: a mapping names one user; to pair many at once write a rule

    error: `S-1-5-21-1-2-3-4` names no cloud user: it is neither a UPN (name@domain) nor an object id
      --> hardmatch.yaml:14:31
       |
    14 |   - { onPrem: "user*", cloud: S-1-5-21-1-2-3-4 }
       |                               ^^^^^^^^^^^^^^^^
       |
       = help: write the whole UPN or the object id

    13 errors
    "#);
}

/// What stands for nobody in a script is not taken for the wish to let an account leave hybrid.
#[test]
fn a_missing_value_clears_nothing() {
    for mark in ["None", "NONE"] {
        let said = errors_below_head(&format!("mappings:\n  - {{ onPrem: {mark}, cloud: a@x.example }}\n"));
        assert!(said.contains(&format!("`{mark}` may be what a script writes")) && said.contains("write `none`"), "{said}");
    }
    for mark in ["nan", "NaN"] {
        let said = errors_below_head(&format!("mappings:\n  - {{ onPrem: {mark}, cloud: a@x.example }}\n"));
        assert!(said.contains(&format!("`{mark}` marks a missing value")) && said.contains("{ sam: nan }"), "{said}");
    }
}

#[test]
fn decisions_that_cannot_be_taken() {
    let yaml = "mappings:
  - onPrem: none
    cloud: a@x.example
    write: onPrem
    restore: true
  - onPrem: a
    cloud: b@x.example
    accept: [holder-synced, anchor-opaqe]
    restore: yes
    holders:
      - { account: c@x.example, resolve: delete }
      - { account: d@x.example }
      - { account: e@x.example, resolve: clear }
      - { account: E@x.example, resolve: purge }
";
    assert_snapshot!(errors_below_head(yaml), @r#"
    error: `write` has no meaning with `onPrem: none`
      --> hardmatch.yaml:10:12
       |
    10 |     write: onPrem
       |            ^^^^^^
       |
       = help: an account that leaves hybrid is only cleared; remove the key

    error: `holder-synced` cannot be accepted
      --> hardmatch.yaml:14:14
       |
    14 |     accept: [holder-synced, anchor-opaqe]
       |              ^^^^^^^^^^^^^
       |
       = help: only these can be accepted: anchor-opaque, federated-domain, holder-in-use, object-identifier-differs, privilege-unknown, target-guest, target-privileged; every other blocker has to be cured

    error: `anchor-opaqe` cannot be accepted
      --> hardmatch.yaml:14:29
       |
    14 |     accept: [holder-synced, anchor-opaqe]
       |                             ^^^^^^^^^^^^
       |
       = help: did you mean `anchor-opaque`? Only these can be accepted: anchor-opaque, federated-domain, holder-in-use, object-identifier-differs, privilege-unknown, target-guest, target-privileged

    error: true or false is wanted here, not text
      --> hardmatch.yaml:15:14
       |
    15 |     restore: yes
       |              ^^^
       |
       = help: write true or false, without quotes

    error: `delete` is not possible here
      --> hardmatch.yaml:17:42
       |
    17 |       - { account: c@x.example, resolve: delete }
       |                                          ^^^^^^
       |
       = help: the choice is purge or clear

    error: the key `resolve` is missing here
      --> hardmatch.yaml:18:11
       |
    18 |       - { account: d@x.example }
       |           ^^^^^^^
       |
       = help: say what becomes of the account: purge or clear

    error: there are two decisions on `E@x.example`
      --> hardmatch.yaml:20:11
       |
    20 |       - { account: E@x.example, resolve: purge }
       |           ^^^^^^^
       |
       = help: keep one; the other is in line 19

    7 errors
    "#);
}

#[test]
fn without_forests() {
    let yaml = "version: 1\ntenant: { snapshot: a }\nmappings:\n  - { onPrem: bob, cloud: a@x.example }\n  - { onPrem: f5057fee4c3e445982dd21250b729601, cloud: b@x.example }\n  - { onPrem: f5057fee-4c3e-4459-82dd-21250b729601, cloud: c@x.example, write: onPrem }\nrules: [{ name: a, pair: { onPrem: mail, cloud: mail } }]\n";
    assert_snapshot!(errors(yaml), @r#"
    error: without `forests` an AD user can only be named by objectGUID or ImmutableID
     --> hardmatch.yaml:4:15
      |
    4 |   - { onPrem: bob, cloud: a@x.example }
      |               ^^^
      |
      = help: add `forests`, so that the user can be looked up, or write { guid: … } or { immutableId: … }

    error: 32 bare hex digits can be read in two ways, and there is no forest to tell which is meant
     --> hardmatch.yaml:5:15
      |
    5 |   - { onPrem: f5057fee4c3e445982dd21250b729601, cloud: b@x.example }
      |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: write f5057fee-4c3e-4459-82dd-21250b729601 if they are GUID text, or ee7f05f5-3e4c-5944-82dd-21250b729601 if they are raw bytes

    error: `write: onPrem` needs forests
     --> hardmatch.yaml:6:80
      |
    6 | …cloud: c@x.example, write: onPrem }
      |                             ^^^^^^
      |
      = help: add the forest of the user under `forests`

    error: rules need forests
     --> hardmatch.yaml:7:8
      |
    7 | rules: [{ name: a, pair: { onPrem: mail, cloud: mail } }]
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: add `forests`: without them there are no AD users to pair

    4 errors
    "#);
}

#[test]
fn rules_that_pair_nobody() {
    let yaml = "rules:\n  - { name: a, pair: { onPrem: sAMAccountName, cloud: userPrincipalName } }\n  - { name: A, pair: { onPrem: employeeID, cloud: employeeId, replaceSuffix: { a: b } } }\n  - { name: c, where: { under: Staff }, pair: { onPrem: upn, cloud: mail, replaceSuffix: { '@a': 'b@c' } } }\n";
    assert_snapshot!(errors_below_head(yaml), @r#"
    error: these two can never be equal: only one of them is of the form name@domain
     --> hardmatch.yaml:8:24
      |
    8 |   - { name: a, pair: { onPrem: sAMAccountName, cloud: userPrincipalName } }
      |                        ^^^^^^
      |
      = help: pair userPrincipalName or mail with userPrincipalName or mail, and employeeID or sAMAccountName with employeeId

    error: `replaceSuffix` has no meaning here: these values have no suffix
     --> hardmatch.yaml:9:80
      |
    9 | …ployeeId, replaceSuffix: { a: b } } }
      |                             ^
      |
      = help: remove the key

    error: `Staff` is not a distinguished name; write it as CN=Eve,OU=Staff,DC=corp,DC=example,DC=com
      --> hardmatch.yaml:10:32
       |
    10 |   - { name: c, where: { under: Staff }, pair: { onPrem: upn, cloud: mail, replace…
       |                                ^^^^^

    error: `upn` is not possible here
      --> hardmatch.yaml:10:57
       |
    10 | …: Staff }, pair: { onPrem: upn, cloud: mail, replaceSuffix: { '@a': 'b@c' } } }
       |                             ^^^
       |
       = help: the choice is userPrincipalName or mail or employeeID or sAMAccountName

    error: `b@c` is no suffix
      --> hardmatch.yaml:10:98
       |
    10 | …il, replaceSuffix: { '@a': 'b@c' } } }
       |                             ^^^^^
       |
       = help: write the part behind the @, such as contoso.com

    5 errors
    "#);
}

#[test]
fn sources_that_contradict_themselves() {
    let yaml = "version: 1\ntenant: { snapshot: a, graph: {} }\nforests:\n  corp: { anchor: samAccountName }\n  b: { csv: b.csv, ldif: b.ldif, anchor: { attribute: objectGUID } }\n  c: { ldap: { url: 'ldap://dc1', baseDn: x, bind: { simple: { user: a, password: { env: PW } } } } }\n";
    assert_snapshot!(errors(yaml), @r#"
    error: the source of the tenant is given twice: `snapshot` and `graph`
     --> hardmatch.yaml:2:11
      |
    2 | tenant: { snapshot: a, graph: {} }
      |           ^^^^^^^^
      |
      = help: keep one of the two

    error: the source of the forest is missing here
     --> hardmatch.yaml:4:11
      |
    4 |   corp: { anchor: samAccountName }
      |           ^^^^^^
      |
      = help: write ldif or csv or ldap

    error: `samAccountName` is no anchor
     --> hardmatch.yaml:4:19
      |
    4 |   corp: { anchor: samAccountName }
      |                   ^^^^^^^^^^^^^^
      |
      = help: the choice is consistencyGuid, objectGuid or { attribute: employeeID }

    error: the source of the forest is given twice: `csv` and `ldif`
     --> hardmatch.yaml:5:8
      |
    5 |   b: { csv: b.csv, ldif: b.ldif, anchor: { attribute: objectGUID } }
      |        ^^^
      |
      = help: keep one of the two

    error: `objectGUID` is an anchor of its own
     --> hardmatch.yaml:5:55
      |
    5 | …ldif, anchor: { attribute: objectGUID } }
      |                             ^^^^^^^^^^
      |
      = help: write `anchor: objectGuid`

    error: the password would travel in the clear
     --> hardmatch.yaml:6:21
      |
    6 |   c: { ldap: { url: 'ldap://dc1', baseDn: x, bind: { simple: { user: a, password:…
      |                     ^^^^^^^^^^^^
      |
      = help: write ldaps://, or add `startTls: true`

    error: `x` is not a distinguished name; write it as CN=Eve,OU=Staff,DC=corp,DC=example,DC=com
     --> hardmatch.yaml:6:43
      |
    6 |   c: { ldap: { url: 'ldap://dc1', baseDn: x, bind: { simple: { user: a, password:…
      |                                           ^

    7 errors
    "#);
}

#[test]
fn a_home_folder_by_its_sign() {
    assert_snapshot!(errors_below_head("policy:\n  backups: ~/backups\n"), @r#"
    error: `~` is not made your home folder here
     --> hardmatch.yaml:8:12
      |
    8 |   backups: ~/backups
      |            ^^^^^^^^^
      |
      = help: write the path in full, or from the folder of this file

    1 error
    "#);
}

/// The digits of a number are not what sync makes an anchor of.
#[test]
fn an_anchor_that_is_a_number() {
    let yaml = "version: 1\ntenant: { snapshot: a }\nforests: { b: { ldif: b, anchor: { attribute: UIDNumber } } }\n";
    let said = errors(yaml);
    assert!(said.contains("error: `UIDNumber` is a number") && said.contains("hardmatch.yaml:3:47"), "{said}");
}
