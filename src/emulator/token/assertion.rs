//! What a `client_assertion` claims: <https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials>.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::super::script::Client;
use super::super::world::World;
use super::{Refused, Tokens};

const EXCHANGE: &[&str] = &["api://AzureADTokenExchange", "api://AzureADTokenExchangeUSGov", "api://AzureADTokenExchangeChina"];
const LOGINS: &[&str] = &[
    "https://login.microsoftonline.com",
    "https://login.microsoftonline.us",
    "https://login.partner.microsoftonline.cn",
    "https://login.chinacloudapi.cn",
];

/// An assertion, unpacked.
struct Jwt {
    header: Value,
    claims: Value,
}

impl Jwt {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).or_else(|_| URL_SAFE.decode(part)).ok();
        let json = |part: &str| serde_json::from_slice::<Value>(&decode(part)?).ok().filter(Value::is_object);
        let is_signed = decode(signature).is_some_and(|bytes| !bytes.is_empty()) && parts.next().is_none();
        is_signed.then_some(())?;
        Some(Self { header: json(header)?, claims: json(claims)? })
    }

    fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    fn head(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    fn seconds(&self, name: &str) -> Option<i64> {
        self.claims.get(name).and_then(Value::as_f64).map(|seconds| seconds as i64)
    }
}

/// Checks the assertion of a client.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(
    tokens: &mut Tokens,
    world: &World,
    client_id: &str,
    client: Option<&Client>,
    text: &str,
    base: &str,
) -> Result<(), Refused> {
    let jwt = Jwt::parse(text).ok_or_else(|| Refused::client(50_027, "JWT token is invalid or malformed."))?;
    check_time(&jwt, world.clock.now().as_second())?;
    let is_own = jwt.claim("iss").is_some_and(|issuer| issuer.eq_ignore_ascii_case(client_id));
    if is_own { certificate(tokens, client_id, client, &jwt, base) } else { federated(client, &jwt) }
}

fn check_time(jwt: &Jwt, now: i64) -> Result<(), Refused> {
    const SKEW: i64 = 300;
    let expires = jwt.seconds("exp").ok_or_else(|| bad("it has no 'exp'"))?;
    if expires.saturating_add(SKEW) < now {
        return Err(Refused::client(700_024, "Client assertion is not within its valid time range: it has expired."));
    }
    if jwt.seconds("nbf").is_some_and(|not_before| not_before.saturating_sub(SKEW) > now) {
        return Err(Refused::client(700_024, "Client assertion is not within its valid time range: it is not valid yet."));
    }
    Ok(())
}

/// Signed by the application's own certificate.
fn certificate(tokens: &mut Tokens, client_id: &str, client: Option<&Client>, jwt: &Jwt, base: &str) -> Result<(), Refused> {
    if !jwt.claim("sub").is_some_and(|subject| subject.eq_ignore_ascii_case(client_id)) {
        return Err(bad("'sub' and 'iss' have to be the client id"));
    }
    if !jwt.claim("aud").is_some_and(|audience| is_token_endpoint(audience, base)) {
        return Err(bad("'aud' is not the token endpoint"));
    }
    let thumbprint = match jwt.head("alg") {
        Some("PS256") => jwt.head("x5t#S256"),
        Some("RS256") => jwt.head("x5t#S256").or_else(|| jwt.head("x5t")),
        _ => return Err(bad("'alg' has to be PS256 or RS256")),
    };
    let thumbprint = thumbprint.ok_or_else(|| bad("the header has no thumbprint (x5t#S256 or x5t)"))?;
    let is_known = client
        .is_none_or(|client| client.thumbprints.iter().any(|own| own.trim_end_matches('=') == thumbprint.trim_end_matches('=')));
    if !is_known {
        return Err(bad("the key was not found by its thumbprint"));
    }
    let id = jwt.claim("jti").ok_or_else(|| bad("it has no 'jti'"))?;
    if tokens.used_assertions.insert(format!("{client_id}\n{id}")) { Ok(()) } else { Err(bad("its 'jti' was used before")) }
}

fn bad(why: &str) -> Refused {
    Refused::client(700_027, format!("Client assertion failed signature validation or is not acceptable: {why}."))
}

fn is_token_endpoint(audience: &str, base: &str) -> bool {
    let ends = audience.ends_with("/oauth2/v2.0/token") || audience.ends_with("/oauth2/token") || audience.ends_with("/v2.0");
    let hosts = LOGINS.iter().copied().chain([base]);
    let mut rests = hosts.filter_map(|host| audience.strip_prefix(host));
    ends && rests.any(|rest| rest.starts_with('/'))
}

/// Issued by somebody whom the application trusts.
fn federated(client: Option<&Client>, jwt: &Jwt) -> Result<(), Refused> {
    let audience = match jwt.claims.get("aud") {
        Some(Value::Array(list)) => list.first().and_then(Value::as_str),
        other => other.and_then(Value::as_str),
    };
    if !audience.is_some_and(|audience| EXCHANGE.contains(&audience)) {
        return Err(Refused::client(700_212, "No matching federated identity record found for presented assertion audience."));
    }
    let (issuer, subject) = (jwt.claim("iss").unwrap_or_default(), jwt.claim("sub").unwrap_or_default());
    let matches = |wanted: Option<&str>, own: &str| wanted.is_some_and(|wanted| wanted == own);
    let Some(client) = client else { return Ok(()) };
    if !matches(client.issuer.as_deref(), issuer) {
        let text = format!("No matching federated identity record found for presented assertion issuer '{issuer}'.");
        return Err(Refused::client(700_211, text));
    }
    if !matches(client.subject.as_deref(), subject) {
        let text = format!("No matching federated identity record found for presented assertion subject '{subject}'.");
        return Err(Refused::client(700_213, text));
    }
    Ok(())
}
