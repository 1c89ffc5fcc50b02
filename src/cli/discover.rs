//! `discover`: the configuration with proposed mappings.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::append::{MappingText, with_mappings};
use crate::directory::folder;
use crate::model::digits::size;
use crate::plan::body::MappingState;
use crate::plan::discover::{Discovery, Scope, discover};
use crate::plan::synced_report::synced_report;
use crate::render;

use super::args::{DiscoverArgs, DiscoverFormat, Read};
use super::command_line;
use super::directories;
use super::exit::Exit;
use super::failure::Failure;
use super::files::{self, Readers};
use super::outputs;
use super::reading::{Reading, unproven};
use super::setup::Setup;
use super::terminal::Terminal;

const WEIGHING: &str = "weighing the evidence, and planning what it says";

/// Runs the verb.
pub(super) fn run(args: &DiscoverArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let setup = Setup::load(&args.config, terminal)?;
    let scope = scope(args, &setup)?;
    outputs::check(args.out.as_deref().as_slice(), &read(args, &setup))?;
    if args.synced_report {
        return report(args, &setup, terminal);
    }
    let (discovery, live) = find(&setup, &scope, terminal)?;
    let yaml = match args.format {
        DiscoverFormat::Yaml => Some(yaml(&setup, &discovery, args.all)?),
        DiscoverFormat::Json => None,
    };
    let write = |out: &mut dyn io::Write| match &yaml {
        Some(text) => out.write_all(text.as_bytes()),
        None => render::discovery_json(&discovery, out),
    };
    match &args.out {
        Some(out) => files::write(out, Readers::AsUsual, write)?,
        None => terminal.stream_raw_result(write)?,
    }
    say(&setup, &discovery, args, live, terminal);
    Ok(Exit::Done)
}

/// The files that are read, without the configuration where it is what is written: it stays, with the mappings added.
fn read(args: &DiscoverArgs, setup: &Setup) -> Vec<PathBuf> {
    let is_extended = args.format == DiscoverFormat::Yaml && !args.synced_report;
    setup.inputs().into_iter().filter(|path| !is_extended || *path != setup.path).collect()
}

/// The proposals, and how many live accounts there are.
fn find(setup: &Setup, scope: &Scope, terminal: Terminal) -> Result<(Discovery, u64), Failure> {
    directories::block_on(async {
        let mut reading = Reading::begin(&setup.config, Read::Identifiers, terminal).await?;
        let found = reading
            .ask(|observed, answered| {
                terminal.log(1, WEIGHING);
                terminal.board().work(WEIGHING);
                discover(&setup.config.desired, observed.clone(), scope, answered)
            })
            .await;
        reading.close().await;
        let discovery = found?.map_err(|failure| unproven(&failure))?;
        Ok((discovery, reading.into_observed().tenant.live_count()))
    })
}

fn report(args: &DiscoverArgs, setup: &Setup, terminal: Terminal) -> Result<Exit, Failure> {
    let observed = directories::block_on(async {
        let reading = Reading::begin(&setup.config, Read::Identifiers, terminal).await?;
        reading.close().await;
        Ok(reading.into_observed())
    })?;
    let report = synced_report(observed);
    let style = terminal.style(args.all);
    let write = |out: &mut dyn io::Write| match args.format {
        DiscoverFormat::Yaml => render::synced_report_human(&report, &style, out),
        DiscoverFormat::Json => render::synced_report_json(&report, out),
    };
    match &args.out {
        Some(out) => files::write(out, Readers::AsUsual, write)?,
        None => terminal.stream_result(write)?,
    }
    Ok(Exit::Done)
}

fn scope(args: &DiscoverArgs, setup: &Setup) -> Result<Scope, Failure> {
    let forests = &setup.config.desired.forests;
    if forests.is_empty() {
        return Err(Failure::input("no forest is configured, so there is nobody to find an account for")
            .hint("Add the export or the domain controller of a forest under `forests`."));
    }
    let forest = args.forest.as_deref();
    forest.map_or(Ok(()), |name| setup.check_forest(name))?;
    let under = args.under.as_deref().map(str::parse).transpose();
    let under = under.map_err(|why| Failure::usage(format!("`--under` needs the name of a container: {why}")))?;
    Ok(Scope { forest: forest.map(Into::into), under, unlinked: args.unlinked })
}

fn yaml(setup: &Setup, discovery: &Discovery, all: bool) -> Result<String, Failure> {
    let texts = render::proposed_mappings(discovery).into_iter();
    let texts: Vec<MappingText> = texts.map(|text| MappingText { comments: text.comments, flow: text.flow }).collect();
    let extended = with_mappings(&setup.config, &setup.path.display().to_string(), &texts).map_err(|why| {
        Failure::input(format!("mappings cannot be added to {}: {}", setup.path.display(), why.trim()))
            .hint("Write `mappings` as a list with one `- ` per mapping, or take `--format json`.")
    })?;
    let comments = render::left_out_comments(discovery, all);
    let gap = if comments.is_empty() { "" } else { "\n" };
    Ok(format!("{}\n{gap}{comments}", extended.trim_end()))
}

/// What was found and what to do with it, for whoever watches.
fn say(setup: &Setup, discovery: &Discovery, args: &DiscoverArgs, live: u64, terminal: Terminal) {
    terminal.say(&render::discovery_line(discovery));
    let planned = discovery.proposals.iter().filter(|proposal| proposal.state == MappingState::Planned).count();
    let (planned, limits) = (size(planned), setup.config.desired.policy.limits);
    let is_many = planned > limits.changes || (live >= 50 && planned.saturating_mul(100) > live.saturating_mul(limits.percent));
    if is_many {
        terminal.say(&format!(
            "{planned} accounts are to be changed, which is more than `policy.limits` allow in one plan: discover in parts with `--under`, or raise them."
        ));
    }
    if args.format == DiscoverFormat::Yaml {
        terminal.say(&next_command(&setup.path, args.out.as_deref()));
    }
}

/// Where the file has to be, as its paths are those of the configuration, and how it is planned there.
fn next_command(config: &Path, out: Option<&Path>) -> String {
    let there = config.with_file_name(out.and_then(Path::file_name).unwrap_or("FILE".as_ref()));
    let is_there = out.is_some_and(|out| folder::is_same(folder::of(out), folder::of(config)));
    let verb = if is_there || out.is_none() { "Keep" } else { "Move" };
    let file = if is_there { out.unwrap_or(&there) } else { &there };
    format!(
        "{verb} it beside {}, where its paths start. To see what it would do: hardmatch plan --config {}",
        config.display(),
        command_line::path(file)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_command_names_a_file_whose_paths_work() {
        let next = |config: &str, out: Option<&str>| next_command(Path::new(config), out.map(Path::new));
        let said = |verb: &str, config: &str, file: &str| {
            let end = format!("hardmatch plan --config {file}");
            format!("{verb} it beside {config}, where its paths start. To see what it would do: {end}")
        };
        assert_eq!(next("conf/hm.yaml", Some("disc.yaml")), said("Move", "conf/hm.yaml", "conf/disc.yaml"));
        assert_eq!(next("conf/hm.yaml", Some("conf/d.yaml")), said("Keep", "conf/hm.yaml", "conf/d.yaml"));
        assert_eq!(next("hm.yaml", Some("./d.yaml")), said("Keep", "hm.yaml", "./d.yaml"));
        assert_eq!(next("conf/hm.yaml", None), said("Keep", "conf/hm.yaml", "conf/FILE"));
    }
}
