//! What a re-plan changed since a plan was approved: writes, mappings, findings, and everything else the digest covers.

use crate::model::text::{counted, number};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::io;

use serde::Serialize;
use serde_json::{Value, json};

use super::json::document;

use crate::plan::action::Action;
use crate::plan::body::{Body, PlanTenant, PlannedMapping};
use crate::plan::finding::Finding;
use crate::planfile::{PlanFile, short};

/// The difference of two plans.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanDiff<'a> {
    /// The digest of the old plan.
    pub old: String,
    /// The digest of the new plan.
    pub new: String,
    /// The writes, by their ids.
    pub actions: Changes<'a, Action>,
    /// The mappings, by their ids.
    pub mappings: Changes<'a, PlannedMapping>,
    /// The findings; one that changed is gone and new.
    pub findings: Changes<'a, Finding>,
    /// Tenant, forests, inputs, proof and status.
    pub other: Vec<FieldChange>,
    /// Whether what both plans have stands in another order.
    pub reordered: bool,
    /// The tenant of the new plan.
    pub tenant: &'a PlanTenant,
}

/// What became of the elements of a list.
#[derive(Debug, Serialize)]
pub struct Changes<'a, T> {
    /// Only in the old plan.
    pub gone: Vec<&'a T>,
    /// Only in the new plan.
    pub new: Vec<&'a T>,
    /// In both, and not the same.
    pub changed: Vec<Changed<'a, T>>,
}

/// An element that is not what it was.
#[derive(Debug, Serialize)]
pub struct Changed<'a, T> {
    /// As it is now.
    pub now: &'a T,
    /// What changed.
    pub fields: Vec<FieldChange>,
}

/// One value that is not what it was.
#[derive(Debug, PartialEq, Serialize)]
pub struct FieldChange {
    /// Its path.
    pub name: String,
    /// The old value; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The new value; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl<'a> PlanDiff<'a> {
    /// Compares two plans.
    #[must_use]
    pub fn new(old: &'a PlanFile, new: &'a PlanFile) -> Self {
        let (actions, actions_moved) = compare(&old.body.actions, &new.body.actions, |action| action.id.as_str());
        let (mappings, mappings_moved) = compare(&old.body.mappings, &new.body.mappings, |mapping| mapping.id.as_str());
        let (findings, findings_moved) = compare_findings(&old.body.findings, &new.body.findings);
        Self {
            old: old.digest(),
            new: new.digest(),
            actions,
            mappings,
            findings,
            other: fields(&the_rest(&old.body), &the_rest(&new.body)),
            reordered: actions_moved || mappings_moved || findings_moved,
            tenant: &new.body.tenant,
        }
    }

    /// Whether the plans say the same: an approval of the old one holds for the new one.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.old == self.new
    }

    /// The difference in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let digests = format!("digest {} -> {}", short(&self.old), short(&self.new));
        if self.is_same() {
            return format!("Diff: the plans are the same · digest {}", short(&self.new));
        }
        let other = if self.other.is_empty() { String::new() } else { counted(self.other.len(), "other value") + " changed" };
        let order = if self.reordered { "reordered".to_owned() } else { String::new() };
        let parts =
            [self.actions.line("action"), self.mappings.line("mapping"), self.findings.line("finding"), other, order, digests];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("Diff: {}", parts.join(" · "))
    }
}

impl<T> Changes<'_, T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.gone.len() + self.new.len() + self.changed.len()
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `1 action gone, 2 new`.
    fn line(&self, word: &str) -> String {
        let counts = [(self.gone.len(), "gone"), (self.new.len(), "new"), (self.changed.len(), "changed")];
        let mut parts: Vec<String> = Vec::new();
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            let subject = if parts.is_empty() { counted(count, word) } else { number(count) };
            parts.push(format!("{subject} {what}"));
        }
        parts.join(", ")
    }
}

