//! `doctor`: tries everything that planning and applying will need, and says how to cure what does not work.

mod forest;
mod line;
mod stamping;
mod tenant;

use crate::config::{Config, TenantSource};

use super::approvals;
use super::args::DoctorArgs;
use super::exit::Exit;
use super::failure::Failure;
use super::setup::Setup;
use super::terminal::Terminal;
use line::{Line, Standing};

/// Runs the verb.
pub(super) fn run(args: &DoctorArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let setup = Setup::load(&args.config, terminal)?;
    let mut lines = vec![configuration(&setup)];
    lines.extend(approvals_of(&setup));
    lines.extend(match &setup.config.tenant {
        TenantSource::Snapshot(path) => tenant::exported(path, terminal),
        TenantSource::Graph(source) => tenant::live(source, &setup.config, terminal),
    });
    for (name, source) in &setup.config.forests {
        lines.extend(forest::lines(name, source, &setup.config, terminal));
    }
    for line in &lines {
        terminal.result(&format!("{line}\n"))?;
    }
    terminal.result(&format!("\n{}\n", verdict(&lines)))?;
    Ok(exit(&lines))
}

fn configuration(setup: &Setup) -> Line {
    let Config { desired, .. } = &setup.config;
    let (mappings, rules) = (desired.mappings.len(), desired.rules.len());
    Line::good("config", format!("{}: {mappings} mappings, {rules} rules", setup.path.display()))
}

/// Whether plans can be approved, where the policy asks for that.
fn approvals_of(setup: &Setup) -> Option<Line> {
    const PLACE: &str = "approvals";
    let signers = setup.config.signers.as_ref()?.display();
    Some(match approvals::lack_of_signers(setup) {
        Ok(None) => Line::good(
            PLACE,
            format!("{} required; who may give them: `{signers}`", setup.config.desired.policy.required_approvals),
        ),
        Ok(Some(lack)) => Line::doubtful(PLACE, lack, "Add the keys of more people to the file, or ask for fewer approvals."),
        Err(failure) => Line::failed(PLACE, &failure),
    })
}

fn verdict(lines: &[Line]) -> String {
    let count = |standing| lines.iter().filter(|line| line.standing == standing).count();
    match (count(Standing::Broken), count(Standing::Doubtful)) {
        (0, 0) => "Everything that is needed works.".into(),
        (0, doubtful) => format!("Everything that is needed works; {doubtful} to look at."),
        (broken, _) => format!("{broken} to mend first."),
    }
}

/// The worst thing decides: a wrong input, then a missing right, then an unreachable server.
fn exit(lines: &[Line]) -> Exit {
    let has = |exit| lines.iter().any(|line| line.standing == Standing::Broken && line.exit == exit);
    [Exit::InvalidInput, Exit::Denied, Exit::Unreachable].into_iter().find(|exit| has(*exit)).unwrap_or(Exit::Done)
}
