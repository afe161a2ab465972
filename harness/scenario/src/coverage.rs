//! How much of a lesson its scenarios try.
//!
//! A block of code is covered if a scenario runs its code and each output that
//! its text claims is compared; a section without code, if a scenario names it in
//! `section:`. Both are told from the scenarios' text: nothing is played here, and
//! whoever calls leaves out scenarios that no board can play. What is not covered
//! may be excused, with a reason, in a file beside the scenarios (`excuses.rs`).
//! Which comments of a block are outputs is in `outputs.rs`, what a scenario
//! does with a block in `plays.rs`.

mod excuses;
mod outputs;
mod plays;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use self::excuses::{Excused, after};
use self::outputs::{Output, is_transcript, outputs};
use self::plays::{Play, play};
use crate::error::ScenarioErrors;
use crate::lesson::{Block, Lesson, Section};
use crate::scenario::Scenario;

pub use self::excuses::{EXCUSES_FILE, Excuses, load_excuses};

/// What a scenario can do with a block as it stands in the lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// A transcript of the REPL, from its first line on.
    Transcript,
    /// Python, which says in these comments what it prints, in order.
    Python(Vec<String>),
    /// Something else: a shell command, a table.
    Other,
}

/// What `block` is: by its language, or without one by its first line.
pub fn block_kind(block: &Block) -> BlockKind {
    let is_python = matches!(
        block.language.to_lowercase().as_str(),
        "python" | "python3" | "py" | "micropython"
    );
    let may_be_typed = is_python || matches!(block.language.as_str(), "" | "pycon" | "repl");
    if may_be_typed && is_transcript(block) {
        return BlockKind::Transcript;
    }
    if !is_python {
        return BlockKind::Other;
    }
    let printed = outputs(block).into_iter().filter(|output| !output.is_typed);
    BlockKind::Python(printed.map(|output| output.text).collect())
}

/// A lesson, and what scenarios try of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The lesson's file.
    pub lesson: PathBuf,
    /// Its sections, in order.
    pub sections: Vec<SectionCoverage>,
}

/// A section of a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionCoverage {
    /// The text of its heading.
    pub heading: String,
    /// 1 for `#`, 2 for `##`, …; 0 for what stands before the first heading.
    pub level: u8,
    /// The line of the heading, from 1.
    pub line: usize,
    /// What has become of its text. `None` if it has code: then the code counts.
    pub state: Option<State>,
    /// The identities of the scenarios that name it in `section:`.
    pub scenarios: Vec<String>,
    /// Its blocks, in order.
    pub blocks: Vec<BlockCoverage>,
}

/// A block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockCoverage {
    /// `HEADING#N`.
    pub name: String,
    /// The word after its fence; may be empty.
    pub language: String,
    /// The line of its fence, from 1.
    pub line: usize,
    /// What has become of it.
    pub state: State,
    /// The identities of the scenarios that run its code.
    pub scenarios: Vec<String>,
    /// The outputs that its text claims, in order.
    pub outputs: Vec<OutputCoverage>,
}

/// An output that the text of a block claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputCoverage {
    /// The line in the lesson, from 1.
    pub line: usize,
    /// The first line of the code that it is the output of.
    pub after: String,
    /// What is to come. Empty where the lesson shows a line that is typed and no answer.
    pub text: String,
    /// What has become of it.
    pub state: State,
    /// The identities of the scenarios that compare it.
    pub scenarios: Vec<String>,
}

/// What has become of a part of a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A scenario tries it.
    Covered,
    /// None does.
    Uncovered,
    /// None does, for this reason.
    Excused(String),
}

impl Coverage {
    /// Whether nothing is uncovered.
    pub fn is_complete(&self) -> bool {
        let blocks = self.blocks().map(|block| &block.state);
        let mut states =
            self.sections.iter().filter_map(|section| section.state.as_ref()).chain(blocks);
        states.all(|state| *state != State::Uncovered)
    }

    /// Every block, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &BlockCoverage> {
        self.sections.iter().flat_map(|section| &section.blocks)
    }
}

/// How much of `lesson` is tried by `scenarios`, which are the lesson's and can be played.
/// What is wrong on purpose tries nothing of it.
///
/// # Errors
///
/// Excuses for what is covered.
pub fn coverage(
    lesson: &Lesson,
    scenarios: &[&Scenario],
    excuses: &[Excuses],
) -> Result<Coverage, ScenarioErrors> {
    let right: Vec<_> =
        scenarios.iter().copied().filter(|scenario| scenario.fails.is_none()).collect();
    let judge = Judge { scenarios: &right, excuses };
    let sections: Vec<_> = lesson.sections().iter().map(|section| judge.section(section)).collect();
    for file in excuses {
        file.needless(|what| covering(&sections, what))?;
    }
    Ok(Coverage { lesson: lesson.path().to_owned(), sections })
}

