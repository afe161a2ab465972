//! Drafts of scenarios for a lesson. Pure.
//!
//! Each code block is a piece with its drafts, from the one that claims most to one
//! that can hardly fail. A lesson without code gives one piece that boots.

use std::collections::BTreeSet;

use replab_scenario::{Block, BlockKind, Lesson, block_kind};

/// A scenario to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The name of its file without the ending.
    pub(crate) stem: String,
    /// What it could be, the most ambitious first; at least one.
    pub(crate) drafts: Vec<Draft>,
}

/// One version of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// What it tries, as a fragment of a sentence.
    pub(crate) what: String,
    /// The file.
    pub(crate) text: String,
}

/// The scenarios for `lesson`, which is called `name`.
pub(crate) fn pieces(lesson: &Lesson, name: &str) -> Vec<Piece> {
    let mut stems = BTreeSet::new();
    let mut pieces = Vec::new();
    for block in lesson.blocks() {
        let drafts = match block_kind(block) {
            BlockKind::Transcript => transcript(block, name),
            BlockKind::Python(printed) => python(block, &printed, name),
            BlockKind::Other => continue,
        };
        pieces.push(Piece { stem: free(&stem(&block.name), &mut stems), drafts });
    }
    if pieces.is_empty() {
        let title = format!("the board of {name} boots");
        let draft = boots(&title, name, "the lesson has no code yet: give it a block of Python");
        pieces.push(Piece { stem: "first".to_owned(), drafts: vec![draft] });
    }
    pieces
}

fn transcript(block: &Block, name: &str) -> Vec<Draft> {
    let title = format!("what {} shows is what the board says", block.name);
    let typed: String = block
        .text
        .trim_end()
        .lines()
        .map(|line| format!("      {line}").trim_end().to_owned() + "\n")
        .collect();
    let steps = format!("  - boot: repl\n  - repl: |\n{typed}");
    let next = "`replab coverage` says what of the lesson is not tried yet";
    vec![
        Draft {
            what: format!("types the lines of {}, and compares the answers", block.name),
            text: scenario(&title, name, "", &steps, next),
        },
        boots(
            &format!("the board of {} boots", block.name),
            name,
            &format!("type what {} shows, in a step `repl: |`", block.name),
        ),
    ]
}

fn python(block: &Block, printed: &[String], name: &str) -> Vec<Draft> {
    let runs = |claims: &str, what: String, title: String, next: &str| {
        let steps =
            format!("  - boot: repl\n  - exec: {{ block: {}{claims} }}\n", quoted(&block.name));
        Draft { what, text: scenario(&title, name, "", &steps, next) }
    };
    let mut drafts = Vec::new();
    if !printed.is_empty() {
        let list = printed.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ");
        drafts.push(runs(
            &format!(", claims: [{list}]"),
            format!("runs {}, and compares what its comments say", block.name),
            format!("{} prints what its comments say", block.name),
            "what else should come of it? Add steps: `pin`, `wave`, `expect`",
        ));
    }
    drafts.push(runs(
        "",
        format!("runs {}", block.name),
        format!("{} runs", block.name),
        "what should come of it? Add steps: `repl`, `pin`, `wave`, `expect`",
    ));
    let module = stem(&block.name).replace('-', "_");
    // No name in Python begins with a digit.
    let is_name = !module.starts_with(|c: char| c.is_ascii_digit());
    let module = if is_name { module } else { format!("block_{module}") };
    let file = format!("{module}.py");
    let files = format!("files:\n  {file}: {{ block: {} }}\n", quoted(&block.name));
    let steps = format!("  - boot: repl\n  - fs: {{ has: {file} }}\n");
    drafts.push(Draft {
        what: format!("puts {} on the board as {file}", block.name),
        text: scenario(
            &format!("{} fits on the board", block.name),
            name,
            &files,
            &steps,
            &format!("run it: `- repl: |` with `>>> import {module}`, and what it needs before"),
        ),
    });
    drafts.push(boots(
        &format!("the board of {} boots", block.name),
        name,
        &format!("run {}, in a step `exec:`", block.name),
    ));
    drafts
}

fn boots(title: &str, name: &str, next: &str) -> Draft {
    Draft {
        what: "boots, to the prompt".to_owned(),
        text: scenario(title, name, "", "  - boot: repl\n", next),
    }
}

fn scenario(title: &str, name: &str, files: &str, steps: &str, next: &str) -> String {
    let (title, name) = (quoted(title), quoted(name));
    // A heading may have any character but the end of a line.
    format!(
        "# Made by `replab new`, and yours from now on. Next: {next}.\nreplab: 1\nname: {title}\nlesson: {name}\n{files}steps:\n{steps}"
    )
}

/// `text` as a double-quoted scalar (YAML 1.2, §5.7 and §7.3.1).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            c if c.is_control() => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `What is MicroPython?#1` as the name of a file: `what-is-micropython-1`.
fn stem(block: &str) -> String {
    let words = block.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let stem = words.collect::<Vec<_>>().join("-");
    // A block under no heading has its number alone.
    if stem.contains(|c: char| c.is_ascii_alphabetic()) { stem } else { format!("block-{stem}") }
}

