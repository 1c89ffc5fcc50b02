//! What the doctor finds out about a forest.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::directories::{Opened, block_on, open_for_reading};
use crate::cli::failure::Failure;
use crate::cli::live;
use crate::cli::surroundings;
use crate::cli::terminal::Terminal;
use crate::config::{self, Config, ForestSource};
use crate::directory::ad::ldap::{LdapForest, ServerFacts};
use crate::model::text::counted;
use crate::model::{AnchorMode, ForestSpec};

use super::line::Line;
use super::stamping::{self, Rights};
use super::tenant::clock;

/// Lines about one forest.
pub(super) fn lines(name: &str, source: &ForestSource, config: &Config, terminal: Terminal) -> Vec<Line> {
    let place = format!("forest {name}");
    let Some(spec) = config.desired.forests.iter().find(|spec| *spec.name == *name) else { return Vec::new() };
    let lines = || match block_on(open_for_reading(name, source, &spec.anchor, terminal))? {
        Opened::Export(forest) => Ok(vec![Line::good(&place, format!("{} users in the export", forest.users.len()))]),
        Opened::Live(source) => {
            Ok(live_lines(&place, &live::forest(name, source, &spec.anchor, config, terminal)?, source, spec, config))
        }
    };
    lines().unwrap_or_else(|failure: Failure| vec![Line::failed(&place, &failure)])
}

fn live_lines(place: &str, forest: &LdapForest, source: &config::LdapForest, spec: &ForestSpec, config: &Config) -> Vec<Line> {
    let looked = block_on(async {
        let found = look(forest, spec, config).await;
        forest.close().await;
        found
    });
    match looked {
        Err(failure) => vec![Line::failed(place, &failure)],
        Ok(Found { facts, users, stamped, rights }) => {
            let mut lines = vec![Line::good(place, connected(&facts, source)), users_below(place, users, &facts)];
            lines.extend(facts.clock.as_deref().and_then(generalized).map(|server| clock(place, server, surroundings::now())));
            lines.extend(narrow_base(place, &facts));
            lines.extend(unseen_stamps(place, spec, users, stamped));
            lines.extend(stamping::line(place, &rights));
            lines
        }
    }
}

struct Found {
    facts: ServerFacts,
    users: u64,
    /// How many of them show mS-DS-ConsistencyGuid.
    stamped: u64,
    rights: Rights,
}

/// Signing in says nothing about the container: only reading shows that it is there, and that it may be read to its end.
async fn look(forest: &LdapForest, spec: &ForestSpec, config: &Config) -> Result<Found, Failure> {
    let facts = forest.check().await?;
    let (frame, stamps) = forest.read_frame().await?;
    let rights = stamping::rights(forest, spec, config, &stamps).await?;
    Ok(Found { facts, users: frame.size(), stamped: stamps.count(), rights })
}

fn users_below(place: &str, users: u64, facts: &ServerFacts) -> Line {
    let base = facts.base.as_ref().map_or("(no base)", |base| base.as_str());
    match users {
        0 => Line::doubtful(
            place,
            format!("no user is seen below {base}"),
            "Check `baseDn`, and that the account may read the users.",
        ),
        _ => Line::good(place, format!("{} below {base}", counted(users, "user"))),
    }
}

/// Who is not read is no conflict for anybody.
fn narrow_base(place: &str, facts: &ServerFacts) -> Option<Line> {
    let (base, domain) = (facts.base.as_ref()?, facts.domain.as_ref()?);
    (base.is_under(domain) && !domain.is_under(base)).then(|| {
        let (base, domain) = (base.as_str(), domain.as_str());
        Line::doubtful(
            place,
            format!(
                "only what is below {base} is compared: whoever else in {domain} has the same anchor, name or address is not seen"
            ),
            format!("Write `baseDn: {domain}` if the account may read all of it; `under` narrows a rule."),
        )
    })
}

/// AD hides what may not be read: it looks as if it were not there.
fn unseen_stamps(place: &str, spec: &ForestSpec, users: u64, stamped: u64) -> Option<Line> {
    (spec.anchor == AnchorMode::ConsistencyGuid && users > 0 && stamped == 0).then(|| {
        Line::doubtful(
            place,
            format!("none of {} shows mS-DS-ConsistencyGuid", counted(users, "user")),
            "Either nobody has it yet, or the account may not read it, and plans would take objectGUID for the anchor of people who \
             have another. Ask as an administrator: Get-ADUser -LDAPFilter '(mS-DS-ConsistencyGuid=*)' -ResultSetSize 1. If somebody \
             comes, give the account the right to read it: dsacls CONTAINER /I:S /G \"ACCOUNT:RP;mS-DS-ConsistencyGuid;user\".",
        )
    })
}

fn connected(facts: &ServerFacts, source: &config::LdapForest) -> String {
    let secured = match (source.url.to_ascii_lowercase().starts_with("ldaps:"), source.start_tls) {
        (true, _) => "over LDAPS, certificate verified",
        (false, true) => "over StartTLS, certificate verified",
        (false, false) => "in the clear on this very machine",
    };
    let host = facts.host.as_deref().unwrap_or(&source.url);
    format!("signed in to {host} {secured}")
}

/// `20261125120000.0Z`
fn generalized(text: &str) -> Option<Timestamp> {
    let digits = text.get(..14)?;
    let moment = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    TimeZone::UTC.to_timestamp(moment).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_below_the_domain_is_worth_a_look() {
        let narrow = |base: &str| {
            let mut facts = ServerFacts::default();
            (facts.base, facts.domain) = (base.parse().ok(), "DC=corp,DC=example".parse().ok());
            narrow_base("forest corp", &facts).map(|line| line.to_string())
        };
        assert_eq!((narrow("dc=Corp,dc=example"), narrow("OU=Staff,DC=old,DC=example")), (None, None));
        let said = narrow("OU=Staff,DC=corp,DC=example").unwrap();
        assert!(said.starts_with("look  forest corp: only what is below OU=Staff,DC=corp,DC=example is compared"), "{said}");
        assert!(said.contains("Write `baseDn: DC=corp,DC=example`"), "{said}");
        assert!(narrow_base("forest corp", &ServerFacts::default()).is_none());
    }

    #[test]
    fn anchors_that_nobody_shows_are_not_taken_as_none() {
        let unseen = |anchor, users, stamped| {
            let spec = ForestSpec { name: "corp".into(), anchor };
            unseen_stamps("forest corp", &spec, users, stamped).map(|line| line.to_string())
        };
        let said = unseen(AnchorMode::ConsistencyGuid, 2_100, 0).unwrap();
        assert!(said.starts_with("look  forest corp: none of 2,100 users shows mS-DS-ConsistencyGuid. Either nobody"), "{said}");
        assert!(unseen(AnchorMode::ConsistencyGuid, 2_100, 1).is_none() && unseen(AnchorMode::ObjectGuid, 9, 0).is_none());
        assert!(unseen(AnchorMode::ConsistencyGuid, 0, 0).is_none());
    }

    #[test]
    fn reads_the_clock_of_a_domain_controller() {
        assert_eq!(generalized("20261125120102.0Z").unwrap().to_string(), "2026-11-25T12:01:02Z");
        assert_eq!(generalized("soon"), None);
    }
}
