//! The rows of the tables as JSON: columns of numbers that point into one list of texts, each text once.

use std::collections::HashMap;

use maud::PreEscaped;
use serde::Serialize;

use super::value::json_in_script;
use crate::model::Sid;
use crate::model::text::{number, printable};
use crate::plan::action::{Action, ActionKind};
use crate::plan::body::{MappingState, PlannedMapping};
use crate::plan::finding::{Code, Finding, Severity};
use crate::plan::next_sync::{NextSync, Outcome};
use crate::render::bounded::bounded;
use crate::render::facts::{FactChange, Side, changes, guid_of, preconditions};
use crate::render::human::ad_user;
use crate::render::next_sync::{is_surprise, sentence};
use crate::render::nobody::Nobody;
use crate::render::view::{PlanView, count};
use crate::render::words::{self, Part};

/// The place of a text; none where there is nothing to say.
type Text = Option<usize>;

/// The data of the page as JSON that can stand in a script element.
pub(super) fn embedded(view: &PlanView<'_>) -> String {
    let json = serde_json::to_string(&Data::of(view)).unwrap_or_default();
    let PreEscaped(json) = json_in_script(&json);
    json
}

/// What the script of the page reads.
#[derive(Serialize)]
struct Data {
    texts: Vec<String>,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    severities: Vec<Choice>,
    codes: Vec<Choice>,
    outcomes: Vec<&'static str>,
    forests: Vec<Choice>,
    actions: Actions,
    mappings: Mappings,
    findings: Findings,
}

/// Something that rows can be filtered by: its word in the plan file, and how it reads with its count.
#[derive(Serialize)]
struct Choice {
    word: String,
    label: String,
}

/// Actions in their order; a step is the place from 0.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Actions {
    kind: Vec<usize>,
    /// One character for each action.
    sign: String,
    /// Words and values in turn.
    title: Vec<Vec<usize>>,
    /// The place of the mapping, and its name.
    mapping: Vec<Option<usize>>,
    name: Vec<usize>,
    directory: Vec<usize>,
    target: Vec<usize>,
    upn: Vec<usize>,
    /// Name, before and after of each fact that changes.
    changes: Vec<Vec<(usize, Sides, Sides)>>,
    /// Names and values in turn.
    only_if: Vec<Vec<usize>>,
    /// Steps that must be done first.
    after: Vec<Vec<usize>>,
    reason: Vec<usize>,
}

/// Whether it is a value, its GUID, the whole text, and then, where characters differ, pieces: same, different, same, …
type Sides = (u8, Text, usize, Vec<usize>);

/// Mappings in the order of the plan.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mappings {
    state: Vec<usize>,
    id: Vec<usize>,
    file: Vec<usize>,
    line: Vec<u32>,
    ad: Vec<usize>,
    forest: Vec<Option<usize>>,
    dn: Vec<Text>,
    sam: Vec<Text>,
    guid: Vec<Text>,
    sid: Vec<Text>,
    /// What the account is called; where there is none, what stands in its place.
    upn: Vec<usize>,
    account: Vec<Text>,
    anchor: Vec<Text>,
    anchor_guid: Vec<Text>,
    anchor_from: Vec<Text>,
    /// The outcome of the next sync, what happens, and whether it is not what the mapping is for.
    outcome: Vec<Option<usize>>,
    next: Vec<Vec<usize>>,
    surprise: Vec<u8>,
    notes: Vec<Vec<usize>>,
}

/// Findings in the order of the page.
#[derive(Default, Serialize)]
struct Findings {
    severity: Vec<usize>,
    code: Vec<usize>,
    mapping: Vec<Option<usize>>,
    /// Message, objects, hint and steps.
    texts: Vec<Vec<usize>>,
}

/// Texts that are safe to show, each once.
#[derive(Default)]
struct Texts(HashMap<String, usize>);

impl Texts {
    fn of(&mut self, text: &str) -> usize {
        let short = bounded(text);
        let text = printable(&short);
        if let Some(place) = self.0.get(&*text) {
            return *place;
        }
        let place = self.0.len();
        self.0.insert(text.into_owned(), place);
        place
    }

    fn maybe(&mut self, text: Option<&str>) -> Text {
        text.map(|text| self.of(text))
    }

    fn list(self) -> Vec<String> {
        let mut places: Vec<(usize, String)> = self.0.into_iter().map(|(text, place)| (place, text)).collect();
        places.sort_unstable_by_key(|(place, _)| *place);
        places.into_iter().map(|(_, text)| text).collect()
    }
}

/// The place of an item in a list of all.
fn place<T: PartialEq>(all: &[T], item: &T) -> usize {
    all.iter().position(|other| other == item).unwrap_or_default()
}

