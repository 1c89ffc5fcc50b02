//! More mappings in a configuration; all that stands in it stays as it is.

use std::path::Path;

use serde_json::{Map, Value as Json};

use super::source::SourceText;
use super::tree::Value;
use super::{Config, Place, yaml};
use crate::diag::Diagnostics;

/// A mapping as YAML: `{ … }` on one line, and comments to stand above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingText {
    /// Lines without `#`, free of line breaks.
    pub comments: Vec<String>,
    /// The mapping in flow style.
    pub flow: String,
}

/// The text of the configuration with these mappings at the end of its own.
///
/// # Errors
/// In words, when `mappings` is written in a way that cannot be extended safely.
pub fn with_mappings(config: &Config, shown: &str, more: &[MappingText]) -> Result<String, String> {
    let source = config.sources.get(shown).ok_or("its text is not at hand")?;
    if more.is_empty() {
        return Ok(source.text().to_owned());
    }
    let checked = |text: String| check(config, source, &text, more.len()).map(|()| text);
    extended(source, more).and_then(checked).or_else(|_| checked(rewritten(source, more)?))
}

/// The same configuration in plain block style, for texts that cannot be added to. Its comments are lost.
fn rewritten(source: &SourceText, more: &[MappingText]) -> Result<String, String> {
    let tree = yaml::read(source, &mut Diagnostics::default());
    let root = tree.as_ref().and_then(|tree| tree.root()).ok_or("it cannot be read")?;
    let Json::Object(mut document) = json(root) else { return Err("it is no mapping".to_owned()) };
    let mappings = document.shift_remove("mappings").and_then(|value| value.as_array().cloned()).unwrap_or_default();
    let head = serde_yaml::to_string(&document).map_err(|why| why.to_string())?;
    let old = if mappings.is_empty() { Ok(String::new()) } else { serde_yaml::to_string(&mappings) };
    Ok(format!("{head}mappings:\n{}{}\n", old.map_err(|why| why.to_string())?, block(more, "")))
}

/// A value as it is written anew. What only looks like a number, such as `00123`, stays a text.
fn json(value: Value<'_>) -> Json {
    if let Some(entries) = value.entries() {
        return entries.map(|(key, _, value)| (key.to_owned(), json(value))).collect::<Map<_, _>>().into();
    }
    if let Some(items) = value.items() {
        return items.map(json).collect();
    }
    let (text, is_plain) = value.scalar().unwrap_or_default();
    let is_meant = |plain: &Json| is_plain && serde_json::to_string(plain).is_ok_and(|written| written == text);
    serde_json::from_str(text).ok().filter(is_meant).unwrap_or_else(|| text.into())
}

fn extended(source: &SourceText, more: &[MappingText]) -> Result<String, String> {
    let tree = yaml::read(source, &mut Diagnostics::default());
    let root = tree.as_ref().and_then(|tree| tree.root()).ok_or("it cannot be read")?;
    let entry = root.entries().and_then(|mut entries| entries.find(|(key, ..)| *key == "mappings"));
    let text = source.text();
    let Some((_, _, value)) = entry else {
        let head = if text.ends_with('\n') { "" } else { "\n" };
        return Ok(format!("{text}{head}\nmappings:\n{}\n", block(more, "  ")));
    };
    let span = value.outer_span();
    let is_flow = text.get(span.start..).is_some_and(|rest| rest.starts_with('['));
    match value.items().ok_or("`mappings` is no list")?.last() {
        Some(last) if is_flow => Ok(spliced(text, content_end(text, last), &in_flow(more))),
        Some(last) => {
            let indent = indent_of(text, last).ok_or("`mappings` is no plain list")?;
            let end = line_end(text, content_end(text, last));
            Ok(spliced(text, end, &format!("\n{}", block(more, indent))))
        }
        None => {
            let (head, tail) = (text.get(..span.start).unwrap_or_default(), text.get(span.end..).unwrap_or_default());
            let end = line_end(tail, 0);
            Ok(spliced(&format!("{}{tail}", head.trim_end()), head.trim_end().len() + end, &format!("\n{}", block(more, "  "))))
        }
    }
}

fn spliced(text: &str, at: usize, more: &str) -> String {
    let (head, tail) = text.split_at_checked(at).unwrap_or((text, ""));
    format!("{head}{more}{tail}")
}

/// Where the last character of a value stands. A block ends, as a parser sees it, where the next one begins, with all
/// blank lines and comments between.
fn content_end(text: &str, value: Value<'_>) -> usize {
    let span = value.outer_span();
    let is_flow = text.get(span.start..).is_some_and(|rest| rest.starts_with(['[', '{']));
    let last_item = value.items().and_then(Iterator::last);
    let last = last_item.or_else(|| value.entries().and_then(Iterator::last).map(|(_, _, value)| value));
    match last.filter(|_| !is_flow) {
        Some(last) => content_end(text, last),
        None => text.get(..span.end).unwrap_or(text).trim_end().len(),
    }
}

fn line_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest
        .find('\n')
        .map_or(rest.len(), |at| if rest.get(..at).is_some_and(|line| line.ends_with('\r')) { at - 1 } else { at })
}

/// The blanks before the dash of an item.
fn indent_of<'t>(text: &'t str, item: Value<'_>) -> Option<&'t str> {
    let before = text.get(..item.span().start)?;
    let line = before.rsplit('\n').next()?;
    let blanks = line.len() - line.trim_start_matches(' ').len();
    line.get(blanks..)?.starts_with('-').then(|| line.get(..blanks))?
}

