//! From paths to handlers.

use axum::http::Method;

use super::call::{Answer, Call};
use super::errors::Failure;
use super::odata::query::{Query, decode_path};
use super::world::World;
use super::{audit, by_ids, deleted_items, directory, licenses, roles, synchronization, users};

/// What carries a call out.
type Handler = fn(&mut World, &Call) -> Result<Answer, Failure>;

const METHODS: [&str; 4] = ["GET", "POST", "PATCH", "DELETE"];

/// Reads an address behind the version. Whether there is such a path, and with this method, is told before anything about
/// the query.
///
/// # Errors
/// What is no UTF-8, paths and methods that there are not, and query options that there are not.
pub(crate) fn parse(method: &Method, address: &str) -> Result<(Vec<String>, Query), Failure> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let segments = segments(path)?;
    check(method.as_str(), &segments)?;
    Ok((segments, Query::parse(query)?))
}

/// The decoded segments of a path.
///
/// # Errors
/// What is no UTF-8.
pub(crate) fn segments(path: &str) -> Result<Vec<String>, Failure> {
    let mut segments = Vec::new();
    for raw in path.split('/').filter(|segment| !segment.is_empty()) {
        segments.extend(keyed(&decode_path(raw)?));
    }
    Ok(segments)
}

fn check(method: &str, segments: &[String]) -> Result<(), Failure> {
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    if path == ["$batch"] {
        return if method == "POST" { Ok(()) } else { Err(Failure::method_not_allowed(&["POST"])) };
    }
    let allowed: Vec<&str> = METHODS.iter().copied().filter(|method| handler(method, &path).is_some()).collect();
    if allowed.contains(&method) {
        Ok(())
    } else if allowed.is_empty() {
        Err(Failure::no_segment(path.last().copied().unwrap_or_default()))
    } else {
        Err(Failure::method_not_allowed(&allowed))
    }
}

/// The names in paths. They compare without case, as clients write `/groups/{id}/Owners`.
const NAMES: [&str; 33] = [
    "auditLogs",
    "contacts",
    "deletedItems",
    "directory",
    "directoryAudits",
    "directoryObjects",
    "directoryRoles",
    "domains",
    "eligibilityScheduleInstances",
    "federationConfiguration",
    "getByIds",
    "getMemberGroups",
    "group",
    "groups",
    "identityGovernance",
    "licenseDetails",
    "me",
    "memberOf",
    "members",
    "onPremisesSyncBehavior",
    "onPremisesSynchronization",
    "organization",
    "owners",
    "privilegedAccess",
    "restore",
    "roleAssignments",
    "roleDefinitions",
    "roleManagement",
    "subscribedSkus",
    "transitiveMemberOf",
    "transitiveMembers",
    "transitiveRoleAssignments",
    "users",
];

/// A name as it is written here, without the `()` of functions; everything else as it was sent.
fn canonical(segment: &str) -> String {
    let segment = segment.strip_suffix("()").unwrap_or(segment);
    NAMES.iter().find(|name| name.eq_ignore_ascii_case(segment)).map_or_else(|| segment.to_owned(), |name| (*name).to_owned())
}

/// A segment, with `users('id')` as two; casts and actions lose `microsoft.`.
fn keyed(segment: &str) -> Vec<String> {
    if let Some(name) = segment.strip_prefix("microsoft.").filter(|name| name.starts_with("graph.")) {
        return vec![name.to_owned()];
    }
    let key = segment.strip_suffix("')").and_then(|rest| rest.split_once("('"));
    match key {
        Some((set, key)) if !set.is_empty() => vec![canonical(set), key.replace("''", "'")],
        Some(_) | None => vec![canonical(segment)],
    }
}

/// Carries a call out.
///
/// # Errors
/// What Graph would answer instead.
pub(crate) fn dispatch(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let handler = handler(call.method.as_str(), &path).ok_or_else(|| Failure::method_not_allowed(&[]))?;
    handler(world, call)
}

fn handler(method: &str, path: &[&str]) -> Option<Handler> {
    let (first, rest) = path.split_first()?;
    match *first {
        "users" | "me" => user(method, path),
        "directory" => directory_of(method, rest),
        "domains" | "organization" | "groups" | "contacts" => collection(method, path),
        "roleManagement" | "directoryRoles" | "identityGovernance" => role(method, path),
        "directoryObjects" => (method == "POST" && rest == ["getByIds"]).then_some(by_ids::get as Handler),
        "subscribedSkus" => (path == ["subscribedSkus"] && method == "GET").then_some(licenses::list as Handler),
        "auditLogs" => (path == ["auditLogs", "directoryAudits"] && method == "GET").then_some(audit::list as Handler),
        _ => None,
    }
}

