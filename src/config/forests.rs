//! The section `forests`: where the AD users are read and stamped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;

use super::reader::{Fault, Fields, Reader};
use super::secrets::Secret;
use super::tenant::{bare_word, flatten, hide_password, host_of, secret};
use super::tree::Value;
use crate::diag::Diagnostic;
use crate::directory::net::is_loopback_host;
use crate::model::text::fold;
use crate::model::{AnchorMode, DistinguishedName, ForestSpec};

/// Where a forest is.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub enum ForestSource {
    /// An exported forest: LDIF as ldapsearch and ldifde write it.
    Ldif(PathBuf),
    /// An exported forest: CSV as `Get-ADUser … | Export-Csv` writes it.
    Csv(PathBuf),
    /// A live forest.
    Ldap(Box<LdapForest>),
}

/// A live forest.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct LdapForest {
    /// A domain controller: ldaps://…, or ldap://… with startTls.
    pub url: String,
    /// The container below which users are looked for.
    pub base_dn: String,
    /// How to sign in.
    #[schemars(schema_with = "super::schema::ldap_bind")]
    pub bind: LdapBind,
    /// A PEM file with the certificate authority of the domain controller.
    #[schemars(default)]
    pub ca: Option<PathBuf>,
    /// Whether an ldap:// connection is encrypted before anything is sent.
    #[schemars(default)]
    pub start_tls: bool,
}

/// How to sign in to a forest.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub enum LdapBind {
    /// With a name and a password.
    Simple {
        /// A UPN, a DN or DOMAIN\name.
        user: String,
        /// Where the password comes from.
        password: Secret,
    },
    /// With the Kerberos ticket of whoever runs the program.
    Gssapi {},
}

const KINDS: [&str; 3] = ["ldif", "csv", "ldap"];

/// What became known of the section.
#[derive(Debug, Default)]
pub(super) struct Forests {
    /// Name and anchor of each forest, readable or not, so that one fault does not draw others after it.
    pub specs: Vec<ForestSpec>,
    /// Name and source of each readable forest.
    pub sources: Vec<(Box<str>, ForestSource)>,
    /// The section is there but cannot be read, so nothing can be said about names of forests.
    pub unreadable: bool,
}

/// Reads the section.
pub(super) fn read<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> Forests {
    let mut forests = Forests::default();
    let Some(entries) = value.entries() else {
        reader.error(
            value,
            format!("forests are wanted here by name, not {}", value.describe()),
            "write `corp:` and below it `ldif: corp.ldif`",
        );
        forests.unreadable = true;
        return forests;
    };
    if entries.len() == 0 {
        reader.error(value, "no forest is named here", "name one, or remove the key `forests`");
    }
    let mut names: HashMap<Cow<'t, str>, &'t str> = HashMap::new();
    for (name, span, entry) in entries {
        if let Some(earlier) = names.insert(fold(name), name) {
            let summary = format!("the forests `{earlier}` and `{name}` differ only in case");
            reader.note(span.clone(), Diagnostic::error(summary).help("give each forest a name of its own"));
        }
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            reader.note(span, Diagnostic::error("a forest has no proper name").help("name it after its domain, such as `corp`"));
        }
        let (source, anchor) = forest(reader, entry, base);
        forests.specs.push(ForestSpec { name: name.into(), anchor: anchor.unwrap_or_default() });
        forests.sources.extend(source.map(|source| (name.into(), source)));
    }
    forests
}

fn forest<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> (Option<ForestSource>, Option<AnchorMode>) {
    let Some(fields) = reader.fields(value, &["ldif", "csv", "ldap", "anchor"]) else { return (None, None) };
    let anchor = fields.get("anchor").and_then(|value| anchor(reader, value));
    let source = match fields.exactly_one(reader, &KINDS, "the source of the forest") {
        None => None,
        Some(("ldif", value)) => reader.path(value, base).map(ForestSource::Ldif),
        Some(("csv", value)) => reader.path(value, base).map(ForestSource::Csv),
        Some((_, value)) => ldap(reader, value, base).map(|ldap| ForestSource::Ldap(Box::new(ldap))),
    };
    (source, anchor)
}

/// Attributes of users that hold numbers. Sync encodes whatever is no text, so their digits are not the anchor.
const NUMBERS: [&str; 12] = [
    "uidNumber",
    "gidNumber",
    "primaryGroupID",
    "userAccountControl",
    "sAMAccountType",
    "adminCount",
    "instanceType",
    "countryCode",
    "codePage",
    "uSNCreated",
    "accountExpires",
    "pwdLastSet",
];

