//! Reading a tree by what is expected: each fault is noted with its place, and the reading goes on.

use std::ops::Range;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use super::escapes;
use super::secrets::looks_like_secret;
use super::source::SourceText;
use super::tree::Value;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::text::nearest;
use crate::model::{Notice, NoticeKind, Source};

/// Notes what is wrong and odd in one file.
pub(super) struct Reader<'t> {
    /// The file.
    pub source: &'t SourceText,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// Oddities that the plan reports.
    pub notices: Vec<Notice>,
    /// Secrets that stand in the text.
    pub masks: Vec<Range<usize>>,
    /// Their texts.
    pub hidden: Vec<&'t str>,
}

/// What is wrong with a text, before it is known where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub summary: String,
    /// What to do; may be empty.
    pub help: String,
    /// What to do about it in a row of a mapping file, where that is something else.
    pub row_help: Option<String>,
}

impl Fault {
    #[cold]
    pub(super) fn new(summary: impl Into<String>, help: impl Into<String>) -> Self {
        Self { summary: summary.into(), help: help.into(), row_help: None }
    }

    /// The same with another cure for a row of a mapping file.
    pub(super) fn in_a_row(self, help: impl Into<String>) -> Self {
        Self { row_help: Some(help.into()), ..self }
    }

    /// As an error, still without a place.
    #[cold]
    pub(super) fn error(self) -> Diagnostic {
        let error = Diagnostic::error(self.summary);
        if self.help.is_empty() { error } else { error.help(self.help) }
    }
}

impl<'t> Reader<'t> {
    pub(super) fn new(source: &'t SourceText) -> Self {
        Self { source, diagnostics: Diagnostics::default(), notices: Vec::new(), masks: Vec::new(), hidden: Vec::new() }
    }

