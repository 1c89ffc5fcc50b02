//! What the doctor finds out about the tenant.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::fmt::rfc2822;
use jiff::{SpanRelativeTo, Timestamp, Unit};
use tokio_util::sync::CancellationToken;

use crate::cli::directories::{block_on, drawn};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::live;
use crate::cli::surroundings;
use crate::cli::terminal::Terminal;
use crate::config::{self, Config};
use crate::directory::entra::graph::auth::Claims;
use crate::directory::entra::graph::{Probe, Probes, rights};
use crate::directory::exports;
use crate::model::{Acceptable, Known, ObservedTenant, Resolve, WriteSide};

use crate::tenant_model::BLOCKS_HARD_MATCH;

use super::line::Line;

const PLACE: &str = "tenant";
/// Clocks that differ by more than this break signatures of certificates and Kerberos.
const SKEW_SECONDS: i64 = 300;

/// Lines about an exported tenant.
pub(super) fn exported(path: &Path, terminal: Terminal) -> Vec<Line> {
    match exports::read_tenant(path) {
        Ok(tenant) => {
            let mut lines = vec![Line::good(PLACE, format!("{} users in {}", tenant.users.len(), path.display()))];
            lines.extend(switches(&tenant));
            lines
        }
        Err(faults) => vec![Line::failed(PLACE, &drawn(faults, terminal))],
    }
}

/// Lines about a live tenant.
pub(super) fn live(source: &config::GraphTenant, config: &Config, terminal: Terminal) -> Vec<Line> {
    let probed =
        live::tenant(source, terminal, CancellationToken::new()).and_then(|tenant| block_on(async { Ok(tenant.probe().await?) }));
    let probes = match probed {
        Ok(probes) => probes,
        Err(failure) => return vec![Line::failed(PLACE, &failure)],
    };
    let mut lines = vec![signed_in(&probes)];
    lines.extend(other_tenant(source, &probes.tenant));
    lines.push(clock_of(probes.server_date.as_deref(), surroundings::now()));
    lines.extend(expiry(probes.claims.as_ref(), surroundings::now()));
    lines.extend(probes.probes.iter().map(read));
    lines.extend(rights(config, probes.claims.as_ref()));
    lines.extend(domains(&probes.tenant));
    lines.extend(switches(&probes.tenant));
    lines
}

fn signed_in(probes: &Probes) -> Line {
    let tenant = &probes.tenant;
    let name = tenant.initial_domain.as_deref().or(tenant.id.as_deref()).unwrap_or("a tenant without a name");
    let who = probes.claims.as_ref().map_or_else(String::new, |claims| match (&claims.upn, &claims.appid) {
        (Some(upn), _) => format!(" as {upn}"),
        (None, Some(app)) => format!(" as application {app}"),
        (None, None) => String::new(),
    });
    Line::good(PLACE, format!("signed in to {name}{who}"))
}

/// The token is for another tenant than the configuration names.
fn other_tenant(source: &config::GraphTenant, tenant: &ObservedTenant) -> Option<Line> {
    live::wrong_tenant(source, tenant).map(|message| {
        let cure = "Sign in to the right tenant, or correct `tenantId`.";
        Line::broken(Exit::InvalidInput, PLACE, message, cure)
    })
}

/// What the `Date` header says; Graph always has one.
fn clock_of(date: Option<&str>, here: Timestamp) -> Line {
    match date.map(rfc2822::parse) {
        Some(Ok(server)) => clock(PLACE, server.timestamp(), here),
        Some(Err(_)) | None => {
            let date = date.map_or_else(|| "it names no `Date`".into(), |date| format!("its `Date` is `{date}`"));
            let cure = "Compare the clock of this machine with another one, and look for a proxy that changes answers.";
            Line::doubtful(PLACE, format!("the server's clock is not known: {date}"), cure)
        }
    }
}

/// Whether two clocks agree.
pub(super) fn clock(place: &str, server: Timestamp, here: Timestamp) -> Line {
    let seconds = (here.as_second() - server.as_second()).abs();
    if seconds <= SKEW_SECONDS {
        return Line::good(place, format!("the clocks agree within {seconds} s"));
    }
    let cure = "Set the clock of this machine (timedatectl, w32tm): certificates, Kerberos and tokens depend on it.";
    Line::doubtful(place, format!("the clock of this machine is {seconds} s off the server's"), cure)
}

fn expiry(claims: Option<&Claims>, now: Timestamp) -> Option<Line> {
    let left = claims?.exp?.since(now).ok()?;
    let minutes = left.total((Unit::Minute, SpanRelativeTo::days_are_24_hours())).ok()?;
    let text = format!("the access token is good for {} minutes", minutes.max(0.0).floor());
    Some(Line::good(PLACE, text))
}

fn read(probe: &Probe) -> Line {
    let reading = probe.reading;
    let Some(error) = &probe.error else { return Line::good(PLACE, format!("reads {}", reading.what)) };
    let failure = Failure::from(error.clone());
    let cure = if failure.exit == Exit::Denied {
        format!("Grant the Graph permission {} and consent to it.", reading.right)
    } else {
        "Try again later; if it stays so, look for a proxy or gateway that changes answers.".to_owned()
    };
    let text = format!("cannot read {}: {}", reading.what, failure.message.lines().next().unwrap_or_default());
    match reading.without {
        None => Line::broken(failure.exit, PLACE, text, cure),
        Some(without) if failure.exit == Exit::Denied => Line::doubtful(PLACE, text, format!("Without it {without}. {cure}")),
        Some(_) => Line::broken(failure.exit, PLACE, text, cure),
    }
}

