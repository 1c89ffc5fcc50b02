//! LDAP result codes and Active Directory's sub-codes of a refused sign-in, as sentences that say what to do.

/// What kind of error an answer amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The configuration is wrong.
    Input,
    /// Sign-in or a right is missing.
    Denied,
    /// Not now.
    Unreachable,
}

/// The names of result codes in RFC 4511.
const NAMES: [(u32, &str); 38] = [
    (0, "success"),
    (1, "operationsError"),
    (2, "protocolError"),
    (3, "timeLimitExceeded"),
    (4, "sizeLimitExceeded"),
    (7, "authMethodNotSupported"),
    (8, "strongerAuthRequired"),
    (10, "referral"),
    (11, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (14, "saslBindInProgress"),
    (16, "noSuchAttribute"),
    (17, "undefinedAttributeType"),
    (18, "inappropriateMatching"),
    (19, "constraintViolation"),
    (20, "attributeOrValueExists"),
    (21, "invalidAttributeSyntax"),
    (32, "noSuchObject"),
    (33, "aliasProblem"),
    (34, "invalidDNSyntax"),
    (36, "aliasDereferencingProblem"),
    (48, "inappropriateAuthentication"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
    (54, "loopDetect"),
    (64, "namingViolation"),
    (65, "objectClassViolation"),
    (66, "notAllowedOnNonLeaf"),
    (67, "notAllowedOnRDN"),
    (68, "entryAlreadyExists"),
    (69, "objectClassModsProhibited"),
    (71, "affectsMultipleDSAs"),
    (80, "other"),
    (85, "timeout"),
];

/// The code's name in RFC 4511.
pub(super) fn name(code: u32) -> &'static str {
    NAMES.iter().find(|(own, _)| *own == code).map_or("unknown code", |(_, name)| name)
}

/// What a refused read means.
pub(super) fn of_read(code: u32) -> (Kind, &'static str) {
    use Kind::{Denied, Input, Unreachable};
    match code {
        1 => (Denied, "the server wants a sign-in before it answers, or the sign-in was lost; try again"),
        2 => (Unreachable, "the server does not understand the request; is it a domain controller?"),
        3 => (Unreachable, "the server ran out of its time for one search; try again later, or narrow `baseDn`"),
        4 => {
            (Unreachable, "the server cut the list short; a part of a list is never used. Raise its size limit for this account")
        }
        7 | 48 => (Denied, "the server does not offer this way to sign in"),
        8 | 13 => (Denied, "the server wants an encrypted connection; write ldaps:// or add `startTls: true`"),
        10 => (Input, "this server does not hold that part of the directory; name a domain controller of the domain in `url`"),
        11 => (Unreachable, "an administrative limit of the server was exceeded; ask its admin, or narrow `baseDn`"),
        12 => (Input, "the server cannot page its results, so no list of it could be trusted; is it a domain controller?"),
        32 => {
            (Input, "there is no such object on this server; check `baseDn`, and that this domain controller holds that domain")
        }
        34 => (Input, "the server cannot read that name; check `baseDn`"),
        49 => (Denied, "the sign-in is no longer valid"),
        50 => (Denied, "the account may not read this; give it read access to the users below `baseDn`"),
        51 => (Unreachable, "the server is too busy; try again later"),
        52 => (Unreachable, "the server is shutting down or starting; try again later, or name another domain controller"),
        53 => (Denied, "the server is unwilling to do that"),
        _ => (Unreachable, "the server refused"),
    }
}

/// Active Directory's reasons for a refused sign-in, by the number behind `data` in its text.
const SIGN_IN: [(&str, &str); 14] = [
    ("525", "the domain does not know this name"),
    ("52e", "the name or the password is wrong"),
    ("51f", "there is no such domain; check the part before `\\` or behind `@`"),
    ("52f", "an account restriction forbids it, such as a blank password or a sign-in policy"),
    ("530", "the account may not sign in at this time of day"),
    ("531", "the account may not sign in from this computer; look at its `Log On To` list"),
    ("532", "the password has expired; change it and store the new one where `password` points"),
    ("533", "the account is disabled; enable it, or use another"),
    ("534", "the account lacks the right to sign in this way on the domain controller"),
    ("568", "the account is in too many groups for a sign-in"),
    ("701", "the account has expired; extend it, or use another"),
    ("773", "the password must be changed before the first sign-in; change it and store the new one where `password` points"),
    ("775", "the account is locked; unlock it, and look for whatever tries an old password"),
    ("80090346", CHANNEL_BINDING),
];

const CHANNEL_BINDING: &str = "the domain controller demands channel binding, which this sign-in does not carry; sign in with \
                               `simple` over ldaps://";

/// What a refused sign-in means.
pub(super) fn of_sign_in(code: u32, text: &str) -> String {
    match code {
        49 => {
            let says = sub_code(text).and_then(|data| SIGN_IN.iter().find(|(own, _)| data.eq_ignore_ascii_case(own)));
            let says = says.map_or("the name or the password is wrong, or the account may not sign in", |(_, says)| says);
            format!("{says}. It was tried once only, so that the account is not locked")
        }
        7 => "the server does not offer this way to sign in".to_owned(),
        8 | 13 => "the server takes no password on an unencrypted connection; write ldaps:// or add `startTls: true`".to_owned(),
        14 => "the server did not finish the sign-in".to_owned(),
        48 => "the server refuses this way to sign in for this account".to_owned(),
        53 => "the server is unwilling; an empty name or password, or a policy of the domain, may be why".to_owned(),
        34 => "the name is no distinguished name; write name@domain or DOMAIN\\name".to_owned(),
        32 => "there is no such account".to_owned(),
        other => of_read(other).1.to_owned(),
    }
}

/// The number behind `data` in `80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v2580`.
pub(super) fn sub_code(text: &str) -> Option<&str> {
    if text.contains("80090346") {
        return Some("80090346");
    }
    let (_, rest) = text.split_once("data ")?;
    Some(rest.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or_default()).filter(|data| !data.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_a_refused_sign_in_says_what_to_do() {
        for (data, says) in [
            ("52e", "name or the password is wrong"),
            ("525", "does not know this name"),
            ("530", "time of day"),
            ("531", "Log On To"),
            ("532", "has expired"),
            ("533", "disabled"),
            ("701", "account has expired"),
            ("773", "must be changed"),
            ("775", "locked"),
        ] {
            let text = format!("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1");
            assert_eq!(sub_code(&text), Some(data));
            let sentence = of_sign_in(49, &text);
            assert!(sentence.contains(says) && sentence.contains("once only"), "{data}: {sentence}");
        }
        let binding =
            of_sign_in(49, "80090346: LdapErr: DSID-0C0906B0, comment: AcceptSecurityContext error, data 80090346, v4563");
        assert!(binding.contains("channel binding"), "{binding}");
        assert!(of_sign_in(49, "").contains("may not sign in"));
        assert_eq!(sub_code("data , v1"), None);
    }

    #[test]
    fn every_code_has_a_name_and_a_sentence() {
        for code in [1, 2, 3, 4, 7, 8, 10, 11, 12, 13, 32, 34, 48, 49, 50, 51, 52, 53] {
            assert_ne!(name(code), "unknown code", "{code}");
            assert_ne!(of_read(code).1, "the server refused", "{code}");
            assert!(!of_sign_in(code, "").is_empty());
        }
        assert_eq!(of_read(4).0, Kind::Unreachable);
        assert_eq!(of_read(10).0, Kind::Input);
        assert_eq!(of_read(50).0, Kind::Denied);
        assert_eq!((name(4711), of_read(4711).1), ("unknown code", "the server refused"));
        for code in [8, 13] {
            assert!(of_sign_in(code, "BindSimple: Transport encryption required.").contains("ldaps://"));
        }
    }
}
