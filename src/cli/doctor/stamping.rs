//! Whether the account that signed in may stamp the AD users that the configuration stamps.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::config::Config;
use crate::directory::ad::ldap::{LdapForest, Stamps};
use crate::model::questions::ForestKey;
use crate::model::text::{EXAMPLES, and_more, counted, number};
use crate::model::{AnchorMode, ForestSpec, OnPremSelector, OnPremSide, WriteSide};

use super::line::Line;

/// Of so many the rights are asked for.
const TRIED: usize = 100;

/// What the server says of the rights on them.
#[derive(Debug, Default)]
pub(super) struct Rights {
    /// How many there are.
    found: usize,
    tried: usize,
    forbidden: Vec<String>,
    /// Of whom the server does not tell.
    untold: Vec<String>,
}

/// Asks for the rights on those who are to be stamped.
pub(super) async fn rights(forest: &LdapForest, spec: &ForestSpec, config: &Config, stamps: &Stamps) -> Result<Rights, Failure> {
    let keys: Vec<ForestKey> = stamped(spec, config).flat_map(|user| ForestKey::of(&user.key)).collect();
    let users = forest.read_matching(&keys, Some(stamps)).await?;
    let mut rights = Rights { found: users.len(), ..Rights::default() };
    for user in users.iter().take(TRIED) {
        rights.tried += 1;
        match forest.may_stamp(&user.guid).await? {
            Some(true) => {}
            Some(false) => rights.forbidden.push(user.dn.as_str().to_owned()),
            None => rights.untold.push(user.dn.as_str().to_owned()),
        }
    }
    Ok(rights)
}

/// Who may be meant to be stamped in a forest.
fn stamped<'c>(spec: &'c ForestSpec, config: &'c Config) -> impl Iterator<Item = &'c OnPremSelector> {
    let is_stamped = spec.anchor == AnchorMode::ConsistencyGuid;
    let mappings = config.desired.mappings.iter().filter(move |mapping| is_stamped && mapping.write == WriteSide::OnPrem);
    let users = mappings.filter_map(|mapping| match &mapping.on_prem {
        OnPremSide::User(user) => Some(user),
        OnPremSide::Nobody => None,
    });
    users.filter(|user| user.forest.as_ref().is_none_or(|forest| *forest == spec.name))
}

/// What is to be said of it; nothing where nobody is stamped.
pub(super) fn line(place: &str, rights: &Rights) -> Option<Line> {
    let tried = match rights {
        Rights { found: 0, .. } => return None,
        Rights { found, tried, .. } if found > tried => {
            format!("the first {} of {} tried", number(tried), counted(*found, "AD user"))
        }
        Rights { found, .. } => format!("{} tried", counted(*found, "AD user")),
    };
    let those = |names: &[String]| {
        let shown = names.iter().take(EXAMPLES).cloned().chain(and_more(names.len().saturating_sub(EXAMPLES)));
        format!("{} of those that are to be stamped ({tried}): {}", number(names.len()), shown.collect::<Vec<_>>().join("; "))
    };
    Some(match (rights.forbidden.as_slice(), rights.untold.as_slice()) {
        ([], []) => Line::good(place, format!("may write mS-DS-ConsistencyGuid of all that are to be stamped ({tried})")),
        ([], names) => Line::doubtful(
            place,
            format!("the server does not tell whether mS-DS-ConsistencyGuid can be written of {}", those(names)),
            "Try one mapping first.",
        ),
        (names, _) => Line::broken(
            Exit::Denied,
            place,
            format!("may not write mS-DS-ConsistencyGuid of {}", those(names)),
            "Give the account the right to write this attribute below the users' container (dsacls); accounts with adminCount=1 \
             do not inherit it.",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::line::Standing;

    fn said(found: usize, forbidden: usize, untold: usize) -> (Standing, String) {
        let names = |count| (0..count).map(|number| format!("CN=u{number},DC=x")).collect();
        let rights = Rights { found, tried: found.min(TRIED), forbidden: names(forbidden), untold: names(untold) };
        let line = line("forest corp", &rights).unwrap();
        (line.standing, line.to_string())
    }

    #[test]
    fn everybody_who_may_not_be_written_counts_and_ten_are_named() {
        assert!(line("forest corp", &Rights::default()).is_none());
        let what = "mS-DS-ConsistencyGuid";
        assert_eq!(
            said(3, 0, 0),
            (Standing::Good, format!("ok    forest corp: may write {what} of all that are to be stamped (3 AD users tried)"))
        );
        let (standing, text) = said(3, 1, 1);
        assert_eq!(standing, Standing::Broken);
        assert!(
            text.contains(
                "may not write mS-DS-ConsistencyGuid of 1 of those that are to be stamped (3 AD users tried): CN=u0,DC=x. Give"
            ),
            "{text}"
        );
        let (_, text) = said(2_000, 12, 0);
        assert!(text.contains("of 12 of those that are to be stamped (the first 100 of 2,000 AD users tried): CN=u0"), "{text}");
        assert!(text.contains("; CN=u9,DC=x; and 2 more. Give") && !text.contains("u10"), "{text}");
        let (standing, text) = said(1, 0, 1);
        assert_eq!(standing, Standing::Doubtful);
        assert!(text.contains("does not tell whether mS-DS-ConsistencyGuid can be written of 1 of those"), "{text}");
    }
}
