//! The open journal file. One thread writes; entries that arrive together share one sync.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::check::Chain;
use super::{EndStatus, Entry, JournalError, JournalState};
use crate::directory::durable::sync_folder;
use crate::directory::text::words;
use crate::directory::{folder, limited};
use crate::model::digits::size;
use crate::model::text::printable;
use crate::plan::action::ActionId;

/// Bytes of a line at most; an entry has some thousand.
const LONGEST_LINE: u64 = 16 << 20;

/// The file as the writer sees it; tests put a failing disk here.
pub(crate) trait LogFile: Send + 'static {
    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes them last.
    fn sync(&mut self) -> io::Result<()>;
}

impl LogFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A journal that is still found under its name: whoever goes on with a plan looks there.
struct InPlace {
    file: File,
    path: PathBuf,
}

impl LogFile for InPlace {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()?;
        // Another file of the same length was not there a moment ago: this one has just grown.
        match self.path.metadata() {
            Ok(named) if named.len() == self.file.metadata()?.len() => Ok(()),
            Ok(_) => Err(io::Error::other("somebody put another file in its place during the run")),
            Err(cause) => Err(io::Error::other(format!("somebody took it away during the run ({cause})"))),
        }
    }
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    sender: Option<Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

struct Request {
    entry: Vec<u8>,
    written: oneshot::Sender<Result<(), String>>,
}

impl Journal {
    /// Reads a journal without touching it; a file that is not there is an empty journal.
    ///
    /// # Errors
    /// A [`JournalError`] when the file cannot be read or a line is damaged. A torn last line is neither.
    pub fn read(path: &Path) -> Result<JournalState, JournalError> {
        Ok(load(path)?.state)
    }

    /// Opens a journal for writing, creates it where there is none, and cuts off a torn last line.
    ///
    /// # Errors
    /// A [`JournalError`] when the file cannot be opened or a line is damaged.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let (file, chain) = open_file(path)?;
        Ok(Self::start(path, InPlace { file, path: path.to_owned() }, chain))
    }

    /// Starts the writer on a file that has these lines.
    pub(crate) fn start(path: &Path, file: impl LogFile, chain: Chain) -> Self {
        let (sender, receiver) = channel();
        let writer = std::thread::spawn(move || serve(file, chain, &receiver));
        Self { path: path.to_owned(), sender: Some(sender), writer: Some(writer) }
    }

    /// Writes an entry and returns once it is on disk.
    ///
    /// # Errors
    /// [`JournalError::Io`]; from the first one on every append fails.
    pub async fn append(&self, entry: &Entry) -> Result<(), JournalError> {
        let entry = serde_json::to_vec(entry).map_err(|cause| JournalError::io("write", &self.path, &cause.into()))?;
        let (written, done) = oneshot::channel();
        let sent = self.sender.as_ref().is_some_and(|sender| sender.send(Request { entry, written }).is_ok());
        let result = if sent { done.await.unwrap_or_else(|_| stopped()) } else { stopped() };
        result.map_err(|cause| JournalError::Io { what: "write", path: self.path.display().to_string(), cause })
    }
}

/// Opens the file, ready for the next line; the lines that it has.
pub(crate) fn open_file(path: &Path) -> Result<(File, Chain), JournalError> {
    let failed = |what| move |cause: io::Error| JournalError::io(what, path, &cause);
    let existed = path.try_exists().map_err(failed("look for"))?;
    let Loaded { tail, chain, state: _ } = load(path)?;
    let file = owner_only(OpenOptions::new().append(true).create(true)).open(path).map_err(failed("open"))?;
    restrict(&file).map_err(failed("protect"))?;
    if !existed {
        sync_folder(folder::of(path)).map_err(failed("create"))?;
    }
    mend(path, &tail).map_err(failed("repair the last line of"))?;
    Ok((file, chain))
}