fn user(method: &str, path: &[&str]) -> Option<Handler> {
    Some(match (method, path) {
        ("GET", ["me"]) => users::me,
        ("GET", ["users"] | ["users", "$count"]) => users::list,
        ("POST", ["users"]) => users::create::create,
        (_, ["users", "$count" | "delta" | "", ..]) => return None,
        ("GET", ["users", _]) => users::get,
        ("PATCH", ["users", _]) => users::patch::patch,
        ("DELETE", ["users", _]) => users::remove::remove,
        ("GET", ["users", _, "onPremisesSyncBehavior"]) => users::behavior::get,
        ("PATCH", ["users", _, "onPremisesSyncBehavior"]) => users::behavior::patch,
        ("GET", ["users", _, "licenseDetails"]) => users::related::license_details,
        ("POST", ["users", _, "getMemberGroups"]) => users::related::member_groups,
        ("GET", ["users", _, "memberOf" | "transitiveMemberOf"] | ["users", _, "memberOf" | "transitiveMemberOf", _]) => {
            users::related::member_of
        }
        _ => return None,
    })
}

fn directory_of(method: &str, path: &[&str]) -> Option<Handler> {
    Some(match (method, path) {
        ("GET", ["deletedItems"]) => deleted_items::bare,
        ("GET", ["deletedItems", "graph.user"] | ["deletedItems", "graph.user", "$count"]) => deleted_items::users,
        ("GET", ["deletedItems", "graph.group"]) => deleted_items::groups,
        ("GET", ["deletedItems", _] | ["deletedItems", _, "graph.user"]) => deleted_items::get,
        ("DELETE", ["deletedItems", _]) => deleted_items::purge,
        ("POST", ["deletedItems", _, "restore" | "graph.restore"]) => deleted_items::restore,
        ("GET", ["onPremisesSynchronization"]) => synchronization::list_all,
        ("GET", ["onPremisesSynchronization", _]) => synchronization::get,
        ("PATCH", ["onPremisesSynchronization", _]) => synchronization::patch,
        _ => return None,
    })
}

fn collection(method: &str, path: &[&str]) -> Option<Handler> {
    if method != "GET" {
        return None;
    }
    Some(match path {
        ["domains"] => directory::domains,
        ["domains", _] => directory::domain,
        ["domains", _, "federationConfiguration"] => directory::federation,
        ["organization"] => directory::organizations,
        ["organization", _] => directory::organization,
        ["groups"] | ["groups", "$count"] => directory::groups,
        ["groups", _] => directory::group,
        ["groups", _, "members" | "transitiveMembers" | "owners"] => directory::members,
        ["contacts"] | ["contacts", "$count"] => directory::contacts,
        ["contacts", _] => directory::contact,
        _ => return None,
    })
}

fn role(method: &str, path: &[&str]) -> Option<Handler> {
    if method != "GET" {
        return None;
    }
    Some(match path {
        ["roleManagement", "directory", "roleAssignments"] => roles::assignments,
        ["roleManagement", "directory", "transitiveRoleAssignments"] => roles::transitive,
        ["roleManagement", "directory", "roleDefinitions"] => roles::definitions,
        ["roleManagement", "directory", "roleDefinitions", _] => roles::definition_by_id,
        ["roleManagement", "directory", "roleEligibilitySchedules" | "roleEligibilityScheduleInstances"] => roles::eligibilities,
        ["identityGovernance", "privilegedAccess", "group", "eligibilityScheduleInstances"] => roles::group_eligibilities,
        ["directoryRoles"] => roles::directory_roles,
        ["directoryRoles", _] => roles::directory_role_by_id,
        ["directoryRoles", _, "members"] => roles::directory_role_members,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_casts() {
        let segments = |path: &str| super::segments(path).unwrap();
        assert_eq!(segments("/users('o''dell@x.example')/memberOf"), ["users", "o'dell@x.example", "memberOf"]);
        assert_eq!(segments("directory/deletedItems/microsoft.graph.user"), ["directory", "deletedItems", "graph.user"]);
        assert_eq!(segments("//users//a%2Fb/"), ["users", "a/b"]);
        assert_eq!(segments("/Groups/Ab/OWNERS"), ["groups", "Ab", "owners"]);
        assert!(super::segments("/users/%ff").is_err());
        let status = |method: Method, address: &str| parse(&method, address).map_or_else(|failure| failure.status, |_| 200);
        assert_eq!(status(Method::PUT, "/users?$top=0"), 405, "the method goes before the query");
        assert_eq!([status(Method::GET, "/nothing?$top=0"), status(Method::GET, "/users?$top=1")], [400, 200]);
        let found = |method, path: &[&str]| handler(method, path).is_some();
        assert!(found("GET", &["users", "$count"]) && !found("DELETE", &["users", "$count"]) && !found("GET", &[]));
    }
}