/// `stem`, or the first of `stem-2`, `stem-3`, … that is not in `taken` yet.
fn free(stem: &str, taken: &mut BTreeSet<String>) -> String {
    let others = (2..).map(|number| format!("{stem}-{number}"));
    let mut names = std::iter::once(stem.to_owned()).chain(others);
    let name = names.find(|name| taken.insert(name.clone()));
    name.expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;
    use std::path::Path;
    use std::sync::Arc;

    use expect_test::{Expect, expect};
    use replab_scenario::{World, load};

    use super::*;

    /// What is drafted for a lesson with `text`: file names, and of each draft what it
    /// tries; every draft must be a scenario, unless `wrong` is in what it tries.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(text: &str, wrong: Option<&str>, expected: Expect) {
        let board = include_str!("../../../../boards/lab-m0.yaml");
        let board = replab_board::load("lab-m0.yaml", board).expect("the board file is right");
        let boards = BTreeMap::from([(board.name.clone(), board)]);
        let lesson = Arc::new(Lesson::parse("a-lesson.md", text));
        let world = World {
            boards: &boards,
            default_board: "lab-m0",
            lesson: &|name| if name == "a-lesson" { Ok(Arc::clone(&lesson)) } else { Err(vec![]) },
            beside: &|_| Err(io::ErrorKind::NotFound.into()),
        };
        let mut shown = String::new();
        for piece in pieces(&lesson, "a-lesson") {
            shown.push_str(&format!("{}.yaml\n", piece.stem));
            for draft in piece.drafts {
                shown.push_str(&format!("  {}\n", draft.what));
                let is_wrong = wrong.is_some_and(|wrong| draft.what.contains(wrong));
                let loaded = load(Path::new("draft.yaml"), "draft", &draft.text, &world);
                assert_eq!(loaded.is_err(), is_wrong, "{}\n{loaded:?}", draft.text);
            }
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn code_and_transcripts_have_drafts_from_bold_to_safe() {
        check(
            "# Blinking\n\n```python\nprint(1)  # 1\n```\n\n```\n>>> 1\n1\n```\n",
            None,
            expect![[r#"
                blinking-1.yaml
                  runs Blinking#1, and compares what its comments say
                  runs Blinking#1
                  puts Blinking#1 on the board as blinking_1.py
                  boots, to the prompt
                blinking-2.yaml
                  types the lines of Blinking#2, and compares the answers
                  boots, to the prompt
            "#]],
        );
    }

    #[test]
    fn a_lesson_without_code_boots() {
        check(
            "# Only words\n\n```sh\nls\n```\n",
            None,
            expect![[r#"
            first.yaml
              boots, to the prompt
        "#]],
        );
        check(
            "",
            None,
            expect![[r#"
            first.yaml
              boots, to the prompt
        "#]],
        );
    }

    #[test]
    fn headings_of_any_kind_give_names_that_are_free() {
        check(
            "# \"Quotes\" \\ and `code`: #1\n\n```py\nx = 1\n```\n\n# Über\n\n```py\nx = 1\n```\n\n# über!\n\n```py\nx = 1\n```\n\n# 2nd\n\n```py\nx = 1\n```\n",
            None,
            expect![[r#"
                quotes-and-code-1-1.yaml
                  runs "Quotes" \ and code: #1#1
                  puts "Quotes" \ and code: #1#1 on the board as quotes_and_code_1_1.py
                  boots, to the prompt
                ber-1.yaml
                  runs Über#1
                  puts Über#1 on the board as ber_1.py
                  boots, to the prompt
                ber-1-2.yaml
                  runs über!#1
                  puts über!#1 on the board as ber_1.py
                  boots, to the prompt
                2nd-1.yaml
                  runs 2nd#1
                  puts 2nd#1 on the board as block_2nd_1.py
                  boots, to the prompt
            "#]],
        );
        check(
            "```python\nbefore = 'any heading'\n```\n",
            None,
            expect![[r#"
            block-1.yaml
              runs #1
              puts #1 on the board as block_1.py
              boots, to the prompt
        "#]],
        );
    }

    #[test]
    fn lines_of_windows_lists_and_blank_lines_are_no_different() {
        check(
            "# A\r\n\r\n```pycon\r\n\r\n>>> for i in range(2):\r\n...     print(i)\r\n...\r\n0\r\n1\r\n```\r\n\r\n- in a list:\r\n\r\n  ```python\r\n  if True:\r\n  \tprint(1)\r\n  ```\r\n",
            None,
            expect![[r#"
                a-1.yaml
                  types the lines of A#1, and compares the answers
                  boots, to the prompt
                a-2.yaml
                  runs A#2
                  puts A#2 on the board as a_2.py
                  boots, to the prompt
            "#]],
        );
    }

    #[test]
    fn what_is_no_transcript_after_all_still_boots() {
        check(
            "# A\n\n```\n>>>1\n```\n",
            None,
            expect![[r#"
            first.yaml
              boots, to the prompt
        "#]],
        );
        check(
            "# A\n\n```\n>>> 1\n>>>2\n```\n",
            Some("types the lines"),
            expect![[r#"
            a-1.yaml
              types the lines of A#1, and compares the answers
              boots, to the prompt
        "#]],
        );
    }
}
