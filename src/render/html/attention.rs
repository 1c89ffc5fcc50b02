//! What somebody must read before approving: findings with their cures, and what cannot be undone. Nothing is left out.

use crate::model::text::{counted, number};
use std::collections::HashMap;

use maud::{Markup, html};

use super::value::{Prose, Value, phrase};
use crate::plan::body::PlannedMapping;
use crate::plan::finding::Finding;
use crate::render::next_sync::{self, Seen};
use crate::render::view::{Group, PlanView, Step};
use crate::render::words::title;

/// Longer lists get a frame in which they scroll, longer groups are folded, and more objects have to be opened.
const FRAMED: usize = 40;
const UNFOLDED: usize = 25;
const AT_FIRST: usize = 200;
const OBJECTS: usize = 6;

/// How many surprises of the next sync stand here; all of them are in the table of mappings.
const SURPRISES: usize = 100;

/// A section of findings by code; `first` is the number of its first finding, counted through the page.
pub(super) fn findings(view: &PlanView<'_>, groups: &[Group<'_>], first: usize, name: &str) -> Markup {
    let total: usize = groups.iter().map(|group| group.findings.len()).sum();
    let id = name.to_lowercase();
    let starts = groups.iter().scan(first, |next, group| {
        let start = *next;
        *next += group.findings.len();
        Some(start)
    });
    html! {
        @if total > 0 {
            section.findings #(id) aria-labelledby={ (id) "-heading" } {
                h2 #{ (id) "-heading" } tabindex="-1" { (name) ": " span.shown data-total=(total) { (number(total)) } }
                @for (group, start) in groups.iter().zip(starts) { (self::group(view, group, start)) }
            }
        }
    }
}

fn group(view: &PlanView<'_>, group: &Group<'_>, start: usize) -> Markup {
    let (count, shared) = (group.findings.len(), group.shared_cure());
    let item = |(finding, number): (&&Finding, usize)| {
        html! { li data-finding id={ "finding-" (number) } tabindex="-1" { (item(view, finding, shared.is_none())) } }
    };
    let items: Vec<Markup> = group.findings.iter().zip(start..).map(item).collect();
    html! {
        details.group open[count <= UNFOLDED] {
            summary {
                h3 { (group.code.as_str()) } " "
                span.count { span.shown data-total=(count) { (number(count)) } } " "
                span.about { (group.code.about()) }
            }
            @if let Some(finding) = shared { div.shared { (cure(finding)) } }
            (frame(&items))
        }
    }
}

/// A list that scrolls when it is long. Of a very long one the rest has to be opened: a browser lays out what is closed last.
fn frame(items: &[Markup]) -> Markup {
    let is_long = items.len() > FRAMED;
    let (first, rest) = items.split_at(items.len().min(AT_FIRST));
    let list = |items: &[Markup]| html! { ul.items { @for item in items { (item) } } };
    html! {
        div.frame.is-long[is_long] tabindex=[is_long.then_some("0")] {
            (list(first))
            @if !rest.is_empty() { details.rest { summary { (number(rest.len())) " more" } (list(rest)) } }
        }
    }
}

fn item(view: &PlanView<'_>, finding: &Finding, with_cure: bool) -> Markup {
    let objects = html! { ul.objects { @for object in &finding.objects { li { (Prose(object)) } } } };
    html! {
        p.subject {
            @match &finding.mapping {
                Some(id) => (subject(id, view.mapping(id))),
                None => "the whole plan",
            }
        }
        p { (Prose(&finding.message)) }
        @if finding.objects.len() > OBJECTS {
            details { summary { (counted(finding.objects.len(), "object")) } (objects) }
        } @else if !finding.objects.is_empty() {
            (objects)
        }
        @if with_cure { (cure(finding)) }
    }
}

fn subject(id: &str, mapping: Option<&PlannedMapping>) -> Markup {
    html! {
        strong { (Value(id)) }
        @if let Some(source) = mapping.map(|mapping| &mapping.source) { " " span.source { (Value(&source.file)) ":" (source.line) } }
    }
}

/// What to do about a finding.
fn cure(finding: &Finding) -> Markup {
    html! {
        @if let Some(hint) = &finding.hint { p.hint { strong { "hint" } " " (Prose(hint)) } }
        @if !finding.steps.is_empty() { ol.steps { @for step in &finding.steps { li { (Prose(step)) } } } }
    }
}

/// The steps that cannot be undone.
pub(super) fn irreversible(view: &PlanView<'_>) -> Markup {
    let total = view.irreversible.len();
    let items: Vec<Markup> = view.irreversible.iter().map(|step| lost(view, step)).collect();
    html! {
        @if total > 0 {
            section #irreversible aria-labelledby="irreversible-heading" {
                h2 #irreversible-heading tabindex="-1" { "Cannot be undone: " span.shown data-total=(total) { (number(total)) } }
                (frame(&items))
            }
        }
    }
}

fn lost(view: &PlanView<'_>, step: &Step<'_>) -> Markup {
    let action = step.action;
    html! {
        li data-lost=(step.number - 1) {
            p.subject {
                span.sign { "!" } " "
                a.step href="#actions" data-step=(step.number - 1) { "step " (step.number) } " "
                (phrase(&title(action)))
            }
            p.aside { code { (Value(&action.target.id)) } " for " (subject(&action.mapping, view.mapping(&action.mapping))) }
            p { (Prose(&action.reason)) }
        }
    }
}

/// The AD users that the next sync does not bring to the account of their mapping.
pub(super) fn surprises(view: &PlanView<'_>) -> Markup {
    let found = next_sync::surprises(&view.body.mappings);
    let places: HashMap<&str, usize> = view.body.mappings.iter().zip(0..).map(|(mapping, place)| (&*mapping.id, place)).collect();
    let total = found.len();
    let items: Vec<Markup> = found.iter().take(SURPRISES).map(|seen| surprise(seen, places.get(&*seen.0.id).copied())).collect();
    html! {
        @if total > 0 {
            section #next-sync aria-labelledby="next-sync-heading" {
                h2 #next-sync-heading tabindex="-1" {
                    "Next sync does not end at the mapped account: " (number(total))
                }
                (frame(&items))
                @if total > SURPRISES {
                    p.aside { "… and " (number(total - SURPRISES)) " more, marked " code { "?" } " in the table of mappings: sort it by next sync." }
                }
            }
        }
    }
}

fn surprise((mapping, next): &Seen<'_>, place: Option<usize>) -> Markup {
    html! {
        li data-surprise=[place] {
            p.subject { span.sign { "?" } " " (subject(&mapping.id, Some(mapping))) }
            p { (Prose(&next_sync::sentence(next, str::to_owned, str::to_owned))) }
            @if !next.notes.is_empty() { ul.objects { @for note in &next.notes { li { (Prose(note)) } } } }
        }
    }
}
