//! Large files that go to the disk while they are being written, so that little is left to wait for at the end.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// So many bytes are worth a way to the disk.
const LOT: usize = 8 << 20;

/// A file that is being written.
pub(super) struct Flowing<'f> {
    file: &'f mut File,
    /// Bytes that were written since the disk was last told.
    waiting: usize,
    due: SyncSender<()>,
}

impl Write for Flowing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.waiting += written;
        // While the disk is busy nothing waits for it.
        if self.waiting >= LOT && self.due.try_send(()).is_ok() {
            self.waiting = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Flowing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Writes a file and syncs it; what the disk says at any time counts, as it says it once.
pub(super) fn write_synced<T>(file: &mut File, content: impl FnOnce(&mut Flowing<'_>) -> io::Result<T>) -> io::Result<T> {
    let beside = file.try_clone()?;
    let known = thread::scope(|threads| {
        let (due, lots) = sync_channel::<()>(0);
        let synced = threads.spawn(move || lots.into_iter().try_for_each(|()| beside.sync_data()));
        let known = content(&mut Flowing { file, waiting: 0, due });
        synced.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        known
    })?;
    file.sync_all()?;
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_lots_is_there_and_may_go_back() {
        let mut file = tempfile::tempfile().unwrap();
        let lot = vec![b'x'; LOT];
        let known = write_synced(&mut file, |out| {
            for _ in 0..3 {
                out.write_all(&lot)?;
            }
            out.rewind()?;
            out.write_all(b"y")?;
            Ok(7)
        });
        let mut read = Vec::new();
        file.rewind().unwrap();
        io::Read::read_to_end(&mut file, &mut read).unwrap();
        assert_eq!((known.unwrap(), read.len(), &read[..2]), (7, 3 * LOT, &b"yx"[..]));
    }

    #[test]
    fn what_goes_wrong_in_the_middle_is_told() {
        let mut file = tempfile::tempfile().unwrap();
        let told = write_synced(&mut file, |_| Err::<(), _>(io::Error::other("no more")));
        assert_eq!(told.unwrap_err().to_string(), "no more");
    }
}
