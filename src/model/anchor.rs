//! The source anchor of an AD user: which attribute supplies it, and whether Entra would take it.

use std::fmt;
use std::str::FromStr;

use super::spreadsheet::is_missing_marker;
use super::{AdUser, AnchorAttribute, GuidAttribute, ImmutableId, ObjectGuid};

/// Which attribute the sync client takes the source anchor from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AnchorMode {
    /// mS-DS-ConsistencyGuid, or objectGUID where that is empty.
    #[default]
    ConsistencyGuid,
    /// objectGUID, always.
    ObjectGuid,
    /// Another attribute, by its LDAP name.
    Attribute(Box<str>),
}

impl fmt::Display for AnchorMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConsistencyGuid => f.write_str("consistencyGuid"),
            Self::ObjectGuid => f.write_str("objectGuid"),
            Self::Attribute(name) => write!(f, "attribute:{name}"),
        }
    }
}

/// A word that is no [`AnchorMode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is neither `consistencyGuid` nor `objectGuid` nor `attribute:NAME`")]
pub struct AnchorModeError;

impl FromStr for AnchorMode {
    type Err = AnchorModeError;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "consistencyGuid" => Ok(Self::ConsistencyGuid),
            "objectGuid" => Ok(Self::ObjectGuid),
            other => {
                let name = other.strip_prefix("attribute:").filter(|name| !name.is_empty());
                name.map(|name| Self::Attribute(name.into())).ok_or(AnchorModeError)
            }
        }
    }
}

/// Where the value of an anchor came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AnchorOrigin {
    /// mS-DS-ConsistencyGuid.
    ConsistencyGuid,
    /// objectGUID.
    ObjectGuid,
    /// The configured attribute.
    Attribute,
    /// The mapping itself (`guid` or `immutableId` without a forest).
    Given,
    /// The cloud user, because the mapping writes to AD.
    Cloud,
}

impl AnchorOrigin {
    /// The word of the plan file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ConsistencyGuid => "consistencyGuid",
            Self::ObjectGuid => "objectGuid",
            Self::Attribute => "attribute",
            Self::Given => "given",
            Self::Cloud => "cloud",
        }
    }
}

/// The anchor that the sync client would send for an AD user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAnchor {
    /// The value as it will stand in the cloud.
    pub value: ImmutableId,
    /// The GUID behind it; `None` for text anchors.
    pub guid: Option<ObjectGuid>,
    /// Where it came from.
    pub origin: AnchorOrigin,
}

impl SourceAnchor {
    /// The anchor made of a GUID.
    #[must_use]
    pub fn of_guid(guid: ObjectGuid, origin: AnchorOrigin) -> Self {
        Self { value: guid.immutable_id(), guid: Some(guid), origin }
    }
}

/// Why an AD user has no usable anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorProblem {
    /// The configured attribute is empty.
    #[error("the anchor attribute {0} is empty")]
    Missing(Box<str>),
    /// The configured attribute holds a text such as `null`, which stands for no value.
    #[error("the anchor attribute {0} says `{1}`, which stands for no value")]
    Marked(Box<str>, Box<str>),
    /// The export names a type, as PowerShell does where it cannot print a value that is there.
    #[error(
        "the export says `{0}` for mS-DS-ConsistencyGuid, which is the name of a type: there is a value, and it was not exported"
    )]
    NotExported(Box<str>),
    /// mS-DS-ConsistencyGuid holds something that is no GUID.
    #[error("mS-DS-ConsistencyGuid holds {0} bytes; a GUID has 16")]
    WrongLength(usize),
    /// The configured attribute has more than one value.
    #[error("the anchor attribute {0} has {1} values; an anchor has one")]
    ManyValues(Box<str>, usize),
    /// The text breaks Entra's rules for anchors.
    #[error("`{0}` cannot be an anchor: {1}")]
    Custom(Box<str>, CustomAnchorError),
}

/// Which rule of Entra a text anchor breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CustomAnchorError {
    /// One of the characters that the sync client or Graph refuses.
    #[error("the character `{0}` is not allowed in an anchor")]
    Character(char),
    /// Counted as Connect counts: everything but letters and digits counts three.
    #[error("it counts {0} characters where fewer than 60 are allowed (everything but letters and digits counts three)")]
    TooLong(usize),
}

/// The anchor that the sync client would send for this user under this mode.
///
/// # Errors
/// An [`AnchorProblem`] when the attribute is empty or holds something that cannot be an anchor.
pub fn effective_anchor(mode: &AnchorMode, user: &AdUser) -> Result<SourceAnchor, AnchorProblem> {
    let object_guid = SourceAnchor::of_guid(user.guid, AnchorOrigin::ObjectGuid);
    match mode {
        AnchorMode::ObjectGuid => Ok(object_guid),
        AnchorMode::ConsistencyGuid => match &user.consistency_guid {
            GuidAttribute::NotExported(mark) => Err(AnchorProblem::NotExported(mark.clone())),
            GuidAttribute::Absent | GuidAttribute::MarkedMissing(_) => Ok(object_guid),
            GuidAttribute::Bytes(bytes) => ObjectGuid::from_ad_slice(bytes)
                .map(|guid| SourceAnchor::of_guid(guid, AnchorOrigin::ConsistencyGuid))
                .map_err(|_| AnchorProblem::WrongLength(bytes.len())),
        },
        AnchorMode::Attribute(name) => attribute_anchor(name, user.custom_anchor.as_deref()),
    }
}

