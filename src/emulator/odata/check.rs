//! Whether the directory takes a filter or an order: which operators a property has, and which need the index.

use super::super::errors::Failure;
use super::super::schema::{Entity, Kind, Need, Property};
use super::expr::{Expr, Literal, Op, Path};
use super::query::Order;

/// Under which conditions a query is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) entity: &'static Entity,
    /// Whether properties of beta exist.
    pub(crate) beta: bool,
    /// `ConsistencyLevel: eventual` and `$count`.
    pub(crate) advanced: bool,
    /// Whether what is said to need that really does.
    pub(crate) strict: bool,
}

impl Asked {
    /// The property with this name.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn property(&self, name: &str) -> Result<&'static Property, Failure> {
        self.entity.find(name, self.beta).ok_or_else(|| Failure::no_property(name, self.entity.type_name))
    }

    /// Checks a filter.
    ///
    /// # Errors
    /// What the directory answers to a filter that it does not take.
    pub(crate) fn filter(&self, expr: &Expr) -> Result<(), Failure> {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().try_for_each(|part| self.filter(part)),
            Expr::Not(inner) => {
                self.need(Need::Advanced, "Not")?;
                self.filter(inner)
            }
            Expr::Compare { path, op, value } => self.comparison(path, *op, value),
            Expr::In { path, values } => values.iter().try_for_each(|value| self.comparison(path, Op::Eq, value)),
            Expr::Affix { path, at_end, .. } => {
                let property = self.root(path)?;
                let (need, word) = if *at_end { (property.ends, "EndsWith") } else { (property.starts, "StartsWith") };
                self.offered(property, need, word)
            }
            Expr::Any { path, condition } => self.any(path, condition.as_deref()),
        }
    }

    fn root(&self, path: &Path) -> Result<&'static Property, Failure> {
        path.segments.first().map_or_else(|| Err(Failure::malformed("Invalid filter clause.")), |name| self.property(name))
    }

    fn comparison(&self, path: &Path, op: Op, value: &Literal) -> Result<(), Failure> {
        let property = self.root(path)?;
        if path.is_count {
            return self.need(Need::Advanced, "Count");
        }
        if path.segments.len() == 1 {
            check_type(property, value)?;
        }
        let need = match (op, value) {
            (Op::Eq, Literal::Null) => property.null,
            (Op::Eq, _) => property.eq,
            (Op::Ne, _) => property.eq.and_advanced(),
            (Op::Ge | Op::Le, _) => property.range,
            // The directory knows only ge and le; other services know all four.
            (Op::Gt | Op::Lt, _) => property.range.and_advanced(),
        };
        self.offered(property, need, operator(op))
    }

    fn any(&self, path: &Path, condition: Option<&Expr>) -> Result<(), Failure> {
        let property = self.root(path)?;
        if !matches!(property.kind, Kind::Texts | Kind::Objects) {
            return Err(Failure::malformed("Invalid filter clause: 'any' needs a collection."));
        }
        self.offered(property, property.eq, "Any")?;
        condition.map_or(Ok(()), |condition| self.inner(property, condition))
    }

    /// The condition on the entries of a list.
    fn inner(&self, property: &Property, expr: &Expr) -> Result<(), Failure> {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().try_for_each(|part| self.inner(property, part)),
            Expr::Not(inner) => self.need(Need::Advanced, "Not").and_then(|()| self.inner(property, inner)),
            Expr::Compare { op: Op::Ne, .. } => self.need(Need::Advanced, operator(Op::Ne)),
            Expr::Affix { at_end: true, .. } => self.need(Need::Advanced, "EndsWith"),
            Expr::Affix { at_end: false, .. } => self.offered(property, property.starts, "StartsWith"),
            Expr::Compare { .. } | Expr::In { .. } | Expr::Any { .. } => Ok(()),
        }
    }

    fn offered(&self, property: &Property, need: Need, word: &str) -> Result<(), Failure> {
        if need == Need::Never {
            let (name, resource) = (property.name, self.entity.resource);
            let message =
                format!("Unsupported or invalid query filter clause specified for property '{name}' of resource '{resource}'.");
            return Err(Failure::unsupported(message));
        }
        self.need(need, word)
    }

    fn need(&self, need: Need, word: &str) -> Result<(), Failure> {
        let fulfilled = match need {
            Need::Plain => true,
            Need::AdvancedIfStrict => self.advanced || !self.strict,
            Need::Advanced => self.advanced,
            Need::Never => false,
        };
        let message = format!(
            "Operator '{word}' is not supported here without the '$count' query option and the 'ConsistencyLevel:eventual' header."
        );
        if fulfilled { Ok(()) } else { Err(Failure::unsupported(message)) }
    }

    /// Checks an order.
    ///
    /// # Errors
    /// What the directory answers to an order that it does not take.
    pub(crate) fn order(&self, order: &[Order], filtered: bool) -> Result<(), Failure> {
        if filtered && !order.is_empty() {
            self.need(Need::Advanced, "OrderBy with Filter")?;
        }
        order.iter().try_for_each(|key| {
            let property = self.property(&key.property)?;
            if property.sort == Need::Never {
                return Err(Failure::unsupported(format!("Sorting by '{}' is not supported.", property.name)));
            }
            self.need(property.sort, "OrderBy")
        })
    }
}

fn check_type(property: &Property, value: &Literal) -> Result<(), Failure> {
    let fits = match property.kind {
        Kind::Text => matches!(value, Literal::Text(_) | Literal::Null),
        Kind::Bool => matches!(value, Literal::Bool(_) | Literal::Null),
        Kind::Date | Kind::Int => matches!(value, Literal::Bare(_) | Literal::Null),
        Kind::Object => true,
        Kind::Texts | Kind::Objects => false,
    };
    let message = format!("Invalid filter clause: the value does not fit the type of '{}'.", property.name);
    if fits { Ok(()) } else { Err(Failure::malformed(message)) }
}

fn operator(op: Op) -> &'static str {
    match op {
        Op::Eq => "Equals",
        Op::Ne => "NotEquals",
        Op::Ge | Op::Gt => "GreaterOrEquals",
        Op::Le | Op::Lt => "LessOrEquals",
    }
}
