//! Users of a live directory that hold something that cannot be: named together, and none of them is passed over.

use crate::model::text::{EXAMPLES, and_more, counted};

use super::ports::DirectoryError;

/// How many there are, and the first of them.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    examples: Vec<String>,
    count: usize,
}

impl Broken {
    /// Adds a user, by a line that names it and what is wrong.
    pub(crate) fn add(&mut self, line: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(line());
        }
    }

    /// Adds those of another part of the same list.
    pub(crate) fn join(&mut self, other: Self) {
        self.count += other.count;
        self.examples.extend(other.examples);
        self.examples.truncate(EXAMPLES);
    }

    /// An error that names some, if there are any.
    pub(crate) fn refuse(self, place: &str) -> Result<(), DirectoryError> {
        if self.count == 0 {
            return Ok(());
        }
        let more = and_more(self.count - self.examples.len());
        let lines: String = self.examples.iter().chain(&more).map(|line| format!("\n  {line}")).collect();
        let verb = if self.count == 1 { "holds" } else { "hold" };
        Err(DirectoryError::Unusable(format!("{place}: {} {verb} something that cannot be:{lines}", counted(self.count, "user"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(count: usize) -> Broken {
        let mut broken = Broken::default();
        (0..count).for_each(|n| broken.add(|| format!("u{n}: no id")));
        broken
    }

    #[test]
    fn all_are_counted_and_some_are_named() {
        let told = |broken: Broken| broken.refuse("dc1").map_err(|error| error.to_string());
        assert!(matches!(broken(1).refuse("dc1"), Err(DirectoryError::Unusable(_))), "nothing of the input is wrong");
        assert_eq!(told(broken(0)), Ok(()));
        assert_eq!(told(broken(1)).unwrap_err(), "dc1: 1 user holds something that cannot be:\n  u0: no id");
        let mut many = broken(9);
        many.join(broken(4));
        let message = told(many).unwrap_err();
        assert!(
            message.starts_with("dc1: 13 users hold") && message.ends_with("u8: no id\n  u0: no id\n  and 3 more"),
            "{message}"
        );
    }
}
