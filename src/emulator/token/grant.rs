//! The token endpoint: client credentials, device codes, refreshed tokens, managed identities.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::call::Answer;
use super::super::script::Client;
use super::super::world::World;
use super::form::Form;
use super::{Refused, SignInCall, Tokens, assertion, device};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Hosts of Graph in the four clouds; whoever asks for one of them means this emulator.
const GRAPH_HOSTS: &[&str] = &[
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
    "00000003-0000-0000-c000-000000000000",
];

/// POST /{tenant}/oauth2/v2.0/token
pub(super) fn token(tokens: &mut Tokens, world: &World, call: &SignInCall<'_>, tenant: &str) -> Result<Answer, Refused> {
    check_tenant(world, tenant)?;
    let form = Form::read(call.body);
    let id = form.get("client_id").ok_or_else(|| Refused::missing("client_id"))?;
    let client = client(world, id)?;
    match form.get("grant_type").ok_or_else(|| Refused::missing("grant_type"))? {
        "client_credentials" => {
            check_scope(&form, call.base)?;
            check_credential(tokens, world, id, client, &form, call.base)?;
            Ok(issued(tokens, world, call, id, false))
        }
        "urn:ietf:params:oauth:grant-type:device_code" => {
            let offline = device::poll(tokens, world, &form)?;
            Ok(issued(tokens, world, call, id, offline))
        }
        "refresh_token" => {
            let sent = form.get("refresh_token").ok_or_else(|| Refused::missing("refresh_token"))?;
            let known = tokens.refresh.remove(sent);
            let refused = || Refused::new(400, "invalid_grant", 70_000, "The provided grant is invalid or malformed.");
            if known { Ok(issued(tokens, world, call, id, true)) } else { Err(refused()) }
        }
        other => {
            let text = format!("The app requested an unsupported grant type '{other}'.");
            Err(Refused::new(400, "unsupported_grant_type", 70_003, text))
        }
    }
}

/// The tenant of the address: by id, by a domain, or one of the common names.
pub(super) fn check_tenant(world: &World, tenant: &str) -> Result<(), Refused> {
    let observed = world.tenant.observed();
    let is = |name: &str| name.eq_ignore_ascii_case(tenant);
    let domains = observed.domains.iter().flatten().map(|domain| &*domain.name).chain(observed.initial_domain.as_deref());
    let known = observed.id.is_none()
        || is(&world.tenant_id())
        || ["common", "organizations"].into_iter().any(is)
        || domains.into_iter().any(is);
    let text = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
    );
    if known { Ok(()) } else { Err(Refused::new(400, "invalid_request", 90_002, text)) }
}

/// The application; `None` when any may sign in.
fn client<'a>(world: &'a World, id: &str) -> Result<Option<&'a Client>, Refused> {
    let clients = &world.script.sign_in.clients;
    let found = clients.iter().find(|client| client.client_id.eq_ignore_ascii_case(id));
    let text = format!("Application with identifier '{id}' was not found in the directory.");
    if found.is_none() && !clients.is_empty() { Err(Refused::new(400, "unauthorized_client", 700_016, text)) } else { Ok(found) }
}

/// Which API the token is for.
fn check_scope(form: &Form, base: &str) -> Result<(), Refused> {
    let resource = match (form.get("scope"), form.get("resource")) {
        (Some(scope), _) => scope.strip_suffix("/.default").ok_or_else(|| {
            let text = format!("The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.");
            Refused::new(400, "invalid_scope", 1_002_012, text)
        })?,
        (None, Some(resource)) => resource,
        (None, None) => return Err(Refused::missing("scope")),
    };
    check_resource(resource, base)
}

fn check_resource(resource: &str, base: &str) -> Result<(), Refused> {
    let resource = resource.trim_end_matches('/');
    let known = resource == base || GRAPH_HOSTS.iter().any(|host| host.eq_ignore_ascii_case(resource));
    let text = format!("The resource principal named {resource} was not found in the tenant.");
    if known { Ok(()) } else { Err(Refused::new(400, "invalid_resource", 500_011, text)) }
}

fn check_credential(
    tokens: &mut Tokens,
    world: &World,
    id: &str,
    client: Option<&Client>,
    form: &Form,
    base: &str,
) -> Result<(), Refused> {
    if let Some(text) = form.get("client_assertion") {
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(Refused::missing("client_assertion_type"));
        }
        return assertion::check(tokens, world, id, client, text, base);
    }
    let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    let secret = form.get("client_secret").ok_or_else(|| Refused::client(7_000_218, text))?;
    let Some(client) = client else { return Ok(()) };
    if client.secret.as_deref() != Some(secret) {
        let text = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.";
        return Err(Refused::client(7_000_215, text));
    }
    let expired = "The provided client secret keys for the app are expired.";
    if client.secret_expired { Err(Refused::client(7_000_222, expired)) } else { Ok(()) }
}

fn issued(tokens: &mut Tokens, world: &World, call: &SignInCall<'_>, client: &str, offline: bool) -> Answer {
    let seconds = world.script.sign_in.token_seconds;
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": tokens.issue(world, client, call.base, Some(seconds)),
    });
    if let Some(body) = body.as_object_mut().filter(|_| offline) {
        let refresh = format!("0.{}", Uuid::now_v7());
        tokens.refresh.insert(refresh.clone());
        body.insert("refresh_token".to_owned(), json!(refresh));
        body.insert("scope".to_owned(), json!(world.grants.permissions().join(" ")));
    }
    Answer::json(body)
}

/// GET /metadata/identity/oauth2/token, as virtual machines and App Service offer it
pub(super) fn managed_identity(tokens: &mut Tokens, world: &World, call: &SignInCall<'_>) -> Result<Answer, Refused> {
    let has = |name: &str| call.headers.contains_key(name);
    let is_metadata = call.headers.get("Metadata").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    if !is_metadata && !has("X-IDENTITY-HEADER") {
        return Err(Refused::new(400, "bad_request_102", 0, "Required metadata header not specified."));
    }
    let query = Form::read(call.query.as_bytes());
    let resource = query.get("resource").ok_or_else(|| Refused::missing("resource"))?;
    query.get("api-version").ok_or_else(|| Refused::missing("api-version"))?;
    check_resource(resource, call.base)?;
    let seconds = world.script.sign_in.token_seconds;
    let client = query.get("client_id").unwrap_or("00000000-0000-4000-8000-00000000bbbb");
    let ends = world.clock.now().as_second().saturating_add(seconds.into());
    // Numbers are texts here.
    let body: Value = json!({
        "access_token": tokens.issue(world, client, call.base, Some(seconds)),
        "client_id": client,
        "expires_in": seconds.to_string(),
        "expires_on": ends.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    Ok(Answer::json(body))
}
