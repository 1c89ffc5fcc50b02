//! Reading whole configurations, and every message that its author may meet.

mod damaged_waves;
mod hostile;
mod kinds;
mod meaning;
mod messages;
mod reading;
mod schema;
mod waves;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Config, ConfigErrors, Place, parse};

/// The smallest head of a configuration, six lines long.
pub(super) const HEAD: &str = "version: 1\ntenant:\n  snapshot: tenant.json\nforests:\n  corp: { ldif: corp.ldif }\n\n";

/// Reads a configuration whose mapping files stand in memory.
pub(super) fn read_with(yaml: impl AsRef<[u8]>, files: &[(&str, &[u8])]) -> Result<Config, ConfigErrors> {
    let files: BTreeMap<&str, &[u8]> = files.iter().copied().collect();
    let place = Place { shown: "hardmatch.yaml", relative: "hardmatch.yaml", base_dir: Path::new("") };
    parse(yaml.as_ref(), &place, &mut |path| {
        let name = path.display().to_string();
        files.get(name.as_str()).map(|bytes| bytes.to_vec()).ok_or_else(|| "there is no such file or folder".to_owned())
    })
}

/// Reads a configuration without mapping files.
pub(super) fn read(yaml: impl AsRef<[u8]>) -> Result<Config, ConfigErrors> {
    read_with(yaml, &[])
}

/// What is shown of a configuration that is wrong.
pub(super) fn errors(yaml: impl AsRef<[u8]>) -> String {
    read(yaml).expect_err("this configuration should be refused").render(100, false)
}

/// The same below [`HEAD`].
pub(super) fn errors_below_head(yaml: &str) -> String {
    errors(format!("{HEAD}{yaml}"))
}

/// What is shown of a mapping file that is wrong.
pub(super) fn wave_errors(csv: impl AsRef<[u8]>) -> String {
    let yaml = format!("{HEAD}mappingFiles: [waves/w.csv]\n");
    read_with(yaml, &[("waves/w.csv", csv.as_ref())]).expect_err("this mapping file should be refused").render(100, false)
}

/// A configuration with one mapping file.
pub(super) fn wave(csv: impl AsRef<[u8]>) -> Config {
    let yaml = format!("{HEAD}mappingFiles: [waves/w.csv]\n");
    read_with(yaml, &[("waves/w.csv", csv.as_ref())]).unwrap_or_else(|errors| panic!("{errors}"))
}
