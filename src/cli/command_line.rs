//! Commands that somebody copies into a shell: whole, and quoted where that is needed.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// A word as a shell takes it for one.
pub(super) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-".contains(c) || (cfg!(windows) && "\\~".contains(c));
    match word {
        _ if !word.is_empty() && word.chars().all(is_plain) => Cow::Borrowed(word),
        // No path of Windows holds a double quote, and both of its shells take these.
        _ if cfg!(windows) => Cow::Owned(format!("\"{word}\"")),
        _ => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

/// A path as a shell takes it for one.
pub(super) fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy()).into_owned()
}

/// The files that were named on the command line, which the next command needs as well.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--policy`.
    pub policy: Option<PathBuf>,
}

impl Given {
    /// `hardmatch apply PLAN`, with what else that takes.
    pub(super) fn apply(&self, plan: &Path, more: &str) -> String {
        format!("hardmatch apply {}{more}{}", path(plan), self.options())
    }

    /// `hardmatch approve PLAN`.
    pub(super) fn approve(&self, plan: &Path) -> String {
        format!("hardmatch approve {} --key KEY{}", path(plan), self.options())
    }

    /// `hardmatch rollback JOURNAL`, into a plan of this name. It takes the policy of the configuration.
    pub(super) fn rollback(&self, journal: &Path, out: &str) -> String {
        format!("hardmatch rollback {} --out {out}{}", path(journal), option("config", self.config.as_deref()))
    }

    fn options(&self) -> String {
        option("config", self.config.as_deref()) + &option("policy", self.policy.as_deref())
    }
}

/// ` --name FILE`, where there is one.
pub(super) fn option(name: &str, file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| format!(" --{name} {}", path(file)))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// The words that a shell makes of a line.
    fn words(line: &str) -> Vec<String> {
        let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for plain in ["plan.json", "waves/2026-01.json", "Übung/p.json", "C:/x"] {
            assert_eq!(quoted(plain), plain);
        }
        for odd in ["mit Leer", "it's", "$HOME", "a;b", "~", "a\\b", "*", "\"", "`ls`", "a&b", "(x)", "#a", "", "a\u{a0}b"] {
            assert_eq!(words(&quoted(odd)), [odd], "{odd}");
        }
    }

    #[test]
    fn the_next_command_names_what_this_one_was_given() {
        let given = Given { config: Some("a b/h.yaml".into()), policy: Some("main/h.yaml".into()) };
        let apply = given.apply(Path::new("it's.json"), "");
        assert_eq!(words(&apply)[2..], ["it's.json", "--config", "a b/h.yaml", "--policy", "main/h.yaml"]);
        assert_eq!(given.rollback(Path::new("p.journal.jsonl"), "FILE").matches("--policy").count(), 0);
        assert_eq!(Given::default().apply(Path::new("plan.json"), ""), "hardmatch apply plan.json");
    }
}