/// A write that a configuration may lead to.
struct Right {
    what: &'static str,
    names: &'static [&'static str],
    needed: bool,
}

/// Whether the token carries the permissions of the writes that this configuration can lead to.
fn rights(config: &Config, claims: Option<&Claims>) -> Vec<Line> {
    let granted: Option<BTreeSet<&str>> =
        claims.map(|claims| claims.roles.iter().chain(&claims.scp).map(String::as_str).collect());
    let Some(granted) = granted.filter(|granted| !granted.is_empty()) else {
        let cure = "The first write tells; `apply` stops at a refusal.";
        return vec![Line::doubtful(PLACE, "the token does not tell which permissions it carries", cure)];
    };
    wanted(config).iter().map(|right| permission(right, &granted)).collect()
}

fn wanted(config: &Config) -> [Right; 3] {
    let mappings = &config.desired.mappings;
    let writes = mappings.iter().any(|mapping| mapping.write == WriteSide::Cloud) || !config.desired.rules.is_empty();
    let deletes = mappings.iter().any(|mapping| {
        mapping.restore || mapping.holders.iter().any(|holder| matches!(holder.resolve, Resolve::Purge | Resolve::Clear))
    });
    let unpins = mappings.iter().any(|mapping| mapping.accept.contains(Acceptable::ObjectIdentifierDiffers));
    [
        Right { what: "writes users", names: &[rights::WRITE_USERS, "Directory.ReadWrite.All"], needed: writes },
        Right { what: "deletes, purges and restores users", names: &[rights::DELETE_USERS], needed: deletes },
        Right { what: "clears object identifiers", names: &[rights::SYNC_BEHAVIOR], needed: unpins },
    ]
}

fn permission(right: &Right, granted: &BTreeSet<&str>) -> Line {
    let [first, ..] = right.names else { return Line::good(PLACE, right.what) };
    if right.names.iter().any(|name| granted.contains(name)) {
        return Line::good(PLACE, format!("{} ({first})", right.what));
    }
    let text = format!("the token lacks {first}: the sign-in that {} needs it", right.what);
    let cure = format!("Grant the Graph permission {first} and consent to it.");
    if right.needed {
        return Line::broken(Exit::Denied, PLACE, text, cure);
    }
    Line::good(PLACE, format!("no permission {first}, which this configuration does not need"))
}

fn domains(tenant: &ObservedTenant) -> Option<Line> {
    let domains = tenant.domains.as_ref()?;
    let federated: Vec<&str> =
        domains.iter().filter(|domain| domain.federated == Some(true)).map(|domain| &*domain.name).collect();
    let text = match federated.as_slice() {
        [] => format!("{} domains, none of them federated", domains.len()),
        names => format!("{} domains; federated: {}", domains.len(), names.join(", ")),
    };
    Some(Line::good(PLACE, text))
}

/// The switches that decide whether a hard match will be taken.
fn switches(tenant: &ObservedTenant) -> Vec<Line> {
    let mut lines = Vec::new();
    match &tenant.features {
        None => {
            let cure = "Read it with OnPremDirectorySynchronization.Read.All, or look in the Entra portal.";
            lines.push(Line::doubtful(PLACE, format!("whether {BLOCKS_HARD_MATCH} is on is not known"), cure));
        }
        Some(features) if features.get(BLOCKS_HARD_MATCH) == Some(&true) => {
            let cure = "Switch it off for the time of the match and on again afterwards: until then values are set and nothing takes over.";
            lines.push(Line::doubtful(PLACE, format!("{BLOCKS_HARD_MATCH} is on"), cure));
        }
        Some(_) => lines.push(Line::good(PLACE, format!("{BLOCKS_HARD_MATCH} is off"))),
    }
    lines.push(match tenant.sync_enabled {
        Known::Is(true) => Line::good(PLACE, "directory synchronisation is on"),
        Known::Is(false) | Known::Null => {
            Line::doubtful(PLACE, "directory synchronisation is off", "Nothing takes over until it is switched on.")
        }
        Known::Unknown => {
            Line::doubtful(PLACE, "whether directory synchronisation is on is not known", "Export `organization`, too.")
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::super::line::Standing;
    use super::*;

    #[test]
    fn a_clock_that_cannot_be_read_is_not_passed_over() {
        let here: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        for (date, standing, says) in [
            (Some("Wed, 25 Nov 2026 12:00:01 GMT"), Standing::Good, "agree"),
            (Some("Wed, 25 Nov 2099 12:00:01 GMT"), Standing::Doubtful, "off the server's"),
            (Some("Fri, 31 Dec 9999 23:59:59 GMT"), Standing::Doubtful, "`Fri, 31 Dec 9999 23:59:59 GMT`"),
            (Some("soon"), Standing::Doubtful, "not known"),
            (None, Standing::Doubtful, "no `Date`"),
        ] {
            let line = clock_of(date, here);
            assert_eq!(line.standing, standing, "{date:?}");
            assert!(line.to_string().contains(says), "{line}");
        }
    }
}
