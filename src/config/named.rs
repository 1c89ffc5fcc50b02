//! Whom a text on the command line names: the same forms as in the YAML, on both sides at once.

use super::selector;
use crate::model::{AnchorForm, CloudKey, ImmutableId, OnPremKey};

/// What a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The AD user.
    pub on_prem: Option<OnPremKey>,
    /// Cloud users, to be tried in this order.
    pub cloud: Vec<CloudKey>,
}

/// Reads a text by its form: GUID, SID, DN, `DOMAIN\name`, name@domain, ImmutableID, else sAMAccountName.
///
/// # Errors
/// What is wrong with a text that can name nobody, and what to write instead (which may be empty).
pub fn named(text: &str) -> Result<Named, (String, String)> {
    let text = text.trim();
    let on_prem = match (immutable_id(text), selector::on_prem_kind(text)) {
        (Some(id), _) => Ok(OnPremKey::ImmutableId(id)),
        (None, Ok(kind)) => selector::on_prem(kind, text),
        (None, Err(fault)) => Err(fault),
    };
    let kinds: &[&str] = if text.contains('@') { &["upn", "mail"] } else { &["id"] };
    let cloud: Vec<CloudKey> = kinds.iter().filter_map(|kind| selector::cloud(kind, text).ok()).collect();
    match on_prem {
        Err(fault) if cloud.is_empty() => Err((fault.summary, fault.help)),
        on_prem => Ok(Named { on_prem: on_prem.ok(), cloud }),
    }
}

/// Base64 of a GUID, however it is spelt; GUIDs in hex are read as GUIDs.
fn immutable_id(text: &str) -> Option<ImmutableId> {
    let id = ImmutableId::stored(text)?;
    let is_base64 = match AnchorForm::of(&id) {
        AnchorForm::Guid(_) | AnchorForm::EncodedGuidText(_) => true,
        // Any name of 22 letters could be read so.
        AnchorForm::NotCanonical(_) => text.ends_with('='),
        AnchorForm::GuidText(_) | AnchorForm::BareHex { .. } | AnchorForm::Opaque => false,
    };
    is_base64.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_by_its_form_on_both_sides() {
        let kinds = |text: &str| {
            let named = named(text).unwrap();
            format!("{:?} {:?}", named.on_prem, named.cloud)
        };
        insta::assert_snapshot!(
            ["eve", r"CORP\eve", "eve@x.example", "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0", "7n8F9T5MWUSC3SElC3KWAQ==",
             "7n8F9T5MWUSC3SElC3KWAQ=", "CN=Eve,DC=corp", "S-1-5-21-1-2-3-1104"].map(kinds).join("\n"),
            @r#"
        Some(Sam { domain: None, name: "eve" }) []
        Some(Sam { domain: Some("CORP"), name: "eve" }) []
        Some(Upn(Upn("eve@x.example"))) [Upn(Upn("eve@x.example")), Mail(SmtpAddress("eve@x.example"))]
        Some(Guid(Guid(ObjectGuid(6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0)))) [Id(EntraId(6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0))]
        Some(ImmutableId(ImmutableId("7n8F9T5MWUSC3SElC3KWAQ=="))) []
        Some(ImmutableId(ImmutableId("7n8F9T5MWUSC3SElC3KWAQ="))) []
        Some(Dn(DistinguishedName("CN=Eve,DC=corp"))) []
        Some(Sid(Sid(S-1-5-21-1-2-3-1104))) []
        "#);
        for text in ["N/A", "a*b", "", "#REF!"] {
            assert!(named(text).is_err(), "{text}");
        }
    }
}
