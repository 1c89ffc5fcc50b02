//! What people and this program write: configurations, mapping files, plans, journals, approvals.

use std::path::Path;

use jiff::Timestamp;

use crate::apply::journal::{Entry, Journal, replay};
use crate::approval::{AllowedSigners, SignedStatement, Statement, Subject, decide};
use crate::config::append::{MappingText, with_mappings};
use crate::config::{Config, ConfigErrors, Place, parse as parse_config, render_diagnostics};
use crate::plan::body::Body;
use crate::planfile::{Meta, PlanFile, parse as parse_plan};

use super::assert_harmless;
use super::shown::every_format;

/// How many bytes of a plan are changed in turn.
const FLIPS: usize = 12;

const SHOWN: &str = "hardmatch.yaml";
const WAVE: &[u8] = b"onPrem,cloud\neve,eve@x.example\n";

fn config(yaml: &[u8], wave: &[u8]) -> Result<Config, ConfigErrors> {
    let place = Place { shown: SHOWN, relative: SHOWN, base_dir: Path::new("") };
    parse_config(yaml, &place, &mut |_| Ok(wave.to_vec()))
}

pub(super) fn yaml(bytes: &[u8]) {
    configuration(bytes, WAVE);
}

pub(super) fn mappings(bytes: &[u8]) {
    let yaml = "version: 1\ntenant: { snapshot: t.json }\nforests: { corp: { ldif: c.ldif } }\nmappingFiles: [w.csv]\n";
    configuration(yaml.as_bytes(), bytes);
}

fn configuration(yaml: &[u8], wave: &[u8]) {
    match (config(yaml, wave), config(yaml, wave)) {
        (Err(errors), Err(again)) => {
            assert_eq!(errors.to_string(), again.to_string());
            assert_harmless(&errors.to_string());
        }
        (first, second) => {
            let config = first.unwrap_or_else(|errors| panic!("read once: {errors}"));
            let again = second.unwrap_or_else(|errors| panic!("read twice: {errors}"));
            assert_eq!(format!("{:?}", config.desired), format!("{:?}", again.desired));
            assert_harmless(&render_diagnostics(&config.warnings, &config.sources, 100, false));
            takes_a_mapping(&config, wave);
        }
    }
}

/// What can be added to is the same configuration with one mapping more.
fn takes_a_mapping(old: &Config, wave: &[u8]) {
    let new = "{ onPrem: fuzzed.user, cloud: fuzzed.user@x.example }";
    let new = MappingText { comments: vec!["comment".into()], flow: new.into() };
    let Ok(text) = with_mappings(old, SHOWN, &[new]) else { return };
    let more = config(text.as_bytes(), wave).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    assert_eq!(more.desired.mappings.len(), old.desired.mappings.len() + 1, "{text}");
}

pub(super) fn plan(bytes: &[u8]) {
    let first = parse_plan(bytes);
    assert_eq!(first, parse_plan(bytes));
    match first {
        Err(error) => assert_harmless(&error.to_string()),
        Ok(plan) => {
            let written = plan.to_bytes();
            let windows = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
            assert_eq!(written, windows.as_bytes(), "what is read is what is written");
            // All of them in turn would take long; which ones these are depends on the plan.
            let start = written.iter().map(|byte| usize::from(*byte)).sum::<usize>() % (written.len() / FLIPS);
            (start..written.len()).step_by(written.len() / FLIPS).for_each(|place| refuses_a_flip(&written, place));
        }
    }
}

fn refuses_a_flip(written: &[u8], place: usize) {
    let mut flipped = written.to_vec();
    if let Some(byte) = flipped.get_mut(place) {
        *byte ^= 1 << (place % 8);
    }
    assert!(parse_plan(&flipped).is_err(), "byte {place}");
}

/// Somebody who forges a plan can take the hashes, too: the body is what is left to be checked, and to be shown.
pub(super) fn plan_body(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Body>(bytes) else { return };
    let meta = Meta { commit: None, config: None, created_at: "2026-11-25T08:00:00Z".into(), tool: "fuzzed".into() };
    let plan = PlanFile { meta, body };
    match parse_plan(&plan.to_bytes()) {
        Ok(read) => assert_eq!(read, plan),
        Err(error) => assert_harmless(&error.to_string()),
    }
    every_format(&plan);
}

/// Cutting off a torn line changes nothing of what is known, and happens once.
pub(super) fn journal(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.journal.jsonl");
    std::fs::write(&path, bytes).expect("a file");
    let before = match Journal::read(&path) {
        Ok(state) => state,
        Err(error) => return assert_harmless(&error.to_string()),
    };
    drop(Journal::open(&path).expect("what can be read can be opened"));
    assert_eq!(Journal::read(&path).expect("an opened journal"), before);
    let kept = std::fs::read(&path).expect("a file");
    assert!(bytes.starts_with(&kept) || [bytes, b"\n"].concat() == kept, "nothing but the end is cut or closed");
    let entries = kept.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let entries: Vec<Entry> = entries.map(|line| serde_json::from_slice(line).expect("a whole line")).collect();
    let copied: Vec<u8> = entries.iter().flat_map(|entry| serde_json::to_vec(entry).expect("an entry")).collect();
    let copied = serde_json::Deserializer::from_slice(&copied).into_iter().map(|entry| entry.expect("an entry"));
    assert_eq!(replay((1..).zip(copied)).expect("lines in their order"), before);
    before.digests().into_iter().for_each(|digest| drop(before.history(digest)));
}

/// Signers, statement and signature, with a zero between them.
pub(super) fn approval(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (signers, statement, signature) = (String::from_utf8_lossy(part()), part(), part());
    if let Ok(read) = Statement::parse(statement) {
        assert_eq!(Statement::parse(read.to_text().as_bytes()), Ok(read));
    }
    if let Ok(signers) = AllowedSigners::parse(&signers) {
        let subject = Subject { digest: "sha256:00", tenant: "contoso", authors: &["ann".to_owned()] };
        let given = [SignedStatement { name: "a.json", statement: Ok(statement), signature: Ok(signature) }];
        let decision = decide(subject, &signers, &given, Timestamp::UNIX_EPOCH);
        assert!(decision.approved.is_empty(), "nobody signed this digest");
        assert!(decision.rejected.len() <= given.len());
    }
}
