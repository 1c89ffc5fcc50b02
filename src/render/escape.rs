//! Values in Markdown: nothing that stands in a directory may become markup, a link, a mention or a reference.
//!
//! Values go into code spans, where GitHub and GitLab look for none of these. Prose is taken word by word: a word that could mean
//! something to a renderer becomes a code span, the rest is letters and plain punctuation.

use std::borrow::Cow;

use crate::model::text::printable;

/// How many characters of one value are shown.
const VALUE: usize = 200;

/// A value as a code span, also inside of a table.
pub(super) fn code(value: &str) -> String {
    let value = clip(value, VALUE);
    let odd = value.is_empty() || value.trim() != value || value.contains(['`', '|', '\\']);
    if odd { format!("<code>{}</code>", entities(&value)) } else { format!("`{value}`") }
}

/// Everything but letters, digits and blanks as character references, which are text wherever they stand.
fn entities(value: &str) -> String {
    let mut out = String::with_capacity(value.len() * 2);
    for c in value.chars() {
        if c.is_ascii_punctuation() {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// A sentence that may quote values; what stands between backticks becomes code. At most `limit` characters are shown.
pub(super) fn prose(text: &str, limit: usize) -> String {
    let text = clip(text, limit);
    let spans: Vec<&str> = text.split('`').collect();
    if spans.len().is_multiple_of(2) {
        // A backtick without a partner: no pair can be trusted.
        return words(&text);
    }
    let piece = |(position, span): (usize, &&str)| match (position % 2, span.is_empty()) {
        (0, _) => words(span),
        (_, true) => String::new(),
        (_, false) => code(span),
    };
    spans.iter().enumerate().map(piece).collect()
}

fn words(text: &str) -> String {
    let words: Vec<Cow<'_, str>> = text.split(' ').map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> Cow<'_, str> {
    const AROUND: [char; 8] = ['(', ')', ',', '.', ';', ':', '?', '"'];
    let plain = |c: char| c.is_alphanumeric() || AROUND.contains(&c) || matches!(c, '-' | '/' | '\'' | '…' | '’');
    let reference = word.contains("://") || word.to_ascii_lowercase().contains("www.") || word.starts_with("GH-");
    if word.chars().all(plain) && !reference {
        return Cow::Borrowed(word);
    }
    let start = word.len() - word.trim_start_matches(AROUND).len();
    let (open, rest) = word.split_at(start);
    let (core, close) = rest.split_at(rest.trim_end_matches(AROUND).len());
    Cow::Owned(format!("{open}{}{close}", code(core)))
}

/// The text safe to print, and no longer than `limit` characters.
fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    // Escaping makes text longer only, so the rest of a huge value need not be looked at.
    let head = text.char_indices().nth(limit + 1).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
    let head = printable(head);
    match head.char_indices().nth(limit).and_then(|(end, _)| head.get(..end)) {
        Some(cut) => Cow::Owned(format!("{cut}…")),
        None => head,
    }
}

/// A value for a place with little room, such as the name of a window.
pub(super) fn shortened(value: &str) -> Cow<'_, str> {
    clip(value, VALUE)
}

/// What may stand in an HTML comment that other programs look for: nothing that could end it.
pub(super) fn marker(value: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
    value.chars().filter(allowed).take(VALUE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_code_and_nothing_else() {
        assert_eq!(code("eve@contoso.com"), "`eve@contoso.com`");
        assert_eq!(code("a|b"), "<code>a&#124;b</code>");
        assert_eq!(code("`</code>![x](y)"), "<code>&#96;&#60;&#47;code&#62;&#33;&#91;x&#93;&#40;y&#41;</code>");
        assert_eq!(code("a\nb\u{202e}"), "<code>a&#92;u&#123;a&#125;b&#92;u&#123;202e&#125;</code>");
        assert_eq!(code(""), "<code></code>");
        assert_eq!(code(&"王".repeat(300)), format!("`{}…`", "王".repeat(200)));
    }

    #[test]
    fn prose_keeps_its_words_and_disarms_the_rest() {
        let prose = |text| prose(text, 300);
        assert_eq!(prose("Another account (eve@x.com) holds it."), "Another account (`eve@x.com`) holds it.");
        assert_eq!(prose("`a b` holds `c`: see #12, @team and GH-3"), "`a b` holds `c`: see `#12`, `@team` and `GH-3`");
        assert_eq!(
            prose("<img src=x> [a](b) **b** ~~s~~ $x$"),
            "`<img` `src=x>` `[a](b` ) `**b**` `~~s~~` `$x$`".replace("` )", "`)")
        );
        assert_eq!(prose("see https://a.example or www.a.example"), "see `https://a.example` or `www.a.example`");
        assert_eq!(prose("one ` tick | pipe"), "one <code>&#96;</code> tick <code>&#124;</code> pipe");
        assert_eq!(prose("`a|b`"), "<code>a&#124;b</code>");
        assert_eq!(prose("``"), "");
    }

    #[test]
    fn markers_cannot_end_their_comment() {
        assert_eq!(marker("a-->b <c> d.example/x_1"), "a--bcd.example/x_1");
    }
}
