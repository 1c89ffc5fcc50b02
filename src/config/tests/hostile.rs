//! What an admin reads, and does not read, when a file holds secrets or hostile text.

use insta::assert_snapshot;

use super::*;

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

/// Whatever stands where somebody signs in and is no plain setting, under whatever key, in whatever form.
#[test]
fn nothing_below_a_way_to_sign_in_is_shown_but_plain_settings() {
    const PASSWORD: &str = "Sommer2026!x";
    let signs_in = |auth: &str| format!("version: 1\ntenant: {{ graph: {{ tenantId: x, auth: {auth} }} }}\n");
    let binds = |bind: &str| {
        format!(
            "version: 1\ntenant: {{ snapshot: a }}\nforests: {{ corp: {{ ldap: {{ url: ldaps://dc, baseDn: DC=x, bind: {bind} }} }} }}\n"
        )
    };
    let block = |below: &str| format!("version: 1\ntenant:\n  graph:\n    tenantId: x\n    auth:\n{below}");
    let documents = [
        signs_in(PASSWORD),
        signs_in("' Sommer2026!x'"),
        signs_in("\"Sommer2026!x\\u200b\""),
        signs_in("{ clientSecret: { clientId: 1, value: Sommer2026!x } }"),
        signs_in("{ clientSecret: { clientId: a, secret: { env: X }, geheim: [Sommer2026!x] } }"),
        signs_in("{ bearer: Sommer2026!x }"),
        signs_in("{ key: { a: { b: Sommer2026!x } } }"),
        signs_in("{ Sommer2026!x }"),
        signs_in("{ clientSecret: { Sommer2026!x: 1, Sommer2026!x: 2 } }"),
        signs_in("[Sommer2026!x]"),
        signs_in("azureCli, geheim: Sommer2026!x"),
        binds(PASSWORD),
        binds("{ simple: Sommer2026!x }"),
        binds("{ simple: [svc, Sommer2026!x] }"),
        binds("{ simple: { user: svc, kennung: Sommer2026!x } }"),
        binds("{ simple: { user: [Sommer2026!x] } }"),
        binds("{ token: { env: Sommer2026!x } }"),
        block("\tx: Sommer2026!x\n"),
        block("      Sommer2026!x\n"),
        block("      value: Sommer2026!x\n      b\n"),
        block("      - Sommer2026!x: 'a\n"),
        block("      clientSecret:\n        value: !Sommer2026!x\n"),
        block("      clientSecret:\n        value: *Sommer2026!x\n"),
        block("      value: \"Sommer2026!x\n"),
        "version: 1\nauth: Sommer2026!x\n".to_owned(),
    ];
    for yaml in documents {
        let shown = errors(&yaml);
        assert!(!shown.contains("Sommer2026"), "{yaml}{shown}");
    }
}

#[test]
fn what_has_the_form_of_a_secret_is_shown_nowhere() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl";
    let head = "version: 1\ntenant: { graph: { tenantId: x, auth: ";
    for secret in [token, "abc8Q~dEfGhIjKlMnOp", "'-----BEGIN PRIVATE KEY----- MIIEvQ eyJ'", "Bearer eyJhbGciOi"] {
        for yaml in [
            format!("{head}{{ clientSecret: {{ clientId: a, secret: {{ file: {secret} }} }} }} }} }}\n"),
            format!("{head}{{ token: {{ file: {secret} }} }} }} }}\n"),
            format!("{head}{{ clientCertificate: {{ clientId: a, certificate: {secret} }} }} }} }}\n"),
            format!("{head}{{ deviceCode: {{ clientId: {secret} }} }} }} }}\n"),
            format!("{head}azureCli, cloud: {secret} }} }}\n"),
            format!("version: 1\ntenant: {{ graph: {{ auth: azureCli, tenantId: {secret} }} }}\n"),
            format!("version: 1\ntenant: {{ snapshot: {secret} }}\n"),
        ] {
            let shown = errors(&yaml);
            assert!(!["eyJh", "8Q~d", "MIIE"].iter().any(|part| shown.contains(part)), "{yaml}{shown}");
        }
    }
}

#[test]
fn plain_settings_beside_a_secret_and_slips_are_still_shown() {
    let shown = errors("version: 1\ntenant: { graph: { tenantId: x, auth: azureCl } }\n");
    assert!(shown.contains("`azureCl` is not possible here") && shown.contains("did you mean `azureCli`"), "{shown}");
    let shown = errors("version: 1\ntenant: { graph: { tenantId: x, auth: { clientSecret: { clientId: 4 7, sekret: x } } } }\n");
    assert!(shown.contains("`4 7` is neither") && shown.contains("unknown key `sekret`"), "{shown}");
    let file = errors("version: 1\ntenant: { graph: { tenantId: x, auth: { token: { file: abc8Q~dEfGhIjKlMnOp } } } }\n");
    assert_snapshot!(file, @r"
    error: this is no path: it looks like a secret
     --> hardmatch.yaml:2:56
      |
    2 | … x, auth: { token: { file: ***
      |                             ^^^
      |
      = help: write the path of a file that holds it, and treat the secret that stood here as known to everybody

    1 error
    ");
    let bare = errors("version: 1\ntenant: { graph: { tenantId: x, auth: Sommer2026!x } }\n");
    assert_snapshot!(bare, @r"
    error: this is no way to sign in
     --> hardmatch.yaml:2:39
      |
    2 | tenant: { graph: { tenantId: x, auth: ***
      |                                       ^^^
      |
      = help: the choice is azureCli or managedIdentity or workloadIdentity or deviceCode; treat a secret that stood here as known to everybody

    1 error
    ");
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

/// The excerpt shows the line as it is written, which a runner reads, too.
#[test]
fn an_excerpt_commands_no_runner() {
    let errors =
        read("version: 1\ntenants: \"##vso[task.setvariable variable=x]y\"\nnote: \"::error::z\"\n").unwrap_err().to_string();
    assert!(errors.contains("tenants") && !errors.contains("##vso[") && !errors.contains("::error"), "{errors}");
}
