//! What an admin reads when something is wrong with the YAML.

use insta::assert_snapshot;

use super::*;

#[test]
fn misspelt_keys_are_all_shown_with_what_was_meant() {
    assert_snapshot!(errors_below_head("mapings: []\nmappings:\n  - onPerm: a\n    cloud: a@x.example\n    becuase: 3\n"), @r#"
    error: unknown key `mapings`
     --> hardmatch.yaml:7:1
      |
    7 | mapings: []
      | ^^^^^^^
      |
      = help: did you mean `mappings`? The keys here are version, tenant, forests, mappings, mappingFiles, rules, policy

    error: unknown key `onPerm`
     --> hardmatch.yaml:9:5
      |
    9 |   - onPerm: a
      |     ^^^^^^
      |
      = help: did you mean `onPrem`? The keys here are onPrem, cloud, holders, write, restore, accept, because

    error: unknown key `becuase`
      --> hardmatch.yaml:11:5
       |
    11 |     becuase: 3
       |     ^^^^^^^
       |
       = help: did you mean `because`? The keys here are onPrem, cloud, holders, write, restore, accept, because

    3 errors
    "#);
}

#[test]
fn a_duplicate_key() {
    assert_snapshot!(errors_below_head("mappings:\n  - onPrem: a\n    onPrem: b\n    cloud: a@x.example\n"), @r#"
    error: the key `onPrem` is set twice
     --> hardmatch.yaml:9:5
      |
    9 |     onPrem: b
      |     ^^^^^^
     ::: hardmatch.yaml:8:5
      |
    8 |   - onPrem: a
      |     --------- it is set here first
      |
      = help: keep one of the two

    1 error
    "#);
}

#[test]
fn a_tab() {
    assert_snapshot!(errors_below_head("mappings:\n\t- onPrem: a\n"), @r#"
    error: a tab stands where YAML wants blanks
     --> hardmatch.yaml:8:1
      |
    8 | →- onPrem: a
      | ^
      |
      = help: replace the tab by blanks, two for each level

    1 error
    "#);
}

#[test]
fn an_unclosed_quote() {
    assert_snapshot!(errors_below_head("mappings:\n  - onPrem: 'abc\n    cloud: a@x.example\n"), @r#"
    error: a quote is not closed
     --> hardmatch.yaml:8:13
      |
    8 |   - onPrem: 'abc
      |             ^
      |
      = help: close the text with the quote that opens it, on the same line

    1 error
    "#);
}

#[test]
fn indentation() {
    assert_snapshot!(errors_below_head("mappings:\n  - onPrem: abc\n   cloud: a@x.example\n"), @r#"
    error: the indentation does not fit the lines above
     --> hardmatch.yaml:9:4
      |
    9 |    cloud: a@x.example
      |    ^
      |
      = help: keys that belong together start in the same column; the entries of a list start with `- `

    1 error
    "#);
}

#[test]
fn a_pattern_without_quotes() {
    assert_snapshot!(errors_below_head("policy: { protect: [*@contoso.com] }\n"), @r#"
    error: `*` or `&` starts the name of an alias, and this name is not defined
     --> hardmatch.yaml:7:21
      |
    7 | policy: { protect: [*@contoso.com] }
      |                     ^
      |
      = help: put a pattern such as "*@contoso.com" into quotes

    1 error
    "#);
}

#[test]
fn a_missing_mapping_file() {
    assert_snapshot!(errors_below_head("mappingFiles:\n  - waves/none.csv\n  - ./waves/none.csv\n"), @r#"
    error: the mapping file `waves/none.csv` cannot be read: there is no such file
     --> hardmatch.yaml:8:5
      |
    8 |   - waves/none.csv
      |     ^^^^^^^^^^^^^^
      |
      = help: paths start in the folder of hardmatch.yaml

    error: the mapping file `./waves/none.csv` is listed twice
     --> hardmatch.yaml:9:5
      |
    9 |   - ./waves/none.csv
      |     ^^^^^^^^^^^^^^^^
      |
      = help: list it once

    2 errors
    "#);
}

#[test]
fn wrong_types_and_values() {
    let yaml = "mappings: { a: b }\nrules: 7\npolicy:\n  protect: breakglass\n  limits: { percent: 120, changes: -1, purges: 010 }\n  approvals: { required: 2 }\n";
    assert_snapshot!(errors_below_head(yaml), @r#"
    error: a list is wanted here, not keys and values
     --> hardmatch.yaml:7:13
      |
    7 | mappings: { a: b }
      |             ^
      |
      = help: write each entry on its own line after `- `

    error: a list is wanted here, not a number
     --> hardmatch.yaml:8:8
      |
    8 | rules: 7
      |        ^
      |
      = help: write each entry on its own line after `- `

    error: a list is wanted here, not text
      --> hardmatch.yaml:10:12
       |
    10 |   protect: breakglass
       |            ^^^^^^^^^^
       |
       = help: write each entry on its own line after `- `

    error: 120 is too large: at most 100 is possible here
      --> hardmatch.yaml:11:22
       |
    11 |   limits: { percent: 120, changes: -1, purges: 010 }
       |                      ^^^

    error: a whole number is wanted here, not `-1`
      --> hardmatch.yaml:11:36
       |
    11 |   limits: { percent: 120, changes: -1, purges: 010 }
       |                                    ^^
       |
       = help: write a whole number such as 20: digits only, without quotes

    error: a whole number is wanted here, not `010`
      --> hardmatch.yaml:11:48
       |
    11 |   limits: { percent: 120, changes: -1, purges: 010 }
       |                                                ^^^
       |
       = help: write a whole number such as 20: digits only, without quotes

    error: approvals are required, but nobody may give them
      --> hardmatch.yaml:12:16
       |
    12 |   approvals: { required: 2 }
       |                ^^^^^^^^
       |
       = help: add `signers: FILE`, an OpenSSH allowed_signers file

    7 errors
    "#);
}

#[test]
fn nothing_where_a_value_is_needed() {
    let yaml = "mappings:\n  - onPrem:\n    cloud: ''\n  - onPrem: { immutableId: '' }\n    cloud: ~\n  - cloud: a@x.example\n  -\nmappingFiles:\n";
    assert_snapshot!(errors_below_head(yaml), @r#"
    error: `onPrem` has no value
     --> hardmatch.yaml:8:5
      |
    8 |   - onPrem:
      |     ^^^^^^
      |
      = help: name the user; to let an account leave hybrid write `onPrem: none`

    error: the text is empty
     --> hardmatch.yaml:9:12
      |
    9 |     cloud: ''
      |            ^^
      |
      = help: write a value, or remove the key

    error: the ImmutableID is empty; to clear an ID write `onPrem: none`
      --> hardmatch.yaml:10:28
       |
    10 |   - onPrem: { immutableId: '' }
       |                            ^^

    error: `cloud` has no value
      --> hardmatch.yaml:11:5
       |
    11 |     cloud: ~
       |     ^^^^^
       |
       = help: write a value, or remove the key; an empty list is `[]`

    error: the key `onPrem` is missing here
      --> hardmatch.yaml:12:5
       |
    12 |   - cloud: a@x.example
       |     ^^^^^
       |
       = help: name the AD user; to let an account leave hybrid write `onPrem: none`

    error: a mapping is wanted here
      --> hardmatch.yaml:13:4
       |
    13 |   - 
       |    ^
       |
       = help: keys with values are wanted here: onPrem, cloud, holders, write, restore, accept, because

    error: `mappingFiles` has no value
      --> hardmatch.yaml:14:1
       |
    14 | mappingFiles:
       | ^^^^^^^^^^^^
       |
       = help: write a value, or remove the key; an empty list is `[]`

    7 errors
    "#);
}

#[test]
fn an_alias_bomb() {
    let mut yaml = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, of) in ["b", "c", "d", "e", "f", "g"].iter().zip(["a", "b", "c", "d", "e", "f"]) {
        yaml.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 10].join(",")));
    }
    assert_snapshot!(errors(yaml), @r#"
    error: the aliases of this file stand for more than a million values
     --> hardmatch.yaml:6:26
      |
    6 | f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]
      |                          ^^
      |
      = help: write the values out instead of `&name` and `*name`

    1 error
    "#);
    assert_snapshot!(errors("a: &a [*a]\n"), @r#"
    error: an alias stands inside the value that it names
     --> hardmatch.yaml:1:8
      |
    1 | a: &a [*a]
      |        ^^
      |
      = help: write the value out

    1 error
    "#);
}

#[test]
fn an_empty_file() {
    assert_snapshot!(errors("# nothing but a comment\n"), @r#"
    error: the file is empty
    --> hardmatch.yaml
     = help: it needs at least `version: 1` and the section `tenant`

    1 error
    "#);
}

#[test]
fn a_binary_file() {
    assert_snapshot!(errors(b"\x50\x4b\x03\x04\x00\xff\x00"), @r#"
    error: the file is not text but binary data
    --> hardmatch.yaml
     = help: save the file as UTF-8 text, or check that it is the right file

    1 error
    "#);
    assert_snapshot!(errors(b"version: 1\nname: J\xf6rg\n"), @r#"
    error: the file is not UTF-8: line 2 holds the byte 0xF6
    --> hardmatch.yaml
     = help: save the file as UTF-8 text, or check that it is the right file

    1 error
    "#);
}

#[test]
fn other_versions() {
    assert_snapshot!(errors("version: 2\ntenant: { snapshot: a }\n"), @r#"
    error: version 2 of the format is not known
     --> hardmatch.yaml:1:10
      |
    1 | version: 2
      |          ^
      |
      = help: this program reads `version: 1`; a newer version of the format needs a newer program

    1 error
    "#);
    assert_snapshot!(errors("tenant: { snapshot: a }\nversion: '1'\n"), @r#"
    error: the version is a number, not text
     --> hardmatch.yaml:2:10
      |
    2 | version: '1'
      |          ^^^
      |
      = help: write `version: 1`

    1 error
    "#);
}

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
    error: without `forests` an AD user can only be named by { guid: … } or { immutableId: … }
     --> hardmatch.yaml:4:15
      |
    4 |   - { onPrem: bob, cloud: a@x.example }
      |               ^^^
      |
      = help: add `forests`, so that the user can be looked up

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
fn a_secret_in_the_text_is_refused_and_never_shown() {
    let with = |auth: &str| format!("version: 1\ntenant: {{ graph: {{ tenantId: x, auth: {auth} }} }}\n");
    let inline = errors(with("{ clientSecret: { clientId: a, secret: hunter2 } }"));
    assert_snapshot!(inline, @r#"
    error: `secret` must not stand in the file itself
     --> hardmatch.yaml:2:78
      |
    2 | …et: { clientId: a, secret: ***
      |                             ^^^
      |
      = help: write { env: NAME } or { file: path }, and treat the secret that stood here as known to everybody

    1 error
    "#);
    let block = "version: 1\ntenant: { snapshot: a }\nforests:\n  corp:\n    ldap:\n      url: ldaps://dc1\n      baseDn: DC=x\n      bind:\n        simple:\n          user: a\n          password:\n            hunter2\n          pasword: hunter2\n";
    let in_env = with("{ token: { env: 'hunter2!' } }");
    let syntax = block.replace("baseDn: DC=x", "baseDn: 'DC=x");
    let open = "version: 1\ntenant:\n  graph:\n    secret: \"hunter2\n".to_owned();
    let list = with("{ token: [hunter2] }");
    let set = block.replace("            hunter2\n", "            {hunter2: hunter2}\n");
    let braces = with("{ token: {hunter2} }");
    let tag = block.replace("            hunter2\n", "").replace("password:\n", "password: !hunter2\n");
    let scalar = block.replace("            hunter2\n", "            |\n              a\n              hunter2\n");
    let url = "version: 1\ntenant: { graph: { tenantId: x, auth: azureCli, endpoint: 'https://a:hunter2@b' } }\n".to_owned();
    for yaml in [block.to_owned(), in_env, syntax, open, list, set, braces, tag, scalar, url] {
        for color in [true, false] {
            let shown = read(&yaml).unwrap_err().render(100, color);
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("***") || shown.contains("'DC=x"), "{shown}");
        }
    }
}

#[test]
fn addresses_that_leak_tokens_are_refused() {
    for (address, fits) in [
        ("https://graph.example.com/v1.0", true),
        ("http://127.0.0.1:8080", true),
        ("http://localhost", true),
        ("HTTP://LOCALHOST", true),
        ("http://graph.example.com", false),
        ("http://127.0.0.1@evil.example", false),
        ("http://127.0.0.1.evil.example", false),
        ("http://localhost\\@evil.example", false),
        ("http://localhost\\.evil.example", false),
        ("https://", false),
        ("https://a:99999", false),
        ("ftp://localhost", false),
        ("graph.example.com", false),
    ] {
        let yaml = format!("version: 1\ntenant: {{ graph: {{ tenantId: x, auth: azureCli, endpoint: '{address}' }} }}\n");
        assert_eq!(read(yaml).is_ok(), fits, "{address}");
    }
}

#[test]
fn hostile_texts_are_shown_safely_and_cut() {
    let long = "x".repeat(5_000);
    let shown = errors_below_head(&format!(
        "mappings:\n  - {{ onPrem: a, because: {long}, clud: \"a\u{202e}@x.example\" }}\n{long}: 1\n"
    ));
    assert!(shown.lines().all(|line| line.chars().count() < 700), "{shown}");
    let shown = errors("version: 1\nm\u{1b}[31m: b\n");
    assert_snapshot!(shown, @r#"
    error: the file holds the control character U+001B
     --> hardmatch.yaml:2:2
      |
    2 | m\u{1b}[31m: b
      |  ^^^^^^
      |
      = help: delete it, or check that this is the right file

    1 error
    "#);
    let deep = errors("[".repeat(20_000));
    assert!(deep.contains("nested too deeply"), "{deep}");
}

#[test]
fn yaml_that_is_not_for_this_program() {
    assert_snapshot!(errors_below_head("<<: { a: b }\nrules: !include rules.yaml\n? [a, b]\n: c\n"), @r#"
    error: merge keys (`<<`) are not supported
     --> hardmatch.yaml:7:1
      |
    7 | <<: { a: b }
      | ^^
      |
      = help: write the keys out

    error: the tag `!include` is not supported
     --> hardmatch.yaml:8:8
      |
    8 | rules: !include rules.yaml
      |        ^^^^^^^^
      |
      = help: remove the tag and write the value itself

    error: a list is wanted here, not text
     --> hardmatch.yaml:8:17
      |
    8 | rules: !include rules.yaml
      |                 ^^^^^^^^^^
      |
      = help: write each entry on its own line after `- `

    error: a key is a list or a mapping
     --> hardmatch.yaml:9:3
      |
    9 | ? [a, b]
      |   ^^^^^^
      |
      = help: a key is a single word followed by `: `

    4 errors
    "#);
    assert_snapshot!(errors_below_head("---\nversion: 1\n"), @r#"
    error: a second document starts here
     --> hardmatch.yaml:7:1
      |
    7 | ---
      | ^^^
      |
      = help: remove the line `---`: a configuration is one document

    1 error
    "#);
}
