//! Bytes as digits, and counts as the numbers that files hold.

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// Bytes as an LDAP filter writes them: `\e0\04\25…`.
#[must_use]
pub fn ldap_octets(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A count of what is in memory, beside counts that were read.
#[must_use]
pub fn size(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(ldap_octets(&[0, 10, 255]), r"\00\0a\ff");
        assert_eq!((hex(&[]), size(3)), (String::new(), 3));
    }
}
