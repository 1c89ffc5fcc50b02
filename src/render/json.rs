//! Reports for scripts: what it is and in which version, then what it holds.

use std::io;

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a, T> {
    kind: &'static str,
    format_version: &'static str,
    #[serde(flatten)]
    content: &'a T,
}

/// Writes a document of this kind, such as `hardmatch/verify`.
///
/// # Errors
/// Those of the writer.
pub(super) fn document(kind: &'static str, content: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let document = Document { kind, format_version: "1.0", content };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
