//! The plan as one web page for a browser: nothing is loaded from anywhere, and no value can become markup or code.
//!
//! What needs attention is plain HTML, so it reads without a script too. The tables of actions and mappings are built by the
//! page's own script from data in the page: of 50,000 rows it draws those that are seen.

mod attention;
mod data;
mod drawing;
mod exchange;
mod head;
mod policy;
#[cfg(test)]
mod tests;
mod value;

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use self::data::embedded;
use self::exchange::exchanges;
use self::value::{Prose, Value};
use super::view::PlanView;

/// Writes a plan as one self-contained page.
///
/// # Errors
/// Those of the writer.
pub fn html(view: &PlanView<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(page(view).into_string().as_bytes())
}

fn page(view: &PlanView<'_>) -> Markup {
    let (style, script) = (policy::style(), policy::script());
    let exchanges = exchanges(&view.body.actions);
    markup! {
        (DOCTYPE)
        html lang="en" dir="ltr" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy::of(&style, &script));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="color-scheme" content="light dark";
                title { "Plan for " (super::escape::shortened(view.tenant())) ": " (view.body.status.word()) }
                style { (PreEscaped(&style)) }
            }
            body {
                a.skip href="#main" { "Skip to the plan" }
                (head::banner(view))
                (head::contents(view, exchanges.len()))
                main #main tabindex="-1" {
                    (head::totals(view))
                    (head::controls())
                    (attention::findings(view, &view.blockers, 0, "Blockers"))
                    (attention::irreversible(view))
                    (drawing::section(&exchanges))
                    (table("actions", "Actions", view.body.actions.len(), "The actions in their order"))
                    (rest_of_attention(view))
                    (attention::surprises(view))
                    (table("mappings", "Mappings", view.body.mappings.len(), "The mappings as they were written"))
                }
                footer { p { (view.summary()) } p { (Value(&super::human::made(view))) } }
                script #data type="application/json" { (PreEscaped(embedded(view))) }
                script { (PreEscaped(&script)) }
            }
        }
    }
}

fn rest_of_attention(view: &PlanView<'_>) -> Markup {
    let of = |groups: &[super::Group<'_>]| groups.iter().map(|group| group.findings.len()).sum::<usize>();
    let (blockers, warnings) = (of(&view.blockers), of(&view.warnings));
    markup! {
        (attention::findings(view, &view.warnings, blockers, "Warnings"))
        (attention::findings(view, &view.notes, blockers + warnings, "Notes"))
    }
}

/// What stands in the place of a table without a script.
const WITHOUT_SCRIPT: &str =
    "This table needs JavaScript; all else on this page does not. `hardmatch show PLAN --all` shows every row.";

/// A table of more rows has a frame in which it scrolls.
const SHORT: usize = 60;

/// A table that the script fills; without one, where its rows can be read.
fn table(id: &str, name: &str, count: usize, caption: &str) -> Markup {
    markup! {
        section #(id) aria-labelledby={ (id) "-heading" } {
            h2 #{ (id) "-heading" } tabindex="-1" { (name) ": " span.shown data-count=(id) { (crate::model::text::number(count)) } }
            noscript { p { (Prose(WITHOUT_SCRIPT)) } }
            div.rows.needs-script.is-long[count > SHORT] { table #{ (id) "-table" } { caption { (caption) } } }
        }
    }
}
