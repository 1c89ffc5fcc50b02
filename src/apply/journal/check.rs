//! A check at the end of each line: `rollback` puts back what a journal says was there, so a single wrong character of it
//! must not pass for true, nor a journal that lacks a line.

use sha2::{Digest as _, Sha256};

const HEAD: &[u8] = b",\"check\":\"";
/// Hexadecimal digits of the SHA-256 of all that stands before in the line, and of its number.
const DIGITS: usize = 8;

/// Adds the check to an entry, which is a JSON object, as this line (from 1) of the file.
pub(super) fn sealed(mut entry: Vec<u8>, line: usize) -> Vec<u8> {
    if entry.pop_if(|last| *last == b'}').is_some() {
        let digits = digits(&entry, &line.to_string());
        entry.extend([HEAD, digits.as_bytes(), b"\"}"].concat());
    }
    entry
}

/// Whether a line is as it was written, and where. Those of earlier versions have no check, or one without the number.
pub(super) fn is_intact(bytes: &[u8], line: usize) -> bool {
    let bytes = bytes.trim_ascii_end();
    let Some((entry, check)) = bytes.split_at_checked(bytes.len().saturating_sub(HEAD.len() + DIGITS + 2)) else { return true };
    let found = check.strip_prefix(HEAD).and_then(|rest| rest.strip_suffix(b"\"}"));
    let fits = |found: &[u8]| [&*line.to_string(), ""].iter().any(|number| found == digits(entry, number).as_bytes());
    found.is_none_or(fits)
}

fn digits(entry: &[u8], number: &str) -> String {
    let hash = Sha256::new().chain_update(entry).chain_update(number).finalize();
    hash.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flipped_bit_is_noticed_wherever_it_is() {
        let line = sealed(br#"{"entry":"intent","id":"5KfBsj9dikyeIX9tDEs6GQ=="}"#.to_vec(), 7);
        let is_intact = |line: &[u8]| is_intact(line, 7);
        assert!(is_intact(&line) && is_intact(&[&line[..], b"\n"].concat()));
        assert!(serde_json::from_slice::<serde_json::Value>(&line).unwrap()["check"].is_string());
        for at in 0..line.len() * 8 {
            let mut damaged = line.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let is_entry_alone = damaged[..line.len() - HEAD.len() - DIGITS - 2] == line[..line.len() - HEAD.len() - DIGITS - 2];
            assert!(!is_intact(&damaged) || is_entry_alone, "{}", String::from_utf8_lossy(&damaged));
        }
        assert!(is_intact(b"{\"entry\":\"end\"}") && is_intact(b"{}") && is_intact(b""), "as earlier versions wrote it");
        assert!(is_intact(br#"{"entry":"end","check":"3726037a"}"#), "as a later one did");
    }

    #[test]
    fn a_line_fits_its_place_only() {
        let line = sealed(br#"{"entry":"end"}"#.to_vec(), 12);
        assert!(is_intact(&line, 12) && !is_intact(&line, 11) && !is_intact(&line, 13));
    }
}