impl Drop for Journal {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

fn stopped() -> Result<(), String> {
    Err("its writer stopped".to_owned())
}

fn serve(mut file: impl LogFile, mut chain: Chain, requests: &Receiver<Request>) {
    let mut broken: Option<String> = None;
    while let Ok(first) = requests.recv() {
        let mut batch: Vec<Request> = std::iter::once(first).chain(requests.try_iter()).collect();
        if broken.is_none() {
            let mut bytes = Vec::new();
            for request in &mut batch {
                bytes.extend(line(std::mem::take(&mut request.entry), &mut chain));
            }
            // After a failed write or sync nobody knows what is on disk, so the file is not written again.
            broken = file.append(&bytes).and_then(|()| file.sync()).err().map(|cause| words(&cause));
        }
        for request in batch {
            let result = broken.clone().map_or(Ok(()), Err);
            // The one who asked may have gone.
            drop(request.written.send(result));
        }
    }
}

/// Closes a run of an earlier time, by an entry of its own.
///
/// # Errors
/// A [`JournalError`] when the journal cannot be written.
pub fn append_end(path: &Path, run_id: Uuid, status: EndStatus, left: &[ActionId], at: Timestamp) -> Result<(), JournalError> {
    let failed = |cause: io::Error| JournalError::io("write", path, &cause);
    let mut loaded = load(path)?;
    mend(path, &loaded.tail).map_err(failed)?;
    let mut file = OpenOptions::new().append(true).open(path).map_err(failed)?;
    let end = Entry::End { at, left: left.to_vec(), run_id, status };
    let entry = serde_json::to_vec(&end).map_err(|cause| failed(cause.into()))?;
    file.append(&line(entry, &mut loaded.chain)).and_then(|()| file.sync()).map_err(failed)
}

/// An entry as the line after these.
fn line(entry: Vec<u8>, chain: &mut Chain) -> Vec<u8> {
    let mut line = chain.sealed(entry);
    line.push(b'\n');
    line
}

/// How the file ends.
enum Tail {
    /// With a whole line.
    Whole,
    /// With an entry that only lacks its line feed.
    Unterminated,
    /// With a piece of an entry, from this byte on.
    Torn(u64),
}

struct Loaded {
    state: JournalState,
    tail: Tail,
    /// The lines, without a torn one.
    chain: Chain,
}

fn load(path: &Path) -> Result<Loaded, JournalError> {
    let failed = |cause: io::Error| JournalError::io("read", path, &cause);
    let mut loaded = Loaded { state: JournalState::default(), tail: Tail::Whole, chain: Chain::default() };
    let mut reader = match limited::open_found(path) {
        Ok(file) => BufReader::new(file),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(loaded),
        Err(cause) => return Err(failed(cause)),
    };
    let (mut offset, mut bytes) = (0, Vec::new());
    for line in 1.. {
        bytes.clear();
        let length = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(failed)?;
        if length == 0 {
            break;
        }
        // The reason may quote the line, and whoever wrote that is not known.
        loaded.take(&bytes, line, offset).map_err(|reason| {
            let reason = printable(&reason).into_owned();
            JournalError::Damaged { path: path.display().to_string(), line, reason }
        })?;
        offset += size(length);
    }
    Ok(loaded)
}

impl Loaded {
    /// Takes the next line, which begins at an offset of the file.
    fn take(&mut self, bytes: &[u8], line: usize, offset: u64) -> Result<(), String> {
        if size(bytes.len()) == LONGEST_LINE {
            return Err(format!("it is longer than {} MiB, and no entry is", LONGEST_LINE >> 20));
        }
        let whole = bytes.ends_with(b"\n");
        match serde_json::from_slice(bytes) {
            Ok(_) if !self.chain.takes(bytes) => {
                Err("its check does not fit, so it or the line before it was altered, taken out or put in".to_owned())
            }
            Ok(entry) => {
                self.tail = if whole { Tail::Whole } else { Tail::Unterminated };
                self.state.take(line, entry)
            }
            Err(_) if !whole && is_torn(bytes) => {
                self.tail = Tail::Torn(offset);
                Ok(())
            }
            Err(_) if bytes.trim_ascii().is_empty() => Err("it is empty".to_owned()),
            Err(cause) => Err(without_place(&cause)),
        }
    }
}

/// What is wrong with a line; where in it nobody looks for.
fn without_place(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned()
}

/// Whether these bytes are the beginning of an entry and nothing else. A power cut may leave zeros behind it.
fn is_torn(bytes: &[u8]) -> bool {
    let kept = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let beginning = bytes.get(..kept).unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(beginning).is_err_and(|cause| cause.is_eof())
}

/// Makes the file end with a whole line. Not every system lets a handle that appends cut, so this one writes.
fn mend(path: &Path, tail: &Tail) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    match tail {
        Tail::Whole => return Ok(()),
        Tail::Unterminated => {
            file.seek(io::SeekFrom::End(0))?;
            file.append(b"\n")?;
        }
        Tail::Torn(start) => file.set_len(*start)?,
    }
    file.sync()
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn restrict(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_file: &File) -> io::Result<()> {
    Ok(())
}
