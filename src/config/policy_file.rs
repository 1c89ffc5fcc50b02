//! The policy of another file: of the protected branch, so that a change cannot judge itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::digest::of_policy;
use super::document::{KEYS, Place, ReadFile};
use super::hide;
use super::load;
use super::policy;
use super::reader::Reader;
use super::source::{SourceText, SourceTexts, decode};
use super::{ConfigErrors, yaml};
use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::model::Policy;

/// A policy and what belongs to it.
#[derive(Debug)]
pub struct PolicyFile {
    /// What planning needs of it.
    pub policy: Policy,
    /// SHA-256 over the canonical policy, lower-case hex.
    pub sha256: String,
    /// The allowed_signers file.
    pub signers: Option<PathBuf>,
}

/// Reads the section `policy` of a configuration; its other sections are not looked at.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn load_policy(path: &Path) -> Result<PolicyFile, ConfigErrors> {
    load::with_place(path, |bytes, place| parse(bytes, place, &mut load::read_file))
}

fn parse(bytes: &[u8], place: &Place<'_>, read_file: &mut ReadFile<'_>) -> Result<PolicyFile, ConfigErrors> {
    let file = Location::line(&Arc::from(place.shown), 0);
    let text = decode(bytes).map_err(|fault| alone(Diagnostic::error(fault.summary).at(file.clone()).help(fault.help)))?;
    let source = SourceText::new(place.shown, place.relative, text);
    let mut reader = Reader::new(&source);
    let mut faults = Diagnostics::default();
    let tree = yaml::read(&source, &mut faults);
    let root = tree.as_ref().and_then(|tree| tree.root());
    let fields = root.and_then(|root| reader.fields(root, &KEYS));
    let section = fields
        .and_then(|fields| fields.required(&mut reader, "policy"))
        .map(|value| policy::read(&mut reader, value, place.base_dir));
    faults.extend(std::mem::take(&mut reader.diagnostics));
    hide::from_messages(&mut faults, &reader.hidden);
    match section {
        Some(mut section) if !faults.has_errors() => {
            section.look_at_signers(read_file);
            Ok(PolicyFile { sha256: of_policy(&section), policy: section.policy, signers: section.signers })
        }
        _ => {
            if !faults.has_errors() {
                faults.push(Diagnostic::error("the file has no section `policy`").at(file));
            }
            drop(tree);
            let mut sources = SourceTexts::default();
            sources.push(source);
            Err(ConfigErrors { diagnostics: faults, sources })
        }
    }
}

fn alone(diagnostic: Diagnostic) -> ConfigErrors {
    ConfigErrors { diagnostics: diagnostic.into(), sources: SourceTexts::default() }
}
