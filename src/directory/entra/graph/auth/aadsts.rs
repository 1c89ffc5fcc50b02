//! What the codes of the sign-in service mean, and what to do about them:
//! <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>.

const ADVICE: &[(u32, &str)] = &[
    (
        7_000_215,
        "the client secret is wrong: hand over the `Value` of the secret, not its `Secret ID`, and one of this application",
    ),
    (7_000_222, "the client secret has expired: create a new one under `Certificates & secrets` of the app registration"),
    (7_000_216, "the application has to prove who it is: configure a client secret, a certificate or a federated credential"),
    (
        7_000_218,
        "this application is no public client: turn on `Allow public client flows` under `Authentication` of the app registration, \
         or sign in with a secret or a certificate",
    ),
    (700_025, "this application is a public client and has no secret: sign in with deviceCode, or use another application"),
    (
        700_016,
        "this tenant does not know the application: check `clientId` and `tenantId`, and that it was consented to in this tenant",
    ),
    (7_000_229, "the application has no service principal in this tenant: have an administrator consent to it here"),
    (7_000_112, "the application is disabled in this tenant: enable it under `Enterprise applications`, `Properties`"),
    (90_002, "there is no such tenant in this cloud: check `tenantId` and `cloud`"),
    (900_023, "`tenantId` is neither the id of a tenant nor one of its domains"),
    (
        700_027,
        "the certificate is not accepted: upload it (the certificate, not the key) under `Certificates & secrets` of the app \
         registration, and check that it has not expired",
    ),
    (700_024, "the assertion is outside of its time: check the clock of this machine"),
    (50_027, "the token that the pipeline or the cluster issued is malformed: check which issuer made it"),
    (
        70_021,
        "no federated credential of the application matches the token of this pipeline or cluster: compare issuer, subject and \
         audience",
    ),
    (700_211, "no federated credential of the application has the issuer of this token: compare `issuer`"),
    (700_212, "no federated credential of the application has the audience of this token: compare `audience`"),
    (
        700_213,
        "no federated credential of the application has the subject of this token: compare `subject` with the repository, branch \
         or environment of the pipeline, or the service account of the cluster",
    ),
    (65_001, "nobody has consented to the permissions yet: have an administrator grant them to the application"),
    (65_004, "consent was declined: sign in again and accept, or have an administrator consent"),
    (90_094, "these permissions take the consent of an administrator: have one grant them to the application"),
    (53_000, "Conditional Access demands a compliant device: sign in from one, or with an application of its own"),
    (
        53_001,
        "Conditional Access demands a device that has joined the domain: sign in from one, or with an application of its own",
    ),
    (
        53_003,
        "Conditional Access blocks this sign-in: look it up in the sign-in log for the policy (device codes are blocked often), or \
         sign in with an application of its own",
    ),
    (530_035, "security defaults block this sign-in: sign in with an application of its own"),
    (50_074, "multi-factor authentication is demanded: sign in with it, or with an application of its own"),
    (50_076, "multi-factor authentication is demanded: sign in with it, or with an application of its own"),
    (50_079, "multi-factor authentication is demanded and not set up: set it up for this account, then sign in again"),
    (50_020, "the account that signed in does not belong to this tenant: use one of this tenant, or invite it as a guest"),
    (90_072, "the account that signed in does not belong to this tenant: use one of this tenant, or invite it as a guest"),
    (50_034, "the account that signed in does not exist in this tenant: use one of this tenant"),
    (50_053, "the account is locked, or its address is blocked after many failed sign-ins: wait, then sign in again"),
    (50_055, "the password of the account has expired: change it, then sign in again"),
    (50_057, "the account that signed in is disabled"),
    (50_105, "the account is not assigned to the application: assign it under `Enterprise applications`, `Users and groups`"),
    (50_126, "the user name or the password is wrong"),
    (50_173, "the sign-in was revoked, as after a change of the password: sign in again"),
    (700_082, "the sign-in was not used for too long: sign in again"),
    (70_008, "the sign-in has expired, or was declined: sign in again"),
    (70_011, "the scope is not valid: check `cloud`"),
    (1_002_012, "the scope is not valid for an application: check `cloud`"),
    (500_011, "this tenant does not know Microsoft Graph of this cloud: check `cloud` and `tenantId`"),
    (900_382, "the application is registered in another cloud: check `cloud`"),
];

/// What to do about a code.
pub(super) fn advice(code: u32) -> Option<&'static str> {
    ADVICE.iter().find(|(known, _)| *known == code).map(|(_, advice)| *advice)
}

/// Codes that say "try again".
pub(super) fn is_passing(code: u32) -> bool {
    matches!(code, 90_006 | 90_033)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<u32> = ADVICE.iter().map(|(code, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ADVICE.len());
    }

    #[test]
    fn advice_fits_into_a_message() {
        for (code, advice) in ADVICE {
            assert!(!advice.ends_with('.') && !advice.contains('\n') && !advice.contains("  "), "{code}");
        }
    }
}
