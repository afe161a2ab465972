//! What to look at next, for the failures that happen most.

use replab_record::{Level, MachineTime, PinName};

use crate::session::Session;

/// Why there may be no prompt in the output from `from` on, after `code` was typed.
pub(crate) fn no_prompt(session: &Session<'_>, from: usize, code: &str) -> String {
    let bytes = session.output.bytes();
    let fresh = &bytes[from.min(bytes.len())..];
    let hint = if bytes.is_empty() {
        "the firmware has sent nothing since power-on: does it boot, and is this the port of its REPL?"
    } else if fresh.ends_with(b"... ") || ends_in_indent(fresh) {
        "the REPL waits for the rest of a block: end it with an empty `...` line, and close every bracket and string"
    } else if fresh.ends_with(b"=== ") {
        "the board is in paste mode: `key: ctrl-d` ends it"
    } else if fresh.ends_with(b"raw REPL; CTRL-B to exit\r\n>") {
        "the board is in the raw REPL: `key: ctrl-b` leaves it"
    } else {
        return slow(code).to_string();
    };
    hint.to_string()
}

/// Why `code` may not have come to its end.
pub(crate) fn slow(code: &str) -> &'static str {
    if code.contains("while True") || code.contains("while 1") {
        "the code loops for ever: start it with `send:`, and stop it with `key: ctrl-c`"
    } else if code.contains("sleep") {
        "the code sleeps: give the step more machine time with `within:`"
    } else if code.contains("input(") {
        "the code waits for input: start it with `send:`"
    } else {
        ""
    }
}

/// What the answer `got` says about how the code was typed.
pub(crate) fn answer(got: &str) -> String {
    let hint = if got.contains("IndentationError") {
        "check the indentation: what stands after `... ` is typed as it is"
    } else if got.contains("SyntaxError") && got.contains("<stdin>") {
        "the board could not read what was typed: is a `...` line missing, or is one a line of output?"
    } else {
        ""
    };
    hint.to_string()
}

/// Another pin than `pin` that moved between `start` and `end`.
pub(crate) fn other_pin(
    session: &Session<'_>,
    pin: &PinName,
    start: MachineTime,
    end: MachineTime,
) -> String {
    let moves = |other: &&PinName| {
        let wave = session.record.wave(other, start, end);
        wave.edges.iter().filter(|edge| matches!(edge.level, Level::High | Level::Low)).count()
    };
    let others = session.board.pins.iter().filter(|other| *other != pin);
    match others.max_by_key(moves).map(|other| (other, moves(&other))) {
        Some((other, edges @ 1..)) => {
            let edges = if edges == 1 { "1 edge".to_string() } else { format!("{edges} edges") };
            format!(
                "{} had {edges} in that time: is it the pin that is meant?",
                session.board.role(other)
            )
        }
        _ => String::new(),
    }
}

fn ends_in_indent(bytes: &[u8]) -> bool {
    let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    bytes[..end].ends_with(b"...") && bytes.len() > end
}
