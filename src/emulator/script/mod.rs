//! The fault script: what goes wrong, how late readers are, who may do what, and a switch for every open question.
//!
//! [`super::help`] explains it to users. Every key is optional; an empty script is a service that always works.

mod rule;
mod sign_in;
mod switches;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Diagnostics, Location};
use crate::directory::entra::json::{Misread, read};

pub use rule::{Edit, FaultAnswer, Moment, Rule};
pub use sign_in::{Client, DeviceCode, DeviceOutcome, SignIn};
pub use switches::{FormerlySynced, RefusalText, Switches, TakeoverRoles};

/// The whole script.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Script {
    /// Rules; the first that answers wins, side effects of all count.
    pub faults: Vec<Rule>,
    /// How late readers are.
    pub lag: Lags,
    /// Answers to what nobody is sure about.
    pub switches: Switches,
    /// What the caller was granted.
    pub access: Access,
    /// Who may sign in.
    pub sign_in: SignIn,
    /// How pages are cut.
    pub pages: Pages,
    /// Throttling; none when absent.
    pub quota: Option<Quota>,
}

/// How late something is: for so many readings, or for so long, whichever lasts longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lag {
    /// Readings.
    pub calls: u32,
    /// Milliseconds.
    pub ms: u64,
}

/// What is late.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lags {
    /// Reading an account by id, and lists without `ConsistencyLevel: eventual`.
    pub reads: Lag,
    /// Lists with `ConsistencyLevel: eventual`.
    pub index: Lag,
    /// A deleted account showing up in the recycle bin.
    pub bin: Lag,
    /// A released ImmutableID or SID becoming free; readings are attempts to take it.
    pub release: Lag,
    /// A change showing up in the audit log.
    pub audit: Lag,
}

/// What the caller was granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Access {
    /// Graph permissions.
    pub permissions: Vec<String>,
    /// Directory roles of the caller, by name.
    pub roles: Vec<String>,
    /// A user signed in; otherwise an application.
    pub delegated: bool,
    /// That user: object id or sign-in name.
    pub me: Option<String>,
}

impl Default for Access {
    fn default() -> Self {
        let permissions = super::access::EVERYTHING.iter().map(|name| (*name).to_owned()).collect();
        Self { permissions, roles: vec!["Global Administrator".to_owned()], delegated: false, me: None }
    }
}

/// How pages are cut.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Pages {
    /// The most entries of a page, whatever `$top` says.
    pub size: Option<usize>,
    /// Before each full page an empty one with a link.
    pub empty: bool,
    /// How a list that has several pages never ends.
    pub endless: Option<Endless>,
}

/// How pages never end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Endless {
    /// The second page names itself as the next one.
    Same,
    /// From the second page on all are empty.
    Empty,
    /// Behind the last page the first one comes again.
    Again,
}

/// Throttling.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Quota {
    /// Writes in a window.
    pub writes: u32,
    /// Length of that window in seconds.
    pub write_seconds: u32,
    /// Resource units in a window.
    pub units: u32,
    /// Length of that window in seconds.
    pub unit_seconds: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self { writes: 3000, write_seconds: 150, units: 8000, unit_seconds: 10 }
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let file: std::sync::Arc<str> = path.display().to_string().into();
        let whole = Location::line(&file, 0);
        let text = std::fs::read_to_string(path)
            .map_err(|error| Diagnostic::error(format!("cannot read the fault script: {error}")).at(whole.clone()))?;
        Self::parse(text.as_bytes()).map_err(|why| Diagnostic::error(why).at(whole).help("see graph-emulator --help").into())
    }

    /// Reads a script from JSON.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let script: Self = read(json).map_err(|Misread { path, why, line, .. }| format!("line {line}, {path}: {why}"))?;
        script
            .faults
            .iter()
            .enumerate()
            .try_for_each(|(position, rule)| rule.check().map_err(|why| format!("faults[{position}]: {why}")))?;
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_script_and_names_what_is_wrong() {
        let script = Script::parse(br#"{"faults":[{"method":"PATCH","answer":{"status":429,"retryAfter":1}}],"quota":{}}"#);
        assert_eq!(script.unwrap().quota.unwrap().writes, 3000);
        let wrong = |json: &str| Script::parse(json.as_bytes()).unwrap_err();
        assert!(wrong(r#"{"faults":[{"methd":"PATCH"}]}"#).contains("faults[0]"));
        assert!(wrong(r#"{"faults":[{"answer":{"status":200}}]}"#).contains("faults[0]: answer.status"));
        assert!(wrong(r#"{"faults":[{"every":0}]}"#).contains("count from 1"));
        assert!(wrong("{} {}").contains("trailing"));
    }
}