/// Compares lists by key; also tells whether what both have is in another order.
fn compare<'a, T, K>(old: &'a [T], new: &'a [T], key: impl Fn(&'a T) -> K) -> (Changes<'a, T>, bool)
where
    T: Serialize + PartialEq,
    K: Hash + Eq,
{
    let before: HashMap<K, &T> = old.iter().map(|item| (key(item), item)).collect();
    let after: HashSet<K> = new.iter().map(&key).collect();
    let mut changes = Changes { gone: Vec::new(), new: Vec::new(), changed: Vec::new() };
    changes.gone = old.iter().filter(|item| !after.contains(&key(item))).collect();
    for now in new {
        match before.get(&key(now)) {
            None => changes.new.push(now),
            Some(then) if *then == now => {}
            Some(then) => changes.changed.push(Changed { now, fields: fields(&value(then), &value(now)) }),
        }
    }
    let kept_before = old.iter().map(&key).filter(|key| after.contains(key));
    let kept_after = new.iter().map(&key).filter(|key| before.contains_key(key));
    let moved = !kept_before.eq(kept_after);
    (changes, moved)
}

/// Findings have no ids: each stands for itself, as often as it occurs.
fn compare_findings<'a>(old: &'a [Finding], new: &'a [Finding]) -> (Changes<'a, Finding>, bool) {
    let (before, after) = (numbered(old), numbered(new));
    let (known, kept): (HashSet<_>, HashSet<_>) = (before.iter().collect(), after.iter().collect());
    let only = |list: &'a [Finding], keys: &[_], others: &HashSet<_>| {
        list.iter().zip(keys).filter(|(_, key)| !others.contains(key)).map(|(finding, _)| finding).collect()
    };
    let changes = Changes { gone: only(old, &before, &kept), new: only(new, &after, &known), changed: Vec::new() };
    let moved = !before.iter().filter(|key| kept.contains(key)).eq(after.iter().filter(|key| known.contains(key)));
    (changes, moved)
}

/// Each finding with how many like it come before.
fn numbered(findings: &[Finding]) -> Vec<(impl Hash + Eq + Clone, usize)> {
    let mut seen = HashMap::new();
    let mut keys = Vec::with_capacity(findings.len());
    for Finding { code, hint, mapping, message, objects, severity, steps } in findings {
        let key = (code, severity, mapping, message, hint, objects, steps);
        let count = seen.entry(key).or_insert(0);
        keys.push((key, *count));
        *count += 1;
    }
    keys
}

/// What a body says beside its long lists; the summary follows from those.
fn the_rest(body: &Body) -> Value {
    let Body { actions: _, findings: _, forests, inputs, leaves, mappings: _, proof, rollback_of, status, summary: _, tenant } =
        body;
    let forests: serde_json::Map<String, Value> = forests.iter().map(|forest| (forest.name.clone(), value(forest))).collect();
    json!({
        "status": status, "tenant": tenant, "forests": forests, "inputs": inputs, "leaves": leaves, "rollbackOf": rollback_of, "proof": proof,
    })
}

fn value(of: &impl Serialize) -> Value {
    json!(of)
}

/// The leaves in which two values differ.
fn fields(old: &Value, new: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    collect(String::new(), Some(old), Some(new), &mut changes);
    changes
}

fn collect(path: String, old: Option<&Value>, new: Option<&Value>, changes: &mut Vec<FieldChange>) {
    if old == new {
        return;
    }
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (old, new) else {
        changes.push(FieldChange { name: path, before: old.cloned(), after: new.cloned() });
        return;
    };
    let added = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(added) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        collect(path, before.get(name), after.get(name), changes);
    }
}

/// Writes the difference for scripts.
///
/// # Errors
/// Those of the writer.
pub fn diff_json(diff: &PlanDiff<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Content<'a> {
        same: bool,
        #[serde(flatten)]
        diff: &'a PlanDiff<'a>,
    }
    document("hardmatch/diff", &Content { same: diff.is_same(), diff }, out)
}
