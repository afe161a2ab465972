//! Why there is no prompt.

use replab_record::{Event, Trouble};
use replab_scenario::{Action, Boot, Expect};

use super::Facts;
use crate::prompt::PROMPT;
use crate::session::Session;

/// What the REPL waits for at the end of its output from `from` on; empty if that
/// is no prompt of another kind.
pub(crate) fn unfinished(session: &Session<'_>, from: usize) -> &'static str {
    let bytes = session.output.bytes();
    let fresh = &bytes[from.min(bytes.len())..];
    if fresh.ends_with(b"... ") || ends_in_indent(fresh) {
        "the REPL waits for the rest of a block: end it with an empty `...` line, and close every bracket and string"
    } else if fresh.ends_with(b"=== ") {
        "the board is in paste mode: `key: ctrl-d` ends it"
    } else if fresh.ends_with(b"raw REPL; CTRL-B to exit\r\n>") {
        "the board is in the raw REPL: `key: ctrl-b` leaves it"
    } else {
        ""
    }
}

fn ends_in_indent(bytes: &[u8]) -> bool {
    let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    bytes[..end].ends_with(b"...") && bytes.len() > end
}

/// The firmware has enabled USB, and no port that the lab hears.
pub(super) fn usb_only(facts: &Facts<'_>) -> Option<String> {
    let trouble = facts.failure.diagnosis.as_ref()?.trouble;
    (trouble == Trouble::UsbOnly).then(|| {
        "the lab has no USB: build the firmware with its console on the UART \
         (pico-sdk: `pico_enable_stdio_uart(TARGET 1)`; MicroPython: `MICROPY_HW_ENABLE_UART_REPL`)"
            .to_string()
    })
}

/// A script of the board has not ended, and before it has there is no prompt.
pub(super) fn running(facts: &Facts<'_>) -> Option<String> {
    // In a loop of resets it ends all the time.
    let trouble = facts.failure.diagnosis.as_ref()?.trouble;
    if !is_awaited(facts) || has_prompt(facts) || trouble == Trouble::RebootLoop {
        return None;
    }
    let is_there = |name: &&str| {
        let files = facts.files.as_ref();
        files.is_some_and(|files| files.iter().any(|file| file.path == *name && file.bytes > 0))
    };
    let scripts: Vec<&str> = ["boot.py", "main.py"].into_iter().filter(is_there).collect();
    match scripts.is_empty() {
        true => None,
        false => Some(format!(
            "{} is still running, and the prompt comes after it: use `boot: run`, or stop it with \
             `key: ctrl-c` first",
            scripts.join(" or ")
        )),
    }
}

/// What came where a prompt should have come.
pub(super) fn none(facts: &Facts<'_>) -> Option<String> {
    if facts.output.len() == 0 {
        let is_waiting = is_awaited(facts) || matches!(facts.step().action, Action::Expect(_));
        return is_waiting.then(|| {
            "the firmware has sent nothing since power-on: does it boot, and is this the port of \
             its REPL?"
                .to_string()
        });
    }
    let is_python = facts.output.find(&[PROMPT, b"MicroPython"], 0).is_some();
    (is_awaited(facts) && !is_python).then(|| {
        "the firmware sends, and no prompt `>>> `: other firmware than MicroPython takes \
         `boot: run` and `expect:`"
            .to_string()
    })
}

/// Whether the failed step is after a prompt.
fn is_awaited(facts: &Facts<'_>) -> bool {
    matches!(
        facts.step().action,
        Action::Boot(Boot::Repl)
            | Action::Expect(Expect::Prompt)
            | Action::Repl(_)
            | Action::Exec(_)
            | Action::Paste(_)
    )
}

/// Whether there has been a prompt since the board has started last.
fn has_prompt(facts: &Facts<'_>) -> bool {
    let is_reset = |event: &&Event| matches!(event, Event::Reset { .. });
    let reset = facts.record.events().iter().rev().find(is_reset);
    let from = reset.map_or(0, |event| facts.output_at(event.at()));
    facts.output.find(&[PROMPT], from).is_some()
}
