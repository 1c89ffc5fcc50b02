//! `explain USER`: reads what it takes to explain one person, and shows it.

use crate::config;
use crate::model::text::{EXAMPLES, and_more, number, printable};
use crate::plan::explain::{Explanation, Unexplained, Wanted, explain};
use crate::render;

use super::super::args::{ExplainArgs, ExplainFormat, Read};
use super::super::directories;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::reading::{Reading, unproven};
use super::super::setup::Setup;
use super::super::terminal::Terminal;

/// Explains the user that a text names.
pub(super) fn run(args: &ExplainArgs, what: &str, terminal: Terminal) -> Result<Exit, Failure> {
    let wanted = wanted(args, what)?;
    let setup = Setup::load(&args.config, terminal)?;
    args.forest.as_deref().map_or(Ok(()), |name| setup.check_forest(name))?;
    let explanation = read(&setup, &wanted, terminal)?.map_err(|why| failure(&why, what, &setup))?;
    let style = terminal.style(args.all);
    terminal.stream_result(|out| match args.format {
        ExplainFormat::Human => render::explanation_human(&explanation, &style, out),
        ExplainFormat::Json => render::explanation_json(&explanation, out),
    })?;
    Ok(Exit::Done)
}

fn wanted(args: &ExplainArgs, what: &str) -> Result<Wanted, Failure> {
    let named = config::named(what).map_err(|(summary, help)| {
        let failure = Failure::input(printable(&summary).into_owned());
        if help.is_empty() { failure } else { failure.hint(format!("{}.", printable(&help))) }
    })?;
    // A forest has no cloud users.
    let cloud = if args.forest.is_some() { Vec::new() } else { named.cloud };
    Ok(Wanted { text: what.trim().into(), on_prem: named.on_prem, cloud, forest: args.forest.as_deref().map(Into::into) })
}

fn read(setup: &Setup, wanted: &Wanted, terminal: Terminal) -> Result<Result<Box<Explanation>, Unexplained>, Failure> {
    // One person is looked up, however many mappings there are.
    let extent = if setup.read == Read::Auto { Read::Needed } else { setup.read };
    directories::block_on(async {
        let mut reading = Reading::begin(&setup.config, extent, terminal).await?;
        let explained =
            reading.ask(|observed, answered| explain(&setup.config.desired, observed.clone(), wanted, answered)).await;
        reading.close().await;
        explained
    })
}

fn failure(why: &Unexplained, what: &str, setup: &Setup) -> Failure {
    let what = printable(what).into_owned();
    match why {
        Unexplained::Unproven(failure) => unproven(failure),
        Unexplained::Several(users) => {
            let named = users.iter().take(EXAMPLES).map(|(line, id)| format!("\n  {}\n    {}", printable(line), printable(id)));
            let more = and_more(users.len().saturating_sub(EXAMPLES)).map(|more| format!("\n  {more}"));
            let lines: String = named.chain(more).collect();
            Failure::input(format!("{} users answer to `{what}`:{lines}", number(users.len())))
                .hint("Name one of them by what is below it: `hardmatch explain ID`.")
        }
        Unexplained::Nobody(near) => {
            let mut failure = Failure::input(format!("neither an AD user nor a cloud user answers to `{what}`"));
            for sentence in near {
                failure = failure.hint(printable(sentence));
            }
            if setup.config.desired.forests.is_empty() {
                failure = failure.hint("No forest is configured, so AD users cannot be found.");
            }
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::Given;

    #[test]
    fn of_many_with_one_name_ten_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hardmatch.yaml");
        std::fs::write(&path, "version: 1\ntenant: { snapshot: tenant.json }\n").unwrap();
        let config = config::load(&path).unwrap();
        let setup = Setup { policy: path.clone(), path, config, read: Read::Auto, given: Given::default() };
        let users = |count: usize| (0..count).map(|n| (format!("CN=u{n}"), n.to_string())).collect();
        let message = |count| failure(&Unexplained::Several(users(count)), "ann", &setup).message;
        assert!(message(10).starts_with("10 users answer to `ann`:") && !message(10).contains("more"));
        assert!(message(1_012).starts_with("1,012 users") && message(1_012).ends_with("CN=u9\n    9\n  and 1,002 more"));
    }
}
