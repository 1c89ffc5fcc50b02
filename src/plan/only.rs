//! Which mappings are to be planned. Very many may be named one by one, so names are looked up, and only patterns are tried.

use std::collections::HashSet;

use crate::model::has_wildcards;
use crate::model::text::{Pattern, lowered};

/// Names and patterns of mappings; all mappings when there are none.
pub(super) struct Only {
    names: HashSet<String>,
    patterns: Vec<Pattern>,
}

impl Only {
    pub(super) fn of(wanted: &[String]) -> Self {
        let (patterns, names): (Vec<&String>, Vec<&String>) = wanted.iter().partition(|text| has_wildcards(text));
        Self {
            names: names.into_iter().map(|name| lowered(name)).collect(),
            patterns: patterns.into_iter().map(|pattern| Pattern::new(pattern)).collect(),
        }
    }

    pub(super) fn wants(&self, id: &str) -> bool {
        if self.names.is_empty() && self.patterns.is_empty() {
            return true;
        }
        let id = lowered(id);
        self.names.contains(&id) || self.patterns.iter().any(|pattern| pattern.fits_lowered(&id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_and_patterns_are_tried() {
        let only = Only::of(&["Ann@x.example", "b?b@*", "JO\u{308}RG"].map(str::to_owned));
        assert_eq!((only.names.len(), only.patterns.len()), (2, 1));
        assert!(["ann@X.example", "bob@y.example", "j\u{f6}rg"].iter().all(|id| only.wants(id)));
        assert!(!only.wants("ann@x.example#2") && !only.wants("bb@y.example"));
        assert!(Only::of(&[]).wants("anybody"));
    }
}
