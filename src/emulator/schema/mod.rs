//! The types of the directory: which properties there are, who may write them, and how they can be queried.

mod others;
mod user;

pub(crate) use others::{
    AUDIT, CONTACT, DIRECTORY_OBJECT, DIRECTORY_ROLE, DOMAIN, ELIGIBILITY, FEDERATION, GROUP, LICENSE, ORGANIZATION,
    ROLE_ASSIGNMENT, ROLE_DEFINITION, SUBSCRIBED_SKU, SYNCHRONIZATION,
};
pub(crate) use user::USER;

/// A type.
#[derive(Debug)]
pub(crate) struct Entity {
    /// With its namespace: `microsoft.graph.user`.
    pub(crate) type_name: &'static str,
    /// As messages call it: `User`.
    pub(crate) resource: &'static str,
    /// As `@odata.context` calls its collection: `users`.
    pub(crate) set: &'static str,
    pub(crate) properties: &'static [Property],
}

impl Entity {
    /// A property by name; names compare without case in queries, as PowerShell writes them.
    pub(crate) fn find(&self, name: &str, beta: bool) -> Option<&'static Property> {
        let properties: &'static [Property] = self.properties;
        properties.iter().find(|own| own.name.eq_ignore_ascii_case(name)).filter(|own| beta || !own.beta)
    }
}

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Bool,
    Date,
    Int,
    Texts,
    Object,
    Objects,
}

/// Who may write a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// Nobody.
    Never,
    /// Any writer; not on synced users.
    Cloud,
    /// Any writer, on synced users too.
    Always,
    /// Any writer on users that are not mastered on-premises; in v1.0 the property is read-only.
    OnPremises,
}

/// Whether a query needs the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Plain,
    /// Microsoft's pages say so, but the service was seen to answer without.
    AdvancedIfStrict,
    Advanced,
    Never,
}

impl Need {
    /// At least [`Self::Advanced`], if it is offered at all.
    pub(crate) const fn and_advanced(self) -> Self {
        match self {
            Self::Plain | Self::AdvancedIfStrict | Self::Advanced => Self::Advanced,
            Self::Never => Self::Never,
        }
    }
}

/// A property.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) write: Write,
    /// Sent without `$select`.
    pub(crate) default: bool,
    /// Only in beta.
    pub(crate) beta: bool,
    /// Absent when it is empty: its type knows no null.
    pub(crate) never_null: bool,
    /// `eq` and `in`; for lists `any`.
    pub(crate) eq: Need,
    /// `eq null`.
    pub(crate) null: Need,
    /// `ge` and `le`.
    pub(crate) range: Need,
    pub(crate) starts: Need,
    pub(crate) ends: Need,
    pub(crate) sort: Need,
}

/// A property that can be read and nothing else; the methods add to that.
pub(crate) const fn property(name: &'static str, kind: Kind) -> Property {
    let never = Need::Never;
    Property {
        name,
        kind,
        write: Write::Never,
        default: false,
        beta: false,
        never_null: matches!(kind, Kind::Object),
        eq: never,
        null: never,
        range: never,
        starts: never,
        ends: never,
        sort: never,
    }
}

impl Property {
    pub(crate) const fn by_default(self) -> Self {
        Self { default: true, ..self }
    }

    pub(crate) const fn never_null(self) -> Self {
        Self { never_null: true, ..self }
    }

    pub(crate) const fn beta(self) -> Self {
        Self { beta: true, ..self }
    }

    pub(crate) const fn write(self, write: Write) -> Self {
        Self { write, ..self }
    }

    pub(crate) const fn eq(self, eq: Need) -> Self {
        Self { eq, ..self }
    }

    pub(crate) const fn null(self, null: Need) -> Self {
        Self { null, ..self }
    }

    pub(crate) const fn range(self, range: Need) -> Self {
        Self { range, ..self }
    }

    pub(crate) const fn starts(self, starts: Need) -> Self {
        Self { starts, ..self }
    }

    pub(crate) const fn ends(self, ends: Need) -> Self {
        Self { ends, ..self }
    }

    pub(crate) const fn sort(self, sort: Need) -> Self {
        Self { sort, ..self }
    }
}
