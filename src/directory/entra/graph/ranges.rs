//! The live users in parts that can be read side by side: by how their sign-in names begin.
//!
//! A part is only trusted where the parts add up: every name begins with one of the [`characters`] of names, so what Graph counts for
//! each of them together is everybody. Where it is not, nothing is split, and one chain of pages is read.

use super::call::literal;
use crate::model::SIGN_IN_SIGNS;
use crate::model::digits::size;

/// How many pages are under way at a time.
pub(super) const AT_ONCE: usize = 12;
/// Fewer pages are read one after the other in the time that splitting takes.
const WORTH_SPLITTING: u64 = 8;
/// Conditions in one filter.
const CONDITIONS: usize = 14;
/// More ranges take longer to count than counting step by step.
const MOST_FORESEEN: usize = 200;
/// Sign-in names have so many characters before the `@`.
const LONGEST_BEGINNING: usize = 64;

/// What sign-in names are made of, apart from the `@`; Graph compares without case.
fn characters() -> impl Iterator<Item = char> {
    ('a'..='z').chain('0'..='9').chain(SIGN_IN_SIGNS.chars())
}

/// Live users whose sign-in names begin in one of these ways; everybody where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    beginnings: Vec<String>,
    /// How many there were when it was cut.
    count: u64,
}

impl Range {
    /// All live users.
    pub(super) fn everybody(count: u64) -> Self {
        Self { beginnings: Vec::new(), count }
    }

    /// The same, when so many were counted in it.
    fn counted(self, count: u64) -> Self {
        Self { count, ..self }
    }

    /// Its condition.
    pub(super) fn filter(&self) -> Option<String> {
        let starts = self.beginnings.iter().map(|beginning| starts_with(beginning));
        (!self.beginnings.is_empty()).then(|| starts.collect::<Vec<_>>().join(" or "))
    }
}

/// The condition that a sign-in name begins so.
pub(super) fn starts_with(beginning: &str) -> String {
    format!("startsWith(userPrincipalName,{})", literal(beginning))
}

/// Live users whose names begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Branch {
    beginning: String,
    count: u64,
    /// Whether its parts did not add up, so that it stays whole.
    is_closed: bool,
}

impl Branch {
    fn new(beginning: String, count: u64) -> Self {
        Self { beginning, count, is_closed: false }
    }
}

/// What Graph knows of the users whose names begin in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    /// How many there are for each of [`Split::next_beginnings`].
    pub(super) parts: Vec<(String, u64)>,
    /// The first and the last of their names.
    pub(super) ends: Option<[String; 2]>,
}

/// All live users, cut finer and finer.
#[derive(Debug)]
pub(super) struct Split {
    users: u64,
    page_size: u64,
    branches: Vec<Branch>,
    /// Ranges that are known to be all of it, so that nothing is to be cut.
    settled: Vec<Range>,
}

impl Split {
    /// Nothing is cut yet.
    pub(super) fn new(users: u64, page_size: u32) -> Self {
        Self { users, page_size: page_size.into(), branches: vec![Branch::new(String::new(), users)], settled: Vec::new() }
    }

    /// The beginnings that are to be cut further: a chain of their pages would be the one that everybody waits for.
    pub(super) fn too_long(&self) -> Vec<String> {
        if !self.settled.is_empty() {
            return Vec::new();
        }
        let is_long = |branch: &&Branch| {
            let least = if branch.beginning.is_empty() { WORTH_SPLITTING } else { self.too_many() };
            !branch.is_closed && self.pages(branch.count) >= least
        };
        self.branches.iter().filter(is_long).map(|branch| branch.beginning.clone()).collect()
    }

    /// Pages of a chain that is cut further.
    fn too_many(&self) -> u64 {
        self.share() + 3
    }

    fn pages(&self, users: u64) -> u64 {
        users.div_ceil(self.page_size)
    }

    /// Pages of each chain, if all were of one length.
    fn share(&self) -> u64 {
        self.pages(self.users).div_ceil(size(AT_ONCE)).max(1)
    }

    /// How names that begin so can go on.
    pub(super) fn next_beginnings(beginning: &str) -> Vec<String> {
        let at = (!beginning.is_empty()).then_some('@');
        characters().chain(at).map(|next| format!("{beginning}{next}")).collect()
    }

    /// Cuts a beginning by what was counted; where nothing could be, it stays whole.
    pub(super) fn cut(&mut self, beginning: &str, counted: Option<Counted>) {
        let Some(at) = self.branches.iter().position(|branch| branch.beginning == beginning) else { return };
        let Some(branch) = self.branches.get_mut(at) else { return };
        let Some(counted) = counted else {
            branch.is_closed = true;
            return;
        };
        let filled: Vec<(String, u64)> = counted.parts.into_iter().filter(|(_, count)| *count > 0).collect();
        if filled.iter().map(|(_, count)| count).sum::<u64>() != branch.count {
            branch.is_closed = true;
        } else if let [(only, count)] = filled.as_slice() {
            // All go on alike for a while, as staff numbers with leading zeros do.
            let common = counted.ends.map(|[first, last]| common_beginning(&first, &last)).unwrap_or_default();
            let further = if common.starts_with(only.as_str()) { common } else { only.clone() };
            *branch = Branch::new(further, *count);
        } else {
            self.branches.splice(at..=at, filled.into_iter().map(|(beginning, count)| Branch::new(beginning, count)));
        }
    }

