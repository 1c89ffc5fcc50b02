//! A check at the end of each line: `rollback` puts back what a journal says was there, so a single wrong character of it
//! must not pass for true, nor a journal that lacks a line, or has one of another journal.

use sha2::{Digest as _, Sha256};

const HEAD: &[u8] = b",\"check\":\"";
/// Hexadecimal digits of the SHA-256 of all that stands before in the line, its number, and the digits of the line before.
const DIGITS: usize = 8;

/// The lines so far, as the check of the next one knows them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain {
    /// How many there are.
    lines: usize,
    /// The digits of the last one; none where it has no check.
    last: String,
}

impl Chain {
    /// An entry, which is a JSON object, with its check, as the next line.
    pub(super) fn sealed(&mut self, mut entry: Vec<u8>) -> Vec<u8> {
        if entry.pop_if(|last| *last == b'}').is_some() {
            self.last = digits(&entry, &[&self.next(), &self.last]);
            entry.extend([HEAD, self.last.as_bytes(), b"\"}"].concat());
        }
        self.lines += 1;
        entry
    }

    /// Whether these bytes are the next line, as it was written. Those of earlier versions have no check, or one without the
    /// line before, or without the number.
    pub(super) fn takes(&mut self, bytes: &[u8]) -> bool {
        let (entry, found) = split(bytes.trim_ascii_end());
        let forms: [&[&str]; 3] = [&[&self.next(), &self.last], &[&self.next()], &[]];
        let fits = found.is_none_or(|found| forms.iter().any(|place| found == digits(entry, place).as_bytes()));
        self.last = found.map(|found| String::from_utf8_lossy(found).into_owned()).unwrap_or_default();
        self.lines += 1;
        fits
    }

    fn next(&self) -> String {
        (self.lines + 1).to_string()
    }
}

/// What the check of a line covers, and its digits, if it has one.
fn split(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let parts = line.split_at_checked(line.len().saturating_sub(HEAD.len() + DIGITS + 2));
    let (entry, check) = parts.unwrap_or((line, b""));
    (entry, check.strip_prefix(HEAD).and_then(|rest| rest.strip_suffix(b"\"}")))
}

fn digits(entry: &[u8], place: &[&str]) -> String {
    let hash = place.iter().fold(Sha256::new_with_prefix(entry), |hash, part| hash.chain_update(part)).finalize();
    hash.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: &[u8] = br#"{"entry":"end"}"#;

    fn after(lines: usize, last: &str) -> Chain {
        Chain { lines, last: last.to_owned() }
    }

    fn is_intact(line: &[u8], mut chain: Chain) -> bool {
        chain.takes(line)
    }

    #[test]
    fn one_flipped_bit_is_noticed_wherever_it_is() {
        let entry = br#"{"entry":"intent","id":"5KfBsj9dikyeIX9tDEs6GQ=="}"#;
        let line = after(6, "0a1b2c3d").sealed(entry.to_vec());
        let is_intact = |line: &[u8]| is_intact(line, after(6, "0a1b2c3d"));
        assert!(is_intact(&line) && is_intact(&[&line[..], b"\n"].concat()));
        assert!(serde_json::from_slice::<serde_json::Value>(&line).unwrap()["check"].is_string());
        for at in 0..line.len() * 8 {
            let mut damaged = line.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let is_entry_alone = split(&damaged).0 == split(&line).0;
            assert!(!is_intact(&damaged) || is_entry_alone, "{}", String::from_utf8_lossy(&damaged));
        }
    }

    #[test]
    fn a_line_fits_its_place_only() {
        let line = after(11, "0a1b2c3d").sealed(END.to_vec());
        assert!(is_intact(&line, after(11, "0a1b2c3d")));
        assert!(!is_intact(&line, after(10, "0a1b2c3d")) && !is_intact(&line, after(12, "0a1b2c3d")), "another number");
        assert!(!is_intact(&line, after(11, "0a1b2c3e")) && !is_intact(&line, after(11, "")), "in another journal");
    }

    #[test]
    fn lines_follow_one_another_as_they_were_written() {
        let entries = [&br#"{"entry":"run"}"#[..], br#"{"entry":"intent"}"#, END];
        let (mut writer, mut reader) = (Chain::default(), Chain::default());
        let lines = entries.map(|entry| writer.sealed(entry.to_vec()));
        assert!(lines.iter().all(|line| reader.takes(line)));
        assert!(!after(1, &reader.last).takes(&lines[1]), "behind another line");
        assert!(reader.takes(&writer.sealed(END.to_vec())), "both know the last line");
    }

    #[test]
    fn lines_of_earlier_versions_are_as_good_as_their_checks() {
        assert!(is_intact(END, after(4, "")) && is_intact(b"{}", after(4, "")) && is_intact(b"", after(4, "")));
        assert!(is_intact(br#"{"entry":"end","check":"3726037a"}"#, after(4, "")), "without number");
        let numbered = after(4, "").sealed(END.to_vec());
        assert!(is_intact(&numbered, after(4, "0a1b2c3d")), "without the line before");
    }
}
