//! Puts what a board really said into a scenario's text, in place of what the text
//! claims. Nothing else of it moves: comments, blank lines and columns stay.

use std::iter;
use std::ops::Range;

use crate::pattern::Expected;

/// What a board said where a `repl` step claims something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnswer {
    /// The line of the `>>>` in the scenario's file, from 1.
    pub line: usize,
    /// What is typed there, line by line.
    pub typed: Vec<String>,
    /// The answer that stands there, as written.
    pub old: String,
    /// What came.
    pub new: String,
}

/// Why an answer cannot be put into a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// The lines of the file are not those that were played: they are written in
    /// quotes, stand for several steps, or have changed.
    #[error("line {line}: the answer does not stand here as a `|` text has it (write it by hand)")]
    NotInPlace {
        /// The line.
        line: usize,
    },
    /// Runs of the same lines had different answers.
    #[error("line {line}: two runs had different answers (write it by hand)")]
    Disagreement {
        /// The line.
        line: usize,
    },
    /// Later answers refer to what this one captures.
    #[error("line {line}: the answer captures names (write it by hand)")]
    Captures {
        /// The line.
        line: usize,
    },
    /// As an answer in a transcript it would mean something else.
    #[error(
        "line {line}: what came, {text:?}, means something else in a transcript (use a wildcard)"
    )]
    NoAnswer {
        /// The line.
        line: usize,
        /// What came.
        text: String,
    },
}

/// `text`, a scenario's file, with `answers` in it.
///
/// # Errors
///
/// [`RewriteError`] for the first answer that cannot be put there.
pub fn rewrite(text: &str, answers: &[NewAnswer]) -> Result<String, RewriteError> {
    let mut answers: Vec<&NewAnswer> = answers.iter().collect();
    answers.sort_by_key(|answer| answer.line);
    answers.dedup();
    if let Some(pair) = answers.windows(2).find(|pair| pair[0].line == pair[1].line) {
        return Err(RewriteError::Disagreement { line: pair[1].line });
    }
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    // From the end, so that earlier lines keep their numbers.
    for answer in answers.iter().rev() {
        let answer_lines = place(&lines, answer)?;
        let new = written(&lines[answer.line - 1], answer)?;
        if let Some(last) = lines[..answer_lines.start].last_mut().filter(|_| !new.is_empty())
            && !last.ends_with('\n')
        {
            last.push('\n');
        }
        lines.splice(answer_lines, new);
    }
    Ok(lines.concat())
}

/// Where in `lines` the old answer stands.
fn place(lines: &[String], answer: &NewAnswer) -> Result<Range<usize>, RewriteError> {
    let start = (answer.line + answer.typed.len()).saturating_sub(1);
    let end = start + answer.old.lines().count();
    let prompts = iter::once(">>> ").chain(iter::repeat("... "));
    let typed = prompts.zip(&answer.typed).map(|(prompt, line)| format!("{prompt}{line}"));
    let wanted = typed.chain(answer.old.lines().map(str::to_owned));
    let stands = lines.get(answer.line.saturating_sub(1)..end).unwrap_or_default();
    let is_there = stands.len() == end + 1 - answer.line
        && stands.iter().zip(wanted).all(|(line, wanted)| line.trim() == wanted.trim());
    if is_there { Ok(start..end) } else { Err(RewriteError::NotInPlace { line: answer.line }) }
}

