//! `snapshot`: saves both directories and the configuration that plans from the saved files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::config::rehearsal::{self, Exported, WrittenFile};
use crate::directory::exports;
use crate::model::text::counted;
use crate::model::{CloudUser, Observed, ObservedForest, ObservedTenant, OtherKind};
use crate::plan::Options;
use crate::redact::Redactor;

use super::approvals;
use super::args::{Read, SnapshotArgs};
use super::batch::Batch;
use super::command_line;
use super::directories;
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::outputs;
use super::reading::Reading;
use super::setup::Setup;
use super::surroundings;
use super::terminal::Terminal;

/// Runs the verb.
pub(super) fn run(args: &SnapshotArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let setup = Setup::load(&args.config, terminal)?;
    let mut layout = Layout::new(&args.dir, &setup.config, args.redact);
    layout.exported.signers = setup.config.signers.as_deref().map(files::read).transpose()?;
    refuse_existing(&layout.files(&[]), &setup, args.force)?;
    let (observed, files) = gather(&setup, &layout, args.redact, terminal)?;
    refuse_existing(&layout.files(&files), &setup, args.force)?;
    let rows = write(&layout, &observed, &files, args.force)?;
    terminal.result(&table(&rows))?;
    if args.redact {
        terminal.say("Names, addresses and ids were replaced; flags, dates, licences and roles are the true ones.");
        if setup.config.signers.is_some() {
            terminal
                .say("The keys of the signers were replaced, too: nobody can approve a plan of it while `required` is not 0.");
        }
    }
    terminal.say(&format!("\nTo plan from it: hardmatch plan{}", command_line::option("config", Some(&layout.config))));
    Ok(Exit::Done)
}

/// What is to be written. The configuration comes first, as it needs no directory.
fn gather(setup: &Setup, layout: &Layout, redact: bool, terminal: Terminal) -> Result<(Observed, Vec<WrittenFile>), Failure> {
    let (config, shown) = (&setup.config, setup.path.display().to_string());
    if redact {
        let observed = everything(config, terminal)?;
        return redacted(setup, &shown, &layout.exported, observed);
    }
    let files = rehearsal::relocate(config, &shown, &layout.exported).map_err(|why| unchanged(setup, &why))?;
    Ok((everything(config, terminal)?, files))
}

/// All of both directories, with the facts that planning would ask for besides.
fn everything(config: &Config, terminal: Terminal) -> Result<Observed, Failure> {
    directories::block_on(async {
        let mut reading = Reading::begin(config, Read::Everything, terminal).await?;
        let planned = reading.plan(&config.desired, &Options::default()).await;
        reading.close().await;
        // A plan that fails its proof is no reason not to save what it failed on.
        planned.map(drop).or_else(|failure| if failure.exit == Exit::Unexpected { Ok(()) } else { Err(failure) })?;
        Ok(reading.into_observed())
    })
}

fn unchanged(setup: &Setup, why: &str) -> Failure {
    Failure::input(format!("the sources in {} cannot be exchanged: {why}", setup.path.display()))
        .hint("Write `tenant` and each entry of `forests` out, without YAML aliases.")
}

fn redacted(
    setup: &Setup,
    shown: &str,
    exported: &Exported,
    observed: Observed,
) -> Result<(Observed, Vec<WrittenFile>), Failure> {
    let mut redactor = Redactor::new(surroundings::random_key(), &observed);
    let mut exported = exported.clone();
    if let Some(signers) = approvals::read_signers(setup)? {
        exported.signers = Some(signers.redacted(&mut redactor).into_bytes());
    }
    let files = rehearsal::redact(&setup.config, shown, &exported, &observed.tenant, &mut redactor);
    let files = files.map_err(|why| Failure::input(format!("the configuration cannot be redacted: {why}")))?;
    Ok((redactor.observed(observed), files))
}

/// Where everything goes.
struct Layout {
    folder: PathBuf,
    tenant: PathBuf,
    config: PathBuf,
    exported: Exported,
}

impl Layout {
    fn new(target: &Path, config: &Config, is_redacted: bool) -> Self {
        let is_file = target.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let (folder, tenant, yaml) = if is_file {
            let name = target.file_name().map_or_else(|| "tenant.json".to_owned(), |name| name.to_string_lossy().into_owned());
            let yaml = Path::new(&name).with_extension("yaml").display().to_string();
            (target.parent().unwrap_or(Path::new("")), name, yaml)
        } else {
            (target, "tenant.json".to_owned(), "hardmatch.yaml".to_owned())
        };
        let forests = forest_files(config, is_redacted);
        let exported = Exported { tenant: tenant.clone(), forests, signers: None };
        Self { folder: folder.to_owned(), tenant: folder.join(tenant), config: folder.join(yaml), exported }
    }

