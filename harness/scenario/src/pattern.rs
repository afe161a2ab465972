//! Expected text, with the wildcards of doctest.
//!
//! | written | stands for |
//! |---|---|
//! | `...` | any text, also several lines, also none |
//! | `...` alone on its line | any number of lines, also none |
//! | `<int>` | a whole number, with or without a sign |
//! | `<float>` | a number as Python prints floats: `0.5`, `1e-07`, `inf`, `nan` |
//! | `<any>` | any text within a line, also none |
//! | `<NAME:int>`, `<NAME:float>`, `<NAME:any>` | the same, and NAME stands for what came |
//! | `<=NAME>` | what NAME stands for |
//!
//! `<NAME>` would be the plainer reference, but boards print such things
//! themselves: `<stdin>`, `<lambda>`.
//!
//! Everything else stands for itself. Line ends are compared as `\n`, and
//! newlines at the end are not compared.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

/// What [`Expected::first_difference`] shows where a text has ended.
pub const NOTHING: &str = "(nothing more)";

/// What came for the names of captures.
pub type Captures = BTreeMap<String, String>;

/// Text that must come, parsed.
#[derive(Clone)]
pub struct Expected {
    source: String,
    /// What its references stand for.
    values: Captures,
    /// `None` if there is no wildcard in it, as in most.
    regex: Option<Regex>,
}

static WILDCARD: LazyLock<Regex> = LazyLock::new(|| {
    let name = "[A-Za-z_][A-Za-z0-9_]*";
    let wildcards =
        format!(r"\.\.\.|<(?:(?<capture>{name}):)?(?<kind>int|float|any)>|<=(?<reference>{name})>");
    Regex::new(&wildcards).expect("the expression is constant")
});

impl Expected {
    /// Reads `source`; any text is one.
    pub fn parse(source: &str) -> Expected {
        Expected::new(source, Captures::new())
    }

    /// The same text with its references resolved by `values`. One that they do not
    /// have stands for any text within a line.
    pub fn resolved(&self, values: &Captures) -> Expected {
        match self.references().next() {
            Some(_) => Expected::new(&self.source, values.clone()),
            None => self.clone(),
        }
    }

    fn new(source: &str, values: Captures) -> Expected {
        let text = normalised(source);
        let lines: Vec<&str> = text.split('\n').collect();
        let regex = WILDCARD
            .is_match(&text)
            .then(|| compiled(&format!(r"\A{}\z", expression(&lines, &values))));
        Expected { source: source.to_owned(), values, regex }
    }

    /// The names that it captures, each with the byte where its wildcard begins.
    pub fn captures(&self) -> impl Iterator<Item = (usize, &str)> {
        self.named("capture")
    }

    /// The names that it refers to, likewise.
    pub fn references(&self) -> impl Iterator<Item = (usize, &str)> {
        self.named("reference")
    }

    fn named(&self, group: &'static str) -> impl Iterator<Item = (usize, &str)> {
        let found = WILDCARD.captures_iter(&self.source);
        found.filter_map(move |wildcard| {
            let start = wildcard.get(0).map_or(0, |all| all.start());
            wildcard.name(group).map(|name| (start, name.as_str()))
        })
    }

    /// What `got`, which matches, has for the names that it captures.
    pub fn captured(&self, got: &str) -> Captures {
        let got = normalised(got);
        let found = self.regex.as_ref().and_then(|regex| Some((regex, regex.captures(&got)?)));
        let Some((regex, found)) = found else { return Captures::new() };
        let names = regex.capture_names().flatten();
        names
            .filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned())))
            .collect()
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether `got`, the whole of it, is what was expected.
    pub fn matches(&self, got: &str) -> bool {
        let got = normalised(got);
        match &self.regex {
            Some(regex) => regex.is_match(&got),
            None => normalised(&self.source) == got,
        }
    }

    /// The first line that differs: its number in the expected text (from 1),
    /// what stands there, and what came instead. [`NOTHING`] where either has ended.
    ///
    /// `None` if `got` matches.
    pub fn first_difference(&self, got: &str) -> Option<(usize, String, String)> {
        if self.matches(got) {
            return None;
        }
        let source = normalised(&self.source);
        let got = normalised(got);
        let wanted: Vec<&str> =
            if source.is_empty() { Vec::new() } else { source.split('\n').collect() };
        let (same, rest) = longest_start(&wanted, &self.values, &got);
        let line = |line: Option<&str>| line.unwrap_or(NOTHING).to_owned();
        Some((
            same + 1,
            line(wanted.get(same).copied()),
            line(rest.and_then(|rest| rest.split('\n').next())),
        ))
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expected({:?})", self.source)
    }
}

impl PartialEq for Expected {
    fn eq(&self, other: &Expected) -> bool {
        self.source == other.source
    }
}

