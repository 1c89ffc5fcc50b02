//! Which rules of the fault script fire for a request.

use wildmatch::WildMatch;

use super::call::Payload;
use super::script::{Edit, FaultAnswer, Moment, Rule};

/// The rules with their counters.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    rule: Rule,
    path: Option<WildMatch>,
    matched: u32,
    fired: u32,
}

/// What the script does to the connection. What happens to a part of a batch happens to the whole.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) reset: Option<Moment>,
    pub(crate) slow_ms: u64,
    pub(crate) truncate: bool,
}

impl Wire {
    pub(crate) fn add(&mut self, other: &Self) {
        self.reset = self.reset.or(other.reset);
        self.slow_ms = self.slow_ms.max(other.slow_ms);
        self.truncate |= other.truncate;
    }

    /// Whether the client sees the beginning of the answer.
    pub(crate) fn breaks_off(&self, body: &Payload) -> bool {
        self.reset == Some(Moment::InAnswer) && !matches!(body, Payload::Empty)
    }
}

/// What the script does to one request.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    pub(crate) answer: Option<FaultAnswer>,
    pub(crate) wire: Wire,
    pub(crate) expire_tokens: bool,
    pub(crate) expire_page_tokens: bool,
    pub(crate) remove_permissions: Vec<String>,
    pub(crate) remove_roles: Vec<String>,
    pub(crate) sync: bool,
    pub(crate) edits: Vec<Edit>,
    /// Whether any rule fired.
    pub(crate) fired: bool,
}

impl Faults {
    /// Arms the rules of a script.
    pub(crate) fn new(rules: &[Rule]) -> Self {
        let arm = |rule: &Rule| Armed {
            path: rule.path.as_deref().map(WildMatch::new_case_insensitive),
            rule: rule.clone(),
            matched: 0,
            fired: 0,
        };
        Self(rules.iter().map(arm).collect())
    }

    /// Counts a request and says what is to happen to it. `path` has no version.
    pub(crate) fn decide(&mut self, method: &str, path: &str, in_batch: bool) -> Decision {
        let mut decision = Decision::default();
        for armed in &mut self.0 {
            if armed.matches(method, path, in_batch) && armed.fires() {
                decision.add(&armed.rule);
            }
        }
        decision
    }
}

impl Armed {
    fn matches(&self, method: &str, path: &str, in_batch: bool) -> bool {
        self.rule.method.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|own| own.matches(path))
            && self.rule.batch.is_none_or(|own| own == in_batch)
    }

    fn fires(&mut self) -> bool {
        self.matched = self.matched.saturating_add(1);
        let Some(position) = self.matched.checked_sub(self.rule.after).filter(|position| *position > 0) else { return false };
        let fires = self.rule.nth.is_none_or(|nth| position == nth)
            && self.rule.every.is_none_or(|every| position.is_multiple_of(every))
            && self.rule.times.is_none_or(|times| self.fired < times);
        self.fired += u32::from(fires);
        fires
    }
}

impl Decision {
    fn add(&mut self, rule: &Rule) {
        self.fired = true;
        if self.answer.is_none() && self.wire.reset.is_none() {
            self.answer = rule.answer.clone();
            self.wire.reset = rule.reset;
        }
        self.wire.add(&Wire { reset: None, slow_ms: rule.slow_ms, truncate: rule.truncate });
        self.expire_tokens |= rule.expire_tokens;
        self.expire_page_tokens |= rule.expire_page_tokens;
        self.remove_permissions.extend(rule.remove_permissions.iter().cloned());
        self.remove_roles.extend(rule.remove_roles.iter().cloned());
        self.sync |= rule.sync;
        self.edits.extend(rule.edit.clone());
    }

    /// Whether the request must not be carried out.
    pub(crate) fn stops(&self) -> bool {
        self.wire.reset == Some(Moment::BeforeWrite) || self.answer.as_ref().is_some_and(|answer| !answer.after_write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(json: &str, calls: usize) -> Vec<usize> {
        let rule: Rule = serde_json::from_str(json).unwrap();
        let mut faults = Faults::new(&[rule]);
        (1..=calls).filter(|_| faults.decide("PATCH", "/users/1", false).fired).collect()
    }

    #[test]
    fn rules_count_their_requests() {
        assert_eq!(hits(r#"{"method":"patch","nth":2}"#, 5), [2]);
        assert_eq!(hits(r#"{"path":"/users/*","every":2,"times":2}"#, 9), [2, 4]);
        assert_eq!(hits(r#"{"after":2,"times":2}"#, 9), [3, 4]);
        assert_eq!(hits(r#"{"after":1,"nth":2}"#, 5), [3]);
        assert_eq!(hits(r#"{"path":"/groups*"}"#, 5), [] as [usize; 0]);
        assert_eq!(hits(r#"{"batch":true}"#, 5), [] as [usize; 0]);
    }
}
