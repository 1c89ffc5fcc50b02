//! What a CI runner reads from the log and from its files: annotations at lines of the YAML, and outputs of a step.
//!
//! GitHub Actions takes `::error file=…::message`, Azure DevOps `##vso[task.logissue …]message`. A value can neither end its
//! field nor start another command.

use std::fmt::Write as _;

use crate::diag::{Diagnostic, Level};
use crate::model::text::{number, printable};
use crate::plan::body::Body;
use crate::plan::finding::{Finding, Severity};

/// GitHub shows this many errors and as many warnings of one step.
const SHOWN: usize = 10;

/// How many characters of a message are shown.
const MESSAGE: usize = 1_000;

/// Whose commands are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// GitHub Actions.
    GitHub,
    /// Azure DevOps.
    AzureDevOps,
}

/// One remark beside a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// An error or a warning.
    pub level: Level,
    /// The code or the kind of it.
    pub title: String,
    /// In sentences; may hold values of a directory.
    pub message: String,
    /// The file as the configuration names it; `None` when no file is meant.
    pub file: Option<String>,
    /// One-based; 0 when the whole file is meant.
    pub line: u32,
}

impl Annotation {
    /// A remark about no file.
    #[must_use]
    pub fn error(title: &str, message: &str) -> Self {
        Self { level: Level::Error, title: title.to_owned(), message: message.to_owned(), file: None, line: 0 }
    }
}

/// An annotation for each blocker and warning, at the line of its mapping; `config` is where the others are shown.
#[must_use]
pub fn annotations_of_plan(body: &Body, config: Option<&str>) -> Vec<Annotation> {
    let sources =
        body.mappings.iter().map(|mapping| (mapping.id.as_str(), &mapping.source)).collect::<std::collections::HashMap<_, _>>();
    let place = |finding: &Finding| {
        let source = finding.mapping.as_deref().and_then(|id| sources.get(id));
        source.map_or((config.map(str::to_owned), 0), |source| (Some(source.file.to_string()), source.line))
    };
    let remark = |finding: &Finding| {
        let level = match finding.severity {
            Severity::Blocker => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Info => return None,
        };
        let (file, line) = place(finding);
        let about = finding.mapping.as_deref().map(|mapping| format!("{mapping}: ")).unwrap_or_default();
        let hint = finding.hint.as_deref().map(|hint| format!(" {hint}")).unwrap_or_default();
        Some(Annotation {
            level,
            title: finding.code.to_string(),
            message: format!("{about}{}{hint}", finding.message),
            file,
            line,
        })
    };
    body.findings.iter().filter_map(remark).collect()
}

/// An annotation for each fault of an input file.
#[must_use]
pub fn annotations_of_diagnostics(diagnostics: &[Diagnostic]) -> Vec<Annotation> {
    let remark = |diagnostic: &Diagnostic| Annotation {
        level: diagnostic.level,
        title: "configuration".to_owned(),
        message: match &diagnostic.help {
            Some(help) => format!("{} ({help})", diagnostic.summary),
            None => diagnostic.summary.clone(),
        },
        file: diagnostic.location.as_ref().map(|location| location.file.to_string()),
        line: diagnostic.location.as_ref().map_or(0, |location| location.line),
    };
    diagnostics.iter().map(remark).collect()
}

/// The commands, a line each: at most ten of a kind, of which the last one counts what is not shown.
#[must_use]
pub fn annotation_commands(dialect: Dialect, annotations: &[Annotation]) -> String {
    let mut out = String::new();
    for level in [Level::Error, Level::Warning] {
        let of_level: Vec<&Annotation> = annotations.iter().filter(|annotation| annotation.level == level).collect();
        let shown = if of_level.len() > SHOWN { SHOWN - 1 } else { of_level.len() };
        of_level.iter().take(shown).for_each(|annotation| command(dialect, annotation, &mut out));
        if of_level.len() > shown {
            let message = format!("{} more are in the summary of this run and in the plan.", number(of_level.len() - shown));
            command(dialect, &Annotation { level, ..Annotation::error("and more", &message) }, &mut out);
        }
    }
    out
}