/// How many of the `wanted` lines `got` begins with, and the lines of `got` after
/// those. Wildcards take as little as they can: what comes after one that did not
/// lead on is the rest.
fn longest_start<'a>(wanted: &[&str], values: &Captures, got: &'a str) -> (usize, Option<&'a str>) {
    for count in (1..=wanted.len()).rev() {
        let start = compiled(&format!(r"\A{}(\n|\z)", expression(&wanted[..count], values)));
        if let Some(captures) = start.captures(got) {
            // Behind those of named wildcards.
            let end = captures.get(captures.len() - 1).expect("the last group takes part");
            return (count, (!end.is_empty()).then(|| &got[end.end()..]));
        }
    }
    (0, (!got.is_empty()).then_some(got))
}

/// The regular expression of `lines`, without anchors.
fn expression(lines: &[&str], values: &Captures) -> String {
    let mut out = String::new();
    let mut break_due = false;
    for (index, line) in lines.iter().enumerate() {
        let line_break = if break_due { r"\n" } else { "" };
        if !is_ellipsis(line) {
            out.push_str(line_break);
            push_line(&mut out, line, values);
            break_due = true;
        } else if index + 1 == lines.len() {
            let indent = line.trim_end_matches('.');
            out.push_str(&format!("(?:{line_break}{indent}(?s:.*?))??"));
        } else if !is_ellipsis(lines[index + 1]) {
            // Several in a row are as good as the last of them.
            let indent = line.trim_end_matches('.');
            out.push_str(&format!(r"{line_break}(?:{indent}(?s:.*?)\n)??"));
            break_due = false;
        }
    }
    out
}

fn is_ellipsis(line: &str) -> bool {
    line.trim_start_matches(' ') == "..."
}

fn push_line(out: &mut String, line: &str, values: &Captures) {
    let mut end = 0;
    for wildcard in WILDCARD.captures_iter(line) {
        let all = wildcard.get(0).expect("the whole match takes part");
        out.push_str(&regex::escape(&line[end..all.start()]));
        end = all.end();
        let kind = wildcard.name("kind").map(|kind| kind_expression(kind.as_str()));
        let value = wildcard.name("reference").and_then(|name| values.get(name.as_str()));
        match (kind, wildcard.name("capture"), value) {
            // Whoever reads scenarios refuses a name that stands twice; here the first counts.
            (Some(kind), Some(name), _) if !out.contains(&group(name.as_str())) => {
                out.push_str(&format!("{}{kind})", group(name.as_str())))
            }
            (Some(kind), ..) => out.push_str(kind),
            (None, _, Some(value)) => out.push_str(&regex::escape(value)),
            (None, ..) if all.as_str() == "..." => out.push_str("(?s:.*?)"),
            (None, ..) => out.push_str(kind_expression("any")),
        }
    }
    out.push_str(&regex::escape(&line[end..]));
}

fn group(name: &str) -> String {
    format!("(?<{name}>")
}

fn kind_expression(kind: &str) -> &'static str {
    match kind {
        "int" => "[+-]?[0-9]+",
        "float" => r"[+-]?(?:[0-9]+\.[0-9]+(?:e[+-]?[0-9]+)?|[0-9]+e[+-]?[0-9]+|inf|nan)",
        _ => "[^\n]*?",
    }
}

fn compiled(expression: &str) -> Regex {
    // The size grows with the text that somebody wrote, not with what a board sends.
    RegexBuilder::new(expression)
        .size_limit(usize::MAX)
        .build()
        .expect("all but the wildcards is escaped")
}