fn block(more: &[MappingText], indent: &str) -> String {
    let mut lines = Vec::new();
    for mapping in more {
        lines.extend(mapping.comments.iter().map(|comment| format!("{indent}# {comment}")));
        lines.push(format!("{indent}- {}", mapping.flow));
    }
    lines.join("\n")
}

fn in_flow(more: &[MappingText]) -> String {
    let one = |mapping: &MappingText| {
        let comments: String = mapping.comments.iter().map(|comment| format!("  # {comment}\n")).collect();
        format!(",\n{comments}  {}", mapping.flow)
    };
    more.iter().map(one).collect()
}

/// Reads what was written: the old mappings are there, and as many more as there should be.
fn check(config: &Config, source: &SourceText, text: &str, more: usize) -> Result<(), String> {
    let place = Place { shown: source.shown(), relative: source.relative(), base_dir: &config.base_dir };
    let mut read = |path: &Path| {
        let found = config.sources.get(&path.display().to_string());
        found.map(|found| found.text().as_bytes().to_vec()).ok_or_else(|| "its text is not at hand".to_owned())
    };
    let again = super::parse(text.as_bytes(), &place, &mut read).map_err(|errors| errors.to_string())?;
    let (old, new) = (&config.desired, &again.desired);
    // Those of mapping files come after those of the configuration, so the old ones stay in their order.
    let is_same = |left: &crate::model::Mapping, right: &crate::model::Mapping| {
        left.on_prem == right.on_prem && left.cloud == right.cloud && left.holders.len() == right.holders.len()
    };
    let mut others = new.mappings.iter();
    let kept = old.mappings.iter().all(|mapping| others.any(|other| is_same(mapping, other)));
    let grown = new.mappings.len() == old.mappings.len() + more;
    let rest = old.rules == new.rules && old.policy == new.policy && old.forests == new.forests && config.tenant == again.tenant;
    if kept && grown && rest { Ok(()) } else { Err("the extended text would not mean the same".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "version: 1\ntenant: { snapshot: t.json }\nforests: { corp: { ldif: corp.ldif } }\n";

    fn appended(rest: &str) -> String {
        let text = format!("{HEAD}{rest}");
        let place = Place { shown: "hardmatch.yaml", relative: "hardmatch.yaml", base_dir: Path::new("") };
        let config = super::super::parse(text.as_bytes(), &place, &mut |_| Err("none".into())).unwrap();
        let more = MappingText { comments: vec!["why".into()], flow: "{ onPrem: eve, cloud: eve@x.example }".into() };
        let new = with_mappings(&config, "hardmatch.yaml", &[more]).unwrap();
        new.strip_prefix(HEAD).unwrap().to_owned()
    }

    #[test]
    fn stands_at_the_end_of_the_list_in_its_style() {
        let more = "  # why\n  - { onPrem: eve, cloud: eve@x.example }\n";
        assert_eq!(appended(""), format!("\nmappings:\n{more}"));
        let list =
            "mappings: # ours\n  - onPrem: q\n    cloud: q@x.example # Q\n\n# the limits\npolicy: { limits: { purges: 1 } }\n";
        let with = "mappings: # ours\n  - onPrem: q\n    cloud: q@x.example # Q\n  # why\n  - { onPrem: eve, cloud: eve@x.example }\n\n# the limits\npolicy: { limits: { purges: 1 } }\n";
        assert_eq!(appended(list), with);
        assert_eq!(
            appended("mappings:\n- { onPrem: q, cloud: q@x.example }"),
            "mappings:\n- { onPrem: q, cloud: q@x.example }\n# why\n- { onPrem: eve, cloud: eve@x.example }"
        );
        assert_eq!(
            appended("mappings: [{ onPrem: q, cloud: q@x.example }]\n"),
            "mappings: [{ onPrem: q, cloud: q@x.example },\n  # why\n  { onPrem: eve, cloud: eve@x.example }]\n"
        );
    }

    #[test]
    fn what_cannot_be_added_to_is_written_anew() {
        let flow = "{ version: 1, tenant: { snapshot: t.json }, forests: { corp: { ldif: c.ldif } } }";
        let place = Place { shown: "hardmatch.yaml", relative: "hardmatch.yaml", base_dir: Path::new("") };
        let more = MappingText { comments: vec!["why".into()], flow: "{ onPrem: eve, cloud: eve@x.example }".into() };
        for text in [flow.to_owned(), format!("{HEAD}...\n")] {
            let config = super::super::parse(text.as_bytes(), &place, &mut |_| Err("none".into())).unwrap();
            let new = with_mappings(&config, "hardmatch.yaml", std::slice::from_ref(&more)).unwrap();
            assert!(new.starts_with("version: 1\ntenant:\n  snapshot: t.json\n"), "{new}");
            assert!(new.ends_with("# why\n- { onPrem: eve, cloud: eve@x.example }\n"), "{new}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_stays_a_text() {
        let text = "version: 1\nmappings:\n  - { onPrem: { employeeId: 00123 }, cloud: { employeeId: \"7\" }, restore: true }\n";
        let source = SourceText::new("hardmatch.yaml", "hardmatch.yaml", text.to_owned());
        insta::assert_snapshot!(rewritten(&source, &[]).unwrap().trim_end(), @r#"
        version: 1
        mappings:
        - onPrem:
            employeeId: "00123"
          cloud:
            employeeId: "7"
          restore: true
        "#);
    }

    #[test]
    fn an_empty_list_is_filled() {
        let more = "  # why\n  - { onPrem: eve, cloud: eve@x.example }";
        assert_eq!(appended("mappings: []\n"), format!("mappings:\n{more}\n"));
        assert_eq!(appended("mappings: [] # none\nrules: []\n"), format!("mappings: # none\n{more}\nrules: []\n"));
    }
}
