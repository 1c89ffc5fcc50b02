//! Text of a server, and of the system, made fit for a message.

use std::io;

use crate::model::text::printable;

/// No control characters, no trailing line end, not endless.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 240;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let cut: String = text.chars().take(LONGEST).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", printable(&cut))
}

/// What the system answers when no more files may be open, by this process or at all.
const TOO_MANY_OPEN: &[i32] = if cfg!(windows) { &[4] } else { &[23, 24] };

/// What is wrong with a file or its disk, in words that people know.
pub(crate) fn words(error: &io::Error) -> String {
    if error.raw_os_error().is_some_and(|code| TOO_MANY_OPEN.contains(&code)) {
        return "too few files may be open at the same time".to_owned();
    }
    const WORDS: [(io::ErrorKind, &str); 9] = [
        (io::ErrorKind::NotFound, "there is no such file or folder"),
        (io::ErrorKind::PermissionDenied, "it is not permitted"),
        (io::ErrorKind::IsADirectory, "it is a folder"),
        (io::ErrorKind::AlreadyExists, "a file is in its place"),
        (io::ErrorKind::NotADirectory, "a part of its path is no folder"),
        (io::ErrorKind::InvalidFilename, "its name is too long"),
        (io::ErrorKind::StorageFull, "the disk is full"),
        (io::ErrorKind::QuotaExceeded, "the disk quota is used up"),
        (io::ErrorKind::ReadOnlyFilesystem, "the disk is read-only"),
    ];
    WORDS.iter().find(|(kind, _)| *kind == error.kind()).map_or_else(|| error.to_string(), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_fault_of_the_system_is_told_without_its_number() {
        let told = |path: &Path| words(&std::fs::read(path).unwrap_err());
        assert_eq!(told(Path::new(&"x".repeat(300))), "its name is too long");
        assert_eq!(told(Path::new("no/such")), "there is no such file or folder");
        let too_many = io::Error::from_raw_os_error(TOO_MANY_OPEN[0]);
        assert_eq!(words(&too_many), "too few files may be open at the same time");
    }
}