fn anchor<'t>(reader: &mut Reader<'t>, value: Value<'t>) -> Option<AnchorMode> {
    const MODES: [(&str, bool); 3] = [("consistencyGuid", true), ("objectGuid", false), ("mS-DS-ConsistencyGuid", true)];
    if value.scalar().is_some() {
        let text = reader.text(value)?;
        let known = MODES.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        let help = "the choice is consistencyGuid, objectGuid or { attribute: employeeID }";
        let mode = known.ok_or_else(|| Fault::new(format!("`{text}` is no anchor"), help));
        return reader
            .accept(value, mode)
            .map(|(_, consistency)| if *consistency { AnchorMode::ConsistencyGuid } else { AnchorMode::ObjectGuid });
    }
    let fields = reader.fields(value, &["attribute"])?;
    let attribute = fields.required(reader, "attribute")?;
    let name = reader.text(attribute)?;
    if let Some((word, _)) = [("objectGuid", "objectGUID"), ("consistencyGuid", "mS-DS-ConsistencyGuid")]
        .into_iter()
        .find(|(_, ldap)| ldap.eq_ignore_ascii_case(name))
    {
        reader.error(attribute, format!("`{name}` is an anchor of its own"), format!("write `anchor: {word}`"));
        return None;
    }
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_name {
        reader.error(attribute, format!("`{name}` is no name of an attribute"), "write the LDAP name, such as employeeID");
        return None;
    }
    if NUMBERS.iter().any(|number| number.eq_ignore_ascii_case(name)) {
        let summary = format!("`{name}` is a number, which sync encodes in a way that is nowhere described");
        reader.error(attribute, summary, "only an attribute of texts or bytes can be planned on, such as employeeID");
        return None;
    }
    Some(AnchorMode::Attribute(name.into()))
}

/// The keys of a live forest.
pub(super) const LDAP_KEYS: [&str; 5] = ["url", "baseDn", "bind", "ca", "startTls"];

fn ldap<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> Option<LdapForest> {
    let fields = reader.fields(value, &LDAP_KEYS)?;
    let start_tls = fields.get("startTls").map_or(Some(false), |value| reader.boolean(value));
    let bind = fields.required(reader, "bind").and_then(|value| bind(reader, value, base));
    let url = url(reader, &fields, start_tls.unwrap_or(true), matches!(bind, Some(LdapBind::Simple { .. })));
    let base_dn = fields.required(reader, "baseDn").and_then(|value| {
        let text = reader.text(value)?;
        let name: Result<DistinguishedName, _> = text.parse();
        reader.accept(value, name.map_err(|error| Fault::new(error.to_string(), ""))).map(|name| name.as_str().to_owned())
    });
    let ca = flatten(fields.get("ca").map(|value| reader.path(value, base)));
    Some(LdapForest { url: url?, base_dn: base_dn?, bind: bind?, ca: ca?, start_tls: start_tls? })
}

fn url<'t>(reader: &mut Reader<'t>, fields: &Fields<'t>, start_tls: bool, has_password: bool) -> Option<String> {
    let value = fields.required(reader, "url")?;
    let text = reader.text(value)?;
    let host = host_of(text, &["ldaps", "ldap"]);
    if host.is_err() {
        hide_password(reader, value, text);
    }
    let host = reader.accept(value, host)?;
    let encrypted = text.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("ldaps:"));
    if encrypted && start_tls && fields.has("startTls") {
        reader.error(
            value,
            "ldaps:// is encrypted from the start, so `startTls` contradicts it",
            "remove `startTls`, or write ldap://",
        );
        return None;
    }
    if !encrypted && !start_tls && has_password && !is_loopback_host(host) {
        reader.error(value, "the password would travel in the clear", "write ldaps://, or add `startTls: true`");
        return None;
    }
    Some(text.to_owned())
}

fn bind<'t>(reader: &mut Reader<'t>, value: Value<'t>, base: &Path) -> Option<LdapBind> {
    if value.scalar().is_some() {
        return bare_word(reader, value, &[("gssapi", ())]).map(|()| LdapBind::Gssapi {});
    }
    let fields = reader.fields(value, &["simple", "gssapi"])?;
    match fields.exactly_one(reader, &["simple", "gssapi"], "the way to sign in")? {
        ("simple", value) => {
            let fields = reader.fields(value, &["user", "password"])?;
            let user = fields.required(reader, "user").and_then(|value| reader.text(value));
            let password = fields.required(reader, "password").and_then(|value| secret(reader, value, "password", base));
            Some(LdapBind::Simple { user: user?.to_owned(), password: password? })
        }
        (_, value) => reader.fields(value, &[]).map(|_| LdapBind::Gssapi {}),
    }
}
