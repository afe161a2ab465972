//! What the text of a block claims that the board says.
//!
//! A lesson states outputs in comments, beside other comments. Which is which
//! follows from where a comment stands, never from its words:
//!
//! - beside an expression that stands by itself at the left margin, or beside a
//!   `print(…)`: an output;
//! - on lines of its own straight below such code: an output each;
//! - from `>>> ` on: a transcript, whose lines somebody types and the board answers;
//! - everywhere else (above code, behind a blank line, beside an assignment,
//!   inside a `def` or `class`): prose.
//!
//! A block that begins with `>>> ` is a transcript as a whole.

use std::iter::Peekable;

use crate::lesson::Block;
use crate::python::{Line, Lines, code_of};
use crate::transcript::parse_transcript;

/// An output that the text of a block claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    /// The line in the lesson, from 1.
    pub(super) line: usize,
    /// The code that it is the output of, line by line, without comments.
    pub(super) code: Vec<String>,
    /// What comes: of a transcript perhaps nothing, and perhaps several lines.
    pub(super) text: String,
    /// It is part of a transcript.
    pub(super) is_typed: bool,
}

/// The first words of statements that are no expressions (reference manual of
/// Python 3, §7 and §8). `type` is not among them: `type(x)` is seen more often.
const STATEMENTS: [&str; 25] = [
    "assert", "async", "break", "case", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "match", "nonlocal", "pass",
    "raise", "return", "try", "while", "with",
];

/// The outputs that `block` claims, in order.
pub(super) fn outputs(block: &Block) -> Vec<Output> {
    if is_transcript(block) {
        return typed(&block.text, block.line + 1);
    }
    let mut lines = Lines::default();
    let read = block.text.lines().map(|line| lines.read(line));
    let mut rest = (block.line + 1..).zip(read).peekable();
    let mut walk = Walk::default();
    while let Some((number, line)) = rest.next() {
        match own_comment(&line) {
            Some(text) if is_prompt(text) => walk.transcript(number, text, &mut rest),
            Some(text) => walk.comment(number, text),
            None if line.code.trim().is_empty() && !line.is_continued => walk.above = None,
            None => walk.code(number, &line),
        }
    }
    walk.outputs
}

/// Whether `block` is a transcript as a whole.
pub(super) fn is_transcript(block: &Block) -> bool {
    block.text.lines().find(|line| !line.trim().is_empty()).is_some_and(is_prompt)
}

/// What has been seen.
#[derive(Default)]
struct Walk {
    outputs: Vec<Output>,
    /// The code straight above, if comments below it are its output.
    above: Option<String>,
    /// How far the `def` or `class` that we are in is indented.
    body: Option<usize>,
    statement: Statement,
}

/// A statement, perhaps of several lines.
#[derive(Default)]
struct Statement {
    /// Its first line.
    first: String,
    /// All of it, without what is inside of strings and brackets.
    bare: String,
    indent: usize,
}

impl Walk {
    fn code(&mut self, number: usize, line: &Line<'_>) {
        if !line.is_continued {
            self.begin(line);
        }
        self.statement.bare.push_str(&line.bare);
        self.above = None;
        if line.is_open || self.body.is_some() || !self.statement.says_something() {
            return;
        }
        self.above = Some(self.statement.first.clone());
        if let Some(comment) = line.comment {
            self.comment(number, comment.trim());
        }
    }

    fn begin(&mut self, line: &Line<'_>) {
        let indent = line.code.len() - line.code.trim_start().len();
        let first = line.code.trim().to_owned();
        self.body = self.body.filter(|body| indent > *body);
        let is_definition = matches!(first_word(&first), "def" | "class" | "async" | "@");
        if self.body.is_none() && is_definition {
            self.body = Some(indent);
        }
        self.statement = Statement { first, bare: String::new(), indent };
    }

