//! The whole document: its sections in turn, then the mapping files, then what belongs together.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::digest::{FilesDigest, of_policy};
use super::forests::{self, Forests};
use super::policy::{self, PolicySection};
use super::reader::Reader;
use super::repeats::drop_repetitions;
use super::source::{SourceText, SourceTexts, decode};
use super::tenant::{self, TenantSource};
use super::tree::Value;
use super::{Config, ConfigErrors, hide, mapping, rule, waves, yaml};
use crate::diag::{Diagnostic, Diagnostics, Level, Location};
use crate::model::{Desired, Mapping, Notice, Rule};

/// The sections.
pub(super) const KEYS: [&str; 7] = ["version", "tenant", "forests", "mappings", "mappingFiles", "rules", "policy"];

/// Where a configuration stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The file as the user named it.
    pub shown: &'a str,
    /// Its name within its folder.
    pub relative: &'a str,
    /// Its folder.
    pub base_dir: &'a Path,
}

/// Reads a mapping file, or says in words why it cannot.
pub type ReadFile<'a> = dyn FnMut(&Path) -> Result<Vec<u8>, String> + 'a;

/// Reads a configuration; its mapping files are asked for through `read_file`.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn parse(bytes: &[u8], place: &Place<'_>, read_file: &mut ReadFile<'_>) -> Result<Config, ConfigErrors> {
    let mut state = State::default();
    let draft = match decode(bytes) {
        Ok(text) => state.read_document(SourceText::new(place.shown, place.relative, text), place.base_dir),
        Err(fault) => {
            let file = Location::line(&Arc::from(place.shown), 0);
            state.diagnostics.push(Diagnostic::error(fault.summary).at(file).help(fault.help));
            Draft::default()
        }
    };
    state.finish(draft, place, read_file)
}

/// What the document says, as far as it could be read.
#[derive(Default)]
struct Draft {
    tenant: Option<TenantSource>,
    forests: Forests,
    mappings: Vec<Mapping>,
    files: Vec<(String, Range<usize>)>,
    rules: Vec<Rule>,
    policy: PolicySection,
    connections: Vec<Range<usize>>,
}

#[derive(Default)]
struct State {
    diagnostics: Diagnostics,
    notices: Vec<Notice>,
    sources: SourceTexts,
    digest: FilesDigest,
}

impl State {
    fn read_document(&mut self, mut source: SourceText, base: &Path) -> Draft {
        let mut reader = Reader::new(&source);
        let tree = yaml::read(&source, &mut self.diagnostics);
        let draft = match tree.as_ref().map(|tree| tree.root()) {
            Some(Some(root)) => read_sections(&mut reader, root, base),
            Some(None) => {
                let help = "it needs at least `version: 1` and the section `tenant`";
                let place = Location::line(source.shown(), 0);
                reader.diagnostics.push(Diagnostic::error("the file is empty").at(place).help(help));
                Draft::default()
            }
            None => Draft::default(),
        };
        let Reader { diagnostics, notices, masks, hidden, .. } = reader;
        self.diagnostics.extend(diagnostics);
        hide::from_messages(&mut self.diagnostics, &hidden);
        drop(tree);
        self.digest.add_without(source.text(), &draft.connections);
        self.notices.extend(notices);
        masks.into_iter().for_each(|span| source.mask(span));
        self.sources.push(source);
        draft
    }

    fn finish(mut self, mut draft: Draft, place: &Place<'_>, read_file: &mut ReadFile<'_>) -> Result<Config, ConfigErrors> {
        let files = std::mem::take(&mut draft.files);
        for (name, span) in files {
            self.read_wave(&name, span, &mut draft, place, read_file);
        }
        if self.diagnostics.has_errors() {
            return Err(ConfigErrors { diagnostics: self.diagnostics, sources: self.sources });
        }
        let Some(tenant) = draft.tenant else {
            return Err(ConfigErrors {
                diagnostics: Diagnostic::error("the section `tenant` is missing").into(),
                sources: self.sources,
            });
        };
        draft.policy.look_at_signers(read_file);
        let policy_sha256 = of_policy(&draft.policy);
        let desired = Desired {
            mappings: drop_repetitions(draft.mappings, &mut self.notices),
            rules: draft.rules,
            forests: draft.forests.specs,
            policy: draft.policy.policy,
            notices: self.notices,
            config_sha256: self.digest.hex(),
            policy_sha256,
        };
        Ok(Config {
            desired,
            tenant,
            forests: draft.forests.sources,
            backups: draft.policy.backups.unwrap_or_else(|| place.base_dir.join("backups")),
            signers: draft.policy.signers,
            base_dir: place.base_dir.to_owned(),
            sources: self.sources,
            warnings: self.diagnostics.sorted().into_iter().filter(|entry| entry.level == Level::Warning).collect(),
        })
    }

