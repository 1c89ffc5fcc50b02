//! Reads JSON into types, and says where in it a value is wrong: `value[3].proxyAddresses[1]`.
//!
//! The place is looked for when something is wrong, so that every type is read by one piece of code only.

use std::fmt::Write as _;

use memchr::memchr2;
use serde::de::Deserialize;

/// Why a text is not what it should be.
#[derive(Debug)]
pub(crate) struct Misread {
    /// Keys and positions that lead to the value; empty for the text as a whole.
    pub(crate) path: String,
    /// In words, without the place.
    pub(crate) why: String,
    /// One-based; the byte of its line at which reading ended.
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// Whether the text ended too early.
    pub(crate) is_cut: bool,
}

/// Reads a whole text.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Misread> {
    match str::from_utf8(bytes) {
        // Checked once as a whole, and not text by text.
        Ok(text) => serde_json::from_str(text).map_err(|error| misread(bytes, &error)),
        Err(error) => {
            let (line, column) = position(bytes.get(..error.valid_up_to()).unwrap_or_default());
            Err(at(bytes, line, column, "these bytes are no UTF-8 text".into(), false))
        }
    }
}

#[cold]
fn misread(bytes: &[u8], error: &serde_json::Error) -> Misread {
    let text = error.to_string();
    let why = text.rsplit_once(" at line ").map_or(text.as_str(), |(head, _)| head).to_owned();
    at(bytes, error.line(), error.column(), why, error.is_eof())
}

fn at(bytes: &[u8], line: usize, column: usize, why: String, is_cut: bool) -> Misread {
    let before = bytes.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum::<usize>();
    let read = bytes.get(..before.saturating_add(column)).unwrap_or(bytes);
    Misread { path: path_behind(read), why, line, column, is_cut }
}

/// Line and column of the last of these bytes.
fn position(bytes: &[u8]) -> (usize, usize) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    (lines + 1, bytes.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len))
}

/// An object with the key whose value is read, or a list with the position of its entry.
enum Level<'a> {
    Object(Option<&'a [u8]>),
    List(usize),
}

/// The path of the value that sound JSON breaks off in, or just behind.
fn path_behind(json: &[u8]) -> String {
    let mut levels: Vec<Level<'_>> = Vec::new();
    let mut rest = json;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, levels.last_mut()) {
            (b'{', _) => levels.push(Level::Object(None)),
            (b'[', _) => levels.push(Level::List(0)),
            (b'}' | b']', _) => {
                levels.pop();
                if levels.is_empty() {
                    break;
                }
            }
            (b',', Some(Level::Object(key))) => *key = None,
            (b',', Some(Level::List(position))) => *position += 1,
            (b'"', level) => {
                let length = text_length(behind);
                if let Some(Level::Object(key @ None)) = level {
                    *key = behind.get(..length);
                }
                rest = behind.get(length + 1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    shown(&levels)
}

/// How long a text is, up to its closing quotation mark or the end of the bytes.
fn text_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(found) = bytes.get(length..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        length += found;
        if bytes.get(length) == Some(&b'"') {
            return length;
        }
        length += 2;
    }
    bytes.len()
}

fn shown(levels: &[Level<'_>]) -> String {
    levels.iter().fold(String::new(), |mut path, level| {
        let dot = if path.is_empty() { "" } else { "." };
        // Writing to a text cannot fail.
        let _ = match level {
            Level::Object(Some(key)) => write!(path, "{dot}{}", String::from_utf8_lossy(key)),
            Level::Object(None) => Ok(()),
            Level::List(position) => write!(path, "[{position}]"),
        };
        path
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read is asked")]
    struct Person {
        id: u8,
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        boss: Option<Box<Self>>,
    }

    fn wrong(json: &str) -> (String, String) {
        let misread = read::<Vec<Person>>(json.as_bytes()).unwrap_err();
        (misread.path, misread.why)
    }

    #[test]
    fn names_the_value_that_is_wrong() {
        for (json, path, why) in [
            (r#"[{"id":1},{"id":"x"}]"#, "[1].id", "invalid type: string \"x\", expected u8"),
            (r#"[{"id":1,"names":["a,\"]","b",3]}]"#, "[0].names[2]", "invalid type: integer `3`, expected a string"),
            (r#"[{"id":1,"boss":{"id":300}}]"#, "[0].boss.id", "invalid value: integer `300`, expected u8"),
            (r#"[{"id":1,"boss":{"id":{}}}]"#, "[0].boss.id", "invalid type: map, expected u8"),
            (r#"[{"id":1},{"names":[]}]"#, "[1]", "missing field `id`"),
            (r#"[{"id":1,"boss":{"names":["x"]}}]"#, "[0].boss", "missing field `id`"),
            (r#"{"id":1}"#, "", "invalid type: map, expected a sequence"),
            (r#"[] []"#, "", "trailing characters"),
            ("[\n  {\"id\": 1},\n  {\"id\":\n true}]", "[1].id", "invalid type: boolean `true`, expected u8"),
            (r#"[{"id":1,"names":["a"#, "[0].names[0]", "EOF while parsing a string"),
        ] {
            assert_eq!(wrong(json), (path.to_owned(), why.to_owned()), "{json}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_have_a_place() {
        let misread = read::<Vec<Person>>(b"[{\"id\":1,\n\"names\":[\"a\",\"b\xff\"]}]").unwrap_err();
        assert_eq!((misread.line, misread.column, misread.path.as_str()), (2, 15, "[0].names[1]"));
        assert!(misread.why.contains("UTF-8"), "{}", misread.why);
    }
}
