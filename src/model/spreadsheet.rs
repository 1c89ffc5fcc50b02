//! What a spreadsheet leaves of a value when somebody opens a table in it and saves it again.

/// What it shows where it cannot compute a value, in lower case.
const ERRORS: [&str; 8] = ["#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!", "#spill!", "#n/a"];

/// What a value has become, in words that go on after it; `None` where it looks unharmed.
///
/// Two people may have the same damaged value, and their real ones are gone.
#[must_use]
pub fn damage(text: &str) -> Option<&'static str> {
    if ERRORS.iter().any(|error| text.eq_ignore_ascii_case(error)) || text.starts_with("###") {
        Some("is an error value of a spreadsheet")
    } else if text.starts_with('=') {
        Some("is a formula of a spreadsheet")
    } else if is_rounded(text) {
        Some("is a number that a spreadsheet has rounded")
    } else {
        None
    }
}

/// Whether a text is a value that tells somebody: neither blank nor a word for "no value", nor what people write into a
/// field that must not be empty. Many have those.
#[must_use]
pub fn is_value(text: &str) -> bool {
    const FILLERS: [&str; 12] =
        ["none", "nil", "na", "n.a.", "tbd", "tba", "todo", "unknown", "test", "not set", "no id", "pending"];
    const FILLING: [char; 3] = ['0', 'x', 'X'];
    let text = text.trim();
    let is_filler = FILLERS.iter().any(|filler| text.eq_ignore_ascii_case(filler));
    let is_filling = text.chars().all(|c| FILLING.contains(&c) || !c.is_alphanumeric());
    let is_letter = text.chars().count() == 1 && !text.starts_with(|c: char| c.is_ascii_digit());
    let stands_for_none = is_missing_marker(text) || is_type_name(text) || is_filler;
    !(stands_for_none || is_filling || is_letter)
}

/// Whether a text stands for "no value" in exports and spreadsheets.
#[must_use]
pub fn is_missing_marker(text: &str) -> bool {
    let text = text.trim();
    ["N/A", "-", "null", "(null)", "#N/A"].iter().any(|marker| text.eq_ignore_ascii_case(marker))
}

/// Whether a text is what PowerShell writes where it should have written a value: there is one, and it is not known.
#[must_use]
pub fn is_type_name(text: &str) -> bool {
    let is_type = text.starts_with("Microsoft.") || text.starts_with("System.");
    text.starts_with("@{") || (is_type && !text.contains(['@', ' ']))
}

/// `1.23457E+11`: a long number as it is shown in a narrow column.
fn is_rounded(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((digits, power)) = text.trim().split_once("E+").or_else(|| text.trim().split_once("e+")) else { return false };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    whole.len() == 1 && [whole, fraction, power].into_iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::{damage, is_value};

    #[test]
    fn what_fills_a_field_tells_nobody() {
        for text in
            ["", " ", "-", "?", "N/A", "null", "TBD", "None", "0", "00-00", "x", "XXX", "y", "unknown", "...", "System.Byte[]"]
        {
            assert!(!is_value(text), "{text}");
        }
        for text in ["7", "1001", "E7", "0042", "10", "x1", "nones", "ß1"] {
            assert!(is_value(text), "{text}");
        }
    }

    #[test]
    fn damaged_values_are_told_from_sound_ones() {
        for text in ["#REF!", "#name?", "#N/A", "######", "=A1+B2", "1.23457E+11", "1,23457E+11", "1E+05", "1.2e+9"] {
            assert!(damage(text).is_some(), "{text}");
        }
        for text in ["", "E1001", "00123", "123456789012", "1e5", "E+11", "12.5E+3", "x#REF!", "eE+AbC0="] {
            assert_eq!(damage(text), None, "{text}");
        }
    }
}
