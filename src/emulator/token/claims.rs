//! Access tokens: JWTs whose claims say what was granted, so that clients can look before they leap.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::super::roles::template_ids;
use super::super::world::World;

/// A new token. Nothing but the emulator can check its signature.
pub(super) fn token(world: &World, client: &str, base: &str, seconds: u32) -> String {
    let now = world.clock.now().as_second();
    let tenant = world.tenant_id();
    let mut claims = json!({
        "aud": "https://graph.microsoft.com",
        "iss": format!("{base}/{tenant}/v2.0"),
        "iat": now,
        "nbf": now,
        "exp": now.saturating_add(seconds.into()),
        "appid": client,
        "app_displayname": "Rehearsal",
        "tid": tenant,
        "uti": Uuid::now_v7(),
        "ver": "1.0",
        "wids": template_ids(world.grants.roles()),
    });
    if let Some(claims) = claims.as_object_mut() {
        let permissions = world.grants.permissions();
        if world.grants.delegated {
            claims.insert("idtyp".to_owned(), json!("user"));
            claims.insert("scp".to_owned(), json!(permissions.join(" ")));
            claims.extend(person(world));
        } else {
            claims.insert("idtyp".to_owned(), json!("app"));
            claims.insert("roles".to_owned(), json!(permissions));
            // The service principal of the application, which the snapshot does not hold.
            claims.insert("oid".to_owned(), json!(SERVICE_PRINCIPAL));
        }
    }
    signed(&json!({ "typ": "JWT", "alg": "RS256", "kid": "graph-emulator" }), &claims)
}

/// The object that stands for the application in the tenant.
const SERVICE_PRINCIPAL: &str = "00000000-0000-4000-8000-00000000a990";

/// Who signed in, named by id or sign-in name in the script.
fn person(world: &World) -> Map<String, Value> {
    let me = world.script.access.me.as_deref();
    let id = me.and_then(|me| world.by_key(me));
    let user = id.and_then(|id| world.present(&id)).map(|seen| seen.json).unwrap_or_default();
    let name = user.get("userPrincipalName").cloned().unwrap_or_else(|| json!(me));
    let own = [("oid", json!(id.map(|id| id.to_string()))), ("name", json!(user.get("displayName"))), ("upn", name)];
    own.into_iter().map(|(claim, value)| (claim.to_owned(), value)).collect()
}

fn signed(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = format!("{}.{}", encode(header), encode(claims));
    let signature = Sha256::digest(format!("{head}{}", Uuid::now_v7()));
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(signature))
}
