//! What was typed where nobody read it.

use replab_record::{Event, MachineTime};
use replab_scenario::Action;

use super::Facts;

/// Where a REPL reads: its prompts, in all its modes.
const PROMPTS: [&[u8]; 3] = [b">>> ", b"... ", b"=== "];

/// A line was typed by `send` while a program ran, and nothing has echoed it.
pub(super) fn too_early(facts: &Facts<'_>) -> Option<String> {
    if !matches!(
        facts.step().action,
        Action::Expect(_) | Action::Pin(_) | Action::Wave(_) | Action::Contract(_)
    ) {
        return None;
    }
    let before = &facts.scenario.steps[..facts.index()];
    let index = before.iter().rposition(|step| {
        matches!(
            step.action,
            Action::Send(_)
                | Action::Key(_)
                | Action::Repl(_)
                | Action::Exec(_)
                | Action::Paste(_)
                | Action::Reset(_)
                | Action::Press(_)
                | Action::Drive(_)
        )
    })?;
    let Action::Send(typed) = &before[index].action else { return None };
    let line = typed.strip_suffix(b"\r").filter(|line| !line.is_empty())?;
    if !line.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return None;
    }
    let at = first_typed(facts, facts.steps[index].start)?;
    let output = facts.output.bytes();
    let then = facts.output_at(at);
    let is_read = PROMPTS.iter().any(|prompt| output[..then].ends_with(prompt))
        || output[then..].windows(line.len()).any(|window| window == line);
    (!is_read).then(|| {
        format!(
            "what line {} typed came at {at:.3}, when the board was not at its prompt, and nothing \
             has echoed it: wait first, with `expect: {{ prompt: true }}`",
            before[index].line
        )
    })
}

/// When the first byte arrived that was typed from `start` on.
fn first_typed(facts: &Facts<'_>, start: MachineTime) -> Option<MachineTime> {
    facts.record.events().iter().find_map(|event| match event {
        Event::Received { at, .. } if *at >= start => Some(*at),
        _ => None,
    })
}
