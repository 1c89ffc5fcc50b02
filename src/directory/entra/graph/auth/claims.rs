//! What an access token says of itself, for looking before leaping. Nobody checks its signature here: Graph does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::AccessToken;

/// What an access token says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Permissions granted to the application.
    pub roles: Vec<String>,
    /// Permissions granted to whoever is signed in.
    pub scp: Vec<String>,
    /// Template ids of the directory roles that are held.
    pub wids: Vec<String>,
    /// The tenant.
    pub tid: Option<String>,
    /// The application.
    pub appid: Option<String>,
    /// Who is signed in, when that is a person.
    pub upn: Option<String>,
    /// When it ends.
    pub exp: Option<Timestamp>,
    /// Whom it is for.
    pub aud: Option<String>,
}

/// Decodes a token without trusting it; `None` when it is opaque.
#[must_use]
pub fn claims(token: &AccessToken) -> Option<Claims> {
    let mut parts = token.secret.expose_secret().split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let json: Value = serde_json::from_slice(&bytes).ok().filter(Value::is_object)?;
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Claims {
        roles: list(&json, "roles"),
        scp: text("scp").map(|scopes| scopes.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
        wids: list(&json, "wids"),
        tid: text("tid"),
        appid: text("appid").or_else(|| text("azp")),
        upn: text("upn").or_else(|| text("preferred_username")),
        exp: json.get("exp").and_then(Value::as_i64).and_then(|second| Timestamp::from_second(second).ok()),
        aud: text("aud"),
    })
}

fn list(json: &Value, name: &str) -> Vec<String> {
    let entries = json.get(name).and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(claims_part: &str) -> Option<Claims> {
        claims(&AccessToken { secret: format!("e30.{claims_part}.c2ln").into() })
    }

    #[test]
    fn reads_what_a_token_says() {
        let body = json!({
            "roles": ["User.ReadWrite.All", 7], "scp": "User.Read  Group.Read.All", "wids": ["w"], "tid": "t", "appid": "a",
            "upn": "ann@x.example", "exp": 1_800_000_000, "aud": "https://graph.microsoft.com",
        });
        let claims = of(&URL_SAFE_NO_PAD.encode(body.to_string())).unwrap();
        assert_eq!(claims.roles, ["User.ReadWrite.All"]);
        assert_eq!(claims.scp, ["User.Read", "Group.Read.All"]);
        assert_eq!(
            (claims.tid.as_deref(), claims.appid.as_deref(), claims.upn.as_deref()),
            (Some("t"), Some("a"), Some("ann@x.example"))
        );
        assert_eq!(claims.exp.unwrap().as_second(), 1_800_000_000);
    }

    #[test]
    fn an_opaque_token_says_nothing() {
        for text in ["", "opaque", "a.b", "a.b.c", "a.!!.c", "EwBgA8l6BAAU"] {
            assert_eq!(claims(&AccessToken { secret: text.to_owned().into() }), None, "{text}");
        }
        assert_eq!(of(&URL_SAFE_NO_PAD.encode("[]")), None);
        let odd = of(&URL_SAFE_NO_PAD.encode(r#"{"roles":"x","exp":1e300,"scp":[]}"#)).unwrap();
        assert_eq!(odd, Claims::default());
    }
}
