//! What scenarios try of a lesson, as a table for its author; as JSON for programs in `json.rs`.

mod json;

use replab_scenario::{BlockCoverage, Coverage, OutputCoverage, SectionCoverage, State};

use crate::visible::{cut, visible_bytes};
use crate::{Paint, visible};

pub use self::json::coverage_json;

/// Characters of a heading, a block's name or an output that are shown at most.
const NAME_WIDTH: usize = 44;

/// Every section, block of code and claimed output of a lesson, in order, each
/// with its line, its state, and what covers it or why nothing does; then the
/// counts, and what to do about what is uncovered.
pub fn coverage(coverage: &Coverage, paint: Paint) -> String {
    let rows: Vec<_> = coverage.sections.iter().flat_map(section_rows).collect();
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let folder = coverage.lesson.file_stem().unwrap_or_default().to_string_lossy();
    let mut text = format!("{}\n", visible(&coverage.lesson.display().to_string()));
    for row in &rows {
        text.push_str(&row.show(width, &format!("{folder}/"), paint));
    }
    text.push_str(&format!("{}\n", counts(coverage)));
    text.push_str(&advice(coverage));
    text
}

/// A line of the table.
struct Row<'a> {
    line: usize,
    name: String,
    state: Option<&'a State>,
    scenarios: &'a [String],
    /// What is shown in place of scenarios where it is uncovered.
    lack: String,
}

impl Row<'_> {
    fn show(&self, width: usize, folder: &str, paint: Paint) -> String {
        let Row { line, name, .. } = self;
        let Some(state) = self.state else { return format!("{line:>6}  {name}\n") };
        let why = match state {
            State::Covered => {
                let names =
                    self.scenarios.iter().map(|one| one.strip_prefix(folder).unwrap_or(one));
                names.collect::<Vec<_>>().join(", ")
            }
            State::Uncovered => self.lack.clone(),
            State::Excused(reason) => reason.clone(),
        };
        let word = paint.word(&format!("{:<9}", word(state)));
        format!("{line:>6}  {name:<width$}  {word}  {}\n", visible_bytes(why.as_bytes()))
    }
}

fn word(state: &State) -> &'static str {
    match state {
        State::Covered => "covered",
        State::Uncovered => "uncovered",
        State::Excused(_) => "excused",
    }
}

fn section_rows(section: &SectionCoverage) -> Vec<Row<'_>> {
    let marks = "#".repeat(usize::from(section.level));
    let head = Row {
        line: section.line,
        name: name(0, &format!("{marks} {}", section.heading)),
        state: section.state.as_ref(),
        scenarios: &section.scenarios,
        lack: "no scenario names it in `section:`".to_owned(),
    };
    let blocks = section.blocks.iter().flat_map(block_rows);
    // What stands before the first heading has none.
    let head = (section.level > 0).then_some(head);
    head.into_iter().chain(blocks).collect()
}

fn block_rows(block: &BlockCoverage) -> Vec<Row<'_>> {
    let number = block.name.rsplit('#').next().unwrap_or_default();
    let lack = match block.scenarios.as_slice() {
        [] => "no scenario runs it".to_owned(),
        _ => "it runs, but not all that its text claims is compared".to_owned(),
    };
    let head = Row {
        line: block.line,
        name: name(2, &format!("#{number} {}", block.language)),
        state: Some(&block.state),
        scenarios: &block.scenarios,
        lack,
    };
    std::iter::once(head).chain(block.outputs.iter().map(output_row)).collect()
}

fn output_row(output: &OutputCoverage) -> Row<'_> {
    let (text, lack) = if output.text.is_empty() {
        (format!(">>> {}", output.after), "no `repl` step types it".to_owned())
    } else {
        (output.text.clone(), format!("nothing compares it with what `{}` gives", output.after))
    };
    Row {
        line: output.line,
        name: name(4, &text),
        state: Some(&output.state),
        scenarios: &output.scenarios,
        lack,
    }
}

fn name(indent: usize, text: &str) -> String {
    cut(&format!("{:indent$}{}", "", visible_bytes(text.as_bytes())), NAME_WIDTH)
        .trim_end()
        .to_owned()
}

/// How many sections without code, blocks and outputs came to what.
fn counts(coverage: &Coverage) -> String {
    let sections = coverage.sections.iter().filter(|one| one.level > 0);
    let outputs = coverage.blocks().flat_map(|block| &block.outputs);
    [
        count(
            "section without code",
            "sections without code",
            sections.filter_map(|one| one.state.as_ref()),
        ),
        count("block of code", "blocks of code", coverage.blocks().map(|one| &one.state)),
        count("claimed output", "claimed outputs", outputs.map(|one| &one.state)),
    ]
    .join("; ")
}

fn count<'a>(one: &str, many: &str, states: impl Iterator<Item = &'a State>) -> String {
    let states: Vec<_> = states.map(word).collect();
    let things = if states.len() == 1 { one } else { many };
    let parts: Vec<_> = ["covered", "uncovered", "excused"]
        .into_iter()
        .map(|word| (states.iter().filter(|state| **state == word).count(), word))
        // What is zero is left out, but for `covered`.
        .filter(|(count, word)| *count > 0 || *word == "covered")
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!("{} {things}: {}", states.len(), parts.join(", "))
}

