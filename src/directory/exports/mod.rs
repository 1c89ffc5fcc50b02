//! Exported directories: files that other tools wrote, read into the model and, for a rehearsal, written back.
//!
//! Nothing is read lossily and nothing is skipped silently: a file is read whole, or refused with every place that
//! is wrong. What may be a cut file is refused too, because a shorter list looks exactly like "no conflict".

mod csv;
mod expected;
mod forest;
mod ldif;
pub mod ldif_write;
pub(crate) mod problems;
pub(crate) mod quotes;
pub(super) mod replace;
pub mod snapshot;

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::directory::text::words;
use crate::model::{AnchorMode, ObservedForest, ObservedTenant};

use super::encoding::{self, Decoder};
use expected::Expected;
pub use ldif::write_forest;

/// Files above this size are refused.
pub const MAX_BYTES: u64 = 2 << 30;

/// Reads a forest that `ldapsearch -LLL` or `ldifde` exported.
///
/// # Errors
/// Everything that is wrong with the file, with lines.
pub fn read_ldif(path: &Path, name: &str, anchor: &AnchorMode) -> Result<ObservedForest, Diagnostics> {
    let source = open(path)?;
    let expected = Expected::of(size_of(&source));
    ldif::read_forest(decoder(source, &label(path))?, &label(path), name, anchor, expected)
}

/// Reads LDIF from any source; `file` is what messages call it.
///
/// # Errors
/// Everything that is wrong with the text, with lines.
pub fn read_ldif_from(
    source: impl Read,
    file: &Arc<str>,
    name: &str,
    anchor: &AnchorMode,
) -> Result<ObservedForest, Diagnostics> {
    ldif::read_forest(decoder(source, file)?, file, name, anchor, Expected::default())
}

/// Reads a forest that `Get-ADUser … | Export-Csv` exported.
///
/// # Errors
/// Everything that is wrong with the file, with lines.
pub fn read_forest_csv(path: &Path, name: &str, anchor: &AnchorMode) -> Result<ObservedForest, Diagnostics> {
    read_forest_csv_from(open(path)?, &label(path), name, anchor)
}

/// Reads a forest's CSV from any source; `file` is what messages call it.
///
/// # Errors
/// Everything that is wrong with the text, with lines.
pub fn read_forest_csv_from(
    source: impl Read,
    file: &Arc<str>,
    name: &str,
    anchor: &AnchorMode,
) -> Result<ObservedForest, Diagnostics> {
    csv::read_forest(decoder(source, file)?, file, name, anchor)
}

/// Reads a tenant: a snapshot, a page or list of users as JSON, or `Get-MgUser … | Export-Csv`; the content decides which.
///
/// # Errors
/// Everything that is wrong with the file, with places.
pub fn read_tenant(path: &Path) -> Result<ObservedTenant, Diagnostics> {
    let source = open(path)?;
    let expected = Expected::of(size_of(&source));
    read_tenant_expecting(source, &label(path), expected)
}

/// Reads a tenant from any source; `file` is what messages call it.
///
/// # Errors
/// Everything that is wrong with the text, with places.
pub fn read_tenant_from(source: impl Read, file: &Arc<str>) -> Result<ObservedTenant, Diagnostics> {
    read_tenant_expecting(source, file, Expected::default())
}

fn read_tenant_expecting(source: impl Read, file: &Arc<str>, expected: Expected) -> Result<ObservedTenant, Diagnostics> {
    let mut text = decoder(source, file)?;
    let mut ahead = Vec::new();
    (&mut text).take(4096).read_to_end(&mut ahead).map_err(|error| unreadable(&error, file))?;
    let first = ahead.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let is_table = ahead.iter().any(|byte| matches!(byte, b',' | b';' | b'\t'));
    let text = BufReader::with_capacity(1 << 16, Cursor::new(ahead).chain(text));
    match first {
        Some(b'{' | b'[') => snapshot::read::read(text, file, expected),
        Some(b'<') => Err(looks_like("an HTML or XML page", "a tenant", file)),
        None => Err(Diagnostic::error("the file is empty").at(whole(file)).into()),
        Some(_) if is_table => csv::read_tenant(text, file),
        Some(_) => Err(looks_like("neither JSON nor CSV", "a tenant", file)),
    }
}

fn decoder<'a>(source: impl Read + 'a, file: &Arc<str>) -> Result<Decoder<'a>, Diagnostics> {
    Decoder::new(encoding::Limited::new(source, MAX_BYTES)).map_err(|error| unreadable(&error, file))
}

/// The name by which messages call a file: as the user gave it.
pub(crate) fn label(path: &Path) -> Arc<str> {
    path.display().to_string().into()
}

pub(crate) fn whole(file: &Arc<str>) -> Location {
    Location::line(file, 0)
}

fn open(path: &Path) -> Result<File, Diagnostics> {
    let file = label(path);
    let opened = File::open(path).map_err(|error| unreadable(&error, &file))?;
    let meta = opened.metadata().map_err(|error| unreadable(&error, &file))?;
    if meta.is_dir() {
        return Err(Diagnostic::error("this is a folder, not a file").at(whole(&file)).into());
    }
    if meta.len() > MAX_BYTES {
        return Err(unreadable(&encoding::too_large(MAX_BYTES), &file));
    }
    Ok(opened)
}

fn size_of(file: &File) -> Option<u64> {
    file.metadata().ok().map(|meta| meta.len())
}

fn unreadable(error: &std::io::Error, file: &Arc<str>) -> Diagnostics {
    let base = Diagnostic::error(format!("cannot read the file: {}", words(error))).at(whole(file));
    if error.kind() == std::io::ErrorKind::NotFound {
        return base.help("paths in the configuration are relative to its own folder").into();
    }
    base.into()
}

fn looks_like(found: &str, wanted: &str, file: &Arc<str>) -> Diagnostics {
    Diagnostic::error(format!("this is {found}, not the export of {wanted}")).at(Location::line(file, 1)).into()
}