    fn read_wave(&mut self, name: &str, span: Range<usize>, draft: &mut Draft, place: &Place<'_>, read_file: &mut ReadFile<'_>) {
        let path = place.base_dir.join(name);
        let bytes = match read_file(&path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let error = Diagnostic::error(format!("the mapping file `{name}` cannot be read: {why}"));
                let help = format!("paths start in the folder of {}", place.relative);
                return self.note_in_main(place, span, error.help(help));
            }
        };
        self.digest.add(&bytes);
        let shown = path.display().to_string();
        let text = match decode(&bytes) {
            Ok(text) => text,
            Err(fault) => {
                let file = Location::line(&Arc::from(shown), 0);
                return self.diagnostics.push(Diagnostic::error(fault.summary).at(file).help(fault.help));
            }
        };
        let source = SourceText::new(&shown, &name.replace('\\', "/"), text);
        let mut reader = Reader::new(&source);
        let mut rows = waves::read(&mut reader, &draft.forests);
        // Most have one list, and that may be long.
        if draft.mappings.is_empty() {
            std::mem::swap(&mut draft.mappings, &mut rows);
        }
        draft.mappings.append(&mut rows);
        let Reader { diagnostics, notices, .. } = reader;
        self.diagnostics.extend(diagnostics);
        self.notices.extend(notices);
        self.sources.push(source);
    }

    fn note_in_main(&mut self, place: &Place<'_>, span: Range<usize>, diagnostic: Diagnostic) {
        let location = self.sources.get(place.shown).map(|source| source.location(span.start));
        self.diagnostics.push(match location {
            Some(location) => diagnostic.at(location).spanning(span),
            None => diagnostic,
        });
    }
}

fn read_sections<'t>(reader: &mut Reader<'t>, root: Value<'t>, base: &Path) -> Draft {
    let Some(fields) = reader.fields(root, &KEYS) else { return Draft::default() };
    for section in [fields.get("tenant"), fields.get("forests")].into_iter().flatten() {
        hide::secrets(reader, section);
    }
    if let Some(value) = fields.required(reader, "version") {
        version(reader, value);
    }
    let connections = connections(fields.get("tenant"), fields.get("forests"));
    let tenant = fields.required(reader, "tenant").and_then(|value| tenant::read(reader, value, base));
    let mut forests = fields.get("forests").map(|value| forests::read(reader, value, base)).unwrap_or_default();
    forests.unreadable |= fields.has("forests") && forests.specs.is_empty();
    let mappings = fields.get("mappings").map(|value| mapping::read(reader, value, &forests)).unwrap_or_default();
    let files = fields.get("mappingFiles").map(|value| mapping_files(reader, value)).unwrap_or_default();
    let rules = fields.get("rules").map(|value| rule::read(reader, value, &forests)).unwrap_or_default();
    let policy = fields.get("policy").map(|value| policy::read(reader, value, base)).unwrap_or_default();
    Draft { tenant, forests, mappings, files, rules, policy, connections }
}

/// Where the document says how the directories are reached, in order. Who applies may sign in as somebody else than who planned;
/// that the directories are the same is checked on themselves.
fn connections(tenant: Option<Value<'_>>, forests: Option<Value<'_>>) -> Vec<Range<usize>> {
    let forests = forests.and_then(Value::entries).into_iter().flatten();
    let sources = forests.flat_map(|(_, _, forest)| forest.entries().into_iter().flatten());
    let ways = sources.filter(|(key, _, _)| *key != "anchor").map(|(_, _, way)| way.outer_span());
    let mut spans: Vec<Range<usize>> = tenant.map(Value::outer_span).into_iter().chain(ways).collect();
    spans.sort_unstable_by_key(|span| span.start);
    spans
}

fn version<'t>(reader: &mut Reader<'t>, value: Value<'t>) {
    match value.scalar() {
        Some(("1", true)) => {}
        Some((text, true)) if text.parse::<f64>().is_ok() => {
            let help = "this program reads `version: 1`; a newer version of the format needs a newer program";
            reader.error(value, format!("version {text} of the format is not known"), help);
        }
        _ => reader.error(value, format!("the version is a number, not {}", value.describe()), "write `version: 1`"),
    }
}

fn mapping_files<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Vec<(String, Range<usize>)> {
    let mut files: Vec<(String, Range<usize>)> = Vec::new();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    for entry in reader.list(value) {
        let Some(text) = reader.text(entry) else { continue };
        // `./a.csv` and `a.csv` are the same file.
        let plain = Path::new(text).components().filter(|part| *part != Component::CurDir).collect();
        if seen.insert(plain) {
            files.push((text.to_owned(), entry.span()));
        } else {
            reader.error(entry, format!("the mapping file `{text}` is listed twice"), "list it once");
        }
    }
    files
}