/// What to do, for each kind of thing that is uncovered.
fn advice(coverage: &Coverage) -> String {
    let is_bare = |state: &State| *state == State::Uncovered;
    let mut lines = Vec::new();
    if coverage.sections.iter().any(|one| one.state.as_ref().is_some_and(is_bare)) {
        lines.push(
            "name the section in `section:` of a scenario that tries what it says".to_owned(),
        );
    }
    if let Some(block) =
        coverage.blocks().find(|one| is_bare(&one.state) && one.scenarios.is_empty())
    {
        lines.push(format!("run the block: `- exec: {{ block: {:?} }}`", visible(&block.name)));
    }
    if coverage.blocks().flat_map(|block| &block.outputs).any(|output| is_bare(&output.state)) {
        lines.push("put the output into `claims:` of the step that runs its block, or type its line in a `repl` step".to_owned());
    }
    if !lines.is_empty() {
        lines.push(
            "or say why not, in `coverage.yaml` beside the scenarios (docs/coverage.md)".to_owned(),
        );
    }
    let heads = ["  help: "].into_iter().chain(std::iter::repeat("        "));
    heads.zip(lines).map(|(head, line)| format!("{head}{line}\n")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    pub(super) fn output(
        line: usize,
        after: &str,
        text: &str,
        state: State,
        by: &[&str],
    ) -> OutputCoverage {
        let (after, text) = (after.to_owned(), text.to_owned());
        OutputCoverage { line, after, text, state, scenarios: names(by) }
    }

    fn names(by: &[&str]) -> Vec<String> {
        by.iter().map(|name| format!("01-intro/{name}")).collect()
    }

    pub(super) fn block(
        number: usize,
        state: State,
        by: &[&str],
        outputs: Vec<OutputCoverage>,
    ) -> BlockCoverage {
        let (name, language) = (format!("Blinking#{number}"), "python".to_owned());
        BlockCoverage { name, language, line: 10 * number, state, scenarios: names(by), outputs }
    }

    pub(super) fn section(
        heading: &str,
        state: Option<State>,
        blocks: Vec<BlockCoverage>,
    ) -> SectionCoverage {
        let scenarios = if state == Some(State::Covered) { names(&["start"]) } else { Vec::new() };
        SectionCoverage { heading: heading.into(), level: 2, line: 5, state, scenarios, blocks }
    }

    pub(super) fn lesson(sections: Vec<SectionCoverage>) -> Coverage {
        Coverage { lesson: "lessons/01-intro.md".into(), sections }
    }

    /// One of each kind.
    fn mixed() -> Coverage {
        let prose = State::Excused("it is prose".to_owned());
        let outputs = vec![
            output(12, "led.on()", "LED: on", State::Covered, &["blink"]),
            output(13, "led.off()", "LED: \x1b[2J", State::Uncovered, &[]),
            output(14, "go()", &"long ".repeat(20), prose, &[]),
            output(15, "pin.on()", "", State::Uncovered, &[]),
        ];
        lesson(vec![
            section("Start", Some(State::Covered), vec![]),
            section("Mistakes", Some(State::Uncovered), vec![]),
            section(
                "Blinking",
                None,
                vec![
                    block(1, State::Uncovered, &["blink"], outputs),
                    block(2, State::Uncovered, &[], vec![]),
                    block(3, State::Covered, &["blink", "again"], vec![]),
                ],
            ),
        ])
    }

    #[track_caller]
    fn check(lesson: &Coverage, expected: &Expect) {
        expected.assert_eq(&coverage(lesson, Paint::Plain));
    }

    #[test]
    fn what_is_uncovered_says_what_is_missing_and_what_to_do() {
        check(
            &mixed(),
            &expect![[r#"
            lessons/01-intro.md
                 5  ## Start                                       covered    start
                 5  ## Mistakes                                    uncovered  no scenario names it in `section:`
                 5  ## Blinking
                10    #1 python                                    uncovered  it runs, but not all that its text claims is compared
                12      LED: on                                    covered    blink
                13      LED: \x1b[2J                               uncovered  nothing compares it with what `led.off()` gives
                14      long long long long long long long long …  excused    it is prose
                15      >>> pin.on()                               uncovered  no `repl` step types it
                20    #2 python                                    uncovered  no scenario runs it
                30    #3 python                                    covered    blink, again
            2 sections without code: 1 covered, 1 uncovered; 3 blocks of code: 1 covered, 2 uncovered; 4 claimed outputs: 1 covered, 2 uncovered, 1 excused
              help: name the section in `section:` of a scenario that tries what it says
                    run the block: `- exec: { block: "Blinking#2" }`
                    put the output into `claims:` of the step that runs its block, or type its line in a `repl` step
                    or say why not, in `coverage.yaml` beside the scenarios (docs/coverage.md)
        "#]],
        );
    }

    #[test]
    fn what_is_complete_needs_no_advice() {
        check(
            &lesson(vec![section("Start", Some(State::Covered), vec![])]),
            &expect![[r#"
            lessons/01-intro.md
                 5  ## Start  covered    start
            1 section without code: 1 covered; 0 blocks of code: 0 covered; 0 claimed outputs: 0 covered
        "#]],
        );
    }

    #[test]
    fn states_have_colours() {
        let text = coverage(&mixed(), Paint::Colour);
        for word in
            ["\x1b[32mcovered  \x1b[0m", "\x1b[1;31muncovered\x1b[0m", "\x1b[33mexcused  \x1b[0m"]
        {
            assert!(text.contains(word), "{text:?}");
        }
    }
}
