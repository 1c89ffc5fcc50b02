//! Lists of objects in findings and notes: a few by name, and how many more there are. A group of any size costs each of its
//! members no more than that.

use crate::model::text::and_more;

pub(super) use crate::model::text::EXAMPLES;

/// A list as it is shown: the first lines, and how many more there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed(Vec<String>);

impl Listed {
    /// Of so many objects. Only those lines that are shown are made.
    pub(super) fn of(total: usize, lines: impl IntoIterator<Item = String>) -> Self {
        let mut shown: Vec<String> = lines.into_iter().take(EXAMPLES).collect();
        shown.extend(and_more(total.saturating_sub(EXAMPLES)));
        Self(shown)
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.0
    }

    /// `a, b and 3 more`
    pub(super) fn in_a_row(&self) -> String {
        match self.0.split_last() {
            Some((more, shown)) if shown.len() == EXAMPLES => format!("{} {more}", shown.join(", ")),
            Some(_) | None => self.0.join(", "),
        }
    }
}

impl FromIterator<String> for Listed {
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        let mut lines: Vec<String> = lines.into_iter().collect();
        let total = lines.len();
        lines.truncate(EXAMPLES);
        Self::of(total, lines)
    }
}

/// Lines from several lists, to be shown in the order of the letters, each once.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    lines: Vec<String>,
    more: usize,
}

impl Gathered {
    /// Adds a list of so many; of a long one only the first lines are made.
    pub(super) fn add(&mut self, total: usize, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines.into_iter().take(EXAMPLES));
        self.more += total.saturating_sub(EXAMPLES);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn listed(mut self) -> Listed {
        self.lines.sort_unstable();
        self.lines.dedup();
        Listed::of(self.lines.len() + self.more, self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> impl Iterator<Item = String> {
        (0..count).map(|n| format!("{n:02}"))
    }

    #[test]
    fn a_long_list_says_how_much_longer_it_is() {
        let all = |listed: Listed| listed.into_lines();
        assert_eq!(all(lines(10).collect()), lines(10).collect::<Vec<_>>());
        let cut = all(lines(12).collect());
        assert_eq!((cut.len(), cut.last().unwrap().as_str()), (11, "and 2 more"));
        let endless = (0..).map(|n| if n < 20 { n.to_string() } else { unreachable!("nobody sees it") });
        assert_eq!(all(Listed::of(5_000, endless)).last().unwrap(), "and 4,990 more");
        assert_eq!(lines(2).collect::<Listed>().in_a_row(), "00, 01");
        assert!(lines(12).collect::<Listed>().in_a_row().ends_with("08, 09 and 2 more"));
        let mut gathered = Gathered::default();
        gathered.add(3, lines(3));
        gathered.add(12, lines(12));
        assert_eq!(all(gathered.listed()).last().unwrap(), "and 2 more");
    }
}