    /// A comment of one line that begins no transcript.
    fn comment(&mut self, line: usize, text: &str) {
        if let Some(code) = self.above.clone().filter(|_| !text.is_empty()) {
            let (code, text) = (vec![code], text.to_owned());
            self.outputs.push(Output { line, code, text, is_typed: false });
        }
    }

    /// A transcript in comments, which ends with them.
    fn transcript<'a>(
        &mut self,
        number: usize,
        first: &'a str,
        rest: &mut Peekable<impl Iterator<Item = (usize, Line<'a>)>>,
    ) {
        let mut text = first.to_owned();
        while let Some((_, line)) = rest.next_if(|(_, line)| own_comment(line).is_some()) {
            text.push('\n');
            text.push_str(own_comment(&line).unwrap_or_default());
        }
        self.outputs.extend(typed(&text, number));
        self.above = None;
    }
}

impl Statement {
    fn says_something(&self) -> bool {
        let last = self.bare.rsplit(';').next().unwrap_or_default().trim();
        let prints = last.match_indices("print(").any(|(at, _)| !last[..at].ends_with(is_in_word));
        let is_expression = !last.is_empty()
            && !last.starts_with('@')
            && !STATEMENTS.contains(&first_word(last))
            && !assigns(last);
        prints || self.indent == 0 && is_expression
    }
}

/// The text of a comment that has its line for itself, without the blank after `#`.
fn own_comment<'a>(line: &Line<'a>) -> Option<&'a str> {
    if !line.code.trim().is_empty() || line.is_continued {
        return None;
    }
    line.comment.map(|text| text.strip_prefix(' ').unwrap_or(text).trim_end())
}

fn is_prompt(line: &str) -> bool {
    line == ">>>" || line.starts_with(">>> ")
}

/// The exchanges of a transcript whose first line is `line`. What is no transcript claims nothing.
fn typed(text: &str, line: usize) -> Vec<Output> {
    let exchanges = parse_transcript(text, |index| line + index).unwrap_or_default();
    let output = |one: crate::Exchange| Output {
        line: one.line,
        code: code_lines(&one.typed),
        text: one.expected.source().to_owned(),
        is_typed: true,
    };
    exchanges.into_iter().map(output).filter(|output| !output.code.is_empty()).collect()
}

/// The code of typed lines, without comments and without the empty lines that end blocks.
pub(super) fn code_lines(typed: &[String]) -> Vec<String> {
    let mut code: Vec<_> = typed.iter().map(|line| without_comment(line)).collect();
    while code.last().is_some_and(String::is_empty) {
        code.pop();
    }
    code
}

/// The line as it is indented, without comment.
fn without_comment(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    match code_of(line) {
        "" => String::new(),
        code => format!("{}{code}", &line[..indent]),
    }
}

