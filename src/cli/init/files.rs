//! The files of a starter repository, as they lie in `files/`.

use super::super::args::{Ci, SchemaName};
use super::super::schema;

/// A file to be written.
#[derive(Debug)]
pub(super) struct Starter {
    /// Where, below the folder, with `/`.
    pub(super) place: &'static str,
    /// What for.
    pub(super) about: &'static str,
    /// What it says.
    pub(super) text: String,
    /// Whether it can be run.
    pub(super) is_program: bool,
}

/// How the pipelines in `files/` call the protected branch.
const BRANCH: &str = "[main]";

type Row = (&'static str, &'static str, &'static str);

const ALWAYS: [Row; 10] = [
    (
        "hardmatch.yaml",
        "the configuration, on made-up people; live directories as comments",
        include_str!("files/hardmatch.yaml"),
    ),
    ("waves/wave-1.csv", "mappings as a table", include_str!("files/wave-1.csv")),
    ("exports/tenant.json", "a made-up tenant", include_str!("../../../examples/first-link/tenant.json")),
    ("exports/corp.ldif", "a made-up forest", include_str!("../../../examples/first-link/corp.ldif")),
    ("approvers", "who may sign plans", include_str!("files/approvers")),
    ("approvals/README.md", "the signed approvals go here", include_str!("files/approvals.md")),
    ("README.md", "how a change goes through, and what to set up", include_str!("files/README.md")),
    (".gitignore", "plans, journals, backups and secrets stay out", include_str!("files/gitignore")),
    (".gitattributes", "the same bytes on every system", include_str!("files/gitattributes")),
    ("ci/install-hardmatch", "where pipelines get hardmatch from", include_str!("files/install-hardmatch")),
];

const GITHUB: [Row; 2] = [
    (".github/workflows/hardmatch-plan.yml", "plans on a pull request", include_str!("files/github/hardmatch-plan.yml")),
    (".github/workflows/hardmatch-apply.yml", "applies after the merge", include_str!("files/github/hardmatch-apply.yml")),
];

const AZURE: [Row; 2] = [
    ("azure/hardmatch-plan.yml", "plans on a pull request", include_str!("files/azure/hardmatch-plan.yml")),
    ("azure/hardmatch-apply.yml", "applies after the merge", include_str!("files/azure/hardmatch-apply.yml")),
];

const GITLAB: [Row; 1] =
    [(".gitlab-ci.yml", "plans on a merge request, applies after the merge", include_str!("files/gitlab/gitlab-ci.yml"))];

/// All files for these pipelines and this protected branch.
pub(super) fn starters(chosen: &[Ci], branch: &str) -> Vec<Starter> {
    let schema = Starter {
        place: "schemas/config.schema.json",
        about: "lets editors complete and check hardmatch.yaml",
        text: schema::text(SchemaName::Config).to_owned(),
        is_program: false,
    };
    let pipelines = chosen.iter().flat_map(|ci| match ci {
        Ci::Github => &GITHUB[..],
        Ci::Azure => &AZURE[..],
        Ci::Gitlab => &GITLAB[..],
    });
    let pipelines = pipelines.map(|row| starter(*row)).map(|starter| Starter { text: on(&starter.text, branch), ..starter });
    ALWAYS.map(starter).into_iter().chain([schema]).chain(pipelines).collect()
}

fn starter((place, about, text): Row) -> Starter {
    // A checkout on Windows may have other line ends; the pipelines run on Linux.
    Starter { place, about, text: text.replace("\r\n", "\n"), is_program: place == "ci/install-hardmatch" }
}

fn on(text: &str, branch: &str) -> String {
    text.replace(BRANCH, &format!("[{branch}]"))
}