fn command(dialect: Dialect, annotation: &Annotation, out: &mut String) {
    let kind = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let lines: Vec<_> = annotation.message.lines().map(printable).collect();
    let message: String = lines.join("\n").chars().take(MESSAGE).collect();
    let title = printable(&annotation.title).into_owned();
    let file = annotation.file.as_deref().map(|file| printable(file).into_owned());
    match dialect {
        Dialect::GitHub => {
            let mut properties = file.map(|file| format!("file={},", github_property(&file))).unwrap_or_default();
            if annotation.line > 0 {
                let _ = write!(properties, "line={},", annotation.line);
            }
            let _ = writeln!(out, "::{kind} {properties}title={}::{}", github_property(&title), github_data(&message));
        }
        Dialect::AzureDevOps => {
            let mut properties = file.map(|file| format!("sourcepath={};", azure(&file))).unwrap_or_default();
            if annotation.line > 0 {
                let _ = write!(properties, "linenumber={};", annotation.line);
            }
            let _ = writeln!(out, "##vso[task.logissue type={kind};{properties}code={}]{}", azure(&title), azure(&message));
        }
    }
}

fn github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

fn azure(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A").replace(';', "%3B").replace(']', "%5D")
}

/// Outputs of a step in the form of GitHub's output file; nobody who does not know `delimiter` can end a value.
#[must_use]
pub fn github_outputs(outputs: &[(&str, String)], delimiter: &str) -> String {
    outputs.iter().map(|(name, value)| format!("{name}<<{delimiter}\n{}\n{delimiter}\n", printable(value))).collect()
}

/// The same as commands of Azure DevOps; a name has underscores there, since it becomes a variable of the environment.
#[must_use]
pub fn azure_outputs(outputs: &[(&str, String)]) -> String {
    let line = |(name, value): &(&str, String)| {
        format!("##vso[task.setvariable variable={};isOutput=true]{}\n", name.replace('-', "_"), azure(&printable(value)))
    };
    outputs.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile(level: Level) -> Annotation {
        Annotation {
            level,
            title: "a:b,c".into(),
            message: "100%\r\n::stop-commands::x ##vso[task.setvariable]y; \u{202e}z]".into(),
            file: Some("waves/a,b:c].csv".into()),
            line: 3,
        }
    }

    #[test]
    fn no_value_ends_its_field_or_starts_a_command() {
        let both = |annotation: &[Annotation]| {
            [Dialect::GitHub, Dialect::AzureDevOps].map(|dialect| annotation_commands(dialect, annotation)).concat()
        };
        insta::assert_snapshot!(both(&[hostile(Level::Error)]), @r#"
        ::error file=waves/a%2Cb%3Ac].csv,line=3,title=a%3Ab%2Cc::100%25%0A\u{3a}:stop-commands\u{3a}:x \u{23}#vso[task.setvariable]y; \u{202e}z]
        ##vso[task.logissue type=error;sourcepath=waves/a,b:c%5D.csv;linenumber=3;code=a:b,c]100%AZP25%0A\u{3a}:stop-commands\u{3a}:x \u{23}#vso[task.setvariable%5Dy%3B \u{202e}z%5D
        "#);
        let bare = Annotation { level: Level::Warning, ..Annotation::error("t", "m") };
        insta::assert_snapshot!(both(&[bare]), @r#"
        ::warning title=t::m
        ##vso[task.logissue type=warning;code=t]m
        "#);
    }

    #[test]
    fn ten_of_a_kind_are_shown_and_the_last_counts_the_rest() {
        let many: Vec<Annotation> =
            (0..1_203).map(|_| hostile(Level::Error)).chain((0..10).map(|_| hostile(Level::Warning))).collect();
        let text = annotation_commands(Dialect::GitHub, &many);
        assert_eq!((text.matches("::error ").count(), text.matches("::warning ").count()), (10, 10));
        assert!(text.contains("1,194 more are in the summary"), "{text}");
    }

    #[test]
    fn outputs_keep_to_their_names() {
        let outputs = [("status", "ready".to_owned()), ("exit-code", "0\nEOF\nx=1".to_owned())];
        insta::assert_snapshot!(github_outputs(&outputs, "END"), @r#"
        status<<END
        ready
        END
        exit-code<<END
        0\u{a}EOF\u{a}x=1
        END
        "#);
        insta::assert_snapshot!(azure_outputs(&outputs), @r#"
        ##vso[task.setvariable variable=status;isOutput=true]ready
        ##vso[task.setvariable variable=exit_code;isOutput=true]0\u{a}EOF\u{a}x=1
        "#);
    }
}
