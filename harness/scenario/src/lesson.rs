//! Lessons: Markdown files whose fenced code blocks scenarios run by name.
//!
//! A block's name is `HEADING#N`: the N-th fenced block under that heading,
//! counted from 1. A heading owns what stands between it and the next one, of
//! whatever level. Where two headings have the same text, the count goes on.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::python;

/// A lesson, read.
#[derive(Clone, Debug)]
pub struct Lesson {
    path: PathBuf,
    sections: Vec<Section>,
}

/// A heading and the fenced blocks under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The text of the heading, without its markup. Empty for what stands before the first heading.
    pub heading: String,
    /// 1 for `#`, 2 for `##`, …; 0 for what stands before the first heading.
    pub level: u8,
    /// The line of the heading in the lesson, from 1.
    pub line: usize,
    /// Its fenced blocks, in order.
    pub blocks: Vec<Block>,
}

/// A fenced code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `HEADING#N`.
    pub name: String,
    /// The first word after the fence: `python`, or empty.
    pub language: String,
    /// Its text with `\n` line ends.
    pub text: String,
    /// The line of the fence in the lesson, from 1; the first line of `text` is the next.
    pub line: usize,
}

/// Why a lesson has no such block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It is not of the form `HEADING#N`.
    #[error("`{name}` names no block (write HEADING#N, such as \"{example}\")")]
    NoName {
        /// What was written.
        name: String,
        /// A block that there is.
        example: String,
    },
    /// No heading has this text.
    #[error("{} has no heading `{heading}`", lesson.display())]
    UnknownHeading {
        /// The lesson's file.
        lesson: PathBuf,
        /// What was written.
        heading: String,
        /// The headings that there are, in order.
        headings: Vec<String>,
    },
    /// The heading has fewer blocks.
    #[error("{} has {} under `{heading}`, so there is no #{number} (they are counted from 1)", lesson.display(), counted(*.count))]
    NoSuchBlock {
        /// The lesson's file.
        lesson: PathBuf,
        /// The heading.
        heading: String,
        /// The number asked for.
        number: usize,
        /// How many blocks the heading has.
        count: usize,
    },
}

fn counted(blocks: usize) -> String {
    match blocks {
        0 => "no code block".to_owned(),
        1 => "1 code block".to_owned(),
        blocks => format!("{blocks} code blocks"),
    }
}

impl Lesson {
    /// Reads `text`, the content of the lesson at `path`. Any text is a lesson.
    pub fn parse(path: impl Into<PathBuf>, text: &str) -> Lesson {
        // Without this, front matter between `---` lines would read as a heading.
        let options = Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
        let mut reading =
            Reading { text, sections: vec![Section::start()], heading: None, block: None };
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            reading.take(event, range.start);
        }
        let Reading { mut sections, .. } = reading;
        if sections[0].blocks.is_empty() {
            sections.remove(0);
        }
        name_blocks(&mut sections);
        Lesson { path: path.into(), sections }
    }

    /// The file, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Headings and their blocks, in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Every fenced block, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|section| &section.blocks)
    }

    /// The text of every heading, in order.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.sections
            .iter()
            .filter(|section| section.level > 0)
            .map(|section| section.heading.as_str())
    }

    /// The block called `HEADING#N`.
    ///
    /// # Errors
    ///
    /// [`BlockError`]: no such form, no such heading, or no such number under it.
    pub fn block(&self, name: &str) -> Result<&Block, BlockError> {
        // A heading may have a `#` in it; the number stands after the last.
        let parts = name
            .rsplit_once('#')
            .and_then(|(heading, number)| Some((heading, number.parse().ok()?)));
        let Some((heading, number)) = parts else {
            let example = self
                .blocks()
                .next()
                .map_or("What it does#1", |block| block.name.as_str())
                .to_owned();
            return Err(BlockError::NoName { name: name.to_owned(), example });
        };
        self.section_blocks(heading, number)
    }

    fn section_blocks(&self, heading: &str, number: usize) -> Result<&Block, BlockError> {
        let (lesson, heading) = (self.path.clone(), heading.trim().to_owned());
        let sections: Vec<_> =
            self.sections.iter().filter(|section| section.heading == heading).collect();
        if sections.is_empty() {
            let headings = self.headings().map(str::to_owned).collect();
            return Err(BlockError::UnknownHeading { lesson, heading, headings });
        }
        let blocks: Vec<_> = sections.into_iter().flat_map(|section| &section.blocks).collect();
        let block = number.checked_sub(1).and_then(|index| blocks.get(index).copied());
        block.ok_or(BlockError::NoSuchBlock { lesson, heading, number, count: blocks.len() })
    }
}

impl Block {
    /// The texts of its comments, without `#` and the blanks around, with their lines in the lesson.
    ///
    /// A `#` inside a string starts no comment. Strings are told as Python does,
    /// including those in triple quotes.
    pub fn comments(&self) -> Vec<(usize, &str)> {
        let mut lines = python::Lines::default();
        let comments = self.text.lines().map(|line| lines.read(line).comment);
        let numbered = comments.zip(self.line + 1..);
        numbered.filter_map(|(comment, line)| Some((line, comment?.trim()))).collect()
    }
}

