//! Secrets: held in a type that no debug print shows, so that no log, no error and no report of a crash holds one.

use std::fs;
use std::path::{Path, PathBuf};

use hardmatch::directory::ad::ldap::Credentials;

const SECRET: &str = "hunter2";

/// Names of fields that hold secrets.
const NAMES: [&str; 10] =
    ["password", "passphrase", "secret", "token", "bearer", "assertion", "pem", "device_code", "user_code", "private"];
/// Types that show what they hold.
const OPEN: [&str; 5] = ["String", "Box<str>", "Vec<u8>", "&str", "[u8"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The fields of a text that hold a secret openly, with the derives above their type.
fn open_secrets(text: &str) -> Vec<(String, String)> {
    let (mut derives, mut found) = (String::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[derive(") {
            line.clone_into(&mut derives);
        } else if line == "}" {
            derives.clear();
        }
        let Some((name, kind)) = line.trim_end_matches(',').split_once(": ") else { continue };
        let name = name.rsplit(' ').next().unwrap_or_default();
        let is_secret = NAMES.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")));
        let kind = kind.trim_start_matches("Option<");
        if is_secret && OPEN.iter().any(|open| kind.starts_with(open)) {
            found.push((line.to_owned(), derives.clone()));
        }
    }
    found
}

#[test]
fn no_type_that_can_be_printed_holds_a_secret_openly() {
    let mut seen = 0;
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        // The emulator makes up its secrets.
        if file.components().any(|part| part.as_os_str() == "emulator") || file.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        for (field, derives) in open_secrets(&fs::read_to_string(&file).unwrap()) {
            seen += 1;
            assert!(!derives.contains("Debug"), "{}: `{field}` is shown by {derives}", file.display());
        }
    }
    assert!(seen >= 3, "the scanner sees the fields of the device code, which cannot be printed: {seen}");
}

#[test]
fn the_scanner_sees_what_it_looks_for() {
    let text = "#[derive(Debug)]\nstruct A {\n    pub(super) refresh_token: Option<String>,\n}\nstruct B {\n    secret: SecretString,\n    pem: String,\n}\n";
    let found = open_secrets(text);
    assert_eq!(found.len(), 2);
    assert!(found[0].1.contains("Debug") && !found[1].1.contains("Debug"), "{found:?}");
}

#[test]
fn credentials_of_a_forest_show_no_password() {
    let credentials = Credentials::Simple { user: "svc".into(), password: SECRET.to_owned().into() };
    let shown = format!("{credentials:?} {credentials:#?}");
    assert!(shown.contains("svc") && !shown.contains(SECRET), "{shown}");
}
