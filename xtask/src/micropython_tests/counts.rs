//! How many of upstream's tests did what.

use std::fmt;

use super::exclusions::Exclusion;

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Counts {
    /// Whether none failed, and at least so many passed.
    pub(super) fn is_success(self, least: u32) -> bool {
        self.failed == 0 && self.passed >= least
    }
}

/// What is left out, for the end of the line of counts: `, 4 excluded (4 need …)`.
pub(super) fn left_out(excluded: &[&Exclusion]) -> String {
    let each: Vec<_> =
        excluded.iter().map(|it| format!("{} {}", it.files.len(), it.reason)).collect();
    let count: usize = excluded.iter().map(|it| it.files.len()).sum();
    if count == 0 { String::new() } else { format!(", {count} excluded ({})", each.join("; ")) }
}

/// The summary of `run-tests.py`: `640 tests passed`, and if there are any `84 tests skipped: …`, `1 tests failed: …`.
pub(super) fn counts_in(text: &str) -> Option<Counts> {
    let count = |what: &str| {
        text.lines().find_map(|line| {
            let (number, rest) = line.split_once(' ')?;
            rest.starts_with(what).then(|| number.parse().ok())?
        })
    };
    Some(Counts {
        passed: count("tests passed")?,
        failed: count("tests failed:").unwrap_or(0),
        skipped: count("tests skipped:").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_read() {
        let text = "pass  basics/0prelim.py\n640 tests performed (17000 individual testcases)\n638 tests passed\n84 tests skipped: a b\n2 tests failed: c d\n";
        let counts = counts_in(text).unwrap();
        assert_eq!(counts.to_string(), "638 passed, 2 failed, 84 skipped");
        assert!(!counts.is_success(638));
        assert_eq!(counts_in("Traceback (most recent call last):"), None);
    }

    #[test]
    fn fewer_than_before_are_no_success() {
        assert!(!counts_in("0 tests passed\n").unwrap().is_success(1));
        assert!(!counts_in("651 tests passed\n").unwrap().is_success(652));
        assert!(counts_in("652 tests passed\n").unwrap().is_success(652));
    }

    #[test]
    fn what_is_left_out_has_its_reasons() {
        assert_eq!(left_out(&[]), "");
        let one = Exclusion { board: None, reason: "need a network", files: &["a.py", "b.py"] };
        let other = Exclusion { board: None, reason: "needs DMA", files: &["c.py"] };
        assert_eq!(left_out(&[&one, &other]), ", 3 excluded (2 need a network; 1 needs DMA)");
    }
}
