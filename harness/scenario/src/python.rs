//! Python's text line by line: what is code, what is a comment, what is inside a string.
//!
//! As much of Python's lexical rules as comments need (reference manual of
//! Python 3, §2.1 and §2.4.1): no grammar. What is no Python at all is read
//! somehow, and never breaks anything.

/// Reads the lines of a text, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// The quotes of a string that is still open.
    string: Option<&'static str>,
    /// How many brackets are open.
    depth: usize,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// What stands before the comment, as written.
    pub(crate) code: &'a str,
    /// What follows the `#`, as written.
    pub(crate) comment: Option<&'a str>,
    /// The code without what is inside of strings and brackets.
    pub(crate) bare: String,
    /// It begins inside of a string or of brackets: it goes on with what stands above.
    pub(crate) is_continued: bool,
    /// It ends inside of a string or of brackets.
    pub(crate) is_open: bool,
}

impl Lines {
    /// Reads the next line.
    pub(crate) fn read<'a>(&mut self, line: &'a str) -> Line<'a> {
        const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];
        let is_continued = self.is_inside();
        let mut bare = String::new();
        let (mut at, mut end) = (0, None);
        while at < line.len() && end.is_none() {
            let rest = &line[at..];
            let next = rest.chars().next().map_or(1, char::len_utf8);
            let quote = QUOTES.into_iter().find(|quote| rest.starts_with(quote));
            at += match (self.string, quote) {
                (Some(open), _) if rest.starts_with(open) => {
                    self.string = None;
                    open.len()
                }
                // An escaped character cannot end the string.
                (Some(_), _) if rest.starts_with('\\') => {
                    1 + rest[1..].chars().next().map_or(0, char::len_utf8)
                }
                (None, Some(quote)) => {
                    self.string = Some(quote);
                    quote.len()
                }
                (None, None) if rest.starts_with('#') => {
                    end = Some(at);
                    0
                }
                (None, None) => {
                    self.code(&rest[..next], &mut bare);
                    next
                }
                (Some(_), _) => next,
            };
        }
        // A string in single quotes ends with its line at the latest.
        self.string = self.string.filter(|quote| quote.len() == 3);
        Line {
            code: &line[..end.unwrap_or(line.len())],
            comment: end.map(|start| &line[start + 1..]),
            bare,
            is_continued,
            is_open: self.is_inside(),
        }
    }

    fn code(&mut self, character: &str, bare: &mut String) {
        if matches!(character, ")" | "]" | "}") {
            self.depth = self.depth.saturating_sub(1);
        }
        if self.depth == 0 {
            bare.push_str(character);
        }
        if matches!(character, "(" | "[" | "{") {
            self.depth += 1;
        }
    }

    fn is_inside(&self) -> bool {
        self.string.is_some() || self.depth > 0
    }
}

/// The code of one line, without its comment and the blanks around.
pub(crate) fn code_of(line: &str) -> &str {
    Lines::default().read(line).code.trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(text: &str, expected: Expect) {
        let mut lines = Lines::default();
        let shown = text.lines().map(|line| {
            let Line { code, comment, bare, is_continued, is_open } = lines.read(line);
            format!("{code:?} {comment:?} {bare:?} {is_continued} {is_open}\n")
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn a_number_sign_in_a_string_starts_no_comment() {
        check(
            "x = \"# no\"  # yes\ny = '\\'#' # also\n#",
            expect![[r##"
                "x = \"# no\"  " Some(" yes") "x =   " false false
                "y = '\\'#' " Some(" also") "y =  " false false
                "" Some("") "" false false
            "##]],
        );
    }

    #[test]
    fn strings_in_three_quotes_and_brackets_go_on() {
        check(
            "'''\n# text\n''' # out\nf(1,\n  2)  # two\n",
            expect![[r##"
                "'''" None "" false true
                "# text" None "" true true
                "''' " Some(" out") " " true false
                "f(1," None "f(" false true
                "  2)  " Some(" two") ")  " true false
            "##]],
        );
    }

    #[test]
    fn what_is_in_brackets_or_strings_is_not_bare() {
        check(
            "f(a=1)[b] = {'c': 2}\nprint('x = 1; y')",
            expect![[r#"
                "f(a=1)[b] = {'c': 2}" None "f()[] = {}" false false
                "print('x = 1; y')" None "print()" false false
            "#]],
        );
    }

    proptest! {
        #[test]
        fn a_line_is_its_code_and_its_comment(text in r"[a#'()\\\[\n é]{0,40}") {
            let mut lines = Lines::default();
            for line in text.lines() {
                let read = lines.read(line);
                let comment = read.comment.map(|comment| format!("#{comment}")).unwrap_or_default();
                prop_assert_eq!(format!("{}{comment}", read.code), line);
            }
        }
    }
}