/// What a lesson is judged by.
struct Judge<'a> {
    scenarios: &'a [&'a Scenario],
    excuses: &'a [Excuses],
}

impl Judge<'_> {
    fn section(&self, section: &Section) -> SectionCoverage {
        let names = |one: &&&Scenario| one.section.as_ref() == Some(&section.heading);
        let scenarios = identities(self.scenarios.iter().copied().filter(|one| names(&one)));
        let blocks: Vec<_> = section.blocks.iter().map(|block| self.block(block)).collect();
        let what = Excused::Section(section.heading.clone());
        let state = blocks.is_empty().then(|| self.state(!scenarios.is_empty(), &what));
        let Section { heading, level, line, .. } = section.clone();
        SectionCoverage { heading, level, line, state, scenarios, blocks }
    }

    fn block(&self, block: &Block) -> BlockCoverage {
        let outputs = outputs(block);
        let plays: Vec<_> =
            self.scenarios.iter().map(|one| (*one, play(one, block, &outputs))).collect();
        let scenarios = identities(plays.iter().filter(|(_, play)| play.runs).map(|(one, _)| *one));
        let outputs: Vec<_> = outputs
            .into_iter()
            .enumerate()
            .map(|(index, output)| self.output(block, output, index, &plays))
            .collect();
        let is_covered =
            !scenarios.is_empty() && outputs.iter().all(|output| output.state != State::Uncovered);
        let state = self.state(is_covered, &Excused::Block(block.name.clone()));
        let Block { name, language, line, .. } = block.clone();
        BlockCoverage { name, language, line, state, scenarios, outputs }
    }

    fn output(
        &self,
        block: &Block,
        output: Output,
        index: usize,
        plays: &[(&Scenario, Play)],
    ) -> OutputCoverage {
        let comparing = plays.iter().filter(|(_, play)| play.compared.contains(&index));
        let scenarios = identities(comparing.map(|(one, _)| *one));
        let state = self.state(!scenarios.is_empty(), &Excused::output(&block.name, &output));
        OutputCoverage {
            line: output.line,
            after: after(&output),
            text: output.text,
            state,
            scenarios,
        }
    }

    fn state(&self, is_covered: bool, what: &Excused) -> State {
        let mut reasons = self.excuses.iter().filter_map(|file| file.reason(what));
        match (is_covered, reasons.next()) {
            (true, _) => State::Covered,
            (false, Some(reason)) => State::Excused(reason.to_owned()),
            (false, None) => State::Uncovered,
        }
    }
}

/// Runs of a sweep cover what the first of them does, and are named once.
fn identities<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> Vec<String> {
    let name = |scenario: &Scenario| match scenario.swept.is_empty() {
        true => scenario.identity.clone(),
        false => scenario.file_identity().to_owned(),
    };
    let mut names: Vec<String> = scenarios.map(name).collect();
    names.dedup();
    names
}

/// The scenarios that cover all of `what`; none if something of it is left.
fn covering(sections: &[SectionCoverage], what: &Excused) -> Vec<String> {
    let blocks = || sections.iter().flat_map(|section| &section.blocks);
    let parts: Vec<_> = match what {
        Excused::Section(heading) => {
            let named = sections.iter().filter(|one| one.heading == *heading);
            named.filter_map(|one| Some((one.state.as_ref()?, &one.scenarios))).collect()
        }
        Excused::Block(name) => {
            let named = blocks().filter(|one| one.name == *name);
            named.map(|one| (&one.state, &one.scenarios)).collect()
        }
        Excused::Output { block, after } => {
            let outputs = blocks().filter(|one| one.name == *block).flat_map(|one| &one.outputs);
            let named = outputs.filter(|one| one.after == *after);
            named.map(|one| (&one.state, &one.scenarios)).collect()
        }
    };
    if parts.iter().any(|(state, _)| **state != State::Covered) {
        return Vec::new();
    }
    let mut scenarios: Vec<_> =
        parts.into_iter().flat_map(|(_, scenarios)| scenarios.clone()).collect();
    scenarios.sort();
    scenarios.dedup();
    scenarios
}
