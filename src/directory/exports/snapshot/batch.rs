//! Values on their way from the thread that cuts them to the one that parses them, many at a time.

use super::frames::{Frame, Place};

/// A batch is handed over once it has so many bytes.
const FULL: usize = 1 << 16;

/// Values in their order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Where each value ends in the bytes, and where it started in the file.
    ends: Vec<(usize, Place)>,
}

impl Batch {
    /// Adds a value.
    pub(super) fn push(&mut self, frame: Frame<'_>) {
        self.bytes.extend_from_slice(frame.bytes);
        self.ends.push((self.bytes.len(), frame.place));
    }

    /// Takes the values out once there are many.
    pub(super) fn take_full(&mut self) -> Option<Self> {
        (self.bytes.len() >= FULL).then(|| {
            let empty = Self { bytes: Vec::with_capacity(self.bytes.capacity()), ends: Vec::with_capacity(self.ends.len()) };
            std::mem::replace(self, empty)
        })
    }

    /// How many bytes the values have.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The values.
    pub(super) fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
        starts
            .zip(&self.ends)
            .map(|(start, (end, place))| Frame { bytes: self.bytes.get(start..*end).unwrap_or_default(), place: *place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_as_they_went_in() {
        let place = |line| Place { line, column: 1 };
        let mut batch = Batch::default();
        for (line, text) in (1..).zip(["{}", "", "[1,2]"]) {
            batch.push(Frame { bytes: text.as_bytes(), place: place(line) });
        }
        assert!(batch.take_full().is_none());
        let found: Vec<_> = batch.frames().map(|frame| (frame.bytes.to_vec(), frame.place)).collect();
        assert_eq!(found, [(b"{}".to_vec(), place(1)), (Vec::new(), place(2)), (b"[1,2]".to_vec(), place(3))]);
        batch.push(Frame { bytes: &vec![b' '; FULL], place: place(4) });
        assert_eq!(batch.take_full().map(|full| full.frames().count()), Some(4));
        assert_eq!(batch.frames().count(), 0);
    }
}
