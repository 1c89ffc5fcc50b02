//! The section `tenant`: where the cloud users are read and written.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;

use super::hide;
use super::reader::{Fault, Reader};
use super::secrets::{Secret, is_nearly, is_variable, looks_like_secret};
use super::tree::Value;
use crate::model::text::nearest;

pub use crate::directory::entra::graph::auth::Cloud;
use crate::directory::net::secure;

/// Where the tenant is.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub enum TenantSource {
    /// An exported tenant: JSON as the verb `snapshot` writes it.
    Snapshot(PathBuf),
    /// A live tenant, through Microsoft Graph.
    Graph(Box<GraphTenant>),
}

/// A live tenant.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct GraphTenant {
    /// The id of the tenant, or one of its domains.
    pub tenant_id: String,
    /// Which cloud it lives in.
    #[schemars(default)]
    pub cloud: Cloud,
    /// How to sign in.
    #[schemars(schema_with = "super::schema::graph_auth")]
    pub auth: GraphAuth,
    /// The address of Graph, instead of the cloud's own: https anywhere, http on loopback only.
    #[schemars(default)]
    pub endpoint: Option<String>,
    /// The address of the sign-in service, instead of the cloud's own: https anywhere, http on loopback only.
    #[schemars(default)]
    pub authority: Option<String>,
}

const CLOUDS: [(&str, Cloud); 4] =
    [("global", Cloud::Global), ("usGov", Cloud::UsGov), ("usGovDod", Cloud::UsGovDod), ("china", Cloud::China)];

/// How to sign in to Graph.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub enum GraphAuth {
    /// An app registration with a client secret.
    #[schemars(rename_all = "camelCase")]
    ClientSecret {
        /// The application id.
        client_id: String,
        /// Where its secret comes from.
        secret: Secret,
    },
    /// An app registration with a certificate.
    #[schemars(rename_all = "camelCase")]
    ClientCertificate {
        /// The application id.
        client_id: String,
        /// A PEM file with the certificate and its private key.
        certificate: PathBuf,
    },
    /// Federated credentials of a pipeline or a cluster.
    #[schemars(rename_all = "camelCase")]
    WorkloadIdentity {
        /// The application id, where the environment does not name it.
        #[schemars(default)]
        client_id: Option<String>,
    },
    /// The identity of the Azure machine that the program runs on.
    #[schemars(rename_all = "camelCase")]
    ManagedIdentity {
        /// The application id of a user-assigned identity.
        #[schemars(default)]
        client_id: Option<String>,
    },
    /// Whoever is signed in to the Azure command line.
    AzureCli {},
    /// A person who enters a code in a browser.
    #[schemars(rename_all = "camelCase")]
    DeviceCode {
        /// The application id.
        #[schemars(default)]
        client_id: Option<String>,
    },
    /// An access token that somebody else fetched.
    Token(Secret),
}

pub(super) const AUTH_KINDS: [&str; 7] =
    ["clientSecret", "clientCertificate", "workloadIdentity", "managedIdentity", "azureCli", "deviceCode", "token"];

type MakeAuth = fn() -> GraphAuth;

/// The ways to sign in that need no particulars.
pub(super) const BARE_AUTH: [(&str, MakeAuth); 4] = [
    ("azureCli", || GraphAuth::AzureCli {}),
    ("managedIdentity", || GraphAuth::ManagedIdentity { client_id: None }),
    ("workloadIdentity", || GraphAuth::WorkloadIdentity { client_id: None }),
    ("deviceCode", || GraphAuth::DeviceCode { client_id: None }),
];

/// The keys of a live tenant.
pub(super) const GRAPH_KEYS: [&str; 5] = ["tenantId", "cloud", "auth", "endpoint", "authority"];

/// Reads the section.
pub(super) fn read<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> Option<TenantSource> {
    let fields = reader.fields(value, &["snapshot", "graph"])?;
    match fields.exactly_one(reader, &["snapshot", "graph"], "the source of the tenant")? {
        ("snapshot", value) => reader.path(value, base).map(TenantSource::Snapshot),
        (_, value) => graph(reader, value, base).map(|graph| TenantSource::Graph(Box::new(graph))),
    }
}

fn graph<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> Option<GraphTenant> {
    let fields = reader.fields(value, &GRAPH_KEYS)?;
    let tenant_id = fields.required(reader, "tenantId").and_then(|value| identifier(reader, value));
    let cloud = fields.get("cloud").map_or(Some(Cloud::Global), |value| reader.word(value, &CLOUDS));
    let auth = fields.required(reader, "auth").and_then(|value| auth(reader, value, base));
    let endpoint = fields.get("endpoint").map(|value| address(reader, value));
    let authority = fields.get("authority").map(|value| address(reader, value));
    Some(GraphTenant {
        tenant_id: tenant_id?,
        cloud: cloud?,
        auth: auth?,
        endpoint: flatten(endpoint)?,
        authority: flatten(authority)?,
    })
}

/// Absent stays absent; what was there and wrong fails.
pub(super) fn flatten<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}

fn identifier<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<String> {
    let text = reader.text(value)?;
    if looks_like_secret(text) {
        hide::all(reader, value);
    } else if text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.') {
        return Some(text.to_owned());
    }
    reader.error(value, format!("`{text}` is neither an id nor a domain"), "copy the id from the Entra portal");
    None
}

fn address<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<String> {
    let text = reader.text(value)?;
    match check_address(text) {
        Ok(()) => Some(text.to_owned()),
        Err(fault) => {
            hide_password(reader, value, text);
            reader.note(value.span(), fault.error());
            None
        }
    }
}

