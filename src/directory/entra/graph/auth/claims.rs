//! What an access token says of itself: decoded to look ahead, never trusted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::AccessToken;

/// Some claims of an access token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The application that it was issued to.
    pub app_id: Option<String>,
    /// The person who signed in; none when the application signed in itself.
    pub upn: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// Whom it is for.
    pub audience: Option<String>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Permissions of the application.
    pub roles: Vec<String>,
    /// Permissions that a person delegated.
    pub scopes: Vec<String>,
    /// Templates of the directory roles of whoever signed in.
    pub directory_roles: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Payload {
    appid: Option<String>,
    azp: Option<String>,
    upn: Option<String>,
    tid: Option<String>,
    aud: Option<String>,
    exp: Option<i64>,
    roles: Vec<String>,
    scp: Option<String>,
    wids: Vec<String>,
}

impl Claims {
    /// All permissions that the token carries.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().chain(&self.scopes).map(String::as_str)
    }
}

/// The claims of a token; `None` for one that is not a JWT.
#[must_use]
pub fn claims(token: &AccessToken) -> Option<Claims> {
    let payload = token.secret.expose_secret().split('.').nth(1)?.trim_end_matches('=').to_owned();
    let read: Payload = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(Claims {
        app_id: read.appid.or(read.azp),
        upn: read.upn,
        tenant: read.tid,
        audience: read.aud,
        expires: read.exp.and_then(|second| Timestamp::from_second(second).ok()),
        roles: read.roles,
        scopes: read.scp.map(|scopes| scopes.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
        directory_roles: read.wids,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> AccessToken {
        AccessToken { secret: format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload)).into() }
    }

    #[test]
    fn reads_what_a_token_says_of_itself() {
        let read = claims(&token(r#"{"tid":"t","roles":["User.Read.All"],"scp":"A B","exp":1795564800,"upn":"eve@x.example"}"#))
            .unwrap();
        assert_eq!(read.permissions().collect::<Vec<_>>(), ["User.Read.All", "A", "B"]);
        assert_eq!(read.expires.unwrap().as_second(), 1_795_564_800);
        assert_eq!(claims(&AccessToken { secret: String::from("opaque").into() }), None);
        assert_eq!(claims(&token("no json")), None);
    }
}