impl Section {
    fn start() -> Section {
        Section { heading: String::new(), level: 0, line: 1, blocks: Vec::new() }
    }
}

/// What has been read so far.
struct Reading<'a> {
    text: &'a str,
    sections: Vec<Section>,
    heading: Option<Section>,
    block: Option<Block>,
}

impl Reading<'_> {
    fn take(&mut self, event: Event<'_>, offset: usize) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let line = self.line(offset);
                self.heading =
                    Some(Section { level: level_number(level), line, ..Section::start() });
            }
            Event::End(TagEnd::Heading(_)) => self.sections.extend(self.heading.take()),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let language = info.split_whitespace().next().unwrap_or_default().to_owned();
                let line = self.line(offset);
                self.block =
                    Some(Block { name: String::new(), language, text: String::new(), line });
            }
            Event::End(TagEnd::CodeBlock) => {
                let section =
                    self.sections.last_mut().expect("one section is there from the start");
                section.blocks.extend(self.block.take());
            }
            Event::Text(text) | Event::Code(text) => self.push(&text),
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(block) = &mut self.block {
            block.text.push_str(&text.replace("\r\n", "\n"));
        } else if let Some(section) = &mut self.heading {
            section.heading.push_str(text);
        }
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text[..offset].bytes().filter(|byte| *byte == b'\n').count()
    }
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// Numbers the blocks of each heading text, through all sections that have it.
fn name_blocks(sections: &mut [Section]) {
    let mut counts = std::collections::HashMap::new();
    for section in sections {
        let count = counts.entry(section.heading.clone()).or_insert(0);
        for block in &mut section.blocks {
            *count += 1;
            block.name = format!("{}#{count}", section.heading);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    const LESSON: &str = "\
---
title: not a heading
---
```sh
early
```

# The *first* `one`

    indented, so not fenced

```python
x = \"# no comment\"  # a comment
y = '''
# text
''' # another
z = '\\'#' # third

#fourth
```

## C# and more

~~~
tilde
~~~

- In a list:

  ```python
  inside = 1
  ```

The first one
-------------

# The *first* `one`

```python
again
```
";

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` gives a value")]
    fn check(name: &str, expected: Expect) {
        let lesson = Lesson::parse("lesson.md", LESSON);
        let got = match lesson.block(name) {
            Ok(block) => {
                format!("{} {:?} line {} {:?}", block.name, block.language, block.line, block.text)
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&got);
    }

    #[test]
    fn headings_own_what_stands_under_them() {
        let lesson = Lesson::parse("lesson.md", LESSON);
        let sections: Vec<_> = lesson
            .sections()
            .iter()
            .map(|one| (one.level, one.line, one.heading.as_str(), one.blocks.len()))
            .collect();
        assert_eq!(
            sections,
            [
                (0, 1, "", 1),
                (1, 8, "The first one", 1),
                (2, 22, "C# and more", 2),
                (2, 34, "The first one", 0),
                (1, 37, "The first one", 1),
            ]
        );
    }

    #[test]
    fn blocks_have_names_and_lines() {
        check("The first one#2", expect![[r#"The first one#2 "python" line 39 "again\n""#]]);
        check("C# and more#1", expect![[r#"C# and more#1 "" line 24 "tilde\n""#]]);
        check("C# and more#2", expect![[r#"C# and more#2 "python" line 30 "inside = 1\n""#]]);
        check("#1", expect![[r##"#1 "sh" line 4 "early\n""##]]);
    }

    #[test]
    fn what_names_no_block_says_why() {
        check(
            "The first one#3",
            expect![
                "lesson.md has 2 code blocks under `The first one`, so there is no #3 (they are counted from 1)"
            ],
        );
        check(
            "The first one#0",
            expect![
                "lesson.md has 2 code blocks under `The first one`, so there is no #0 (they are counted from 1)"
            ],
        );
        check("The second one#1", expect!["lesson.md has no heading `The second one`"]);
        check(
            "The first one",
            expect![[r##"`The first one` names no block (write HEADING#N, such as "#1")"##]],
        );
        check(
            "The first one#x",
            expect![[r##"`The first one#x` names no block (write HEADING#N, such as "#1")"##]],
        );
    }

    #[test]
    fn comments_are_told_from_strings() {
        let lesson = Lesson::parse("lesson.md", LESSON);
        let comments = lesson.block("The first one#1").unwrap().comments();
        assert_eq!(comments, [(13, "a comment"), (16, "another"), (17, "third"), (19, "fourth")]);
    }

    #[test]
    fn the_lines_of_windows_are_no_different() {
        let lesson = Lesson::parse("lesson.md", &LESSON.replace('\n', "\r\n"));
        assert_eq!(lesson.sections(), Lesson::parse("lesson.md", LESSON).sections());
    }

    proptest! {
        #[test]
        fn any_text_is_a_lesson_whose_blocks_are_found(text in "([#`~ a\n-]|```\n|# a\n|'){0,40}") {
            let lesson = Lesson::parse("lesson.md", &text);
            for block in lesson.blocks() {
                prop_assert_eq!(lesson.block(&block.name), Ok(block));
                block.comments();
            }
        }
    }
}
