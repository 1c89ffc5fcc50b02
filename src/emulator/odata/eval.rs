//! Whether an object meets a condition. Texts compare without case, as the directory does.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use crate::model::text::{fold, same};

use super::expr::{Expr, Literal, Op, Path};

/// Whether an object meets a condition.
pub(crate) fn meets(expr: &Expr, object: &Value) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| meets(part, object)),
        Expr::Or(parts) => parts.iter().any(|part| meets(part, object)),
        Expr::Not(inner) => !meets(inner, object),
        Expr::Compare { path, op, value } if path.is_count => {
            let count = get(object, path).and_then(Value::as_array).map_or(0, Vec::len);
            compare(&Value::from(count), *op, value)
        }
        Expr::Compare { path, op, value } => compare(get(object, path).unwrap_or(&Value::Null), *op, value),
        Expr::In { path, values } => {
            let own = get(object, path).unwrap_or(&Value::Null);
            values.iter().any(|value| compare(own, Op::Eq, value))
        }
        Expr::Affix { path, at_end, text } => get(object, path).and_then(Value::as_str).is_some_and(|own| {
            let (own, text) = (fold(own), fold(text));
            if *at_end { own.ends_with(&*text) } else { own.starts_with(&*text) }
        }),
        Expr::Any { path, condition } => {
            let mut entries = get(object, path).and_then(Value::as_array).into_iter().flatten();
            entries.any(|entry| condition.as_ref().is_none_or(|condition| meets(condition, entry)))
        }
    }
}

/// A property by its path; names compare without case, as PowerShell writes them.
pub(crate) fn get<'a>(object: &'a Value, path: &Path) -> Option<&'a Value> {
    path.segments.iter().try_fold(object, |value, name| property(value, name))
}

/// A property by name, in either spelling.
pub(crate) fn property<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let map = object.as_object()?;
    map.get(name).or_else(|| map.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn compare(own: &Value, op: Op, value: &Literal) -> bool {
    match op {
        Op::Eq => equal(own, value),
        Op::Ne => !equal(own, value),
        Op::Ge => order(own, value).is_some_and(Ordering::is_ge),
        Op::Le => order(own, value).is_some_and(Ordering::is_le),
        Op::Gt => order(own, value).is_some_and(Ordering::is_gt),
        Op::Lt => order(own, value).is_some_and(Ordering::is_lt),
    }
}

fn equal(own: &Value, value: &Literal) -> bool {
    match (own, value) {
        (Value::Null, Literal::Null) => true,
        (Value::Bool(own), Literal::Bool(value)) => own == value,
        (Value::String(own), Literal::Text(value)) => same(own, value),
        (Value::String(_) | Value::Number(_), Literal::Bare(_)) => order(own, value) == Some(Ordering::Equal),
        _ => false,
    }
}

fn order(own: &Value, value: &Literal) -> Option<Ordering> {
    match (own, value) {
        (Value::String(own), Literal::Text(value)) => Some(fold(own).cmp(&fold(value))),
        (Value::String(own), Literal::Bare(value)) => match (moment(own), moment(value)) {
            (Some(own), Some(value)) => Some(own.cmp(&value)),
            _ => Some(fold(own).cmp(&fold(value))),
        },
        (Value::Number(own), Literal::Bare(value)) => own.as_f64()?.partial_cmp(&value.parse().ok()?),
        _ => None,
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{text}T00:00:00Z").parse().ok())
}
