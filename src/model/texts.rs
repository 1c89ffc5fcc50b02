//! Several short texts in one piece of memory.

use std::fmt::{self, Write as _};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Text;

/// The room in which a list grows while it is read: that of two addresses.
const USUAL: usize = 96;

/// Texts in their order, such as addresses or licences: one piece of memory for all, and none for up to 24 bytes, lengths
/// included.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Texts(Entries);

/// Each text behind its length in bytes: `18:SMTP:eve@x.example15:smtp:e@x.example`.
type Entries = Text;

impl Texts {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts.
    #[must_use]
    pub fn iter(&self) -> TextsIter<'_> {
        TextsIter(&self.0)
    }
}

/// The texts of a list, one by one.
#[derive(Debug, Clone)]
pub struct TextsIter<'a>(&'a str);

impl<'a> Iterator for TextsIter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (length, rest) = self.0.split_once(':')?;
        let (text, rest) = rest.split_at_checked(length.parse().ok()?)?;
        self.0 = rest;
        Some(text)
    }
}

impl<'a> IntoIterator for &'a Texts {
    type Item = &'a str;
    type IntoIter = TextsIter<'a>;

    fn into_iter(self) -> TextsIter<'a> {
        self.iter()
    }
}

/// A list that grows.
struct Growing(String);

impl Growing {
    fn new() -> Self {
        Self(String::with_capacity(USUAL))
    }

    fn push(&mut self, text: &str) {
        let _ = write!(self.0, "{}:{text}", text.len());
    }

    /// Copied, so that no room is left over.
    fn finish(&self) -> Texts {
        Texts(self.0.as_str().into())
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut list = Growing::new();
        texts.into_iter().for_each(|text| list.push(text.as_ref()));
        list.finish()
    }
}

impl<T: AsRef<str>, const N: usize> From<[T; N]> for Texts {
    fn from(texts: [T; N]) -> Self {
        texts.into_iter().collect()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Texts, A::Error> {
        let mut list = Growing::new();
        while texts.next_element_seed(Append(&mut list))?.is_some() {}
        Ok(list.finish())
    }
}

/// Reads a text right into the list.
struct Append<'a>(&'a mut Growing);

impl<'de> DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Known;

    #[test]
    fn a_list_is_as_large_as_a_text() {
        assert_eq!((size_of::<Texts>(), size_of::<Known<Texts>>()), (24, 24));
    }

    #[test]
    fn reads_and_shows_as_a_list() {
        let texts: Texts = serde_json::from_str(r#"["SMTP:eve@x", "", "1:\u0000\"ö"]"#).unwrap();
        assert_eq!((&texts, texts.len(), texts.is_empty()), (&["SMTP:eve@x", "", "1:\0\"ö"].into(), 3, false));
        assert_eq!(format!("{texts:?}"), r#"["SMTP:eve@x", "", "1:\0\"ö"]"#);
        assert_eq!((Texts::default(), Texts::default().len()), (serde_json::from_str("[]").unwrap(), 0));
        let error = |json| serde_json::from_str::<Texts>(json).unwrap_err().to_string();
        assert!(error("[null]").starts_with("invalid type: null, expected a string"), "{}", error("[null]"));
        assert!(error("3").starts_with("invalid type: integer `3`, expected a sequence"), "{}", error("3"));
    }

    proptest! {
        #[test]
        fn any_texts_come_back(texts in proptest::collection::vec(any::<String>(), 0..6)) {
            let list: Texts = texts.iter().collect();
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), texts.iter().collect::<Vec<_>>());
            prop_assert_eq!(list.len(), texts.len());
            let json = serde_json::to_string(&list).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&texts).unwrap());
            prop_assert_eq!(serde_json::from_str::<Texts>(&json).unwrap(), list);
        }
    }
}
