//! The top of the page: what the plan is, whether it can be applied, its digest, and everything counted.

use crate::model::text::{EXAMPLES, and_more, counted, number};
use maud::{Markup, html};

use super::value::{Prose, Value};
use crate::plan::action::ActionKind;
use crate::plan::body::{MappingState, Status};
use crate::plan::finding::Severity;
use crate::render::human::made;
use crate::render::next_sync;
use crate::render::view::{PlanView, count};
use crate::render::words::{self, status_meaning};

/// A line of a chart: what is said, how many there are, and the filter that shows them.
struct Bar {
    label: String,
    count: usize,
    filter: String,
    class: &'static str,
}

pub(super) fn banner(view: &PlanView<'_>) -> Markup {
    let body = view.body;
    let (status, sign) = (body.status.word(), status_sign(body.status));
    html! {
        header.banner {
            div.title {
                p.kicker { "hardmatch plan" }
                h1 { (Value(view.tenant())) }
                button #theme.needs-script type="button" { "Dark" }
            }
            p.status.{ "is-" (status) } {
                strong.badge { span aria-hidden="true" { (sign) } " " (status) }
                " " (Prose(status_meaning(body)))
            }
            p.digest {
                span.label #digest-label { "digest" } " "
                code #digest aria-labelledby="digest-label" { (view.digest) } " "
                button #copy.needs-script type="button" { "Copy" }
            }
            (facts(view))
        }
    }
}

fn status_sign(status: Status) -> char {
    match status {
        Status::Blocked => 'x',
        Status::Partial => '!',
        Status::Empty => '=',
        Status::Ready => '✓',
    }
}

fn facts(view: &PlanView<'_>) -> Markup {
    let body = view.body;
    let (proof, next_sync) = (&body.proof, next_sync::counts(&body.mappings));
    html! {
        dl.facts {
            @if let Some(id) = &body.tenant.id { div { dt { "tenant" } dd { code { (Value(id)) } } } }
            div { dt { "users" } dd { (view.users()) } }
            @for forest in body.forests.iter().take(EXAMPLES) {
                div {
                    dt { "forest" }
                    dd { (Value(&forest.name)) ": " (counted(forest.users, "user")) ", source anchor " code { (Value(&forest.anchor)) } }
                }
            }
            @if let Some(more) = and_more(body.forests.len().saturating_sub(EXAMPLES)) { div { dt { "forest" } dd { (more) } } }
            @if !next_sync.is_empty() { div { dt { "next sync" } dd { (next_sync) } } }
            div { dt { "made" } dd { (Value(&made(view))) } }
            @if let Some(run) = &body.rollback_of { div { dt { "undoes" } dd { "the run " code { (Value(run)) } } } }
            div {
                dt { "proof" }
                dd {
                    (counted(proof.steps, "step")) " carried out on the tenant model, "
                    (counted(proof.interruptions, "interruption")) " tried"
                }
            }
        }
    }
}

/// Links to the parts that are there.
pub(super) fn contents(view: &PlanView<'_>, exchanges: usize) -> Markup {
    let of = |groups: &[crate::render::Group<'_>]| groups.iter().map(|group| group.findings.len()).sum();
    let parts = [
        ("blockers", "Blockers", of(&view.blockers)),
        ("irreversible", "Cannot be undone", view.irreversible.len()),
        ("exchanges", "Who gives which ID", exchanges),
        ("actions", "Actions", view.body.actions.len()),
        ("warnings", "Warnings", of(&view.warnings)),
        ("notes", "Notes", of(&view.notes)),
        ("next-sync", "Next sync elsewhere", next_sync::surprises(&view.body.mappings).len()),
        ("mappings", "Mappings", view.body.mappings.len()),
    ];
    html! {
        nav.contents aria-label="Parts of the plan" {
            ul {
                @for (id, name, count) in parts.iter().filter(|(_, _, count)| *count > 0) {
                    li { a href={ "#" (id) } { (name) " " span.count { (number(*count)) } } }
                }
            }
        }
    }
}

/// Actions by kind, mappings by state, findings by severity.
pub(super) fn totals(view: &PlanView<'_>) -> Markup {
    let body = view.body;
    html! {
        section.totals aria-labelledby="totals-heading" {
            h2.unseen #totals-heading { "Totals" }
            (chart(&counted(body.actions.len(), "action"), &kinds(view)))
            (chart(&counted(body.mappings.len(), "mapping"), &states(view)))
            (chart(&counted(body.findings.len(), "finding"), &severities(view)))
        }
    }
}

fn kinds(view: &PlanView<'_>) -> Vec<Bar> {
    let counts = count(view.body.actions.iter().map(|action| action.kind));
    let bar = |kind: ActionKind| {
        let count = *counts.get(&kind)?;
        let class = if kind.is_reversible() { "plain" } else { "danger" };
        Some(Bar { label: words::to_do(kind, count), count, filter: format!("kind={kind}"), class })
    };
    words::COUNTED.into_iter().filter_map(bar).collect()
}

fn states(view: &PlanView<'_>) -> Vec<Bar> {
    let counts = count(view.body.mappings.iter().map(|mapping| mapping.state));
    let bar = |state: MappingState| {
        let count = *counts.get(&state)?;
        let class = match state {
            MappingState::Blocked => "danger",
            MappingState::Planned => "plain",
            MappingState::Armed | MappingState::Detached | MappingState::Linked => "calm",
        };
        let label = format!("{} {}", number(count), state.word());
        Some(Bar { label, count, filter: format!("state={}", state.word()), class })
    };
    words::STATES.into_iter().filter_map(bar).collect()
}

fn severities(view: &PlanView<'_>) -> Vec<Bar> {
    let counts = count(view.body.findings.iter().map(|finding| finding.severity));
    let bar = |severity: Severity| {
        let count = *counts.get(&severity)?;
        let class = match severity {
            Severity::Blocker => "danger",
            Severity::Warning => "warning",
            Severity::Info => "calm",
        };
        Some(Bar { label: words::findings(severity, count), count, filter: format!("finding={}", severity.word()), class })
    };
    Severity::ALL.into_iter().filter_map(bar).collect()
}

fn chart(title: &str, bars: &[Bar]) -> Markup {
    let longest = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    html! {
        div.chart {
            h3 { (title) }
            ul {
                @for bar in bars {
                    li {
                        a href={ "#" (bar.filter) } data-filter { (bar.label) }
                        svg.bar.{ "is-" (bar.class) } width="100%" height="8" aria-hidden="true" focusable="false" {
                            rect.ground width="100%" height="8" rx="4" {}
                            rect.length width={ (percent(bar.count, longest)) "%" } height="8" rx="4" {}
                        }
                    }
                }
            }
        }
    }
}

/// Never so small that it cannot be seen.
fn percent(count: usize, of: usize) -> usize {
    (count * 100 / of).max(2)
}

/// Search and filters, which the script fills and reads.
pub(super) fn controls() -> Markup {
    let choice = |name: &str, label: &str, all: &str| {
        html! { label { span { (label) } select name=(name) { option value="" { (all) } } } }
    };
    html! {
        search.needs-script #controls aria-label="Search and filter the plan" {
            label.query { span { "Search " kbd { "/" } } input #query type="search" name="q" autocomplete="off" spellcheck="false"; }
            (choice("kind", "Action", "all kinds"))
            (choice("state", "Mapping", "all states"))
            (choice("finding", "Finding", "all findings"))
            (choice("forest", "Forest", "all forests"))
            button #reset type="button" { "Show all" }
            p #shown role="status" aria-live="polite" {}
        }
    }
}
