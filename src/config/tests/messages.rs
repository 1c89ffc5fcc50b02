//! What an admin reads when something is wrong with the YAML as such.

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

/// Such a letter made another character without a word, and the user was looked for in vain.
#[test]
fn a_backslash_before_a_letter_in_double_quotes() {
    let cure = "use '…' for texts with a backslash, such as 'CORP\\ann', or write the backslash twice";
    for (name, says) in [
        (r"CORP\svc", "starts an escape that does not exist"),
        (r"CORP\eve", r#"`\e` in "…" is the character U+001B, not a backslash and `e`"#),
        (r"CORP\_scan", "U+00A0"),
        (r"CORP\Lars", "U+2028"),
        (r"CORP\n", "U+000A"),
        (r"CORP\x1bob", "the text holds the control character U+001B"),
    ] {
        let head = HEAD.replace("corp.ldif", &format!("\"{name}\""));
        let bind = format!("simple: {{ user: \"{name}\", password: {{ env: PW }} }}");
        let live = format!("ldap: {{ url: ldaps://dc1, baseDn: DC=x, bind: {{ {bind} }} }}");
        for errors in [
            errors_below_head(&format!("mappings:\n  - onPrem: &a \"{name}\"\n    cloud: a@x.example\n")),
            errors_below_head(&format!("mappings:\n  - {{ because: &a \"{name}\", onPrem: *a, cloud: a@x.example }}\n")),
            errors_below_head(&format!("policy: {{ protect: [\"{name}*\"] }}\n")),
            errors(HEAD.replace("ldif: corp.ldif", &live)),
            errors(head),
        ] {
            assert!(errors.contains(says) && errors.contains(cure), "{errors}");
        }
    }
    for plain in [r"'CORP\eve'", r#""CORP\\eve""#, r#""Zo\u00eb""#, "\"Zo\u{a0}e\""] {
        assert!(read(format!("{HEAD}mappings:\n  - onPrem: {plain}\n    cloud: a@x.example\n")).is_ok(), "{plain}");
    }
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
    error: the mapping file `waves/none.csv` cannot be read: there is no such file or folder
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
    let decimal = errors("version: 1.0\ntenant: { snapshot: a }\n");
    assert!(decimal.contains("version 1.0 of the format is not known"), "{decimal}");
}

#[test]
fn a_fault_far_down_in_a_large_file_is_found_where_it_is() {
    let row = |n: usize| format!("  - {{ onPrem: u{n}, cloud: u{n}@x.example }}\n");
    let rows: String = (0..8_000).map(row).collect();
    assert_eq!(read(format!("{HEAD}mappings:\n{rows}")).unwrap().desired.mappings.len(), 8_000);
    assert_snapshot!(errors_below_head(&format!("mappings:\n{rows}  - onPrem: a\n\tcloud: b\n{rows}")), @r"
    error: a tab stands where YAML wants blanks
        --> hardmatch.yaml:8009:1
         |
    8009 | →cloud: b
         | ^
         |
         = help: replace the tab by blanks, two for each level

    1 error
    ");
}
