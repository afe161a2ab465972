//! Pins that moved instead, and buttons that were let go too early.

use std::time::Duration;

use replab_record::{Claim, Event, Level, MachineTime, PinName};
use replab_scenario::{Action, Expect, WaveClaim, show_duration};

use super::Facts;

/// Presses shorter than this are missed by firmware that debounces as is common:
/// most wait 10 to 50 ms (J. Ganssle, "A guide to debouncing").
const SHORT: Duration = Duration::from_millis(50);

/// Another pin did what was claimed of one that did not move.
pub(super) fn other(facts: &Facts<'_>) -> Option<String> {
    let (word, since, wanted) = match (&facts.step().action, &facts.failure.claim) {
        (Action::Wave(claims), Claim::Wave { .. }) => {
            let is_still = |claim: &&WaveClaim| {
                let pin = facts.board.pin(&claim.pin);
                pin.is_some_and(|pin| moves(facts, pin, facts.start()) == 0)
            };
            (claims.iter().find(is_still)?.pin.as_str(), facts.start(), None)
        }
        (Action::Contract(claim), Claim::Wave { .. }) => (claim.pin.as_str(), facts.start(), None),
        (Action::Pin(claims), Claim::Level { expected, .. }) => {
            let is_it = |(word, level): &&(String, Level)| {
                expected.starts_with(&format!("{word} {level} "))
            };
            let (word, level) = claims.iter().find(is_it)?;
            (word.as_str(), MachineTime::ZERO, Some(*level))
        }
        _ => return None,
    };
    let pin = facts.board.pin(word)?;
    if moves(facts, pin, since) > 0 {
        return None;
    }
    let others = facts.board.pins.iter().filter(|other| *other != pin && !facts.is_driven(other));
    let others =
        others.filter(|other| wanted.is_none_or(|level| facts.record.level(other) == level));
    let moved = others.map(|other| (other, moves(facts, other, since)));
    let (other, edges) = moved.max_by_key(|(_, edges)| *edges).filter(|(_, edges)| *edges > 0)?;
    let edges = if edges == 1 { "1 edge".to_string() } else { format!("{edges} edges") };
    Some(format!(
        "{word} did not move, and {} did: {edges}. Is it the pin that is meant?",
        facts.board.role(other)
    ))
}

/// How often `pin` went high or low since `since`.
fn moves(facts: &Facts<'_>, pin: &PinName, since: MachineTime) -> usize {
    let wave = facts.record.wave(pin, since, facts.failure.at);
    wave.edges.iter().filter(|edge| matches!(edge.level, Level::High | Level::Low)).count()
}

/// A button was let go so soon that firmware may have missed it, and nothing came of it.
pub(super) fn short_press(facts: &Facts<'_>) -> Option<String> {
    let action = &facts.step().action;
    if !matches!(
        action,
        Action::Expect(Expect::Text(_) | Expect::Lines(_))
            | Action::Pin(_)
            | Action::Wave(_)
            | Action::Contract(_)
    ) {
        return None;
    }
    let before = &facts.scenario.steps[..facts.index()];
    // What was done to the board last.
    let last = before.iter().rposition(|step| {
        !matches!(
            step.action,
            Action::Wait(_) | Action::Never(_) | Action::Memory(_) | Action::Snapshot(_)
        )
    })?;
    let Action::Press(press) = &before[last].action else { return None };
    let is_missed = !is_answered(facts, facts.steps[last].start, facts.board.pin(&press.button));
    (press.time < SHORT && is_missed).then(|| {
        format!(
            "{} was held for {} of machine time, and nothing came of it: firmware that waits until \
             a contact has stopped bouncing, or looks only now and then, does not see that; hold \
             it longer (`for: {}`)",
            press.button,
            show_duration(press.time),
            show_duration(SHORT * 2)
        )
    })
}

/// Whether the firmware has done anything after `pressed`, when `button` was pressed. The
/// end of a line that it was sending is no answer, and what its pull makes of the
/// button's pin is none.
fn is_answered(facts: &Facts<'_>, pressed: MachineTime, button: Option<&PinName>) -> bool {
    let has_moved = facts.record.events().iter().any(|event| {
        matches!(event, Event::Edge { pin, at, level: Level::High | Level::Low }
            if *at > pressed && Some(pin) != button)
    });
    let then = facts.output_at(pressed);
    let from = match facts.output.is_line_start(then) {
        true => then,
        false => facts.output.find(&[b"\n"], then).map_or(facts.output.len(), |(_, end)| end.end),
    };
    has_moved || facts.output.len() > from
}