/// Masks an address that carries a user and a password.
pub(super) fn hide_password<'t>(reader: &mut Reader<'t>, value: Value<'t>, text: &str) {
    if text.contains('@') {
        reader.masks.push(value.span());
    }
}

/// An address that tokens may be sent to.
fn check_address(text: &str) -> Result<(), Fault> {
    host_of(text, &["https", "http"])?;
    secure(text).map(drop).map_err(|unfit| Fault::new(unfit.why, unfit.cure))
}

/// The host of an address with one of these schemes.
pub(super) fn host_of<'a>(text: &'a str, schemes: &[&str]) -> Result<&'a str, Fault> {
    let example = schemes.first().copied().unwrap_or_default();
    let wrong = |summary: &str| Fault::new(summary, format!("write it as {example}://name.example.com"));
    let Some((scheme, rest)) = text.split_once("://") else { return Err(wrong("this is no address")) };
    if !schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Err(wrong(&format!("an address starts with {}://", schemes.join(":// or "))));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(wrong("an address must not carry a user or a password"));
    }
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, rest)) => (host, rest.strip_prefix(':').or(Some(rest).filter(|rest| !rest.is_empty()))),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if host.is_empty() || !port_fits || text.contains('\\') || text.chars().any(char::is_whitespace) {
        return Err(wrong("this is no address"));
    }
    Ok(host)
}

fn auth<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> Option<GraphAuth> {
    if value.scalar().is_some() {
        return bare_auth(reader, value);
    }
    let fields = reader.fields(value, &AUTH_KINDS)?;
    let (kind, value) = fields.exactly_one(reader, &AUTH_KINDS, "the way to sign in")?;
    let optional = |client_id| flatten(client_id);
    match kind {
        "clientSecret" => {
            let fields = reader.fields(value, &["clientId", "secret"])?;
            let client_id = fields.required(reader, "clientId").and_then(|value| identifier(reader, value));
            let secret = fields.required(reader, "secret").and_then(|value| secret(reader, value, "secret", base));
            Some(GraphAuth::ClientSecret { client_id: client_id?, secret: secret? })
        }
        "clientCertificate" => {
            let fields = reader.fields(value, &["clientId", "certificate"])?;
            let client_id = fields.required(reader, "clientId").and_then(|value| identifier(reader, value));
            let certificate = fields.required(reader, "certificate").and_then(|value| reader.path(value, base));
            Some(GraphAuth::ClientCertificate { client_id: client_id?, certificate: certificate? })
        }
        "workloadIdentity" => optional(client_id(reader, value)?).map(|client_id| GraphAuth::WorkloadIdentity { client_id }),
        "managedIdentity" => optional(client_id(reader, value)?).map(|client_id| GraphAuth::ManagedIdentity { client_id }),
        "deviceCode" => optional(client_id(reader, value)?).map(|client_id| GraphAuth::DeviceCode { client_id }),
        "azureCli" => reader.fields(value, &[]).map(|_| GraphAuth::AzureCli {}),
        _ => secret(reader, value, "token", base).map(GraphAuth::Token),
    }
}

fn client_id<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<Option<Option<String>>> {
    let fields = reader.fields(value, &["clientId"])?;
    Some(fields.get("clientId").map(|value| identifier(reader, value)))
}

/// A way to sign in that needs no particulars, written as a bare word.
fn bare_auth<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<GraphAuth> {
    bare_word(reader, value, &BARE_AUTH).map(|make: MakeAuth| make())
}

/// One of some ways to sign in, by its name; what is far from all of them may be a secret and is not told.
pub(super) fn bare_word<'t, T: Copy>(reader: &mut Reader<'t>, value: Value<'t>, words: &[(&'static str, T)]) -> Option<T> {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let is_word = |text: &str| text.trim().is_empty() || is_nearly(text.trim(), &names);
    if value.is_null() || value.is_boolean() || value.scalar().is_none_or(|(text, _)| is_word(text)) {
        return reader.word(value, words);
    }
    hide::all(reader, value);
    let help = format!("the choice is {}; treat a secret that stood here as known to everybody", names.join(" or "));
    reader.error(value, "this is no way to sign in", help);
    None
}

const PLACES: [&str; 2] = ["env", "file"];

/// A secret, which is `{ env: NAME }` or `{ file: path }`; one that stands in the text is refused and masked.
pub(super) fn secret<'t>(reader: &mut Reader<'t>, value: Value<'t>, key: &str, base: &Path) -> Option<Secret> {
    const HELP: &str = "write { env: NAME } or { file: path }, and treat the secret that stood here as known to everybody";
    let is_place =
        value.entries().is_some_and(|mut entries| entries.all(|(key, _, _)| nearest(key, PLACES.iter().copied()).is_some()));
    if !is_place {
        hide::all(reader, value);
        reader.note(value.span(), Fault::new(format!("`{key}` must not stand in the file itself"), HELP).error());
        return None;
    }
    let fields = reader.fields(value, &PLACES)?;
    let (kind, place) = fields.exactly_one(reader, &PLACES, "the place of the secret")?;
    if kind == "file" {
        return reader.path(place, base).map(Secret::File);
    }
    let text = reader.text(place)?;
    if is_variable(text) {
        return Some(Secret::Env(text.to_owned()));
    }
    hide::all(reader, place);
    let help = "write the name of a variable: letters, digits and `_`; never the secret itself";
    reader.error(place, "this is no name of an environment variable", help);
    None
}
