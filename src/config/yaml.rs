//! YAML text to a [`Tree`]; with [`super::syntax`] the only module that names the YAML engine.
//!
//! Typed deserialisation stops at the first error and turns numbers into numbers. This program shows all errors of a
//! file at once and keeps `00123` as it was written, so it takes the engine's events and builds its own tree:
//! strict keys, no merge keys, no tags but `!!str`, one document, and aliases that cannot explode.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::iter::from_fn;
use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::thread::scope;

use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::source::SourceText;
use super::syntax::syntax;
use super::tree::{Kind, NodeId, Tree};
use crate::diag::{Diagnostic, Diagnostics};

/// How deep lists and mappings may be nested.
const MAX_DEPTH: usize = 32;
/// How many values a document may have.
const MAX_VALUES: usize = 20_000_000;
/// How many values aliases may stand for in all.
const MAX_ALIASED: usize = 1_000_000;

/// Reads a document; `None` when its syntax is broken or it is empty. Everything wrong goes to `diagnostics`.
pub(super) fn read<'t>(source: &'t SourceText, diagnostics: &mut Diagnostics) -> Option<Tree<'t>> {
    if let Some(diagnostic) = control_character(source) {
        diagnostics.push(diagnostic);
        return None;
    }
    let mut builder = Builder {
        source,
        diagnostics,
        tree: Tree::of_text(source.text().len()),
        stack: Vec::new(),
        anchors: HashMap::new(),
        aliased: 0,
        documents: 0,
    };
    let stop = each_event(source.text(), |event| match event {
        Ok((event, span)) => builder.take(event, &span),
        Err(error) => Some(syntax(source, &error)),
    });
    if let Some(diagnostic) = stop {
        builder.diagnostics.push(diagnostic);
        return None;
    }
    Some(builder.tree)
}

/// What the engine says of a text, piece by piece.
type Said<'t> = Result<(Event<'t>, Span), ScanError>;

/// A text of so many bytes is worth a thread of its own.
const LARGE: usize = 1 << 18;
/// Events that are handed over at once, and how many such lots may wait.
const LOT: usize = 1 << 10;
const LOTS_AHEAD: usize = 8;

/// Takes the events of a text until there is an answer. Those of a large one are found on another thread.
fn each_event<'t, A>(text: &'t str, take: impl FnMut(Said<'t>) -> Option<A>) -> Option<A> {
    if text.len() < LARGE {
        return events(text).find_map(take);
    }
    scope(|threads| {
        let (lots, found) = sync_channel(LOTS_AHEAD);
        threads.spawn(move || {
            let mut events = events(text);
            let next_lot = || Some(events.by_ref().take(LOT).collect()).filter(|lot: &Vec<Said<'t>>| !lot.is_empty());
            // Nobody takes any more once there is an answer.
            from_fn(next_lot).try_for_each(|lot| lots.send(lot))
        });
        found.into_iter().flatten().find_map(take)
    })
}

fn events(text: &str) -> impl Iterator<Item = Said<'_>> {
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    Parser::new_from_str_with_options(text, options)
}

/// The first character that no text contains.
fn control_character(source: &SourceText) -> Option<Diagnostic> {
    // Most texts are plain, and bytes are looked through faster than characters.
    let is_plain = |byte: u8| matches!(byte, b'\n' | b'\r' | b'\t' | b' '..=b'~');
    if source.text().bytes().all(is_plain) {
        return None;
    }
    let odd = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}');
    let (at, c) = source.text().char_indices().find(|(_, c)| odd(c))?;
    let error = Diagnostic::error(format!("the file holds the control character U+{:04X}", u32::from(c)));
    let error = error.help("delete it, or check that this is the right file");
    Some(error.at(source.location(at)).spanning(at..at + c.len_utf8()))
}

/// An open list or mapping.
struct Frame {
    start: usize,
    anchor: usize,
    weight: usize,
    is_mapping: bool,
    key: Option<NodeId>,
    items: Vec<NodeId>,
    pairs: Vec<(NodeId, NodeId)>,
}

struct Builder<'t, 'd> {
    source: &'t SourceText,
    diagnostics: &'d mut Diagnostics,
    tree: Tree<'t>,
    stack: Vec<Frame>,
    /// Finished anchored nodes and how many values each stands for.
    anchors: HashMap<usize, (NodeId, usize)>,
    aliased: usize,
    documents: usize,
}