/// The word that `code` begins with; the sign that it begins with, if that is no word.
fn first_word(code: &str) -> &str {
    let end = code.find(|c| !is_in_word(c)).unwrap_or(code.len());
    if end > 0 { &code[..end] } else { code.get(..1).unwrap_or_default() }
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether there is a `=` in `bare` that does not compare.
fn assigns(bare: &str) -> bool {
    bare.match_indices('=').any(|(at, _)| {
        !bare[..at].ends_with(['=', '<', '>', '!']) && !bare[at + 1..].starts_with('=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn block(text: &str) -> Block {
        Block { name: "Some#1".into(), language: "python".into(), text: text.into(), line: 10 }
    }

    /// The outputs of a block whose fence is in line 10.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(text: &str, expected: Expect) {
        let shown = outputs(&block(text)).into_iter().map(|one| {
            let Output { line, code, text, is_typed } = one;
            format!("{line} {} {code:?} {text:?}\n", if is_typed { "typed" } else { "comes" })
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn what_stands_beside_an_expression_is_its_output() {
        check(
            "led.on()  # Pin 25: HIGH\n6 * 7 # 42\nx == 5  # True\nf(a=1)  #one\n",
            expect![[r#"
                11 comes ["led.on()"] "Pin 25: HIGH"
                12 comes ["6 * 7"] "42"
                13 comes ["x == 5"] "True"
                14 comes ["f(a=1)"] "one"
            "#]],
        );
    }

    #[test]
    fn what_stands_beside_other_statements_is_prose() {
        check(
            "import sys  # no\nx = f()  # no\nx += 1  # no\ndel x  # no\nreturn 1  # no\nx: int = 5  # no\n\"\"\"doc\"\"\"  # no\n@once  # no\nled.on()  #\n",
            expect![""],
        );
    }

    #[test]
    fn lines_straight_below_are_outputs_each() {
        check(
            "pico.status()\n# RAM: 1\n# Clock: 2\npico.allocate(1)\n# 3\n\n# no\nx = 1\n# no\n",
            expect![[r#"
                12 comes ["pico.status()"] "RAM: 1"
                13 comes ["pico.status()"] "Clock: 2"
                15 comes ["pico.allocate(1)"] "3"
            "#]],
        );
    }

    #[test]
    fn what_stands_above_code_is_prose() {
        check("# no\nled.on()\n\n# no\nled.off()\n", expect![""]);
    }

    #[test]
    fn a_print_says_something_wherever_it_runs() {
        check(
            "for n in range(2):\n    print(n)  # 0\n    # 1\n    time.sleep(1)  # no\nif x: print(x)  # x\nx = 1; print(x)  # 1\nblueprint(1)\n# 2\nprint (3)  # 3\n    blueprint(1)  # no\n",
            expect![[r#"
                12 comes ["print(n)"] "0"
                13 comes ["print(n)"] "1"
                15 comes ["if x: print(x)"] "x"
                16 comes ["x = 1; print(x)"] "1"
                18 comes ["blueprint(1)"] "2"
                19 comes ["print (3)"] "3"
            "#]],
        );
    }

    #[test]
    fn what_is_defined_says_nothing_yet() {
        check(
            "def f():\n    print(1)  # no\n    if x:\n        # no\n        print(2)\n        # no\n\nclass C:\n    def g(self): print(3)  # no\n\n    print(4)  # no\nf()  # 1\n",
            expect![[r#"
                22 comes ["f()"] "1"
            "#]],
        );
    }

    #[test]
    fn a_statement_may_have_several_lines() {
        check(
            "print(\n    1,  # no\n    2,\n)  # 1 2\nx = [\n    print(1),  # no\n]  # no\n'''\n# no\n'''\nf(\n    \"#\"\n)\n# out\n",
            expect![[r#"
                14 comes ["print("] "1 2"
                24 comes ["f("] "out"
            "#]],
        );
    }

    #[test]
    fn comments_from_a_prompt_on_are_a_transcript() {
        check(
            "# You type:\n# >>> pin.on()   # the LED is on\n# >>> for n in range(2):\n# ...     print(n)\n# ...\n# 0\n# 1\n# >>>\n\n# no\nled.on()\n# >>> 6 * 7\n# 42\n",
            expect![[r#"
                12 typed ["pin.on()"] ""
                13 typed ["for n in range(2):", "    print(n)"] "0\n1"
                22 typed ["6 * 7"] "42"
            "#]],
        );
    }

    #[test]
    fn a_block_that_begins_with_a_prompt_is_a_transcript() {
        check(
            "\n>>> 6 * 7  # both\n42\n\n>>> print('# one')\n# one\n",
            expect![[r##"
                12 typed ["6 * 7"] "42"
                15 typed ["print('# one')"] "# one"
            "##]],
        );
    }

    proptest! {
        #[test]
        fn any_text_has_outputs_in_its_order(text in r"(#|>>> |\.\.\. |print\(|def f|'|\)|=| |a|\n){0,40}") {
            let lines: Vec<_> = outputs(&block(&text)).iter().map(|one| one.line).collect();
            prop_assert!(lines.is_sorted());
            prop_assert!(lines.iter().all(|line| (11..=11 + text.len()).contains(line)));
        }
    }
}
