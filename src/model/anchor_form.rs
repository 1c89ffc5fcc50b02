//! Reading an ImmutableID: is it a GUID, and written how? And what did somebody mean who wrote a damaged one?

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::{GuidInput, ImmutableId, ObjectGuid};

/// What a stored ImmutableID is when one looks inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorForm {
    /// Canonical base64 of 16 bytes: what the sync client writes.
    Guid(ObjectGuid),
    /// Base64 of 16 bytes in another spelling (stray bits, no padding, URL alphabet, blanks around): matches nothing.
    NotCanonical(ObjectGuid),
    /// The text of the GUID instead of the base64 of its bytes.
    GuidText(ObjectGuid),
    /// Base64 of the text of the GUID.
    EncodedGuidText(ObjectGuid),
    /// 32 hex digits of the bytes, or of the text without dashes.
    BareHex {
        /// Read as GUID text.
        as_text: ObjectGuid,
        /// Read as raw bytes.
        as_bytes: ObjectGuid,
    },
    /// Not a GUID: an employee number, an address, a value of another identity provider.
    Opaque,
}

impl AnchorForm {
    /// Looks inside a stored value.
    #[must_use]
    pub fn of(id: &ImmutableId) -> Self {
        let text = id.as_str();
        if let Some(guid) = canonical(text) {
            return Self::Guid(guid);
        }
        if let Some(guid) = lenient(text.trim()) {
            return Self::NotCanonical(guid);
        }
        match GuidInput::parse(text) {
            Ok(GuidInput::Guid(guid)) => Self::GuidText(guid),
            Ok(GuidInput::BareHex { as_text, as_bytes }) => Self::BareHex { as_text, as_bytes },
            Err(_) => encoded_text(text).map_or(Self::Opaque, Self::EncodedGuidText),
        }
    }

    /// The GUIDs that the writer of the value may have meant.
    #[must_use]
    pub fn guids(&self) -> [Option<ObjectGuid>; 2] {
        match *self {
            Self::Guid(guid) | Self::NotCanonical(guid) | Self::GuidText(guid) | Self::EncodedGuidText(guid) => {
                [Some(guid), None]
            }
            Self::BareHex { as_text, as_bytes } => [Some(as_text), Some(as_bytes)],
            Self::Opaque => [None, None],
        }
    }

    /// Whether the value is exactly what the sync client would send for its GUID.
    #[must_use]
    pub fn is_canonical(&self) -> bool {
        matches!(self, Self::Guid(_))
    }
}

fn canonical(text: &str) -> Option<ObjectGuid> {
    let mut bytes = [0; 18];
    let length = (text.len() == 24).then(|| STANDARD.decode_slice(text, &mut bytes).ok())??;
    ObjectGuid::from_ad_slice(bytes.get(..length)?).ok()
}

/// Decodes what only resembles canonical base64: stray trailing bits, missing padding, the URL alphabet.
fn lenient(text: &str) -> Option<ObjectGuid> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    matches!(text.len(), 22..=24).then_some(())?;
    let standard = text.replace('-', "+").replace('_', "/");
    LENIENT.decode(standard).ok().and_then(|bytes| ObjectGuid::from_ad_slice(&bytes).ok())
}

fn encoded_text(text: &str) -> Option<ObjectGuid> {
    let bytes = STANDARD.decode(text).ok()?;
    match GuidInput::parse(std::str::from_utf8(&bytes).ok()?) {
        Ok(GuidInput::Guid(guid)) => Some(guid),
        Ok(GuidInput::BareHex { .. }) | Err(_) => None,
    }
}

/// Why a text given as ImmutableID is refused; the message says what was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorInputError {
    /// Nothing there. Clearing is said with `onPrem: none`, never with an empty value.
    #[error("the ImmutableID is empty; to clear an ID write `onPrem: none`")]
    Empty,
    /// An attribute name was pasted along.
    #[error("`{0}` starts with an attribute name; remove it and keep only the value")]
    AttributeName(String),
    /// The right bytes in the wrong dress.
    #[error("`{given}` is {fault}; the ImmutableID of that GUID is `{meant}`")]
    Misspelt {
        /// What was given.
        given: String,
        /// What is wrong with it.
        fault: &'static str,
        /// What it should read.
        meant: ImmutableId,
    },
    /// 32 hex digits, with two readings.
    #[error("`{given}` is 32 bare hex digits: `{as_text}` if they are GUID text, `{as_bytes}` if they are raw bytes")]
    BareHex {
        /// What was given.
        given: String,
        /// The ImmutableID of the first reading.
        as_text: ImmutableId,
        /// The ImmutableID of the second reading.
        as_bytes: ImmutableId,
    },
    /// A character that no ImmutableID may contain.
    #[error("`{given}` has {} at position {position}, which no ImmutableID may contain{}", describe(*character), suggest(.meant.as_ref()))]
    ForeignCharacter {
        /// What was given.
        given: String,
        /// The first foreign character.
        character: char,
        /// Its one-based position.
        position: usize,
        /// What was meant, where the value without its foreign characters spells a GUID.
        meant: Option<ImmutableId>,
    },
    /// No base64 of 16 bytes, and no text that Entra takes as an anchor either.
    #[error("`{0}` is neither base64 of 16 bytes nor a text anchor that Entra accepts: {1}")]
    Unusable(String, super::CustomAnchorError),
}

