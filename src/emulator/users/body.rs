//! What a PATCH or POST of a user asks for: every property known, of its type, and writable, or all of it is refused.

use serde_json::{Map, Value};

use crate::model::text::same;
use crate::model::{ImmutableId, Sid, Upn};
use crate::tenant_model::ChangeKind;

use super::super::errors::Failure;
use super::super::odata::check::Asked;
use super::super::schema::{Kind, Property, Write};
use super::super::script::Switches;
use super::super::world::Extra;

/// A checked body.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Writes that the model has rules for; the ImmutableID goes before the sign-in name.
    pub(super) changes: Vec<ChangeKind>,
    /// A SID to set, which has to be unique.
    pub(super) sid: Option<Sid>,
    /// A mail address to set or remove.
    pub(super) mail: Option<Option<String>>,
    /// Everything else.
    pub(super) plain: Extra,
    /// The properties that were named.
    pub(super) named: Vec<&'static Property>,
    /// Whether any on-premises property gets a value other than null.
    pub(super) sets_on_premises: bool,
    /// The new sign-in name.
    pub(super) upn: Option<Upn>,
    /// The new ImmutableID.
    pub(super) immutable_id: Option<ImmutableId>,
}

/// Properties that have to have a value.
const NOT_NULL: &[&str] = &["accountEnabled", "displayName", "mailNickname", "userPrincipalName"];

impl Body {
    /// Checks a body.
    ///
    /// # Errors
    /// 400 for the first property that is unknown, read-only, or of another type.
    pub(super) fn read(object: &Map<String, Value>, asked: &Asked, switches: &Switches) -> Result<Self, Failure> {
        let mut body = Self::default();
        for (name, value) in object.iter().filter(|(name, _)| !is_annotation(name)) {
            // Names compare without case here too: the CLI for Microsoft 365 writes `mailNickName`.
            let known = asked.entity.find(name, asked.beta).filter(|own| switches.loose_requests || own.name == name);
            let property = known.ok_or_else(|| Failure::no_property(name, asked.entity.type_name))?;
            check_writable(property, asked.beta)?;
            check_value(property, value)?;
            body.add(property, value, switches)?;
        }
        if body.named.is_empty() {
            return Err(Failure::bad("The request has no property to update."));
        }
        // The ImmutableID changes while the old sign-in name still counts: a name that moves into a federated domain
        // needs the anchor, and one that is there already protects it.
        body.changes.sort_by_key(|change| matches!(change, ChangeKind::SetUserPrincipalName(_)));
        Ok(body)
    }

    fn add(&mut self, property: &'static Property, value: &Value, switches: &Switches) -> Result<(), Failure> {
        let text = value.as_str();
        self.named.push(property);
        self.sets_on_premises |= is_on_premises(property) && !value.is_null();
        match (property.name, text) {
            ("onPremisesImmutableId", None) => self.changes.push(ChangeKind::ClearImmutableId { residue: false }),
            ("onPremisesImmutableId", Some("")) if switches.refuse_empty_text => return Err(invalid(property)),
            ("onPremisesImmutableId", Some(text)) => {
                self.immutable_id = ImmutableId::stored(text);
                self.changes.extend(self.immutable_id.clone().map(ChangeKind::SetImmutableId));
            }
            ("onPremisesSecurityIdentifier", None) => self.changes.push(ChangeKind::ClearSecurityIdentifier),
            ("onPremisesSecurityIdentifier", Some(text)) => self.sid = Some(text.parse().map_err(|_| invalid(property))?),
            ("onPremisesObjectIdentifier", None) => self.changes.push(ChangeKind::ClearObjectIdentifier),
            ("onPremisesObjectIdentifier", Some(_)) => return Err(invalid(property)),
            ("userPrincipalName", Some(text)) => {
                let upn = sign_in_name(text).ok_or_else(|| invalid(property))?;
                self.upn = Some(upn.clone());
                self.changes.push(ChangeKind::SetUserPrincipalName(upn));
            }
            ("mail", text) => self.mail = Some(text.map(str::to_owned)),
            ("passwordProfile", _) => {}
            (name, _) => self.plain.push((name.to_owned(), value.clone())),
        }
        Ok(())
    }

    /// Whether an on-premises property is named.
    pub(super) fn has_on_premises(&self) -> bool {
        self.named.iter().any(|property| is_on_premises(property))
    }

    /// Whether this property is named.
    pub(super) fn names(&self, name: &str) -> bool {
        self.named.iter().any(|property| property.name == name)
    }
}

/// `@odata.type`, of the object or of a property.
pub(super) fn is_annotation(name: &str) -> bool {
    name.contains("@odata.")
}

/// The properties that come from Active Directory.
fn is_on_premises(property: &Property) -> bool {
    property.write == Write::OnPremises || same(property.name, "onPremisesImmutableId")
}

fn check_writable(property: &Property, beta: bool) -> Result<(), Failure> {
    let writable = match property.write {
        Write::Never => false,
        Write::Cloud | Write::Always => true,
        Write::OnPremises => beta,
    };
    let message = format!("Property '{}' is read-only and cannot be set.", property.name);
    if writable { Ok(()) } else { Err(Failure::bad(message)) }
}

/// Null is a value; an empty text is none (an ImmutableID has a switch for that).
fn check_value(property: &Property, value: &Value) -> Result<(), Failure> {
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty() || property.name == "onPremisesImmutableId");
    let fits = match (property.kind, value) {
        (_, Value::Null) => !NOT_NULL.contains(&property.name),
        (Kind::Text, value) => text(value) && (property.name != "mail" || value.as_str().is_some_and(is_address)),
        (Kind::Bool, value) => value.is_boolean(),
        (Kind::Date, value) => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        (Kind::Int, value) => value.is_i64(),
        (Kind::Texts, value) => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        (Kind::Object, value) => value.is_object(),
        (Kind::Objects, value) => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
    };
    if fits { Ok(()) } else { Err(invalid(property)) }
}

fn invalid(property: &Property) -> Failure {
    Failure::invalid_value(property.name, "User")
}

fn is_address(text: &str) -> bool {
    text.is_ascii() && text.parse::<crate::model::SmtpAddress>().is_ok_and(|address| address.as_str() == text)
}

/// A sign-in name in the characters that Entra takes.
pub(super) fn sign_in_name(text: &str) -> Option<Upn> {
    let upn: Upn = text.parse().ok()?;
    (upn.as_str() == text && upn.is_accepted()).then_some(upn)
}
