//! How many values a file will hold, judged by how large the first of them are: a list that is made as long as it will
//! be need not be copied while it grows.

/// So many values show how large the others are.
const ENOUGH: usize = 256;

/// What is expected of a file of known size. Tells it once.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    size: Option<u64>,
}

impl Expected {
    /// A file of so many bytes; `None` where that is not known.
    pub(crate) fn of(size: Option<u64>) -> Self {
        Self { size }
    }

    /// Makes room in a list for all values of the file, once enough of them are there: they took so many bytes. Where there
    /// is no room, the list grows as lists do.
    pub(crate) fn make_room<T>(&mut self, list: &mut Vec<T>, bytes: usize) {
        if list.len() < ENOUGH {
            return;
        }
        let Some(size) = self.size.take() else { return };
        let (bytes, values) = (u128::try_from(bytes.max(1)), u128::try_from(list.len()));
        let whole = bytes.and_then(|bytes| values.map(|values| u128::from(size) * values / bytes));
        // A little more, as the first values need not be the smallest.
        let whole = whole.ok().and_then(|whole| usize::try_from(whole + whole / 32).ok()).unwrap_or_default();
        let _ = list.try_reserve_exact(whole.saturating_sub(list.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_room_once_for_what_a_file_will_hold() {
        let mut expected = Expected::of(Some(1 << 20));
        let mut list = vec![0_u8; ENOUGH - 1];
        expected.make_room(&mut list, 100);
        assert!(list.capacity() < 1000);
        list.push(0);
        expected.make_room(&mut list, ENOUGH << 6);
        assert!((1 << 14..1 << 15).contains(&list.capacity()));
        let capacity = list.capacity();
        expected.make_room(&mut list, 1);
        assert_eq!(list.capacity(), capacity);
    }

    #[test]
    fn no_size_is_too_large_and_none_is_needed() {
        let mut list = vec![0_u64; ENOUGH];
        Expected::of(Some(u64::MAX)).make_room(&mut list, 0);
        Expected::of(None).make_room(&mut list, 1);
        assert!(list.capacity() < 2 * ENOUGH);
    }
}
