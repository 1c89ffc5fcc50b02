//! A check at the end of each line: `rollback` puts back what a journal says was there, so a single wrong character of it
//! must not pass for true.

use sha2::{Digest as _, Sha256};

const HEAD: &[u8] = b",\"check\":\"";
/// Hexadecimal digits of the SHA-256 of all that stands before.
const DIGITS: usize = 8;

/// Adds the check to an entry, which is a JSON object.
pub(super) fn sealed(mut entry: Vec<u8>) -> Vec<u8> {
    if entry.pop_if(|last| *last == b'}').is_some() {
        let digits = digits(&entry);
        entry.extend([HEAD, digits.as_bytes(), b"\"}"].concat());
    }
    entry
}

/// Whether a line is as it was written. Those of earlier versions have no check.
pub(super) fn is_intact(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let Some((entry, check)) = line.split_at_checked(line.len().saturating_sub(HEAD.len() + DIGITS + 2)) else { return true };
    let found = check.strip_prefix(HEAD).and_then(|rest| rest.strip_suffix(b"\"}"));
    found.is_none_or(|found| found == digits(entry).as_bytes())
}

fn digits(entry: &[u8]) -> String {
    Sha256::digest(entry).iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flipped_bit_is_noticed_wherever_it_is() {
        let line = sealed(br#"{"entry":"intent","id":"5KfBsj9dikyeIX9tDEs6GQ=="}"#.to_vec());
        assert!(is_intact(&line) && is_intact(&[&line[..], b"\n"].concat()));
        assert!(serde_json::from_slice::<serde_json::Value>(&line).unwrap()["check"].is_string());
        for at in 0..line.len() * 8 {
            let mut damaged = line.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let is_entry_alone = damaged[..line.len() - HEAD.len() - DIGITS - 2] == line[..line.len() - HEAD.len() - DIGITS - 2];
            assert!(!is_intact(&damaged) || is_entry_alone, "{}", String::from_utf8_lossy(&damaged));
        }
        assert!(is_intact(b"{\"entry\":\"end\"}") && is_intact(b"{}") && is_intact(b""), "as earlier versions wrote it");
    }
}
