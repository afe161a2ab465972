//! Transcripts of the REPL, as doctest writes them.
//!
//! A line is typed if it begins with `>>> `, or if it begins with `... ` (or is
//! `...` alone) and the line before it was typed. All other lines are what must
//! come before the next prompt. So `...` alone straight after typed lines types
//! an empty line, which ends a block; after the first expected line it is a
//! wildcard. `>>>` alone types an empty line. Blank lines at the end of an
//! answer are not compared, so blank lines may set exchanges apart.

use crate::pattern::Expected;
use crate::scenario::Exchange;

/// Why a text is no transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// There is no line in it.
    #[error("the transcript is empty (its lines begin with `>>> `)")]
    Empty,
    /// Something is expected before anything was typed.
    #[error("`{text}` is expected before anything is typed (the first line begins with `>>> `)")]
    NothingTyped {
        /// The line, from 0.
        index: usize,
        /// What stands there.
        text: String,
    },
    /// The prompt ends with a blank.
    #[error("`{text}` has no blank after `{prompt}`")]
    NoBlank {
        /// The line, from 0.
        index: usize,
        /// What stands there.
        text: String,
        /// `>>>` or `...`.
        prompt: &'static str,
    },
}

impl TranscriptError {
    /// The line of the text that is wrong, from 0.
    pub fn index(&self) -> usize {
        match self {
            TranscriptError::Empty => 0,
            TranscriptError::NothingTyped { index, .. }
            | TranscriptError::NoBlank { index, .. } => *index,
        }
    }
}

/// An exchange under construction.
struct Open<'a> {
    index: usize,
    typed: Vec<String>,
    expected: Vec<&'a str>,
}

/// The exchanges of a transcript.
///
/// `line_of` gives the line in the file for a line of `text` (from 0).
///
/// # Errors
///
/// [`TranscriptError`] if `text` has no line, its first line is not typed, or a
/// prompt has no blank after it.
pub fn parse_transcript(
    text: &str,
    line_of: impl Fn(usize) -> usize,
) -> Result<Vec<Exchange>, TranscriptError> {
    let mut open: Vec<Open<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(typed) = after_prompt(index, line, ">>>")? {
            open.push(Open { index, typed: vec![typed.to_owned()], expected: Vec::new() });
            continue;
        }
        match open.last_mut() {
            None if line.trim().is_empty() => {}
            None => return Err(TranscriptError::NothingTyped { index, text: line.to_owned() }),
            Some(exchange) => match continuation(index, line, exchange)? {
                Some(typed) => exchange.typed.push(typed.to_owned()),
                None => exchange.expected.push(line),
            },
        }
    }
    if open.is_empty() {
        return Err(TranscriptError::Empty);
    }
    Ok(open.into_iter().map(|exchange| exchange.close(&line_of)).collect())
}

/// What is typed on `line` if it continues the typed lines of `exchange`.
fn continuation<'a>(
    index: usize,
    line: &'a str,
    exchange: &Open<'_>,
) -> Result<Option<&'a str>, TranscriptError> {
    if exchange.expected.is_empty() { after_prompt(index, line, "...") } else { Ok(None) }
}

fn after_prompt<'a>(
    index: usize,
    line: &'a str,
    prompt: &'static str,
) -> Result<Option<&'a str>, TranscriptError> {
    match line.strip_prefix(prompt) {
        None => Ok(None),
        Some("") => Ok(Some("")),
        Some(rest) => match rest.strip_prefix(' ') {
            Some(typed) => Ok(Some(typed)),
            None => Err(TranscriptError::NoBlank { index, text: line.to_owned(), prompt }),
        },
    }
}

impl Open<'_> {
    fn close(self, line_of: &impl Fn(usize) -> usize) -> Exchange {
        let expected = self.expected.join("\n");
        let expected = expected.trim_end_matches([' ', '\n']);
        Exchange {
            line: line_of(self.index),
            typed: self.typed,
            expected: Expected::parse(expected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(text: &str, expected: Expect) {
        let got = match parse_transcript(text, |index| index + 10) {
            Ok(exchanges) => exchanges
                .iter()
                .map(|one| format!("{} {:?} {:?}\n", one.line, one.typed, one.expected.source()))
                .collect(),
            Err(error) => format!("{}: {error}", error.index()),
        };
        expected.assert_eq(&got);
    }

    #[test]
    fn lines_are_typed_or_expected() {
        check(
            ">>> 6 * 7\n42\n>>> led.on()\n>>> print(1)\n1\n\n>>>\n",
            expect![[r#"
                10 ["6 * 7"] "42"
                12 ["led.on()"] ""
                13 ["print(1)"] "1"
                16 [""] ""
            "#]],
        );
    }

    #[test]
    fn dots_after_typed_lines_are_typed_and_a_wildcard_later() {
        check(
            ">>> for n in range(2):\n...     print(n)\n...\n0\n...\n>>> f()\nTraceback\n  ...\nKeyError: 1\n",
            expect![[r#"
                10 ["for n in range(2):", "    print(n)", ""] "0\n..."
                15 ["f()"] "Traceback\n  ...\nKeyError: 1"
            "#]],
        );
    }

    #[test]
    fn blank_lines_stay_inside_an_answer() {
        check(
            "\n>>> f()\na\n\nb\n\n",
            expect![[r#"
            11 ["f()"] "a\n\nb"
        "#]],
        );
    }

    #[test]
    fn what_is_no_transcript_names_its_line() {
        check("", expect!["0: the transcript is empty (its lines begin with `>>> `)"]);
        check("\n\n", expect!["0: the transcript is empty (its lines begin with `>>> `)"]);
        check(
            "42\n>>> 6 * 7",
            expect![
                "0: `42` is expected before anything is typed (the first line begins with `>>> `)"
            ],
        );
        check(
            "\n... 42",
            expect![
                "1: `... 42` is expected before anything is typed (the first line begins with `>>> `)"
            ],
        );
        check(">>> 1\n1\n>>>2", expect!["2: `>>>2` has no blank after `>>>`"]);
        check(">>> if 1:\n...2", expect!["1: `...2` has no blank after `...`"]);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(exchanges in prop::collection::vec(("[a-z ]{1,9}", "[a-z]{0,9}"), 1..5)) {
            let text: String = exchanges.iter().map(|(typed, answer)| format!(">>> {typed}\n{answer}\n")).collect();
            let read = parse_transcript(&text, |index| index).expect("every transcript begins with a prompt");
            let read: Vec<_> = read.iter().map(|one| (one.typed[0].clone(), one.expected.source().to_owned())).collect();
            prop_assert_eq!(read, exchanges);
        }
    }
}
