//! `approve`: a signed statement that somebody approves a plan.

mod key;

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use ssh_key::{HashAlg, LineEnding, PublicKey};

use crate::approval::{AllowedSigners, Signer, Statement, own_author};
use crate::model::text::printable;
use crate::planfile::PlanFile;
use crate::render::PlanView;

use super::approvals::{SUFFIX, read_signers, signature_of};
use super::args::ApproveArgs;
use super::authors;
use super::exit::Exit;
use super::failure::Failure;
use super::files::{self, Readers};
use super::plan::refusal;
use super::print::read_plan;
use super::setup::Setup;
use super::surroundings;
use super::terminal::Terminal;
use key::Key;

/// Runs the verb.
pub(super) fn run(args: &ApproveArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let plan = read_plan(&args.plan)?;
    if let Some(exit) = refusal(&plan.body) {
        return Err(Failure::new(exit, "the plan is blocked, and there is nothing to approve yet")
            .hint("Cure its findings and plan again; `hardmatch show` shows them."));
    }
    let setup = Setup::load_with_policy(&args.config, args.policy.as_deref(), terminal)?;
    let signers = read_signers(&setup)?;
    let key = Key::read(&args.key, terminal)?;
    let approver = approver(args, signers.as_ref(), &key.public())?;
    let statement = statement(args, &plan, &approver)?;
    let text = statement.to_text();
    let signature = key.sign(text.as_bytes())?.to_pem(LineEnding::LF).map_err(|why| Failure::input(why.to_string()))?;
    let file = place(&args.plan, &approver);
    let beside = signature_of(&file);
    files::write(&file, Readers::AsUsual, |out| out.write_all(text.as_bytes()))?;
    files::write(&beside, Readers::AsUsual, |out| out.write_all(signature.as_bytes()))?;
    terminal.result(&format!("{}\n{}\n", file.display(), beside.display()))?;
    say(&plan, &statement, signers.is_some(), terminal);
    if let Some(signers) = &signers {
        warn_author(&setup, signers, &key.public(), &approver, terminal);
    }
    Ok(Exit::Done)
}

/// What was approved, for whoever watches.
fn say(plan: &PlanFile, statement: &Statement, has_signers: bool, terminal: Terminal) {
    terminal.say(&PlanView::new(plan).summary());
    terminal.say(&format!("{} approves it until {}.", printable(&statement.approver), statement.expires));
    if !has_signers {
        terminal.warn("the policy names no allowed_signers file, so `apply` does not ask for approvals");
    }
}

/// Whoever wrote the change hears at once that their approval of it will not count.
fn warn_author(setup: &Setup, signers: &AllowedSigners, key: &PublicKey, approver: &str, terminal: Terminal) {
    if setup.config.desired.policy.required_approvals == 0 {
        return;
    }
    let authors = authors::of_change(setup).addresses;
    if let Some(own) = own_author(signers, key.key_data(), approver, &authors) {
        terminal
            .warn(&format!("by what git says here {} wrote the change, so `apply` will not count this approval", printable(own)));
    }
}

fn statement(args: &ApproveArgs, plan: &PlanFile, approver: &str) -> Result<Statement, Failure> {
    let tenant = plan.body.tenant.id.as_deref().unwrap_or_default();
    let lasts = SignedDuration::try_from(args.expires).unwrap_or(SignedDuration::MAX);
    let now = surroundings::now();
    let expires = now.checked_add(lasts).map_err(|_| Failure::usage("`--expires` is too long"))?;
    let expires = expires.round(jiff::Unit::Second).unwrap_or(expires);
    Ok(Statement::new(approver, &plan.digest(), tenant, expires))
}

/// Who approves: as it was said, else as the allowed_signers file names the key. Nobody whose approval would not count.
fn approver(args: &ApproveArgs, signers: Option<&AllowedSigners>, key: &PublicKey) -> Result<String, Failure> {
    let fingerprint = key.fingerprint(HashAlg::Sha256);
    let lines: Vec<_> = signers.into_iter().flat_map(|signers| signers.with_key(key.key_data())).collect();
    let unknown = signers.is_some() && lines.is_empty();
    if unknown {
        return Err(Failure::new(
            Exit::NotApproved,
            format!("the key {fingerprint} is not among the allowed signers of the policy"),
        ));
    }
    let names: Vec<&str> = lines.iter().filter_map(|line| line.name()).collect();
    let name = match (&args.name, names.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [one]) => (*one).to_owned(),
        (None, _) => {
            return Err(Failure::usage("say who approves with `--as NAME`")
                .hint("The allowed_signers file does not tell from the key alone."));
        }
    };
    if signers.is_some() {
        may_approve(&lines, &name).map_err(|why| Failure::new(Exit::NotApproved, why))?;
    }
    Ok(name)
}

/// Whether one of the lines lets its key approve under this name, as `apply` will ask.
fn may_approve(lines: &[&Signer], name: &str) -> Result<(), String> {
    let refusals: Vec<Option<&str>> =
        lines.iter().filter(|line| line.is_for(name)).map(|line| line.refusal(surroundings::now())).collect();
    match refusals.first() {
        None => Err(format!("the allowed signers do not give this key to {}", printable(name))),
        Some(Some(why)) if refusals.iter().all(Option::is_some) => Err((*why).to_owned()),
        Some(_) => Ok(()),
    }
}

/// `plan.json` of Alice is approved in `plan.alice@contoso.com.approval`.
fn place(plan: &Path, approver: &str) -> PathBuf {
    let safe = |c: char| if c.is_alphanumeric() || "@.-_".contains(c) { c } else { '_' };
    let name: String = approver.chars().map(safe).collect();
    let stem = plan.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    plan.with_file_name(format!("{stem}.{name}.{SUFFIX}"))
}
