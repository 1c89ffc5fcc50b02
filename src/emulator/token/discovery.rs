//! What clients look up before they sign in.

use serde_json::json;

use super::super::call::Answer;
use super::super::world::World;
use super::{Refused, SignInCall, grant};

/// GET /{tenant}/v2.0/.well-known/openid-configuration
pub(super) fn configuration(world: &World, call: &SignInCall<'_>, tenant: &str) -> Result<Answer, Refused> {
    grant::check_tenant(world, tenant)?;
    let (base, id) = (call.base, world.tenant_id());
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    Ok(Answer::json(json!({
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{base}/{id}/v2.0"),
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/devicecode"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": host,
        "cloud_graph_host_name": host,
        "msgraph_host": host,
    })))
}

/// GET /common/discovery/instance
pub(super) fn instances(call: &SignInCall<'_>) -> Answer {
    let host = call.base.split_once("://").map_or(call.base, |(_, host)| host);
    Answer::json(json!({
        "tenant_discovery_endpoint": format!("{}/common/v2.0/.well-known/openid-configuration", call.base),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}

/// GET /{tenant}/discovery/v2.0/keys: there are none, as nobody needs to check these tokens
pub(super) fn keys() -> Answer {
    Answer::json(json!({ "keys": [] }))
}
