//! Lists of objects in findings and notes: a few by name, and how many more there are.

/// How many objects a list names. A group of any size costs each of its members no more than that.
pub(super) const EXAMPLES: usize = 10;

/// The first lines, and how many more there are.
pub(super) fn listed(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(EXAMPLES);
    lines.truncate(EXAMPLES);
    lines.extend(and_more(more));
    lines
}

/// `and 3 more`, where there are more.
pub(super) fn and_more(count: usize) -> Option<String> {
    (count > 0).then(|| format!("and {} more", crate::model::text::number(count)))
}
