//! The approvals that lie beside a plan, and the policy that asks for them.

use std::io;
use std::path::{Path, PathBuf};

use crate::approval::{AllowedSigners, Decision, SignedStatement, Subject, decide};
use crate::directory::folder;
use crate::directory::limited;
use crate::directory::text::words;
use crate::model::text::{counted, printable};
use crate::planfile::PlanFile;

use super::authors;
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::setup::Setup;
use super::surroundings;
use super::terminal::Terminal;

/// How the files of approvals end.
pub(super) const SUFFIX: &str = "approval";

/// Where ssh-keygen puts the signature of a file.
pub(super) fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// Who may approve; `None` where the policy names no such file.
pub(super) fn read_signers(setup: &Setup) -> Result<Option<AllowedSigners>, Failure> {
    let Some(path) = &setup.config.signers else { return Ok(None) };
    let text = String::from_utf8(files::read_small(path)?)
        .map_err(|_| Failure::input(format!("`{}` is no UTF-8 text", path.display())).hint("Save it as UTF-8."))?;
    let signers = AllowedSigners::parse(&text).map_err(|errors| {
        let lines: Vec<String> =
            errors.iter().map(|error| format!("`{}`, {}", path.display(), printable(&error.to_string()))).collect();
        Failure::input(lines.join("\n")).hint("The format is that of ssh-keygen(1), ALLOWED SIGNERS.")
    })?;
    Ok(Some(signers))
}

/// The commands by which a plan comes to be applied.
pub(super) fn way_to_apply(setup: &Setup, plan: &Path) -> String {
    let apply = setup.given.apply(plan, "");
    match setup.config.desired.policy.required_approvals {
        0 => apply,
        1 => format!("{} (somebody else), then {apply}", setup.given.approve(plan)),
        required => format!("{} (each of {required} people), then {apply}", setup.given.approve(plan)),
    }
}

/// Checks before anything is planned that a plan of this policy can be approved at all.
pub(super) fn check_signers(setup: &Setup, terminal: Terminal) -> Result<(), Failure> {
    if let Some(lack) = lack_of_signers(setup)? {
        terminal.warn(&lack);
    }
    Ok(())
}

/// Why nobody can give as many approvals as the policy asks for, although its signers can be read.
pub(super) fn lack_of_signers(setup: &Setup) -> Result<Option<String>, Failure> {
    let required = setup.config.desired.policy.required_approvals;
    let signers = read_signers(setup).map_err(|failure| {
        failure.hint("It is the file that `approvals: { signers }` of the policy names; without it nothing can be approved.")
    })?;
    let (Some(signers), Some(path)) = (signers, &setup.config.signers) else { return Ok(None) };
    let there_are = signers.approvers(surroundings::now());
    let lack = u32::try_from(there_are).is_ok_and(|there_are| there_are < required);
    Ok(lack.then(|| {
        let wanted = counted(required, "approval");
        let them = match there_are {
            0 => "lets nobody approve now".to_owned(),
            _ => format!("lets only {there_are} approve now"),
        };
        format!("the policy asks for {wanted}, and `{}` {them}: no plan can be applied", path.display())
    }))
}

/// Checks that a plan has as many approvals as the policy asks for.
pub(super) fn require(path: &Path, named: &[PathBuf], plan: &PlanFile, setup: &Setup, terminal: Terminal) -> Result<(), Failure> {
    let decision = decided(path, named, plan, setup, terminal)?;
    for approved in &decision.approved {
        let until = approved.expires;
        terminal.say(&format!("approved by {} ({}) until {until}", printable(&approved.approver), approved.fingerprint));
    }
    enough(&decision, path, setup)?;
    for rejection in &decision.rejected {
        terminal.say(&format!("does not count: {}", printable(&rejection.to_string())));
    }
    Ok(())
}

/// Of a plan that was signed: whether the signatures still count, under whatever policy holds now.
pub(super) fn still_count(
    path: &Path,
    named: &[PathBuf],
    plan: &PlanFile,
    setup: &Setup,
    terminal: Terminal,
) -> Result<(), Failure> {
    let decision = decided(path, named, plan, setup, terminal)?;
    if decision.rejected.is_empty() { Ok(()) } else { enough(&decision, path, setup) }
}

fn decided(path: &Path, named: &[PathBuf], plan: &PlanFile, setup: &Setup, terminal: Terminal) -> Result<Decision, Failure> {
    let signers = read_signers(setup)?.unwrap_or_default();
    let files = if named.is_empty() { beside(path) } else { named.to_vec() };
    let authors = authors::of_change(setup);
    authors.doubts.iter().for_each(|doubt| terminal.warn(doubt));
    Ok(weigh(&files, plan, &signers, &authors.addresses))
}

fn enough(decision: &Decision, path: &Path, setup: &Setup) -> Result<(), Failure> {
    let required = usize::try_from(setup.config.desired.policy.required_approvals).unwrap_or(usize::MAX);
    if decision.approved.len() >= required { Ok(()) } else { Err(missing(required, decision, path, setup)) }
}

fn missing(required: usize, decision: &Decision, path: &Path, setup: &Setup) -> Failure {
    let message = format!("the policy asks for {}, and {} count", counted(required, "approval"), decision.approved.len());
    let mut failure = Failure::new(Exit::NotApproved, message);
    for rejection in &decision.rejected {
        failure = failure.hint(printable(&rejection.to_string()).into_owned());
    }
    failure.hint(format!("To approve it after review: {}", setup.given.approve(path)))
}

fn weigh(paths: &[PathBuf], plan: &PlanFile, signers: &AllowedSigners, authors: &[String]) -> Decision {
    // What cannot be read does not count, and keeps no other from counting.
    let read: Vec<_> = paths.iter().map(|path| OnDisk::new(path)).collect();
    let given: Vec<SignedStatement<'_>> = read.iter().map(OnDisk::signed).collect();
    let digest = plan.digest();
    let tenant = plan.body.tenant.id.as_deref().unwrap_or_default();
    let subject = Subject { digest: &digest, tenant, authors };
    decide(subject, signers, &given, surroundings::now())
}

/// The files of an approval.
struct OnDisk {
    name: String,
    statement: Result<Vec<u8>, String>,
    signature: Result<Vec<u8>, String>,
}

impl OnDisk {
    fn new(path: &Path) -> Self {
        // One that is not there is an empty one.
        let missing = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(Vec::new()) } else { Err(error) };
        let signature = limited::read_small_found(&signature_of(path)).or_else(missing);
        let in_words = |error: io::Error| words(&error);
        let statement = limited::read_small_found(path).map_err(in_words);
        Self { name: path.display().to_string(), statement, signature: signature.map_err(in_words) }
    }

    fn signed(&self) -> SignedStatement<'_> {
        SignedStatement {
            name: &self.name,
            statement: self.statement.as_deref().map_err(String::as_str),
            signature: self.signature.as_deref().map_err(String::as_str),
        }
    }
}

/// `plan.*.approval` beside `plan.json`, by name.
fn beside(plan: &Path) -> Vec<PathBuf> {
    let stem = plan.file_stem().map(|stem| format!("{}.", stem.to_string_lossy())).unwrap_or_default();
    let entries = std::fs::read_dir(folder::of(plan)).into_iter().flatten().flatten();
    let is_one = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with(&stem) && name.ends_with(&format!(".{SUFFIX}"))
    };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_one).collect();
    found.sort_unstable();
    found
}
