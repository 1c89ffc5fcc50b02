//! Absent, null, value: three answers that must never be mixed up.

/// A property as a directory reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Known<T> {
    /// The property was not in the answer: nothing is known about it.
    #[default]
    Unknown,
    /// The property was there and empty.
    Null,
    /// The property was there with a value.
    Is(T),
}

impl<T> Known<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Whether the property was read at all.
    pub fn is_read(&self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// The same answer about a borrowed value.
    pub fn as_ref(&self) -> Known<&T> {
        match self {
            Self::Unknown => Known::Unknown,
            Self::Null => Known::Null,
            Self::Is(value) => Known::Is(value),
        }
    }

    /// Converts the value and keeps the answer.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Unknown => Known::Unknown,
            Self::Null => Known::Null,
            Self::Is(value) => Known::Is(convert(value)),
        }
    }
}

impl<T> From<Option<T>> for Known<T> {
    /// What was read: a value or null.
    fn from(read: Option<T>) -> Self {
        read.map_or(Self::Null, Self::Is)
    }
}