    /// Ranges for all names there can be, if most of those that there are will be like these sign-in names: what is left to
    /// do is to count them. None where so few names are not worth it, or where they go on alike for too long.
    pub(super) fn foresee(names: &[&str], page_size: u32) -> Vec<Range> {
        let mut names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        let mut foreseen = Self { branches: Vec::new(), ..Self::new(size(names.len()), page_size) };
        if foreseen.pages(foreseen.users) >= WORTH_SPLITTING {
            foreseen.branch_off(&names, "");
        }
        let ranges = foreseen.put_together();
        if ranges.len() <= MOST_FORESEEN { ranges } else { Vec::new() }
    }

    /// A branch for each way in which names that begin so can go on, finer where many of these names do.
    fn branch_off(&mut self, names: &[String], beginning: &str) {
        for next in Self::next_beginnings(beginning) {
            let from = names.partition_point(|name| *name < next);
            let alike = names.get(from..).unwrap_or_default();
            let alike = alike.get(..alike.partition_point(|name| name.starts_with(&next))).unwrap_or_default();
            let count = size(alike.len());
            if self.pages(count) >= self.too_many() && next.len() < LONGEST_BEGINNING {
                self.branch_off(alike, &next);
            } else {
                self.branches.push(Branch::new(next, count));
            }
        }
    }

    /// Takes ranges that were foreseen and how many users each has, where that is everybody and none has too many.
    pub(super) fn settle(&mut self, foreseen: Vec<Range>, counts: &[u64]) {
        let is_all = counts.len() == foreseen.len() && counts.iter().sum::<u64>() == self.users;
        let is_worth_it = self.pages(self.users) >= WORTH_SPLITTING;
        if is_all && is_worth_it && counts.iter().all(|count| self.pages(*count) < self.too_many()) {
            let counted = foreseen.into_iter().zip(counts).map(|(range, count)| range.counted(*count));
            self.settled = longest_first(counted.filter(|range| range.count > 0).collect());
        }
    }

    /// The parts to read, the longest first; small ones are put together.
    pub(super) fn into_ranges(self) -> Vec<Range> {
        match self.branches.as_slice() {
            _ if !self.settled.is_empty() => self.settled,
            [branch] => vec![Range::everybody(branch.count)],
            _ => longest_first(self.put_together()),
        }
    }

    fn put_together(self) -> Vec<Range> {
        // Several ranges for each chain, so that all chains end at about the same time.
        let most = self.page_size * (self.share() / 3).max(1);
        let mut ranges: Vec<Range> = Vec::new();
        for branch in self.branches {
            match ranges.last_mut() {
                Some(last) if last.count + branch.count <= most && last.beginnings.len() < CONDITIONS => {
                    last.beginnings.push(branch.beginning);
                    last.count += branch.count;
                }
                Some(_) | None => ranges.push(Range { beginnings: vec![branch.beginning], count: branch.count }),
            }
        }
        ranges
    }
}

fn longest_first(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| std::cmp::Reverse(range.count));
    ranges
}