/// The lines of the new answer, indented like `prompt`, the line of the `>>>`.
fn written(prompt: &str, answer: &NewAnswer) -> Result<Vec<String>, RewriteError> {
    if Expected::parse(&answer.old).captures().next().is_some() {
        return Err(RewriteError::Captures { line: answer.line });
    }
    let new = answer.new.trim_end_matches([' ', '\n']);
    let is_typed = new.lines().any(|line| line.starts_with(">>>")) || new.starts_with("...");
    if is_typed || !Expected::parse(new).matches(new) {
        return Err(RewriteError::NoAnswer { line: answer.line, text: new.to_owned() });
    }
    let indent = &prompt[..prompt.len() - prompt.trim_start().len()];
    let end = if prompt.ends_with("\r\n") { "\r\n" } else { "\n" };
    let line = |line: &str| match line.trim_end() {
        "" => end.to_owned(),
        _ => format!("{indent}{line}{end}"),
    };
    Ok(new.lines().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const FILE: &str = "steps:  # of a lesson
  - repl: |

      >>> f()   # typed as it is
      one
      two

      >>> for n in range(2):
      ...     n
      ...
      0
  # A comment.
  - repl: \"\u{3e}>> g()\\n1\"
  - wait: 1s # ends here";

    fn answer(line: usize, typed: &[&str], old: &str, new: &str) -> NewAnswer {
        let typed = typed.iter().map(|line| line.to_string()).collect();
        NewAnswer { line, typed, old: old.to_owned(), new: new.to_owned() }
    }

    fn first(new: &str) -> NewAnswer {
        answer(4, &["f()   # typed as it is"], "one\ntwo", new)
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(answers: &[NewAnswer], expected: Expect) {
        let got = rewrite(FILE, answers).unwrap_or_else(|error| error.to_string());
        expected.assert_eq(&got);
    }

    #[test]
    fn only_the_answers_change() {
        let second = answer(8, &["for n in range(2):", "    n", ""], "0", "0\n1");
        check(
            &[second, first("three\n\n  four\n"), first("three\n\n  four\n")],
            expect![[r#"
            steps:  # of a lesson
              - repl: |

                  >>> f()   # typed as it is
                  three

                    four

                  >>> for n in range(2):
                  ...     n
                  ...
                  0
                  1
              # A comment.
              - repl: ">>> g()\n1"
              - wait: 1s # ends here"#]],
        );
    }

    #[test]
    fn no_answer_takes_the_old_one_away() {
        check(
            &[first("")],
            expect![[r#"
            steps:  # of a lesson
              - repl: |

                  >>> f()   # typed as it is

                  >>> for n in range(2):
                  ...     n
                  ...
                  0
              # A comment.
              - repl: ">>> g()\n1"
              - wait: 1s # ends here"#]],
        );
    }

    #[test]
    fn an_answer_at_the_end_of_a_file_gets_a_line_of_its_own() {
        let text = "- repl: |\n    >>> f()";
        let got = rewrite(text, &[answer(2, &["f()"], "", "1")]);
        assert_eq!(got.as_deref(), Ok("- repl: |\n    >>> f()\n    1\n"));
        let got =
            rewrite("- repl: |\r\n    >>> f()\r\n    2\r\n", &[answer(2, &["f()"], "2", "1")]);
        assert_eq!(got.as_deref(), Ok("- repl: |\r\n    >>> f()\r\n    1\r\n"));
    }

    #[test]
    fn what_cannot_be_put_there_is_told() {
        check(
            &[answer(13, &["g()"], "1", "2")],
            expect![
                "line 13: the answer does not stand here as a `|` text has it (write it by hand)"
            ],
        );
        check(
            &[answer(4, &["f()   # typed as it is"], "one", "1"), first("2")],
            expect!["line 4: two runs had different answers (write it by hand)"],
        );
        check(
            &[answer(4, &["f()   # typed as it is"], "one\n2", "1")],
            expect![
                "line 4: the answer does not stand here as a `|` text has it (write it by hand)"
            ],
        );
        check(
            &[answer(99, &["f()"], "one", "1")],
            expect![
                "line 99: the answer does not stand here as a `|` text has it (write it by hand)"
            ],
        );
        check(
            &[first("1\n>>> 2")],
            expect![[
                r#"line 4: what came, "1\n>>> 2", means something else in a transcript (use a wildcard)"#
            ]],
        );
        check(
            &[first("... more")],
            expect![[
                r#"line 4: what came, "... more", means something else in a transcript (use a wildcard)"#
            ]],
        );
        check(
            &[first("<int>")],
            expect![[
                r#"line 4: what came, "<int>", means something else in a transcript (use a wildcard)"#
            ]],
        );
        let text = "- repl: |\n    >>> f()\n    <n:int>\n";
        let captures = rewrite(text, &[answer(2, &["f()"], "<n:int>", "none")]);
        assert_eq!(captures, Err(RewriteError::Captures { line: 2 }));
    }
}
