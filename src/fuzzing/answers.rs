//! What directories answer: Graph's JSON, LDAP's entries. Whoever answers may lie.

use serde_json::Value;

use crate::directory::ad::entry::{base_name, decode_user};
use crate::directory::ad::ldap::entry_of_bytes;
use crate::directory::entra::graph::fuzzed;
use crate::model::{AnchorMode, ObservedForest};

use super::assert_harmless;
use super::exports::written_forest;

pub(super) fn users(bytes: &[u8]) {
    for in_bin in [false, true] {
        let first = fuzzed::page_of_users(bytes, in_bin);
        assert_eq!(first, fuzzed::page_of_users(bytes, in_bin));
        match first {
            Ok(users) => assert!(users.len() <= bytes.len(), "nobody comes from nowhere"),
            Err(why) => lines_are_harmless(&why),
        }
    }
}

pub(super) fn batch(bytes: &[u8]) {
    match fuzzed::batch(bytes) {
        Err(why) => lines_are_harmless(&why),
        Ok((parts, left)) => {
            let open = parts.iter().filter(|part| part.is_none()).count();
            assert_eq!(open > 0, left.is_some(), "what was not answered is asked again");
            left.iter().for_each(|why| lines_are_harmless(why));
            let told = parts.into_iter().flatten().filter(|part| serde_json::from_str::<Value>(part).is_err());
            told.for_each(|why| lines_are_harmless(&why));
        }
    }
}

/// The first byte chooses the status.
pub(super) fn error(bytes: &[u8]) {
    const STATUS: [u16; 12] = [400, 401, 403, 404, 405, 409, 412, 429, 500, 502, 503, 302];
    const SECRET: &str = "hunter+2";
    let Some((first, body)) = bytes.split_first() else { return };
    let status = STATUS.get(usize::from(*first) % STATUS.len()).copied().unwrap_or(400);
    let sent = b"client_secret=hunter%2B2&client_id=a";
    let [read, write, sign_in] = fuzzed::refusals(status, body, sent);
    [&read, &write, &sign_in].into_iter().for_each(|text| lines_are_harmless(text));
    assert!(!sign_in.contains(SECRET), "a secret that comes back is not shown: {sign_in}");
}

pub(super) fn ldap_entry(bytes: &[u8]) {
    let Some(entry) = entry_of_bytes(bytes) else { return };
    // Names as attributes have them; what else a server sends is not asked for.
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let anchors = [AnchorMode::ConsistencyGuid, AnchorMode::Attribute("extensionAttribute1".into())];
    for anchor in anchors {
        assert_eq!(decode_user(&entry, &anchor), decode_user(&entry, &anchor));
        match decode_user(&entry, &anchor) {
            Err(error) => assert!(error.attribute().is_none_or(|name| is_name(base_name(name)))),
            Ok(None) => {}
            Ok(Some(user)) => {
                let domain_sid = user.sid.as_ref().and_then(|sid| sid.domain());
                let name = "corp".into();
                let users = vec![user];
                let forest = ObservedForest { name, anchor: anchor.clone(), domain_sid, users, ..ObservedForest::default() };
                written_forest(forest, &anchor);
            }
        }
    }
}

/// Messages of many users have a line each.
fn lines_are_harmless(text: &str) {
    assert_harmless(text);
    assert!(text.len() < 16_000, "a message is not endless: {} bytes", text.len());
}
