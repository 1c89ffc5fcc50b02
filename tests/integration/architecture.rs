//! The house of `lib.rs`: a module names only what lies below it, and the pure floors name nothing of the outside.

use std::fs;
use std::path::{Path, PathBuf};

/// Module and floor, from the ground up.
const FLOORS: [(&str, u8); 15] = [
    ("model", 1),
    ("diag", 1),
    ("redact", 2),
    ("tenant_model", 2),
    ("plan", 3),
    ("directory", 4),
    ("planfile", 4),
    ("apply", 5),
    ("approval", 5),
    ("config", 5),
    ("render", 5),
    ("cli", 6),
    ("emulator", 6),
    ("bin", 7),
    ("fuzzing", 7),
];

const PURE: [&str; 7] = ["model", "diag", "redact", "tenant_model", "plan", "planfile", "render"];

const OUTSIDE: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "File::",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "tokio",
    "reqwest",
    "ldap3",
    "tempfile",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module of `src/` that a file belongs to.
fn module(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// Lines of code, without comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules of the crate that a file names: `crate::x`, and each of `crate::{x, y}`.
fn named(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').and_then(|rest| rest.split_once("};")).map(|(group, _)| group);
        for part in group.map_or(vec![rest], |group| group.split(',').collect()) {
            let name: String = part.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if floor(&name).is_some() {
                names.push(name);
            }
        }
    }
    names
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let own = module(&file);
        let Some(own_floor) = floor(&own) else {
            assert!(matches!(own.as_str(), "lib" | "main"), "{own} stands on no floor; put it into FLOORS and into lib.rs");
            continue;
        };
        for name in named(&code(&file)) {
            if name != own && floor(&name) >= Some(own_floor) {
                wrong.push(format!("{} names {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_floors_name_nothing_of_the_outside() {
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")).iter().filter(|file| PURE.contains(&module(file).as_str())) {
        let code = code(file);
        wrong.extend(OUTSIDE.iter().filter(|word| code.contains(**word)).map(|word| format!("{} names {word}", file.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_floors_are_those_of_the_crate_documentation() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("//! | ")).collect();
    for (module, floor) in FLOORS {
        let declared = rows.iter().any(|row| row.starts_with(&format!("//! | {floor} |")) && row.contains(&format!("`{module}")));
        assert!(declared, "lib.rs does not say that {module} is on floor {floor}");
    }
}

#[test]
fn every_file_opens_with_its_purpose() {
    for file in sources(&root().join("src")).iter().chain(&sources(&root().join("tests"))) {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(file).unwrap();
        // Tests beside the code are for that code.
        let is_test = stem.ends_with("tests") || file.parent().unwrap().ends_with("tests");
        assert!(is_test || text.starts_with("//! "), "{} does not say what it is for", file.display());
    }
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = root().join("tests/integration");
    let listed = fs::read_to_string(folder.join("main.rs")).unwrap();
    for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_module = file.extension().is_some_and(|extension| extension == "rs") || file.join("mod.rs").exists();
        assert!(!is_module || name == "main" || listed.contains(&format!("mod {name};")), "{name} is not listed in main.rs");
    }
}

/// What the threat model says is shown by a test is shown by one.
#[test]
fn the_tests_that_the_threat_model_names_are_there() {
    let text = fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    let all = [sources(&root().join("src")), sources(&root().join("tests"))].concat();
    let code: String = all.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| **")).collect();
    assert!(rows.len() > 10);
    for row in rows {
        let shown_by = row.split(" | ").nth(3).unwrap_or_else(|| panic!("{row}"));
        for name in shown_by.split('`').skip(1).step_by(2) {
            let module = format!("integration/{name}");
            let is_module =
                all.iter().any(|file| file.with_extension("").ends_with(&module) || file.ends_with(format!("{module}/mod.rs")));
            let is_target = root().join(format!("fuzz/targets/{name}.rs")).exists();
            assert!(code.contains(&format!("fn {name}(")) || is_module || is_target, "{name}");
        }
    }
}

#[test]
fn the_scanner_sees_what_it_looks_for() {
    assert_eq!(named("use crate::model::Sid;\nlet x = crate::cli::run();"), ["model", "cli"]);
    assert_eq!(named("use crate::{plan, tenant_model::Change};"), ["plan", "tenant_model"]);
}
