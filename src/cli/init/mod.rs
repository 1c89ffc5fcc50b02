//! `init`: a repository to start from, which works at once: configuration, exports to try it on, pipelines, a guide.

mod files;
mod git;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::args::{Ci, InitArgs};
use super::batch::Batch;
use super::command_line;
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use files::Starter;

/// Runs the verb.
pub(super) fn run(args: &InitArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let remotes = git::remotes(&args.dir);
    let (chosen, why) = choose(&args.ci, &remotes);
    let branch = git::default_branch(&args.dir);
    let starters = files::starters(&chosen, &branch);
    refuse_existing(&args.dir, &starters)?;
    write(&args.dir, &starters)?;
    terminal.result(&report(args, &starters, &chosen))?;
    terminal.say(&format!("Pipelines are for {}: {why}.", names(&chosen)));
    if let Some(root) = git::root_above(&args.dir) {
        terminal.warn(&format!(
            "the root of the repository is `{}`; pipelines are only found there, so move `.github`, `azure` or `.gitlab-ci.yml` up and \
             let them work in this folder",
            root.display()
        ));
    }
    Ok(Exit::Done)
}

/// Whose pipelines are written, and why.
fn choose(asked: &[Ci], remotes: &[String]) -> (Vec<Ci>, &'static str) {
    let in_order = |wanted: &dyn Fn(Ci) -> bool| Ci::ALL.into_iter().filter(|ci| wanted(*ci)).collect::<Vec<_>>();
    if !asked.is_empty() {
        return (in_order(&|ci| asked.contains(&ci)), "as asked for");
    }
    let told = in_order(&|ci| remotes.iter().any(|url| git::host_of(url) == Some(ci)));
    if told.is_empty() {
        return (Ci::ALL.to_vec(), "no git remote tells which; delete the others, or ask for one with --ci");
    }
    (told, "the git remote points there; --ci chooses others")
}

fn names(chosen: &[Ci]) -> String {
    chosen.iter().map(|ci| ci.name()).collect::<Vec<_>>().join(", ")
}

/// Everything that is in the way, at once.
fn refuse_existing(folder: &Path, starters: &[Starter]) -> Result<(), Failure> {
    let blocked = |path: &PathBuf| {
        // A file where a folder has to be is in the way, too.
        let above =
            path.ancestors().skip(1).find(|part| part.symlink_metadata().is_ok_and(|found| !found.is_dir()) && !part.is_dir());
        path.symlink_metadata().is_ok().then(|| path.clone()).or_else(|| above.map(Path::to_owned))
    };
    let existing: BTreeSet<PathBuf> = starters.iter().filter_map(|starter| blocked(&folder.join(starter.place))).collect();
    if existing.is_empty() {
        return Ok(());
    }
    let shown = |path: &PathBuf| format!("  {}", path.strip_prefix(".").unwrap_or(path).display());
    let list: Vec<String> = existing.iter().map(shown).collect();
    let (these, them) = if existing.len() == 1 { ("this file is", "it") } else { ("these files are", "them") };
    Err(Failure::input(format!("{these} in the way, and `init` overwrites nothing; nothing was written:\n{}", list.join("\n")))
        .hint(format!("Move {them} away and merge by hand afterwards, or name a new folder: hardmatch init DIR")))
}

fn write(folder: &Path, starters: &[Starter]) -> Result<(), Failure> {
    let mut batch = Batch::shared();
    for starter in starters {
        batch.add(&folder.join(starter.place), |out| out.write_all(starter.text.as_bytes()))?;
    }
    let program = starters.iter().filter(|starter| starter.is_program).map(|starter| folder.join(starter.place));
    let programs: Vec<PathBuf> = program.collect();
    batch.commit()?;
    programs.iter().try_for_each(|path| make_executable(path)).map_err(Failure::from)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = path.metadata()?.permissions().mode();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// What was written, and what comes next.
fn report(args: &InitArgs, starters: &[Starter], chosen: &[Ci]) -> String {
    let width = starters.iter().map(|starter| starter.place.len()).max().unwrap_or_default();
    let mut text: String = starters.iter().map(|starter| format!("{:<width$}  {}\n", starter.place, starter.about)).collect();
    text.push_str("\nNext:\n");
    let enter = if args.dir == Path::new(".") { String::new() } else { format!("cd {} && ", command_line::path(&args.dir)) };
    let pipelines = match chosen {
        [Ci::Github] => "the two workflows in .github/workflows",
        [Ci::Azure] => "a pipeline from each of the two files in azure/",
        [Ci::Gitlab] => ".gitlab-ci.yml",
        _ => "the pipelines that you keep",
    };
    let steps = [
        format!("{enter}hardmatch plan    (works at once, on the made-up people of exports/)"),
        "In hardmatch.yaml put your tenant and forest in place of the exports, then `hardmatch doctor`.".to_owned(),
        "Write mappings, or let `hardmatch discover --out discovered.yaml` propose them.".to_owned(),
        "List in `approvers` who signs plans, and raise policy.approvals.required.".to_owned(),
        format!("Set up the identities and the environment hardmatch-apply (README.md, \"To set up\") for {pipelines}."),
        "Commit all of it to the protected branch; `git update-index --chmod=+x ci/install-hardmatch` on Windows.".to_owned(),
        "Open a pull request with the first mapping.".to_owned(),
    ];
    for (number, step) in (1..).zip(steps) {
        text.push_str(&format!("  {number}. {step}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_tells_the_pipelines_unless_somebody_asks() {
        let remotes = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
        assert_eq!(choose(&[], &remotes(&["git@github.com:contoso/x.git"])).0, [Ci::Github]);
        assert_eq!(
            choose(&[], &remotes(&["https://gitlab.contoso.com/x.git", "https://dev.azure.com/c/x/_git/x"])).0,
            [Ci::Azure, Ci::Gitlab]
        );
        assert_eq!(choose(&[], &remotes(&["https://git.example.com/x.git"])).0, Ci::ALL);
        assert_eq!(choose(&[Ci::Gitlab, Ci::Github, Ci::Gitlab], &remotes(&["git@github.com:c/x"])).0, [Ci::Github, Ci::Gitlab]);
    }
}