fn attribute_anchor(name: &str, attribute: Option<&AnchorAttribute>) -> Result<SourceAnchor, AnchorProblem> {
    let origin = AnchorOrigin::Attribute;
    match attribute {
        None => Err(AnchorProblem::Missing(name.into())),
        Some(AnchorAttribute::Many(count)) => Err(AnchorProblem::ManyValues(name.into(), *count)),
        Some(AnchorAttribute::Binary(bytes)) => {
            Ok(SourceAnchor { value: ImmutableId::of_bytes(bytes), guid: ObjectGuid::from_ad_slice(bytes).ok(), origin })
        }
        Some(AnchorAttribute::Text(text)) if is_missing_marker(text) => Err(AnchorProblem::Marked(name.into(), text.clone())),
        Some(AnchorAttribute::Text(text)) => {
            check_custom_anchor(text).map_err(|why| AnchorProblem::Custom(text.clone(), why))?;
            let value = ImmutableId::stored(text).ok_or_else(|| AnchorProblem::Missing(name.into()))?;
            Ok(SourceAnchor { value, guid: None, origin })
        }
    }
}

/// Whether a text may be an anchor as it stands.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn check_custom_anchor(text: &str) -> Result<(), CustomAnchorError> {
    if let Some(character) = text.chars().find(|c| !is_anchor_character(*c)) {
        return Err(CustomAnchorError::Character(character));
    }
    let weight = text.chars().map(|c| if c.is_ascii_alphanumeric() { 1 } else { 3 }).sum();
    if weight < 60 { Ok(()) } else { Err(CustomAnchorError::TooLong(weight)) }
}

pub(super) fn is_anchor_character(c: char) -> bool {
    !c.is_control() && !c.is_whitespace() && !r##"\!#$%&*+/=?^{}|~<>()';:,[]"@_`"##.contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(consistency_guid: GuidAttribute) -> AdUser {
        AdUser {
            consistency_guid,
            ..AdUser::new("f5057fee-4c3e-4459-82dd-21250b729601".parse().unwrap(), "CN=A,DC=x".parse().unwrap())
        }
    }

    #[test]
    fn a_mode_is_read_as_it_is_written() {
        for mode in [AnchorMode::ConsistencyGuid, AnchorMode::ObjectGuid, AnchorMode::Attribute("attribute:x".into())] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        for other in ["", "attribute:", "ObjectGuid", "employeeID"] {
            assert_eq!(other.parse::<AnchorMode>(), Err(AnchorModeError));
        }
    }

    #[test]
    fn consistency_guid_wins_when_it_is_set() {
        let bytes = *"dd75ef1b-a557-4e75-83c8-396ebe77367b".parse::<ObjectGuid>().unwrap().ad_bytes();
        let both = user(GuidAttribute::Bytes(bytes.into()));
        let anchor = effective_anchor(&AnchorMode::ConsistencyGuid, &both).unwrap();
        assert_eq!((anchor.value.as_str(), anchor.origin), ("G+913VeldU6DyDluvnc2ew==", AnchorOrigin::ConsistencyGuid));
        assert_eq!(effective_anchor(&AnchorMode::ObjectGuid, &both).unwrap().value.as_str(), "7n8F9T5MWUSC3SElC3KWAQ==");
    }

    #[test]
    fn an_empty_or_marked_missing_consistency_guid_falls_back() {
        for attribute in [GuidAttribute::Absent, GuidAttribute::MarkedMissing("N/A".into())] {
            let anchor = effective_anchor(&AnchorMode::ConsistencyGuid, &user(attribute)).unwrap();
            assert_eq!(anchor.origin, AnchorOrigin::ObjectGuid);
        }
        let junk = user(GuidAttribute::Bytes(vec![1, 2, 3].into()));
        assert_eq!(effective_anchor(&AnchorMode::ConsistencyGuid, &junk), Err(AnchorProblem::WrongLength(3)));
    }

    #[test]
    fn text_anchors_obey_entras_rules() {
        let anchor = |text: &str| {
            let user = AdUser { custom_anchor: Some(AnchorAttribute::Text(text.into()).into()), ..user(GuidAttribute::Absent) };
            effective_anchor(&AnchorMode::Attribute("employeeID".into()), &user)
        };
        assert_eq!(anchor("E10045").unwrap().value.as_str(), "E10045");
        for marker in ["null", "-", "N/A"] {
            assert_eq!(anchor(marker), Err(AnchorProblem::Marked("employeeID".into(), marker.into())));
        }
        assert!(matches!(anchor("EMP_1042"), Err(AnchorProblem::Custom(_, CustomAnchorError::Character('_')))));
        assert!(anchor(&"1".repeat(59)).is_ok());
        assert!(matches!(anchor(&"1".repeat(60)), Err(AnchorProblem::Custom(_, CustomAnchorError::TooLong(60)))));
        assert!(matches!(anchor(&".".repeat(20)), Err(AnchorProblem::Custom(_, CustomAnchorError::TooLong(60)))));
    }
}
