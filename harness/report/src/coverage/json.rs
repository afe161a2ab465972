//! Coverage as JSON (docs/coverage.md).

use replab_scenario::{BlockCoverage, Coverage, OutputCoverage, SectionCoverage, State};
use serde::Serialize;

use super::word;
use crate::json::FORMAT_VERSION;

/// What [`crate::coverage`] tells, as one JSON object in one line.
pub fn coverage_json(coverage: &Coverage) -> String {
    let lesson = coverage.lesson.display().to_string();
    let json = Json {
        replab: FORMAT_VERSION,
        lesson,
        complete: coverage.is_complete(),
        sections: coverage.sections.iter().map(JsonSection::of).collect(),
    };
    serde_json::to_string(&json).expect("texts, numbers and lists are JSON")
}

#[derive(Serialize)]
struct Json<'a> {
    replab: u32,
    lesson: String,
    complete: bool,
    sections: Vec<JsonSection<'a>>,
}

#[derive(Serialize)]
struct JsonSection<'a> {
    heading: &'a str,
    level: u8,
    line: usize,
    #[serde(flatten)]
    state: Option<JsonState<'a>>,
    scenarios: &'a [String],
    blocks: Vec<JsonBlock<'a>>,
}

#[derive(Serialize)]
struct JsonBlock<'a> {
    name: &'a str,
    language: &'a str,
    line: usize,
    #[serde(flatten)]
    state: JsonState<'a>,
    scenarios: &'a [String],
    outputs: Vec<JsonOutput<'a>>,
}

#[derive(Serialize)]
struct JsonOutput<'a> {
    line: usize,
    after: &'a str,
    text: &'a str,
    #[serde(flatten)]
    state: JsonState<'a>,
    scenarios: &'a [String],
}

#[derive(Serialize)]
struct JsonState<'a> {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> JsonState<'a> {
    fn of(state: &'a State) -> JsonState<'a> {
        let reason = if let State::Excused(reason) = state { Some(reason.as_str()) } else { None };
        JsonState { state: word(state), reason }
    }
}

impl<'a> JsonSection<'a> {
    fn of(section: &'a SectionCoverage) -> JsonSection<'a> {
        JsonSection {
            heading: &section.heading,
            level: section.level,
            line: section.line,
            state: section.state.as_ref().map(JsonState::of),
            scenarios: &section.scenarios,
            blocks: section.blocks.iter().map(JsonBlock::of).collect(),
        }
    }
}

impl<'a> JsonBlock<'a> {
    fn of(block: &'a BlockCoverage) -> JsonBlock<'a> {
        let output = |one: &'a OutputCoverage| JsonOutput {
            line: one.line,
            after: &one.after,
            text: &one.text,
            state: JsonState::of(&one.state),
            scenarios: &one.scenarios,
        };
        JsonBlock {
            name: &block.name,
            language: &block.language,
            line: block.line,
            state: JsonState::of(&block.state),
            scenarios: &block.scenarios,
            outputs: block.outputs.iter().map(output).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::tests::{block, lesson, output, section};
    use super::*;

    #[test]
    fn json_has_all_of_it_in_one_line() {
        let outputs = vec![output(12, "go()", "x", State::Excused("prose".into()), &[])];
        let one = lesson(vec![
            section("Start", Some(State::Uncovered), vec![]),
            section("Blinking", None, vec![block(1, State::Covered, &["blink"], outputs)]),
        ]);
        let line = coverage_json(&one);
        assert!(!line.contains('\n'), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        expect![[r#"
            {
              "complete": false,
              "lesson": "lessons/01-intro.md",
              "replab": 1,
              "sections": [
                {
                  "blocks": [],
                  "heading": "Start",
                  "level": 2,
                  "line": 5,
                  "scenarios": [],
                  "state": "uncovered"
                },
                {
                  "blocks": [
                    {
                      "language": "python",
                      "line": 10,
                      "name": "Blinking#1",
                      "outputs": [
                        {
                          "after": "go()",
                          "line": 12,
                          "reason": "prose",
                          "scenarios": [],
                          "state": "excused",
                          "text": "x"
                        }
                      ],
                      "scenarios": [
                        "01-intro/blink"
                      ],
                      "state": "covered"
                    }
                  ],
                  "heading": "Blinking",
                  "level": 2,
                  "line": 5,
                  "scenarios": []
                }
              ]
            }"#]]
        .assert_eq(&format!("{value:#}"));
    }
}
