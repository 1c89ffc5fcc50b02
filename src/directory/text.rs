//! Text of a server made fit for a message.

use crate::model::text::printable;

/// No control characters, no trailing line end, not endless.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 240;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let cut: String = text.chars().take(LONGEST).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", printable(&cut))
}
