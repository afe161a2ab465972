//! Blocks that were not typed as they should be.

use replab_scenario::Action;

use super::Facts;

/// The line of a block whose indentation Python does not take.
pub(super) fn in_block(facts: &Facts<'_>) -> Option<String> {
    let Action::Repl(exchanges) = &facts.step().action else { return None };
    let failed_at = facts.failure.step.as_ref()?.line;
    let exchange = exchanges.iter().find(|exchange| exchange.line == failed_at)?;
    let typed = &exchange.typed;
    match facts.exception.as_ref()?.name.as_str() {
        // Where the block should begin, an empty line has ended it.
        "SyntaxError" | "IndentationError" if typed.last()?.trim_end().ends_with(':') => {
            Some(format!(
                "the block of line {} has no line: each of its lines begins with `... `",
                exchange.line + typed.len() - 1
            ))
        }
        "SyntaxError" | "IndentationError" => {
            let (index, why) = first_wrong(typed)?;
            Some(format!(
                "line {} {why}: what stands after `... ` is typed as it is",
                exchange.line + index
            ))
        }
        _ => None,
    }
}

/// The first of `lines` that is not indented as Python wants it, and what is wrong with it.
/// Only for what Python has refused: a line within brackets may stand anywhere.
fn first_wrong(lines: &[String]) -> Option<(usize, String)> {
    let mut open = vec![0];
    let mut begins_block = false;
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        let top = open.last().copied().unwrap_or(0);
        if line[..indent].contains('\t') {
            return Some((index, "is indented with a tab".to_string()));
        }
        if begins_block && indent <= top {
            return Some((index, "should be indented, for a block begins".to_string()));
        }
        if !begins_block && indent > top {
            return Some((
                index,
                format!("is indented by {}, and no block begins", blanks(indent)),
            ));
        }
        if begins_block {
            open.push(indent);
        }
        open.retain(|outer| *outer <= indent);
        if open.last() != Some(&indent) {
            return Some((index, format!("is indented by {}, as no block is", blanks(indent))));
        }
        begins_block = line.trim_end().ends_with(':');
    }
    None
}

fn blanks(count: usize) -> String {
    if count == 1 { "1 blank".to_string() } else { format!("{count} blanks") }
}

/// What the answer `got` says about how the code was typed; empty if nothing.
pub(crate) fn unread(got: &str) -> &'static str {
    if got.contains("IndentationError") {
        "check the indentation: what stands after `... ` is typed as it is"
    } else if got.contains("SyntaxError") && got.contains("<stdin>") {
        "the board could not read what was typed: is a `...` line missing, or is one a line of output?"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line that is wrong, from 1, and why.
    #[track_caller]
    fn check(block: &str, expected: Option<(usize, &str)>) {
        let lines: Vec<String> = block.lines().map(str::to_string).collect();
        let found = first_wrong(&lines).map(|(index, why)| (index + 1, why));
        assert_eq!(found, expected.map(|(line, why)| (line, why.to_string())));
    }

    #[test]
    fn blocks_that_python_takes_are_right() {
        check("x = 1", None);
        check("for i in x:\n    if i:\n        a()\n    b()\n\nelse:\n  c()", None);
    }

    #[test]
    fn the_first_line_that_is_not_as_its_block_is_named() {
        check("for i in x:\n    a()\n  b()", Some((3, "is indented by 2 blanks, as no block is")));
        check(
            "for i in x:\n    a()\n     b()",
            Some((3, "is indented by 5 blanks, and no block begins")),
        );
        check("for i in x:\na()", Some((2, "should be indented, for a block begins")));
        check(" a()", Some((1, "is indented by 1 blank, and no block begins")));
        check("if x:\n\ta()", Some((2, "is indented with a tab")));
    }
}