impl Data {
    fn of(view: &PlanView<'_>) -> Self {
        let body = view.body;
        let texts = &mut Texts::default();
        let forests: Vec<&str> = forests(&body.mappings);
        let mut mappings = Mappings::default();
        body.mappings.iter().for_each(|mapping| mappings.push(mapping, view.nobody(), &forests, texts));
        let places: HashMap<&str, usize> = body.mappings.iter().zip(0..).map(|(mapping, at)| (&*mapping.id, at)).collect();
        let actions = Actions::of(&body.actions, &places, texts);
        let mut findings = Findings::default();
        let groups = [&view.blockers, &view.warnings, &view.notes];
        let in_order = groups.into_iter().flatten().flat_map(|group| &group.findings);
        in_order.for_each(|finding| findings.push(finding, &places, texts));
        Self {
            kinds: kinds(view),
            states: states(view),
            severities: severities(view),
            codes: codes(view),
            outcomes: Outcome::ALL.iter().map(|outcome| outcome.about()).collect(),
            forests: forests.iter().map(|forest| printable(forest)).map(|name| Choice::new(&name, name.to_string())).collect(),
            actions,
            mappings,
            findings,
            texts: std::mem::take(texts).list(),
        }
    }
}

impl Choice {
    fn new(word: &str, label: String) -> Self {
        Self { word: word.to_owned(), label }
    }
}

fn kinds(view: &PlanView<'_>) -> Vec<Choice> {
    let counts = count(view.body.actions.iter().map(|action| action.kind));
    let choice = |kind: ActionKind| {
        let label = counts.get(&kind).map(|count| words::to_do(kind, *count)).unwrap_or_default();
        Choice::new(kind.name(), label)
    };
    words::COUNTED.into_iter().map(choice).collect()
}

fn states(view: &PlanView<'_>) -> Vec<Choice> {
    let counts = count(view.body.mappings.iter().map(|mapping| mapping.state));
    let label = |state: MappingState| counts.get(&state).map(|count| format!("{} {}", number(*count), state.word()));
    words::STATES.into_iter().map(|state| Choice::new(state.word(), label(state).unwrap_or_default())).collect()
}

fn severities(view: &PlanView<'_>) -> Vec<Choice> {
    let counts = count(view.body.findings.iter().map(|finding| finding.severity));
    let label = |severity| counts.get(&severity).map(|count| words::findings(severity, *count)).unwrap_or_default();
    Severity::ALL.into_iter().map(|severity| Choice::new(severity.word(), label(severity))).collect()
}

fn codes(view: &PlanView<'_>) -> Vec<Choice> {
    let counts = count(view.body.findings.iter().map(|finding| finding.code));
    let label = |code: Code| counts.get(&code).map(|count| format!("{code} ({})", number(*count))).unwrap_or_default();
    Code::ALL.iter().map(|code| Choice::new(code.as_str(), label(*code))).collect()
}

/// The forests that mappings name, sorted.
fn forests(mappings: &[PlannedMapping]) -> Vec<&str> {
    let named = mappings.iter().filter_map(|mapping| mapping.on_prem.as_ref()?.forest.as_deref());
    let mut forests: Vec<&str> = named.collect();
    forests.sort_unstable();
    forests.dedup();
    forests
}

impl Actions {
    fn of(actions: &[Action], mappings: &HashMap<&str, usize>, texts: &mut Texts) -> Self {
        let steps: HashMap<&str, usize> = actions.iter().zip(0..).map(|(action, step)| (action.id.as_str(), step)).collect();
        let mut columns = Self::default();
        for action in actions {
            columns.push(action, texts);
            columns.mapping.push(mappings.get(&*action.mapping).copied());
            columns.after.push(action.depends_on.iter().filter_map(|id| steps.get(id.as_str()).copied()).collect());
        }
        columns
    }

    fn push(&mut self, action: &Action, texts: &mut Texts) {
        self.kind.push(place(&words::COUNTED, &action.kind));
        self.sign.push(words::symbol(action));
        self.title.push(title(action, texts));
        self.name.push(texts.of(&action.mapping));
        self.directory.push(texts.of(&action.target.directory));
        self.target.push(texts.of(&action.target.id));
        self.upn.push(texts.of(&action.target.upn));
        self.changes.push(changes(action).iter().map(|change| fact(change, texts)).collect());
        let kept = preconditions(action);
        self.only_if.push(kept.iter().flat_map(|(name, value)| [texts.of(name), texts.of(value)]).collect());
        self.reason.push(texts.of(&action.reason));
    }
}

/// Words and values in turn.
fn title(action: &Action, texts: &mut Texts) -> Vec<usize> {
    let title = words::title(action);
    let pieces = title.parts().iter().map(|part| match part {
        Part::Words(words) => (false, words.as_ref()),
        Part::Value(value) => (true, value.as_str()),
    });
    in_turn(pieces, texts)
}

