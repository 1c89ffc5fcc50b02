//! Values as YAML, a key a line, every text in quotes.

use std::fmt::Write as _;

use serde_json::Value;

use super::edit::quoted;

/// The text of a document.
pub(super) fn written(document: &Value) -> String {
    let mut out = String::new();
    put(document, 0, &mut out);
    out
}

fn put(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    indent(depth, out);
                }
                out.push_str(&bare_or_quoted(key));
                out.push(':');
                put_below(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    indent(depth, out);
                }
                out.push_str("- ");
                put(item, depth + 1, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) | Value::Array(_) => {
            let _ = writeln!(out, "{value}");
        }
    }
}

fn put_below(value: &Value, depth: usize, out: &mut String) {
    let is_block =
        value.as_object().is_some_and(|fields| !fields.is_empty()) || value.as_array().is_some_and(|list| !list.is_empty());
    if is_block {
        out.push('\n');
        indent(depth + 1, out);
        put(value, depth + 1, out);
    } else {
        out.push(' ');
        put(value, depth, out);
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn bare_or_quoted(key: &str) -> String {
    let is_bare = key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].iter().any(|word| word.eq_ignore_ascii_case(key));
    if is_bare && !is_word { key.to_owned() } else { quoted(key) }
}
