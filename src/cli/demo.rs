//! `demo`: the whole way on a built-in example. Every command line that is shown is parsed and run as it stands.

use std::fs;
use std::path::Path;

use clap::Parser as _;

use crate::diag::Diagnostics;
use crate::directory::{exports, simulate};
use crate::model::AnchorMode;

use super::args::{Cli, DemoArgs};
use super::command_line;
use super::directories;
use super::exit::Exit;
use super::failure::Failure;
use super::files;
use super::print::read_plan;
use super::surroundings;
use super::terminal::Terminal;

/// The files of `examples/duplicate-account`.
const FILES: [(&str, &str); 4] = [
    ("README.md", include_str!("../../examples/duplicate-account/README.md")),
    ("corp.ldif", include_str!("../../examples/duplicate-account/corp.ldif")),
    ("hardmatch.yaml", include_str!("../../examples/duplicate-account/hardmatch.yaml")),
    ("tenant.json", include_str!("../../examples/duplicate-account/tenant.json")),
];

/// Runs the verb.
pub(super) fn run(args: &DemoArgs, terminal: Terminal) -> Result<Exit, Failure> {
    lay_out(&args.dir)?;
    std::env::set_current_dir(&args.dir).map_err(|error| unusable(&args.dir, &error))?;
    terminal.result(&format!(
        "Two people of an exported Active Directory (corp.ldif) are to be linked to their accounts in an exported tenant\n\
         (tenant.json); other accounts stand in the way. The wishes are in hardmatch.yaml. All of it is in {}.\n",
        args.dir.display()
    ))?;
    let mut stage = Stage { terminal };
    stage.say("First a plan: it is proved on a model of the tenant, and nothing is written.")?;
    stage.run("hardmatch plan --out plan.json")?;
    let digest = read_plan(Path::new("plan.json"))?.digest();
    stage.say("Somebody reviews the plan. The digest says: this plan, and no other. Then it is carried out.")?;
    stage.run(&format!("hardmatch apply plan.json --digest {digest}"))?;
    stage.say("The right accounts now carry the right IDs. They are armed: the next sync cycle takes them over.")?;
    stage.run("hardmatch verify")?;
    stage.say("Now the sync client runs. Here its cycle is simulated: the tenant model does what Entra would do.")?;
    simulate_sync(terminal)?;
    stage.run("hardmatch verify")?;
    stage.say("Planning again finds nothing to do.")?;
    stage.run("hardmatch plan")?;
    terminal.result(&format!(
        "\nThe files stay in {}. Try `cd {}`, change hardmatch.yaml, and plan again;\n\
         `hardmatch rollback plan.journal.jsonl --out undo.json` makes the plan of the way back.\n",
        args.dir.display(),
        command_line::path(&args.dir)
    ))?;
    Ok(Exit::Done)
}

/// What follows an apply in reality.
fn simulate_sync(terminal: Terminal) -> Result<(), Failure> {
    let drawn = |faults: Diagnostics| directories::drawn(faults, terminal);
    let forest = exports::read_ldif(Path::new("corp.ldif"), "corp", &AnchorMode::ConsistencyGuid).map_err(drawn)?;
    simulate::sync_cycle(Path::new("tenant.json"), &[forest], &surroundings::now_in_seconds()).map_err(drawn)
}

struct Stage {
    terminal: Terminal,
}

impl Stage {
    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.terminal.result(&format!("\n# {text}\n"))
    }

    fn run(&mut self, line: &str) -> Result<(), Failure> {
        self.terminal.command(line)?;
        let cli = Cli::try_parse_from(line.split(' ')).map_err(|error| Failure::new(Exit::Unexpected, error.to_string()))?;
        let exit = super::run(&cli.verb, self.terminal)?;
        if exit == Exit::Done { Ok(()) } else { Err(Failure::new(exit, format!("`{line}` ended with {}", exit.code()))) }
    }
}

/// Copies the example into a folder that is new or empty.
fn lay_out(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    let mut entries = fs::read_dir(folder).map_err(|error| unusable(folder, &error))?;
    if entries.next().is_some() {
        return Err(Failure::input(format!(
            "the folder `{}` is not empty, and a demonstration overwrites nothing",
            folder.display()
        ))
        .hint("Remove it, or name another one: hardmatch demo DIR"));
    }
    for (name, content) in FILES {
        fs::write(folder.join(name), content).map_err(|error| unusable(&folder.join(name), &error))?;
    }
    Ok(())
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(format!("`{}` cannot be used: {}", path.display(), files::words(error)))
}