fn describe(character: char) -> String {
    if character.is_control() || character.is_whitespace() {
        format!("U+{:04X}", u32::from(character))
    } else {
        format!("`{character}`")
    }
}

fn suggest(meant: Option<&ImmutableId>) -> String {
    meant.map_or_else(String::new, |id| format!("; `{id}` may be meant"))
}

/// Reads an ImmutableID that somebody wrote down. Only values that can be sent as they are come through.
///
/// # Errors
/// An [`AnchorInputError`] that says what is wrong and, where one can tell, what was meant.
pub fn parse_anchor_input(text: &str) -> Result<ImmutableId, AnchorInputError> {
    let given = || text.to_owned();
    let Some(id) = ImmutableId::stored(text.trim()) else { return Err(AnchorInputError::Empty) };
    if id.as_str().contains("::") {
        return Err(AnchorInputError::AttributeName(given()));
    }
    let misspelt =
        |fault, guid: ObjectGuid| Err(AnchorInputError::Misspelt { given: given(), fault, meant: guid.immutable_id() });
    match AnchorForm::of(&id) {
        AnchorForm::Guid(_) => Ok(id),
        AnchorForm::NotCanonical(guid) => misspelt("base64 in a spelling that matches nothing", guid),
        AnchorForm::GuidText(guid) => misspelt("the text of a GUID", guid),
        AnchorForm::EncodedGuidText(guid) => misspelt("the base64 of a GUID's text", guid),
        AnchorForm::BareHex { as_text, as_bytes } => {
            Err(AnchorInputError::BareHex { given: given(), as_text: as_text.immutable_id(), as_bytes: as_bytes.immutable_id() })
        }
        AnchorForm::Opaque => parse_opaque(id),
    }
}

fn parse_opaque(id: ImmutableId) -> Result<ImmutableId, AnchorInputError> {
    let text = id.as_str();
    if let Some(meant) = undo_escaping(text) {
        return Err(AnchorInputError::Misspelt { given: text.to_owned(), fault: "escaped for a URL or a web page", meant });
    }
    let typeset = typeset(text);
    let is_foreign = |c: char| match typeset {
        Some(_) => !c.is_ascii(),
        None => !is_base64_character(c) && !super::anchor::is_anchor_character(c),
    };
    if let Some((index, character)) = text.char_indices().find(|(_, c)| is_foreign(*c)) {
        let position = text[..index].chars().count() + 1;
        let meant = typeset.or_else(|| cleaned(text));
        return Err(AnchorInputError::ForeignCharacter { given: text.to_owned(), character, position, meant });
    }
    super::anchor::check_custom_anchor(text).map_err(|why| AnchorInputError::Unusable(text.to_owned(), why))?;
    Ok(id)
}

fn undo_escaping(text: &str) -> Option<ImmutableId> {
    let plain = text
        .replace("%2B", "+")
        .replace("%2b", "+")
        .replace("%2F", "/")
        .replace("%2f", "/")
        .replace("%3D", "=")
        .replace("%3d", "=")
        .replace("&#43;", "+")
        .replace("&#x2B;", "+")
        .replace("&#47;", "/")
        .replace("&#61;", "=")
        .replace("&#x3D;", "=");
    // A blank inside is a `+` that a URL decoder ate.
    let plain = plain.replace(' ', "+");
    (plain != text).then(|| canonical(&plain))?.map(|guid| guid.immutable_id())
}

fn is_base64_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

/// The GUID that a word processor or a chat dressed up: other dashes, characters that cannot be seen.
fn typeset(text: &str) -> Option<ImmutableId> {
    if text.is_ascii() {
        return None;
    }
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'))
        .map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}') { '-' } else { c })
        .collect();
    let guid = match GuidInput::parse(&plain) {
        Ok(GuidInput::Guid(guid)) => Some(guid),
        Ok(GuidInput::BareHex { .. }) | Err(_) => canonical(&plain),
    };
    guid.map(|guid| guid.immutable_id())
}

