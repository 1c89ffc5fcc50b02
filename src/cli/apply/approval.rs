//! Who approves: a digest on the command line, or somebody at the terminal who types its first characters.

use std::path::Path;

use crate::model::text::printable;
use crate::planfile::PlanFile;
use crate::render::{self, PlanView};

use super::super::approvals;
use super::super::args::ApplyArgs;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::setup::Setup;
use super::super::terminal::Terminal;

/// Gets the approval, or says how to give it.
pub(super) fn obtain(args: &ApplyArgs, path: &Path, plan: &PlanFile, setup: &Setup, terminal: Terminal) -> Result<(), Failure> {
    let digest = plan.digest();
    let given = args.digest.as_deref();
    let required = setup.config.desired.policy.required_approvals;
    if required > 0 {
        approvals::require(path, &args.approvals, plan, setup, terminal)?;
        // A digest that is given all the same has to be the right one.
        if given.is_none_or(|given| given == digest) {
            return Ok(());
        }
    }
    match given {
        Some(_) => right_digest(args, path, &digest),
        None if terminal.can_ask() => ask(plan, &digest, terminal),
        None => Err(Failure::new(Exit::NotApproved, format!("the plan is not approved, and {}", terminal.why_nobody_is_asked()))
            .hint(format!("After review: {}", setup.given.apply(path, &format!(" --digest {digest}"))))),
    }
}

/// Refuses a digest that is given and not that of the plan.
pub(super) fn right_digest(args: &ApplyArgs, path: &Path, digest: &str) -> Result<(), Failure> {
    let Some(given) = args.digest.as_deref().filter(|given| *given != digest) else { return Ok(()) };
    Err(Failure::new(Exit::NotApproved, format!("the digest given is not that of `{}`", path.display()))
        .hint(format!("given:    {}", printable(given)))
        .hint(format!("the plan: {digest}"))
        .hint("Review the plan that is there now: `hardmatch show` shows it."))
}

/// Asks first; nothing is locked while somebody thinks.
fn ask(plan: &PlanFile, digest: &str, terminal: Terminal) -> Result<(), Failure> {
    show(plan, terminal);
    let short = plan.short_digest();
    terminal.say("");
    let question = format!("To apply it type the first six characters of the digest ({digest}), anything else declines: ");
    match terminal.ask(&question)? {
        Some(answer) if answer == short || answer == digest => Ok(()),
        Some(_) | None => Err(Failure::new(Exit::Declined, "declined; nothing was written")),
    }
}

/// Shows a plan to whoever is asked: on stderr, as every question.
pub(super) fn show(plan: &PlanFile, terminal: Terminal) {
    let style = render::Style { color: terminal.colours_messages(), width: terminal.width_of_messages(), all: false };
    let mut text = Vec::new();
    if render::human(&PlanView::new(plan), &style, &mut text).is_ok() {
        terminal.say(&String::from_utf8_lossy(&text));
    }
}
