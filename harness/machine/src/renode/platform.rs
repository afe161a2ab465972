//! A board's platform description for Renode. Pure.
//!
//! The file under `renode/` is whole, so that a person can load it; what the board
//! file says too stands between `// from the board file: PART` and `// end`, and is
//! made anew here. So Renode always gets what the board file says now.

use std::fmt::Write as _;

use replab_board::{Board, MemoryKind};
use replab_record::Level;

/// How a generated part begins.
const BEGIN: &str = "// from the board file: ";
/// How it ends.
const END: &str = "// end";

/// `template` with its generated parts made from `board`.
///
/// # Errors
///
/// What is wrong with the template or the board, in words: an unknown part, one
/// without an end, or a speed that Renode cannot have.
pub fn fill(template: &str, board: &Board) -> Result<String, String> {
    let mut text = String::new();
    let mut lines = template.lines();
    while let Some(line) = lines.next() {
        text += line;
        text.push('\n');
        let Some(part) = line.trim_start().strip_prefix(BEGIN) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        for line in generated(part, board)?.lines() {
            let indent = if line.is_empty() { "" } else { indent };
            writeln!(text, "{indent}{line}").expect("a string takes everything");
        }
        let end = lines.by_ref().find(|line| line.trim() == END);
        writeln!(text, "{}", end.ok_or_else(|| format!("part `{part}` has no `{END}`"))?)
            .expect("a string takes everything");
    }
    Ok(text)
}

/// What Renode gets of a filled template: no comments.
pub(super) fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

fn generated(part: &str, board: &Board) -> Result<String, String> {
    match part {
        "memory" => Ok(memory(board)),
        "clock" => clock(board),
        "pins" => Ok(pins(board)),
        other => Err(format!("unknown part `{other}` (the parts are: memory, clock, pins)")),
    }
}

fn memory(board: &Board) -> String {
    let mut regions: Vec<_> = board.memory.iter().collect();
    regions.sort_by_key(|(_, region)| (region.kind == MemoryKind::Ram, region.at));
    let entry = |(name, region): &(&String, &replab_board::Region)| {
        format!(
            "{name}: Memory.MappedMemory @ sysbus {:#010x}\n    size: {:#x}\n",
            region.at, region.size
        )
    };
    regions.iter().map(entry).collect::<Vec<_>>().join("\n")
}

/// Renode counts whole millions of instructions a second.
fn clock(board: &Board) -> Result<String, String> {
    let ns = board.instruction_ns;
    if 1000 % ns != 0 {
        return Err(format!(
            "instruction-ns is {ns}, which is no whole number of MIPS (1, 2, 4 and 8 are)"
        ));
    }
    Ok(format!("PerformanceInMips: {}\n", 1000 / ns))
}

/// A button on each pin that has one, an LED on every other role.
fn pins(board: &Board) -> String {
    let (mut entries, mut wires) = (String::new(), String::new());
    for (role, pin) in &board.roles {
        let Some(line) = board.line(pin) else { continue };
        let name = role.to_lowercase();
        match board.buttons.get(pin) {
            Some(button) => {
                let invert = if button.pressed == Level::Low { "    invert: true\n" } else { "" };
                entries += &format!(
                    "{name}: Miscellaneous.Button @ gpio0 {line}\n{invert}    -> gpio0@{line}\n\n"
                );
            }
            None => {
                entries += &format!("{name}: Miscellaneous.LED @ gpio0 {line}\n\n");
                wires += &format!("    {line} -> {name}@0\n");
            }
        }
    }
    if wires.is_empty() { entries } else { format!("{entries}gpio0:\n{wires}") }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn board() -> Board {
        let text = include_str!("../../../../boards/lab-m0.yaml");
        replab_board::load("lab-m0.yaml", text).unwrap()
    }

    #[track_caller]
    fn check(template: &str, expected: &Expect) {
        let told = fill(template, &board()).unwrap_or_else(|error| format!("error: {error}\n"));
        expected.assert_eq(&told);
    }

    #[test]
    fn parts_are_made_from_the_board_where_they_stand() {
        check(
            "cpu: CPU.CortexM @ sysbus\n    // from the board file: clock\n    PerformanceInMips: 1\n    // end\n\n// from the board file: memory\n// end\n",
            &expect![[r"
                cpu: CPU.CortexM @ sysbus
                    // from the board file: clock
                    PerformanceInMips: 125
                    // end

                // from the board file: memory
                flash: Memory.MappedMemory @ sysbus 0x00000000
                    size: 0x200000

                ram: Memory.MappedMemory @ sysbus 0x20000000
                    size: 0x42000
                // end
            "]],
        );
    }

    #[test]
    fn wrong_templates_say_what_is_wrong() {
        check(
            "// from the board file: clock\n",
            &expect![[r"
            error: part `clock` has no `// end`
        "]],
        );
        check(
            "// from the board file: clocks\n// end\n",
            &expect![[r"
            error: unknown part `clocks` (the parts are: memory, clock, pins)
        "]],
        );
    }

    #[test]
    fn a_speed_that_renode_cannot_have_is_an_error() {
        let slow = Board { instruction_ns: 16, ..board() };
        let error = fill("// from the board file: clock\n// end\n", &slow).unwrap_err();
        assert!(error.contains("instruction-ns is 16"), "{error}");
    }

    /// The files under `renode/` hold what the board file says.
    #[test]
    fn the_committed_platforms_are_those_of_the_board() {
        for (name, committed) in [
            ("lab-m0.repl", include_str!("../../../../renode/lab-m0.repl")),
            ("lab-m0-desk.repl", include_str!("../../../../renode/lab-m0-desk.repl")),
        ] {
            let filled = fill(committed, &board()).unwrap();
            assert_eq!(filled, committed, "renode/{name} is not what boards/lab-m0.yaml says");
        }
    }

    #[test]
    fn renode_gets_no_comments() {
        let text = without_comments(include_str!("../../../../renode/lab-m0.repl"));
        assert!(!text.contains("//"), "{text}");
        assert!(text.contains("    nvic: nvic\n    PerformanceInMips: 125\n"), "{text}");
    }
}
