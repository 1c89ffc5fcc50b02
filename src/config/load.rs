//! Reading the configuration from disk; the only place of `config` that touches files.

use std::path::Path;
use std::sync::Arc;

use super::document::{Place, parse};
use super::source::{MAX_FILE_BYTES, SourceTexts};
use super::{Config, ConfigErrors};
use crate::diag::{Diagnostic, Location};
use crate::directory::limited;
use crate::directory::text::words;

/// Reads a configuration and its mapping files.
///
/// # Errors
/// Everything that is wrong with them, at once.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    with_place(path, |bytes, place| parse(bytes, place, &mut read_file))
}

/// Reads a file and hands it over with its place.
pub(super) fn with_place<T>(
    path: &Path,
    parse: impl FnOnce(&[u8], &Place<'_>) -> Result<T, ConfigErrors>,
) -> Result<T, ConfigErrors> {
    let shown = path.display().to_string();
    let bytes = read_file(path).map_err(|why| unreadable(&shown, &why))?;
    let base_dir = path.parent().unwrap_or(Path::new(""));
    let relative = path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
    parse(&bytes, &Place { shown: &shown, relative: &relative, base_dir })
}

fn unreadable(shown: &str, why: &str) -> ConfigErrors {
    let error = Diagnostic::error(format!("the configuration cannot be read: {why}")).at(Location::line(&Arc::from(shown), 0));
    let help = "name it with --config FILE, or start in its folder";
    ConfigErrors { diagnostics: error.help(help).into(), sources: SourceTexts::default() }
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    limited::read(path, MAX_FILE_BYTES).map_err(|error| words(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{GraphAuth, Secret, TenantSource};

    #[test]
    fn reads_mapping_files_from_the_folder_of_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let yaml =
            "version: 1\ntenant: { snapshot: tenant.json }\nforests: { corp: { ldif: corp.ldif } }\nmappingFiles: [w.csv]\n";
        std::fs::write(folder.path().join("hardmatch.yaml"), yaml).unwrap();
        std::fs::write(folder.path().join("w.csv"), "onPrem,cloud\neve,eve@x.example\n").unwrap();
        let config = load(&folder.path().join("hardmatch.yaml")).unwrap();
        assert_eq!(config.tenant, TenantSource::Snapshot(folder.path().join("tenant.json")));
        assert_eq!(&*config.desired.mappings[0].source.file, "w.csv");
        assert_eq!(config.desired.mappings[0].source.line, 2);
    }

    #[test]
    fn the_file_of_a_secret_is_looked_for_beside_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let yaml = "version: 1\ntenant: { graph: { tenantId: x.example, auth: { token: { file: run/token } } } }\n";
        std::fs::write(folder.path().join("hardmatch.yaml"), yaml).unwrap();
        let TenantSource::Graph(graph) = load(&folder.path().join("hardmatch.yaml")).unwrap().tenant else { panic!() };
        assert_eq!(graph.auth, GraphAuth::Token(Secret::File(folder.path().join("run/token"))));
    }

    #[test]
    fn says_why_a_file_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let errors = load(&folder.path().join("nothing.yaml")).unwrap_err().to_string();
        assert!(errors.contains("there is no such file"), "{errors}");
        let errors = load(folder.path()).unwrap_err().to_string();
        assert!(errors.contains("it is a folder"), "{errors}");
        let large = folder.path().join("large.yaml");
        std::fs::File::create(&large).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        assert!(load(&large).unwrap_err().to_string().contains("larger than 256 MiB"));
    }
}
