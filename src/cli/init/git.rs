//! What the git repository around a folder tells: where it is pushed to, and how its main branch is called.

use std::path::{Path, PathBuf};

use super::super::args::Ci;

/// The addresses of the remotes, from `.git/config`; none where the folder is no repository's root.
pub(super) fn remotes(folder: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(folder.join(".git/config")) else { return Vec::new() };
    let mut in_remote = false;
    let mut urls = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_remote = line.starts_with("[remote ");
        } else if let Some((key, value)) = line.split_once('=').filter(|_| in_remote)
            && key.trim().eq_ignore_ascii_case("url")
        {
            urls.push(value.trim().to_owned());
        }
    }
    urls
}

/// Who hosts a remote, by the name of the host.
pub(super) fn host_of(url: &str) -> Option<Ci> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).split(':').next()?.to_ascii_lowercase();
    match host.as_str() {
        host if host.contains("github") => Some(Ci::Github),
        host if host.ends_with("dev.azure.com") || host.ends_with("visualstudio.com") => Some(Ci::Azure),
        host if host.contains("gitlab") => Some(Ci::Gitlab),
        _ => None,
    }
}

/// The branch that the remote calls its main one, else the one that is checked out, else `main`.
pub(super) fn default_branch(folder: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(folder.join(".git").join(name)).ok();
    let of_remote = read("refs/remotes/origin/HEAD").and_then(|text| after(&text, "ref: refs/remotes/origin/"));
    let branch = of_remote.or_else(|| read("HEAD").and_then(|text| after(&text, "ref: refs/heads/")));
    // It goes into YAML as it is.
    let plain =
        |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    branch.filter(plain).unwrap_or_else(|| "main".to_owned())
}

fn after(text: &str, start: &str) -> Option<String> {
    text.trim().strip_prefix(start).map(str::to_owned)
}

/// The root of the repository, when the folder lies below it.
pub(super) fn root_above(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let root = folder.ancestors().find(|part| part.join(".git").exists())?;
    (root != folder).then(|| root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_remotes_and_their_hosts() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!((remotes(folder.path()), default_branch(folder.path())), (vec![], "main".to_owned()));
        std::fs::create_dir_all(folder.path().join(".git/refs/remotes/origin")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(".git").join(name), text).unwrap();
        write(
            "config",
            "[core]\n\turl = no\n[remote \"origin\"]\n\turl = git@github.com:c/x.git\n\tfetch = +x\n[branch \"a\"]\n",
        );
        assert_eq!(remotes(folder.path()), ["git@github.com:c/x.git"]);
        write("HEAD", "ref: refs/heads/trunk\n");
        assert_eq!(default_branch(folder.path()), "trunk");
        write("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/develop\n");
        assert_eq!(default_branch(folder.path()), "develop");
        write("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/a]: x\n");
        assert_eq!(default_branch(folder.path()), "main", "what is no plain name does not reach the YAML");
    }

    #[test]
    fn knows_the_hosts() {
        for (url, host) in [
            ("https://github.com/c/gitlab-x", Some(Ci::Github)),
            ("ssh://git@gitlab.contoso.com:2222/c/x.git", Some(Ci::Gitlab)),
            ("git@ssh.dev.azure.com:v3/c/x/x", Some(Ci::Azure)),
            ("https://contoso.visualstudio.com/x/_git/x", Some(Ci::Azure)),
            ("/srv/git/github.com/x.git", None),
            ("https://git.example.com/github.com", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