/// `text` with `\n` line ends and none at its end.
fn normalised(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        let text = text.replace("\r\n", "\n");
        Cow::Owned(text.trim_end_matches('\n').to_owned())
    } else {
        Cow::Borrowed(text.trim_end_matches('\n'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(expected: &str, got: &str, matches: bool) {
        assert_eq!(Expected::parse(expected).matches(got), matches, "{expected:?} against {got:?}");
    }

    #[track_caller]
    fn check_difference(expected: &str, got: &str, difference: Option<(usize, &str, &str)>) {
        let found = Expected::parse(expected).first_difference(got);
        let found =
            found.as_ref().map(|(line, expected, got)| (*line, expected.as_str(), got.as_str()));
        assert_eq!(found, difference);
    }

    #[test]
    fn plain_text_is_itself_and_nothing_else() {
        check("6.0 (a|b)* [x]", "6.0 (a|b)* [x]", true);
        check("6.0", "6x0", false);
        check("abc", "abcd", false);
        check("abc", "xabc", false);
        check("", "", true);
        check("", "x", false);
    }

    #[test]
    fn line_ends_are_alike_and_the_last_does_not_count() {
        check("a\nb\n", "a\r\nb\r\n", true);
        check("a\r\nb", "a\nb\n", true);
        check("a\nb", "ab", false);
    }

    #[test]
    fn dots_are_any_text_also_over_lines() {
        check("a...b", "ab", true);
        check("a...b", "a1\n2b", true);
        check("a...b", "a1", false);
        check(
            "Traceback:\n  ...\nNameError: x",
            "Traceback:\n  File 1\n  File 2\nNameError: x",
            true,
        );
        check("Traceback:\n  ...\nNameError: x", "Traceback:\n  File 1\nTypeError: x", false);
    }

    #[test]
    fn dots_alone_on_a_line_are_any_lines_also_none() {
        check("a\n...\nb", "a\nb", true);
        check("a\n...\nb", "a\n1\n2\nb", true);
        check("a\n...\nb", "a\n1b", false);
        check("a\n...", "a", true);
        check("a\n...", "a\nb\nc", true);
        check("a\n...", "ab", false);
        check("...\nb", "b", true);
        check("...", "", true);
        check("a\n...\n...\nb", "a\nb", true);
        check("a\n...\n...", "a", true);
    }

    #[test]
    fn typed_wildcards_take_their_type_only() {
        check("<int> bytes", "-416 bytes", true);
        check("<int>", "4.5", false);
        check("<int>", "", false);
        check("<float>", "4.5", true);
        check("<float>", "1e-07", true);
        check("<float>", "-inf", true);
        check("<float>", "45", false);
        check("at <any>!", "at 12:00!", true);
        check("at <any>!", "at 12\n00!", false);
    }

    #[test]
    fn the_first_difference_is_a_line() {
        check_difference("a\nb", "a\nb\n", None);
        check_difference("a\nb\nc", "a\nX\nc", Some((2, "b", "X")));
        check_difference("a\nb", "a", Some((2, "b", NOTHING)));
        check_difference("a", "a\nb", Some((2, NOTHING, "b")));
        check_difference("a", "", Some((1, "a", NOTHING)));
        check_difference("", "a", Some((1, NOTHING, "a")));
        check_difference("a <int>\nb", "a 5\nc", Some((2, "b", "c")));
        check_difference("a\n...\nz", "a\n1\n2", Some((3, "z", "1")));
    }

    #[track_caller]
    fn check_captured(expected: &str, got: &str, captured: &[(&str, &str)]) {
        let found = Expected::parse(expected).captured(got);
        let found: Vec<_> =
            found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, captured);
    }

    #[test]
    fn named_wildcards_keep_what_came() {
        check_captured("<free:int>", "-17", &[("free", "-17")]);
        check_captured("a <x:float> <y:any>\n...", "a 0.5 b c\nd", &[("x", "0.5"), ("y", "b c")]);
        check_captured("<free:int>", "many", &[]);
        check_captured("<int>", "17", &[]);
        check_captured("<n:int>, <n:int>\n<n:any>", "1, 2\n3", &[("n", "1")]);
    }

    #[test]
    fn references_stand_for_what_came() {
        let values = Captures::from([("x".to_owned(), "1.5 (a|b) <int>".to_owned())]);
        let expected = Expected::parse("<=x> and <=x>!").resolved(&values);
        assert!(expected.matches("1.5 (a|b) <int> and 1.5 (a|b) <int>!"));
        assert!(!expected.matches("1x5 (a|b) 7 and 1.5 (a|b) <int>!"));
        assert_eq!(
            expected.first_difference("2"),
            Some((1, "<=x> and <=x>!".to_owned(), "2".to_owned()))
        );
    }

    #[test]
    fn what_boards_print_in_angle_brackets_is_itself() {
        for text in ["<stdin>", "<lambda>", "<Pin:25>", "<x:itn>", "<= x>", "<1:int>"] {
            check(text, text, true);
            check(text, "other", false);
        }
    }

    #[test]
    fn a_difference_behind_a_named_wildcard_is_found() {
        check_difference("<n:int>\nb\nc", "5\nb\nd", Some((3, "c", "d")));
    }

    proptest! {
        #[test]
        fn text_without_typed_wildcards_matches_itself(text in r"(?s)[a-c. \n<>\\\[\](*+?|^$-]{0,40}") {
            prop_assert!(Expected::parse(&text).matches(&text));
        }

        #[test]
        fn there_is_a_difference_exactly_if_there_is_no_match(
            expected in r"([ab]|\.\.\.|\n|<int>|<any>|1){0,8}", got in r"[ab1\n]{0,8}",
        ) {
            let expected = Expected::parse(&expected);
            prop_assert_eq!(expected.matches(&got), expected.first_difference(&got).is_none());
        }

        #[test]
        fn dots_take_whatever_stands_in_their_place(before in "[a-z\n]{0,9}", between in r"(?s).{0,9}", after in "[a-z]{1,9}") {
            let expected = Expected::parse(&format!("{before}x...y{after}"));
            let got = format!("{before}x{between}y{after}");
            prop_assert!(expected.matches(&got));
        }
    }
}
