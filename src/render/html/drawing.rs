//! Exchanges of IDs as small drawings, each with the same told as a list.

use maud::{Markup, html};
use unicode_width::UnicodeWidthChar;

use super::exchange::{Exchange, Handover, Shape};
use super::value::Value;
use crate::model::text::{counted, number, printable};
use crate::plan::action::Target;

/// How many exchanges are drawn, and how many accounts one drawing takes.
const DRAWN: usize = 12;
const ACCOUNTS: usize = 12;

/// Measures in pixels of the drawing; a character of a name is about seven wide.
const WIDTH: usize = 400;
const LEFT: usize = 44;
const BOX: usize = 44;
const PITCH: usize = 92;
const NAME: usize = 44;

/// The section of exchanges.
pub(super) fn section(found: &[Exchange<'_>]) -> Markup {
    let (drawn, rest) = split(found);
    html! {
        @if !found.is_empty() {
            section #exchanges aria-labelledby="exchanges-heading" {
                h2 #exchanges-heading tabindex="-1" { "Who gives which ID to whom: " (number(found.len())) }
                div.figures { @for exchange in &drawn { (figure(exchange)) } }
                @if !rest.is_empty() {
                    p.aside { "Not drawn: " (rest) ". Their steps are among the actions." }
                }
            }
        }
    }
}

/// What is drawn, and the rest as counts.
fn split<'b, 'a>(found: &'b [Exchange<'a>]) -> (Vec<&'b Exchange<'a>>, String) {
    let (fitting, mut rest): (Vec<_>, Vec<_>) = found.iter().partition(|exchange| exchange.accounts.len() <= ACCOUNTS);
    let drawn: Vec<_> = fitting.iter().take(DRAWN).copied().collect();
    rest.extend(fitting.into_iter().skip(DRAWN));
    let counts = crate::render::view::count(rest.iter().map(|exchange| exchange.shape));
    let told: Vec<String> = counts.into_iter().map(|(shape, count)| counted(count, noun(shape))).collect();
    (drawn, told.join(", "))
}

fn noun(shape: Shape) -> &'static str {
    match shape {
        Shape::Swap => "swap",
        Shape::Cycle => "cycle",
        Shape::Chain => "chain",
        Shape::Branched => "shared ID",
        Shape::Single => "single handover",
    }
}

fn sentence(exchange: &Exchange<'_>) -> String {
    let accounts = counted(exchange.accounts.len(), "account");
    match exchange.shape {
        Shape::Swap => "Swap: two accounts exchange their IDs".into(),
        Shape::Cycle => format!("Cycle: {accounts} pass their IDs on in a circle"),
        Shape::Chain => format!("Chain: {accounts}, each passes its ID to the next"),
        Shape::Branched => "An ID that several accounts hold goes to one".into(),
        Shape::Single => "One account hands its ID to another".into(),
    }
}

fn figure(exchange: &Exchange<'_>) -> Markup {
    html! {
        figure {
            figcaption { (sentence(exchange)) }
            (drawing(exchange))
            ol.handovers { @for handover in &exchange.handovers { (told(exchange, handover)) } }
        }
    }
}

fn told(exchange: &Exchange<'_>, handover: &Handover<'_>) -> Markup {
    let name = |place: usize| exchange.accounts.get(place).map_or("", |account| account.upn.as_str());
    html! {
        li {
            (step(handover.freed)) " takes " code { (Value(handover.id)) } " from " (Value(name(handover.from))) ", "
            (step(handover.set)) " gives it to " (Value(name(handover.to)))
        }
    }
}

fn step(number: usize) -> Markup {
    html! { a.step href="#actions" data-step=(number - 1) { "step " (number) } }
}

/// Accounts below one another; an ID that goes to the next goes straight down, any other around on the left.
fn drawing(exchange: &Exchange<'_>) -> Markup {
    let lanes = exchange.handovers.iter().filter(|handover| !is_straight(handover)).count();
    let left = LEFT + lanes.saturating_sub(1) * 18;
    let (width, height) = (left + WIDTH - LEFT, exchange.accounts.len() * PITCH - (PITCH - BOX) + 4);
    let mut lane = 0;
    html! {
        svg.exchange viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img"
            aria-label={ (sentence(exchange)) "; the list that follows tells the steps" } {
            @for (handover, mark) in exchange.handovers.iter().zip(1..) {
                @if is_straight(handover) { (straight(handover, mark, left)) }
                @else { (around(handover, mark, left, { lane += 1; lane })) }
            }
            @for (account, place) in exchange.accounts.iter().zip(0..) { (node(account, place, left, width)) }
        }
    }
}

fn is_straight(handover: &Handover<'_>) -> bool {
    handover.to == handover.from + 1
}

fn node(account: &Target, place: usize, left: usize, width: usize) -> Markup {
    let y = place * PITCH + 2;
    html! {
        g.account {
            title { (printable(&account.upn)) }
            rect x=(left) y=(y) width=(width - left - 2) height=(BOX) rx="8" {}
            text.name x=(left + 14) y=(y + 19) { (clipped(&account.upn, NAME)) }
            text.id x=(left + 14) y=(y + 35) { (clipped(&account.id, NAME)) }
        }
    }
}

fn straight(handover: &Handover<'_>, mark: usize, left: usize) -> Markup {
    let (x, top) = (left + 30, handover.from * PITCH + BOX + 2);
    let bottom = top + PITCH - BOX;
    html! {
        g.handover {
            path.line d={ "M" (x) " " (top) "V" (bottom - 7) } {}
            path.tip d={ "M" (x - 5) " " (bottom - 8) "h10l-5 8z" } {}
            (badge(x, top + 20, mark))
            text.id x=(x + 18) y=(top + 24) { (clipped(handover.id, NAME)) }
        }
    }
}

fn around(handover: &Handover<'_>, mark: usize, left: usize, lane: usize) -> Markup {
    let x = left + 2 - lane * 18 - 12;
    let middle = |place: usize| place * PITCH + 2 + BOX / 2;
    let (from, to) = (middle(handover.from), middle(handover.to));
    html! {
        g.handover {
            path.line d={ "M" (left) " " (from) "H" (x) "V" (to) "H" (left - 7) } {}
            path.tip d={ "M" (left - 8) " " (to - 5) "v10l8 -5z" } {}
            (badge(x, usize::midpoint(from, to), mark))
        }
    }
}

/// The number of a handover in the list below.
fn badge(x: usize, y: usize, mark: usize) -> Markup {
    html! {
        circle cx=(x) cy=(y) r="10" {}
        text.mark x=(x) y=(y + 4) text-anchor="middle" { (mark) }
    }
}

/// A text of at most so many columns.
fn clipped(text: &str, columns: usize) -> String {
    let text = printable(text);
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    let head: String = text.chars().take_while(fits).collect();
    if head.len() == text.len() { head } else { format!("{head}…") }
}