/// What two names have in common at their beginning, in lower case.
fn common_beginning(one: &str, other: &str) -> String {
    let lower = |name: &str| name.chars().map(|c| c.to_ascii_lowercase()).collect::<Vec<_>>();
    lower(one).into_iter().zip(lower(other)).take_while(|(own, other)| own == other).map(|(own, _)| own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Graph would count of these names.
    fn counted(names: &[String], beginning: &str) -> Counted {
        let among = |start: &str| names.iter().filter(|name| name.starts_with(start)).collect::<Vec<_>>();
        let parts = Split::next_beginnings(beginning).into_iter().map(|next| (next.clone(), among(&next).len() as u64)).collect();
        let own = among(beginning);
        let ends = own.iter().min().zip(own.iter().max()).map(|(first, last)| [(**first).clone(), (**last).clone()]);
        Counted { parts, ends }
    }

    /// The ranges of a tenant, and how often had to be counted.
    fn split(names: &[String]) -> (Vec<Range>, usize) {
        let mut split = Split::new(names.len() as u64, 999);
        for round in 0.. {
            let open = split.too_long();
            if open.is_empty() {
                return (split.into_ranges(), round);
            }
            open.iter().for_each(|beginning| split.cut(beginning, Some(counted(names, beginning))));
        }
        unreachable!()
    }

    fn belongs(range: &Range, name: &str) -> bool {
        range.beginnings.is_empty() || range.beginnings.iter().any(|beginning| name.starts_with(beginning.as_str()))
    }

    #[test]
    fn numbered_names_are_cut_behind_what_they_have_in_common() {
        let mut names: Vec<String> = (0..10_000).map(|n| format!("u{n:07}@x.example")).collect();
        let (ranges, rounds) = split(&names);
        assert_eq!((ranges.len(), rounds), (10, 2));
        names.push("admin@x.example".to_owned());
        let (ranges, rounds) = split(&names);
        assert_eq!((ranges.len(), rounds), (11, 3));
        assert!(names.iter().all(|name| ranges.iter().filter(|range| belongs(range, name)).count() == 1));
    }

    #[test]
    fn every_name_is_in_one_range_and_no_range_is_much_longer_than_the_others() {
        let names: Vec<String> = (0..40_000_u32)
            .map(|n| format!("{}{}.{n}@x.example", ["ann", "bo", "c'lo", "maria", "max", "m"][n as usize % 6], n % 97))
            .collect();
        let (ranges, _) = split(&names);
        assert!(names.iter().all(|name| ranges.iter().filter(|range| belongs(range, name)).count() == 1));
        assert!(ranges.iter().all(|range| range.count <= 6 * 999 && range.beginnings.len() <= CONDITIONS), "{ranges:?}");
        assert_eq!(ranges.iter().map(|range| range.count).sum::<u64>(), 40_000);
        assert!(ranges.is_sorted_by_key(|range| std::cmp::Reverse(range.count)));
    }

    #[test]
    fn parts_that_do_not_add_up_stay_whole() {
        let names: Vec<String> = (0..9_000).map(|n| if n == 0 { "ünal@x".into() } else { format!("{n}@x") }).collect();
        let (ranges, rounds) = split(&names);
        assert_eq!((ranges.as_slice(), rounds), (&[Range::everybody(9_000)][..], 1));
        assert_eq!(ranges[0].filter(), None);
    }

    fn settled(names: &[String], foreseen: Vec<Range>) -> Split {
        let mut split = Split::new(names.len() as u64, 999);
        let counts: Vec<u64> =
            foreseen.iter().map(|range| names.iter().filter(|name| belongs(range, name)).count() as u64).collect();
        split.settle(foreseen, &counts);
        split
    }

    #[test]
    fn ranges_that_were_foreseen_from_wanted_names_take_one_round_of_counting() {
        let wanted: Vec<String> = (0..10_000).map(|n| format!("U{n:07}@x.example")).collect();
        let foreseen = Split::foresee(&wanted.iter().map(String::as_str).collect::<Vec<_>>(), 999);
        assert!(foreseen.len() < 40, "{}", foreseen.len());
        let there: Vec<String> =
            wanted.iter().map(|name| name.to_lowercase()).chain(["admin@x", "u0x@x", "^@x"].map(String::from)).collect();
        let split = settled(&there, foreseen.clone());
        assert!(split.too_long().is_empty());
        let ranges = split.into_ranges();
        assert!(there.iter().all(|name| ranges.iter().filter(|range| belongs(range, name)).count() == 1));
        assert!(ranges.iter().all(|range| range.count > 0) && ranges.is_sorted_by_key(|range| std::cmp::Reverse(range.count)));
        // Of all who are wanted a few are there.
        assert_eq!(settled(&there[..20], foreseen.clone()).into_ranges(), [Range::everybody(20)]);
        // Somebody whose name fits nowhere, and a crowd where nobody was foreseen.
        let odd: Vec<String> = there.iter().cloned().chain(["ünal@x".to_owned()]).collect();
        assert_eq!(settled(&odd, foreseen.clone()).too_long(), [""]);
        let crowd: Vec<String> = there.iter().cloned().chain((0..5_000).map(|n| format!("b{n}@x"))).collect();
        assert_eq!(settled(&crowd, foreseen).too_long(), [""]);
    }

    #[test]
    fn nothing_is_foreseen_from_a_few_names_or_from_such_as_go_on_alike_for_long() {
        let few: Vec<String> = (0..500).map(|n| format!("{n}@x")).collect();
        assert!(Split::foresee(&few.iter().map(String::as_str).collect::<Vec<_>>(), 999).is_empty());
        let alike: Vec<String> = (0..9_000).map(|n| format!("{}{n}@x", "o".repeat(300))).collect();
        assert!(Split::foresee(&alike.iter().map(String::as_str).collect::<Vec<_>>(), 999).is_empty());
    }

    #[test]
    fn a_few_pages_are_one_chain() {
        assert!(Split::new(7 * 999, 999).too_long().is_empty());
        assert_eq!(Split::new(7 * 999 + 1, 999).too_long(), [""]);
    }

    #[test]
    fn a_condition_for_each_beginning() {
        let range = Range { beginnings: vec!["a".into(), "o'".into()], count: 2 };
        let filter = range.filter().unwrap();
        assert_eq!(filter, "startsWith(userPrincipalName,'a') or startsWith(userPrincipalName,'o''')");
    }
}