/// The value without its foreign characters, if that is a GUID.
fn cleaned(text: &str) -> Option<ImmutableId> {
    let kept: String = text.chars().filter(|c| is_base64_character(*c)).collect();
    canonical(&kept).map(|guid| guid.immutable_id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> AnchorForm {
        AnchorForm::of(&ImmutableId::stored(text).unwrap())
    }

    #[test]
    fn recognises_every_wrong_form_of_a_guid() {
        let guid: ObjectGuid = "f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap();
        assert_eq!(form("7n8F9T5MWUSC3SElC3KWAQ=="), AnchorForm::Guid(guid));
        assert_eq!(form("9QV/7kw+RFmC3SElC3KWAQ=="), AnchorForm::Guid(guid.byte_swapped()));
        assert_eq!(form("ZjUwNTdmZWUtNGMzZS00NDU5LTgyZGQtMjEyNTBiNzI5NjAx"), AnchorForm::EncodedGuidText(guid));
        assert_eq!(form("f5057fee-4c3e-4459-82dd-21250b729601"), AnchorForm::GuidText(guid));
        assert_eq!(form("ee7f05f53e4c594482dd21250b729601").guids()[1], Some(guid));
        assert_eq!(form("f5057fee4c3e445982dd21250b729601").guids()[0], Some(guid));
        for text in
            ["7n8F9T5MWUSC3SElC3KWAR==", "7n8F9T5MWUSC3SElC3KWAQ", " 7n8F9T5MWUSC3SElC3KWAQ== ", "7n8F9T5MWUSC3SElC3KWAQ="]
        {
            assert_eq!(form(text), AnchorForm::NotCanonical(guid), "{text}");
        }
        for text in ["EMP1042", "max@tannenhof.example", "1f0c", "=="] {
            assert_eq!(form(text), AnchorForm::Opaque, "{text}");
        }
        assert_eq!(form(&"a".repeat(64)), AnchorForm::Opaque);
    }

    #[test]
    fn keeps_ids_apart_that_differ_only_in_case() {
        assert_ne!(form("kTq0mZb8W0eQd7uYh1xJmA=="), form("ktq0mZb8W0eQd7uYh1xJmA=="));
    }

    #[test]
    fn reads_sixteen_bytes_whatever_they_spell() {
        assert_eq!(form("QUJDREVGR0hJSktMTU5PUA==").guids()[0].unwrap().to_string(), "44434241-4645-4847-494a-4b4c4d4e4f50");
        assert_eq!(form("YWJjZGVmZ2hpamtsbW5vcA==").guids()[0].unwrap().to_string(), "64636261-6665-6867-696a-6b6c6d6e6f70");
    }

    #[test]
    fn says_what_was_meant_by_a_damaged_id() {
        let meant = "G+913VeldU6DyDluvnc2ew==";
        for text in [
            "G%2B913VeldU6DyDluvnc2ew%3D%3D",
            "G&#43;913VeldU6DyDluvnc2ew&#61;&#61;",
            "G 913VeldU6DyDluvnc2ew==",
            "dd75ef1b-a557-4e75-83c8-396ebe77367b",
            "G-913VeldU6DyDluvnc2ew",
        ] {
            let error = parse_anchor_input(text).unwrap_err().to_string();
            assert!(error.contains(meant), "{text}: {error}");
        }
        assert_eq!(parse_anchor_input(meant).unwrap().as_str(), meant);
        assert_eq!(
            parse_anchor_input("rq_KLKS-wEudAq6NY_lr0A").unwrap_err().to_string().matches("rq/KLKS+wEudAq6NY/lr0A==").count(),
            1
        );
    }

    #[test]
    fn names_the_first_foreign_character_and_never_cleans_silently() {
        let error = parse_anchor_input("7n8F9T5M``WUSC3SElC3KWAQ==").unwrap_err();
        assert!(error.to_string().contains("at position 9"), "{error}");
        assert!(error.to_string().contains("`7n8F9T5MWUSC3SElC3KWAQ==` may be meant"), "{error}");
        assert!(matches!(parse_anchor_input("objectGUID:: 7n8F9T5MWUSC3SElC3KWAQ=="), Err(AnchorInputError::AttributeName(_))));
        for text in ["f5057fee\u{2011}4c3e\u{2011}4459\u{2011}82dd\u{2011}21250b729601", "7n8F9T5M\u{ad}WUSC3SElC3KWAQ=="] {
            let error = parse_anchor_input(text).unwrap_err().to_string();
            assert!(error.contains("at position 9, ") && error.ends_with("`7n8F9T5MWUSC3SElC3KWAQ==` may be meant"), "{error}");
        }
        assert!(parse_anchor_input("Größe\u{2011}1").is_ok(), "somebody's own number");
        assert_eq!(parse_anchor_input("  "), Err(AnchorInputError::Empty));
        for text in ["EMP_1042", "A B", "a$b", "max@x.example", &"1".repeat(61)] {
            assert!(parse_anchor_input(text).is_err(), "{text}");
        }
        assert!(parse_anchor_input("E10045").is_ok());
    }
}
