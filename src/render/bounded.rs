//! What is longer than any name is cut where people read it. Files and JSON keep all of it.

use std::borrow::Cow;

use crate::model::LONGEST_NAME;
use crate::model::text::cut;

/// No sentence of a plan is longer; a value with blanks may be.
const LONGEST: usize = 8 * LONGEST_NAME;

/// A text whose words are no longer than a name, so that what stands behind a value without end is seen.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_NAME {
        return Cow::Borrowed(text);
    }
    let mut short = String::new();
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        short.push_str(&cut(bare, LONGEST_NAME));
        short.push_str(word.get(bare.len()..).unwrap_or_default());
    }
    Cow::Owned(cut(&short, LONGEST).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_value_without_end_is_seen() {
        let text = format!("a carries `{}`, another ID", "王".repeat(1_000_000));
        let shown = bounded(&text);
        assert!(shown.starts_with("a carries `王") && shown.ends_with("王… another ID"), "{}", shown.len());
        assert_eq!(shown.chars().count(), 10 + LONGEST_NAME + 1 + 11);
        assert!(bounded(&"ab ".repeat(1_000_000)).chars().count() == LONGEST + 1);
        let usual = "CN=Ann,OU=Staff ".repeat(200);
        assert_eq!(bounded(&usual), usual, "it is long, and no word is");
    }
}
