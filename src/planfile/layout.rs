//! The one way a plan is laid out, for the file and for the hash.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::scope;

use memchr::memchr_iter;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{FORMAT_VERSION, KIND, Meta, PlanFile};
use crate::model::digits::hex;
use crate::plan::body::Body;

/// What a hash of the plan file begins with.
pub(super) const ALGORITHM: &str = "sha256:";

/// The lines between kind and digest of every file.
pub(super) fn head() -> String {
    format!("{{\n\"kind\":\"{KIND}\",\n\"formatVersion\":\"{FORMAT_VERSION}\",\n\"digest\":\"")
}

/// What stands between the digest and the meta data.
pub(super) const BEFORE_META: &str = "\",\n\"meta\":";

/// What stands between the meta data and the body.
pub(super) const BEFORE_BODY: &str = ",\n\"body\":";

/// What stands behind the body.
pub(super) const END: &str = "\n}\n";

/// The meta data as the file holds them.
#[derive(Serialize)]
struct SealedMeta<'a> {
    checksum: String,
    #[serde(flatten)]
    meta: &'a Meta,
}

/// Writes the file; the digest is known.
pub(super) fn write(plan: &PlanFile, digest: &str, out: &mut impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    write_head(plan, digest, &mut out)?;
    write_body(&plan.body, "\n", &mut out)?;
    out.write_all(END.as_bytes())?;
    out.flush()
}

/// Writes the file, and the digest into its place once the body was seen. Gives the digest.
pub(super) fn write_once(plan: &PlanFile, out: &mut (impl Write + Seek)) -> io::Result<String> {
    let start = out.stream_position()?;
    write_head(plan, &unknown_digest(), out)?;
    let digest = write_hashed(&plan.body, out)?;
    out.write_all(END.as_bytes())?;
    let end = out.stream_position()?;
    out.seek(SeekFrom::Start(start + head().len() as u64))?;
    out.write_all(digest.as_bytes())?;
    out.seek(SeekFrom::Start(end))?;
    out.flush()?;
    Ok(digest)
}

/// As long as a digest.
fn unknown_digest() -> String {
    format!("{ALGORITHM}{}", "0".repeat(2 * <Sha256 as Digest>::output_size()))
}

fn write_head(plan: &PlanFile, digest: &str, out: &mut impl Write) -> io::Result<()> {
    let sealed = SealedMeta { checksum: meta_checksum(&plan.meta), meta: &plan.meta };
    out.write_all(head().as_bytes())?;
    out.write_all(digest.as_bytes())?;
    out.write_all(BEFORE_META.as_bytes())?;
    serde_json::to_writer(&mut *out, &sealed)?;
    out.write_all(BEFORE_BODY.as_bytes())
}

/// Writes the body while another thread lays it out, and hashes the canonical body on the way: line ends stand between
/// values only, so they are left out. Gives the digest.
fn write_hashed(body: &Body, out: &mut impl Write) -> io::Result<String> {
    let (full, pieces) = sync_channel(PIECES_AHEAD);
    let (used, empty) = sync_channel(2 * PIECES_AHEAD);
    scope(|threads| {
        let layout = threads.spawn(|| {
            let mut out = Pieces { piece: Vec::new(), full, empty };
            write_body(body, "\n", &mut out).and_then(|()| out.flush())
        });
        let mut hash = Sha256::new();
        for piece in pieces {
            out.write_all(&piece)?;
            lines(&piece).for_each(|line| hash.update(line));
            // Nobody takes it any more once the layout is done.
            drop(used.try_send(piece));
        }
        layout.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok(text_of(hash))
    })
}

/// Bytes that are laid out at once, and how many such pieces may wait to be written.
const PIECE: usize = 1 << 16;
const PIECES_AHEAD: usize = 4;

/// Sends what is written to the thread that hashes and stores it, and gets the emptied pieces back; fails once that thread
/// has stopped.
struct Pieces {
    piece: Vec<u8>,
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut next = self.empty.try_recv().unwrap_or_default();
        next.clear();
        let piece = std::mem::replace(&mut self.piece, next);
        self.full.send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
    ends.scan(0, |start, end| bytes.get(std::mem::replace(start, end + 1)..end))
}

fn text_of(hash: Sha256) -> String {
    format!("{ALGORITHM}{}", hex(&hash.finalize()))
}

/// Hash of the canonical body.
pub(super) fn body_digest(body: &Body) -> String {
    hash_of(|out| write_body(body, "", out))
}

/// Hash of the canonical meta data without the checksum.
pub(super) fn meta_checksum(meta: &Meta) -> String {
    hash_of(|out| Ok(serde_json::to_writer(out, meta)?))
}

/// Hash of bytes.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    text_of(Sha256::new_with_prefix(bytes))
}

/// Hash of bytes that come in pieces.
pub(super) fn hash_of(fill: impl FnOnce(&mut BufWriter<&mut Hasher>) -> io::Result<()>) -> String {
    let mut hasher = Hasher(Sha256::new());
    let mut out = BufWriter::new(&mut hasher);
    whole(fill(&mut out).and_then(|()| out.flush()));
    drop(out);
    text_of(hasher.0)
}

/// What holds everything takes everything, and values of a plan always serialise: text, numbers, lists and keys that are text.
/// Were that not so one day, a part must not pass for the whole.
pub(super) fn whole(written: io::Result<()>) {
    if let Err(fault) = written {
        panic!("a plan cannot be laid out: {fault}");
    }
}

/// A hash to write to.
pub(super) struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the body with `line` where the file begins a new line; canonical when that is nothing.
fn write_body(body: &Body, line: &str, out: &mut impl Write) -> io::Result<()> {
    let Body { actions, findings, forests, inputs, leaves, mappings, proof, rollback_of, status, summary, tenant } = body;
    write!(out, "{{{line}\"actions\":")?;
    write_rows(actions, line, out)?;
    write!(out, ",{line}\"findings\":")?;
    write_rows(findings, line, out)?;
    write!(out, ",{line}\"forests\":")?;
    write_rows(forests, line, out)?;
    write_field("inputs", inputs, line, out)?;
    if !leaves.is_empty() {
        write_field("leaves", leaves, line, out)?;
    }
    write!(out, ",{line}\"mappings\":")?;
    write_rows(mappings, line, out)?;
    write_field("proof", proof, line, out)?;
    if let Some(run) = rollback_of {
        write_field("rollbackOf", run, line, out)?;
    }
    write_field("status", status, line, out)?;
    write_field("summary", summary, line, out)?;
    write_field("tenant", tenant, line, out)?;
    write!(out, "{line}}}")
}

fn write_field(name: &str, value: &impl Serialize, line: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, ",{line}\"{name}\":")?;
    Ok(serde_json::to_writer(out, value)?)
}

fn write_rows(rows: &[impl Serialize], line: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    let mut text = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        text.clear();
        text.extend_from_slice(if position == 0 { b"" } else { b"," });
        text.extend_from_slice(line.as_bytes());
        serde_json::to_writer(&mut text, row)?;
        out.write_all(&text)?;
    }
    out.write_all(if rows.is_empty() { b"" } else { line.as_bytes() })?;
    out.write_all(b"]")
}
