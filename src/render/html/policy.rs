//! What the page may do: run its own script and use its own style, and nothing else. The browser keeps it to that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const SCRIPTS: [&str; 8] = [
    include_str!("js/plan.js"),
    include_str!("js/elements.js"),
    include_str!("js/filter.js"),
    include_str!("js/rows.js"),
    include_str!("js/columns.js"),
    include_str!("js/details.js"),
    include_str!("js/lists.js"),
    include_str!("js/page.js"),
];

/// The style of the page.
pub(super) fn style() -> String {
    unix_lines(include_str!("report.css"))
}

/// The script of the page; its parts see one another, and nothing else sees them.
pub(super) fn script() -> String {
    unix_lines(&format!("(() => {{\n\"use strict\";\n{}}})();\n", SCRIPTS.concat()))
}

/// The Content-Security-Policy. Nothing is loaded, nothing is sent, and the script cannot write markup (trusted types).
pub(super) fn of(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(script),
        hash(style)
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// A browser hashes the text after it has made all line ends one character; git on Windows may have made them two.
fn unix_lines(text: &str) -> String {
    text.replace('\r', "")
}
