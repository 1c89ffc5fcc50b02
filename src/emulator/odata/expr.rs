//! What a `$filter` says.

/// A condition on one object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare {
        path: Path,
        op: Op,
        value: Literal,
    },
    In {
        path: Path,
        values: Vec<Literal>,
    },
    /// startsWith, or endsWith.
    Affix {
        path: Path,
        at_end: bool,
        text: String,
    },
    /// `list/any(x: …)`; the paths of the condition begin at `x`. Without a condition: the list is not empty.
    Any {
        path: Path,
        condition: Option<Box<Self>>,
    },
}

/// A property, perhaps of a nested object; empty for the variable of `any` itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    /// `/$count` behind it.
    pub(crate) is_count: bool,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Ge,
    Le,
    Gt,
    Lt,
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    /// A number, GUID or date: whatever stands without quotes.
    Bare(String),
    Bool(bool),
    Null,
}