/// The places of pieces of two sorts, in turn, beginning with the first sort; neighbours of one sort become one piece.
fn in_turn<'a>(pieces: impl Iterator<Item = (bool, &'a str)>, texts: &mut Texts) -> Vec<usize> {
    let mut joined: Vec<String> = Vec::new();
    for (second, piece) in pieces {
        if joined.is_empty() && second {
            joined.push(String::new());
        }
        let of_the_same_sort = joined.len() % 2 == usize::from(!second);
        match joined.last_mut() {
            Some(last) if of_the_same_sort => last.push_str(piece),
            Some(_) | None => joined.push(piece.to_owned()),
        }
    }
    joined.iter().map(|piece| texts.of(piece)).collect()
}

fn fact(change: &FactChange, texts: &mut Texts) -> (usize, Sides, Sides) {
    (texts.of(&change.name), side(&change.before, texts), side(&change.after, texts))
}

fn side(side: &Side, texts: &mut Texts) -> Sides {
    let pieces = side.pieces.iter().filter(|_| side.is_marked()).map(|(differs, piece)| (*differs, piece.as_str()));
    let pieces = in_turn(pieces, texts);
    (u8::from(side.is_value), texts.maybe(side.guid.as_deref()), texts.of(&side.text()), pieces)
}

impl Mappings {
    fn push(&mut self, mapping: &PlannedMapping, nobody: &Nobody<'_>, forests: &[&str], texts: &mut Texts) {
        self.state.push(place(&words::STATES, &mapping.state));
        self.id.push(texts.of(&mapping.id));
        self.file.push(texts.of(&mapping.source.file));
        self.line.push(mapping.source.line);
        let cloud = mapping.cloud.as_ref();
        self.upn.push(texts.of(cloud.map_or_else(|| nobody.cloud_user(mapping), |cloud| &*cloud.upn)));
        self.account.push(texts.maybe(cloud.map(|cloud| cloud.id.to_string()).as_deref()));
        self.anchor.push(texts.maybe(mapping.anchor.as_deref()));
        self.anchor_guid.push(texts.maybe(mapping.anchor.as_deref().and_then(guid_of).as_deref()));
        self.anchor_from.push(texts.maybe(mapping.anchor_from.as_deref()));
        self.push_ad_user(mapping, nobody, forests, texts);
        self.push_next_sync(mapping, texts);
    }

    fn push_ad_user(&mut self, mapping: &PlannedMapping, nobody: &Nobody<'_>, forests: &[&str], texts: &mut Texts) {
        let user = mapping.on_prem.as_ref();
        let name = user.map_or_else(|| nobody.ad_user(mapping).to_owned(), ad_user);
        self.ad.push(texts.of(&name));
        self.forest.push(user.and_then(|user| forests.binary_search(&user.forest.as_deref()?).ok()));
        self.dn.push(texts.maybe(user.and_then(|user| user.dn.as_deref())));
        self.sam.push(texts.maybe(user.and_then(|user| user.sam.as_deref())));
        self.guid.push(texts.maybe(user.and_then(|user| user.object_guid).map(|guid| guid.to_string()).as_deref()));
        self.sid.push(texts.maybe(user.and_then(|user| user.object_sid.as_ref()).map(Sid::to_string).as_deref()));
    }

    fn push_next_sync(&mut self, mapping: &PlannedMapping, texts: &mut Texts) {
        let next = mapping.next_sync.as_ref();
        self.outcome.push(next.map(|next| place(&Outcome::ALL, &next.outcome)));
        self.next.push(next.map(|next| pieces(next, texts)).unwrap_or_default());
        self.surprise.push(u8::from(next.is_some_and(|next| is_surprise(&(mapping, next)))));
        let notes = next.map(|next| next.notes.as_slice()).unwrap_or_default();
        self.notes.push(notes.iter().map(|note| texts.of(note)).collect());
    }
}

/// A sentence in pieces: rules and outcomes are shared by many, names are not.
fn pieces(next: &NextSync, texts: &mut Texts) -> Vec<usize> {
    // The mark is a control character, so no value that is safe to show holds it.
    let mark = |value: &str| format!("\0{}\0", printable(value));
    sentence(next, mark, mark).split('\0').filter(|piece| !piece.is_empty()).map(|piece| texts.of(piece)).collect()
}

impl Findings {
    fn push(&mut self, finding: &Finding, mappings: &HashMap<&str, usize>, texts: &mut Texts) {
        self.severity.push(place(&Severity::ALL, &finding.severity));
        self.code.push(Code::ALL.iter().position(|code| *code == finding.code).unwrap_or_default());
        self.mapping.push(finding.mapping.as_deref().and_then(|id| mappings.get(id).copied()));
        let said = std::iter::once(&finding.message).chain(&finding.objects).chain(&finding.hint).chain(&finding.steps);
        self.texts.push(said.map(|text| texts.of(text)).collect());
    }
}