impl<'t> Builder<'t, '_> {
    /// Takes one event; an answer ends the reading.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the engine's list of events may grow")]
    fn take(&mut self, event: Event<'t>, span: &Span) -> Option<Diagnostic> {
        let range = bytes(span);
        let tag_place = span.tag_start.and_then(|start| start.byte_offset()).unwrap_or(range.start);
        match event {
            Event::DocumentStart(..) => return self.open_document(range),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                self.check_tag(tag.as_deref(), tag_place);
                let id = self.tree.add(Kind::Scalar { text, plain }, &trimmed(self.source.text(), range));
                self.remember(anchor, id, 1);
                self.place(id);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), tag_place);
                self.open(range.start, anchor, false);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), tag_place);
                self.open(range.start, anchor, true);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(anchor) => return self.alias(anchor, range),
            // Marks that carry no value; comments and unresolved aliases are not asked for.
            _ => {}
        }
        (self.tree.len() > MAX_VALUES).then(|| Diagnostic::error(format!("the file holds more than {MAX_VALUES} values")))
    }

    fn open_document(&mut self, range: Range<usize>) -> Option<Diagnostic> {
        self.documents += 1;
        (self.documents > 1).then(|| {
            self.at(
                range,
                Diagnostic::error("a second document starts here").help("remove the line `---`: a configuration is one document"),
            )
        })
    }

    fn open(&mut self, start: usize, anchor: usize, is_mapping: bool) {
        let weight = self.weight();
        self.stack.push(Frame { start, anchor, weight, is_mapping, key: None, items: Vec::new(), pairs: Vec::new() });
    }

    fn close(&mut self, end: usize) {
        let Some(frame) = self.stack.pop() else { return };
        let kind =
            if frame.is_mapping { Kind::Mapping(self.unique(frame.pairs).into()) } else { Kind::Sequence(frame.items.into()) };
        let end = end.max(frame.start);
        let id = self.tree.add(kind, &(frame.start..end));
        self.remember(frame.anchor, id, 1 + self.weight() - frame.weight);
        self.place(id);
    }

    /// Values so far, those that aliases stand for included.
    fn weight(&self) -> usize {
        self.tree.len() + self.aliased
    }

    fn remember(&mut self, anchor: usize, id: NodeId, weight: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (id, weight));
        }
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Option<Diagnostic> {
        let Some((target, weight)) = self.anchors.get(&anchor).copied() else {
            return Some(
                self.at(range, Diagnostic::error("an alias stands inside the value that it names").help("write the value out")),
            );
        };
        self.aliased = self.aliased.saturating_add(weight);
        if self.aliased > MAX_ALIASED {
            let summary = "the aliases of this file stand for more than a million values";
            return Some(self.at(range, Diagnostic::error(summary).help("write the values out instead of `&name` and `*name`")));
        }
        let id = self.tree.add(Kind::Alias(target), &range);
        self.place(id);
        None
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, id: NodeId) {
        let Some(frame) = self.stack.last_mut() else { return self.tree.set_root(id) };
        if !frame.is_mapping {
            frame.items.push(id);
        } else if let Some(key) = frame.key.take() {
            frame.pairs.push((key, id));
        } else {
            frame.key = Some(id);
        }
    }

    /// Refuses keys that are no text, merge keys and repeated keys, and leaves them out.
    fn unique(&mut self, pairs: Vec<(NodeId, NodeId)>) -> Vec<(NodeId, NodeId)> {
        let mut first_places: HashMap<String, Range<usize>> =
            HashMap::with_capacity(if pairs.len() > FEW { pairs.len() } else { 0 });
        let mut kept: Vec<(NodeId, NodeId)> = Vec::with_capacity(pairs.len());
        let many = pairs.len() > FEW;
        for (key, value) in pairs {
            let span = self.tree.span(key);
            let Some(text) = self.tree.scalar(key) else {
                self.fault(
                    span,
                    Diagnostic::error("a key is a list or a mapping").help("a key is a single word followed by `: `"),
                );
                continue;
            };
            if text == "<<" {
                self.fault(span, Diagnostic::error("merge keys (`<<`) are not supported").help("write the keys out"));
                continue;
            }
            let first = if many {
                first_of(&mut first_places, text, &span)
            } else {
                let earlier = kept.iter().find(|(earlier, _)| self.tree.scalar(*earlier) == Some(text));
                earlier.map(|(earlier, _)| self.tree.span(*earlier))
            };
            match first {
                None => kept.push((key, value)),
                Some(first) => {
                    let diagnostic = repeated(text).with(self.source.location(first.start), "it is set here first");
                    self.fault(span, diagnostic);
                }
            }
        }
        kept
    }

    /// Everything is read by what is expected, so a tag can only contradict; `!!str` says "this is text".
    fn check_tag(&mut self, tag: Option<&Tag>, start: usize) {
        let Some(tag) = tag else { return };
        if ["str", "seq", "map"].iter().any(|known| tag.is_yaml_core_schema_tag(known)) {
            return;
        }
        let name = if self.source.is_masked(start) { "!***".to_owned() } else { tag.original() };
        let summary = format!("the tag `{name}` is not supported");
        self.fault(start..start + name.len(), Diagnostic::error(summary).help("remove the tag and write the value itself"));
    }

    fn fault(&mut self, range: Range<usize>, diagnostic: Diagnostic) {
        let located = self.at(range, diagnostic);
        self.diagnostics.push(located);
    }

    fn at(&self, range: Range<usize>, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.at(self.source.location(range.start)).spanning(range)
    }
}

/// Up to so many keys are compared one by one.
const FEW: usize = 16;

/// Where a key stands first; nothing where that is here.
fn first_of(places: &mut HashMap<String, Range<usize>>, key: &str, here: &Range<usize>) -> Option<Range<usize>> {
    match places.entry(key.to_owned()) {
        Entry::Occupied(entry) => Some(entry.get().clone()),
        Entry::Vacant(entry) => {
            entry.insert(here.clone());
            None
        }
    }
}

fn repeated(key: &str) -> Diagnostic {
    Diagnostic::error(format!("the key `{key}` is set twice")).help("keep one of the two")
}

fn bytes(span: &Span) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or_default();
    start..span.end.byte_offset().unwrap_or(start).max(start)
}

/// Block scalars end behind their last line break; nobody wants that underlined.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let len = text.get(range.clone()).map_or(range.len(), |value| value.trim_end().len());
    range.start..range.start + len
}
