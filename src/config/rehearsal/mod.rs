//! The configuration that plans from exported directories instead of those that it names.
//!
//! [`relocate`] changes only the sources, line by line the same text, so that a plan names the same places. [`redact()`] writes
//! everything anew with stand-ins, and leaves comments and reasons out.

mod block;
mod edit;
mod redact;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Component, Path, PathBuf};

use super::tree::Value;
use super::{Config, Place, SourceText};

pub use redact::redact;

/// The exported files that stand beside the configuration.
#[derive(Debug, Clone, Default)]
pub struct Exported {
    /// The name of the tenant's file.
    pub tenant: String,
    /// The name of the file of each forest, in the order of the configuration.
    pub forests: Vec<(Box<str>, String)>,
    /// What the file of the signers holds, where the policy names one.
    pub signers: Option<Vec<u8>>,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its place in the new folder; empty for the configuration itself.
    pub path: PathBuf,
    /// What it holds.
    pub content: Vec<u8>,
    /// The same for people, in a few words.
    pub words: &'static str,
}

impl WrittenFile {
    fn configuration(text: String) -> Self {
        let words = "the configuration that plans from these files";
        Self { path: PathBuf::new(), content: text.into_bytes(), words }
    }

    fn mappings(path: PathBuf, text: String) -> Self {
        Self { path, content: text.into_bytes(), words: "mappings" }
    }

    fn signers(path: PathBuf, content: Vec<u8>) -> Self {
        Self { path, content, words: "who may approve" }
    }
}

/// What the file of the signers is called where its own name leads out of the folder, or is redacted.
const SIGNERS: &str = "approvers";

/// The configuration with other sources, and its mapping files; the configuration comes first.
///
/// # Errors
/// In words, when the text is written in a way that cannot be changed safely.
pub fn relocate(config: &Config, shown: &str, exported: &Exported) -> Result<Vec<WrittenFile>, String> {
    let source = config.sources.get(shown).ok_or("its text is not at hand")?;
    let mut waves = Waves::default();
    let mut signers = None;
    let mut place_of = |kind, name: &str| match kind {
        edit::Moved::Mappings => waves.place_of(name),
        edit::Moved::Signers => signers.insert(inside(name).unwrap_or_else(|| SIGNERS.into())).clone(),
    };
    let text = edit::with_sources(source, exported, &mut place_of)?;
    let mut files = vec![WrittenFile::configuration(text)];
    for (name, path) in waves.0 {
        files.push(WrittenFile::mappings(path, text_of(config, &name)?.text().to_owned()));
    }
    files.extend(signers.zip(exported.signers.clone()).map(|(path, content)| WrittenFile::signers(path, content)));
    check(config, shown, exported, &files)?;
    Ok(files)
}

/// What was read of a mapping file.
fn text_of<'c>(config: &'c Config, name: &str) -> Result<&'c SourceText, String> {
    let shown = config.base_dir.join(name).display().to_string();
    config.sources.get(&shown).ok_or_else(|| format!("the text of `{name}` is not at hand"))
}

/// A path that stays below its folder.
fn inside(name: &str) -> Option<PathBuf> {
    let stays = Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    stays.then(|| PathBuf::from(name))
}

/// Mapping files with their new places: the old ones, where those are below the folder of the configuration.
#[derive(Default)]
struct Waves(Vec<(String, PathBuf)>);

impl Waves {
    fn place_of(&mut self, name: &str) -> PathBuf {
        let path = inside(name).unwrap_or_else(|| format!("mappings-{}.csv", self.0.len() + 1).into());
        self.0.push((name.to_owned(), path.clone()));
        path
    }
}

/// Reads what was written, and compares it with the original.
fn check(config: &Config, shown: &str, exported: &Exported, files: &[WrittenFile]) -> Result<(), String> {
    let Some((main, waves)) = files.split_first() else { return Err("nothing was written".to_owned()) };
    let relative = config.sources.get(shown).map_or(shown, |source| source.relative());
    let place = Place { shown, relative, base_dir: Path::new("") };
    let mut read = |path: &Path| {
        let found = waves.iter().find(|file| file.path == path);
        found.map(|file| file.content.clone()).ok_or_else(|| format!("{} is missing", path.display()))
    };
    let again = super::parse(&main.content, &place, &mut read).map_err(|errors| errors.to_string())?;
    let (old, new) = (&config.desired, &again.desired);
    let is_moved = |source: &super::ForestSource, name: &str| *source == super::ForestSource::Ldif(PathBuf::from(name));
    let same_wishes = old.mappings.len() == new.mappings.len()
        && old.mappings.iter().zip(&new.mappings).all(|(old, new)| same_mapping(old, new))
        && old.rules == new.rules
        && old.forests == new.forests
        && old.policy == new.policy;
    let new_sources = again.tenant == super::TenantSource::Snapshot(PathBuf::from(&exported.tenant))
        && again.forests.len() == exported.forests.len()
        && again.forests.iter().zip(&exported.forests).all(|((_, source), (_, name))| is_moved(source, name));
    if same_wishes && new_sources { Ok(()) } else { Err("the changed text would not mean the same".to_owned()) }
}

fn same_mapping(old: &crate::model::Mapping, new: &crate::model::Mapping) -> bool {
    let there = crate::model::Mapping { source: old.source.clone(), ..new.clone() };
    let holders = there.holders.iter().zip(&old.holders);
    let holders = holders.map(|(new, old)| crate::model::HolderDecision { source: old.source.clone(), ..new.clone() }).collect();
    old.holders.len() == new.holders.len() && crate::model::Mapping { holders, ..there } == *old
}

/// The value of a key.
fn entry<'t>(value: Value<'t>, key: &str) -> Option<Value<'t>> {
    value.entries()?.find(|(name, _, _)| *name == key).map(|(_, _, value)| value)
}
