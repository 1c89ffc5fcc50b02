//! Reports for scripts: what it is and in which version, then what it holds.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::text::printable_json;
use crate::planfile::PlanFile;

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
    serde_json::to_writer_pretty(Visible(&mut *out), &document)?;
    writeln!(out)
}

/// Writes a plan for who looks at it: the values of the plan file, but not its bytes, so that nobody can apply it.
///
/// # Errors
/// Those of the writer.
pub fn plan_json(plan: &PlanFile, out: &mut dyn io::Write) -> io::Result<()> {
    plan.write(&mut Visible(out))
}

/// Takes JSON, text by text, and hands on what is safe on a screen and in the log of a runner.
struct Visible<W>(W);

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_all(printable_json(text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