    /// Reads two parts of the file at the same time. What is noted in the later one comes after the rest.
    pub(super) fn read_both<A, B: Send>(
        &mut self,
        first: impl FnOnce(&mut Self) -> A,
        later: impl FnOnce(&mut Self) -> B + Send,
    ) -> (A, B) {
        let mut beside = Self::new(self.source);
        let read = thread::scope(|threads| {
            let later = threads.spawn(|| later(&mut beside));
            let first = first(self);
            (first, later.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        self.diagnostics.extend(beside.diagnostics);
        self.notices.extend(beside.notices);
        self.masks.extend(beside.masks);
        self.hidden.extend(beside.hidden);
        read
    }

    /// Never shows this value.
    pub(super) fn hide(&mut self, value: Value<'t>) {
        self.masks.extend([value.span(), value.written_span()]);
        self.hidden.extend(value.scalar().map(|(text, _)| text));
    }

    /// Notes a fault at a place.
    #[cold]
    pub(super) fn note(&mut self, span: Range<usize>, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic.at(self.source.location(span.start)).spanning(span));
    }

    /// Notes an error at a value.
    #[cold]
    pub(super) fn error(&mut self, value: Value<'t>, summary: impl Into<String>, help: impl Into<String>) {
        self.note(value.span(), Fault::new(summary, help).error());
    }

    /// Unwraps, or notes the fault at a value.
    pub(super) fn accept<T>(&mut self, value: Value<'t>, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.note(value.span(), fault.error())).ok()
    }

    /// File and line of a value.
    pub(super) fn place(&self, value: Value<'t>) -> Source {
        self.source.source(value.span().start)
    }

    fn wrong_type(&mut self, value: Value<'t>, wanted: &str, help: &str) {
        let summary = if value.is_null() {
            format!("{wanted} is wanted here")
        } else {
            format!("{wanted} is wanted here, not {}", value.describe())
        };
        self.error(value, summary, help);
    }

    /// The text of a scalar; `00123` is a text too, but true and false are a slip.
    fn scalar(&mut self, value: Value<'t>) -> Option<&'t str> {
        match value.scalar() {
            Some((text, _)) if !value.is_boolean() && !value.is_null() => Some(text),
            Some(_) if value.is_null() => {
                self.error(value, "there is no value here", "write a value, or remove the entry");
                None
            }
            Some(_) => {
                self.wrong_type(value, "a text", "put it into quotes if it is meant as text");
                None
            }
            None => {
                self.wrong_type(value, "a text", "");
                None
            }
        }
    }

    /// The text of a scalar, without blanks around it.
    pub(super) fn text(&mut self, value: Value<'t>) -> Option<&'t str> {
        let text = self.scalar(value)?;
        if let Some((letter, c)) = escapes::letter(self.written(value)) {
            let summary =
                format!("`\\{letter}` in \"…\" is the character U+{:04X}, not a backslash and `{letter}`", u32::from(c));
            self.error(value, summary, escapes::CURE);
            return None;
        }
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.error(value, "the text is empty", "write a value, or remove the key");
            return None;
        }
        if trimmed.len() < text.len() {
            let message = format!("blanks around `{trimmed}` were removed");
            self.notices.push(Notice { kind: NoticeKind::InputTrimmed, source: self.place(value), message });
        }
        self.check_characters(value, trimmed).then_some(trimmed)
    }

    /// Refuses control characters and warns of invisible ones.
    fn check_characters(&mut self, value: Value<'t>, text: &str) -> bool {
        match check_characters(text) {
            Ok(None) => true,
            Ok(Some(warning)) => {
                self.note(value.span(), warning);
                true
            }
            Err(fault) => {
                let help = if escapes::has_escape(self.written(value)) { escapes::CURE.to_owned() } else { fault.help };
                self.note(value.span(), Fault { help, ..fault }.error());
                false
            }
        }
    }

    /// A scalar with its quotes, as it stands in the file.
    fn written(&self, value: Value<'t>) -> &'t str {
        self.source.text().get(value.written_span()).unwrap_or_default()
    }

    /// A text of any form over any number of lines: reasons.
    pub(super) fn prose(&mut self, value: Value<'t>) -> Option<Box<str>> {
        Some(self.scalar(value)?.trim()).filter(|text| !text.is_empty()).map(Into::into)
    }

    /// true or false.
    pub(super) fn boolean(&mut self, value: Value<'t>) -> Option<bool> {
        match value.scalar() {
            Some(("true" | "True" | "TRUE", true)) => Some(true),
            Some(("false" | "False" | "FALSE", true)) => Some(false),
            _ => {
                self.wrong_type(value, "true or false", "write true or false, without quotes");
                None
            }
        }
    }

    /// A whole number up to `max`.
    pub(super) fn number(&mut self, value: Value<'t>, max: u64) -> Option<u64> {
        const HELP: &str = "write a whole number such as 20: digits only, without quotes";
        let Some((text, plain)) = value.scalar().filter(|_| !value.is_null()) else {
            self.wrong_type(value, "a number", HELP);
            return None;
        };
        let digits = plain && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        match text.parse::<u64>() {
            Ok(number) if digits && number <= max => Some(number),
            _ if digits => {
                self.error(value, format!("{text} is too large: at most {max} is possible here"), "");
                None
            }
            _ => {
                self.error(value, format!("a whole number is wanted here, not `{text}`"), HELP);
                None
            }
        }
    }

    /// One of some words, in any case.
    pub(super) fn word<T: Copy>(&mut self, value: Value<'t>, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(value)?;
        self.accept(value, choose(text, words))
    }

    /// The members of a list.
    pub(super) fn list(&mut self, value: Value<'t>) -> Vec<Value<'t>> {
        match value.items() {
            Some(items) => items.collect(),
            None => {
                self.wrong_type(value, "a list", "write each entry on its own line after `- `");
                Vec::new()
            }
        }
    }

    /// A path, relative to the folder of the configuration.
    pub(super) fn path(&mut self, value: Value<'t>, base: &std::path::Path) -> Option<PathBuf> {
        let text = self.text(value)?;
        // A shell would; here a folder of that name would be made.
        if text == "~" || text.starts_with("~/") || text.starts_with("~\\") {
            self.error(value, "`~` is not made your home folder here", "write the path in full, or from the folder of this file");
            return None;
        }
        if looks_like_secret(text) {
            self.hide(value);
            let help = "write the path of a file that holds it, and treat the secret that stood here as known to everybody";
            self.error(value, "this is no path: it looks like a secret", help);
            return None;
        }
        Some(base.join(text))
    }

    /// Opens a mapping with these keys; anything else in it is noted.
    pub(super) fn fields(&mut self, value: Value<'t>, names: &'static [&'static str]) -> Option<Fields<'t>> {
        let Some(entries) = value.entries() else {
            let help = format!("keys with values are wanted here: {}", names.join(", "));
            self.wrong_type(value, "a mapping", &help);
            return None;
        };
        let taken = Vec::with_capacity(entries.len().min(names.len()));
        let mut fields = Fields { value, names, taken, misspelt: Vec::new(), has_unknown: false };
        for (key, span, entry) in entries {
            match names.iter().position(|name| *name == key) {
                None => {
                    let meant = nearest(key, names.iter().copied());
                    fields.has_unknown = true;
                    fields.misspelt.extend(meant);
                    self.note(span, unknown_key(key, meant, names));
                }
                Some(_) if entry.is_null() => {
                    self.note(span, Diagnostic::error(format!("`{key}` has no value")).help(null_help(key)));
                    fields.taken.push((key, None));
                }
                Some(_) => fields.taken.push((key, Some(entry))),
            }
        }
        Some(fields)
    }
}

fn missing_help(key: &str) -> &'static str {
    match key {
        "version" => "start the file with `version: 1`",
        "tenant" => "add `tenant: { snapshot: tenant.json }`, or `graph` for a live tenant",
        "onPrem" => "name the AD user; to let an account leave hybrid write `onPrem: none`",
        "cloud" => "name the cloud user by its UPN or object id",
        "resolve" => "say what becomes of the account: purge or clear",
        _ => "",
    }
}

fn null_help(key: &str) -> &'static str {
    match key {
        "onPrem" => "name the user; to let an account leave hybrid write `onPrem: none`",
        "immutableId" => "write the value; to clear an ID write `onPrem: none`",
        _ => "write a value, or remove the key; an empty list is `[]`",
    }
}

/// The known keys of a mapping, opened by [`Reader::fields`].
pub(super) struct Fields<'t> {
    value: Value<'t>,
    names: &'static [&'static str],
    taken: Vec<(&'t str, Option<Value<'t>>)>,
    /// Keys that unknown ones were probably meant to be.
    misspelt: Vec<&'static str>,
    /// Whether a key was refused, so that a missing one needs no message of its own.
    has_unknown: bool,
}

impl<'t> Fields<'t> {
    /// The mapping itself.
    pub(super) fn value(&self) -> Value<'t> {
        self.value
    }

    /// The value of a key; `None` when it is absent or was null, which is noted already.
    pub(super) fn get(&self, name: &'static str) -> Option<Value<'t>> {
        debug_assert!(self.names.contains(&name), "{name} is no key of this mapping");
        self.taken.iter().find(|(key, _)| *key == name).and_then(|(_, value)| *value)
    }

    /// Whether the key is there at all.
    pub(super) fn has(&self, name: &'static str) -> bool {
        self.taken.iter().any(|(key, _)| *key == name)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, reader: &mut Reader<'t>, name: &'static str) -> Option<Value<'t>> {
        if !self.has(name) && !self.misspelt.contains(&name) {
            reader.error(self.value, format!("the key `{name}` is missing here"), missing_help(name));
        }
        self.get(name)
    }

    /// The one key of `choices` that is there; none or several is an error.
    pub(super) fn exactly_one(
        &self,
        reader: &mut Reader<'t>,
        choices: &[&'static str],
        what: &str,
    ) -> Option<(&'t str, Value<'t>)> {
        let mut found = self.taken.iter().filter(|(key, _)| choices.contains(key));
        let list = choices.join(" or ");
        match (found.next(), found.next()) {
            (None, _) if self.has_unknown => {}
            (None, _) => reader.error(self.value, format!("{what} is missing here"), format!("write {list}")),
            (Some((first, _)), Some((second, _))) => {
                reader.error(self.value, format!("{what} is given twice: `{first}` and `{second}`"), "keep one of the two");
            }
            (Some((key, value)), None) => return value.map(|value| (*key, value)),
        }
        None
    }
}

fn unknown_key(key: &str, meant: Option<&str>, names: &[&'static str]) -> Diagnostic {
    let list = names.join(", ");
    let help = match (meant, names) {
        (_, []) => "nothing is set here: write {}".to_owned(),
        (Some(name), [_]) => format!("did you mean `{name}`? It is the only key here"),
        (None, [name]) => format!("the only key here is {name}"),
        (Some(name), _) => format!("did you mean `{name}`? The keys here are {list}"),
        (None, _) => format!("the keys here are {list}"),
    };
    Diagnostic::error(format!("unknown key `{key}`")).help(help)
}

/// The word that was meant, in any case.
pub(super) fn choose<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, Fault> {
    if let Some((_, value)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        return Ok(*value);
    }
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let list = names.join(" or ");
    let help = match nearest(text, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`? The choice is {list}"),
        None => format!("the choice is {list}"),
    };
    Err(Fault::new(format!("`{text}` is not possible here"), help))
}

/// Refuses control characters; answers with a warning when some character cannot be seen.
pub(super) fn check_characters(text: &str) -> Result<Option<Diagnostic>, Fault> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(None);
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        let summary = format!("the text holds the control character U+{:04X}", u32::from(c));
        return Err(Fault::new(summary, "write the text again by hand"));
    }
    let shown = crate::model::text::printable(text);
    if shown == text {
        return Ok(None);
    }
    let summary = format!("`{shown}` holds a character that cannot be seen");
    Ok(Some(Diagnostic::warning(summary).help("write the text again by hand, unless the directory holds it that way")))
}