    fn forest(&self, index: usize) -> PathBuf {
        self.folder.join(self.exported.forests.get(index).map_or("forest.ldif", |(_, file)| file))
    }

    /// All files, as far as they are known.
    fn files(&self, written: &[WrittenFile]) -> Vec<PathBuf> {
        let forests = self.exported.forests.iter().map(|(_, file)| self.folder.join(file));
        let mappings = written.iter().skip(1).map(|file| self.place_of(file));
        [self.tenant.clone(), self.config.clone()].into_iter().chain(forests).chain(mappings).collect()
    }

    fn place_of(&self, file: &WrittenFile) -> PathBuf {
        if file.path.as_os_str().is_empty() { self.config.clone() } else { self.folder.join(&file.path) }
    }
}

/// A file name for each forest: its name where that is one, and no name twice.
fn forest_files(config: &Config, is_redacted: bool) -> Vec<(Box<str>, String)> {
    let mut taken = HashSet::new();
    let mut files = Vec::new();
    for (index, spec) in config.desired.forests.iter().enumerate() {
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        let name = if is_redacted { format!("forest{}", index + 1) } else { spec.name.chars().map(plain).collect() };
        let name = name.trim_start_matches('.').to_owned();
        let mut file = format!("{name}.ldif");
        while !taken.insert(file.to_lowercase()) {
            file = format!("{name}-{}.ldif", taken.len() + 1);
        }
        files.push((spec.name.clone(), file));
    }
    files
}

/// Nothing is overwritten by accident, and what was read is never overwritten.
fn refuse_existing(files: &[PathBuf], setup: &Setup, force: bool) -> Result<(), Failure> {
    outputs::check(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>(), &setup.inputs())?;
    let existing: Vec<String> = files.iter().filter(|path| path.exists()).map(|path| format!("`{}`", path.display())).collect();
    if force || existing.is_empty() {
        return Ok(());
    }
    let (verb, it) = if existing.len() == 1 { ("exists", "it") } else { ("exist", "them") };
    let hint = format!("Name another folder, or replace {it} with `--force`.");
    Err(Failure::input(format!("{} already {verb}; nothing was written", existing.join(", "))).hint(hint))
}

type Row = (PathBuf, String);

fn write(layout: &Layout, observed: &Observed, files: &[WrittenFile], force: bool) -> Result<Vec<Row>, Failure> {
    let mut batch = Batch::new(force);
    let mut rows = Vec::new();
    batch.add(&layout.tenant, |out| exports::snapshot::write_tenant(&observed.tenant, out))?;
    rows.push((layout.tenant.clone(), tenant_words(&observed.tenant)));
    for (index, forest) in observed.forests.iter().enumerate() {
        let path = layout.forest(index);
        batch.add(&path, |out| exports::write_forest(forest, out))?;
        rows.push((path, forest_words(forest)));
    }
    for file in files {
        let path = layout.place_of(file);
        batch.add(&path, |out| out.write_all(&file.content))?;
        rows.push((path, file.words.to_owned()));
    }
    batch.commit()?;
    Ok(rows)
}

fn tenant_words(tenant: &ObservedTenant) -> String {
    let deleted = tenant.users.iter().filter(|user| CloudUser::is_deleted(user)).count();
    let mut words = vec![counted(tenant.users.len() - deleted, "user"), format!("{deleted} in the recycle bin")];
    for kind in [OtherKind::Group, OtherKind::Contact, OtherKind::Device] {
        let count = tenant.others.iter().filter(|object| object.kind == kind).count();
        words.extend((count > 0).then(|| counted(count, kind.word())));
    }
    words.extend(tenant.roles.as_ref().map(|grants| counted(grants.len(), "role grant")));
    words.join(", ")
}

fn forest_words(forest: &ObservedForest) -> String {
    format!("{}, source anchor {}", counted(forest.users.len(), "user"), forest.anchor)
}

fn table(rows: &[Row]) -> String {
    let shown: Vec<(String, &str)> = rows.iter().map(|(path, words)| (path.display().to_string(), words.as_str())).collect();
    let width = shown.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    shown.iter().map(|(path, words)| format!("{path:<width$}  {words}\n")).collect()
}
