//! Values of directories in HTML: what cannot be seen is written out, and no value turns the text around it.

use maud::{Markup, PreEscaped, Render, html};

use crate::model::text::printable;
use crate::render::bounded::bounded;
use crate::render::words::{Part, Phrase};

/// A value: escaped, and with a direction of its own.
pub(super) struct Value<'a>(pub(super) &'a str);

impl Render for Value<'_> {
    fn render_to(&self, out: &mut String) {
        out.push_str("<bdi>");
        printable(&bounded(self.0)).render_to(out);
        out.push_str("</bdi>");
    }
}

/// A sentence; what stands between a pair of backticks becomes code.
pub(super) struct Prose<'a>(pub(super) &'a str);

impl Render for Prose<'_> {
    fn render_to(&self, out: &mut String) {
        let short = bounded(self.0);
        let text = printable(&short);
        let spans: Vec<&str> = text.split('`').collect();
        if spans.len().is_multiple_of(2) {
            // A backtick without a partner: no pair can be trusted.
            return text.render_to(out);
        }
        for (position, span) in spans.into_iter().enumerate() {
            match position % 2 {
                0 => span.render_to(out),
                _ => html! { code { bdi { (span) } } }.render_to(out),
            }
        }
    }
}

/// A phrase of `words.rs` with its values marked.
pub(super) fn phrase(phrase: &Phrase) -> Markup {
    html! {
        @for part in phrase.parts() {
            @match part {
                Part::Words(words) => (words),
                Part::Value(value) => code { (Value(value)) },
            }
        }
    }
}

/// JSON that may stand in a `<script>`: nothing in it can end the element or open a comment.
pub(super) fn json_in_script(json: &str) -> PreEscaped<String> {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    PreEscaped(out)
}
